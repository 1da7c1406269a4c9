"""Sequences of one's own: uploaded, looked at, kept as a task; and answered by the models that learned from them."""

from pathlib import Path

import streamlit as st

from mrnn import owndata
from pages import common
from pages.views.own_data import answers, code, kept, plain, preview, read, save, show_faults

EXAMPLE, FIRST = "own_example", next(iter(owndata.EXAMPLES))

common.page(
    "Own data",
    "Upload sequences of your own that have a label, and find out whether a network can tell them apart, and by which of "
    "its LSTMs. The server keeps them for this browser alone.",
)
left, right = common.sides()

with left:
    file = st.file_uploader(
        "A CSV file or NumPy arrays (.npz), up to 64 MB and 1,000,000 rows", type=["csv", "tsv", "txt", "dat", "data", "npz"],
        key="own_file", help="A row a step (sequence, step, inputs, label) or a row a sequence. Nothing in it is executed.",
    )  # fmt: skip
    common.asked.begin(EXAMPLE, "example", FIRST, common.asked.one_of(list(owndata.EXAMPLES)))
    example = st.selectbox(
        "Or look at an example", list(owndata.EXAMPLES), key=EXAMPLE, persist_state="session", disabled=file is not None
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
    what = f"#### {plain(name)}" if file is not None else "#### An example: who walks, runs or climbs stairs?"
    st.markdown(what)
    with common.refusals():
        with left:
            found = read(content, key=f"own_{file.file_id if file is not None else example}")
        if found.sequences is None:
            show_faults(found.faults)
        else:
            preview(found.sequences)
            save(found, Path(name).stem)
common.take_along(code(name, found, None if file is not None else example))

mine = owndata.list_kept(common.owner())
st.divider()
st.subheader("Your data")
if not mine:
    st.caption(
        f"None yet. What you keep is listed here, up to {owndata.MOST_KEPT} sets; only this browser sees it, and it can "
        "be chosen on Train and Sweeps."
    )
else:
    kept(mine)
    st.caption(
        "Inputs are brought to one scale, learned on the part to learn from alone; both parts have the same share of "
        "each class. Publishing a run shows its figures to others, but neither the data nor a way to use the model."
    )

models = [entry for entry in common.entries(None, common.owner()) if owndata.is_own(entry.notes["task"])]
st.subheader("Answers for sequences without a label")
if models:
    answers(models)
else:
    st.caption("Once a network has learned from data of yours, it can answer new sequences here.")
