"""A person's own data as a task: split, scaled, kept for one person. Sizes: 31 sequences of up to 13 steps, D = 2."""

from dataclasses import replace
from typing import Any

import numpy as np
import pytest

from mrnn import owndata
from mrnn.data import Target
from mrnn.owndata import Columns, OwnTask, Reading, Sequences, store
from mrnn.recipes import quick
from mrnn.scaling import counted
from mrnn.tasks import make_task

OWNER, OTHER = "a" * 64, "b" * 64
READ_AS = (Reading(), Columns("long", ("u", "v"), "id", "t", "kind"))
COUNTS = (17, 11, 3)  # of the classes


def sequences(target: Target = "class", per_step: bool = False, seed: int = 0) -> Sequences:
    rng = np.random.default_rng(seed)
    n = sum(COUNTS)
    lengths = rng.integers(2, 14, n)
    size = int(lengths.sum())
    labels = np.repeat(np.arange(3), COUNTS)
    order = rng.permutation(n)
    labels = rng.integers(0, 3, size) if per_step else labels[order]
    if target == "value":
        labels = rng.normal(1e4, 50, len(labels)).astype(np.float32)
    return Sequences(
        rng.normal([100, -3], [7, 0.01], (size, 2)).astype(np.float32), lengths, np.arange(n).astype(str), ("u", "v"),
        target, per_step, ("low", "middle", "high") if target == "class" else ("grade",), labels,
    )  # fmt: skip


@pytest.fixture(autouse=True)
def place(tmp_path, monkeypatch):
    monkeypatch.setenv("MRNN_RUNS", str(tmp_path))
    return tmp_path


def kept(found: Sequences | None = None, owner=OWNER, name="mine") -> str:
    return owndata.keep(found or sequences(), name, owner, read_as=READ_AS)


def own_task(own_id: str) -> OwnTask:
    """The task of labelled sequences."""
    task = owndata.own_task(own_id)
    assert isinstance(task, OwnTask)
    return task


def rows_of(data, raw: Sequences, which: np.ndarray):
    """Whether `data` holds the raw sequences at `which`, up to a scale."""
    part = raw.take(which)
    np.testing.assert_array_equal(data.lengths, part.lengths)
    scaled = data.x[counted(data.x, data.lengths)]
    for d in range(2):
        slope = np.polyfit(part.steps[:, d].astype(float), scaled[:, d], 1)[0]
        assert slope == pytest.approx(1 / (7, 0.01)[d], rel=0.2)
    return scaled


def test_taking_sequences_takes_their_steps_and_labels():
    for per_step in (False, True):
        found = sequences(per_step=per_step)
        index = np.array([5, 0, 29, 5])
        part = found.take(index)
        for place, n in enumerate(index):
            here = slice(part.starts[place], part.starts[place] + part.lengths[place])
            there = slice(found.starts[n], found.starts[n] + found.lengths[n])
            np.testing.assert_array_equal(part.steps[here], found.steps[there])
            assert part.names[place] == found.names[n]
            if per_step:
                np.testing.assert_array_equal(np.asarray(part.labels)[here], np.asarray(found.labels)[there])
            else:
                assert np.asarray(part.labels)[place] == np.asarray(found.labels)[n]


@pytest.mark.parametrize("percent", [5, 20, 50])
def test_each_class_is_split_alike_and_no_sequence_is_in_both_parts(percent):
    task = replace(own_task(kept()), test_percent=percent)
    train, test = task.split()
    assert len(train) + len(test) == 31
    for number, count in enumerate(COUNTS):
        tested = int((test.y == number).sum())
        assert tested == min(max(round(count * percent / 100), 1), count - 1)
    together = np.concatenate([train.x[:, 0, 0], test.x[:, 0, 0]])
    assert len(np.unique(together)) == 31
    assert task.extent == (len(train), 13)


def test_the_scale_is_learned_on_the_training_part_alone():
    task = own_task(kept())
    train, test = task.split()
    seen = train.x[counted(train.x, train.lengths)]
    np.testing.assert_allclose(seen.mean(0), 0, atol=1e-3)
    np.testing.assert_allclose(seen.std(0), 1, rtol=1e-3)
    assert abs(test.x[counted(test.x, test.lengths)].mean(0)).max() > 1e-3
    far = sequences()
    tested = np.flatnonzero(np.isin(far.names, [far.names[i] for i in task._rows(far)[1]]))
    for n in tested:
        far.steps[far.starts[n] : far.starts[n] + far.lengths[n]] *= 1000
    moved = own_task(kept(far, name="moved")).split()[0]
    np.testing.assert_array_equal(moved.x, train.x)


