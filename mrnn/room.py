"""The room that all runs take on the disk, which is bounded: who leaves when there is no more."""

import time
from collections.abc import Iterable, Iterator
from contextlib import contextmanager, suppress
from itertools import accumulate

from filelock import FileLock, Timeout

from mrnn import bounds, runs, snapshots
from mrnn.config import RunConfig
from mrnn.files import LOCK, remove_left_over
from mrnn.matching import count_weights
from mrnn.place import own_data_folder, runs_folder

NUMBER = 4  # bytes
ABANDONED = 24 * 3600.0  # seconds
LOCK_SECONDS = 30.0  # to wait for others who decide; then whoever does is stuck
SMALL_FILES = 2**16  # bytes of a run's configuration, history and result
# A checkpoint has the weights of now, those of the best epoch, and two moments of each for the optimiser. It is written
# beside the one before, and a model is saved before both go.
CHECKPOINT = 4
WHILE_TRAINED = 2 * CHECKPOINT + 1


@contextmanager
def alone() -> Iterator[None]:
    """Where it is decided who comes and who leaves: within it no other thread or process of this server does so.

    raises  OSError if nothing can be written where runs lie, or somebody else is in there for too long
    """
    runs_folder().mkdir(parents=True, exist_ok=True)
    lock = FileLock(runs_folder() / LOCK)
    try:
        lock.acquire(LOCK_SECONDS)
    except Timeout as error:
        raise TimeoutError("another program holds the folder of the runs; try again in some seconds") from error
    try:
        yield
    finally:
        lock.release()


def kept_bytes(config: RunConfig) -> int:
    """How much room a run takes at most once it is over: one that was stopped keeps its checkpoint, to be resumed."""
    return (1 + CHECKPOINT) * NUMBER * count_weights(config.model) + snapshots.MOST_BYTES + SMALL_FILES


def training_bytes(config: RunConfig) -> int:
    """How much room a run takes at most while it is trained."""
    return WHILE_TRAINED * NUMBER * count_weights(config.model) + 2 * snapshots.MOST_BYTES + SMALL_FILES


def needed_bytes(configs: Iterable[RunConfig]) -> int:
    """How much room a job takes at most: its runs one after another, none of them removed."""
    found = list(configs)
    return sum(map(kept_bytes, found)) + max((training_bytes(one) - kept_bytes(one) for one in found), default=0)


def leaving(keep: str = "") -> list[runs.Run]:
    """The runs that are over and not public, in the order in which they go when room is needed: the oldest first.

    What belongs to a job that goes on stays: finished runs of a sweep of which others wait or train.

    keep  a job that is about to go on
    """
    found = runs.list_runs()
    going_on = {run.job for run in found if run.active or run.measuring} - _abandoned(found) | {keep}
    gone = [run for run in reversed(found) if run.job not in going_on and not run.public]
    return [run for run in gone if run.state != "broken" or run.damaged]


def used_bytes() -> int:
    """How much room all runs take."""
    return sum(run.size for run in runs.list_runs())


def _abandoned(found: list[runs.Run]) -> set[str]:
    """Jobs of the command line that was killed: of all that waits for it nothing trains, since long ago."""
    of_command = {run.job for run in found if run.state == "waiting" and run.owner == runs.COMMAND_LINE}
    alive = {run.job for run in found if run.state == "running" or time.time() - run.created < ABANDONED}
    return of_command - alive


def reserved_bytes() -> int:
    """How much more room the jobs that wait or train may come to take."""
    jobs: dict[str, list[runs.Run]] = {}
    found = runs.list_runs()
    abandoned = _abandoned(found)
    for run in found:
        if run.active and run.job not in abandoned:
            jobs.setdefault(run.job, []).append(run)
    return sum(
        max(0, needed_bytes(run.config for run in job if run.config) - sum(run.size for run in job))
        for job in jobs.values()
    )


def suffices_for(config: RunConfig) -> bool:
    """Whether another run can be trained beside those that train now."""
    training = [run for run in runs.list_runs() if run.state == "running" and run.config]
    growing = sum(max(0, training_bytes(run.config) - run.size) for run in training if run.config)
    return used_bytes() + growing + training_bytes(config) <= bounds.max_bytes()


def to_go(more: int, keep: str = "") -> list[runs.Run]:
    """Those of the runs that are `leaving` which must go, so that there is room for `more` bytes.

    keep    a job that is about to go on
    raises  ValueError if that is not enough
    """
    over = used_bytes() + reserved_bytes() + more - bounds.max_bytes()
    gone = leaving(keep) if over > 0 else []
    if over > sum(run.size for run in gone):
        raise ValueError(
            f"there is no room: it may take {more / 2**20:,.0f} MB, but runs that are published, or that wait or "
            f"train, leave less of the {bounds.max_bytes() / 2**20:,.0f} MB for all; ask for less, or try again later"
        )
    first = list(accumulate((run.size for run in gone), initial=0))  # what is won by those before
    return [run for run, won in zip(gone, first, strict=False) if won < over]


def make(more: int, keep: str = "") -> None:
    """Remove the runs that are `to_go`, with the same error; only where one is `alone`."""
    for run in to_go(more, keep):
        with suppress(OSError):  # its owner deletes it just now, or reads it, where that holds it fast
            runs.remove(run.id)


def tidy() -> None:
    """Remove what processes that were killed have left half written, once it is old."""
    for folder in (runs_folder(), *runs.folders(), own_data_folder()):
        remove_left_over(folder)
