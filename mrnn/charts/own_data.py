"""What sequences look like before anything is learned from them."""

import json

import altair as alt
import pandas as pd
from altair.typing import ChartType

from mrnn.charts.colours import letters_in_ink
from mrnn.charts.picture import Picture, each, extremes, picture, plain

LANE = 72  # pixels
MOST_TOLD = 5  # classes of a sequence, in words


def example_lanes(examples: pd.DataFrame, title: str, changes: pd.DataFrame | None = None) -> Picture:
    """A few sequences as thin lines, one lane a class; all lanes have the same scale.

    examples  rows of lane, sequence, t, value
    title     of the values
    changes   rows of lane, t and class: from when on which class holds, where it may change within a sequence
    """
    lanes = list(dict.fromkeys(examples["lane"]))
    least, most = float(examples["value"].min()), float(examples["value"].max())
    floor = examples["lane"].map({lane: len(lanes) - 1 - number for number, lane in enumerate(lanes)})
    tall = 0.9 if changes is None else 0.72  # the rest is for the names of classes
    table = examples.assign(y=floor + tall * (examples["value"] - least) / ((most - least) or 1))
    middles = [len(lanes) - 1 - number + 0.45 for number in range(len(lanes))]
    names = json.dumps([str(lane) for lane in lanes])
    axis = alt.Axis(
        values=middles, labelExpr=f"{names}[{len(lanes) - 1} - floor(datum.value)]", grid=False, ticks=False,
        domain=False, labelLimit=90,
    )  # fmt: skip
    told = [
        f"{lane} from {plain(part['value'].min())} to {plain(part['value'].max())}, "
        f"{plain(part['value'].mean())} in the mean"
        for lane, part in examples.groupby("lane", sort=False)
    ]
    lines = (
        alt.Chart(table)
        .mark_line(strokeWidth=1.2, opacity=0.75)
        .encode(
            x=alt.X("t:Q", title="step", axis=alt.Axis(tickMinStep=1, grid=False), scale=alt.Scale(nice=False)),
            y=alt.Y("y:Q", title=None, axis=axis, scale=alt.Scale(domain=[0, len(lanes)], nice=False)),
            detail="sequence:N",
            tooltip=[
                alt.Tooltip("lane", title="of"), alt.Tooltip("sequence"), alt.Tooltip("t", title="step"),
                alt.Tooltip("value", format=".4g", title=title),
            ],
        )
    )  # fmt: skip
    said = f"{examples['sequence'].nunique()} sequences, {title}: {'; '.join(told)}."
    if changes is None:
        return picture(lines, LANE * len(lanes), said, examples)
    begun = changes.assign(told=[f"{row['class']} from step {row['t']}" for _, row in changes.iterrows()])
    runs = [f"{lane} is {', then '.join(part['told'][:MOST_TOLD])}" for lane, part in begun.groupby("lane", sort=False)]
    return picture(lines + _borders(changes, lanes), LANE * len(lanes), f"{said} {'; '.join(runs)}.", examples)


def _borders(changes: pd.DataFrame, lanes: list[str]) -> ChartType:
    """Where a class begins a dotted line, and its name beside it."""
    floor = changes["lane"].map({lane: len(lanes) - 1 - number for number, lane in enumerate(lanes)})
    table = changes.assign(low=floor, high=floor + 0.95)
    base = alt.Chart(table).encode(x="t:Q", tooltip=["lane", alt.Tooltip("t", title="from step"), "class"])
    return alt.layer(
        letters_in_ink(base.mark_rule(strokeDash=[2, 2], opacity=0.6)).encode(y="low:Q", y2="high:Q"),
        letters_in_ink(base.mark_text(align="left", baseline="top", dx=3, fontSize=10, limit=90)).encode(
            y="high:Q", text="class:N"
        ),
    )


def count_bars(counts: pd.DataFrame, title: str) -> Picture:
    """How many there are of each class.

    counts  rows of class, count
    title   of what
    """
    y = alt.Y("class:N", sort=list(counts["class"]), title=None, axis=alt.Axis(labelLimit=90))
    bars = alt.Chart(counts).mark_bar(height={"band": 0.7}, opacity=0.8)
    return picture(
        bars.encode(
            x=alt.X("count:Q", title=title, axis=alt.Axis(tickMinStep=1, tickCount=4)),
            y=y,
            tooltip=["class", "count"],
        ),
        min(22 * len(counts), 330),
        f"{counts['count'].sum():,} {title}: {each(counts['class'], counts['count'])}.",
        counts,
    )  # fmt: skip


def histogram_bars(bins: pd.DataFrame, title: str, count: str) -> Picture:
    """How often values occur.

    bins   rows of low, high, count
    title  of the values; count: of how often
    """
    return picture(
        alt.Chart(bins)
        .mark_bar(opacity=0.8)
        .encode(
            x=alt.X("low:Q", title=title, bin="binned", axis=alt.Axis(tickCount=5, grid=False)),
            x2="high:Q",
            y=alt.Y("count:Q", title=count, axis=alt.Axis(tickMinStep=1, tickCount=4)),
            tooltip=[alt.Tooltip("low", format=".4g"), alt.Tooltip("high", format=".4g"), "count"],
        ),
        90,
        f"{bins['count'].sum():,} {count} by {title}, {plain(bins['low'].min())} to {plain(bins['high'].max())}: "
        f"{extremes(bins, 'count', lambda row: plain(row['low']) + ' to ' + plain(row['high']))}.",
        bins,
    )
