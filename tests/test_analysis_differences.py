"""What differs beyond chance: found where it is, and nowhere else.

Sizes: N = 31 sequences of at most T = 11 steps, k = 3 LSTMs; groups of 13 and 18.
"""

import math
from itertools import compress

import numpy as np
import pytest
from scipy.stats import kstest

from mrnn import Trace, analysis
from mrnn.analysis import Counts

N, T, K = 31, 11, 3
RNG = np.random.default_rng(0)
LENGTHS = RNG.integers(1, T + 1, N)
Z = RNG.integers(0, K, (N, T))
FIRST, SECOND = np.split(RNG.permutation(N), [13])
Y = np.full(N, 2)
Y[FIRST] = 0
CLASSES = ("calm", "never", "odd")
ORDER = np.array([2, 0, 1])  # LSTM j under its other name is ORDER[j]
SHUFFLES = 19


def walks(rng: np.random.Generator, n: int, matrix: np.ndarray, start: int | None = None) -> np.ndarray:
    """n paths of a Markov chain, from any LSTM or from `start`."""
    z = rng.integers(0, len(matrix), (n, T)) if start is None else np.full((n, T), start)
    for t in range(1, T):
        z[:, t] = (rng.random(n)[:, None] > matrix[z[:, t - 1]].cumsum(1)).sum(1)
    return z


# -- a loop ----------------------------------------------------------------------------------------------------------


def ratio_by_loop(pairs: list[tuple[float, float]]) -> tuple[float, list[float]]:
    """A ratio of sums, and how far each sequence moves it."""
    bottom = sum(b for _, b in pairs)
    ratio = sum(a for a, _ in pairs) / bottom if bottom else math.nan
    return ratio, [(a - ratio * b) / bottom for a, b in pairs] if bottom else []


def error_by_loop(pairs: list[tuple[float, float]]) -> tuple[float, int]:
    """The squared standard error of a ratio, and how many sequences had an occasion."""
    _, moves = ratio_by_loop(pairs)
    seen = sum(b > 0 for _, b in pairs)
    return sum(move**2 for move in moves) * seen / max(seen - 1, 1), seen


def stand_out_by_loop(side: list[tuple[float, float]], opposite: list[tuple[float, float]]) -> float:
    (one, seen), (other, seen_too) = error_by_loop(side), error_by_loop(opposite)
    if min(seen, seen_too) < 10:
        return 0.0
    gap = abs(ratio_by_loop(side)[0] - ratio_by_loop(opposite)[0])
    return gap / math.sqrt(max(one + other, 1e-12))


def p_by_loop(rows: list[list[float]]) -> list[float]:
    """Step-down maxT: of the cells that are left, how often does one in a shuffle stand out as much as this one did?"""
    cells = sorted(range(len(rows[0])), key=lambda c: -rows[0][c])
    p, before = [math.nan] * len(cells), 0.0
    for place, c in enumerate(cells):
        left = cells[place:]
        reached = sum(max(row[other] for other in left) >= rows[0][c] * (1 - 1e-4) for row in rows)
        before = max(before, reached / len(rows))
        p[c] = before
    return p