@pytest.mark.parametrize("seed", range(7))
def test_each_class_of_steps_is_in_the_part_to_learn_from(seed):
    raw = sequences(per_step=True)
    labels = np.zeros(len(raw.steps), int)
    for n in (3, 5):  # the only sequences that hold class 1
        labels[raw.starts[n]] = 1
    labels[raw.starts[[3, 7, 11]] + 1] = 2
    own_id = kept(replace(raw, labels=labels))
    task = replace(own_task(own_id), test_percent=50, split_seed=seed)
    train, test = task.split()
    assert set(np.unique(train.y[counted(train.x, train.lengths)])) == {0, 1, 2}
    assert (len(train), len(test)) == (15, 16)
    assert task.extent == (15, 13)


def test_another_seed_splits_otherwise_and_the_same_one_alike():
    task = own_task(kept())
    np.testing.assert_array_equal(task.split()[1].x, task.split()[1].x)
    assert not np.array_equal(task.split()[1].y, replace(task, split_seed=7).split()[1].y) or not np.array_equal(
        task.split()[1].lengths, replace(task, split_seed=7).split()[1].lengths
    )


def test_making_draws_from_the_test_part_each_sequence_once():
    task = own_task(kept())
    test = task.split()[1]
    some, all_of_it = task.make(3, seed=1), task.make(10_000, seed=1)
    assert len(some) == 3
    np.testing.assert_array_equal(np.sort(all_of_it.x[:, 0, 0]), np.sort(test.x[:, 0, 0]))
    np.testing.assert_array_equal(some.x, all_of_it.x[:3])


@pytest.mark.parametrize("target", ["class", "value"])
@pytest.mark.parametrize("per_step", [False, True])
def test_labels_of_every_kind_come_back_as_targets(target, per_step):
    raw = sequences(target, per_step)
    task = own_task(kept(raw))
    assert (task.target, task.per_step, task.input_size) == (target, per_step, 2)
    train, test = task.split()
    for data in (train, test):
        assert (data.target, data.per_step) == (target, per_step)
    if target == "value":
        y = test.y[counted(test.x, test.lengths)] if per_step else test.y
        part = raw.take(task._rows(raw)[1])
        np.testing.assert_allclose(task.in_its_unit(y)[:, 0], np.asarray(part.labels), rtol=1e-6)


def test_sequences_without_a_label_are_read_on_the_same_scale():
    raw = sequences()
    task = own_task(kept(raw))
    test = task.split()[1]
    x, lengths = task.read_by_models(replace(raw.take(task._rows(raw)[1]), labels=None))
    np.testing.assert_array_equal(x, test.x)
    np.testing.assert_array_equal(lengths, test.lengths)
    with pytest.raises(ValueError, match="the inputs w; the model has learned from u, v"):
        task.read_by_models(replace(raw, inputs=("w",), steps=raw.steps[:, :1]))


# -- kept --------------------------------------------------------------------------------------------------------------


def test_what_is_kept_is_the_task_of_that_name_with_its_settings():
    own_id = kept()
    task = make_task(own_id, {"test_percent": 40})
    assert (task.name, task.title, task.classes, task.settings) == (
        own_id, "mine", ("low", "middle", "high"), {"test_percent": 40},
    )  # fmt: skip
    with pytest.raises(ValueError, match="has no setting 'kept'"):
        make_task(own_id, {"kept": 1})
    with pytest.raises(ValueError, match="test_percent must be a whole number from 1 to 90, got 91"):
        make_task(own_id, {"test_percent": 91})


def test_two_tasks_of_the_same_data_and_settings_are_equal():
    own_id = kept()
    assert make_task(own_id, {}) == make_task(own_id, {})
    assert make_task(own_id, {}) != make_task(own_id, {"test_percent": 40})


def test_the_same_data_of_the_same_person_are_kept_once():
    assert kept() == kept(name="renamed")
    assert [one.name for one in owndata.list_kept(OWNER)] == ["renamed"]
    assert kept(owner=OTHER) != kept()


