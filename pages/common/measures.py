"""What takes a while to measure, on demand: with progress, and measured once."""

from collections.abc import Callable
from typing import Any, TypeVar

import streamlit as st

from mrnn.experiments import OnPart

Found = TypeVar("Found")


def measured(
    what: tuple[Any, ...], measure: Callable[[OnPart], Found], *, key: str, button: str, promise: str
) -> Found | None:
    """Something that is measured when a button is pressed, and kept for everybody; None until then.

    what     all that it depends on, a model's `key` among it
    measure  finds it, and may call what it is given with (parts done, in all)
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
        bar = st.empty()
        with st.spinner("Measuring", show_time=True):
            kept.append(measure(lambda done, total: bar.progress(done / total, text=f"Measured {done} of {total}")))
        st.rerun()  # without the button
    return kept[0]


@st.cache_resource(max_entries=128, show_spinner=False)
def _kept(what: tuple[Any, ...]) -> list[Any]:  # noqa: ARG001
    """Where it is put, once there is one; two who ask at once both measure, and get the same."""
    return []


def forgotten() -> None:
    """To be called when data were deleted: nothing that was measured on them stays in memory."""
    _kept.clear()
