"""The room that all runs take on the disk, which is bounded: who leaves when there is no more."""

from contextlib import suppress

from mrnn import bounds, runs


def leaving(keep: str = "") -> list[runs.Run]:
    """The runs that are over and not public, in the order in which they go when room is needed: the oldest first.

    What belongs to a job that goes on stays: finished runs of a sweep of which others wait or train.

    keep  a job that is about to go on
    """
    found = runs.list_runs()
    going_on = {run.job for run in found if run.active or run.measuring} | {keep}
    return [run for run in reversed(found) if run.job not in going_on and not run.public]


def used_bytes() -> int:
    """How much room all runs take."""
    return sum(run.size for run in runs.list_runs())


def make(more: int = 0, keep: str = "") -> None:
    """Remove runs that are `leaving` until all fit into `bounds.max_bytes`, with `more` bytes beside them.

    keep    a job that is about to go on
    raises  ValueError if even then they do not; nothing is removed in that case
    """
    over = used_bytes() + more - bounds.max_bytes()
    gone = leaving(keep) if over > 0 else []
    if over > sum(run.size for run in gone):
        raise ValueError(
            f"there is no room: runs that are published, or that wait or train, fill the "
            f"{bounds.max_bytes() / 2**20:,.0f} MB for all runs; publish fewer, or try again later"
        )
    for run in gone:
        if over <= 0:
            break
        over -= run.size
        with suppress(FileNotFoundError):  # another process makes room, too
            runs.remove(run.id)
