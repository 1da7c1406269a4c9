"""Charts: valid Vega-Lite, drawn for real; a colour means one LSTM, and a probability one map.

Sizes: T = 7 steps, k = 5 LSTMs, C = 3 classes, 11 epochs.
"""

import json
import math
import re
from collections.abc import Callable, Iterator
from functools import cache, partial
from itertools import combinations, pairwise
from typing import Any, NamedTuple
from xml.etree import ElementTree

import altair as alt
import numpy as np
import pandas as pd
import pytest
import vl_convert

from mrnn import Trace, analysis, charts

T, K, EPOCHS = 7, 5, 11
CLASSES = ("calm", "loud", "odd")
VERSION = ".".join(alt.SCHEMA_VERSION.removeprefix("v").split(".")[:2])


# -- what is shown ---------------------------------------------------------------------------------------------------


def make_trace(k: int = K, steps: int = T, listened: list[int] | None = None, n: int = 1) -> Trace:
    rng = np.random.default_rng(steps)
    z = rng.integers(0, k, (n, 1, steps)) if listened is None else np.array([[listened]])
    return Trace(
        q=rng.dirichlet(np.ones(k), (n, 1, steps)),
        z=np.eye(k)[z],
        logits=rng.normal(size=(n, steps, len(CLASSES))),
        lengths=np.full(n, steps),
    )


TRACE = make_trace(listened=[1, 1, 3, 3, 3, 1, 0])  # LSTMs 2 2 4 4 4 2 1; nobody listens to 3 and 5
ANSWERS = pd.DataFrame({"class": CLASSES, "probability": TRACE.answers[0]})
MANY = make_trace(n=31)
Y = np.arange(31) % 2
TRANSITIONS = analysis.transitions_by_class(MANY, Y, CLASSES)
DIFFERENCE = analysis.transition_difference(MANY, Y, 0, 1)
HISTORY = pd.DataFrame({"epoch": [1, 2, 3], "loss": [0.7, 0.4, 0.3], "tau": [2.0, 1.5, 1.1]})
ACCURACY = pd.DataFrame(
    {"epoch": [1, 2, 1, 2], "kind": ["hard", "hard", "soft", "soft"], "accuracy": [0.5, 0.9, 0.6, 1]}
)
USAGE = analysis.usage_by_class(MANY, Y, CLASSES)
USAGE_BY_EPOCH = pd.DataFrame(
    {"epoch": np.repeat([1, 2], K), "lstm": np.tile(range(1, K + 1), 2), "share": [0.1, 0.2, 0.3, 0.2, 0.2] * 2}
)
TAUS = pd.DataFrame(
    {"tau": [0.1, 1.0, 10.0], "mean": [0.9, 0.8, 0.5], "lowest": [0.8, 0.7, 0.4], "highest": [1, 0.9, 0.6]}
)
KS = pd.DataFrame({"k": [1, 2, 4], "accuracy": [0.9, 0.95, 0.99], "weights": [100, 200, 400]})
ANSWER_CHANGE = analysis.answers_before_and_after(MANY.take(slice(1)), MANY.take(slice(1)), CLASSES)
LESIONS = pd.DataFrame({"lstm": range(K + 1), "accuracy": [0.98, 0.5, 0.97, 0.7, 0.9, 0.95]})
HEARD = pd.DataFrame({"epoch": [0, 0, 2], "start": [0, 2, 0], "steps": [2, 5, 7], "lstm": [1, 2, 3]})
CURVES = pd.DataFrame(
    {"run": list("AABBB"), "epoch": [1, 2, 1, 2, 3], "accuracy": [0.5, 0.9, 0.6, 0.7, 0.8], "loss": [3, 2, 4, 2, 1.5]}
)
STATES = pd.DataFrame(
    {
        "x": [0.1, 0.5, 2],
        "y": [3, 1, 0.2],
        "lstm": [1, 3, 5],
        "class": ["calm", "loud", "calm"],
        "t": 0,
        "sequence": [7, 2, 5],
    }
)
CO_USE = pd.DataFrame(
    {"first": list("1122"), "second": list("2121"), "steps": [5, 1, 0, 4], "share": [0.5, 0.1, 0, 0.4]}
)
_, INFORMATION = analysis.information_on_class(MANY.listened(), MANY.lengths, K, Y, shuffles=5)
SWEPT = pd.DataFrame(
    {
        "row": ["1", "1", "10", "10"], "column": ["0.5", "2.0"] * 2, "mean": [0.9, 0.95, 0.99, math.nan],
        "deviation": [0.01, math.nan, 0.02, math.nan], "known": [3, 1, 2, 0], "runs": [3, 1, 3, 3],
    }
)  # fmt: skip
CONFUSION = analysis.confusion(MANY, Y, CLASSES)
CONTENDERS = pd.DataFrame(
    {
        "network": ["GRU", "LSTM"], "accuracy": [0.9, 0.97], "accuracy_deviation": [0.02, math.nan], "known": [3, 1],
        "hidden_size": [7, 5], "weights": [311, 307],
    }
)  # fmt: skip
BY_EPOCH = pd.DataFrame(
    {
        "network": ["GRU", "GRU", "LSTM", "LSTM"], "epoch": [1, 2, 1, 2], "mean": [0.6, 0.9, 0.5, 0.97],
        "lowest": [0.5, 0.8, 0.5, 0.97], "highest": [0.7, 0.95, 0.5, 0.97],
    }
)  # fmt: skip
EXAMPLES = pd.DataFrame(
    {"lane": list("aabb"), "sequence": [0, 0, 1, 1], "t": [0, 1, 0, 1], "value": [0.1, 0.7, -0.3, 0.2]}
)
COUNTS = pd.DataFrame({"class": ["calm", "loud"], "count": [5, 7]})
WENT_ON = pd.DataFrame(
    {"t": [0, 1, 2] * 2, "curve": ["truth"] * 3 + ["its own"] * 3, "value": [0.1, 0.5, 0.2, 0.1, 0.4, 1]}
)
AHEAD = pd.DataFrame({"ahead": [1, 2, 3], "error": [0.1, 0.5, 0.7]})
STRINGS = pd.DataFrame({"symbols": [5, 7, 7], "kind": ["legal", "legal", "not legal"], "count": [11, 3, 2]})
SHARES = pd.DataFrame(
    {"network": ["GRU", "GRU", "LSTM", "LSTM"], "group": ["5", "7"] * 2, "share": [1, 0.9, 0.7, 0.5], "count": [13] * 4}
)
BINS = pd.DataFrame({"low": [0.0, 1.0], "high": [1.0, 2.0], "count": [3, 5]})

