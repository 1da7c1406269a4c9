"""What surrounds every page: its title, the menu, and one way to say what is wrong."""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, cast

import streamlit as st
from altair.typing import ChartType

from pages.common import models, person

SIDEBAR = 220  # pixels
ICON = str(Path(__file__).resolve().parents[2] / "assets" / "icon.png")
MENU = (
    ("app.py", "Overview", ":material/home:"),
    ("pages/waves.py", "Waves", ":material/airwave:"),
    ("pages/digits.py", "Digits", ":material/draw:"),
    ("pages/train.py", "Train", ":material/model_training:"),
    ("pages/sweeps.py", "Sweeps", ":material/apps:"),
    ("pages/transitions.py", "Transitions", ":material/grid_on:"),
    ("pages/k_and_tau.py", "k and tau", ":material/thermostat:"),
)


def page(title: str, lead: str) -> None:
    """Begin a page: browser title, menu, heading, and one line on what can be found out here."""
    st.set_page_config(page_title=f"{title} · MRNN", page_icon=ICON, layout="wide", initial_sidebar_state=SIDEBAR)
    with st.sidebar:
        st.markdown("**Markov recurrent networks**")
        for path, label, icon in MENU:
            st.page_link(path, label=label, icon=icon)
    with st.container(gap=None):
        person.recognise()  # draws something invisible at a first visit: it must not move the title
        st.title(title)
    st.markdown(lead)
    models.engine()  # whichever page is asked for first: runs left from before a restart go on


def show(chart: ChartType, *, key: str, alt: str) -> None:
    """Draw a chart over the whole width of its place.

    key  the picture's name on its page; also a CSS class, st-key-picture-NAME
    alt  what it shows, for those who cannot see it
    """
    with st.container(key=f"picture-{key}"):
        st.altair_chart(chart, width="stretch", key=key, alt=alt)


def show_to_click(chart: ChartType, *, key: str, alt: str, selection: str) -> list[dict[str, Any]]:
    """As `show`, for a chart in which something can be clicked; what is selected.

    selection  the name of the chart's point selection
    """
    with st.container(key=f"picture-{key}"):
        event = st.altair_chart(chart, width="stretch", key=key, alt=alt, on_select="rerun", selection_mode=[selection])
    return list(cast(Any, event)["selection"].get(selection) or [])


@contextmanager
def refusals() -> Iterator[None]:
    """Show what the code below refuses as one sentence, and end the page there."""
    try:
        yield
    except (ValueError, RuntimeError, OSError) as error:
        st.error(" ".join(str(error).split()), icon=":material/error:")
        st.stop()
