"""What a network answers after each step of one sequence, and what is right."""

import numpy as np
import streamlit as st
from streamlit.delta_generator import DeltaGenerator

from mrnn import analysis, owndata
from mrnn.charts.picture import capital
from pages import common
from pages.views.laboratory.subject import Subject, choose_sequence

READ = {
    "class": "Below z the answer after each step, bright where a class is more probable; the right one is framed.",
    "labels": "Below z the probability that each label holds; those that do are framed. An answer is right where all of them are.",
    "value": "Below z the answer after each step (solid) and the right value (dashed).",
}


def answers(subject: Subject, controls: DeltaGenerator) -> str:
    """The timeline of one sequence, its steps judged; Python that makes the same."""
    entry, task, layer = subject.entry, subject.task, subject.layer
    with controls:
        sequence = choose_sequence(task)
    data, hidden = sequence.data, sequence.hidden
    trace = entry.model.trace(data.x, data.lengths)
    judged = common.judged(task, trace, data.y)
    steps = int(data.lengths[0])
    symbols = task.symbols(data.x[0, :steps])
    said = verdict(common.told(task, trace, data.y))
    st.markdown(f"#### {said}")
    reading = READ[task.target] + (
        "" if judged.right is None else " The last row says where the answer is right (a line) and where it is wrong (a cross)."
    )  # fmt: skip
    if not symbols and data.x.shape[2] > common.MOST_LINES:
        reading += f" Of the {data.x.shape[2]} inputs at each step the lowest and the highest are drawn."
    common.timeline(
        **common.pictured(task, data, trace, hidden, shown=None, judged=judged), key="answers", layer=layer, in_link=True,
        inside=entry.inside(data.x, trace, layer),
        alt=f"What came in, q(t), z(t) and the answer after each of {steps} steps. {said}. {reading}",
    )  # fmt: skip
    st.caption(f"{reading} {common.words.CURSOR}", help=common.words.Q_AND_Z)
    if hidden is not None:
        index = analysis.agreement(trace.listened(layer), hidden, data.lengths)
        st.markdown(
            f"**z and the hidden regime agree to {index:.2f}** (adjusted Rand index of this sequence: 1 if each regime has an "
            "LSTM of its own, about 0 by chance). Nobody told the network the regimes, shown below z in grey."
        )
    if task.per_step and task.target == "labels" and not judged.truth[-1].any():
        fault = int(np.flatnonzero(judged.truth.any(1))[-1]) + 1 if judged.truth.any() else 0
        st.info(
            f"Step {fault} is not as the task has it: from there on nothing is right to come.", icon=":material/info:"
        )
    with st.expander("The same, step by step, as a table"):
        st.dataframe(
            analysis.judgement_table(trace, judged, task.classes, symbols, layer), hide_index=True, width="stretch"
        )
    scaled = task.target == "value" and owndata.is_own(task.name)
    imported = "from dataclasses import replace\n\n" if scaled else ""
    unit = "trace = replace(trace, logits=task.in_its_unit(trace.logits))\n" if scaled else ""
    return f"""{imported}from mrnn import analysis
{subject.lines}data = {sequence.made}
trace = model.trace(data.x, data.lengths)
{unit}judged = analysis.judge(trace, {"task.in_its_unit(data.y)" if scaled else "data.y"})
print(analysis.judgement_table(trace, judged, task.classes, task.symbols(data.x[0, :{steps}]), {layer}))
print(trace.q[0, {layer}].round(2))  # probability of each LSTM at each step
"""


def verdict(told: common.Told) -> str:
    """How right it is, in a few words."""
    if told.verdict:
        return f"After the last step the answer is {told.verdict}"
    return f"After the last step it says {told.says}" if told.truth else capital(told.says)
