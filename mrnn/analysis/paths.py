"""What may be counted on paths of LSTMs: z (N, T), the LSTM listened to at each step."""

import numpy as np
import pandas as pd


def usage(z: np.ndarray, lengths: np.ndarray, k: int) -> np.ndarray:
    """Share of steps each LSTM was listened to.

    z        (N, T) int in [0, k): the LSTM listened to
    lengths  (N,) int: steps that count; the rest is padding
    returns  (k,) float; its sum is 1
    raises   ValueError if a length exceeds T, or z lies outside [0, k)
    """
    counted = counted_steps(z, lengths, k)
    counts = np.bincount(z[counted], minlength=k)
    return counts / max(counts.sum(), 1)


def transition_counts(z: np.ndarray, lengths: np.ndarray, k: int) -> np.ndarray:
    """Count the moves between LSTMs at neighbouring steps.

    z        (N, T) int in [0, k): the LSTM listened to
    lengths  (N,) int: steps that count; the rest is padding
    returns  (k, k) int: [i, j] = moves from i to j
    raises   ValueError if a length exceeds T, or z lies outside [0, k)
    """
    both = counted_steps(z, lengths, k)[:, 1:]
    return np.bincount(_moves(z, k)[both], minlength=k * k).reshape(k, k)


def usage_by_sequence(z: np.ndarray, lengths: np.ndarray, k: int) -> np.ndarray:
    """Steps each LSTM was listened to, sequence by sequence.

    z, lengths, k  as in `usage`
    returns        (N, k) of the smallest unsigned type that holds T
    raises         ValueError as `usage` does
    """
    return _by_sequence(z.astype(np.int64), counted_steps(z, lengths, k), k, z.shape[1])


def transitions_by_sequence(z: np.ndarray, lengths: np.ndarray, k: int) -> np.ndarray:
    """Count the moves between LSTMs sequence by sequence; their sum over N is `transition_counts`.

    z, lengths, k  as in `transition_counts`
    returns        (N, k, k) of the smallest unsigned type that holds T
    raises         ValueError as `transition_counts` does
    """
    both = counted_steps(z, lengths, k)[:, 1:]
    return _by_sequence(_moves(z, k), both, k * k, z.shape[1]).reshape(-1, k, k)


def transition_matrix(counts: np.ndarray) -> np.ndarray:
    """(k, k) counts of moves as probabilities: rows sum to 1, or are NaN where an LSTM was never left."""
    totals = counts.sum(axis=1, keepdims=True)
    return np.divide(counts, totals, out=np.full(counts.shape, np.nan), where=totals > 0)


def stays(z: np.ndarray, lengths: np.ndarray, k: int) -> pd.DataFrame:
    """Each stay with one LSTM: dwell times.

    z, lengths, k  as in `usage`
    returns        rows of sequence and start (both from 0), lstm (from 1), steps, cut: true where the sequence ended
                   before the stay did. The steps of a sequence's stays sum to its length.
    raises         ValueError as `usage` does
    """
    begins = counted_steps(z, lengths, k)
    begins[:, 1:] &= z[:, 1:] != z[:, :-1]
    sequence, start = np.nonzero(begins)
    last = np.append(sequence[1:] != sequence[:-1], True)[: len(sequence)]
    end = np.where(last, lengths[sequence], np.append(start[1:], 0)[: len(start)])
    return pd.DataFrame(
        {
            "sequence": sequence,
            "start": start,
            "lstm": z[sequence, start].astype(np.int64) + 1,
            "steps": end - start,
            "cut": last,
        }
    )


def dwell_survival(stays: pd.DataFrame) -> pd.DataFrame:
    """How long stays last: share of the stays with an LSTM that last at least so many steps.

    stays    `stays`
    returns  rows of lstm (from 1), steps (from 1), share, seen (stays that were watched that long), memoryless: the
             share if the LSTM were left with the same probability at every step. Stays that the end of a sequence cut
             short count for as long as they were watched.
    source   Kaplan and Meier, "Nonparametric estimation from incomplete observations", JASA 1958
    """
    tables = []
    for lstm, own in stays.groupby("lstm"):
        longest = int(own["steps"].max())
        ended, cut = (
            np.bincount(own.loc[own["cut"] == side, "steps"], minlength=longest + 1)[1:] for side in (False, True)
        )
        seen = (ended + cut)[::-1].cumsum()[::-1]  # at least so many steps long
        at_risk = seen - cut  # and what came next was seen
        stayed = 1 - ended / np.maximum(at_risk, 1)
        share = np.append(1.0, stayed[:-1].cumprod())
        memoryless = (1 - ended.sum() / max(at_risk.sum(), 1)) ** np.arange(longest)
        columns = {"lstm": lstm, "steps": np.arange(1, longest + 1), "share": share, "seen": seen}
        tables.append(pd.DataFrame({**columns, "memoryless": memoryless}))
    return pd.concat(tables, ignore_index=True)


def counted_steps(z: np.ndarray, lengths: np.ndarray, k: int) -> np.ndarray:
    """(N, T) bool, True at steps that count; refuses paths and lengths that do not fit (ValueError)."""
    if z.ndim != 2 or lengths.shape != z.shape[:1]:
        raise ValueError(f"z must have the axes (N, T) and lengths (N,), got shapes {z.shape} and {lengths.shape}")
    if lengths.size and not 0 <= lengths.min() <= lengths.max() <= z.shape[1]:
        raise ValueError(f"lengths must be from 0 to {z.shape[1]}, got {lengths.min()} to {lengths.max()}")
    counted = np.arange(z.shape[1]) < lengths[:, None]
    seen = z[counted]
    if seen.size and not 0 <= seen.min() <= seen.max() < k:
        raise ValueError(f"z must be from 0 to {k - 1}, got {seen.min()} to {seen.max()}")
    return counted


def _moves(z: np.ndarray, k: int) -> np.ndarray:
    """(N, T - 1) int: i * k + j for a move from i to j."""
    z = z.astype(np.int64)  # i * k + j overflows a smaller type
    return z[:, :-1] * k + z[:, 1:]


def _by_sequence(what: np.ndarray, counted: np.ndarray, kinds: int, most: int) -> np.ndarray:
    """(N, kinds): how often each of `kinds` occurs among the counted entries of a row, at most `most` times."""
    n = len(what)
    places = (what + kinds * np.arange(n)[:, None])[counted]
    counts = np.bincount(places, minlength=n * kinds).reshape(n, kinds)
    return counts.astype(np.min_scalar_type(most))