CHARTS: dict[str, tuple[Callable[..., Any], tuple[Any, ...]]] = {
    "accuracy_by_tau": (charts.accuracy_by_tau, (TAUS.assign(in_use=0.93),)),
    "accuracy_curves": (charts.accuracy_curves, (ACCURACY, EPOCHS)),
    "against_k": (charts.against_k, (KS, "accuracy", "accuracy in use", ".2%")),
    "answer_change": (charts.answer_change, (ANSWER_CHANGE, 2)),
    "class_bars": (charts.class_bars, (ANSWERS,)),
    "co_use_heatmap": (charts.co_use_heatmap, (CO_USE,)),
    "compared_curves": (charts.compared_curves, (CURVES, "accuracy", "accuracy")),
    "confusion_heatmap": (charts.confusion_heatmap, (CONFUSION,)),
    "continued_curve": (charts.continued_curve, (WENT_ON, 2)),
    "contender_curves": (partial(charts.contender_curves, percent=True), (BY_EPOCH, "held-out accuracy")),
    "contender_dots": (partial(charts.contender_dots, percent=True), (CONTENDERS, "accuracy", "accuracy")),
    "count_bars": (charts.count_bars, (COUNTS, "sequences")),
    "error_by_step": (charts.error_by_step, (AHEAD,)),
    "lengths_of_strings": (charts.lengths_of_strings, (STRINGS,)),
    "shares_by_group": (charts.shares_by_group, (SHARES, "symbols right", "symbols", 0.5)),
    "difference_heatmap": (charts.difference_heatmap, (DIFFERENCE,)),
    "dwell_curves": (charts.dwell_curves, (analysis.dwell_by_class(MANY, Y, CLASSES), "loud")),
    "entropy_curves": (charts.entropy_curves, (analysis.entropy_by_class(MANY, Y, CLASSES), math.log(K))),
    "example_lanes": (charts.example_lanes, (EXAMPLES, "speed")),
    "histogram_bars": (charts.histogram_bars, (BINS, "steps", "sequences")),
    "information_curve": (charts.information_curve, (INFORMATION,)),
    "lesion_bars": (charts.lesion_bars, (LESIONS,)),
    "listened_by_epoch": (charts.listened_by_epoch, (HEARD, K)),
    "loss_curve": (charts.loss_curve, (HISTORY, EPOCHS)),
    "mean_q_heatmap": (charts.mean_q_heatmap, (analysis.mean_q(MANY, Y, CLASSES), "loud")),
    "q_difference_heatmap": (charts.q_difference_heatmap, (analysis.q_difference(MANY, Y, 0, 1),)),
    "state_scatter": (charts.state_scatter, (STATES, "LSTM", K)),
    "sweep_heatmap": (partial(charts.sweep_heatmap, unit="%"), (SWEPT, "k", "tau0")),
    "temperature_sketch": (charts.temperature_sketch, (HISTORY,)),
    "transition_heatmap": (charts.transition_heatmap, (TRANSITIONS, "loud")),
    "usage_area": (charts.usage_area, (USAGE_BY_EPOCH, K, EPOCHS)),
    "usage_bars": (charts.usage_bars, (USAGE,)),
}
IN_LSTM_COLOURS = ("dwell_curves", "lesion_bars", "listened_by_epoch", "state_scatter", "usage_area", "usage_bars")
OF_PROBABILITIES = ("mean_q_heatmap", "transition_heatmap")
NO_CHARTS = {
    "CIVIDIS", "CLICKED", "CURSOR_COLOUR", "DIVERGING", "LSTM_COLOURS", "STATE", "letters_on", "lstm_colour",
    "state_graph",
}  # fmt: skip


