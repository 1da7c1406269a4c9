"""What surrounds every page: its title, the menu, its two sides, what one may take along, and what is wrong."""

from base64 import b64encode
from collections.abc import Iterator
from contextlib import contextmanager
from functools import partial
from pathlib import Path
from typing import Any, cast

import pandas as pd
import streamlit as st
import vl_convert
from altair.typing import ChartType
from streamlit.components.v2 import component
from streamlit.delta_generator import DeltaGenerator

from mrnn import faults
from mrnn.charts import Picture
from pages.common import asked, link, models, person, tour

SIDEBAR = 220  # pixels
STYLE, STEPS = (Path(__file__).with_name(name) for name in ("frame.css", "steps.js"))
# Sent along: of a file of its own Streamlit forgets the address when a page is drawn again before a slow browser asks.
ICON = "data:image/png;base64," + b64encode(
    (Path(__file__).resolve().parents[2] / "assets" / "icon.png").read_bytes()
).decode("ascii")
# st.html takes all drawings out, and an <img> would know neither the theme's ink nor what is pointed at.
_draw = component("mrnn_drawing", js="export default ({ data, parentElement }) => { parentElement.innerHTML = data }")
MENU = (
    ("app.py", "Overview", ":material/home:"),
    ("pages/waves.py", "Waves", ":material/airwave:"),
    ("pages/digits.py", "Digits", ":material/draw:"),
    ("pages/own_data.py", "Own data", ":material/upload_file:"),
    ("pages/laboratory.py", "Laboratory", ":material/science:"),
    ("pages/train.py", "Train", ":material/model_training:"),
    ("pages/sweeps.py", "Sweeps", ":material/apps:"),
    ("pages/compare.py", "Compare", ":material/balance:"),
    ("pages/transitions.py", "Transitions", ":material/grid_on:"),
    ("pages/k_and_tau.py", "k and tau", ":material/thermostat:"),
)


def page(title: str, lead: str) -> None:
    """Begin a page: browser title, menu, heading, and one line on what can be found out here."""
    link.arrive(title)
    asked.arrive()
    st.set_page_config(page_title=f"{title} · MRNN", page_icon=ICON, layout="wide", initial_sidebar_state=SIDEBAR)
    st.html(STYLE)
    with st.sidebar:
        st.markdown("**Markov recurrent networks**")
        for path, label, icon in MENU:
            st.page_link(path, label=label, icon=icon)
    with st.container(gap=None):
        st.html(f"<script>{STEPS.read_text(encoding='utf-8')}</script>", unsafe_allow_javascript=True)
        person.recognise()  # draws something invisible at a first visit: it must not move the title
        st.title(title)
    st.markdown(lead)
    tour.show_stop()
    st.session_state[_PICTURES] = {}
    models.engine()  # whichever page is asked for first: runs left from before a restart go on


def sides(*, above: bool = False) -> tuple[DeltaGenerator, DeltaGenerator]:
    """What drives a page, at the left third, and its picture at the right; a link may leave the controls out.

    What is said among hidden controls is seen, and the way back to them stays, even where the page ends early.

    above  the controls stand above the picture instead, which then has the whole width
    """
    if not link.controls_hidden():
        if above:
            return st.container(), st.container()
        left, right = st.columns([1, 2], gap="large")
        return left, right
    left, right = st.container(key="controls-hidden"), st.container()
    st.html(f"<style>{_ALL_BUT_ALERTS} {{ display: none }}</style>")
    if st.button("Show the controls", icon=":material/tune:"):
        link.keep(link.HIDDEN, None)
        st.rerun()
    return left, right


_ALL_BUT_ALERTS = (
    ".st-key-controls-hidden:not(:has(.stAlert)), .st-key-controls-hidden :not(:has(.stAlert), .stAlert, .stAlert *)"
)


def show(picture: Picture, *, key: str) -> None:
    """Draw a picture over the whole width of its place; its words are for those who cannot see it.

    key  the picture's name on its page; also a CSS class, st-key-picture-NAME
    """
    _note(key, picture)
    with st.container(key=f"picture-{key}"):
        if isinstance(picture.chart, str):
            _draw(key=key, data=picture.chart)
        else:
            st.altair_chart(picture.chart, width="stretch", key=key, alt=picture.words)


def show_table(table: pd.DataFrame, *, key: str) -> None:
    """As `show`, for a few numbers that are read rather than seen."""
    _note(key, table)
    st.table(table, hide_index=True)


