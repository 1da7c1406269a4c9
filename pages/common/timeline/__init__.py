"""The picture that most pages share: one sequence over time, drawn and moved through by the browser alone."""

from collections.abc import Callable, Collection, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import streamlit as st
from streamlit.components.v2 import component

from mrnn import Inside, SequenceData, Task, Trace, analysis, charts
from pages.common import link
from pages.common.answer import in_its_unit, judged

TIMELINE, NUMBERS, CSS = (
    Path(__file__).with_name(name).read_text(encoding="utf-8") for name in ("timeline.js", "numbers.js", "timeline.css")
)
JS = TIMELINE + NUMBERS
MOST_LINES = 3  # of numbers that come in at a step
PINNED, PINNED_IN = "t", "in"  # in the address: the step, and in which picture where a page has several
_draw = component("mrnn_timeline", js=JS, css=CSS)


def timeline(
    trace: Trace,
    x: np.ndarray | None,
    classes: Sequence[str],
    *,
    key: str,
    alt: str,
    layer: int = -1,
    inside: Inside | None = None,
    shown: str | None = None,
    down: bool = False,
    rows: bool = False,
    compact: bool = False,
    in_link: bool = False,
    among: bool = False,
    blend: bool = False,
    forced: Collection[int] = (),
    minus: np.ndarray | None = None,
    on_choose: Callable[[int, int | None], None] | None = None,
    brackets: Sequence[tuple[int, int, str]] = (),
    second: tuple[Trace, np.ndarray, Inside | None] | None = None,
    symbols: Sequence[str] | None = None,
    judged: analysis.Judgement | None = None,
    hidden: np.ndarray | None = None,
    extremes: bool = False,
) -> None:
    """What came in, q(t), z(t) and the answer so far of the first sequence, with one cursor through all of them.

    x        (T, D) what the model read, or None to leave it out
    classes  names of the C answers
    key      the picture's name on its page; also a CSS class, st-key-picture-NAME
    alt      what it shows, for those who cannot see it
    inside   of the same layer in the same run; the pinned step's logits and gates are told too
    shown    the class whose probability is drawn as a line; None draws all of them as lanes
    down     time runs downwards, and x is drawn as the rows of an image, from 0 (dark) to 1
    rows     x is the rows of an image though time runs to the right: not drawn, but told at the pinned step
    compact  for a narrow place: neither answer nor entropy drawn, and nothing to press but Play and Save
    brackets  parts to be marked, each in a row of its own: first step, step after the last, and name; where time runs to
             the right
    second   of another sequence of as many steps the trace, what the model read, and `inside`: its signal, z and answer
             are drawn along, and what q differs by; where time runs to the right
    symbols  of each step the symbol that came in, drawn in place of x
    judged   of this sequence: what is right is framed among the answers, and each step says whether it was answered so
    extremes  x is the lowest and the highest of many inputs
    hidden   (T,) int from 0: what took turns unseen, as a strip below z
    in_link  whether the address keeps the step that is pinned here, ?t=. All pictures begin at it
    among    there are several such pictures on the page, and the address says in which one the step was pinned; the
             others tell it in numbers, too
    blend    z is drawn as the weights of all LSTMs, and they stand below in numbers, at the step of the cursor
    forced   steps at which z was not the network's own choice; they are framed
    minus    (T, k) q of another sequence: what q differs by is drawn too; where time runs down, in the answer's place
    on_choose  called with (step, LSTM from 0, or None for the network's own choice) when a person wants another LSTM
               at a step; before the page runs again
    """
    if second is not None:
        minus = second[0].q[0, layer, : int(second[0].lengths[0])]
    told = describe(
        trace, x, classes, name=key, alt=alt, layer=layer, inside=inside, shown=shown, down=down, rows=rows, compact=compact,
        blend=blend, forced=forced, minus=minus, symbols=symbols, judged=judged, hidden=hidden, extremes=extremes,
    )  # fmt: skip
    told["choosable"] = on_choose is not None
    told["brackets"] = list(brackets)
    told["second"] = None if second is None else _along(*second, layer)
    begin = link.given(PINNED)
    told["begin"] = int(begin) if begin is not None and begin.isdecimal() else None
    told["turned"] = _turned(key)
    told["pin"] = told["begin"] if in_link and link.given(PINNED_IN) in ((key,) if among else (None, key)) else None
    with st.container(key=f"picture-{key}"):
        moved = _draw(
            key=key, data=told, on_chosen_change=lambda: chosen(key, on_choose),
            on_pin_change=lambda: _keep_pin(key, st.session_state[key].get("pin"), among=True) if among else None,
        )  # fmt: skip
    if in_link and not among and not link.went_back():  # in every run: after another page the address says nothing
        _keep_pin(key, moved.get("pin"), among=False)


def _turned(key: str) -> int:
    """How often the browser's Back or Forward has been pressed before this picture: its pin is then the address's."""
    name = f"_{key}_turned"
    st.session_state[name] = st.session_state.get(name, 0) + link.went_back()
    return st.session_state[name]


def drawable(x: np.ndarray, task: Task) -> np.ndarray:
    """What is drawn of what came in, (T, D): rows of an image; as lines few inputs, or of many the lowest and the highest."""
    few = task.is_image or x.shape[1] <= MOST_LINES
    return x if few else np.stack([x.min(1), x.max(1)], 1)


