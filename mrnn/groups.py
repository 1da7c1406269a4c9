"""What sequences, and their steps, can be told apart by: what answers are compared by, whatever a task asks."""

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise
from string import ascii_uppercase

import numpy as np

from mrnn.data import SequenceData, Task

ALL = "all sequences"  # as `mrnn.charts.picture` calls them, which knows nothing of tasks
FEW = 8  # so many different numbers are told apart one by one; of more, quarters


@dataclass(frozen=True)
class Groups:
    """N sequences, each in one of several groups.

    names  of the groups
    of     (N,) int in [0, len(names)): the group of each
    """

    names: tuple[str, ...]
    of: np.ndarray


def choices_of(task: Task) -> tuple[str, ...]:
    """What the sequences of a task can be told apart by, where there is a choice: its labels, or its values."""
    return () if task.per_step or task.target == "class" else task.classes


def group_names(task: Task, by: str | None = None) -> tuple[str, ...]:
    """What the groups are called: the classes of a task whose whole sequences have one.

    by      one of `choices_of`, where there are any; the first if it is None
    raises  ValueError if it is none of them
    """
    choices = choices_of(task)
    if not choices:
        return task.classes if task.target == "class" and not task.per_step else (ALL,)
    by = choices[0] if by is None else by
    if by not in choices:
        raise ValueError(f"sequences of {task.name} are told apart by one of {', '.join(choices)}, got {by!r}")
    return (by, f"not {by}") if task.target == "labels" else (f"high {by}", f"low {by}")


def groups(task: Task, data: SequenceData, by: str | None = None) -> Groups:
    """Sequences by their class; by whether a label holds; by whether a value is above its median here; or all together.

    by      as in `group_names`
    raises  ValueError as `group_names` does
    """
    names, choices = group_names(task, by), choices_of(task)
    if not choices:
        return Groups(names, np.zeros(len(data), np.int64) if task.per_step else data.y)
    y = data.y[:, 0 if by is None else choices.index(by)]
    holds = y == 1 if task.target == "labels" else _high(y)
    return Groups(names, np.where(holds, 0, 1))


def _high(y: np.ndarray) -> np.ndarray:
    """Which values are above their median; where half of them share the highest one, that one."""
    above = y > np.median(y)
    return above if above.any() else y == y.max()


@dataclass(frozen=True)
class Kinds:
    """The steps of N sequences, each of one of several kinds.

    names  of the kinds
    of     (N, T) int in [0, len(names)): the kind of each; on padding anything
    """

    names: tuple[str, ...]
    of: np.ndarray


def kinds_of_steps(task: Task, data: SequenceData, hidden: np.ndarray | None = None) -> dict[str, Kinds]:
    """What the steps of sequences can be told apart by, the most telling first; at least by what comes in.

    hidden   (N, T) what took turns in them unseen, as `Task.hidden` gives it, or None
    returns  "what is hidden" (where something is), "what comes in" (the symbol; or the number, in quarters), and
             "what is right" (where each step has one class)
    """
    found = {}
    if hidden is not None:
        found["what is hidden"] = Kinds(
            tuple(f"regime {letter}" for letter in ascii_uppercase[: int(hidden.max()) + 1]), hidden
        )
    found["what comes in"] = _coming_in(task, data)
    if task.per_step and task.target == "class":
        found["what is right"] = Kinds(task.classes, data.y)
    return found


def _coming_in(task: Task, data: SequenceData) -> Kinds:
    """By the symbol; of numbers by the one that comes in, or by the mean of several."""
    read = [task.symbols(x[:steps]) for x, steps in zip(data.x, data.lengths, strict=True)]
    if read[0] is None:
        return _by_size(data.x.mean(-1), np.arange(data.x.shape[1]) < data.lengths[:, None])
    symbols: list[Sequence[str]] = [one or () for one in read]
    names = tuple(sorted({symbol for one in symbols for symbol in one}))
    number = {name: at for at, name in enumerate(names)}
    of = np.zeros(data.x.shape[:2], np.int64)
    for row, one in zip(of, symbols, strict=True):
        row[: len(one)] = [number[symbol] for symbol in one]
    return Kinds(names, of)


def _by_size(values: np.ndarray, counted: np.ndarray) -> Kinds:
    """Few different numbers one by one; of many the quarters, beside a number that makes up a quarter alone.

    values, counted  (N, T)
    """
    seen, times = np.unique(values[counted], return_counts=True)
    if len(seen) <= FEW:
        return Kinds(written_apart(seen), np.searchsorted(seen, values).clip(max=len(seen) - 1))
    common = seen[times.argmax()]
    alone = (values == common) & (times.max() >= counted.sum() / 4)  # as the black around a digit
    edges = np.unique(np.quantile(values[counted & ~alone], [0, 0.25, 0.5, 0.75, 1]))
    names = tuple(f"{low} to {high}" for low, high in pairwise(written_apart(edges)))
    of = np.searchsorted(edges[1:-1], values, side="left")
    return Kinds((f"exactly {common:.4g}", *names), np.where(alone, 0, of + 1)) if alone.any() else Kinds(names, of)


def written_apart(numbers: np.ndarray) -> tuple[str, ...]:
    """Different numbers (n,) with as few digits as tell them apart, at least three."""
    digits = 3
    while len({f"{number:.{digits}g}" for number in numbers.astype(float)}) < len(numbers):
        digits += 1
    return tuple(f"{number:.{digits}g}" for number in numbers.astype(float))
