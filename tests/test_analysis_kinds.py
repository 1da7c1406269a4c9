"""Which LSTM is listened to for which kind of step, against loops over all steps, and what z tells of the kind."""

from collections import Counter

import numpy as np
import pytest

from mrnn import Trace, analysis
from mrnn.analysis.information import _dealt

N, T, K, KINDS = 37, 13, 5, 3
NAMES = ("low", "high", "odd")
RNG = np.random.default_rng(0)
LENGTHS = RNG.integers(3, T + 1, N)


def trace_of(z: np.ndarray) -> Trace:
    one_hot = np.eye(K)[z][:, None]
    return Trace(one_hot, one_hot, np.zeros((len(z), z.shape[1], 2)), LENGTHS)


def test_use_by_kind_agrees_with_a_loop_over_all_steps():
    z, kinds = RNG.integers(0, K - 1, (N, T)), RNG.integers(0, KINDS, (N, T))
    table = analysis.use_by_kind(trace_of(z), kinds, NAMES)
    pairs = [(NAMES[kinds[n, t]], z[n, t] + 1) for n in range(N) for t in range(LENGTHS[n])]
    joint, of_kind, of_lstm = Counter(pairs), Counter(kind for kind, _ in pairs), Counter(lstm for _, lstm in pairs)
    assert list(dict.fromkeys(table["kind"])) == [kind for kind, _ in of_kind.most_common()]
    assert len(table) == KINDS * K
    for row in table.to_dict("records"):
        count, whole = joint[row["kind"], row["lstm"]], of_kind[row["kind"]]
        assert row["steps"] == count
        assert row["share"] == pytest.approx(count / whole)
        if row["lstm"] == K:  # never listened to
            assert np.isnan(row["lift"])
        else:
            assert row["lift"] == pytest.approx(count / whole / (of_lstm[row["lstm"]] / len(pairs)))


def test_a_kind_that_does_not_occur_has_no_rows():
    kinds = np.zeros((N, T), int)
    kinds[np.arange(T) >= LENGTHS[:, None]] = 2  # on padding alone
    table = analysis.use_by_kind(trace_of(RNG.integers(0, K, (N, T))), kinds, NAMES)
    assert set(table["kind"]) == {"low"}


def told(z: np.ndarray, kinds: np.ndarray) -> analysis.Information:
    return analysis.information_on_kind(z, LENGTHS, K, kinds, shuffles=99)


def test_an_lstm_for_each_kind_tells_all_of_it():
    kinds = RNG.integers(0, KINDS, (N, T))
    found = told((kinds + 2) % K, kinds)
    assert found.value == pytest.approx(found.most)
    assert found.beyond_chance


def test_what_the_place_tells_of_both_is_not_taken_for_knowledge_of_the_kind():
    place = np.tile(np.arange(T) % KINDS, (N, 1))
    found = told(place, place)
    assert found.value == pytest.approx(found.most)
    assert not found.beyond_chance, "each step of this place is of this kind, whatever z does"


@pytest.mark.parametrize("seed", range(3))
def test_nor_is_it_where_late_steps_are_others_and_few_sequences_go_on_so_far(seed):
    rng = np.random.default_rng(seed)
    n, steps = 83, 31
    lengths = rng.integers(5, steps, n)
    late = np.tile(np.arange(steps) >= 15, (n, 1))
    z, kinds = (np.where(rng.random((n, steps)) < 0.95, late, ~late).astype(int) for _ in range(2))
    kinds[np.arange(steps) >= lengths[:, None]] = 0
    found = analysis.information_on_kind(z, lengths, 2, kinds, shuffles=99, seed=seed)
    assert found.value > 0.1, "both are late or early"
    assert found.chance == pytest.approx(found.value, rel=0.2)
    assert not found.beyond_chance


@pytest.mark.parametrize("n", [2, 3, 5, 7])
def test_a_deal_of_kinds_among_those_that_go_on_may_be_any_and_is_the_same_while_they_do(n):
    lengths = np.arange(1, n + 1)
    counted = np.arange(n) < lengths[:, None]
    own = np.tile(np.arange(n)[:, None], (1, n))
    rng = np.random.default_rng(0)
    seen = Counter()
    for _ in range(2_000):
        dealt = _dealt(own, counted, rng)
        for t in range(n):
            assert sorted(dealt[counted[:, t], t]) == list(np.flatnonzero(counted[:, t]))
        seen[tuple(dealt[:, 0])] += 1
        goes_on = counted[:, 1:]
        same = (dealt[:, 1:] == dealt[:, :-1]) | ~counted[dealt[:, :-1], np.arange(1, n)]
        assert same[goes_on].all(), "only who got an ended sequence's kinds gets others"
    if n <= 3:
        assert len(seen) == {2: 2, 3: 6}[n]
        assert min(seen.values()) > 0.8 * 2_000 / len(seen)
    assert sum(times for deal, times in seen.items() if deal == tuple(range(n))) > 0 or n > 5


def test_steps_beyond_a_sequence_s_end_tell_nothing():
    kinds = RNG.integers(0, KINDS, (N, T))
    z = RNG.integers(0, K, (N, T))
    padding = np.arange(T) >= LENGTHS[:, None]
    other = np.where(padding, (z + 1) % K, z)
    assert told(other, kinds).value == told(z, kinds).value
    assert told(other, kinds).p == told(z, kinds).p