# -- how it is looked at ---------------------------------------------------------------------------------------------


class Mark(NamedTuple):
    """One drawn thing: its kind ("rect", "text" ...), role ("mark", "axis-label" ...), place, colour and data."""

    kind: str
    role: str
    x: float
    y: float
    width: float
    height: float
    fill: str
    text: str
    data: str


def scene_of(spec: dict[str, Any]) -> dict[str, Any]:
    """What Vega draws of a chart, 700 pixels wide."""
    return vl_convert.vegalite_to_scenegraph({**spec, "width": 700}, vl_version=VERSION)["scenegraph"]


def drawn(chart: Any) -> list[Mark]:
    """The marks that Vega draws of a chart, or of its specification."""
    return list(_marks(scene_of(chart if isinstance(chart, dict) else chart.to_dict()), "", "", 0, 0))


def _marks(node: dict[str, Any], kind: str, role: str, left: float, top: float) -> Iterator[Mark]:
    if "marktype" in node:
        kind, role = node["marktype"], node.get("role", "")
    else:
        left, top = left + (node.get("x") or 0), top + (node.get("y") or 0)
        size = (node.get("width", 0), node.get("height", 0))
        words = str(node.get("text", ""))
        yield Mark(kind, role, left, top, *size, str(node.get("fill", "")), words, node.get("description", ""))
    for child in node.get("items", ()):
        yield from _marks(child, kind, role, left, top)


@cache
def spec_of(name: str) -> dict[str, Any]:
    """The Vega-Lite of a chart above, checked against its schema."""
    function, arguments = CHARTS[name]
    return function(*arguments).to_dict()


@cache
def picture_of(name: str) -> list[Mark]:
    """What is drawn of a chart above."""
    return drawn(spec_of(name))


def rects(marks: list[Mark]) -> list[Mark]:
    return [mark for mark in marks if (mark.kind, mark.role) == ("rect", "mark")]


def texts(marks: list[Mark], role: str = "mark") -> list[Mark]:
    return [mark for mark in marks if (mark.kind, mark.role) == ("text", role) and mark.text]


def parts(spec: Any) -> Iterator[dict[str, Any]]:
    """Every JSON object within a specification."""
    if isinstance(spec, dict):
        yield spec
    for child in spec.values() if isinstance(spec, dict) else spec if isinstance(spec, list) else ():
        yield from parts(child)


def colour_encodings(name: str) -> list[dict[str, Any]]:
    spec = {key: value for key, value in spec_of(name).items() if key != "datasets"}
    return [encoding["color"] for encoding in parts(spec) if isinstance(encoding.get("color"), dict)]


