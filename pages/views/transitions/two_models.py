"""Two models that read the same sequences, their LSTMs under common names."""

import numpy as np
import pandas as pd
import streamlit as st

from mrnn import analysis, charts
from pages import common
from pages.views.transitions.asked import Asked


def two_models(asked: Asked) -> None:
    """A second model that reads the same sequences, its LSTMs renamed after those of the first."""
    study = asked.study
    other = common.pick(
        study.entry.task.name, prefer=_other_of(study.entry), key=f"second_model_{study.entry.task.name}",
        title="Second model", param="with",
    )  # fmt: skip
    if other.id == study.entry.id:
        st.info("Choose another model than the first: a model agrees with itself.")
        return
    theirs = common.study(other, other.config.num_layers - 1, study.drawn, study.only)
    z, w = study.trace.listened(study.layer), theirs.trace.listened(theirs.layer)
    if z.shape != w.shape or (study.data.x != theirs.data.x).any():
        st.info("The two models were trained on sequences of other settings, so they cannot read the same ones.")
        return
    found = analysis.align(z, w, study.trace.lengths, (study.trace.k, theirs.trace.k))
    pairs = [
        f"{found.partner[j] + 1} with {j + 1}" for j in np.argsort(found.partner) if found.partner[j] < study.trace.k
    ]
    alone = [str(j + 1) for j in range(theirs.trace.k) if found.partner[j] >= study.trace.k]
    st.markdown(
        f"**They listen to partners at {found.agreement:.0%} of the steps**; {found.chance:.0%} would come about if the "
        "second read other sequences."
    )
    steps = found.together / max(found.together.sum(), 1)
    order = np.argsort(found.partner)
    rows = [
        {
            "first": str(i + 1),
            "second": str(j + 1),
            "steps": int(found.together[i, j]),
            "share": round(float(steps[i, j]), 4),
        }
        for i in range(study.trace.k)
        for j in order
    ]
    common.show(
        charts.co_use_heatmap(pd.DataFrame(rows)),
        key="co_use",
        alt="Steps at which both models use two LSTMs together.",
    )
    st.caption(
        f"Brightest on the diagonal if the two networks found the same regimes. Partners, first with second: {', '.join(pairs)}. "
        + (f"Without a partner: LSTM {', '.join(alone)} of the second. " if alone else "")
        + "LSTMs have no order of their own, so they are paired (Hungarian method) before they are compared."
    )
    renamed = np.minimum(found.renamed(w), found.k - 1)
    uses = [analysis.usage(paths, study.trace.lengths, found.k) for paths in (z, renamed)]
    table = pd.concat(
        pd.DataFrame({"class": name, "lstm": np.arange(1, found.k + 1), "share": share})
        for name, share in zip(("first", "second, renamed"), uses, strict=True)
    )
    common.show(charts.usage_bars(table), key="both_uses", alt="Use of the LSTMs of both models under common names.")


def _other_of(entry: common.Entry) -> str:
    """Of the same task, and not the same."""
    near = [e.id for e in common.entries(entry.task.name) if e.id != entry.id and e.config.num_lstms > 1]
    same = [e for e in near if e.endswith(f"k{max(entry.config.num_lstms * 2, 2)}")]
    return (same or near or [entry.id])[0]
