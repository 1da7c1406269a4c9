"""The command line: python -m mrnn train|evaluate|generate|sweep|runs|bench."""

import argparse
import json
import signal
import sys
import tempfile
import time
from collections.abc import Collection, Sequence
from contextlib import suppress
from dataclasses import fields
from pathlib import Path
from typing import Any, NoReturn

from tqdm import tqdm

from mrnn import bench, bounds, probes, room, runs, sweeps
from mrnn.checkpoint import load, read_notes, save
from mrnn.config import (
    CARRIES,
    CELLS,
    OBJECTIVES,
    PRECISIONS,
    SCHEDULES,
    ModelConfig,
    RunConfig,
    TrainConfig,
)
from mrnn.data import Task
from mrnn.devices import choose_device
from mrnn.files import write_text
from mrnn.forecast import duration, training_seconds
from mrnn.generation import generate
from mrnn.grid import AXES, SweepConfig
from mrnn.jobs import Engine
from mrnn.matching import MATCHES
from mrnn.model import SequenceModel
from mrnn.runs import check_task
from mrnn.scores import SCORES, written
from mrnn.tasks import TASKS, make_task
from mrnn.text import TextTask
from mrnn.training import EpochReport, evaluate
from mrnn.worker import perform

STOP_SECONDS = 10.0  # to wait for runs that were asked to stop
HELPS = {
    "device": "auto takes CUDA, else Apple's MPS, else the CPU",
    "objective": ", ".join(OBJECTIVES),
    "precision": ", ".join(PRECISIONS),
    "schedule": ", ".join(SCHEDULES),
    "augment": "vary the training sequences anew in each epoch",
}
SHAPE: dict[str, dict[str, Any]] = {
    "cell": {"choices": CELLS, "default": "mrnn", "help": "the network (default: mrnn)"},
    "k": {"type": int, "help": "LSTMs side by side (default: 4; 1 for other cells)"},
    "hidden_size": {"type": int, "default": 128, "help": "units of each LSTM (default: 128)"},
    "num_layers": {"type": int, "default": 1, "help": "layers (default: 1)"},
    "carry": {"choices": CARRIES, "default": "mixed", "help": "the state handed on (default: mixed)"},
}


class _Parser(argparse.ArgumentParser):
    def error(self, message: str) -> NoReturn:
        # One line, without the usage: what is wrong should not drown in it.
        self.exit(2, f"{self.prog}: {message}; see {self.prog} --help\n")


def main(arguments: Sequence[str] | None = None) -> None:
    """Run a command; bad arguments end with one line and exit status 2."""
    parser = command_parser()
    asked = parser.parse_args(arguments)
    try:
        asked.run(asked)
    except (ValueError, FloatingPointError, OSError) as error:
        message = " ".join(str(error).split())
    except (MemoryError, RuntimeError) as error:
        # torch has no type of its own for memory that the processor's side refuses.
        if isinstance(error, RuntimeError) and "memory" not in str(error):
            raise
        message = f"the memory of this machine does not suffice: {' '.join(str(error).split())[:200]}"
    else:
        return
    parser.exit(2, f"{parser.prog} {asked.command}: {message}\n")


