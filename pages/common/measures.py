"""What takes a while to measure, on demand: with progress, and measured once."""

from collections.abc import Callable
from typing import Any

import pandas as pd
import streamlit as st

OnPart = Callable[[int, int], Any]


def measured(
    what: tuple[Any, ...], measure: Callable[[OnPart], pd.DataFrame], *, key: str, button: str, promise: str
) -> pd.DataFrame | None:
    """A table that is measured when a button is pressed, and kept for everybody; None until then.

    what     all that the table depends on, a model's `key` among it
    measure  makes the table, and calls what it is given with (parts done, in all)
    key      the button's, and its name on the page
    button   what stands on it
    promise  what will be done, and how long it takes, in a sentence
    """
    kept = _kept(what)
    if not kept:
        place = st.container()
        with place:
            pressed = st.button(button, key=key, icon=":material/monitoring:")
            st.caption(promise)
        if not pressed:
            return None
        bar = st.progress(0.0, text="Measuring")
        kept.append(measure(lambda done, total: bar.progress(done / total, text=f"Measured {done} of {total}")))
        st.rerun()  # without the button
    return kept[0]


@st.cache_resource(max_entries=128, show_spinner=False)
def _kept(what: tuple[Any, ...]) -> list[pd.DataFrame]:  # noqa: ARG001
    """Where a table is put, once there is one; two who ask at once both measure, and get the same."""
    return []
