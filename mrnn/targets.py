"""What follows from the kind of a target: the loss that is learned by, and the score that is told.

The kinds are those of `SequenceData`. Logits come as (M, C), one row for each answer that counts; y as (M,) int for
"class", and (M, C) float for "labels" and "value".
"""

from typing import Protocol

import numpy as np
from torch import Tensor
from torch.nn import functional as F

from mrnn.data import Target


def losses(target: Target, logits: Tensor, y: Tensor) -> Tensor:
    """(M,) loss of each answer: cross-entropy, in nats; its mean over C labels; the mean squared error of C values."""
    if target == "class":
        return F.cross_entropy(logits, y, reduction="none")
    if target == "labels":
        return F.binary_cross_entropy_with_logits(logits, y.to(logits.dtype), reduction="none").mean(-1)
    return (logits - y.to(logits.dtype)).square().mean(-1)


class Score(Protocol):
    """What is told of many answers, gathered batch by batch; 1 is perfect."""

    def add(self, logits: Tensor, y: Tensor) -> None:
        """Take more answers into account."""

    def value(self) -> float:
        """The score of all answers so far."""
        ...


class Accuracy:
    """Share of answers whose most probable class is the right one."""

    def __init__(self) -> None:
        self._right = self._all = 0

    def add(self, logits: Tensor, y: Tensor) -> None:
        """logits (M, C), y (M,) int."""
        self._right += int((logits.argmax(-1) == y).sum())
        self._all += len(y)

    def value(self) -> float:
        """From 0 to 1."""
        return self._right / self._all


class MacroF1:
    """F1 of each label, averaged over the labels that occur or are said to; a label holds where its logit is > 0.

    source  van Rijsbergen, "Information Retrieval", 1979; the mean as in scikit-learn's `f1_score(average="macro")`
    """

    def __init__(self) -> None:
        self._hits: np.ndarray | float = 0.0  # (C,): said and true
        self._both: np.ndarray | float = 0.0  # (C,): said, plus true

    def add(self, logits: Tensor, y: Tensor) -> None:
        """logits (M, C), y (M, C) of 0 and 1."""
        said, true = _exact(logits) > 0, _exact(y)
        self._hits = self._hits + (said * true).sum(0)
        self._both = self._both + said.sum(0) + true.sum(0)

    def value(self) -> float:
        """From 0 to 1; 1 where no label occurs and none is said."""
        hits, both = np.asarray(self._hits), np.asarray(self._both)
        counts = both > 0
        return float((2 * hits[counts] / both[counts]).mean()) if counts.any() else 1.0


class R2:
    """Coefficient of determination: 1 minus squared error over variance, averaged over the C values.

    source  as scikit-learn's `r2_score`, where a value that never changes scores 1 if it is met exactly, and else 0
    """

    def __init__(self) -> None:
        self._n = 0
        self._mean: np.ndarray | float = 0.0
        self._spread: np.ndarray | float = 0.0  # (C,): sum of squared distances to the mean
        self._error: np.ndarray | float = 0.0  # (C,): sum of squared errors

    def add(self, logits: Tensor, y: Tensor) -> None:
        """logits (M, C), y (M, C)."""
        said, true = _exact(logits), _exact(y)
        self._error = self._error + np.square(said - true).sum(0)
        # Merged as Chan, Golub and LeVeque (1979) do: sums of squares alone would cancel far from 0.
        mean, total = true.mean(0), self._n + len(true)
        step = mean - self._mean
        self._spread = self._spread + np.square(true - mean).sum(0) + np.square(step) * (self._n * len(true) / total)
        self._mean = self._mean + step * (len(true) / total)
        self._n = total

    def value(self) -> float:
        """At most 1; 0 is as good as always saying the mean."""
        error, spread = np.asarray(self._error), np.asarray(self._spread)
        share = np.divide(error, spread, out=(error > 0).astype(float), where=spread > 0)
        return float((1 - share).mean())


def _exact(values: Tensor) -> np.ndarray:
    """In float64, which not every GPU has."""
    return values.cpu().numpy().astype(np.float64)


def score(target: Target) -> Score:
    """A fresh score for this kind of target, the one that `mrnn.scores.SCORES` names."""
    return {"class": Accuracy, "labels": MacroF1, "value": R2}[target]()