def command_parser() -> argparse.ArgumentParser:
    """What understands the command line."""
    parser = _Parser(prog="python -m mrnn", description="Markov recurrent neural networks")
    commands = parser.add_subparsers(dest="command", required=True, metavar="COMMAND")

    command = commands.add_parser("train", help="train a model on a task and measure it on the test split")
    command.set_defaults(run=_train)
    _add_task(command)
    model = command.add_argument_group("model")
    for name, options in SHAPE.items():
        model.add_argument(_flag(name), **options)
    _add_beginning(model)
    _add_training(command, [f.name for f in fields(TrainConfig)])
    command.add_argument(
        "--out",
        type=Path,
        help="the file to write (default: TASK-kK.safetensors); FILE.checkpoint lies beside it until training is over, "
        "and the same command goes on from there",
    )

    command = commands.add_parser(
        "sweep", help="train over a grid and over seeds; the same command goes on where it was broken off"
    )
    command.set_defaults(run=_sweep)
    _add_task(command)
    grid = command.add_argument_group("grid: one value or more of each")
    for name, options in SHAPE.items():
        grid.add_argument(_flag(name), nargs="+", **{**options, "default": None})
    grid.add_argument("--tau", "--tau0", dest="tau0", nargs="+", type=float, help="temperature of the first epoch")
    grid.add_argument("--tau-floor", nargs="+", type=float, help="and of the last")
    grid.add_argument("--objective", nargs="+", choices=OBJECTIVES, help=HELPS["objective"])
    command.add_argument("--seeds", type=int, default=3, help="runs of each combination (default: %(default)s)")
    command.add_argument(
        "--match", choices=MATCHES,
        help="give every network the hidden size at which it has as many weights, or as much work a step, as the first",
    )  # fmt: skip
    _add_beginning(command)
    _add_training(command, [f.name for f in fields(TrainConfig) if f.name not in AXES])
    command.add_argument("--scheduler", metavar="ADDRESS", help="of a Dask scheduler, such as tcp://HOST:8786")
    command.add_argument("--csv", type=Path, metavar="FILE", help="write a row a run there")

    command = commands.add_parser("runs", help="list, stop or clear the runs of everybody on this server")
    command.set_defaults(run=_runs)
    command.add_argument("action", nargs="?", choices=["list", "stop", "clear"], default="list", help="(default: list)")
    command.add_argument("ids", nargs="*", metavar="ID", help="of runs; the beginning of one suffices")
    command.add_argument("--all", action="store_true", help="stop all that wait or train, or clear all that are over")

    command = commands.add_parser("evaluate", help="measure a model on the test split of its task")
    command.set_defaults(run=_evaluate)
    command.add_argument("file", type=Path, metavar="FILE", help="a .safetensors file")
    command.add_argument("--task", choices=list(TASKS), metavar="TASK", help="another task than the file's own")
    command.add_argument("--device", default="auto", help=HELPS["device"])
    command.add_argument("--json", action="store_true", help="print the figures as JSON")

    command = commands.add_parser("generate", help="let a model go on with a text, character by character")
    command.set_defaults(run=_generate)
    command.add_argument("file", type=Path, metavar="FILE", help="a .safetensors file of a text")
    command.add_argument("--length", type=int, default=500, help="characters (default: %(default)s)")
    command.add_argument(
        "--temperature", type=float, default=0.7, help="0 takes the most probable character (default: %(default)s)"
    )
    command.add_argument("--prompt", default="", help="what it goes on from (default: the text's first character)")
    command.add_argument("--seed", type=int, default=0, help="of the draws (default: %(default)s)")
    command.add_argument("--device", default="auto", help=HELPS["device"])

    command = commands.add_parser(
        "bench", help="time the recurrence against its definition, torch's LSTM and bare products"
    )
    command.set_defaults(run=_bench)
    command.add_argument("--device", default="cpu", help=HELPS["device"] + " (default: %(default)s)")
    command.add_argument("--repeats", type=int, default=5, help="rounds to take medians of (default: %(default)s)")
    command.add_argument(
        "--only", default="", metavar="TEXT", help="rows whose shape contains it, such as waves or k ="
    )
    command.add_argument("--json", action="store_true", help="print milliseconds and MB as JSON")
    return parser


def _flag(name: str) -> str:
    return f"--{name.replace('_', '-')}"


def _add_task(command: argparse.ArgumentParser) -> None:
    command.add_argument("task", choices=list(TASKS), metavar="TASK", help=", ".join(TASKS))
    command.add_argument(
        "--set", nargs="+", action="extend", default=[], metavar="NAME=VALUE", help="settings of the task"
    )


def _add_beginning(where: argparse._ActionsContainer) -> None:
    """What a sweep does not go over."""
    where.add_argument("--dropout", type=float, default=0.0, help="between layers (default: %(default)s)")
    where.add_argument(
        "--span", type=int, default=0, help="steps that memory reaches over at first, in long sequences (default: none)"
    )


