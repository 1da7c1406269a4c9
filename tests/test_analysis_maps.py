"""Maps of hidden states, LSTMs of two networks under common names, and the sequences in which a move happens.

Sizes: N = 31 sequences, T = 7 steps, k = 5 LSTMs; P = 61 states of m = 11 units.
"""

from itertools import permutations

import numpy as np
import pandas as pd
import pytest
from scipy.stats import kstest

from mrnn import Trace, analysis

N, T, K, P, M = 31, 7, 5, 61, 11
RNG = np.random.default_rng(0)
LENGTHS = RNG.integers(1, T + 1, N)
COUNTED = np.arange(T) < LENGTHS[:, None]
Z = RNG.integers(0, K, (N, T))
ORDER = np.array([3, 0, 4, 1, 2])
H = RNG.normal(size=(P, M)) * np.arange(M, 0, -1)
H[:20] += 40  # far from the others


# -- maps ------------------------------------------------------------------------------------------------------------


def test_one_step_of_each_sequence_is_chosen_and_each_as_often_as_any_other():
    lengths = np.repeat([1, 3, 7], 2_000)
    steps = analysis.choose_steps(lengths, seed=1)
    assert (steps >= 0).all()
    assert (steps < lengths).all()
    for length in (1, 3, 7):
        shares = np.bincount(steps[lengths == length], minlength=length) / 2_000
        np.testing.assert_allclose(shares, 1 / length, rtol=0, atol=0.03)
    np.testing.assert_array_equal(steps, analysis.choose_steps(lengths, seed=1))
    assert (steps != analysis.choose_steps(lengths, seed=2)).any()


def test_pca_lays_states_along_the_eigenvectors_of_their_covariance():
    found = analysis.state_map(H, "PCA")
    values, vectors = np.linalg.eigh(np.cov(H.T))
    expected = (H - H.mean(0)) @ vectors[:, ::-1][:, :2]
    np.testing.assert_allclose(np.abs(found.places), np.abs(expected), rtol=1e-6, atol=1e-9)
    assert found.explained is not None
    np.testing.assert_allclose(found.explained, values[::-1][:2] / values.sum(), rtol=1e-6)


def test_the_axes_of_pca_point_to_the_state_farthest_out():
    for h in (H, -H):
        places = analysis.state_map(h, "PCA").places
        assert (places[np.abs(places).argmax(0), [0, 1]] > 0).all()


@pytest.mark.parametrize("method", analysis.METHODS)
def test_states_that_are_far_apart_are_so_on_the_map(method):
    places = analysis.state_map(H, method).places
    assert places.shape == (P, 2)
    near, far = places[:20], places[20:]
    gap = np.linalg.norm(near.mean(0) - far.mean(0))
    assert gap > 2 * np.linalg.norm(far - far.mean(0), axis=1).mean()


@pytest.mark.parametrize("method", analysis.METHODS)
def test_the_same_seed_gives_the_same_map(method):
    one, other = (analysis.state_map(H, method, seed=3).places for _ in range(2))
    np.testing.assert_array_equal(one, other)


@pytest.mark.parametrize("method", analysis.METHODS)
@pytest.mark.parametrize("shape", [(3, 2), (3, 1), (5, 1), (4, 64)])
def test_few_states_and_one_unit_are_laid_out_too(method, shape):
    places = analysis.state_map(np.random.default_rng(0).normal(size=shape), method).places
    assert places.shape == (shape[0], 2)
    assert np.isfinite(places).all()


@pytest.mark.parametrize("method", analysis.METHODS)
def test_states_that_are_all_alike_lie_on_one_spot(method):
    assert np.ptp(analysis.state_map(np.ones((13, 3)), method).places, axis=0).max() < 1e-2


def test_states_that_make_no_map_are_refused():
    with pytest.raises(ValueError, match=r"a map needs at least 3 hidden states \(P, m\), got shape \(2, 11\)"):
        analysis.state_map(H[:2], "PCA")
    with pytest.raises(ValueError, match="h must be finite"):
        analysis.state_map(np.where(H > 45, np.nan, H), "PCA")


# -- two networks ----------------------------------------------------------------------------------------------------


def test_a_network_beside_itself_under_other_names_is_found_to_be_the_same():
    other = np.argsort(ORDER)[Z]  # LSTM j of the other is LSTM ORDER[j]
    found = analysis.align(Z, other, LENGTHS, (K, K))
    np.testing.assert_array_equal(found.partner, ORDER)
    np.testing.assert_array_equal(found.renamed(other)[COUNTED], Z[COUNTED])
    assert found.agreement == 1
    assert found.chance < 0.5
    assert found.k == K


