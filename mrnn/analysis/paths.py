"""What may be counted on paths of LSTMs: z (N, T), the LSTM listened to at each step."""

import numpy as np


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
    z = z.astype(np.int64)  # i * k + j overflows a smaller type
    moves = z[:, :-1][both] * k + z[:, 1:][both]
    return np.bincount(moves, minlength=k * k).reshape(k, k)


def transition_matrix(counts: np.ndarray) -> np.ndarray:
    """(k, k) counts of moves as probabilities: rows sum to 1, or are NaN where an LSTM was never left."""
    totals = counts.sum(axis=1, keepdims=True)
    return np.divide(counts, totals, out=np.full(counts.shape, np.nan), where=totals > 0)


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
