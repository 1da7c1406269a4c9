"""A sweep is many runs and a folder of its own, runs/<sweep>/sweep.json, that says what they are to show."""

import hashlib
import json
import re
import shutil
import time
from collections.abc import Iterable
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

import pandas as pd

from mrnn import bounds, queue, room, runs
from mrnn.data import Target
from mrnn.files import read_json, write_json
from mrnn.grid import SweepConfig
from mrnn.place import runs_folder
from mrnn.runs import Run
from mrnn.scores import SCORES

State = Literal["running", "finished", "incomplete"]
FIGURES = ("validation", "accuracy", "seconds")


def figure_name(figure: str, target: Target) -> str:
    """What one of FIGURES is called where the runs have this kind of target."""
    score = SCORES[target]
    return {"validation": f"held-out {score}", "accuracy": f"test {score}", "seconds": "training time"}[figure]


_ID = re.compile(r"sweep-[0-9a-f]{24}")


@dataclass(frozen=True)
class Sweep:
    """What a sweep's folder says, and its runs.

    id       the folder's name
    owner    whose it is: see `runs.owner_of`
    created  seconds since 1970
    config   what was asked for
    runs     those that are there, in their order
    total    how many there shall be
    public   True once its owner lets others see it
    """

    id: str
    owner: str
    created: float
    config: SweepConfig
    runs: tuple[Run, ...]
    total: int
    public: bool

    @property
    def state(self) -> State:
        """Whether something is still to come of itself; "incomplete" is what was broken off, or failed in part."""
        if any(run.active for run in self.runs):
            return "running"
        return "finished" if self.done == self.total else "incomplete"

    @property
    def done(self) -> int:
        """How many runs are finished."""
        return sum(run.state == "finished" for run in self.runs)


def folder_of(sweep_id: str) -> Path:
    """The folder of a sweep; ValueError if this cannot be a sweep's id."""
    if not _ID.fullmatch(sweep_id):
        raise ValueError(f"{sweep_id!r} is no sweep's id")
    return runs_folder() / sweep_id


def id_of(config: SweepConfig, owner: str) -> str:
    """The id of a sweep: the same one each time a person asks for the same."""
    asked = json.dumps([owner, config.to_dict()], sort_keys=True)
    return f"sweep-{hashlib.sha256(asked.encode()).hexdigest()[:24]}"


def start(config: SweepConfig, owner: str) -> str:
    """Put a sweep's runs into the queue, all that are not finished; so one that was broken off goes on.

    returns  its id
    raises   ValueError if it has too many runs, or the queue does not take it
    """
    wanted = list(config.runs())
    if len(wanted) > bounds.max_sweep():
        raise ValueError(f"a sweep may have {bounds.max_sweep()} runs here, this one has {len(wanted)}")
    sweep_id = id_of(config, owner)
    folder = folder_of(sweep_id)
    with room.alone():
        with suppress(ValueError):  # it is not there yet; or damaged, and then it is written anew
            if read(sweep_id).state == "running":
                return sweep_id
        there = {run.id: run for run in _runs(sweep_id, runs.list_runs())}
        if any(run.state == "broken" and not run.damaged for run in there.values()):
            raise ValueError("some runs of this sweep cannot be read just now; try again in some seconds")
        ids = {f"{sweep_id}-{number:04}": one for number, one in enumerate(wanted)}
        finished = {run.id for run in there.values() if run.state == "finished"}
        queue.admit(owner, [one for run_id, one in ids.items() if run_id not in finished], sweep_id)
        folder.mkdir(parents=True, exist_ok=True)
        write_json(folder / "sweep.json", {"owner": owner, "created": time.time(), "sweep": config.to_dict()})
        for run_id, run_config in ids.items():
            run = there.get(run_id)
            if run is not None and run.damaged:
                runs.remove(run_id)
                run = None
            if run is None:
                queue.put(run_id, run_config, owner)
            elif run.state in ("stopped", "failed"):
                queue.put_back(run)
            if (folder / "published").exists():
                runs.mark_public(runs.folder_of(run_id), True)
    return sweep_id


def stop(sweep_id: str) -> None:
    """Ask all runs of a sweep to stop."""
    for run in read(sweep_id).runs:
        if run.active:
            runs.stop(run.id)


def publish(sweep_id: str, owner: str, public: bool = True) -> None:
    """Let others see a sweep of one's own, and its runs, by their addresses; or no longer."""
    found = _own(sweep_id, owner)
    for folder in (folder_of(sweep_id), *(runs.folder_of(run.id) for run in found.runs)):
        with suppress(FileNotFoundError):  # a run that makes room just now
            runs.mark_public(folder, public)