def in_numbers(*tables: pd.DataFrame, key: str) -> None:
    """What pictures say only to those who point at them, as tables in a fold, for those who use a keyboard.

    key  tells folds of a page apart
    """
    with st.expander("In numbers", key=f"numbers_{key}", on_change="rerun") as fold:
        if fold.open:  # a page with closed folds is drawn sooner
            for table in tables:
                named = table.round(4).rename(columns=lambda name: str(name).replace("_", " "))
                st.dataframe(named, hide_index=True, width="stretch")


def show_to_click(picture: Picture, *, key: str, selection: str) -> list[dict[str, Any]] | None:
    """As `show`, for a chart in which something can be clicked.

    selection  the name of the chart's point selection
    returns    what is selected, the newest last, where a person has just changed that; None where nobody has: also of a
               picture that was drawn anew, in which nothing is selected any more
    """
    _note(key, picture)
    with st.container(key=f"picture-{key}"):
        event = st.altair_chart(
            cast(ChartType, picture.chart), width="stretch", key=key, alt=picture.words, selection_mode=[selection],
            on_select=partial(st.session_state.__setitem__, _PRESSED, key),
        )  # fmt: skip
    if st.session_state.get(_PRESSED) != key:
        return None
    del st.session_state[_PRESSED]
    return list(cast(Any, event)["selection"].get(selection) or [])


def take_along(code: str | None) -> None:
    """The end of a page: its link, its pictures and their numbers, and the lines of Python that make the same.

    code  Python that runs where `mrnn` can be imported, from the folder of the app; None where nothing is to be made
    """
    asked.let_go()
    with st.container(horizontal=True, key="take-along"):
        _link()
        pictures: dict[str, Picture | pd.DataFrame] = st.session_state[_PICTURES]
        if pictures:
            with st.popover("Pictures and numbers", icon=":material/download:"):
                _save(pictures)
        if code is not None:
            with st.popover("Python", icon=":material/code:"):
                st.markdown("These lines make the same, in the folder of this app:")
                st.code(code)


@st.fragment
def _link() -> None:
    """The page's address, read again when it is opened: parts of a page that are drawn by themselves write to it, too."""
    with st.popover("Link", icon=":material/link:", key="link", on_change="rerun"):
        st.markdown("Opens this page as it is now.")
        if link.private():
            st.markdown(
                f":material/lock: Private: {', '.join(link.private())}. To others the link says so, and shows something "
                "else; what you have trained opens for them once you have published it."
            )
        st.code(link.here(), language=None, wrap_lines=True)
        st.markdown("The same with the pictures alone, for a class:")
        st.code(link.here(controls=False), language=None, wrap_lines=True)


_PRESSED = "_pressed"  # the key of the picture in which something was selected just now, or nothing any more
_PICTURES = "_pictures"  # of the page that is seen, by their keys; a fragment that is drawn again puts in its newest


def _note(key: str, picture: Picture | pd.DataFrame) -> None:
    st.session_state.setdefault(_PICTURES, {})[key] = picture


def _save(pictures: dict[str, Picture | pd.DataFrame]) -> None:
    chosen = st.selectbox(
        "Picture", list(pictures), key="picture_to_save", format_func=lambda key: key.replace("_", " ")
    )

    # Looked up when they are asked for: what trains is drawn again and again.
    def svg() -> str:
        chart = cast(Picture, pictures[chosen]).chart
        return chart if isinstance(chart, str) else vl_convert.vegalite_to_svg(_wide(chart))

    def png() -> bytes:
        chart = cast(Picture, pictures[chosen]).chart
        if isinstance(chart, str):
            return vl_convert.svg_to_png(chart, scale=2)
        return vl_convert.vegalite_to_png(_wide(chart), scale=2)

    def numbers() -> str:
        shown = pictures[chosen]
        return (shown.numbers if isinstance(shown, Picture) else shown).to_csv(index=False)

    with st.container(horizontal=True):
        if isinstance(pictures[chosen], Picture):
            st.download_button("SVG", svg, f"{chosen}.svg", "image/svg+xml", on_click="ignore")
            st.download_button("PNG", png, f"{chosen}.png", "image/png", on_click="ignore")
        st.download_button("CSV", numbers, f"{chosen}.csv", "text/csv", on_click="ignore")
    st.caption("Where steps are shown one by one, the picture has a Save button of its own.")


def _wide(chart: ChartType) -> dict[str, Any]:
    return {**chart.to_dict(), "width": 700}


def refuse(error: Exception) -> None:
    """Show what was refused as one sentence."""
    st.error(faults.sentence(error), icon=":material/error:")


@contextmanager
def refusals() -> Iterator[None]:
    """Show what the code below refuses as one sentence, and end the page there."""
    try:
        yield
    except (ValueError, RuntimeError, OSError) as error:
        refuse(error)
        st.stop()