@pytest.mark.parametrize("count", [analysis.count_usage, analysis.count_transitions, analysis.count_stays])
def test_two_groups_are_compared_as_by_a_loop_over_shuffles_cells_and_sequences(count):
    counts = count(Z, LENGTHS, K)
    found = analysis.compare_groups(counts, FIRST, SECOND, shuffles=SHUFFLES, seed=5)
    both = [*FIRST, *SECOND]
    labels = np.arange(N) < len(FIRST)
    cells = [[(float(counts.top[n, c]), float(counts.bottom[n, g])) for n in both] for c, g in enumerate(counts.of)]
    shuffles = np.random.default_rng(5).permuted(np.broadcast_to(labels, (SHUFFLES, N)), axis=1)
    rows = []
    for kept in [labels, *shuffles]:
        dealt = [[list(compress(cell, kept)), list(compress(cell, ~kept))] for cell in cells]
        rows.append([stand_out_by_loop(*sides) for sides in dealt])
    expected = p_by_loop(rows)
    for c, cell in enumerate(cells):
        sides = [cell[: len(FIRST)], cell[len(FIRST) :]]
        ratios = [ratio_by_loop(side)[0] for side in sides]
        (one, seen), (other, seen_too) = map(error_by_loop, sides)
        np.testing.assert_allclose([found.first[c], found.second[c]], ratios, rtol=1e-9)
        if min(seen, seen_too) < 10:
            assert np.isnan([found.low[c], found.high[c], found.p[c]]).all()
            continue
        width = 1.96 * math.sqrt(one + other)
        interval = [ratios[0] - ratios[1] - width, ratios[0] - ratios[1] + width]
        np.testing.assert_allclose([found.low[c], found.high[c]], interval, rtol=1e-3, atol=1e-5)
        assert found.p[c] == pytest.approx(expected[c])


def test_two_accounts_are_compared_as_by_a_loop_over_shuffles_cells_and_sequences():
    other_z = np.where(RNG.random((N, T)) < 0.6, Z, RNG.integers(0, K, (N, T)))
    one, other = (analysis.count_transitions(z, LENGTHS, K) for z in (Z, other_z))
    found = analysis.compare_pairs(one, other, shuffles=SHUFFLES, seed=5)
    tosses = np.random.default_rng(5).integers(0, 2, (SHUFFLES, N), np.int8)
    rows = []
    for kept in [np.ones(N), *tosses]:
        row = []
        for c, group in enumerate(one.of):
            given, mirrored = (
                [(float(counts.top[n, c]), float(counts.bottom[n, group])) for n in range(N)] for counts in (one, other)
            )
            side = [a if here else b for a, b, here in zip(given, mirrored, kept, strict=True)]
            opposite = [b if here else a for a, b, here in zip(given, mirrored, kept, strict=True)]
            (_, moves), (_, moves_too) = ratio_by_loop(side), ratio_by_loop(opposite)
            (square, seen), (square_too, seen_too) = error_by_loop(side), error_by_loop(opposite)
            if min(seen, seen_too) < 10:
                row.append(0.0)
                continue
            common = sum(a * b for a, b in zip(moves, moves_too, strict=True))
            gap = abs(ratio_by_loop(side)[0] - ratio_by_loop(opposite)[0])
            row.append(gap / math.sqrt(max(square + square_too - 2 * common, 1e-12)))
        rows.append(row)
    known = ~np.isnan(found.p)
    assert known.sum() >= 6
    np.testing.assert_allclose(found.p[known], np.array(p_by_loop(rows))[known], rtol=1e-9)
    error = (found.high - found.low) / (2 * 1.96)
    np.testing.assert_allclose((np.abs(found.difference) / error)[known], np.array(rows[0])[known], rtol=2e-3)


# -- what is counted -------------------------------------------------------------------------------------------------


def test_ratios_are_what_is_counted_over_all_sequences_at_once():
    use, moves, stays = (
        count(Z, LENGTHS, K) for count in (analysis.count_usage, analysis.count_transitions, analysis.count_stays)
    )
    np.testing.assert_allclose(use.ratios, analysis.usage(Z, LENGTHS, K), rtol=1e-12)
    matrix = analysis.transition_matrix(analysis.transition_counts(Z, LENGTHS, K))
    np.testing.assert_allclose(moves.ratios, matrix.ravel(), rtol=1e-12)
    table = analysis.stays(Z, LENGTHS, K)
    np.testing.assert_allclose(stays.ratios, table.groupby("lstm")["steps"].mean(), rtol=1e-12)


