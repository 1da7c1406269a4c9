"""Training over epochs, and the answer at its end."""

import altair as alt
import pandas as pd

from mrnn.charts.colours import by_lstm, letters_in_ink, letters_on_lstm
from mrnn.charts.picture import Picture, Say, capital, course, each, fine_percent, percent, picture, plain

DASHES = [[1, 0], [8, 4], [2, 2], [8, 3, 2, 3], [14, 4], [4, 6], [1, 4], [10, 2, 2, 2, 2, 2]]
EPOCH = alt.Axis(title="epoch", tickMinStep=1, grid=False, format="d")


def loss_curve(history: pd.DataFrame, epochs: int) -> Picture:
    """Loss by epoch.

    history  rows of epoch, loss
    epochs   how many there will be: the axis does not jump while it grows
    """
    return picture(
        alt.Chart(history)
        .mark_line(point=True)
        .encode(
            x=_epoch(epochs),
            y=alt.Y("loss:Q", title="loss", scale=alt.Scale(zero=False)),
            tooltip=[alt.Tooltip("epoch"), alt.Tooltip("loss", format=".4f")],
        ),
        150,
        f"Loss by epoch: {course(history, 'epoch', 'loss')}.",
        history[["epoch", "loss"]],
    )


def accuracy_curves(accuracy: pd.DataFrame, epochs: int, name: str = "accuracy") -> Picture:
    """Hard and soft accuracy by epoch; hard is solid, soft is dashed.

    accuracy  rows of epoch, kind ("hard" or "soft"), accuracy
    name      of the score, where it is another one; an accuracy alone is a percentage
    """
    dash = alt.StrokeDash(
        "kind:N",
        scale=alt.Scale(domain=["hard", "soft"], range=[[1, 0], [5, 4]]),
        legend=None,  # the axis says it
    )
    told = [f"{kind}, {course(part, 'epoch', 'accuracy', score_say(name))}" for kind, part in accuracy.groupby("kind")]
    return picture(
        alt.Chart(accuracy)
        .mark_line(point=True)
        .encode(
            x=_epoch(epochs),
            y=alt.Y(
                "accuracy:Q",
                title=f"{name} (— hard, - - soft)",
                axis=score_axis(name),
                scale=alt.Scale(zero=False),
            ),
            strokeDash=dash,
            tooltip=[
                alt.Tooltip("epoch"),
                alt.Tooltip("kind"),
                alt.Tooltip("accuracy", title=name, format=score_format(name)),
            ],
        ),
        150,
        f"Held-out {name} by epoch: {'; '.join(told)}.",
        accuracy,
    )


def compared_curves(curves: pd.DataFrame, figure: str, name: str) -> Picture:
    """A figure of several runs by epoch, each line told by its dashes and by the letter at its end.

    curves  rows of run (a letter), epoch and the figure
    name    what the figure is called; an accuracy alone is a percentage
    """
    runs = list(dict.fromkeys(curves["run"]))
    dash = alt.StrokeDash("run:N", scale=alt.Scale(domain=runs, range=DASHES[: len(runs)]), legend=None)
    x = _epoch(int(curves["epoch"].max()))
    y = alt.Y(f"{figure}:Q", title=name, scale=alt.Scale(zero=False), axis=score_axis(name))
    number = alt.Tooltip(figure, title=name, format=score_format(name))
    ends = curves.loc[curves.groupby("run")["epoch"].idxmax()]
    told = [f"{run} {course(part, 'epoch', figure, score_say(name))}" for run, part in curves.groupby("run")]
    return picture(
        alt.layer(
            alt.Chart(curves)
            .mark_line(point={"size": 18})
            .encode(x=x, y=y, strokeDash=dash, detail="run:N", tooltip=["run", "epoch", number]),
            letters_in_ink(alt.Chart(ends).mark_text(align="left", dx=6, fontWeight="bold", tooltip=None)).encode(
                x=x, y=y, text="run:N"
            ),
        ),
        200,
        f"{capital(name)} by epoch of {len(runs)} runs: {'; '.join(told)}.",
        curves[["run", "epoch", figure]],
    )


