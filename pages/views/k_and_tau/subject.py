"""What the views of the k and tau page are asked about: a task, one of its signals, a model. All of it is in the link."""

from dataclasses import dataclass
from typing import Any

import numpy as np
import streamlit as st

from mrnn import SequenceData, Task, Trace
from pages import common

TASK, SIGNAL = "k_task", "k_signal"
USUAL = 0  # the signal that the page opens on


@dataclass(frozen=True)
class Subject:
    """One signal and the model that reads it.

    seed  of the signal, `task.make(1, seed)`
    """

    entry: common.Entry
    layer: int
    data: SequenceData
    seed: int

    @property
    def task(self) -> Task:
        """The model's task, with its settings."""
        return self.entry.task

    def picture(self, trace: Trace, **how: Any) -> None:
        """Draw what a network did with the signal; how: arguments of `timeline` besides."""
        hidden = self.task.hidden(1, self.seed)
        common.timeline(
            **common.pictured(self.task, self.data, trace, hidden), **how, layer=self.layer, in_link=True,
            inside=self.entry.inside(self.data.x, trace, self.layer),
        )  # fmt: skip

    def told(self, trace: Trace) -> common.Told:
        """What a network says of the signal."""
        return common.told(self.task, trace, self.data.y)

    def lines(self, *names: str, numpy: bool = False) -> str:
        """Python that makes the model, the task and the signal.

        names  what follows needs of `mrnn` besides
        numpy  whether what follows needs it
        """
        needed = ", ".join(sorted({"load", *names}, key=lambda name: (name.islower(), name)))
        return (
            ("import numpy as np\n\n" if numpy else "")
            + f'from mrnn import {needed}\nfrom mrnn.tasks import make_task\n\nmodel = load("{common.file_of(self.entry)}")\n'
            f'task = make_task("{self.task.name}", {self.task.settings})\ndata = task.make(1, seed={self.seed})\n'
        )


def choose_task() -> Task:
    """A task: what ships, and one's own data."""
    tasks = common.tasks()
    names = list(tasks)
    common.begin_task(TASK, TASK, names, names[0])
    name = st.selectbox("Task", names, format_func=common.task_title, key=TASK, persist_state="session")
    common.keep_task(TASK, name, names[0])
    return tasks[name]


def choose_signal() -> int:
    """The number of a signal, its seed; another one at a press."""
    st.session_state.setdefault(SIGNAL, USUAL)
    seed = st.number_input(
        "Signal", 0, 999_999, key=SIGNAL, bind="query-params",
        help="Its number: the same number is the same signal, fresh ones that no network was trained on.",
    )  # fmt: skip
    st.button("Another signal", icon=":material/casino:", on_click=_another_signal, type="primary", width="stretch")
    return int(seed)


def _another_signal() -> None:
    st.session_state[SIGNAL] = int(np.random.default_rng().integers(1_000_000))


def choose_models(task: Task) -> list[common.Entry]:
    """The models of a task; where there is none, a word on how to come by one, and no more of the page."""
    found = common.entries(task.name, common.owner())
    if not found:
        st.info(f"No network has learned from {common.words.plain(task.title)} yet.")
        common.offer_training(task)
        st.stop()
    return found


def choose_subject() -> Subject:
    """Task, signal, model and layer."""
    task = choose_task()
    seed = choose_signal()
    usual = common.usual_of(choose_models(task))
    entry = common.pick(task.name, prefer=usual.id, key=f"tau_model_{task.name}")
    layer = common.layer_picker(entry.config.num_layers, key=f"tau_layer_{task.name}")
    return Subject(entry, layer, entry.task.make(1, seed), seed)
