"""What number of LSTMs, temperature and meddling with the choice come to."""

import altair as alt
import pandas as pd

from mrnn.charts.colours import by_lstm, letters_in_ink
from mrnn.charts.learning import score_axis, score_format, score_say
from mrnn.charts.picture import Picture, capital, course, each, fine_percent, percent, picture, plain


def against_k(table: pd.DataFrame, figure: str, title: str, form: str) -> Picture:
    """One figure of several networks, by their k.

    table   rows of k, the figure, and network: its name on the axis, k where no other has as many LSTMs
    figure  its column
    title   of its axis
    form    how its numbers are written, as in d3-format
    """
    base = alt.Chart(table).encode(
        x=alt.X(
            "network:N", sort=None, title="k, LSTMs side by side",
            axis=alt.Axis(labelAngle=0, labelOverlap=False, labelExpr="split(datum.label, ', ')"),
        ),
        y=alt.Y(
            f"{figure}:Q",
            title=title,
            axis=alt.Axis(format=form, tickCount=4),
            scale=alt.Scale(zero=False, padding=20),
        ),
        tooltip=[alt.Tooltip("network", title="k"), alt.Tooltip(figure, title=title, format=form)],
    )  # fmt: skip
    dots = base.mark_line(point={"size": 60}) if table["k"].is_unique else base.mark_point(filled=True, size=60)
    return picture(
        alt.layer(
            dots,
            letters_in_ink(base.mark_text(dy=-12, fontSize=11)).encode(text=alt.Text(f"{figure}:Q", format=form)),
        ),
        150,
        f"{capital(title)} against k: "
        f"{each('k = ' + table['network'], table[figure], fine_percent if '%' in form else plain)}.",
        table[["network", "k", figure]],
    )


def lesion_bars(lesions: pd.DataFrame, name: str = "accuracy") -> Picture:
    """Accuracy after each single lesion, and a rule where the whole network stands.

    lesions  `probes.accuracy_by_lesion`
    name     of the score, where it is another one
    """
    whole = float(lesions.loc[lesions["lstm"] == 0, "accuracy"].iloc[0])
    each_off = lesions[lesions["lstm"] > 0]
    k = max(int(lesions["lstm"].max()), 1)
    x = alt.X("lstm:O", title="LSTM that is switched off", axis=alt.Axis(labelAngle=0))
    say, lowest = score_say(name), min(float(lesions["accuracy"].min()), 0)
    y = alt.Y(
        "accuracy:Q", title=f"{name} in use", axis=score_axis(name), scale=alt.Scale(domain=[1.08 * lowest, 1.08])
    )
    base = alt.Chart(each_off).encode(x=x, y=y)
    line = alt.Chart(pd.DataFrame({"accuracy": [whole], "text": [f"none off {say(whole)}"]}))
    return picture(
        alt.layer(
            base.mark_bar().encode(
                color=by_lstm(k),
                tooltip=[
                    alt.Tooltip("lstm", title="LSTM off"),
                    alt.Tooltip("accuracy", title=name, format=score_format(name)),
                ],
            ),
            letters_in_ink(base.mark_text(dy=-8)).encode(
                text=alt.Text("accuracy:Q", format=".0%" if name == "accuracy" else ".2f")
            ),
            letters_in_ink(line.mark_rule(strokeDash=[5, 4])).encode(y="accuracy:Q"),
        ),
        180,
        f"{capital(name)} in use after each single lesion; with none {say(whole)}. Without "
        f"{each('LSTM ' + each_off['lstm'].astype(str), each_off['accuracy'], say)}.",
        lesions,
    )


def answer_change(answers: pd.DataFrame, since: int | None, *, values: bool = False) -> Picture:
    """What the network says step by step, before (dashed) and after (solid); a rule where they part.

    answers  `analysis.answers_before_and_after`
    since    the first step that was changed, or None
    values   they are no probabilities, but values
    """
    x = alt.X("t:Q", title="step t", axis=alt.Axis(grid=False, format="d", tickMinStep=1), scale=alt.Scale(nice=False))
    y = alt.Y(
        "probability:Q", title="probability", axis=alt.Axis(format="%"), scale=alt.Scale(domain=[0, 1], nice=False)
    )
    one = values and answers["class"].nunique() == 1  # the axis says what it is
    if values:
        title = str(answers["class"].iloc[0]) if one else "value"
        y = alt.Y("probability:Q", title=title, scale=alt.Scale(zero=False))
    what, say = ("value", plain) if values else ("probability", percent)
    dash = alt.StrokeDash(
        "when:N",
        scale=alt.Scale(domain=["after", "before"], range=[[1, 0], [5, 4]]),
        legend=alt.Legend(title=None, orient="top"),
    )
    parts = [
        alt.Chart(answers)
        .mark_line(interpolate="step-after")
        .encode(
            x=x,
            y=y,
            strokeDash=dash,
            detail="class:N",
            opacity=alt.condition(alt.datum["when"] == "after", alt.value(1), alt.value(0.7)),
            tooltip=["t", "when", "class", alt.Tooltip("probability", title=what, format=".4f" if values else ".1%")],
        )
    ]
    if not one:
        ends = answers[(answers["t"] == answers["t"].max()) & (answers["when"] == "after")]
        text = alt.Chart(ends).mark_text(align="right", dy=-8, dx=-4, fontWeight="bold", tooltip=None)
        parts.append(letters_in_ink(text).encode(x=x, y=y, text="class:N"))
    if since is not None:
        rule = alt.Chart(pd.DataFrame({"t": [since]})).mark_rule(strokeDash=[2, 3])
        parts.append(letters_in_ink(rule).encode(x="t:Q"))
    told = [
        f"{name} {when}, {course(part, 't', 'probability', say, at='step')}"
        for (name, when), part in answers.groupby(["class", "when"], sort=False)
    ]
    parted = "They never part." if since is None else f"The choice is another one from step {since} on."
    return picture(
        alt.layer(*parts),
        170,
        f"{'Value' if values else 'Probability'} of the answer, step by step: {'; '.join(told)}. {parted}",
        answers,
    )


