"""How much each LSTM is used: in the observed steps, in the long run, and for how long at a time."""

import streamlit as st

from mrnn import analysis, charts
from mrnn.charts.picture import capital, of_class
from pages import common
from pages.views.transitions.asked import Asked

LONG_RUN = (
    "The stationary distribution: where the chain of hand-overs would spend its time. From an LSTM that was never "
    "left, it begins anew as sequences do."
)


def use(asked: Asked) -> str:
    """Use by class, in the observed steps and in the long run; dwell times. Each with what two classes differ by.

    returns  the lines of Python that make the same
    """
    _observed(asked)
    _in_the_long_run(asked)
    _stays(asked)
    return (
        asked.lines()
        + asked.counting("usage_by_class", "usage_difference")
        + asked.counting("stationary_by_class", "stationary_difference")
        + asked.counting("dwell_by_class", "dwell_difference")
    )


def _observed(asked: Asked) -> None:
    study = asked.study
    common.show(charts.usage_bars(asked.both(analysis.usage_by_class)), key="usage")
    total = analysis.usage(study.trace.listened(study.layer), study.trace.lengths, study.trace.k)
    unused = [str(j + 1) for j in range(study.trace.k) if total[j] < 0.001]
    st.caption(
        f"Share of steps with each LSTM. LSTM {total.argmax() + 1} is listened to most, for {total.max():.0%} of all steps. "
        f"{'Never or hardly used: LSTM ' + ', '.join(unused) + '.' if unused else 'All are used.'}"
    )
    if asked.two:
        difference = asked.differing(analysis.usage_difference)
        st.markdown(_told(asked, "share of steps", common.beyond_chance(difference)))
        common.in_numbers(difference, key="usage")


def _in_the_long_run(asked: Asked) -> None:
    st.markdown("**In the long run**, if sequences went on for ever as they go", help=LONG_RUN)
    stationary = asked.both(analysis.stationary_by_class)
    common.show(charts.usage_bars(stationary, "share in the long run"), key="stationary")
    st.caption(
        "The stationary distribution of each class's transition matrix; point at a bar for its 95 % interval, or open the fold. "
        "Where it differs from use, sequences end before they settle."
    )
    if asked.two:
        difference = asked.differing(analysis.stationary_difference)
        st.markdown(_told(asked, "share in the long run", common.beyond_chance(difference)))
        common.in_numbers(stationary, difference, key="stationary")
    else:
        common.in_numbers(stationary, key="stationary")


def _stays(asked: Asked) -> None:
    st.markdown("**How long a stay lasts**")
    dwell = asked.both(analysis.dwell_by_class)
    for column, name in zip(st.columns(len(asked.names)), asked.names, strict=True):
        with column:
            st.markdown(common.words.plain(capital(of_class(name))))
            common.show(charts.dwell_curves(dwell, name), key=f"dwell_{name}")
    st.caption(
        "Share of the stays with an LSTM that last at least so many steps. Dashed: if it were left with the same "
        "probability at every step, as a Markov chain would; above the dashes, it holds on to long stays."
    )
    if asked.two:
        difference = asked.differing(analysis.dwell_difference)
        told = common.beyond_chance(difference, "+.2f", f" {asked.study.step}s")
        st.markdown(_told(asked, "mean stay", told))
        common.in_numbers(difference, key="dwell")


def _told(asked: Asked, what: str, told: str) -> str:
    return f"**{asked.apart}**, {what}, beyond chance, with 95 % intervals: {told}."
