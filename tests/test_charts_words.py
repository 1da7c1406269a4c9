"""What a picture says to those who cannot see it, and the numbers that are saved with it."""

import re
from typing import Any

import numpy as np
import pandas as pd
import pytest

from mrnn import charts
from mrnn.charts.picture import course, each, extremes, plain
from tests.shown import CHARTS, DIFFERENCE, TRANSITIONS, USAGE

PICTURES = {
    **CHARTS,
    "state_graph": (charts.state_graph, (TRANSITIONS, USAGE, "loud")),
    "difference_graph": (charts.difference_graph, (DIFFERENCE, "calm", "loud")),
}
FIGURES = {  # the column that each of them draws
    "accuracy_by_tau": "mean", "accuracy_curves": "accuracy", "against_k": "accuracy", "answer_change": "probability",
    "class_bars": "probability", "co_use_heatmap": "share", "compared_curves": "accuracy", "confusion_heatmap": "share",
    "continued_curve": "value", "contender_curves": "mean", "contender_dots": "accuracy", "count_bars": "count",
    "difference_graph": "difference",
    "difference_heatmap": "difference", "dwell_curves": "share", "entropy_curves": "entropy", "error_by_step": "error",
    "example_lanes": "value", "histogram_bars": "count", "information_curve": "information",
    "lengths_of_strings": "count",
    "kinds_heatmap": "share",
    "lesion_bars": "accuracy", "listened_by_epoch": "steps", "loss_curve": "loss", "mean_q_heatmap": "q",
    "q_difference_heatmap": "difference", "shares_by_group": "share", "state_graph": "probability",
    "state_scatter": "x",
    "sweep_heatmap": "mean", "temperature_sketch": "tau", "transition_heatmap": "probability", "usage_area": "share",
    "usage_bars": "share",
}  # fmt: skip


def picture_of(name: str, change: Any = lambda values: values) -> charts.Picture:
    """A picture after all its figures were changed, in every table that has them."""
    function, arguments = PICTURES[name]
    figure = FIGURES[name]

    def changed(argument: Any) -> Any:
        if not isinstance(argument, pd.DataFrame) or figure not in argument:
            return argument
        return argument.assign(**{figure: change(argument[figure].to_numpy())})

    return function(*map(changed, arguments))


def numbers_in(text: str) -> list[tuple[float, float]]:
    """Each number in words, a percentage as its share, and how far it may be from what was rounded."""
    found = []
    for sign, whole, decimals, percent in re.findall(r"(?<![\w.])([+-]?)(\d[\d,]*)(?:\.(\d+))?(%?)", text):
        unit = 0.01 if percent else 1
        value = float(f"{sign}{whole.replace(',', '')}.{decimals or 0}")
        # A bare whole number is one, unless it is so large that it was rounded.
        rounded = decimals or percent or abs(value) >= 1000
        found.append((value * unit, 0.501 * unit * 10 ** -len(decimals) if rounded else 1e-9))
    return found


def test_every_picture_is_among_these_tests():
    assert set(FIGURES) == set(PICTURES)


@pytest.mark.parametrize("name", PICTURES)
def test_a_picture_says_its_extremes_in_numbers_of_its_data(name):
    found = picture_of(name)
    told = numbers_in(found.words)
    shown = found.numbers[FIGURES[name]].dropna().astype(float)
    # Of these, a sum, a middle or a part of each group is told.
    summed = {"confusion_heatmap", "dwell_curves", "listened_by_epoch", "state_scatter"}
    wanted = [] if name in summed else [shown.min(), shown.max()]
    if name == "transition_heatmap":
        moves = found.numbers[found.numbers["from"] != found.numbers["to"]]["probability"]
        wanted = [moves.min(), moves.max()]
    if name == "state_graph":
        wanted = [shown.max()]  # arrows that are hardly ever taken are left out
    for value in wanted:
        assert any(abs(value - number) <= off for number, off in told), f"{value} in: {found.words}"
    assert len(told) >= 3
    assert len(re.findall(r"[.!?] [A-Z]", found.words)) < 3, "three sentences at most"
    assert not re.search(r"nan|None|inf\b", found.words)


@pytest.mark.parametrize("name", PICTURES)
def test_no_two_different_data_are_told_alike(name):
    rng = np.random.default_rng(7)

    def other(values: np.ndarray) -> np.ndarray:
        changed = values * rng.uniform(0.3, 0.9, len(values))
        return changed if values.dtype.kind == "f" else np.floor(changed).astype(int) + rng.integers(1, 99, len(values))

    told = {picture_of(name).words, *(picture_of(name, other).words for _ in range(5))}
    assert len(told) == 6


@pytest.mark.parametrize("name", PICTURES)
def test_a_picture_is_saved_with_every_row_that_it_was_given_of_its_class(name):
    table = next(argument for argument in PICTURES[name][1] if isinstance(argument, pd.DataFrame))
    if name in ("dwell_curves", "mean_q_heatmap", "state_graph", "transition_heatmap"):
        table = table[table["class"] == "loud"]
    saved = picture_of(name).numbers
    kept = [column for column in table if column in saved]
    pd.testing.assert_frame_equal(saved[kept], table[kept])
    assert {FIGURES[name], *({"low", "high", "p"} & set(table))} <= set(kept)


def test_rows_of_an_lstm_that_was_never_left_are_saved():
    table = TRANSITIONS[TRANSITIONS["class"] == "loud"].copy()
    never = table["from"] == 3
    table.loc[never, "probability"] = np.nan
    for saved in (charts.transition_heatmap(table, "loud"), charts.state_graph(table, USAGE, "loud")):
        assert len(saved.numbers) == len(table)
        assert saved.numbers["probability"].isna().sum() == never.sum()


def test_a_course_tells_its_ends_and_what_lies_beyond_them():
    points = pd.DataFrame({"t": [0, 1, 2, 3], "loss": [0.5, 0.75, np.nan, 0.25]})
    assert (
        course(points, "t", "loss", at="step")
        == "from 0.5 at step 0 to 0.25 at step 3, highest 0.75 at step 1, 0.5 in the mean"
    )
    assert course(points[:1], "t", "loss") == "0.5 at t 0"
    assert course(points[2:3], "t", "loss") == "nothing is known yet"


def test_a_few_numbers_are_told_one_by_one_and_of_many_the_extremes():
    assert each("ab", [1, 0.25]) == "a 1, b 0.25"
    assert each(range(9), range(9)) == "highest 8 (8), lowest 0 (0), 4 in the mean"
    table = pd.DataFrame({"name": ["a", "b"], "value": [2.0, np.nan]})
    assert extremes(table, "value", lambda row: row["name"]) == "2 (a)"


def test_of_one_move_alone_nothing_is_said_twice_and_of_none_nothing():
    one = DIFFERENCE.assign(beyond_chance=DIFFERENCE.index == DIFFERENCE["p"].first_valid_index())
    assert "1 of 15 cells differ beyond chance: " in charts.difference_heatmap(one, "calm", "loud").words
    alone = TRANSITIONS[(TRANSITIONS["class"] == "loud") & (TRANSITIONS["from"] == 1) & (TRANSITIONS["to"] == 1)]
    assert charts.transition_heatmap(alone, "loud").words.endswith("steps the LSTM stays.")


@pytest.mark.parametrize(
    ("value", "text"), [(0.123456, "0.1235"), (12.0, "12"), (267_018, "267,018"), (1234.5, "1,234")]
)
def test_a_number_is_written_as_people_do(value, text):
    assert plain(value) == text