def usage_area(usage: pd.DataFrame, k: int, epochs: int) -> Picture:
    """Use of each LSTM by epoch, stacked; its number stands where its band is wide enough.

    usage  rows of epoch, lstm (from 1), share
    """
    bottom = usage.groupby("epoch")["share"].cumsum() - usage["share"]
    table = usage.assign(bottom=bottom, top=bottom + usage["share"], middle=bottom + usage["share"] / 2)
    last = table[(table["epoch"] == table["epoch"].max()) & (table["share"] >= 0.08)]
    share = alt.Y("bottom:Q", title="share of steps", axis=alt.Axis(format="%"), scale=alt.Scale(domain=[0, 1]))
    told = [
        f"in epoch {epoch} {each('LSTM ' + part['lstm'].astype(str), part['share'], percent)}"
        for epoch, part in usage[usage["epoch"].isin([usage["epoch"].min(), usage["epoch"].max()])].groupby("epoch")
    ]
    return picture(
        alt.layer(
            alt.Chart(table)
            .mark_bar(width={"band": 1})
            .encode(
                x=alt.X(
                    "epoch:O",
                    title="epoch",
                    scale=alt.Scale(domain=list(range(1, epochs + 1))),
                    axis=alt.Axis(labelAngle=0, labelOverlap=True),
                ),
                y=share,
                y2="top:Q",
                color=by_lstm(k, legend=True),
                tooltip=[alt.Tooltip("epoch"), alt.Tooltip("lstm", title="LSTM"), alt.Tooltip("share", format=".1%")],
            ),
            alt.Chart(last)
            .mark_text(fontWeight="bold", color=letters_on_lstm(k), tooltip=None)
            .encode(x="epoch:O", y="middle:Q", text="lstm:N"),
        ),
        150,
        f"Share of steps of each LSTM by epoch: {'; '.join(told)}.",
        usage,
    )


def temperature_sketch(schedule: pd.DataFrame) -> Picture:
    """tau by epoch.

    schedule  rows of epoch, tau
    """
    return picture(
        alt.Chart(schedule)
        .mark_line(point=len(schedule) <= 40)
        .encode(
            x=_epoch(int(schedule["epoch"].max())),
            y=alt.Y("tau:Q", title="tau, temperature", scale=alt.Scale(domainMin=0)),
            tooltip=[alt.Tooltip("epoch"), alt.Tooltip("tau", format=".3f")],
        ),
        120,
        f"tau, the temperature, by epoch: {course(schedule, 'epoch', 'tau')}.",
        schedule[["epoch", "tau"]],
    )


def class_bars(answers: pd.DataFrame) -> Picture:
    """Probability of each class, the most probable one in full ink.

    answers  rows of class, probability
    """
    classes = list(answers["class"])
    best = str(answers.sort_values("probability")["class"].iloc[-1])
    base = alt.Chart(answers).encode(
        y=alt.Y("class:N", sort=classes, title=None, axis=alt.Axis(labelOverlap=False)),
        x=alt.X("probability:Q", title=None, scale=alt.Scale(domain=[0, 1.15]), axis=None),
        opacity=alt.condition(alt.datum["class"] == best, alt.value(1), alt.value(0.45)),
    )
    return picture(
        alt.layer(
            base.mark_bar(),
            letters_in_ink(base.mark_text(align="left", dx=4)).encode(text=alt.Text("probability:Q", format=".0%")),
        ),
        20 * len(classes),
        f"Probability of each class: {best} is first. {each(classes, answers['probability'], percent)}.",
        answers,
    )


def score_axis(name: str) -> alt.Axis:
    """Of a score; an accuracy is a percentage."""
    return alt.Axis(format="%") if name == "accuracy" else alt.Axis()


def score_format(name: str) -> str:
    """Of a score's numbers, as in d3-format."""
    return ".2%" if name == "accuracy" else ".4f"


def score_say(name: str) -> Say:
    """How a score is told in words."""
    return fine_percent if name == "accuracy" else plain


def _epoch(epochs: int) -> alt.X:
    return alt.X("epoch:Q", axis=EPOCH, scale=alt.Scale(domain=[1, max(epochs, 2)], nice=False))
