"""The sequences in which something happens, so that one can be opened."""

from collections.abc import Sequence

import numpy as np
import pandas as pd

from mrnn.trace import Trace


def sequences_with_move(
    trace: Trace, y: np.ndarray, classes: Sequence[str], start: int, end: int, layer: int = -1
) -> pd.DataFrame:
    """The sequences in which LSTM `start` hands over to LSTM `end`, both from 1; a stay is a move to itself.

    y        (N,) int, the number of each sequence's class, or of its group
    returns  rows of sequence (from 0), class, times, steps: at which `end` is listened to and `start` was before, as
             text; those in which it happens most often first
    """
    z = trace.listened(layer)
    here = (z[:, :-1] == start - 1) & (z[:, 1:] == end - 1)
    here &= np.arange(1, z.shape[1]) < trace.lengths[:, None]
    times = here.sum(1)
    order = np.argsort(-times, kind="stable")[: int((times > 0).sum())]
    return pd.DataFrame(
        {
            "sequence": order,
            "class": [classes[c] for c in y[order]],
            "times": times[order],
            "steps": [", ".join(map(str, np.flatnonzero(here[n]) + 1)) for n in order],
        }
    )
