"""Labelled sequences, and the tasks that make them. Tasks do not know models."""

from abc import ABC, abstractmethod
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, fields
from reprlib import repr as short
from typing import TYPE_CHECKING, Any, ClassVar, Literal, get_args

import numpy as np
from numpy.typing import ArrayLike

if TYPE_CHECKING:
    from mrnn.experiments import Experiment

Target = Literal["class", "labels", "value"]
TARGETS: tuple[Target, ...] = get_args(Target)


@dataclass(frozen=True)
class SequenceData:
    """N sequences, their targets and their lengths; checked once, here.

    x        (N, T, D) float32, finite
    y        what is to be answered, by the kind of target; with T after N where each step has one
             "class": (N,) int; "labels": (N, C) of 0 and 1, any of which may hold; "value": (N, C) finite numbers
    lengths  (N,) int in [1, T]: steps that count; the rest is padding
    target   the kind
    weights  (N,) >= 0, how much each sequence counts in training; None: all alike
    streams  0, or the number of long sequences that were cut into pieces: then sequence n goes on where sequence
             n - streams ended, and whoever reads them in order may carry the state along
    raises   ValueError that names what does not fit
    """

    x: np.ndarray
    y: np.ndarray
    lengths: np.ndarray
    target: Target = "class"
    weights: np.ndarray | None = None
    streams: int = 0

    def __post_init__(self) -> None:
        x = np.ascontiguousarray(self.x, dtype=np.float32)
        lengths = np.asarray(self.lengths)
        if x.ndim != 3 or min(x.shape) < 1:
            raise ValueError(f"x must have the axes (N, T, D), each at least 1, got shape {x.shape}")
        if not np.isfinite(x).all():
            where = tuple(int(i) for i in np.argwhere(~np.isfinite(x))[0])
            raise ValueError(f"x must be finite, got {x[where]} at sequence {where[0]}, step {where[1]}")
        y = _checked_targets(self.target, np.asarray(self.y), x.shape[:2])
        if lengths.shape != x.shape[:1] or not np.issubdtype(lengths.dtype, np.integer):
            raise ValueError(f"lengths must be {len(x)} whole numbers, got shape {lengths.shape} of {lengths.dtype}")
        if lengths.min() < 1 or lengths.max() > x.shape[1]:
            raise ValueError(f"lengths must be from 1 to {x.shape[1]}, got {lengths.min()} to {lengths.max()}")
        weights = None if self.weights is None else np.asarray(self.weights, dtype=np.float32)
        if weights is not None and (weights.shape != x.shape[:1] or not (np.isfinite(weights) & (weights >= 0)).all()):
            raise ValueError(f"weights must be {len(x)} finite numbers >= 0, got {short(self.weights)}")
        if self.streams < 0 or (self.streams and len(x) % self.streams):
            raise ValueError(f"streams must divide the {len(x)} sequences, got {self.streams}")
        for name, value in ("x", x), ("y", y), ("lengths", lengths.astype(np.int64)), ("weights", weights):
            object.__setattr__(self, name, value)

    def __len__(self) -> int:
        return len(self.x)

    @property
    def per_step(self) -> bool:
        """True where y holds a target for each step."""
        return self.y.ndim == (2 if self.target == "class" else 3)

    def take(self, index: np.ndarray | slice) -> "SequenceData":
        """The sequences at `index` (int or bool array, or slice), in that order, each for itself."""
        return self._part(index, streams=0)

    def _part(self, index: np.ndarray | slice, streams: int) -> "SequenceData":
        weights = None if self.weights is None else self.weights[index]
        return SequenceData(self.x[index], self.y[index], self.lengths[index], self.target, weights, streams)

    def held_out(self, share: float, rng: np.random.Generator) -> tuple["SequenceData", "SequenceData"]:
        """Split into (the rest, `share` of the sequences); each keeps at least one.

        At random; but of streams the last pieces are held out, so that the rest still goes on without a gap.
        """
        piece = self.streams or 1
        count = len(self) // piece
        if count < 2:
            what = "2 sequences or more" if not self.streams else f"2 x {piece} sequences or more"
            raise ValueError(f"a part can be held out of {what}, got {len(self)}")
        out = min(max(round(share * count), 1), count - 1)
        if self.streams:
            border = (count - out) * piece
            return self._part(slice(border), piece), self._part(slice(border, None), piece)
        order = rng.permutation(count)
        return self.take(np.sort(order[out:])), self.take(np.sort(order[:out]))

    def batches(self, size: int, rng: np.random.Generator | None = None) -> Iterator["SequenceData"]:
        """Yield the sequences in pieces of `size`, shuffled by `rng` where one is given.

        Streams come one piece of each at a time, whatever `size`, and always in order.
        """
        if self.streams:
            size, rng = self.streams, None
        order = np.arange(len(self)) if rng is None else rng.permutation(len(self))
        for start in range(0, len(self), size):
            yield self.take(order[start : start + size])


