"""Many sequences, class by class: tables of what was counted, and of how two classes differ."""

from collections.abc import Sequence

import numpy as np
import pandas as pd

from mrnn.analysis.differences import (
    BINS,
    Counts,
    compare_groups,
    count_q,
    count_stays,
    count_transitions,
    count_usage,
)
from mrnn.analysis.paths import (
    dwell_survival,
    starts,
    stationary_distribution,
    stays,
    transition_counts,
    transition_matrix,
    usage,
)
from mrnn.trace import Trace


def usage_by_class(trace: Trace, y: np.ndarray, classes: Sequence[str], layer: int = -1) -> pd.DataFrame:
    """Use of each LSTM in each class that occurs, as rows of class, lstm (from 1), share."""
    z = trace.listened(layer)
    tables = [_shares(name, usage(z[rows], trace.lengths[rows], trace.k)) for name, rows in rows_of_classes(y, classes)]
    return pd.concat(tables, ignore_index=True)


def stationary_by_class(trace: Trace, y: np.ndarray, classes: Sequence[str], layer: int = -1) -> pd.DataFrame:
    """`stationary_distribution` of each class that occurs, as rows of class, lstm (from 1), share."""
    z = trace.listened(layer)
    tables = []
    for name, rows in rows_of_classes(y, classes):
        path = z[rows], trace.lengths[rows], trace.k
        tables.append(_shares(name, stationary_distribution(transition_counts(*path), starts(*path))))
    return pd.concat(tables, ignore_index=True)


def transitions_by_class(trace: Trace, y: np.ndarray, classes: Sequence[str], layer: int = -1) -> pd.DataFrame:
    """Moves between LSTMs in each class that occurs, as rows of class, from, to (from 1), count, probability."""
    z = trace.listened(layer)
    tables = []
    for name, rows in rows_of_classes(y, classes):
        counts = transition_counts(z[rows], trace.lengths[rows], trace.k)
        columns = {"class": name, **_moves(trace.k), "count": counts.ravel()}
        tables.append(pd.DataFrame({**columns, "probability": transition_matrix(counts).ravel()}))
    return pd.concat(tables, ignore_index=True)


def dwell_by_class(trace: Trace, y: np.ndarray, classes: Sequence[str], layer: int = -1) -> pd.DataFrame:
    """`dwell_survival` of each class that occurs, as rows of class, lstm (from 1), steps, share, seen, memoryless."""
    z = trace.listened(layer)
    tables = []
    for name, rows in rows_of_classes(y, classes):
        table = dwell_survival(stays(z[rows], trace.lengths[rows], trace.k))
        table.insert(0, "class", name)
        tables.append(table)
    return pd.concat(tables, ignore_index=True)


def mean_q(trace: Trace, y: np.ndarray, classes: Sequence[str], layer: int = -1, *, bins: int = BINS) -> pd.DataFrame:
    """q averaged over the sequences of each class that occurs, and over neighbouring steps where there are many.

    bins     at most so many spans of time, equally long but for the last
    returns  rows of class, t, until (the first and the last step averaged over), lstm (from 1), q
    """
    counts, first = count_q(trace.q[:, layer], trace.lengths, bins)
    tables = []
    for name, rows in rows_of_classes(y, classes):
        top, bottom = counts.top[rows].sum(0, dtype=np.float64), counts.bottom[rows].sum(0)[counts.of]
        mean = np.divide(top, bottom, out=np.full(len(top), np.nan), where=bottom > 0)
        table = pd.DataFrame({"class": name, **_spans(first, trace), "q": mean.round(4)})
        tables.append(table[bottom > 0])
    return pd.concat(tables, ignore_index=True)


# -- two classes -----------------------------------------------------------------------------------------------------


def usage_difference(
    trace: Trace, y: np.ndarray, first: int, second: int, layer: int = -1, *, seed: int = 0
) -> pd.DataFrame:
    """Use of each LSTM in class `first` minus that in class `second`, both numbers in y.

    returns  rows of lstm (from 1), then first, second, difference, low, high, p, beyond_chance as in `Difference`
    raises   ValueError if one of the classes does not occur
    """
    counts = count_usage(trace.listened(layer), trace.lengths, trace.k)
    return _compared({"lstm": np.arange(1, trace.k + 1)}, counts, y, first, second, seed)


def transition_difference(
    trace: Trace, y: np.ndarray, first: int, second: int, layer: int = -1, *, seed: int = 0
) -> pd.DataFrame:
    """Probability of each move in class `first` minus that in `second`: rows of from, to, and as `usage_difference`."""
    counts = count_transitions(trace.listened(layer), trace.lengths, trace.k)
    return _compared(_moves(trace.k), counts, y, first, second, seed)


def dwell_difference(
    trace: Trace, y: np.ndarray, first: int, second: int, layer: int = -1, *, seed: int = 0
) -> pd.DataFrame:
    """Mean steps of a stay with each LSTM in class `first` minus those in `second`: rows as `usage_difference`."""
    counts = count_stays(trace.listened(layer), trace.lengths, trace.k)
    return _compared({"lstm": np.arange(1, trace.k + 1)}, counts, y, first, second, seed)


def q_difference(
    trace: Trace, y: np.ndarray, first: int, second: int, layer: int = -1, *, bins: int = BINS, seed: int = 0
) -> pd.DataFrame:
    """Mean q in class `first` minus that in `second`: rows of t, until, lstm (from 1), and as `usage_difference`."""
    counts, start = count_q(trace.q[:, layer], trace.lengths, bins)
    return _compared(_spans(start, trace), counts, y, first, second, seed)


def rows_of_classes(y: np.ndarray, classes: Sequence[str]) -> list[tuple[str, np.ndarray]]:
    """The classes that occur in y (N,), each with the index of its sequences."""
    return [(name, np.flatnonzero(y == c)) for c, name in enumerate(classes) if (y == c).any()]


def _compared(
    columns: dict[str, np.ndarray], counts: Counts, y: np.ndarray, first: int, second: int, seed: int
) -> pd.DataFrame:
    difference = compare_groups(counts, np.flatnonzero(y == first), np.flatnonzero(y == second), seed=seed)
    return pd.concat([pd.DataFrame(columns), difference.table()], axis=1)


def _shares(name: str, share: np.ndarray) -> pd.DataFrame:
    return pd.DataFrame({"class": name, "lstm": np.arange(1, len(share) + 1), "share": share})


def _moves(k: int) -> dict[str, np.ndarray]:
    start, end = np.indices((k, k)) + 1
    return {"from": start.ravel(), "to": end.ravel()}


def _spans(first: np.ndarray, trace: Trace) -> dict[str, np.ndarray]:
    """Columns t, until and lstm for cells span * k + j."""
    until = np.append(first[1:], trace.lengths.max()) - 1
    t, last = (np.repeat(steps, trace.k) for steps in (first, until))
    return {"t": t, "until": last, "lstm": np.tile(np.arange(1, trace.k + 1), len(first))}
