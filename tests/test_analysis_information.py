"""Entropy of q, and what z tells of class and position: nothing where there is nothing to tell.

Sizes: N = 13 sequences, L = 2 layers, T = 7 steps, k = 5 LSTMs; C = 3 classes.
"""

import math
from dataclasses import astuple

import numpy as np
import pytest
from scipy.stats import entropy, kstest

from mrnn import Trace, analysis

N, L, T, K = 13, 2, 7, 5
CLASSES = ("calm", "loud", "never", "odd")  # nothing is of the class "never"
LENGTHS = np.array([7, 1, 3, 2, 5, 7, 6, 1, 4, 2, 3, 5, 6])
Y = np.array([0, 0, 1, 3, 1, 3, 0, 1, 3, 0, 3, 1, 0])
COUNTED = np.arange(T) < LENGTHS[:, None]
RNG = np.random.default_rng(0)
Z = RNG.integers(0, K, (N, T))
Q = np.where(COUNTED[:, None, :, None], RNG.dirichlet(np.full(K, 0.5), (N, L, T)), 0)
TRACE = Trace(q=Q, z=Q, logits=np.zeros((N, T, len(CLASSES))), lengths=LENGTHS)


# -- entropy ---------------------------------------------------------------------------------------------------------


def test_entropy_is_that_of_scipy_from_0_to_ln_k():
    q = RNG.dirichlet(np.full(K, 0.5), (N, T))
    np.testing.assert_allclose(analysis.entropy(q), entropy(q, axis=-1), rtol=1e-9)
    np.testing.assert_allclose(analysis.entropy(np.array([[0, 1, 0], [1 / 3] * 3])), [0, math.log(3)], atol=1e-12)


@pytest.mark.parametrize("layer", [0, 1, -1])
def test_entropy_by_class_agrees_with_a_loop_over_the_sequences_that_still_go_on(layer):
    table = analysis.entropy_by_class(TRACE, Y, CLASSES, layer)
    seen = set()
    for row in table.to_dict("records"):
        going = [n for n in range(N) if CLASSES[Y[n]] == row["class"] and row["t"] < LENGTHS[n]]
        values = [-sum(q * math.log(q) for q in TRACE.q[n, layer, row["t"]]) for n in going]
        mean = sum(values) / len(values)
        np.testing.assert_allclose(row["entropy"], mean, rtol=1e-9)
        assert row["n"] == len(going)
        if len(going) == 1:
            assert math.isnan(row["low"])
            assert math.isnan(row["high"])
        else:
            error = math.sqrt(sum((value - mean) ** 2 for value in values) / (len(values) - 1) / len(values))
            np.testing.assert_allclose([row["low"], row["high"]], [mean - 1.96 * error, mean + 1.96 * error], rtol=1e-9)
        seen.add((row["class"], row["t"]))
    assert seen == {(CLASSES[c], t) for c, length in zip(Y, LENGTHS, strict=True) for t in range(length)}


# -- mutual information ----------------------------------------------------------------------------------------------


def information_by_loop(joint: np.ndarray) -> float:
    total = joint.sum()
    found = 0.0
    for (i, j), n in np.ndenumerate(joint):
        if n:
            found += n / total * math.log(n * total / (joint[i].sum() * joint[:, j].sum()))
    return found


def test_mutual_information_agrees_with_a_loop_over_its_definition():
    joint = RNG.integers(0, 5, (11, 3, 7))
    expected = [information_by_loop(one) for one in joint]
    np.testing.assert_allclose(analysis.mutual_information(joint), expected, rtol=1e-9)
    np.testing.assert_allclose(analysis.mutual_information(joint.swapaxes(1, 2)), expected, rtol=1e-9)


def test_mutual_information_is_0_of_what_is_independent_and_ln_k_of_what_is_the_same():
    np.testing.assert_allclose(analysis.mutual_information(np.outer([1, 2, 3], [5, 1])), 0, atol=1e-12)
    np.testing.assert_allclose(analysis.mutual_information(7 * np.eye(K)), math.log(K), rtol=1e-12)
    assert analysis.mutual_information(np.zeros((3, 2))) == 0


def joint_by_loop(z: np.ndarray, other: np.ndarray, steps: list[int], kinds: int) -> np.ndarray:
    counts = np.zeros((K, kinds), int)
    for n in range(len(z)):
        for t in steps:
            if t < LENGTHS[n]:
                counts[z[n, t], other[n, t]] += 1
    return counts


def test_information_on_class_agrees_with_a_loop_over_the_steps():
    found, by_step = analysis.information_on_class(Z, LENGTHS, K, Y, shuffles=7)
    label = np.repeat(Y[:, None], T, 1)
    np.testing.assert_allclose(found.value, information_by_loop(joint_by_loop(Z, label, list(range(T)), 4)), rtol=1e-9)
    expected = [information_by_loop(joint_by_loop(Z, label, [t], 4)) for t in range(T)]
    np.testing.assert_allclose(by_step["information"], expected, rtol=1e-9, atol=1e-12)
    assert by_step["t"].tolist() == list(range(T))