def rgb(colour: str) -> list[float]:
    """#rrggbb or rgb(r, g, b) as three numbers in 0..1."""
    if colour.startswith("#"):
        return [int(colour[i : i + 2], 16) / 255 for i in (1, 3, 5)]
    return [float(number) / 255 for number in re.findall(r"[\d.]+", colour)]


def linear(colour: str) -> np.ndarray:
    """sRGB without its gamma (IEC 61966-2-1)."""
    return np.array([c / 12.92 if c <= 0.04045 else ((c + 0.055) / 1.055) ** 2.4 for c in rgb(colour)])


def contrast(one: str, other: str) -> float:
    """Contrast ratio of the Web Content Accessibility Guidelines, 1 to 21."""
    dark, bright = sorted(float(linear(colour) @ [0.2126, 0.7152, 0.0722]) for colour in (one, other))
    return (bright + 0.05) / (dark + 0.05)


def lab(colour: str) -> np.ndarray:
    """CIE 1976 L*a*b* of an sRGB colour, under D65."""
    to_xyz = [[0.4124, 0.3576, 0.1805], [0.2126, 0.7152, 0.0722], [0.0193, 0.1192, 0.9505]]
    x, y, z = (
        math.cbrt(v) if v > (6 / 29) ** 3 else v / (3 * (6 / 29) ** 2) + 4 / 29
        for v in np.array(to_xyz) @ linear(colour) / [0.9505, 1.0, 1.089]
    )
    return np.array([116 * y - 16, 500 * (x - y), 200 * (y - z)])


# -- every chart -----------------------------------------------------------------------------------------------------


def test_every_chart_is_among_these_tests():
    assert set(CHARTS) == set(charts.__all__) - NO_CHARTS


@pytest.mark.parametrize("name", CHARTS)
def test_a_chart_is_valid_vega_lite_and_draws_its_data(name):
    svg = vl_convert.vegalite_to_svg(spec_of(name), vl_version=VERSION)
    assert svg.startswith("<svg")
    assert not re.search(r"NaN|undefined|null|Infinity", svg)
    marks = [mark for mark in picture_of(name) if mark.role == "mark" and mark.kind not in ("group", "")]
    assert len(marks) >= 2
    assert all(math.isfinite(v) for mark in marks for v in (mark.x, mark.y, mark.width, mark.height))


@pytest.mark.parametrize("name", CHARTS)
def test_a_chart_changes_no_table_and_is_the_same_each_time(name):
    function, arguments = CHARTS[name]
    before = [a.copy() if isinstance(a, pd.DataFrame) else a for a in arguments]
    first, second = (json.dumps(function(*arguments).to_dict(validate=False), sort_keys=True) for _ in range(2))
    for table, copy in zip(arguments, before, strict=True):
        if isinstance(table, pd.DataFrame):
            pd.testing.assert_frame_equal(table, copy)
    without_numbers = [re.sub(r"(view|param|layer)_\d+", r"\1", text) for text in (first, second)]
    assert without_numbers[0] == without_numbers[1]


# -- colours ---------------------------------------------------------------------------------------------------------


def test_colours_of_the_lstms_are_far_apart():
    """17 in CIE 1976 is seen at a glance; 2 is the least that can be seen."""
    assert len(charts.LSTM_COLOURS) == 16
    for one, other in combinations([*charts.LSTM_COLOURS, charts.CURSOR_COLOUR], 2):
        assert np.linalg.norm(lab(one) - lab(other)) >= 17, f"{one} and {other}"


def test_lab_of_known_colours():
    np.testing.assert_allclose(lab("#ffffff"), [100, 0, 0], rtol=0, atol=0.02)
    np.testing.assert_allclose(lab("#ff0000"), [53.24, 80.09, 67.2], rtol=0, atol=0.05)


def test_colours_come_again_after_the_sixteenth_lstm():
    assert [charts.lstm_colour(j) for j in range(1, 17)] == list(charts.LSTM_COLOURS)
    assert charts.lstm_colour(17) == charts.lstm_colour(1)
    assert charts.lstm_colour(35) == charts.lstm_colour(3)


@pytest.mark.parametrize("name", IN_LSTM_COLOURS)
def test_lstm_j_has_the_same_colour_in_every_chart(name):
    scales = [(c["field"], c["scale"]) for c in colour_encodings(name) if c.get("field") == "lstm"]
    assert scales
    for _, scale in scales:
        assert scale["domain"] == [1, 2, 3, 4, 5]
        assert scale["range"] == [charts.lstm_colour(j) for j in scale["domain"]]


