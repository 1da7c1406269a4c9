"""Curves: each label leaves in the numbers what its name says.

Shapes are told by fits and averages that share no code with what made the curves.
"""

import numpy as np
import pytest

from mrnn.tasks.curves import Curves

DATA = Curves(longest=401, patch=1).make(997, seed=1)
NAMES = Curves.classes


def alone(name: str) -> list[np.ndarray]:
    """The curves that have this one shape."""
    rows = (DATA.y[:, NAMES.index(name)] == 1) & (DATA.y.sum(1) == 1)
    return [x[:t, 0] for x, t in zip(DATA.x[rows], DATA.lengths[rows], strict=True)]


def bend(curve: np.ndarray) -> float:
    return float(np.polyfit(np.linspace(0, 1, len(curve)), curve, 2)[0])


def test_a_curve_has_one_shape_or_two_but_is_never_bent_both_ways():
    assert set(DATA.y.sum(1)) == {1, 2}
    assert not (DATA.y[:, NAMES.index("convex")] * DATA.y[:, NAMES.index("concave")]).any()
    share = DATA.y.mean(0)
    assert share.min() > 0.12
    assert share.max() < 0.3


def test_lengths_are_mixed_and_nothing_lies_behind_the_end():
    assert DATA.lengths.min() < 110
    assert DATA.lengths.max() > 390
    assert not any(x[t:].any() for x, t in zip(DATA.x, DATA.lengths, strict=True))


@pytest.mark.parametrize(("name", "where"), [("high early", (0.05, 0.35)), ("high late", (0.65, 0.95))])
def test_a_bump_stands_where_its_name_says(name, where):
    peaks = [curve.argmax() / len(curve) for curve in alone(name)]
    assert where[0] < min(peaks) <= max(peaks) < where[1]


def test_bends_go_their_own_way():
    assert min(map(bend, alone("convex"))) > 1
    assert max(map(bend, alone("concave"))) < -1


def test_a_step_jumps_once_and_a_sine_crosses_its_mean_often():
    for curve in alone("step"):
        assert (np.abs(np.diff(curve)) > 0.5).sum() == 1
    smooth = [np.convolve(curve, np.ones(9) / 9, "valid") for curve in alone("sine")]
    assert min(int((np.diff(np.sign(curve)) != 0).sum()) for curve in smooth) >= 5


def test_noise_is_louder_than_what_every_curve_has():
    loud, quiet = ([np.diff(curve).std() for curve in alone(name)] for name in ("noise", "convex"))
    assert min(loud) > 5 * max(quiet)


def test_curves_shorter_than_the_shortest_are_refused():
    with pytest.raises(ValueError, match="longest must be a whole number from 100 to 10000, got 99"):
        Curves(longest=99)


def test_points_that_are_read_at_once_are_the_same_points_and_a_rest_is_left_out():
    patched = Curves(longest=401, patch=7).make(997, seed=1)
    np.testing.assert_array_equal(patched.y, DATA.y)
    np.testing.assert_array_equal(patched.lengths, DATA.lengths // 7)
    assert patched.x.shape == (997, 401 // 7, Curves(patch=7).input_size)
    for few, many, steps in zip(patched.x, DATA.x[..., 0], patched.lengths, strict=True):
        np.testing.assert_array_equal(few[:steps].ravel(), many[: 7 * steps])
        assert not few[steps:].any()


def test_new_curves_are_as_many_and_not_the_same():
    task = Curves(longest=131)
    data = task.make(11, seed=3)
    again = task.augment(data, np.random.default_rng(3))
    assert again.x.shape == data.x.shape
    assert not np.array_equal(again.x, data.x)
