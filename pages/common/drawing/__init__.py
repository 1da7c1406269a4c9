"""A field to draw a digit or a wave on, and the drawing that the address keeps."""

import base64
from pathlib import Path
from typing import Any

import numpy as np
import streamlit as st
from streamlit.components.v2 import component
from streamlit.delta_generator import DeltaGenerator

from mrnn.tasks import sketch
from mrnn.tasks.digits import pack, to_mnist, unpack
from pages.common import link

HERE = Path(__file__).parent
FIELD, DIGIT, WAVE, CSS = (
    (HERE / name).read_text(encoding="utf-8") for name in ("drawing.js", "digit.js", "wave.js", "drawing.css")
)
KEPT = "drawing"  # in the address
HIGH = {"digit": 264 + 6 + 44, "wave": 200 + 6 + 44}  # pixels: the field, and its buttons as a finger needs them
SENT = 112  # pixels a side, as digit.js sends them
KEYS = "Arrow keys move the pen, space puts it down or lifts it, backspace undoes, delete clears."
_digit = component("mrnn_drawing_field", js=FIELD + DIGIT, css=CSS)
_wave = component("mrnn_wave_field", js=FIELD + WAVE, css=CSS)


def drawn(key: str) -> str | None:
    """What is drawn in the field with this key, as 28 x 28 packed pixels; None where nothing is.

    It comes from the field, or else from before a look at another page, or else from the address; which keeps it.
    """
    _go_back(key, KEPT)
    ink = _ink(key)
    packed = read(ink["pixels"]) if ink else st.session_state.get(f"_{key}", link.given(KEPT))
    sound = bool(packed) and _sound(packed)
    _say_if_unreadable(key, packed or None, sound, "Here is a test digit instead; draw one.")
    return _kept(key, KEPT, packed if sound else None)


def drawn_wave(key: str) -> str:
    """The curve that is drawn in the wave field with this key, packed; a sine until somebody draws.

    It comes from the field, or else from before a look at another page, or else from the address; which keeps it,
    under the name of the key.
    """
    _go_back(key, key)
    ink = _ink(key)
    packed = read_wave(ink["heights"]) if ink else st.session_state.get(f"_{key}", link.given(key))
    try:
        sketch.unpack(packed or "")
        sound = True
    except ValueError:
        sound = False
    _say_if_unreadable(key, packed, sound, "Here is a sine instead; draw on it.")
    return _kept(key, key, packed if sound else None) or sketch.SINE


def _say_if_unreadable(key: str, packed: str | None, sound: bool, instead: str) -> None:
    """Say that the address held no drawing, until there is one, or another page was looked at."""
    flag = f"_{key}_unreadable"
    if packed is not None and not sound:
        st.session_state[flag] = True
    elif packed is not None or link.news():
        st.session_state.pop(flag, None)
    if flag in st.session_state:
        st.info(f"The address holds a drawing that cannot be read. {instead}")


def begin_with(key: str, packed: str | None) -> None:
    """Let a field hold this drawing, whatever was drawn in it before; None empties it."""
    st.session_state[f"_{key}"] = packed
    st.session_state[f"_{key}_begun"] = st.session_state.get(f"_{key}_begun", 0) + 1


def _go_back(key: str, name: str) -> None:
    """Let the field hold what the address says, where the browser's Back brought a person to it."""
    if link.went_back() and link.given(name) != st.session_state.get(f"_{key}"):
        begin_with(key, link.given(name))


def _kept(key: str, name: str, packed: str | None) -> str | None:
    """Remember a drawing, and write it into the address; not while a stroke is being drawn.

    Each change of the address is a step of the browser's way back: one a stroke.
    """
    st.session_state[f"_{key}"] = packed
    if not _ink(key).get("drawing"):
        link.keep(name, packed)
    return packed


def room(key: str, high: int, words: str) -> DeltaGenerator:
    """Where a field is to be drawn at the end of the page, above these words: all below keeps its place until then.

    high  pixels of the field, `HIGH` of its kind
    """
    place = st.container(key=f"room_{key}", height=high, border=False)
    st.caption(words, help=KEYS)
    return place


def drawing_field(key: str) -> None:
    """The field itself. To be called at the end of a page: it sends more once it is drawn again, which ends the run."""
    packed = st.session_state.get(f"_{key}")
    pixels = None if packed is None else np.rint(unpack(packed) * 255).astype(np.uint8)
    told = {
        "label": "Draw one digit here",
        "keys": KEYS,
        "heard": _sent(key).get("n"),
        "begun": st.session_state.get(f"_{key}_begun", 0),
        "base": None if pixels is None else base64.b64encode(pixels.tobytes()).decode(),
    }
    _digit(key=key, data=told, on_ink_change=lambda: None)


def wave_field(key: str, steps: int) -> None:
    """The field of a wave of so many steps; at the end of a page, as `drawing_field`."""
    told = {
        "label": "Draw a wave here",
        "keys": KEYS,
        "heard": _sent(key).get("n"),
        "begun": st.session_state.get(f"_{key}_begun", 0),
        "base": sketch.unpack(st.session_state.get(f"_{key}") or sketch.SINE).tolist(),
        "most": sketch.STEP * sketch.MOST,
        "steps": steps,
    }
    _wave(key=key, data=told, on_ink_change=lambda: None)


def read_wave(heights: object) -> str | None:
    """The heights that the field sent, packed; None for what is no curve."""
    try:
        return sketch.pack(np.asarray(heights, dtype=float))
    except (TypeError, ValueError):
        return None


def read(pixels: str | None) -> str | None:
    """What the field sent, brought to MNIST's form and packed; None for an empty field, or what is no drawing.

    pixels  112 x 112 bytes in base64, row by row: 0 where the paper shows
    """
    try:
        ink = np.frombuffer(base64.b64decode(pixels or "", validate=True), np.uint8)
        return pack(to_mnist(ink.reshape(SENT, SENT) / 255))
    except ValueError:  # nothing there yet, or not from our field
        return None


def _ink(key: str) -> dict[str, Any]:
    """What the field sent last, unless it was sent before the field began with something else."""
    ink = _sent(key)
    return ink if ink.get("begun", 0) == st.session_state.get(f"_{key}_begun", 0) else {}


def _sent(key: str) -> dict[str, Any]:
    return (st.session_state.get(key) or {}).get("ink") or {}


def _sound(packed: str) -> bool:
    try:
        return bool(unpack(packed).any())
    except ValueError:
        return False
