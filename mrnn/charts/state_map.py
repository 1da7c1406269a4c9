"""Hidden states on a plane."""

import altair as alt
import pandas as pd

from mrnn.charts.colours import CURSOR_COLOUR, by_lstm, gradient_legend, letters_in_ink
from mrnn.charts.picture import Picture, picture

STATE = "state"  # the selection of a state, with the field sequence


def state_scatter(states: pd.DataFrame, told_by: str, k: int) -> Picture:
    """Hidden states on a plane. One that is clicked is the selection STATE, by its sequence.

    states   rows of x, y, sequence, lstm (from 1), class, t
    told_by  "LSTM" (colour), "class" (its first letters) or "time" (a sequential colour)
    """
    tooltip = [alt.Tooltip("lstm", title="LSTM"), alt.Tooltip("class"), alt.Tooltip("t", title="step t")]
    place = {
        "x": alt.X("x:Q", title=None, axis=alt.Axis(labels=False, ticks=False), scale=alt.Scale(zero=False)),
        "y": alt.Y("y:Q", title=None, axis=alt.Axis(labels=False, ticks=False), scale=alt.Scale(zero=False)),
    }
    words = f"{len(states):,} hidden states on a plane, told by {told_by}: {_lie(states, told_by)}."
    state = alt.selection_point(name=STATE, fields=["sequence"], empty=False)
    base = alt.Chart(states).encode(**place, tooltip=tooltip)
    if told_by == "class":
        letters = base.transform_calculate(short="slice(datum.class, 0, 3)").mark_text(cursor="pointer")
        size = alt.condition(state, alt.value(22), alt.value(11))
        chart = letters_in_ink(letters).encode(text="short:N", size=size).add_params(state)
        return picture(chart, 420, words, states)
    ring = alt.condition(state, alt.value(3), alt.value(0))
    # A constant stroke would frame the legend's squares, too.
    points = base.mark_circle(opacity=0.8, cursor="pointer").encode(
        stroke=alt.condition(state, alt.value(CURSOR_COLOUR), alt.value("transparent")),
        strokeWidth=ring,
        size=alt.condition(state, alt.value(140), alt.value(34)),
    )
    points = points.add_params(state)
    if told_by == "time":
        time = alt.Color("t:Q", scale=alt.Scale(scheme="cividis"), legend=gradient_legend("step t"))
        return picture(points.encode(color=time), 420, words, states)
    return picture(points.encode(color=by_lstm(k, legend=True)), 420, words, states)


def _lie(states: pd.DataFrame, told_by: str) -> str:
    """Where on the map groups of states have their middle."""
    column = {"LSTM": "lstm", "class": "class"}.get(told_by)
    if column is None:
        early = states["t"] <= states["t"].median()
        groups = {"early ones": states[early], "late ones": states[~early]}
    else:
        groups = {f"{told_by} {name}": part for name, part in states.groupby(column)}
    return "; ".join(
        f"{len(part):,} of {name} around ({part['x'].mean():.2f}, {part['y'].mean():.2f})"
        for name, part in groups.items()
        if len(part)
    )
