"""What the views of the k and tau page are asked about: a task, one of its signals, a model. All of it is in the link."""

from dataclasses import dataclass

import numpy as np
import streamlit as st

from mrnn import SequenceData, Task
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

    @property
    def truth(self) -> str:
        """The signal's class."""
        return self.task.classes[int(self.data.y[0])]

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
    """A task whose answer is one class for a whole sequence: others have no single answer to look at here."""
    tasks = common.tasks()
    names = [name for name, task in tasks.items() if task.names_one_class]
    common.begin_task(TASK, TASK, names, names[0])
    name = st.pills(
        "Task", names, required=True, wrap=True, format_func=common.task_title, key=TASK, persist_state="session",
    ) or names[0]  # fmt: skip
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


def choose_subject(prefer: str = "{task}-k4") -> Subject:
    """Task, signal, model and layer.

    prefer  id of the model chosen at first, of whichever task
    """
    task = choose_task()
    seed = choose_signal()
    entry = common.pick(task.name, prefer=prefer.format(task=task.name), key=f"tau_model_{task.name}")
    layer = common.layer_picker(entry.config.num_layers, key=f"tau_layer_{task.name}")
    return Subject(entry, layer, entry.task.make(1, seed), seed)
