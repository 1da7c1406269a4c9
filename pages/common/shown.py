"""A run, a sweep or a comparison that is shown: the address names it, so that a link opens it again."""

from collections.abc import Callable
from typing import Protocol, TypeVar

import streamlit as st

from pages.common import link, person

RUN, SWEEP = "run", "sweep"  # in the address


class Trained(Protocol):
    """What somebody has trained, and may have published."""

    @property
    def id(self) -> str: ...
    @property
    def owner(self) -> str: ...
    @property
    def public(self) -> bool: ...


Kind = TypeVar("Kind", bound=Trained)


def at_address(param: str, read: Callable[[str], Kind], fits: Callable[[Kind], bool] = lambda _: True) -> Kind | None:
    """What the address names, if this browser may see it.

    param  its name in the address
    read   finds it by its id; a ValueError means that there is none
    fits   whether it can be shown on this page
    """
    wanted = link.given(param)
    if wanted is None:
        return None
    try:
        found = read(wanted)
    except ValueError:
        found = None
    if found is not None and fits(found) and (found.public or found.owner == person.owner()):
        return found
    st.session_state[_missing(param)] = True
    return None


def keep_in_link(param: str, shown: Trained | None, what: str, missing: str) -> None:
    """Let the address name what is shown, and say what was asked for in vain until something else is, or another page.

    what     what it is, for whoever takes the link: "the run"
    missing  the sentence to be said
    """
    flag = _missing(param)
    here = None if shown is None else shown.id
    if st.session_state.get(flag) is True:  # found in this run
        st.session_state[flag] = here
    elif link.news():  # it was another address, perhaps another page's
        st.session_state.pop(flag, None)
    if flag in st.session_state and st.session_state[flag] == here:
        st.info(missing, icon=":material/lock:")
    else:
        st.session_state.pop(flag, None)
    if shown is None:
        return
    link.keep(param, shown.id)
    if not shown.public:
        link.note_private(what)


def _missing(param: str) -> str:
    return f"_{param}_missing"
