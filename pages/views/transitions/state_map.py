"""Hidden states on a plane, and the sequence of the one that is clicked."""

import pandas as pd
import streamlit as st

from mrnn import analysis, charts
from pages import common
from pages.common.timeline import PINNED
from pages.views.transitions.asked import Asked
from pages.views.transitions.opened import OPENED, let_go, open_sequence, read_as

MOST_STATES = 1_000  # t-SNE takes some seconds for them
NUMBERED = "_states_of"  # whose states were numbered last
STATE = "state"  # of the field and of the address: the sequence whose state is opened


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
            "Told by",
            ("LSTM", "class", "time") if len(study.only) > 1 else ("LSTM", "time"),
            default="LSTM",
            required=True,
            key="map_by",
            bind="query-params",
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
        "Click one to open its sequence at that step, or type its number."
    )
    if clicked is not None:
        st.session_state[STATE] = int(clicked[-1].get("sequence", 0)) if clicked else None
        common.link.keep(PINNED, None)
    _open(asked, found)
    some = f"some = slice({count})\n" if count < len(study.data) else "some = slice(None)\n"
    return f"""{asked.lines()}{some}part, trace = data.take(some), trace.take(some)
h = model.hidden(part.x, part.lengths, {study.layer})
print(analysis.states_by_sequence(h, trace, found.of[some], found.names, "{method or "PCA"}", {study.layer}))
"""


def _open(asked: Asked, states: pd.DataFrame) -> None:
    """The sequence of the state that was clicked last, or whose number was typed."""
    study = asked.study
    if (st.session_state.get(STATE) or 0) >= len(states):
        st.session_state[STATE] = None  # of a larger number of sequences
    of_now = (study.entry.id, study.drawn, study.only)
    if st.session_state.get(NUMBERED, of_now) != of_now and not common.link.went_back():
        st.session_state[STATE] = None  # its number means another sequence now
    st.session_state[NUMBERED] = of_now
    number = st.number_input(
        "Open the sequence of a state", 0, len(states) - 1, None, key=STATE, bind="query-params", persist_state="session",
        placeholder=f"its number, 0 to {len(states) - 1:,}", help="As a click on its state does; empty, none is open.",
    )  # fmt: skip
    if number is None:
        return
    (chosen,) = states[states["sequence"] == number].to_dict("records")
    t = int(chosen["t"])
    let_go(OPENED, ("map", study.entry.id, study.layer, study.drawn, study.only, number), PINNED)
    of = f", of class {chosen['class']}" if len(study.only) > 1 else ""
    told = f"No. {number}{of}{read_as(study, number)}"
    st.markdown(f"**{told}**: its state at {study.step} {t}, where LSTM {chosen['lstm']} is listened to")
    open_sequence(
        study, number, t, key=f"state_{number}",
        alt=f"Sequence {told}. The state on the map is that at {study.step} {t}.",
    )  # fmt: skip
