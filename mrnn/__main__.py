"""The command line: python -m mrnn train|evaluate|bench."""

import argparse
import json
import signal
import sys
import tempfile
from collections.abc import Sequence
from dataclasses import fields
from pathlib import Path
from typing import Any, NoReturn

from tqdm import tqdm

from mrnn import bench
from mrnn.checkpoint import load, read_notes, save
from mrnn.config import CARRIES, CELLS, OBJECTIVES, PRECISIONS, SCHEDULES, ModelConfig, RunConfig, TrainConfig
from mrnn.devices import choose_device
from mrnn.runs import check_task
from mrnn.tasks import TASKS, make_task
from mrnn.training import EpochReport, evaluate
from mrnn.worker import perform


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
    command.add_argument("task", choices=list(TASKS), metavar="TASK", help=", ".join(TASKS))
    model = command.add_argument_group("model")
    model.add_argument("--cell", choices=CELLS, default="mrnn", help="the network (default: %(default)s)")
    model.add_argument("--k", type=int, help="LSTMs side by side (default: 4; 1 for other cells)")
    model.add_argument("--hidden-size", type=int, default=128, help="units of each LSTM (default: %(default)s)")
    model.add_argument("--num-layers", type=int, default=1, help="layers (default: %(default)s)")
    model.add_argument("--dropout", type=float, default=0.0, help="between layers (default: %(default)s)")
    model.add_argument("--carry", choices=CARRIES, default="mixed", help="the state handed on (default: %(default)s)")
    training = command.add_argument_group("training")
    helps = {
        "device": "auto takes CUDA, else Apple's MPS, else the CPU",
        "objective": ", ".join(OBJECTIVES),
        "precision": ", ".join(PRECISIONS),
        "schedule": ", ".join(SCHEDULES),
        "augment": "vary the training sequences anew in each epoch",
    }
    for f in fields(TrainConfig):
        name = f"--{f.name.replace('_', '-')}"
        how = f"{helps.get(f.name, '')} (default: {f.default})"
        if isinstance(f.default, bool):
            training.add_argument(name, action=argparse.BooleanOptionalAction, default=f.default, help=how)
        else:
            training.add_argument(name, type=type(f.default), default=f.default, help=how)
    command.add_argument(
        "--set", nargs="+", action="extend", default=[], metavar="NAME=VALUE", help="settings of the task"
    )
    command.add_argument(
        "--out",
        type=Path,
        help="the file to write (default: TASK-kK.safetensors); FILE.checkpoint lies beside it until training is over, "
        "and the same command goes on from there",
    )

    command = commands.add_parser("evaluate", help="measure a model on the test split of its task")
    command.set_defaults(run=_evaluate)
    command.add_argument("file", type=Path, metavar="FILE", help="a .safetensors file")
    command.add_argument("--task", choices=list(TASKS), metavar="TASK", help="another task than the file's own")
    command.add_argument("--device", default="auto", help=helps["device"])
    command.add_argument("--json", action="store_true", help="print the figures as JSON")

    command = commands.add_parser(
        "bench", help="time the recurrence against its definition, torch's LSTM and bare products"
    )
    command.set_defaults(run=_bench)
    command.add_argument("--device", default="cpu", help=helps["device"] + " (default: %(default)s)")
    command.add_argument("--repeats", type=int, default=5, help="rounds to take medians of (default: %(default)s)")
    command.add_argument(
        "--only", default="", metavar="TEXT", help="rows whose shape contains it, such as waves or k ="
    )
    command.add_argument("--json", action="store_true", help="print milliseconds and MB as JSON")
    return parser


def run_config(asked: argparse.Namespace) -> RunConfig:
    """What a parsed `train` command asks for."""
    task = make_task(asked.task, dict(map(_setting, asked.set)))
    model = ModelConfig(
        input_size=task.input_size,
        output_size=task.output_size,
        k=asked.k,
        hidden_size=asked.hidden_size,
        num_layers=asked.num_layers,
        dropout=asked.dropout,
        cell=asked.cell,
        carry=asked.carry,
        per_step=task.per_step,
    )
    training = TrainConfig(**{f.name: getattr(asked, f.name) for f in fields(TrainConfig)})
    return RunConfig(task=task.name, settings=task.settings, model=model, training=training)


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

    stopped = False

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
            bar.write(
                f"epoch {report.epoch}/{report.epochs}  tau {report.tau:.2f}  loss {report.loss:.4f}  "
                f"held-out {report.accuracy_hard:.2%} (soft {report.accuracy_soft:.2%})  {report.seconds:.0f} s",
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
    print(f"{out}: test accuracy {figures['test_accuracy_hard']:.2%} (soft {figures['test_accuracy_soft']:.2%})")


def _setting(text: str) -> tuple[str, Any]:
    name, _, value = text.partition("=")
    try:
        return name, json.loads(value)
    except ValueError as error:
        raise ValueError(f"--set takes NAME=NUMBER, got {text!r}") from error


def _evaluate(asked: argparse.Namespace) -> None:
    model = load(asked.file, asked.device)
    notes = read_notes(asked.file)
    name, settings = notes.get("task"), notes.get("settings", {})
    if asked.task not in (None, name):
        name, settings = asked.task, {}
    if not isinstance(name, str) or not isinstance(settings, dict):
        raise ValueError(f"{asked.file} does not say its task; name one with --task")
    task = check_task(model.config, name, settings)
    _, test_data = task.split()
    with tqdm(unit="batch", disable=None) as bar:

        def on_batch(_done: int, total: int) -> None:
            bar.total = 2 * total
            bar.update()

        hard = evaluate(model, test_data, on_batch=on_batch)
        soft = evaluate(model, test_data, choice="soft", on_batch=on_batch)
    figures = {"task": name, "n": len(test_data), "accuracy_hard": hard.accuracy, "accuracy_soft": soft.accuracy}
    if asked.json:
        print(json.dumps(figures))
    else:
        print(f"{name}: accuracy {hard.accuracy:.2%} in use (soft {soft.accuracy:.2%}) on {len(test_data):,} sequences")


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
