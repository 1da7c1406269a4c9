"""What a task lets somebody do beyond answering its sequences, and what comes of it. Experiments know no models."""

from abc import ABC, abstractmethod
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, ClassVar, Protocol, runtime_checkable

import numpy as np

from mrnn.data import Answer, SequenceData

# What somebody says who reads sequences piece by piece, (N, T, D) each, after the last step of a piece: (N, C).
Reader = Callable[[np.ndarray], np.ndarray]
OnPart = Callable[[int, int], Any]  # told (parts done, in all) by what takes a while


@runtime_checkable
class Remembering(Protocol):
    """Somebody who answers, and who can go on from a step without reading anew what came before it."""

    def reader(self) -> Reader:
        """Who begins to read."""
        ...


def reader(answer: Answer) -> Reader:
    """Somebody who is read to piece by piece: whoever remembers reads each piece once, others all anew each time."""
    if isinstance(answer, Remembering):
        return answer.reader()
    before: list[np.ndarray] = []

    def read(x: np.ndarray) -> np.ndarray:
        before.append(x)
        whole = np.concatenate(before, axis=1)
        return answer(SequenceData(whole, np.zeros(len(whole), int), np.full(len(whole), whole.shape[1])))[:, -1]

    return read


@dataclass(frozen=True)
class Strings:
    """Strings that somebody wrote.

    texts   N of them
    faults  of each the place, from 0, of the first symbol that may not stand there; its length where it ends too
            early; None where it is as it should be. Without any where nobody can say
    note    a sentence on what was asked, or ""
    """

    texts: tuple[str, ...]
    faults: tuple[int | None, ...] = ()
    note: str = ""

    @property
    def legal(self) -> float:
        """Share of the strings that are as they should be."""
        return self.faults.count(None) / len(self.faults)


@dataclass(frozen=True)
class Series:
    """Curves that somebody went on with.

    values  (N, T) what was given, and after it their own answers
    given   steps that were given
    truth   (N, T) as it should be, or None where nobody can say
    """

    values: np.ndarray
    given: int
    truth: np.ndarray | None = None

    @property
    def errors(self) -> np.ndarray:
        """(T - given,) mean squared error of each step that was not given; NaN where nobody can say."""
        if self.truth is None:
            return np.full(self.values.shape[1] - self.given, np.nan)
        return np.square(self.values - self.truth)[:, self.given :].mean(0)


@dataclass(frozen=True)
class Shares:
    """How often somebody was right, group by group.

    what    was asked
    by      what the groups differ by
    groups  G names
    right   (G,) shares, from 0 to 1
    counts  (G,) int: how many were asked in each
    chance  the share that whoever knows nothing reaches
    """

    what: str
    by: str
    groups: tuple[str, ...]
    right: np.ndarray
    counts: np.ndarray
    chance: float


Outcome = Strings | Series | Shares


@dataclass(frozen=True)
class Experiment(ABC):
    """Something that whoever answers a task's sequences can be asked to do.

    The fields of a subclass that have metadata are its settings, as those of a `Task` are.

    title, summary  what it is called; what it asks, in a sentence
    few             how many to begin with, answered at once; 0: it is not done unless it is asked for
    many            how many give a steady figure; that takes seconds
    side_by_side    whether several are asked to be looked at together
    """

    title: ClassVar[str]
    summary: ClassVar[str]
    few: ClassVar[int] = 0
    many: ClassVar[int]
    side_by_side: ClassVar[bool] = False

    @abstractmethod
    def run(self, answer: Answer, n: int, seed: int) -> Outcome:
        """Ask for n of them; the same seed asks for the same.

        answer  who is asked
        """
