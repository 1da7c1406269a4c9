"""Runs as folders: their life, what a damaged one does, whose they are, and what a stranger may upload."""

import json
import os
import pickle
import socket
import threading
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import psutil
import pytest

from mrnn import ModelConfig, RunConfig, SequenceModel, TrainConfig, claims, runs, save, worker

ME, OTHER = runs.owner_of("a" * 32), runs.owner_of("b" * 32)
TINY = RunConfig(
    task="tiny",
    model=ModelConfig(input_size=2, output_size=3, k=2, hidden_size=3),
    training=TrainConfig(epochs=3, batch_size=17, device="cpu"),
)


@pytest.fixture(autouse=True)
def folder(tmp_path, monkeypatch) -> Path:
    monkeypatch.setenv("MRNN_RUNS", str(tmp_path / "runs"))
    return tmp_path / "runs"


def finished(owner: str = ME) -> str:
    run_id = runs.create(TINY, owner)
    worker.execute(run_id)
    return run_id


# -- the queue -------------------------------------------------------------------------------------------------------


def waiting(number: int) -> str:
    return runs.create(TINY, runs.owner_of(f"person {number}"))


def test_first_come_first_served():
    ids = [waiting(number) for number in range(5)]
    assert [run.id for run in runs.queue()] == ids
    runs.stop(ids[1])
    assert [run.id for run in runs.queue()] == [ids[0], *ids[2:]]
    runs.resume(ids[1], runs.owner_of("person 1"))
    assert [run.id for run in runs.queue()] == [ids[0], *ids[2:], ids[1]], "whoever stopped goes to the end"


