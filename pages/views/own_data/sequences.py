"""Labelled sequences, from a file or from an example: looked at, and kept as a task."""

from pathlib import Path

import streamlit as st
from streamlit.delta_generator import DeltaGenerator

from mrnn import owndata
from pages import common
from pages.common.words import plain
from pages.views.own_data.kept import train_on
from pages.views.own_data.presets import EXAMPLE, uploader
from pages.views.own_data.preview import preview, show_faults
from pages.views.own_data.reading import Read, code, read
from pages.views.own_data.words import name_to_keep

KEPT = "_own_kept"  # what was kept last: the file and how it was read, and the id
FIRST = next(iter(owndata.EXAMPLES))
USUAL = "who walks, runs or climbs stairs?"
ABOUT = {
    "A label a step (CSV)": "when does a person walk, run or climb stairs?",
    "A number to be told (CSV)": "at which pace does a person walk?",
    "With faults (CSV)": "a file with three faults",
}


def labelled(left: DeltaGenerator, right: DeltaGenerator) -> str:
    """Labelled sequences, from a file or from an example; Python that reads them."""
    with left:
        file = uploader(
            "A CSV file or NumPy arrays (.npz), up to 64 MB and 1,000,000 rows", ["csv", "tsv", "txt", "dat", "data", "npz"],
            "own_file", "A row a step (sequence, step, inputs, label) or a row a sequence. Nothing in it is executed.",
        )  # fmt: skip
        common.asked.begin(EXAMPLE, "example", FIRST, common.asked.one_of(list(owndata.EXAMPLES)))
        example = st.selectbox(
            "Or look at an example",
            list(owndata.EXAMPLES),
            key=EXAMPLE,
            persist_state="session",
            disabled=file is not None,
        )
        common.asked.keep(EXAMPLE, example, FIRST)
        common.asked.say()
        name, make = owndata.EXAMPLES[example]
        content = file.getvalue() if file is not None else make()
        if file is not None:
            name = file.name
        else:
            st.download_button(
                "This example as a file",
                content,
                name,
                icon=":material/download:",
                key="own_take_example",
                on_click="ignore",
            )
    with right:
        st.markdown(f"#### {plain(name) if file is not None else f'An example: {ABOUT.get(example, USUAL)}'}")
        with common.refusals():
            key = f"own_{file.file_id if file is not None else example}"
            with left:
                found = read(content, key)
            if found.sequences is None:
                show_faults(found.faults)
            else:
                preview(found.sequences)
                save(found, Path(name).stem, key)
    return code(name, found, None if file is not None else example)


def save(found: Read, name: str, key: str) -> None:
    """A form that keeps the sequences under a name; and the way on, once they are kept.

    key  of the file, and how it is read
    """
    if found.sequences is None:
        return
    if found.sequences.labels is None:
        st.info("Choose the column of the label, so that there is something to learn.", icon=":material/label:")
        return
    called = name_to_keep(name)
    if called is not None:
        with common.refusals():
            kept = owndata.keep(found.sequences, called, common.owner(), read_as=found.read_as)
        st.session_state[KEPT] = (key, found.read_as), kept
        st.rerun()
    what, own_id = st.session_state.get(KEPT, (None, ""))
    if what == (key, found.read_as) and owndata.may_use(own_id, common.owner()):
        with st.container(horizontal=True, vertical_alignment="center"):
            st.markdown(f":material/check_circle: Kept as **{plain(common.task_title(own_id))}**.", width="content")
            train_on(own_id, "own_train_kept", "primary")
