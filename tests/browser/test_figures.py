"""What the views of Transitions draw is what `mrnn` computes, mark by mark."""

import re
from collections.abc import Callable

import numpy as np
import pandas as pd
import pytest
from playwright.sync_api import Page, expect
from sklearn.manifold import trustworthiness

from mrnn import TASKS, SequenceData, Trace, analysis, load
from pages.common.models import SHIPPED
from tests.browser.conftest import becomes, settle, value_of
from tests.browser.test_app import pick, picture
from tests.server import Server

Visit = Callable[..., Page]
PAIR = "first_digits=4&second_digits=9"  # two classes of the 500 digits that the page shows
MODEL = SHIPPED / "digits-k4.safetensors"


@pytest.fixture(scope="module")
def digits() -> tuple[Trace, SequenceData, tuple[str, ...]]:
    """What the shipped model does with the digits of the page; the digits; and the names of their classes."""
    data = TASKS["digits"].make(500, 0)
    return load(MODEL).trace(data.x), data, TASKS["digits"].classes


def shown(page: Page, key: str, *names: str) -> list[tuple[str, ...]]:
    """What each mark of a chart says of itself under these names, in order; marks that lack one are left out."""
    marks = page.locator(f".st-key-picture-{key} svg.marks [aria-label]")
    told = marks.evaluate_all("all => all.map(one => one.getAttribute('aria-label'))")
    each = [dict(part.split(": ", 1) for part in text.split("; ") if ": " in part) for text in told]
    return [tuple(one[name] for name in names) for one in each if all(name in one for name in names)]


def agree(page: Page, key: str, names: tuple[str, ...], table: pd.DataFrame) -> None:
    """The marks of a chart say what the rows of a table say.

    names  of what a mark says; the last one is the figure
    table  with as many columns, the last one the figure
    """
    *labels, figure = (table[column] for column in table)
    expected = dict(zip(zip(*(label.astype(str) for label in labels), strict=True), figure, strict=True))

    def seen() -> dict[tuple[str, ...], float]:
        return {tuple(labels): value_of(value) for *labels, value in shown(page, key, *names)}

    becomes(page, lambda: seen().keys() == expected.keys(), True)
    found = seen()
    np.testing.assert_allclose([found[labels] for labels in expected], list(expected.values()), atol=6e-4)


def test_use_shows_shares_the_long_run_and_how_long_stays_last(digits, server: Server, visit: Visit):
    trace, data, classes = digits
    page = visit(server, f"transitions?{PAIR}&transitions_view=Use")
    columns = ["class", "lstm", "share"]
    names = ("class", "LSTM", "share of steps")
    agree(page, "usage", names, analysis.usage_by_class(trace, data.y, classes)[columns])
    names = ("class", "LSTM", "share in the long run")
    agree(page, "stationary", names, analysis.stationary_by_class(trace, data.y, classes)[columns])
    page.locator(".st-key-numbers_stationary summary").press("Enter")  # intervals and p, without pointing
    expect(page.locator(".st-key-numbers_stationary").get_by_test_id("stDataFrame")).to_have_count(2, timeout=60_000)
    dwell = analysis.dwell_by_class(trace, data.y, classes)
    names = ("LSTM", "at least so many steps", "share of its stays")
    for digit in "49":
        agree(page, f"dwell_{digit}", names, dwell.loc[dwell["class"] == digit, ["lstm", "steps", "share"]])


def test_time_shows_the_mean_of_q_and_its_entropy(digits, server: Server, visit: Visit):
    trace, data, _ = digits
    page = visit(server, f"transitions?{PAIR}&transitions_view=Time")
    for digit in (4, 9):
        mean = trace.q[data.y == digit, -1].mean(0, dtype=float)  # (T, k)
        rows = [(f"{t - 0.5:g}".replace("-", "−"), j + 1, mean[t, j]) for t, j in np.ndindex(mean.shape)]
        agree(page, f"mean_{digit}", ("step t", "LSTM", "mean q"), pd.DataFrame(rows))
    entropy = []
    for digit in (4, 9):
        q = trace.q[data.y == digit, -1].astype(float)
        entropy.append(-(q * np.log(q)).sum(-1).mean(0))
        begun = ("0", str(digit), f"{entropy[-1][0]:.3f}", str(len(q)))
        assert begun in shown(page, "entropy", "step t", "class", "entropy, nats", "sequences")
    lines = page.locator(".st-key-picture-entropy path[aria-roledescription='line mark']")
    paths = lines.evaluate_all("all => all.map(one => one.getAttribute('d'))")
    heights = [[float(y) for y in re.findall(r"[ML][\d.]+,([\d.]+)", path)] for path in paths]
    axis = page.locator(".st-key-picture-entropy [aria-label^='Y-axis']").get_attribute("aria-label") or ""
    highest = float(axis.rpartition(" to ")[2])
    assert np.log(trace.k) < highest < 1.1 * np.log(trace.k)
    np.testing.assert_allclose((1 - np.array(heights) / 200) * highest, entropy, atol=2e-3)  # of 200 pixels
    picture(page, "q_difference")


def test_information_shows_what_z_tells_of_the_class_at_each_step(digits, server: Server, visit: Visit):
    trace, data, _ = digits
    page = visit(server, f"transitions?{PAIR}&transitions_view=Information")
    told, by_step = analysis.information_on_class(trace.listened(), trace.lengths, trace.k, data.y)
    agree(page, "information", ("step t", "information, nats"), by_step[["t", "information"]])
    agree(page, "information", ("step t", "chance stays below"), by_step[["t", "limit"]])
    what, *figures, beyond = page.get_by_role("row").filter(has_text="class").get_by_role("cell").all_inner_texts()
    assert (what, beyond) == ("class", "yes")
    np.testing.assert_allclose(list(map(value_of, figures)), (told.value, told.chance, told.most), atol=6e-5)


def test_the_map_is_laid_out_by_either_method_and_told_by_time_and_matrices_count(digits, server, visit: Visit):
    trace, data, classes = digits
    model, each, t = load(MODEL), np.arange(len(data)), analysis.choose_steps(data.lengths, 0)
    page = visit(server, "transitions?transitions_view=Map&map_by=time")
    lstm = trace.listened()[each, t] + 1
    expected = list(zip(map(str, lstm), (classes[c] for c in data.y), map(str, t), strict=True))
    states = model.hidden(data.x, data.lengths, model.config.num_layers - 1)[each, t]

    def places() -> np.ndarray:
        return np.array([[value_of(x), value_of(y)] for x, y in shown(page, "map", "x", "y")])

    becomes(page, lambda: shown(page, "map", "LSTM", "class", "step t"), expected)
    by_distance = places()
    np.testing.assert_allclose(by_distance, analysis.state_map(states, "PCA").places, atol=2e-4)
    pick(page, "t-SNE")
    becomes(page, lambda: np.array_equal(places(), by_distance), False)
    assert shown(page, "map", "LSTM", "class", "step t") == expected
    # It lays them out a little differently on each machine. By PCA 0.85 of this are kept.
    assert trustworthiness(states, places()) > 0.95, "neighbours on the map are neighbours"
    page.get_by_role("radio", name="Matrices", exact=True).click()
    settle(page)
    pick(page, "counts")
    moves = analysis.transitions_by_class(trace, data.y, classes)
    counts = moves.loc[moves["class"] == "0", "count"].tolist()
    texts = page.locator(".st-key-picture-matrix_0 svg.marks .mark-text text")
    becomes(page, lambda: texts.all_text_contents()[: len(counts)], [f"{count:,}" for count in counts])
