"""What the Digits page shows: a digit beside its path, and the few lines that make the same."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import pandas as pd
import streamlit as st

from mrnn import TASKS, Trace, analysis, charts
from mrnn.tasks.digits import unpack
from pages import common

COUNT = 10_000  # test digits
EXAMPLE = 4  # shown until something is drawn
CLASSES = TASKS["digits"].classes
PRESETS = {
    "A plain 7": {"digit_source": "Test digit", "digit_number": EXAMPLE},
    "A 5 that fools it": {"digit_source": "Test digit", "digit_number": 633, "model_digits": "digits-k4"},
    "Late to decide": {"digit_source": "Test digit", "digit_number": 324, "model_digits": "digits-k4"},
}


@dataclass(frozen=True)
class Seen:
    """A digit that the network reads.

    image  (28, 28) float in 0..1
    truth  its true class; None of a drawing
    made   Python that makes the image
    """

    image: np.ndarray
    truth: str | None
    made: str


def drawing(packed: str) -> Seen:
    """What somebody drew."""
    return Seen(unpack(packed), None, f'unpack("{packed}")')


def test_digit(number: int) -> Seen:
    """One of MNIST's test digits."""
    test = common.sequences("digits", "{}", COUNT, 0)
    made = f'TASKS["digits"].make({COUNT:_}, seed=0).x[{number}]'
    return Seen(test.x[number], CLASSES[int(test.y[number])], made)


def ask_number(label: str, key: str, usual: int) -> int:
    """Which test digit."""
    st.session_state.setdefault(key, usual)
    asked = st.number_input(
        label, 0, COUNT - 1, key=key, bind="query-params",
        help="MNIST's 10,000 test digits, in an order of their own. No model was trained on them.",
    )  # fmt: skip
    return int(asked)


def verdict(trace: Trace, seen: Seen) -> str:
    """The answer, how sure it is, and whether it is right where that is known."""
    says = trace.answers[0]
    best = CLASSES[int(says.argmax())]
    judged = "" if seen.truth is None else " (right)" if best == seen.truth else f" (wrong, it is a {seen.truth})"
    return f"{best}, {says.max():.1%}{judged}"


def one(entry: common.Entry, seen: Seen, layer: int, heading: str | None) -> None:
    """A digit, and level with its rows q, z and the answer so far."""
    trace = entry.model.trace(seen.image[None])
    says = trace.answers[0]
    best = CLASSES[int(says.argmax())]
    st.markdown(f"#### {heading or f'The model reads a {verdict(trace, seen)}'}")
    reading = (
        f"Time runs downwards, row by row. From row {analysis.decided_at(trace)} on the answer stays {best}. "
        "Level with each row: q, brighter where an LSTM is more probable; the LSTM that was picked; the answer so far."
    )
    common.timeline(
        trace, seen.image, CLASSES, key="rows", layer=layer, down=True, in_link=True,
        alt=f"The digit as 28 x 28 pixels beside q(t) and z(t). {reading}",
    )  # fmt: skip
    st.caption(
        f"{reading} {common.words.CURSOR} The picture is what the network sees: 28 x 28 pixels, scaled and centred as MNIST's digits are.",
        help=common.words.Q_AND_Z,
    )
    st.markdown("**Answer after the last row**")
    table = pd.DataFrame({"class": CLASSES, "probability": says})
    common.show(charts.class_bars(table), key="answers", alt=f"Probability of each digit; {best} is first.")


def code(entry: common.Entry, digits: Sequence[Seen], layer: int) -> str:
    """The lines of Python that make what is shown of these digits."""
    imports = ["from mrnn import TASKS, load"]
    if any(seen.truth is None for seen in digits):
        imports = ["from mrnn import load", "from mrnn.tasks.digits import unpack"]
    lines = [
        *imports,
        "",
        f'model = load("{common.file_of(entry)}")',
        f"image = {digits[0].made}  # (28, 28), rows from 0 to 1",
    ]
    lines += [
        "trace = model.trace(image[None])",
        f"print(trace.q[0, {layer}].round(2))  # probability of each LSTM at each row",
        f"print(trace.listened({layer})[0] + 1)  # the LSTM that was picked",
        "print(trace.answers[0].argmax())",
    ]
    return "\n".join(lines) + "\n"
