"""Hidden states on a plane."""

import streamlit as st

from mrnn import analysis, charts
from pages import common
from pages.views.transitions.asked import Asked

MOST_STATES = 1_000  # t-SNE takes some seconds for them


def state_map(asked: Asked) -> None:
    """Hidden states on a plane."""
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
    common.show(
        charts.state_scatter(found, told_by or "LSTM", study.trace.k), key="map",
        alt=f"Map of hidden states by {method}, told by {told_by}.",
    )  # fmt: skip
    explained = found.attrs["explained"]
    axes = (
        f"The two axes hold {sum(explained):.0%} of the states' variance."
        if explained
        else "Neighbours are alike; far distances and sizes of clusters mean nothing."
    )
    st.caption(f"One hidden state h of the last layer from each of {count:,} sequences, at a random step. {axes}")
