"""How LSTMs hand over, as arrows."""

import streamlit as st

from mrnn import analysis, charts
from pages import common
from pages.views.transitions.asked import Asked


def graph(asked: Asked) -> str:
    """The same numbers as arrows; the lines of Python that make them."""
    transitions = asked.both(analysis.transitions_by_class)
    use = asked.both(analysis.usage_by_class)
    for column, name in zip(st.columns(len(asked.names)), asked.names, strict=True):
        with column:
            st.markdown(f"**{name}**")
            common.show(charts.state_graph(transitions, use, name), key=f"graph_{name}")
    st.caption(
        "Circle: an LSTM, its area the share of steps with it. Arrow: a hand-over, its width how probable it is; "
        "a loop is staying. Point at one for its numbers; arrows below 2 % are left out."
    )
    return (
        asked.lines("analysis, charts, load")
        + f"moves = analysis.transitions_by_class(trace, data.y, task.classes, {asked.study.layer})\n"
        + f"use = analysis.usage_by_class(trace, data.y, task.classes, {asked.study.layer})\n"
        + "".join(
            f'print(charts.state_graph(moves, use, "{name}").numbers)  # .chart: as SVG\n' for name in asked.names
        )
    )
