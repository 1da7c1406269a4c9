"""What a model answers to sequences whose labels nobody knows."""

from functools import partial
from typing import cast

import pandas as pd
import streamlit as st

from mrnn import analysis, owndata
from mrnn.owndata import Sequences
from pages import common
from pages.views.own_data.preview import show_faults
from pages.views.own_data.words import plain

READ_AT_ONCE = 200  # sequences


def answers(entries: list[common.Entry]) -> None:
    """Let a model answer sequences whose labels nobody knows, and take the answers along."""
    by_id = {entry.id: entry for entry in entries}
    chosen = st.selectbox(
        "Model", list(by_id), format_func=lambda i: f"{common.task_title(by_id[i].notes['task'])}: {by_id[i].label}", key="own_model",
    )  # fmt: skip
    file = st.file_uploader(
        "A file with the same columns; the label may be missing", type=["csv", "tsv", "txt", "npz"], key="own_unlabelled",
    )  # fmt: skip
    if file is None or chosen is None:
        return
    entry = by_id[chosen]
    task = cast(owndata.OwnTask, entry.task)
    with common.refusals():
        sequences, faults = owndata.read_further(file.getvalue(), task.kept)
        if sequences is None:
            show_faults(faults)
            return
        with st.spinner(f"The model reads {len(sequences):,} sequences"):
            table = _answer(entry, task, sequences)
    said = table["answer"].value_counts()
    parts = ", ".join(f"{plain(str(name))} {count:,}" for name, count in said.items())
    st.markdown(f"**{len(table):,} answers:** {parts}")
    st.dataframe(table.head(200), hide_index=True, width="stretch", key="own_answers")
    st.download_button(
        "Answers (CSV)", partial(table.to_csv, index=False), "answers.csv", "text/csv", icon=":material/download:",
        key="own_download", on_click="ignore", help="The class, its probability and the others', and the share of each LSTM.",
    )  # fmt: skip


def _answer(entry: common.Entry, task: owndata.OwnTask, sequences: Sequences) -> pd.DataFrame:
    """Some sequences at a time: what the network does at each step of all of them may be more than memory holds."""
    x, lengths = task.read_by_models(sequences)
    tables = [
        analysis.answers_table(entry.model.trace(x[some], lengths[some]), sequences.names[some], task.classes)
        for some in (slice(start, start + READ_AT_ONCE) for start in range(0, len(sequences), READ_AT_ONCE))
    ]
    return pd.concat(tables, ignore_index=True)
