"""Networks beside one another."""

import altair as alt
import pandas as pd

from mrnn.charts.colours import PROBABILITY, letters_in_ink, letters_on_probability
from mrnn.charts.learning import DASHES, EPOCH
from mrnn.charts.picture import Picture, capital, course, each, fine_percent, picture, plain, rows
from mrnn.charts.picture import percent as as_percent

LANE = 34  # pixels a network


def contender_dots(table: pd.DataFrame, figure: str, title: str, *, percent: bool) -> Picture:
    """A lane a network: its mean as a dot, its standard deviation over seeds as a line to both sides.

    table   of `mrnn.comparison.contenders`, of networks whose figure is known
    figure  a column of it, with NAME_deviation beside it
    """
    spread = table[f"{figure}_deviation"].fillna(0)
    form = ".2%" if percent else ",.3g"
    lanes = table.assign(mean=table[figure], low=table[figure] - spread, high=table[figure] + spread, spread=spread)
    lanes["text"] = [f"{value:{form}}" for value in lanes["mean"]]
    lane = alt.Y("network:N", sort=list(lanes["network"]), title=None, axis=alt.Axis(labelLimit=220, grid=True))
    low, high = float(lanes["low"].min()), float(lanes["high"].max())
    room = 0.06 * (high - low) or 0.01
    top = min(high + room, 1.0) if percent else high + room  # no share is above 1
    scale = alt.Scale(domain=[low - room, max(top, high)], nice=False, zero=False)
    x = alt.X("mean:Q", title=title, scale=scale, axis=alt.Axis(format="%" if percent else ",.3~g", tickCount=6))
    tooltip = [
        alt.Tooltip("network"), alt.Tooltip("mean", title=title, format=form),
        alt.Tooltip("spread", title="standard deviation", format=form), alt.Tooltip("known", title="runs done"),
        alt.Tooltip("hidden_size", title="hidden units"), alt.Tooltip("weights", title="weights", format=","),
    ]  # fmt: skip
    say = fine_percent if percent else plain
    spreads = (f" ± {say(spread)}" if spread else "" for spread in lanes["spread"])
    told = [
        f"{name} {say(mean)}{more}" for name, mean, more in zip(lanes["network"], lanes["mean"], spreads, strict=True)
    ]
    base = alt.Chart(lanes)
    return picture(
        alt.layer(
            letters_in_ink(base.mark_rule(strokeWidth=3, opacity=0.5)).encode(
                y=lane, x=alt.X("low:Q", scale=scale), x2="high:Q"
            ),
            base.mark_point(filled=True, size=90, opacity=1).encode(y=lane, x=x, tooltip=tooltip),
            letters_in_ink(base.mark_text(dy=-13, fontSize=11, tooltip=None)).encode(y=lane, x=x, text="text:N"),
        ),
        LANE * len(lanes),
        f"Mean over seeds with its standard deviation, {title}: {'; '.join(told)}.",
        table,
    )


def contender_curves(curves: pd.DataFrame, title: str, *, percent: bool) -> Picture:
    """The mean over seeds by epoch, a line a network, told apart by its dashes and by the name at its end.

    curves  of `mrnn.comparison.curves`
    """
    names = list(dict.fromkeys(curves["network"]))
    dash = alt.StrokeDash(
        "network:N", scale=alt.Scale(domain=names, range=[DASHES[j % len(DASHES)] for j in range(len(names))]),
        legend=alt.Legend(title=None, orient="bottom", columns=2, symbolSize=500, labelLimit=220),
    )  # fmt: skip
    form = ".2%" if percent else ",.3g"
    tooltip = [
        alt.Tooltip("network"),
        alt.Tooltip("epoch"),
        *(alt.Tooltip(name, format=form) for name in ("mean", "lowest", "highest")),
    ]
    last = max(int(curves["epoch"].max()), 2)
    say = fine_percent if percent else plain
    told = [f"{name} {course(part, 'epoch', 'mean', say)}" for name, part in curves.groupby("network", sort=False)]
    return picture(
        alt.Chart(curves)
        .mark_line(point={"size": 18})
        .encode(
            x=alt.X("epoch:Q", axis=EPOCH, scale=alt.Scale(domain=[1, last], nice=False)),
            y=alt.Y("mean:Q", title=title, scale=alt.Scale(zero=False), axis=alt.Axis(format="%" if percent else "~g")),
            strokeDash=dash, detail="network:N", tooltip=tooltip,
        ),
        220,
        f"{capital(title)} by epoch, the mean over seeds: {'; '.join(told)}.",
        curves,
    )  # fmt: skip


def confusion_heatmap(confusion: pd.DataFrame) -> Picture:
    """True classes downwards, answers to the right; bright is often.

    confusion  of `mrnn.analysis.confusion`
    """
    classes = list(dict.fromkeys(confusion["true"]))
    base = alt.Chart(confusion).encode(
        x=alt.X("answered:N", sort=classes, title="answered", axis=alt.Axis(labelAngle=0 if len(classes) > 4 else -30)),
        y=alt.Y("true:N", sort=classes, title="true"),
    )
    letters = letters_on_probability("share")
    cells = base.mark_rect().encode(
        color=alt.Color("share:Q", scale=PROBABILITY, legend=None),
        tooltip=[
            "true",
            "answered",
            alt.Tooltip("count", format=","),
            alt.Tooltip("share", title="of the true class", format=".1%"),
        ],
    )
    numbers = base.transform_filter("datum.count > 0").mark_text(fontSize=10, color=letters, tooltip=None)
    right = confusion["true"] == confusion["answered"]
    total, wrong = max(int(confusion["count"].sum()), 1), confusion[~right]
    worst = max(rows(wrong), key=lambda row: row["count"], default=None)
    mistaken = (
        "None is mistaken."
        if worst is None or not worst["count"]
        else f"Most often {worst['true']} is taken for {worst['answered']}, {worst['count']:,} times."
    )
    by_class = each(confusion["true"][right], confusion["share"][right], as_percent)
    return picture(
        alt.layer(cells, numbers.encode(text=alt.Text("count:Q", format=","))),
        max(24 * len(classes), 80),
        f"True class against answer: {confusion['count'][right].sum() / total:.1%} of {total:,} are right; of each "
        f"class {by_class}. {mistaken}",
        confusion,
    )
