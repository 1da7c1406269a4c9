"""Many sequences, class by class: tables of what was counted, and of how two classes differ."""

from collections.abc import Sequence

import numpy as np
import pandas as pd

from mrnn.analysis.differences import (
    BINS,
    FEWEST,
    SHUFFLES,
    WIDTH,
    Counts,
    Difference,
    compare_groups,
    count_q,
    count_stays,
    count_transitions,
    count_usage,
)
from mrnn.analysis.paths import (
    dwell_survival,
    stays,
    transition_counts,
    transition_matrix,
    transitions_by_sequence,
    usage,
)
from mrnn.analysis.stationary import pulls, starts, stationary_distribution
from mrnn.trace import Trace


def usage_by_class(trace: Trace, y: np.ndarray, classes: Sequence[str], layer: int = -1) -> pd.DataFrame:
    """Use of each LSTM in each class that occurs, as rows of class, lstm (from 1), share."""
    z = trace.listened(layer)
    tables = [_shares(name, usage(z[rows], trace.lengths[rows], trace.k)) for name, rows in rows_of_classes(y, classes)]
    return pd.concat(tables, ignore_index=True)


def stationary_by_class(trace: Trace, y: np.ndarray, classes: Sequence[str], layer: int = -1) -> pd.DataFrame:
    """`stationary_distribution` of each class that occurs, as rows of class, lstm (from 1), share, low, high.

    low and high are a 95 % interval, with sequences as its units; NaN for fewer than ten sequences.
    """
    z = trace.listened(layer)
    tables = []
    for name, rows in rows_of_classes(y, classes):
        share, error = _settled(z[rows], trace.lengths[rows], trace.k)
        table = _shares(name, share)
        tables.append(table.assign(low=(share - WIDTH * error).clip(0), high=(share + WIDTH * error).clip(max=1)))
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


def stationary_difference(
    trace: Trace,
    y: np.ndarray,
    first: int,
    second: int,
    layer: int = -1,
    *,
    shuffles: int = SHUFFLES,
    seed: int = 0,
) -> pd.DataFrame:
    """`stationary_distribution` of class `first` minus that of `second`: rows as `usage_difference`.

    What is dealt out anew for p is how far each sequence pulls the distribution of both classes together.
    """
    z = trace.listened(layer)
    sides = [np.flatnonzero(y == c) for c in (first, second)]
    both = np.concatenate(sides)
    moves = transitions_by_sequence(z[both], trace.lengths[both], trace.k)
    pulled = len(both) * pulls(moves, z[both, 0])
    counts = Counts(pulled, np.ones((len(both), 1)), np.zeros(trace.k, int))
    places = np.split(np.arange(len(both)), [len(sides[0])])
    judged = compare_groups(counts, *places, shuffles=shuffles, seed=seed)
    (one, error), (other, error_too) = (_settled(z[rows], trace.lengths[rows], trace.k) for rows in sides)
    width = WIDTH * np.hypot(error, error_too)
    found = Difference(first=one, second=other, low=one - other - width, high=one - other + width, p=judged.p)
    return pd.concat([pd.DataFrame({"lstm": np.arange(1, trace.k + 1)}), found.table()], axis=1)


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


def _settled(z: np.ndarray, lengths: np.ndarray, k: int) -> tuple[np.ndarray, np.ndarray]:
    """The stationary distribution of some sequences, and its standard error, both (k,)."""
    n, moves = len(z), transitions_by_sequence(z, lengths, k)
    share = stationary_distribution(moves.sum(0, dtype=np.int64), starts(z, lengths, k))
    if n < FEWEST:
        return share, np.full(k, np.nan)
    return share, np.sqrt((pulls(moves, z[:, 0]) ** 2).sum(0) * n / (n - 1))


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
