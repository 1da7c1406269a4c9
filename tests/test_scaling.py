"""Scaling, beside scikit-learn's own. Sizes: N = 61 sequences of T = 7 steps, D = 2 inputs."""

from typing import Any

import numpy as np
from sklearn.preprocessing import StandardScaler

from mrnn.scaling import Scaling

N, T, D = 61, 7, 2


def test_steps_that_count_are_standardized_as_scikit_learn_would():
    rng = np.random.default_rng(0)
    lengths, weights = rng.integers(1, T + 1, N), rng.integers(0, 3, N)
    counts = np.arange(T) < lengths[:, None]
    x = np.where(counts[..., None], rng.normal([3, -1e6], [0.1, 20], (N, T, D)), 1e9)
    scaling = Scaling.learn(x, lengths, weights)
    theirs: Any = StandardScaler().fit(x[counts], sample_weight=np.repeat(weights, lengths))
    scaled = scaling.apply(x, lengths)
    np.testing.assert_allclose(scaled[counts], theirs.transform(x[counts]), rtol=1e-7, atol=1e-9)
    assert (scaled[~counts] == 0).all()


def test_all_sequences_count_alike_unless_weighted():
    x = np.random.default_rng(0).normal(size=(N, T, D))
    lengths = np.full(N, T)
    one, other = Scaling.learn(x, lengths), Scaling.learn(x, lengths, np.full(N, 5.0))
    np.testing.assert_allclose(one.mean, other.mean, rtol=1e-12)
    np.testing.assert_allclose(one.scale, other.scale, rtol=1e-12)


def test_a_number_that_never_changes_is_only_moved():
    x = np.full((N, T, D), 0.1)
    scaling = Scaling.learn(x, np.full(N, T))
    np.testing.assert_array_equal(scaling.scale, np.ones(D))
    np.testing.assert_allclose(scaling.apply(x, np.full(N, T)), 0, atol=1e-15)
