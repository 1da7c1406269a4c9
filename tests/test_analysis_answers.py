"""Answers to take along, beside the trace they are of. Sizes: N = 7, L = 2, T = 5, k = 3, C = 4."""

import numpy as np
import pytest

from mrnn.analysis import answers_table
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
