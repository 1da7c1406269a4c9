"""What a network goes on with: the most probable character at temperature 0, and the state carried along."""

import numpy as np
import pytest

from mrnn import TASKS, SequenceData, load, save
from mrnn.__main__ import main
from mrnn.generation import StateReader, generate
from mrnn.probes import answer_of
from mrnn.tasks.text import Text
from mrnn.text import GoOn
from tests.test_text import Some

TASK = Some(steps=13)


@pytest.fixture
def model(random_model, kind):
    """Of each kind, of this task."""
    k = 3 if kind["cell"] == "mrnn" else 1
    return random_model(**TASK.borders, **kind, hidden_size=7, k=k, num_layers=2)


def best(model, text: str) -> str:
    """The most probable next character, all of the text read anew."""
    codes = TASK.encode(text)[None]
    return TASK.decode(model.trace(TASK.one_hot(codes)).logits[0, -1:].argmax(-1))


def test_at_temperature_0_and_close_to_it_each_character_is_the_most_probable_one(model):
    text = generate(model, TASK, 19, temperature=0, prompt="bad")
    assert text[:3] == "bad"
    assert len(text) == 22
    for at in range(3, 22):
        assert text[at] == best(model, text[:at]), "the state that is carried says what the whole text says"
    assert generate(model, TASK, 19, temperature=1e-9, prompt="bad", seed=5) == text


def test_what_is_read_piece_by_piece_is_said_as_if_it_were_read_at_once(model):
    codes = TASK.encode("badecabfade")[None].repeat(3, axis=0)
    codes[1:, 4:9] = [[0, 3, 2, 1, 5], [4, 4, 0, 2, 1]]
    x = TASK.one_hot(codes)
    read = StateReader(model)
    whole = answer_of(model)(SequenceData(x, codes, np.full(3, 11)))
    for begin, end in ((0, 2), (2, 3), (3, 8), (8, 11)):
        np.testing.assert_allclose(read(x[:, begin:end]), whole[:, end - 1], rtol=1e-5, atol=1e-7)


def test_each_character_that_is_gone_on_with_is_read_once(model, monkeypatch):
    read = []
    forward = type(model).forward
    monkeypatch.setattr(type(model), "forward", lambda *a, **o: read.append(a[1].shape[1]) or forward(*a, **o))
    GoOn(TASK, prompt="badec", length=23).run(answer_of(model), 3, 5)
    assert read == [5] + [1] * 22


def test_the_same_seed_writes_the_same_and_another_one_something_else(model):
    one = generate(model, TASK, 53, prompt="bad", seed=1)
    assert one == generate(model, TASK, 53, prompt="bad", seed=1)
    assert one != generate(model, TASK, 53, prompt="bad", seed=2)
    assert one.startswith(generate(model, TASK, 17, prompt="bad", seed=1))


def test_a_hot_network_writes_all_characters_alike(random_model):
    model = random_model(**TASK.borders, hidden_size=7)
    text = generate(model, TASK, 2_003, temperature=1e6, prompt="a")
    np.testing.assert_allclose([text.count(c) / 2_003 for c in TASK.characters], 1 / 9, rtol=0, atol=0.03)


def test_a_model_is_left_as_it_was_and_dropout_changes_nothing(random_model):
    model = random_model(**TASK.borders, hidden_size=7, num_layers=2, dropout=0.5)
    calm = generate(model, TASK, 19, temperature=0, prompt="bad")
    model.train()
    assert generate(model, TASK, 19, temperature=0, prompt="bad") == calm
    assert model.training


def test_without_a_prompt_it_begins_as_the_text_does(random_model):
    model = random_model(**TASK.borders, hidden_size=7)
    assert generate(model, TASK, 0) == TASK.text[0]


@pytest.mark.parametrize(
    ("asked", "message"),
    [
        ({"temperature": -0.5}, "temperature must be a finite number >= 0, got -0.5"),
        ({"temperature": float("nan")}, "temperature must be a finite number >= 0, got nan"),
        ({"n": -1}, "n must be from 0 to 100,000 characters, got -1"),
        ({"prompt": "zoo"}, "the text has no 'o', 'z'; it has"),
    ],
)
def test_what_cannot_be_is_refused(random_model, asked, message):
    with pytest.raises(ValueError, match=message):
        generate(random_model(**TASK.borders, hidden_size=7), TASK, **{"n": 3, **asked})


def test_a_model_of_another_task_is_refused(random_model):
    with pytest.raises(ValueError, match="the model does not answer the task 'Some'"):
        generate(random_model(input_size=9, output_size=9, hidden_size=7), TASK, 3)


# -- the command line ------------------------------------------------------------------------------------------------


@pytest.fixture
def file(random_model, tmp_path):
    """A model of the text that ships, and one of bits."""
    text, bits = tmp_path / "text.safetensors", tmp_path / "bits.safetensors"
    save(random_model(**TASKS["text"].borders, hidden_size=7).float(), text, {"task": "text", "settings": {}})
    save(random_model(**TASKS["bit_flip"].borders, hidden_size=7).float(), bits, {"task": "bit_flip", "settings": {}})
    return text


def test_a_command_prints_what_a_model_goes_on_with(file, capsys):
    main(["generate", str(file), "--length", "31", "--temperature", "0", "--prompt", "Alice", "--device", "cpu"])
    expected = generate(load(file), Text(), 31, 0, "Alice")
    assert capsys.readouterr().out == f"{expected}\n"


def test_a_model_of_no_text_writes_none(file, capsys):
    with pytest.raises(SystemExit) as ended:
        main(["generate", str(file.with_name("bits.safetensors"))])
    assert ended.value.code == 2
    assert "has learned bit_flip, which is no text" in capsys.readouterr().err