@pytest.mark.parametrize("name", sorted(set(CHARTS) - set(IN_LSTM_COLOURS)))
def test_a_colour_of_an_lstm_never_stands_for_anything_else(name):
    text = json.dumps(spec_of(name)).lower()
    assert not [colour for colour in charts.LSTM_COLOURS if colour in text]
    assert not {mark.fill for mark in picture_of(name)} & set(charts.LSTM_COLOURS)


@pytest.mark.parametrize("name", CHARTS)
def test_a_colour_that_shows_a_probability_is_always_cividis_from_0_to_1(name):
    shown = [c for c in colour_encodings(name) if c.get("field") in ("q", "probability")]
    assert bool(shown) == (name in OF_PROBABILITIES)
    for encoding in shown:
        assert encoding["scale"] == {"scheme": "cividis", "domain": [0, 1]}


def test_the_stops_of_cividis_are_those_of_the_scheme_that_charts_use():
    steps = len(charts.CIVIDIS)
    table = pd.DataFrame(
        {"class": "calm", "t": range(steps), "until": range(steps), "lstm": 1, "q": np.linspace(0, 1, steps)}
    )
    cells = sorted((mark for mark in rects(drawn(charts.mean_q_heatmap(table, "calm")))), key=lambda mark: mark.x)
    assert len(cells) == steps
    for cell, colour in zip(cells, charts.CIVIDIS, strict=True):
        np.testing.assert_allclose(rgb(cell.fill), rgb(colour), rtol=0, atol=1.1 / 255)


@pytest.mark.parametrize("k", [2, 16])
def test_letters_on_the_colour_of_an_lstm_can_be_read(k):
    share = pd.DataFrame({"class": "calm", "lstm": range(1, k + 1), "share": 1 / k})
    fills = {mark.text: mark.fill for mark in texts(drawn(charts.usage_bars(share)))}
    assert list(fills) == [str(j) for j in range(1, k + 1)]
    for text, fill in fills.items():
        assert contrast(fill, charts.lstm_colour(int(text))) >= 3, f"LSTM {text}"


def cells_with_letters(chart: Any) -> list[tuple[Mark, Mark]]:
    """Each cell of a heat map with the letters that stand in its middle."""
    marks = drawn(chart)
    letters = {(round(mark.x), round(mark.y)): mark for mark in texts(marks)}
    cells = [(cell, (round(cell.x + cell.width / 2), round(cell.y + cell.height / 2))) for cell in rects(marks)]
    return [(cell, letters[middle]) for cell, middle in cells if middle in letters]


def square(column: str, values: np.ndarray) -> pd.DataFrame:
    """Values as a matrix of 8 x 8 LSTMs."""
    first, second = np.indices((8, 8)) + 1
    judged = {"first": 0.5, "second": 0.5, "low": -1.0, "high": 1.0, "p": 0.01, "beyond_chance": True}
    return pd.DataFrame(
        {"class": "loud", "from": first.ravel(), "to": second.ravel(), "count": 1, **judged, column: values}
    )


def test_letters_on_a_probability_can_be_read():
    table = square("probability", np.linspace(0, 1, 64))
    found = cells_with_letters(charts.transition_heatmap(table, "loud"))
    assert len(found) == 64
    for cell, letters in found:
        assert contrast(cell.fill, letters.fill) >= 3, letters.text


@pytest.mark.parametrize("name", CHARTS)
def test_letters_that_lie_on_no_colour_are_drawn_in_the_ink_of_the_theme(name):
    theme = {"range": {"category": ["#123456", "#abcdef"]}, "mark": {"color": "#123456"}}
    spec = spec_of(name)
    marks = drawn({**spec, "config": {**spec.get("config", {}), **theme}})
    coloured = [mark for mark in rects(marks) if mark.fill not in ("", "#123456")]
    for letters in texts(marks):
        under = [c for c in coloured if c.x <= letters.x <= c.x + c.width and c.y <= letters.y <= c.y + c.height]
        assert under or letters.fill == "#123456", letters.text


