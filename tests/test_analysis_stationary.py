"""Where a chain settles, how well one knows it, and what differs beyond chance.

Sizes: N = 13 sequences, T = 7 steps, k = 5 LSTMs, LSTM 4 (from 0) never listened to; groups of 17 and 23.
"""

import numpy as np
import pytest
from scipy.stats import kstest

from mrnn import Trace, analysis

N, T, K = 13, 7, 5
LENGTHS = np.array([7, 1, 3, 2, 5, 7, 6, 1, 4, 2, 3, 5, 6])
Z = np.random.default_rng(0).choice(K, (N, T), p=[0.5, 0.2, 0.2, 0.1, 0])
ORDER = np.array([3, 0, 4, 1, 2])  # LSTM j under its other name is ORDER[j]
CLASSES = ("calm", "odd")


def chain(*rows: tuple[int, ...]) -> np.ndarray:
    return np.array(rows)


def settled_by_loop(counts: np.ndarray, starts: np.ndarray, steps: int = 20_000) -> np.ndarray:
    """The mean of the distribution over many steps."""
    now = starts / starts.sum()
    matrix = [row / row.sum() if row.sum() else now for row in counts]
    mean = np.zeros(len(now))
    for _ in range(steps):
        mean += now / steps
        now = sum((share * row for share, row in zip(now, matrix, strict=True)), np.zeros(len(now)))
    return mean


CHAINS = {
    "every LSTM reaches every other": (chain((3, 1, 1), (2, 2, 1), (1, 0, 4)), [1, 1, 5]),
    "a period of two": (chain((0, 3), (7, 0)), [1, 0]),
    "a period of three": (chain((0, 2, 0), (0, 0, 2), (2, 0, 0)), [1, 0, 0]),
    "one way only": (chain((5, 1, 1), (0, 3, 0), (0, 0, 7)), [2, 1, 0]),
    "two that never meet": (chain((3, 1, 0, 0), (1, 1, 0, 0), (0, 0, 1, 4), (0, 0, 2, 2)), [3, 0, 0, 1]),
    "never left": (chain((1, 1, 0), (0, 0, 0), (0, 1, 1)), [1, 0, 3]),
    "never heard": (chain((1, 1, 0), (3, 1, 0), (0, 0, 0)), [1, 1, 0]),
    "one alone": (chain((4,)), [2]),
}


@pytest.mark.parametrize("name", CHAINS)
def test_the_chain_settles_where_the_mean_over_many_steps_does(name):
    counts, starts = CHAINS[name]
    found = analysis.stationary_distribution(counts, np.array(starts))
    np.testing.assert_allclose(found, settled_by_loop(counts, np.array(starts)), rtol=0, atol=1e-3)


@pytest.mark.parametrize("name", CHAINS)
def test_where_it_has_settled_one_more_step_changes_nothing(name):
    """A left eigenvector of the transition matrix, with eigenvalue 1, that sums to 1."""
    counts, starts = CHAINS[name]
    found = analysis.stationary_distribution(counts, np.array(starts))
    matrix = analysis.transition_matrix(counts)
    matrix = np.where(np.isnan(matrix), np.array(starts) / sum(starts), matrix)
    np.testing.assert_allclose(found @ matrix, found, rtol=0, atol=1e-12)
    np.testing.assert_allclose(found.sum(), 1, rtol=1e-12)


def test_a_chain_that_hardly_ever_changes_settles_all_the_same():
    counts = chain((10**9 - 1, 1), (3, 10**9 - 3))
    found = analysis.stationary_distribution(counts, np.array([1, 0]))
    np.testing.assert_allclose(found, [3 / 4, 1 / 4], rtol=1e-6)


def test_a_chain_that_has_settled_is_used_as_it_settles():
    rng = np.random.default_rng(2)
    matrix = rng.dirichlet(np.ones(3), 3)
    z = np.zeros((500, 200), int)
    for t in range(1, 200):
        z[:, t] = (rng.random(500)[:, None] > matrix[z[:, t - 1]].cumsum(1)).sum(1)
    path = z, np.full(500, 200), 3
    settled = analysis.stationary_distribution(analysis.transition_counts(*path), analysis.starts(*path))
    np.testing.assert_allclose(settled, analysis.usage(*path), rtol=0, atol=0.01)


def test_permuting_the_lstms_permutes_where_the_chain_settles():
    counts, starts = analysis.transition_counts(Z, LENGTHS, K), analysis.starts(Z, LENGTHS, K)
    found = analysis.stationary_distribution(counts[np.ix_(ORDER, ORDER)], starts[ORDER])
    np.testing.assert_allclose(found, analysis.stationary_distribution(counts, starts)[ORDER], rtol=1e-9, atol=1e-12)


def test_without_a_sequence_there_is_nothing_to_settle():
    with pytest.raises(ValueError, match="starts must count at least one sequence, got none"):
        analysis.stationary_distribution(np.zeros((K, K), int), np.zeros(K, int))


# -- how well one knows it -------------------------------------------------------------------------------------------


def weighted(moves: np.ndarray, first: np.ndarray, weights: np.ndarray) -> np.ndarray:
    """Where the chain settles if sequences count as much as their weights say."""
    starts = np.bincount(first, weights=weights, minlength=moves.shape[1])
    return analysis.stationary_distribution(np.einsum("n,nij->ij", weights, moves), starts)