def delete(sweep_id: str, owner: str) -> None:
    """Remove a sweep of one's own that is over, with its runs (ValueError otherwise)."""
    sweep = _own(sweep_id, owner)
    if sweep.state == "running":
        raise ValueError("a sweep can be deleted when it is over; stop it first")
    for run in sweep.runs:
        runs.remove(run.id)
    shutil.rmtree(folder_of(sweep_id))


def remove_empty() -> None:
    """Remove the folders of sweeps that have no runs any more."""
    with room.alone():
        everyone = runs.list_runs()
        for path in runs_folder().glob("sweep-*"):
            if _ID.fullmatch(path.name) and not _runs(path.name, everyone):
                shutil.rmtree(path, ignore_errors=True)


def _own(sweep_id: str, owner: str) -> Sweep:
    sweep = read(sweep_id)
    if sweep.owner != owner:
        raise ValueError("only one's own sweeps can be changed")
    return sweep


def read(sweep_id: str) -> Sweep:
    """A sweep and its runs; ValueError if it is not there, or damaged."""
    return _read(sweep_id, runs.list_runs())


def _read(sweep_id: str, everyone: Iterable[Run]) -> Sweep:
    folder = folder_of(sweep_id)
    try:
        asked = read_json(folder / "sweep.json")
        config = SweepConfig.from_dict(asked["sweep"])
        owner, created = str(asked["owner"]), float(asked["created"])
    except FileNotFoundError as error:
        raise ValueError(f"there is no sweep {sweep_id} here") from error
    except (OSError, ValueError, KeyError, TypeError) as error:
        raise ValueError(
            f"the folder of sweep {sweep_id} is damaged; the same sweep, started again, mends it"
        ) from error
    return Sweep(
        id=sweep_id,
        owner=owner,
        created=created,
        config=config,
        runs=tuple(_runs(sweep_id, everyone)),
        total=sum(1 for _ in config.runs()),
        public=(folder / "published").exists(),
    )


def list_sweeps(owner: str) -> list[Sweep]:
    """One owner's sweeps, newest first; what is damaged is left out."""
    found = []
    folder, everyone = runs_folder(), runs.list_runs()  # once: there may be many sweeps of many runs
    for path in sorted(folder.glob("sweep-*")) if folder.is_dir() else []:
        if _ID.fullmatch(path.name):
            with suppress(ValueError, OSError, KeyError, TypeError):
                if read_json(path / "sweep.json")["owner"] == owner:
                    found.append(_read(path.name, everyone))
    return sorted(found, key=lambda sweep: sweep.created, reverse=True)


def _runs(sweep_id: str, everyone: Iterable[Run]) -> list[Run]:
    return sorted((run for run in everyone if run.sweep == sweep_id), key=lambda run: run.id)


def table(sweep: Sweep) -> pd.DataFrame:
    """A row a run: where it lies on the grid, its seed, its state and its figures.

    returns  columns of the grid's axes, seed, state, validation (best hard accuracy on held-out training data),
             accuracy (hard, test), accuracy_soft (test), epochs (trained), seconds (that they took), run (id); NaN
             where not yet known. Where hidden states are known, agreement (adjusted Rand index of z and them, test)
             stands before epochs
    """
    rows = []
    for run in sweep.runs:
        if run.config is not None:
            figures = run.figures
            rows.append(
                {
                    **sweep.config.point(run.config),
                    "seed": run.config.training.seed,
                    "state": run.state,
                    "validation": figures.get("validation_accuracy_hard"),
                    "accuracy": figures.get("test_accuracy_hard"),
                    "accuracy_soft": figures.get("test_accuracy_soft"),
                    "agreement": figures.get("test_agreement"),
                    "epochs": figures.get("epochs"),
                    "seconds": figures.get("seconds"),
                    "run": run.id,
                }
            )
    told = ["validation", "accuracy", "accuracy_soft", "agreement", "epochs", "seconds"]
    found = pd.DataFrame(rows, columns=[*sweep.config.grid, "seed", "state", *told, "run"])
    found = found.astype(dict.fromkeys(told, float))
    return found.drop(columns="agreement") if found["agreement"].isna().all() else found


def summary(table: pd.DataFrame, row: str, column: str, figure: str) -> pd.DataFrame:
    """Mean and standard deviation over all runs with the same `row` and `column`.

    table    what `table` returns, of those runs that shall count
    figure   one of FIGURES
    returns  columns row, column (as text), mean, deviation (NaN for one run), known (runs it is known of), runs
    """
    cells = table.groupby([row, column], sort=True)[figure]
    found = cells.agg(mean="mean", deviation="std", known="count", runs="size").reset_index()
    return found.assign(row=found[row].astype(str), column=found[column].astype(str))[
        ["row", "column", "mean", "deviation", "known", "runs"]
    ]
