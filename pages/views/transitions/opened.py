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
    some = slice(number, number + 1)
    task, hidden = study.entry.task, study.hidden
    data, trace = study.data.take(some), study.trace.take(some)
    common.timeline(
        **common.pictured(task, data, trace, None if hidden is None else hidden[some], shown=None),
        key=f"opened_{key}_{study.entry.id}_{study.layer}", layer=study.layer, in_link=True,
        inside=study.entry.inside(data.x, trace, study.layer), alt=alt,
    )  # fmt: skip


def read_as(study: common.Study, number: int) -> str:
    """What a sequence was answered with, where that is wrong; where each step has an answer, how right it was."""
    task = study.entry.task
    told = common.told(task, study.trace, study.data.y, number)
    if task.per_step or not told.verdict:
        return f", {told.says}"
    if told.verdict == "right":
        return ""
    return f", read as {told.answer}"


OPENED = "_sequence_opened"  # which sequence the views have opened last


def let_go(name: str, shown: tuple[Any, ...], *params: str) -> None:
    """Take out of the address what was said of something else than is shown now; at first the address is right.

    name  where it is kept what was shown
    """
    if st.session_state.get(name, shown) != shown:
        for param in params:
            common.link.keep(param, None)
    st.session_state[name] = shown
