"""What the views of the Transitions page are asked about: a study, and two of its classes. All of it is in the link."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import pandas as pd
import streamlit as st

from mrnn import Task, owndata
from mrnn.groups import choices_of
from pages import common

PRESETS = {
    "4 or 9?": {"model_transitions": "digits-k4", "first_digits": "4", "second_digits": "9", "only_digits": []},
    "1 or 7?": {"model_transitions": "digits-k4", "first_digits": "1", "second_digits": "7", "only_digits": []},
    "Alien or not": {"model_transitions": "waves-k4", "first_waves": "alien", "second_waves": "non-alien"},
    "Sixteen LSTMs": {"model_transitions": "digits-k16", "transitions_view": "Graph"},
    "Hidden regimes": {
        "model_transitions": "regimes-k3",
        "transitions_view": "Steps",
        "steps_by_regimes": "what is hidden",
    },
    "A grammar": {"model_transitions": "reber-k4", "transitions_view": "Steps"},
}


def in_link(task: Task, names: Sequence[str]) -> dict[str, str]:
    """What the address calls each class: its name, or its number where names are what a person calls data of their own."""
    own = owndata.is_own(task.name)
    return {name: str(number) if own else name for number, name in enumerate(names, 1)}


def choose_by(task: Task) -> str | None:
    """What tells the sequences apart, where there is a choice: which label, or which value."""
    choices = choices_of(task)
    if len(choices) < 2:
        return None
    called, key = {text: name for name, text in in_link(task, choices).items()}, f"by_{task.name}"
    options = list(called)
    common.asked.begin(key, "Told apart by", options[0], common.asked.one_of(options))
    chosen = st.selectbox(
        "Told apart by", options, key=key, format_func=lambda text: called.get(text) or str(text), persist_state="session",
        help="Of several labels: sequences with this one beside those without it. Of values: high ones beside low ones.",
    )  # fmt: skip
    common.asked.keep(key, chosen, options[0])
    return called[chosen]


def choose_classes(task: Task, classes: Sequence[str]) -> tuple[str, ...]:
    """The classes to look at: all of them while none is picked."""
    told = in_link(task, classes)
    names, key = {text: name for name, text in told.items()}, f"only_{task.name}"
    common.asked.begin(key, "Only these classes", [], common.asked.several(list(names)))
    picked = st.pills(
        "Only these classes", list(names), selection_mode="multi", wrap=True, key=key, format_func=names.__getitem__,
        persist_state="session",
        help="Sequences of other classes are left out of all that stands at the right. With none picked, all count.",
    )  # fmt: skip
    common.asked.keep(key, [text for text in names if text in picked], [])
    return tuple(names[text] for text in names if text in picked) or tuple(classes)


def choose_class(which: str, task: Task, classes: Sequence[str], only: Sequence[str], usual: int) -> str:
    """One of two classes to be compared.

    which    "first" or "second"
    classes  all of them
    only     those that are looked at
    usual    the place among them of the one that is chosen at first
    """
    told = in_link(task, classes)
    names, key = {told[name]: name for name in only}, f"{which}_{task.name}"
    options = list(names)
    if st.session_state.get(key, options[usual]) not in names:
        st.session_state[key] = options[usual]
    label = f"{which.capitalize()} class"
    common.asked.begin(key, label, options[usual], common.asked.one_of(options))
    chosen = st.selectbox(
        label, options, key=key, format_func=lambda text: names.get(text) or str(text),
        persist_state="session",
    )  # fmt: skip
    common.asked.keep(key, chosen, options[usual])
    return names[chosen]


def choose_two(task: Task, classes: Sequence[str], only: Sequence[str]) -> tuple[str, str]:
    """The two classes to be compared; of a task that tells none apart its one group, twice."""
    if len(classes) == 1:
        return classes[0], classes[0]
    return choose_class("first", task, classes, only, 0), choose_class(
        "second", task, classes, only, min(1, len(only) - 1)
    )


@dataclass(frozen=True)
class Asked:
    """What the controls of the page say: the study, and two classes to be compared."""

    study: common.Study
    first: str
    second: str

    @property
    def pair(self) -> tuple[int, int]:
        """The numbers of the two classes."""
        return self.study.groups.names.index(self.first), self.study.groups.names.index(self.second)

    def lines(self, needed: str = "analysis, load", grouping: str = "groups") -> str:
        """Python that makes the model, the sequences, and what it did with them: `trace`; of two classes their numbers.

        needed    what it and all that follows need of `mrnn`
        grouping  ... and of `mrnn.groups`
        """
        study = self.study
        names = study.groups.names
        task, kept = study.entry.task, [names.index(name) for name in study.only]
        some, by = set(study.only) != set(names), "" if study.by is None else f", {study.by!r}"
        return (
            ("import numpy as np\n\n" if some else "")
            + f"from mrnn import {needed}\nfrom mrnn.groups import {grouping}\nfrom mrnn.tasks import make_task\n\n"
            + f'model = load("{common.file_of(study.entry)}")\n'
            + f'task = make_task("{task.name}", {task.settings})\n'
            + f"data = task.make({study.drawn:_}, seed=0)\n"
            + (f"data = data.take(np.isin(groups(task, data{by}).of, {kept}))\n" if some else "")
            + f"found = groups(task, data{by})\n"
            + "trace = model.trace(data.x, data.lengths)\n"
            + (
                f"first, second = {self.pair[0]}, {self.pair[1]}  # {self.first} and {self.second}\n"
                if self.two
                else ""
            )
        )

    def counting(self, by_class: str, difference: str = "") -> str:
        """Python that prints a `..._by_class` table of `mrnn.analysis`, and of two classes a `..._difference` one."""
        layer = self.study.layer
        lines = f"print(analysis.{by_class}(trace, found.of, found.names, {layer}))\n"
        if difference and self.two:
            lines += f"print(analysis.{difference}(trace, found.of, first, second, {layer}))\n"
        return lines

    @property
    def two(self) -> bool:
        """Whether the two classes differ."""
        return self.first != self.second

    @property
    def apart(self) -> str:
        """What is subtracted from what, as Markdown."""
        return common.words.plain(f"{self.first} minus {self.second}")

    @property
    def names(self) -> tuple[str, ...]:
        """The two classes, or the one."""
        return tuple(dict.fromkeys((self.first, self.second)))

    def number(self, name: str) -> int:
        """How many sequences of a class there are."""
        return int((self.study.groups.of == self.study.groups.names.index(name)).sum())

    def both(self, function: Callable[..., pd.DataFrame]) -> pd.DataFrame:
        """A `..._by_class` table of `mrnn.analysis`, for all classes."""
        return self.study.counted(function, self.study.groups.names)

    def differing(self, function: Callable[..., pd.DataFrame]) -> pd.DataFrame:
        """A `..._difference` table of `mrnn.analysis`, of the first class minus the second."""
        return self.study.counted(function, *self.pair)
