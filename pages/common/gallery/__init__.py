"""MNIST's test digits to choose from: by class, or those that a model reads wrong."""

import base64
import io
import time
from collections.abc import Callable, Iterable
from pathlib import Path

import numpy as np
import streamlit as st
from PIL import Image
from streamlit.components.v2 import component

from mrnn import TASKS
from pages.common.models import Entry
from pages.common.studies import CHUNK, sequences

JS, CSS = (Path(__file__).with_name(f"gallery.{kind}").read_text(encoding="utf-8") for kind in ("js", "css"))
COUNT = 10_000  # all test digits
SHOWN = 60  # at most, at once
PATIENCE = 1.0  # seconds, after which a progress bar is shown
_draw = component("mrnn_gallery", js=JS, css=CSS)


def gallery(entry: Entry, *, key: str, opened: int, on_open: Callable[[int], None]) -> None:
    """Small test digits with their true class and the model's answer; a click or Enter opens one.

    opened   the number of the one that is open
    on_open  called with the number of the one to be opened, before the page runs again
    """
    classes = TASKS["digits"].classes
    of_class = st.pills("Class", classes, wrap=True, key=f"{key}_class", bind="query-params")
    wrong = st.toggle("Only those that this model reads wrong", key=f"{key}_wrong", bind="query-params")
    test = sequences("digits", "{}", COUNT, 0)
    wanted = range(len(classes)) if of_class is None else [classes.index(of_class)]
    asked = misread(entry, wanted) if wrong else np.flatnonzero(np.isin(test.y, list(wanted)))
    numbers = asked[:SHOWN]
    named = "test digits" if of_class is None else f"test digits {of_class}"
    if not len(numbers):
        st.caption(f"This model reads all {named} right.")
        return
    told = describe(test.x[numbers], numbers, test.y[numbers], answers(entry.key, tuple(numbers.tolist()), entry))
    which = f"{named} that the model reads wrong" if wrong else named
    told |= {"open": opened, "label": which[0].upper() + which[1:]}
    _draw(key=key, data=told, on_opened_change=lambda: _open(key, on_open))
    more = "All" if len(asked) <= SHOWN else f"The first {SHOWN} of"
    st.caption(f"{more} {len(asked):,} {which}. 4 → 9: a 4, read as a 9.")


def describe(x: np.ndarray, numbers: np.ndarray, y: np.ndarray, said: np.ndarray) -> dict[str, object]:
    """What the browser is told of some digits, as JSON.

    x        (N, 28, 28) their pixels, from 0 to 1
    numbers  (N,) int: what each is called
    y, said  (N,) int: their true class, and the model's answer
    """
    classes = TASKS["digits"].classes
    sheet = io.BytesIO()
    Image.fromarray(np.rint(x.reshape(-1, x.shape[2]) * 255).astype(np.uint8)).save(sheet, "PNG")
    return {
        "sheet": f"data:image/png;base64,{base64.b64encode(sheet.getvalue()).decode()}",
        "items": [
            _item(number, classes[truth], classes[answer])
            for number, truth, answer in zip(numbers.tolist(), y, said, strict=True)
        ],
    }


def _item(number: int, truth: str, answer: str) -> dict[str, object]:
    wrong = answer != truth
    label = f"{truth} → {answer}" if wrong else truth
    title = f"Test digit {number}: a {truth}, read as a {answer}" + (", wrong" if wrong else "")
    return {"number": number, "label": label, "title": title, "wrong": wrong}


def misread(entry: Entry, classes: Iterable[int]) -> np.ndarray:
    """Numbers of the test digits of some classes that a model reads wrong, with progress where it takes long.

    Answers are kept chunk by chunk: whoever goes elsewhere meanwhile, and comes back, waits for the rest alone.
    """
    y = sequences("digits", "{}", COUNT, 0).y
    ofs = [np.flatnonzero(y == c) for c in classes]
    chunks = [numbers[start : start + CHUNK] for numbers in ofs for start in range(0, len(numbers), CHUNK)]
    begun, bar, found = time.monotonic(), None, [np.zeros(0, int)]
    for done, chunk in enumerate(chunks):
        if time.monotonic() - begun > PATIENCE:
            label = f"The model reads {sum(map(len, chunks)):,} test digits"
            bar = bar or st.progress(0.0, text=label)
            bar.progress(done / len(chunks), text=label)
        found.append(chunk[answers(entry.key, tuple(chunk.tolist()), entry) != y[chunk]])
    if bar is not None:
        bar.empty()
    return np.sort(np.concatenate(found))


@st.cache_data(max_entries=2_000, show_spinner=False)
def answers(model: tuple[str, int], numbers: tuple[int, ...], _entry: Entry) -> np.ndarray:  # noqa: ARG001
    """The classes that a model reads in the test digits with these numbers, as ints; a second look is free."""
    return _entry.model.trace(sequences("digits", "{}", COUNT, 0).x[list(numbers)]).answers.argmax(1)


def _open(key: str, on_open: Callable[[int], None]) -> None:
    number = st.session_state[key].get("opened")
    if isinstance(number, int) and 0 <= number < COUNT:  # what a browser says may be anything
        on_open(number)
