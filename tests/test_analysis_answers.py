"""Answers to take along, beside the trace they are of. Sizes: N = 7, L = 2, T = 5, k = 3, C = 4."""

import numpy as np
import pytest

from mrnn.analysis import answers_by_step, answers_table
from mrnn.trace import Trace

N, L, T, K, C = 7, 2, 5, 3, 4
NAMES, CLASSES = [f"s{n}" for n in range(N)], ("a", "b", "c", "d")


def test_each_sequence_has_its_answer_its_probabilities_and_the_shares_of_its_lstms():
    rng = np.random.default_rng(0)
    lengths = np.array([5, 1, 3, 2, 5, 4, 1])
    z = np.eye(K)[rng.integers(0, K, (N, L, T))]
    trace = Trace(z, z, rng.normal(size=(N, T, C)), lengths)
    table = answers_table(trace, NAMES, CLASSES)
    assert list(table["sequence"]) == NAMES
    for n in range(N):
        row = table.iloc[n]
        said = trace.logits[n, lengths[n] - 1]
        assert row["answer"] == CLASSES[said.argmax()]
        probability = np.exp(said) / np.exp(said).sum()
        assert [row[f"p {name}"] for name in CLASSES] == pytest.approx(probability, abs=1e-6)
        share = z[n, -1, : lengths[n]].mean(0)
        assert [row[f"share of LSTM {j + 1}"] for j in range(K)] == pytest.approx(share, abs=1e-6)


@pytest.mark.parametrize("times", [None, np.array([f"2026-{at}" for at in range(21)])])
def test_each_step_that_counts_has_a_row_with_its_answer_and_its_lstm(times):
    rng = np.random.default_rng(0)
    lengths = np.array([5, 1, 3, 2, 5, 4, 1])
    z = np.eye(K)[rng.integers(0, K, (N, L, T))]
    trace = Trace(z, z, rng.normal(size=(N, T, C)), lengths)
    table = answers_by_step(trace, NAMES, times, CLASSES)
    at = 0
    for n in range(N):
        for t in range(lengths[n]):
            row = table.iloc[at]
            assert row["sequence"] == NAMES[n]
            assert row["step"] == (t + 1 if times is None else times[at])
            assert row["answer"] == CLASSES[trace.logits[n, t].argmax()]
            assert row["LSTM"] == z[n, -1, t].argmax() + 1
            at += 1
    assert at == len(table)


def test_the_answer_of_a_value_is_the_value():
    rng = np.random.default_rng(0)
    lengths = np.array([5, 1, 3, 2, 5, 4, 1])
    z = np.eye(K)[rng.integers(0, K, (N, L, T))]
    trace = Trace(z, z, rng.normal(size=(N, T, 1)), lengths, "value")
    table = answers_table(trace, NAMES, ("pace",))
    np.testing.assert_array_equal(table["answer"], trace.logits[np.arange(N), lengths - 1, 0])
    assert "p pace" not in table
    by_step = answers_by_step(trace, NAMES, None, ("pace",))
    np.testing.assert_array_equal(by_step["answer"], trace.logits[np.arange(T) < lengths[:, None], 0])
