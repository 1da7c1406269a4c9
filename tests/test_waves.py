"""Alien waves: the signals are the formula's, drawn from where the settings say."""

from dataclasses import replace
from typing import Any

import numpy as np
import pytest
from scipy import stats

from mrnn import TASKS
from mrnn.tasks.waves import Waves

DEFAULT = Waves()


def formula(kind: str, *, T: int, p: float, f: float, s: float, amplitude: float = 1.0) -> np.ndarray:
    """sin x, or sin x + cos(f x + s), at T points from p to p + 20; one point at a time."""
    points = [p + 20 * t / (T - 1) for t in range(T)]
    return np.array([np.sin(x) + (amplitude * np.cos(f * x + s) if kind == "alien" else 0) for x in points])


def sines_in(signals: np.ndarray, *frequencies: float) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Least-squares fit of r sin(f t + phase) for each frequency f, t from 0 to 20, to signals (N, T).

    returns   r and phase (number of frequencies, N), and what is left of the signals (N, T)
    """
    t = np.linspace(0, 20, signals.shape[1])
    basis = np.stack([wave(f * t) for f in frequencies for wave in (np.sin, np.cos)], 1)
    found = np.linalg.lstsq(basis, signals.T, rcond=None)[0]
    sine, cosine = found[::2], found[1::2]
    return np.hypot(sine, cosine), np.arctan2(cosine, sine), signals - (basis @ found).T


def test_the_defaults_are_those_of_the_original():
    assert TASKS["waves"] == Waves(T=50, amplitude=1.0, f_low=100, f_high=199, sigma=0.0, alien_share=0.5)
    assert Waves.classes == ("non-alien", "alien")
    assert (Waves.input_size, DEFAULT.output_size) == (1, 2)


@pytest.mark.parametrize("kind", ["alien", "non-alien"])
@pytest.mark.parametrize(("T", "amplitude"), [(50, 1.0), (73, 2.5)])
def test_a_wave_from_explicit_values_is_the_formula(kind, T, amplitude):
    data = Waves(T=T, amplitude=amplitude).wave(kind, p=-1.3, f=137, s=2.9)
    assert data.x.shape == (1, T, 1)
    expected = formula(kind, T=T, p=-1.3, f=137, s=2.9, amplitude=amplitude)
    np.testing.assert_allclose(data.x[0, :, 0], expected, rtol=0, atol=1e-5)
    assert data.y.tolist() == [kind == "alien"]
    assert data.lengths.tolist() == [T]


def test_the_same_seed_adds_the_same_noise():
    values: dict[str, Any] = {"p": 0.5, "f": 100, "s": 1.0}
    clean = DEFAULT.wave("alien", **values).x
    one, same, other = (DEFAULT.wave("alien", **values, sigma=0.3, seed=seed).x for seed in (1, 1, 2))
    np.testing.assert_array_equal(one, same)
    assert not np.isclose(one, other).any()
    twice = DEFAULT.wave("alien", **values, sigma=0.6, seed=1).x
    np.testing.assert_allclose(twice - clean, 2 * (one - clean), rtol=0, atol=1e-5)


@pytest.mark.parametrize("part", [(0, 1), (11, 7), (46, 7), (0, 53)])
def test_an_alien_part_lies_in_its_steps_and_nowhere_else(part):
    task, values = Waves(T=53, sigma=0.3), {"p": 0.7, "f": 137, "s": 2.9, "seed": 3}
    mixed, alien, plain = (
        task.wave("alien", **values, part=part),
        task.wave("alien", **values),
        task.wave("non-alien", **values),
    )
    inside = slice(part[0], sum(part))
    np.testing.assert_array_equal(mixed.x[:, inside], alien.x[:, inside])
    np.testing.assert_array_equal(np.delete(mixed.x, inside, 1), np.delete(plain.x, inside, 1))
    assert mixed.y.tolist() == [1]
    np.testing.assert_array_equal(task.wave("non-alien", **values, part=part).x, plain.x)


@pytest.mark.parametrize("part", [(-1, 3), (50, 4), (53, 1), (5, 0), (5, -2)])
def test_an_alien_part_that_leaves_the_signal_is_refused(part):
    with pytest.raises(ValueError, match=r"part must be a first step and a number of steps within the 53 .* got \("):
        Waves(T=53).wave("alien", p=0.0, part=part)


def test_noise_has_the_standard_deviation_sigma():
    quiet, loud = (Waves(T=10_007).wave("alien", p=0.0, sigma=sigma).x.ravel() for sigma in (0.0, 0.7))
    assert (loud - quiet).std() == pytest.approx(0.7, rel=0.03)
    assert stats.kstest((loud - quiet) / 0.7, "norm").pvalue > 0.01
    task = Waves(sigma=0.7, alien_share=0.0, T=53)
    *_, noise = sines_in(task.make(401, seed=0).x[..., 0], 1.0)
    assert noise.std() * np.sqrt(53 / 51) == pytest.approx(0.7, rel=0.03)  # the fit takes 2 of 53 degrees of freedom
    np.testing.assert_array_equal(task.wave("alien", p=0.1, seed=3).x, task.wave("alien", p=0.1, seed=3, sigma=0.7).x)


def test_a_non_alien_signal_is_a_sine_of_any_phase_from_minus_pi_to_pi():
    data = Waves(alien_share=0.0).make(2003, seed=0)
    r, p, left = sines_in(data.x[..., 0], 1.0)
    np.testing.assert_allclose(r, 1, rtol=0, atol=1e-5)
    np.testing.assert_allclose(left, 0, rtol=0, atol=1e-5)
    assert stats.kstest(p[0], stats.uniform(-np.pi, 2 * np.pi).cdf).pvalue > 0.01


def test_an_alien_signal_hides_a_cosine_of_a_whole_frequency_both_ends_included():
    task = Waves(alien_share=1.0, T=401, f_low=3, f_high=6, amplitude=2.5)  # slow enough to be seen at 401 points
    signals = task.make(1009, seed=0).x[..., 0]
    counts, shifts = {}, []
    for f in range(2, 8):
        r, phase, left = sines_in(signals, 1.0, f)
        mine = np.abs(left).max(1) < 1e-4
        counts[f] = int(mine.sum())
        np.testing.assert_allclose(r[:, mine], np.array([1.0, 2.5])[:, None].repeat(counts[f], 1), rtol=0, atol=1e-4)
        # cos(f (t + p) + s) = sin(f t + phase), so s = phase - f p - pi/2.
        shifts.extend((phase[1, mine] - f * phase[0, mine] - np.pi / 2) % (2 * np.pi))
    assert counts[2] == counts[7] == 0
    assert sum(counts.values()) == 1009
    assert stats.chisquare([counts[f] for f in (3, 4, 5, 6)]).pvalue > 0.01
    assert stats.kstest(shifts, stats.uniform(0, 5).cdf).pvalue > 0.01


@pytest.mark.parametrize("share", [0.0, 0.3, 0.5, 1.0])
def test_aliens_have_their_share(share):
    y = replace(DEFAULT, alien_share=share).make(10_007, seed=0).y
    assert y.mean() == pytest.approx(share, abs=0.015 if 0 < share < 1 else 0)


def test_an_amplitude_of_0_hides_nothing():
    *_, left = sines_in(Waves(amplitude=0.0, alien_share=1.0).make(101, seed=0).x[..., 0], 1.0)
    np.testing.assert_allclose(left, 0, rtol=0, atol=1e-5)


def test_the_split_is_10_000_signals_and_10_000_others():
    parts = DEFAULT.split()
    assert [part.x.shape for part in parts] == [(10_000, 50, 1)] * 2
    for part in parts:
        assert part.y.mean() == pytest.approx(0.5, abs=0.015)
        assert (part.lengths == 50).all()


def test_varied_waves_are_new_ones_of_the_same_settings():
    task = Waves(T=37, alien_share=1.0)
    data = task.make(53, seed=0)
    one, same, other = (task.augment(data, np.random.default_rng(seed)) for seed in (1, 1, 2))
    assert np.array_equal(one.x, same.x)
    assert len(np.unique(np.concatenate([data.x, one.x, other.x]), axis=0)) == 3 * 53
    assert one.x.shape == data.x.shape
    assert one.y.all()


def test_a_drawn_wave_is_one_of_those_that_make_draws():
    task = Waves(T=401, f_low=3, f_high=6, sigma=0.25, alien_share=0.3)
    rng = np.random.default_rng(0)
    drawn = [task.draw(rng) for _ in range(2003)]
    assert np.mean([values["kind"] == "alien" for values in drawn]) == pytest.approx(0.3, abs=0.03)
    assert {values["f"] for values in drawn} == {3, 4, 5, 6}
    assert stats.kstest([values["p"] for values in drawn], stats.uniform(-np.pi, 2 * np.pi).cdf).pvalue > 0.01
    assert stats.kstest([values["s"] for values in drawn], stats.uniform(0, 5).cdf).pvalue > 0.01
    assert task.wave(**drawn[0]).x.shape == (1, 401, 1)
    assert [task.draw(np.random.default_rng(0))] == drawn[:1]


@pytest.mark.parametrize(
    ("settings", "message"),
    [
        ({"T": 1}, "T must be a whole number from 2 to 1000000, got 1"),
        ({"T": 50.0}, "T must be a whole number from 2 to 1000000, got 50.0"),
        ({"T": True}, "T must be a whole number from 2 to 1000000, got True"),
        ({"T": 1_000_001}, "T must be a whole number from 2 to 1000000, got 1000001"),
        ({"f_low": 0}, "f_low must be a whole number from 1 to 1000000, got 0"),
        ({"f_high": 199.5}, "f_high must be a whole number from 1 to 1000000, got 199.5"),
        ({"f_low": 200}, "f_low must not exceed f_high = 199, got 200"),
        ({"f_high": 99}, "f_low must not exceed f_high = 99, got 100"),
        ({"amplitude": -0.1}, "amplitude must be a number from 0 to 1e.06, got -0.1"),
        ({"amplitude": 10**999}, "amplitude must be a number from 0 to 1e.06, got 1000"),
        ({"sigma": float("inf")}, "sigma must be a number from 0 to 1e.06, got inf"),
        ({"sigma": -1}, "sigma must be a number from 0 to 1e.06, got -1"),
        ({"sigma": "1"}, "sigma must be a number from 0 to 1e.06, got '1'"),
        ({"alien_share": 1.1}, "alien_share must be a number from 0 to 1, got 1.1"),
        ({"alien_share": float("nan")}, "alien_share must be a number from 0 to 1, got nan"),
    ],
    ids=lambda value: "" if isinstance(value, dict) else value,
)
def test_settings_that_break_a_rule_are_refused(settings, message):
    with pytest.raises(ValueError, match=message):
        Waves(**settings)


@pytest.mark.parametrize(
    ("values", "message"),
    [
        ({"kind": "martian"}, "kind must be one of non-alien, alien, got 'martian'"),
        ({"p": float("nan")}, "p must be a finite number, got nan"),
        ({"f": float("inf")}, "f must be a finite number, got inf"),
        ({"s": -float("inf")}, "s must be a finite number, got -inf"),
        ({"sigma": float("nan")}, "sigma must be a finite number, got nan"),
        ({"sigma": -0.5}, "sigma must be >= 0, got -0.5"),
    ],
)
def test_explicit_values_that_break_a_rule_are_refused(values, message):
    with pytest.raises(ValueError, match=message):
        DEFAULT.wave(**{"kind": "alien", "p": 0.0, **values})
