"""A text file as a table: its encoding, separator, decimal sign and heading guessed, and all of them changeable."""

import re
from csv import Error as CsvError
from csv import reader as csv_reader
from dataclasses import dataclass
from io import StringIO
from itertools import islice

import numpy as np
import pandas as pd

MOST_BYTES = 64 * 2**20
MOST_ROWS = 1_000_000
MOST_FIELDS = 20_000  # a row
MOST_CELLS = 20_000_000
ENCODINGS = ("utf-8", "utf-16", "cp1252")
SEPARATORS = {",": "comma", ";": "semicolon", "\t": "tab", "|": "bar", " ": "blanks"}
MISSING = ["", "NaN", "nan", "NA", "N/A", "n/a", "?"]
GUESSED = ("\t", ";", "|", ",", " ")  # a comma may be a decimal sign, and blanks stand in words
LOOKED_AT = 200  # rows from which is guessed
_NUMBER = re.compile(r"\s*[+-]?(\d+(\.\d*)?|\.\d+)([eE][+-]?\d+)?\s*|\s*[+-]?(nan|inf(inity)?)\s*", re.IGNORECASE)
_DECIMAL_COMMA = re.compile(r"\s*[+-]?\d*,\d+([eE][+-]?\d+)?\s*")


@dataclass(frozen=True)
class Reading:
    """How a text becomes a table.

    encoding   one of ENCODINGS
    separator  one of SEPARATORS; a blank stands for any number of them
    decimal    "." or ","
    heading    whether the first row names the columns
    """

    encoding: str = "utf-8"
    separator: str = ","
    decimal: str = "."
    heading: bool = True


@dataclass(frozen=True)
class Table:
    """What stands in a text file.

    frame   R rows; the columns' names are strings, each once
    rows    (R,) int: their numbers in the file, from 1, headings and empty rows counted
    fields  (R,) int: how many fields each of them has
    named   how many columns the heading names, 0 without one
    reading how it was read
    """

    frame: pd.DataFrame
    rows: np.ndarray
    fields: np.ndarray
    named: int
    reading: Reading


def guess_reading(content: bytes) -> Reading:
    """How the file seems to be meant, from its first rows; ValueError if it is no text of a bearable size."""
    encoding = _guess_encoding(content)
    lines = [line for line in islice(StringIO(_decode(content, encoding)), 4 * LOOKED_AT) if _counts(line)][:LOOKED_AT]
    if not lines:
        raise ValueError("the file is empty; a row for each step or for each sequence is needed")
    separator = next((sign for sign in GUESSED if sum(sign in line.strip() for line in lines) >= 0.9 * len(lines)), ",")
    rows = [_split(line, separator) for line in lines]
    cells = [cell for row in rows for cell in row]
    commas = sum(bool(_DECIMAL_COMMA.fullmatch(cell)) for cell in cells)
    points = sum("." in cell and bool(_NUMBER.fullmatch(cell)) for cell in cells)
    decimal = "," if separator != "," and commas > points else "."
    return Reading(encoding, separator, decimal, _has_heading(rows, decimal))


def read_table(content: bytes, reading: Reading) -> Table:
    """Read a text file; nothing in it is ever executed.

    raises  ValueError if it is no text, not to be read as a table, or beyond a bound
    """
    text = _decode(content, reading.encoding).replace("\r\n", "\n").replace("\r", "\n")
    separator = reading.separator
    if separator == " ":
        # Not with one more pattern: a search for blanks before an end takes a long row's length squared.
        bare = "\n".join(line.strip(" \t") for line in text.split("\n"))
        text, separator = re.sub(r"[ \t]+", "\t", bare), "\t"
    if not text.endswith("\n"):
        text += "\n"
    _check_count(text.count("\n"))
    lines = text.split("\n")[:-1]
    before = next((number for number, line in enumerate(lines) if _counts(line)), len(lines))
    names_at = before if reading.heading else before - 1
    if len(lines) <= names_at + 1:
        raise ValueError("the file has no rows of data; a row for each step or for each sequence is needed")
    fields = _fields(text, lines, separator)
    widest = int(fields[before:].max())
    where = before + int(fields[before:].argmax()) + 1
    if widest > MOST_FIELDS or widest * len(fields) > MOST_CELLS:
        raise ValueError(
            f"row {where} has {widest:,} fields, which would make a table of {widest * len(fields):,}; at most "
            f"{MOST_FIELDS:,} a row and {MOST_CELLS:,} in all are read. Is the separator right?"
        )
    try:
        frame = pd.read_csv(
            StringIO(text), sep=separator, decimal=reading.decimal, header=None, names=list(range(widest)),
            index_col=False, skip_blank_lines=False, skiprows=names_at + 1, keep_default_na=False, na_values=MISSING,
            low_memory=False,
        )  # fmt: skip
    except (ValueError, CsvError, OverflowError) as error:  # pandas' own errors are ValueErrors
        raise _unreadable(error) from None
    rows = np.arange(names_at + 2, names_at + 2 + len(frame))
    fields = fields[names_at + 1 :][: len(frame)]
    heading = _split(lines[names_at], separator) if reading.heading else []
    frame.columns = pd.Index(_names(heading, widest))
    filled = frame.notna().any(axis=1).to_numpy()
    if not filled.any():
        raise ValueError("the file has no rows of data; a row for each step or for each sequence is needed")
    frame = frame.loc[filled].loc[:, _worth_keeping(frame, len(heading))]
    return Table(frame.reset_index(drop=True), rows[filled], fields[filled], len(heading), reading)


