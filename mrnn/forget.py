"""Removing a person's data, and with them all that has learned from them."""

from contextlib import suppress

from mrnn import owndata, runs, sweeps
from mrnn.files import read_json


def learned_from(own_id: str, owner: str) -> list[runs.Run]:
    """The owner's runs that learned from these data, uploaded models among them."""
    return [run for run in runs.list_runs(owner) if _task_of(run) == own_id]


def forget(own_id: str, owner: str) -> None:
    """Remove data of one's own, the runs and sweeps that learned from them, and their models.

    raises  ValueError if they are another's, or such a run is not over yet
    """
    if not owndata.may_use(own_id, owner):
        raise ValueError("only one's own data can be deleted")
    found = learned_from(own_id, owner)
    if any(run.active for run in found):
        raise ValueError("a run learns from these data now; stop it first")
    for sweep in sweeps.list_sweeps(owner):
        if sweep.config.base.task == own_id:
            sweeps.delete(sweep.id, owner)
    for run in learned_from(own_id, owner):  # those of sweeps are gone, but for sweeps that are damaged
        runs.delete(run.id, owner)
    owndata.delete(own_id, owner)  # last: whoever is broken off can begin again


def _task_of(run: runs.Run) -> str:
    if run.config is not None or "task" in run.result:
        return str(run.config.task if run.config else run.result["task"])
    with suppress(OSError, ValueError, KeyError, TypeError):  # it is damaged, but may still hold a model
        return str(read_json(runs.folder_of(run.id) / "config.json")["run"]["task"])
    return ""
