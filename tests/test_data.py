"""Labelled sequences, and the laws that hold for every task in TASKS.

Sizes: N = 11 sequences, T = 7 steps; D = 3 inputs.
"""

from dataclasses import fields, replace
from typing import Any

import numpy as np
import pytest
import torch

from mrnn import TASKS, ModelConfig, SequenceData, SequenceModel, TrainConfig, train
from mrnn.data import pad
from mrnn.tasks import make_task

N, T, D = 11, 7, 3
WHOLE: dict[str, Any] = {
    "x": np.random.default_rng(0).normal(size=(N, T, D)),
    "y": np.random.default_rng(1).integers(0, 5, N),
    "lengths": np.array([7, 1, 2, 3, 5, 7, 4, 6, 1, 7, 3]),
}
DATA = SequenceData(**WHOLE)
EVERY_TASK = pytest.mark.parametrize("name", TASKS)


def same(one: SequenceData, other: SequenceData) -> bool:
    return all(np.array_equal(getattr(one, name), getattr(other, name)) for name in ("x", "y", "lengths"))


# -- SequenceData ----------------------------------------------------------------------------------------------------


def test_data_are_kept_in_one_set_of_types():
    data = SequenceData(WHOLE["x"].tolist(), WHOLE["y"].astype(np.uint8), WHOLE["lengths"].astype(np.int32))
    assert (data.x.dtype, data.y.dtype, data.lengths.dtype) == (np.float32, np.int64, np.int64)
    assert same(data, DATA)
    assert len(data) == N
    assert not data.per_step
    assert SequenceData(DATA.x, np.zeros((N, T), int), DATA.lengths).per_step


def odd_x(value: float) -> np.ndarray:
    x = WHOLE["x"].copy()
    x[5, 2, 1] = value
    return x


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"x": WHOLE["x"][0]}, r"x must have the axes \(N, T, D\), each at least 1, got shape \(7, 3\)"),
        ({"x": WHOLE["x"][:0]}, r"x must have the axes .*, got shape \(0, 7, 3\)"),
        ({"x": WHOLE["x"][:, :0]}, r"x must have the axes .*, got shape \(11, 0, 3\)"),
        ({"x": odd_x(np.nan)}, "x must be finite, got nan at sequence 5, step 2"),
        ({"x": odd_x(-np.inf)}, "x must be finite, got -inf at sequence 5, step 2"),
        ({"y": WHOLE["y"][1:]}, r"y must have the shape \(11,\), or \(11, 7\) a step, got \(10,\)"),
        ({"y": np.zeros((T, N), int)}, r"y must have the shape \(11,\), or \(11, 7\) a step, got \(7, 11\)"),
        ({"y": WHOLE["y"] / 2}, r"y must hold whole numbers \(classes\), got float64"),
        ({"y": WHOLE["y"] > 2}, r"y must hold whole numbers \(classes\), got bool"),
        ({"y": WHOLE["y"] - 1}, "y must be at least 0, got -1"),
        ({"lengths": WHOLE["lengths"][1:]}, r"lengths must be 11 whole numbers, got shape \(10,\) of int64"),
        ({"lengths": WHOLE["lengths"] / 2}, r"lengths must be 11 whole numbers, got shape \(11,\) of float64"),
        ({"lengths": WHOLE["lengths"] + 1}, "lengths must be from 1 to 7, got 2 to 8"),
        ({"lengths": WHOLE["lengths"] - 1}, "lengths must be from 1 to 7, got 0 to 6"),
    ],
)
def test_data_that_do_not_fit_together_are_refused(change, message):
    with pytest.raises(ValueError, match=message):
        SequenceData(**{**WHOLE, **change})


@pytest.mark.parametrize(
    "index", [np.array([3, 0, 7]), slice(2, 5), WHOLE["lengths"] > 3], ids=["int", "slice", "bool"]
)
def test_take_keeps_a_sequence_with_its_target_and_its_length(index):
    some = DATA.take(index)
    for name in ("x", "y", "lengths"):
        np.testing.assert_array_equal(getattr(some, name), getattr(DATA, name)[index])


