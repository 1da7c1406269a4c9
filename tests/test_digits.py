"""Digits: all of MNIST, and drawings brought to MNIST's form."""

import base64
import itertools
import math
import tracemalloc
import zlib
from collections import Counter

import numpy as np
import pytest
from PIL import Image

from mrnn import TASKS, SequenceData
from mrnn.tasks.digits import MNIST, pack, to_mnist, unpack

TASK = TASKS["digits"]
TRAIN_COUNTS = [5923, 6742, 5958, 6131, 5842, 5421, 5918, 6265, 5851, 5949]
TEST_COUNTS = [980, 1135, 1032, 1010, 982, 892, 958, 1028, 974, 1009]
SEVEN = np.array([(0.0, 0.0), (0.0, 0.6), (1.0, 0.2)])  # (down, right) of its corners


@pytest.fixture(scope="module")
def split() -> tuple[SequenceData, SequenceData]:
    return TASK.split()


def stroke(points: np.ndarray, width: float, size: int = 280) -> np.ndarray:
    """A line of round pen strokes through points (down, right), in pixels, on a square canvas."""
    down, right = np.mgrid[:size, :size] + 0.5
    ink = np.zeros((size, size))
    for (top, left), (bottom, end) in itertools.pairwise(points):
        way = np.array([bottom - top, end - left])
        along = np.clip(((down - top) * way[0] + (right - left) * way[1]) / (way @ way), 0, 1)
        distance = np.hypot(down - top - along * way[0], right - left - along * way[1])
        ink = np.maximum(ink, np.clip(width / 2 - distance + 0.5, 0, 1))
    return ink


def seven(height: float = 150, top: float = 50, left: float = 50) -> np.ndarray:
    return stroke(SEVEN * height + (top, left), width=0.12 * height)


def centre_of(picture: np.ndarray) -> tuple[float, float]:
    """Centre of mass, in pixels from the first row's and the first column's middle."""
    at = np.arange(28)
    return float(picture.sum(1) @ at / picture.sum()), float(picture.sum(0) @ at / picture.sum())


def sides_of(picture: np.ndarray) -> tuple[int, int]:
    """Height and width of the bounding box of all ink."""
    rows, columns = (np.flatnonzero(picture.any(axis)) for axis in (1, 0))
    return int(rows[-1] - rows[0] + 1), int(columns[-1] - columns[0] + 1)


class Given:
    """Stands in for a random generator: its uniform draws are these, one after another."""

    def __init__(self, *draws: float) -> None:
        self.draws = iter(draws)

    def uniform(self, _low: float, _high: float, size: int | tuple[int, ...]) -> np.ndarray:
        sizes = (size,) if isinstance(size, int) else size
        values = np.array([next(self.draws) for _ in range(math.prod(sizes[:-1]))])
        return np.broadcast_to(values.reshape(*sizes[:-1], 1), sizes)


def varied(data: SequenceData, turn=0.0, slant=0.0, high=0.0, wide=0.0, down=0.0, right=0.0) -> np.ndarray:
    """Digits varied by these shares of the most that there is."""
    return TASK.augment(data, Given(turn, slant, high, wide, down, right)).x  # type: ignore[arg-type]


# -- MNIST -----------------------------------------------------------------------------------------------------------


def test_the_split_is_all_of_mnist_in_its_own_two_parts(split):
    for part, counts in zip(split, (TRAIN_COUNTS, TEST_COUNTS), strict=True):
        assert part.x.shape == (sum(counts), 28, 28)
        assert np.bincount(part.y).tolist() == counts
        assert (part.lengths == 28).all()
        assert (part.x.min(), part.x.max()) == (0, 1)
    assert split[0].x.mean(dtype=np.float64) == pytest.approx(0.1307, abs=5e-5)
    assert split[0].x.std(dtype=np.float64) == pytest.approx(0.3081, abs=5e-5)


def test_a_step_is_a_row_of_the_picture_from_the_top(split):
    with np.load(MNIST) as file:
        for part, name in zip(split, ("train", "test"), strict=True):
            np.testing.assert_array_equal(part.y[:97], file[f"y_{name}"][:97])
            np.testing.assert_allclose(part.x[:97], file[f"x_{name}"][:97] / 255, rtol=0, atol=1e-7)


def test_make_draws_from_the_test_digits_without_repeats(split):
    everything = Counter(zip((row.tobytes() for row in split[1].x), split[1].y.tolist(), strict=True))
    drawn = TASK.make(10_000, seed=3)
    assert Counter(zip((row.tobytes() for row in drawn.x), drawn.y.tolist(), strict=True)) == everything
    assert not np.array_equal(drawn.y, split[1].y)
    some = TASK.make(503, seed=3)
    assert Counter(row.tobytes() for row in some.x).keys() <= {row for row, _ in everything}
    assert len({row.tobytes() for row in some.x}) == 503


