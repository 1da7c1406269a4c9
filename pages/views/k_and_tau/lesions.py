"""Lesion and override: switch LSTMs off, force one on, choose another at a step, and see what becomes of the answer."""

from typing import Any

import streamlit as st

from mrnn import Trace, analysis, charts, owndata, probes
from mrnn.charts.picture import capital
from mrnn.probes import Steering
from mrnn.scores import MEANINGS, SCORES, written, written_with_name
from pages import common
from pages.views.k_and_tau.subject import TASK, Subject, choose_subject

AT = "steered_at"  # in the address and in the session: the steps at which another LSTM was chosen
OF = "_steered_of"  # of which model, signal and layer they are
OFF, ON = "lesion_off", "lesion_on"
PRESETS: dict[str, dict[str, Any]] = {
    "As it is": {OFF: [], ON: None, AT: {}},
    "Without LSTM 4": {OFF: [4], ON: None, AT: {}},
    "LSTM 1 alone": {OFF: [], ON: 1, AT: {}},
    "A regime without its LSTM": {TASK: "regimes", "tau_model_regimes": "regimes-k3", OFF: [2], ON: None, AT: {}},
}


def lesions() -> str:
    """The picture after it was meddled with, the answer before and after, the score after each single lesion."""
    left, right = common.sides()
    with left:
        subject = choose_subject()
        k, steps = subject.entry.config.num_lstms, int(subject.data.lengths[0])
        steering = _choose_steering(subject, k, steps)
        st.caption("Try")
        common.presets(
            {name: sets for name, sets in PRESETS.items() if TASK in sets or k >= max((*sets[OFF], sets[ON] or 0, 0))}
        )
    with right, common.refusals():
        _before_and_after(subject, steering)
        st.markdown(f"**{capital(SCORES[subject.task.target])} after each single lesion**")
        measured = _accuracy(subject)
    imported = unit = ""
    if subject.task.target == "value" and owndata.is_own(subject.task.name):  # models learn them on another scale
        imported = "from dataclasses import replace\n\n"
        unit = (
            "y = task.in_its_unit(data.y)\n"
            "trace, before = (replace(one, logits=task.in_its_unit(one.logits)) for one in (trace, before))\n"
        )
    return f"""{imported}{subject.lines("analysis", *(["probes"] if measured else []), numpy=True)}
choice = np.full((1, {subject.entry.config.num_layers}, data.x.shape[1]), -1)  # -1: the network's own choice
{"".join(_assignments(steering, subject.layer))}\
allowed = np.array({steering.allowed(k).tolist()})
trace = model.trace(data.x, data.lengths, choice=choice, allowed=allowed)
print(trace.listened({subject.layer})[0] + 1)
before = model.trace(data.x, data.lengths)
print(trace.answers[0], before.answers[0])  # after the last step: meddled with, and left alone
{unit}print(analysis.answers_before_and_after(before, trace, task.classes, {"y" if unit else "data.y"}))
{measured}"""


def _assignments(steering: Steering, layer: int) -> list[str]:
    everywhere = [] if steering.on is None else [f"choice[0, {layer}] = {steering.on}\n"]
    return everywhere + [f"choice[0, {layer}, {t}] = {lstm}\n" for t, lstm in steering.at.items()]


def _choose_steering(subject: Subject, k: int, steps: int) -> Steering:
    lstms = list(range(1, k + 1))
    for key in (OFF, ON):  # another model may have fewer
        kept = st.session_state.get(key)
        if isinstance(kept, list) and not set(kept) <= set(lstms):
            st.session_state[key] = [j for j in kept if j in lstms]
        elif isinstance(kept, int) and kept not in lstms:
            st.session_state[key] = None
    off = st.pills(
        "Switch off", lstms, selection_mode="multi", wrap=True, key=OFF, bind="query-params", persist_state="session",
        help="These LSTMs may not be chosen, in any layer: their votes are masked before q is computed.",
    )  # fmt: skip
    on = st.pills(
        "Listen to this one throughout", lstms, wrap=True, key=ON, bind="query-params", persist_state="session",
        help="In the layer that is shown. An LSTM that is switched off cannot be listened to.",
    )  # fmt: skip
    of = (subject.entry.id, subject.seed, subject.layer)
    given, known = common.link.given(AT) if common.link.news() else None, st.session_state.get(OF)
    if given is not None or AT not in st.session_state or common.link.went_back():
        st.session_state[AT] = probes.parse_steps(given or "")
    elif known not in (None, of):
        st.session_state[AT] = {}  # they were another picture's
    st.session_state[OF] = of
    asked = Steering(
        off=frozenset(j - 1 for j in off), on=None if on is None else on - 1, at=dict(st.session_state[AT])
    )
    steering = asked.fitting(k, steps)
    common.link.keep(AT, steering.to_text() or None)
    if len(asked.off) >= k:
        st.info("One LSTM has to be listened to: with all of them off, none is.")
    elif asked.on is not None and steering.on is None:
        st.info(f"LSTM {asked.on + 1} is switched off, so it cannot be listened to.")
    for t, lstm in sorted(asked.at.items()):
        if lstm in steering.off:
            st.info(f"LSTM {lstm + 1} is switched off, so it cannot be chosen at step {t}.")
    return steering