@pytest.mark.parametrize(("share", "count"), [(0.3, 3), (0.001, 1), (0.999, 10)])
def test_held_out_sequences_and_the_rest_are_all_sequences_once(share, count):
    rest, held_out = DATA.held_out(share, np.random.default_rng(0))
    assert len(held_out) == count
    rows = sorted(map(tuple, np.concatenate([rest.x, held_out.x]).reshape(N, -1)))
    assert rows == sorted(map(tuple, DATA.x.reshape(N, -1)))
    again, other = (DATA.held_out(share, np.random.default_rng(seed))[1] for seed in (0, 1))
    assert same(held_out, again)
    assert not same(held_out, other)


def test_nothing_can_be_held_out_of_one_sequence():
    with pytest.raises(ValueError, match="a part can be held out of 2 sequences or more, got 1"):
        DATA.take(slice(1)).held_out(0.1, np.random.default_rng(0))


@pytest.mark.parametrize("size", [1, 3, 11, 97])
def test_batches_are_all_sequences_once_in_pieces_of_one_size(size):
    in_order = list(DATA.batches(size))
    assert [len(batch) for batch in in_order] == [min(size, N - start) for start in range(0, N, size)]
    np.testing.assert_array_equal(np.concatenate([batch.x for batch in in_order]), DATA.x)
    rng = np.random.default_rng(3)
    first, second = (np.concatenate([batch.x for batch in DATA.batches(size, rng)]) for _ in range(2))
    for shuffled in (first, second):
        assert sorted(map(tuple, shuffled.reshape(N, -1))) == sorted(map(tuple, DATA.x.reshape(N, -1)))
        assert not np.array_equal(shuffled, DATA.x)
    assert not np.array_equal(first, second)  # each pass in an order of its own


def test_pad_lays_zeros_after_each_end():
    sequences = [np.full((length, D), length) for length in (2, 5, 1, 3)]
    x, lengths = pad(sequences)
    assert (x.shape, x.dtype) == ((4, 5, D), np.float32)
    np.testing.assert_array_equal(lengths, [2, 5, 1, 3])
    for row, sequence in zip(x, sequences, strict=True):
        np.testing.assert_array_equal(row[: len(sequence)], sequence)
        assert not row[len(sequence) :].any()
    x, lengths = pad([[1, 2, 3], [4.5]])  # numbers alone are sequences with D = 1
    np.testing.assert_array_equal(x, [[[1], [2], [3]], [[4.5], [0], [0]]])
    np.testing.assert_array_equal(lengths, [3, 1])


@pytest.mark.parametrize("sequences", [[], [[1.0], []], [np.zeros((2, 3, 1))]])
def test_pad_refuses_what_are_no_sequences(sequences):
    with pytest.raises(ValueError, match="pad needs at least one sequence, each of shape"):
        pad(sequences)


def test_pad_refuses_sequences_of_different_width():
    with pytest.raises(ValueError, match=r"all sequences must have the same number of inputs, got \[2, 3\]"):
        pad([np.zeros((5, 3)), np.zeros((4, 2))])


# -- every task ------------------------------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def splits() -> dict[str, tuple[SequenceData, SequenceData]]:
    """Each task's training and test part, made once."""
    return {name: task.split() for name, task in TASKS.items()}


@EVERY_TASK
def test_a_task_is_known_by_its_own_name(name):
    task = TASKS[name]
    assert task.name == name
    assert task.title
    assert task.summary.endswith(("?", "."))
    assert task.output_size == len(task.classes) == len(set(task.classes)) >= (1 if task.target == "value" else 2)
    assert make_task(name, {}) == task
    assert task.settings == {}


@EVERY_TASK
def test_the_same_seed_makes_the_same_data_and_another_seed_other_data(name):
    task = TASKS[name]
    assert same(task.make(13, seed=5), task.make(13, seed=5))
    assert not same(task.make(13, seed=5), task.make(13, seed=6))


