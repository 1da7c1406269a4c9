"""From a table whose columns are known to sequences, or to the faults that stand in the way."""

from dataclasses import dataclass, replace

import numpy as np
import pandas as pd

from mrnn.data import Target
from mrnn.owndata.columns import MOST_CLASSES, Columns
from mrnn.owndata.faults import Faults
from mrnn.owndata.table import Table

MOST_NUMBERS = 20_000_000  # N x T x D, padding included: what training holds in memory, four bytes each
MOST_STEPS = 5_000
MOST_INPUTS = 64
FEWEST = 4
LARGEST = float(np.finfo(np.float32).max)


@dataclass(frozen=True)
class Sequences:
    """Sequences as they were uploaded: not scaled, not split, not padded.

    steps     (S, D) float32: the steps of all sequences, one after the other
    lengths   (N,) int: how many of them each sequence has
    names     (N,) str: what the file calls each sequence
    inputs    the D columns; where a row is a sequence, one name for all steps
    target    "class" or "value"
    per_step  whether each step has a label
    classes   their names, in order; where the label is a value, its column
    labels    (N,), or (S,) with per_step: int classes, or float values; None where they are not known
    times     (S,) what the file's column of steps says of each; None where it has none, and of what was kept
    """

    steps: np.ndarray
    lengths: np.ndarray
    names: np.ndarray
    inputs: tuple[str, ...]
    target: Target
    per_step: bool
    classes: tuple[str, ...]
    labels: np.ndarray | None
    times: np.ndarray | None = None

    def __len__(self) -> int:
        return len(self.lengths)

    @property
    def starts(self) -> np.ndarray:
        """(N,) int: where in `steps` each sequence begins."""
        return np.cumsum(self.lengths) - self.lengths

    @property
    def holders(self) -> np.ndarray:
        """(C,) int: in how many sequences each class occurs; where the labels are classes."""
        labels, many = np.asarray(self.labels), len(self.classes)
        if self.per_step:
            labels = np.unique(np.repeat(np.arange(len(self)), self.lengths) * many + labels) % many
        return np.bincount(labels, minlength=many)

    def take(self, index: np.ndarray) -> "Sequences":
        """The sequences at `index` (int), in that order."""
        lengths = self.lengths[index]
        before = np.cumsum(lengths) - lengths
        steps = np.repeat(self.starts[index] - before, lengths) + np.arange(lengths.sum())
        labels = None if self.labels is None else self.labels[steps if self.per_step else index]
        times = None if self.times is None else self.times[steps]
        return replace(
            self, steps=self.steps[steps], lengths=lengths, names=self.names[index], labels=labels, times=times
        )  # fmt: skip


def build(table: Table, columns: Columns) -> tuple[Sequences | None, Faults]:
    """The sequences of a table, None if there is a fault; and the faults.

    Without `columns.label` the sequences have no labels, and a model may be asked for them.
    """
    faults = Faults()
    _check_columns(table, columns, faults)
    if faults.count:
        return None, faults
    found = (_long if columns.layout == "long" else _wide)(table, columns, faults)
    if found is not None and not faults.count:
        check_size(found.lengths, len(found.inputs), faults)
        check_labels(found, columns.label or "", faults)
    return (None if faults.count else found), faults


def _check_columns(table: Table, columns: Columns, faults: Faults) -> None:
    """Refuse what no table could satisfy."""
    roles = [name for name in (columns.sequence, columns.step, columns.label) if name is not None]
    named = [*roles, *columns.inputs]
    missing = [name for name in named if name not in table.frame.columns]
    if missing:
        faults.add(
            f"there is no column {missing[0]!r}" + (f", and {len(missing) - 1} more" if missing[1:] else ""),
            f"the file has {', '.join(map(str, table.frame.columns[:8]))}; give it the same columns",
        )
    twice = sorted({name for name in named if named.count(name) > 1})
    for name in twice:
        faults.add("the column has two meanings", "choose it for one alone", column=name)
    if not columns.inputs:
        faults.add("no column of numbers is left to be read", "choose the columns that hold the measured numbers")
    if columns.layout == "long" and columns.sequence is None:
        faults.add(
            "no column says which sequence a row belongs to",
            "choose one; or, where each row is a sequence, the other layout",
        )
    if columns.layout == "long" and len(columns.inputs) > MOST_INPUTS:
        faults.add(f"a step has {len(columns.inputs)} inputs", f"choose at most {MOST_INPUTS} columns")


# -- a row a step ------------------------------------------------------------------------------------------------------


