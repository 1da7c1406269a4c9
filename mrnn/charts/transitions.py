"""Many sequences at once: how much each LSTM is used, and how they hand over to one another."""

import math

import altair as alt
import pandas as pd
from altair.typing import ChartType

from mrnn.charts.colours import (
    CURSOR_COLOUR,
    PROBABILITY,
    by_lstm,
    gradient_legend,
    letters_in_ink,
    letters_on_lstm,
    letters_on_probability,
)
from mrnn.charts.size import sized

LARGEST_LABELLED = 8  # a k above this leaves no room for numbers in the cells
CLICKED, STATE = "cell", "state"  # names of selections
FEW = "too few sequences to say"
FROM = alt.Axis(title="from LSTM", labelAngle=0, ticks=False, domain=False)
TO = alt.Axis(title="to LSTM", labelAngle=0, ticks=False, domain=False)


def usage_bars(usage: pd.DataFrame, title: str = "share of steps") -> ChartType:
    """Share of steps of each LSTM, one stacked bar a class.

    usage  `analysis.usage_by_class`, or `analysis.stationary_by_class`, whose intervals are told where one points
    title  what the share is
    """
    tooltip = [
        alt.Tooltip("class", title="class"),
        alt.Tooltip("lstm", title="LSTM"),
        alt.Tooltip("share", title=title, format=".1%"),
    ]
    if "low" in usage:
        usage = usage.assign(interval=_intervals(usage, ".1%"))
        tooltip.append(alt.Tooltip("interval", title="95 % interval"))
    k = int(usage["lstm"].max())
    classes = list(dict.fromkeys(usage["class"]))
    end = usage.groupby("class", sort=False)["share"].cumsum()
    usage = usage.assign(end=end, start=end - usage["share"], middle=end - usage["share"] / 2)
    lane = alt.Y("class:N", sort=classes, title="class")
    share = alt.Axis(title=title, format="%", tickCount=5)
    return sized(
        alt.layer(
            alt.Chart(usage)
            .mark_bar()
            .encode(
                y=lane,
                x=alt.X("start:Q", axis=share, scale=alt.Scale(domain=[0, 1])),
                x2="end:Q",
                color=by_lstm(k, legend=True),
                tooltip=tooltip,
            ),
            alt.Chart(usage[usage["share"] >= 0.05])
            .mark_text(fontSize=11, fontWeight="bold", color=letters_on_lstm(k), tooltip=None)
            .encode(y=lane, x="middle:Q", text="lstm:N"),
        ),
        26 * len(classes),
    )


def transition_heatmap(transitions: pd.DataFrame, name: str, *, counts: bool = False) -> ChartType:
    """k x k moves of one class: row = from, column = to. A cell that is clicked is the selection CLICKED.

    transitions  `analysis.transitions_by_class`
    name         the class
    counts       how often, instead of how probable; shades then are relative to the most frequent move
    """
    table = transitions[transitions["class"] == name]
    most = max(int(table["count"].max()), 1)
    if counts:  # on a scale of square roots: a few moves happen far more often than the others
        table = table.assign(shade=(table["count"] / most) ** 0.5)
    shade = "shade" if counts else "probability"
    tooltip = [
        alt.Tooltip("from", title="from LSTM"),
        alt.Tooltip("to", title="to LSTM"),
        alt.Tooltip("probability", title="probability", format=".1%"),
        alt.Tooltip("count", title="moves", format=","),
    ]
    # No legend: the numbers stand in the cells, and three matrices have to fit side by side.
    colour = alt.Color(f"{shade}:Q", scale=PROBABILITY, legend=None)
    number = ("count", ".3~s" if most >= 10_000 else ",d") if counts else ("probability", ".0%")
    return _matrix(table, colour, *number, tooltip, letters_on_probability(shade))


def difference_heatmap(difference: pd.DataFrame) -> ChartType:
    """k x k differences of probability between two classes, around 0; coloured only where chance does not explain them.

    difference  `analysis.transition_difference`
    """
    reach = _reach(difference)
    tooltip = [alt.Tooltip("from", title="from LSTM"), alt.Tooltip("to", title="to LSTM"), *_judgement(".1%")]
    colour = alt.Color("coloured:Q", scale=_around_zero(reach), legend=None)
    return _matrix(_judged(difference, ".1%"), colour, "difference", "+.0%", tooltip, _letters_around_zero(reach))


def q_difference_heatmap(difference: pd.DataFrame) -> ChartType:
    """Mean q of one class minus that of another, LSTM by step; coloured only where chance does not explain it.

    difference  `analysis.q_difference`
    """
    judged = _judged(difference.dropna(subset=["difference"]), ".3f")
    colour = alt.Color("coloured:Q", scale=_around_zero(_reach(difference)), legend=gradient_legend("difference of q"))
    return _by_step(judged, colour, _judgement(".3f"))


