"""What changes with k, the number of LSTMs, and with tau, the temperature of the choice between them."""

import numpy as np
import pandas as pd
import streamlit as st

from mrnn import TASKS, analysis, charts
from pages import common

TAUS = (0.05, 0.1, 0.2, 0.3, 0.5, 0.7, 1.0, 1.5, 2.0, 3.0, 5.0, 7.0, 10.0)
MEASURED = (0.05, 0.1, 0.2, 0.5, 1.0, 2.0, 5.0, 10.0)
DRAWS, SEQUENCES = 5, 400

common.page(
    "k and tau",
    "The same signal read by networks with more and fewer LSTMs; and one choice, from a soft blend to a hard pick, as the temperature falls.",
)
st.subheader("k: how many LSTMs")
left, right = st.columns([1, 2], gap="large")


def another_signal() -> None:
    st.session_state["k_seed"] = int(np.random.default_rng().integers(1_000_000))


def another_draw() -> None:
    st.session_state["noise_draw"] = st.session_state.get("noise_draw", 0) + 1


with left:
    names = list(TASKS)
    name = st.segmented_control(
        "Task",
        names,
        default=names[0],
        required=True,
        format_func=lambda n: TASKS[n].title,
        key="k_task",
        bind="query-params",
    )
    task = TASKS[name or names[0]]
    st.button("Another signal", icon=":material/casino:", on_click=another_signal, type="primary", width="stretch")
with right:
    models = common.entries(task.name, common.owner())
    smallest: dict[int, str] = {}  # the shipped model of each k with the fewest hidden units
    for entry in models:
        if entry.shipped:
            smallest.setdefault(entry.config.num_lstms, entry.id)
    chosen = st.multiselect(
        "Networks side by side",
        [entry.id for entry in models],
        list(smallest.values()),
        format_func=lambda i: next((entry.name for entry in models if entry.id == i), i),
        max_selections=6,
        key=f"k_models_{task.name}",
        help=common.words.K,
    )
    picked = [entry for entry in models if entry.id in chosen]

with common.refusals():
    data = task.make(1, seed=st.session_state.get("k_seed", 3))
    truth = task.classes[int(data.y[0])]

if not picked:
    st.info("Choose at least one network to see it read the signal.")
with st.grid("auto", min_column_width=200) as grid:
    for entry in picked:
        with grid.cell(), common.refusals():
            trace = entry.model.trace(data.x)
            best = task.classes[int(trace.answers[0].argmax())]
            verdict = "right" if best == truth else "wrong"
            st.markdown(f"**{entry.name}**: {best}, {trace.answers[0].max():.1%} ({verdict})")
            selection = analysis.selection_table(trace)
            one_input = data.x.shape[2] == 1
            common.timeline(
                trace, data.x[0] if one_input else None, task.classes, key=f"k_{entry.id}", compact=True,
                alt=f"q(t) and z(t) of the network with k = {entry.config.k}.",
            )  # fmt: skip
            listened = selection[selection["listened"] == 1]["lstm"].to_numpy()
            handovers = int((listened[1:] != listened[:-1]).sum())
            heard = f"{handovers} hand-overs between {len(set(listened))} of {entry.config.k} LSTMs"
            if entry.config.k == 1:
                heard = "One LSTM, nothing to hand over"
            st.caption(f"{heard}; {entry.model.num_weights:,} weights.")
st.caption(
    f"One and the same signal, {truth}, in every picture; bright is probable. "
    "With k = 1 there is nothing to choose: q is 1 throughout.",
    help=common.words.Q_AND_Z,
)
measured = [entry for entry in picked if entry.accuracy is not None and entry.config.cell == "mrnn"]
if len(measured) > 1:
    table = pd.DataFrame(
        [{"k": e.config.k, "accuracy": e.accuracy, "weights": e.model.num_weights} for e in measured]
    ).drop_duplicates("k")
    common.show(charts.accuracy_by_k(table), key="by_k", alt="Accuracy in use of the networks against k.")
    best = table["accuracy"].max()
    where = " and ".join(f"k = {k}" for k in table.loc[table["accuracy"] == best, "k"])
    st.caption(
        f"Accuracy in use on test data, as each model's file states it: best with {where}, {best:.2%}. "
        "One training run each, so small differences mean little."
    )

st.divider()
left, right = st.columns([1, 2], gap="large")
with left:
    st.subheader("tau: how soft the choice")
    entry = common.pick(task.name, prefer=f"{task.name}-k4", key=f"tau_model_{task.name}")
    layer = common.layer_picker(entry.config.num_layers, key=f"tau_layer_{task.name}")
    tau = st.select_slider("tau, temperature", TAUS, 1.0, key="tau", help=common.words.TAU, bind="query-params")
    st.button(
        "Another draw of noise", icon=":material/casino:", on_click=another_draw, width="stretch", key="draw",
        help="The same Gumbel noise is kept while tau changes, so that only the temperature makes the difference.",
    )  # fmt: skip

with right, common.refusals():
    draw = st.session_state.get("noise_draw", 0)
    shape = (1, entry.config.num_layers, data.x.shape[1], entry.config.num_lstms)
    noise = np.random.default_rng(draw).gumbel(size=shape)
    soft = entry.model.trace(data.x, choice="gumbel", tau=tau, noise=noise)
    hard = entry.model.trace(data.x)
    answers = [(t.answers[0].max(), task.classes[int(t.answers[0].argmax())]) for t in (soft, hard)]
    st.markdown(
        f"#### At tau {tau:.2f} this draw answers {answers[0][1]}, {answers[0][0]:.1%}; in use it is {answers[1][1]}, {answers[1][0]:.1%}"
    )
    weight = soft.z[0, layer].max(axis=-1).mean()
    reading = (
        f"One bar a step: how much each LSTM weighs in z. At tau {tau:.2f} the heaviest has {weight:.0%} on average; "
        "at 100% the choice is one-hot."
    )
    common.show(charts.blend_bars(analysis.selection_table(soft, layer=layer)), key="blend", alt=reading)
    st.caption(reading, help=common.words.Z)

    st.markdown("**Accuracy as tau changes**")
    wanted = f"measured_{entry.id}"
    if st.button(f"Measure on {SEQUENCES} sequences", key="measure", icon=":material/monitoring:"):
        st.session_state[wanted] = True
    if not st.session_state.get(wanted):
        st.caption(
            f"Runs the network {DRAWS} times, with fresh noise, at each of {len(MEASURED)} temperatures. Takes some seconds."
        )
    else:
        bar = st.progress(0.0, text="Measuring under Gumbel sampling")
        rows = []
        changed = entry.path.stat().st_mtime_ns
        for number, one in enumerate(MEASURED):
            got = [common.sampled_accuracy(entry.id, changed, one, seed, SEQUENCES, entry) for seed in range(DRAWS)]
            rows.append({"tau": one, "mean": np.mean(got), "lowest": min(got), "highest": max(got)})
            bar.progress((number + 1) / len(MEASURED), text="Measuring under Gumbel sampling")
        bar.empty()
        in_use = common.hard_accuracy(entry.id, changed, SEQUENCES, entry)
        table = pd.DataFrame(rows)
        best = table.sort_values("mean").iloc[-1]
        reading = (
            f"Line: mean of {DRAWS} draws; band: lowest to highest draw. Sampled answers are right most often at tau {best['tau']:g} "
            f"({best['mean']:.1%}); picking the most probable LSTM gives {in_use:.1%} on the same {SEQUENCES} sequences."
        )
        common.show(charts.accuracy_by_tau(table, in_use), key="by_tau", alt=reading)
        st.caption(reading)
