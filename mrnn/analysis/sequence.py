"""One sequence, step by step."""

import numpy as np
import pandas as pd

from mrnn.trace import Trace


def selection_table(trace: Trace, n: int = 0, layer: int = -1) -> pd.DataFrame:
    """q and z of one sequence and layer as rows of t, lstm (from 1), q, z, listened (0 or 1)."""
    length = int(trace.lengths[n])
    q, z = trace.q[n, layer, :length], trace.z[n, layer, :length]
    step, lstm = np.indices(q.shape)
    listened = lstm == trace.listened(layer)[n, :length, None]  # one, even where weights are equal
    return pd.DataFrame(
        {
            "t": step.ravel(),
            "lstm": lstm.ravel() + 1,
            "q": q.ravel().round(4),
            "z": z.ravel().round(4),
            "listened": listened.ravel().astype(int),
        }
    )


def decided_at(trace: Trace, n: int = 0) -> int:
    """The step from which on the most probable class is the final one."""
    best = trace.probabilities[n, : int(trace.lengths[n])].argmax(-1)
    other = np.flatnonzero(best != best[-1])
    return int(other[-1]) + 1 if len(other) else 0
