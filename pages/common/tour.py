"""The guided tour: a few stops through the pages, each with one thing to look at. Which stop it is stands in the address."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

import streamlit as st

from pages.common import link, training_form, whole

STOP = "tour"  # ?tour=3


@dataclass(frozen=True)
class Stop:
    """One stop.

    page   the page's file
    title  what it is about
    text   what to look at, in a few short sentences
    look   the key of the container that is outlined
    sets   widgets of that page and their values: all of them that its words depend on
    train  the task that the form of Train begins with, at what learns well; or None
    """

    page: str
    title: str
    text: str
    look: str
    sets: Mapping[str, Any] = field(default_factory=dict)
    train: str | None = None


STOPS = (
    Stop(
        "app.py",
        "Several LSTMs, one voice",
        "The signal comes in from the left. At every step each LSTM gets a probability q, and the strip z shows the one "
        "that is listened to. Move over the picture, or press play.",
        "picture-overview",
    ),
    Stop(
        "pages/waves.py",
        "A plain sine",
        "No alien is in this signal. See how the strip changes with the phase of the sine: the network hands over from one LSTM "
        "to another, though nobody told it to.",
        "picture-timeline",
        {**whole.WAVES, "wave_kind": "non-alien"},
    ),
    Stop(
        "pages/waves.py",
        "The alien arrives",
        "The same sine with a second, faster wave in it. Compare q and z with the stop before, and see at which step the answer settles.",
        "picture-timeline",
        whole.WAVES,
    ),
    Stop(
        "pages/waves.py",
        "One step in numbers",
        "Click into the picture: that pins a step, and a table below says q and z in numbers. The arrow keys go from step to step, "
        "Escape lets go.",
        "picture-timeline",
        whole.WAVES,
    ),
    Stop(
        "pages/digits.py",
        "This stroke, this LSTM",
        "Here time runs downwards: a digit is read row by row. Draw one yourself, and see which LSTM reads which stroke.",
        "picture-rows",
        {"model_digits": "digits-k4", "layer_digits": 3, "digit_source": "Draw"},
    ),
    Stop(
        "pages/transitions.py",
        "How they hand over",
        "Over many digits: which LSTM follows which in a 4, and in a 9? Only differences that chance does not explain are coloured. "
        "Click a cell to see where it happens.",
        "picture-difference",
        {
            "model_transitions": "digits-k4", "transitions_view": "Matrices", "only_digits": [], "first_digits": "4",
            "second_digits": "9", "sequences": 500, "moves_as": "probabilities", "layer_transitions": 3,
        },
    ),
    Stop(
        "pages/k_and_tau.py",
        "More LSTMs, and a softer choice",
        "The same signal, read by networks with 1, 2, 4, 8 and 16 LSTMs: most of the sixteen are never heard, and one alone answers as well. "
        "In the next view, Temperature, the slider tau turns a blend into a hard pick; in Lesions you choose who is listened to.",
        "picture-by_k",
        whole.NETWORKS,
    ),
    Stop(
        "pages/train.py",
        "Train one yourself",
        "Press Train: within half a minute on two cores a network learns to find the alien, and its LSTMs share out the work before your "
        "eyes. Then look at it on the other pages: it is in every model menu.",
        "train",
        train="waves",
    ),
)  # fmt: skip


def invite() -> None:
    """A button that begins the tour."""
    if st.button(f"Take the tour, {len(STOPS)} stops", icon=":material/tour:", key="tour_begin"):
        _go(1)


def show_stop() -> None:
    """The stop that the address names, if it names one: its words, and the way on. Before any widget of the page."""
    given = link.given(STOP) or ""
    if not (given.isdecimal() and 1 <= int(given) <= len(STOPS)):
        return
    number = int(given)
    stop = STOPS[number - 1]
    if st.session_state.get(_SET) != number and set(st.query_params) <= {STOP, link.HIDDEN}:
        _set(number)  # opened by its address; one that says more, as after a reload, is taken at its word
    with st.container(border=True, key="tour"):
        st.markdown(f"**Stop {number} of {len(STOPS)}: {stop.title}.** {stop.text}")
        with st.container(horizontal=True, gap="small"):
            if number > 1 and st.button("Back", icon=":material/arrow_back:", key="tour_back"):
                _go(number - 1)
            last = number == len(STOPS)
            if not last and st.button("Next", icon=":material/arrow_forward:", key="tour_next", type="primary"):
                _go(number + 1)
            if st.button("End of the tour" if last else "Leave the tour", key="tour_leave", type="tertiary"):
                link.keep(STOP, None)
                st.rerun()
    outline = "outline: 2px solid #ff2d95; outline-offset: 6px; border-radius: 4px"
    st.html(f"<style>.st-key-{stop.look} {{ {outline} }}</style>")


def _go(number: int) -> None:
    _set(number)
    st.switch_page(STOPS[number - 1].page, query_params={STOP: str(number)})


_SET = "_tour_stop"  # the stop whose widgets were set last


def _set(number: int) -> None:
    st.session_state[_SET] = number
    stop = STOPS[number - 1]
    st.session_state.update(stop.sets)
    if stop.train is not None:
        training_form.begin_as_usual(stop.train)
