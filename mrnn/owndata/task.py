"""A person's own data as a task like any other."""

from dataclasses import dataclass, field
from functools import lru_cache
from typing import Any, ClassVar

import numpy as np

from mrnn.data import SequenceData, Task, check_count, check_whole
from mrnn.owndata import store
from mrnn.owndata.sequences import Sequences
from mrnn.owndata.text import OwnText
from mrnn.scaling import Scaling


@dataclass(frozen=True)
class OwnTask(Task):
    """Which class, or which value, has a sequence of these data, or each of its steps? `own_task` makes a class of it
    for each data set.

    Inputs are brought to mean 0 and standard deviation 1, learned on the training part alone; so are values that are
    to be answered.

    test_percent  share of the sequences that are kept for the test, of each class alike where a sequence has one
    split_seed    which ones: another seed, another split
    """

    kept: ClassVar[store.Kept]

    test_percent: int = field(
        default=20,
        metadata={
            "label": "Test part, %", "least": 5, "most": 50, "step": 5,
            "help": "Share of the sequences of each class that training never sees; the result is measured on them.",
        },
    )  # fmt: skip
    split_seed: int = field(
        default=0,
        metadata={
            "label": "Split", "least": 0, "most": 99, "step": 1,
            "help": "Which sequences are the test part: another number, another split.",
        },
    )  # fmt: skip

    def __post_init__(self) -> None:
        for name, least, most in ("test_percent", 1, 90), ("split_seed", 0, 2**31):
            check_whole(name, getattr(self, name), least, most)

    @property
    def extent(self) -> tuple[int, int]:
        """Sequences of the training part, and steps of the longest."""
        sizes = self.kept.counts or (self.kept.sequences,)
        return sum(size - self._tested(size) for size in sizes), self.kept.longest

    def make(self, n: int, seed: int) -> SequenceData:
        """n sequences of the test part, drawn at random, each once; all of it where it is smaller."""
        check_count(n)
        test = self.split()[1]
        return test.take(np.random.default_rng(seed).permutation(len(test))[:n])

    def split(self) -> tuple[SequenceData, SequenceData]:
        """The training part and the test part, never to be written to.

        Both hold every class of sequences; of steps the training part does, if few enough sequences are tested.
        """
        return store.split_parts.get((self.kept.id, self.test_percent, self.split_seed), self._parts)

    def _parts(self) -> tuple[SequenceData, SequenceData]:
        sequences = store.load(self.kept.id)
        train, test = (sequences.take(rows) for rows in self._rows(sequences))
        return self._data(train, train), self._data(test, train)

    def read_by_models(self, sequences: Sequences) -> tuple[np.ndarray, np.ndarray]:
        """x (N, T, D) as models of this task read it, and lengths (N,), of sequences of the same columns.

        raises  ValueError if they have others
        """
        if sequences.inputs != self.kept.inputs:
            raise ValueError(
                f"these sequences have the inputs {', '.join(sequences.inputs[:8])}; the model has learned from "
                f"{', '.join(self.kept.inputs[:8])}"
            )
        return _padded(_scaled(sequences.steps, self._training_part().steps), sequences.lengths), sequences.lengths

    def in_its_unit(self, answers: np.ndarray) -> np.ndarray:
        """Values (..., 1) that a model has answered, as the label's column has them."""
        scaling = store.split_parts.get(("labels", self.kept.id, self.test_percent, self.split_seed), self._of_labels)
        return answers * scaling.scale + scaling.mean

    def _of_labels(self) -> Scaling:
        labels = np.asarray(self._training_part().labels)[:, None]
        return Scaling.learn(labels[None], np.array([len(labels)]))

    def _training_part(self) -> Sequences:
        sequences = store.load(self.kept.id)
        return sequences.take(self._rows(sequences)[0])

    def _tested(self, size: int) -> int:
        """How many of `size` sequences are kept for the test: at least one, and one is left."""
        return min(max(round(size * self.test_percent / 100), 1), size - 1)

    def _rows(self, sequences: Sequences) -> tuple[np.ndarray, np.ndarray]:
        """Which sequences train and which test: class by class, or so that each class of a step can be learned."""
        order = np.random.default_rng(self.split_seed).permutation(len(sequences))
        tested = np.zeros(len(sequences), bool)
        if self.kept.target == "class" and self.kept.per_step:
            order = _spared(sequences, order)
        strata = np.asarray(sequences.labels) if self.kept.counts else np.zeros(len(sequences), np.int64)
        for stratum in np.unique(strata):
            members = order[strata[order] == stratum]
            tested[members[: self._tested(len(members))]] = True
        return np.flatnonzero(~tested), np.flatnonzero(tested)

    def _data(self, part: Sequences, train: Sequences) -> SequenceData:
        x = _padded(_scaled(part.steps, train.steps), part.lengths)
        y = np.asarray(part.labels)
        if self.target == "value":
            y = _scaled(y[:, None], np.asarray(train.labels)[:, None])
        if self.per_step:
            y = _padded(y, part.lengths)
        return SequenceData(x, y, part.lengths, self.target)


def own_task(own_id: str) -> OwnTask | OwnText:
    """The task of somebody's own data, equal to another one of the same data; ValueError if they are not here."""
    return _class_of(store.read(own_id))()


@lru_cache(maxsize=256)
def _class_of(kept: store.Kept) -> type[OwnTask] | type[OwnText]:
    about: dict[str, Any] = {"name": kept.id, "title": kept.name, "classes": kept.classes, "kept": kept}
    if kept.begins:
        about |= {"summary": "Which character comes next?", "input_size": len(kept.classes), "example": kept.begins}
        return type("OwnText", (OwnText,), about)
    what = {"class": "Which class is it", "value": f"What is its {kept.classes[0]}"}[kept.target]
    about |= {
        "summary": f"{what}{' at each step' if kept.per_step else ''}?",
        "target": kept.target,
        "per_step": kept.per_step,
        "input_size": len(kept.inputs),
    }
    return type("OwnTask", (OwnTask,), about)


def _spared(sequences: Sequences, order: np.ndarray) -> np.ndarray:
    """The same order, but last in it those without which some class would be in none of the sequences that remain."""
    left, of_each = sequences.holders, np.split(np.asarray(sequences.labels), sequences.starts[1:])
    needed = np.zeros(len(order), bool)
    for at, n in enumerate(order):
        held = np.unique(of_each[n])
        needed[at] = left[held].min() < 2
        left[held] -= not needed[at]
    return np.concatenate([order[~needed], order[needed]])


def _scaled(values: np.ndarray, learned_from: np.ndarray) -> np.ndarray:
    """values (S, D) on the scale of `learned_from`, whose steps count alike, whatever sequence they are of."""
    scaling = Scaling.learn(learned_from[None], np.array([len(learned_from)]))
    return scaling.apply(values[None], np.array([len(values)]))[0].astype(np.float32)


def _padded(values: np.ndarray, lengths: np.ndarray) -> np.ndarray:
    """Steps one after the other, (S, ...), as (N, T, ...) with zeros after the ends."""
    padded = np.zeros((len(lengths), int(lengths.max()), *values.shape[1:]), values.dtype)
    padded[np.arange(padded.shape[1]) < lengths[:, None]] = values
    return padded
