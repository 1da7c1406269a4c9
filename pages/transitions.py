"""Which LSTM is used for which class, and how they hand over to one another."""

import streamlit as st

from pages import common
from pages.common.timeline import PINNED
from pages.views.transitions.asked import PRESETS, Asked
from pages.views.transitions.graph import graph
from pages.views.transitions.information import information
from pages.views.transitions.matrices import MOVE, SEQUENCE, matrices
from pages.views.transitions.over_time import over_time
from pages.views.transitions.state_map import state_map
from pages.views.transitions.two_models import two_models
from pages.views.transitions.use import use

VIEWS = {
    "Matrices": matrices,
    "Graph": graph,
    "Use": use,
    "Time": over_time,
    "Information": information,
    "Map": state_map,
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
    entry = common.pick(None, prefer="digits-k4", key="model_transitions", fits=lambda task: task.names_one_class)
    layer = common.layer_picker(entry.config.num_layers, key="layer_transitions")
    task, classes = entry.task, entry.task.classes
    only = classes
    if len(classes) > 2:
        picked = st.pills(
            "Only these classes", classes, selection_mode="multi", wrap=True, key=f"only_{task.name}",
            bind="query-params",
            help="Sequences of other classes are left out of all that stands at the right. With none picked, all count.",
        )  # fmt: skip
        only = tuple(name for name in classes if name in picked) or classes
    pair = [f"{which}_{task.name}" for which in ("first", "second")]
    for key, usual in zip(pair, (only[0], only[min(1, len(only) - 1)]), strict=True):
        if st.session_state.setdefault(key, usual) not in only:
            st.session_state[key] = usual
    first = st.selectbox("First class", only, key=pair[0], bind="query-params")
    second = st.selectbox("Second class", only, key=pair[1], bind="query-params")
    count = st.select_slider(
        "Sequences", COUNTS, 500, key="sequences", bind="query-params",
        help="Fresh ones that the model was not trained on: for digits MNIST's test digits. More give steadier figures.",
    )  # fmt: skip
    st.caption("Try")
    common.presets(PRESETS)

with right, common.refusals():
    st.session_state.setdefault("transitions_view", "Matrices")
    view = st.pills(
        "View", list(VIEWS), required=True, wrap=True, key="transitions_view", bind="query-params"
    )  # fmt: skip
    asked = Asked(common.study(entry, layer, count, only), first, second)
    missing = [name for name in asked.names if not asked.number(name)]
    if missing:
        st.warning(
            f"No sequence of class {missing[0]} is among these {count:,}. Take more sequences, or another class."
        )
        st.stop()
    code = VIEWS[view or "Matrices"](asked)

common.take_along(code)
common.link.remember(MOVE, SEQUENCE, PINNED)
