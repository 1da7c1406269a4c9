"""What was said of a sequence after each step, beside what is right."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import pandas as pd

from mrnn.trace import Target, Trace, probabilities


@dataclass(frozen=True)
class Judgement:
    """One sequence of T steps and C answers.

    said   (T, C) as `Trace.probabilities`
    truth  (T, C) 1 where a class or a label holds, else 0; of values the right ones
    right  (T,) bool: the most probable class is the right one, or all labels are; of values None, for none is exact
    """

    said: np.ndarray
    truth: np.ndarray
    right: np.ndarray | None

    @property
    def errors(self) -> np.ndarray:
        """(T,) squared error, the mean over the C answers."""
        return np.square(self.said - self.truth).mean(-1)


def significant(values: np.ndarray) -> np.ndarray:
    """Values to five digits of the largest one: as exact as a picture is, whatever their unit."""
    largest = float(np.abs(values).max(initial=0))
    return np.round(values.astype(float), 5 - int(np.ceil(np.log10(largest))) if largest > 0 else 0)


def in_words(target: Target, said: np.ndarray, classes: Sequence[str]) -> str:
    """An answer (C,) in words: the most probable class, all labels that are more probable than not, or the values."""
    if target == "value":
        return ", ".join(f"{value:.4g}" for value in said)
    held = said > 0.5 if target == "labels" else np.arange(len(said)) == said.argmax()
    return ", ".join(name for name, holds in zip(classes, held, strict=True) if holds) or "nothing"


def judge(trace: Trace, y: np.ndarray, n: int = 0) -> Judgement:
    """Compare what is said of sequence n after each step with what is right.

    y  of the sequences, as in `SequenceData`; where a whole sequence has one answer, it is held against each step
    """
    steps = int(trace.lengths[n])
    # Of this sequence alone: there may be ten thousand.
    said, given = probabilities(trace.target, trace.logits[n, :steps]), np.asarray(y)[n]
    classes = said.shape[1]
    if trace.target == "class":
        given = np.eye(classes)[given]
    truth = np.broadcast_to(given[:steps] if given.ndim == 2 else given, (steps, classes)).astype(float)
    if trace.target == "value":
        return Judgement(said, truth, None)
    if trace.target == "class":
        return Judgement(said, truth, said.argmax(-1) == truth.argmax(-1))
    return Judgement(said, truth, ((said > 0.5) == (truth > 0.5)).all(-1))


def judgement_table(
    trace: Trace, judged: Judgement, classes: Sequence[str], symbols: Sequence[str] | None = None, layer: int = -1
) -> pd.DataFrame:
    """A row a step of the first sequence.

    judged   of that sequence
    classes  names of the C answers
    symbols  that came in, one a step, where there are any
    returns  rows of step, came in, says, should say, right, LSTM (from 1); of values, their squared error for right
    """
    steps = len(judged.said)
    verdict = {"squared error": significant(judged.errors)} if judged.right is None else {"right": judged.right}
    return pd.DataFrame(
        {
            "step": np.arange(steps),
            **({} if symbols is None else {"came in": list(symbols)}),
            "says": [in_words(trace.target, row, classes) for row in judged.said],
            "should say": [in_words(trace.target, row, classes) for row in judged.truth],
            **verdict,
            "LSTM": trace.listened(layer)[0, :steps] + 1,
        }
    )
