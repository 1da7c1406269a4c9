"""What a model, a training and a run are made of: frozen dataclasses that turn into JSON and back."""

import json
import math
import sys
from dataclasses import asdict, dataclass, field, fields
from reprlib import repr as short  # an error quotes no more than this of a stranger's file
from typing import Any, Literal, Self, get_args

import numpy as np

from mrnn.data import TARGETS, Target

Cell = Literal["mrnn", "lstm", "gru", "elman", "peephole"]
Carry = Literal["mixed", "own"]
Objective = Literal["mle", "er", "vb"]
Precision = Literal["auto", "float32", "bfloat16"]
Schedule = Literal["constant", "one-cycle"]

CELLS: tuple[Cell, ...] = get_args(Cell)
CARRIES: tuple[Carry, ...] = get_args(Carry)
OBJECTIVES: tuple[Objective, ...] = get_args(Objective)
PRECISIONS: tuple[Precision, ...] = get_args(Precision)
SCHEDULES: tuple[Schedule, ...] = get_args(Schedule)
DEFAULT_K = 4


def plain(config: Any) -> None:
    """Make NumPy's numbers Python's own, so that a configuration turns into JSON."""
    for f in fields(config):
        value = getattr(config, f.name)
        if isinstance(value, np.generic):
            object.__setattr__(config, f.name, value.item())


def whole(name: str, value: Any, least: int, most: int) -> None:
    if isinstance(value, bool) or not isinstance(value, int):
        raise ValueError(f"{name} must be a whole number, got {short(value)}")
    if not least <= value <= most:
        raise ValueError(f"{name} must be from {least} to {most}, got {short(value)}")


def _number(
    name: str, value: Any, *, above: float | None = None, least: float | None = None, most: float | None = None
) -> None:
    # A whole number may be too large for a float: compare it with the largest one, which converts neither.
    number = isinstance(value, int | float | np.number) and not isinstance(value, bool)
    if not number or not -sys.float_info.max <= value <= sys.float_info.max:
        raise ValueError(f"{name} must be a finite number, got {short(value)}")
    if above is not None and not value > above:
        raise ValueError(f"{name} must be > {above:g}, got {value:g}")
    if least is not None and not value >= least:
        raise ValueError(f"{name} must be >= {least:g}, got {value:g}")
    if most is not None and not value <= most:
        raise ValueError(f"{name} must be <= {most:g}, got {value:g}")


def one_of(name: str, value: Any, choices: tuple[str, ...]) -> None:
    if value not in choices:
        raise ValueError(f"{name} must be one of {', '.join(choices)}, got {short(value)}")


def check_tau(tau: Any) -> None:
    """Refuse a temperature that is not a finite number above 0 (ValueError)."""
    _number("tau", tau)
    if tau <= 0:
        raise ValueError(f"tau must be > 0, got {tau:g}; 0.1 is already close to one-hot")


class Json:
    """A frozen dataclass that turns into a JSON object and back, strictly."""

    def to_dict(self) -> dict[str, Any]:
        """The fields as plain JSON values."""
        return asdict(self)  # type: ignore[call-overload]

    @classmethod
    def from_dict(cls, values: Any) -> Self:
        """Build from `to_dict()`'s result; ValueError on anything else."""
        if not isinstance(values, dict):
            raise ValueError(f"{cls.__name__} must be a JSON object, got {type(values).__name__}")
        known = {f.name for f in fields(cls)}  # type: ignore[arg-type]
        unknown = sorted(set(values) - known)
        if unknown:
            raise ValueError(f"{cls.__name__} does not know {short(unknown[0])}; it knows {sorted(known)}")
        try:
            return cls(**values)
        except TypeError as error:
            raise ValueError(f"{cls.__name__} is incomplete: {error}") from error


