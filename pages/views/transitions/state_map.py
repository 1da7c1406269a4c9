"""Hidden states on a plane, and the sequence of the one that is clicked."""

import pandas as pd
import streamlit as st

from mrnn import analysis, charts
from pages import common
from pages.common.timeline import PINNED
from pages.views.transitions.asked import Asked
from pages.views.transitions.opened import let_go, open_sequence

MOST_STATES = 1_000  # t-SNE takes some seconds for them
STATE = "state"  # of the address: the sequence whose state is opened
CLICKED = "_state_clicked"  # what was selected when the map was last drawn


def state_map(asked: Asked) -> str:
    """Hidden states of the layer, by PCA or t-SNE; a click on one opens its sequence at that step.

    returns  the lines of Python that make the same map
    """
    study = asked.study
    left, right = st.columns(2)
    with left:
        method = st.segmented_control(
            "Map", analysis.METHODS, default="PCA", required=True, key="map_method", bind="query-params",
            help="PCA: the two directions in which states differ most. t-SNE: neighbours stay neighbours, far distances mean nothing.",
        )  # fmt: skip
    with right:
        told_by = st.segmented_control(
            "Told by", ("LSTM", "class", "time"), default="LSTM", required=True, key="map_by", bind="query-params"
        )
    count = min(MOST_STATES, len(study.data))
    with st.spinner(f"Laying out {count:,} hidden states"):
        found = common.states(study, count, "t-SNE" if method == "t-SNE" else "PCA")
    clicked = common.show_to_click(
        charts.state_scatter(found, told_by or "LSTM", study.trace.k), key="map", selection=charts.STATE
    )
    explained = found.attrs["explained"]
    axes = (
        f"The two axes hold {sum(explained):.0%} of the states' variance."
        if explained
        else "Neighbours are alike; far distances and sizes of clusters mean nothing."
    )
    layers = study.entry.config.num_layers
    where = f"layer {study.layer + 1} of {layers}" if layers > 1 else "its one layer"
    st.caption(
        f"One hidden state h of {where} from each of {count:,} sequences, at a random step. {axes} "
        "Click one to open its sequence at that step."
    )
    _open(asked, found, [int(state["sequence"]) for state in clicked if "sequence" in state])
    some = f"some = slice({count})\n" if count < len(study.data) else "some = slice(None)\n"
    return f"""{asked.lines()}{some}part, trace = data.take(some), trace.take(some)
h = model.hidden(part.x, part.lengths, {study.layer})
print(analysis.states_by_sequence(h, trace, part.y, task.classes, "{method or "PCA"}", {study.layer}))
"""


def _open(asked: Asked, states: pd.DataFrame, clicked: list[int]) -> None:
    """The sequence of the state that was clicked last, or that the address names."""
    study = asked.study
    if clicked != st.session_state.get(CLICKED, []):
        common.link.keep(STATE, str(clicked[0]) if clicked else None)
        common.link.keep(PINNED, None)
    st.session_state[CLICKED] = clicked
    chosen = states[states["sequence"].astype(str) == common.link.given(STATE)].to_dict("records")
    if not chosen:
        return
    number, t = int(chosen[0]["sequence"]), int(chosen[0]["t"])
    let_go("_state_shown", (study.entry.id, study.drawn, study.only, number), PINNED)
    answer = study.classes[int(study.trace.answers[number].argmax())]
    told = f"No. {number}, of class {chosen[0]['class']}" + (
        f", read as {answer}" if answer != chosen[0]["class"] else ""
    )
    st.markdown(f"**{told}**: its state at {study.step} {t}, where LSTM {chosen[0]['lstm']} is listened to")
    open_sequence(
        study, number, t, key=f"state_{number}",
        alt=f"Sequence {told}. The state on the map is that at {study.step} {t}.",
    )  # fmt: skip
