"""A run: everything from a configuration to a measured model, and the folder it leaves behind.

runs/<id>/config.json        what was asked for, whose it is, when
runs/<id>/history.jsonl      a line an epoch
runs/<id>/progress.json      batches done, of how many, on which device; touched while its process lives
runs/<id>/stop               there once somebody asked it to stop
runs/<id>/model.safetensors  the best model
runs/<id>/result.json        how it ended; written last
"""

import hashlib
import json
import os
import re
import secrets
import shutil
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, fields, replace
from pathlib import Path
from typing import Any, Literal

import torch

from mrnn.checkpoint import load, read_notes, save
from mrnn.config import ModelConfig, RunConfig
from mrnn.data import Task
from mrnn.devices import choose_device
from mrnn.model import SequenceModel
from mrnn.tasks import make_task
from mrnn.training import EpochReport, OnBatch, evaluate, train

State = Literal["waiting", "running", "finished", "stopped", "failed", "uploaded"]
ACTIVE: tuple[State, ...] = ("waiting", "running")
MAX_MODEL_BYTES = 64 * 2**20
MAX_UPLOADS = 20  # a person
LARGEST = {"k": 16, "num_layers": 8, "hidden_size": 1024}  # of an uploaded model, which others share a server with
SIGN_OF_LIFE = 2.0  # seconds between two
LOST_AFTER = 60.0  # seconds without one
_ID = re.compile(r"[0-9]{8}-[0-9]{6}-[0-9a-f]{8}|upload-[0-9a-f]{24}")


@dataclass(frozen=True)
class Run:
    """What a run's folder says.

    id        the folder's name
    owner     whose it is: see `owner_of`
    state     "waiting", "running", "finished", "stopped" (by hand), "failed", "uploaded"
    created   seconds since 1970
    config    what was asked for; None for an uploaded model
    history   reports of the epochs so far, as `EpochReport.to_dict` wrote them
    done      batches done ...
    total     ... of how many; 0 before the first
    device    where it trains, "" before it began
    result    the notes of the finished model
    reason    why it failed, else ""
    label     what to call it in a menu
    """

    id: str
    owner: str
    state: State
    created: float
    config: RunConfig | None
    history: tuple[dict[str, Any], ...]
    done: int
    total: int
    device: str
    result: dict[str, Any]
    reason: str
    label: str

    @property
    def active(self) -> bool:
        """True while it waits or runs."""
        return self.state in ACTIVE

    @property
    def model_file(self) -> Path | None:
        """The trained model, once there is one."""
        path = folder_of(self.id) / "model.safetensors"
        return path if not self.active and path.is_file() else None


def perform(
    config: RunConfig,
    *,
    on_report: Callable[[EpochReport], Any] | None = None,
    on_batch: OnBatch | None = None,
) -> tuple[SequenceModel, dict[str, Any]]:
    """Train and measure one model: what the command line and the workers do.

    on_report  called after each epoch
    on_batch   called with (done, total); when it returns False, training stops there
    returns    the model as it was after the epoch with the best hard accuracy on held-out training data
               (the last one among equals), and its notes: task, recipe, measured figures.
               The test split is used once, for the result
    raises     ValueError if task, model and settings do not fit together
    """
    task = check_task(config.model, config.task, config.settings)
    train_data, test_data = task.split()
    model = SequenceModel(config.model, generator=torch.Generator().manual_seed(config.training.seed))
    history: list[EpochReport] = []
    best, weights = -1.0, None
    for report in train(model, train_data, config.training, augment=task.augment, on_batch=on_batch):
        history.append(report)
        if report.accuracy_hard >= best:
            best = report.accuracy_hard
            weights = {name: value.detach().clone() for name, value in model.state_dict().items()}
        if on_report is not None:
            on_report(report)
    if weights is not None:
        model.load_state_dict(weights)
    hard = evaluate(model, test_data)
    notes = {
        "task": config.task,
        "settings": config.settings,
        "recipe": config.training.to_dict(),
        "figures": {
            "device": model.device.type,
            "epochs": len(history),
            "seconds": round(sum(report.seconds for report in history), 1),
            "validation_accuracy_hard": best if history else None,
            "test_n": len(test_data),
            "test_accuracy_hard": hard.accuracy,
            "test_accuracy_soft": evaluate(model, test_data, choice="soft").accuracy,
            "test_usage": [round(share, 4) for share in hard.usage],
        },
    }
    return model, notes


