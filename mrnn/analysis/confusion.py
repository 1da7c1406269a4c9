"""Which class is taken for which."""

from collections.abc import Sequence

import numpy as np
import pandas as pd

from mrnn.trace import Trace

OTHERS = "others"  # all rarer classes together


def confusion(trace: Trace, y: np.ndarray, classes: Sequence[str], most: int | None = None) -> pd.DataFrame:
    """How often each class was answered with each: after the last step, or at each step where each has a class.

    y        (N,) or (N, T) int, the true classes
    most     the most frequent ones are told apart, so many with all OTHERS as one; None: every one
    returns  a row a pair: true, answered, count, share (of the true class; NaN where there is none of it)
    raises   ValueError if there is one class neither for each sequence nor for each step
    """
    said, y = _counted(trace, y, trace.logits.argmax(-1))
    names = list(classes)
    if most is not None and len(names) > most:
        kept = np.sort(np.argsort(-np.bincount(y, minlength=len(names)), kind="stable")[: most - 1])
        place = np.full(len(names), len(kept))
        place[kept] = np.arange(len(kept))
        said, y, names = place[said], place[y], [*(names[c] for c in kept), OTHERS]
    count = np.zeros((len(names), len(names)), int)
    np.add.at(count, (y, said), 1)
    true, answered = np.indices(count.shape)
    of_class = count.sum(1, keepdims=True)
    share = np.divide(count, of_class, where=of_class > 0, out=np.full(count.shape, np.nan))
    called = np.asarray(names)
    return pd.DataFrame(
        {
            "true": called[true.ravel()],
            "answered": called[answered.ravel()],
            "count": count.ravel(),
            "share": share.ravel().round(4),
        }
    )


def confusion_of_labels(trace: Trace, y: np.ndarray, classes: Sequence[str]) -> pd.DataFrame:
    """How often each label was found, missed, or told where it does not hold; it is told where it is likelier than not.

    y        (N, C) of 0 and 1, of whole sequences, held against the answer after the last step; or (N, T, C)
    returns  a row a label: label, found, missed, false alarms, rightly not told
    raises   ValueError if y has another shape
    """
    said, y = _counted(trace, y, trace.logits > 0)
    holds = y == 1
    parts = {"found": said & holds, "missed": ~said & holds, "false alarms": said & ~holds}
    counts = {name: part.sum(0) for name, part in parts.items()}
    return pd.DataFrame({"label": list(classes), **counts, "rightly not told": (~said & ~holds).sum(0)})


def _counted(trace: Trace, y: np.ndarray, said: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """What was said and what is right, one below the other: after the last steps, or at all steps that count.

    said  (N, T), or (N, T, C)
    """
    y = np.asarray(y)
    n, steps, *more = said.shape
    if y.shape not in ((n, *more), (n, steps, *more)):
        raise ValueError(f"y must have the shape {(n, *more)}, or {(n, steps, *more)} a step, got {y.shape}")
    if y.ndim == said.ndim - 1:
        return said[np.arange(n), trace.lengths - 1], y
    counted = np.arange(steps) < trace.lengths[:, None]
    return said[counted], y[counted]
