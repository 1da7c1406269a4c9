"""What tasks let whoever answers do: strings of one's own, curves gone on with, longer sequences; and what is typed."""

from collections import Counter
from itertools import product

import numpy as np
import pytest

from mrnn.data import SequenceData
from mrnn.experiments import Series, Shares, Strings
from mrnn.tasks import TASKS
from mrnn.tasks.bit_flip import BitFlip, LongerNumbers
from mrnn.tasks.forecast import Forecast, RunOn, RunOnFromZeros, curve
from mrnn.tasks.reber import EMBEDDED, SYMBOLS, EmbeddedReber, Generate, Memory, Reber, fault, follow, of_length
from tests.test_forecast_task import continued
from tests.test_symbol_tasks import PERFECT, WHOLE, knows, may_follow, may_follow_embedded, says

GRAMMARS = {"reber": (Reber(), may_follow), "embedded_reber": (EmbeddedReber(), may_follow_embedded)}


def whole(task: Reber, text: str) -> bool:
    """By the recogniser that the tests have of their own."""
    if task.name == "reber":
        return bool(WHOLE.fullmatch(text))
    ends = len(text) > 8 and text[0] == "B" and text[1] in "TP" and text[-2] == text[1] and text[-1] == "E"
    return ends and bool(WHOLE.fullmatch(text[2:-2]))


@pytest.mark.parametrize("name", GRAMMARS)
def test_a_generated_string_is_called_legal_if_and_only_if_the_grammar_accepts_it(name):
    task, follows = GRAMMARS[name]

    def mostly(text: str) -> str:  # now and then a symbol too many
        extra = "X" if len(text) % 5 == 4 else ""
        return "".join(dict.fromkeys(follows(text) + extra))

    outcome = Generate(task).run(says(task, mostly), 499, seed=3)
    assert isinstance(outcome, Strings)
    judged = [place is None for place in outcome.faults]
    assert judged == [whole(task, text) for text in outcome.texts]
    assert outcome.legal == sum(judged) / 499
    assert 0.1 < outcome.legal < 0.9
    perfect = Generate(task).run(says(task, follows), 101, seed=3)
    assert isinstance(perfect, Strings)
    assert perfect.legal == 1


@pytest.mark.parametrize("name", GRAMMARS)
def test_a_fault_is_the_first_symbol_that_no_legal_string_has_there(name):
    task = GRAMMARS[name][0]
    graph, rng = task.graph, np.random.default_rng(0)
    for _ in range(997):
        text, _ = task.string(rng)
        assert fault(text, graph) is None
        assert follow(text, graph) == ""
        place = int(rng.integers(len(text)))
        assert fault(text[:place], graph) == place
        other = text[:place] + SYMBOLS[int(rng.integers(7))] + text[place + 1 :]
        found = fault(other, graph)
        if found is not None and found < len(other):
            assert other[found] not in (may := follow(other[:found], graph))
            assert may
            assert follow(other[: found + 1], graph) == ""


def test_what_may_follow_is_what_the_pictures_of_the_grammars_say():
    for task, follows in GRAMMARS.values():
        text, _ = task.string(np.random.default_rng(7))
        for end in range(1, len(text)):
            assert set(follow(text[:end], task.graph)) == set(follows(text[:end]))


def test_longer_numbers_are_exact_for_whoever_knows_and_for_nobody_else():
    for task in (BitFlip(), BitFlip(parity=1)):
        found = LongerNumbers(task).run(knows, 13, seed=3)
        assert isinstance(found, Shares)
        assert set(found.right) == {1.0}
        assert found.groups[-1] == "256"
        guessed = LongerNumbers(task).run(lambda data: np.eye(2)[np.zeros_like(data.y)], 13, seed=3)
        assert isinstance(guessed, Shares)
        assert not guessed.right.any()


