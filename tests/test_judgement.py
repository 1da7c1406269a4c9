"""Answers to one sequence, step by step, held against what is right."""

from dataclasses import replace

import numpy as np
import pytest

from mrnn.analysis import judge, judgement_table
from mrnn.data import SequenceData
from mrnn.tasks import TASKS
from mrnn.trace import Trace

SMALL = {"curves": {"longest": 100}, "waves": {"T": 11}}


def perfect(data: SequenceData, classes: int) -> Trace:
    """Whoever knows all, after each step."""
    n, steps = data.x.shape[:2]
    y = np.eye(classes)[data.y] if data.target == "class" else data.y
    truth = y if data.per_step else np.repeat(y[:, None], steps, 1)
    logits = truth if data.target == "value" else 20 * truth - 10
    q = np.full((n, 1, steps, 2), 0.5)
    return Trace(q, q, logits, data.lengths, data.target)


@pytest.mark.parametrize("name", TASKS)
def test_whoever_knows_all_gets_everything_right(name):
    task = replace(TASKS[name], **SMALL.get(name, {}))
    data = task.make(5, seed=3)
    trace = perfect(data, task.output_size)
    for n in range(5):
        judged = judge(trace, data.y, n)
        assert len(judged.truth) == data.lengths[n]
        assert judged.errors.max() < 1e-6
        assert (judged.right is None) == (task.target == "value")
        assert judged.right is None or judged.right.all()


@pytest.mark.parametrize("name", ["reber", "bit_flip", "curves"])
def test_one_wrong_label_or_class_makes_its_step_wrong_and_no_other(name):
    task = replace(TASKS[name], **SMALL.get(name, {}))
    data = task.make(5, seed=3)
    trace = perfect(data, task.output_size)
    logits = trace.logits.copy()
    logits[2, 3, 0] *= -1
    if task.target == "class":
        logits[2, 3, 1] *= -1
    right = judge(replace(trace, logits=logits), data.y, 2).right
    assert right is not None
    assert np.flatnonzero(~right).tolist() == [3]


def test_the_table_says_in_words_what_was_said_and_what_is_right():
    task = TASKS["reber"]
    data = task.typed("BTX")
    trace = perfect(data, task.output_size)
    logits = trace.logits.copy()
    logits[0, 1] = -10
    trace = replace(trace, logits=logits)
    table = judgement_table(trace, judge(trace, data.y), task.classes, task.symbols(data.x[0]))
    assert table.to_dict("list") == {
        "step": [0, 1, 2],
        "came in": ["B", "T", "X"],
        "says": ["T, P", "nothing", "S, X"],
        "should say": ["T, P", "S, X", "S, X"],
        "right": [True, False, True],
        "LSTM": [1, 1, 1],
    }


def test_of_values_the_table_gives_the_squared_error():
    task = TASKS["forecast"]
    data = task.make(1, seed=3)
    trace = perfect(data, 1)
    trace = replace(trace, logits=trace.logits + 0.5)
    table = judgement_table(trace, judge(trace, data.y), task.classes)
    assert table["squared error"].tolist() == [0.25] * 20
    assert "came in" not in table


@pytest.mark.parametrize("name", TASKS)
def test_what_takes_turns_unseen_is_known_of_the_sequences_that_are_made(name):
    task = TASKS[name]
    hidden = task.hidden(3, 5)
    if hidden is not None:
        assert hidden.shape == task.make(3, 5).x.shape[:2]
        np.testing.assert_array_equal(hidden, task.hidden(3, 5))
