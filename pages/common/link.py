"""A link is the state: what the address of a page holds beside the values of the widgets that are bound to it.

Sliders, number fields and segmented controls are bound by Streamlit (`bind="query-params"`). Here is what it cannot
bind: a model by its id, a pinned step, a drawing, a form whose fields depend on one another; and a teacher's wish that
the controls be hidden.
"""

from collections.abc import Mapping
from urllib.parse import urlencode, urlsplit, urlunsplit

import streamlit as st
from streamlit.runtime.scriptrunner import get_script_run_ctx

HIDDEN = "controls"  # ?controls=off
_AT, _NEWS, _PRIVATE = "_page", "_page_is_new", "_page_private"


def arrive(page: str) -> None:
    """To be called as a page begins: from now on `news` and `went_back` know what brought a person here."""
    st.session_state[_NEWS] = went_back() or st.session_state.get(_AT) != page
    st.session_state[_AT] = page
    st.session_state[_PRIVATE] = []


def news() -> bool:
    """Whether the address is a person's wish: they have just come to this page, or gone back with the browser's button.

    Else it says what was written into it here, and may lag behind what was clicked since.
    """
    return bool(st.session_state.get(_NEWS, True))


def went_back() -> bool:
    """Whether the browser's own Back or Forward brought a person here."""
    context = get_script_run_ctx()
    return context is not None and context.is_history_navigation


def given(name: str) -> str | None:
    """What the address says of `name`."""
    return st.query_params.get(name)


def everything() -> dict[str, str]:
    """All that the address says, by name."""
    return st.query_params.to_dict()


def keep(name: str, value: str | None) -> None:
    """Write `name` into the address, or leave it out if it is None."""
    keep_all({name: value})


def keep_all(values: Mapping[str, str | None]) -> None:
    """As `keep`, of several names."""
    changed = {name: value for name, value in values.items() if st.query_params.get(name) != value}
    for name in [name for name, value in changed.items() if value is None]:
        st.query_params.pop(name)
    rest = {name: value for name, value in changed.items() if value is not None}
    if rest:
        st.query_params.update(rest)


def remember(*names: str) -> None:
    """Keep in mind what the address says of some names, for who leaves this page and comes back by the menu."""
    st.session_state[f"_left_{st.session_state.get(_AT)}"] = {name: given(name) for name in names}


def resume() -> None:
    """Write into the address what was remembered as a person left this page, if they have just come back by the menu.

    Where the address says something of it, that holds.
    """
    left = st.session_state.get(f"_left_{st.session_state.get(_AT)}", {})
    if news() and not went_back() and not any(map(given, left)):
        keep_all(left)


def address(page: str, **query: str) -> str:
    """The address of a page of this app, as the browser sees it."""
    parts = urlsplit(st.context.url or "")
    below = parts.path.rpartition("/")[0]  # the app need not lie at the root of its server
    return urlunsplit((parts.scheme, parts.netloc, f"{below}/{page}", urlencode(query), ""))


def here(*, controls: bool = True) -> str:
    """The address of this page as it is now, with its controls or without."""
    query = {name: st.query_params.get_all(name) for name in st.query_params if name != HIDDEN}
    parts = urlsplit(st.context.url or "")
    asked = query if controls else {**query, HIDDEN: ["off"]}
    return urlunsplit((parts.scheme, parts.netloc, parts.path, urlencode(asked, doseq=True), ""))


def note_private(what: str) -> None:
    """Keep in mind that this page shows what others cannot open: "the run", "the model k = 2"."""
    st.session_state[_PRIVATE] = list(dict.fromkeys([*st.session_state.get(_PRIVATE, []), what]))


def private() -> list[str]:
    """What this page shows that others cannot open."""
    return st.session_state.get(_PRIVATE, [])


def controls_hidden() -> bool:
    """Whether the address asks for the pictures alone."""
    return given(HIDDEN) == "off"
