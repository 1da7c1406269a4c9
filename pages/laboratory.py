"""A trained network is put to use on what its task asks."""

from collections.abc import Callable
from functools import partial

import streamlit as st

from pages import common
from pages.views.laboratory.answers import answers
from pages.views.laboratory.experiments import experiment
from pages.views.laboratory.figures import figures
from pages.views.laboratory.listening import listening
from pages.views.laboratory.subject import PRESETS, choose_subject

VIEW = "lab_view"

common.page(
    "Laboratory",
    "Put a trained network to use: what it answers step by step beside what is right, what it makes when it goes on by "
    "itself, and what that comes to.",
)
left, right = common.sides()

with left:
    subject = choose_subject()
    controls = st.container()
    st.caption("Try")
    common.presets(PRESETS)

with right, common.refusals():
    views: dict[str, Callable[..., str]] = {
        "Answers": answers,
        **{one.title: partial(experiment, asked=one) for one in subject.task.experiments},
        **({"What each LSTM reads": listening} if subject.task.symbols(subject.task.make(1, 0).x[0]) else {}),
        "Figures": figures,
    }
    if st.session_state.get(VIEW, "Answers") not in views:
        st.session_state[VIEW] = "Answers"  # another task has other experiments
    common.asked.begin(VIEW, "View", "Answers", common.asked.one_of(list(views)))
    view = st.pills("View", list(views), required=True, wrap=True, key=VIEW, persist_state="session")
    common.asked.keep(VIEW, view or "Answers", "Answers")
    refused = st.container()
    try:
        code = views[view or "Answers"](subject, controls)
    finally:  # though the view ends early: its controls may have been asked for what cannot be, too
        with refused:
            common.asked.say()

common.take_along(code)
