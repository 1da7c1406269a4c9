"""A field to draw a digit on, and the drawing that the address keeps."""

import base64
from pathlib import Path
from typing import Any

import numpy as np
import streamlit as st
from streamlit.components.v2 import component

from mrnn.tasks.digits import pack, to_mnist, unpack
from pages.common import link

JS, CSS = (Path(__file__).with_name(f"drawing.{kind}").read_text(encoding="utf-8") for kind in ("js", "css"))
KEPT = "drawing"  # in the address
SENT = 112  # pixels a side, as drawing.js sends them
KEYS = "Arrow keys move the pen, space puts it down or lifts it, backspace undoes, delete clears."
_field = component("mrnn_drawing_field", js=JS, css=CSS)


def drawn(key: str) -> str | None:
    """What is drawn in the field with this key, as 28 x 28 packed pixels; None where nothing is.

    It comes from the field, or else from before a look at another page, or else from the address; which keeps it.
    """
    ink = _ink(key)
    packed = read(ink["pixels"]) if ink else st.session_state.get(f"_{key}", link.given(KEPT))
    packed = packed if packed and _sound(packed) else None
    st.session_state[f"_{key}"] = packed
    if not ink.get("drawing"):  # each change of the address is a step of the browser's way back: one a stroke
        link.keep(KEPT, packed)
    return packed


def drawing_field(key: str) -> None:
    """The field itself. To be called at the end of a page: it sends more once it is drawn again, which ends the run."""
    packed = st.session_state.get(f"_{key}")
    pixels = None if packed is None else np.rint(unpack(packed) * 255).astype(np.uint8)
    told = {
        "label": "Draw one digit here",
        "keys": KEYS,
        "heard": _ink(key).get("n"),
        "base": None if pixels is None else base64.b64encode(pixels.tobytes()).decode(),
    }
    _field(key=key, data=told, on_ink_change=lambda: None)


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
    return (st.session_state.get(key) or {}).get("ink") or {}


def _sound(packed: str) -> bool:
    try:
        return bool(unpack(packed).any())
    except ValueError:
        return False
