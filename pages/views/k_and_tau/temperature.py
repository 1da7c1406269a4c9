"""tau: one draw of noise, from a blend of all LSTMs to a hard pick of one."""

from functools import partial

import numpy as np
import pandas as pd
import streamlit as st

from mrnn import TrainConfig, charts, probes
from mrnn.charts.picture import capital
from mrnn.scores import MEANINGS, SCORES, written, written_with_name
from pages import common
from pages.views.k_and_tau.subject import Subject, choose_subject

DECADE = (1, 1.2, 1.4, 1.6, 1.8, 2, 2.5, 3, 3.5, 4, 4.5, 5, 6, 7, 8, 9)  # about as far apart on a log scale
TAUS = tuple(
    tau for power in (0.01, 0.1, 1.0, 10.0) for step in DECADE if 0.05 <= (tau := round(power * step, 2)) <= 10
)
MEASURED = (0.05, 0.1, 0.2, 0.5, 1.0, 2.0, 5.0, 10.0)
DRAWS, SEQUENCES = 5, 400
DRAW = "noise_draw"
PRESETS = {
    "A blend": {"tau": 10.0},
    "As training begins": {"tau": 1.0},
    "As it ends": {"tau": 0.3},
    "One-hot": {"tau": 0.05},
}


def temperature() -> str:
    """z at one draw of noise and any temperature; the score against tau; tau while a network learned."""
    left, right = common.sides()
    with left:
        subject = choose_subject()
        tau = st.select_slider("tau, temperature", TAUS, 1.0, key="tau", help=common.words.TAU, bind="query-params")
        st.session_state.setdefault(DRAW, 0)
        draw = st.number_input(
            "Draw of Gumbel noise", 0, 999_999, key=DRAW, bind="query-params",
            help="The same noise is kept while tau changes, so that only the temperature makes the difference.",
        )  # fmt: skip
        st.button(
            "Another draw of noise", icon=":material/casino:", on_click=_another_draw, width="stretch", key="draw"
        )
        st.caption("Try")
        common.presets(PRESETS)
    with right, common.refusals():
        _one_draw(subject, tau, int(draw))
        st.markdown(f"**{capital(SCORES[subject.task.target])} as tau changes**")
        measured = _accuracy(subject)
        st.markdown("**The temperature while it learned**")
        schedule = _schedule(subject)
    needed = [name for name in ("TrainConfig", "probes", "read_notes") if name in measured + schedule]
    return f"""{subject.lines(*needed, numpy=True)}
shape = (1, {subject.entry.config.num_layers}, data.x.shape[1], {subject.entry.config.num_lstms})
noise = np.random.default_rng({draw}).gumbel(size=shape)
trace = model.trace(data.x, data.lengths, choice="gumbel", tau={tau}, noise=noise)
print(trace.z[0, {subject.layer}].round(2))  # how much each LSTM weighs at each step
for how in (trace, *(model.trace(data.x, data.lengths, choice=choice) for choice in ("argmax", "soft"))):
    print(how.answers[0])  # of this draw; in use; with all LSTMs blended by q
{measured}{schedule}"""


def _another_draw() -> None:
    st.session_state[DRAW] = st.session_state.get(DRAW, 0) + 1


