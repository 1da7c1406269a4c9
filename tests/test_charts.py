"""Charts: valid Vega-Lite, drawn for real; a colour means one LSTM, and a probability one map.

What is drawn: `tests/shown.py`.
"""

import json
import math
import re
from collections.abc import Iterator
from functools import cache
from itertools import combinations, pairwise
from typing import Any, NamedTuple
from xml.etree import ElementTree

import altair as alt
import numpy as np
import pandas as pd
import pytest
import vl_convert

from mrnn import analysis, charts
from tests.shown import CHARTS, CLASSES, EPOCHS, HISTORY, MANY, STATES, SWEPT, TRANSITIONS, K, T, Y

VERSION = ".".join(alt.SCHEMA_VERSION.removeprefix("v").split(".")[:2])
IN_LSTM_COLOURS = ("dwell_curves", "lesion_bars", "listened_by_epoch", "state_scatter", "usage_area", "usage_bars")
OF_PROBABILITIES = ("mean_q_heatmap", "transition_heatmap")
NO_CHARTS = {
    "CIVIDIS", "CLICKED", "CURSOR_COLOUR", "DIVERGING", "LSTM_COLOURS", "STATE", "Picture", "letters_on", "lstm_colour",
    "difference_graph", "state_graph",
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
    return list(_marks(scene_of(chart if isinstance(chart, dict) else spec(chart)), "", "", 0, 0))


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


def spec(picture: charts.Picture) -> dict[str, Any]:
    """The Vega-Lite of a picture, checked against its schema."""
    assert not isinstance(picture.chart, str)
    return picture.chart.to_dict()


@cache
def spec_of(name: str) -> dict[str, Any]:
    """The Vega-Lite of a chart above, checked against its schema."""
    function, arguments = CHARTS[name]
    return spec(function(*arguments))


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


def test_a_score_that_is_no_share_is_written_as_a_number_and_may_be_below_zero():
    lesions = pd.DataFrame({"lstm": range(3), "accuracy": [0.8, -0.25, 0.5]})
    picture = charts.lesion_bars(lesions, "R²")
    assert "R² in use after each single lesion; with none 0.8. Without LSTM 1 -0.25, LSTM 2 0.5" in picture.words
    told = spec(picture)
    bars = told["layer"][0]["encoding"]["y"]
    assert bars["scale"]["domain"][0] < -0.25
    assert "%" not in json.dumps(told)
    taus = pd.DataFrame(
        {"tau": [0.1, 1], "mean": [0.5, 0.25], "lowest": [0.4, 0.1], "highest": [0.6, 0.3], "in_use": 0.7}
    )
    assert "%" not in charts.accuracy_by_tau(taus, "R²").words


def test_one_value_is_named_by_its_axis_and_several_by_words_at_their_ends():
    change = pd.DataFrame(
        {"t": [0, 1] * 2, "when": ["before"] * 2 + ["after"] * 2, "class": "pace", "probability": 1.5}
    )
    one = spec(charts.answer_change(change, None, values=True))
    assert one["layer"][0]["encoding"]["y"]["title"] == "pace"
    assert len(one["layer"]) == 1
    two = spec(charts.answer_change(pd.concat([change, change.assign(**{"class": "size"})]), None, values=True))
    assert [layer["mark"]["type"] for layer in two["layer"]] == ["line", "text"]


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
    first, second = (json.dumps(spec(function(*arguments)), sort_keys=True) for _ in range(2))
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
    found = cells_with_letters(
        charts.difference_heatmap(square("difference", np.linspace(-reach, reach, 64)), "calm", "loud")
    )
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
    cells = sorted(
        rects(drawn(charts.difference_heatmap(square("difference", values), "calm", "loud"))), key=lambda m: (m.y, m.x)
    )
    fills = [mark.fill for mark in cells]
    assert len(set(fills)) == 3
    assert min(linear(fills[2])) > 0.8  # no difference is nearly white


def test_a_difference_that_chance_explains_has_the_colour_of_none():
    table = square("difference", np.linspace(-0.5, 0.5, 64))
    table["beyond_chance"] = np.arange(64) % 3 == 0
    cells = sorted(rects(drawn(charts.difference_heatmap(table, "calm", "loud"))), key=lambda m: (m.y, m.x))
    none = rects(drawn(charts.difference_heatmap(square("difference", np.zeros(64)), "calm", "loud")))[0].fill
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
    return ElementTree.fromstring(str(charts.state_graph(moves, share, "loud").chart))  # noqa: S314, our own words


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
    for text in drawing.iter("{http://www.w3.org/2000/svg}text"):
        assert 16 <= float(text.get("x", 0)) <= width - 16, "room for 100%"


def test_the_graph_of_a_difference_has_an_arrow_for_each_move_that_chance_does_not_explain():
    rows = [(1, 1, -0.3, True), (1, 2, 0.3, False), (2, 1, 0.6, True), (2, 2, -0.6, False)]
    gaps = pd.DataFrame(rows, columns=["from", "to", "difference", "beyond_chance"]).assign(low=-1.0, high=1.0, p=0.5)
    drawing = ElementTree.fromstring(str(charts.difference_graph(gaps, "calm", "<loud>").chart))  # noqa: S314
    arrows = within(drawing, "move", "path")
    assert set(arrows) == {"LSTM 1 → 1: -30.0%, more in <loud>", "LSTM 2 → 1: +60.0%, more in calm"}
    less, more = (arrows[title] for title in sorted(arrows))
    assert less.get("stroke") != more.get("stroke")
    assert float(more.get("stroke-width", 0)) > 1.5 * float(less.get("stroke-width", 0))
    assert set(within(drawing, "node", "circle")) == {"LSTM 1", "LSTM 2"}


def test_a_graph_says_in_words_what_it_shows():
    words = graph_of([[0.7, 0.3], [1.0, 0.0]], [0.8, 0.2]).get("aria-label", "")
    assert words.startswith("State graph of class loud. LSTM 1: 80% of the steps, LSTM 2: 20% of the steps.")
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
        for part in parts(scene_of(spec(chart)))
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
    fills = [cell.fill for cell in rects(drawn(charts.sweep_heatmap(close, "accuracy", "k", "tau0", unit="%")))]
    far = [cell.fill for cell in rects(drawn(charts.sweep_heatmap(close * 1, "accuracy", "k", "tau0", unit="%")))]
    assert fills == far
    red = [int(re.findall(r"\d+", fill)[0]) for fill in fills]
    assert max(red) - min(red) < 60