def co_use_heatmap(co_use: pd.DataFrame) -> ChartType:
    """At how many steps a first network listened to one LSTM while a second one listened to another.

    co_use  rows of first, second (names of LSTMs), steps, share (of all steps)
    """
    colour = alt.Color("share:Q", scale=alt.Scale(scheme="cividis", domainMin=0), legend=gradient_legend("share"))
    order = {name: list(dict.fromkeys(co_use[name])) for name in ("first", "second")}
    return sized(
        alt.Chart(co_use)
        .mark_rect()
        .encode(
            x=alt.X("second:N", sort=order["second"], axis=alt.Axis(title="LSTM of the second", labelAngle=0)),
            y=alt.Y("first:N", sort=order["first"], axis=alt.Axis(title="LSTM of the first", labelAngle=0)),
            color=colour,
            tooltip=[
                alt.Tooltip("first", title="of the first"),
                alt.Tooltip("second", title="of the second"),
                alt.Tooltip("steps", title="steps", format=","),
                alt.Tooltip("share", title="share of all steps", format=".1%"),
            ],
        ),
        26 * len(order["first"]),
    )


def dwell_curves(dwell: pd.DataFrame, name: str) -> ChartType:
    """Share of the stays with each LSTM that last at least so many steps; dashed, if it were left at random.

    dwell  `analysis.dwell_by_class`
    name   the class
    """
    table = dwell[dwell["class"] == name]
    x = alt.X("steps:Q", title="steps of a stay, at least", axis=alt.Axis(tickMinStep=1, format="d", grid=False))
    share = alt.Axis(format="%", title="share of stays")
    tooltip = [
        alt.Tooltip("lstm", title="LSTM"),
        alt.Tooltip("steps", title="at least so many steps"),
        alt.Tooltip("share", title="share of its stays", format=".1%"),
        alt.Tooltip("memoryless", title="if left at random", format=".1%"),
        alt.Tooltip("seen", title="stays watched so long", format=","),
    ]
    base = alt.Chart(table).encode(x=x, color=by_lstm(int(dwell["lstm"].max()), legend=True))
    return sized(
        alt.layer(
            base.mark_line(strokeDash=[4, 4], opacity=0.7).encode(y=alt.Y("memoryless:Q", axis=share)),
            base.mark_line(interpolate="step-after", point=alt.OverlayMarkDef(size=22)).encode(
                y=alt.Y("share:Q", axis=share), tooltip=tooltip
            ),
        ),
        220,
    )


def entropy_curves(entropy: pd.DataFrame, most: float) -> ChartType:
    """Mean entropy of q by step, a class a line told by its dashes, with the band of its 95 % interval.

    entropy  `analysis.entropy_by_class`
    most     ln k, the entropy of a q that prefers nothing
    """
    classes = list(dict.fromkeys(entropy["class"]))
    dash = alt.StrokeDash(
        "class:N", sort=classes, legend=alt.Legend(title="class", orient="top", titleOrient="left", symbolType="stroke")
    )
    x = alt.X("t:Q", title="step t", scale=alt.Scale(nice=False), axis=alt.Axis(grid=False))
    y = alt.Y("entropy:Q", title="entropy of q, nats", scale=alt.Scale(domain=[0, max(most, 0.01)]))
    base = alt.Chart(entropy).encode(x=x)
    return sized(
        alt.layer(
            base.mark_area(opacity=0.18).encode(y=alt.Y("low:Q", title=""), y2="high:Q", detail="class:N"),
            base.mark_line().encode(
                y=y,
                strokeDash=dash,
                tooltip=[
                    alt.Tooltip("class"),
                    alt.Tooltip("t", title="step t"),
                    alt.Tooltip("entropy", title="entropy, nats", format=".3f"),
                    alt.Tooltip("n", title="sequences", format=","),
                ],
            ),
        ),
        200,
    )


def information_curve(information: pd.DataFrame) -> ChartType:
    """What z tells of the class at each step, over the band that chance alone reaches.

    information  rows of t, information, chance, limit, as `analysis.information_on_class` gives them
    """
    x = alt.X("t:Q", title="step t", scale=alt.Scale(nice=False), axis=alt.Axis(grid=False))
    base = alt.Chart(information).encode(x=x)
    return sized(
        alt.layer(
            base.mark_area(opacity=0.2).encode(y=alt.Y("limit:Q", title="information on the class, nats")),
            base.mark_line(strokeDash=[4, 4]).encode(y="chance:Q"),
            base.mark_line(point=alt.OverlayMarkDef(size=18)).encode(
                y="information:Q",
                tooltip=[
                    alt.Tooltip("t", title="step t"),
                    alt.Tooltip("information", title="information, nats", format=".4f"),
                    alt.Tooltip("limit", title="chance stays below", format=".4f"),
                ],
            ),
        ),
        200,
    )


