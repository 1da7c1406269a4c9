"""Trace: its shapes are checked once, and its answers are those after each sequence's last step.

Sizes: N = 5 sequences, L = 2 layers, T = 7 steps, k = 3 LSTMs; C = 11 outputs.
"""

from typing import Any

import numpy as np
import pytest

from mrnn import Trace

N, L, T, K, C = 5, 2, 7, 3, 11
RNG = np.random.default_rng(0)
WHOLE: dict[str, Any] = {
    "q": RNG.dirichlet(np.ones(K), (N, L, T)),
    "z": np.eye(K)[RNG.integers(0, K, (N, L, T))],
    "logits": RNG.normal(size=(N, T, C)),
    "lengths": np.array([7, 1, 3, 2, 5]),
}


def test_the_lstm_listened_to_is_the_one_with_the_greatest_weight():
    trace = Trace(**WHOLE)
    assert trace.k == K
    for layer in range(L):
        np.testing.assert_array_equal(np.eye(K)[trace.listened(layer)], trace.z[:, layer])
    np.testing.assert_array_equal(trace.listened(), trace.listened(L - 1))


def test_probabilities_are_the_softmax_of_logits():
    trace = Trace(**WHOLE)
    assert trace.probabilities.shape == (N, T, C)
    np.testing.assert_allclose(trace.probabilities.sum(-1), 1, rtol=1e-12)
    ratios = trace.probabilities / trace.probabilities[..., :1]
    np.testing.assert_allclose(np.log(ratios), trace.logits - trace.logits[..., :1], rtol=1e-9, atol=1e-9)


def test_probabilities_of_logits_however_large_are_finite():
    trace = Trace(**{**WHOLE, "logits": 1e4 * WHOLE["logits"]})
    np.testing.assert_allclose(trace.probabilities.max(-1), 1, rtol=1e-12)
    np.testing.assert_array_equal(trace.probabilities.argmax(-1), trace.logits.argmax(-1))


def test_answers_are_the_probabilities_after_each_sequences_last_step():
    trace = Trace(**WHOLE)
    for n, length in enumerate(trace.lengths):
        np.testing.assert_array_equal(trace.answers[n], trace.probabilities[n, length - 1])


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"q": WHOLE["q"][0]}, r"q and z must both have the axes \(N, L, T, k\), got \(2, 7, 3\) and \(5, 2, 7, 3\)"),
        ({"z": WHOLE["z"][..., :2]}, r"q and z must both have the axes .* \(5, 2, 7, 3\) and \(5, 2, 7, 2\)"),
        ({"logits": WHOLE["logits"][:, 0]}, r"logits must have the axes \(5, 7, C\), got \(5, 11\)"),
        ({"logits": WHOLE["logits"][:, 1:]}, r"logits must have the axes \(5, 7, C\), got \(5, 6, 11\)"),
        ({"lengths": WHOLE["lengths"][1:]}, "lengths must be 5 numbers from 1 to 7, got"),
        ({"lengths": WHOLE["lengths"] + 1}, "lengths must be 5 numbers from 1 to 7, got"),
        ({"lengths": WHOLE["lengths"] - 1}, "lengths must be 5 numbers from 1 to 7, got"),
    ],
)
def test_shapes_that_do_not_fit_together_are_refused(change, message):
    with pytest.raises(ValueError, match=message):
        Trace(**{**WHOLE, **change})