@pytest.mark.parametrize("bins", [1, 3, 4, 100])
def test_mean_q_of_a_span_is_a_ratio_of_sums_over_the_steps_that_count(bins):
    q = np.where((np.arange(T) < LENGTHS[:, None])[..., None], RNG.dirichlet(np.ones(K), (N, T)), 0)
    counts, first = analysis.count_q(q, LENGTHS, bins)
    assert len(first) <= bins
    ends = [*first[1:], T]
    expected = []
    for a, b in zip(first, ends, strict=True):
        steps = [(n, t) for n in range(N) for t in range(a, b) if t < LENGTHS[n]]
        expected += [sum(q[n, t, j] for n, t in steps) / len(steps) for j in range(K)]
    np.testing.assert_allclose(counts.ratios, expected, rtol=1e-9)


def test_where_an_lstm_was_never_heard_nothing_is_said():
    found = analysis.compare_groups(analysis.count_transitions(np.minimum(Z, 1), LENGTHS, K), FIRST, SECOND)
    for values in (found.first, found.low, found.high, found.p):
        assert np.isnan(values.reshape(K, K)[2]).all()
    assert not found.table()["beyond_chance"].to_numpy().reshape(K, K)[2].any()


def test_fewer_than_ten_sequences_with_an_occasion_on_one_side_are_too_few_to_judge():
    first, second = np.arange(40), np.arange(40, 80)
    for heard, known in ((9, False), (10, True)):
        z = np.zeros((80, 5), int)
        z[:heard, 1] = 1
        z[40:60, 1] = 1
        z[40:60, 2] = 1
        found = analysis.compare_groups(analysis.count_transitions(z, np.full(80, 5), 2), first, second, shuffles=39)
        assert (~np.isnan(found.p[2:])).all() == known, heard
        assert not np.isnan(found.p[:2]).any(), "of what LSTM 1 does there is enough"


# -- what chance does ------------------------------------------------------------------------------------------------

MATRIX = np.array([[0.8, 0.15, 0.05], [0.3, 0.6, 0.1], [0.2, 0.2, 0.6]])


def null_p(seed: int, shuffles: int = 59) -> np.ndarray:
    """p of every cell where two groups do the same, each sequence in a way of its own."""
    rng = np.random.default_rng(seed)
    z = np.concatenate([walks(rng, 1, np.array([rng.dirichlet(20 * row) for row in MATRIX])) for _ in range(40)])
    counts = analysis.count_transitions(z, rng.integers(5, T + 1, 40), K)
    return analysis.compare_groups(counts, np.arange(17), np.arange(17, 40), shuffles=shuffles, seed=seed).p


def test_where_two_groups_do_the_same_the_smallest_p_is_about_uniform():
    smallest = [np.nanmin(null_p(seed)) for seed in range(200)]
    assert kstest(smallest, "uniform").statistic < 0.11  # 1.36 / sqrt(200) = 0.1, and p comes in sixtieths


def test_groups_that_differ_in_something_else_do_not_pass_for_different_in_their_moves():
    """The first begin with LSTM 3, which the second hardly hear, and end sooner; their moves are alike."""
    beyond = 0
    for seed in range(150):
        rng = np.random.default_rng(seed)
        z = np.concatenate([walks(rng, 300, MATRIX, start=2), walks(rng, 300, MATRIX, start=0)])
        counts = analysis.count_transitions(z, np.repeat([5, T], 300), K)
        found = analysis.compare_groups(counts, np.arange(300), np.arange(300, 600), shuffles=99, seed=seed)
        beyond += bool((found.p <= 0.05).any())
    assert beyond / 150 < 0.1  # a fifth of them, without the standard errors


def test_intervals_hold_the_true_difference_19_times_in_20():
    inside = []
    other = np.array([[0.6, 0.3, 0.1], [0.3, 0.6, 0.1], [0.2, 0.2, 0.6]])
    for seed in range(100):
        rng = np.random.default_rng(seed)
        z = np.concatenate([walks(rng, 90, MATRIX), walks(rng, 150, other)])
        counts = analysis.count_transitions(z, np.full(240, T), K)
        found = analysis.compare_groups(counts, np.arange(90), np.arange(90, 240), shuffles=1)
        truth = (MATRIX - other).ravel()
        inside.append((found.low <= truth) & (truth <= found.high))
    assert 0.93 < np.mean(inside) < 0.97