def test_data_belong_to_one_person():
    own_id = kept()
    assert owndata.may_use(own_id, OWNER)
    assert not owndata.may_use(own_id, OTHER)
    assert not owndata.may_use(own_id, None)
    assert owndata.may_use("waves", None)
    assert owndata.list_kept(OTHER) == []
    with pytest.raises(ValueError, match="only one's own data"):
        owndata.delete(own_id, OTHER)
    owndata.delete(own_id, OWNER)
    assert owndata.list_kept() == []
    assert not owndata.may_use(own_id, OWNER)
    with pytest.raises(ValueError, match="are not here; upload them again"):
        make_task(own_id, {})


@pytest.mark.parametrize("name", ["own-../../etc", "own-" + "g" * 24, "", None, 7])
def test_an_id_that_cannot_be_one_leads_nowhere(name):
    assert not owndata.is_own(name)
    with pytest.raises(ValueError, match="task must be one of"):
        make_task(name, {})


def test_room_is_bounded_for_a_person_and_for_all(monkeypatch):
    monkeypatch.setattr(store, "MOST_KEPT", 2)
    kept(sequences(seed=1))
    kept(sequences(seed=2))
    with pytest.raises(ValueError, match="at most 2 data sets"):
        kept(sequences(seed=3))
    kept(sequences(seed=2))  # what is there already takes no more
    monkeypatch.setattr(store, "MOST_KEPT", 3)
    size = sum(one.size for one in owndata.list_kept(OWNER))
    monkeypatch.setenv("MRNN_MAX_OWN_DATA_EACH", str(size + 1))
    with pytest.raises(
        ValueError, match=r"may take 0 MB together, these need 0.0 MB beside the 0.0 MB .*; delete some"
    ):
        kept(sequences(seed=3))
    kept(sequences(seed=2))
    kept(sequences(seed=3), owner=OTHER)  # has room of their own
    owndata.delete(owndata.list_kept(OTHER)[0].id, OTHER)
    monkeypatch.setenv("MRNN_MAX_OWN_DATA", "5000")
    with pytest.raises(ValueError, match="no room for 0 MB more"):
        kept(sequences(seed=3), owner=OTHER)


def test_what_cannot_be_learned_from_is_not_kept():
    with pytest.raises(ValueError, match="choose the label"):
        kept(replace(sequences(), labels=None))
    with pytest.raises(ValueError, match="need a name"):
        kept(name=" \n")


def test_a_folder_that_is_damaged_hides_no_other(place):
    own_id, other = kept(), kept(sequences(seed=1))
    (place / "own" / own_id / "about.json").write_text("{}")
    assert [one.id for one in owndata.list_kept(OWNER)] == [other]
    (place / "own" / other / "data.npz").write_bytes(b"PK")
    with pytest.raises(ValueError, match="are damaged"):
        owndata.load(other)


def test_nothing_is_left_behind_when_keeping_fails(place, monkeypatch):
    def full(*_arrays: Any, **_named: Any) -> None:
        raise OSError("no space left")

    monkeypatch.setattr(store.np, "savez", full)
    with pytest.raises(OSError, match="no space"):
        kept()
    assert list((place / "own").iterdir()) == []


def test_the_parts_are_made_once_for_each_split_until_the_data_are_deleted(monkeypatch):
    own_id, reads = kept(), []
    load = store.load
    monkeypatch.setattr(store, "load", lambda asked: reads.append(asked) or load(asked))
    task = own_task(own_id)
    train, test = task.split()
    drawn = [own_task(own_id).make(5, seed) for seed in (1, 1, 2)]
    assert reads == [own_id]
    assert all(np.shares_memory(a.x, b.x) for a, b in zip(own_task(own_id).split(), (train, test), strict=True))
    np.testing.assert_array_equal(drawn[0].x, drawn[1].x)
    assert not np.shares_memory(drawn[0].x, test.x)
    assert len(replace(task, test_percent=50).split()[1]) > len(test)
    assert len(replace(task, split_seed=3).split()[1]) == len(test)
    assert reads == [own_id] * 3
    owndata.delete(own_id, OWNER)
    assert store.split_parts.size == 0


def test_in_long_sequences_memory_reaches_over_all_steps_from_the_start(monkeypatch):
    task = own_task(kept())
    assert quick(task)[0]["span"] == 0
    monkeypatch.setattr("mrnn.recipes.LONG", 10)
    assert quick(task)[0]["span"] == 13  # the longest
    monkeypatch.setattr("mrnn.recipes.LONGEST", 11)  # what the form can say
    assert quick(task)[0]["span"] == 11
