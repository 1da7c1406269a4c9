"""sweep: train over a grid and over seeds."""

import argparse
import sys
import time
from dataclasses import fields
from pathlib import Path

from tqdm import tqdm

from mrnn import runs, sweeps
from mrnn.commands.options import HELPS, SHAPE, Commands, add_beginning, add_task, add_training, flag, run_config
from mrnn.config import OBJECTIVES, TrainConfig
from mrnn.files import write_text
from mrnn.forecast import duration, training_seconds
from mrnn.grid import AXES, SweepConfig
from mrnn.jobs import Engine
from mrnn.matching import MATCHES

STOP_SECONDS = 10.0  # to wait for runs that were asked to stop


def add(commands: Commands) -> None:
    """What the command understands."""
    command = commands.add_parser(
        "sweep", help="train over a grid and over seeds; the same command goes on where it was broken off"
    )
    command.set_defaults(run=run)
    add_task(command)
    grid = command.add_argument_group("grid: one value or more of each")
    for name, options in SHAPE.items():
        grid.add_argument(flag(name), nargs="+", **{**options, "default": None})
    grid.add_argument("--tau", "--tau0", dest="tau0", nargs="+", type=float, help="temperature of the first epoch")
    grid.add_argument("--tau-floor", nargs="+", type=float, help="and of the last")
    grid.add_argument("--objective", nargs="+", choices=OBJECTIVES, help=HELPS["objective"])
    command.add_argument("--seeds", type=int, default=3, help="runs of each combination (default: %(default)s)")
    command.add_argument(
        "--match", choices=MATCHES,
        help="give every network the hidden size at which it has as many weights, or as much work a step, as the first",
    )  # fmt: skip
    add_beginning(command)
    add_training(command, [f.name for f in fields(TrainConfig) if f.name not in AXES])
    command.add_argument("--scheduler", metavar="ADDRESS", help="of a Dask scheduler, such as tcp://HOST:8786")
    command.add_argument("--csv", type=Path, metavar="FILE", help="write a row a run there")


def sweep_config(asked: argparse.Namespace) -> SweepConfig:
    """What a parsed `sweep` command asks for."""
    grid = {axis: getattr(asked, axis) for axis in AXES if getattr(asked, axis) is not None}
    # Seed by seed and value by value, the rest as `train` would do it; the first values stand for the others.
    if asked.match is not None and len(grid.get("hidden_size", [])) == 1:
        del grid["hidden_size"]  # it is that of the first network, which the others are matched with
    return SweepConfig(base=run_config(asked), grid=grid, seeds=asked.seeds, match=asked.match)


def run(asked: argparse.Namespace) -> None:
    config = sweep_config(asked)
    if asked.csv is not None and not asked.csv.parent.is_dir():
        raise ValueError(f"--csv must lie in a folder that is there, got {asked.csv}")
    sweep_id = sweeps.start(config, runs.COMMAND_LINE)
    sweeps.publish(sweep_id, runs.COMMAND_LINE)  # whoever can start commands here may see it on the pages, too
    engine = Engine(asked.scheduler, sweep=sweep_id)
    sweep = sweeps.read(sweep_id)
    seconds = sum(training_seconds(run.config) for run in sweep.runs if run.active and run.config is not None)
    left = f"all {sweep.total} runs are done"
    if sweep.done < sweep.total:
        left = f"{sweep.total - sweep.done} of {sweep.total} runs to do, about {duration(seconds / engine.slots)}"
    print(f"{sweep_id}: {left}; seen at .../sweeps?sweep={sweep_id}", file=sys.stderr)
    try:
        with tqdm(total=sweep.total, initial=sweep.done, unit="run", disable=None) as bar:
            if sweep.state == "running":
                engine.recover(wait=True)
            trouble = ""
            while sweep.state == "running":
                time.sleep(0.5)
                sweep = sweeps.read(sweep_id)
                bar.update(sweep.done - bar.n)
                if engine.trouble not in ("", trouble):
                    bar.write(f"waiting, for {engine.trouble}; tried again every few seconds", file=sys.stderr)
                trouble = engine.trouble
    except KeyboardInterrupt:
        sweeps.stop(sweep_id)
        _let_end(sweep_id)
        print("stopped; the same command goes on from here", file=sys.stderr)
    finally:
        engine.close()
        engine.end_lost()
    table = sweeps.table(sweeps.read(sweep_id))
    if asked.csv is not None:
        write_text(asked.csv, table.to_csv(index=False))
    print(table.drop(columns="run").to_string(index=False))
    failed = [run.reason for run in sweep.runs if run.state == "failed"]
    if failed:
        raise ValueError(f"{len(failed)} of {sweep.total} runs failed: {failed[0]}")


def _let_end(sweep_id: str) -> None:
    """Wait for the runs of a sweep that was stopped: each keeps what it has learned up to its last epoch."""
    deadline = time.monotonic() + STOP_SECONDS
    while sweeps.read(sweep_id).state == "running" and time.monotonic() < deadline:
        time.sleep(0.1)
