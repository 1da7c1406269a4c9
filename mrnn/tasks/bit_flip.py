"""Bits, one after another: flip each, or say the parity so far."""

from dataclasses import dataclass, replace
from typing import ClassVar

import numpy as np

from mrnn.data import Answer, SequenceData, Task, check_count
from mrnn.tasks.parts import disjoint_parts, unseen
from mrnn.tasks.settings import check_whole, setting

TRAIN, TEST = 2_000, 1_000


@dataclass(frozen=True)
class BitFlip(Task):
    """At each bit: the other bit; or, with parity = 1, whether an odd number of ones came so far.

    bits    of each number
    parity  0 to flip, 1 for the parity so far
    """

    name: ClassVar[str] = "bit_flip"
    title: ClassVar[str] = "Bit flip and parity"
    summary: ClassVar[str] = "What is the other bit; or, as a setting, is the number of ones so far odd?"
    per_step: ClassVar[bool] = True
    classes: ClassVar[tuple[str, ...]] = ("0", "1")
    input_size: ClassVar[int] = 1

    bits: int = setting(16, "Bits", "Bits of each number.", 10, 64, 1)
    parity: int = setting(
        0, "Parity", "0: each bit is flipped. 1: say whether the number of ones so far is odd.", 0, 1, 1
    )

    def __post_init__(self) -> None:
        check_whole("bits", self.bits, 1, 10_000)
        check_whole("parity", self.parity, 0, 1)

    def make(self, n: int, seed: int) -> SequenceData:
        """n numbers of random bits."""
        check_count(n)
        return self.of(np.random.default_rng(seed).integers(0, 2, (n, self.bits)))

    def of(self, bits: np.ndarray) -> SequenceData:
        """These numbers, and what is to be answered.

        bits  (N, T) int of 0 and 1
        """
        y = bits.cumsum(1) % 2 if self.parity else 1 - bits
        return SequenceData(bits[..., None], y, np.full(len(bits), bits.shape[1]))

    def claims(self, answer: Answer, seed: int) -> dict[str, float]:
        """Shares of numbers answered without a fault at any bit: of all with 8 bits, and of 1,000 with 64."""
        short = self.of(np.arange(256)[:, None] >> np.arange(8)[::-1] & 1)
        long = unseen(replace(self, bits=64).make, 1_000, seed)
        return {
            f"{name}, every bit right": float((answer(data).argmax(-1) == data.y).all(1).mean())
            for name, data in (("all 256 numbers of 8 bits", short), ("1,000 unseen numbers of 64 bits", long))
        }

    @property
    def extent(self) -> tuple[int, int]:
        """2,000 numbers."""
        return TRAIN, self.bits

    def split(self) -> tuple[SequenceData, SequenceData]:
        """2,000 training and 1,000 test numbers, none of which is in both."""
        return disjoint_parts(self.make, TRAIN, TEST)
