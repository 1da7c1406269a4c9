"""The room that all runs take on the disk, which is bounded: who leaves when there is no more."""

from mrnn import bounds, runs


def leaving() -> list[runs.Run]:
    """The runs that are over and not public, in the order in which they go when room is needed: the oldest first."""
    return [run for run in reversed(runs.list_runs()) if not run.active and not run.public]


def used_bytes() -> int:
    """How much room all runs take."""
    return sum(run.size for run in runs.list_runs())


def make() -> None:
    """Remove runs that are `leaving` until all fit into `bounds.max_bytes`."""
    over = used_bytes() - bounds.max_bytes()
    for run in leaving():
        if over <= 0:
            break
        over -= run.size
        runs.remove(run.id)
