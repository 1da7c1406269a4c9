"""Digits pixel by pixel: the same pixels as the rows, in one order for all of them."""

import numpy as np
import pytest

from mrnn import TASKS
from mrnn.tasks.pixels import Pixels, permutation

ROWS = TASKS["digits"].make(13, seed=3)


def test_pixels_are_those_of_the_rows_one_after_another():
    data = Pixels().make(13, seed=3)
    assert data.x.shape == (13, 784, 1)
    np.testing.assert_array_equal(data.x[..., 0], ROWS.x.reshape(13, 784))
    np.testing.assert_array_equal(data.x[5, 28 * 11 + 17, 0], ROWS.x[5, 11, 17])
    np.testing.assert_array_equal(data.y, ROWS.y)


def test_the_permutation_is_one_and_always_the_same_for_all_digits():
    order = permutation()
    np.testing.assert_array_equal(np.sort(order), np.arange(784))
    assert not np.array_equal(order, np.arange(784))
    assert order[:5].tolist() == [732, 223, 118, 374, 466], "models that were trained on another order would be lost"
    plain, permuted = Pixels().make(13, seed=3), Pixels(permuted=1).make(13, seed=3)
    for n in range(13):
        np.testing.assert_array_equal(permuted.x[n, :, 0], plain.x[n, order, 0])
    np.testing.assert_array_equal(permuted.y, plain.y)
    with pytest.raises(ValueError, match="read-only"):
        order[0] = 1


def test_the_first_training_digits_are_trained_on_and_all_test_digits_tested():
    train, test = Pixels(digits=1_009, permuted=1).split()
    rows_train, rows_test = TASKS["digits"].split()
    np.testing.assert_array_equal(train.y, rows_train.y[:1_009])
    np.testing.assert_array_equal(test.y, rows_test.y)
    np.testing.assert_array_equal(train.x[1_008, :, 0], rows_train.x[1_008].ravel()[permutation()])
    assert Pixels(digits=1_009).extent == train.x.shape[:2]


@pytest.mark.parametrize(("name", "value", "rule"), [("permuted", 2, "from 0 to 1"), ("digits", 60_001, "to 60000")])
def test_settings_beyond_their_bounds_are_refused(name, value, rule):
    with pytest.raises(ValueError, match=f"{name} must be a whole number .*{rule}, got {value}"):
        Pixels(**{name: value})
