"""runs: list, stop or clear the runs of everybody on this server."""

import argparse
from contextlib import suppress

from mrnn import bounds, room, runs, sweeps
from mrnn.commands.options import Commands
from mrnn.scores import written


def add(commands: Commands) -> None:
    """What the command understands."""
    command = commands.add_parser("runs", help="list, stop or clear the runs of everybody on this server")
    command.set_defaults(run=run)
    command.add_argument("action", nargs="?", choices=["list", "stop", "clear"], default="list", help="(default: list)")
    command.add_argument("ids", nargs="*", metavar="ID", help="of runs; the beginning of one suffices")
    command.add_argument("--all", action="store_true", help="stop all that wait or train, or clear all that are over")


def run(asked: argparse.Namespace) -> None:
    found = runs.list_runs()
    if asked.action == "list":
        print("\n".join(map(_line, reversed(found))))
        sizes = f"{room.used_bytes() / 2**20:.0f} of {bounds.max_bytes() / 2**20:.0f} MB used"
        print(f"{len(found)} runs, {sum(each.active for each in found)} of them waiting or training; {sizes}")
        return
    if not asked.ids and not asked.all:
        raise ValueError(f"{asked.action} needs the ids of runs, or --all")
    for each in found if asked.all else [_one(found, start) for start in asked.ids]:
        if asked.action == "stop" and each.active:
            with suppress(FileNotFoundError):  # its owner deletes it just now
                runs.stop(each.id)
            print(f"asked {each.id} to stop")
        elif asked.action == "clear" and not each.active:
            with suppress(FileNotFoundError):
                runs.remove(each.id)
            print(f"removed {each.id}")
    if asked.action == "clear":
        sweeps.remove_empty()


def _one(found: list[runs.Run], start: str) -> runs.Run:
    """The run whose id begins so; ValueError unless there is one, and one alone."""
    meant = [run for run in found if run.id.startswith(start)]
    if len(meant) != 1:
        raise ValueError(f"ids must be those of runs, or the beginning of one alone; {len(meant)} runs begin {start!r}")
    return meant[0]


def _line(run: runs.Run) -> str:
    """A run in a line: id, beginning of its owner's name, task, state, epochs, accuracy, and why it failed."""
    epochs = f"{len(run.history)}/{run.config.training.epochs}" if run.config else ""
    task = run.config.task if run.config else str(run.result.get("task", ""))
    target = run.config.model.target if run.config else "class"
    right = "" if run.accuracy is None else written(target, run.accuracy)
    cells = [f"{run.id:35}", run.owner[:8], f"{task:8}", f"{run.state:9}", f"{epochs:>7}", f"{right:>7}", run.reason]
    return "  ".join(cells).rstrip()