def test_varied_digits_are_still_the_same_digits_and_others_at_each_turn(split):
    data = split[0].take(np.arange(97))
    one, same, other = (TASK.augment(data, np.random.default_rng(seed)) for seed in (1, 1, 2))
    assert np.array_equal(one.x, same.x)
    assert not np.isclose(one.x, other.x).all((1, 2)).any()
    for new in (one, other):
        assert np.array_equal(new.y, data.y)
        assert np.array_equal(new.lengths, data.lengths)
        assert 0 <= new.x.min() < new.x.max() <= 1
        # As much ink, within what stretching adds or takes; and none of it lost at the edge.
        assert np.all(np.abs(np.log(new.x.sum((1, 2)) / data.x.sum((1, 2)))) < 0.3)
        for picture, before in zip(new.x, data.x, strict=True):
            moved = np.subtract(centre_of(picture), centre_of(before))
            assert np.abs(moved).max() < 3, "2 pixels, and what turning adds"


def test_a_digit_varied_by_nothing_is_itself_and_a_shift_moves_its_pixels(split):
    data = split[0].take(np.arange(13))
    assert np.allclose(varied(data), data.x, atol=1e-6)
    up_and_left = np.zeros_like(data.x)
    up_and_left[:, :-2, :-1] = data.x[:, 2:, 1:]
    assert np.allclose(varied(data, down=1, right=0.5), up_and_left, atol=1e-5)
    down = np.zeros_like(data.x)
    down[:, 1:] = data.x[:, :-1]
    assert np.allclose(varied(data, down=-0.5), down, atol=1e-5)


def test_digits_are_turned_stretched_and_slanted_about_the_middle():
    """Seen by a bar, upright and level, of 3 x 16 pixels in the middle."""
    upright, level = np.zeros((1, 28, 28)), np.zeros((1, 28, 28))
    upright[0, 6:22, 12:15] = level[0, 12:15, 6:22] = 1
    both = SequenceData(np.concatenate([upright, level]), np.array([1, 1]), np.array([28, 28]))

    def slopes(pictures: np.ndarray) -> list[float]:
        """Of each bar against its own direction: pixels aside for each pixel along it."""
        steep, flat = pictures
        at = np.arange(28)
        rows, columns = slice(9, 19), slice(9, 19)
        aside = [(steep[rows] @ at) / steep[rows].sum(1), (flat[:, columns].T @ at) / flat[:, columns].sum(0)]
        return [float(np.polyfit(at[rows], a, 1)[0]) for a in aside]

    assert slopes(varied(both)) == pytest.approx([0, 0], abs=1e-6)
    assert slopes(varied(both, turn=1)) == pytest.approx([-math.tan(0.15), math.tan(0.15)], abs=0.02)
    assert slopes(varied(both, slant=1)) == pytest.approx([0, -0.15], abs=0.02)
    assert varied(both, high=1)[0].sum() == pytest.approx(1.1 * both.x[0].sum(), rel=0.02)
    assert varied(both, wide=1)[0].sum() == pytest.approx(1.1 * both.x[0].sum(), rel=0.02)
    assert varied(both, wide=-1)[1].sum() == pytest.approx(0.9 * both.x[1].sum(), rel=0.02)


def test_more_digits_than_there_are_repeat_some():
    assert len(TASK.make(10_007, seed=0)) == 10_007


# -- drawings --------------------------------------------------------------------------------------------------------


def test_a_test_digit_drawn_ten_times_as_large_comes_back(split):
    digits = split[1].x[:301]
    back = np.stack([to_mnist(np.kron(digit, np.ones((10, 10)))) for digit in digits])
    off = np.abs(back - digits).mean((1, 2))
    assert off.mean() < 0.02, "a pixel off in either direction makes 0.06 of it"
    assert (off < 0.04).mean() > 0.98


def test_the_centre_of_mass_lies_where_mnist_has_it(split):
    centres = np.array([centre_of(digit) for digit in split[1].x[:301]])
    assert (np.abs(centres - 14) <= 0.5).all()  # so MNIST has it at 14
    for drawing in (seven(), stroke(SEVEN[:, ::-1] * 150 + 40, 20), stroke(np.array([(40, 40), (240, 60)]), 9)):
        assert np.abs(np.subtract(centre_of(to_mnist(drawing)), 14)).max() <= 0.5


@pytest.mark.parametrize(("height", "width"), [(200, 80), (80, 200), (60, 60), (233, 23), (20, 20), (11, 5)])
def test_the_bounding_box_fits_20_pixels_with_its_proportions_kept(height, width):
    drawing = np.zeros((280, 280))
    drawing[31 : 31 + height, 17 : 17 + width] = 1
    sides = sides_of(to_mnist(drawing))
    assert max(sides) == 20
    assert sides == pytest.approx((20 * height / max(height, width), 20 * width / max(height, width)), abs=0.5)


def test_strokes_are_smooth_and_as_dark_as_they_were_drawn():
    binary = (seven() > 0.5).astype(float)
    assert set(np.unique(binary)) == {0, 1}
    picture = to_mnist(binary)
    grey = (picture > 0.05) & (picture < 0.95)
    assert 0.2 < grey.sum() / (picture > 0).sum() < 0.9
    assert picture.max() > 0.95
    faint = to_mnist(0.5 * binary)
    np.testing.assert_allclose(faint, 0.5 * picture, rtol=0, atol=1e-6)


