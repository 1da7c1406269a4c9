"""What a trained network still answers when somebody meddles with its choice: temperature, lesions, other LSTMs."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

import numpy as np
import pandas as pd

from mrnn.analysis import agreement
from mrnn.data import Answer, SequenceData, Task
from mrnn.experiments import OnPart, Reader
from mrnn.generation import StateReader
from mrnn.model import SequenceModel
from mrnn.scores import SCORES
from mrnn.training import evaluate

MOST_TESTED = 2_000  # sequences of a test split that a figure is measured on while somebody waits


@dataclass(frozen=True)
class InUse:
    """What a model says, as tasks ask for it: one LSTM a step is listened to."""

    model: SequenceModel

    def __call__(self, data: SequenceData) -> np.ndarray:
        """(N, T, C): what it says after each step."""
        return self.model.trace(data.x, data.lengths).probabilities

    def reader(self) -> Reader:
        """Who reads piece by piece, its state carried on."""
        return StateReader(self.model)


def answer_of(model: SequenceModel) -> Answer:
    """What a model says in use, as tasks ask for it."""
    return InUse(model)


def figures(model: SequenceModel, task: Task, on_part: OnPart | None = None) -> pd.DataFrame:
    """A model's score in use on sequences that training never saw, what else its task claims, and what z finds there.

    on_part  called with (batches of the test split done, in all)
    returns  rows of figure (its name), value
    raises   ValueError if task and model do not fit
    """
    test = task.split()[1]
    if len(test) > MOST_TESTED:
        test = test.take(slice(MOST_TESTED))  # of streams nothing is carried on any more
    score = evaluate(model, test, on_batch=on_part).accuracy
    found = {f"{SCORES[task.target]} on {len(test):,} test sequences": score} | task.claims(answer_of(model), 0)
    regimes = found_regimes(model, task)
    if regimes is not None:
        found["adjusted Rand index of the hidden regimes and z"] = regimes
    return pd.DataFrame({"figure": list(found), "value": list(found.values())})


def accuracy_by_tau(
    model: SequenceModel, data: SequenceData, taus: Sequence[float], draws: int, on_part: OnPart | None = None
) -> pd.DataFrame:
    """Accuracy under Gumbel sampling at several temperatures, on the same draws of noise at each of them.

    draws    of noise for all sequences, seeds 0, 1, ...
    on_part  called with (measurements done, in all)
    returns  rows of tau; mean, lowest, highest of the draws; in_use, the accuracy with the most probable LSTM
    raises   ValueError if a temperature is not > 0, or data and model do not fit
    """
    rows = []
    for tau in taus:
        found = []
        for seed in range(draws):
            found.append(evaluate(model, data, choice="gumbel", tau=tau, seed=seed).accuracy)
            if on_part is not None:
                on_part(len(rows) * draws + seed + 1, len(taus) * draws)
        rows.append({"tau": tau, "mean": np.mean(found), "lowest": min(found), "highest": max(found)})
    return pd.DataFrame(rows).assign(in_use=evaluate(model, data).accuracy)


def accuracy_by_lesion(model: SequenceModel, data: SequenceData, on_part: OnPart | None = None) -> pd.DataFrame:
    """Accuracy in use after each LSTM alone is switched off, in every layer.

    on_part  called with (measurements done, in all)
    returns  rows of lstm (from 1; 0 stands for none, the network as it is), accuracy; with k = 1 no lesion is possible
    raises   ValueError if data and model do not fit
    """
    k = model.config.num_lstms
    cases = range(k + 1 if k > 1 else 1)
    rows = []
    for lstm in cases:
        allowed = np.arange(1, k + 1) != lstm
        rows.append({"lstm": lstm, "accuracy": evaluate(model, data, allowed=allowed).accuracy})
        if on_part is not None:
            on_part(len(rows), len(cases))
    return pd.DataFrame(rows)


def found_regimes(model: SequenceModel, task: Task, on_part: OnPart | None = None) -> float | None:
    """How well the LSTMs listened to, in use, tell the hidden states of a task apart; None where it has none.

    on_part  called with (sequences read, in all)
    returns  the adjusted Rand index of the last layer's z and the true path, over all steps of the test part
    raises   ValueError if task and model do not fit
    """
    path = task.hidden_path()
    if path is None:
        return None
    test = task.split()[1]
    listened = model.trace(test.x, test.lengths, on_batch=on_part).listened()
    return agreement(listened, path, test.lengths)


@dataclass(frozen=True)
class Steering:
    """How the choice of one layer is meddled with. LSTMs and steps are counted from 0.

    off  LSTMs that are switched off, in every layer
    on   the LSTM that is listened to at every step, or None
    at   steps, and the LSTM that is listened to there; it goes before `on`
    """

    off: frozenset[int] = frozenset()
    on: int | None = None
    at: Mapping[int, int] = field(default_factory=dict)

    def fitting(self, k: int, steps: int) -> "Steering":
        """What of it can be asked of k LSTMs and so many steps: nobody is listened to who is not there or is off.

        If all LSTMs are off, none is: one has to be listened to.
        """
        off = frozenset(j for j in self.off if j < k)
        off = off if len(off) < k else frozenset()
        there = set(range(k)) - off
        return Steering(
            off=off,
            on=self.on if self.on in there else None,
            at={t: j for t, j in sorted(self.at.items()) if 0 <= t < steps and j in there},
        )

    @property
    def idle(self) -> bool:
        """True where nothing is meddled with."""
        return not self.off and self.on is None and not self.at

    def allowed(self, k: int) -> np.ndarray:
        """(k,) bool, as `SequenceModel.trace` takes it."""
        return np.array([j not in self.off for j in range(k)])

    def choice(self, layers: int, layer: int, steps: int) -> np.ndarray:
        """(1, L, T) int, as `SequenceModel.trace` takes it: -1 where the network chooses."""
        forced = np.full((1, layers, steps), -1)
        if self.on is not None:
            forced[0, layer] = self.on
        for t, lstm in self.at.items():
            forced[0, layer, t] = lstm
        return forced

    def to_text(self) -> str:
        """`at` as text for an address, step:LSTM with LSTMs from 1, such as "12:3,20:1"."""
        return ",".join(f"{t}:{lstm + 1}" for t, lstm in sorted(self.at.items()))


def parse_steps(text: str) -> dict[int, int]:
    """What `Steering.to_text` wrote, taken for what a stranger may have sent: what is no step:LSTM is left out."""
    pairs = (part.split(":") for part in text.split(","))
    return {
        int(pair[0]): int(pair[1]) - 1
        for pair in pairs
        if len(pair) == 2 and all(number.isascii() and number.isdecimal() and len(number) < 7 for number in pair)
    }