def test_one_run_at_a_time_for_each_person_even_with_two_clicks_at_once():
    outcomes = []

    def click() -> None:
        try:
            outcomes.append(runs.create(TINY, ME))
        except ValueError as error:
            outcomes.append(str(error))

    threads = [threading.Thread(target=click) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    refusals = [text for text in outcomes if text.startswith("one run at a time for each person")]
    assert (len(refusals), len(runs.list_runs(ME))) == (7, 1)
    runs.stop(runs.list_runs(ME)[0].id)
    assert runs.create(TINY, ME)


def test_a_full_queue_refuses_politely_and_keeps_what_is_in_it(monkeypatch):
    monkeypatch.setenv("MRNN_MAX_QUEUE", "3")
    ids = [waiting(number) for number in range(3)]
    with pytest.raises(ValueError, match="the queue is full: 3 runs wait or train already; try again in some minutes"):
        waiting(3)
    assert [run.id for run in runs.queue()] == ids
    runs.stop(ids[0])
    assert waiting(3)


@pytest.mark.parametrize("name", ["MRNN_MAX_QUEUE", "MRNN_MAX_DISK"])
@pytest.mark.parametrize("value", ["many", "0", "-1", "nan"])
def test_a_bound_that_is_no_number_is_said(monkeypatch, name, value):
    monkeypatch.setenv(name, value)
    with pytest.raises(ValueError, match=f"{name} must be a number above 0, got '{value}'"):
        runs.create(TINY, ME)


@pytest.mark.usefixtures("tiny_task")
def test_only_what_was_stopped_or_failed_can_be_resumed():
    run_id = finished()
    with pytest.raises(ValueError, match="can be resumed if it was stopped or failed; this one is finished"):
        runs.resume(run_id, ME)
    run_id = runs.create(TINY, ME)
    with pytest.raises(ValueError, match="this one is waiting"):
        runs.resume(run_id, ME)
    runs.stop(run_id)
    with pytest.raises(ValueError, match="only one's own runs can be changed"):
        runs.resume(run_id, OTHER)


def test_jobs_take_turns_so_that_a_sweep_holds_nobody_up():
    def sweep(letter: str) -> list[str]:
        ids = [f"sweep-{24 * letter}-{number:04}" for number in range(4)]
        for run_id in ids:
            runs.put(run_id, TINY, runs.owner_of(letter))
        return ids

    first, alone, second = sweep("b"), waiting(1), sweep("a")
    assert [run.id for run in runs.queue()] == [
        first[0], alone, second[0], first[1], second[1], first[2], second[2], first[3], second[3],
    ]  # fmt: skip
    claims.claim(runs.folder_of(first[0]))
    late = waiting(2)
    assert [run.id for run in runs.queue()][:4] == [alone, second[0], late, first[1]], "its turn is being taken"


def test_a_sweep_counts_as_one_job(monkeypatch):
    monkeypatch.setenv("MRNN_MAX_QUEUE", "2")
    for number in range(5):
        runs.put(f"sweep-{24 * 'a'}-{number:04}", TINY, ME)
    with pytest.raises(ValueError, match="one run at a time for each person"):
        runs.create(TINY, ME)
    waiting(1)
    with pytest.raises(ValueError, match="the queue is full: 2 runs wait or train already"):
        waiting(2)


# -- who trains it ---------------------------------------------------------------------------------------------------


def test_a_run_is_claimed_by_one_process_alone():
    run_id = runs.create(TINY, ME)
    outcomes = []
    threads = [threading.Thread(target=lambda: outcomes.append(claims.claim(runs.folder_of(run_id)))) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(outcomes) == [False] * 7 + [True]
    assert (runs.read(run_id).state, runs.read(run_id).attempts) == ("running", 1)


def claimed(run_id: str, **changes: Any) -> None:
    """As if another process had taken it on."""
    me = psutil.Process()
    values = {"host": socket.gethostname(), "pid": me.pid, "began": me.create_time(), "at": time.time(), **changes}
    (runs.folder_of(run_id) / "claim-1.json").write_text(json.dumps(values))


@pytest.mark.parametrize(
    ("changes", "state"),
    [
        ({}, "running"),
        ({"began": 1.0}, "waiting"),  # another process has got its number since
        ({"pid": 2**22 + 1}, "waiting"),
        ({"host": "another computer"}, "running"),
        ({"host": "another computer", "at": time.time() - claims.LOST_AFTER - 60}, "waiting"),
        ({"at": time.time() - claims.LOST_AFTER - 60}, "waiting"),  # there, but without a sign of life
    ],
)
def test_a_run_runs_as_long_as_its_process_lives(changes, state):
    run_id = runs.create(TINY, ME)
    claimed(run_id, **changes)
    assert runs.read(run_id).state == state
    assert claims.claim(runs.folder_of(run_id)) is (state == "waiting")


def test_a_sign_of_life_keeps_a_run_on_another_computer_running():
    run_id = runs.create(TINY, ME)
    claimed(run_id, host="another computer", at=time.time() - 1000)
    progress = runs.folder_of(run_id) / "progress.json"
    progress.write_text('{"done": 3, "total": 7, "device": "cpu"}')
    run = runs.read(run_id)
    assert (run.state, run.done, run.total, run.device) == ("running", 3, 7, "cpu")
    long_ago = time.time() - claims.LOST_AFTER - 1
    os.utime(progress, (long_ago, long_ago))
    assert runs.read(run_id).state == "waiting"


# -- room ------------------------------------------------------------------------------------------------------------


@pytest.mark.usefixtures("tiny_task")
def test_the_oldest_runs_that_are_over_and_not_public_make_room(monkeypatch):
    ids = [finished(runs.owner_of(f"person {number}")) for number in range(5)]
    runs.publish(ids[1], runs.owner_of("person 1"))
    each = runs.used_bytes() / 5
    monkeypatch.setenv("MRNN_MAX_DISK", str(3.5 * each))
    waits = waiting(7)
    assert {run.id for run in runs.list_runs()} == {ids[1], ids[3], ids[4], waits}
    monkeypatch.setenv("MRNN_MAX_DISK", "1")
    waiting(8)
    assert {run.id for run in runs.list_runs() if not run.active} == {ids[1]}, "what is public stays"


@pytest.mark.usefixtures("tiny_task")
def test_a_run_is_public_as_long_as_its_owner_lets_others_see_it():
    run_id = finished()
    assert not runs.read(run_id).public
    with pytest.raises(ValueError, match="only one's own runs can be changed"):
        runs.publish(run_id, OTHER)
    runs.publish(run_id, ME)
    assert runs.read(run_id).public
    runs.publish(run_id, ME, public=False)
    assert not runs.read(run_id).public


@pytest.mark.usefixtures("tiny_task")
def test_what_changes_in_a_run_that_is_over_is_seen_at_once(monkeypatch):
    monkeypatch.setattr(runs, "SETTLED", -1)
    run_id = finished()
    one, again = (runs.list_runs()[0] for _ in range(2))
    assert one is again, "it is read once"
    runs.publish(run_id, ME)
    assert runs.list_runs()[0].public
    assert [run.id for run in runs.leaving()] == []
    runs.delete(run_id, ME)
    assert runs.list_runs() == []
    assert runs._known == {}


# -- damaged folders -------------------------------------------------------------------------------------------------


def _halve(path: Path) -> None:
    content = path.read_bytes()
    path.write_bytes(content[: len(content) // 2])


DAMAGE: dict[str, Callable[[Path], Any]] = {
    "no configuration": lambda path: (path / "config.json").unlink(),
    "half a configuration": lambda path: (path / "config.json").write_text('{"owner": "'),
    "a configuration that is a list": lambda path: (path / "config.json").write_text("[1]"),
    "a run that is a number": lambda path: (path / "config.json").write_text('{"owner": "x", "created": 1, "run": 7}'),
    "bytes for a configuration": lambda path: (path / "config.json").write_bytes(b"\xff\xfe\x00"),
    "half a result": lambda path: (path / "result.json").write_text('{"state":'),
    "a result without a state": lambda path: (path / "result.json").write_text("{}"),
    "a result that is a folder": lambda path: ((path / "result.json").unlink(), (path / "result.json").mkdir()),
    "a history that is no JSON": lambda path: (path / "history.jsonl").write_text("epoch 1\n"),
    "half a history": lambda path: _halve(path / "history.jsonl"),
    "half a claim": lambda path: _halve(path / "claim-1.json"),
    "progress that is text": lambda path: (path / "progress.json").write_text('{"done": "many"}'),
}


@pytest.mark.usefixtures("tiny_task")
@pytest.mark.parametrize("damage", DAMAGE)
def test_a_damaged_run_is_shown_as_such_and_hides_no_other(damage):
    damaged, whole = finished(), finished()
    DAMAGE[damage](runs.folder_of(damaged))
    states = {run.id: (run.state, run.reason) for run in runs.list_runs()}
    assert states == {damaged: ("failed", "its folder is damaged"), whole: ("finished", "")}


def test_what_is_no_run_is_not_listed(folder):
    assert runs.list_runs() == []
    for name in ("notes", ".hidden", "20260101-000000-XYZ", "upload-1"):
        (folder / name).mkdir(parents=True)
    assert runs.list_runs() == []


# -- owners ----------------------------------------------------------------------------------------------------------


@pytest.mark.usefixtures("tiny_task")
def test_one_persons_runs_are_not_anothers():
    mine, theirs = finished(ME), finished(OTHER)
    assert [run.id for run in runs.list_runs(ME)] == [mine]
    assert [run.id for run in runs.list_runs(OTHER)] == [theirs]
    with pytest.raises(ValueError, match="only one's own runs can be changed"):
        runs.delete(theirs, ME)
    runs.delete(mine, ME)
    assert [run.id for run in runs.list_runs()] == [theirs]


def test_a_run_that_is_active_cannot_be_deleted(folder):
    run_id = runs.create(TINY, ME)
    with pytest.raises(ValueError, match="a run can be deleted when it is over; stop it first"):
        runs.delete(run_id, ME)
    runs.stop(run_id)
    runs.delete(run_id, ME)
    assert list(folder.iterdir()) == []


def test_the_key_of_a_person_stands_nowhere_in_the_folder(folder):
    runs.create(TINY, runs.owner_of("my secret key"))
    assert all("my secret key" not in path.read_text() for path in folder.rglob("*.json"))


@pytest.mark.parametrize(
    "run_id", ["", ".", "..", "../x", "/etc", "a\x00b", "upload-" + "g" * 24, "upload-../../../../x"]
)
@pytest.mark.parametrize("use", [runs.read, runs.stop, worker.execute, lambda run_id: runs.delete(run_id, ME)])
def test_what_cannot_be_an_id_is_never_a_path(run_id, use):
    with pytest.raises(ValueError, match="is no run's id"):
        use(run_id)


# -- uploads ---------------------------------------------------------------------------------------------------------


def model_file(path: Path, notes: Any = None, **fields: Any) -> bytes:
    shape: dict[str, Any] = {"input_size": 1, "output_size": 2, "k": 2, "hidden_size": 3, **fields}
    save(SequenceModel(ModelConfig(**shape)), path, {"task": "waves", "settings": {}} if notes is None else notes)
    return path.read_bytes()


@pytest.mark.parametrize(("name", "most"), [("k", 16), ("num_layers", 8), ("hidden_size", 1024)])
def test_a_model_too_large_to_share_a_server_with_is_refused(tmp_path, name, most):
    with pytest.raises(ValueError, match=f"an uploaded model may have {name} = {most}, this one has {most + 1}"):
        runs.adopt(model_file(tmp_path / "m.safetensors", **{name: most + 1}), "m.safetensors", ME)
    if name != "hidden_size":
        assert runs.adopt(model_file(tmp_path / "m.safetensors", **{name: most}), "m.safetensors", ME)


def test_a_model_saved_with_no_more_than_its_task_is_taken(tmp_path):
    assert runs.adopt(model_file(tmp_path / "m.safetensors", {"task": "waves"}), "m.safetensors", ME)


def test_an_uploaded_model_comes_back_bit_equal_and_is_its_owners_alone(tmp_path):
    content = model_file(tmp_path / "mine.safetensors")
    first, again = (runs.adopt(content, "mine.safetensors", ME) for _ in range(2))
    other = runs.adopt(content, "mine.safetensors", OTHER)
    assert first == again != other
    (run,) = runs.list_runs(ME)
    assert (run.id, run.state, run.label, run.active) == (first, "uploaded", "mine.safetensors", False)
    assert run.model_file is not None
    assert run.model_file.read_bytes() == content


@pytest.mark.parametrize("name", ["../../evil.safetensors", "/etc/passwd", "a\x00\n\x1b[31mb", "x" * 1009, ""])
def test_the_name_of_an_upload_is_never_a_path(name, folder, tmp_path):
    run_id = runs.adopt(model_file(tmp_path / "m.safetensors"), name, ME)
    label = runs.read(run_id).label
    assert label.isprintable()
    assert 1 <= len(label) <= 60
    assert {path.name for path in folder.iterdir()} == {run_id}
    assert {path.name for path in (folder / run_id).iterdir()} == {"config.json", "result.json", "model.safetensors"}


def test_uploads_are_bounded_in_size_and_number(tmp_path, monkeypatch, folder):
    content = model_file(tmp_path / "m.safetensors")
    monkeypatch.setattr(runs, "MAX_MODEL_BYTES", len(content) - 1)
    with pytest.raises(ValueError, match=r"a model file may have \d+ MB"):
        runs.adopt(content, "m", ME)
    assert not folder.exists()
    monkeypatch.setattr(runs, "MAX_MODEL_BYTES", len(content) + 100)
    monkeypatch.setattr(runs, "MAX_UPLOADS", 2)
    for k in (2, 3):
        runs.adopt(model_file(tmp_path / "m.safetensors", k=k, hidden_size=2), "m", ME)
    with pytest.raises(ValueError, match="at most 2 uploaded models are kept for a person; delete one first"):
        runs.adopt(content, "m", ME)
    runs.adopt(content, "m", OTHER)
    assert len(runs.list_runs(ME)) == 2


REFUSED: dict[str, tuple[Any, str]] = {
    "empty": (b"", "is not a whole .safetensors file"),
    "a pickle": (pickle.dumps({"weights": [1, 2]}), "is not a whole .safetensors file"),
    "no task": ({}, "task must be one of waves, digits, got None"),
    "a task there is not": ({"task": "letters", "settings": {}}, "task must be one of waves, digits, got 'letters'"),
    "a task that is a list": ({"task": ["waves"], "settings": {}}, "task must be one of waves, digits"),
    "another task's model": ({"task": "digits", "settings": {}}, "the model does not fit task 'digits'"),
    "settings that are null": (
        {"task": "waves", "settings": None},
        "settings of task 'waves' must be names and values, got None",
    ),
    "figures that are a list": ({"task": "waves", "figures": [1]}, "figures of a model must be an object, got list"),
    "figures that are null": ({"task": "waves", "figures": None}, "figures of a model must be an object"),
    "an accuracy that is text": ({"task": "waves", "figures": {"test_accuracy_hard": "1"}}, "a number from 0 to 1"),
    "an accuracy above 1": ({"task": "waves", "figures": {"test_accuracy_hard": 1.5}}, "a number from 0 to 1"),
    "settings that are a list": (
        {"task": "waves", "settings": [1]},
        "settings of task 'waves' must be names and values",
    ),
    "a setting unknown": ({"task": "waves", "settings": {"Q": 1}}, "task 'waves' has no setting 'Q'"),
    "a setting that is text": ({"task": "waves", "settings": {"T": "50"}}, "T must be a whole number"),
    "a setting that is a list": ({"task": "waves", "settings": {"sigma": [1]}}, "sigma must be a number"),
    "a setting that is null": ({"task": "waves", "settings": {"amplitude": None}}, "amplitude must be a number"),
    "a setting that is huge": ({"task": "waves", "settings": {"sigma": 10**400}}, "sigma must be a number"),
    "endless sequences": ({"task": "waves", "settings": {"T": 1_000_000}}, "beyond what can be shown here"),
}


@pytest.mark.parametrize("case", REFUSED)
def test_an_upload_that_is_no_model_of_ours_is_refused_and_leaves_nothing(case, folder, tmp_path):
    given, message = REFUSED[case]
    content = given if isinstance(given, bytes) else model_file(tmp_path / "m.safetensors", given)
    with pytest.raises(ValueError, match=message) as refusal:
        runs.adopt(content, "m.safetensors", ME)
    assert "\n" not in str(refusal.value)
    assert not folder.exists() or not list(folder.iterdir())
