"""The figures that a task's claims come to for one model."""

import streamlit as st
from streamlit.delta_generator import DeltaGenerator

from mrnn import probes
from mrnn.scores import MEANINGS
from pages import common
from pages.views.laboratory.subject import Subject


def figures(subject: Subject, _controls: DeltaGenerator) -> str:
    """The score on test data and what else the task claims, measured on demand; Python that measures the same."""
    entry, task = subject.entry, subject.task
    st.markdown("What is this network worth on its task? Measured on sequences that training has not seen.")
    table = common.measured(
        ("figures", entry.key), lambda on_part: probes.figures(entry.model, task, on_part), key="lab_figures",
        button="Measure", promise=f"At most {probes.MOST_TESTED:,} test sequences, and what else is asked of this task. Takes some seconds, once.",
    )  # fmt: skip
    if table is not None:
        st.dataframe(
            table, hide_index=True, width="stretch",
            column_config={"value": st.column_config.NumberColumn("value", format="%.4f")},
        )  # fmt: skip
        st.caption(f"{MEANINGS[task.target]} Shares are from 0 to 1. One LSTM a step is listened to, as in use.")
    return f"{subject.lines}\nfrom mrnn import probes\n\nprint(probes.figures(model, task))\n"
