"""How undecided q is, and what z tells of class and position. In nats: ln k is the most that k LSTMs can hold.

What is counted on few sequences seems to tell something even where there is nothing to tell: the plug-in estimate of
mutual information is biased upwards. So each figure comes with what the same count gives after shuffling.
"""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import pandas as pd

from mrnn.analysis.classes import rows_of_classes
from mrnn.analysis.paths import counted_steps
from mrnn.trace import Trace

SHUFFLES = 199
WIDTH = 1.96  # standard errors on either side of a 95 % interval


@dataclass(frozen=True)
class Information:
    """A mutual information in nats, and what chance makes of it.

    value     counted
    chance    mean over the shuffles: what is left when there is nothing to tell
    limit     what 95 % of the shuffles stay below
    most      the entropy of the rarer told of the two: it cannot be more
    p         share of the shuffles, the counted one among them, that reach `value`
    shuffles  how many there were
    """

    value: float
    chance: float
    limit: float
    most: float
    p: float
    shuffles: int

    @property
    def beyond_chance(self) -> bool:
        """True if at most one shuffle in twenty reaches it."""
        return self.p <= 0.05


def entropy(q: np.ndarray) -> np.ndarray:
    """Entropy in nats of probabilities along the last axis, from 0 (decided) to ln k (all alike)."""
    return -(q * np.log(np.where(q > 0, q, 1))).sum(-1)


def effective_number(shares: np.ndarray) -> float:
    """How many LSTMs are really in use, from 1 (always the same) to k (all alike): exp of the entropy of use.

    shares  (k,) >= 0 that sum to 1, such as `usage`
    source  Hill, "Diversity and evenness", Ecology 1973: the diversity of order 1
    """
    return float(np.exp(entropy(shares)))


def entropy_by_class(trace: Trace, y: np.ndarray, classes: Sequence[str], layer: int = -1) -> pd.DataFrame:
    """Entropy of q over time, averaged over the sequences of each class that occurs.

    returns  rows of class, t, entropy (nats), low, high (95 % interval of that mean; NaN for one sequence alone), n
             (sequences that still go on)
    """
    of_all = entropy(trace.q[:, layer])  # 0 on padding
    tables = []
    for name, rows in rows_of_classes(y, classes):
        counted = np.arange(of_all.shape[1]) < trace.lengths[rows][:, None]
        n = counted.sum(0)
        n = n[n > 0]
        values, counted = of_all[rows, : len(n)], counted[:, : len(n)]
        mean = values.sum(0) / n
        squares = (np.where(counted, values - mean, 0) ** 2).sum(0)
        error = np.sqrt(np.divide(squares, (n - 1) * n, out=np.full(len(n), np.nan), where=n > 1))
        columns = {"class": name, "t": np.arange(len(n)), "entropy": mean}
        tables.append(pd.DataFrame({**columns, "low": mean - WIDTH * error, "high": mean + WIDTH * error, "n": n}))
    return pd.concat(tables, ignore_index=True)


def mutual_information(joint: np.ndarray) -> np.ndarray:
    """Plug-in mutual information in nats of counts.

    joint    (..., a, b): how often each pair of values occurred
    returns  (...): 0 where the two are independent, and where nothing was counted
    """
    total = np.maximum(joint.sum((-2, -1)), 1)
    # With H(a) + H(b) - H(a, b), each entropy from counts n: ln N - sum(n ln n) / N.
    parts = (joint.sum(-1), joint.sum(-2), joint.reshape(*joint.shape[:-2], -1))
    a, b, both = (_n_ln_n(part).sum(-1) for part in parts)
    return np.maximum(np.log(total) - (a + b - both) / total, 0)


def information_on_class(
    z: np.ndarray, lengths: np.ndarray, k: int, y: np.ndarray, *, shuffles: int = SHUFFLES, seed: int = 0
) -> tuple[Information, pd.DataFrame]:
    """What the LSTM listened to tells of the sequence's class.

    z, lengths, k  as in `usage`
    y              (N,) int from 0: the class
    shuffles       how often the classes are dealt out anew, to whole sequences, for steps of one are no independent
                   witnesses
    seed           of the shuffles
    returns        what a step of unknown place tells; and for each step, rows of t, information, chance (the mean of
                   the shuffles), limit: 95 % of the shuffles stay below it at all steps at once
    raises         ValueError as `usage` does
    """
    counted = counted_steps(z, lengths, k)
    rng = np.random.default_rng(seed)
    steps, many = int(lengths.max()), int(y.max()) + 1
    counted = counted[:, :steps]
    place = ((np.arange(steps) * k + z[:, :steps]) * many)[counted]
    owner = np.nonzero(counted)[0]

    def joint(labels: np.ndarray) -> np.ndarray:
        return np.bincount(place + labels[owner], minlength=steps * k * many).reshape(steps, k, many)

    counts = [joint(y), *(joint(rng.permutation(y)) for _ in range(shuffles))]
    pooled = np.array([mutual_information(one.sum(0)) for one in counts])
    by_step = np.array([mutual_information(one) for one in counts])  # (1 + shuffles, T)
    n = counted.sum(0)
    # Times 2 n, all steps have about the same distribution by chance (the G test), so one limit holds for all of them.
    limit = np.quantile((2 * n * by_step[1:]).max(1), 0.95) / (2 * n)
    columns = {"t": np.arange(steps), "information": by_step[0], "chance": by_step[1:].mean(0), "limit": limit}
    return _judged(pooled, counts[0].sum(0)), pd.DataFrame(columns)


