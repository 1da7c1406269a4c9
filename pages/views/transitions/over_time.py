"""q over time."""

import math

import streamlit as st

from mrnn import analysis, charts
from mrnn.charts.picture import capital, of_class
from pages import common
from pages.views.transitions.asked import Asked


def over_time(asked: Asked) -> str:
    """Mean q of both classes over time, their difference, and how undecided q is; the lines of Python that make them."""
    study = asked.study
    mean = asked.both(analysis.mean_q)
    st.markdown("**q(t), averaged over sequences**", help=common.words.Q)
    for name in asked.names:
        st.markdown(common.words.plain(capital(of_class(name))))
        common.show(charts.mean_q_heatmap(mean, name), key=f"mean_{name}")
    coloured = ""
    if asked.two:
        st.markdown(asked.apart)
        difference = asked.differing(analysis.q_difference)
        common.show(charts.q_difference_heatmap(difference, asked.first, asked.second), key="q_difference")
        common.in_numbers(difference, key="q_difference")
        real = difference[difference["beyond_chance"]]
        coloured = "Only differences beyond chance are coloured. "
        when = f"The classes part at step {real['t'].min()}." if len(real) else "Nowhere do they part beyond chance."
    else:
        when = "Choose two classes to see where they part." if len(study.groups.names) > 1 else ""
    st.caption(f"Bright where an LSTM is probable in most sequences. {coloured}{when}")
    st.markdown("**How undecided q is**")
    entropy = asked.both(analysis.entropy_by_class)
    entropy = entropy[entropy["class"].isin(asked.names)]
    most = math.log(study.trace.k)
    common.show(charts.entropy_curves(entropy, most), key="entropy")
    st.caption(
        f"Mean entropy of q: 0 nats is decided, ln {study.trace.k} = {most:.2f} nats prefers no LSTM. "
        f"On average {entropy['entropy'].mean():.2f} nats here. The band is the 95 % interval of the mean."
    )
    return asked.lines() + asked.counting("mean_q", "q_difference") + asked.counting("entropy_by_class")
