"""evaluate and generate: put a model of a file to use on its task."""

import argparse
import json
import sys
from pathlib import Path

from tqdm import tqdm

from mrnn import probes
from mrnn.checkpoint import load, read_notes
from mrnn.commands.options import HELPS, Commands
from mrnn.data import Task
from mrnn.generation import generate
from mrnn.model import SequenceModel
from mrnn.runs import check_task
from mrnn.scores import SCORES, written
from mrnn.tasks import TASKS
from mrnn.text import TextTask
from mrnn.training import evaluate


def add(commands: Commands) -> None:
    """What the commands understand."""
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
    """Where regimes are hidden: how well z tells them apart, beside hidden Markov models on the same data."""
    found = probes.found_regimes(model, task)
    if found is None:
        return {}
    from mrnn import hmm  # nothing else should wait for hmmlearn

    index = "adjusted Rand index of the true regimes and"
    of_z = {f"{index} z": found}
    try:
        beside = hmm.beside(task)
    except ValueError as error:  # the task is too large for it
        print(f"nothing beside z: {error}", file=sys.stderr)
        return of_z
    told = of_z
    for one in beside:
        told |= {
            f"{index} the {one.name} that sees each signal whole": one.agreement,
            f"{index} the {one.name} that sees the past alone, as z does": one.from_the_past,
            f"R² of the next value by the {one.name}": one.score,
            f"mean squared error of the next value by the {one.name}": one.error,
        }
    return told