def test_no_interval_of_a_difference_of_shares_reaches_beyond_all_or_nothing():
    z = np.repeat([[0], [1]], 15, axis=0) * np.ones((1, T), int)
    z[0], z[-1] = 1, 0
    counts = analysis.count_usage(z, np.full(30, T), 2)
    found = analysis.compare_groups(counts, np.arange(15), np.arange(15, 30), shuffles=SHUFFLES)
    assert (np.abs(found.first - found.second) < 0.9).all()
    assert (found.low.min(), found.high.max()) == (-1, 1)


def test_a_move_that_differs_is_found_and_those_that_do_not_are_left_alone():
    rng = np.random.default_rng(3)
    other = MATRIX.copy()
    other[0] = 0.5, 0.45, 0.05
    z = np.concatenate([walks(rng, 200, MATRIX), walks(rng, 200, other)])
    counts = analysis.count_transitions(z, np.full(400, T), K)
    table = analysis.compare_groups(counts, np.arange(200), np.arange(200, 400)).table()
    assert table["beyond_chance"].tolist() == [True, True, False, *[False] * 6]
    assert table["p"].min() == 1 / 1000
    assert (table["low"][0] > 0) & (table["high"][1] < 0)


def test_repeating_each_step_makes_nothing_significant():
    """A test over steps would find ten times as many witnesses; sequences stay as many as they are."""
    counts = analysis.count_usage(Z, LENGTHS, K)
    louder = Counts(10 * counts.top.astype(int), 10 * counts.bottom, counts.of)
    one, other = (analysis.compare_groups(c, FIRST, SECOND, shuffles=SHUFFLES) for c in (counts, louder))
    np.testing.assert_allclose(one.p, other.p, rtol=1e-9)
    np.testing.assert_allclose(one.low, other.low, rtol=1e-4, atol=1e-6)


def test_two_accounts_that_are_the_same_do_not_differ():
    counts = analysis.count_transitions(Z, LENGTHS, K)
    found = analysis.compare_pairs(counts, counts, shuffles=SHUFFLES)
    np.testing.assert_array_equal(found.difference, 0)
    assert np.nanmin(found.p) == 1


def test_p_of_two_accounts_that_are_drawn_alike_is_about_uniform():
    smallest = []
    for seed in range(200):
        rng = np.random.default_rng(seed)
        one, other = (analysis.count_transitions(walks(rng, 30, MATRIX), np.full(30, T), K) for _ in range(2))
        smallest.append(np.nanmin(analysis.compare_pairs(one, other, shuffles=59, seed=seed).p))
    assert kstest(smallest, "uniform").statistic < 0.11


# -- names, seeds, and what is refused -------------------------------------------------------------------------------


def test_permuting_the_lstms_permutes_the_differences():
    one = analysis.compare_groups(analysis.count_transitions(Z, LENGTHS, K), FIRST, SECOND, shuffles=SHUFFLES)
    other = analysis.compare_groups(
        analysis.count_transitions(np.argsort(ORDER)[Z], LENGTHS, K), FIRST, SECOND, shuffles=SHUFFLES
    )
    for name in ("first", "second", "p", "low", "high"):
        ours, theirs = (getattr(found, name).reshape(K, K) for found in (one, other))
        np.testing.assert_allclose(theirs, ours[np.ix_(ORDER, ORDER)], rtol=1e-4, atol=1e-6)