def is_number(cell: str, decimal: str = ".") -> bool:
    """Whether a cell holds a number; NaN and infinity count as numbers."""
    return bool(_NUMBER.fullmatch(cell.replace(",", ".") if decimal == "," else cell))


def _worth_keeping(frame: pd.DataFrame, named: int) -> np.ndarray:
    """(columns,) bool: all that have a name, and no empty ones after them, as a separator at the ends of rows makes."""
    filled = frame.notna().to_numpy().any(axis=0)
    last = int(np.flatnonzero(filled)[-1]) + 1
    return np.arange(frame.shape[1]) < max(last, named)


def _check_count(rows: int) -> None:
    if rows > MOST_ROWS + 1:
        raise ValueError(
            f"the file has {rows:,} rows; at most {MOST_ROWS:,} are taken. Keep fewer sequences, or every tenth step"
        )


def _guess_encoding(content: bytes) -> str:
    if content.startswith((b"\xff\xfe", b"\xfe\xff")):
        return "utf-16"
    try:
        content.decode("utf-8")
    except UnicodeDecodeError:
        return "cp1252"
    return "utf-8"


def _decode(content: bytes, encoding: str) -> str:
    if len(content) > MOST_BYTES:
        raise ValueError(
            f"a file may have {MOST_BYTES // 2**20} MB, this one has {len(content) / 2**20:.0f}; keep fewer rows"
        )
    if content.startswith(b"PK\x03\x04"):
        raise ValueError("this is no CSV but a zip file; from a spreadsheet program, save the sheet as CSV first")
    # utf-8-sig leaves out the mark that spreadsheet programs put before the first cell.
    try:
        text = content.decode("utf-8-sig" if encoding == "utf-8" else encoding)
    except UnicodeDecodeError as error:
        raise ValueError(f"the file is no {encoding} text (byte {error.start:,}); choose another encoding") from None
    if "\0" in text:
        raise ValueError("the file is no text: it holds zero bytes; save it as CSV, in UTF-8")
    return text


def _counts(line: str) -> bool:
    """False for empty lines and for remarks."""
    return bool(line.strip()) and not line.startswith(("#", "%"))


def _split(line: str, separator: str) -> list[str]:
    line = line.rstrip("\n")
    if separator == " ":
        return line.split()
    try:
        return next(csv_reader([line], delimiter=separator), [])
    except CsvError:
        return line.split(separator)


def _fields(text: str, lines: list[str], separator: str) -> np.ndarray:
    """(rows,) how many fields each row has."""
    if '"' not in text:
        return np.fromiter((line.count(separator) for line in lines), np.int64, len(lines)) + 1
    try:
        return np.array([len(row) for row in csv_reader(StringIO(text), delimiter=separator)])
    except CsvError as error:
        raise _unreadable(error) from None


def _unreadable(error: Exception) -> ValueError:
    said = " ".join(str(error).split())
    return ValueError(f"the file cannot be read as a table, is a quotation mark left open? ({said})")


def _has_heading(rows: list[list[str]], decimal: str) -> bool:
    """Whether the first row names the columns: names are no numbers, unless they count the steps."""
    first, rest = rows[0], rows[1:]
    numbers = [is_number(cell, decimal) for cell in first]
    if not any(numbers):
        return True
    if all(numbers):
        return False
    counted = [float(cell) for cell, number in zip(first, numbers, strict=True) if number and decimal == "."]
    if len(counted) > 2 and np.array_equal(np.diff(counted), np.ones(len(counted) - 1)):
        return True
    # A word over a column of numbers is a name; a word over words may be a label.
    words = [at for at, number in enumerate(numbers) if not number and first[at].strip()]
    return any(all(len(row) > at and is_number(row[at], decimal) for row in rest) for at in words) and bool(rest)


def _names(heading: list[str], count: int) -> list[str]:
    """`count` names, each once: those of the heading, and the places of columns that have none."""
    names = [name.strip()[:60] or f"column {at}" for at, name in enumerate(heading, 1)]
    names += [f"column {at}" for at in range(len(names) + 1, count + 1)]
    taken = set[str]()
    unique: list[str] = []
    for name in names[:count]:
        fresh, number = name, 1
        while fresh in taken:
            number += 1
            fresh = f"{name} ({number})"
        taken.add(fresh)
        unique.append(fresh)
    return unique
