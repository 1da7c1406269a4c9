"""Alien and non-alien waves: is a second, faster wave hidden in a sine?"""

import math
from dataclasses import dataclass
from typing import Any, ClassVar

import numpy as np

from mrnn.data import SequenceData, Task, check_count
from mrnn.tasks.settings import check_number, check_whole, setting
from mrnn.tasks.sketch import resample

SPAN = 20.0  # each signal covers x from p to p + 20, whatever T
TRAIN_SEED, TEST_SEED, SPLIT_SIZE = 1_000_003, 2_000_003, 10_000


@dataclass(frozen=True)
class Waves(Task):
    """sin x, or sin x + cos(f x + s): which is it?

    T            steps, x lying evenly from p to p + 20 with p = pi U(-1, 1)
    amplitude    of the alien part
    f_low        f is a whole number drawn from f_low ...
    f_high       ... to f_high, both included
    sigma        standard deviation of Gaussian noise on every step
    alien_share  share of alien signals
    source       the signals of the original MRNN code, at the defaults
    """

    name: ClassVar[str] = "waves"
    title: ClassVar[str] = "Alien waves"
    summary: ClassVar[str] = "Is a second, faster wave hidden in a sine?"
    classes: ClassVar[tuple[str, ...]] = ("non-alien", "alien")
    input_size: ClassVar[int] = 1

    T: int = setting(50, "Steps T", "Points of a signal. They always cover 20 units of x.", 5, 400, 1)
    amplitude: float = setting(1.0, "Alien amplitude", "Height of the alien part, cos(f x + s).", 0.0, 5.0, 0.05)
    f_low: int = setting(100, "Lowest f", "Smallest frequency of the alien part.", 1, 999, 1)
    f_high: int = setting(199, "Highest f", "Largest frequency of the alien part.", 1, 999, 1)
    sigma: float = setting(0.0, "Noise sigma", "Standard deviation of noise added to each step.", 0.0, 3.0, 0.05)
    alien_share: float = setting(0.5, "Share of aliens", "How many of all signals are alien.", 0.0, 1.0, 0.05)

    def __post_init__(self) -> None:
        for name, least in ("T", 2), ("f_low", 1), ("f_high", 1):
            check_whole(name, getattr(self, name), least, 1_000_000)
        for name, most in ("amplitude", 1e6), ("sigma", 1e6), ("alien_share", 1.0):
            check_number(name, getattr(self, name), 0, most)
        if self.f_low > self.f_high:
            raise ValueError(f"f_low must not exceed f_high = {self.f_high}, got {self.f_low}")

    def wave(
        self,
        kind: str,
        *,
        p: float,
        f: float = 100.0,
        s: float = 0.0,
        sigma: float | None = None,
        seed: int = 0,
        part: tuple[int, int] | None = None,
    ) -> SequenceData:
        """One signal from explicit values.

        kind     its class, "alien" or "non-alien"
        p        phase: x goes from p to p + 20
        f, s     frequency and shift of the alien part, unused for "non-alien"
        sigma    noise; the task's own unless given
        seed     of the noise
        part     (first step, number of steps) of the alien part, the sine being plain around it; None: throughout
        returns  SequenceData of N = 1
        raises   ValueError if a value is not finite, sigma < 0, there is no such class, or the part leaves the signal
        """
        if kind not in self.classes:
            raise ValueError(f"kind must be one of {', '.join(self.classes)}, got {kind!r}")
        sigma = self.sigma if sigma is None else sigma
        for name, value in ("p", p), ("f", f), ("s", s), ("sigma", sigma):
            if not math.isfinite(value):
                raise ValueError(f"{name} must be a finite number, got {value}")
        if sigma < 0:
            raise ValueError(f"sigma must be >= 0, got {sigma:g}")
        start, steps = (0, self.T) if part is None else part
        if not 0 <= start < start + steps <= self.T:
            raise ValueError(
                f"part must be a first step and a number of steps within the {self.T} of the signal, got {part}"
            )
        alien = np.array([kind == "alien"])
        noise = sigma * np.random.default_rng(seed).standard_normal((1, self.T))
        values = np.array([p]), np.array([f]), np.array([s])
        whole = self._signals(alien, *values, noise)
        if part is None or kind != "alien":
            return whole
        plain = self._signals(~alien, *values, noise)
        where = np.arange(self.T)
        inside = ((where >= start) & (where < start + steps))[None, :, None]
        return SequenceData(np.where(inside, whole.x, plain.x), whole.y, whole.lengths)

    def drawn(self, heights: np.ndarray, *, seed: int = 0) -> np.ndarray:
        """(1, T, 1): a curve that somebody drew, brought to T steps, with the task's noise. Nobody knows its class.

        heights  (P,) of points that lie evenly from the beginning of the curve to its end, P >= 2
        seed     of the noise
        """
        noise = self.sigma * np.random.default_rng(seed).standard_normal((1, self.T))
        return (resample(heights, self.T) + noise)[..., None].astype(np.float32)

    def draw(self, rng: np.random.Generator) -> dict[str, Any]:
        """Values for `wave`, drawn as `make` draws them: kind, p, f, s and a seed for the noise."""
        return {
            "kind": self.classes[int(rng.random() < self.alien_share)],
            "p": math.pi * float(rng.uniform(-1, 1)),
            "f": int(rng.integers(self.f_low, self.f_high + 1)),
            "s": float(rng.uniform(0, 5)),
            "seed": int(rng.integers(10_000)),
        }

    def make(self, n: int, seed: int) -> SequenceData:
        """n signals of random class, phase, frequency, shift and noise."""
        check_count(n)
        rng = np.random.default_rng(seed)
        alien = rng.random(n) < self.alien_share
        p = math.pi * rng.uniform(-1, 1, n)
        f = rng.integers(self.f_low, self.f_high + 1, n)
        s = rng.uniform(0, 5, n)
        return self._signals(alien, p, f, s, self.sigma * rng.standard_normal((n, self.T)))

    def augment(self, data: SequenceData, rng: np.random.Generator) -> SequenceData:
        """As many new signals: there is no end of them."""
        return self.make(len(data), int(rng.integers(2**62)))

    @property
    def extent(self) -> tuple[int, int]:
        """10,000 signals of T steps."""
        return SPLIT_SIZE, self.T

    def split(self) -> tuple[SequenceData, SequenceData]:
        """10,000 training and 10,000 test signals, by two seeds."""
        return self.make(SPLIT_SIZE, TRAIN_SEED), self.make(SPLIT_SIZE, TEST_SEED)

    def _signals(
        self, alien: np.ndarray, p: np.ndarray, f: np.ndarray, s: np.ndarray, noise: np.ndarray
    ) -> SequenceData:
        """alien, p, f, s (N,); noise (N, T)."""
        x = p[:, None] + np.linspace(0.0, SPAN, self.T)  # (N, T)
        hidden = self.amplitude * np.cos(f[:, None] * x + s[:, None])
        signal = np.sin(x) + alien[:, None] * hidden + noise
        return SequenceData(signal[..., None], alien.astype(np.int64), np.full(len(p), self.T))
