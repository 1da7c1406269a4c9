"""The same training many times: over a grid of settings and over seeds."""

import json
import math
from collections.abc import Iterator
from dataclasses import dataclass, fields, replace
from itertools import product
from reprlib import repr as short
from typing import Any, Self

from mrnn.config import Json, ModelConfig, RunConfig, one_of, plain, whole
from mrnn.matching import MATCHES, Match, matched

# What a sweep can vary, in the order in which it is shown.
AXES = ("cell", "k", "hidden_size", "num_layers", "carry", "embedding", "objective", "tau0", "tau_floor")
LARGEST_SWEEP = 10_000


@dataclass(frozen=True, kw_only=True)
class SweepConfig(Json):
    """The same training many times: over a grid, and over seeds.

    base    what all runs have in common
    grid    values by axis, one of AXES; every combination is run. A baseline cell is run with k = 1 alone,
            and a network with k = 1 with one carry alone, for the other one is the same
    seeds   runs of each combination: with base.training.seed, and the seeds after it
    match   None, or what every combination has as much of as `base`: "weights" or "work" (see `mrnn.matching`); its
            hidden size follows from that
    raises  ValueError that names the rule and the value, also where a combination breaks one
    """

    base: RunConfig
    grid: dict[str, list[Any]]
    seeds: int = 3
    match: Match | None = None

    def __post_init__(self) -> None:
        plain(self)
        whole("seeds", self.seeds, 1, 1000)
        if self.match is not None:
            one_of("match", self.match, MATCHES)
            if "hidden_size" in self.grid:
                raise ValueError(f"hidden_size cannot be varied where it follows from match = {self.match!r}")
        for axis, values in self.grid.items():
            one_of("an axis of a sweep", axis, AXES)
            if not isinstance(values, list) or not values:
                raise ValueError(f"{axis} must have a list of one value or more, got {short(values)}")
            if len({json.dumps(value) for value in values}) < len(values):
                raise ValueError(f"{axis} must name each value once, got {short(values)}")
        count = self.seeds * math.prod(len(values) for values in self.grid.values())
        if count > LARGEST_SWEEP:
            raise ValueError(f"a sweep may have {LARGEST_SWEEP} runs, this one has {count}; take fewer values")
        object.__setattr__(self, "grid", {axis: self.grid[axis] for axis in AXES if axis in self.grid})
        list(self.runs())

    @classmethod
    def from_dict(cls, values: Any) -> Self:
        """Build from `to_dict()`'s result; ValueError on anything else."""
        if not isinstance(values, dict) or set(values) != {f.name for f in fields(cls)}:
            raise ValueError("a sweep's configuration must hold base, grid, seeds and match")
        if not isinstance(values["grid"], dict):
            raise ValueError("a sweep's grid must be an object")
        return cls(**{**values, "base": RunConfig.from_dict(values["base"])})

    def runs(self) -> Iterator[RunConfig]:
        """Each run once, seed by seed, so that all of the grid is seen early."""
        seen = set[str]()
        shape = {f.name for f in fields(ModelConfig)}
        for seed, values in product(range(self.seeds), product(*self.grid.values())):
            point = dict(zip(self.grid, values, strict=True))
            model, training = self.base.model, self.base.training
            changes = {axis: value for axis, value in point.items() if axis in shape}
            cell = changes.get("cell", model.cell)
            if cell != "mrnn":
                changes |= {"k": 1, "carry": "mixed"}
            elif changes.get("k", model.k) == 1:
                changes["carry"] = "mixed"  # one LSTM goes on from its own state either way
            shape_here = replace(model, **changes)
            run = replace(
                self.base,
                model=shape_here if self.match is None else matched(shape_here, model, self.match),
                training=replace(
                    training,
                    **{axis: value for axis, value in point.items() if axis not in shape},
                    seed=training.seed + seed,
                ),
            )
            if run.to_json() not in seen:
                seen.add(run.to_json())
                yield run

    def point(self, run: RunConfig) -> dict[str, Any]:
        """Where a run of the sweep lies on its grid."""
        both = {**run.model.to_dict(), **run.training.to_dict()}
        return {axis: both[axis] for axis in self.grid}
