"""Reber strings, checked by a recogniser of their own (a regular expression); bits, checked one at a time."""

import re
from collections.abc import Callable
from dataclasses import replace

import numpy as np
import pytest

from mrnn.data import Answer, SequenceData, Task
from mrnn.tasks import TASKS
from mrnn.tasks.bit_flip import BitFlip
from mrnn.tasks.parts import disjoint_parts
from mrnn.tasks.reber import EMBEDDED, END, GRAPH, SYMBOLS, EmbeddedReber, Reber, encode, legal

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
        assert legal(text, EMBEDDED)
        assert not legal(text[:-2] + ("T" if text[1] == "P" else "P") + "E", EMBEDDED)
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


# -- claims ----------------------------------------------------------------------------------------------------------


def may_follow(text: str) -> str:
    """The symbols that may follow the beginning of a Reber string."""
    state = 0
    for symbol in text:
        state = GRAPH[state].get(symbol, END) if state != END else END
    return "".join(GRAPH[state]) if state != END else ""


def may_follow_embedded(text: str, branches: str = "") -> str:
    """The same of the embedded grammar; `branches` is what is said to come at the last place but one."""
    inner = text[2:]
    if len(text) == 1:
        return "TP"
    if legal(inner):
        return branches or text[1]
    return "E" if legal(inner[:-1]) else may_follow(inner)


def says(task: Reber, follow: Callable[[str], str]) -> Answer:
    """Answers each beginning of a string by `follow`."""

    def answer(data: SequenceData) -> np.ndarray:
        said = np.zeros((len(data), data.x.shape[1], task.output_size))
        for x, row, t in zip(data.x, said, data.lengths, strict=True):
            text = "".join(SYMBOLS[i] for i in x[:t].argmax(-1))
            for step in range(t):
                row[step] = [symbol in follow(text[: step + 1]) for symbol in task.classes]
        return said

    return answer


def knows(data: SequenceData) -> np.ndarray:
    """Answers bits by looking at what is asked for."""
    return np.eye(2)[data.y]


PERFECT: dict[str, tuple[Task, Answer]] = {
    "reber": (Reber(), says(Reber(), may_follow)),
    "embedded_reber": (EmbeddedReber(), says(EmbeddedReber(), may_follow_embedded)),
    "bit_flip": (BitFlip(), knows),
    "parity": (BitFlip(parity=1), knows),
}


@pytest.mark.parametrize("name", PERFECT)
def test_every_claim_holds_for_whoever_knows_all_and_none_for_who_says_nothing(name):
    task, answer = PERFECT[name]
    found = task.claims(answer, 7)
    assert found
    assert set(found.values()) == {1.0}
    nothing = says(task, lambda _: "") if isinstance(task, Reber) else lambda data: 1 - knows(data)
    generated_or_bits = [share for claim, share in task.claims(nothing, 7).items() if "long-range" not in claim]
    assert set(generated_or_bits) == {0.0}


def test_strings_generated_by_whoever_knows_the_grammar_are_whole_and_unlike():
    for task, follow in ((Reber(), may_follow), (EmbeddedReber(), may_follow_embedded)):
        found = task.generated(says(task, follow), 211, seed=3)
        assert all(WHOLE.fullmatch(text if len(task.classes) == 6 else text[2:-2]) for text in found)
        assert len(set(found)) > 50
        assert found == task.generated(says(task, follow), 211, seed=3) != task.generated(says(task, follow), 211, 5)


def test_whoever_says_every_symbol_is_possible_generates_as_many_legal_strings_as_chance():
    task = Reber()
    # The chance to end legally from each state, each symbol drawn alike: p = M p + e.
    moves, ends = np.zeros((END, END)), np.zeros(END)
    for state, symbols in enumerate(GRAPH):
        for symbol in set(symbols) & set(task.classes):
            if symbols[symbol] == END:
                ends[state] += 1 / 6
            else:
                moves[state, symbols[symbol]] += 1 / 6
    chance = np.linalg.solve(np.eye(END) - moves, ends)[1]
    n = 20_011
    found = sum(map(legal, task.generated(lambda data: np.ones((*data.x.shape[:2], 6)), n, seed=3))) / n
    assert found == pytest.approx(chance, abs=4 * (chance * (1 - chance) / n) ** 0.5)
    assert chance * n > 30


def test_whoever_forgets_the_second_symbol_is_right_about_it_half_of_the_time():
    task = EmbeddedReber()
    found = task.claims(says(task, lambda text: may_follow_embedded(text, "TP")), 7)
    assert found["generated strings that are legal"] == pytest.approx(0.5, abs=4 * (0.25 / 1_000) ** 0.5)
    assert [share for claim, share in found.items() if "long-range" in claim] == [0.5] * 4


def test_the_long_range_symbol_is_asked_for_by_length():
    task = EmbeddedReber()
    keeps_it_for_12 = says(task, lambda text: may_follow_embedded(text, text[1:2] if len(text) <= 12 else "T"))
    found = task.claims(keeps_it_for_12, 7)
    right = {claim.split("strings of ")[1]: share for claim, share in found.items() if "strings of" in claim}
    assert list(right) == ["9 to 12", "13 to 19", "20 to 30"]
    assert right["9 to 12"] == 1
    assert 0.5 < right["13 to 19"] < 1  # the symbol is asked for two before the end
    assert right["20 to 30"] == 0.5


def test_swapped_strings_are_legal_and_unlike_in_two_symbols_alone():
    task = EmbeddedReber()
    data = task.make(97, seed=3)
    other = task.swapped(data)
    for x, y, x2, y2, t in zip(data.x, data.y, other.x, other.y, data.lengths, strict=True):
        text, swapped = ("".join(SYMBOLS[i] for i in steps[:t].argmax(-1)) + "E" for steps in (x, x2))
        assert legal(swapped, EMBEDDED)
        assert [step for step in range(t + 1) if text[step] != swapped[step]] == [1, t - 1]
        np.testing.assert_array_equal(y2[t - 2], x2[1])
        np.testing.assert_array_equal(np.delete(y2, t - 2, 0), np.delete(y, t - 2, 0))


@pytest.mark.parametrize("parity", [0, 1])
def test_one_wrong_bit_spoils_a_number(parity):
    task = BitFlip(parity=parity)

    def always_0(data: SequenceData) -> np.ndarray:
        return np.eye(2)[np.zeros_like(data.y)]

    def wrong_at_the_last(data: SequenceData) -> np.ndarray:
        said = knows(data)
        said[::2, -1] = 1 - said[::2, -1]
        return said

    assert list(task.claims(always_0, 7).values()) == [1 / 256, 0]  # 11111111 flipped, and the parity of 00000000
    assert list(task.claims(wrong_at_the_last, 7).values()) == [0.5, 0.5]


@pytest.mark.parametrize("task", [EmbeddedReber(), BitFlip(bits=64)], ids=lambda task: task.name)
def test_what_is_called_unseen_is_in_no_training_part(task):
    trained = {x.tobytes() for x in task.split()[0].x}
    asked: list[SequenceData] = []

    def answer(data: SequenceData) -> np.ndarray:
        asked.append(data)
        return np.zeros((*data.x.shape[:2], task.output_size))

    task.claims(answer, 7)
    first = next(data for data in asked if data.x.shape[1] == task.extent[1])
    assert len(first) >= 1_000
    assert not trained & {x.tobytes() for x in first.x}


@pytest.mark.parametrize("name", ["waves", "digits", "curves"])
def test_a_task_whose_score_says_all_claims_nothing_else(name):
    assert TASKS[name].claims(knows, 7) == {}
