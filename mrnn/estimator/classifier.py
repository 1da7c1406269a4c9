"""Which class is a sequence of?"""

from collections.abc import Mapping
from typing import Any, Literal, Self

import numpy as np
from numpy.typing import ArrayLike
from scipy.special import softmax
from sklearn.base import ClassifierMixin
from sklearn.utils.class_weight import compute_class_weight
from sklearn.utils.multiclass import check_classification_targets
from sklearn.utils.validation import assert_all_finite, column_or_1d

from mrnn.config import Carry, Cell, Objective
from mrnn.estimator.base import SequenceEstimator


class MRNNClassifier(ClassifierMixin, SequenceEstimator):
    """Which class is a sequence of? A Markov recurrent network as a scikit-learn classifier.

    X, wherever it is asked for, holds N sequences in one of three forms:
        (N, T) numbers, an array, a DataFrame or nested lists: one number a step, as many steps in each sequence;
        (N, T, D) numbers: D at each step;
        a list (or array, or column) of arrays, each (T_n,) or (T_n, D): each sequence with a length of its own.
    T may differ from call to call in the last two. `n_features_in_` is T in the first form, and else D.

    Parameters:
        k                 LSTMs side by side; a baseline cell has one, whatever k
        hidden_size, num_layers, dropout, cell, carry
                          as in `ModelConfig`
        epochs            passes over the training part, at most
        batch_size, learning_rate, weight_decay, objective, beta, balance, tau0, rate, tau_floor, device
                          as in `TrainConfig`
        early_stopping    whether a share of the sequences is held out, training stops when the loss on it, in use,
                          has not fallen for `patience` epochs, and the best weights are kept; "auto": where at
                          least 10 sequences can be held out
        validation_share  the share held out, of each class alike
        patience          epochs
        class_weight      weights by class, or "balanced": as if all classes had as many sequences; unlike sample_weight
                          it does not move what X is standardized by
        standardize       whether each of the D numbers is brought to mean 0 and standard deviation 1, as they are
                          over all steps of what is fitted (in `partial_fit`, of its first call)
        random_state      of the first weights, the order of sequences, what is held out, Gumbel noise and dropout

    Copies of a sequence with one target count as one of as much weight, and its order among the others does not
    matter: so a weight of 2 is the same as two copies, and no copy of what is held out is trained on.

    Fitted:
        model_             SequenceModel in float64 on the CPU, which takes standardized sequences
        n_iter_            epochs trained
        loss_curve_        mean of the objective in each epoch
        validation_curve_  loss on the held-out part after each epoch; empty where none was held out
        classes_           (C,) the classes, sorted
        scaling_           Scaling: what X is standardized by

    source  Kuo and Chien, "Markov recurrent neural networks", MLSP 2018

    Example:
        classifier = MRNNClassifier(k=3, random_state=0).fit(X, y)
        classifier.predict_proba(X)    # (N, C)
        classifier.transform(X)        # (N, 3): how much of each sequence each LSTM read
    """

    _target = "class"

    def __init__(
        self,
        k: int = 4,
        hidden_size: int = 32,
        *,
        num_layers: int = 1,
        dropout: float = 0.0,
        cell: Cell = "mrnn",
        carry: Carry = "mixed",
        epochs: int = 200,
        batch_size: int = 32,
        learning_rate: float = 5e-3,
        weight_decay: float = 0.0,
        objective: Objective = "mle",
        beta: float = 0.1,
        balance: float = 0.0,
        tau0: float = 2.0,
        rate: float = 0.2,
        tau_floor: float = 0.3,
        early_stopping: bool | Literal["auto"] = "auto",
        validation_share: float = 0.1,
        patience: int = 20,
        class_weight: Mapping[Any, float] | Literal["balanced"] | None = None,
        standardize: bool = True,
        device: str = "auto",
        random_state: int | np.random.RandomState | None = None,
    ) -> None:
        super().__init__(
            k,
            hidden_size,
            num_layers=num_layers,
            dropout=dropout,
            cell=cell,
            carry=carry,
            epochs=epochs,
            batch_size=batch_size,
            learning_rate=learning_rate,
            weight_decay=weight_decay,
            objective=objective,
            beta=beta,
            balance=balance,
            tau0=tau0,
            rate=rate,
            tau_floor=tau_floor,
            early_stopping=early_stopping,
            validation_share=validation_share,
            patience=patience,
            standardize=standardize,
            device=device,
            random_state=random_state,
        )
        self.class_weight = class_weight

    def partial_fit(
        self, X: Any, y: ArrayLike, classes: ArrayLike | None = None, sample_weight: ArrayLike | None = None
    ) -> Self:
        """Go over some more sequences once, at the temperature of the next epoch; nothing is held out.

        classes  all there will ever be, in the first call; unless given, those of its y. Later the same, or none
        raises   as `fit` does; ValueError if a class is new, if other classes are named than before, or if
                 class_weight is "balanced", which takes all of y
        """
        if self.class_weight == "balanced":
            raise ValueError(
                "class_weight 'balanced' is not supported for partial_fit; compute it over all sequences with "
                "compute_class_weight('balanced', classes=classes, y=y) and pass that by class"
            )
        if classes is not None and hasattr(self, "classes_") and not np.array_equal(self.classes_, np.unique(classes)):
            raise ValueError(
                f"`classes={classes!r}` is not the same as on last call to partial_fit, was: {self.classes_!r}"
            )
        return self._partial_fit(X, y, sample_weight, classes)

    def predict_proba(self, X: Any) -> np.ndarray:
        """(N, C) probability of each class, in the order of `classes_`."""
        return softmax(self._answers(X)[0], axis=1)

    def predict(self, X: Any) -> np.ndarray:
        """(N,) the most probable class of each sequence."""
        logits, _ = self._answers(X)
        return self.classes_[logits.argmax(1)]

    def _read_targets(self, y: Any) -> np.ndarray:
        y = column_or_1d(y, warn=True)
        assert_all_finite(y, input_name="y", estimator_name=type(self).__name__)
        check_classification_targets(y)
        return y

    def _learn_targets(self, y: np.ndarray, weights: np.ndarray, classes: ArrayLike | None = None) -> np.ndarray:
        self.classes_ = np.unique(y if classes is None else np.asarray(classes))
        if len(self.classes_) < 2:
            raise ValueError(f"The number of classes has to be greater than one; got {len(self.classes_)} class")
        self._outputs = len(self.classes_)
        encoded = self._encode(y)
        self._class_weights = compute_class_weight(self.class_weight, classes=self.classes_, y=y, sample_weight=weights)
        if self._class_weights.min() < 0 or not self._class_weights[encoded].any():
            raise ValueError(f"class_weight must be >= 0, and > 0 for a class in y, got {self.class_weight}")
        return encoded

    def _encode(self, y: np.ndarray) -> np.ndarray:
        new = np.setdiff1d(y, self.classes_)
        if len(new):
            raise ValueError(f"y holds the class {new.tolist()[0]!r}, which is none of classes_ = {self.classes_}")
        return np.searchsorted(self.classes_, y)

    def _importance(self, y: np.ndarray) -> np.ndarray:
        return self._class_weights[y]