@pytest.mark.parametrize("reach", [0.1, 1.0])
def test_letters_on_a_difference_can_be_read(reach):
    found = cells_with_letters(charts.difference_heatmap(square("difference", np.linspace(-reach, reach, 64))))
    assert len(found) == 64
    for cell, letters in found:
        assert contrast(cell.fill, letters.fill) >= 3, letters.text


# -- the other charts ------------------------------------------------------------------------------------------------


def test_a_matrix_has_a_row_for_each_lstm_left_and_a_column_for_each_entered():
    table = square("probability", np.arange(64) / 100)
    found = cells_with_letters(charts.transition_heatmap(table, "loud"))
    by_row = sorted(found, key=lambda pair: (round(pair[0].y), pair[0].x))
    assert [letters.text for _, letters in by_row] == [f"{v}%" for v in range(64)]


def test_an_lstm_that_was_never_left_has_a_row_of_dashes():
    table = pd.DataFrame(
        {
            "class": "loud",
            "from": [1, 1, 2, 2],
            "to": [1, 2, 1, 2],
            "count": [1, 3, 0, 0],
            "probability": [0.25, 0.75, None, None],
        }
    )  # fmt: skip
    marks = texts(drawn(charts.transition_heatmap(table.astype({"probability": float}), "loud")))
    assert [mark.text for mark in sorted(marks, key=lambda mark: (mark.y, mark.x))] == ["25%", "75%", "–", "–"]


def test_a_heat_map_shows_the_class_it_is_asked_for_and_no_other():
    for function, table in (
        (charts.transition_heatmap, TRANSITIONS),
        (charts.mean_q_heatmap, analysis.mean_q(MANY, Y, CLASSES)),
    ):
        alone = table[table["class"] == "loud"].reset_index(drop=True)
        ours, theirs = (sorted(mark.fill for mark in rects(drawn(function(t, "loud")))) for t in (table, alone))
        assert len(ours) in (K * K, T * K)
        assert ours == theirs


def test_no_difference_has_the_same_colour_as_nothing_and_the_sides_differ():
    values = np.zeros(64)
    values[:2] = 0.5, -0.5
    cells = sorted(rects(drawn(charts.difference_heatmap(square("difference", values)))), key=lambda m: (m.y, m.x))
    fills = [mark.fill for mark in cells]
    assert len(set(fills)) == 3
    assert min(linear(fills[2])) > 0.8  # no difference is nearly white


def test_a_difference_that_chance_explains_has_the_colour_of_none():
    table = square("difference", np.linspace(-0.5, 0.5, 64))
    table["beyond_chance"] = np.arange(64) % 3 == 0
    cells = sorted(rects(drawn(charts.difference_heatmap(table))), key=lambda m: (m.y, m.x))
    none = rects(drawn(charts.difference_heatmap(square("difference", np.zeros(64)))))[0].fill
    assert [cell.fill == none for cell in cells] == [number % 3 != 0 for number in range(64)]


def test_counts_are_written_as_they_are_and_shaded_by_the_most_frequent():
    table = square("count", np.arange(64)).assign(probability=0.125)
    found = cells_with_letters(charts.transition_heatmap(table, "loud", counts=True))
    assert sorted(int(letters.text) for _, letters in found) == list(range(64))
    by_count = {int(letters.text): cell.fill for cell, letters in found}
    np.testing.assert_allclose(rgb(by_count[63]), rgb(charts.CIVIDIS[-1]), rtol=0, atol=2 / 255)
    np.testing.assert_allclose(rgb(by_count[0]), rgb(charts.CIVIDIS[0]), rtol=0, atol=2 / 255)


@pytest.mark.parametrize("told_by", ["LSTM", "class", "time"])
def test_each_state_of_a_map_is_drawn_once_where_it_lies(told_by):
    marks = [
        m for m in drawn(charts.state_scatter(STATES, told_by, K)) if m.role == "mark" and m.kind in ("symbol", "text")
    ]
    assert len(marks) == len(STATES)
    assert np.argsort([mark.x for mark in marks]).tolist() == np.argsort(STATES["x"]).tolist()
    assert np.argsort([-mark.y for mark in marks]).tolist() == np.argsort(STATES["y"]).tolist()
    if told_by == "class":
        assert [mark.text for mark in marks] == ["cal", "lou", "cal"]


# -- the state graph -------------------------------------------------------------------------------------------------