def check_task(model: ModelConfig, name: Any, settings: Any) -> Task:
    """The task with its settings, if the model fits it.

    raises  ValueError if it does not, or there is no such task or setting
    """
    task = make_task(name, settings)
    needed = (task.input_size, task.output_size, task.per_step)
    has = (model.input_size, model.output_size, model.per_step)
    if needed != has:
        raise ValueError(
            f"the model does not fit task {name!r}: the task has {needed[0]} inputs a step and {needed[1]} classes, "
            f"the model {has[0]} and {has[1]}"
        )
    return task


# -- folders ---------------------------------------------------------------------------------------------------------


def runs_folder() -> Path:
    """Where runs lie: MRNN_RUNS, else `runs` in the project."""
    return Path(os.environ.get("MRNN_RUNS") or Path(__file__).resolve().parents[1] / "runs").absolute()


def folder_of(run_id: str) -> Path:
    """The folder of a run; ValueError if this cannot be a run's id."""
    if not _ID.fullmatch(run_id):
        raise ValueError(f"{run_id!r} is no run's id")
    return runs_folder() / run_id


def owner_of(key: str) -> str:
    """The owner's name that stands in folders: a digest, so that nobody who reads them can pose as the owner."""
    return hashlib.sha256(key.encode()).hexdigest()


def create(config: RunConfig, owner: str) -> str:
    """Make the folder of a new run, waiting, and return its id."""
    run_id = f"{time.strftime('%Y%m%d-%H%M%S')}-{secrets.token_hex(4)}"
    folder = folder_of(run_id)
    folder.mkdir(parents=True)
    _write_json(folder / "config.json", {"owner": owner, "created": time.time(), "run": config.to_dict()})
    return run_id


def adopt(content: bytes, name: str, owner: str) -> str:
    """Keep a model file that a person uploads, and return its run's id.

    content  of a file that `save` wrote; taken for what a stranger may have sent
    name     the file's, shown but never used as a path
    raises   ValueError that says what is wrong with it; nothing is kept then
    """
    if len(content) > MAX_MODEL_BYTES:
        raise ValueError(
            f"a model file may have {MAX_MODEL_BYTES // 2**20} MB, this one has {len(content) / 2**20:.0f}"
        )
    run_id = f"upload-{hashlib.sha256(owner.encode() + content).hexdigest()[:24]}"
    folder = folder_of(run_id)
    if (folder / "result.json").is_file():
        return run_id
    if sum(run.state == "uploaded" for run in list_runs(owner)) >= MAX_UPLOADS:
        raise ValueError(f"at most {MAX_UPLOADS} uploaded models are kept for a person; delete one first")
    runs_folder().mkdir(parents=True, exist_ok=True)
    beside = runs_folder() / f".{run_id}.{secrets.token_hex(4)}"
    beside.mkdir()
    try:
        file = beside / "model.safetensors"
        file.write_bytes(content)
        model, notes = load(file), read_notes(file)
        _check_upload(model.config, notes)
        shown = "".join(c for c in name if c.isprintable())[:60] or "model"
        _write_json(beside / "config.json", {"owner": owner, "created": time.time(), "name": shown})
        _write_json(beside / "result.json", {"state": "uploaded", "notes": notes})
        beside.replace(folder)
    finally:
        shutil.rmtree(beside, ignore_errors=True)
    return run_id


def delete(run_id: str, owner: str) -> None:
    """Remove a run of one's own that is over (ValueError otherwise)."""
    run = read(run_id)
    if run.owner != owner:
        raise ValueError("only one's own runs can be deleted")
    if run.active:
        raise ValueError("a run can be deleted when it is over; stop it first")
    # Out of sight at once: a reader must not meet half a folder.
    gone = runs_folder() / f".{run_id}.{secrets.token_hex(4)}"
    folder_of(run_id).replace(gone)
    shutil.rmtree(gone)


def stop(run_id: str) -> None:
    """Ask a run to stop: at its next batch, or before it begins."""
    (folder_of(run_id) / "stop").touch()


def list_runs(owner: str | None = None) -> list[Run]:
    """All runs, or one owner's, newest first. A folder that cannot be read is shown as failed."""
    try:
        names = sorted(path.name for path in runs_folder().iterdir() if _ID.fullmatch(path.name))
    except FileNotFoundError:
        return []
    runs = [read(name) for name in names]
    return sorted((r for r in runs if owner in (None, r.owner)), key=lambda r: r.created, reverse=True)


