"""One sequence over time: what came in, q(t), z(t) and the answer, with one cursor through all of them.

Each picture is one layered view whose panels are ranges of its pixels, not a concatenation of views:
so it takes any width it is given, and one rule and one set of catchers serve all panels.
"""

from typing import Any, Literal

import altair as alt
import pandas as pd
from altair.typing import ChartType

from mrnn.charts.colours import CURSOR_COLOUR, PROBABILITY, by_lstm, by_probability, letters_in_ink, letters_on_lstm
from mrnn.charts.size import sized

LANE, STRIP, GAP, HEAD = 20, 24, 12, 22  # pixels
LSTM_TOOLTIP = [
    alt.Tooltip("t", title="step t"),
    alt.Tooltip("lstm", title="LSTM"),
    alt.Tooltip("q", title="q, probability", format=".3f"),
    alt.Tooltip("z", title="z, weight", format=".3f"),
]


def timeline(
    selection: pd.DataFrame,
    signal: pd.DataFrame | None = None,
    answer: pd.DataFrame | None = None,
    *,
    compact: bool = False,
) -> ChartType:
    """Signal, q(t), z(t) and the answer so far, one under the other; time runs to the right.

    selection  `analysis.selection_table`
    signal     `analysis.signal_table`, or None to leave that panel out
    answer     `analysis.answer_table` of one class, or None
    compact    for a narrow place: no legend, no slider, and only the LSTM among the numbers at the cursor
    """
    k, steps = int(selection["lstm"].max()), int(selection["t"].max()) + 1
    cells = _with_edges(selection)
    top = HEAD
    layers: list[alt.Chart] = []
    if signal is not None:
        layers.append(_signal_panel(signal, steps, top, top + 100))
        top += 100 + GAP
    lanes = max(k * LANE, 40)
    colour = alt.Color("q:Q", scale=PROBABILITY, legend=None) if compact else by_probability("q:Q", "q, probability")
    layers.append(_q_lanes(cells, colour, steps, top, top + lanes))
    top += lanes + GAP
    layers += _z_strip(cells, k, steps, top, shortest=steps / (20 if compact else 60))
    top += STRIP
    if answer is not None:
        layers.append(_answer_panel(answer, steps, top + GAP, top + GAP + 64))
        top += GAP + 64
    readout = _readout(selection, None, None) if compact else _readout(selection, signal, answer)
    layers += _cursor_layers(readout, steps, top, "x", slider=not compact)
    return _one_view(layers, "y", top)


def _signal_panel(signal: pd.DataFrame, steps: int, top: float, bottom: float) -> alt.Chart:
    points: Any = {"size": 16, "filled": True} if steps <= 120 else False
    return (
        alt.Chart(signal)
        .mark_line(point=points, strokeWidth=1.5)
        .encode(
            x=_time(steps),
            y=_panel("value:Q", "signal", top, bottom, zero=False),
            tooltip=[alt.Tooltip("t", title="step t"), alt.Tooltip("value", title="signal", format=".2f")],
        )
    )


def _q_lanes(cells: pd.DataFrame, colour: alt.Color, steps: int, top: float, bottom: float) -> alt.Chart:
    lanes = alt.Axis(grid=False, orient="left", labelExpr="'LSTM ' + datum.label", labelOverlap=False)
    return (
        alt.Chart(cells)
        .mark_rect()
        .encode(
            x=_time(steps, "start:Q"),
            x2="end:Q",
            y=alt.Y("lstm:O", title="q(t)", scale=alt.Scale(range=[top, bottom]), axis=lanes),
            color=colour,
            tooltip=LSTM_TOOLTIP,
        )
    )


def _z_strip(cells: pd.DataFrame, k: int, steps: int, top: float, *, shortest: float) -> list[alt.Chart]:
    """The LSTMs listened to; a stay of `shortest` steps or more has room for its number."""
    chosen, stays = _stays(cells, steps)
    middle = alt.value(top + STRIP / 2)
    return [
        alt.Chart(chosen)
        .mark_rect()
        .encode(
            x=_time(steps, "start:Q"),
            x2="end:Q",
            y=alt.value(top),
            y2=alt.value(top + STRIP),
            color=by_lstm(k),
            tooltip=LSTM_TOOLTIP,
        ),
        alt.Chart(stays[stays["stay"] >= shortest])
        .mark_text(fontSize=12, fontWeight="bold", color=letters_on_lstm(k), tooltip=None)
        .encode(x=_time(steps, "middle:Q"), y=middle, text="lstm:N"),
        letters_in_ink(
            alt.Chart(pd.DataFrame({"text": ["z(t)"]})).mark_text(align="right", dx=-10, fontSize=12, tooltip=None)
        ).encode(x=alt.value(0), y=middle, text="text:N"),
    ]


