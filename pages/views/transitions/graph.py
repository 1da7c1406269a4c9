"""How LSTMs hand over, as arrows."""

import streamlit as st

from mrnn import analysis, charts
from pages import common
from pages.views.transitions.asked import Asked
from pages.views.transitions.matrices import verdict


def graph(asked: Asked) -> str:
    """The same numbers as arrows; the lines of Python that make them."""
    transitions = asked.both(analysis.transitions_by_class)
    use = asked.both(analysis.usage_by_class)
    difference = asked.differing(analysis.transition_difference) if asked.two else None
    for column, name in zip(st.columns(len(asked.names)), asked.names, strict=True):
        with column:
            st.markdown(f"**{common.words.plain(name)}**")
            common.show(charts.state_graph(transitions, use, name), key=f"graph_{name}")
    st.caption(
        "Circle: an LSTM, its area the share of steps with it. Arrow: a hand-over, its width how probable it is; "
        "a loop is staying. Point at one for its numbers; arrows below 2 % are left out."
    )
    if difference is not None:
        left, right = st.columns(2, vertical_alignment="center")
        with left:
            st.markdown(f"**{asked.apart}**")
            common.show(charts.difference_graph(difference, asked.first, asked.second), key="graph_difference")
        with right:
            st.caption(
                f"Orange: more probable in {common.words.plain(asked.first)}; violet: in {common.words.plain(asked.second)}. The wider, the larger the difference. "
                f"{verdict(difference, 'arrows', 'drawn')}"
            )
    layer = asked.study.layer
    lines = asked.lines("analysis, charts, load") + (
        f"moves = analysis.transitions_by_class(trace, found.of, found.names, {layer})\n"
        f"use = analysis.usage_by_class(trace, found.of, found.names, {layer})\n"
    )
    for name in asked.names:
        lines += f"print(charts.state_graph(moves, use, {name!r}).numbers)  # .chart: as SVG\n"
    if difference is not None:
        lines += (
            f"apart = analysis.transition_difference(trace, found.of, first, second, {layer})\n"
            f"print(charts.difference_graph(apart, {asked.first!r}, {asked.second!r}).numbers)\n"
        )
    return lines
