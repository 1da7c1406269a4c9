"""What models did with many sequences: read once, counted once, and kept for everybody within a bound of bytes."""

import json
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd
import streamlit as st

from mrnn import SequenceData, Trace, analysis, bounds
from mrnn.memory import Kept
from mrnn.tasks import make_task
from pages.common.models import Entry

CHUNK = 250  # sequences between two moves of a progress bar


@st.cache_resource(show_spinner=False)
def kept() -> Kept:
    """What this server keeps in memory for everybody who asks for the same; never to be written to."""
    return Kept(bounds.max_memory())


def sequences(task: str, settings: str, n: int, seed: int) -> SequenceData:
    """n sequences of a task; settings as JSON, to be hashed."""
    return kept().get((task, settings, n, seed), lambda: make_task(task, json.loads(settings)).make(n, seed))


@dataclass(frozen=True)
class Study:
    """What one layer of a model did with many sequences; what is counted on them is counted once.

    drawn  how many sequences of all classes were made
    only   the classes that are looked at; sequences of others are left out
    data   the sequences
    trace  of all of them, in use; shared with everybody, never to be written to
    """

    entry: Entry
    layer: int
    drawn: int
    only: tuple[str, ...]
    data: SequenceData
    trace: Trace

    @property
    def key(self) -> tuple[Any, ...]:
        """What it is known by where something of it is kept."""
        return self.entry.key, self.drawn, self.only, self.layer

    @property
    def classes(self) -> tuple[str, ...]:
        """Names of the task's classes."""
        return self.entry.task.classes

    @property
    def step(self) -> str:
        """What a step of a sequence is called."""
        return "row" if self.entry.task.is_image else "step"

    def counted(self, function: Callable[..., Any], *arguments: Any) -> Any:
        """`function(trace, y, *arguments, layer)` of `mrnn.analysis`, kept; arguments must be hashable."""
        asked = (function.__name__, self.key, arguments)
        return kept().get(asked, lambda: function(self.trace, self.data.y, *arguments, self.layer))


def study(entry: Entry, layer: int, count: int, only: tuple[str, ...] = ()) -> Study:
    """Let a model read `count` sequences of its task, with a progress bar; a second look is free.

    only    the classes to look at, all of them if none is named
    raises  ValueError if none of the sequences is of these classes, or if there are more than can be kept
    """
    task = entry.task
    data = sequences(task.name, json.dumps(task.settings), count, 0)
    _check_size(entry, data)
    trace, only = kept().get((entry.key, count), lambda: _survey(entry, data)), only or task.classes
    if set(only) != set(task.classes):
        rows = np.isin(data.y, [task.classes.index(name) for name in only])
        if not rows.any():
            raise ValueError(f"none of these {count:,} sequences is of class {', '.join(only)}; take more sequences")
        data, trace = data.take(rows), trace.take(rows)
    return Study(entry=entry, layer=layer, drawn=count, only=only, data=data, trace=trace)


def _check_size(entry: Entry, data: SequenceData) -> None:
    (n, steps, _), config = data.x.shape, entry.config
    needed = 4 * n * steps * (2 * config.num_layers * config.num_lstms + config.output_size)
    if needed > kept().most:
        raise ValueError(
            f"what this network does with {n:,} sequences of {steps} steps takes {needed / 2**20:,.0f} MB of memory, "
            f"and {kept().most / 2**20:,.0f} MB are kept here for everybody; take fewer sequences"
        )


def _survey(entry: Entry, data: SequenceData) -> Trace:
    label = f"The model reads {len(data):,} sequences"
    bar = st.progress(0.0, text=label) if len(data) > CHUNK else None
    trace = entry.model.trace(
        data.x,
        data.lengths,
        batch_size=CHUNK,
        on_batch=None if bar is None else lambda done, total: bar.progress(done / total, text=label),
    )
    if bar is not None:
        bar.empty()
    return trace


def aligned(first: Study, second: Study) -> analysis.Alignment | None:
    """The LSTMs of two networks paired by what they did with the same sequences; None if these were not the same."""
    z, w = first.trace.listened(first.layer), second.trace.listened(second.layer)
    if z.shape != w.shape or (first.data.x != second.data.x).any():
        return None
    k = first.trace.k, second.trace.k
    asked = ("aligned", first.key, second.key)
    return kept().get(asked, lambda: analysis.align(z, w, first.trace.lengths, k))


def counted_on_two(
    function: Callable[..., pd.DataFrame], first: Study, second: Study, found: analysis.Alignment
) -> pd.DataFrame:
    """`function(z, z of the second, lengths, found)` of `mrnn.analysis`, kept.

    found  `aligned` of the two
    """
    z, w = first.trace.listened(first.layer), second.trace.listened(second.layer)
    asked = (function.__name__, first.key, second.key)
    return kept().get(asked, lambda: function(z, w, first.trace.lengths, found))


def states(study: Study, count: int, method: analysis.Method) -> pd.DataFrame:
    """Hidden states of a study's layer on a plane, one of each of its first `count` sequences, at a random step.

    returns  as `analysis.states_by_sequence`
    """
    return kept().get(("states", study.key, count, method), lambda: _states(study, count, method))


def _states(study: Study, count: int, method: analysis.Method) -> pd.DataFrame:
    part, trace = study.data.take(slice(count)), study.trace.take(slice(count))
    h = study.entry.model.hidden(part.x, part.lengths, study.layer)
    return analysis.states_by_sequence(h, trace, part.y, study.classes, method, study.layer)
