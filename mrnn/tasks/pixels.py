"""Handwritten digits (MNIST) read pixel by pixel: 784 steps of one number each."""

from dataclasses import dataclass
from functools import cache
from typing import ClassVar

import numpy as np

from mrnn.data import SequenceData, Task
from mrnn.tasks.digits import SIDE, Digits
from mrnn.tasks.settings import check_whole, setting

STEPS = SIDE * SIDE
MOST = 60_000  # MNIST's training digits


@cache
def permutation() -> np.ndarray:
    """(784,) int: the one order in which permuted pixels are read; never to be written to."""
    order = np.random.default_rng(STEPS).permutation(STEPS)
    order.flags.writeable = False
    return order


@dataclass(frozen=True)
class Pixels(Task):
    """Which digit? T = 784 pixels in 0..1, row after row from the top, or all in one fixed other order.

    permuted  1 for the other order, which is the same for all digits: then no neighbours stay together
    digits    of MNIST's 60,000 training digits, so many are trained on: the first ones
    source    Le, Jaitly and Hinton, "A simple way to initialize recurrent networks of rectified linear units", 2015;
              MNIST, by Yann LeCun, Corinna Cortes and Christopher J. C. Burges, CC BY-SA 3.0
    """

    name: ClassVar[str] = "pixels"
    title: ClassVar[str] = "Digits, pixel by pixel"
    summary: ClassVar[str] = "Which digit is it, read in 784 steps of one pixel?"
    classes: ClassVar[tuple[str, ...]] = Digits.classes
    input_size: ClassVar[int] = 1

    permuted: int = setting(
        0, "Permuted", "0: row after row. 1: in one fixed other order, the same for all digits.", 0, 1, 1
    )
    digits: int = setting(
        10_000, "Training digits", "So many of MNIST's 60,000; an epoch takes as much longer as there are more.",
        1_000, MOST, 1_000,
    )  # fmt: skip

    def __post_init__(self) -> None:
        check_whole("permuted", self.permuted, 0, 1)
        check_whole("digits", self.digits, 2, MOST)

    def make(self, n: int, seed: int) -> SequenceData:
        """n digits drawn from the test digits, without repeats up to all 10,000."""
        return self._read(Digits().make(n, seed))

    @property
    def extent(self) -> tuple[int, int]:
        """The training digits, of 784 pixels."""
        return self.digits, STEPS

    def split(self) -> tuple[SequenceData, SequenceData]:
        """The first of MNIST's training digits, and all its 10,000 test digits."""
        train, test = Digits().split()
        return self._read(train.take(slice(self.digits))), self._read(test)

    def _read(self, rows: SequenceData) -> SequenceData:
        """Digits of 28 rows as digits of 784 pixels."""
        x = rows.x.reshape(len(rows), STEPS, 1)
        return SequenceData(x[:, permutation()] if self.permuted else x, rows.y, np.full(len(rows), STEPS))