def _long(table: Table, columns: Columns, faults: Faults) -> Sequences | None:
    expected = _usual_fields(table)
    ragged = table.fields != expected
    faults.add_all(
        table.rows[ragged], "",
        lambda i: f"the row has {table.fields[ragged][i]} fields, most have {expected}",
        "a separator too many or too few? Give each row the same fields",
    )  # fmt: skip
    frame, rows = table.frame[~ragged], table.rows[~ragged]
    ids = frame[str(columns.sequence)]
    _name_missing(ids, rows, str(columns.sequence), "the sequence is not named", "say which sequence it is", faults)
    code, names = pd.factorize(ids)
    order = _order(frame, rows, code, columns, faults)
    steps = np.stack([_numbers(frame[name], rows, name, faults) for name in columns.inputs], axis=1)
    labels, classes = _labels(frame, rows, columns, faults)
    code = code[order]
    starts = np.flatnonzero(np.diff(code, prepend=-2))  # -1 is a sequence without a name
    lengths = np.diff(np.append(starts, len(code)))
    if labels is not None:
        labels = labels[order]
        if not columns.per_step:
            known = frame[columns.label].notna().to_numpy()[order]
            differs = known & (labels != np.repeat(labels[starts], lengths))
            faults.add_all(
                np.sort(rows[order][differs]), str(columns.label),
                lambda _: "the label differs from the one at the sequence's first step",
                "write the same one at each step; or choose another column, or one label a step",
            )  # fmt: skip
            labels = labels[starts]
    if faults.count:
        return None
    texts = np.array([_text(name) for name in names])
    times = None if columns.step is None else frame[columns.step].to_numpy()[order]
    return Sequences(
        steps[order], lengths, texts, columns.inputs, columns.target, columns.per_step, classes, labels, times
    )  # fmt: skip


def _order(frame: pd.DataFrame, rows: np.ndarray, code: np.ndarray, columns: Columns, faults: Faults) -> np.ndarray:
    """The rows in the order in which they are read: sequence by sequence, step by step."""
    if columns.step is None:
        return np.argsort(code, kind="stable")
    values = frame[columns.step]
    _name_missing(values, rows, columns.step, "the step is missing", "say when it was, or choose no step", faults)
    times = pd.to_numeric(values, errors="coerce")
    if times.isna().any() and not pd.api.types.is_numeric_dtype(values):
        dates = pd.to_datetime(values, errors="coerce", format="ISO8601")
        times = dates if dates.notna().sum() >= times.notna().sum() else times
    unknown = times.isna().to_numpy() & values.notna().to_numpy()
    faults.add_all(
        rows[unknown], columns.step,
        lambda i: f"{_quoted(values.iloc[np.flatnonzero(unknown)[i]])} is neither a number nor a date",
        "write numbers, or dates as 2026-11-25",
    )  # fmt: skip
    order = np.lexsort((times.to_numpy(), code))
    same = (np.diff(code[order]) == 0) & (np.diff(times.to_numpy()[order]).astype(float) == 0)
    again = np.sort(order[1:][same])
    faults.add_all(
        rows[again], columns.step,
        lambda i: f"the sequence has the step {_text(values.iloc[again[i]])} twice",
        "remove one of the two rows, or choose no step, if they stand in order",
    )  # fmt: skip
    return order


def _usual_fields(table: Table) -> int:
    return int(np.bincount(table.fields).argmax())


# -- a row a sequence --------------------------------------------------------------------------------------------------


def _wide(table: Table, columns: Columns, faults: Faults) -> Sequences | None:
    usual = _usual_fields(table)
    # Without a heading rows may be of any length.
    ragged = table.fields > (max(table.named, usual) if table.named else np.inf)
    faults.add_all(
        table.rows[ragged], "",
        lambda i: f"the row has {table.fields[ragged][i]} fields; the heading has {table.named}, and most rows {usual}",
        "a separator too many? Name each column, or leave the heading out",
    )  # fmt: skip
    frame, rows = table.frame, table.rows
    filled = frame[list(columns.inputs)].notna().to_numpy()
    # A sequence ends where nothing more stands in its row: what is empty before that is a fault.
    lengths = filled.shape[1] - filled[:, ::-1].argmax(axis=1)
    empty = ~filled.any(axis=1)
    faults.add_all(rows[empty], "", lambda _: "the sequence has no steps", "fill the row in, or remove it")
    counts = np.arange(filled.shape[1]) < lengths[:, None]
    values = np.zeros(filled.shape, np.float32)
    for at, name in enumerate(columns.inputs):
        here = counts[:, at] & ~empty
        values[here, at] = _numbers(frame.loc[here, name], rows[here], name, faults)
    labels, classes = _labels(frame, rows, columns, faults)
    names = rows.astype(str)
    if columns.sequence is not None:
        ids = frame[columns.sequence]
        _name_missing(ids, rows, columns.sequence, "the sequence is not named", "name it, or choose no name", faults)
        names = np.array([_text(name) for name in ids])
    if faults.count:
        return None
    inputs = ("value",)
    return Sequences(values[counts][:, None], lengths, names, inputs, columns.target, False, classes, labels)


# -- cells -------------------------------------------------------------------------------------------------------------


