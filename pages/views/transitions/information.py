"""What z tells of the class and of the place in the sequence."""

import numpy as np
import pandas as pd
import streamlit as st

from mrnn import Trace, analysis, charts
from pages import common
from pages.views.transitions.asked import Asked


def information(asked: Asked) -> str:
    """What z tells of the class and of the place in the sequence; the lines of Python that make the same."""
    study = asked.study
    several = len(study.only) > 1
    on_place = study.counted(_on_position)
    on_class, by_step = study.counted(_on_class) if several else (None, None)
    _table({"class": on_class} if on_class else {}, on_place)
    lines = f"{asked.lines()}path = trace.listened({study.layer})\n"
    position = "print(analysis.information_on_position(path, trace.lengths, trace.k))\n"
    if by_step is None:
        return lines + position
    common.show(charts.information_curve(by_step), key="information")
    best = by_step.loc[by_step["information"].idxmax()]
    most = f"z tells most of the class at step {best['t']:.0f}: {best['information']:.3f} nats."
    if best["information"] <= best["limit"]:
        most = f"At no step does z tell more of the class than chance makes of it, up to {best['limit']:.3f} nats."
    st.caption(f"{most} Shaded: what 95 % of shuffles stay below at all steps at once.")
    return f"""{lines}of_class, by_step = analysis.information_on_class(path, trace.lengths, trace.k, found.of)
print(of_class)
{position}print(by_step)
"""


def _table(on_class: dict[str, analysis.Information], on_place: analysis.Information) -> None:
    """What z tells of each, beside chance; of the class only where there are several."""
    rows = [
        {
            "z tells of the": what,
            "nats": round(found.value, 4),
            "by chance": round(found.chance, 4),
            "at most": round(found.most, 4),
            "beyond chance": "yes" if found.beyond_chance else "no",
        }
        for what, found in {**on_class, "position t": on_place}.items()
    ]
    common.show_table(pd.DataFrame(rows), key="mutual_information")
    what = "the class, or the place in the sequence," if on_class else "the place in the sequence"
    st.caption(
        f"Mutual information: how much less uncertain {what} is once one knows which LSTM was listened to at one step of it. "
        f"By chance: the mean of {on_place.shuffles} shuffles of whole sequences. What z tells of single steps stands in the "
        "view Steps."
    )


def _on_class(trace: Trace, y: np.ndarray, layer: int) -> tuple[analysis.Information, pd.DataFrame]:
    return analysis.information_on_class(trace.listened(layer), trace.lengths, trace.k, y)


def _on_position(trace: Trace, _: np.ndarray, layer: int) -> analysis.Information:
    return analysis.information_on_position(trace.listened(layer), trace.lengths, trace.k)
