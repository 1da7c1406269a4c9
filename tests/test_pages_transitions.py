"""The Transitions page, run without a browser: what a click opens, and what differs beyond chance."""

import re

import numpy as np
import pytest
from streamlit.testing.v1 import AppTest

from mrnn import TASKS, analysis, load
from pages import common
from pages.common.models import SHIPPED
from tests.test_pages import no_real_training, said, transitions, visit

__all__ = ["no_real_training"]  # a fixture that these tests use, too
DATA = TASKS["digits"].make(500, 0)


def opened(app: AppTest) -> tuple[int, int]:
    """Number and step of the sequence that is open."""
    return int(re.findall(r"No\. (\d+), of class", said(app))[0]), int(app.query_params["t"])


@pytest.fixture
def clicked(monkeypatch) -> dict[str, list[dict[str, int]]]:
    """What a person selects now in a picture, by its key; [] is a click beside all of it."""
    found: dict[str, list[dict[str, int]]] = {}
    monkeypatch.setattr(common, "show_to_click", lambda *_, key, **__: found.pop(key, None))
    return found


def test_a_click_on_a_difference_lists_sequences_of_both_classes_in_turn(clicked):
    app = visit("pages/transitions.py")
    app.selectbox(key="first_digits").set_value("4")
    app.selectbox(key="second_digits").set_value("9").run()
    clicked["difference"] = [{"from": 2, "to": 3}]
    app.run()
    assert app.selectbox(key="move").value == "4 and 9: 2 → 3"
    listed = app.selectbox(key="open_4 and 9: 2 → 3").options
    told = [re.findall(r"No\. (\d+), class (\d)(?:, read as \d)?: at (\d+)", option)[0] for option in listed]
    assert [name for _, name, _ in told[:4]] == ["4", "9", "4", "9"]
    assert {int(number) for number, _, _ in told} <= set(np.flatnonzero(np.isin(DATA.y, [4, 9])))
    path = load(SHIPPED / "digits-k4.safetensors").trace(DATA.x).listened() + 1
    for number, name, step in told:
        assert DATA.y[int(number)] == int(name)
        assert path[int(number), int(step) - 1 : int(step) + 1].tolist() == [2, 3]
    rows = np.isin(DATA.y, [4, 9])
    count = analysis.transition_counts(path[rows] - 1, DATA.lengths[rows], 4)[1, 2]
    assert f"4 and 9: 2 → 3 ({count:,} times)" in app.selectbox(key="move").options


def test_a_click_on_a_move_that_never_happens_says_so_and_leaves_what_is_open(clicked):
    app = visit("pages/transitions.py")
    app.selectbox(key="model_transitions").set_value("digits-k16").run()
    before = app.selectbox(key="move").value
    clicked["matrix_0"] = [{"from": 2, "to": 2}]
    app.run()
    assert "LSTM 2 is never followed by 2 in class 0." in said(app)
    assert app.selectbox(key="move").value == before


@pytest.mark.parametrize("layer", [1, 3])
def test_the_map_is_of_the_layer_that_is_looked_at_and_a_click_opens_a_state_s_sequence(layer, clicked):
    app = transitions("Map")
    app.button_group(key="layer_transitions").set_value(layer).run()
    assert f"One hidden state h of layer {layer} of 3 from each of 500 sequences" in said(app)
    model = load(SHIPPED / "digits-k4.safetensors")
    t = analysis.choose_steps(DATA.lengths, 0)
    explained = analysis.state_map(model.hidden(DATA.x, layer=layer - 1)[np.arange(500), t], "PCA").explained
    assert explained is not None
    assert f"The two axes hold {explained.sum():.0%} of the states' variance" in said(app)
    for number in (211, 17):
        clicked["map"] = [{"sequence": number}]
        app.run()
        assert opened(app) == (number, t[number])
        heard = model.trace(DATA.x[[number]]).listened(layer - 1)[0, t[number]] + 1
        assert f"its state at row {t[number]}, where LSTM {heard} is listened to" in said(app)
    for view in ("Graph", "Map"):  # a map that is drawn anew has nothing selected
        app.button_group(key="transitions_view").set_value(view).run()
    assert opened(app) == (17, t[17])
    other = visit(key="b" * 32)
    other.query_params.update({"transitions_view": "Map", "state": "17", "t": "3"})
    other.switch_page("pages/transitions.py").run()
    assert opened(other) == (17, 3)
    clicked["map"] = []
    app.run()
    assert "No. 17, of class" not in said(app), "nothing is selected any more"
    assert app.number_input(key="state").value is None
    app.number_input(key="state").set_value(211).run()
    assert opened(app) == (211, t[211])
    app.number_input(key="state").set_value(None).run()
    assert "No. 211, of class" not in said(app)


