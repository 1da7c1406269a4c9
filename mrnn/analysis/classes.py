"""Many sequences, class by class: tables of what was counted."""

from collections.abc import Sequence

import numpy as np
import pandas as pd

from mrnn.analysis.paths import transition_counts, transition_matrix, usage
from mrnn.trace import Trace


def usage_by_class(trace: Trace, y: np.ndarray, classes: Sequence[str], layer: int = -1) -> pd.DataFrame:
    """Use of each LSTM in each class that occurs, as rows of class, lstm (from 1), share."""
    z = trace.listened(layer)
    tables = [
        pd.DataFrame(
            {"class": name, "lstm": np.arange(1, trace.k + 1), "share": usage(z[rows], trace.lengths[rows], trace.k)}
        )
        for name, rows in _classes(y, classes)
    ]
    return pd.concat(tables, ignore_index=True)


def transitions_by_class(trace: Trace, y: np.ndarray, classes: Sequence[str], layer: int = -1) -> pd.DataFrame:
    """Moves between LSTMs in each class that occurs, as rows of class, from, to (from 1), count, probability."""
    z = trace.listened(layer)
    start, end = np.indices((trace.k, trace.k)) + 1
    tables = []
    for name, rows in _classes(y, classes):
        counts = transition_counts(z[rows], trace.lengths[rows], trace.k)
        columns = {"class": name, "from": start.ravel(), "to": end.ravel(), "count": counts.ravel()}
        tables.append(pd.DataFrame({**columns, "probability": transition_matrix(counts).ravel()}))
    return pd.concat(tables, ignore_index=True)


def transition_difference(transitions: pd.DataFrame, first: str, second: str) -> pd.DataFrame:
    """Probability of each move in class `first` minus that in `second`, as rows of from, to, difference."""
    a, b = (
        transitions[transitions["class"] == name].set_index(["from", "to"])["probability"] for name in (first, second)
    )
    return (a - b).rename("difference").reset_index()


def mean_q(trace: Trace, y: np.ndarray, classes: Sequence[str], layer: int = -1) -> pd.DataFrame:
    """q averaged over the sequences of each class that occurs, as rows of class, t, lstm (from 1), q."""
    tables = []
    for name, rows in _classes(y, classes):
        q = trace.q[rows, layer]  # 0 on padding
        counts = (np.arange(q.shape[1]) < trace.lengths[rows][:, None]).sum(0)
        mean = q.sum(0)[counts > 0] / counts[counts > 0, None]
        step, lstm = np.indices(mean.shape)
        columns = {"class": name, "t": step.ravel(), "lstm": lstm.ravel() + 1, "q": mean.ravel().round(4)}
        tables.append(pd.DataFrame(columns))
    return pd.concat(tables, ignore_index=True)


def _classes(y: np.ndarray, classes: Sequence[str]) -> list[tuple[str, np.ndarray]]:
    """The classes that occur in y (N,), each with the index of its sequences."""
    return [(name, np.flatnonzero(y == c)) for c, name in enumerate(classes) if (y == c).any()]
