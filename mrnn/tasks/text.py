"""The text that ships with the app: which character comes next?"""

from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import ClassVar

from mrnn.text import OTHER, TextTask

FILE = Path(__file__).resolve().parents[2] / "assets" / "alice.txt"
RAREST = 10  # times a character has to occur, to be one of its own


@cache
def _alice() -> str:
    if not FILE.exists():
        raise ValueError(f"the text needs {FILE}, which is missing; it comes with the repository")
    return FILE.read_text(encoding="utf-8")


@dataclass(frozen=True)
class Text(TextTask):
    """Which character comes next in Alice's Adventures in Wonderland?

    source  Lewis Carroll (1832 to 1898), 1865, in the public domain; see assets/ALICE.md
    """

    name: ClassVar[str] = "text"
    title: ClassVar[str] = "Text"
    summary: ClassVar[str] = "Which character comes next in Alice's Adventures in Wonderland?"
    # Written down, so that nobody waits for the file who does not use it.
    classes: ClassVar[tuple[str, ...]] = (
        *"↵␣!\"'(),-.:;?ABCDEFGHIKLMNOPQRSTUVWY`abcdefghijklmnopqrstuvwxyz",
        OTHER,
    )
    input_size: ClassVar[int] = len(classes)
    example: ClassVar[str] = "`Oh dear! Oh dear! I shall be late!'"

    @property
    def text(self) -> str:
        """The whole book."""
        return _alice()