def _checked_targets(target: Target, y: np.ndarray, axes: tuple[int, ...]) -> np.ndarray:
    """y in its own type: int64 for "class", float32 otherwise.

    axes  (N, T)
    """
    n, steps = axes
    if target not in TARGETS:
        raise ValueError(f"target must be one of {', '.join(TARGETS)}, got {short(target)}")
    if target == "class":
        if y.shape not in ((n,), (n, steps)):
            raise ValueError(f"y must have the shape {(n,)}, or {(n, steps)} a step, got {y.shape}")
        if not np.issubdtype(y.dtype, np.integer):
            raise ValueError(f"y must hold whole numbers (classes), got {y.dtype}")
        if y.min() < 0:
            raise ValueError(f"y must be at least 0, got {y.min()}")
        return y.astype(np.int64)
    if y.ndim not in (2, 3) or y.shape[:-1] not in ((n,), (n, steps)) or not y.shape[-1]:
        raise ValueError(f"y must have the shape ({n}, C), or ({n}, {steps}, C) a step, got {y.shape}")
    if target == "labels" and not np.isin(y, (0, 1)).all():
        raise ValueError("y must hold 0 and 1 alone (labels), got other values")
    y = y.astype(np.float32)
    if not np.isfinite(y).all():
        raise ValueError("y must be finite, but it holds NaN or infinity")
    return y


def pad(sequences: Sequence[ArrayLike]) -> tuple[np.ndarray, np.ndarray]:
    """Lay sequences of different length in one array, zeros after their ends.

    sequences  each (T_n, D), or (T_n,) for D = 1
    returns    x (N, T, D) float32 with T the longest, lengths (N,) int
    raises     ValueError if there is none, one is empty, or D differs
    """
    arrays = [np.asarray(s, dtype=np.float32) for s in sequences]
    arrays = [a[:, None] if a.ndim == 1 else a for a in arrays]
    if not arrays or any(a.ndim != 2 or not len(a) for a in arrays):
        raise ValueError("pad needs at least one sequence, each of shape (T, D) with T >= 1")
    widths = sorted({a.shape[1] for a in arrays})
    if len(widths) > 1:
        raise ValueError(f"all sequences must have the same number of inputs, got {widths}")
    lengths = np.array([len(a) for a in arrays])
    x = np.zeros((len(arrays), lengths.max(), widths[0]), np.float32)
    for row, a in zip(x, arrays, strict=True):
        row[: len(a)] = a
    return x, lengths


# What somebody says after each step of sequences: (N, T, C), as `Trace.probabilities`.
Answer = Callable[[SequenceData], np.ndarray]