def _answer_panel(answer: pd.DataFrame, steps: int, top: float, bottom: float) -> alt.Chart:
    name = str(answer["class"].iloc[0])
    return (
        alt.Chart(answer)
        .mark_line(interpolate="step-after", strokeWidth=2)
        .encode(
            x=_time(steps),
            y=_panel("probability:Q", f"p({name})", top, bottom, domain=[0, 1]),
            tooltip=[alt.Tooltip("t", title="step t"), alt.Tooltip("probability", title=f"p({name})", format=".0%")],
        )
    )


def rows_timeline(pixels: pd.DataFrame, selection: pd.DataFrame, answer: pd.DataFrame) -> ChartType:
    """A picture read row by row, level with q(t), z(t) and the answer so far; time runs downwards.

    pixels     `analysis.pixel_table`
    selection  `analysis.selection_table`
    answer     `analysis.answer_table`
    """
    k, rows, columns = int(selection["lstm"].max()), int(pixels["t"].max()) + 1, int(pixels["column"].max()) + 1
    # Left edge and right edge of each panel, in pixels of whatever width there is.
    picture, strip = ("0", "min(0.42 * width, 290)"), ("0.72 * width - 26", "0.72 * width")
    lanes = (f"{picture[1]} + 10", f"{strip[0]} - 8")
    answers = ("0.72 * width + 10", "width")
    cells = _with_edges(selection)
    chosen, stays = _stays(cells, rows)
    number = {"labelExpr": "floor(datum.value) + 1", "values": [j + 0.5 for j in range(k)]}
    classes = list(dict.fromkeys(answer["class"]))
    names = {"labelExpr": f"{classes}[floor(datum.value)]", "values": [c + 0.5 for c in range(len(classes))]}
    place = answer["class"].map({name: c for c, name in enumerate(classes)})
    layers = [
        alt.Chart(_with_edges(pixels))
        .mark_rect(tooltip=None)
        .encode(
            x=_across("column:Q", "pixels of the row", picture, columns, {"labels": False}),
            x2="right:Q",
            color=alt.Color("ink:Q", scale=alt.Scale(domain=[0, 1], range=["#0b0e14", "#ffffff"]), legend=None),
            **_rows(rows),
        )
        .transform_calculate(right="datum.column + 1.15"),
        alt.Chart(cells)
        .mark_rect()
        .encode(
            x=_across("left:Q", "q(t) by LSTM", lanes, k, number),
            x2="right:Q",
            color=by_probability("q:Q", "probability", offset=26),
            tooltip=LSTM_TOOLTIP,
            **_rows(rows),
        )
        .transform_calculate(left="datum.lstm - 1", right="datum.lstm + 0.04"),
        alt.Chart(chosen)
        .mark_rect()
        .encode(
            x=_across("left:Q", "z(t)", strip, 1, {"labels": False}),
            x2="right:Q",
            color=by_lstm(k),
            tooltip=LSTM_TOOLTIP,
            **_rows(rows),
        )
        .transform_calculate(left="0", right="1"),
        alt.Chart(stays)
        .mark_text(fontSize=11, fontWeight="bold", color=letters_on_lstm(k), tooltip=None)
        .encode(x=alt.value(alt.ExprRef(f"({strip[0]} + {strip[1]}) / 2")), y=_down("middle:Q", rows), text="lstm:N"),
        alt.Chart(_with_edges(answer.assign(place=place)))
        .mark_rect()
        .encode(
            x=_across("place:Q", "answer so far", answers, len(classes), names),
            x2="right:Q",
            color=alt.Color("probability:Q", scale=PROBABILITY, legend=None),
            tooltip=[
                alt.Tooltip("t", title="row t"),
                alt.Tooltip("class", title="class"),
                alt.Tooltip("probability", title="probability so far", format=".1%"),
            ],
            **_rows(rows),
        )
        .transform_calculate(right="datum.place + 1.08"),
        *_cursor_layers(_readout(selection, None, answer), rows, rows * 12, "y", slider=True),
    ]
    return _one_view(layers, "x", rows * 12)


def _across(field: str, title: str, edges: tuple[str, str], size: int, labels: dict[str, Any]) -> alt.X:
    """An x axis of its own, from 0 to `size`, between two edges given as expressions in pixels."""
    axis = alt.Axis(
        title=title,
        orient="bottom",
        grid=False,
        ticks=False,
        domain=False,
        labelAngle=0,
        labelPadding=3,
        titlePadding=4,
        **labels,
    )
    scale = alt.Scale(domain=[0, size], range=[alt.ExprRef(edge) for edge in edges], nice=False)
    return alt.X(field, axis=axis, scale=scale)


