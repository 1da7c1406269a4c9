"""Many sequences at once: how much each LSTM is used, and how they hand over to one another."""

import altair as alt
import pandas as pd
from altair.typing import ChartType

from mrnn.charts.colours import (
    PROBABILITY,
    by_lstm,
    gradient_legend,
    letters_in_ink,
    letters_on_lstm,
    letters_on_probability,
)
from mrnn.charts.size import sized

LARGEST_LABELLED = 8  # a k above this leaves no room for numbers in the cells
FROM = alt.Axis(title="from LSTM", labelAngle=0, ticks=False, domain=False)
TO = alt.Axis(title="to LSTM", labelAngle=0, ticks=False, domain=False)


def usage_bars(usage: pd.DataFrame) -> ChartType:
    """Share of steps each LSTM was listened to, one stacked bar a class.

    usage  `analysis.usage_by_class`
    """
    k = int(usage["lstm"].max())
    classes = list(dict.fromkeys(usage["class"]))
    end = usage.groupby("class", sort=False)["share"].cumsum()
    usage = usage.assign(end=end, start=end - usage["share"], middle=end - usage["share"] / 2)
    lane = alt.Y("class:N", sort=classes, title="class")
    share = alt.Axis(title="share of steps", format="%", tickCount=5)
    return sized(
        alt.layer(
            alt.Chart(usage)
            .mark_bar()
            .encode(
                y=lane,
                x=alt.X("start:Q", axis=share, scale=alt.Scale(domain=[0, 1])),
                x2="end:Q",
                color=by_lstm(k, legend=True),
                tooltip=[
                    alt.Tooltip("class", title="class"),
                    alt.Tooltip("lstm", title="LSTM"),
                    alt.Tooltip("share", title="share of steps", format=".1%"),
                ],
            ),
            alt.Chart(usage[usage["share"] >= 0.05])
            .mark_text(fontSize=11, fontWeight="bold", color=letters_on_lstm(k), tooltip=None)
            .encode(y=lane, x="middle:Q", text="lstm:N"),
        ),
        26 * len(classes),
    )


def transition_heatmap(transitions: pd.DataFrame, name: str) -> ChartType:
    """k x k probabilities of one class: row = from, column = to.

    transitions  `analysis.transitions_by_class`
    name         the class
    """
    table = transitions[transitions["class"] == name]
    tooltip = [
        alt.Tooltip("from", title="from LSTM"),
        alt.Tooltip("to", title="to LSTM"),
        alt.Tooltip("probability", title="probability", format=".1%"),
        alt.Tooltip("count", title="moves", format=","),
    ]
    # No legend: the numbers stand in the cells, and three matrices have to fit side by side.
    colour = alt.Color("probability:Q", scale=PROBABILITY, legend=None)
    return _matrix(table, colour, "probability", ".0%", tooltip, letters_on_probability("probability"))


def difference_heatmap(difference: pd.DataFrame) -> ChartType:
    """k x k differences of probability between two classes, around 0.

    difference  `analysis.transition_difference`
    """
    reach = max(float(difference["difference"].abs().max()), 0.05) if len(difference) else 1.0
    scale = alt.Scale(scheme="purpleorange", domain=[-reach, reach])
    tooltip = [
        alt.Tooltip("from", title="from LSTM"),
        alt.Tooltip("to", title="to LSTM"),
        alt.Tooltip("difference", title="difference", format="+.1%"),
    ]
    # The ends of this map: a dark purple, and an orange that is as dark only at its very end.
    letters = alt.ExprRef(
        f"datum.difference < {-0.6 * reach} || datum.difference > {0.9 * reach} ? '#ffffff' : '#111111'"
    )
    colour = alt.Color("difference:Q", scale=scale, legend=None)
    return _matrix(difference, colour, "difference", "+.0%", tooltip, letters)


def _matrix(
    table: pd.DataFrame,
    colour: alt.Color,
    field: str,
    number: str,
    tooltip: list[alt.Tooltip],
    letters: alt.ExprRef,
) -> ChartType:
    place = {"x": alt.X("to:O", axis=TO), "y": alt.Y("from:O", axis=FROM)}
    known = table[table[field].notna()]
    layers: list[alt.Chart] = [
        alt.Chart(known).mark_rect().encode(**place, color=colour, tooltip=tooltip),
        # An LSTM that was never left has no probabilities: an empty row with a dash.
        letters_in_ink(alt.Chart(table[table[field].isna()]).mark_text(text="–", tooltip=None)).encode(**place),
    ]
    if table["to"].max() <= LARGEST_LABELLED:
        labels = alt.Chart(known).mark_text(fontSize=11, color=letters, tooltip=None)
        layers.append(labels.encode(**place, text=alt.Text(f"{field}:Q", format=number)))
    k = int(table["to"].max())
    return sized(alt.layer(*layers).resolve_scale(color="independent"), k * (34 if k <= LARGEST_LABELLED else 18))


def mean_q_heatmap(mean_q: pd.DataFrame, name: str) -> ChartType:
    """q averaged over the sequences of one class, LSTM by step.

    mean_q  `analysis.mean_q`
    name    the class
    """
    table = mean_q[mean_q["class"] == name]
    steps = int(table["t"].max()) + 1
    return sized(
        alt.Chart(table.assign(start=table["t"] - 0.5, end=table["t"] + 0.6))
        .mark_rect()
        .encode(
            x=alt.X("start:Q", title="step t", scale=alt.Scale(domain=[-0.5, steps - 0.5], nice=False)),
            x2="end:Q",
            y=alt.Y("lstm:O", title=None, axis=alt.Axis(labelExpr="'LSTM ' + datum.label")),
            color=alt.Color("q:Q", scale=PROBABILITY, legend=gradient_legend("mean q")),
            tooltip=[
                alt.Tooltip("t", title="step t"),
                alt.Tooltip("lstm", title="LSTM"),
                alt.Tooltip("q", title="mean q", format=".3f"),
            ],
        ),
        20 * int(table["lstm"].max()),
    )