def test_exchanging_the_groups_turns_every_difference_round():
    counts = analysis.count_usage(Z, LENGTHS, K)
    forth, back = (analysis.compare_groups(counts, *pair, shuffles=399) for pair in ((FIRST, SECOND), (SECOND, FIRST)))
    np.testing.assert_allclose(forth.difference, -back.difference, rtol=1e-12)
    np.testing.assert_allclose([forth.low, forth.high], [-back.high, -back.low], rtol=1e-4, atol=1e-6)
    np.testing.assert_allclose(forth.p, back.p, rtol=0, atol=0.1)


def test_the_same_seed_gives_the_same_p():
    counts = analysis.count_transitions(Z, LENGTHS, K)
    one, same, other = (analysis.compare_groups(counts, FIRST, SECOND, shuffles=99, seed=s).p for s in (3, 3, 4))
    np.testing.assert_array_equal(one, same)
    assert (one != other)[~np.isnan(one)].any()


def test_cells_are_compared_alike_however_many_are_computed_at_once(monkeypatch):
    counts = analysis.count_transitions(Z, LENGTHS, K)
    whole = analysis.compare_groups(counts, FIRST, SECOND, shuffles=SHUFFLES)
    monkeypatch.setattr("mrnn.analysis.differences.AT_ONCE", 2)
    parts = analysis.compare_groups(counts, FIRST, SECOND, shuffles=SHUFFLES)
    for name in ("first", "low", "p"):
        np.testing.assert_allclose(getattr(parts, name), getattr(whole, name), rtol=1e-4, atol=1e-6)


def test_what_cannot_be_compared_is_refused():
    counts = analysis.count_usage(Z, LENGTHS, K)
    with pytest.raises(ValueError, match="both groups need sequences, got 13 and 0"):
        analysis.compare_groups(counts, FIRST, FIRST[:0])
    with pytest.raises(ValueError, match=r"both must count the same cells, got shapes \(31, 3\) and \(31, 9\)"):
        analysis.compare_pairs(counts, analysis.count_transitions(Z, LENGTHS, K))


# -- tables of two classes -------------------------------------------------------------------------------------------


def test_tables_of_two_classes_say_what_the_tables_of_each_say():
    q = RNG.dirichlet(np.ones(K), (N, 2, T)) * (np.arange(T) < LENGTHS[:, None])[:, None, :, None]
    hot = np.eye(K)[np.stack([RNG.integers(0, K, (N, T)), Z], 1)]
    trace = Trace(q=q, z=hot, logits=np.zeros((N, T, 3)), lengths=LENGTHS)
    for layer in (0, 1):
        pairs = {
            analysis.usage_difference: (analysis.usage_by_class, ["lstm"], "share"),
            analysis.transition_difference: (analysis.transitions_by_class, ["from", "to"], "probability"),
            analysis.q_difference: (analysis.mean_q, ["t", "lstm"], "q"),
        }
        for difference, (by_class, keys, value) in pairs.items():
            found = difference(trace, Y, 0, 2, layer).set_index(keys)
            each = by_class(trace, Y, CLASSES, layer)
            for side, name in (("first", "calm"), ("second", "odd")):
                own = each[each["class"] == name].set_index(keys)[value]
                np.testing.assert_allclose(found[side].loc[own.index], own, rtol=0, atol=6e-5)
            np.testing.assert_allclose(found["difference"], found["first"] - found["second"], rtol=1e-12)
        stays = analysis.stays(trace.listened(layer), LENGTHS, K)
        dwell = analysis.dwell_difference(trace, Y, 0, 2, layer)
        own = stays[np.isin(stays["sequence"], FIRST)].groupby("lstm")["steps"].mean()
        np.testing.assert_allclose(dwell["first"], own, rtol=1e-12)


def test_a_class_that_does_not_occur_cannot_be_compared():
    hot = np.eye(K)[Z][:, None]
    trace = Trace(q=hot, z=hot, logits=np.zeros((N, T, 3)), lengths=LENGTHS)
    with pytest.raises(ValueError, match="both groups need sequences, got 13 and 0"):
        analysis.transition_difference(trace, Y, 0, 1)
