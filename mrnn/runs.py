"""A run is a folder: what is asked for, how far it is, how it ended. And the queue, which is all folders that wait.

runs/<id>/config.json             what was asked for, whose it is, when
runs/<id>/claim-<n>.json          the process of the n-th attempt to train it
runs/<id>/progress.json           batches done, of how many, on which device; touched while that process lives
runs/<id>/history.jsonl           a line an epoch
runs/<id>/checkpoint.safetensors  where it goes on after the last whole epoch, should its process die
runs/<id>/stop                    there once somebody asked it to stop
runs/<id>/model.safetensors       the best model
runs/<id>/result.json             how it ended; written last
runs/<id>/published               there once its owner lets others see it
"""

import hashlib
import os
import re
import secrets
import shutil
import threading
import time
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, fields, replace
from pathlib import Path
from typing import Any, Literal

from mrnn import bounds, claims
from mrnn.checkpoint import load, read_notes
from mrnn.config import ModelConfig, RunConfig
from mrnn.data import Task
from mrnn.files import read_json, read_lines, write_json
from mrnn.tasks import make_task

State = Literal["waiting", "running", "finished", "stopped", "failed", "uploaded"]
ACTIVE: tuple[State, ...] = ("waiting", "running")
MAX_MODEL_BYTES = 64 * 2**20
MAX_UPLOADS = 20  # a person
LARGEST = {"k": 16, "num_layers": 8, "hidden_size": 1024}  # of an uploaded model, which others share a server with
SETTLED = 2.0  # seconds after which a folder that did not change will be seen to have changed, if it does
_queue = threading.Lock()  # two clicks at once must not both be the first
_known: dict[Path, tuple[int, "Run"]] = {}  # runs that are over, and when their folders last changed
_ID = re.compile(r"[0-9]{8}-[0-9]{6}-[0-9a-f]{8}|upload-[0-9a-f]{24}|sweep-[0-9a-f]{24}-[0-9]{4}")


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
    attempts  processes that have worked on it; more than one if some were lost
    measuring  True while it is over, but its model is still being measured
    public    True once its owner lets others see it
    size      bytes that it takes
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
    attempts: int
    measuring: bool
    public: bool
    size: int

    @property
    def active(self) -> bool:
        """True while it waits or runs."""
        return self.state in ACTIVE

    @property
    def sweep(self) -> str:
        """Id of the sweep that it is part of, "" if of none."""
        return self.id.rpartition("-")[0] if self.id.startswith("sweep-") else ""

    @property
    def job(self) -> str:
        """What counts as one in the queue: the sweep that it is part of, or else the run."""
        return self.sweep or self.id

    @property
    def accuracy(self) -> float | None:
        """Hard accuracy on the test split, once it was measured."""
        return self.result.get("figures", {}).get("test_accuracy_hard")

    @property
    def seconds(self) -> float:
        """How long it trained so far."""
        return sum(report["seconds"] for report in self.history)

    @property
    def model_file(self) -> Path | None:
        """The trained model, once there is one."""
        path = folder_of(self.id) / "model.safetensors"
        return path if not self.active and path.is_file() else None


def check_task(model: ModelConfig, name: Any, settings: Any) -> Task:
    """The task with its settings, if the model fits it.

    raises  ValueError if it does not, or there is no such task or setting
    """
    task = make_task(name, settings)
    for field, needed in task.borders.items():
        if getattr(model, field) != needed:
            raise ValueError(
                f"the model does not fit task {name!r}, which needs {field} = {needed}; it has {getattr(model, field)}"
            )
    return task


# -- folders ---------------------------------------------------------------------------------------------------------


def runs_folder() -> Path:
    """Where runs lie: MRNN_RUNS, else `runs` in the project."""
    return Path(os.environ.get("MRNN_RUNS") or Path(__file__).resolve().parents[1] / "runs").absolute()


def use_folder(place: str | None) -> None:
    """Keep runs in `place` from now on, unless MRNN_RUNS says where."""
    if place is not None:
        os.environ.setdefault("MRNN_RUNS", place)


def folder_of(run_id: str) -> Path:
    """The folder of a run; ValueError if this cannot be a run's id."""
    if not _ID.fullmatch(run_id):
        raise ValueError(f"{run_id!r} is no run's id")
    return runs_folder() / run_id