def graph_of(probabilities: list[list[float]], shares: list[float]) -> ElementTree.Element:
    """The drawing of a chain whose LSTMs are left 1,000 times each."""
    k = len(shares)
    start, end = (index.ravel() + 1 for index in np.indices((k, k)))
    moves = pd.DataFrame({"class": "loud", "from": start, "to": end, "probability": np.ravel(probabilities)})
    moves["count"] = (moves["probability"] * 1_000).astype(int)
    share = pd.DataFrame({"class": "loud", "lstm": range(1, k + 1), "share": shares})
    return ElementTree.fromstring(charts.state_graph(moves, share, "loud"))  # noqa: S314, our own words


def within(drawing: ElementTree.Element, group: str, tag: str) -> dict[str, ElementTree.Element]:
    """The parts of a drawing by their titles."""
    space = "{http://www.w3.org/2000/svg}"
    groups = [g for g in drawing.iter(f"{space}g") if g.get("class") == group]
    return {g.findtext(f"{space}title", ""): next(g.iter(f"{space}{tag}")) for g in groups}


def test_a_graph_has_an_arrow_for_each_move_that_is_not_rare_as_wide_as_it_is_probable():
    arrows = within(graph_of([[0.5, 0.49, 0.01], [0.2, 0.8, 0], [1, 0, 0]], [0.5, 0.4, 0.1]), "move", "path")
    told = {"LSTM 1 → 1: 50.0%": 0.5, "LSTM 1 → 2: 49.0%": 0.49, "LSTM 2 → 1: 20.0%": 0.2, "LSTM 2 → 2: 80.0%": 0.8,
            "LSTM 3 → 1: 100.0%": 1.0}  # fmt: skip
    assert {title.split(",")[0] for title in arrows} == set(told)
    widths = {title.split(",")[0]: float(path.get("stroke-width", 0)) for title, path in arrows.items()}
    line = np.polyfit([told[title] for title in widths], list(widths.values()), 1)
    np.testing.assert_allclose([np.polyval(line, told[title]) for title in widths], list(widths.values()), atol=0.01)
    assert line[0] > 5
    assert "LSTM 3 → 1: 100.0%, 1,000 times" in arrows


def test_the_nodes_of_a_graph_have_the_colours_of_their_lstms_and_grow_with_their_use():
    nodes = within(graph_of([[0.5, 0.5], [0.5, 0.5]], [0.9, 0.1]), "node", "circle")
    assert [(title, node.get("fill")) for title, node in nodes.items()] == [
        ("LSTM 1: 90.0% of the steps", charts.lstm_colour(1)),
        ("LSTM 2: 10.0% of the steps", charts.lstm_colour(2)),
    ]
    radius = [float(node.get("r", 0)) for node in nodes.values()]
    assert radius[0] > 1.5 * radius[1] > 10


@pytest.mark.parametrize("k", [1, 2, 5, 16])
def test_all_of_a_graph_lies_within_its_frame_and_no_node_on_another(k):
    drawing = graph_of(np.full((k, k), 1 / k).tolist(), [1 / k] * k)
    _, _, width, height = (float(v) for v in drawing.get("viewBox", "").split())
    circles = [tuple(float(c.get(a, 0)) for a in ("cx", "cy", "r")) for c in within(drawing, "node", "circle").values()]
    for x, y, r in circles:
        assert r <= x <= width - r
        assert r <= y <= height - r
    for (x0, y0, r0), (x1, y1, r1) in combinations(circles, 2):
        assert math.hypot(x1 - x0, y1 - y0) > r0 + r1
    for path in within(drawing, "move", "path").values():
        numbers = np.array(re.findall(r"-?[\d.]+", path.get("d", "")), float).reshape(-1, 2)
        ends = numbers[[0, -1]]
        assert (ends >= 0).all()
        assert (ends <= [width, height]).all()


def test_a_graph_says_in_words_what_it_shows():
    words = graph_of([[0.7, 0.3], [1.0, 0.0]], [0.8, 0.2]).get("aria-label", "")
    assert words.startswith("State graph. LSTM 1: 80% of the steps, LSTM 2: 20% of the steps.")
    assert words.endswith("Moves: 1 to 1 70%, 1 to 2 30%, 2 to 1 100%.")


