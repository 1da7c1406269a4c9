"""What is shown of sequences before anything is learned from them: tables for charts."""

from collections import Counter

import numpy as np
import pandas as pd

from mrnn.owndata.sequences import Sequences
from mrnn.text import SIGNS

MOST_CLASSES_SHOWN = 6
MOST_CHANGES = 40  # of the class, in a lane: more would be one grey
MOST_POINTS = 400  # of a line


def examples_table(sequences: Sequences, column: str, each: int = 4) -> pd.DataFrame:
    """A few sequences of each class, the first ones, as rows of lane, sequence, t and value.

    column  one of the inputs
    each    sequences a class; where sequences have a number, so many from the lowest to the highest; else the first
            ones. Without a class each has a lane of its own
    """
    at = sequences.inputs.index(column)
    parts = []
    for lane, n in _examples(sequences, each):
        length = int(sequences.lengths[n])
        t = np.unique(np.linspace(0, length - 1, min(length, MOST_POINTS)).astype(int))
        value = sequences.steps[sequences.starts[n] + t, at]
        parts.append(pd.DataFrame({"lane": lane, "sequence": str(sequences.names[n]), "t": t, "value": value}))
    return pd.concat(parts, ignore_index=True)


def changes_table(sequences: Sequences, each: int = 4) -> pd.DataFrame:
    """What each step of the same examples is of, where classes of steps are known: rows of lane, t and class.

    A row for the first step of a sequence, and for each at which the class changes, up to MOST_CHANGES of them.
    """
    parts = []
    for lane, n in _examples(sequences, each):
        labels = np.asarray(sequences.labels)[sequences.starts[n] :][: sequences.lengths[n]]
        t = np.flatnonzero(np.diff(labels, prepend=-1))[:MOST_CHANGES]
        names = np.asarray(sequences.classes)[labels[t]]
        parts.append(pd.DataFrame({"lane": lane, "t": t, "class": names}))
    return pd.concat(parts, ignore_index=True)


def _examples(sequences: Sequences, each: int) -> list[tuple[str, int]]:
    """Lane and number of each sequence that is shown."""
    labels = None if sequences.labels is None or sequences.per_step else np.asarray(sequences.labels)
    if labels is not None and sequences.target == "class":
        return [
            (name, int(n))
            for number, name in enumerate(sequences.classes[:MOST_CLASSES_SHOWN])
            for n in np.flatnonzero(labels == number)[:each]
        ]
    some = np.arange(min(each, len(sequences)))
    if labels is None:
        return [(str(sequences.names[n]), int(n)) for n in some]
    places = np.linspace(0, len(sequences) - 1, len(some)).round().astype(int)
    return [(f"{sequences.names[n]}: {labels[n]:.4g}", int(n)) for n in np.argsort(labels, kind="stable")[places]]


def label_counts(sequences: Sequences) -> pd.DataFrame:
    """How many sequences (or steps, where each has its own) have each class, as rows of class and count."""
    counts = np.bincount(np.asarray(sequences.labels), minlength=len(sequences.classes))
    return pd.DataFrame({"class": sequences.classes, "count": counts})


def histogram(values: np.ndarray, most: int = 20) -> pd.DataFrame:
    """Rows of low, high and count, in at most `most` intervals of equal width."""
    low, high = float(values.min()), float(values.max())
    if np.issubdtype(values.dtype, np.integer):  # as many whole numbers in each, or the last one stands out
        width = -(-(high - low + 1) // most)
        edges = np.arange(low - 0.5, high + width, width)
    else:
        edges = np.histogram_bin_edges(values.astype(float), most)
    counts, edges = np.histogram(values, edges)
    return pd.DataFrame({"low": edges[:-1], "high": edges[1:], "count": counts})


def character_counts(text: str, most: int = 15) -> pd.DataFrame:
    """The most frequent characters of a text, as rows of class and count."""
    found = Counter(text).most_common(most)
    return pd.DataFrame({"class": [SIGNS.get(c, c) for c, _ in found], "count": [count for _, count in found]})
