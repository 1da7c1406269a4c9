"""A person's own text: read from bytes, kept for them alone, and a task like any other."""

import pytest

from mrnn import RunConfig, TrainConfig, forget, owndata, queue, runs
from mrnn.config import ModelConfig
from mrnn.owndata import OwnText, plain_text, read_text
from mrnn.tasks import make_task
from mrnn.text import OTHER, alphabet
from tests.test_owndata_task import OTHER as STRANGER
from tests.test_owndata_task import OWNER, place
from tests.test_text import written

__all__ = ["place"]  # a fixture that these tests use, too
TEXT = plain_text(written(3_001, letters="aäß☃ \n.") + "!")


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16"])
def test_a_text_comes_back_from_its_bytes_whatever_its_line_ends(encoding):
    for end in ("\n", "\r\n", "\r"):
        assert read_text(TEXT.replace("\n", end).encode(encoding)) == TEXT


def test_bytes_that_are_no_utf_8_are_taken_for_latin_letters():
    text = written(3_001, letters="aäßé \n.")
    assert read_text(text.encode("cp1252")) == text


def test_a_letter_has_one_spelling_and_control_characters_are_taken_for_others():
    text = plain_text(written(3_001) + "a\u0308\x07\ud800")
    assert text.endswith(f"ä{OTHER}{OTHER}")


@pytest.mark.parametrize(
    ("content", "message"),
    [
        (b"short", "must have 3,000 to 300,000 characters, this one has 5; take a longer one"),
        (b"ab" * 1_000 + "\u0301\u0323".encode() * 1_000, "piles more than 30 marks on one letter; leave them out"),
        (b"ab" * 150_001, "this one has 300,002; take a part of it"),
        (b"ab" * 1_000_000, "this file has 2,000,000 bytes"),
        (b"ab\0" * 3_000, "no plain text: it holds zero bytes"),
        (b"PK\x03\x04" + b"ab" * 3_000, "a document with formatting"),
        (bytes(range(1, 32)) * 100, "more than one character in 100 cannot be read"),
        (b"a" * 3_001, "repeats one character"),
        (b"", "this one has 0"),
    ],
)
def test_what_is_no_text_to_learn_from_is_refused_with_the_way_out(content, message):
    with pytest.raises(ValueError, match=message):
        read_text(content)


def test_a_text_is_kept_and_is_a_task_of_its_owner_alone():
    own_id = owndata.keep_text(TEXT, "Mine", OWNER)
    task = make_task(own_id, {"steps": 20})
    assert isinstance(task, OwnText)
    assert task.text == TEXT
    assert task.title == "Mine"
    assert task.classes == alphabet(TEXT)
    train, test = task.split()
    assert train.streams == 6
    assert task.decode(train.x[0].argmax(-1)) == TEXT[:20]
    assert test.y.max() < task.output_size
    assert owndata.may_use(own_id, OWNER)
    assert not owndata.may_use(own_id, STRANGER)
    assert owndata.keep_text(TEXT, "Mine again", OWNER) == own_id
    assert owndata.keep_text(TEXT, "Theirs", STRANGER) != own_id
    assert [kept.name for kept in owndata.list_kept(OWNER)] == ["Mine again"]


def test_a_text_is_gone_with_all_that_learned_from_it():
    own_id = owndata.keep_text(TEXT, "Mine", OWNER)
    task = owndata.own_task(own_id)
    config = RunConfig(task=own_id, model=ModelConfig(**task.borders, hidden_size=3), training=TrainConfig(epochs=1))
    run_id = queue.create(config, OWNER)
    (runs.folder_of(run_id) / "result.json").write_text('{"state": "stopped", "notes": {}}')
    with pytest.raises(ValueError, match="only one's own data can be deleted"):
        forget.forget(own_id, STRANGER)
    forget.forget(own_id, OWNER)
    assert not owndata.list_kept()
    assert not runs.list_runs(OWNER)
    with pytest.raises(ValueError, match="are not here"):
        make_task(own_id, {})


def test_the_most_frequent_characters_are_counted_by_their_signs():
    table = owndata.character_counts("a \n" + "a" * 4 + " " * 2, most=2)
    assert dict(zip(table["class"], table["count"], strict=True)) == {"a": 5, "␣": 3}
