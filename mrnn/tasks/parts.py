"""A training and a test part that share no sequence, where short sequences come up again and again."""

import zlib
from collections.abc import Callable

import numpy as np

from mrnn.data import SequenceData

OF, TEST_SEED = 5, 2_000_003  # one sequence in five is for the test part alone
TRAIN_SEED = 1_000_003


def disjoint_parts(
    make: Callable[[int, int], SequenceData], train: int, test: int
) -> tuple[SequenceData, SequenceData]:
    """`train` and `test` sequences drawn by `make(n, seed)`; which part one may be in is decided by its own steps.

    So both parts are drawn as `make` draws, repeats included, and no sequence is in both.
    """
    return _drawn(make, train, TRAIN_SEED, for_test=False), unseen(make, test, TEST_SEED)


def unseen(make: Callable[[int, int], SequenceData], n: int, seed: int) -> SequenceData:
    """n sequences, drawn as `disjoint_parts` draws its test part: none of them may be in a training part."""
    return _drawn(make, n, seed, for_test=True)


def _drawn(make: Callable[[int, int], SequenceData], n: int, seed: int, *, for_test: bool) -> SequenceData:
    drawn = make(3 * n if not for_test else 3 * OF * n, seed)
    mine = np.array(
        [
            (zlib.crc32(x[:steps].tobytes()) % OF == 0) == for_test
            for x, steps in zip(drawn.x, drawn.lengths, strict=True)
        ]
    )
    found = np.flatnonzero(mine)[:n]
    if len(found) < n:
        raise ValueError(f"only {len(found)} of {n} sequences could be drawn; let them be longer")
    return drawn.take(found)
