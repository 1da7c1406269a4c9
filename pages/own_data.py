"""Sequences or a text of one's own: looked at, kept as a task; and sequences answered by models that learned from them."""

from pathlib import Path

import streamlit as st

from mrnn import owndata
from pages import common
from pages.views.own_data.answers import answers
from pages.views.own_data.kept import kept
from pages.views.own_data.presets import PRESETS, WHAT, take
from pages.views.own_data.sequences import labelled
from pages.views.own_data.text import text

VIEWS = {"Sequences": labelled, "A text": text}

common.page(
    "Own data",
    "Upload sequences of your own that have a label, and find out whether a network can tell them apart, and by which of "
    "its LSTMs; or a text, for a network to go on with. The server keeps them for this browser alone.",
)
left, right = common.sides()

with left, common.refusals():
    st.session_state.setdefault(WHAT, next(iter(VIEWS)))
    view = st.segmented_control("What you have", list(VIEWS), required=True, key=WHAT, bind="query-params")
    st.caption("Try")
    common.presets(PRESETS, take)
common.take_along(VIEWS[view or next(iter(VIEWS))](left, right))


def links(*pages: str) -> None:
    """Links to pages, by their addresses."""
    for path, label, icon in common.MENU:
        if Path(path).stem in pages:
            st.page_link(path, label=label, icon=icon)


mine = owndata.list_kept(common.owner())
st.divider()
st.subheader("Your data")
if mine:
    kept(mine)
    st.caption(
        "Inputs, and numbers to be told, are brought to one scale, learned on the part to learn from alone; where a "
        "sequence has a class, both parts have the same share of each. Publishing a run shows its figures to others, but neither the data nor a way to use the model."
    )
else:
    st.caption(f"None yet. What you keep is listed here, up to {owndata.MOST_KEPT} sets; only this browser sees it.")
with st.container(horizontal=True, vertical_alignment="center"):
    st.caption("Networks learn from them on", width="content")
    links("train", "sweeps", "compare")
    st.caption("and are looked at on", width="content")
    links("laboratory", "transitions", "k_and_tau")
st.caption("The latter three offer what a network has learned from.")

models = [entry for entry in common.entries(None, common.owner()) if isinstance(entry.task, owndata.OwnTask)]
st.subheader("Answers for sequences without a label")
if models:
    answers(models)
else:
    st.caption("Once a network has learned from data of yours, it can answer new sequences here.")