def owner_of(key: str) -> str:
    """The owner's name that stands in folders: a digest, so that nobody who reads them can pose as the owner."""
    return hashlib.sha256(key.encode()).hexdigest()


COMMAND_LINE = owner_of("the command line")  # no browser has this key: it has spaces


@contextmanager
def entrance(owner: str) -> Iterator[None]:
    """Where a job comes into the queue, one at a time; older runs make room for it.

    raises  ValueError if the owner has a job that waits or runs, or too many wait
    """
    with _queue:
        jobs = {run.job: run.owner for run in list_runs() if run.active}
        if owner in jobs.values():
            raise ValueError("one run at a time for each person: wait for yours to end, or stop it")
        if len(jobs) >= bounds.max_queue():
            raise ValueError(f"the queue is full: {len(jobs)} runs wait or train already; try again in some minutes")
        make_room()
        yield


def create(config: RunConfig, owner: str) -> str:
    """Put a new run at the end of the queue, and return its id; ValueError if the queue does not take it."""
    with entrance(owner):
        run_id = f"{time.strftime('%Y%m%d-%H%M%S')}-{secrets.token_hex(4)}"
        put(run_id, config, owner)
    return run_id


def put(run_id: str, config: RunConfig, owner: str) -> None:
    """Make the folder of a run that waits; only within the `entrance`."""
    folder = folder_of(run_id)
    folder.mkdir(parents=True)
    try:
        write_json(folder / "config.json", {"owner": owner, "created": time.time(), "run": config.to_dict()})
    except OSError:
        folder.rmdir()
        raise


def resume(run_id: str, owner: str) -> None:
    """Put a run of one's own that was stopped, or failed, at the end of the queue; it goes on after its last epoch.

    raises  ValueError if it is another's, did not end so, or the queue does not take it
    """
    run = _own(run_id, owner)
    if run.state not in ("stopped", "failed") or run.config is None:
        raise ValueError(f"a run can be resumed if it was stopped or failed; this one is {run.state}")
    if run.measuring:
        raise ValueError("this run is still being measured on the test data; try again in some seconds")
    with entrance(owner):
        put_back(run)


def put_back(run: Run) -> None:
    """Let a run that was stopped, or failed, wait again; only within the `entrance`."""
    folder = folder_of(run.id)
    asked = read_json(folder / "config.json")
    write_json(folder / "config.json", {**asked, "created": time.time()})
    claims.forget(folder)
    (folder / "progress.json").unlink(missing_ok=True)
    (folder / "stop").unlink(missing_ok=True)
    (folder / "result.json").unlink(missing_ok=True)  # last: from here on it waits


def queue() -> list[Run]:
    """The runs that wait, the next one first.

    First come, first served, but jobs take turns: whoever comes after a sweep waits for one run of it, not for all.
    """
    unfinished = [read(path.name) for path in _folders() if not (path / "result.json").exists()]
    before = Counter(run.job for run in unfinished if run.state == "running")
    turns: list[tuple[int, float, str, Run]] = []
    for run in sorted((run for run in unfinished if run.state == "waiting"), key=lambda run: (run.created, run.id)):
        turns.append((before[run.job], run.created, run.id, run))
        before[run.job] += 1
    return [run for *_, run in sorted(turns, key=lambda turn: turn[:3])]


def publish(run_id: str, owner: str, public: bool = True) -> None:
    """Let others see a run of one's own by its address, or no longer (ValueError if it is another's)."""
    _own(run_id, owner)
    mark = folder_of(run_id) / "published"
    mark.touch() if public else mark.unlink(missing_ok=True)


def _own(run_id: str, owner: str) -> Run:
    run = read(run_id)
    if run.owner != owner:
        raise ValueError("only one's own runs can be changed")
    return run


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
        write_json(beside / "config.json", {"owner": owner, "created": time.time(), "name": shown})
        write_json(beside / "result.json", {"state": "uploaded", "notes": notes})
        beside.replace(folder)
    finally:
        shutil.rmtree(beside, ignore_errors=True)
    return run_id


def delete(run_id: str, owner: str) -> None:
    """Remove a run of one's own that is over (ValueError otherwise)."""
    if _own(run_id, owner).active:
        raise ValueError("a run can be deleted when it is over; stop it first")
    remove(run_id)


