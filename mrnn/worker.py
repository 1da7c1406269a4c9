"""The process that trains: from a configuration to a measured model, and from a run's folder to its end."""

import math
import os
import socket
import threading
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import torch
from distributed import get_worker
from torch import Tensor

from mrnn import bounds, claims, faults, runs, snapshots
from mrnn.checkpoint import load_state, save, save_state
from mrnn.config import RunConfig
from mrnn.data import SequenceData
from mrnn.devices import choose_device
from mrnn.files import read_json, read_lines, remove_left_over, write_json, write_lines
from mrnn.model import SequenceModel
from mrnn.place import use_folder
from mrnn.probes import found_regimes
from mrnn.recurrence import BrokenOffError, asking
from mrnn.training import EpochReport, GoOn, OnBatch, Training, evaluate

OnReport = Callable[[EpochReport], Any]
SIGN_OF_LIFE = 0.5  # seconds between two
LOOK, PATIENCE = 0.25, 1.0  # seconds between two looks whether somebody asked to stop, and until that is not waited for
NO_MEMORY = ("can't allocate memory", "not enough memory")  # torch's words, on Linux and on Windows


def perform(
    config: RunConfig,
    *,
    on_report: OnReport | None = None,
    on_batch: OnBatch | None = None,
    checkpoint: Path | None = None,
) -> tuple[SequenceModel, dict[str, Any]]:
    """Train and measure one model.

    on_report   called after each epoch
    on_batch    called with (done, total); when it returns False, training stops there
    checkpoint  a file in which training is put down after each epoch, and from which it goes on if it is there;
                on_report is then told of the epochs before, too
    returns     the model as it was after the epoch with the best hard accuracy on held-out training data
                (the last one among equals), and its notes: task, recipe, measured figures, history.
                The test split is used once, for the result
    raises      ValueError if task, model and settings do not fit together, or the checkpoint is another run's
    """
    learnt = _learn(config, on_report, on_batch, checkpoint)
    return learnt.model, learnt.for_file(learnt.notes())


@dataclass(frozen=True)
class _Learnt:
    """A trained model, what it learned from, and how it went."""

    config: RunConfig
    model: SequenceModel
    history: list[EpochReport]
    device: str
    test_data: SequenceData | None = None

    def notes(self, *, measured: bool = True, go_on: GoOn | None = None) -> dict[str, Any]:
        """Task, recipe and figures, with those of the test split if it is there and shall be measured now.

        go_on   asked now and then within its batches, and after each
        raises  BrokenOffError when that says False
        """
        config = self.config
        figures: dict[str, Any] = {
            "device": self.device,
            "epochs": len(self.history),
            "seconds": round(sum(report.seconds for report in self.history), 1),
            "validation_accuracy_hard": max((report.accuracy_hard for report in self.history), default=None),
        }
        if measured and self.test_data is not None:
            asked: OnBatch | None = None if go_on is None else lambda *_: go_on()
            with asking(go_on):
                hard = evaluate(self.model, self.test_data, on_batch=asked)
                soft = evaluate(self.model, self.test_data, choice="soft", on_batch=asked)
                regimes = found_regimes(self.model, runs.check_task(config.model, config.task, config.settings))
            figures |= {
                "test_n": len(self.test_data),
                "test_accuracy_hard": hard.accuracy,
                "test_accuracy_soft": soft.accuracy,
                "test_usage": [round(share, 4) for share in hard.usage],
            }
            if regimes is not None:
                figures["test_agreement"] = regimes
        return {
            "task": config.task,
            "settings": config.settings,
            "recipe": config.training.to_dict(),
            "figures": figures,
        }

    def for_file(self, notes: dict[str, Any]) -> dict[str, Any]:
        """Notes with the reports of all epochs: a file of its own has no history beside it."""
        return {**notes, "history": [report.to_dict() for report in self.history]}


def _learn(
    config: RunConfig,
    on_report: OnReport | None,
    on_batch: OnBatch | None,
    checkpoint: Path | None,
    pictures: Path | None = None,
    go_on: GoOn | None = None,
) -> _Learnt:
    task = runs.check_task(config.model, config.task, config.settings)
    train_data, test_data = task.split()
    model = SequenceModel(config.model, generator=torch.Generator().manual_seed(config.training.seed))
    training = Training(model, train_data, config.training, augment=task.augment)
    history: list[EpochReport] = []
    best: dict[str, Tensor] = {}

    def tell(report: EpochReport) -> None:
        history.append(report)
        if on_report is not None:
            on_report(report)

    if checkpoint is not None and checkpoint.exists():
        tensors, values = load_state(checkpoint)
        if RunConfig.from_dict(values["run"]) != config:  # settings that are newer than it have their defaults
            raise ValueError(f"{checkpoint.name} is the checkpoint of another run; remove it to begin anew")
        training.take_up(tensors, values["training"])
        best = _best(tensors)
        for told in values["history"]:
            tell(_report(told))
    if pictures is not None and training.epoch == 0:
        snapshots.keep(pictures, model, task, 0, config.training.epochs)
    while training.epoch < config.training.epochs:
        report = training.advance(on_batch, go_on)
        if report is None:
            break
        if report.accuracy_hard >= max((past.accuracy_hard for past in history), default=-math.inf):
            best = {name: value.detach().clone() for name, value in model.state_dict().items()}
        if pictures is not None:  # before the checkpoint: an epoch that is lost is trained, and kept, again
            snapshots.keep(pictures, model, task, training.epoch, config.training.epochs)
        if checkpoint is not None:
            tensors, values = training.put_down()
            told = [past.to_dict() for past in (*history, report)]
            save_state(
                checkpoint,
                {**tensors, **{f"best.{name}": value for name, value in best.items()}},
                {"run": config.to_dict(), "training": values, "history": told},
            )
        tell(report)  # after the checkpoint: what is told is never lost
    if best:
        model.load_state_dict(best)
    return _Learnt(config, model, history, model.device.type, test_data)


