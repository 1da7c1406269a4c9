"""Do two classes, or two models, differ beyond chance? Sequences are what is dealt out anew, never steps.

All that is compared is a ratio of sums over sequences: moves from i to j over moves from i; steps with an LSTM over
steps; steps of its stays over stays; q over steps. Steps of one sequence hang together, so a test that took them for
independent witnesses would find differences everywhere.

source  Westfall and Young, "Resampling-based multiple testing", 1993: step-down maxT, for many cells at once;
        Chung and Romano, "Exact and asymptotically robust permutation tests", Annals of Statistics 2013: differences
        over their standard errors, so that groups which differ in something else do not pass for different in this
"""

from dataclasses import dataclass

import numpy as np
import pandas as pd

from mrnn.analysis.paths import stays, transitions_by_sequence, usage_by_sequence

SHUFFLES = 999
LEVEL = 0.05  # of error over all cells together
WIDTH = 1.96  # standard errors on either side of a 95 % interval
FEWEST = 10  # sequences with an occasion, on each side, for anything to be said
BINS = 100  # spans of time: more cannot be told apart in a picture
AT_ONCE = 256  # shuffles, and cells, in one matrix product


@dataclass(frozen=True)
class Counts:
    """What is compared, sequence by sequence: c cells, each a share of one of g kinds of occasions.

    top     (N, c) number: how often, or how much
    bottom  (N, g) number: of how many occasions
    of      (c,) int in [0, g): which of them are a cell's
    """

    top: np.ndarray
    bottom: np.ndarray
    of: np.ndarray

    def take(self, rows: np.ndarray) -> "Counts":
        """Those of some sequences."""
        return Counts(self.top[rows], self.bottom[rows], self.of)

    @property
    def ratios(self) -> np.ndarray:
        """(c,): over all sequences; NaN where there was no occasion."""
        top, bottom = self.top.sum(0, dtype=np.float64), self.bottom.sum(0, dtype=np.float64)[self.of]
        return np.divide(top, bottom, out=np.full(len(top), np.nan), where=bottom > 0)


@dataclass(frozen=True)
class Difference:
    """Ratios of the first and of the second, cell by cell (c,), and whether they differ.

    first, second  ratios; NaN where there was no occasion
    low, high      95 % interval of first - second, each cell for itself; sequences are its units
    p              family-wise: how often shuffles alone make some cell stand out as much as this one does
    low, high and p are NaN where fewer than ten sequences on either side had an occasion: nothing can be said
    """

    first: np.ndarray
    second: np.ndarray
    low: np.ndarray
    high: np.ndarray
    p: np.ndarray

    @property
    def difference(self) -> np.ndarray:
        """(c,): first - second."""
        return self.first - self.second

    def table(self) -> pd.DataFrame:
        """Rows of first, second, difference, low, high, p, beyond_chance (true or false)."""
        columns = {"first": self.first, "second": self.second, "difference": self.difference}
        columns |= {"low": self.low, "high": self.high, "p": self.p}
        return pd.DataFrame({**columns, "beyond_chance": self.p <= LEVEL})


def compare_groups(
    counts: Counts, first: np.ndarray, second: np.ndarray, *, shuffles: int = SHUFFLES, seed: int = 0
) -> Difference:
    """Two groups of sequences: the same network on two classes.

    first, second  int: the sequences of each group
    shuffles       how often the sequences are dealt out anew into two groups of these sizes
    seed           of the shuffles
    raises         ValueError if a group is empty
    """
    if not len(first) or not len(second):
        raise ValueError(f"both groups need sequences, got {len(first)} and {len(second)}")
    both = np.concatenate([first, second])
    of_first = np.arange(len(both)) < len(first)
    shuffled = np.random.default_rng(seed).permuted(np.broadcast_to(of_first, (shuffles, len(both))), axis=1)
    keep = np.concatenate([of_first[None], shuffled])
    return _judged(counts.take(first), counts.take(second), *_studentised(counts.take(both), None, keep))


def compare_pairs(one: Counts, other: Counts, *, shuffles: int = SHUFFLES, seed: int = 0) -> Difference:
    """Two accounts of the same sequences: two networks that read them both.

    one, other  of the same N, c and g, cell for cell
    shuffles    how often the two accounts of each sequence are exchanged, or not, by the toss of a coin
    seed        of the shuffles
    raises      ValueError if the shapes differ
    """
    if one.top.shape != other.top.shape or one.bottom.shape != other.bottom.shape:
        raise ValueError(f"both must count the same cells, got shapes {one.top.shape} and {other.top.shape}")
    tosses = np.random.default_rng(seed).integers(0, 2, (shuffles, len(one.top)), np.int8).astype(bool)
    keep = np.concatenate([np.ones((1, len(one.top)), bool), tosses])
    return _judged(one, other, *_studentised(one, other, keep))


# -- what can be compared --------------------------------------------------------------------------------------------


def count_usage(z: np.ndarray, lengths: np.ndarray, k: int) -> Counts:
    """Steps with each LSTM, of all steps: c = k."""
    return Counts(usage_by_sequence(z, lengths, k), lengths[:, None], np.zeros(k, int))


def count_transitions(z: np.ndarray, lengths: np.ndarray, k: int) -> Counts:
    """Moves from i to j, of all moves from i: c = k * k, cell i * k + j."""
    moves = transitions_by_sequence(z, lengths, k)
    return Counts(moves.reshape(len(z), -1), moves.sum(2, dtype=moves.dtype), np.repeat(np.arange(k), k))


def count_stays(z: np.ndarray, lengths: np.ndarray, k: int) -> Counts:
    """Steps of the stays with each LSTM, per stay: c = k."""
    table = stays(z, lengths, k)
    number = np.bincount(table["sequence"] * k + table["lstm"] - 1, minlength=len(z) * k).reshape(-1, k)
    return Counts(usage_by_sequence(z, lengths, k), number, np.arange(k))


