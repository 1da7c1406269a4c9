"""A run is a folder: what is asked for, how far it is, how it ended.

runs/<id>/config.json             what was asked for, whose it is, when
runs/<id>/claim-<n>.json          the process of the n-th attempt to train it
runs/<id>/progress.json           batches done, of how many, on which device; touched while that process lives
runs/<id>/history.jsonl           a line an epoch
runs/<id>/checkpoint.safetensors  where it goes on after the last whole epoch, should its process die
runs/<id>/<name>.damaged          a checkpoint that could not be gone on from, and its history; at most one of each
runs/<id>/snapshots.npz           what the network does with a few sequences, before training and after each epoch
runs/<id>/stop                    there once somebody asked it to stop
runs/<id>/model.safetensors       the best model
runs/<id>/result.json             how it ended; written last
runs/<id>/published               there once its owner lets others see it
"""

import hashlib
import math
import re
import secrets
import shutil
import time
from contextlib import suppress
from dataclasses import dataclass, replace
from pathlib import Path
from reprlib import repr as short
from typing import Any, Literal, get_args

from mrnn import claims, owndata
from mrnn.config import ModelConfig, RunConfig
from mrnn.data import Task
from mrnn.files import read_json, read_lines
from mrnn.place import runs_folder
from mrnn.tasks import make_task

State = Literal["waiting", "running", "finished", "stopped", "failed", "uploaded", "broken"]
ACTIVE: tuple[State, ...] = ("waiting", "running")
UNREADABLE = "it cannot be read just now"  # why a run is broken that may be whole
REPORTED = {"epoch", "tau", "loss", "accuracy_hard", "accuracy_soft", "usage", "seconds"}  # of each epoch
SETTLED = 2.0  # seconds after which a folder that did not change will be seen to have changed, if it does
_known: dict[Path, tuple[int, "Run"]] = {}  # runs that are over, and when their folders last changed
_ID = re.compile(r"[0-9]{8}-[0-9]{6}-[0-9a-f]{8}|upload-[0-9a-f]{24}|sweep-[0-9a-f]{24}-[0-9]{4}")


@dataclass(frozen=True)
class Run:
    """What a run's folder says.

    id        the folder's name
    owner     whose it is: see `owner_of`
    state     "waiting", "running", "finished", "stopped" (by hand), "failed", "uploaded"; "broken" if
              its folder cannot be read
    created   seconds since 1970
    config    what was asked for; None for an uploaded model
    history   reports of the epochs so far, as `EpochReport.to_dict` wrote them
    done      batches done ...
    total     ... of how many; 0 before the first
    device    where it trains, "" before it began
    result    the notes of the finished model
    reason    why it failed or is broken, else ""
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
    def damaged(self) -> bool:
        """True if its folder is broken for good, and not only out of reach for a while."""
        return self.state == "broken" and self.reason != UNREADABLE

    @property
    def active(self) -> bool:
        """True while it waits or runs."""
        return self.state in ACTIVE

    @property
    def stopping(self) -> bool:
        """True while it runs although somebody asked it to stop."""
        return self.state == "running" and (folder_of(self.id) / "stop").exists()

    @property
    def sweep(self) -> str:
        """Id of the sweep that it is part of, "" if of none."""
        return self.id.rpartition("-")[0] if self.id.startswith("sweep-") else ""

    @property
    def job(self) -> str:
        """What counts as one in the queue: the sweep that it is part of, or else the run."""
        return self.sweep or self.id

    @property
    def figures(self) -> dict[str, Any]:
        """What a finished run is measured at; of one that ended early nothing, for it is not what was asked for."""
        return self.result.get("figures", {}) if self.state == "finished" else {}

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


def folder_of(run_id: str) -> Path:
    """The folder of a run; ValueError if this cannot be a run's id."""
    if not _ID.fullmatch(run_id):
        raise ValueError(f"{run_id!r} is no run's id")
    return runs_folder() / run_id


def owner_of(key: str) -> str:
    """The owner's name that stands in folders: a digest, so that nobody who reads them can pose as the owner."""
    return hashlib.sha256(key.encode()).hexdigest()


COMMAND_LINE = owner_of("the command line")  # no browser has this key: it has spaces


def publish(run_id: str, owner: str, public: bool = True) -> None:
    """Let others see a run of one's own by its address, or no longer (ValueError if it is another's)."""
    own(run_id, owner)
    mark_public(folder_of(run_id), public)


def mark_public(folder: Path, public: bool) -> None:
    """Write down in the folder of a run or a sweep whether others may see it."""
    mark = folder / "published"
    mark.touch() if public else mark.unlink(missing_ok=True)


def own(run_id: str, owner: str) -> Run:
    """A run of one's own (ValueError if it is another's)."""
    run = read(run_id)
    if run.owner != owner:
        raise ValueError("only one's own runs can be changed")
    return run


def delete(run_id: str, owner: str) -> None:
    """Remove a run of one's own that is over (ValueError otherwise)."""
    if own(run_id, owner).active:
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


def folders() -> list[Path]:
    """The folders of all runs; none where there is no folder yet, or none that can be looked into."""
    try:
        return sorted(path for path in runs_folder().iterdir() if _ID.fullmatch(path.name))
    except OSError:  # whoever wants to keep something there is told
        return []


def list_runs(owner: str | None = None) -> list[Run]:
    """All runs, or one owner's, newest first. A folder that cannot be read is shown as broken."""
    there = folders()
    for gone in set(_known) - set(there):
        _known.pop(gone, None)
    runs = [_remembered(path) for path in there]
    return sorted((r for r in runs if owner in (None, r.owner)), key=lambda r: (r.created, r.id), reverse=True)