@pytest.mark.parametrize("k", [(3, 5), (5, 3), (4, 4)])
def test_no_other_pairing_agrees_at_more_steps(k):
    first, second = RNG.integers(0, k[0], (N, T)), RNG.integers(0, k[1], (N, T))
    found = analysis.align(first, second, LENGTHS, k)
    steps = [(first[n, t], second[n, t]) for n in range(N) for t in range(LENGTHS[n])]
    for i, j in np.ndindex(k):
        assert found.together[i, j] == steps.count((i, j))
    names = range(max(k))
    best = max(sum(i == order[j] for i, j in steps) for order in permutations(names, k[1]))
    assert round(found.agreement * len(steps)) == best
    assert (found.renamed(second) == first)[COUNTED].sum() == best


def test_lstms_left_over_come_after_those_of_the_first_and_no_name_is_given_twice():
    first, second = Z % 3, Z
    found = analysis.align(first, second, LENGTHS, (3, K))
    assert sorted(found.partner) == list(range(K))
    assert sorted(found.partner)[3:] == [3, 4]
    assert found.k == K
    assert analysis.align(second, first, LENGTHS, (K, 3)).k == K


def test_partners_stand_on_the_diagonal_of_what_two_networks_use_together_and_lstms_left_over_have_none():
    first, second = np.minimum(Z, 2), ORDER[Z]
    found = analysis.align(first, second, LENGTHS, (3, K))
    assert found.shared.tolist() == [True, True, True, False, False]
    assert analysis.align(second, first, LENGTHS, (K, 3)).shared.sum() == 3
    table = analysis.co_use(found)
    assert table["steps"].sum() == LENGTHS.sum()
    for row in table.to_dict("records"):
        times = (first[COUNTED] == row["first"] - 1) & (second[COUNTED] == row["second"] - 1)
        assert row["steps"] == times.sum()
        assert row["share"] == pytest.approx(times.mean(), abs=1e-4)
    partners = table.groupby("first", sort=False)["second"].apply(list)
    assert [partners[i + 1][i] - 1 for i in range(3)] == [int(np.flatnonzero(found.partner == i)[0]) for i in range(3)]


@pytest.mark.parametrize("layer", [0, 1])
def test_a_state_of_each_sequence_lies_where_its_map_says_with_the_lstm_of_its_step(layer):
    h = RNG.normal(size=(N, T, M))
    z = np.eye(K)[RNG.integers(0, K, (N, 2, T))]
    trace = Trace(q=z, z=z, logits=np.zeros((N, T, 3)), lengths=LENGTHS)
    y = RNG.integers(0, 3, N)
    table = analysis.states_by_sequence(h, trace, y, ("a", "b", "c"), "PCA", layer)
    t = analysis.choose_steps(LENGTHS, 0)
    np.testing.assert_array_equal(table["t"], t)
    np.testing.assert_array_equal(table["lstm"], z[np.arange(N), layer, t].argmax(-1) + 1)
    np.testing.assert_allclose(
        table[["x", "y"]], analysis.state_map(h[np.arange(N), t], "PCA").places, rtol=0, atol=1e-4
    )
    assert table["class"].tolist() == ["abc"[c] for c in y]


def test_networks_that_have_nothing_to_do_with_one_another_agree_by_chance_alone():
    rng = np.random.default_rng(1)
    first, second = rng.integers(0, K, (2, 400, T))
    found = analysis.align(first, second, np.full(400, T), (K, K))
    assert found.agreement == pytest.approx(found.chance, abs=0.03)
    assert found.agreement > 1 / K, "the best of all pairings agrees a little more than one taken blindly"


def test_networks_that_go_by_the_step_alone_agree_no_more_than_chance():
    first = np.repeat(np.arange(T)[None] % K, N, 0)
    found = analysis.align(first, first, np.full(N, T), (K, K))
    assert found.agreement == found.chance == 1


def test_padding_changes_no_alignment():
    dirty = [np.where(COUNTED, z, junk) for z, junk in ((Z, 999), (ORDER[Z], -999))]
    one, other = analysis.align(Z, ORDER[Z], LENGTHS, (K, K)), analysis.align(dirty[0], dirty[1], LENGTHS, (K, K))
    np.testing.assert_array_equal(one.together, other.together)
    assert (one.agreement, one.chance) == (other.agreement, other.chance)


def test_networks_that_read_other_sequences_cannot_be_aligned():
    with pytest.raises(ValueError, match=r"must have read the same sequences, got shapes \(31, 7\) and \(30, 7\)"):
        analysis.align(Z, Z[1:], LENGTHS, (K, K))
    with pytest.raises(ValueError, match="z must be from 0 to 2, got 0 to 4"):
        analysis.align(Z, Z, LENGTHS, (K, 3))


def test_values_of_the_second_are_told_under_the_names_of_the_first():
    first, second = Z % 3, ORDER[Z]
    found = analysis.align(first, second, LENGTHS, (3, K))
    q = RNG.dirichlet(np.ones(K), (N, T))
    told = found.spread(q)
    assert told.shape == (N, T, found.k)
    for j in range(K):
        np.testing.assert_array_equal(told[..., found.partner[j]], q[..., j])
    fewer = analysis.align(second, first, LENGTHS, (K, 3))
    told = fewer.spread(q[..., :3])
    assert told.shape == (N, T, K)
    np.testing.assert_allclose(told.sum(-1), q[..., :3].sum(-1), rtol=1e-12)