def read(run_id: str) -> Run:
    """What a run's folder says, be it whole or not; ValueError only if this cannot be a run's id."""
    folder = folder_of(run_id)
    run = Run(
        id=run_id, owner="", state="failed", created=0.0, config=None, history=(), done=0, total=0,
        device="", result={}, reason="its folder is damaged", label=run_id,
    )  # fmt: skip
    try:
        asked = _read_json(folder / "config.json")
        run = replace(run, owner=str(asked["owner"]), created=float(asked["created"]))
        config = RunConfig.from_dict(asked["run"]) if "run" in asked else None
        progress = _read_json(folder / "progress.json") if (folder / "progress.json").exists() else {}
        run = replace(
            run,
            config=config,
            history=_read_history(folder / "history.jsonl"),
            done=int(progress.get("done", 0)),
            total=int(progress.get("total", 0)),
            device=str(progress.get("device", "")),
        )
        result = _read_json(folder / "result.json") if (folder / "result.json").exists() else None
        label = _label(config, run.created) if config else str(asked["name"])
        if result is not None:
            notes = result.get("notes", {})
            return replace(run, state=result["state"], result=notes, reason=str(result.get("reason", "")), label=label)
        if not progress:
            state: State = "stopped" if (folder / "stop").exists() else "waiting"
            return replace(run, state=state, reason="", label=label)
        if time.time() - (folder / "progress.json").stat().st_mtime > LOST_AFTER:
            return replace(run, reason="the process that trained it is gone; train it again", label=label)
        return replace(run, state="running", reason="", label=label)
    except (OSError, ValueError, KeyError, TypeError, AttributeError):
        # Whatever is wrong with one folder must not hide the others: it is shown as the damaged run it is.
        return run


# -- the process that trains -----------------------------------------------------------------------------------------


def execute(run_id: str) -> None:
    """Do what a run's config.json asks for, in this process, and write down how it went."""
    folder = folder_of(run_id)
    if (folder / "result.json").exists() or (folder / "stop").exists():
        return
    config = RunConfig.from_dict(_read_json(folder / "config.json")["run"])
    history = folder / "history.jsonl"
    history.unlink(missing_ok=True)  # of an attempt whose worker was lost

    def on_report(report: EpochReport) -> None:
        with history.open("a") as file:
            file.write(json.dumps(report.to_dict()) + "\n")

    try:
        with _progress(folder, str(choose_device(config.training.device))) as on_batch:
            model, notes = perform(config, on_report=on_report, on_batch=on_batch)
        save(model, folder / "model.safetensors", notes)
        state = "stopped" if (folder / "stop").exists() else "finished"
        _write_json(folder / "result.json", {"state": state, "notes": notes})
    except Exception as error:  # whatever it is, the person who waits must hear of it
        reason = (
            str(error) if isinstance(error, ValueError | FloatingPointError) else f"{type(error).__name__}: {error}"
        )
        _write_json(folder / "result.json", {"state": "failed", "reason": reason})


@contextmanager
def _progress(folder: Path, device: str) -> Iterator[OnBatch]:
    """Keep progress.json fresh, and listen for `stop` after each batch."""
    now = {"done": 0, "total": 0, "device": device}
    over = threading.Event()

    def live() -> None:
        while not over.is_set():
            _write_json(folder / "progress.json", dict(now))
            over.wait(SIGN_OF_LIFE / 4)

    def on_batch(done: int, total: int) -> bool:
        now.update(done=done, total=total)
        return not (folder / "stop").exists()

    sign = threading.Thread(target=live, daemon=True)
    sign.start()
    try:
        yield on_batch
    finally:
        over.set()
        sign.join()


def _check_upload(model: ModelConfig, notes: dict[str, Any]) -> None:
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
    task = check_task(model, notes.get("task"), notes.get("settings", {}))
    for f in fields(task):
        value = getattr(task, f.name)
        if not f.metadata["least"] <= value <= f.metadata["most"]:
            raise ValueError(f"the model's task has {f.name} = {value}, beyond what can be shown here")


def _label(config: RunConfig, created: float) -> str:
    name = f"k = {config.model.k}" if config.model.cell == "mrnn" else config.model.cell
    return f"{name}, trained {time.strftime('%d %b %H:%M:%S', time.localtime(created))}"


def _write_json(path: Path, value: Any) -> None:
    beside = path.with_name(f".{path.name}.{os.getpid()}.part")
    beside.write_text(json.dumps(value))
    beside.replace(path)


def _read_json(path: Path) -> dict[str, Any]:
    value = json.loads(path.read_text())
    if not isinstance(value, dict):
        raise ValueError(f"{path.name} must hold an object")
    return value


def _read_history(path: Path) -> tuple[dict[str, Any], ...]:
    if not path.exists():
        return ()
    # A line without its end is one that is being written: leave it for the next reader.
    lines = path.read_text().split("\n")[:-1]
    return tuple(json.loads(line) for line in lines)
