"""k: the same signal read by networks with more and fewer LSTMs, and what they come to."""

from collections.abc import Sequence
from typing import Any

import numpy as np
import pandas as pd
import streamlit as st

from mrnn import Task, Trace, analysis, charts
from mrnn.charts.picture import capital
from mrnn.scores import SCORES, written
from pages import common
from pages.common.whole import NETWORKS
from pages.views.k_and_tau.subject import SIGNAL, choose_models, choose_signal, choose_task

SEQUENCES = 500
MOST = 6
LARGEST = 16  # k that the form of Train offers
FEW = 3  # networks that have more room each
MAGNIFIED = 4  # pixels a side for each of an image's
PRESETS: dict[str, dict[str, Any]] = {
    "1, 2, 4, 8, 16": NETWORKS,
    "One against sixteen": {**NETWORKS, "k_models_waves": ["waves-k1", "waves-k16"]},
    "As many weights": {**NETWORKS, "k_models_waves": ["waves-k1-m129", "waves-k4"]},
    "A digit": {
        "k_task": "digits",
        SIGNAL: 0,
        "k_models_digits": [f"digits-k{k}" for k in (1, 2, 4, 8, 16)],
    },
}


def number() -> str:
    """Side by side; accuracy, weights and effective number of LSTMs against k."""
    left, right = common.sides(above=True)
    with left:
        one, two, three = st.columns([3, 2, 4], gap="medium")
        with one:
            task = choose_task()
        with two:
            seed = choose_signal()
        with three:
            picked = _choose_networks(task)
            if task.is_image:  # the narrow pictures have no room for it
                x = task.make(1, seed).x[0]
                st.image(np.kron(x, np.ones((MAGNIFIED, MAGNIFIED))), caption="What all of them read", clamp=True)
        st.caption("Try")
        common.presets(PRESETS)
    with right:
        if picked:
            _side_by_side(picked, seed)
            _against_k(picked)
        else:
            st.info("Choose at least one network to see it read the signal.")
    files = "".join(f'\n    "{common.file_of(entry)}": {entry.task.settings},' for entry in picked)
    return f"""from mrnn import analysis, load, read_notes
from mrnn.tasks import make_task

networks = {{  # each with the settings of its task{files}
}}
for file, settings in networks.items():
    model, task = load(file), make_task("{task.name}", settings)
    data, many = task.make(1, seed={seed}), task.make({SEQUENCES}, seed=0)
    print(model.config.k, model.num_weights, read_notes(file).get("figures"))
    print(model.trace(data.x, data.lengths).listened()[0] + 1)
    trace = model.trace(many.x, many.lengths)
    print(analysis.effective_number(analysis.usage(trace.listened(), trace.lengths, trace.k)))
"""


def _choose_networks(task: Task) -> list[common.Entry]:
    key, param = f"k_models_{task.name}", f"networks_{task.name}"
    common.open_named(param)
    models = choose_models(task)
    smallest: dict[int, str] = {}  # the shipped model of each k with the fewest hidden units
    for entry in models:
        if entry.shipped and entry.config.cell == "mrnn" and entry.config.carry == "mixed":
            smallest.setdefault(entry.config.num_lstms, entry.id)
    usual = list(smallest.values()) or [common.usual_of(models).id]
    names = {entry.id: entry.name for entry in models}
    given = common.link.given(param) if common.link.news() or key not in st.session_state else None
    asked = [] if given is None else given.split(",")
    if asked or key not in st.session_state or common.link.went_back():
        st.session_state[key] = [i for i in names if i in asked][:MOST] or usual
    st.session_state[key] = [i for i in st.session_state[key] if i in names]
    common.say_missing(key, next((i for i in asked if i and i not in names), None))
    chosen = st.multiselect(
        "Networks side by side", list(names), format_func=lambda i: names.get(i) or str(i), max_selections=MOST, key=key,
        persist_state="session", help=common.words.K,
    )  # fmt: skip
    common.asked.keep_text(param, None if chosen == usual else ",".join(chosen))
    picked = [entry for entry in models if entry.id in chosen]
    common.tell_private(*picked)
    return picked


