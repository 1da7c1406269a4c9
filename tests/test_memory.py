"""What is kept in memory never takes more than its bound, and what was asked for longest ago goes first."""

import threading
from typing import Any

import numpy as np
import pandas as pd
import pytest

from mrnn import SequenceData, Trace, bounds
from mrnn.memory import Kept, size_of

FOUR = np.zeros((3, 2, 5, 4), np.float32)


def array(size: int) -> np.ndarray:
    return np.zeros(size, np.uint8)


def test_what_is_kept_is_made_once_and_never_takes_more_than_its_bound():
    kept, made = Kept(101), list[int]()

    def ask(number: int) -> np.ndarray:
        return kept.get(number, lambda: made.append(number) or array(10 * number))

    for number in (3, 5, 2, 3, 1):  # 30 + 50 + 20, and 10 more: the 50 were asked for longest ago
        assert len(ask(number)) == 10 * number
        assert kept.size <= 101
    assert made == [3, 5, 2, 1]
    assert kept.size == 60
    ask(5)
    assert made == [3, 5, 2, 1, 5]
    assert kept.size == 90, "20 made room"


def test_what_takes_more_than_the_bound_alone_is_made_each_time_and_pushes_nothing_out():
    kept = Kept(101)
    kept.get("small", lambda: array(97))
    for _ in range(2):
        assert len(kept.get("large", lambda: array(103))) == 103
    assert kept.size == 97


def test_two_who_ask_at_once_both_make_it_and_get_the_same():
    kept, both = Kept(1_009), threading.Barrier(2)

    def make() -> np.ndarray:
        both.wait(10)
        return array(7)

    found: list[np.ndarray] = []
    people = [threading.Thread(target=lambda: found.append(kept.get("one", make))) for _ in range(2)]
    for person in people:
        person.start()
    for person in people:
        person.join(20)
    assert found[0] is found[1]
    assert kept.size == 7


def test_nothing_is_left_once_it_is_cleared():
    kept = Kept(101)
    kept.get("one", lambda: array(7))
    kept.clear()
    assert kept.size == 0
    assert len(kept.get("one", lambda: array(5))) == 5


@pytest.mark.parametrize(
    ("value", "size"),
    [
        (np.zeros((3, 5), np.float32), 60),
        ((np.zeros(7, np.int64), [np.zeros(2, np.int8)]), 58),
        ({"a": np.zeros(11, np.uint8)}, 11),
        (SequenceData(np.zeros((3, 5, 2), np.float32), np.zeros(3, int), np.full(3, 5)), 4 * 30 + 8 * 3 + 8 * 3),
        (Trace(FOUR, FOUR, np.zeros((3, 5, 2), np.float32), np.full(3, 5)), 2 * 4 * 120 + 4 * 30 + 8 * 3),
    ],
)  # fmt: skip
def test_the_size_of_a_value_is_that_of_its_arrays(value: Any, size: int):
    assert size <= size_of(value) < size + 150, "besides the words in it"


def test_the_letters_of_a_table_are_counted():
    short, long = (pd.DataFrame({"steps": ["x" * number] * 13}) for number in (2, 103))
    assert size_of(long) - size_of(short) == 13 * 101


def test_the_bound_is_what_the_server_says(monkeypatch):
    assert bounds.max_memory() == 2**29
    monkeypatch.setenv("MRNN_MAX_MEMORY", "1e6")
    assert bounds.max_memory() == 1e6
    monkeypatch.setenv("MRNN_MAX_MEMORY", "all")
    with pytest.raises(ValueError, match="MRNN_MAX_MEMORY must be a number above 0, got 'all'"):
        bounds.max_memory()
