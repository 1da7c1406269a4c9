"""Which LSTM is listened to at which steps: by what comes in, by what is right, by what is hidden."""

import streamlit as st

from mrnn import Task, analysis, charts, owndata
from pages import common
from pages.views.transitions.asked import Asked

MOST_KINDS = 24  # rows of a picture
LITTLE = 0.05  # of what z could tell
MEANT = {
    "what is hidden": "the hidden regime, which nobody told the network",
    "what comes in": "what comes in at the step",
    "what is right": "what is right to answer at the step",
}


def steps(asked: Asked) -> str:
    """Use of the LSTMs by kind of step, and what z tells of it; the lines of Python that make the same."""
    study = asked.study
    found = study.kinds
    by, key = next(iter(found)), f"steps_by_{study.entry.task.name}"
    if len(found) > 1:
        common.asked.begin(key, "Steps told apart by", by, common.asked.one_of(list(found)))
        chosen = st.segmented_control(
            "Steps told apart by", list(found), required=True, key=key, persist_state="session"
        )
        common.asked.keep(key, chosen or by, by)
        by = chosen or by
    kinds = found[by]
    path = study.trace.listened(study.layer)
    use = common.kept().get(
        ("use_by_kind", study.key, by),
        lambda: analysis.use_by_kind(study.trace, kinds.of, kinds.names, study.layer),
    )
    shown = list(dict.fromkeys(use["kind"]))[:MOST_KINDS]
    st.markdown(f"**How often each LSTM is listened to, by {MEANT[by]}**")
    common.show(charts.kinds_heatmap(use[use["kind"].isin(shown)]), key="use_by_kind")
    left_out = use["kind"].nunique() - len(shown)
    st.caption(
        _of_numbers(study.entry.task, study.data.x.shape[2], by)
        + "Row: a kind of step, the most frequent first; column: an LSTM. In each row the shares come to a whole."
        + (f" {left_out} rarer kinds are left out here; the fold below has all." if left_out > 0 else "")
    )
    information = common.kept().get(
        ("information_on_kind", study.key, by),
        lambda: analysis.information_on_kind(path, study.trace.lengths, study.trace.k, kinds.of),
    )
    st.markdown(_verdict(information, by))
    common.in_numbers(use, key="use_by_kind")
    return f"""{asked.lines(grouping="groups, kinds_of_steps")}\
kinds = kinds_of_steps(task, data, task.hidden({study.drawn}, 0))["{by}"]
print(analysis.use_by_kind(trace, kinds.of, kinds.names, {study.layer}))
print(analysis.information_on_kind(trace.listened({study.layer}), trace.lengths, trace.k, kinds.of))
"""


def _of_numbers(task: Task, inputs: int, by: str) -> str:
    """Which number it is that comes in, where that is not plain."""
    if by != "what comes in" or task.symbols(task.make(1, 0).x[0]):
        return ""
    what = f"The mean of the {inputs} inputs of a step" if inputs > 1 else "The number that comes in"
    scaled = ", on the scale that networks learn from" if owndata.is_own(task.name) else ""
    return f"{what}{scaled}, in quarters of all steps. "


def _verdict(found: analysis.Information, by: str) -> str:
    told = f"z tells {found.value:.3f} nats of {by}, of at most {found.most:.3f}; {found.chance:.3f} by chance"
    if found.beyond_chance:
        little = "" if found.value > LITTLE * found.most else ", though little"
        return f"**The choice depends on {by}{little}**: {told}."
    return f"**Beyond chance the choice does not depend on {by}**: {told}."