@EVERY_TASK
@pytest.mark.parametrize("n", [1, 13])
def test_a_task_makes_as_many_sequences_as_it_is_asked_for(name, n):
    task = TASKS[name]
    data = task.make(n, seed=0)
    assert len(data) == n
    assert data.x.shape[2] == task.input_size
    assert data.per_step == task.per_step
    assert data.target == task.target
    assert (data.y.max() < task.output_size) if task.target == "class" else (data.y.shape[-1] == task.output_size)


@EVERY_TASK
@pytest.mark.parametrize("n", [0, -3])
def test_fewer_sequences_than_one_are_refused(name, n):
    with pytest.raises(ValueError, match=f"n must be at least 1, got {n}"):
        TASKS[name].make(n, seed=0)


@EVERY_TASK
def test_a_split_is_always_the_same(name, splits):
    for part, again in zip(splits[name], TASKS[name].split(), strict=True):
        assert same(part, again)


@EVERY_TASK
def test_no_test_sequence_is_in_the_training_part(name, splits):
    trained_on, tested_on = ({row.tobytes() for row in part.x} for part in splits[name])
    assert not trained_on & tested_on


@EVERY_TASK
def test_each_class_or_label_is_in_both_parts(name, splits):
    for part in splits[name]:
        y = part.y[np.arange(part.x.shape[1]) < part.lengths[:, None]] if part.per_step else part.y
        if part.target == "class":
            assert set(y) == set(range(TASKS[name].output_size))
        elif part.target == "labels":
            assert y.max(0).all(), "each label holds somewhere"


@EVERY_TASK
def test_every_setting_says_how_to_show_it_and_lies_where_it_says(name):
    task = TASKS[name]
    for f in fields(task):
        assert f.metadata.keys() >= {"label", "help", "least", "most", "step"}, f.name
        assert f.metadata["label"]
        assert f.metadata["help"].endswith(".")
        assert f.metadata["least"] <= getattr(task, f.name) <= f.metadata["most"]
        kinds = {type(f.metadata[end]) for end in ("least", "most", "step")} | {type(f.default)}
        assert len(kinds) == 1, f"{f.name} mixes {kinds}: a slider must know whether it moves in whole numbers"


@EVERY_TASK
def test_settings_that_differ_from_the_defaults_make_the_task_again(name):
    for f in fields(TASKS[name]):
        for value in (f.metadata["least"], f.metadata["most"]):
            try:
                task = replace(TASKS[name], **{f.name: value})
            except ValueError:
                continue  # two settings may bind one another, as f_low and f_high do
            assert task.settings == ({} if value == f.default else {f.name: value})
            assert make_task(name, task.settings) == task
            assert len(task.make(3, seed=0)) == 3


def test_a_task_or_a_setting_that_is_not_there_is_refused():
    with pytest.raises(ValueError, match=r"task must be one of waves, digits, .*, got 'letters'"):
        make_task("letters", {})
    with pytest.raises(ValueError, match="task 'waves' has no setting 'Q'; it has T, amplitude, f_low, "):
        make_task("waves", {"Q": 1})
    with pytest.raises(ValueError, match="T must be a whole number from 2 to 1000000, got 1"):
        make_task("waves", {"T": 1})


@EVERY_TASK
def test_every_task_trains_for_a_moment(name, splits):
    task = TASKS[name]
    config = ModelConfig(**task.borders, k=3, hidden_size=17)
    some = splits[name][0].take(slice(127))
    apart = -(-some.x.shape[1] // 200)  # of a long sequence every so many steps are enough for this
    y = some.y[:, ::apart] if some.per_step else some.y
    some = replace(some, x=some.x[:, ::apart], y=y, lengths=-(-some.lengths // apart))
    model = SequenceModel(config, generator=torch.Generator().manual_seed(0))
    reports = list(train(model, some, TrainConfig(epochs=5, batch_size=31, device="cpu", rate=0)))
    assert reports[-1].loss < 0.99 * reports[0].loss