def test_memory_is_whole_for_whoever_knows_and_chance_for_whoever_forgets():
    task = EmbeddedReber()
    found = Memory(task).run(PERFECT["embedded_reber"][1], 11, seed=3)
    forgets = Memory(task).run(says(task, lambda text: may_follow_embedded(text, "TP")), 11, seed=3)
    assert isinstance(found, Shares)
    assert isinstance(forgets, Shares)
    assert set(found.right) == {1.0}
    assert set(forgets.right) == {forgets.chance} == {0.5}
    assert set(found.counts) == {22}
    assert found.groups[-1] == "100"


def test_strings_of_a_length_are_legal_and_all_of_them_come_alike():
    rng = np.random.default_rng(0)
    drawn = Counter(of_length(rng, 8) for _ in range(2_003))
    every = {text for text in map("".join, product("BTPSXVE", repeat=6)) if whole(Reber(), f"B{text}E")}
    assert set(drawn) == {f"B{text}E" for text in every}
    expected = 2_003 / len(every)
    assert max(abs(count - expected) for count in drawn.values()) < 5 * expected**0.5
    assert whole(EmbeddedReber(), of_length(rng, 97, EMBEDDED))
    with pytest.raises(ValueError, match="no string has 4 symbols; ask for another length"):
        of_length(rng, 4)


def test_whoever_knows_the_rule_runs_on_along_the_curve():
    def next_value(data: SequenceData) -> np.ndarray:
        return continued(data)

    found = RunOn(Forecast(steps=23), ahead=7).run(next_value, 11, seed=3)
    assert isinstance(found, Series)
    assert found.truth is not None
    assert found.values.shape == (11, 30)
    np.testing.assert_array_equal(found.values[:, :23], found.truth[:, :23])
    assert found.errors.shape == (7,)
    assert found.errors.max() < 0.05
    wrong = RunOn(Forecast(steps=23), ahead=7).run(lambda data: next_value(data) + 1, 11, seed=3)
    assert isinstance(wrong, Series)
    assert wrong.errors.min() > 0.5


def test_a_run_from_zeros_begins_with_zeros_and_goes_on_by_the_answers_alone():
    found = RunOnFromZeros(Forecast(steps=7), ahead=5).run(lambda data: data.x.cumsum(1) + 1, 2, seed=3)
    assert isinstance(found, Series)
    np.testing.assert_array_equal(found.values, [[0] * 7 + [1, 2, 4, 8, 16]] * 2)
    assert np.isnan(found.errors).all()
    assert curve(np.array([0.0])) == 0


@pytest.mark.parametrize("name", ["reber", "embedded_reber", "bit_flip"])
def test_a_typed_sequence_is_read_back_and_asks_for_what_the_same_made_one_does(name):
    task = TASKS[name]
    typed = task.typed(f" {task.example.lower()} ")
    steps = int(typed.lengths[0])
    symbols = task.symbols(typed.x[0])
    assert symbols is not None
    assert "".join(symbols) == task.example[:steps]
    made = task.make(7, seed=3)
    for n, steps in enumerate(made.lengths):
        text = "".join(task.symbols(made.x[n, :steps]) or ())
        again = task.typed(text)
        np.testing.assert_array_equal(again.x[0], made.x[n, :steps])
        np.testing.assert_array_equal(again.y[0], made.y[n, :steps])


@pytest.mark.parametrize(
    ("name", "text", "rule"),
    [
        ("reber", "BTQ", "a string must be of 1 to 100 symbols of B T P S X V E, got 'BTQ'"),
        ("reber", "", "got ''"),
        ("bit_flip", "012", "a number must be of 1 to 256 bits, each 0 or 1, got '012'"),
        ("waves", "sin", "sequences of Alien waves cannot be typed; make one by its number"),
    ],
)
def test_what_is_no_sequence_is_refused_with_the_rule(name, text, rule):
    with pytest.raises(ValueError, match=rule):
        TASKS[name].typed(text)


def test_after_a_fault_nothing_may_come():
    data = Reber().typed("BTSB")
    assert data.y[0].any(1).tolist() == [True, True, True, False]
    assert Reber().typed("E").y.any() == 0
    assert Reber().typed("BTXSE").lengths.tolist() == [4], "the last E is no input: nothing comes after it"
