"""How much each LSTM is used: in the observed steps, in the long run, and for how long at a time."""

import streamlit as st

from mrnn import analysis, charts
from pages import common
from pages.views.transitions.asked import Asked

LONG_RUN = (
    "The stationary distribution: where the chain of hand-overs would spend its time. From an LSTM that was never "
    "left, it begins anew as sequences do."
)


def use(asked: Asked) -> None:
    """Use by class, in the observed steps and in the long run; dwell times."""
    study = asked.study
    common.show(
        charts.usage_bars(asked.both(analysis.usage_by_class)),
        key="usage",
        alt="Share of steps of each LSTM, by class.",
    )
    total = analysis.usage(study.trace.listened(study.layer), study.trace.lengths, study.trace.k)
    unused = [str(j + 1) for j in range(study.trace.k) if total[j] < 0.001]
    st.caption(
        f"Share of steps with each LSTM. LSTM {total.argmax() + 1} is listened to most, for {total.max():.0%} of all steps. "
        f"{'Never or hardly used: LSTM ' + ', '.join(unused) + '.' if unused else 'All are used.'}"
    )
    if asked.two:
        difference = study.counted(analysis.usage_difference, *asked.pair)
        real = difference[difference["beyond_chance"]]
        told = "; ".join(
            f"LSTM {j}: {gap:+.1%} ({low:+.1%} to {high:+.1%})"
            for j, gap, low, high in zip(real["lstm"], real["difference"], real["low"], real["high"], strict=True)
        )
        st.markdown(
            f"**{asked.first} minus {asked.second}**, beyond chance, with 95 % intervals: {told or 'no LSTM at all'}."
        )
    st.markdown("**In the long run**, if sequences went on for ever as they go", help=LONG_RUN)
    common.show(
        charts.usage_bars(asked.both(analysis.stationary_by_class), "share in the long run"), key="stationary",
        alt="Stationary distribution over the LSTMs, by class.",
    )  # fmt: skip
    st.caption(
        "The stationary distribution of each class's transition matrix. Where it differs from use, sequences end before they settle."
    )
    st.markdown("**How long a stay lasts**")
    dwell = asked.both(analysis.dwell_by_class)
    for column, name in zip(st.columns(len(asked.names)), asked.names, strict=True):
        with column:
            st.markdown(f"Class {name}")
            common.show(
                charts.dwell_curves(dwell, name), key=f"dwell_{name}",
                alt=f"Share of the stays with each LSTM that last at least so many steps, in class {name}.",
            )  # fmt: skip
    st.caption(
        "Share of the stays with an LSTM that last at least so many steps. Dashed: if it were left with the same "
        "probability at every step, as a Markov chain would; above the dashes, it holds on to long stays."
    )