def _rows(rows: int) -> dict[str, Any]:
    return {"y": _down("start:Q", rows), "y2": alt.Y2("end:Q")}


def _down(field: str, rows: int) -> alt.Y:
    axis = alt.Axis(
        title="row t", grid=False, values=list(range(0, rows, 5)), ticks=True, labelPadding=4, titlePadding=4
    )
    return alt.Y(field, scale=alt.Scale(domain=[rows - 0.5, -0.5], nice=False), axis=axis)


def _time(steps: int, field: str = "t:Q") -> alt.X:
    axis = alt.Axis(title="step t", grid=False, tickMinStep=1, ticks=True)
    return alt.X(field, scale=alt.Scale(domain=[-0.5, steps - 0.5], nice=False), axis=axis)


def _panel(field: str, title: str, top: float, bottom: float, **scale: Any) -> alt.Y:
    """A y axis of its own that covers the pixels from `top` to `bottom`."""
    axis = alt.Axis(grid=False, orient="left", tickCount=3)
    return alt.Y(field, title=title, scale=alt.Scale(range=[bottom, top], **scale), axis=axis)


def _one_view(layers: list[alt.Chart], panels: Literal["x", "y"], height: float) -> ChartType:
    """One view of all layers, each panel with its own scale, `height` pixels high whatever stands around it."""
    scales: dict[str, Any] = {panels: "independent", "color": "independent"}
    return sized(alt.layer(*layers).resolve_scale(**scales), height)


def _with_edges(table: pd.DataFrame) -> pd.DataFrame:
    # Each cell reaches a little over its neighbour, so that no seam shows between them.
    return table.assign(start=table["t"] - 0.5, end=table["t"] + 0.62)


def _stays(cells: pd.DataFrame, steps: int) -> tuple[pd.DataFrame, pd.DataFrame]:
    """The cells listened to, one a step; and each stay with one LSTM: where its middle is, and how long it lasts."""
    chosen = cells[cells["listened"] == 1].sort_values("t")
    begins = chosen[chosen["lstm"] != chosen["lstm"].shift()]
    until = begins["t"].shift(-1, fill_value=steps)
    stay = until - begins["t"]
    return chosen, begins.assign(stay=stay, middle=begins["start"] + stay / 2)


def _cursor_layers(readout: pd.DataFrame, steps: int, height: float, axis: str, *, slider: bool) -> list[alt.Chart]:
    """A rule and a line of numbers at one step; they follow the mouse (and a slider), without a server round trip."""
    bound = alt.binding_range(min=0, max=steps - 1, step=1, name="step t " if axis == "x" else "row t ")
    cursor = alt.selection_point(
        name="cursor",
        fields=["t"],
        on="pointerover",
        clear=False,
        empty=False,
        value=[{"t": steps // 2}],
        bind=bound if slider else alt.Undefined,
    )
    if axis == "x":
        at: dict[str, Any] = {"x": _time(steps), "y": alt.value(HEAD - 4), "y2": alt.value(height)}
        catch: dict[str, Any] = {
            "x": _time(steps, "start:Q"),
            "x2": "end:Q",
            "y": alt.value(0),
            "y2": alt.value(height),
        }
        above = 0
    else:
        at = {"y": _down("t:Q", steps)}
        catch = {**_rows(steps), "x": alt.value(0), "x2": alt.value(alt.ExprRef("width"))}
        above = -20
    base = alt.Chart(_with_edges(readout))
    return [
        base.mark_rule(color=CURSOR_COLOUR, strokeWidth=2, tooltip=None).encode(**at).transform_filter(cursor),
        letters_in_ink(base.mark_text(align="left", baseline="top", fontSize=12, fontWeight="bold", tooltip=None))
        .encode(x=alt.value(0), y=alt.value(above), text="text:N")
        .transform_filter(cursor),
        base.mark_rect(opacity=0, tooltip=None).encode(**catch).add_params(cursor),
    ]


def _readout(selection: pd.DataFrame, signal: pd.DataFrame | None, answer: pd.DataFrame | None) -> pd.DataFrame:
    """The numbers at each step as one line of text."""
    chosen = selection[selection["listened"] == 1].set_index("t")
    text = "t = " + chosen.index.astype(str).to_series(index=chosen.index)
    if signal is not None:
        text = text + "  ·  signal " + signal.set_index("t")["value"].map("{:.2f}".format)
    text = text + "  ·  LSTM " + chosen["lstm"].astype(str) + ", q = " + chosen["q"].map("{:.2f}".format)
    if answer is not None:
        best = answer.sort_values("probability").drop_duplicates("t", keep="last").set_index("t")
        text = text + "  ·  p(" + best["class"] + ") = " + best["probability"].map("{:.0%}".format)
    return pd.DataFrame({"t": chosen.index, "text": text.to_numpy()})