def _best(tensors: Mapping[str, Tensor]) -> dict[str, Tensor]:
    """The weights of the best model so far, from a checkpoint."""
    return {name.removeprefix("best."): tensor for name, tensor in tensors.items() if name.startswith("best.")}


def _report(told: dict[str, Any]) -> EpochReport:
    return EpochReport(**{**told, "usage": tuple(told["usage"])})


# -- a run's folder ----------------------------------------------------------------------------------------------------


def execute(run_id: str, place: str | None = None, limit: float | None = None) -> None:
    """Do what a run's config.json asks for, in this process, and write down how it went.

    A run that another process is at work on, or that is over, is left alone. One whose process is gone goes on
    after its last whole epoch.

    place   the runs' folder, where MRNN_RUNS does not say it
    limit   seconds that it may train, as the server says that hands it over; else as MRNN_MAX_SECONDS says here
    raises  OSError if what the run goes on from cannot be read just now: a later attempt may find it well;
            FileNotFoundError if there is no such run where this process looks for it
    """
    use_folder(place)
    folder = runs.folder_of(run_id)
    if (folder / "result.json").exists() or (folder / "stop").exists():
        return
    if not (folder / "config.json").exists():
        raise FileNotFoundError(
            f"the process on {socket.gethostname()} that should train finds no run {run_id} in {folder.parent}: "
            "MRNN_RUNS must name the folder that all machines share"
        )
    try:
        claim = claims.claim(folder)
        if claim is None:
            return
        config = RunConfig.from_dict(read_json(folder / "config.json")["run"])
    except Exception as error:  # as below
        _fail(folder, error)
        return
    _put_aside_what_is_damaged(folder)
    try:
        _train(config, folder, claim, bounds.max_seconds() if limit is None else limit)
    except claims.TakenOverError:
        return
    except Exception as error:  # whatever it is, the person who waits must hear of it
        _fail(folder, error)


def end_lost(run_id: str) -> None:
    """End a run that was asked to stop after its process was lost: with the best model that its checkpoint holds.

    It is not measured: that is a worker's task, and nobody should have to wait for a free one. A run that a process is
    at work on, or that is over, is left alone, as is one that has no whole epoch.

    raises  OSError if its folder cannot be read or written just now
    """
    folder = runs.folder_of(run_id)
    checkpoint = folder / "checkpoint.safetensors"
    if (folder / "result.json").exists() or not ((folder / "stop").exists() and checkpoint.exists()):
        return
    if claims.at_work(claims.attempts(folder), folder):
        return
    try:
        _put_aside_what_is_damaged(folder)
        if checkpoint.exists():
            _end_with(checkpoint, folder)
    except OSError:
        raise
    except Exception as error:  # as in `execute`
        _fail(folder, error)


def _end_with(checkpoint: Path, folder: Path) -> None:
    tensors, values = load_state(checkpoint)
    config = RunConfig.from_dict(values["run"])
    model = SequenceModel(config.model)
    model.load_state_dict(_best(tensors))
    history = [_report(told) for told in values["history"]]
    write_lines(folder / "history.jsonl", values["history"])  # the last epoch may not have been told any more
    progress = read_json(folder / "progress.json") if (folder / "progress.json").exists() else {}
    device = str(progress.get("device", config.training.device))
    _end(folder, "stopped", _Learnt(config, model, history, device), measured=False)
    remove_left_over(folder, 0)


def _train(config: RunConfig, folder: Path, claim: claims.Claim, limit: float) -> None:
    checkpoint, history = folder / "checkpoint.safetensors", folder / "history.jsonl"
    lines = list(read_lines(history))
    told: list[EpochReport] = []

    def on_report(report: EpochReport) -> None:
        told.append(report)
        if len(told) > len(lines):  # else one that was told before
            lines.append(report.to_dict())
            write_lines(history, lines)

    began, before = time.monotonic(), len(lines)

    def wanted() -> bool:
        claim.keep()
        return not (folder / "stop").exists()

    def go_on() -> bool:
        spent = sum(report.seconds for report in told[:before]) + time.monotonic() - began
        return spent < limit and wanted()

    device = str(choose_device(config.training.device))
    with _exit_when_stuck(folder), _progress(folder, device, lambda *_: go_on()) as watched:
        learnt = _learn(config, on_report, watched, checkpoint, folder / snapshots.FILE, go_on)
        whole = len(learnt.history) == config.training.epochs
        # Before it is measured: should that be too much for this machine, the trained model is there all the same.
        save(learnt.model, folder / "model.safetensors", learnt.for_file(learnt.notes(measured=False)))
        with suppress(BrokenOffError):
            if wanted():
                _end(folder, "finished", learnt, limit=None if whole else limit, go_on=wanted)
                checkpoint.unlink(missing_ok=True)  # the optimiser's state is large, and nobody goes on from here
                return
        # Whoever stops it should not have to wait until it is measured.
        _end(folder, "stopped", learnt, measured=False)
        _end(folder, "stopped", learnt)


