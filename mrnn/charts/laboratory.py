"""What came of experiments: curves that were gone on with, strings, shares by group."""

import altair as alt
import pandas as pd

from mrnn.charts.colours import letters_in_ink
from mrnn.charts.learning import DASHES
from mrnn.charts.picture import Picture, capital, course, extremes, percent, picture

STEP = alt.Axis(grid=False, format="d", tickMinStep=1)


def continued_curve(values: pd.DataFrame, given: int) -> Picture:
    """One curve: what was given and what was made of it (solid), the truth (dashed), and a rule at the border.

    values  rows of t, curve ("truth" or "its own"), value
    given   steps that were given
    """
    names = ["its own", "truth"]
    base = alt.Chart(values).encode(
        x=alt.X("t:Q", title="step t", axis=STEP, scale=alt.Scale(nice=False)),
        y=alt.Y("value:Q", title="value", scale=alt.Scale(zero=False)),
        strokeDash=alt.StrokeDash(
            "curve:N", scale=alt.Scale(domain=names, range=[[1, 0], [5, 4]]),
            legend=alt.Legend(title=None, orient="top", symbolSize=400),
        ),
        tooltip=["t", "curve", alt.Tooltip("value:Q", format=".3f")],
    )  # fmt: skip
    border = pd.DataFrame({"t": [given - 0.5], "text": ["given until here"]})
    rule = letters_in_ink(alt.Chart(border).mark_rule(strokeDash=[2, 3])).encode(x="t:Q")
    text = letters_in_ink(alt.Chart(border).mark_text(align="right", dx=-5, fontSize=11)).encode(
        x="t:Q", y=alt.value(-6), text="text:N"
    )
    told = [f"{curve} {course(part, 't', 'value', at='step')}" for curve, part in values.groupby("curve")]
    return picture(
        alt.layer(base.mark_line(strokeWidth=2), rule, text),
        260,
        f"A curve of which {given} steps were given. {capital('; '.join(told))}.",
        values.assign(given=values["t"] < given),
    )


def error_by_step(errors: pd.DataFrame) -> Picture:
    """Mean squared error against steps ahead.

    errors  rows of ahead (from 1), error
    """
    return picture(
        alt.Chart(errors)
        .mark_line(point={"size": 30})
        .encode(
            x=alt.X("ahead:Q", title="steps ahead", axis=STEP, scale=alt.Scale(nice=False)),
            y=alt.Y("error:Q", title="mean squared error"),
            tooltip=["ahead", alt.Tooltip("error:Q", format=".3g")],
        ),
        200,
        f"Mean squared error by steps ahead: {course(errors, 'ahead', 'error', at='step')}.",
        errors,
    )


def lengths_of_strings(lengths: pd.DataFrame) -> Picture:
    """How many strings there are of each length: legal ones upwards, the others downwards.

    lengths  rows of symbols, kind ("legal" or "not legal"), count
    """
    side = lengths["kind"].map({"legal": 1, "not legal": -1})
    table = lengths.assign(height=side * lengths["count"])
    ends = pd.DataFrame({"kind": ["legal", "not legal"], "y": [12, 188]})
    bars = alt.Chart(table).encode(
        x=alt.X("symbols:O", title="symbols of the string", axis=alt.Axis(labelAngle=0, labelOverlap=True)),
        y=alt.Y("height:Q", title="strings", axis=alt.Axis(labelExpr="abs(datum.value)", tickMinStep=1, tickCount=5)),
        tooltip=["symbols", "kind", "count"],
    )
    text = letters_in_ink(alt.Chart(ends).mark_text(align="right", fontWeight="bold")).encode(
        x=alt.value(alt.ExprRef("width - 4")), y=alt.Y("y:Q", scale=None, axis=None), text="kind:N"
    )
    total = lengths.groupby("kind")["count"].sum()
    parts = [
        f"{total[kind]:,} {kind}, {extremes(part, 'count', lambda row: str(row['symbols']) + ' symbols')}"
        for kind, part in lengths.groupby("kind")
    ]
    return picture(
        alt.layer(bars.mark_bar(), text).resolve_scale(y="independent"),
        200,
        f"{total.sum():,} strings by their length: {'; '.join(parts)}.",
        lengths,
    )


def shares_by_group(shares: pd.DataFrame, what: str, by: str, chance: float) -> Picture:
    """How often each network is right, group by group; networks are told apart by their dashes and marks.

    shares  rows of network, group, share, count
    what    was asked; by: what the groups differ by
    chance  the share that whoever knows nothing reaches, a rule; 0: none
    """
    names, groups = list(dict.fromkeys(shares["network"])), list(dict.fromkeys(shares["group"]))
    marks = ["circle", "square", "triangle-up", "diamond", "cross", "triangle-down", "triangle-left", "triangle-right"]
    legend = alt.Legend(title=None, orient="bottom", columns=1, symbolSize=160, labelLimit=320)
    told = {
        "strokeDash": alt.StrokeDash(
            "network:N", scale=alt.Scale(domain=names, range=[DASHES[j % len(DASHES)] for j in range(len(names))]),
            legend=legend,
        ),
        "shape": alt.Shape(
            "network:N", scale=alt.Scale(domain=names, range=[marks[j % len(marks)] for j in range(len(names))]),
            legend=legend,
        ),
    }  # fmt: skip
    base = alt.Chart(shares).encode(
        x=alt.X("group:O", sort=groups, title=by, axis=alt.Axis(labelAngle=0)),
        y=alt.Y("share:Q", title=what, axis=alt.Axis(format="%"), scale=alt.Scale(domain=[0, 1.02], nice=False)),
        tooltip=[
            "network", alt.Tooltip("group", title=by), alt.Tooltip("share", format=".1%"),
            alt.Tooltip("count", title="asked", format=","),
        ],
    )  # fmt: skip
    parts = [
        base.mark_line().encode(strokeDash=told["strokeDash"]),
        base.mark_point(filled=True, size=60, opacity=1).encode(shape=told["shape"]),
    ]
    if chance:
        rule = alt.Chart(pd.DataFrame({"share": [chance], "text": ["chance"]}))
        parts.append(letters_in_ink(rule.mark_rule(strokeDash=[2, 3])).encode(y="share:Q"))
        parts.append(
            letters_in_ink(rule.mark_text(align="left", dx=4, dy=8, fontSize=11)).encode(
                x=alt.value(0), y="share:Q", text="text:N"
            )
        )
    told = [
        f"{name} {extremes(part, 'share', lambda row: by + ' ' + str(row['group']), percent)}"
        for name, part in shares.groupby("network", sort=False)
    ]
    by_chance = f" Chance alone: {percent(chance)}." if chance else ""
    return picture(
        alt.layer(*parts),
        240,
        f"{capital(what)} by {by}: {'; '.join(told)}.{by_chance}",
        shares.assign(chance=chance) if chance else shares,
    )
