"""A text, pasted or uploaded: looked at, and kept as a task."""

from pathlib import Path

import streamlit as st
from streamlit.delta_generator import DeltaGenerator

from mrnn import owndata
from mrnn.tasks.text import Text
from pages import common
from pages.common.words import plain
from pages.views.own_data.presets import PASTED, uploader
from pages.views.own_data.preview import preview_text
from pages.views.own_data.words import name_to_keep


def text(left: DeltaGenerator, right: DeltaGenerator) -> str:
    """A text that is pasted or uploaded, or with neither the one that ships with the app; Python that reads it."""
    with left:
        pasted = st.text_area(
            "Paste a text", height=200, key=PASTED, max_chars=owndata.MOST_CHARACTERS, placeholder="At least 3,000 characters: some pages.",
            help="Its last tenth is kept for the test. Nothing in it is executed.",
        )  # fmt: skip
        file = uploader(
            "Or upload a plain text file (.txt), up to 300,000 characters", ["txt", "md", "text"], "own_text_file"
        )
    with right, common.refusals():
        if file is None and not pasted.strip():
            st.markdown("#### An example: the text that ships with the app")
            preview_text(Text().text)
        else:
            st.markdown(f"#### {plain(file.name) if file else 'Your text'}")
            found = owndata.read_text(file.getvalue()) if file else owndata.plain_text(pasted)
            preview_text(found)
            called = name_to_keep(Path(file.name).stem if file else found[:30].strip().split("\n")[0] or "My text")
            if called is not None:
                owndata.keep_text(found, called, common.owner())
                st.rerun()
    if file is None and pasted.strip() in ("", Text().text.strip()):
        return "from mrnn import TASKS, owndata\n\nprint(owndata.character_counts(TASKS['text'].text))\n"
    saved = "" if file else "# text.txt: what was pasted, saved as a plain text file\n"
    return f"""from pathlib import Path

from mrnn import owndata

{saved}text = owndata.read_text(Path({(file.name if file else "text.txt")!r}).read_bytes())
print(owndata.character_counts(text))
"""
