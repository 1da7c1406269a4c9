"""What is in a file or in a text, or what is wrong with it."""

import pandas as pd
import streamlit as st

from mrnn import charts, owndata
from mrnn.owndata import Faults, Sequences
from mrnn.text import alphabet
from pages import common

MOST_SHOWN = 600  # characters of a text


def show_faults(faults: Faults) -> None:
    """The first faults as a table, and how many there are."""
    count = "One thing is wrong" if faults.count == 1 else f"{faults.count:,} things are wrong"
    more = f"; the first {len(faults.first)} of them" if faults.count > len(faults.first) else ""
    st.error(f"{count} with this file{more}. Mend it, or change what the columns mean.", icon=":material/error:")
    rows = [
        {
            "row": "" if fault.row is None else f"{fault.row:,}",
            "column": fault.column,
            "what is wrong": fault.what,
            "way out": fault.way_out,
        }
        for fault in faults.first
    ]
    st.table(pd.DataFrame(rows), hide_index=True)
    st.caption("Rows are counted from 1, the heading and empty rows included, as a spreadsheet counts them.")


def preview(sequences: Sequences) -> None:
    """A few sequences of each class, how many there are, and how long they are."""
    column = sequences.inputs[0]
    if len(sequences.inputs) > 1:
        column = st.selectbox("Show", sequences.inputs, key=f"own_shown_{sequences.inputs}")
    examples = owndata.examples_table(sequences, column)
    common.show(charts.example_lanes(examples, column), key="examples")
    some = len(set(examples["lane"]))
    left_out = f" The first {some} of {len(sequences.classes)} classes." if some < len(sequences.classes) else ""
    least, most = int(sequences.lengths.min()), int(sequences.lengths.max())
    steps = f"{most} steps each" if least == most else f"{least} to {most} steps"
    each = "1 input" if len(sequences.inputs) == 1 else f"{len(sequences.inputs)} inputs"
    st.caption(
        f"{len(sequences):,} sequences of {steps}, {each} a step. Up to four of each class, all on one scale.{left_out}"
    )
    left, right = st.columns(2)
    with left:
        if sequences.labels is not None:
            counts = owndata.label_counts(sequences)
            common.show(charts.count_bars(counts, "sequences"), key="counts")
    with right:
        lengths = owndata.histogram(sequences.lengths)
        common.show(charts.histogram_bars(lengths, "steps of a sequence", "sequences"), key="lengths")


def preview_text(text: str) -> None:
    """How a text begins, how long it is, and which characters it has."""
    known = alphabet(text)
    st.text(f"{text[:MOST_SHOWN]} [...]")
    rest = ", the rarest of them taken together" if len(set(text)) > len(known) else ""
    st.caption(f"{len(text):,} characters, {len(set(text))} different ones{rest}. The most frequent:")
    common.show(charts.count_bars(owndata.character_counts(text), "characters"), key="characters")
