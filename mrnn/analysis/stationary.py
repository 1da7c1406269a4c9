"""Where the chain of hand-overs would settle, and how well a number of sequences lets one know it."""

import numpy as np

from mrnn.analysis.paths import counted_steps, transition_matrix


def starts(z: np.ndarray, lengths: np.ndarray, k: int) -> np.ndarray:
    """(k,) int: how many sequences begin with each LSTM; refuses what `usage` refuses."""
    return np.bincount(z[:, :1][counted_steps(z, lengths, k)[:, :1]], minlength=k)


def stationary_distribution(counts: np.ndarray, starts: np.ndarray) -> np.ndarray:
    """Share of steps the observed chain would spend in each LSTM if its sequences went on for ever.

    counts   (k, k) int: [i, j] = moves from i to j
    starts   (k,) int: sequences that begin with each LSTM
    returns  (k,) float: the mean over t of the distribution at step t, as t grows without end (the Cesaro limit),
             from the observed first steps. It is a left eigenvector of the transition matrix with eigenvalue 1: the
             only one if every LSTM can be reached from every other; else the one that these first steps lead to.
             From an LSTM that was never left, the chain begins anew, as sequences do.
    raises   ValueError if no sequence begins
    """
    first, matrix = _chain(counts, starts)
    return first @ _limit(matrix)


def pulls(moves: np.ndarray, first: np.ndarray) -> np.ndarray:
    """How far each sequence pulls the stationary distribution: its derivative by the sequence's weight.

    Their sum is 0, and the root of the sum of their squares is about the standard error of the distribution.

    moves    (N, k, k) int: those of each sequence
    first    (N,) int in [0, k): the LSTM that each begins with
    returns  (N, k) float
    raises   ValueError if there is no sequence
    source   Schweitzer, "Perturbation theory and finite Markov chains", Journal of Applied Probability 1968; Hampel,
             "The influence curve and its role in robust estimation", JASA 1974
    """
    n, k = moves.shape[:2]
    counts = moves.sum(0, dtype=np.int64)
    begin, matrix = _chain(counts, np.bincount(first, minlength=k))
    limit = _limit(matrix)
    deviation = np.linalg.inv(np.eye(k) - matrix + limit) - limit
    # If row i of the matrix is nudged at j, LSTM l has so much more: ahead[i, j, l].
    ahead = (begin @ limit)[:, None, None] * deviation + (begin @ deviation)[:, None, None] * limit
    left = counts.sum(1)
    by_count = np.divide(ahead, left[:, None, None], out=np.zeros_like(ahead), where=(left > 0)[:, None, None])
    expected = np.einsum("ij,ijl->il", matrix, by_count)
    by_moves = moves.reshape(n, -1) @ by_count.reshape(k * k, k) - moves.sum(2) @ expected
    by_start = limit + ahead[left == 0].sum(0)  # where an LSTM was never left, the chain begins anew
    return by_moves + (by_start[first] - begin @ by_start) / n


def _chain(counts: np.ndarray, starts: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """The distribution (k,) of the first step, and the transition matrix (k, k)."""
    if starts.sum() <= 0:
        raise ValueError("starts must count at least one sequence, got none")
    first = starts / starts.sum()
    matrix = transition_matrix(counts)
    return first, np.where(np.isnan(matrix), first, matrix)


def _limit(matrix: np.ndarray) -> np.ndarray:
    """(k, k): the mean of the powers of a transition matrix."""
    # Half of the time nothing happens: that changes no limit of means, but ends all periods, so that powers converge.
    lazy = (np.eye(len(matrix)) + matrix) / 2
    for _ in range(64):  # 2^64 steps; each squaring rounds a little, so rows are made to sum to 1 again
        lazy = lazy @ lazy
        lazy /= lazy.sum(axis=1, keepdims=True)
    return lazy
