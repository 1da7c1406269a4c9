"""The forms in which sequences are handed to an estimator."""

from collections.abc import Sequence
from typing import Any

import numpy as np
from sklearn.utils import validation

# Their parameters bear no annotations, and what a type checker guesses from the defaults is wrong.
validate_data: Any = validation.validate_data
check_array: Any = validation.check_array


def as_sequences(X: Any, name: str) -> list[np.ndarray] | None:
    """X as its N sequences, each (T_n, D); None where it is a table, a row a sequence, or nothing that is known here.

    raises  ValueError if a sequence has other axes or no steps, or D differs
    """
    if getattr(X, "ndim", 0) == 3:
        arrays = list(np.asarray(X))
    else:
        objects = getattr(X, "ndim", 0) == 1 and X.dtype == object  # an array of arrays, or a column of a table
        if not (objects or isinstance(X, list | tuple)) or not len(X):
            return None
        arrays = [_as_array(row, number) for number, row in enumerate(X)]
        nested = not any(hasattr(row, "ndim") for row in X)
        if all(a.ndim == 0 for a in arrays) or (nested and {a.ndim for a in arrays} == {1} and _alike(arrays)):
            return None
    for number, array in enumerate(arrays):
        if array.ndim not in (1, 2):
            raise ValueError(f"Sequence {number} of X must have the axes (T,) or (T, D), got shape {array.shape}")
        if not len(array):
            raise ValueError(
                f"Found a sequence with 0 step(s) (sequence {number}) while a minimum of 1 is required by {name}."
            )
    arrays = [a[:, None] if a.ndim == 1 else a for a in arrays]
    widths = sorted({a.shape[1] for a in arrays})
    if len(widths) > 1:
        raise ValueError(f"All sequences of X must have the same number of inputs a step, got {widths}")
    return arrays


def _as_array(row: Any, number: int) -> np.ndarray:
    try:
        return np.asarray(row)
    except ValueError as error:
        raise ValueError(f"Sequence {number} of X must have the axes (T,) or (T, D): {error}") from error


def _alike(arrays: Sequence[np.ndarray]) -> bool:
    return len({len(a) for a in arrays}) == 1
