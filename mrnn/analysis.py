"""From a Trace to tables: what the charts draw, and what one may count on a path of LSTMs."""

from collections.abc import Sequence

import numpy as np
import pandas as pd

from mrnn.trace import Trace


def usage(z: np.ndarray, lengths: np.ndarray, k: int) -> np.ndarray:
    """Share of steps each LSTM was listened to.

    z        (N, T) int in [0, k): the LSTM listened to
    lengths  (N,) int: steps that count; the rest is padding
    returns  (k,) float; its sum is 1
    raises   ValueError if a length exceeds T, or z lies outside [0, k)
    """
    counted = _check(z, lengths, k)
    counts = np.bincount(z[counted], minlength=k)
    return counts / max(counts.sum(), 1)


def transition_counts(z: np.ndarray, lengths: np.ndarray, k: int) -> np.ndarray:
    """Count the moves between LSTMs at neighbouring steps.

    z        (N, T) int in [0, k): the LSTM listened to
    lengths  (N,) int: steps that count; the rest is padding
    returns  (k, k) int: [i, j] = moves from i to j
    raises   ValueError if a length exceeds T, or z lies outside [0, k)
    """
    both = _check(z, lengths, k)[:, 1:]
    z = z.astype(np.int64)  # i * k + j overflows a smaller type
    moves = z[:, :-1][both] * k + z[:, 1:][both]
    return np.bincount(moves, minlength=k * k).reshape(k, k)


def transition_matrix(counts: np.ndarray) -> np.ndarray:
    """(k, k) counts of moves as probabilities: rows sum to 1, or are NaN where an LSTM was never left."""
    totals = counts.sum(axis=1, keepdims=True)
    return np.divide(counts, totals, out=np.full(counts.shape, np.nan), where=totals > 0)


def selection_table(trace: Trace, n: int = 0, layer: int = -1) -> pd.DataFrame:
    """q and z of one sequence and layer as rows of t, lstm (from 1), q, z, listened (0 or 1)."""
    length = int(trace.lengths[n])
    q, z = trace.q[n, layer, :length], trace.z[n, layer, :length]
    step, lstm = np.indices(q.shape)
    listened = lstm == trace.listened(layer)[n, :length, None]  # one, even where weights are equal
    return pd.DataFrame(
        {
            "t": step.ravel(),
            "lstm": lstm.ravel() + 1,
            "q": q.ravel().round(4),
            "z": z.ravel().round(4),
            "listened": listened.ravel().astype(int),
        }
    )


def decided_at(trace: Trace, n: int = 0) -> int:
    """The step from which on the most probable class is the final one."""
    best = trace.probabilities[n, : int(trace.lengths[n])].argmax(-1)
    other = np.flatnonzero(best != best[-1])
    return int(other[-1]) + 1 if len(other) else 0


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


def _check(z: np.ndarray, lengths: np.ndarray, k: int) -> np.ndarray:
    """(N, T) bool, True at steps that count."""
    if z.ndim != 2 or lengths.shape != z.shape[:1]:
        raise ValueError(f"z must have the axes (N, T) and lengths (N,), got shapes {z.shape} and {lengths.shape}")
    if lengths.size and not 0 <= lengths.min() <= lengths.max() <= z.shape[1]:
        raise ValueError(f"lengths must be from 0 to {z.shape[1]}, got {lengths.min()} to {lengths.max()}")
    counted = np.arange(z.shape[1]) < lengths[:, None]
    seen = z[counted]
    if seen.size and not 0 <= seen.min() <= seen.max() < k:
        raise ValueError(f"z must be from 0 to {k - 1}, got {seen.min()} to {seen.max()}")
    return counted


def _classes(y: np.ndarray, classes: Sequence[str]) -> list[tuple[str, np.ndarray]]:
    """The classes that occur in y (N,), each with the index of its sequences."""
    return [(name, np.flatnonzero(y == c)) for c, name in enumerate(classes) if (y == c).any()]
