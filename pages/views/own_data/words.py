"""A person's words: shown as they stand, and asked for as a name."""

import streamlit as st


def plain(text: str) -> str:
    """A person's words, none of whose signs are Markdown."""
    return "".join(f"\\{sign}" if sign in "\\`*_{}[]()<>#+-.!|$~:" else sign for sign in text)


def name_to_keep(name: str) -> str | None:
    """What it shall be called, once somebody wants to keep it."""
    with st.form("own_save", border=False), st.container(horizontal=True, vertical_alignment="bottom"):
        called = st.text_input("Name", name, max_chars=60)
        pressed = st.form_submit_button("Keep it as a task", icon=":material/save:", type="primary")
    return called if pressed else None
