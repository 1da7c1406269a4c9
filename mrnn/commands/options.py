"""Options that several commands have, and what they ask for."""

import argparse
import json
from collections.abc import Collection
from dataclasses import fields
from typing import Any

from mrnn.config import CARRIES, CELLS, OBJECTIVES, PRECISIONS, SCHEDULES, ModelConfig, RunConfig, TrainConfig
from mrnn.tasks import TASKS, make_task

# What a parser keeps its commands in; argparse has no public name for it.
Commands = argparse._SubParsersAction

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
    "embedding": {
        "type": int,
        "default": 0,
        "help": "numbers that each symbol becomes first, learned (default: 0, inputs as they are)",
    },
}


def flag(name: str) -> str:
    return f"--{name.replace('_', '-')}"


def add_task(command: argparse.ArgumentParser) -> None:
    command.add_argument("task", choices=list(TASKS), metavar="TASK", help=", ".join(TASKS))
    command.add_argument(
        "--set", nargs="+", action="extend", default=[], metavar="NAME=VALUE", help="settings of the task"
    )


def add_beginning(where: argparse._ActionsContainer) -> None:
    """What a sweep does not go over."""
    where.add_argument("--dropout", type=float, default=0.0, help="between layers (default: %(default)s)")
    where.add_argument(
        "--span", type=int, default=0, help="steps that memory reaches over at first, in long sequences (default: none)"
    )


def add_training(command: argparse.ArgumentParser, names: Collection[str]) -> None:
    """An option for each of these fields of TrainConfig."""
    training = command.add_argument_group("training")
    for f in fields(TrainConfig):
        if f.name not in names:
            continue
        how = f"{HELPS.get(f.name, '')} (default: {f.default})"
        if isinstance(f.default, bool):
            training.add_argument(flag(f.name), action=argparse.BooleanOptionalAction, default=f.default, help=how)
        else:
            training.add_argument(flag(f.name), type=type(f.default), default=f.default, help=how)


def run_config(asked: argparse.Namespace) -> RunConfig:
    """What a parsed `train` command asks for; of a `sweep`, what all its runs have in common."""
    task = make_task(asked.task, dict(map(_setting, asked.set)))
    model = ModelConfig(
        **task.borders,
        dropout=asked.dropout,
        span=asked.span,
        **given(asked, SHAPE),
    )
    training = TrainConfig(**given(asked, [f.name for f in fields(TrainConfig)]))
    return RunConfig(task=task.name, settings=task.settings, model=model, training=training)


def given(asked: argparse.Namespace, names: Collection[str]) -> dict[str, Any]:
    """The options that were given; of those that have several values, the first."""
    values = {name: getattr(asked, name) for name in names if getattr(asked, name) is not None}
    return {name: value[0] if isinstance(value, list) else value for name, value in values.items()}


def _setting(text: str) -> tuple[str, Any]:
    name, _, value = text.partition("=")
    try:
        return name, json.loads(value)
    except ValueError as error:
        raise ValueError(f"--set takes NAME=NUMBER, got {text!r}") from error