def _choose(t: int, lstm: int | None) -> None:
    """Another LSTM at a step, or the network's own choice again."""
    at = {**st.session_state.get(AT, {})}
    at.pop(t, None)
    st.session_state[AT] = at if lstm is None else {**at, t: lstm}


def _before_and_after(subject: Subject, steering: Steering) -> None:
    entry, data, layer = subject.entry, subject.data, subject.layer
    k, layers, steps = entry.config.num_lstms, entry.config.num_layers, data.x.shape[1]
    before = entry.model.trace(data.x, data.lengths)
    after = entry.model.trace(
        data.x, data.lengths, choice=steering.choice(layers, layer, steps), allowed=steering.allowed(k)
    )
    said, says = (subject.told(trace).says for trace in (before, after))
    st.markdown(f"#### Before: {common.words.plain(said)}. After: {common.words.plain(says)}")
    subject.picture(
        after, key="steered", forced=steering.at, on_choose=_choose,
        alt=f"q(t), z(t) and the answer so far, with the choice meddled with. Before: {said}. After: {says}.",
    )  # fmt: skip
    st.caption(
        "Click a step, or press Enter at the cursor, and choose whom to listen to there; the number keys do the same. "
        "Framed steps are yours. What comes later answers to it at once.",
        help=common.words.Z,
    )
    since = analysis.first_difference(before, after)
    task = subject.task
    values = task.target == "value"
    before, after = (common.in_its_unit(task, trace) for trace in (before, after))
    change = analysis.answers_before_and_after(before, after, task.classes, common.right_in_its_unit(task, data.y))
    common.show(charts.answer_change(change, since, values=values), key="answer_change")
    st.caption(_reading(before, after, since, steering))


def _reading(before: Trace, after: Trace, since: int | None, steering: Steering) -> str:
    how = "Dashed: the network left alone. Solid: with the choice meddled with."
    if steering.idle:
        return f"{how} Nothing is changed yet, so the two are one."
    if since is None:
        return f"{how} The same LSTMs are listened to as before, so nothing changes."
    length = int(before.lengths[0])
    moved = abs(after.probabilities[0, :length] - before.probabilities[0, :length]).max(axis=-1)
    what, far = ("value", f"{moved.max():.4g}") if before.target == "value" else ("probability", f"{moved.max():.0%}")
    return (
        f"{how} From step {since} on another LSTM is listened to; a {what} moves by up to {far}, most at step "
        f"{int(moved.argmax())}."
    )


def _accuracy(subject: Subject) -> str:
    """The score after each single lesion, on demand; where it was measured, the line of Python that measures it."""
    entry, target = subject.entry, subject.task.target
    if entry.config.num_lstms == 1:
        st.caption("With one LSTM there is none to do without.")
        return ""
    table = common.measured(
        ("lesions", entry.key),
        lambda on_part: probes.accuracy_by_lesion(entry.model, entry.task.split()[1], on_part),
        key="measure_lesions",
        button="Measure on the test set",
        promise=f"Runs the network {entry.config.num_lstms + 1} times over the whole test set. Takes about half a minute for "
        "waves with k = 4, some minutes where there are as many sequences as of digits, or steps as of pixels.",
    )
    if table is None:
        return ""
    order = table[table["lstm"] > 0].sort_values("accuracy", kind="stable")
    worst, least = order.iloc[0], order.iloc[-1]
    reading = (
        f"On the test set: {written_with_name(target, table['accuracy'].iloc[0])} as it is. Without LSTM {worst['lstm']:.0f} it "
        f"falls most, to {written(target, worst['accuracy'], 1)}; without LSTM {least['lstm']:.0f} least, to "
        f"{written(target, least['accuracy'])}. {MEANINGS[target]}"
    )
    common.show(charts.lesion_bars(table, SCORES[target]), key="lesions")
    st.caption(reading)
    return "print(probes.accuracy_by_lesion(model, task.split()[1]))\n"
