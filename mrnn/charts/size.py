"""How large a picture is: as wide as its place, and of a height of its own."""

import altair as alt
from altair.typing import ChartType


def sized(chart: alt.Chart | ChartType, height: float) -> ChartType:
    """A chart whose plot is `height` pixels high, whatever axes and legends stand around it."""
    fit = alt.AutoSizeParams(type="fit-x", contains="padding")
    return chart.properties(height=height, autosize=fit).configure_axis(labelPadding=6, titlePadding=8)
