"""Curves that have one shape or several at once: which?"""

from dataclasses import dataclass
from typing import ClassVar

import numpy as np

from mrnn.data import SequenceData, Target, Task, check_count
from mrnn.tasks.settings import check_whole, setting

TRAIN, TEST = 2_000, 500
TRAIN_SEED, TEST_SEED = 1_000_003, 2_000_003
SHORTEST = 100
FAINT, LOUD = 0.02, 0.3  # standard deviation of noise without the label "noise", and with it
SECOND = 0.5  # share of curves with a second shape


@dataclass(frozen=True)
class Curves(Task):
    """Which of seven shapes does a curve have? One or two of them, and curves of any length.

    longest  points of a curve, at most; each curve has from 100 to so many
    patch    points that are read at once: a step has so many inputs, and a rest at the end that fills none is not read
    """

    name: ClassVar[str] = "curves"
    title: ClassVar[str] = "Curves"
    summary: ClassVar[str] = "Which shapes does a curve have, one or two at once, whatever its length?"
    target: ClassVar[Target] = "labels"
    classes: ClassVar[tuple[str, ...]] = ("high early", "high late", "sine", "convex", "concave", "step", "noise")

    longest: int = setting(1_500, "Longest curve", "Points of a curve: from 100 to so many.", 100, 1_500, 50)
    patch: int = setting(
        10, "Points a step", "Points of the curve that are read at once. With 1 a long curve has 1,500 steps.", 1, 50, 1
    )

    def __post_init__(self) -> None:
        check_whole("longest", self.longest, SHORTEST, 10_000)
        check_whole("patch", self.patch, 1, SHORTEST)

    @property
    def input_size(self) -> int:  # pyright: ignore[reportIncompatibleVariableOverride], it is a setting here
        """As many inputs as points are read at once."""
        return self.patch

    def make(self, n: int, seed: int) -> SequenceData:
        """n curves of random shapes and lengths."""
        check_count(n)
        rng = np.random.default_rng(seed)
        x = np.zeros((n, self.longest, 1), np.float32)
        y = np.zeros((n, len(self.classes)), np.float32)
        lengths = rng.integers(SHORTEST, self.longest + 1, n)
        for row, labels, steps in zip(x, y, lengths, strict=True):
            first, second = rng.choice(len(self.classes), 2, replace=False)
            labels[first] = 1
            # A curve cannot be bent both ways at once.
            if rng.random() < SECOND and {self.classes[first], self.classes[second]} != {"convex", "concave"}:
                labels[second] = 1
            row[:steps, 0] = _curve(dict(zip(self.classes, labels, strict=True)), int(steps), rng)
            row[steps // self.patch * self.patch :] = 0
        whole = self.longest // self.patch
        return SequenceData(
            x[:, : whole * self.patch].reshape(n, whole, self.patch), y, lengths // self.patch, "labels"
        )

    def augment(self, data: SequenceData, rng: np.random.Generator) -> SequenceData:
        """As many new curves: there is no end of them."""
        return self.make(len(data), int(rng.integers(2**62)))

    @property
    def extent(self) -> tuple[int, int]:
        """2,000 curves, padded to the longest one there may be."""
        return TRAIN, self.longest // self.patch

    def split(self) -> tuple[SequenceData, SequenceData]:
        """2,000 training and 500 test curves, by two seeds."""
        return self.make(TRAIN, TRAIN_SEED), self.make(TEST, TEST_SEED)


def _curve(has: dict[str, float], steps: int, rng: np.random.Generator) -> np.ndarray:
    """The sum of the shapes that hold, over u from 0 to 1; (steps,)."""
    u = np.linspace(0, 1, steps)
    early, late, jump = rng.uniform(0.1, 0.3), rng.uniform(0.7, 0.9), rng.uniform(0.35, 0.65)
    waves, phase, sign = rng.uniform(3, 6), rng.uniform(0, 2 * np.pi), rng.choice([-1, 1])
    bend = (2 * u - 1) ** 2
    return (
        has["high early"] * np.exp(-(((u - early) / 0.08) ** 2))
        + has["high late"] * np.exp(-(((u - late) / 0.08) ** 2))
        + has["sine"] * 0.5 * np.sin(2 * np.pi * waves * u + phase)
        + (has["convex"] - has["concave"]) * (bend - 0.5)
        + has["step"] * sign * np.where(u < jump, -0.5, 0.5)
        + rng.normal(0, LOUD if has["noise"] else FAINT, steps)
    )
