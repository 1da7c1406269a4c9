"""What sequences and their steps are told apart by, whatever a task asks."""

from dataclasses import replace

import numpy as np
import pytest

from mrnn import TASKS, SequenceData
from mrnn.charts import picture
from mrnn.groups import ALL, choices_of, group_names, groups, kinds_of_steps, written_apart
from mrnn.tasks.curves import Curves

SMALL = {"curves": {"longest": 100}, "waves": {"T": 11}}
N = 41


def small(name):
    return replace(TASKS[name], **SMALL.get(name, {}))


@pytest.mark.parametrize("name", TASKS)
def test_each_sequence_of_any_task_is_in_one_group_that_has_a_name(name):
    task = small(name)
    data = task.make(N, seed=3)
    found = groups(task, data)
    for by in (None, *choices_of(task)):
        found = groups(task, data, by)
        assert found.names == group_names(task, by)
        assert len(set(found.names)) == len(found.names)
        assert found.of.shape == (N,)
        assert set(found.of) <= set(range(len(found.names)))
    assert (found.names == (ALL,)) == task.per_step


def test_where_a_sequence_has_one_class_its_class_is_its_group():
    data = small("waves").make(N, seed=3)
    found = groups(TASKS["waves"], data)
    assert found.names == TASKS["waves"].classes
    np.testing.assert_array_equal(found.of, data.y)


def test_where_several_labels_hold_those_with_one_are_told_from_those_without():
    task = small("curves")
    data = task.make(N, seed=3)
    assert choices_of(task) == task.classes
    for number, label in enumerate(task.classes):
        found = groups(task, data, label)
        assert found.names == (label, f"not {label}")
        np.testing.assert_array_equal(found.of == 0, data.y[:, number] == 1)
    np.testing.assert_array_equal(groups(task, data).of, groups(task, data, task.classes[0]).of)


def test_values_are_told_apart_at_their_median():
    class Sizes(Curves):
        target = "value"
        classes = ("weight", "length")

    y = np.random.default_rng(0).normal(size=(N, 2))
    data = SequenceData(np.zeros((N, 3, 1)), y, np.full(N, 3), "value")
    found = groups(Sizes(), data, "length")
    assert found.names == ("high length", "low length")
    assert y[found.of == 0, 1].min() > y[found.of == 1, 1].max()
    assert (found.of == 0).sum() == N // 2


def test_what_a_task_is_not_told_apart_by_is_refused_with_what_it_is():
    with pytest.raises(ValueError, match=r"one of high early, .*noise, got 'loud'"):
        group_names(TASKS["curves"], "loud")


def test_sequences_that_are_not_told_apart_are_called_so_in_all_words():
    assert ALL == picture.ALL
    assert picture.of_class(ALL) == ALL
    assert picture.of_class("4") == "class 4"


@pytest.mark.parametrize("name", TASKS)
def test_each_step_of_any_task_is_of_one_kind_that_has_a_name(name):
    task = small(name)
    data, hidden = task.make(N, seed=3), task.hidden(N, 3)
    found = kinds_of_steps(task, data, hidden)
    assert ("what is hidden" in found) == (name == "regimes")
    assert ("what is right" in found) == (task.per_step and task.target == "class")
    assert next(iter(found)) == ("what is hidden" if name == "regimes" else "what comes in")
    counted = np.arange(data.x.shape[1]) < data.lengths[:, None]
    for kinds in found.values():
        assert kinds.of.shape == data.x.shape[:2]
        assert set(kinds.of[counted]) <= set(range(len(kinds.names)))
        assert len(set(kinds.names)) == len(kinds.names) > 1


@pytest.mark.parametrize("name", [name for name in TASKS if small(name).symbols(small(name).make(1, 0).x[0])])
def test_where_symbols_come_in_a_step_is_of_the_kind_of_its_symbol(name):
    task = small(name)
    data = task.make(N, seed=3)
    kinds = kinds_of_steps(task, data)["what comes in"]
    for x, steps, of in zip(data.x, data.lengths, kinds.of, strict=True):
        assert [kinds.names[kind] for kind in of[:steps]] == list(task.symbols(x[:steps]) or ())


def test_what_is_right_and_what_is_hidden_are_kinds_by_their_names():
    task = TASKS["bit_flip"]
    data = task.make(N, seed=3)
    kinds = kinds_of_steps(task, data)["what is right"]
    assert kinds.names == task.classes
    np.testing.assert_array_equal(kinds.of, data.y)
    regimes = TASKS["regimes"]
    hidden = regimes.hidden(N, 3)
    assert hidden is not None
    kinds = kinds_of_steps(regimes, regimes.make(N, 3), hidden)["what is hidden"]
    assert kinds.names == ("regime A", "regime B", "regime C")
    np.testing.assert_array_equal(kinds.of, hidden)


def test_many_numbers_are_told_apart_by_quarters_in_their_order():
    data = small("waves").make(N, seed=3)
    kinds = kinds_of_steps(TASKS["waves"], data)["what comes in"]
    assert len(kinds.names) == 4
    values, of = data.x[..., 0].ravel(), kinds.of.ravel()
    order = np.argsort(values)
    assert (np.diff(of[order]) >= 0).all()
    assert np.bincount(of).min() == pytest.approx(len(values) / 4, abs=1)
    for number, name in enumerate(kinds.names):
        low, high = map(float, name.split(" to "))
        inside = values[of == number]
        assert low == pytest.approx(inside.min(), abs=0.05)
        assert high == pytest.approx(inside.max(), abs=0.05)


def test_a_number_that_makes_up_a_quarter_is_a_kind_of_its_own_beside_the_quarters_of_the_rest():
    x = np.random.default_rng(0).random((N, 20, 1)).astype(np.float32)
    x[:, :6] = 0.5
    kinds = kinds_of_steps(TASKS["waves"], SequenceData(x, np.zeros(N, int), np.full(N, 20)))["what comes in"]
    assert kinds.names[0] == "exactly 0.5"
    assert len(kinds.names) == 5
    np.testing.assert_array_equal(kinds.of == 0, x[..., 0] == 0.5)
    rest = np.bincount(kinds.of[:, 6:].ravel())[1:]
    assert rest.min() == pytest.approx(rest.max(), abs=1)


@pytest.mark.parametrize("middle", [0.0, 1013.0, -1e6])
def test_numbers_that_are_close_have_names_that_tell_them_apart(middle):
    numbers = middle + np.array([0, 0.25, 0.5, 0.75, 1.0])
    assert len(set(written_apart(numbers))) == 5


def test_few_numbers_are_told_apart_one_by_one_and_padding_is_no_number():
    x = np.array([[1.0, 5, 1, 99], [5, 5, 2.5, 1]])[..., None]
    data = SequenceData(x, np.array([0, 1]), np.array([3, 4]))
    kinds = kinds_of_steps(TASKS["waves"], data)["what comes in"]
    assert kinds.names == ("1", "2.5", "5")
    assert kinds.of[0, :3].tolist() == [0, 2, 0]
    assert kinds.of[1].tolist() == [2, 2, 1, 0]