def _add_training(command: argparse.ArgumentParser, names: Collection[str]) -> None:
    """An option for each of these fields of TrainConfig."""
    training = command.add_argument_group("training")
    for f in fields(TrainConfig):
        if f.name not in names:
            continue
        how = f"{HELPS.get(f.name, '')} (default: {f.default})"
        if isinstance(f.default, bool):
            training.add_argument(_flag(f.name), action=argparse.BooleanOptionalAction, default=f.default, help=how)
        else:
            training.add_argument(_flag(f.name), type=type(f.default), default=f.default, help=how)


def run_config(asked: argparse.Namespace) -> RunConfig:
    """What a parsed `train` command asks for; of a `sweep`, what all its runs have in common."""
    task = make_task(asked.task, dict(map(_setting, asked.set)))
    model = ModelConfig(
        **task.borders,
        dropout=asked.dropout,
        span=asked.span,
        **_given(asked, SHAPE),
    )
    training = TrainConfig(**_given(asked, [f.name for f in fields(TrainConfig)]))
    return RunConfig(task=task.name, settings=task.settings, model=model, training=training)


def _given(asked: argparse.Namespace, names: Collection[str]) -> dict[str, Any]:
    """The options that were given; of those that have several values, the first."""
    values = {name: getattr(asked, name) for name in names if getattr(asked, name) is not None}
    return {name: value[0] if isinstance(value, list) else value for name, value in values.items()}


def _train(asked: argparse.Namespace) -> None:
    config = run_config(asked)
    out = asked.out or Path(f"{config.task}-k{config.model.k}.safetensors")
    if not out.parent.is_dir():
        raise ValueError(f"--out must lie in a folder that is there, got {out}")
    if out.is_dir():
        raise ValueError(f"--out must be a file, got the folder {out}")
    with tempfile.NamedTemporaryFile(dir=out.parent):
        pass  # a folder that cannot be written should be known before training, not after
    print(f"device: {choose_device(config.training.device)}", file=sys.stderr)
    checkpoint = out.with_name(f"{out.name}.checkpoint")
    if checkpoint.exists():
        print(f"going on from {checkpoint}", file=sys.stderr)

    stopped, target = False, config.model.target

    def stop(*_: Any) -> None:
        nonlocal stopped
        stopped = True
        signal.signal(signal.SIGINT, before)

    with tqdm(unit="batch", disable=None) as bar:

        def on_batch(done: int, total: int) -> bool:
            bar.total = total
            bar.update(done - bar.n)
            return not stopped

        def on_report(report: EpochReport) -> None:
            held_out = written(target, report.accuracy_hard)
            bar.write(
                f"epoch {report.epoch}/{report.epochs}  tau {report.tau:.2f}  loss {report.loss:.4f}  "
                f"held-out {held_out} (soft {written(target, report.accuracy_soft)})  {report.seconds:.0f} s",
                file=sys.stderr,
            )

        # The first Ctrl-C ends training and keeps the best model so far; a second one breaks off. Either way the
        # checkpoint stays, to go on from.
        before = signal.signal(signal.SIGINT, stop)
        try:
            trained, notes = perform(config, on_report=on_report, on_batch=on_batch, checkpoint=checkpoint)
        finally:
            signal.signal(signal.SIGINT, before)
    save(trained, out, notes)
    figures = notes["figures"]
    if figures["epochs"] == config.training.epochs:
        checkpoint.unlink(missing_ok=True)
    hard, soft = (written(target, figures[f"test_accuracy_{kind}"]) for kind in ("hard", "soft"))
    print(f"{out}: test {SCORES[target]} {hard} (soft {soft})")


def _sweep(asked: argparse.Namespace) -> None:
    grid = {axis: getattr(asked, axis) for axis in AXES if getattr(asked, axis) is not None}
    # Seed by seed and value by value, the rest as `train` would do it; the first values stand for the others.
    if asked.match is not None and len(grid.get("hidden_size", [])) == 1:
        del grid["hidden_size"]  # it is that of the first network, which the others are matched with
    config = SweepConfig(base=run_config(asked), grid=grid, seeds=asked.seeds, match=asked.match)
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


