"""What came of a sweep."""

from typing import Literal

import altair as alt
import pandas as pd

from mrnn.charts.picture import Picture, capital, extremes, picture

Unit = Literal["%", "s", ""]
CLICKED = "cell"  # the selection of a cell, with the fields row and column


def sweep_heatmap(summary: pd.DataFrame, figure: str, row: str, column: str, *, unit: Unit) -> Picture:
    """A cell for each pair of values: the mean over its runs, and below it the standard deviation.

    summary      `sweeps.summary`; a cell of which nothing is known yet is a dash
    figure       what it is called
    row, column  titles of the axes
    unit         of the figure: "%" of a share, "s" of seconds, "" of a score such as R²
    """
    cells = zip(summary["deviation"], summary["known"], summary["runs"], strict=True)
    table = summary.assign(
        text=[amount(value, unit) for value in summary["mean"]],
        below=[_deviation(*cell, unit) for cell in cells],
    )
    rows, columns = list(dict.fromkeys(table["row"])), list(dict.fromkeys(table["column"]))
    known = table[table["known"] > 0]
    low, high = (float(known["mean"].min()), float(known["mean"].max())) if len(known) else (0.0, 1.0)
    least = 0.1 if unit == "s" else 0.001  # so that chance is not painted as if it were much
    if high - low < least:
        low, high = (low + high - least) / 2, (low + high + least) / 2
    clicked = alt.selection_point(name=CLICKED, fields=["row", "column"], on="click", empty=False)
    place = {
        "x": alt.X("column:N", sort=columns, title=column, axis=alt.Axis(labelAngle=0)),
        "y": alt.Y("row:N", sort=rows, title=row),
    }
    tooltip = [
        alt.Tooltip("row", title=row), alt.Tooltip("column", title=column), alt.Tooltip("text", title="mean"),
        alt.Tooltip("below", title="spread"), alt.Tooltip("known", title="runs done"), alt.Tooltip("runs", title="of"),
    ]  # fmt: skip
    # Of cividis, as of all that is a share; the bright end is the better one, or the longer time.
    bright = alt.ExprRef(f"datum.known > 0 && datum.mean > {low + 0.55 * (high - low)} ? '#111111' : '#ffffff'")
    base = alt.Chart(table.fillna({"mean": low}))  # a cell without a figure is drawn, too
    letters = base.mark_text(fontSize=14, fontWeight="bold", dy=-7, color=bright, tooltip=None)
    small = base.mark_text(fontSize=11, dy=10, color=bright, tooltip=None)
    return picture(
        alt.layer(
            base.mark_rect(strokeWidth=3, cursor="pointer")
            .encode(
                **place,
                color=alt.condition(
                    "datum.known > 0",
                    alt.Color("mean:Q", scale=alt.Scale(scheme="cividis", domain=[low, high]), legend=None),
                    alt.value("#6f6f6f"),
                ),
                stroke=alt.condition(clicked, alt.value("#ff2d95"), alt.value("transparent")),
                tooltip=tooltip,
            )
            .add_params(clicked),
            letters.encode(**place, text="text:N"),
            small.encode(**place, text="below:N"),
        ),
        64 * len(rows),
        f"{capital(figure)}, the mean of runs, by {row} (rows) and {column} (columns): "
        f"{extremes(known, 'mean', '{0[row]} and {0[column]}'.format, lambda value: amount(value, unit))}. "
        f"{summary['known'].sum():,} of {summary['runs'].sum():,} runs are done.",
        summary,
    )


def amount(value: float, unit: Unit) -> str:
    """A figure with its unit; a dash where it is not known."""
    if pd.isna(value):
        return "–"
    return {"%": f"{value:.2%}", "s": f"{value:.0f} s", "": f"{value:.3f}"}[unit]


def _deviation(deviation: float, known: int, runs: int, unit: Unit) -> str:
    if known < runs:
        return f"{known} of {runs} runs"
    if pd.isna(deviation):
        return "1 run"
    return f"± {amount(deviation, unit)}"
