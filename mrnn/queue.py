"""The queue, which is all folders of runs that wait: who may come in, and who is next."""

import secrets
import shutil
import time
from collections import Counter
from collections.abc import Iterable

from mrnn import bounds, claims, room, runs
from mrnn.config import RunConfig
from mrnn.files import read_json, write_json
from mrnn.owndata import may_use


def admit(owner: str, configs: Iterable[RunConfig], job: str = "") -> None:
    """Let a job into the queue, for which older runs make room; only where one is `alone` until its runs are there.

    The command line has no place in this queue: it trains what it asks for itself, as often as it is asked.

    configs  what it shall train
    job      which one, if it goes on: what it has so far makes no room for itself
    raises   ValueError if the owner has a job that waits or runs, too many wait, or there is no room
    """
    if owner != runs.COMMAND_LINE:
        _check(owner)
    room.make(room.needed_bytes(configs), keep=job)


def _check(owner: str) -> None:
    jobs = {run.job: run.owner for run in runs.list_runs() if run.active and run.owner != runs.COMMAND_LINE}
    if owner in jobs.values():
        raise ValueError("one run at a time for each person: wait for yours to end, or stop it")
    if len(jobs) >= bounds.max_queue():
        raise ValueError(f"the queue is full: {len(jobs)} runs wait or train already; try again in some minutes")


def create(config: RunConfig, owner: str) -> str:
    """Put a new run at the end of the queue, and return its id; ValueError if the queue does not take it."""
    with room.alone():
        admit(owner, [config])
        run_id = f"{time.strftime('%Y%m%d-%H%M%S')}-{secrets.token_hex(4)}"
        put(run_id, config, owner)
    return run_id


def put(run_id: str, config: RunConfig, owner: str) -> None:
    """Make the folder of a run that waits; only once it was let in.

    raises  ValueError if it would learn from data that are not the owner's
    """
    if not may_use(config.task, owner):
        raise ValueError("the data of this run are not here, or not yours; upload them on the Own data page")
    folder = runs.folder_of(run_id)
    # Beside its place until it is whole: other processes look on.
    beside = folder.with_name(f".{run_id}.{secrets.token_hex(4)}")
    beside.mkdir(parents=True)
    try:
        write_json(beside / "config.json", {"owner": owner, "created": time.time(), "run": config.to_dict()})
        beside.rename(folder)
    except OSError:
        shutil.rmtree(beside, ignore_errors=True)
        raise


def resume(run_id: str, owner: str) -> None:
    """Put a run of one's own that was stopped, or failed, at the end of the queue; it goes on after its last epoch.

    raises  ValueError if it is another's, did not end so, or the queue does not take it
    """
    with room.alone():
        run = runs.own(run_id, owner)
        if run.state not in ("stopped", "failed") or run.config is None:
            raise ValueError(f"a run can be resumed if it was stopped or failed; this one is {run.state}")
        if run.measuring:
            raise ValueError("this run is still being measured on the test data; try again in some seconds")
        admit(owner, [run.config], run.job)
        put_back(run)


def put_back(run: runs.Run) -> None:
    """Let a run that was stopped, or failed, wait again; only once it was let in."""
    folder = runs.folder_of(run.id)
    asked = read_json(folder / "config.json")
    write_json(folder / "config.json", {**asked, "created": time.time()})
    claims.forget(folder)
    (folder / "progress.json").unlink(missing_ok=True)
    (folder / "stop").unlink(missing_ok=True)
    (folder / "result.json").unlink(missing_ok=True)  # last: from here on it waits


def waiting() -> list[runs.Run]:
    """The runs that wait, the next one first.

    First come, first served, but jobs take turns: whoever comes after a sweep waits for one run of it, not for all.
    """
    unfinished = [runs.read(path.name) for path in runs.folders() if not (path / "result.json").exists()]
    before = Counter(run.job for run in unfinished if run.state == "running")
    turns: list[tuple[int, float, str, runs.Run]] = []
    for run in sorted((run for run in unfinished if run.state == "waiting"), key=lambda run: (run.created, run.id)):
        turns.append((before[run.job], run.created, run.id, run))
        before[run.job] += 1
    return [run for *_, run in sorted(turns, key=lambda turn: turn[:3])]
