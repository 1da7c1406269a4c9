"""What the views of the Transitions page are asked about: a study, and two of its classes. All of it is in the link."""

from collections.abc import Callable
from dataclasses import dataclass

import pandas as pd

from pages import common

PRESETS = {
    "4 or 9?": {"model_transitions": "digits-k4", "first_digits": "4", "second_digits": "9", "only_digits": []},
    "1 or 7?": {"model_transitions": "digits-k4", "first_digits": "1", "second_digits": "7", "only_digits": []},
    "Alien or not": {"model_transitions": "waves-k4", "first_waves": "alien", "second_waves": "non-alien"},
    "Sixteen LSTMs": {"model_transitions": "digits-k16", "transitions_view": "Graph"},
}


@dataclass(frozen=True)
class Asked:
    """What the controls of the page say: the study, and two classes to be compared."""

    study: common.Study
    first: str
    second: str

    @property
    def pair(self) -> tuple[int, int]:
        """The numbers of the two classes."""
        return self.study.classes.index(self.first), self.study.classes.index(self.second)

    def lines(self, needed: str = "analysis, load") -> str:
        """Python that makes the model, the sequences, and what it did with them: `trace`; of two classes their numbers.

        needed  what it and all that follows need of `mrnn`
        """
        study = self.study
        task, kept = study.entry.task, [study.classes.index(name) for name in study.only]
        some = set(study.only) != set(study.classes)
        return (
            ("import numpy as np\n\n" if some else "")
            + f"from mrnn import {needed}\nfrom mrnn.tasks import make_task\n\n"
            + f'model = load("{common.file_of(study.entry)}")\n'
            + f'task = make_task("{task.name}", {task.settings})\n'
            + f"data = task.make({study.drawn:_}, seed=0)\n"
            + (f"data = data.take(np.isin(data.y, {kept}))\n" if some else "")
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
        lines = f"print(analysis.{by_class}(trace, data.y, task.classes, {layer}))\n"
        if difference and self.two:
            lines += f"print(analysis.{difference}(trace, data.y, first, second, {layer}))\n"
        return lines

    @property
    def two(self) -> bool:
        """Whether the two classes differ."""
        return self.first != self.second

    @property
    def names(self) -> tuple[str, ...]:
        """The two classes, or the one."""
        return tuple(dict.fromkeys((self.first, self.second)))

    def number(self, name: str) -> int:
        """How many sequences of a class there are."""
        return int((self.study.data.y == self.study.classes.index(name)).sum())

    def both(self, function: Callable[..., pd.DataFrame]) -> pd.DataFrame:
        """A `..._by_class` table of `mrnn.analysis`, for all classes."""
        return self.study.counted(function, self.study.classes)

    def differing(self, function: Callable[..., pd.DataFrame]) -> pd.DataFrame:
        """A `..._difference` table of `mrnn.analysis`, of the first class minus the second."""
        return self.study.counted(function, *self.pair)
