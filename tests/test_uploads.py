"""What strangers may upload, and what is refused."""

import pickle
from pathlib import Path
from typing import Any

import pytest

from mrnn import ModelConfig, SequenceModel, queue, room, runs, save, uploads
from tests.tiny_runs import ME, OTHER, TINY

pytestmark = pytest.mark.usefixtures("folder")


def model_file(path: Path, notes: Any = None, **fields: Any) -> bytes:
    shape: dict[str, Any] = {"input_size": 1, "output_size": 2, "k": 2, "hidden_size": 3, **fields}
    save(SequenceModel(ModelConfig(**shape)), path, {"task": "waves", "settings": {}} if notes is None else notes)
    return path.read_bytes()


@pytest.mark.parametrize(("name", "most"), [("k", 16), ("num_layers", 8), ("hidden_size", 1024)])
def test_a_model_too_large_to_share_a_server_with_is_refused(tmp_path, name, most):
    with pytest.raises(ValueError, match=f"an uploaded model may have {name} = {most}, this one has {most + 1}"):
        uploads.adopt(model_file(tmp_path / "m.safetensors", **{name: most + 1}), "m.safetensors", ME)
    if name != "hidden_size":
        assert uploads.adopt(model_file(tmp_path / "m.safetensors", **{name: most}), "m.safetensors", ME)


def test_a_model_saved_with_no_more_than_its_task_is_taken(tmp_path):
    assert uploads.adopt(model_file(tmp_path / "m.safetensors", {"task": "waves"}), "m.safetensors", ME)


def test_an_uploaded_model_comes_back_bit_equal_and_is_its_owners_alone(tmp_path):
    content = model_file(tmp_path / "mine.safetensors")
    first, again = (uploads.adopt(content, "mine.safetensors", ME) for _ in range(2))
    other = uploads.adopt(content, "mine.safetensors", OTHER)
    assert first == again != other
    (run,) = runs.list_runs(ME)
    assert (run.id, run.state, run.label, run.active) == (first, "uploaded", "mine.safetensors", False)
    assert run.model_file is not None
    assert run.model_file.read_bytes() == content


def test_an_uploaded_model_finds_no_room_that_is_reserved(tmp_path, monkeypatch):
    content = model_file(tmp_path / "m.safetensors")
    queue.create(TINY, OTHER)
    taken = room.used_bytes() + room.reserved_bytes()
    assert taken > room.training_bytes(TINY) - 100
    monkeypatch.setenv("MRNN_MAX_DISK", str(taken + len(content) - 1))
    with pytest.raises(ValueError, match="there is no room"):
        uploads.adopt(content, "m.safetensors", ME)
    assert runs.list_runs(ME) == []
    monkeypatch.setenv("MRNN_MAX_DISK", str(taken + len(content)))
    assert uploads.adopt(content, "m.safetensors", ME)


@pytest.mark.parametrize("name", ["../../evil.safetensors", "/etc/passwd", "a\x00\n\x1b[31mb", "x" * 1009, ""])
def test_the_name_of_an_upload_is_never_a_path(name, folder, tmp_path):
    run_id = uploads.adopt(model_file(tmp_path / "m.safetensors"), name, ME)
    label = runs.read(run_id).label
    assert label.isprintable()
    assert 1 <= len(label) <= 60
    assert {path.name for path in folder.iterdir()} == {run_id, ".lock"}
    assert {path.name for path in (folder / run_id).iterdir()} == {"config.json", "result.json", "model.safetensors"}


def test_uploads_are_bounded_in_size_and_number(tmp_path, monkeypatch, folder):
    content = model_file(tmp_path / "m.safetensors")
    monkeypatch.setattr(uploads, "MAX_MODEL_BYTES", len(content) - 1)
    with pytest.raises(ValueError, match=r"a model file may have \d+ MB"):
        uploads.adopt(content, "m", ME)
    assert not folder.exists()
    monkeypatch.setattr(uploads, "MAX_MODEL_BYTES", len(content) + 100)
    monkeypatch.setattr(uploads, "MAX_UPLOADS", 2)
    for k in (2, 3):
        uploads.adopt(model_file(tmp_path / "m.safetensors", k=k, hidden_size=2), "m", ME)
    with pytest.raises(ValueError, match="at most 2 uploaded models are kept for a person; delete one first"):
        uploads.adopt(content, "m", ME)
    uploads.adopt(content, "m", OTHER)
    assert len(runs.list_runs(ME)) == 2


REFUSED: dict[str, tuple[Any, str]] = {
    "empty": (b"", "is not a whole .safetensors file"),
    "a pickle": (pickle.dumps({"weights": [1, 2]}), "is not a whole .safetensors file"),
    "no task": ({}, "task must be one of waves, digits, "),
    "a task there is not": ({"task": "letters", "settings": {}}, "task must be one of waves, digits, "),
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
    "a history that is text": ({"task": "waves", "history": "long"}, "the history of a model must be a list"),
    "a history of numbers": ({"task": "waves", "history": [1]}, "must be a list of at most 10,000 reports of epochs"),
    "a report that says little": ({"task": "waves", "history": [{"epoch": 1}]}, "an epoch's report must have"),
    "a report in words": (
        {"task": "waves", "history": [dict.fromkeys(runs.REPORTED, 1) | {"tau": "hot"}]},
        "tau of an epoch's report must be a finite number, got 'hot'",
    ),
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
        uploads.adopt(content, "m.safetensors", ME)
    assert "\n" not in str(refusal.value)
    assert not folder.exists() or not list(folder.iterdir())
