"""What is wrong with a person's file: each fault with its row and column, and the way out."""

from collections.abc import Callable
from dataclasses import dataclass, field

import numpy as np

MOST_NAMED = 20


@dataclass(frozen=True)
class Fault:
    """One fault.

    row      of the file, from 1, as an editor or a spreadsheet counts; None where it is of no row alone
    column   its name, "" where it is of no column alone
    what     what is wrong, with the value
    way_out  what the person can do
    """

    row: int | None
    column: str
    what: str
    way_out: str


@dataclass
class Faults:
    """The faults that were found; of each kind the first are named, and all are counted."""

    count: int = 0
    _named: list[Fault] = field(default_factory=list)

    def add(self, what: str, way_out: str, *, row: int | None = None, column: str = "") -> None:
        """One fault."""
        self.count += 1
        self._named.append(Fault(row, column, what, way_out))

    def add_all(self, rows: np.ndarray, column: str, what: Callable[[int], str], way_out: str) -> None:
        """A fault in each of these rows.

        rows  (R,) int: row numbers of the file
        what  says of the number in `rows`, from 0, what is wrong there; asked for the first ones only
        """
        self.count += len(rows)
        for number, row in enumerate(rows[:MOST_NAMED]):
            self._named.append(Fault(int(row), column, what(number), way_out))

    @property
    def first(self) -> list[Fault]:
        """The first ones by row, at most MOST_NAMED; those of no row alone come before."""
        return sorted(self._named, key=lambda fault: -1 if fault.row is None else fault.row)[:MOST_NAMED]