@dataclass(frozen=True)
class ModelConfig(Json):
    """The shape of a `SequenceModel`.

    input_size   D, numbers a step
    output_size  C, classes (or labels, or values)
    k            LSTMs side by side; 4 unless given, 1 for every cell but "mrnn"
    hidden_size  m, hidden units of each LSTM
    num_layers   L, layers, each with its own k LSTMs and its own z
    dropout      share of units dropped between layers, in [0, 1)
    cell         "mrnn", or a baseline: "lstm", "gru", "elman", "peephole"
    carry        "mixed": one mixed state is handed to all k LSTMs (the published model);
                 "own": each LSTM goes on from its own state
    per_step     logits at every step, not only after the last
    span         steps that memory reaches over at first: gates begin such that each unit keeps what it holds for
                 a while of its own, from 1 to `span` steps (Tallec and Ollivier, "Can recurrent neural networks warp
                 time?", ICLR 2018); 0: all alike, with forget bias 1
    embedding    numbers that a step's input becomes before the first layer, by a matrix that is learned: of one-hot
                 symbols each has a vector of its own (Bengio, Ducharme, Vincent and Jauvin, "A neural probabilistic
                 language model", JMLR 2003); 0: inputs are read as they are
    target       what the C logits are: of a "class", of "labels" that each hold or not, or "value"s themselves
    raises       ValueError that names the field, the rule and the value
    """

    input_size: int
    output_size: int
    k: int | None = None
    hidden_size: int = 128
    num_layers: int = 1
    dropout: float = 0.0
    cell: Cell = "mrnn"
    carry: Carry = "mixed"
    per_step: bool = False
    target: Target = "class"
    span: int = 0
    embedding: int = 0

    def __post_init__(self) -> None:
        plain(self)
        one_of("cell", self.cell, CELLS)
        one_of("carry", self.carry, CARRIES)
        if self.k is None:
            object.__setattr__(self, "k", DEFAULT_K if self.cell == "mrnn" else 1)
        whole("input_size", self.input_size, 1, 65_536)
        whole("output_size", self.output_size, 1, 65_536)
        whole("k", self.k, 1, 256)
        whole("hidden_size", self.hidden_size, 1, 8_192)
        whole("num_layers", self.num_layers, 1, 32)
        _number("dropout", self.dropout, least=0)
        if self.dropout >= 1:
            raise ValueError(f"dropout must be below 1, got {self.dropout:g}; 0.2 is usual")
        if not isinstance(self.per_step, bool):
            raise ValueError(f"per_step must be true or false, got {short(self.per_step)}")
        one_of("target", self.target, TARGETS)
        whole("span", self.span, 0, 1_000_000)
        if self.span in (1, 2):
            raise ValueError(f"span must be at least 3 steps, or 0 for none, got {self.span}")
        whole("embedding", self.embedding, 0, 8_192)
        if self.cell != "mrnn" and self.k != 1:
            raise ValueError(f"k must be 1 with cell={self.cell!r}, got {self.k}; only cell='mrnn' has several LSTMs")
        if self.cell != "mrnn" and self.carry != "mixed":
            raise ValueError(f"carry must be 'mixed' with cell={self.cell!r}, got {self.carry!r}")

    @property
    def first_size(self) -> int:
        """Numbers a step that the first layer reads."""
        return self.embedding or self.input_size

    @property
    def num_lstms(self) -> int:
        """k, as a plain int."""
        return self.k or DEFAULT_K


