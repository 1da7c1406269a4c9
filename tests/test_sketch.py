"""Curves that people draw: resampled they are the same curve, packed they come back, and nothing else is taken."""

import re

import numpy as np
import pytest

from mrnn.tasks import sketch
from mrnn.tasks.waves import SPAN, Waves

CURVE = np.random.default_rng(0).uniform(-2.5, 2.5, sketch.POINTS)


@pytest.mark.parametrize("T", [2, 53, 101, 397])
def test_a_curve_is_resampled_straight_between_its_points_ends_included(T):
    found = sketch.resample(CURVE, T)
    assert found.shape == (T,)
    for t in range(T):
        place = t * (sketch.POINTS - 1) / (T - 1)
        before = min(int(place), sketch.POINTS - 2)
        share = place - before
        assert found[t] == pytest.approx((1 - share) * CURVE[before] + share * CURVE[before + 1])


def test_a_drawn_sine_is_the_sine_of_the_task_with_its_noise():
    sine = np.sin(np.linspace(0, SPAN, sketch.POINTS))
    task = Waves(T=51, sigma=0.3)  # each step is on a point
    np.testing.assert_allclose(task.drawn(sine, seed=7), task.wave("non-alien", p=0.0, seed=7).x, rtol=0, atol=1e-6)
    assert task.drawn(sine, seed=7).dtype == np.float32


@pytest.mark.parametrize("heights", [CURVE, np.full(sketch.POINTS, 2.5), np.full(sketch.POINTS, -2.5)])
def test_a_packed_curve_comes_back(heights):
    text = sketch.pack(heights)
    assert re.fullmatch(r"[\w-]{135}", text, re.ASCII)
    np.testing.assert_allclose(sketch.unpack(text), heights, rtol=0, atol=0.0100001)
    assert sketch.pack(sketch.unpack(text)) == text


@pytest.mark.parametrize("heights", [CURVE[1:], CURVE * 1.1 + 1, np.full(sketch.POINTS, np.nan)])
def test_what_is_no_curve_is_not_packed(heights):
    with pytest.raises(ValueError, match=r"a curve to pack must be 101 numbers from -2.5 to 2.5"):
        sketch.pack(heights)


@pytest.mark.parametrize("text", ["", "x", "AAAA", "ß" * 135, "A" * 134, "A" * 1_000_000, "g" * 135])
def test_what_pack_did_not_make_is_refused(text):
    with pytest.raises(ValueError, match="the text of a curve must be one that pack"):
        sketch.unpack(text)


def test_a_signal_becomes_a_curve_that_can_be_packed_and_drawn_from_on():
    signal = 3 * np.sin(np.linspace(0, 7, 13))
    curve = sketch.unpack(sketch.pack(sketch.fitting(signal)))
    assert np.abs(curve).max() == 2.5
    np.testing.assert_allclose(sketch.resample(curve, 26)[::25], np.clip(signal, -2.5, 2.5)[[0, -1]], atol=0.011)
    low = np.abs(sketch.resample(signal, 101)) < 2.5
    np.testing.assert_allclose(curve[low], sketch.resample(signal, 101)[low], atol=0.011)