def test_information_on_position_agrees_with_a_loop_over_the_steps():
    position = np.repeat(np.arange(T)[None], N, 0)
    expected = information_by_loop(joint_by_loop(Z, position, list(range(T)), T))
    found = analysis.information_on_position(Z, LENGTHS, K, shuffles=7)
    np.testing.assert_allclose(found.value, expected, rtol=1e-9)


def test_what_is_the_class_tells_all_of_it_and_nothing_of_the_position():
    y = np.arange(60) % K
    z, lengths = np.repeat(y[:, None], T, 1), np.full(60, T)
    on_class, by_step = analysis.information_on_class(z, lengths, K, y)
    np.testing.assert_allclose([on_class.value, on_class.most], math.log(K), rtol=1e-12)
    np.testing.assert_allclose(by_step["information"], math.log(K), rtol=1e-12)
    assert on_class.beyond_chance
    assert (by_step["information"] > by_step["limit"]).all()
    on_position = analysis.information_on_position(z, lengths, K)
    np.testing.assert_allclose([on_position.value, on_position.chance], 0, atol=1e-12)
    assert not on_position.beyond_chance
    assert on_position.p == 1


def test_what_is_the_position_tells_all_of_it_and_nothing_of_the_class():
    z, lengths = np.repeat(np.arange(K)[None], 60, 0), np.full(60, K)
    on_position = analysis.information_on_position(z, lengths, K)
    np.testing.assert_allclose([on_position.value, on_position.most], math.log(K), rtol=1e-12)
    assert on_position.beyond_chance
    assert on_position.chance < 0.2
    on_class, by_step = analysis.information_on_class(z, lengths, K, np.arange(60) % 3)
    np.testing.assert_allclose([on_class.value, *by_step["information"]], 0, atol=1e-12)
    assert not on_class.beyond_chance


def test_few_sequences_seem_to_tell_something_and_chance_says_as_much():
    rng = np.random.default_rng(5)
    found, _ = analysis.information_on_class(rng.integers(0, K, (20, T)), np.full(20, T), K, np.arange(20) % 7)
    assert found.value > 0.05
    assert found.value == pytest.approx(found.chance, abs=0.03)
    assert found.value < found.limit
    assert not found.beyond_chance


def sticky(rng: np.random.Generator, n: int, steps: int) -> np.ndarray:
    """Paths that hardly ever change: their steps are no independent witnesses."""
    z = rng.integers(0, K, (n, steps))
    for t in range(1, steps):
        z[:, t] = np.where(rng.random(n) < 0.9, z[:, t - 1], z[:, t])
    return z


def p_where_there_is_nothing_to_tell(seed: int, of: str) -> float:
    rng = np.random.default_rng(seed)
    z, lengths, y = sticky(rng, 17, 13), rng.integers(7, 14, 17), rng.integers(0, 3, 17)
    if of == "class":
        return analysis.information_on_class(z, lengths, K, y, shuffles=39, seed=seed)[0].p
    return analysis.information_on_position(z, lengths, K, shuffles=39, seed=seed).p


def test_where_class_tells_nothing_p_is_about_uniform_however_steps_hang_together():
    values = [p_where_there_is_nothing_to_tell(seed, "class") for seed in range(150)]
    assert kstest(values, "uniform").statistic < 0.12  # 1.36 / sqrt(150) = 0.11, and p comes in fortieths


def test_where_position_tells_nothing_p_is_no_smaller_than_uniform_however_steps_hang_together():
    """It may be greater: where an end is joined to a beginning, long stays are broken once more."""
    values = [p_where_there_is_nothing_to_tell(seed, "position") for seed in range(150)]
    assert kstest(values, "uniform", alternative="greater").statistic < 0.12


def test_the_limit_holds_for_all_steps_at_once():
    beyond = 0
    for seed in range(150):
        rng = np.random.default_rng(seed)
        z, y = sticky(rng, 23, T), rng.integers(0, 3, 23)
        _, by_step = analysis.information_on_class(z, np.full(23, T), K, y, shuffles=59, seed=seed)
        beyond += bool((by_step["information"] > by_step["limit"]).any())
    assert beyond / 150 < 0.1


def test_padding_and_names_of_lstms_change_no_information():
    order = np.array([3, 0, 4, 1, 2])
    dirty = np.pad(np.where(COUNTED, Z, -999), ((0, 0), (0, 4)), constant_values=77)
    for z in (dirty, order[Z]):
        found, expected = (astuple(analysis.information_on_position(one, LENGTHS, K)) for one in (z, Z))
        np.testing.assert_allclose(found, expected, rtol=1e-9)


def test_the_same_seed_shuffles_alike():
    one, other = (analysis.information_on_class(Z, LENGTHS, K, Y, shuffles=7, seed=3)[0] for _ in range(2))
    assert one == other
    assert one != analysis.information_on_class(Z, LENGTHS, K, Y, shuffles=7, seed=4)[0]


def test_as_many_lstms_are_in_use_as_would_do_alike():
    assert analysis.effective_number(np.array([0.0, 1.0, 0.0])) == pytest.approx(1)
    assert analysis.effective_number(np.full(7, 1 / 7)) == pytest.approx(7)
    assert analysis.effective_number(np.array([0.5, 0.5, 0.0])) == pytest.approx(2)
    assert 1 < analysis.effective_number(np.array([0.9, 0.1, 0.0])) < 2
