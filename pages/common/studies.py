"""What models did with many sequences: read once, counted once, and kept for everybody within a bound of bytes."""

import json
from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
import pandas as pd
import streamlit as st

from mrnn import SequenceData, Trace, analysis, bounds
from mrnn.groups import Groups, Kinds, groups, kinds_of_steps
from mrnn.memory import Kept
from mrnn.tasks import make_task
from pages.common.models import Entry

SEED = 0  # of the sequences
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
    by     what tells the sequences apart, as in `groups`
    only   the groups that are looked at, such as classes; sequences of others are left out
    data   the sequences
    groups the group of each of them
    trace  of all of them, in use; shared with everybody, never to be written to
    """

    entry: Entry
    layer: int
    drawn: int
    by: str | None
    only: tuple[str, ...]
    data: SequenceData
    groups: Groups
    trace: Trace

    @property
    def key(self) -> tuple[Any, ...]:
        """What it is known by where something of it is kept."""
        return self.entry.key, self.drawn, self.by, self.only, self.layer

    @property
    def kinds(self) -> dict[str, Kinds]:
        """What the steps can be told apart by, as `kinds_of_steps`."""
        task = self.entry.task
        return kept().get(("kinds", self.key), lambda: kinds_of_steps(task, self.data, self.hidden))

    @property
    def hidden(self) -> np.ndarray | None:
        """(N, T) what took turns in the sequences unseen; None where nothing did, or where some are left out."""
        return self.entry.task.hidden(self.drawn, SEED) if len(self.data) == self.drawn else None

    @property
    def step(self) -> str:
        """What a step of a sequence is called."""
        return "row" if self.entry.task.is_image else "step"

    def counted(self, function: Callable[..., Any], *arguments: Any) -> Any:
        """`function(trace, group of each, *arguments, layer)` of `mrnn.analysis`, kept; arguments must be hashable."""
        asked = (function.__name__, self.key, arguments)
        return kept().get(asked, lambda: function(self.trace, self.groups.of, *arguments, self.layer))


def study(entry: Entry, layer: int, count: int, only: tuple[str, ...] = (), by: str | None = None) -> Study:
    """Let a model read `count` sequences of its task, with a progress bar; a second look is free.

    only    the groups to look at, all of them if none is named
    by      what tells them apart, as in `groups`
    raises  ValueError if none of the sequences is in these groups, or if there are more than can be kept
    """
    task = entry.task
    data = sequences(task.name, json.dumps(task.settings), count, SEED)
    _check_size(entry, data)
    trace, found = kept().get((entry.key, count), lambda: _survey(entry, data)), groups(task, data, by)
    only = only or found.names
    if set(only) != set(found.names):
        rows = np.isin(found.of, [found.names.index(name) for name in only])
        if not rows.any():
            raise ValueError(f"none of these {count:,} sequences is of class {', '.join(only)}; take more sequences")
        data, trace, found = data.take(rows), trace.take(rows), replace(found, of=found.of[rows])
    return Study(entry=entry, layer=layer, drawn=count, by=by, only=only, data=data, groups=found, trace=trace)


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
    named = study.groups.of[:count], study.groups.names
    return analysis.states_by_sequence(h, trace, *named, method, study.layer)