def _side_by_side(picked: list[common.Entry], seed: int) -> None:
    truths: list[str] = []
    with st.grid("auto", min_column_width=150 if len(picked) > FEW else 300) as grid:
        for entry in picked:
            with grid.cell(), common.refusals():
                task, data = entry.task, entry.task.make(1, seed)  # its own settings: another length, another noise
                trace = entry.model.trace(data.x, data.lengths)
                told = common.told(task, trace, data.y)
                truths.append(told.truth)
                st.markdown(f"**{common.words.plain(entry.name)}**: {common.words.plain(str(told))}")
                listened = trace.listened()[0, : trace.lengths[0]]
                handovers = int((listened[1:] != listened[:-1]).sum())
                k = entry.config.num_lstms
                heard = f"{common.words.number(handovers, 'hand-over')} between {len(set(listened))} of {k} LSTMs"
                if k == 1:
                    heard = "One LSTM, nothing to hand over"
                common.timeline(
                    **common.pictured(task, data, trace, task.hidden(1, seed), down=False), rows=task.is_image, key=f"k_{entry.id}",
                    compact=True, in_link=True, among=True, inside=entry.inside(data.x, trace, -1),
                    alt=f"q(t) and z(t) of the network {entry.name}. {heard}.",
                )  # fmt: skip
                st.caption(heard)
    alike = all(entry.task == picked[0].task for entry in picked)
    which = (
        "One and the same signal" if alike else "The signal of this number, with the settings each network learned with"
    )
    known = " or ".join(dict.fromkeys(filter(None, truths)))
    st.caption(
        f"{which}{f', {known},' if known else ''} in every picture; bright is probable. "
        "With k = 1 there is nothing to choose: q is 1 throughout. LSTMs have no order that networks share: LSTM 1 of one is "
        "not LSTM 1 of another.",
        help=common.words.Q_AND_Z,
    )


def _against_k(picked: list[common.Entry]) -> None:
    rows, read = [], 0
    found = [entry for entry in picked if entry.config.cell == "mrnn"]
    for entry, name in zip(found, names_by_k(found), strict=True):
        study = common.study(entry, entry.config.num_layers - 1, SEQUENCES)
        use, read = study.counted(_usage), len(study.data)
        rows.append(
            {
                "k": entry.config.num_lstms,
                "network": name,
                "accuracy": entry.accuracy,
                "weights": entry.model.num_weights,
                "effective": round(analysis.effective_number(use), 3),
            }
        )
    if len(rows) < 2:
        st.caption("Two networks or more are compared here by their k. Train one with another number of LSTMs:")
        common.offer_training(picked[0].task, k=min(2 * max(entry.config.num_lstms for entry in picked), LARGEST))
        return
    target = picked[0].task.target
    table = pd.DataFrame(rows).sort_values("k", kind="stable")
    known = table.dropna(subset="accuracy")
    drawn = (
        ("by_k", known, "accuracy", f"{SCORES[target]} in use", ".2%" if target == "class" else ".3f"),
        ("weights_by_k", table, "weights", "weights", ".3s"),
        ("effective_by_k", table, "effective", "LSTMs really in use", ".2f"),
    )
    for column, (key, part, figure, title, form) in zip(st.columns(3), drawn, strict=True):
        with column:
            common.show(charts.against_k(part, figure, title, form), key=key)
    best = known.nlargest(1, "accuracy").to_dict("records")
    alike = all(entry.task == found[0].task for entry in found)  # else they were asked different questions
    told = (
        f"Best in use with k = {best[0]['network']}, {written(target, best[0]['accuracy'])}. " if best and alike else ""
    )
    most = max(rows, key=lambda row: row["k"])
    st.caption(
        f"{told}{capital(SCORES[target])} as each model's file states it, on test data; one training run each, so small differences mean little. "
        f"Really in use: the exponential of the entropy of use, last layer, over {read} fresh sequences; 1 if always the same "
        f"LSTM is heard, k if all are heard alike. Of k = {most['network']} LSTMs, {most['effective']:.1f} are."
    )


def names_by_k(entries: Sequence[common.Entry]) -> list[str]:
    """What tells networks apart: k, and where that is not enough the hidden size, the memory, and the model's id."""
    by_k = [str(entry.config.num_lstms) for entry in entries]
    own = [", own memory" if entry.config.carry == "own" else "" for entry in entries]
    by_size = [f"{k}, m = {e.config.hidden_size}{memory}" for k, e, memory in zip(by_k, entries, own, strict=True)]
    by_id = [f"{name}, {entry.id[-4:]}" for name, entry in zip(by_size, entries, strict=True)]
    return [
        k if by_k.count(k) == 1 else size if by_size.count(size) == 1 else one
        for k, size, one in zip(by_k, by_size, by_id, strict=True)
    ]


def _usage(trace: Trace, _: np.ndarray, layer: int) -> np.ndarray:
    return analysis.usage(trace.listened(layer), trace.lengths, trace.k)
