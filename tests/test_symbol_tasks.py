"""Reber strings, checked by a recogniser of their own (a regular expression); bits, checked one at a time."""

import re
from dataclasses import replace

import numpy as np
import pytest

from mrnn.tasks import TASKS
from mrnn.tasks.bit_flip import BitFlip
from mrnn.tasks.parts import disjoint_parts
from mrnn.tasks.reber import SYMBOLS, EmbeddedReber, Reber, embedded_legal, encode, legal

# The grammar as a regular expression, written from its picture and not from the graph of the code.
WHOLE = re.compile(r"B(?:TS*X(?:S|XT*V(?:PXT*V)*(?:PS|V))|PT*V(?:PXT*V)*(?:PS|V))E")


def strings(task: Reber, n: int = 997) -> list[str]:
    """The strings that a task makes, read from its inputs; the last E, which is no input, put back."""
    data = task.make(n, seed=3)
    return ["".join(SYMBOLS[i] for i in x[:t].argmax(-1)) + "E" for x, t in zip(data.x, data.lengths, strict=True)]


def test_only_legal_strings_are_generated_and_the_two_recognisers_agree():
    found = strings(Reber())
    assert all(WHOLE.fullmatch(text) for text in found)
    assert all(map(legal, found))
    assert len(set(found)) > 100
    rng = np.random.default_rng(0)
    for text in found:  # with one symbol changed or left out, most are no longer legal: both must say the same
        place = int(rng.integers(len(text)))
        for other in (
            text[:place] + SYMBOLS[int(rng.integers(7))] + text[place + 1 :],
            text[:place] + text[place + 1 :],
        ):
            assert legal(other) == bool(WHOLE.fullmatch(other)), other


def test_the_second_symbol_of_an_embedded_string_is_its_last_but_one():
    found = strings(EmbeddedReber())
    for text in found:
        assert WHOLE.fullmatch(text[2:-2])
        assert (text[0], text[1], text[-1]) == ("B", text[-2], "E")
        assert embedded_legal(text)
        assert not embedded_legal(text[:-2] + ("T" if text[1] == "P" else "P") + "E")
    assert {text[1] for text in found} == {"T", "P"}


def test_only_the_second_symbol_may_come_back_as_the_last_but_one_and_then_only_e():
    data = EmbeddedReber().make(499, seed=5)
    for x, y, t in zip(data.x, data.y, data.lengths, strict=True):
        np.testing.assert_array_equal(y[t - 2], x[1])
        np.testing.assert_array_equal(y[t - 1], encode("E")[0])


@pytest.mark.parametrize("name", ["reber", "embedded_reber"])
def test_the_targets_are_all_symbols_that_lead_to_a_legal_string_and_no_other(name):
    data = TASKS[name].make(499, seed=5)
    seen: dict[str, set[str]] = {}
    for x, y, t in zip(data.x, data.y, data.lengths, strict=True):
        text = "".join(SYMBOLS[i] for i in x[:t].argmax(-1)) + "E"
        for step in range(t):
            may = {TASKS[name].classes[i] for i in np.flatnonzero(y[step])}
            assert text[step + 1] in may
            assert seen.setdefault(text[: step + 1], may) == may, "the same beginning, the same answer"
    for begin, may in seen.items():  # whatever came next anywhere was said to be possible
        came = {other[len(begin)] for other in seen if len(other) > len(begin) and other.startswith(begin)}
        assert came <= may


def test_no_string_is_longer_than_it_may_be():
    for task in (Reber(longest=17), EmbeddedReber(longest=17)):
        assert max(map(len, strings(task))) == 17
    with pytest.raises(ValueError, match="longest must be a whole number from 15 to 1000, got 14"):
        Reber(longest=14)


def test_a_symbol_is_a_one_at_its_place():
    np.testing.assert_array_equal(encode("TE"), [[0, 1, 0, 0, 0, 0, 0], [0, 0, 0, 0, 0, 0, 1]])


@pytest.mark.parametrize("bits", [8, 64])
def test_bits_are_flipped_one_by_one_or_counted(bits):
    flip, parity = BitFlip(bits=bits), BitFlip(bits=bits, parity=1)
    data, odd = flip.make(31, seed=2), parity.make(31, seed=2)
    np.testing.assert_array_equal(data.x, odd.x)
    for x, flipped, counted in zip(data.x[..., 0], data.y, odd.y, strict=True):
        ones = 0
        for bit, other, parity_so_far in zip(x, flipped, counted, strict=True):
            ones += int(bit)
            assert {int(bit), int(other)} == {0, 1}
            assert parity_so_far == ones % 2


def test_parts_share_no_sequence_even_where_few_are_possible():
    few = replace(BitFlip(), bits=6)
    train, test = disjoint_parts(few.make, 211, 53)
    assert (len(train), len(test)) == (211, 53)
    assert not {x.tobytes() for x in train.x} & {x.tobytes() for x in test.x}
    with pytest.raises(ValueError, match=r"only 0 of \d+ sequences could be drawn; let them be longer"):
        disjoint_parts(lambda n, _: few.of(np.ones((n, 2), int)), 211, 53)
