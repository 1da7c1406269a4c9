"""What a model answers to sequences whose labels nobody knows."""

from functools import partial

import streamlit as st

from pages import common
from pages.common.words import plain
from pages.views.own_data.preview import show_faults

TAKEN = {
    False: "A row a sequence: the answer, of classes the probability of each, and the share of each LSTM.",
    True: "A row a step: sequence, step, the answer, of classes the probability of each, and the LSTM listened to.",
}


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
    with common.refusals():
        table, faults = common.answered(entry, file.getvalue())
        if table is None:
            show_faults(faults)
            return
    said = table["answer"]
    if entry.config.target == "value":
        parts = f"from {said.min():.4g} to {said.max():.4g}, {said.mean():.4g} in the mean"
    else:
        parts = ", ".join(f"{plain(str(name))} {count:,}" for name, count in said.value_counts().items())
    each = f", one for each step of {table['sequence'].nunique():,} sequences" if entry.config.per_step else ""
    st.markdown(f"**{len(table):,} answers{each}:** {parts}")
    st.dataframe(table.head(200), hide_index=True, width="stretch", key="own_answers")
    st.download_button(
        "Answers (CSV)", partial(table.to_csv, index=False), "answers.csv", "text/csv", icon=":material/download:",
        key="own_download", on_click="ignore", help=TAKEN[entry.config.per_step],
    )  # fmt: skip
