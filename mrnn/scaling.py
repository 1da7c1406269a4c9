"""Bringing the numbers of sequences to one scale, learned on one part and used on all."""

from dataclasses import dataclass
from typing import Self

import numpy as np


@dataclass(frozen=True)
class Scaling:
    """Numbers less their mean, over their standard deviation.

    mean, scale  (D,); a number that never changes has the scale 1
    """

    mean: np.ndarray
    scale: np.ndarray

    @classmethod
    def learn(cls, x: np.ndarray, lengths: np.ndarray, weights: np.ndarray | None = None) -> Self:
        """Mean and standard deviation of each of the D numbers over all steps that count.

        x        (N, T, D)
        lengths  (N,) int: steps that count
        weights  (N,) >= 0: how much the steps of a sequence count; all alike unless given
        """
        weights = np.ones(len(x)) if weights is None else weights
        counts = counted(x, lengths) * weights[:, None]
        mean = np.tensordot(counts, x, 2) / counts.sum()
        spread = np.sqrt(np.tensordot(counts, np.square(x - mean), 2) / counts.sum())
        # What rounding alone leaves of a constant is no spread.
        still = spread <= 1e-12 * np.abs(mean)
        return cls(mean, np.where(still, 1.0, spread))

    def apply(self, x: np.ndarray, lengths: np.ndarray) -> np.ndarray:
        """(N, T, D) on this scale, 0 on padding."""
        return np.where(counted(x, lengths)[..., None], (x - self.mean) / self.scale, 0)


def counted(x: np.ndarray, lengths: np.ndarray) -> np.ndarray:
    """(N, T) bool: the steps of x (N, T, D) that are no padding."""
    return np.arange(x.shape[1]) < lengths[:, None]