def _runs(asked: argparse.Namespace) -> None:
    found = runs.list_runs()
    if asked.action == "list":
        print("\n".join(map(_line, reversed(found))))
        sizes = f"{room.used_bytes() / 2**20:.0f} of {bounds.max_bytes() / 2**20:.0f} MB used"
        print(f"{len(found)} runs, {sum(run.active for run in found)} of them waiting or training; {sizes}")
        return
    if not asked.ids and not asked.all:
        raise ValueError(f"{asked.action} needs the ids of runs, or --all")
    for run in found if asked.all else [_one(found, start) for start in asked.ids]:
        if asked.action == "stop" and run.active:
            with suppress(FileNotFoundError):  # its owner deletes it just now
                runs.stop(run.id)
            print(f"asked {run.id} to stop")
        elif asked.action == "clear" and not run.active:
            with suppress(FileNotFoundError):
                runs.remove(run.id)
            print(f"removed {run.id}")
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


def _setting(text: str) -> tuple[str, Any]:
    name, _, value = text.partition("=")
    try:
        return name, json.loads(value)
    except ValueError as error:
        raise ValueError(f"--set takes NAME=NUMBER, got {text!r}") from error


def _model_and_task(file: Path, device: str, other: str | None = None) -> tuple[SequenceModel, Task]:
    """The model of a file, and its own task or the `other` that is named."""
    model = load(file, device)
    notes = read_notes(file)
    name, settings = notes.get("task"), notes.get("settings", {})
    if other not in (None, name):
        name, settings = other, {}
    if not isinstance(name, str) or not isinstance(settings, dict):
        raise ValueError(f"{file} does not say its task; name one with --task")
    return model, check_task(model.config, name, settings)


def _evaluate(asked: argparse.Namespace) -> None:
    model, task = _model_and_task(asked.file, asked.device, asked.task)
    name = task.name
    _, test_data = task.split()
    with tqdm(unit="batch", disable=None) as bar:

        def on_batch(_done: int, total: int) -> None:
            bar.total = 2 * total
            bar.update()

        hard = evaluate(model, test_data, on_batch=on_batch)
        soft = evaluate(model, test_data, choice="soft", on_batch=on_batch)
    claims = task.claims(probes.answer_of(model), 0)
    claims |= _regimes(model, task)
    figures = {"task": name, "n": len(test_data), "accuracy_hard": hard.accuracy, "accuracy_soft": soft.accuracy}
    figures["claims"] = claims
    if asked.json:
        print(json.dumps(figures))
    else:
        score, of_soft = (written(task.target, found.accuracy) for found in (hard, soft))
        print(f"{name}: {SCORES[task.target]} {score} in use (soft {of_soft}) on {len(test_data):,} sequences")
        print("".join(f"{figure:8.4f}  {claim}\n" for claim, figure in claims.items()), end="")


def _generate(asked: argparse.Namespace) -> None:
    model, task = _model_and_task(asked.file, asked.device)
    if not isinstance(task, TextTask):
        raise ValueError(f"{asked.file} has learned {task.name}, which is no text; train one on text first")
    print(generate(model, task, asked.length, asked.temperature, asked.prompt, asked.seed))


def _regimes(model: SequenceModel, task: Task) -> dict[str, float]:
    """Where regimes are hidden: how well z tells them apart, beside a hidden Markov model on the same data."""
    found = probes.found_regimes(model, task)
    if found is None:
        return {}
    from mrnn import hmm  # nothing else should wait for hmmlearn

    beside = hmm.beside(task)
    index = "adjusted Rand index of the true regimes and"
    return {
        f"{index} z": found,
        f"{index} a Gaussian HMM that sees each signal whole": beside.agreement,
        f"{index} a Gaussian HMM that sees the past alone, as z does": beside.from_the_past,
        "R² of the next value by the Gaussian HMM": beside.score,
        "mean squared error of the next value by the Gaussian HMM": beside.error,
    }


def _bench(asked: argparse.Namespace) -> None:
    if asked.repeats < 1:
        raise ValueError(f"--repeats must be at least 1, got {asked.repeats}")
    rows = [row for row in bench.rows() if asked.only in row.name]
    if not rows:
        raise ValueError(f"--only must be part of a row's shape, got {asked.only!r}")
    device = choose_device(asked.device)
    results = [bench.measure(row, device, asked.repeats) for row in tqdm(rows, unit="row", disable=None)]
    print(bench.to_json(results) if asked.json else bench.table(results))


if __name__ == "__main__":
    main()
