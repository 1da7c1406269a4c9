"""Many sequences over time: how long stays last, how undecided q is, what z tells of the class."""

import altair as alt
import pandas as pd

from mrnn.charts.colours import by_lstm
from mrnn.charts.picture import Picture, course, of_class, picture, plain


def dwell_curves(dwell: pd.DataFrame, name: str) -> Picture:
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
    told = [
        f"LSTM {lstm} {plain(part['share'].sum())} and {part['steps'].max()}, if left at random "
        f"and watched as long {plain(part['memoryless'].sum())} in the mean"
        for lstm, part in table.groupby("lstm")
    ]
    base = alt.Chart(table).encode(x=x, color=by_lstm(int(dwell["lstm"].max()), legend=True))
    return picture(
        alt.layer(
            base.mark_line(strokeDash=[4, 4], opacity=0.7).encode(y=alt.Y("memoryless:Q", axis=share)),
            base.mark_line(interpolate="step-after", point=alt.OverlayMarkDef(size=22)).encode(
                y=alt.Y("share:Q", axis=share), tooltip=tooltip
            ),
        ),
        220,
        f"How long stays last in {of_class(name)}, their mean and the longest, in steps: {'; '.join(told)}.",
        table,
    )


def entropy_curves(entropy: pd.DataFrame, most: float) -> Picture:
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
    told = [f"{of_class(name)}, {course(part, 't', 'entropy', at='step')}" for name, part in entropy.groupby("class")]
    base = alt.Chart(entropy).encode(x=x)
    return picture(
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
        f"Mean entropy of q by step, in nats, of at most {most:.2f}: {'; '.join(told)}.",
        entropy,
    )


def information_curve(information: pd.DataFrame) -> Picture:
    """What z tells of the class at each step, over the band that chance alone reaches.

    information  rows of t, information, chance, limit, as `analysis.information_on_class` gives them
    """
    x = alt.X("t:Q", title="step t", scale=alt.Scale(nice=False), axis=alt.Axis(grid=False))
    base = alt.Chart(information).encode(x=x)
    return picture(
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
        f"What z tells of the class at each step, in nats: {course(information, 't', 'information', at='step')}. "
        f"At {int((information['information'] > information['limit']).sum())} of {len(information)} steps it is beyond "
        f"what chance reaches, at most {plain(information['limit'].max())}.",
        information,
    )
