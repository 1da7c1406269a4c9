"""What a model answers to sequences whose labels nobody knows, as a table to take along: a class or a value."""

from collections.abc import Sequence

import numpy as np
import pandas as pd

from mrnn.analysis.paths import usage_by_sequence
from mrnn.trace import Trace


def answers_table(trace: Trace, names: Sequence[str] | np.ndarray, classes: Sequence[str]) -> pd.DataFrame:
    """A row a sequence.

    names    (N,) of the sequences
    classes  (C,) names of the classes, or of the one value
    returns  sequence, answer, of classes the probability of each, and the share of the sequence's steps in which each
             LSTM of the last layer was listened to
    """
    shares = usage_by_sequence(trace.listened(), trace.lengths, trace.k) / trace.lengths[:, None]
    return pd.DataFrame(
        {
            "sequence": names,
            **_answered(trace, trace.answers, classes),
            **{f"share of LSTM {j + 1}": shares[:, j].round(6) for j in range(trace.k)},
        }
    )


def answers_by_step(
    trace: Trace, names: Sequence[str] | np.ndarray, times: np.ndarray | None, classes: Sequence[str]
) -> pd.DataFrame:
    """A row a step.

    names, classes  as in `answers_table`
    times    (S,) what the steps are called, those of all sequences one after the other; None: counted from 1
    returns  sequence, step, answer, of classes the probability of each, and the LSTM of the last layer (from 1) that
             was listened to
    """
    owner, t = np.nonzero(np.arange(trace.q.shape[2]) < trace.lengths[:, None])
    return pd.DataFrame(
        {
            "sequence": np.asarray(names)[owner],
            "step": t + 1 if times is None else times,
            **_answered(trace, trace.probabilities[owner, t], classes),
            "LSTM": trace.listened()[owner, t] + 1,
        }
    )


def _answered(trace: Trace, said: np.ndarray, classes: Sequence[str]) -> dict[str, np.ndarray]:
    """The answer of each row of said (M, C), and of classes what speaks for each."""
    if trace.target == "value":
        return {"answer": said[:, 0]}
    probable = {f"p {name}": said[:, number].round(6) for number, name in enumerate(classes)}
    return {"answer": np.asarray(classes)[said.argmax(-1)], **probable}