@pytest.mark.parametrize(("height", "top", "left"), [(150, 20, 80), (200, 30, 60), (100, 90, 90), (75, 10, 10)])
def test_where_and_how_large_a_digit_is_drawn_hardly_matters(height, top, left):
    here, there = to_mnist(seven()), to_mnist(seven(height, top, left))
    assert np.abs(there - here).mean() < 0.01, "unlike digits differ by 0.15"


def test_a_drawing_need_not_be_square():
    drawing = np.zeros((150, 400))
    drawing[:, 100:250] = seven(100, 20, 20)[:150, :150]
    np.testing.assert_allclose(to_mnist(drawing), to_mnist(seven(100, 20, 20)), rtol=0, atol=1e-6)


@pytest.mark.parametrize(("row", "column"), [(0, 0), (279, 279), (140, 3)])
def test_no_ink_is_lost_at_the_edge_of_the_page(row, column):
    drawing = stroke(np.array([(100, 100), (100, 101)]), 30)
    drawing[row, column] = 1  # a blot far from the centre of mass
    picture = to_mnist(drawing)
    assert max(sides_of(picture)) <= 20
    assert np.isfinite(picture).all()
    small = np.asarray(Image.fromarray(drawing.astype(np.float32)).resize((20, 20), Image.Resampling.BILINEAR))
    assert picture.sum() >= 0.9 * small.sum()


@pytest.mark.parametrize("drawing", [np.eye(1), np.ones((280, 280)), np.eye(280), np.eye(280)[:, :2]])
def test_any_drawing_becomes_28_x_28_pixels_from_0_to_1(drawing):
    picture = to_mnist(2 * drawing)  # what is darker than black is black
    assert (picture.shape, picture.dtype) == ((28, 28), np.float32)
    assert picture.min() == 0
    assert 0 < picture.max() <= 1


def test_a_drawing_is_not_changed():
    drawing = 2 * seven()
    before = drawing.copy()
    to_mnist(drawing)
    np.testing.assert_array_equal(drawing, before)


def blotted(value: float) -> np.ndarray:
    drawing = seven()
    drawing[3, 5] = value
    return drawing


@pytest.mark.parametrize(
    ("drawing", "message"),
    [
        (np.zeros((280, 280)), "the drawing is empty; draw a digit first"),
        (np.full((280, 280), -1.0), "the drawing is empty; draw a digit first"),
        (np.full((280, 280), 0.01), "the drawing is empty; draw a digit first"),
        (blotted(np.nan), "a drawing must be finite, but it holds NaN or infinity"),
        (blotted(np.inf), "a drawing must be finite, but it holds NaN or infinity"),
        (np.zeros((280, 280, 4)), r"a drawing must have the axes \(height, width\), got shape \(280, 280, 4\)"),
        (np.zeros((0, 280)), r"a drawing must have the axes \(height, width\), got shape \(0, 280\)"),
    ],
)
def test_what_is_no_drawing_is_refused(drawing, message):
    with pytest.raises(ValueError, match=message):
        to_mnist(drawing)


# -- drawings as text --------------------------------------------------------------------------------------------------


def test_a_picture_comes_back_from_its_text_in_16_greys_and_then_exactly(split):
    for digit in split[1].x[:97]:
        back = unpack(pack(digit))
        assert (back.shape, back.dtype) == ((28, 28), np.float32)
        np.testing.assert_allclose(back, digit, rtol=0, atol=0.5 / 15 + 1e-6)
        assert pack(back) == pack(digit)
        np.testing.assert_array_equal(unpack(pack(back)), back)


def test_the_text_of_a_picture_is_short_and_stands_in_an_address_as_it_is(split):
    texts = [pack(digit) for digit in split[1].x[:97]]
    assert max(map(len, texts)) < 300
    assert set("".join(texts)) <= set("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_")
    assert len(set(texts)) == 97


@pytest.mark.parametrize("text", ["", "x", "no drawing!", "äöü", pack(np.zeros((28, 28)))[:-3], "7Z" * 400])
def test_what_pack_did_not_make_is_refused(text):
    with pytest.raises(ValueError, match=r"the text of a drawing must be one that pack\(\) made"):
        unpack(text)


def test_a_text_that_would_swell_to_gigabytes_is_refused_before_it_does():
    deflate = zlib.compressobj(9, wbits=-15)
    bomb = deflate.compress(bytes(50_000_000)) + deflate.flush()
    tracemalloc.start()
    with pytest.raises(ValueError, match="the text of a drawing"):
        unpack(base64.urlsafe_b64encode(bomb).decode().rstrip("="))
    assert tracemalloc.get_traced_memory()[1] < 1_000_000
    tracemalloc.stop()


@pytest.mark.parametrize("image", [np.zeros((28, 27)), np.full((28, 28), 1.01), np.full((28, 28), np.nan)])
def test_only_pictures_of_28_x_28_numbers_from_0_to_1_are_packed(image):
    with pytest.raises(ValueError, match=r"a picture to pack must be \(28, 28\) numbers from 0 to 1"):
        pack(image)
