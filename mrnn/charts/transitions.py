"""Many sequences at once: how much each LSTM is used, and how they hand over to one another."""

import math
from collections.abc import Callable
from typing import Any

import altair as alt
import pandas as pd

from mrnn.charts.colours import (
    CURSOR_COLOUR,
    PROBABILITY,
    by_lstm,
    gradient_legend,
    letters_in_ink,
    letters_on_lstm,
    letters_on_probability,
)
from mrnn.charts.picture import (
    Picture,
    Say,
    capital,
    each,
    extremes,
    of_class,
    percent,
    picture,
    plain,
    rows,
    signed_percent,
)

LARGEST_LABELLED = 8  # a k above this leaves no room for numbers in the cells
CLICKED = "cell"  # the selection of a move, with the fields from and to
FEW = "too few sequences to say"
FROM = alt.Axis(title="from LSTM", labelAngle=0, ticks=False, domain=False)
TO = alt.Axis(title="to LSTM", labelAngle=0, ticks=False, domain=False)


def usage_bars(usage: pd.DataFrame, title: str = "share of steps") -> Picture:
    """Share of steps of each LSTM, one stacked bar a class.

    usage  `analysis.usage_by_class`, or `analysis.stationary_by_class`, whose intervals are told where one points
    title  what the share is
    """
    tooltip = [
        alt.Tooltip("class", title="class"),
        alt.Tooltip("lstm", title="LSTM"),
        alt.Tooltip("share", title=title, format=".1%"),
    ]
    numbers = usage
    if "low" in usage:
        usage = usage.assign(interval=_intervals(usage, ".1%"))
        tooltip.append(alt.Tooltip("interval", title="95 % interval"))
    k = int(usage["lstm"].max())
    classes = list(dict.fromkeys(usage["class"]))
    end = usage.groupby("class", sort=False)["share"].cumsum()
    usage = usage.assign(end=end, start=end - usage["share"], middle=end - usage["share"] / 2)
    lane = alt.Y("class:N", sort=classes, title="class")
    share = alt.Axis(title=title, format="%", tickCount=5)
    told = [f"{name}, {extremes(part, 'share', _lstm, percent)}" for name, part in usage.groupby("class", sort=False)]
    interval = ""
    if "low" in usage:
        interval = f" 95 % intervals are up to {percent((numbers['high'] - numbers['low']).max())} wide."
    return picture(
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
        f"{capital(title)} of each LSTM, by class: {'; '.join(told)}.{interval}",
        numbers,
    )


def transition_heatmap(transitions: pd.DataFrame, name: str, *, counts: bool = False) -> Picture:
    """k x k moves of one class: row = from, column = to. A cell that is clicked is the selection CLICKED.

    transitions  `analysis.transitions_by_class`
    name         the class
    counts       how often, instead of how probable; shades then are relative to the most frequent move
    """
    table = numbers = transitions[transitions["class"] == name]
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
    stays, total = int(table.loc[table["from"] == table["to"], "count"].sum()), int(table["count"].sum())
    figure, say = ("count", plain) if counts else ("probability", percent)
    what = "Moves" if counts else "Probability of the next LSTM, given the last"
    words = f"{what}, in {of_class(name)}: at {stays:,} of {total:,} steps the LSTM stays."
    moves = table[table["from"] != table["to"]]
    if len(moves):
        words += f" Of the hand-overs, {extremes(moves, figure, _move, say)}."
    return _matrix(table, colour, *number, tooltip, letters_on_probability(shade), words, numbers)


def difference_heatmap(difference: pd.DataFrame, first: str, second: str) -> Picture:
    """k x k differences of probability between two classes, around 0; coloured only where chance does not explain them.

    difference     `analysis.transition_difference`
    first, second  what the two are called
    """
    reach = _reach(difference)
    tooltip = [alt.Tooltip("from", title="from LSTM"), alt.Tooltip("to", title="to LSTM"), *_judgement(".1%")]
    colour = alt.Color("coloured:Q", scale=_around_zero(reach), legend=None)
    words = difference_in_words(difference, first, second)
    letters = _letters_around_zero(reach)
    return _matrix(_judged(difference, ".1%"), colour, "difference", "+.0%", tooltip, letters, words, difference)


def difference_in_words(difference: pd.DataFrame, first: str, second: str) -> str:
    """What two classes' transition probabilities differ by, for those who cannot see it; as `difference_heatmap`."""
    return f"Transition probabilities, {first} minus {second}: {_gaps(difference, _move, signed_percent)}"


def q_difference_heatmap(difference: pd.DataFrame, first: str, second: str) -> Picture:
    """Mean q of one class minus that of another, LSTM by step; coloured only where chance does not explain it.

    difference     `analysis.q_difference`
    first, second  what the two are called
    """
    judged = _judged(difference.dropna(subset=["difference"]), ".3f")
    colour = alt.Color("coloured:Q", scale=_around_zero(_reach(difference)), legend=gradient_legend("difference of q"))
    words = f"Mean q by step, {first} minus {second}: {_gaps(difference, _lstm_at_step, '{:+.3f}'.format)}"
    return _by_step(judged, colour, _judgement(".3f"), words, difference)