@pytest.mark.parametrize("name", ["usage_bars", "usage_area"])
def test_stacked_shares_fill_the_whole_without_overlap(name):
    bars = [mark for mark in rects(picture_of(name)) if mark.fill in charts.LSTM_COLOURS and mark.width and mark.height]
    lanes: dict[float, list[tuple[float, float, str]]] = {}
    for mark in bars:
        if name == "usage_bars":
            lanes.setdefault(round(mark.y, 3), []).append((mark.x, mark.x + mark.width, mark.fill))
        else:
            lanes.setdefault(round(mark.x, 3), []).append((-mark.y - mark.height, -mark.y, mark.fill))
    assert len(lanes) == 2
    for lane in lanes.values():
        stack = sorted(lane)
        for (_, end, one), (start, _, other) in pairwise(stack):
            assert start == pytest.approx(end, abs=0.01)
            assert charts.LSTM_COLOURS.index(one) < charts.LSTM_COLOURS.index(other)
    spans = {round(max(end for _, end, _ in lane) - min(start for start, _, _ in lane), 2) for lane in lanes.values()}
    assert len(spans) == 1


def test_curves_leave_room_for_the_epochs_to_come():
    spec = spec_of("loss_curve")
    assert spec["encoding"]["x"]["scale"]["domain"] == [1, EPOCHS]
    one = charts.loss_curve(HISTORY[:1], 1)
    assert len([mark for mark in drawn(one) if mark.kind == "symbol" and mark.role == "mark"]) == 1


def test_hard_accuracy_is_a_solid_line_and_soft_accuracy_a_dashed_one():
    spec = spec_of("accuracy_curves")
    dashes = next(part["strokeDash"] for part in parts(spec) if isinstance(part.get("strokeDash"), dict))
    assert dashes["field"] == "kind"
    kinds = dict(zip(dashes["scale"]["domain"], dashes["scale"]["range"], strict=True))
    assert kinds["hard"] == [1, 0]
    assert min(kinds["soft"]) > 0


def test_the_most_probable_class_alone_is_in_full_ink():
    chart = charts.class_bars(pd.DataFrame({"class": CLASSES, "probability": [0.2, 0.5, 0.3]}))
    bars = [
        part
        for part in parts(scene_of(chart.to_dict()))
        if "opacity" in part and "probability" in str(part.get("description"))
    ]
    assert bars
    assert {part["opacity"] for part in bars if "class: loud" in part["description"]} == {1}
    assert max(part["opacity"] for part in bars if "class: loud" not in part["description"]) < 0.6


def test_each_of_several_runs_has_dashes_of_its_own_and_its_letter_at_its_end():
    lines = [mark for mark in picture_of("compared_curves") if (mark.kind, mark.role) == ("text", "mark")]
    assert [mark.text for mark in lines] == ["A", "B"]
    assert lines[0].x < lines[1].x, "A ended an epoch earlier"
    scene = json.dumps(scene_of(spec_of("compared_curves")))
    assert len(set(re.findall(r'"strokeDash": (\[[^\]]*\])', scene))) >= 2


def test_a_cell_of_a_sweep_says_its_mean_its_spread_and_how_much_is_known():
    words = [mark.text for mark in picture_of("sweep_heatmap") if (mark.kind, mark.role) == ("text", "mark")]
    assert words[:4] == ["90.00%", "95.00%", "99.00%", "–"]
    assert words[4:] == ["± 1.00%", "1 run", "2 of 3 runs", "0 of 3 runs"]
    cells = rects(picture_of("sweep_heatmap"))
    assert len(cells) == 4, "a cell of which nothing is known is drawn, too"
    assert len({cell.fill for cell in cells}) == 4
    axis = [mark.text for mark in picture_of("sweep_heatmap") if mark.role == "axis-label"]
    assert [text for text in axis if text in ("1", "10")] == ["1", "10"]


def test_cells_that_differ_by_chance_alone_are_not_painted_as_far_apart():
    close = SWEPT.assign(mean=[0.9901, 0.9902, 0.9901, 0.9902], known=3, runs=3)
    fills = [cell.fill for cell in rects(drawn(charts.sweep_heatmap(close, "k", "tau0", unit="%")))]
    far = [cell.fill for cell in rects(drawn(charts.sweep_heatmap(close * 1, "k", "tau0", unit="%")))]
    assert fills == far
    red = [int(re.findall(r"\d+", fill)[0]) for fill in fills]
    assert max(red) - min(red) < 60