def state_scatter(states: pd.DataFrame, told_by: str, k: int) -> ChartType:
    """Hidden states on a plane. One that is clicked is the selection STATE, by its sequence.

    states   rows of x, y, sequence, lstm (from 1), class, t
    told_by  "LSTM" (colour), "class" (its first letters) or "time" (a sequential colour)
    """
    tooltip = [alt.Tooltip("lstm", title="LSTM"), alt.Tooltip("class"), alt.Tooltip("t", title="step t")]
    place = {
        "x": alt.X("x:Q", title=None, axis=alt.Axis(labels=False, ticks=False), scale=alt.Scale(zero=False)),
        "y": alt.Y("y:Q", title=None, axis=alt.Axis(labels=False, ticks=False), scale=alt.Scale(zero=False)),
    }
    state = alt.selection_point(name=STATE, fields=["sequence"], empty=False)
    base = alt.Chart(states).encode(**place, tooltip=tooltip)
    if told_by == "class":
        letters = base.transform_calculate(short="slice(datum.class, 0, 3)").mark_text(cursor="pointer")
        size = alt.condition(state, alt.value(22), alt.value(11))
        return sized(letters_in_ink(letters).encode(text="short:N", size=size).add_params(state), 420)
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
        return sized(points.encode(color=time), 420)
    return sized(points.encode(color=by_lstm(k, legend=True)), 420)


def mean_q_heatmap(mean_q: pd.DataFrame, name: str) -> ChartType:
    """q averaged over the sequences of one class, LSTM by step.

    mean_q  `analysis.mean_q`
    name    the class
    """
    colour = alt.Color("q:Q", scale=PROBABILITY, legend=gradient_legend("mean q"))
    return _by_step(mean_q[mean_q["class"] == name], colour, [alt.Tooltip("q", title="mean q", format=".3f")])


# -- what they share -------------------------------------------------------------------------------------------------


def _by_step(table: pd.DataFrame, colour: alt.Color, tooltip: list[alt.Tooltip]) -> ChartType:
    """A lane an LSTM, over spans of time from t to until."""
    steps = int(table["until"].max()) + 1
    return sized(
        alt.Chart(table.assign(start=table["t"] - 0.5, end=table["until"] + 0.6))
        .mark_rect()
        .encode(
            x=alt.X("start:Q", title="step t", scale=alt.Scale(domain=[-0.5, steps - 0.5], nice=False)),
            x2="end:Q",
            y=alt.Y("lstm:O", title=None, axis=alt.Axis(labelExpr="'LSTM ' + datum.label")),
            color=colour,
            tooltip=[alt.Tooltip("t", title="step t"), alt.Tooltip("lstm", title="LSTM"), *tooltip],
        ),
        20 * int(table["lstm"].max()),
    )


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
    cell = alt.selection_point(name=CLICKED, fields=["from", "to"], empty=False)
    layers: list[alt.Chart] = [
        alt.Chart(known)
        .mark_rect(cursor="pointer", stroke=CURSOR_COLOUR)
        .encode(**place, color=colour, tooltip=tooltip, strokeWidth=alt.condition(cell, alt.value(3), alt.value(0)))
        .add_params(cell),
        # An LSTM that was never left has no probabilities: an empty row with a dash.
        letters_in_ink(alt.Chart(table[table[field].isna()]).mark_text(text="–", tooltip=None)).encode(**place),
    ]
    if table["to"].max() <= LARGEST_LABELLED:
        labels = alt.Chart(known).mark_text(fontSize=11, color=letters, tooltip=None)
        layers.append(labels.encode(**place, text=alt.Text(f"{field}:Q", format=number)))
    k = int(table["to"].max())
    return sized(alt.layer(*layers).resolve_scale(color="independent"), k * (34 if k <= LARGEST_LABELLED else 18))


def _judged(difference: pd.DataFrame, form: str) -> pd.DataFrame:
    """Rows of `analysis.Difference.table` with what they are coloured by, and their judgement in words."""
    return difference.assign(
        coloured=difference["difference"].where(difference["beyond_chance"], 0.0),
        interval=_intervals(difference, f"+{form}"),
        chance=[FEW if math.isnan(p) else f"{p:.3f}" for p in difference["p"]],
    ).drop(columns=["low", "high", "p"])


def _intervals(table: pd.DataFrame, form: str) -> list[str]:
    """Columns low and high in words; NaN where nothing can be said."""
    ends = zip(table["low"], table["high"], strict=True)
    return [FEW if math.isnan(low) else f"{low:{form}} to {high:{form}}" for low, high in ends]


def _judgement(form: str) -> list[alt.Tooltip]:
    return [
        alt.Tooltip("first", format=form),
        alt.Tooltip("second", format=form),
        alt.Tooltip("difference", format=f"+{form}"),
        alt.Tooltip("interval", title="95 % interval"),
        alt.Tooltip("chance", title="p, for all cells together"),
    ]


def _reach(difference: pd.DataFrame) -> float:
    known = difference["difference"].dropna().abs()
    return max(float(known.max()), 0.05) if len(known) else 1.0


def _around_zero(reach: float) -> alt.Scale:
    return alt.Scale(scheme="purpleorange", domain=[-reach, reach])


def _letters_around_zero(reach: float) -> alt.ExprRef:
    """The ends of this map: a dark purple, and an orange that is as dark only at its very end; grey if by chance."""
    dark = f"datum.coloured < {-0.6 * reach} || datum.coloured > {0.9 * reach}"
    return alt.ExprRef(f"{dark} ? '#ffffff' : datum.beyond_chance ? '#111111' : '#6b6b6b'")