def _remembered(folder: Path) -> Run:
    """As `read`, but runs at which nobody works are read once: every page of every person asks for all of them."""
    try:
        changed = folder.stat().st_mtime_ns  # whatever is written there is written beside its place first
    except OSError:
        return read(folder.name)
    known = _known.get(folder)
    if known is not None and known[0] == changed:
        return known[1]
    run = read(folder.name)
    # What waits for the first time changes with its folder alone; what was lost may show signs of life again.
    rests = run.attempts == 0 if run.state == "waiting" else not run.active and not run.measuring
    if rests and run.reason != UNREADABLE and time.time() - changed / 1e9 > SETTLED:
        _known[folder] = (changed, run)
    return run


def read(run_id: str) -> Run:
    """What a run's folder says, be it whole or not; ValueError only if this cannot be a run's id."""
    run = _read(run_id)
    return run if run.state != "broken" else _read(run_id)  # what was being replaced just then is there by now


def _read(run_id: str) -> Run:
    folder = folder_of(run_id)
    run = Run(
        id=run_id, owner="", state="broken", created=0.0, config=None, history=(), done=0, total=0,
        device="", result={}, reason="", label=run_id, attempts=0, measuring=False, public=False, size=0,
    )  # fmt: skip
    try:
        asked = read_json(folder / "config.json")
        run = replace(run, owner=str(asked["owner"]), created=_moment(asked["created"]), size=_size(folder))
        config = RunConfig.from_dict(asked["run"]) if "run" in asked else None
        if config is not None and owndata.is_own(config.task):
            owndata.read(config.task)  # they may be gone, and with them all that pages could say of the run
        run = replace(run, config=config, label=run_id if config else str(asked["name"]))
        run = replace(run, label=_label(run))
        progress = read_json(folder / "progress.json") if (folder / "progress.json").exists() else {}
        attempts = claims.attempts(folder)
        run = replace(
            run,
            history=_history(folder),
            done=int(progress.get("done", 0)),
            total=int(progress.get("total", 0)),
            device=str(progress.get("device", "")),
            attempts=len(attempts),
            public=(folder / "published").exists(),
        )
        run = replace(run, **_outcome(folder, attempts))
        return replace(run, label=_label(run))
    except (FileNotFoundError, IsADirectoryError, NotADirectoryError):
        reason = "its folder is damaged" if folder.exists() else "it was deleted"
    except OSError:
        reason = UNREADABLE
    except (ValueError, KeyError, TypeError, AttributeError):
        # Whatever is wrong with one folder must not hide the others: it is shown as the damaged run it is.
        reason = "its folder is damaged"
    owner = run.owner or _owner_in(folder / "config.json")
    return replace(run, owner=owner, state="broken", reason=reason, size=_size(folder))


def _owner_in(path: Path) -> str:
    """Whose a run is by what is left of its configuration, which begins with that; "" if too little is."""
    try:
        found = re.match(rb'{"owner": "([0-9a-f]{64})"', path.read_bytes()[:200])
    except OSError:
        return ""
    return found[1].decode() if found else ""


def _moment(value: Any) -> float:
    """Seconds since 1970; ValueError if no calendar has that moment."""
    try:
        time.localtime(float(value))
    except (OverflowError, OSError) as error:
        raise ValueError(f"{value} is no moment in time") from error
    return float(value)


def _history(folder: Path) -> tuple[dict[str, Any], ...]:
    history = read_lines(folder / "history.jsonl")
    for report in history:
        check_report(report)
    return history


def check_report(report: dict[str, Any]) -> None:
    """Refuse what is no report of an epoch (ValueError)."""
    if not report.keys() >= REPORTED:
        raise ValueError(f"an epoch's report must have {sorted(REPORTED)}, got {sorted(report)}")
    for name in sorted(REPORTED - {"usage"}):
        if type(report[name]) not in (int, float) or not abs(report[name]) < math.inf:
            raise ValueError(f"{name} of an epoch's report must be a finite number, got {short(report[name])}")
    if not isinstance(report["usage"], list) or not all(type(share) in (int, float) for share in report["usage"]):
        raise ValueError(f"usage of an epoch's report must be a list of numbers, got {short(report['usage'])}")


def _outcome(folder: Path, attempts: list[dict[str, Any]]) -> dict[str, Any]:
    """The fields of a Run that say how far it has come."""
    result = read_json(folder / "result.json") if (folder / "result.json").exists() else None
    if result is not None:
        state, notes, reason = result["state"], result.get("notes", {}), str(result.get("reason", ""))
        if state not in get_args(State) or not isinstance(notes.get("figures", {}), dict):
            raise ValueError(f"a result cannot say {state!r} and {notes!r}")
        unmeasured = state == "stopped" and "test_n" not in notes.get("figures", {})
        return {
            "state": state,
            "result": notes,
            "reason": reason,
            "measuring": unmeasured and claims.at_work(attempts, folder),
        }
    if claims.at_work(attempts, folder):
        return {"state": "running"}
    if (folder / "stop").exists():
        return {"state": "stopped"}
    if len(attempts) >= claims.ATTEMPTS:
        return {"state": "failed", "reason": claims.LOST}
    return {"state": "waiting"}


def _size(folder: Path) -> int:
    size = 0
    with suppress(OSError):
        for path in folder.iterdir():
            with suppress(OSError):  # it was beside its place, and is in it by now
                size += path.stat().st_size
    return size


def _label(run: Run) -> str:
    if run.config is None:
        return run.label
    model = run.config.model
    name = f"k = {model.k}" if model.cell == "mrnn" else model.cell
    trained = run.state == "finished" or (run.history and not run.active)
    when = time.strftime("%d %b %H:%M:%S", time.localtime(run.created))
    return f"{name}, {'trained' if trained else 'asked for'} {when}"
