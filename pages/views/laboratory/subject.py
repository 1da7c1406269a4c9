"""What the Laboratory is about: a task, a model of it, and one of its sequences. All of it is in the link."""

from dataclasses import dataclass

import numpy as np
import streamlit as st

from mrnn import SequenceData, Task, owndata
from pages import common

TASK, IN_LINK, USUAL = "lab_task", "task", "reber"
TYPED, NUMBERED = "Typed", "By number"
PRESETS = {
    "A legal string": {TASK: "reber", "lab_view": "Answers", "lab_source_reber": TYPED, "lab_text_reber": "BTSSXXTVPSE"},
    "A string that breaks": {
        TASK: "reber", "lab_view": "Answers", "lab_source_reber": TYPED, "lab_text_reber": "BTSSXBTVPSE",
    },
    "Strings of its own": {TASK: "reber", "lab_view": "Strings of its own"},
    "Memory by length": {TASK: "embedded_reber", "lab_view": "Memory by length"},
    "Flip bits": {
        TASK: "bit_flip", "lab_model_bit_flip": "bit_flip-k2", "lab_view": "Answers", "lab_source_bit_flip": TYPED,
        "lab_text_bit_flip": "0110100110010110",
    },
    "Parity of bits": {
        TASK: "bit_flip", "lab_model_bit_flip": "bit_flip-parity-k2-own", "lab_view": "Answers",
        "lab_source_bit_flip": TYPED, "lab_text_bit_flip": "0110100110010110",
    },
    "A forecast runs on": {TASK: "forecast", "lab_view": "Run on"},
    "Alice goes on": {TASK: "text", "lab_view": "Go on"},
}  # fmt: skip


@dataclass(frozen=True)
class Subject:
    """A model, and the layer that is shown."""

    entry: common.Entry
    layer: int

    @property
    def task(self) -> Task:
        """The model's task, with its settings."""
        return self.entry.task

    @property
    def lines(self) -> str:
        """Python that makes the model and its task."""
        return (
            f'from mrnn import load\nfrom mrnn.tasks import make_task\n\nmodel = load("{common.file_of(self.entry)}")\n'
            f'task = make_task("{self.task.name}", {self.task.settings})\n'
        )


def choose_subject() -> Subject:
    """A task that some model has learned, that model, and a layer of it; images have a page of their own."""
    found = [entry for entry in common.entries(None, common.owner()) if not entry.task.is_image]
    learned = {entry.notes["task"] for entry in found}
    names = [name for name in common.tasks() if name in learned]
    common.begin_task(TASK, IN_LINK, names, USUAL)
    name = st.selectbox("Task", names, key=TASK, format_func=common.task_title, persist_state="session")
    common.keep_task(IN_LINK, name, USUAL)
    usual = common.usual_of([entry for entry in found if entry.notes["task"] == name])
    entry = common.pick(name, prefer=usual.id, key=f"lab_model_{name}")
    layer = common.layer_picker(entry.config.num_layers, key="lab_layer")
    st.caption(entry.task.summary)
    return Subject(entry, layer)


@dataclass(frozen=True)
class Sequence:
    """One sequence, N = 1.

    made    Python that makes it, where `task` is known
    hidden  (1, T) what took turns in it unseen, or None
    """

    data: SequenceData
    made: str
    hidden: np.ndarray | None = None


def choose_sequence(task: Task) -> Sequence:
    """One sequence, by its number or typed.

    raises  ValueError that names the rule if what was typed is no sequence of the task
    """
    if task.example:
        source, key = f"lab_source_{task.name}", f"lab_text_{task.name}"
        # By hand, not by Streamlit: it does not tell of what a preset sets together with the task.
        common.asked.begin(source, "Sequence", TYPED, common.asked.one_of((TYPED, NUMBERED)))
        how = st.segmented_control("Sequence", (TYPED, NUMBERED), required=True, key=source, persist_state="session")
        common.asked.keep(source, how or TYPED, TYPED)
        if how == TYPED:
            common.asked.begin(key, "Type one", task.example, str)
            text = st.text_input("Type one", key=key, persist_state="session", help=f"For example {task.example}.")
            own = owndata.is_own(task.name)  # no words of a person's own in addresses
            common.asked.keep(key, task.example if own else text, task.example)
            return Sequence(task.typed(text), f"task.typed({text!r})")
    seed = choose_seed("Number of the sequence", "Another sequence")
    return Sequence(task.make(1, seed), f"task.make(1, seed={seed})", task.hidden(1, seed))


def choose_seed(label: str, other: str) -> int:
    """A number that chance begins with; another one at a press."""
    st.session_state.setdefault("lab_seed", 0)
    seed = st.number_input(
        label, 0, 999_999, key="lab_seed", bind="query-params",
        help="The same number is the same draw. Training draws its own; of a task with few sequences some may be alike.",
    )  # fmt: skip
    st.button(other, icon=":material/casino:", on_click=_another, type="primary", width="stretch")
    return int(seed)


def _another() -> None:
    st.session_state["lab_seed"] = int(np.random.default_rng().integers(1_000_000))
