"""Tasks as a person sees them, their own data among them; and a person's file, read once."""

import hashlib

import numpy as np
import streamlit as st

from mrnn import TASKS, Task, owndata
from mrnn.owndata import Reading, Table
from pages.common.models import forgotten as models_forgotten
from pages.common.person import owner
from pages.common.studies import kept


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


def forgotten() -> None:
    """To be called when data of one's own were deleted: nothing of them stays in the memory of the server."""
    kept().clear()
    models_forgotten()
    _read_table.clear()
    _read_arrays.clear()


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