def count_q(q: np.ndarray, lengths: np.ndarray, bins: int = BINS) -> tuple[Counts, np.ndarray]:
    """q of each LSTM, of the steps that count, in at most `bins` spans of time that are equally long but for the last.

    q        (N, T, k), 0 on padding
    returns  Counts of cells span * k + j; and the first step of each span
    """
    n, k, steps = len(q), q.shape[2], int(lengths.max())
    q = q[:, :steps]
    first = np.arange(0, steps, -(-steps // bins))
    counted = np.arange(steps) < lengths[:, None]
    spans = np.add.reduceat(q, first, axis=1) if len(first) < steps else q
    of = np.repeat(np.arange(len(first)), k)
    return Counts(spans.reshape(n, -1), np.add.reduceat(counted, first, axis=1, dtype=np.int32), of), first


# -- how it is judged ------------------------------------------------------------------------------------------------


def _studentised(one: Counts, other: Counts | None, keep: np.ndarray) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """How the two sides differ, as observed and in every shuffle.

    one, other  what a sequence gives to the side that it is dealt to, and to the opposite one; None gives that nothing
    keep        (1 + shuffles, N) bool: dealt to the first side; row 0 is as observed
    returns     (1 + shuffles, c) each: difference of the ratios; its standard error; on the side that has fewer, how
                many sequences had an occasion
    """
    blocks = (slice(start, start + AT_ONCE) for start in range(0, len(one.of), AT_ONCE))
    gap, error, seen = zip(*(_block(one, other, keep, cells) for cells in blocks), strict=True)
    return np.concatenate(gap, axis=1), np.concatenate(error, axis=1), np.concatenate(seen, axis=1)


def _block(
    one: Counts, other: Counts | None, keep: np.ndarray, cells: slice
) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    groups, place = np.unique(one.of[cells], return_inverse=True)
    a, b = one.top[:, cells].astype(np.float32), one.bottom[:, groups].astype(np.float32)
    if other is None:
        c, d = np.zeros((1, a.shape[1]), np.float32), np.zeros((1, b.shape[1]), np.float32)
    else:
        c, d = other.top[:, cells].astype(np.float32), other.bottom[:, groups].astype(np.float32)
    # Around the ratio of both sides together, so that squares lose no digits.
    middle = (a.sum(0) + c.sum(0)) / np.maximum(b.sum(0) + d.sum(0), 1e-9)[place]
    a, c = a - middle * b[:, place], c - middle * d[:, place]

    def split(kept: np.ndarray, moved: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        """Sums of the first side and of the second, of what a sequence gives to its side and to the opposite one."""
        more, all_moved = kept - moved, moved.sum(0)
        rows = [keep[i : i + AT_ONCE].astype(np.float32) @ more for i in range(0, len(keep), AT_ONCE)]
        first = np.concatenate(rows).astype(np.float64) + all_moved
        return first, kept.sum(0) + all_moved - first

    tops, bottoms = split(a, c), [part[:, place] for part in split(b, d)]
    seen = [part[:, place] for part in split((b > 0).astype(np.float32), (d > 0).astype(np.float32))]
    squares = zip(split(a**2, c**2), split(a * b[:, place], c * d[:, place]), split(b**2, d**2), strict=True)
    totals = [np.maximum(bottom, 1e-9) for bottom in bottoms]
    ratios = [top / total for top, total in zip(tops, totals, strict=True)]
    variance = np.zeros_like(ratios[0])
    for (aa, ab, bb), ratio, total, n in zip(squares, ratios, totals, seen, strict=True):
        spread = aa - 2 * ratio * ab + ratio**2 * bb[:, place]
        variance += spread / total**2 * n / np.maximum(n - 1, 1)
    if other is not None:
        (first, second), (aa, bb) = split(a * d[:, place], c * b[:, place]), ((a * c).sum(0), (b * d).sum(0)[place])
        common = aa - ratios[1] * first - ratios[0] * second + ratios[0] * ratios[1] * bb
        variance -= 2 * common / (totals[0] * totals[1])
    return ratios[0] - ratios[1], np.sqrt(np.maximum(variance, 1e-12)), np.minimum(*seen)


def _judged(one: Counts, other: Counts, gap: np.ndarray, error: np.ndarray, seen: np.ndarray) -> Difference:
    enough = seen > FEWEST - 0.5
    p = _family_wise(np.where(enough, np.abs(gap) / error, 0))
    width = np.where(enough[0], WIDTH * error[0], np.nan)
    first, second = one.ratios, other.ratios
    # Two shares cannot differ by more than 1.
    most = 1.0 if all((of.top <= of.bottom[:, of.of]).all() for of in (one, other)) else np.inf
    return Difference(
        first=first,
        second=second,
        low=np.clip(first - second - width, -most, most),
        high=np.clip(first - second + width, -most, most),
        p=np.where(enough[0], p, np.nan),
    )


def _family_wise(stand_out: np.ndarray) -> np.ndarray:
    """p (c,) of what stands out in row 0 of (1 + shuffles, c), among all rows: the step-down maxT procedure."""
    order = np.argsort(-stand_out[0], kind="stable")
    stand_out = stand_out[:, order]
    # The greatest among the cells that stand out no more than this one: those before it are settled already.
    greatest = np.maximum.accumulate(stand_out[:, ::-1], axis=1)[:, ::-1]
    reached = (greatest >= stand_out[0] * (1 - 1e-4)).mean(0)  # rounding must not break a tie
    p = np.empty(len(order))
    p[order] = np.maximum.accumulate(reached)
    return p
