"""What a chart is besides its drawing: the same in words, and all of its numbers."""

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import Any

import altair as alt
import pandas as pd
from altair.typing import ChartType

Say = Callable[[float], str]
ALL = "all sequences"  # what a group of them is called where they are not told apart
MOST_NAMED = 8  # things that are all told one by one; of more, the extremes

percent: Say = "{:.1%}".format
fine_percent: Say = "{:.2%}".format
signed_percent: Say = "{:+.1%}".format


@dataclass(frozen=True)
class Picture:
    """A chart, the same in words, and the numbers that it shows.

    chart    Vega-Lite; or an <svg> in the ink of whatever stands around it
    words    a sentence or two for those who cannot see it, with what stands out in numbers
    numbers  all that it shows, a row each, also where there is no room to write it
    """

    chart: ChartType | str
    words: str
    numbers: pd.DataFrame


def picture(chart: alt.Chart | ChartType, height: float, words: str, numbers: pd.DataFrame) -> Picture:
    """A chart whose plot is `height` pixels high, whatever axes and legends stand around it; as wide as its place."""
    fit = alt.AutoSizeParams(type="fit-x", contains="padding")
    sized = chart.properties(height=height, autosize=fit).configure_axis(labelPadding=6, titlePadding=8)
    return Picture(sized, words, numbers)


# -- numbers in words ------------------------------------------------------------------------------------------------


def capital(text: str) -> str:
    """The same with a capital at its beginning; what follows stays as it is, as in "macro F1"."""
    return text[:1].upper() + text[1:]


def of_class(name: object) -> str:
    """What sequences of a class are called: class 4; or all sequences, where they are not told apart."""
    return ALL if name == ALL else f"class {name}"


def plain(value: float) -> str:
    """A number as people write it: whole from 1,000 on, else four digits of it."""
    return f"{value:,.0f}" if float(value).is_integer() or abs(value) >= 1_000 else f"{value:.4g}"


def course(points: pd.DataFrame, x: str, y: str, say: Say = plain, *, at: str | None = None) -> str:
    """How a line goes: where it begins and ends, how low and how high it comes between, and its mean.

    points  rows of x and y, in order
    at      what x is called
    """
    known = points[points[y].notna()]
    if known.empty:
        return "nothing is known yet"

    pairs = list(zip(known[x].tolist(), known[y].tolist(), strict=True))

    def told(pair: tuple[float, float]) -> str:
        return f"{say(pair[1])} at {at or x} {plain(pair[0])}"

    if len(pairs) == 1:
        return told(pairs[0])
    ends = pairs[0], pairs[-1]
    turns = {name: end(pairs, key=lambda pair: pair[1]) for name, end in (("lowest", min), ("highest", max))}
    between = "".join(f", {name} {told(pair)}" for name, pair in turns.items() if pair not in ends)
    return f"from {told(ends[0])} to {told(ends[1])}{between}, {say(known[y].mean())} in the mean"


def extremes(table: pd.DataFrame, figure: str, name: Callable[[dict[str, Any]], str], say: Say = plain) -> str:
    """The highest and the lowest of a figure with what they belong to, and its mean.

    name  tells a row
    """
    known = table[table[figure].notna()].sort_values(figure, kind="stable")
    if known.empty:
        return "nothing is known yet"
    low, high = (f"{say(row[figure])} ({name(row)})" for row in rows(known.iloc[[0, -1]]))
    if len(known) == 1:
        return high
    return f"highest {high}, lowest {low}, {say(known[figure].mean())} in the mean"


def rows(table: pd.DataFrame) -> list[dict[str, Any]]:
    """The rows of a table, each by its columns."""
    return [{str(column): value for column, value in row.items()} for row in table.to_dict("records")]


def each(names: Iterable[object], values: Iterable[float], say: Say = plain) -> str:
    """One number each; of many, the extremes."""
    table = pd.DataFrame({"name": [str(name) for name in names], "value": list(values)}).dropna()
    if len(table) > MOST_NAMED:
        return extremes(table, "value", lambda row: row["name"], say)
    return ", ".join(f"{name} {say(value)}" for name, value in zip(table["name"], table["value"], strict=True))
