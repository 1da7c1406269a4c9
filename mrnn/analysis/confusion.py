"""Which class is taken for which."""

from collections.abc import Sequence

import numpy as np
import pandas as pd

from mrnn.trace import Trace


def confusion(trace: Trace, y: np.ndarray, classes: Sequence[str]) -> pd.DataFrame:
    """How often each class was answered with each, after the last step.

    y        (N,) int, the true classes
    returns  a row a pair: true, answered, count, share (of the true class; NaN where there is none of it)
    raises   ValueError if there is not one class a sequence
    """
    if np.shape(y) != (len(trace.lengths),):
        raise ValueError(f"y must have the shape ({len(trace.lengths)},), one class a sequence, got {np.shape(y)}")
    count = np.zeros((len(classes), len(classes)), int)
    np.add.at(count, (y, trace.answers.argmax(-1)), 1)
    true, answered = np.indices(count.shape)
    of_class = count.sum(1, keepdims=True)
    share = np.divide(count, of_class, where=of_class > 0, out=np.full(count.shape, np.nan))
    names = np.asarray(classes)
    return pd.DataFrame(
        {
            "true": names[true.ravel()],
            "answered": names[answered.ravel()],
            "count": count.ravel(),
            "share": share.ravel().round(4),
        }
    )