@dataclass(frozen=True, kw_only=True)
class TrainConfig(Json):
    """How a model is trained.

    epochs            passes over the training part
    batch_size        sequences a step of the optimiser
    learning_rate     Adam's step size (Kingma and Ba, 2015); with "one-cycle" the largest
    schedule          "constant"; or "one-cycle": it rises for a quarter of all steps, then falls to nearly 0
                      (Smith and Topin, "Super-convergence", 2018)
    weight_decay      share of the weights taken off a step, times learning_rate (AdamW: Loshchilov and Hutter, 2019)
    clip              largest norm of the gradient (Pascanu et al., 2013)
    objective         "mle": cross-entropy; "er": minus beta x entropy of q; "vb": "er" with beta = 1
                      (Kuo and Chien, 2018)
    beta              weight of the entropy term, used by "er" alone
    balance           weight of how far the choice is from "firm but fair", in each layer: log k minus the mutual
                      information of z and the step (entropy of the mean q minus mean entropy of q). It is 0 when all
                      LSTMs are used alike and each step is sure of its own (Bridle, Heading and MacKay,
                      "Unsupervised classifiers, mutual information and phantom targets", 1991)
    augment           vary the training sequences anew in each epoch, as their task knows how (`Task.augment`)
    tau0              temperature of the first epoch
    rate              tau falls by the factor exp(-rate) an epoch ...
    tau_floor         ... and not below this
    validation_share  share of the training part held out for the figures of each epoch
    seed              of the order of sequences, of Gumbel noise and of dropout
    device            "auto": CUDA, else Apple's MPS, else the CPU; or a torch device's name
    precision         of matrix products while training: "float32", "bfloat16" (half as many bits, the rest stays in
                      float32), or "auto": bfloat16 where that is measured faster
    """

    epochs: int = 10
    batch_size: int = 150
    learning_rate: float = 5e-3
    schedule: Schedule = "constant"
    weight_decay: float = 0.0
    clip: float = 1.0
    objective: Objective = "mle"
    beta: float = 0.1
    balance: float = 0.0
    augment: bool = False
    tau0: float = 2.0
    rate: float = 0.2
    tau_floor: float = 0.3
    validation_share: float = 0.1
    seed: int = 0
    device: str = "auto"
    precision: Precision = "auto"

    def __post_init__(self) -> None:
        plain(self)
        whole("epochs", self.epochs, 1, 100_000)
        whole("batch_size", self.batch_size, 1, 1_000_000)
        whole("seed", self.seed, 0, 2**63 - 1)
        _number("learning_rate", self.learning_rate, above=0, most=1000)  # Adam overflows somewhere above
        one_of("schedule", self.schedule, SCHEDULES)
        _number("weight_decay", self.weight_decay, least=0)
        if self.weight_decay * self.learning_rate >= 1:
            raise ValueError(
                f"weight_decay must be below 1 / learning_rate = {1 / self.learning_rate:g}, "
                f"got {self.weight_decay:g}; 0.01 is usual"
            )
        _number("clip", self.clip, above=0)
        one_of("objective", self.objective, OBJECTIVES)
        _number("beta", self.beta, least=0)
        _number("balance", self.balance, least=0)
        if not isinstance(self.augment, bool):
            raise ValueError(f"augment must be true or false, got {short(self.augment)}")
        check_tau(self.tau0)
        _number("rate", self.rate, least=0)
        _number("tau_floor", self.tau_floor, above=0)
        if self.tau_floor > self.tau0:
            raise ValueError(f"tau_floor must not exceed tau0 = {self.tau0:g}, got {self.tau_floor:g}")
        _number("validation_share", self.validation_share, above=0)
        if self.validation_share >= 1:
            raise ValueError(f"validation_share must be below 1, got {self.validation_share:g}; 0.1 is usual")
        one_of("precision", self.precision, PRECISIONS)
        if not isinstance(self.device, str) or not self.device:
            raise ValueError(f"device must be a name such as auto, cpu, cuda or mps, got {short(self.device)}")

    @property
    def entropy_weight(self) -> float:
        """Weight of the entropy of q in the objective: 0 for "mle", beta for "er", 1 for "vb"."""
        return {"mle": 0.0, "er": self.beta, "vb": 1.0}[self.objective]

    def tau(self, epoch: int) -> float:
        """Temperature of an epoch, counted from 1: max(tau_floor, tau0 exp(-rate (epoch - 1)))."""
        return max(self.tau_floor, self.tau0 * math.exp(-self.rate * (epoch - 1)))

    @property
    def temperatures(self) -> tuple[float, ...]:
        """`tau` of each epoch."""
        return tuple(self.tau(epoch) for epoch in range(1, self.epochs + 1))


@dataclass(frozen=True, kw_only=True)
class RunConfig(Json):
    """All that decides the outcome of a run: the task with its settings, the model, the training.

    task      a key of TASKS
    settings  fields of the task that differ from its defaults
    model     ModelConfig
    training  TrainConfig
    """

    task: str
    model: ModelConfig
    training: TrainConfig = field(default_factory=TrainConfig)
    settings: dict[str, Any] = field(default_factory=dict)

    @classmethod
    def from_dict(cls, values: Any) -> Self:
        """Build from `to_dict()`'s result; ValueError on anything else."""
        if not isinstance(values, dict) or not {"task", "model", "training", "settings"} == set(values):
            raise ValueError("a run's configuration must hold task, model, training and settings")
        if not isinstance(values["task"], str) or not isinstance(values["settings"], dict):
            raise ValueError("a run's task must be a name, and its settings an object")
        return cls(
            task=values["task"],
            settings=values["settings"],
            model=ModelConfig.from_dict(values["model"]),
            training=TrainConfig.from_dict(values["training"]),
        )

    def to_json(self) -> str:
        """The configuration as JSON text."""
        return json.dumps(self.to_dict(), indent=1)
