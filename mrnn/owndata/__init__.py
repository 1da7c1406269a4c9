"""A person's own sequences: from an uploaded file to what can be learned from, or to what is wrong with it."""

from mrnn.owndata.arrays import Arrays, build_from_arrays, guess_arrays, is_npz, read_arrays
from mrnn.owndata.columns import LAYOUTS, Columns, guess_columns
from mrnn.owndata.faults import Fault, Faults
from mrnn.owndata.sequences import Sequences, build
from mrnn.owndata.table import ENCODINGS, SEPARATORS, Reading, Table, guess_reading, read_table

__all__ = [
    "ENCODINGS",
    "LAYOUTS",
    "SEPARATORS",
    "Arrays",
    "Columns",
    "Fault",
    "Faults",
    "Reading",
    "Sequences",
    "Table",
    "build",
    "build_from_arrays",
    "guess_arrays",
    "guess_columns",
    "guess_reading",
    "is_npz",
    "read_arrays",
    "read_table",
]
