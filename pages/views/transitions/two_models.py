"""Two models that read the same sequences, their LSTMs under common names."""

import numpy as np
import pandas as pd
import streamlit as st

from mrnn import analysis, charts
from pages import common
from pages.views.transitions.asked import Asked

TESTED = "permutation test: the two models' accounts of whole sequences are exchanged"


def two_models(asked: Asked) -> str | None:
    """A second model that reads the same sequences, its LSTMs renamed after those of the first, and what differs.

    returns  the lines of Python that make the same; None where there is nothing to compare
    """
    study = asked.study
    other = common.pick(
        study.entry.task.name, prefer=_other_of(study.entry), key=f"second_model_{study.entry.task.name}",
        title="Second model", param="with",
    )  # fmt: skip
    if other.id == study.entry.id:
        st.info("Choose another model than the first: a model agrees with itself.")
        return None
    layers = other.config.num_layers
    same_depth = layers == study.entry.config.num_layers
    theirs = common.study(other, study.layer if same_depth else layers - 1, study.drawn, study.only, study.by)
    found = common.aligned(study, theirs)
    if found is None:
        st.info("The two models were trained on sequences of other settings, so they cannot read the same ones.")
        return None
    _partners(found)
    _compared(study, theirs, found)
    return f"""{asked.lines()}other = load("{common.file_of(other)}").trace(data.x, data.lengths)
paths = trace.listened({study.layer}), other.listened({theirs.layer})
found = analysis.align(*paths, data.lengths, (trace.k, other.k))
print(found.agreement, found.chance)
print(analysis.co_use(found))
print(analysis.usage_apart(*paths, data.lengths, found))
print(analysis.transitions_apart(*paths, data.lengths, found))
"""


def _partners(found: analysis.Alignment) -> None:
    """Which LSTM goes with which, and how often they are listened to together."""
    k, theirs = found.together.shape
    pairs = [f"{found.partner[j] + 1} with {j + 1}" for j in np.argsort(found.partner) if found.partner[j] < k]
    alone = [str(j + 1) for j in range(theirs) if found.partner[j] >= k]
    st.markdown(
        f"**They listen to partners at {found.agreement:.0%} of the steps**; {found.chance:.0%} would come about if the "
        "second read other sequences."
    )
    common.show(charts.co_use_heatmap(analysis.co_use(found)), key="co_use")
    st.caption(
        f"One bright cell in each row if the two networks found the same regimes. Partners, first with second: {', '.join(pairs)}. "
        + (f"Without a partner: LSTM {', '.join(alone)} of the second. " if alone else "")
        + "LSTMs have no order of their own, so they are paired (Hungarian method) before they are compared."
    )


def _compared(study: common.Study, theirs: common.Study, found: analysis.Alignment) -> None:
    """Use and hand-overs of both under common names, and what chance does not explain of their difference."""
    usage = common.counted_on_two(analysis.usage_apart, study, theirs, found)
    common.show(charts.usage_bars(renamed(usage)), key="both_uses")
    st.markdown(
        f"**First minus second**, share of steps, beyond chance, with 95 % intervals: "
        f"{common.partners_beyond_chance(usage, found)}.",
        help=f"Over all sequences, {TESTED}.",
    )
    st.markdown("**How they hand over: first minus second**, under common names")
    every = common.counted_on_two(analysis.transitions_apart, study, theirs, found)
    moves = every[found.shared[every["from"] - 1] & found.shared[every["to"] - 1]]
    common.show(charts.difference_heatmap(moves, "the first model", "the second"), key="moves_apart")
    common.in_numbers(usage, every, key="apart")
    known, real = int(moves["p"].notna().sum()), int(moves["beyond_chance"].sum())
    st.caption(
        f"Only what chance does not explain is coloured: {real} of {known} cells ({TESTED}; 5 % error for all cells together). "
        "A dash: one of the two never left that LSTM."
        + ("" if found.shared.all() else " Between partners alone: the fold above has all LSTMs.")
    )


def renamed(usage: pd.DataFrame) -> pd.DataFrame:
    """`analysis.usage_apart` as rows of class (which model), lstm, share."""
    return pd.concat(
        [
            pd.DataFrame({"class": name, "lstm": usage["lstm"], "share": usage[side]})
            for side, name in (("first", "first"), ("second", "second, renamed"))
        ],
        ignore_index=True,
    )


def _other_of(entry: common.Entry) -> str:
    """Of the same task, and not the same."""
    near = [e.id for e in common.entries(entry.task.name) if e.id != entry.id and e.config.num_lstms > 1]
    same = [e for e in near if e.endswith(f"k{max(entry.config.num_lstms * 2, 2)}")]
    return (same or near or [entry.id])[0]
