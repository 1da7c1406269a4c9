"""What is in a file or in a text, or what is wrong with it."""

import numpy as np
import pandas as pd
import streamlit as st

from mrnn import charts, owndata
from mrnn.owndata import Faults, Sequences
from mrnn.text import alphabet
from pages import common
from pages.common.words import plain
from pages.views.own_data.words import asked

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
    """What is to be told, a few sequences, how many there are of what, and how long they are."""
    column = sequences.inputs[0]
    if len(sequences.inputs) > 1:
        column = st.selectbox("Show", sequences.inputs, key=f"own_shown_{sequences.inputs}")
    examples = owndata.examples_table(sequences, column)
    known, by_class = sequences.labels is not None, sequences.target == "class"
    changes = owndata.changes_table(sequences) if known and by_class and sequences.per_step else None
    common.show(charts.example_lanes(examples, column, changes), key="examples")
    least, most = int(sequences.lengths.min()), int(sequences.lengths.max())
    steps = f"{most} steps each" if least == most else f"{least} to {most} steps"
    each = "1 input" if len(sequences.inputs) == 1 else f"{len(sequences.inputs)} inputs"
    told = f" To be told: {asked(sequences.target, sequences.per_step, sequences.classes)}." if known else ""
    st.caption(f"{len(sequences):,} sequences of {steps}, {each} a step.{told} {_which(sequences, examples)}")
    left, right = st.columns(2)
    what = "steps" if sequences.per_step else "sequences"
    with left:
        if known and by_class:
            common.show(charts.count_bars(owndata.label_counts(sequences), what), key="counts")
        elif known:
            values = owndata.histogram(np.asarray(sequences.labels))
            common.show(charts.histogram_bars(values, sequences.classes[0], what), key="counts")
    with right:
        lengths = owndata.histogram(sequences.lengths)
        common.show(charts.histogram_bars(lengths, "steps of a sequence", "sequences"), key="lengths")


def _which(sequences: Sequences, examples: pd.DataFrame) -> str:
    """Which of the sequences are drawn."""
    some = len(set(examples["lane"]))
    if sequences.labels is None or sequences.per_step:
        dotted = ", and a dotted line stands where the class changes" if sequences.target == "class" else ""
        return f"The first {some}, all on one scale{dotted if sequences.labels is not None else ''}."
    if sequences.target == "value":
        return f"Of them {some}, from the lowest {plain(sequences.classes[0])} to the highest, all on one scale."
    left_out = f" The first {some} of {len(sequences.classes)} classes." if some < len(sequences.classes) else ""
    return f"Up to four of each class, all on one scale.{left_out}"


def preview_text(text: str) -> None:
    """How a text begins, how long it is, and which characters it has."""
    known = alphabet(text)
    st.text(f"{text[:MOST_SHOWN]} [...]")
    rest = ", the rarest of them taken together" if len(set(text)) > len(known) else ""
    st.caption(f"{len(text):,} characters, {len(set(text))} different ones{rest}. The most frequent:")
    common.show(charts.count_bars(owndata.character_counts(text), "characters"), key="characters")
