"""A training, or a sweep of them, as the few lines of Python that do it again."""

import json
from dataclasses import MISSING, fields, is_dataclass
from typing import Any

from mrnn import RunConfig, owndata
from mrnn.grid import SweepConfig


def of_run(config: RunConfig) -> str:
    """What trains this run's model, as its process does."""
    return f"""{_kept_here(config)}from mrnn import ModelConfig, RunConfig, TrainConfig, save
from mrnn.worker import perform

config = {made(config)}
model, notes = perform(config, on_report=lambda report: print(report.epoch, report.accuracy_hard))
print(notes["figures"])
save(model, "mine.safetensors", notes)
"""


def of_sweep(config: SweepConfig) -> str:
    """What trains all runs of a sweep, one after the other."""
    return f"""{_kept_here(config.base)}from mrnn import ModelConfig, RunConfig, TrainConfig
from mrnn.grid import SweepConfig
from mrnn.worker import perform

sweep = {made(config)}
for config in sweep.runs():
    model, notes = perform(config)
    print(sweep.point(config), config.training.seed, notes["figures"])
"""


def made(config: Any, depth: int = 0) -> str:
    """Python that makes a frozen dataclass: a field a line where it holds others, none that is as usual."""
    values = {f.name: getattr(config, f.name) for f in fields(config) if getattr(config, f.name) != _usual(f)}
    parts = [f"{name}={_written(value, depth + 1)}" for name, value in values.items()]
    name, end = type(config).__name__, "    " * depth
    if not any(map(is_dataclass, values.values())):
        return f"{name}({', '.join(parts)})"
    return "\n".join([f"{name}(", *(f"{end}    {part}," for part in parts), f"{end})"])


def _written(value: Any, depth: int) -> str:
    if is_dataclass(value):
        return made(value, depth)
    return json.dumps(value) if isinstance(value, str) else repr(value)


def _usual(field: Any) -> Any:
    return field.default if field.default_factory is MISSING else field.default_factory()


def _kept_here(config: RunConfig) -> str:
    return "# The data are a person's own, and kept on this server alone.\n" if owndata.is_own(config.task) else ""
