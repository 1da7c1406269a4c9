"""A signal whose hidden regimes take turns: which value comes next?"""

from dataclasses import dataclass
from typing import ClassVar

import numpy as np

from mrnn.data import Answer, SequenceData, Target, Task, check_count
from mrnn.tasks.settings import check_number, check_whole, setting

TRAIN, TEST = 2_000, 1_000
TRAIN_SEED, TEST_SEED = 1_000_003, 2_000_003
MOST = 5  # regimes
AUTOREGRESSION, FREQUENCY, NOISE = range(3)  # what regimes differ in


@dataclass(frozen=True)
class Rules:
    """How the next value is made in each of R regimes.

    x = s + sin(phase), where s goes to level + pull (s - level) + noise N(0, 1), and the phase to phase + turn.

    level, pull, noise, turn  (R,)
    """

    level: np.ndarray
    pull: np.ndarray
    noise: np.ndarray
    turn: np.ndarray


@dataclass(frozen=True)
class Regimes(Task):
    """At each step: the next value of a signal whose hidden regime is now this one, now that one.

    The regimes are a Markov chain: each lasts `stay` steps in the mean, and then any other follows, all alike. Which
    one it is at a step is known here, and is no part of the data.

    regimes   how many there are
    T         steps
    stay      mean steps in a regime
    kind      what they differ in: 0 autoregression (each pulls to a level of its own, in a way of its own),
              1 frequency, 2 noise
    contrast  how much they differ in it: 0 not at all
    source    Hamilton, "A new approach to the economic analysis of nonstationary time series and the business cycle",
              Econometrica 57, 1989
    """

    name: ClassVar[str] = "regimes"
    title: ClassVar[str] = "Hidden regimes"
    summary: ClassVar[str] = "Which value comes next in a signal whose hidden regimes take turns?"
    target: ClassVar[Target] = "value"
    per_step: ClassVar[bool] = True
    classes: ClassVar[tuple[str, ...]] = ("next value",)
    input_size: ClassVar[int] = 1

    regimes: int = setting(3, "Regimes", "How many hidden regimes take turns.", 2, MOST, 1)
    T: int = setting(100, "Steps T", "Values of a signal.", 20, 400, 1)
    stay: int = setting(25, "Stay", "How many steps a regime lasts in the mean.", 2, 100, 1)
    kind: int = setting(
        AUTOREGRESSION, "Differ in", "0: the level they pull to, and how. 1: their frequency. 2: their noise.", 0, 2, 1
    )
    contrast: float = setting(1.0, "Contrast", "How much the regimes differ; 0: not at all.", 0.0, 1.0, 0.05)

    def __post_init__(self) -> None:
        check_whole("regimes", self.regimes, 2, MOST)
        check_whole("T", self.T, 10, 10_000)
        check_whole("stay", self.stay, 2, 10_000)
        check_whole("kind", self.kind, 0, 2)
        check_number("contrast", self.contrast, 0, 1)

    @property
    def rules(self) -> Rules:
        """What each regime does, by the settings."""
        place = self.contrast * np.linspace(-1, 1, self.regimes)
        nothing = np.zeros(self.regimes)
        if self.kind == FREQUENCY:  # periods of 4 to 16 steps
            return Rules(nothing, nothing, np.full(self.regimes, 0.1), 2 * np.pi / (8 * 2**place))
        if self.kind == NOISE:
            return Rules(nothing, nothing, 0.5 * 4**place, nothing)
        return Rules(1.5 * place, 0.3 * place, np.full(self.regimes, 0.3), nothing)

    @property
    def moves(self) -> np.ndarray:
        """(R, R): how likely regime j follows regime i at the next step."""
        other = 1 / self.stay / (self.regimes - 1)
        return np.full((self.regimes, self.regimes), other) + np.eye(self.regimes) * (1 - 1 / self.stay - other)

    def drawn(self, n: int, seed: int) -> tuple[np.ndarray, np.ndarray]:
        """The values of n signals, one more than T, and the regime that made each of them; both (n, T + 1)."""
        check_count(n)
        rng, rules = np.random.default_rng(seed), self.rules
        leaves = rng.random((n, self.T + 1)) < 1 / self.stay
        to = rng.integers(1, self.regimes, leaves.shape)  # any other regime
        path = (rng.integers(self.regimes, size=(n, 1)) + np.cumsum(leaves * to, 1)) % self.regimes
        level, pull, noise = rules.level[path], rules.pull[path], rules.noise[path] * rng.standard_normal(path.shape)
        turning = rules.turn.any()
        phase = turning * rng.uniform(-np.pi, np.pi, (n, 1)) + np.cumsum(rules.turn[path], 1)
        # It begins as if the first regime had always been there.
        values = np.empty(path.shape)
        values[:, 0] = level[:, 0] + noise[:, 0] / np.sqrt(1 - pull[:, 0] ** 2)
        for t in range(1, self.T + 1):
            values[:, t] = level[:, t] + pull[:, t] * (values[:, t - 1] - level[:, t]) + noise[:, t]
        return values + np.sin(phase), path

    def make(self, n: int, seed: int) -> SequenceData:
        """n signals, and what follows each of their steps."""
        values = self.drawn(n, seed)[0][..., None]
        return SequenceData(values[:, :-1], values[:, 1:], np.full(n, self.T), "value")

    def claims(self, answer: Answer, _seed: int) -> dict[str, float]:
        """Mean squared error of the next value, on the test part."""
        test = self.split()[1]
        return {"mean squared error of the next value": float(np.square(answer(test) - test.y).mean())}

    def hidden(self, n: int, seed: int) -> np.ndarray:
        """(n, T) int in [0, regimes): the regime that made each value."""
        return self.drawn(n, seed)[1][:, :-1]

    def hidden_path(self) -> np.ndarray:
        """(N, T) int in [0, regimes): the regime that made each value of the test part."""
        return self.hidden(TEST, TEST_SEED)

    @property
    def extent(self) -> tuple[int, int]:
        """2,000 signals."""
        return TRAIN, self.T

    def split(self) -> tuple[SequenceData, SequenceData]:
        """2,000 training and 1,000 test signals, by two seeds."""
        return self.make(TRAIN, TRAIN_SEED), self.make(TEST, TEST_SEED)
