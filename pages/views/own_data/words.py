"""What is to be told of a person's sequences, in words; and a name that is asked for."""

from collections.abc import Sequence

import streamlit as st

from mrnn.data import Target
from pages.common.words import plain


def asked(target: Target, per_step: bool, classes: Sequence[str]) -> str:
    """What is to be told of sequences, "which of 3 classes each sequence is of"."""
    each = "each step" if per_step else "each sequence"
    if target == "class":
        return f"which of {len(classes)} classes {each} is of"
    return f"{plain(classes[0])}, a number for {each}"


def name_to_keep(name: str) -> str | None:
    """What it shall be called, once somebody wants to keep it."""
    with st.form("own_save", border=False), st.container(horizontal=True, vertical_alignment="bottom"):
        called = st.text_input("Name", name, max_chars=60)
        pressed = st.form_submit_button("Keep it as a task", icon=":material/save:", type="primary")
    return called if pressed else None
