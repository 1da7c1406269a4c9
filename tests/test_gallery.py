"""The gallery of test digits: which are shown, and what is said of each."""

import base64
import io
from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest
from PIL import Image

from mrnn import TASKS
from pages.common.gallery import answers, describe, misread

TEST = TASKS["digits"].make(10_000, seed=0)
WRONG = 7  # every seventh digit is read wrong


class Reader:
    """Stands in for a model: it knows each test digit by its pixels, and misreads every seventh."""

    def __init__(self) -> None:
        self.number = {x.tobytes(): n for n, x in enumerate(TEST.x)}
        self.read: list[int] = []

    def trace(self, x: np.ndarray) -> Any:
        numbers = [self.number[one.tobytes()] for one in x]
        self.read += numbers
        said = [(TEST.y[n] + (n % WRONG == 0)) % 10 for n in numbers]
        return SimpleNamespace(answers=np.eye(10)[said])


@pytest.fixture
def entry(request: pytest.FixtureRequest) -> Any:
    return SimpleNamespace(key=(request.node.name, 0), model=Reader())


@pytest.mark.parametrize("classes", [[5], [2, 7], range(10)])
def test_the_misread_digits_of_some_classes_are_all_found_in_order(entry, classes):
    expected = [n for n in range(0, 10_000, WRONG) if TEST.y[n] in list(classes)]
    assert misread(entry, classes).tolist() == expected


def test_what_one_class_was_asked_about_is_not_read_again(entry):
    misread(entry, [3])
    first = len(entry.model.read)
    assert first == int((TEST.y == 3).sum())
    misread(entry, range(10))
    assert sorted(entry.model.read) == list(range(10_000))


def test_each_digit_says_its_class_and_the_answer(entry):
    numbers = np.array([13, 14])
    said = answers(entry.key, (13, 14), entry)
    right, wrong = describe(TEST.x[numbers], numbers, TEST.y[numbers], said)["items"]  # type: ignore[misc]
    a, b = TEST.y[numbers]
    assert (right["label"], right["title"], right["wrong"]) == (str(a), f"Test digit 13: a {a}, read as a {a}", False)
    other = (b + 1) % 10
    assert (wrong["label"], wrong["wrong"]) == (f"{b} → {other}", True)
    assert wrong["title"] == f"Test digit 14: a {b}, read as a {other}, wrong"


def test_the_sheet_holds_the_digits_one_below_another():
    numbers = np.arange(11)
    sheet = str(describe(TEST.x[numbers], numbers, TEST.y[numbers], TEST.y[numbers])["sheet"])
    image = Image.open(io.BytesIO(base64.b64decode(sheet.removeprefix("data:image/png;base64,"))))
    np.testing.assert_allclose(np.asarray(image).reshape(11, 28, 28) / 255, TEST.x[numbers], rtol=0, atol=1e-6)
