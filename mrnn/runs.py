"""A run: everything from a configuration to a measured model, and the folder it leaves behind.

runs/<id>/config.json        what was asked for, by whom, when
runs/<id>/history.jsonl      a line an epoch
runs/<id>/progress.json      batches done, and of how many
runs/<id>/stop               there once somebody asked it to stop
runs/<id>/model.safetensors  the best model
runs/<id>/result.json        how it ended; written last
"""

from collections.abc import Callable
from typing import Any, Literal

import torch

from mrnn.config import RunConfig
from mrnn.model import SequenceModel
from mrnn.tasks import make_task
from mrnn.training import EpochReport, OnBatch, evaluate, train

State = Literal["waiting", "running", "finished", "stopped", "failed", "uploaded", "broken"]
ACTIVE: tuple[State, ...] = ("waiting", "running")
PROGRESS_EVERY = 0.25  # seconds between two writes of progress.json


def perform(
    config: RunConfig,
    *,
    on_report: Callable[[EpochReport], Any] | None = None,
    on_batch: OnBatch | None = None,
) -> tuple[SequenceModel, dict[str, Any]]:
    """Train and measure one model: what the command line and the workers do.

    on_report  called after each epoch
    on_batch   called with (done, total); when it returns False, training stops there
    returns    the model as it was after the epoch with the best hard accuracy on held-out training data
               (the last one among equals), and its notes: task, recipe, measured figures.
               The test split is used once, for the result
    raises     ValueError if task, model and settings do not fit together
    """
    task = make_task(config.task, config.settings)
    sizes = (task.input_size, task.output_size, task.per_step)
    if sizes != (config.model.input_size, config.model.output_size, config.model.per_step):
        raise ValueError(
            f"task {task.name!r} needs input_size, output_size, per_step = {sizes}, the model has "
            f"{(config.model.input_size, config.model.output_size, config.model.per_step)}"
        )
    train_data, test_data = task.split()
    model = SequenceModel(config.model, generator=torch.Generator().manual_seed(config.training.seed))
    history: list[EpochReport] = []
    best, weights = -1.0, None
    for report in train(model, train_data, config.training, on_batch=on_batch):
        history.append(report)
        if report.accuracy_hard >= best:
            best = report.accuracy_hard
            weights = {name: value.detach().clone() for name, value in model.state_dict().items()}
        if on_report is not None:
            on_report(report)
    if weights is not None:
        model.load_state_dict(weights)
    hard = evaluate(model, test_data)
    notes = {
        "task": config.task,
        "settings": config.settings,
        "recipe": config.training.to_dict(),
        "figures": {
            "device": model.device.type,
            "epochs": len(history),
            "seconds": round(sum(report.seconds for report in history), 1),
            "validation_accuracy_hard": best if history else None,
            "test_n": len(test_data),
            "test_accuracy_hard": hard.accuracy,
            "test_accuracy_soft": evaluate(model, test_data, choice="soft").accuracy,
            "test_usage": [round(share, 4) for share in hard.usage],
        },
    }
    return model, notes
