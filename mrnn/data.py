"""Labelled sequences, and the tasks that make them. Tasks do not know models."""

from abc import ABC, abstractmethod
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, fields
from typing import Any, ClassVar, Literal

import numpy as np
from numpy.typing import ArrayLike

Target = Literal["class"]


@dataclass(frozen=True)
class SequenceData:
    """N sequences, their targets and their lengths; checked once, here.

    x        (N, T, D) float32, finite
    y        (N,) int, or (N, T) int for a target at each step
    lengths  (N,) int in [1, T]: steps that count; the rest is padding
    raises   ValueError that names what does not fit
    """

    x: np.ndarray
    y: np.ndarray
    lengths: np.ndarray

    def __post_init__(self) -> None:
        x = np.ascontiguousarray(self.x, dtype=np.float32)
        y, lengths = np.asarray(self.y), np.asarray(self.lengths)
        if x.ndim != 3 or min(x.shape) < 1:
            raise ValueError(f"x must have the axes (N, T, D), each at least 1, got shape {x.shape}")
        if not np.isfinite(x).all():
            where = tuple(int(i) for i in np.argwhere(~np.isfinite(x))[0])
            raise ValueError(f"x must be finite, got {x[where]} at sequence {where[0]}, step {where[1]}")
        if y.shape not in (x.shape[:1], x.shape[:2]):
            raise ValueError(f"y must have the shape {x.shape[:1]}, or {x.shape[:2]} a step, got {y.shape}")
        if not np.issubdtype(y.dtype, np.integer):
            raise ValueError(f"y must hold whole numbers (classes), got {y.dtype}")
        if y.min() < 0:
            raise ValueError(f"y must be at least 0, got {y.min()}")
        if lengths.shape != x.shape[:1] or not np.issubdtype(lengths.dtype, np.integer):
            raise ValueError(f"lengths must be {len(x)} whole numbers, got shape {lengths.shape} of {lengths.dtype}")
        if lengths.min() < 1 or lengths.max() > x.shape[1]:
            raise ValueError(f"lengths must be from 1 to {x.shape[1]}, got {lengths.min()} to {lengths.max()}")
        for name, value in ("x", x), ("y", y.astype(np.int64)), ("lengths", lengths.astype(np.int64)):
            object.__setattr__(self, name, value)

    def __len__(self) -> int:
        return len(self.x)

    @property
    def per_step(self) -> bool:
        """True where y holds a target for each step."""
        return self.y.ndim == 2

    def take(self, index: np.ndarray | slice) -> "SequenceData":
        """The sequences at `index` (int or bool array, or slice), in that order."""
        return SequenceData(self.x[index], self.y[index], self.lengths[index])

    def held_out(self, share: float, rng: np.random.Generator) -> tuple["SequenceData", "SequenceData"]:
        """Split at random into (the rest, `share` of the sequences); each keeps at least one."""
        if len(self) < 2:
            raise ValueError(f"a part can be held out of 2 sequences or more, got {len(self)}")
        order = rng.permutation(len(self))
        count = min(max(round(share * len(self)), 1), len(self) - 1)
        return self.take(np.sort(order[count:])), self.take(np.sort(order[:count]))

    def batches(self, size: int, rng: np.random.Generator | None = None) -> Iterator["SequenceData"]:
        """Yield the sequences in pieces of `size`, shuffled by `rng` where one is given."""
        order = np.arange(len(self)) if rng is None else rng.permutation(len(self))
        for start in range(0, len(self), size):
            yield self.take(order[start : start + size])


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


@dataclass(frozen=True)
class Task(ABC):
    """A source of labelled sequences. The fields of a subclass are the task's settings.

    A field's metadata says how to show it: "label", "help", "least", "most", "step".
    """

    name: ClassVar[str]
    title: ClassVar[str]
    summary: ClassVar[str]
    target: ClassVar[Target] = "class"
    per_step: ClassVar[bool] = False
    is_image: ClassVar[bool] = False  # its steps are the rows of an image, from the top; values from 0 (dark) to 1
    classes: ClassVar[tuple[str, ...]]
    input_size: ClassVar[int]

    @property
    def output_size(self) -> int:
        """C, the number of classes."""
        return len(self.classes)

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
