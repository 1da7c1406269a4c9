"""A text as sequences of characters: streams without a gap, no leaks, bits a character. Sizes are primes."""

from dataclasses import dataclass
from typing import ClassVar

import numpy as np
import pytest

from mrnn import SequenceData
from mrnn.tasks.text import RAREST, Text
from mrnn.text import GIVEN, MOST_CLASSES, OTHER, SIGNS, GoOn, TextTask, alphabet, bits, border, draw

LETTERS = "abcdefg \n"


def written(length: int, seed: int = 0, letters: str = LETTERS) -> str:
    return "".join(np.random.default_rng(seed).choice(list(letters), length))


@dataclass(frozen=True)
class Some(TextTask):
    """A text of 4,999 characters drawn at random."""

    name: ClassVar[str] = "some"
    title: ClassVar[str] = "Some"
    summary: ClassVar[str] = "Which?"
    classes: ClassVar[tuple[str, ...]] = alphabet(written(4_999))
    input_size: ClassVar[int] = len(classes)

    @property
    def text(self) -> str:
        """All of it."""
        return written(4_999)


TASK = Some(steps=13)


def said_uniform(data: SequenceData) -> np.ndarray:
    return np.full((*data.x.shape[:2], TASK.output_size), 1 / TASK.output_size)


# -- the alphabet ------------------------------------------------------------------------------------------------------


def test_an_alphabet_is_of_the_training_part_and_what_else_there_is_is_one_class():
    assert alphabet("abc" * 300) == ("a", "b", "c")
    assert alphabet("ab\t \n" * 300) == ("⇥", "↵", "␣", "a", "b")
    only_tested = "ab" * 300 + "c" * 7
    assert "c" in only_tested[border(only_tested) :]
    assert alphabet(only_tested) == ("a", "b", OTHER)
    assert alphabet("ab" * 300 + "c" + "ab" * 300, rarest=2) == ("a", "b", OTHER)
    assert alphabet("ab␣" * 300) == ("a", "b", OTHER), "a sign for a blank in the text would have its name"


def test_the_most_frequent_of_too_many_characters_are_kept():
    many = "".join(chr(0x4E00 + i) * (300 - i) for i in range(151))
    mixed = "".join(np.random.default_rng(0).permutation(list(many)))
    found = alphabet(mixed)
    assert len(found) == MOST_CLASSES
    assert found[-1] == OTHER
    assert found[0] == chr(0x4E00)
    assert chr(0x4E00 + 150) not in found


def test_what_is_encoded_comes_back():
    assert TASK.decode(TASK.encode("bad cafe\n")) == "bad cafe\n"
    with pytest.raises(ValueError, match="the text has no 'o', 'z'; it has ↵ ␣ a b c d e f g"):
        TASK.encode("bad zoo")
    text = Text()
    assert text.characters[-1] == OTHER
    assert text.decode(text.encode("Alice ☃")) == f"Alice {OTHER}"
    assert set(SIGNS) - {"\t"} <= set(text.characters)


# -- streams -----------------------------------------------------------------------------------------------------------


def test_streams_go_on_without_a_gap_and_stay_in_the_training_part():
    train, _ = TASK.split()
    assert train.streams == TASK.streams == 17
    assert TASK.extent == train.x.shape[:2]
    codes, used = TASK.encode(TASK.text), set()
    for stream in range(train.streams):
        read = train.x[stream :: train.streams].argmax(-1).ravel()
        said = train.y[stream :: train.streams].ravel()
        np.testing.assert_array_equal(read[1:], said[:-1], "what is said at a step is read at the next")
        start = stream * len(read)
        np.testing.assert_array_equal(read, codes[start : start + len(read)])
        assert said[-1] == codes[start + len(read)]
        used |= set(range(start, start + len(read) + 1))
    assert max(used) < border(TASK.text)
    assert len(used) > border(TASK.text) - train.streams * TASK.steps - 1


def test_the_test_part_is_one_stream_of_the_last_tenth():
    _, test = TASK.split()
    assert test.streams == 1
    codes = TASK.encode(TASK.text)[border(TASK.text) :]
    np.testing.assert_array_equal(test.x.argmax(-1).ravel(), codes[: test.y.size])
    np.testing.assert_array_equal(test.y.ravel(), codes[1 : test.y.size + 1])


def test_a_step_sees_no_character_to_come():
    data = TASK.make(11, seed=5)
    np.testing.assert_array_equal(data.x.sum(-1), 1)
    np.testing.assert_array_equal(data.x[:, 1:].argmax(-1), data.y[:, :-1])
    tested = TASK.text[border(TASK.text) :]
    for x, y in zip(data.x, data.y, strict=True):
        assert TASK.decode(np.append(x.argmax(-1), y[-1])) in tested


