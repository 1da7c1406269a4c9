"""What a network is worth beside one answer, and whether it listens otherwise: sizes N = 31, T = 13, k = 3, C = 5."""

from typing import Any

import numpy as np
import pytest
from scipy.stats import kstest

from mrnn.analysis.verdict import choice, gain
from mrnn.trace import Trace

N, T, K, C = 31, 13, 3, 5


def made(rng: np.random.Generator, target: Any = "class", n: int = N) -> Trace:
    lengths = rng.integers(2, T + 1, n)
    z = rng.integers(0, K, (n, T))
    for t in range(1, T):  # steps hang together
        z[:, t] = np.where(rng.random(n) < 0.8, z[:, t - 1], z[:, t])
    hot = np.eye(K)[z][:, None]
    return Trace(hot, hot, rng.normal(size=(n, T, 1 if target == "value" else C)), lengths, target)


def right(rng: np.random.Generator, target: str, per_step: bool, n: int = N) -> np.ndarray:
    shape = (n, T) if per_step else (n,)
    return rng.normal(size=(*shape, 1)) if target == "value" else rng.integers(0, C, shape)


@pytest.mark.parametrize("target", ["class", "value"])
@pytest.mark.parametrize("per_step", [False, True])
def test_a_networks_worth_and_that_of_one_answer_are_counted_on_all_that_counts(target, per_step):
    rng = np.random.default_rng(0)
    trace, y = made(rng, target), right(rng, target, per_step)
    network, same = [], []
    for n in range(N):
        for t in range(trace.lengths[n]) if per_step else [trace.lengths[n] - 1]:
            truth = y[n, t] if per_step else y[n]
            said = trace.logits[n, t]
            network.append(abs(said - truth)[0] if target == "value" else said.argmax() == truth)
            same.append(abs(2 - truth) if target == "value" else truth == 2)
    found = gain(trace, y, 2)
    assert found.network == pytest.approx(np.mean(network))
    assert found.same == pytest.approx(np.mean(same))


@pytest.mark.parametrize("target", ["class", "value"])
@pytest.mark.parametrize("per_step", [False, True])
def test_right_answers_gain_beyond_chance_and_wrong_ones_do_not(target, per_step):
    rng = np.random.default_rng(0)
    trace, y = made(rng, target), right(rng, target, per_step)
    perfect = y if target == "value" else 9 * np.eye(C)[y]
    if not per_step:
        perfect = np.broadcast_to(perfect[:, None], trace.logits.shape)
    good = Trace(trace.q, trace.z, perfect.astype(float), trace.lengths, trace.target)
    assert gain(good, y, 0).beyond_chance
    assert not gain(Trace(trace.q, trace.z, 0 * good.logits, trace.lengths, trace.target), y, 0).beyond_chance


@pytest.mark.parametrize("per_step", [False, True])
def test_where_a_network_is_worth_as_much_as_one_answer_p_is_no_smaller_than_uniform(per_step):
    """Though all steps of a sequence are answered alike: they are no independent witnesses."""
    values = []
    for seed in range(150):
        rng = np.random.default_rng(seed)
        trace, y = made(rng), rng.integers(0, C, N)
        if per_step:
            alike = np.repeat(trace.logits[:, :1], T, axis=1)
            trace, y = Trace(trace.q, trace.z, alike, trace.lengths), np.repeat(y[:, None], T, axis=1)
        values.append(gain(trace, y, 0, seed=seed).p)
    assert kstest(values, "uniform", alternative="greater").statistic < 0.12


def test_few_sequences_can_say_nothing():
    rng = np.random.default_rng(0)
    trace = made(rng, n=3)
    y = trace.answers.argmax(-1)
    found = gain(trace, y, (y.max() + 1) % C if (y.max() + 1) % C not in y else 9)
    assert (found.network, found.least) == (1, 0.125)
    assert not found.beyond_chance


def test_a_network_that_always_gives_the_same_answer_is_worth_no_more_though_sequences_are_many():
    rng = np.random.default_rng(0)
    trace, y = made(rng, n=101), rng.integers(0, C, 101)
    constant = Trace(trace.q, trace.z, 0 * trace.logits + np.eye(C)[2], trace.lengths)
    found = gain(constant, y, 2)
    assert found.least < 0.05 < found.p == 1


@pytest.mark.parametrize(("groups", "least"), [([0, 0, 0, 1, 1, 1], 0.1), ([0, 0, 1, 1, 2, 2], 1 / 15), ([0, 1], 1)])
def test_with_few_sequences_no_choice_can_be_beyond_chance(groups, least):
    n = len(groups)
    hot = np.eye(K)[np.tile(np.array(groups)[:, None], (1, T))][:, None]
    found = choice(Trace(hot, hot, np.zeros((n, T, C)), np.full(n, T)), np.array(groups))
    assert found is not None
    assert found.at_least == pytest.approx(least)
    assert not found.beyond_chance


@pytest.mark.parametrize("per_step", [False, True])
def test_groups_that_are_listened_to_otherwise_are_found_with_the_lstm_that_differs_most(per_step):
    rng = np.random.default_rng(0)
    trace = made(rng)
    z = trace.listened()
    groups = (z == 1).astype(int) if per_step else (np.arange(N) % 2)
    if not per_step:
        z = np.where(groups[:, None] == 1, 1, np.where(z == 1, 0, z))
        hot = np.eye(K)[z][:, None]
        trace = Trace(hot, hot, trace.logits, trace.lengths)
    found = choice(trace, groups)
    assert found is not None
    assert found.beyond_chance
    assert (found.lstm, found.most, found.least) == (2, (1, 1.0), (0, 0.0))


@pytest.mark.parametrize("per_step", [False, True])
def test_where_groups_say_nothing_of_the_lstm_p_is_about_uniform_however_steps_hang_together(per_step):
    values = []
    for seed in range(150):
        rng = np.random.default_rng(seed)
        groups = made(rng).listened() if per_step else rng.integers(0, 3, N)
        found = choice(made(rng), groups, seed=seed)
        assert found is not None
        values.append(found.p)
    assert kstest(values, "uniform", alternative="greater").statistic < 0.12


def test_one_lstm_or_one_group_tells_nothing():
    rng = np.random.default_rng(0)
    trace = made(rng)
    assert choice(trace, np.full(N, 3)) is None
    one = np.ones((N, 1, T, 1))
    assert choice(Trace(one, one, trace.logits, trace.lengths), np.arange(N) % 2) is None
