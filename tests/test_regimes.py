"""Signals with hidden regimes: what the chain does, what each regime does, and that nobody is shown which it is."""

from typing import Any

import numpy as np
import pytest

from mrnn.tasks.regimes import AUTOREGRESSION, FREQUENCY, NOISE, Regimes

N, T = 1_009, 97


def steps(path: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """The regimes before and after each step of a path (N, T)."""
    return path[:, :-1].ravel(), path[:, 1:].ravel()


@pytest.mark.parametrize(("regimes", "stay"), [(2, 3), (3, 25), (5, 7)])
def test_regimes_follow_one_another_as_the_chain_says(regimes, stay):
    task = Regimes(regimes=regimes, stay=stay, T=T)
    path = task.drawn(N, seed=3)[1]
    counts = np.zeros((regimes, regimes))
    np.add.at(counts, steps(path), 1)
    np.testing.assert_allclose(task.moves.sum(1), 1, rtol=1e-12)
    np.testing.assert_allclose(np.diag(task.moves), 1 - 1 / stay, rtol=1e-12)
    np.testing.assert_allclose(counts / counts.sum(1, keepdims=True), task.moves, rtol=0, atol=0.01)


@pytest.mark.parametrize("regimes", [2, 3, 5])
def test_no_regime_is_more_usual_than_another_at_any_step(regimes):
    path = Regimes(regimes=regimes, T=T).drawn(20_011, seed=5)[1]
    for t in (0, 1, T // 2, T):
        shares = np.bincount(path[:, t], minlength=regimes) / len(path)
        np.testing.assert_allclose(shares, 1 / regimes, rtol=0, atol=0.015)


def test_each_regime_pulls_to_its_level_in_its_own_way():
    task = Regimes(kind=AUTOREGRESSION, T=T)
    values, path = task.drawn(N, seed=7)
    for j in range(task.regimes):
        now = path[:, 1:] == j
        before, after = values[:, :-1][now], values[:, 1:][now]
        pull, add = np.polyfit(before, after, 1)
        assert pull == pytest.approx(task.rules.pull[j], abs=0.02)
        assert add == pytest.approx(task.rules.level[j] * (1 - task.rules.pull[j]), abs=0.02)
        assert np.std(after - pull * before - add) == pytest.approx(task.rules.noise[j], rel=0.02)


def test_a_signal_begins_as_if_its_regime_had_always_been_there():
    task = Regimes(T=11, stay=10_000)
    values, path = task.drawn(30_011, seed=11)
    for j in range(task.regimes):
        alone = values[(path == j).all(1)]
        np.testing.assert_allclose(alone.mean(0), task.rules.level[j], rtol=0, atol=0.02)
        deviation = task.rules.noise[j] / np.sqrt(1 - task.rules.pull[j] ** 2)
        np.testing.assert_allclose(alone.std(0), deviation, rtol=0.03, atol=0)


def test_each_regime_swings_at_its_own_frequency():
    task = Regimes(kind=FREQUENCY, T=T, stay=10_000)
    values, path = task.drawn(N, seed=13)
    for j, turn in enumerate(task.rules.turn):
        alone = values[(path == j).all(1)]
        # Neighbours of sin(phase) + noise: their product is cos(turn) / 2 in the mean.
        assert (alone[:, 1:] * alone[:, :-1]).mean() == pytest.approx(np.cos(turn) / 2, abs=0.02)
        assert alone.var() == pytest.approx(0.5 + task.rules.noise[j] ** 2, abs=0.02)
    np.testing.assert_allclose(2 * np.pi / task.rules.turn, [4, 8, 16], rtol=1e-12)


def test_each_regime_has_its_own_noise():
    task = Regimes(kind=NOISE, T=T, regimes=5)
    values, path = task.drawn(N, seed=17)
    for j in range(task.regimes):
        assert values[path == j].std() == pytest.approx(task.rules.noise[j], rel=0.02)
        assert values[path == j].mean() == pytest.approx(0, abs=0.05)


def test_a_step_is_shown_one_value_and_asked_for_the_next_and_the_regime_is_in_neither():
    task = Regimes(T=17)
    data, (values, path) = task.make(11, seed=19), task.drawn(11, seed=19)
    assert data.x.shape == data.y.shape == (11, 17, 1)
    np.testing.assert_array_equal(data.x[:, 1:], data.y[:, :-1])
    np.testing.assert_array_equal(data.x[..., 0], values[:, :-1].astype(np.float32))
    assert data.weights is None
    # Without a difference between regimes nothing in the values tells them apart.
    values, path = Regimes(T=T, contrast=0).drawn(N, seed=23)
    for moment in (values, values**2, np.roll(values, 1, 1) * values):
        assert abs(np.corrcoef(moment[:, 1:].ravel(), path[:, 1:].ravel())[0, 1]) < 0.02


@pytest.mark.parametrize("kind", [AUTOREGRESSION, FREQUENCY, NOISE])
def test_the_hidden_path_is_that_of_the_test_part(kind):
    task = Regimes(kind=kind, T=29)
    test, path = task.split()[1], task.hidden_path()
    assert path.shape == test.x.shape[:2]
    assert set(path.ravel()) == set(range(task.regimes))
    again = task.drawn(len(test), 2_000_003)
    np.testing.assert_array_equal(test.x[..., 0], again[0][:, :-1].astype(np.float32))
    np.testing.assert_array_equal(path, again[1][:, :-1])


def test_who_says_nothing_but_0_errs_by_the_squares_of_the_values():
    task = Regimes(T=29)
    (error,) = task.claims(lambda data: np.zeros_like(data.x), 7).values()
    assert error == pytest.approx(float(np.square(task.split()[1].y).mean()))


@pytest.mark.parametrize(
    ("settings", "message"),
    [
        ({"regimes": 1}, "regimes must be a whole number from 2 to 5, got 1"),
        ({"regimes": 6}, "regimes must be a whole number from 2 to 5, got 6"),
        ({"T": 9}, "T must be a whole number from 10 to 10000, got 9"),
        ({"stay": 1}, "stay must be a whole number from 2 to 10000, got 1"),
        ({"kind": 3}, "kind must be a whole number from 0 to 2, got 3"),
        ({"kind": True}, "kind must be a whole number from 0 to 2, got True"),
        ({"contrast": 1.5}, "contrast must be a number from 0 to 1, got 1.5"),
        ({"contrast": float("nan")}, "contrast must be a number from 0 to 1, got nan"),
    ],
)
def test_settings_out_of_bounds_are_refused(settings: dict[str, Any], message: str):
    with pytest.raises(ValueError, match=message):
        Regimes(**settings)
