"""A link is the state: what the address of a page holds beside the values of the widgets that are bound to it.

Sliders, number fields and segmented controls are bound by Streamlit (`bind="query-params"`). Here is what it cannot
bind: a model by its id, a pinned step, a drawing; and a teacher's wish that the controls be hidden.
"""

from urllib.parse import urlencode, urlsplit, urlunsplit

import streamlit as st

HIDDEN = "controls"  # ?controls=off


def given(name: str) -> str | None:
    """What the address says of `name`."""
    return st.query_params.get(name)


def keep(name: str, value: str | None) -> None:
    """Write `name` into the address, or leave it out if it is None."""
    if value is None:
        st.query_params.pop(name, None)
    elif st.query_params.get(name) != value:
        st.query_params[name] = value


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


def controls_hidden() -> bool:
    """Whether the address asks for the pictures alone."""
    return given(HIDDEN) == "off"
