"""Who sits at the browser: a random key in a cookie of theirs, never in an address. No accounts."""

import re
import secrets

import streamlit as st
from streamlit.components.v2 import component

from mrnn import runs

COOKIE = "mrnn_browser"
_KEY = re.compile(r"[A-Za-z0-9_-]{32}")

_keeper = component(
    "mrnn_browser_key",
    js="""
export default function ({ data, setStateValue }) {
  const found = document.cookie.split("; ").find(part => part.startsWith(data.name + "="))
  if (found) {
    // Another tab was first: this one goes on as the same person.
    const key = found.slice(data.name.length + 1)
    if (key !== data.key) setStateValue("key", key)
    return
  }
  const secure = location.protocol === "https:" ? "; Secure" : ""
  document.cookie = `${data.name}=${data.key}; path=/; max-age=31536000; SameSite=Strict${secure}`
}
""",
)


def recognise() -> None:
    """Find out who sits at the browser; once a page, before `owner` is asked."""
    key = str(st.context.cookies.get(COOKIE, ""))
    if not _KEY.fullmatch(key):
        key = st.session_state.setdefault("_browser_key", secrets.token_urlsafe(24))
        answer = _keeper(key="_keeper", data={"name": COOKIE, "key": key}, height=1, on_key_change=lambda: None)
        other = str(answer.get("key") or "")
        if _KEY.fullmatch(other):
            st.session_state["_browser_key"] = key = other
    st.session_state["_owner"] = runs.owner_of(key)


def owner() -> str:
    """The name under which this browser's runs are kept."""
    return st.session_state["_owner"]
