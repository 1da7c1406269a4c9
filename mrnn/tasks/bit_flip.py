"""Bits, one after another: flip each, or say the parity so far."""

from dataclasses import dataclass, replace
from reprlib import repr as short
from typing import ClassVar

import numpy as np

from mrnn.data import Answer, SequenceData, Task, check_count
from mrnn.experiments import Experiment, Shares
from mrnn.tasks.parts import disjoint_parts, unseen
from mrnn.tasks.settings import check_whole, setting

TRAIN, TEST = 2_000, 1_000
MOST_TYPED = 256
LENGTHS = (8, 16, 32, 64, 128, 256)  # bits of numbers, to be answered without a fault


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
    example: ClassVar[str] = "0110100110010110"

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
        few = self.of(np.arange(256)[:, None] >> np.arange(8)[::-1] & 1)
        many = unseen(replace(self, bits=64).make, 1_000, seed)
        return {
            f"{name}, every bit right": float(faultless(answer, data).mean())
            for name, data in (("all 256 numbers of 8 bits", few), ("1,000 unseen numbers of 64 bits", many))
        }

    @property
    def experiments(self) -> tuple[Experiment, ...]:
        """Longer and longer numbers."""
        return (LongerNumbers(self),)

    def symbols(self, x: np.ndarray) -> tuple[str, ...]:
        """The bits."""
        return tuple(str(int(bit)) for bit in x[:, 0])

    def typed(self, text: str) -> SequenceData:
        """A number of 1 to 256 bits; blanks do not count."""
        bits = "".join(text.split())
        if not 1 <= len(bits) <= MOST_TYPED or set(bits) - {"0", "1"}:
            raise ValueError(f"a number must be of 1 to {MOST_TYPED} bits, each 0 or 1, got {short(text)}")
        return self.of(np.array([[int(bit) for bit in bits]]))

    @property
    def extent(self) -> tuple[int, int]:
        """2,000 numbers."""
        return TRAIN, self.bits

    def split(self) -> tuple[SequenceData, SequenceData]:
        """2,000 training and 1,000 test numbers, none of which is in both."""
        return disjoint_parts(self.make, TRAIN, TEST)


def faultless(answer: Answer, numbers: SequenceData) -> np.ndarray:
    """(N,) bool: the numbers that are answered without a fault at any bit."""
    return (answer(numbers).argmax(-1) == numbers.y).all(1)


@dataclass(frozen=True)
class LongerNumbers(Experiment):
    """Numbers of 8 to 256 bits, each answered without a fault or not."""

    title: ClassVar[str] = "Longer numbers"
    summary: ClassVar[str] = "How long may a number be, and every bit is still right?"
    many: ClassVar[int] = 200
    side_by_side: ClassVar[bool] = True

    task: BitFlip

    def run(self, answer: Answer, n: int, seed: int) -> Shares:
        """n numbers of each length."""
        right = [faultless(answer, replace(self.task, bits=bits).make(n, seed)).mean() for bits in LENGTHS]
        return Shares(
            what="numbers with every bit right", by="bits", groups=tuple(map(str, LENGTHS)), right=np.array(right),
            counts=np.full(len(LENGTHS), n), chance=0.0,
        )  # fmt: skip