def co_use_heatmap(co_use: pd.DataFrame) -> Picture:
    """At how many steps a first network listened to one LSTM while a second one listened to another.

    co_use  rows of first, second (names of LSTMs), steps, share (of all steps)
    """
    colour = alt.Color("share:Q", scale=alt.Scale(scheme="cividis", domainMin=0), legend=gradient_legend("share"))
    order = {name: list(dict.fromkeys(co_use[name])) for name in ("first", "second")}
    return picture(
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
        f"Share of all steps at which two LSTMs are listened to together, the first's with the second's: "
        f"{extremes(co_use, 'share', lambda row: str(row['first']) + ' with ' + str(row['second']), percent)}. "
        f"{co_use['steps'].sum():,} steps.",
        co_use,
    )


def mean_q_heatmap(mean_q: pd.DataFrame, name: str) -> Picture:
    """q averaged over the sequences of one class, LSTM by step.

    mean_q  `analysis.mean_q`
    name    the class
    """
    colour = alt.Color("q:Q", scale=PROBABILITY, legend=gradient_legend("mean q"))
    table = mean_q[mean_q["class"] == name]
    over_time = table.groupby("lstm")["q"].mean()
    words = (
        f"Mean q of each LSTM by step, in {of_class(name)}: {extremes(table, 'q', _lstm_at_step, '{:.3f}'.format)}. "
        f"Over all steps {each((f'LSTM {lstm}' for lstm in over_time.index), over_time, '{:.3f}'.format)}."
    )
    return _by_step(table, colour, [alt.Tooltip("q", title="mean q", format=".3f")], words, table)


def kinds_heatmap(use: pd.DataFrame) -> Picture:
    """Share of the steps of each kind (a row) at which each LSTM (a column) is listened to.

    use  `analysis.use_by_kind`
    """
    kinds, k = list(dict.fromkeys(use["kind"])), int(use["lstm"].max())
    place = {
        "x": alt.X("lstm:O", axis=alt.Axis(title="LSTM", labelAngle=0, ticks=False, domain=False)),
        "y": alt.Y("kind:N", sort=kinds, axis=alt.Axis(title=None, ticks=False, domain=False)),
    }
    tooltip = [
        alt.Tooltip("kind", title="step"),
        alt.Tooltip("lstm", title="LSTM"),
        alt.Tooltip("share", title="share of such steps", format=".1%"),
        alt.Tooltip("lift", title="times as often as at any step", format=".2f"),
        alt.Tooltip("steps", title="steps", format=","),
    ]
    colour = alt.Color("share:Q", scale=PROBABILITY, legend=None)
    layers = [alt.Chart(use).mark_rect().encode(**place, color=colour, tooltip=tooltip)]
    if k <= LARGEST_LABELLED:
        text = alt.Chart(use).mark_text(fontSize=11, color=letters_on_probability("share"), tooltip=None)
        layers.append(text.encode(**place, text=alt.Text("share:Q", format=".0%")))
    told = extremes(use, "share", lambda row: f"LSTM {row['lstm']} at {row['kind']}", percent)
    return picture(
        alt.layer(*layers),
        26 * len(kinds),
        f"Share of the steps of {len(kinds)} kinds at which each LSTM is listened to: {told}.",
        use,
    )


# -- what they share -------------------------------------------------------------------------------------------------


def _by_step(
    table: pd.DataFrame, colour: alt.Color, tooltip: list[alt.Tooltip], words: str, numbers: pd.DataFrame
) -> Picture:
    """A lane an LSTM, over spans of time from t to until."""
    steps = int(table["until"].max()) + 1
    return picture(
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
        words,
        numbers,
    )


def _matrix(
    table: pd.DataFrame,
    colour: alt.Color,
    field: str,
    number: str,
    tooltip: list[alt.Tooltip],
    letters: alt.ExprRef,
    words: str,
    numbers: pd.DataFrame,
) -> Picture:
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
    height = k * (34 if k <= LARGEST_LABELLED else 18)
    return picture(alt.layer(*layers).resolve_scale(color="independent"), height, words, numbers)


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


def _gaps(difference: pd.DataFrame, name: Callable[[dict[str, Any]], str], say: Say) -> str:
    """What two differ by, in words."""
    known, real = difference["p"].notna().sum(), difference[difference["beyond_chance"]]
    told = f"{len(real)} of {known} cells differ beyond chance"
    if len(real):
        ends = [
            f"{say(row['difference'])} ({name(row)}; 95 % interval {say(row['low'])} to {say(row['high'])})"
            for row in rows(real.sort_values("difference", ascending=False).iloc[[0, -1]])
        ]
        told += f": {ends[0]}" if len(real) == 1 else f", from the highest to the lowest {', '.join(ends)}"
    return f"{told}. All together, {extremes(difference, 'difference', name, say)}."


def _lstm(row: dict[str, Any]) -> str:
    return f"LSTM {row['lstm']}"


def _lstm_at_step(row: dict[str, Any]) -> str:
    return f"LSTM {row['lstm']} at step {row['t']}"


def _move(row: dict[str, Any]) -> str:
    return f"{row['from']} to {row['to']}"


def _reach(difference: pd.DataFrame) -> float:
    known = difference["difference"].dropna().abs()
    return max(float(known.max()), 0.05) if len(known) else 1.0


def _around_zero(reach: float) -> alt.Scale:
    return alt.Scale(scheme="purpleorange", domain=[-reach, reach])


def _letters_around_zero(reach: float) -> alt.ExprRef:
    """The ends of this map: a dark purple, and an orange that is as dark only at its very end; grey if by chance."""
    dark = f"datum.coloured < {-0.6 * reach} || datum.coloured > {0.9 * reach}"
    return alt.ExprRef(f"{dark} ? '#ffffff' : datum.beyond_chance ? '#111111' : '#6b6b6b'")
