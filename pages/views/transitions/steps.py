"""Which LSTM is listened to at which steps: by what comes in, by what is right, by what is hidden."""

import streamlit as st

from mrnn import Task, Trace, analysis, charts, owndata
from pages import common
from pages.views.transitions.asked import Asked

MOST_KINDS = 24  # rows of a picture
LITTLE = 0.05  # of what z could tell, beyond chance
MOST_STEPS, FEWEST = 100_000, 4  # of the test against chance: steps; and sequences, so that chance is not one in ten
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
    some = slice(max(FEWEST, MOST_STEPS // study.data.x.shape[1]))
    trace, of = study.trace.take(some), kinds.of[some]
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
        lambda: analysis.information_on_kind(trace.listened(study.layer), trace.lengths, trace.k, of),
    )
    st.markdown(_verdict(information, by, trace))
    common.in_numbers(use, key="use_by_kind")
    return f"""{asked.lines(grouping="groups, kinds_of_steps")}\
kinds = kinds_of_steps(task, data, task.hidden({study.drawn}, 0))["{by}"]
print(analysis.use_by_kind(trace, kinds.of, kinds.names, {study.layer}))
some = slice({some.stop})  # the test would take long with more
part = trace.take(some)
print(analysis.information_on_kind(part.listened({study.layer}), part.lengths, part.k, kinds.of[some]))
"""


def _of_numbers(task: Task, inputs: int, by: str) -> str:
    """Which number it is that comes in, where that is not plain."""
    if by != "what comes in" or task.symbols(task.make(1, 0).x[0]):
        return ""
    what = f"The mean of the {inputs} inputs of a step" if inputs > 1 else "The number that comes in"
    scaled = ", on the scale that networks learn from" if owndata.is_own(task.name) else ""
    return f"{what}{scaled}; many different ones in quarters of all steps. "


def _verdict(found: analysis.Information, by: str, trace: Trace) -> str:
    """What z tells of the kind of step, beside chance; trace: of the sequences that it was counted on."""
    if trace.k == 1:
        return "With one LSTM there is no choice that could depend on anything."
    if len(trace.lengths) < FEWEST:
        return f"**Too few sequences to say whether the choice depends on {by}.** Take more of them."
    told = (
        f"z tells {found.value:.3f} nats of {by}, of at most {found.most:.3f}; {found.chance:.3f} by chance, on "
        f"{len(trace.lengths):,} sequences"
    )
    if not found.beyond_chance:
        return f"**The choice depends on {by} no more than chance makes it**: {told}."
    little = "" if found.value - found.chance > LITTLE * found.most else ", though little"
    return f"**The choice depends on {by}{little}**: {told}."
