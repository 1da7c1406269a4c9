"""Tasks as a person sees them, their own data among them; and a person's file, read once."""

import hashlib
from collections.abc import Sequence
from typing import cast

import numpy as np
import pandas as pd
import streamlit as st

from mrnn import TASKS, Task, analysis, owndata
from mrnn.owndata import Faults, Reading, Table
from pages.common import link, measures, past
from pages.common.answer import in_its_unit
from pages.common.models import Entry
from pages.common.models import forgotten as models_forgotten
from pages.common.person import owner
from pages.common.studies import kept

READ_AT_ONCE = 200  # sequences


def tasks() -> dict[str, Task]:
    """The tasks that this person can choose: the app's, and their own data, the newest last."""
    own = reversed(owndata.list_kept(owner()))
    return {**TASKS, **{kept.id: owndata.own_task(kept.id) for kept in own}}


def task_title(name: str) -> str:
    """What a task is called here; the name that somebody else has given to their data is theirs."""
    if name in TASKS:
        return TASKS[name].title
    if not owndata.is_own(name):
        return name  # of another version of this app
    return owndata.read(name).name if owndata.may_use(name, owner()) else "somebody's own data"


def begin_task(key: str, param: str, names: Sequence[str], usual: str) -> None:
    """Let a picker of tasks begin with the one that the address names, or with the usual one; before it is drawn.

    That the address names somebody's own data, or no task of this page, is said until another task is picked, or another
    page looked at. A task that ships may be named by its title, too, as older links do.

    key    of the picker, which is not bound by Streamlit: that would write into the address what data of one's own are called
    param  its name in the address
    names  those that can be picked
    """
    asked = link.given(param) if link.news() or key not in st.session_state else None
    asked = next((name for name in names if name in TASKS and TASKS[name].title == asked), asked)
    missing = asked is not None and asked not in names
    if asked in names:
        st.session_state[key] = asked
    elif missing or link.went_back() or st.session_state.get(key) not in names:
        st.session_state[key] = usual
    flag = f"_{key}_missing"
    if missing:
        st.session_state[flag] = asked, st.session_state[key]
    elif link.news():
        st.session_state.pop(flag, None)
    asked, shown = st.session_state.get(flag, (None, None))
    if asked is None or shown != st.session_state[key]:
        st.session_state.pop(flag, None)
    elif owndata.is_own(asked):
        st.info(
            "The link is about somebody's own data: they are private, and stay with the person who brought them. "
            f"Here is {TASKS[shown].title} instead, which ships with the app.",
            icon=":material/lock:",
        )
    else:
        st.info(
            f"The link asks for the task {asked}, which is none of this page. Here is {TASKS[shown].title} instead."
        )


def keep_task(param: str, name: str, usual: str) -> None:
    """Write a task into the address, as `begin_task` reads it there; nothing where it is the usual one."""
    link.keep(param, None if name == usual else name)
    if owndata.is_own(name):
        link.note_private("your own data")


def forgotten() -> None:
    """To be called when data of one's own were deleted: nothing of them stays in the memory of the server."""
    kept().clear()
    models_forgotten()
    past.forgotten()
    measures.forgotten()
    _answered.clear()
    _read_table.clear()
    _read_arrays.clear()


def answered(entry: Entry, content: bytes) -> tuple[pd.DataFrame | None, Faults]:
    """What a model of own data answers to the sequences of a further file, or what is wrong with it; once for each.

    returns  a table as of `analysis.answers_table`, or `answers_by_step` where each step has a label, None
             if there is a fault, never to be written to; and the faults
    raises   ValueError if the file cannot be read, or has other columns than the model has learned from
    """
    return _answered(entry.key, hashlib.sha256(content).hexdigest(), entry, content)


@st.cache_resource(max_entries=4, ttl=1800, show_spinner="The model reads the sequences")
def _answered(
    model: tuple[str, int],  # noqa: ARG001
    digest: str,  # noqa: ARG001
    _entry: Entry,
    _content: bytes,
) -> tuple[pd.DataFrame | None, Faults]:
    task = cast(owndata.OwnTask, _entry.task)
    sequences, faults = owndata.read_further(_content, task.kept)
    if sequences is None:
        return None, faults
    x, lengths = task.read_by_models(sequences)
    # Some at a time: what the network does at each step of all of them may be more than memory holds.
    tables = []
    for start in range(0, len(sequences), READ_AT_ONCE):
        some = sequences.take(np.arange(start, min(start + READ_AT_ONCE, len(sequences))))
        trace = in_its_unit(task, _entry.model.trace(x[start:][:READ_AT_ONCE], lengths[start:][:READ_AT_ONCE]))
        if task.per_step:
            tables.append(analysis.answers_by_step(trace, some.names, some.times, task.classes))
        else:
            tables.append(analysis.answers_table(trace, some.names, task.classes))
    return pd.concat(tables, ignore_index=True), faults


def read_table(content: bytes, reading: Reading) -> Table:
    """As `owndata.read_table`, once for each file; never to be written to."""
    return _read_table(hashlib.sha256(content).hexdigest(), reading, content)


def read_arrays(content: bytes) -> dict[str, np.ndarray]:
    """As `owndata.read_arrays`, once for each file; never to be written to."""
    return _read_arrays(hashlib.sha256(content).hexdigest(), content)


@st.cache_resource(max_entries=4, ttl=1800, show_spinner="Reading the file")
def _read_table(digest: str, reading: Reading, _content: bytes) -> Table:  # noqa: ARG001
    return owndata.read_table(_content, reading)


@st.cache_resource(max_entries=4, ttl=1800, show_spinner="Reading the file")
def _read_arrays(digest: str, _content: bytes) -> dict[str, np.ndarray]:  # noqa: ARG001
    return owndata.read_arrays(_content)