def _put_aside_what_is_damaged(folder: Path) -> None:
    """Where a fault of the disk has damaged the checkpoint, or it is gone, training begins anew.

    What is damaged is kept beside, in place of what was put aside before: somebody may want to know what happened.

    raises  OSError if the disk does not give it just now, which is no damage
    """
    checkpoint, history = folder / "checkpoint.safetensors", folder / "history.jsonl"
    with suppress(FileNotFoundError):
        with checkpoint.open("rb") as file:
            while file.read(2**20):  # every byte: safetensors calls some that cannot be read missing, or damaged
                pass
        try:
            load_state(checkpoint)
            return
        except ValueError as error:
            if isinstance(error.__cause__, OSError):
                raise error.__cause__ from error
        checkpoint.replace(checkpoint.with_name(f"{checkpoint.name}.damaged"))
    with suppress(FileNotFoundError):
        history.replace(history.with_name(f"{history.name}.damaged"))


def _end(
    folder: Path,
    state: runs.State,
    learnt: _Learnt,
    *,
    measured: bool = True,
    limit: float | None = None,
    go_on: GoOn | None = None,
) -> None:
    notes = learnt.notes(measured=measured, go_on=go_on)
    if limit is not None:
        notes["figures"]["limit_seconds"] = limit
    save(learnt.model, folder / "model.safetensors", learnt.for_file(notes))
    write_json(folder / "result.json", {"state": state, "notes": notes})


def _fail(folder: Path, error: Exception) -> None:
    result = {"state": "failed", "reason": _reason(error)}
    try:
        write_json(folder / "result.json", result)
    except OSError:
        # On a full disk what is easily missed makes room for the word that it is full; resuming needs the checkpoint.
        for name in (".*.part", "*.damaged", snapshots.FILE, "progress.json"):
            for path in folder.glob(name):
                with suppress(OSError):
                    path.unlink(missing_ok=True)
        with suppress(OSError):
            write_json(folder / "result.json", result)


def _reason(error: Exception) -> str:
    """What a person needs to know of it, in one sentence."""
    if isinstance(error, MemoryError | torch.OutOfMemoryError) or any(words in str(error) for words in NO_MEMORY):
        where = "GPU" if isinstance(error, torch.OutOfMemoryError) else "computer"
        return f"the memory of the {where} does not suffice: choose fewer hidden units, layers or LSTMs"
    text = faults.sentence(error)
    return text if isinstance(error, ValueError | FloatingPointError | OSError) else f"{type(error).__name__}: {text}"


@contextmanager
def _exit_when_stuck(folder: Path) -> Iterator[None]:
    """Within the block, end this process if it is asked to stop and does not come to it, as within a call of torch.

    Nothing is lost: whoever looks after the queue makes a model of what is put down. It is done in a worker of Dask
    alone, where another one starts in its place.
    """
    over, replaced = threading.Event(), _is_replaced()

    def watch() -> None:
        waited = 0.0
        while not over.wait(LOOK):
            waited = waited + LOOK if (folder / "stop").exists() and not (folder / "result.json").exists() else 0.0
            if waited > PATIENCE:
                os._exit(0)

    watching = threading.Thread(target=watch, daemon=True)
    if replaced:
        watching.start()
    try:
        yield
    finally:
        over.set()
        if replaced:
            watching.join()


def _is_replaced() -> bool:
    """Whether this process trains one run alone, and another one starts in its place: so it is with a Dask nanny."""
    try:
        worker = get_worker()
        return worker.nanny is not None and worker.state.nthreads == 1
    except ValueError:  # it is no worker
        return False


@contextmanager
def _progress(folder: Path, device: str, on_batch: OnBatch) -> Iterator[OnBatch]:
    """Keep progress.json fresh as a sign of life, and note in it what `on_batch` is told."""
    now: dict[str, Any] = {"done": 0, "total": 0, "device": device}
    over = threading.Event()

    def live() -> None:
        while not over.is_set():
            with suppress(OSError):  # a full disk is found out where something has to be kept
                write_json(folder / "progress.json", dict(now))
            over.wait(SIGN_OF_LIFE)

    def watched(done: int, total: int) -> Any:
        now.update(done=done, total=total)
        return on_batch(done, total)

    sign = threading.Thread(target=live, daemon=True)
    sign.start()
    try:
        yield watched
    finally:
        over.set()
        sign.join()
