"""What the columns of a table mean: guessed here, changed by the person."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Literal, get_args

import numpy as np
import pandas as pd

from mrnn.data import Target
from mrnn.owndata.table import Table

Layout = Literal["long", "wide"]
LAYOUTS: tuple[Layout, ...] = get_args(Layout)
MOST_CLASSES = 100
ENOUGH = 1_000  # cells from which is seen what a column holds
WIDE = 8  # columns of numbers, from which on they are more likely steps than inputs
LABELS = (
    "label", "labels", "class", "target", "y", "category", "activity", "species", "outcome", "diagnosis", "type",
    "state", "gesture", "group", "condition",
)  # fmt: skip
SEQUENCES = (
    "sequence", "sequence_id", "seq", "seq_id", "series", "series_id", "id", "subject", "patient", "participant",
    "case", "trial", "unit", "person", "window", "session", "sample",
)  # fmt: skip
STEPS = (
    "step", "t", "time", "timepoint", "timestamp", "date", "datetime", "frame", "cycle", "tick", "day", "month", "year",
    "index",
)  # fmt: skip


@dataclass(frozen=True)
class Columns:
    """What the columns mean.

    layout    "long": a row a step; "wide": a row a sequence
    inputs    long: the D numbers of a step; wide: the numbers at its T steps, in this order, and D = 1
    sequence  the column that says which sequence a row belongs to; None: each row one (wide), all rows one (long)
    step      long: the column that orders the steps of a sequence; None: as they stand
    label     the column to be answered, None where it is not known
    target    "class" or "value": what the label is
    per_step  long: whether each step has a label of its own
    """

    layout: Layout
    inputs: tuple[str, ...]
    sequence: str | None = None
    step: str | None = None
    label: str | None = None
    target: Target = "class"
    per_step: bool = False


def guess_columns(table: Table) -> Columns:
    """What the columns seem to mean, by their names and by what stands in them."""
    frame = table.frame
    names = [str(name) for name in frame.columns]
    numeric = [name for name in names if _is_numeric(frame[name])]
    label = _named(names, LABELS)
    sequence = _named([name for name in names if name != label], SEQUENCES)
    step = _named([name for name in names if name not in (label, sequence)], STEPS)
    many = len([name for name in numeric if name not in (label, sequence, step)]) >= WIDE
    if sequence is None and not many:
        sequence = _runs(frame, [name for name in names if name not in (label, step)])
    long = sequence is not None and bool(frame[sequence].duplicated().any())
    if label is None:
        free = [name for name in names if name not in (sequence, step)]
        label = _guess_label(frame, free, unnamed=not table.reading.heading)
        if label is None and long and len(free) > 1 and _is_of_sequences(frame, str(sequence), free[-1]):
            label = free[-1]
    if not long:
        step = None  # each row is a sequence: a number of it called "time" is one of its inputs
    inputs = tuple(name for name in numeric if name not in (label, sequence, step))
    guessed = Columns("long" if long else "wide", inputs, sequence, step, label)
    return guess_answer(table, guessed)


def guess_answer(table: Table, columns: Columns) -> Columns:
    """The same columns with what their label seems to be: a class or a value, of each step or of a whole sequence."""
    frame, label = table.frame, columns.label
    if label is None:
        return replace(columns, target="class", per_step=False)
    long = columns.layout == "long" and columns.sequence is not None
    return replace(
        columns,
        target="value" if _is_measured(frame[label]) else "class",
        per_step=long and _changes(frame, str(columns.sequence), label),
    )


def _named(names: list[str], known: tuple[str, ...]) -> str | None:
    """The first column called by one of these words, the earlier word first."""
    by_word = {name.strip().lower().replace(" ", "_"): name for name in reversed(names)}
    return next((by_word[word] for word in known if word in by_word), None)


def _is_numeric(values: pd.Series) -> bool:
    """Mostly numbers: a word among them is a fault to be named, not another kind of column."""
    if pd.api.types.is_bool_dtype(values):
        return False
    if pd.api.types.is_numeric_dtype(values):
        return True
    some = values.dropna().head(ENOUGH)
    return len(some) > 0 and bool(pd.to_numeric(some, errors="coerce").notna().mean() > 0.5)


def _is_measured(values: pd.Series) -> bool:
    """Numbers too many for classes: fractions, or more different ones than classes may be."""
    if not _is_numeric(values):
        return False
    numbers = pd.to_numeric(values, errors="coerce").dropna().to_numpy(float)
    numbers = numbers[np.isfinite(numbers)]
    different = len(np.unique(numbers))
    return different > MOST_CLASSES or (different > 10 and bool((numbers != np.round(numbers)).any()))


def _runs(frame: pd.DataFrame, names: Sequence[str]) -> str | None:
    """The first column whose values stand in runs, one run each, as the names of sequences do."""
    for name in names:
        values = frame[name]
        if pd.api.types.is_float_dtype(values) or pd.api.types.is_bool_dtype(values):
            continue
        changes = int((values != values.shift()).sum())
        different = values.nunique(dropna=False)
        if 10 < different == changes <= len(values) / 2:
            return name
    return None


def _guess_label(frame: pd.DataFrame, names: list[str], *, unnamed: bool) -> str | None:
    """The last column of words; else the first or the last of few whole numbers, where nothing has a name."""
    words = [name for name in names if not _is_numeric(frame[name]) and _few(frame[name])]
    if words:
        return words[-1]
    ends = [name for name in (names[:1] + names[-1:] if unnamed else names[-1:]) if _few(frame[name])]
    whole = [name for name in ends if _are_whole(frame[name])]
    return whole[0] if whole else None


def _is_of_sequences(frame: pd.DataFrame, sequence: str, name: str) -> bool:
    """Whether a column of numbers says one thing of each sequence, and not the same of all."""
    values = frame[name]
    if not _is_numeric(values) or values.nunique() < 2:
        return False
    return bool((values.groupby(frame[sequence]).nunique() <= 1).all())


def _few(values: pd.Series) -> bool:
    return 1 < values.nunique() <= min(MOST_CLASSES, max(2, len(values) // 2))


def _are_whole(values: pd.Series) -> bool:
    numbers = pd.to_numeric(values, errors="coerce").dropna().to_numpy(float)
    return bool((numbers == np.round(numbers)).all())


def _changes(frame: pd.DataFrame, sequence: str, label: str) -> bool:
    """Whether the label changes within most of the sequences."""
    pairs = pd.DataFrame({"sequence": pd.factorize(frame[sequence])[0], "label": pd.factorize(frame[label])[0]})
    different = pairs.drop_duplicates()["sequence"].value_counts()
    return bool((different > 1).mean() > 0.5)
