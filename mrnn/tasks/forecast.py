"""A curve that grows and trembles: which value comes next?"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import ClassVar

import numpy as np

from mrnn.data import Answer, SequenceData, Target, Task, check_count
from mrnn.experiments import Experiment, Series, reader
from mrnn.tasks.settings import check_whole, setting

TRAIN, TEST = 2_000, 1_000
TRAIN_SEED, TEST_SEED = 1_000_003, 2_000_003
RESOLUTION, END = 0.1, 30.0  # time between two steps; the curve is read from 0 to its end
HELD_OUT = ((6.0, 12.0), (18.0, 24.0))  # no training window reaches into these stretches, no test window out of them
FINE, BLUR = 2e-4, 0.01  # time between begins that are thought of; how far values may be apart that are taken for one
ENOUGH = 6  # values, from which the next one follows: both parts of the curve obey one linear rule of six steps


def curve(t: np.ndarray) -> np.ndarray:
    """t sin(t) / 3 + 2 sin(5 t)."""
    return t * np.sin(t) / 3 + 2 * np.sin(5 * t)


def windows(starts: np.ndarray, steps: int) -> SequenceData:
    """The windows that begin at these times, and what follows each of their steps.

    starts  (N,)
    """
    values = curve(starts[:, None] + RESOLUTION * np.arange(steps + 1))[..., None]
    return SequenceData(values[:, :-1], values[:, 1:], np.full(len(starts), steps), "value")


def windows_within(stretches: Sequence[tuple[float, float]], steps: int, n: int, seed: int) -> SequenceData:
    """n windows, each of which lies wholly within one of some stretches of time."""
    rng = np.random.default_rng(seed)
    begin, end = np.array(stretches).T
    which = rng.integers(len(begin), size=n)
    return windows(rng.uniform(begin[which], end[which] - steps * RESOLUTION), steps)


def best_answer(data: SequenceData) -> np.ndarray:
    """What is said by who knows the curve and the stretches held out, but not where in them a window begins.

    It is the mean over all begins that agree with what was seen so far, and has the least squared error of all answers,
    as nearly as BLUR tells begins apart: one value alone does not say whether the curve rises or falls.
    """
    steps, said = data.x.shape[1], np.empty(data.x.shape)
    begins = np.concatenate([np.arange(begin, end - steps * RESOLUTION, FINE) for begin, end in HELD_OUT])
    known = curve(begins[:, None] + RESOLUTION * np.arange(steps + 1))
    for window, expected in zip(data.x[..., 0], said[..., 0], strict=True):
        near = known[np.abs(known[:, 0] - window[0]) < 3 * BLUR]
        apart = np.square((near[:, :-1] - window) / BLUR).cumsum(1) / 2
        weight = np.exp(apart.min(0) - apart)
        expected[:] = (weight * near[:, 1:]).sum(0) / weight.sum(0)
    return said


@dataclass(frozen=True)
class Forecast(Task):
    """At each step: the next value of t sin(t) / 3 + 2 sin(5 t), read every 0.1 from anywhere between 0 and 30.

    steps  of a window
    """

    name: ClassVar[str] = "forecast"
    title: ClassVar[str] = "Forecast"
    summary: ClassVar[str] = "Which value comes next on a curve that grows and trembles?"
    target: ClassVar[Target] = "value"
    per_step: ClassVar[bool] = True
    classes: ClassVar[tuple[str, ...]] = ("next value",)
    input_size: ClassVar[int] = 1

    steps: int = setting(20, "Steps", "Values of a window, 0.1 apart.", 6, 39, 1)

    def __post_init__(self) -> None:
        check_whole("steps", self.steps, ENOUGH, 39)  # half as many again fit into a stretch that is held out

    def make(self, n: int, seed: int) -> SequenceData:
        """n windows from anywhere on the curve."""
        check_count(n)
        return windows_within([(0.0, END)], self.steps, n, seed)

    @property
    def extent(self) -> tuple[int, int]:
        """2,000 windows."""
        return TRAIN, self.steps

    def split(self) -> tuple[SequenceData, SequenceData]:
        """2,000 training windows, and 1,000 test windows from two stretches that no training window reaches into."""
        borders = [0.0, *np.ravel(HELD_OUT).tolist(), END]
        known = list(zip(borders[::2], borders[1::2], strict=True))
        return (
            windows_within(known, self.steps, TRAIN, TRAIN_SEED),
            windows_within(HELD_OUT, self.steps, TEST, TEST_SEED),
        )

    def claims(self, answer: Answer, seed: int) -> dict[str, float]:
        """Mean squared errors: of the next value on held-out windows, and of a run that is fed with its own answers.

        The first values of a window do not yet say what comes next, so the former is also given without these, and
        beside it stands what nobody gets below.

        The run begins with a whole held-out window, and goes on for half as many steps; 100 of them are averaged.
        """
        test = self.split()[1]
        ahead = self.steps // 2
        run = RunOn(self, ahead).run(answer, RunOn.many, seed)
        errors = np.square(answer(test) - test.y)
        return {
            "mean squared error of the next value": float(errors.mean()),
            "least mean squared error that is possible there": float(np.square(best_answer(test) - test.y).mean()),
            f"mean squared error of the next value, once {ENOUGH} were seen": float(errors[:, ENOUGH - 1 :].mean()),
            f"mean squared error of the next {ahead} values, run on its own answers": float(run.errors.mean()),
        }

    @property
    def experiments(self) -> tuple[Experiment, ...]:
        """Going on from a true window, and from nothing."""
        return RunOn(self), RunOnFromZeros(self)


def run_on(answer: Answer, values: np.ndarray, ahead: int) -> np.ndarray:
    """What comes of windows that are gone on with by the answers to them.

    values   (N, T, 1)
    returns  (N, T + ahead, 1)
    """
    read, new = reader(answer), values
    for _ in range(ahead):
        new = read(new)[:, None]
        values = np.concatenate([values, new], axis=1)
    return values


@dataclass(frozen=True)
class RunOn(Experiment):
    """A true window of a stretch that training has not seen, and then each answer taken for the next value.

    ahead  how many values
    """

    title: ClassVar[str] = "Run on"
    summary: ClassVar[str] = "It reads a window of the curve, then its own answers. How long does it keep to it?"
    few: ClassVar[int] = 1
    many: ClassVar[int] = 100

    task: Forecast
    ahead: int = setting(20, "Steps ahead", "Values that are its own, 0.1 apart.", 1, 20, 1)

    def __post_init__(self) -> None:
        check_whole("ahead", self.ahead, 1, 20)  # with the longest window it still fits into a stretch

    def run(self, answer: Answer, n: int, seed: int) -> Series:
        """n windows."""
        truth = windows_within(HELD_OUT, self.task.steps + self.ahead, n, seed).x
        values = run_on(answer, truth[:, : self.task.steps], self.ahead)
        return Series(values[..., 0], self.task.steps, truth[..., 0])


@dataclass(frozen=True)
class RunOnFromZeros(Experiment):
    """A window of zeros, and then each answer taken for the next value.

    ahead  how many values
    """

    title: ClassVar[str] = "Run on from zeros"
    summary: ClassVar[str] = "It reads zeros and then its own answers. Which curve does it make of nothing?"
    few: ClassVar[int] = 1
    many: ClassVar[int] = 0

    task: Forecast
    ahead: int = setting(60, "Steps ahead", "Values that are its own, 0.1 apart.", 1, 200, 1)

    def __post_init__(self) -> None:
        check_whole("ahead", self.ahead, 1, 1_000)

    def run(self, answer: Answer, n: int, seed: int) -> Series:  # noqa: ARG002, nothing is drawn
        """n windows, all alike."""
        zeros = np.zeros((n, self.task.steps, 1), np.float32)
        return Series(run_on(answer, zeros, self.ahead)[..., 0], self.task.steps)