def test_what_was_open_is_open_again_for_who_comes_back_by_the_menu():
    app = visit("pages/transitions.py")
    moves = [option.rsplit(" (", 1)[0] for option in app.selectbox(key="move").options]
    app.selectbox(key="move").set_value(moves[2]).run()
    picker = app.selectbox(key=f"open_{moves[2]}")
    picker.set_value(int(picker.options[3].split()[1].rstrip(":,"))).run()
    app.query_params["t"] = "13"
    app.run()
    before = dict(app.query_params)
    assert {"move", "open", "t"} <= set(before)
    app.query_params.clear()
    app.switch_page("pages/waves.py").run()
    assert "move" not in app.query_params
    app.query_params.clear()
    app.switch_page("pages/transitions.py").run()
    assert app.selectbox(key="move").value == moves[2]
    assert {name: app.query_params[name] for name in ("move", "open", "t")} == {
        name: before[name] for name in ("move", "open", "t")
    }


def test_what_two_classes_differ_by_comes_with_intervals_for_use_the_long_run_and_stays():
    app = transitions("Use")
    app.selectbox(key="first_digits").set_value("4")
    app.selectbox(key="second_digits").set_value("9").run()
    trace = load(SHIPPED / "digits-k4.safetensors").trace(DATA.x)
    for what, difference, form in (
        ("share of steps", analysis.usage_difference, "+.1%"),
        ("share in the long run", analysis.stationary_difference, "+.1%"),
        ("mean stay", analysis.dwell_difference, "+.2f"),
    ):
        (line,) = [text for text in said(app).splitlines() if f", {what}, beyond chance" in text]
        table = difference(trace, DATA.y, 4, 9)
        told = [int(lstm) for lstm in re.findall(r"LSTM (\d)", line)]
        assert told == table[table["beyond_chance"]]["lstm"].tolist()
        for row in table[table["beyond_chance"]].to_dict("records"):
            assert f"({row['low']:{form}} to {row['high']:{form}})" in line


def test_what_two_models_differ_by_comes_with_intervals():
    app = transitions("Two models")
    (line,) = [text for text in said(app).splitlines() if "First minus second" in text]
    z, w = (load(SHIPPED / f"digits-k{k}.safetensors").trace(DATA.x).listened() for k in (4, 8))
    found = analysis.align(z, w, DATA.lengths, (4, 8))
    table = analysis.usage_apart(z, w, DATA.lengths, found)
    differ, alone = line.split(" Only the second has ")
    assert found.shared.tolist() == [True] * 4 + [False] * 4, (
        "k = 4 and k = 8: four have no partner, and are no difference"
    )
    both = table[found.shared & table["beyond_chance"]]
    assert [int(n) for n in re.findall(r"LSTM (\d)", differ)] == both["lstm"].tolist()
    assert re.findall(r"LSTM (\d) \(([\d.]+%)\)", alone) == [
        (str(row["lstm"]), f"{row['second']:.1%}") for row in table[~found.shared].to_dict("records")
    ]
    moves = analysis.transitions_apart(z, w, DATA.lengths, found)
    moves = moves[(moves["from"] <= 4) & (moves["to"] <= 4)]
    real, known = int(moves["beyond_chance"].sum()), int(moves["p"].notna().sum())
    assert f"{real} of {known} cells" in said(app)


def test_more_sequences_than_can_be_kept_are_refused_in_one_sentence(monkeypatch):
    monkeypatch.setenv("MRNN_MAX_MEMORY", "1e6")
    common.kept.clear()
    try:
        app = visit("pages/transitions.py")
        assert "with 500 sequences of 28 steps takes 2 MB of memory, and 1 MB are kept here" in app.error[0].value
        app.select_slider(key="sequences").set_value(100).run()
        assert not app.error
    finally:
        common.kept.clear()