def information_on_position(
    z: np.ndarray, lengths: np.ndarray, k: int, *, shuffles: int = SHUFFLES, seed: int = 0
) -> Information:
    """What the LSTM listened to tells of the step t at which it is.

    z, lengths, k  as in `usage`
    shuffles       how often every sequence is turned round by a number of steps of its own, its end joined to its
                   beginning: what follows what stays as it is, only its place is lost
    seed           of the shuffles
    raises         ValueError as `usage` does
    """
    counted = counted_steps(z, lengths, k)
    rng = np.random.default_rng(seed)
    steps = int(lengths.max())
    sequence, t = np.nonzero(counted)
    listened = z[counted].astype(np.int64) * steps
    length = lengths[sequence]

    def joint(shift: np.ndarray | None) -> np.ndarray:
        at = t if shift is None else t + shift[sequence]
        at = at - length * (at >= length)
        return np.bincount(listened + at, minlength=k * steps).reshape(k, steps)

    turns = (rng.integers(0, np.maximum(lengths, 1)) for _ in range(shuffles))
    counts = [joint(None), *map(joint, turns)]
    return _judged(np.array([mutual_information(one) for one in counts]), counts[0])


def information_on_kind(
    z: np.ndarray, lengths: np.ndarray, k: int, kinds: np.ndarray, *, shuffles: int = SHUFFLES, seed: int = 0
) -> Information:
    """What the LSTM listened to tells of the kind of step at which it is.

    z, lengths, k  as in `usage`
    kinds          (N, T) int from 0: the kind of each step
    shuffles       how often the kinds are dealt out anew, at each step among the sequences that go on so far: what the
                   place in a sequence tells of both is left, so it is not taken for knowledge of the kind
    seed           of the shuffles
    raises         ValueError as `usage` does
    """
    counted = counted_steps(z, lengths, k)
    rng = np.random.default_rng(seed)
    many = int(kinds[counted].max()) + 1
    listened = z.astype(np.int64) * many

    def joint(dealt: np.ndarray) -> np.ndarray:
        return np.bincount((listened + dealt)[counted], minlength=k * many).reshape(k, many)

    counts = [joint(kinds), *(joint(_dealt(kinds, counted, rng)) for _ in range(shuffles))]
    return _judged(np.array([mutual_information(one) for one in counts]), counts[0])


def _dealt(kinds: np.ndarray, counted: np.ndarray, rng: np.random.Generator) -> np.ndarray:
    """Kinds (N, T), those of each step dealt out anew among the sequences that have that step.

    One random permutation of the sequences, from which those that have ended are left out: of each step all deals are
    alike probable, and neighbouring steps come from the same sequence while that goes on.
    """
    order = rng.permutation(len(kinds))
    rows = np.arange(len(kinds))
    # The cycles of a random permutation: each begins at a number greater than all before it (Foata).
    begins = np.maximum.accumulate(np.where(np.maximum.accumulate(order) == order, rows, 0))
    ends = np.append(np.flatnonzero(np.diff(begins)), len(rows) - 1)[np.searchsorted(np.unique(begins), begins)]
    last = np.maximum.accumulate(np.where(counted[order], rows[:, None], -1), axis=0)
    before = np.vstack([np.full((1, kinds.shape[1]), -1), last[:-1]])
    before = np.where(before < begins[:, None], last[ends], before)  # round the cycle
    dealt = np.empty_like(kinds)
    dealt[order] = np.take_along_axis(kinds[order], np.maximum(before, 0), axis=0)
    return dealt


def _judged(values: np.ndarray, joint: np.ndarray) -> Information:
    """values (1 + shuffles,): the counted one, then those of the shuffles; joint (a, b) of the counted one."""
    total = joint.sum()
    most = min(np.log(total) - _n_ln_n(joint.sum(axis)).sum() / total for axis in (0, 1))
    return Information(
        value=float(values[0]),
        chance=float(values[1:].mean()),
        limit=float(np.quantile(values[1:], 0.95)),
        most=float(most),
        p=float((values >= values[0] - 1e-12).mean()),
        shuffles=len(values) - 1,
    )


def _n_ln_n(n: np.ndarray) -> np.ndarray:
    return n * np.log(np.maximum(n, 1))
