"""A person's own text: from what was pasted or uploaded to a task, or to what is wrong with it."""

import re
import unicodedata
from dataclasses import dataclass
from typing import ClassVar

from mrnn.owndata import store
from mrnn.text import OTHER, TextTask

LEAST, MOST = 3_000, 300_000  # characters
MOST_MARKS = 30  # on one letter
MOST_BYTES = 4 * MOST  # of a file: UTF-8 takes no more for a character
_MARKS = ("\N{ZERO WIDTH NO-BREAK SPACE}", "\N{SOFT HYPHEN}")  # of editors, not of the text
_CONTROL = re.compile(r"[^\n\t\x20-\x7e\xa0-\U0010ffff]|[\ud800-\udfff\ufdd0-\ufdef\ufffe\uffff]")


def read_text(content: bytes) -> str:
    """What a file says, UTF-8, UTF-16 with its mark, or else Windows' Latin letters; nothing in it is ever executed.

    raises  ValueError if it is too long, too short, or no plain text
    """
    if len(content) > MOST_BYTES:
        raise ValueError(
            f"a text may have {MOST:,} characters, this file has {len(content):,} bytes; upload a part of it"
        )
    if content.startswith((b"PK\x03\x04", b"%PDF")):
        raise ValueError("this is no plain text but a document with formatting; save it as plain text (.txt) first")
    encoding = "utf-16" if content.startswith((b"\xff\xfe", b"\xfe\xff")) else "utf-8"
    try:
        return plain_text(content.decode(encoding))
    except UnicodeDecodeError:
        return plain_text(content.decode("cp1252", errors="replace"))


def plain_text(text: str) -> str:
    """A text as it is learned from: one kind of line end, one spelling of each letter, no control characters.

    raises  ValueError if it is too long, too short, of one character alone, or no text
    """
    if "\0" in text:
        raise ValueError("this is no plain text: it holds zero bytes; save it as plain text (.txt) first")
    text = text.replace("\r\n", "\n").replace("\r", "\n")
    for mark in _MARKS:
        text = text.replace(mark, "")
    _check_length(text)
    if _longest_pile(text) > MOST_MARKS:
        raise ValueError(f"this is no plain text: it piles more than {MOST_MARKS} marks on one letter; leave them out")
    text = _CONTROL.sub(OTHER, unicodedata.normalize("NFC", text))
    _check_length(text)  # some signs are one letter by now
    if text.count(OTHER) > len(text) // 100:
        raise ValueError("this is no plain text: more than one character in 100 cannot be read; save it as UTF-8 first")
    if len(set(text.strip())) < 2:
        raise ValueError("the text repeats one character; there is nothing to tell")
    return text


def _check_length(text: str) -> None:
    if not LEAST <= len(text) <= MOST:
        way_out = "take a longer one" if len(text) < LEAST else "take a part of it"
        raise ValueError(f"a text must have {LEAST:,} to {MOST:,} characters, this one has {len(text):,}; {way_out}")


def _longest_pile(text: str) -> int:
    """How many combining marks follow one another: to bring them into order takes that number squared."""
    longest = pile = 0
    for character in text:
        pile = pile + 1 if unicodedata.combining(character) else 0
        longest = max(longest, pile)
    return longest


@dataclass(frozen=True)
class OwnText(TextTask):
    """Which character comes next in this text? `own_task` makes a class of it for each text."""

    kept: ClassVar[store.Kept]

    @property
    def text(self) -> str:
        """All of it."""
        return store.load_text(self.kept.id)