@pytest.mark.parametrize("name", CHAINS)
def test_a_sequence_pulls_as_far_as_it_moves_the_chain_when_it_counts_a_little_more(name):
    counts, starts = CHAINS[name]
    k, n = len(starts), 11
    rng = np.random.default_rng(3)
    moves = np.array([rng.multinomial(5, counts.ravel() / counts.sum()).reshape(k, k) for _ in range(n)])
    moves[0] += counts  # whatever happens in this chain happens at least once
    first = rng.choice(k, n, p=np.array(starts) / sum(starts))
    found = analysis.pulls(moves, first)
    for number in range(n):
        more, less = np.ones(n), np.ones(n)
        more[number], less[number] = 1 + 1e-5, 1 - 1e-5
        slope = (weighted(moves, first, more) - weighted(moves, first, less)) / 2e-5
        np.testing.assert_allclose(found[number], slope, rtol=0, atol=1e-7)
    np.testing.assert_allclose(found.sum(0), 0, atol=1e-12)
    np.testing.assert_allclose(found.sum(1), 0, atol=1e-12)


MATRIX = np.array([[0.8, 0.15, 0.05], [0.3, 0.6, 0.1], [0.2, 0.2, 0.6]])
OTHER = np.array([[0.6, 0.3, 0.1], [0.3, 0.6, 0.1], [0.2, 0.2, 0.6]])


def walks(rng: np.random.Generator, n: int, matrix: np.ndarray, steps: int = 11) -> np.ndarray:
    z = rng.integers(0, len(matrix), (n, steps))
    for t in range(1, steps):
        z[:, t] = (rng.random(n)[:, None] > matrix[z[:, t - 1]].cumsum(1)).sum(1)
    return z


def traced(*groups: np.ndarray) -> tuple[Trace, np.ndarray]:
    """Paths of k = 3 as a trace, and which group each is of."""
    hot = np.eye(3)[np.concatenate(groups)][:, None]
    n, _, steps, _ = hot.shape
    trace = Trace(q=hot, z=hot, logits=np.zeros((n, steps, len(CLASSES))), lengths=np.full(n, steps))
    return trace, np.repeat(np.arange(len(groups)), [len(group) for group in groups])


def settles(matrix: np.ndarray) -> np.ndarray:
    return np.linalg.matrix_power(matrix, 500)[0]


def test_intervals_hold_the_truth_19_times_in_20():
    of_each, of_both = [], []
    for seed in range(150):
        rng = np.random.default_rng(seed)
        trace, y = traced(walks(rng, 70, MATRIX), walks(rng, 110, OTHER))
        each = analysis.stationary_by_class(trace, y, CLASSES)
        for name, matrix in zip(CLASSES, (MATRIX, OTHER), strict=True):
            own = each[each["class"] == name]
            of_each.append((own["low"] <= settles(matrix)) & (settles(matrix) <= own["high"]))
        both = analysis.stationary_difference(trace, y, 0, 1)
        truth = settles(MATRIX) - settles(OTHER)
        of_both.append((both["low"] <= truth) & (truth <= both["high"]))
    assert 0.92 < np.mean(of_each) < 0.97
    assert 0.92 < np.mean(of_both) < 0.97


def test_where_two_classes_settle_alike_the_smallest_p_is_about_uniform():
    smallest = []
    for seed in range(200):
        rng = np.random.default_rng(seed)
        own = [walks(rng, 1, np.array([rng.dirichlet(20 * row) for row in MATRIX])) for _ in range(40)]
        trace, y = traced(np.concatenate(own[:17]), np.concatenate(own[17:]))
        smallest.append(analysis.stationary_difference(trace, y, 0, 1, shuffles=59, seed=seed)["p"].min())
    assert kstest(smallest, "uniform").statistic < 0.11  # 1.36 / sqrt(200) = 0.1, and p comes in sixtieths


def test_what_two_classes_settle_at_is_what_each_settles_at():
    rng = np.random.default_rng(5)
    trace, y = traced(walks(rng, 17, MATRIX), walks(rng, 23, OTHER))
    each = analysis.stationary_by_class(trace, y, CLASSES).pivot(index="lstm", columns="class", values="share")
    both = analysis.stationary_difference(trace, y, 0, 1).set_index("lstm")
    for side, name in (("first", "calm"), ("second", "odd")):
        np.testing.assert_allclose(both[side], each[name], rtol=1e-12)
    np.testing.assert_allclose(both["difference"], both["first"] - both["second"], rtol=1e-12)
    turned = analysis.stationary_difference(trace, y, 1, 0).set_index("lstm")
    np.testing.assert_allclose(turned["low"], -both["high"], rtol=1e-9)


def test_what_differs_is_found_and_what_does_not_is_left_alone():
    calm = np.array([[0.8, 0.1, 0.1], [0.3, 0.6, 0.1], [0.2, 0.2, 0.6]])
    np.testing.assert_allclose(settles(calm)[2], settles(OTHER)[2], rtol=1e-12)
    rng = np.random.default_rng(11)
    both = analysis.stationary_difference(*traced(walks(rng, 701, calm), walks(rng, 1_103, OTHER)), 0, 1)
    assert both["beyond_chance"].tolist() == [True, True, False]
    assert (both["low"].iloc[0] > 0) & (both["high"].iloc[1] < 0)


def test_fewer_than_ten_sequences_of_a_class_are_too_few_to_judge():
    rng = np.random.default_rng(7)
    for number, known in ((9, False), (10, True)):
        trace, y = traced(walks(rng, 23, MATRIX), walks(rng, number, MATRIX))
        both = analysis.stationary_difference(trace, y, 0, 1)
        own = analysis.stationary_by_class(trace, y, CLASSES)
        for values in (both["p"], both["low"], own[own["class"] == "odd"]["low"]):
            assert values.notna().all() == known, number
    with pytest.raises(ValueError, match="both groups need sequences, got 23 and 0"):
        analysis.stationary_difference(*traced(walks(rng, 23, MATRIX)), 0, 1)