def test_a_network_does_not_differ_from_itself_under_other_names():
    other = np.where(COUNTED, ORDER[Z], 999)
    found = analysis.align(Z, ORDER[Z], LENGTHS, (K, K))
    for apart in (analysis.usage_apart, analysis.transitions_apart):
        table = apart(Z, other, LENGTHS, found)
        assert not table["beyond_chance"].any()
        np.testing.assert_array_equal(table["difference"].dropna(), 0)


def paths(rng: np.random.Generator, n: int, shares: np.ndarray) -> np.ndarray:
    """Each sequence stays with an LSTM for long, and another begins with each of these shares."""
    z = rng.choice(len(shares), (n, T), p=shares)
    for t in range(1, T):
        z[:, t] = np.where(rng.random(n) < 0.7, z[:, t - 1], z[:, t])
    return z


def test_two_networks_that_read_alike_do_not_differ_more_often_than_chance_says():
    """Each hears what happens and is wrong at a tenth of the steps; the second has names of its own."""
    smallest = []
    for seed in range(150):
        rng = np.random.default_rng(seed)
        happens = paths(rng, 53, np.array([0.5, 0.3, 0.2]))
        one, other = (np.where(rng.random((53, T)) < 0.9, happens, rng.integers(0, 3, (53, T))) for _ in range(2))
        other, lengths = np.array([2, 0, 1])[other], np.full(53, T)
        found = analysis.align(one, other, lengths, (3, 3), shuffles=1)
        smallest.append(np.nanmin(analysis.usage_apart(one, other, lengths, found)["p"]))
    assert kstest(smallest, "uniform").statistic < 0.12  # 1.36 / sqrt(150) = 0.11


def test_an_lstm_that_is_used_more_by_the_first_is_named_by_its_name_there():
    rng = np.random.default_rng(1)
    happens = paths(rng, 211, np.array([0.5, 0.3, 0.2]))
    one = np.where((happens == 2) & (rng.random((211, T)) < 0.5), 0, happens)  # the third leaves half to the first
    lengths = np.full(211, T)
    found = analysis.align(one, np.array([2, 0, 1])[happens], lengths, (3, 3))
    table = analysis.usage_apart(one, np.array([2, 0, 1])[happens], lengths, found)
    assert table["beyond_chance"].tolist() == [True, False, True]
    assert table["low"].iloc[0] > 0 > table["high"].iloc[2]
    moves = analysis.transitions_apart(one, np.array([2, 0, 1])[happens], lengths, found)
    matrices = [analysis.transition_matrix(analysis.transition_counts(z, lengths, 3)).ravel() for z in (one, happens)]
    np.testing.assert_allclose(moves[["first", "second"]].to_numpy().T, matrices, rtol=1e-9)
    assert moves[moves["beyond_chance"]][["from", "to"]].isin([1, 3]).any(axis=1).all()


# -- examples --------------------------------------------------------------------------------------------------------

CLASSES = ("calm", "loud", "odd")
Y = np.arange(N) % 3
TRACE = Trace(
    q=np.eye(K)[np.stack([ORDER[Z], Z], 1)],
    z=np.eye(K)[np.stack([ORDER[Z], Z], 1)],
    logits=RNG.normal(size=(N, T, 3)),
    lengths=LENGTHS,
)


@pytest.mark.parametrize("layer", [0, 1])
@pytest.mark.parametrize(("start", "end"), [(1, 3), (2, 2), (5, 1)])
def test_the_sequences_with_a_move_agree_with_a_loop_over_all_steps(start, end, layer):
    found = analysis.sequences_with_move(TRACE, Y, CLASSES, start, end, layer)
    expected = {}
    for n in range(N):
        path = TRACE.listened(layer)[n, : LENGTHS[n]] + 1
        steps = [t for t in range(1, len(path)) if (path[t - 1], path[t]) == (start, end)]
        if steps:
            expected[n] = (CLASSES[Y[n]], len(steps), ", ".join(map(str, steps)))
    assert {row[0]: row[1:] for row in found.itertuples(index=False, name=None)} == expected
    assert found["times"].is_monotonic_decreasing
    counted = analysis.transition_counts(TRACE.listened(layer), LENGTHS, K)
    assert found["times"].sum() == counted[start - 1, end - 1]


def test_a_move_that_never_happens_has_no_sequences():
    one = Trace(
        q=TRACE.q[:1], z=np.eye(K)[np.zeros((1, 1, T), int)].repeat(2, 1), logits=TRACE.logits[:1], lengths=LENGTHS[:1]
    )
    found = analysis.sequences_with_move(one, Y[:1], CLASSES, 1, 2)
    assert found.empty
    assert list(found) == ["sequence", "class", "times", "steps"]
    assert isinstance(found, pd.DataFrame)
