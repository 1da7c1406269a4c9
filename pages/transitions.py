"""Which LSTM is used for which class, and how they hand over to one another."""

import streamlit as st

from mrnn.groups import group_names
from pages import common
from pages.common.timeline import PINNED
from pages.views.transitions.asked import PRESETS, Asked, choose_by, choose_classes, choose_two
from pages.views.transitions.graph import graph
from pages.views.transitions.information import information
from pages.views.transitions.matrices import MOVE, SEQUENCE, matrices
from pages.views.transitions.over_time import over_time
from pages.views.transitions.state_map import state_map
from pages.views.transitions.steps import steps
from pages.views.transitions.two_models import two_models
from pages.views.transitions.use import use

VIEWS = {
    "Matrices": matrices,
    "Graph": graph,
    "Use": use,
    "Time": over_time,
    "Information": information,
    "Map": state_map,
    "Steps": steps,
    "Two models": two_models,
}
COUNTS = (100, 200, 500, 1_000, 2_000, 5_000, 10_000)

common.page(
    "Transitions",
    "Over many sequences: how much each LSTM is used, and which one follows which. Classes that the network tells apart "
    "often walk through its LSTMs differently.",
)
common.link.resume()
left, right = common.sides()

with left:
    entry = common.pick(None, prefer="digits-k4", key="model_transitions")
    layer = common.layer_picker(entry.config.num_layers, key="layer_transitions")
    task, by = entry.task, choose_by(entry.task)
    classes = group_names(task, by)
    only = choose_classes(task, classes) if len(classes) > 2 else classes
    first, second = choose_two(task, classes, only)
    refused = st.container()
    count = st.select_slider(
        "Sequences", COUNTS, 500, key="sequences", bind="query-params",
        help="Fresh ones that the model was not trained on: for digits MNIST's test digits. More give steadier figures.",
    )  # fmt: skip
    st.caption("Try")
    common.presets(PRESETS)

with right, common.refusals():
    view = st.pills(
        "View", list(VIEWS), default="Matrices", required=True, wrap=True, key="transitions_view", bind="query-params",
        persist_state="session",
    )  # fmt: skip
    try:
        asked = Asked(common.study(entry, layer, count, only, by), first, second)
        missing = [name for name in asked.names if not asked.number(name)]
        if missing:
            st.warning(
                f"No sequence of class {common.words.plain(missing[0])} is among these {len(asked.study.data):,}. Take more "
                "sequences, or another class."
            )
            st.stop()
        code = VIEWS[view or "Matrices"](asked)
    finally:  # though the view ends early: its controls may have been asked for what cannot be, too
        with refused:
            common.asked.say()

common.take_along(code)
common.link.remember(MOVE, SEQUENCE, PINNED)
