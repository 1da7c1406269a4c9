"""What a model answers to sequences whose labels nobody knows, as a table to take along."""

from collections.abc import Sequence

import numpy as np
import pandas as pd

from mrnn.analysis.paths import usage_by_sequence
from mrnn.trace import Trace


def answers_table(trace: Trace, names: Sequence[str] | np.ndarray, classes: Sequence[str]) -> pd.DataFrame:
    """A row a sequence.

    names    (N,) of the sequences
    classes  (C,) names of the classes
    returns  sequence, answer, the probability of each class, and the share of the sequence's steps in which each LSTM
             of the last layer was listened to
    """
    said = trace.answers
    shares = usage_by_sequence(trace.listened(), trace.lengths, trace.k) / trace.lengths[:, None]
    return pd.DataFrame(
        {
            "sequence": names,
            "answer": np.asarray(classes)[said.argmax(-1)],
            **{f"p {name}": said[:, number].round(6) for number, name in enumerate(classes)},
            **{f"share of LSTM {j + 1}": shares[:, j].round(6) for j in range(trace.k)},
        }
    )
