"""How long training will take: the work there is to do, and how long runs took here before."""

import heapq
import math
from collections.abc import Iterable, Sequence
from contextlib import suppress
from statistics import median

from mrnn.config import RunConfig
from mrnn.runs import Run
from mrnn.tasks import make_task

# Fitted to training on one core (x86-64 with AMX, torch 2.13.0); what runs here took corrects them.
STEP = 1.5e-4  # seconds a step of one layer, whatever its size
UNIT = 1.8e-10  # and for each multiplication of its forward products
RECENT = 20  # runs to learn from


def training_seconds(config: RunConfig, slowness: float = 1.0) -> float:
    """How long a run is expected to train, in seconds."""
    task = make_task(config.task, config.settings)
    sequences, steps = task.extent
    training, model = config.training, config.model
    size = task.streams or training.batch_size
    batches = math.ceil(sequences * (1 - training.validation_share) / size)
    products = size * model.num_lstms * model.hidden_size * 2 * model.hidden_size
    return slowness * training.epochs * batches * steps * model.num_layers * (STEP + UNIT * products)


def slowness(past: Iterable[Run]) -> float:
    """How many times as long as expected recent runs took, in the median; 1 if there are none."""
    ratios: list[float] = []
    for run in past:
        if run.config is not None and run.history and not run.active and len(ratios) < RECENT:
            with suppress(ValueError):  # of a task that is not here, as a run of another version
                whole = training_seconds(run.config)
                ratios.append(run.seconds / (whole * len(run.history) / run.config.training.epochs))
    return median(ratios) if ratios else 1.0


def remaining_seconds(run: Run, slowness: float = 1.0) -> float:
    """How long a run that waits or trains still needs."""
    if run.config is None:
        return 0.0
    epochs = run.config.training.epochs
    whole = run.seconds / len(run.history) * epochs if run.history else training_seconds(run.config, slowness)
    begun = run.done / run.total if run.total and run.state == "running" else len(run.history) / epochs
    return whole * (1 - min(begun, 1.0))


def seconds_until_start(
    run_id: str, running: Iterable[Run], queue: Sequence[Run], slots: int, slowness: float
) -> float:
    """How long a run of the queue will wait, if all that are before it need as long as expected.

    running  what trains now
    queue    what waits, the next one first
    slots    how many runs train at once
    """
    free_in = sorted(remaining_seconds(run, slowness) for run in running)[-slots:]
    free_in = [0.0] * (slots - len(free_in)) + free_in
    heapq.heapify(free_in)
    for run in queue:
        if run.id == run_id:
            break
        heapq.heapreplace(free_in, free_in[0] + remaining_seconds(run, slowness))
    return free_in[0]


def duration(seconds: float) -> str:
    """A time as people say it: "40 s", "12 min", "3 h"."""
    if seconds < 90:
        return f"{max(round(seconds), 1)} s"
    return f"{round(seconds / 60)} min" if seconds < 90 * 60 else f"{round(seconds / 3600)} h"