def _one_draw(subject: Subject, tau: float, draw: int) -> None:
    entry, data, layer = subject.entry, subject.data, subject.layer
    shape = (1, entry.config.num_layers, data.x.shape[1], entry.config.num_lstms)
    noise = np.random.default_rng(draw).gumbel(size=shape)
    drawn = entry.model.trace(data.x, data.lengths, choice="gumbel", tau=tau, noise=noise)
    soft, hard = (entry.model.trace(data.x, data.lengths, choice=choice) for choice in ("soft", "argmax"))
    of_draw, of_soft, in_use = (subject.told(trace) for trace in (drawn, soft, hard))
    st.markdown(
        f"#### At tau {tau:.2f}{':' if subject.task.per_step else ' this draw answers'} {common.words.plain(of_draw.says)}"
    )
    st.markdown(
        f"In use, one LSTM a step: **{common.words.plain(in_use.says)}**. All LSTMs blended by q: **{common.words.plain(of_soft.says)}**."
        + (f" It is {common.words.plain(of_draw.truth)}." if of_draw.truth else "")
    )
    counted = drawn.z[0, layer, : data.lengths[0]]
    reading = (
        f"At tau {tau:.2f} the heaviest LSTM has {counted.max(axis=-1).mean():.0%} of the weight on average; "
        "at 100% the choice is one-hot."
    )
    subject.picture(
        drawn, key="blend", blend=True, alt=f"q(t), the weights z(t) and the answer so far under this draw. {reading}"
    )
    st.caption(
        f"{reading} In the strip z each LSTM has as much room as it weighs; below it stand the weights at the cursor.",
        help=common.words.Z,
    )


def _accuracy(subject: Subject) -> str:
    """The score against tau, on demand; where it was measured, the line of Python that measures it."""
    entry, target = subject.entry, subject.task.target
    data = entry.task.make(SEQUENCES, seed=7)
    table = common.measured(
        ("tau", entry.key, MEASURED, DRAWS, SEQUENCES),
        partial(probes.accuracy_by_tau, entry.model, data, MEASURED, DRAWS),
        key="measure_tau",
        button=f"Measure on {len(data)} sequences",
        promise=f"Runs the network {DRAWS} times, with the same draws of noise at each of {len(MEASURED)} temperatures. "
        "Takes some seconds.",
    )
    if table is None:
        return ""
    best = table.sort_values("mean").iloc[-1]
    reading = (
        f"Line: mean of {DRAWS} draws; band: lowest to highest draw. Sampled answers are "
        f"{'right most often' if target == 'class' else 'best'} at tau {best['tau']:g} ({written(target, best['mean'], 1)}); "
        f"picking the most probable LSTM gives {written(target, best['in_use'], 1)}. Each on the same {len(data)} fresh "
        f"sequences. {MEANINGS[target]}"
    )
    common.show(charts.accuracy_by_tau(table, SCORES[target]), key="by_tau")
    st.caption(reading)
    return f"print(probes.accuracy_by_tau(model, task.make({SEQUENCES}, seed=7), {MEASURED}, {DRAWS}))\n"


def _schedule(subject: Subject) -> str:
    """tau by epoch as the model learned, as far as its file tells; the line of Python that tells the same."""
    target = subject.task.target
    notes = f'read_notes("{common.file_of(subject.entry)}")'
    history = pd.DataFrame(list(common.past_of(subject.entry).history))
    if len(history):
        common.tau_beside_accuracy(history, target)
        last = history.iloc[-1]
        st.caption(
            f"The training of this model: tau fell from {history['tau'].iloc[0]:.2f} to {last['tau']:.2f}; after it, "
            f"{written_with_name(target, last['accuracy_hard'])} with hard choices on held-out sequences, "
            f"{written(target, last['accuracy_soft'])} with soft ones."
        )
        return f'print([(report["epoch"], report["tau"]) for report in {notes}["history"]])\n'
    recipe = subject.entry.notes.get("recipe")
    if recipe is None:
        st.caption("This model's file does not say how it was trained.")
        return ""
    config = TrainConfig.from_dict(recipe)
    table = pd.DataFrame({"epoch": range(1, config.epochs + 1), "tau": config.temperatures})
    common.show(charts.temperature_sketch(table), key="schedule")
    st.caption(
        f"From the recipe in the model's file: tau fell from {table['tau'].iloc[0]:.2f} to {table['tau'].iloc[-1]:.2f}. "
        "Its learning curves were not kept; those of networks that you train are, and of those that ship in the view Training."
    )
    return f'print(TrainConfig.from_dict({notes}["recipe"]).temperatures)\n'
