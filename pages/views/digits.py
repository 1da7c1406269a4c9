"""What the Digits page shows: a digit beside its path, and the few lines that make the same."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

import numpy as np
import pandas as pd
import streamlit as st

from mrnn import TASKS, Trace, analysis, charts
from mrnn.tasks.digits import unpack
from pages import common

COUNT = 10_000  # test digits
TWO = "Two digits"
PAIR = (231, 138)  # a 7 and a 9 that begin alike
EXAMPLE = 4  # shown until something is drawn
NUMBERS = {"digit_number": EXAMPLE, "digit_first": PAIR[0], "digit_second": PAIR[1]}
CLASSES = TASKS["digits"].classes
ONE_OF_TEST, PAIR_OF_TEST = (
    {"model_digits": "digits-k4", "layer_digits": 3, "digit_source": source} for source in ("Test digit", TWO)
)
PRESETS = {
    "A plain 7": {**ONE_OF_TEST, "digit_number": EXAMPLE},
    "A 5 that fools it": {**ONE_OF_TEST, "digit_number": 633},
    "Late to decide": {**ONE_OF_TEST, "digit_number": 324},
    "7 and 9": {**PAIR_OF_TEST, "digit_first": PAIR[0], "digit_second": PAIR[1]},
    "4 and 9": {**PAIR_OF_TEST, "digit_first": 1233, "digit_second": 1422},
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


def ask_number(label: str, key: str, usual: int, *, width: Literal["stretch"] | int = "stretch") -> int:
    """Which test digit."""
    asked = st.number_input(
        label, 0, COUNT - 1, usual, key=key, bind="query-params", persist_state="session", width=width,
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
        trace, seen.image, CLASSES, key="rows", layer=layer, inside=entry.inside(seen.image[None], trace, layer), down=True, in_link=True,
        alt=f"The digit as 28 x 28 pixels beside q(t) and z(t). {reading}",
    )  # fmt: skip
    st.caption(
        f"{reading} {common.words.CURSOR} The picture is what the network sees: 28 x 28 pixels, scaled and centred as MNIST's digits are.",
        help=common.words.Q_AND_Z,
    )
    st.markdown("**Answer after the last row**")
    table = pd.DataFrame({"class": CLASSES, "probability": says})
    common.show(charts.class_bars(table), key="answers")


def two(entry: common.Entry, digits: Sequence[Seen], layer: int) -> None:
    """Two digits beside one another, with the difference of their q, under one cursor."""
    traces = [entry.model.trace(seen.image[None]) for seen in digits]
    apart = analysis.q_distance(traces[0], traces[1], layer)
    other = len(analysis.steps_apart(traces[0], traces[1], layer))
    parted = f"their paths part most at row {apart.argmax()}" if apart.any() else "their paths never part"
    st.markdown(f"#### A {digits[0].truth} and a {digits[1].truth}: {parted}")
    for column, n, which in zip(st.columns(2), (0, 1), ("first", "second"), strict=True):
        with column:
            told = f"**{which.capitalize()} digit**: read as a {verdict(traces[n], digits[n])}"
            st.markdown(told)
            common.timeline(
                traces[n], digits[n].image, CLASSES, key=f"{which}_digit", layer=layer, down=True, in_link=True, among=True,
                inside=entry.inside(digits[n].image[None], traces[n], layer), minus=traces[1 - n].q[0, layer],
                alt=f"The {which} digit as 28 x 28 pixels beside its q(t), z(t), and its q minus the other digit's. {told}",
            )  # fmt: skip
    most = "There is one LSTM, so they cannot differ."
    if entry.model.config.num_lstms > 1:
        most = (
            f"They differ most at row {apart.argmax()}, by {apart.max():.2f} of at most 1; at {other} of 28 rows another "
            "LSTM is listened to."
        )
    st.caption(
        "One cursor goes through both. At the right of each: its q minus the other's, orange where it prefers an LSTM more than "
        f"the other does, purple where less, white where they agree. {most}",
        help=common.words.Q_AND_Z,
    )


def code(entry: common.Entry, digits: Sequence[Seen], layer: int) -> str:
    """The lines of Python that make what is shown of these digits."""
    imports = ["from mrnn import TASKS, load"]
    if any(seen.truth is None for seen in digits):
        imports = ["from mrnn import load", "from mrnn.tasks.digits import unpack"]
    lines = [*imports, "", f'model = load("{common.file_of(entry)}")']
    if len(digits) == 1:
        lines += [
            f"image = {digits[0].made}  # (28, 28), rows from 0 to 1",
            "trace = model.trace(image[None])",
            f"print(trace.q[0, {layer}].round(2))  # probability of each LSTM at each row",
            f"print(trace.listened({layer})[0] + 1)  # the LSTM that was picked",
            "print(trace.answers[0].argmax())",
        ]
    else:
        lines += [
            f"first = {digits[0].made}  # (28, 28), rows from 0 to 1",
            f"second = {digits[1].made}",
            "trace = model.trace(np.stack([first, second]))",
            f"print((trace.q[0, {layer}] - trace.q[1, {layer}]).round(2))  # difference of q at each row",
            f"print(trace.listened({layer}) + 1)  # the LSTMs that were picked",
            "print(trace.answers.argmax(1))",
        ]
        lines.insert(0, "import numpy as np\n")
    return "\n".join(lines) + "\n"
