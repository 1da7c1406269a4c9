"""Sequences or a text of one's own: looked at, kept as a task; and sequences answered by models that learned from them."""

import streamlit as st

from mrnn import owndata
from pages import common
from pages.views.own_data.answers import answers
from pages.views.own_data.kept import kept
from pages.views.own_data.presets import WHAT, presets, take
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
    common.presets(presets(), take)
common.take_along(VIEWS[view or next(iter(VIEWS))](left, right))

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

models = [entry for entry in common.entries(None, common.owner()) if isinstance(entry.task, owndata.OwnTask)]
st.subheader("Answers for sequences without a label")
if models:
    answers(models)
else:
    st.caption("Once a network has learned from data of yours, it can answer new sequences here.")
