"""A further file with the columns of data that are kept, its labels not known."""

from mrnn.owndata.arrays import Arrays, build_from_arrays, guess_arrays, is_npz, read_arrays
from mrnn.owndata.columns import Columns, guess_columns
from mrnn.owndata.faults import Faults
from mrnn.owndata.sequences import Sequences, build
from mrnn.owndata.store import Kept
from mrnn.owndata.table import Table, guess_reading, read_table


def read_further(content: bytes, kept: Kept) -> tuple[Sequences | None, Faults]:
    """Its sequences, None if there is a fault; and the faults. A label that stands there is not looked at.

    raises  ValueError if the file cannot be read
    """
    if is_npz(content):
        found = read_arrays(content)
        guessed = guess_arrays(found)
        chosen = kept.arrays if kept.arrays is not None and kept.arrays.x in found else guessed
        lengths = next((name for name in (chosen.lengths, guessed.lengths) if name in found), None)
        return build_from_arrays(found, Arrays(chosen.x, None, lengths))
    table = read_table(content, guess_reading(content))
    return build(table, _unlabelled(kept.columns or guess_columns(table), table))


def _unlabelled(columns: Columns, table: Table) -> Columns:
    """The same columns without the label. Where a row is a sequence it may have other steps than those before."""
    names = [str(name) for name in table.frame.columns]
    step = columns.step if columns.step in names else None
    if columns.layout == "long":
        return Columns("long", columns.inputs, columns.sequence, step)
    if set(columns.inputs) <= set(names):
        inputs = columns.inputs
    else:
        inputs = tuple(name for name in guess_columns(table).inputs if name not in (columns.label, columns.sequence))
    return Columns("wide", inputs, columns.sequence if columns.sequence in names else None)