@pytest.mark.parametrize(("length", "steps", "streams"), [(3_000, 200, 1), (3_000, 10, 13), (300_000, 50, 32)])
def test_a_short_text_is_read_at_fewer_places_at_once(length, steps, streams, monkeypatch):
    monkeypatch.setattr(Some, "text", property(lambda _: written(length)))
    task = Some(steps=steps)
    assert task.streams == streams
    train, _ = task.split()
    assert task.extent == train.x.shape[:2]
    assert len(train) // streams >= 13


def test_a_typed_text_is_read_but_for_its_last_character():
    data = TASK.typed("bad")
    assert TASK.symbols(data.x[0]) == ("b", "a")
    assert TASK.decode(data.y[0]) == "ad"
    with pytest.raises(ValueError, match="2 to 1,000 characters, got 1"):
        TASK.typed("b")


# -- bits a character --------------------------------------------------------------------------------------------------


def test_who_says_all_alike_needs_log_c_bits_and_who_knows_needs_none():
    found = list(TASK.claims(said_uniform, 7).values())
    assert found[0] == pytest.approx(np.log2(9))
    assert found[1] == pytest.approx(np.log2(9), abs=0.02), "all are as frequent here"

    def knows(data: SequenceData) -> np.ndarray:
        return np.eye(TASK.output_size)[data.y]

    assert next(iter(TASK.claims(knows, 7).values())) == 0
    assert bits(np.array([0.5, 0.125])) == 2
    assert np.isfinite(bits(np.array([0.0])))


def test_the_test_part_is_asked_about_from_its_beginning_to_its_end_at_once():
    asked: list[SequenceData] = []

    def answer(data: SequenceData) -> np.ndarray:
        asked.append(data)
        return said_uniform(data)

    TASK.claims(answer, 7)
    (data,) = asked
    assert len(data) == 1
    assert TASK.text[border(TASK.text) :].startswith(TASK.decode(data.x[0].argmax(-1)))
    assert data.x.shape[1] > 499 - 2 * TASK.steps


# -- draws -------------------------------------------------------------------------------------------------------------


def test_the_colder_the_likelier_and_at_0_the_best():
    p = np.array([0.5, 0.3, 0.2])
    drawn = {
        t: np.bincount([draw(p, t, np.random.default_rng(n)) for n in range(2_003)], minlength=3) for t in (1, 0.5)
    }
    np.testing.assert_allclose(drawn[1] / 2_003, p, rtol=0, atol=0.04)
    np.testing.assert_allclose(drawn[0.5] / 2_003, p**2 / (p**2).sum(), rtol=0, atol=0.04)
    for cold in (0, 1e-6, 1e-300):
        assert {draw(p[::-1], cold, np.random.default_rng(n)) for n in range(31)} == {2}


def test_whoever_goes_on_at_temperature_0_says_what_is_most_probable_each_time():
    follows = np.roll(np.eye(TASK.output_size), 1, axis=1)  # after each character the next one of the alphabet

    def answer(data: SequenceData) -> np.ndarray:
        return data.x @ (0.6 * follows + 0.4 / TASK.output_size)

    run = GoOn(TASK, length=23, temperature=0).run(answer, 3, 5)
    assert len(run.texts) == 3
    for text in run.texts:
        given, drawn = text.replace(SIGNS["\n"], "\n").split(" | ")
        assert len(given) == GIVEN
        assert given in TASK.text[border(TASK.text) :]
        codes = TASK.encode(given[-1] + drawn)
        np.testing.assert_array_equal(np.diff(codes) % TASK.output_size, 1)
        assert len(drawn) == 23
    assert run == GoOn(TASK, length=23, temperature=0).run(answer, 3, 5)
    assert run != GoOn(TASK, length=23, temperature=0).run(answer, 3, 6)


def test_a_beginning_is_gone_on_with_and_what_is_not_known_of_it_is_named():
    run = GoOn(TASK, prompt="bad", length=23).run(said_uniform, 3, 5)
    assert {text[:6] for text in run.texts} == {"bad | "}
    assert {len(text) for text in run.texts} == {3 + 3 + 23}
    assert not run.note
    with pytest.raises(ValueError, match="the text has no 'o', 'z'; it has"):
        GoOn(TASK, prompt="zo").run(said_uniform, 3, 5)
    run = GoOn(Text(), prompt="Köln", length=3).run(lambda data: np.ones(data.x.shape) / data.x.shape[-1], 2, 5)
    assert run.note == f"The text that was learned from has no 'ö': read as {OTHER}."
    assert {text[:7] for text in run.texts} == {f"K{OTHER}ln | "}
    with pytest.raises(ValueError, match="a beginning may have 1,000 characters, got 1,001; shorten it"):
        GoOn(TASK, prompt="a" * 1_001)


# -- the text that ships -----------------------------------------------------------------------------------------------


def test_the_alphabet_that_is_written_down_is_that_of_the_text():
    assert Text.classes == alphabet(Text().text, RAREST)
    assert Text.input_size == len(Text.classes)
