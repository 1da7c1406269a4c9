"""Scrub through training: q(t) of the same signal as the network learned."""

from typing import Any

import numpy as np
import pandas as pd
import streamlit as st

from mrnn import Inside, analysis, charts, snapshots
from mrnn.scores import written, written_with_name
from mrnn.snapshots import Snapshots
from pages import common
from pages.views.k_and_tau.subject import choose_task

PARAM = "run"
MOST_STAYS = 4_000  # in one picture; more would make the slider slow
PRESETS: dict[str, dict[str, Any]] = {
    name: {"k_task": task, f"past_{task}": past, "kept_signal": signal, f"epoch_{past}": epoch}
    for name, task, past, signal, epoch in (
        ("Before training", "waves", "waves-k4-again", 1, 0),
        ("After one epoch", "waves", "waves-k4-again", 1, 1),
        ("At the end", "waves", "waves-k4-again", 1, 16),
        ("A digit, before", "digits", "digits-k4-m64", 1, 0),
        ("A digit, at the end", "digits", "digits-k4-m64", 1, 6),
        ("With own memory", "digits", "digits-k4-m64-own", 1, 6),
    )
}


def training() -> str | None:
    """One of a few fixed signals, read after any epoch; the curves with that epoch marked."""
    left, right = common.sides()
    with left:
        task = choose_task()
        common.open_named(PARAM)
        found = common.pasts(task.name, common.owner())
        if not found:
            st.info(
                f"No training of {task.title} was kept yet. Train a network on the Train page: its run keeps what it does with "
                f"{snapshots.SEQUENCES} signals after each epoch."
            )
            common.offer_training(task)
            return None
        past = _choose_past(found)
        with common.refusals():
            kept = past.snapshots
        if kept is None:  # it was deleted a moment ago
            return None
        n, layers = kept.q.shape[1:3]
        number = st.pills(
            "Signal", list(range(1, n + 1)), default=1, required=True, wrap=True, key="kept_signal", bind="query-params",
            help="The same few signals are read after every epoch; the network never learns from them.",
        )  # fmt: skip
        place = min(int(number or 1), n) - 1
        layer = common.layer_picker(layers, key="kept_layer")
        epochs: list[int] = kept.epochs.tolist()
        epoch = st.select_slider(
            "Epoch", epochs, epochs[-1], key=f"epoch_{past.id}", bind="query-params", help="0 is before training."
        )
        st.caption("Try")
        common.presets(PRESETS)
    with right, common.refusals():
        _then(past, kept, int(epoch), place, layer)
        # What is the same whichever epoch is looked at is sent last: it would hold up the slider.
        same = st.container()
        _told(past, int(epoch))
        with same:
            _by_epoch(kept, place, layer)
            if past.history:
                common.tau_beside_accuracy(pd.DataFrame(list(past.history)), past.task.target)
    where = "assets/training/" + past.id if past.folder.is_relative_to(common.KEPT) else f"runs/{past.id}"
    return f"""from pathlib import Path

from mrnn import snapshots

kept = snapshots.read(Path("{where}") / snapshots.FILE)
for number, epoch in enumerate(kept.epochs):
    trace = kept.trace(number)
    print(epoch, trace.listened({layer})[{place}] + 1, trace.answers[{place}])
"""


def _choose_past(found: list[common.Past]) -> common.Past:
    by_id = {past.id: past for past in found}
    key = f"past_{found[0].task.name}"
    common.begin_named(key, PARAM, by_id, found[0].id)
    chosen = st.selectbox(
        "Training", list(by_id), format_func=lambda i: by_id[i].label if i in by_id else i, key=key,
        persist_state="session", help="Some ship with the app; every run of yours keeps its own.",
    )  # fmt: skip
    common.link.keep(PARAM, None if chosen == found[0].id and found[0].shipped else chosen)
    if by_id[chosen].private:
        common.link.note_private(f"the training {by_id[chosen].label}")
    return by_id[chosen]


def _then(past: common.Past, kept: Snapshots, epoch: int, number: int, layer: int) -> None:
    task = past.task
    data = snapshots.sequences(task, kept.q.shape[1])
    place = kept.epochs.tolist().index(epoch)
    hidden = snapshots.hidden(task, kept.q.shape[1])
    trace = kept.trace(place)
    some = slice(number, number + 1)
    one, behind = trace.take(some), kept.inside(place, layer)
    inside = None if behind is None else Inside(logits=behind.logits[some], gates=behind.gates[some])
    when = "Before training" if epoch == 0 else f"After epoch {epoch}"
    st.markdown(f"#### {when}: {common.words.plain(str(common.told(task, one, data.y[some])))}")
    use = analysis.usage(one.listened(layer), one.lengths, one.k)
    reading = (
        f"{when}, LSTM {use.argmax() + 1} is listened to most, for {use.max():.0%} of the steps of this signal; "
        f"{common.told_of_many(task, trace, data.y)}."
    )
    common.timeline(
        **common.pictured(task, data.take(some), one, None if hidden is None else hidden[some]), key="learned", layer=layer, in_link=True, inside=inside,
        alt=f"q(t), z(t) and the answer so far. {reading}",
    )  # fmt: skip
    st.caption(f"{reading} Move the slider: bright lanes settle into regimes as it learns.", help=common.words.Q_AND_Z)


def _by_epoch(kept: Snapshots, number: int, layer: int) -> None:
    z, k = kept.z[:, number, layer], kept.q.shape[-1]
    stays = analysis.stays(z, np.full(len(z), kept.lengths[number]), k)
    if len(stays) > MOST_STAYS:
        return
    by_epoch = stays.assign(epoch=kept.epochs[stays["sequence"]])
    common.show(charts.listened_by_epoch(by_epoch, k), key="by_epoch")
    st.caption("z(t) of the same signal, a row an epoch, from before training (top) to the end.")


def _told(past: common.Past, epoch: int) -> None:
    """What the curves say of one epoch."""
    target = past.task.target
    found = [report for report in past.history if report["epoch"] == epoch]
    if found:
        row = found[0]
        st.caption(
            f"After epoch {epoch}, at tau {row['tau']:.2f}: {written_with_name(target, row['accuracy_hard'])} with hard choices, as "
            f"in use, on held-out sequences, {written(target, row['accuracy_soft'])} with soft ones."
        )
