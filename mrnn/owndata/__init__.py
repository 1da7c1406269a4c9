"""A person's own sequences: from an uploaded file to what can be learned from, or to what is wrong with it."""

from mrnn.owndata.arrays import Arrays, build_from_arrays, guess_arrays, guess_target, is_npz, read_arrays
from mrnn.owndata.columns import LAYOUTS, Columns, guess_answer, guess_columns
from mrnn.owndata.examples import EXAMPLES
from mrnn.owndata.faults import Fault, Faults
from mrnn.owndata.further import read_further
from mrnn.owndata.preview import changes_table, character_counts, examples_table, histogram, label_counts
from mrnn.owndata.sequences import Sequences, build
from mrnn.owndata.store import MOST_KEPT, Kept, delete, is_own, keep, keep_text, list_kept, load, may_use, read
from mrnn.owndata.table import ENCODINGS, SEPARATORS, Reading, Table, guess_reading, read_table
from mrnn.owndata.task import OwnTask, own_task
from mrnn.owndata.text import MOST as MOST_CHARACTERS
from mrnn.owndata.text import OwnText, plain_text, read_text

__all__ = [
    "ENCODINGS",
    "EXAMPLES",
    "LAYOUTS",
    "MOST_CHARACTERS",
    "MOST_KEPT",
    "SEPARATORS",
    "Arrays",
    "Columns",
    "Fault",
    "Faults",
    "Kept",
    "OwnTask",
    "OwnText",
    "Reading",
    "Sequences",
    "Table",
    "build",
    "build_from_arrays",
    "changes_table",
    "character_counts",
    "delete",
    "examples_table",
    "guess_answer",
    "guess_arrays",
    "guess_columns",
    "guess_reading",
    "guess_target",
    "histogram",
    "is_npz",
    "is_own",
    "keep",
    "keep_text",
    "label_counts",
    "list_kept",
    "load",
    "may_use",
    "own_task",
    "plain_text",
    "read",
    "read_arrays",
    "read_further",
    "read_table",
    "read_text",
]