def _numbers(
    values: pd.Series, rows: np.ndarray, column: str, faults: Faults, instead: str = "leave the column out"
) -> np.ndarray:
    """A column as float32, with a fault for each cell that is no finite number.

    instead  what else can be done where words stand in it
    """
    numbers = pd.to_numeric(values, errors="coerce").to_numpy(np.float64)
    missing = values.isna().to_numpy()
    _name_missing(
        values, rows, column, "no number here (empty, or NaN)", "fill it in, or leave the sequence out", faults
    )
    words = np.isnan(numbers) & ~missing
    faults.add_all(
        rows[words], column,
        lambda i: f"{_quoted(values.iloc[np.flatnonzero(words)[i]])} stands where a number belongs",
        f"write a number; or choose another decimal sign, or {instead}",
    )  # fmt: skip
    large = np.abs(numbers) > LARGEST
    faults.add_all(
        rows[large], column,
        lambda i: f"{numbers[large][i]:g} is too large a number" if np.isfinite(numbers[large][i]) else "infinity",
        f"only numbers up to {LARGEST:.1e} can be learned from",
    )  # fmt: skip
    return np.where(large | np.isnan(numbers), 0, numbers).astype(np.float32)


def _labels(
    frame: pd.DataFrame, rows: np.ndarray, columns: Columns, faults: Faults
) -> tuple[np.ndarray | None, tuple[str, ...]]:
    """Each row's label as a number, and what the numbers mean."""
    if columns.label is None:
        return None, ()
    values = frame[columns.label]
    if columns.target == "value":
        return _numbers(values, rows, columns.label, faults, "say that the label is a class"), (columns.label,)
    _name_missing(values, rows, columns.label, "the label is missing", "fill it in, or leave the sequence out", faults)
    code, found = pd.factorize(values)
    if len(found) > MOST_CLASSES:
        faults.add(
            f"{len(found):,} different labels, more than the {MOST_CLASSES} that are taken",
            "choose another column; or, where they are measured, say that the label is a number",
            column=columns.label,
        )
        return code, ()
    order = sorted(range(len(found)), key=lambda number: _sortable(found[number]))
    place = np.argsort(order)
    return np.where(code < 0, 0, place[code] if len(place) else 0), tuple(_text(found[number]) for number in order)


def _name_missing(values: pd.Series, rows: np.ndarray, column: str, what: str, way_out: str, faults: Faults) -> None:
    faults.add_all(rows[values.isna().to_numpy()], column, lambda _: what, way_out)


def _sortable(value: object) -> tuple[bool, float, str]:
    """Numbers by size, then words by the alphabet."""
    number = isinstance(value, int | float | np.number) and not isinstance(value, bool)
    return not number, float(value) if number else 0.0, str(value)  # type: ignore[arg-type]


def _text(value: object) -> str:
    """A label or name as people wrote it: 3 stays 3 where the column holds 3.0."""
    if isinstance(value, float | np.floating) and float(value).is_integer():
        value = int(value)
    return "".join(c for c in str(value) if c.isprintable())[:60]


def _quoted(value: object) -> str:
    text = _text(value)
    return f"'{text[:30]}{'...' if len(text) > 30 else ''}'"


# -- all sequences together --------------------------------------------------------------------------------------------


def check_size(lengths: np.ndarray, inputs: int, faults: Faults) -> None:
    """Refuse more than training can hold.

    lengths  (N,) steps of each sequence
    inputs   D
    """
    longest, numbers = int(lengths.max()), len(lengths) * int(lengths.max()) * inputs
    if longest > MOST_STEPS:
        faults.add(f"a sequence has {longest:,} steps", f"cut it into pieces of at most {MOST_STEPS:,}")
    elif numbers > MOST_NUMBERS:
        faults.add(
            f"{len(lengths):,} sequences of up to {longest:,} steps and {inputs} inputs are {numbers:,} numbers",
            f"at most {MOST_NUMBERS:,} are taken: keep fewer sequences, or cut the longest",
        )


def check_labels(found: Sequences, column: str, faults: Faults) -> None:
    """Refuse labels from which nothing could be learned, or nothing tested."""
    if found.labels is None:
        return
    if len(found) < FEWEST:
        faults.add(
            f"there are {len(found)} sequences", f"at least {FEWEST} are needed, some to learn from and some to test on"
        )
    if found.lengths.max() == 1:
        faults.add(
            "each sequence has one step alone",
            "where each row is a step, choose that layout, and the column that says which sequence a row belongs to",
        )
    if found.target == "value":
        if np.ptp(found.labels) == 0:
            faults.add(
                f"the label is {found.labels[0]:g} everywhere",
                "there must be something to tell; choose another",
                column=column,
            )
        return
    counts = found.holders
    if len(counts) < 2:
        what = f"all are of one class, {found.classes[0]}"
        faults.add(what, "at least two classes are needed to tell them apart", column=column)
        return
    for number in np.flatnonzero(counts < 2):
        faults.add(
            f"class {found.classes[number]} {'is in one sequence alone' if found.per_step else 'has one sequence'}",
            "at least two are needed, one to learn from and one to test on",
            column=column,
        )
