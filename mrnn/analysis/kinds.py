"""Which LSTM is listened to for which kind of step."""

from collections.abc import Sequence

import numpy as np
import pandas as pd

from mrnn.analysis.paths import counted_steps
from mrnn.trace import Trace


def use_by_kind(trace: Trace, kinds: np.ndarray, names: Sequence[str], layer: int = -1) -> pd.DataFrame:
    """Use of each LSTM at the steps of each kind that occurs.

    kinds    (N, T) int in [0, len(names)): the kind of each step
    returns  rows of kind, lstm (from 1), steps, share (of the kind's steps) and lift (that share over the LSTM's share
             of all steps: 1 says nothing; NaN of an LSTM that is never listened to), the most frequent kind first
    """
    z, k = trace.listened(layer), trace.k
    counted = counted_steps(z, trace.lengths, k)
    joint = np.bincount(kinds[counted] * k + z[counted], minlength=len(names) * k).reshape(-1, k)
    steps = joint.sum(1)
    order = np.argsort(-steps, kind="stable")[: int((steps > 0).sum())]
    share = joint[order] / steps[order, None]
    everywhere = joint.sum(0) / steps.sum()
    lift = np.divide(share, everywhere, out=np.full(share.shape, np.nan), where=everywhere > 0)
    return pd.DataFrame(
        {
            "kind": np.repeat([names[number] for number in order], k),
            "lstm": np.tile(np.arange(1, k + 1), len(order)),
            "steps": joint[order].ravel(),
            "share": share.ravel(),
            "lift": lift.ravel(),
        }
    )