def accuracy_by_tau(measured: pd.DataFrame, name: str = "accuracy") -> Picture:
    """Accuracy under Gumbel sampling against tau: mean of several draws and their range; and the hard accuracy.

    measured  `probes.accuracy_by_tau`
    name      of the score, where it is another one
    """
    hard = float(measured["in_use"].iloc[0])
    tau = alt.X("tau:Q", title="tau, temperature (log scale)", scale=alt.Scale(type="log"), axis=alt.Axis(grid=False))
    title = alt.Y("mean:Q", title=name, axis=score_axis(name), scale=alt.Scale(zero=False))
    form, say = (".1%", percent) if name == "accuracy" else (".4f", plain)
    tooltip = [
        alt.Tooltip("tau", title="tau"),
        alt.Tooltip("mean", title="mean", format=form),
        alt.Tooltip("lowest", title="lowest draw", format=form),
        alt.Tooltip("highest", title="highest draw", format=form),
    ]
    base = alt.Chart(measured)
    line = alt.Chart(pd.DataFrame({"mean": [hard], "text": [f"in use (argmax) {say(hard)}"]}))
    return picture(
        alt.layer(
            base.mark_area(opacity=0.25).encode(x=tau, y=alt.Y("lowest:Q"), y2="highest:Q"),
            base.mark_line(point=True).encode(x=tau, y=title, tooltip=tooltip),
            letters_in_ink(line.mark_rule(strokeDash=[5, 4])).encode(y="mean:Q"),
            letters_in_ink(line.mark_text(align="right", dy=-7)).encode(
                x=alt.value(alt.ExprRef("width")), y="mean:Q", text="text:N"
            ),
        ),
        240,
        f"{capital(name)} of sampled answers by temperature, the mean over draws: "
        f"{course(measured, 'tau', 'mean', say)}. "
        f"Draws lie up to {say((measured['highest'] - measured['lowest']).max())} apart; in use it is {say(hard)}.",
        measured,
    )


def listened_by_epoch(stays: pd.DataFrame, k: int) -> Picture:
    """The LSTM listened to in one sequence, a row an epoch from the top.

    stays  rows of epoch, start (the step at which a stay begins), steps (how long it is), lstm (from 1)
    """
    epochs = list(dict.fromkeys(stays["epoch"]))
    table = stays.assign(end=stays["start"] + stays["steps"])
    moves = (stays.groupby("epoch").size() - 1).rename("moves").reset_index()
    heard = stays.groupby("lstm")["steps"].sum() / stays["steps"].sum()
    return picture(
        alt.Chart(table)
        .mark_rect()
        .encode(
            x=alt.X(
                "start:Q",
                title="step t",
                axis=alt.Axis(grid=False, format="d", tickMinStep=1),
                scale=alt.Scale(domain=[0, int(table["end"].max())], nice=False),
            ),
            x2="end:Q",
            y=alt.Y(
                "epoch:O", title="epoch", axis=alt.Axis(labelOverlap=True), scale=alt.Scale(domain=epochs, padding=0)
            ),
            color=by_lstm(k, legend=True),
            tooltip=[
                alt.Tooltip("epoch"),
                alt.Tooltip("lstm", title="LSTM"),
                alt.Tooltip("start", title="from step"),
                alt.Tooltip("steps", title="steps"),
            ],
        ),
        max(10 * len(epochs), 60),
        f"The LSTM listened to at each step, by epoch. Hand-overs: {course(moves, 'epoch', 'moves')}. Over all epochs "
        f"{each((f'LSTM {lstm}' for lstm in heard.index), heard, percent)} of the steps.",
        stays,
    )