@dataclass(frozen=True)
class Task(ABC):
    """A source of labelled sequences. The fields of a subclass are the task's settings.

    A field's metadata says how to show it: "label", "help", "least", "most", "step".

    name, title, summary  its key in TASKS; what it is called; what it asks, in a sentence
    target, per_step      the kind of its targets, and whether each step has one, as in `SequenceData`
    is_image              its steps are the rows of an image, from the top; values from 0 (dark) to 1
    classes               names of the C classes, labels or values
    example               a sequence as a person may type it, see `typed`; "" where none can be typed
    """

    name: ClassVar[str]
    title: ClassVar[str]
    summary: ClassVar[str]
    target: ClassVar[Target] = "class"
    per_step: ClassVar[bool] = False
    is_image: ClassVar[bool] = False
    classes: ClassVar[tuple[str, ...]]
    input_size: ClassVar[int]
    example: ClassVar[str] = ""

    @property
    def streams(self) -> int:
        """How many long sequences the training part is cut from, as in `SequenceData`; 0 where it is not."""
        return 0

    @property
    def names_one_class(self) -> bool:
        """True where a whole sequence has one class: what classes differ in can be looked at."""
        return self.target == "class" and not self.per_step

    @property
    def output_size(self) -> int:
        """C, how many classes, labels or values there are to answer."""
        return len(self.classes)

    @property
    def borders(self) -> dict[str, Any]:
        """What a model of this task takes and answers, by the names that models have for it."""
        return {
            "input_size": self.input_size,
            "output_size": self.output_size,
            "per_step": self.per_step,
            "target": self.target,
        }

    @property
    def settings(self) -> dict[str, Any]:
        """The settings that differ from the task's defaults."""
        return {f.name: getattr(self, f.name) for f in fields(self) if getattr(self, f.name) != f.default}

    @abstractmethod
    def make(self, n: int, seed: int) -> SequenceData:
        """Make n sequences; the same seed makes the same ones."""

    def augment(self, data: SequenceData, _rng: np.random.Generator) -> SequenceData:
        """Training sequences varied at random, their classes unchanged: as they are, unless a task says how."""
        return data

    def claims(self, _answer: Answer, _seed: int) -> dict[str, float]:
        """Figures that say more than the score does, each with its name: none, unless a task says which.

        Shares of what is right, from 0 to 1, unless the name says otherwise.

        answer  who is asked; tasks know no models
        seed    of the sequences that are made for it
        """
        return {}

    def hidden_path(self) -> np.ndarray | None:
        """The hidden states behind the test part, (N, T) int: known to the task, shown to nobody who answers.

        None unless a task has such states. How well z finds them is told beside what hidden Markov models find.
        """
        return None

    @property
    def experiments(self) -> "tuple[Experiment, ...]":
        """What else can be done with whoever answers, such as letting them go on alone: nothing, unless said."""
        return ()

    def symbols(self, _x: np.ndarray) -> tuple[str, ...] | None:
        """The symbols that came in, one a step; None where numbers did.

        x  (T, D) of one sequence
        """
        return None

    def in_its_unit(self, answers: np.ndarray) -> np.ndarray:
        """Values (..., C) that are answered or right, as people know them: as they are, unless a task scales them."""
        return answers

    def hidden(self, _n: int, _seed: int) -> np.ndarray | None:
        """What took turns unseen in the sequences of `make(n, seed)`: (n, T) int from 0; None where nothing did."""
        return None

    def typed(self, _text: str) -> SequenceData:
        """The sequence that a person typed, N = 1, and what is to be answered.

        raises  ValueError that names the rule if it is no sequence of this task
        """
        raise ValueError(f"sequences of {self.title} cannot be typed; make one by its number")

    @property
    @abstractmethod
    def extent(self) -> tuple[int, int]:
        """(N, T) of the training part, known without making it."""

    @abstractmethod
    def split(self) -> tuple[SequenceData, SequenceData]:
        """The training part and the test part, always the same."""


def check_count(n: int) -> None:
    """Refuse a number of sequences below 1 (ValueError)."""
    if n < 1:
        raise ValueError(f"n must be at least 1, got {n}")


def check_whole(name: str, value: Any, least: int, most: int) -> None:
    """Refuse what is no whole number from least to most (ValueError)."""
    if isinstance(value, bool) or not isinstance(value, int) or not least <= value <= most:
        raise ValueError(f"{name} must be a whole number from {least} to {most}, got {short(value)}")