def pictured(
    task: Task, data: SequenceData, trace: Trace, hidden: np.ndarray | None = None, **other: Any
) -> dict[str, Any]:
    """What `timeline` needs to know of the first sequence of a task, by the names of its arguments.

    hidden  (N, T) what took turns in the sequences unseen, if anything did
    other   what shall be otherwise
    """
    x = data.x[0, : data.lengths[0]]
    symbols = task.symbols(x)
    one = task.names_one_class
    return {
        "trace": in_its_unit(task, trace),
        "x": None if symbols else drawable(x, task),
        "classes": task.classes,
        "symbols": symbols,
        "extremes": not symbols and not task.is_image and x.shape[1] > MOST_LINES,
        "down": task.is_image,
        "shown": task.classes[-1] if one and len(task.classes) == 2 else None,
        "judged": None if one else judged(task, trace, data.y),
        "hidden": None if hidden is None else hidden[0],
        **other,
    }


def _keep_pin(key: str, pinned: object, *, among: bool) -> None:
    """Write into the address what the browser told.

    pinned  {"t": 12}, or {"t": None} once it was let go; None while nobody has touched it
    among   there are other pictures, whose pin stays in the address where this one is let go
    """
    if not isinstance(pinned, dict):
        return
    t = pinned.get("t")
    if isinstance(t, int):
        link.keep_all({PINNED: str(t), PINNED_IN: key if among else None})
    elif not among or link.given(PINNED_IN) in (None, key):
        link.keep_all({PINNED: None, PINNED_IN: None})


def _along(trace: Trace, x: np.ndarray, inside: Inside | None, layer: int) -> dict[str, Any]:
    """What the browser is told of a second sequence."""
    length = int(trace.lengths[0])
    return {
        "signal": np.asarray(x)[:length].astype(float).round(4).T.tolist(),
        "z": trace.listened(layer)[0, :length].tolist(),
        "p": trace.probabilities[0, :length].astype(float).round(4).tolist(),
        **_told_inside(inside, length),
    }


def _told_inside(inside: Inside | None, length: int) -> dict[str, Any]:
    return {
        "logits": None if inside is None else inside.logits[0, :length].astype(float).round(3).tolist(),
        "gates": None if inside is None else inside.gates[0, :length].astype(float).round(3).tolist(),
    }


def chosen(key: str, on_choose: Callable[[int, int | None], None] | None) -> None:
    """Pass on what a person wants to be listened to; what a browser says is taken for what anybody may have sent."""
    wanted = st.session_state[key].get("chosen")
    if on_choose is None or not isinstance(wanted, dict):
        return
    t, lstm = wanted.get("t"), wanted.get("lstm")
    if isinstance(t, int) and (lstm is None or isinstance(lstm, int)):
        on_choose(t, lstm)


def describe(
    trace: Trace,
    x: np.ndarray | None,
    classes: Sequence[str],
    *,
    name: str,
    alt: str,
    layer: int,
    shown: str | None,
    down: bool,
    compact: bool,
    rows: bool = False,
    inside: Inside | None = None,
    blend: bool = False,
    forced: Collection[int] = (),
    minus: np.ndarray | None = None,
    symbols: Sequence[str] | None = None,
    judged: analysis.Judgement | None = None,
    hidden: np.ndarray | None = None,
    extremes: bool = False,
) -> dict[str, Any]:
    """What the browser is told of a picture, as JSON; the arguments are those of `timeline`.

    raises  ValueError if `minus` is of other steps or LSTMs
    """
    length, k = int(trace.lengths[0]), trace.k
    q, z = trace.q[0, layer, :length], trace.z[0, layer, :length]
    if minus is not None and minus.shape != q.shape:
        raise ValueError(f"q to compare with must have the axes {q.shape}, as this q, got {minus.shape}")
    right = None if judged is None else judged.right
    given = None if x is None else np.asarray(x)[:length].astype(float).round(4)
    return {
        "name": name,
        "alt": alt,
        "step": "row" if down else "step",
        "steps": length,
        "k": k,
        "down": down,
        "compact": compact,
        "signal": None if given is None or rows else (given if down else given.T).tolist(),
        "extremes": extremes,
        "rows": given.tolist() if given is not None and rows else None,
        "symbols": None if symbols is None else list(symbols[:length]),
        "q": q.astype(float).round(4).tolist(),
        "other": None if minus is None else minus.astype(float).round(4).tolist(),
        "diverging": list(charts.DIVERGING),
        "z": z.argmax(-1).tolist(),
        "weights": z.astype(float).round(4).tolist() if blend else None,
        "forced": sorted(forced),
        **_told_inside(inside, length),
        "p": analysis.significant(trace.probabilities[0, :length]).tolist(),
        "hidden": None if hidden is None else hidden[:length].tolist(),
        "values": trace.target == "value",
        "several": trace.target == "labels",
        "classes": list(classes),
        "truth": None if judged is None else analysis.significant(judged.truth).tolist(),
        "right": None if right is None else right.tolist(),
        "shown": None if shown is None else list(classes).index(shown),
        "decided": analysis.decided_at(trace),
        "colours": [charts.lstm_colour(j) for j in range(1, k + 1)],
        "letters": [charts.letters_on(charts.lstm_colour(j)) for j in range(1, k + 1)],
        "probability": list(charts.CIVIDIS),
        "cursor": charts.CURSOR_COLOUR,
    }
