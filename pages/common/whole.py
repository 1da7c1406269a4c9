"""Whole pictures: all that the widgets of a page are set to, so that a preset or a stop of the tour shows the same each time."""

from dataclasses import fields
from typing import Any

from mrnn.tasks.waves import Waves

FIRST, SECOND = "wave", "wave2"  # how the keys of a signal begin
START = {"kind": "alien", "p": 0.0, "f": 144, "s": 1.0, "start": 40, "share": 16, "seed": 0}  # of the first; and of ...
STARTS = {FIRST: START, SECOND: {**START, "kind": "non-alien"}}  # ... both
WAVES: dict[str, Any] = {
    "model_waves": "waves-k4",
    "wave_two": False,
    **{f"{prefix}_{name}": value for prefix, values in STARTS.items() for name, value in values.items()},
    **{f"waves_{f.name}": f.default for f in fields(Waves)},
}
NETWORKS: dict[str, Any] = {
    "k_view": "Number of LSTMs",
    "k_task": "waves",
    "k_signal": 0,
    "k_models_waves": [f"waves-k{k}" for k in (1, 2, 4, 8, 16)],
}
