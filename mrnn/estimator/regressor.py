"""Which numbers belong to a sequence?"""

from typing import Any, Self

import numpy as np
from numpy.typing import ArrayLike
from sklearn.base import RegressorMixin
from sklearn.utils import Tags

from mrnn.estimator.base import SequenceEstimator
from mrnn.estimator.layout import check_array
from mrnn.scaling import Scaling


class MRNNRegressor(RegressorMixin, SequenceEstimator):
    """Which number, or numbers, belong to a sequence? A Markov recurrent network as a scikit-learn regressor.

    X, the parameters and what is fitted are those of `MRNNClassifier`, without classes and their weights. y is (N,),
    or (N, C) for C numbers a sequence; each is standardized for the network by `target_scaling_`.
    """

    _target = "value"

    def __sklearn_tags__(self) -> Tags:
        tags = super().__sklearn_tags__()
        tags.target_tags.multi_output = True
        return tags

    def partial_fit(self, X: Any, y: ArrayLike, sample_weight: ArrayLike | None = None) -> Self:
        """Go over some more sequences once, at the temperature of the next epoch; nothing is held out.

        raises  as `fit` does
        """
        return self._partial_fit(X, y, sample_weight, None)

    def predict(self, X: Any) -> np.ndarray:
        """(N,) or (N, C) numbers, as y was laid out."""
        logits, _ = self._answers(X)
        values = logits * self.target_scaling_.scale + self.target_scaling_.mean
        return values[:, 0] if self._flat else values

    def _read_targets(self, y: Any) -> np.ndarray:
        return check_array(y, ensure_2d=False, dtype=np.float64, input_name="y", estimator=self)

    def _learn_targets(self, y: np.ndarray, weights: np.ndarray, classes: ArrayLike | None = None) -> np.ndarray:  # noqa: ARG002
        self._flat = y.ndim == 1
        columns = y.reshape(len(y), -1)
        self._outputs = columns.shape[1]
        self.target_scaling_ = Scaling.learn(columns[:, None], np.ones(len(y), int), weights)
        return self._encode(y)

    def _encode(self, y: np.ndarray) -> np.ndarray:
        columns = y.reshape(len(y), -1)
        if columns.shape[1] != self._outputs:
            raise ValueError(f"y has {columns.shape[1]} values a sequence, it had {self._outputs} before")
        return (columns - self.target_scaling_.mean) / self.target_scaling_.scale
