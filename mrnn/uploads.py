"""Models that people send: checked as what a stranger may have made, then kept as runs of theirs."""

import hashlib
import secrets
import shutil
import time
from dataclasses import fields
from typing import Any

from mrnn import room, runs
from mrnn.checkpoint import load, read_notes
from mrnn.config import ModelConfig
from mrnn.files import write_json
from mrnn.owndata import may_use
from mrnn.place import runs_folder

MAX_MODEL_BYTES = 64 * 2**20
MAX_UPLOADS = 20  # a person
MAX_EPOCHS = 10_000  # that a model's notes may tell of
LARGEST = {
    "k": 16,
    "num_layers": 8,
    "hidden_size": 1024,
    "embedding": 1024,
}  # of a model, which others share a server with


def adopt(content: bytes, name: str, owner: str) -> str:
    """Keep a model file that a person uploads, and return its run's id.

    content  of a file that `save` wrote; taken for what a stranger may have sent
    name     the file's, shown but never used as a path
    raises   ValueError that says what is wrong with it, or that there is no room; nothing is kept then
    """
    if len(content) > MAX_MODEL_BYTES:
        raise ValueError(
            f"a model file may have {MAX_MODEL_BYTES // 2**20} MB, this one has {len(content) / 2**20:.0f}"
        )
    run_id = f"upload-{hashlib.sha256(owner.encode() + content).hexdigest()[:24]}"
    folder = runs.folder_of(run_id)
    if (folder / "result.json").is_file():
        return run_id
    if sum(run.state == "uploaded" for run in runs.list_runs(owner)) >= MAX_UPLOADS:
        raise ValueError(f"at most {MAX_UPLOADS} uploaded models are kept for a person; delete one first")
    runs_folder().mkdir(parents=True, exist_ok=True)
    beside = runs_folder() / f".{run_id}.{secrets.token_hex(4)}"
    beside.mkdir()
    try:
        file = beside / "model.safetensors"
        file.write_bytes(content)
        model, notes = load(file), read_notes(file)
        _check(model.config, notes, owner)
        shown = "".join(c for c in name if c.isprintable())[:60] or "model"
        write_json(beside / "config.json", {"owner": owner, "created": time.time(), "name": shown})
        told = {name: value for name, value in notes.items() if name != "history"}  # the file keeps it
        write_json(beside / "result.json", {"state": "uploaded", "notes": told})
        with room.alone():
            room.make(len(content))  # not before: what is refused costs nobody a run
            beside.replace(folder)
    finally:
        shutil.rmtree(beside, ignore_errors=True)
    return run_id


def _check(model: ModelConfig, notes: dict[str, Any], owner: str) -> None:
    """Refuse what pages could not bear: a stranger's file must not ask for endless sequences, or for all the memory."""
    for name, most in LARGEST.items():
        if getattr(model, name) > most:
            raise ValueError(f"an uploaded model may have {name} = {most}, this one has {getattr(model, name)}")
    figures = notes.get("figures", {})
    if not isinstance(figures, dict):
        raise ValueError(f"the figures of a model must be an object, got {type(figures).__name__}")
    accuracy = figures.get("test_accuracy_hard")
    if accuracy is not None and not (isinstance(accuracy, float) and 0 <= accuracy <= 1):
        raise ValueError("the test accuracy of a model must be a number from 0 to 1")
    _check_history(notes.get("history", []))
    if not may_use(notes.get("task"), owner):
        raise ValueError("the model has learned from somebody's own data; upload the same data first, on Own data")
    task = runs.check_task(model, notes.get("task"), notes.get("settings", {}))
    for f in fields(task):
        value = getattr(task, f.name)
        if not f.metadata["least"] <= value <= f.metadata["most"]:
            raise ValueError(f"the model's task has {f.name} = {value}, beyond what can be shown here")


def _check_history(history: Any) -> None:
    """The reports of epochs are drawn as curves."""
    if not isinstance(history, list) or len(history) > MAX_EPOCHS or not all(isinstance(r, dict) for r in history):
        raise ValueError(f"the history of a model must be a list of at most {MAX_EPOCHS:,} reports of epochs")
    for report in history:
        runs.check_report(report)
