"""Runs as folders: their life, what a damaged one does, whose they are, and what a stranger may upload."""

import json
import os
import pickle
import subprocess
import sys
import time
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from mrnn import ModelConfig, RunConfig, SequenceModel, TrainConfig, load, read_notes, runs, save

PROJECT = Path(__file__).resolve().parents[1]
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
    runs.execute(run_id)
    return run_id


# -- the life of a run -----------------------------------------------------------------------------------------------


@pytest.mark.usefixtures("tiny_task")
def test_a_run_waits_runs_and_ends_with_a_model(monkeypatch):
    run_id = runs.create(TINY, ME)
    waiting = runs.read(run_id)
    assert (waiting.state, waiting.active, waiting.config, waiting.model_file) == ("waiting", True, TINY, None)
    seen = []
    perform = runs.perform

    def watched(config: RunConfig, **callbacks: Any) -> Any:
        on_report = callbacks["on_report"]
        callbacks["on_report"] = lambda report: (on_report(report), seen.append(runs.read(run_id)))
        return perform(config, **callbacks)

    monkeypatch.setattr(runs, "perform", watched)
    runs.execute(run_id)
    assert [(run.state, len(run.history)) for run in seen] == [("running", 1), ("running", 2), ("running", 3)]
    run = runs.read(run_id)
    assert (run.state, run.active, run.reason, len(run.history)) == ("finished", False, "", 3)
    assert [report["epoch"] for report in run.history] == [1, 2, 3]
    assert run.model_file is not None
    assert read_notes(run.model_file) == run.result
    assert load(run.model_file).config == TINY.model


@pytest.mark.usefixtures("tiny_task")
def test_a_run_that_is_stopped_before_it_begins_trains_nothing():
    run_id = runs.create(TINY, ME)
    runs.stop(run_id)
    runs.execute(run_id)
    run = runs.read(run_id)
    assert (run.state, run.active, run.history, run.model_file) == ("stopped", False, (), None)


@pytest.mark.usefixtures("tiny_task")
def test_a_run_that_is_stopped_keeps_the_best_model_so_far(monkeypatch):
    run_id = runs.create(replace(TINY, training=replace(TINY.training, epochs=1000)), ME)
    perform = runs.perform

    def stopped_in_epoch_3(config: RunConfig, **callbacks: Any) -> Any:
        on_report = callbacks["on_report"]
        callbacks["on_report"] = lambda r: (on_report(r), runs.stop(run_id) if r.epoch == 2 else None)
        return perform(config, **callbacks)

    monkeypatch.setattr(runs, "perform", stopped_in_epoch_3)
    runs.execute(run_id)
    run = runs.read(run_id)
    assert (run.state, len(run.history)) == ("stopped", 2)
    assert run.model_file is not None
    assert run.result["figures"]["epochs"] == 2


@pytest.mark.usefixtures("tiny_task")
def test_a_run_that_ended_is_not_trained_again():
    run_id = finished()
    before = runs.read(run_id)
    runs.execute(run_id)
    assert runs.read(run_id) == before


@pytest.mark.usefixtures("tiny_task")
@pytest.mark.parametrize(
    ("change", "reason"),
    [
        ({"task": "letters"}, "task must be one of waves, digits, tiny, got 'letters'"),
        ({"task": "waves"}, "the model does not fit task 'waves'"),
        ({"settings": {"Q": 1}}, "task 'tiny' has no setting 'Q'"),
        ({"training": TrainConfig(device="nowhere")}, "device must be one of auto"),
    ],
)
def test_a_run_that_cannot_be_trained_says_why_in_one_sentence(change, reason):
    run_id = runs.create(replace(TINY, **change), ME)
    runs.execute(run_id)
    run = runs.read(run_id)
    assert (run.state, run.model_file) == ("failed", None)
    assert reason in run.reason
    assert "\n" not in run.reason


def test_a_run_whose_process_is_gone_is_said_to_have_failed():
    run_id = runs.create(TINY, ME)
    progress = runs.folder_of(run_id) / "progress.json"
    progress.write_text('{"done": 3, "total": 7, "device": "cpu"}')
    assert runs.read(run_id).state == "running"
    long_ago = time.time() - runs.LOST_AFTER - 1
    os.utime(progress, (long_ago, long_ago))
    run = runs.read(run_id)
    assert (run.state, run.reason) == ("failed", "the process that trained it is gone; train it again")


@pytest.mark.slow
def test_a_run_whose_process_is_killed_leaves_a_whole_folder_and_can_be_trained_again(folder):
    model = ModelConfig(input_size=1, output_size=2, k=2, hidden_size=3)
    long = RunConfig(task="waves", model=model, training=TrainConfig(epochs=500, batch_size=1009, device="cpu"))
    run_id = runs.create(long, ME)
    command = [sys.executable, "-c", f"from mrnn import runs; runs.execute({run_id!r})"]
    with subprocess.Popen(command, cwd=PROJECT, env={**os.environ, "MRNN_RUNS": str(folder)}) as process:
        deadline = time.monotonic() + 60
        while len(runs.read(run_id).history) < 2 and time.monotonic() < deadline:
            time.sleep(0.02)
        process.kill()
    killed = runs.read(run_id)
    assert (killed.state, killed.model_file) == ("running", None), "until its last sign of life is old"
    assert len(killed.history) >= 2
    short = replace(long, training=replace(long.training, epochs=1))
    (folder / run_id / "config.json").write_text(json.dumps({"owner": ME, "created": 1.0, "run": short.to_dict()}))
    runs.execute(run_id)
    again = runs.read(run_id)
    assert (again.state, len(again.history)) == ("finished", 1), "the epochs of the killed attempt do not count"


# -- damaged folders -------------------------------------------------------------------------------------------------

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
    "progress that is text": lambda path: (path / "progress.json").write_text('{"done": "many"}'),
}


@pytest.mark.usefixtures("tiny_task")
@pytest.mark.parametrize("damage", DAMAGE)
def test_a_damaged_run_is_shown_as_such_and_hides_no_other(damage):
    damaged, whole = finished(), finished()
    DAMAGE[damage](runs.folder_of(damaged))
    states = {run.id: (run.state, run.reason) for run in runs.list_runs()}
    assert states == {damaged: ("failed", "its folder is damaged"), whole: ("finished", "")}


@pytest.mark.usefixtures("tiny_task")
def test_a_line_of_history_without_its_end_is_left_for_the_next_reader():
    run_id = finished()
    with (runs.folder_of(run_id) / "history.jsonl").open("a") as file:
        file.write('{"epoch": 4, "lo')
    assert len(runs.read(run_id).history) == 3


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
    with pytest.raises(ValueError, match="only one's own runs can be deleted"):
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
@pytest.mark.parametrize("use", [runs.read, runs.stop, runs.execute, lambda run_id: runs.delete(run_id, ME)])
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