def remove(run_id: str) -> None:
    """Remove a run's folder, whosever it is."""
    # Out of sight at once: a reader must not meet half a folder.
    gone = runs_folder() / f".{run_id}.{secrets.token_hex(4)}"
    folder_of(run_id).replace(gone)
    shutil.rmtree(gone)


def stop(run_id: str) -> None:
    """Ask a run to stop: at its next batch, or before it begins."""
    (folder_of(run_id) / "stop").touch()


def _folders() -> list[Path]:
    try:
        return sorted(path for path in runs_folder().iterdir() if _ID.fullmatch(path.name))
    except FileNotFoundError:
        return []


def list_runs(owner: str | None = None) -> list[Run]:
    """All runs, or one owner's, newest first. A folder that cannot be read is shown as failed."""
    folders = _folders()
    for gone in set(_known) - set(folders):
        _known.pop(gone, None)
    runs = [_remembered(path) for path in folders]
    return sorted((r for r in runs if owner in (None, r.owner)), key=lambda r: (r.created, r.id), reverse=True)


def _remembered(folder: Path) -> Run:
    """As `read`, but runs that are over are read once: every page of every person asks for all of them."""
    try:
        changed = folder.stat().st_mtime_ns  # whatever is written there is written beside its place first
    except OSError:
        return read(folder.name)
    if _known.get(folder, (0, None))[0] == changed:
        return _known[folder][1]
    run = read(folder.name)
    if not run.active and not run.measuring and time.time() - changed / 1e9 > SETTLED:
        _known[folder] = (changed, run)
    return run


def read(run_id: str) -> Run:
    """What a run's folder says, be it whole or not; ValueError only if this cannot be a run's id."""
    folder = folder_of(run_id)
    run = Run(
        id=run_id, owner="", state="failed", created=0.0, config=None, history=(), done=0, total=0,
        device="", result={}, reason="", label=run_id, attempts=0, measuring=False, public=False, size=0,
    )  # fmt: skip
    try:
        asked = read_json(folder / "config.json")
        run = replace(run, owner=str(asked["owner"]), created=float(asked["created"]), size=_size(folder))
        config = RunConfig.from_dict(asked["run"]) if "run" in asked else None
        progress = read_json(folder / "progress.json") if (folder / "progress.json").exists() else {}
        attempts = claims.attempts(folder)
        run = replace(
            run,
            config=config,
            history=read_lines(folder / "history.jsonl"),
            done=int(progress.get("done", 0)),
            total=int(progress.get("total", 0)),
            device=str(progress.get("device", "")),
            label=_label(config, run.created) if config else str(asked["name"]),
            attempts=len(attempts),
            public=(folder / "published").exists(),
        )
        result = read_json(folder / "result.json") if (folder / "result.json").exists() else None
        if result is not None:
            state, notes, reason = result["state"], result.get("notes", {}), str(result.get("reason", ""))
            unmeasured = state == "stopped" and "test_n" not in notes.get("figures", {})
            measuring = unmeasured and claims.at_work(attempts, folder)
            return replace(run, state=state, result=notes, reason=reason, measuring=measuring)
        if claims.at_work(attempts, folder):
            return replace(run, state="running")
        if (folder / "stop").exists():
            return replace(run, state="stopped")
        if len(attempts) >= claims.ATTEMPTS:
            return replace(run, state="failed", reason=claims.LOST)
        return replace(run, state="waiting")
    except (OSError, ValueError, KeyError, TypeError, AttributeError):
        # Whatever is wrong with one folder must not hide the others: it is shown as the damaged run it is.
        return replace(run, state="failed", reason="its folder is damaged")


# -- room --------------------------------------------------------------------------------------------------------------


def leaving() -> list[Run]:
    """The runs that are over and not public, in the order in which they go when room is needed: the oldest first."""
    return [run for run in reversed(list_runs()) if not run.active and not run.public]


def used_bytes() -> int:
    """How much room all runs take."""
    return sum(run.size for run in list_runs())


def make_room() -> None:
    """Remove runs that are `leaving` until all fit into `bounds.max_bytes`."""
    over = used_bytes() - bounds.max_bytes()
    for run in leaving():
        if over <= 0:
            break
        over -= run.size
        remove(run.id)


def _size(folder: Path) -> int:
    return sum(path.stat().st_size for path in folder.glob("*") if path.is_file())


# -- what others send --------------------------------------------------------------------------------------------------


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
