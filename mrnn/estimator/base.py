"""What the estimators share: reading what is handed over, learning, and answering."""

import copy
from abc import ABC, abstractmethod
from numbers import Integral
from typing import Any, ClassVar, Literal, Self

import numpy as np
import torch
from numpy.typing import ArrayLike
from sklearn.base import BaseEstimator, TransformerMixin
from sklearn.model_selection import train_test_split
from sklearn.utils import Tags, check_consistent_length, check_random_state
from sklearn.utils.validation import _check_sample_weight, check_is_fitted

from mrnn.config import Carry, Cell, ModelConfig, Objective, TrainConfig
from mrnn.data import SequenceData, Target
from mrnn.estimator.layout import as_sequences, check_array, validate_data
from mrnn.model import SequenceModel
from mrnn.scaling import Scaling
from mrnn.targets import losses
from mrnn.trace import Trace
from mrnn.training import Training

LEAST_HELD_OUT = 10  # sequences; fewer say too little to stop by


class SequenceEstimator(TransformerMixin, BaseEstimator, ABC):
    """What classifier and regressor share; `MRNNClassifier` says what the parameters mean."""

    _target: ClassVar[Target]

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
        standardize: bool = True,
        device: str = "auto",
        random_state: int | np.random.RandomState | None = None,
    ) -> None:
        self.k = k
        self.hidden_size = hidden_size
        self.num_layers = num_layers
        self.dropout = dropout
        self.cell: Cell = cell
        self.carry: Carry = carry
        self.epochs = epochs
        self.batch_size = batch_size
        self.learning_rate = learning_rate
        self.weight_decay = weight_decay
        self.objective: Objective = objective
        self.beta = beta
        self.balance = balance
        self.tau0 = tau0
        self.rate = rate
        self.tau_floor = tau_floor
        self.early_stopping = early_stopping
        self.validation_share = validation_share
        self.patience = patience
        self.standardize = standardize
        self.device = device
        self.random_state = random_state

    def __sklearn_tags__(self) -> Tags:
        tags = super().__sklearn_tags__()
        tags.input_tags.three_d_array = True
        tags.target_tags.required = True
        return tags

    # -- learning ----------------------------------------------------------------------------------------------------

    def fit(self, X: Any, y: ArrayLike, sample_weight: ArrayLike | None = None) -> Self:
        """Learn from scratch.

        X              N sequences, as above
        y              (N,) classes, or (N,) or (N, C) numbers
        sample_weight  (N,) >= 0: how much each sequence counts
        raises         ValueError as scikit-learn words it, or that names a parameter, its rule and its value
        """
        if not isinstance(self.patience, Integral) or self.patience < 1:
            raise ValueError(f"patience must be a whole number of epochs, at least 1, got {self.patience!r}")
        if self.early_stopping not in (True, False, "auto"):
            raise ValueError(f"early_stopping must be True, False or 'auto', got {self.early_stopping!r}")
        x, lengths, y, weights = self._read_all(X, y, sample_weight, reset=True)
        y = self._learn_targets(y, weights)
        config = self._begin(x, lengths, weights)
        self._train(self._data(x, lengths, y, weights), config)
        return self

    def _train(self, data: SequenceData, config: TrainConfig) -> None:
        model = self._new_model(data, config)
        data, held_out = self._hold_out(data, config)
        # Held-out sequences are measured here, with their weights; the report's own figures are not looked at.
        training = Training(model, data, config, validation_data=data.take(slice(1)))
        best = copy.deepcopy(model.state_dict())
        best_epoch, self.loss_curve_, self.validation_curve_ = 0, list[float](), list[float]()
        while training.epoch < config.epochs:
            report = training.advance()
            if report is None:
                break
            self.loss_curve_.append(report.loss)
            if held_out is None:
                continue
            self.validation_curve_.append(_loss(model, held_out))
            if self.validation_curve_[-1] <= min(self.validation_curve_):
                best, best_epoch = copy.deepcopy(model.state_dict()), training.epoch
            elif training.epoch - best_epoch >= self.patience:
                break
        if held_out is not None:
            model.load_state_dict(best)
        self._keep(model, training.epoch, None)

    def _partial_fit(self, X: Any, y: ArrayLike, sample_weight: ArrayLike | None, classes: ArrayLike | None) -> Self:
        first = not hasattr(self, "model_")
        x, lengths, y, weights = self._read_all(X, y, sample_weight, reset=first)
        y = self._learn_targets(y, weights, classes) if first else self._encode(y)
        config = self._begin(x, lengths, weights) if first else self._config
        data = self._data(x, lengths, y, weights)
        model = self._new_model(data, config) if first else copy.deepcopy(self.model_).float()
        training = Training(model, data, config, validation_data=data.take(slice(1)))
        if first:
            self.loss_curve_, self.validation_curve_ = list[float](), list[float]()
        elif self._put_down is not None:
            training.take_up(*self._put_down)
        else:  # after `fit`: from its weights and at its temperature, with a fresh optimiser
            training.epoch = self.n_iter_
        report = training.advance()
        if report is not None:
            self.loss_curve_.append(report.loss)
        tensors, values = training.put_down()
        self._keep(model, training.epoch, ({name: t.detach().cpu().clone() for name, t in tensors.items()}, values))
        return self

    def _begin(self, x: np.ndarray, lengths: np.ndarray, weights: np.ndarray) -> TrainConfig:
        """Set what X is standardized by, and turn the parameters into a configuration."""
        width = x.shape[2]
        self.scaling_ = Scaling(np.zeros(width), np.ones(width))
        if self.standardize:
            self.scaling_ = Scaling.learn(x, lengths, weights)
        self._config = TrainConfig(
            epochs=self.epochs,
            batch_size=self.batch_size,
            learning_rate=self.learning_rate,
            weight_decay=self.weight_decay,
            objective=self.objective,
            beta=self.beta,
            balance=self.balance,
            tau0=self.tau0,
            rate=self.rate,
            tau_floor=self.tau_floor,
            validation_share=self.validation_share,
            seed=int(check_random_state(self.random_state).randint(2**31 - 1)),
            device=self.device,
            precision="float32",  # "auto" is measured: the same seed could come out otherwise elsewhere
        )
        return self._config

    def _new_model(self, data: SequenceData, config: TrainConfig) -> SequenceModel:
        shape = ModelConfig(
            input_size=data.x.shape[2],
            output_size=self._outputs,
            k=self.k if self.cell == "mrnn" else 1,
            hidden_size=self.hidden_size,
            num_layers=self.num_layers,
            dropout=self.dropout,
            cell=self.cell,
            carry=self.carry if self.cell == "mrnn" else "mixed",
            target=self._target,
        )
        return SequenceModel(shape, generator=torch.Generator().manual_seed(config.seed))

    def _hold_out(self, data: SequenceData, config: TrainConfig) -> tuple[SequenceData, SequenceData | None]:
        """What is trained on, and what training is stopped by, if anything."""
        count = round(config.validation_share * len(data))
        if not self.early_stopping or (self.early_stopping == "auto" and count < LEAST_HELD_OUT):
            return data, None
        if not 1 <= count < len(data):
            raise ValueError(
                f"early_stopping=True needs a sequence to hold out: validation_share = {config.validation_share:g} "
                f"of n_samples = {len(data)} different ones is {count}; early_stopping='auto' does without"
            )
        classes, sizes = None, np.zeros(0, int)
        if self._target == "class":
            classes, sizes = data.y, np.unique(data.y, return_counts=True)[1]
        alike = len(sizes) and sizes.min() >= 2 and len(sizes) <= min(count, len(data) - count)
        rest, out = train_test_split(
            np.arange(len(data)), test_size=count, stratify=classes if alike else None, random_state=config.seed % 2**31
        )
        return data.take(np.sort(rest)), data.take(np.sort(out))

    def _keep(self, model: SequenceModel, epochs: int, put_down: Any) -> None:
        # In float64, an answer does not depend on what else is asked in the same call.
        self.model_ = copy.deepcopy(model).cpu().double().eval()
        self.n_iter_, self._put_down = epochs, put_down

    # -- reading what is handed over ---------------------------------------------------------------------------------

    def _read_all(
        self, X: Any, y: Any, sample_weight: Any, *, reset: bool
    ) -> tuple[np.ndarray, np.ndarray, np.ndarray, np.ndarray]:
        """x (N, T, D), lengths (N,), y (N,) or (N, C), weights (N,) > 0."""
        x, lengths = self._read(X, reset=reset, y=y)
        y = self._read_targets(y)
        check_consistent_length(lengths, y)
        weights = _check_sample_weight(sample_weight, lengths, dtype=np.float64, ensure_non_negative=True)
        counted = weights > 0
        return x[counted], lengths[counted], y[counted], weights[counted]

    def _read(self, X: Any, *, reset: bool, y: Any = "no_validation") -> tuple[np.ndarray, np.ndarray]:
        """x (N, T, D) float64, lengths (N,); the padding is 0."""
        # Only y's absence is looked at here, for scikit-learn's own words on it; y is read apart.
        absent = None if y is None else "no_validation"
        arrays = as_sequences(X, type(self).__name__)
        lengths = None if arrays is None else np.array([len(a) for a in arrays], dtype=np.int64)
        table = X if arrays is None else np.concatenate(arrays) if arrays else np.empty((0, X.shape[-1]))
        if reset:
            self._of_tables = arrays is None
        if self._of_tables == (arrays is None):
            table = validate_data(self, table, absent, reset=reset, dtype=np.float64)
        else:  # sequences of one number a step may be laid out either way
            table = check_array(table, dtype=np.float64, input_name="X", estimator=self)
            width = 1 if arrays is None else table.shape[1]
            if width != len(self.scaling_.mean):
                name, expected = type(self).__name__, len(self.scaling_.mean)
                raise ValueError(f"X has {width} numbers a step, but {name} is expecting {expected} as input")
        if lengths is None:
            return table[:, :, None], np.full(len(table), table.shape[1])
        counts = np.arange(lengths.max()) < lengths[:, None]
        x = np.zeros((*counts.shape, table.shape[1]))
        x[counts] = table
        return x, lengths

    def _data(self, x: np.ndarray, lengths: np.ndarray, y: np.ndarray, weights: np.ndarray) -> SequenceData:
        """What is given, each different sequence once, with the weight of all its copies, in an order of its own."""
        parts = [np.ascontiguousarray(a.reshape(len(a), -1)).view(np.uint8) for a in (x, lengths, y)]
        rows = np.ascontiguousarray(np.concatenate(parts, axis=1))
        _, first, copies = np.unique(rows.view(f"V{rows.shape[1]}").ravel(), return_index=True, return_inverse=True)
        weights = np.bincount(copies, weights) * self._importance(y[first])
        x = self.scaling_.apply(x[first], lengths[first])
        return SequenceData(x, y[first], lengths[first], self._target, weights / weights.mean())

    # -- answers -----------------------------------------------------------------------------------------------------

    def transform(self, X: Any) -> np.ndarray:
        """(N, k) share of steps in which each LSTM of the last layer was listened to: how a sequence was read."""
        return self._answers(X)[1]

    def get_feature_names_out(self, input_features: Any = None) -> np.ndarray:  # noqa: ARG002, scikit-learn's call
        """Names of the columns of `transform`: "lstm1" to "lstmk", as they are called everywhere here."""
        check_is_fitted(self)
        return np.array([f"lstm{j + 1}" for j in range(self.model_.config.num_lstms)], dtype=object)

    def trace(self, X: Any) -> Trace:
        """Which LSTM was listened to, and what the answer would have been, at every step of every sequence.

        The logits of a regressor are standardized, as its targets were.
        """
        check_is_fitted(self)
        x, lengths = self._read(X, reset=False)
        return self.model_.trace(self.scaling_.apply(x, lengths), lengths)

    @torch.no_grad()
    def _answers(self, X: Any) -> tuple[np.ndarray, np.ndarray]:
        """(N, C) logits, and (N, k) use of each LSTM of the last layer."""
        check_is_fitted(self)
        x, lengths = self._read(X, reset=False)
        logits, use = [], []
        at_once = self.model_.most_at_once(x.shape[1])
        for start in range(0, len(x), at_once):
            rows = slice(start, start + at_once)
            batch = torch.from_numpy(self.scaling_.apply(x[rows], lengths[rows]))
            out = self.model_(batch, lengths[rows], choice="argmax")
            logits.append(out.logits.numpy())
            use.append(out.z[:, -1].sum(1).numpy() / lengths[rows, None])
        return np.concatenate(logits), np.concatenate(use)

    # -- what depends on the kind of target --------------------------------------------------------------------------

    _outputs: int

    @abstractmethod
    def _read_targets(self, y: Any) -> np.ndarray:
        """y as an array, checked."""

    @abstractmethod
    def _learn_targets(self, y: np.ndarray, weights: np.ndarray, classes: ArrayLike | None = None) -> np.ndarray:
        """Find out what there is to answer, and set `_outputs`; y as the network learns it."""

    @abstractmethod
    def _encode(self, y: np.ndarray) -> np.ndarray:
        """y as the network learns it, once that is known."""

    def _importance(self, y: np.ndarray) -> np.ndarray | float:  # noqa: ARG002, a classifier looks at it
        """How much sequences count for what they are, on top of their weights."""
        return 1.0


@torch.no_grad()
def _loss(model: SequenceModel, data: SequenceData) -> float:
    """Mean loss of the answers in use, each with its sequence's weight."""
    total, weight = 0.0, 0.0
    for batch in data.batches(model.most_at_once(data.x.shape[1])):
        x, y, lengths = (torch.from_numpy(a).to(model.device) for a in (batch.x, batch.y, batch.lengths))
        told = losses(data.target, model(x, lengths, choice="argmax").logits, y).cpu().double().numpy()
        counts = np.ones(len(batch)) if batch.weights is None else batch.weights
        total, weight = total + float(counts @ told), weight + float(counts.sum())
    return total / weight
