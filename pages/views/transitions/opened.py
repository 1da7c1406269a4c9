"""One sequence of many, opened at a step."""

from typing import Any

import streamlit as st

from pages import common
from pages.common.timeline import PINNED


def open_sequence(study: common.Study, number: int, step: int, *, key: str, alt: str) -> None:
    """Draw a sequence of a study, pinned at a step unless the address names another.

    key  tells pictures of one sequence apart: one that is there already keeps its own pin
    """
    if common.link.given(PINNED) is None:
        common.link.keep(PINNED, str(step))
    x, task = study.data.x[number], study.entry.task
    trace = study.trace.take(slice(number, number + 1))
    common.timeline(
        trace, common.drawable(x, task), task.classes,
        key=f"opened_{key}_{study.entry.id}_{study.layer}", layer=study.layer, down=task.is_image, in_link=True,
        inside=study.entry.inside(x[None], trace, study.layer), alt=alt,
    )  # fmt: skip


OPENED = "_sequence_opened"  # which sequence the views have opened last


def let_go(name: str, shown: tuple[Any, ...], *params: str) -> None:
    """Take out of the address what was said of something else than is shown now; at first the address is right.

    name  where it is kept what was shown
    """
    if st.session_state.get(name, shown) != shown:
        for param in params:
            common.link.keep(param, None)
    st.session_state[name] = shown
