"""How far two tellings of the same steps agree on which belong together."""

import numpy as np


def agreement(found: np.ndarray, true: np.ndarray, lengths: np.ndarray) -> float:
    """Adjusted Rand index of two paths, over all steps that count.

    1 where they agree but for what the states are called, 0 in the mean for what has nothing to do with one another.

    found, true  (N, T) int
    lengths      (N,) int: steps that count; the rest is padding
    source       Hubert and Arabie, "Comparing partitions", Journal of Classification 2, 1985
    """
    from sklearn.metrics import adjusted_rand_score  # takes a second to import, which few need

    counts = np.arange(true.shape[1]) < lengths[:, None]
    return float(adjusted_rand_score(true[counts], found[counts]))
