"""train: train a model on a task and measure it on the test split."""

import argparse
import signal
import sys
import tempfile
from dataclasses import fields
from pathlib import Path
from typing import Any

from tqdm import tqdm

from mrnn.checkpoint import save
from mrnn.commands.options import SHAPE, Commands, add_beginning, add_task, add_training, flag, run_config
from mrnn.config import TrainConfig
from mrnn.devices import choose_device
from mrnn.scores import SCORES, written
from mrnn.training import EpochReport
from mrnn.worker import perform


def add(commands: Commands) -> None:
    """What the command understands."""
    command = commands.add_parser("train", help="train a model on a task and measure it on the test split")
    command.set_defaults(run=run)
    add_task(command)
    model = command.add_argument_group("model")
    for name, options in SHAPE.items():
        model.add_argument(flag(name), **options)
    add_beginning(model)
    add_training(command, [f.name for f in fields(TrainConfig)])
    command.add_argument(
        "--out",
        type=Path,
        help="the file to write (default: TASK-kK.safetensors); FILE.checkpoint lies beside it until training is over, "
        "and the same command goes on from there",
    )


def run(asked: argparse.Namespace) -> None:
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
