"""What the Own data page offers to try at a press: each example, and the text that ships with the app."""

from collections.abc import Mapping, Sequence
from typing import Any

import streamlit as st
from streamlit.runtime.uploaded_file_manager import UploadedFile

from mrnn import owndata
from mrnn.tasks.text import Text

WHAT, EXAMPLE, PASTED = "own_what", "own_example", "own_pasted"  # keys of widgets
TRIED = (
    "Who walks, who runs?",
    "Decimal commas",
    "NumPy arrays",
    "When does the gait change?",
    "How fast?",
    "A file with faults",
)  # each of owndata.EXAMPLES
_FRESH = "_own_fresh"


PRESETS: dict[str, dict[str, Any]] = {  # for each button the widgets that it sets, and their values, or what makes them
    **{name: {WHAT: "Sequences", EXAMPLE: each} for name, each in zip(TRIED, owndata.EXAMPLES, strict=True)},
    "A chapter of Alice": {WHAT: "A text", PASTED: lambda: Text().text.split("CHAPTER II")[0]},
    "All of Alice": {WHAT: "A text", PASTED: lambda: Text().text},
}


def take(values: Mapping[str, Any]) -> None:
    """Set what a preset names; a file that was uploaded before is put aside."""
    st.session_state.update({key: value() if callable(value) else value for key, value in values.items()})
    st.session_state[_FRESH] = st.session_state.get(_FRESH, 0) + 1


def uploader(label: str, kinds: Sequence[str], key: str, hint: str | None = None) -> UploadedFile | None:
    """A place for a file; another one after each preset, as none can be emptied."""
    return st.file_uploader(label, type=kinds, key=f"{key}{st.session_state.get(_FRESH) or ''}", help=hint)
