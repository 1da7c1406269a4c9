"""The figures that a task's claims come to for one model."""

import pandas as pd
import streamlit as st
from streamlit.delta_generator import DeltaGenerator

from mrnn import Task, comparison, probes
from mrnn.scores import MEANINGS
from pages import common
from pages.views.laboratory.subject import Subject

REGIMES = (
    "**Does z find the hidden regimes?** The adjusted Rand index compares who is listened to with the regime that really "
    "made each step: 1 where each regime has an LSTM of its own, about 0 where they have nothing to do with each other. "
    "Nobody told the network the regimes."
)


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
        if common.hides(task):
            regimes(task)
    return f"{subject.lines}\nfrom mrnn import probes\n\nprint(probes.figures(model, task))\n"


def regimes(task: Task) -> None:
    """How what z finds is to be read, and what hidden Markov models find on the same signals."""
    st.markdown(REGIMES)
    told = common.hidden_markov(task)
    if told is None:
        return
    st.dataframe(
        pd.DataFrame(
            {
                "hidden Markov model": [one.name for one in told],
                "from the past alone, as z": [one.from_the_past for one in told],
                "the whole signal seen": [one.agreement for one in told],
                "mean squared error of the next value": [one.error for one in told],
            }
        ).style.format(precision=4),
        hide_index=True, width="stretch",
    )  # fmt: skip
    st.caption(comparison.ABOUT_HMMS)
