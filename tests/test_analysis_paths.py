"""Paths of LSTMs: what is counted sequence by sequence, and how long stays last.

Sizes: N = 13 sequences, T = 7 steps, k = 5 LSTMs; LSTM 4 (from 0) is never listened to.
"""

from itertools import groupby

import numpy as np
import pandas as pd
import pytest

from mrnn import analysis

N, T, K = 13, 7, 5
LENGTHS = np.array([7, 1, 3, 2, 5, 7, 6, 1, 4, 2, 3, 5, 6])
Z = np.random.default_rng(0).choice(K, (N, T), p=[0.5, 0.2, 0.2, 0.1, 0])
STAYS = analysis.stays(Z, LENGTHS, K)


def paths() -> list[list[int]]:
    return [z[:length].tolist() for z, length in zip(Z, LENGTHS, strict=True)]


# -- sequence by sequence --------------------------------------------------------------------------------------------


def test_counts_sequence_by_sequence_agree_with_those_of_each_sequence_alone():
    use, moves = analysis.usage_by_sequence(Z, LENGTHS, K), analysis.transitions_by_sequence(Z, LENGTHS, K)
    assert (use.dtype, moves.dtype) == (np.uint8, np.uint8)
    for n in range(N):
        alone = Z[[n]], LENGTHS[[n]], K
        np.testing.assert_array_equal(use[n], np.bincount(paths()[n], minlength=K))
        np.testing.assert_array_equal(moves[n], analysis.transition_counts(*alone))
    np.testing.assert_array_equal(analysis.starts(Z, LENGTHS, K), np.bincount([p[0] for p in paths()], minlength=K))


def test_counts_of_a_long_sequence_overflow_nothing():
    z = np.zeros((2, 301), np.uint8)
    assert analysis.usage_by_sequence(z, np.array([301, 5]), 3).tolist() == [[301, 0, 0], [5, 0, 0]]
    assert analysis.transitions_by_sequence(z, np.array([301, 5]), 3)[:, 0, 0].tolist() == [300, 4]


@pytest.mark.parametrize(
    "count",
    [analysis.usage_by_sequence, analysis.transitions_by_sequence, analysis.starts, analysis.stays],
)
def test_padding_changes_no_count_whatever_it_holds(count):
    clean = count(Z, LENGTHS, K)
    for junk in (-999, 0, K, 999):
        dirty = np.where(np.arange(T) < LENGTHS[:, None], Z, junk)
        np.testing.assert_array_equal(count(dirty, LENGTHS, K), clean)
    with pytest.raises(ValueError, match="lengths must be from 0 to 7, got 2 to 8"):
        count(Z, LENGTHS + 1, K)


# -- stays -----------------------------------------------------------------------------------------------------------


def test_stays_agree_with_a_loop_over_the_runs_of_each_path():
    expected = []
    for n, path in enumerate(paths()):
        start = 0
        for lstm, run in groupby(path):
            steps = len(list(run))
            expected.append((n, start, lstm + 1, steps, start + steps == len(path)))
            start += steps
    assert list(STAYS.itertuples(index=False, name=None)) == expected


def test_the_stays_of_a_sequence_sum_to_its_length():
    np.testing.assert_array_equal(STAYS.groupby("sequence")["steps"].sum(), LENGTHS)


def test_where_nothing_counts_there_are_no_stays():
    assert analysis.stays(Z, 0 * LENGTHS, K).empty


def test_the_share_of_stays_that_last_agrees_with_a_loop_over_each_step_of_each_stay():
    table = analysis.dwell_survival(STAYS)
    for lstm, own in table.groupby("lstm"):
        stays = STAYS[STAYS["lstm"] == lstm]
        found = list(zip(stays["steps"].tolist(), stays["cut"].tolist(), strict=True))
        share, left, watched = 1.0, 0, 0
        for row in own.to_dict("records"):
            np.testing.assert_allclose(row["share"], share, rtol=1e-12)
            assert row["seen"] == sum(steps >= row["steps"] for steps, _ in found)
            # Of those whose next step was seen: how many ended here?
            ended = sum(steps == row["steps"] and not cut for steps, cut in found)
            at_risk = sum(steps > row["steps"] for steps, _ in found) + ended
            share *= 1 - ended / at_risk if at_risk else 1
            left, watched = left + ended, watched + at_risk
        np.testing.assert_allclose(own["memoryless"], (1 - left / watched) ** np.arange(len(own)), rtol=1e-12)
        assert own["steps"].tolist() == list(range(1, len(own) + 1))


def test_a_memoryless_chain_stays_as_long_as_one_that_forgets():
    """Its dwell times are geometric, and its transition matrix says how fast they fall."""
    rng = np.random.default_rng(1)
    stay = np.array([0.9, 0.6])
    z = np.zeros((4_000, 31), int)
    for t in range(1, 31):
        z[:, t] = np.where(rng.random(4_000) < stay[z[:, t - 1]], z[:, t - 1], 1 - z[:, t - 1])
    lengths = rng.integers(1, 32, 4_000)
    table = analysis.dwell_survival(analysis.stays(z, lengths, 2))
    counts = analysis.transition_counts(z, lengths, 2)
    for lstm in (1, 2):
        own = table[(table["seen"] > 1_000) & (table["lstm"] == lstm)]
        kept = counts[lstm - 1, lstm - 1] / counts[lstm - 1].sum()
        np.testing.assert_allclose(own["memoryless"], kept ** (own["steps"] - 1.0), rtol=1e-12)
        np.testing.assert_allclose(own["share"], stay[lstm - 1] ** (own["steps"] - 1.0), rtol=0, atol=0.02)


def test_stays_that_were_cut_short_are_not_taken_for_short_ones():
    stays = pd.DataFrame({"lstm": 1, "steps": [1, 1, 1, 3], "cut": [True, True, False, False]})
    table = analysis.dwell_survival(stays)
    np.testing.assert_allclose(table["share"], [1, 1 / 2, 1 / 2], rtol=1e-12)  # of the two that were seen to go on
    assert table["seen"].tolist() == [4, 1, 1]
