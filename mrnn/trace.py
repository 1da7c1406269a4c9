"""What a model did with some sequences, in NumPy."""

from dataclasses import dataclass

import numpy as np
from scipy.special import expit, softmax

from mrnn.data import Target


def probabilities(target: Target, logits: np.ndarray) -> np.ndarray:
    """(..., C): what logits (..., C) say.

    Of a class: softmax, the classes' probabilities. Of labels: sigmoid, the probability that each holds.
    Of values: the values themselves.
    """
    if target == "value":
        return logits
    return expit(logits) if target == "labels" else softmax(logits, axis=-1)


@dataclass(frozen=True)
class Trace:
    """Which LSTM was listened to, and what the model would have answered, at every step.

    q        (N, L, T, k) probabilities of the LSTMs; 0 on padding
    z        (N, L, T, k) weights they were given; one-hot where the choice was hard; 0 on padding
    logits   (N, T, C) of the answer after each step
    lengths  (N,) int in [1, T]: steps that count; the rest is padding
    target   what the logits are of, as in `SequenceData`
    raises   ValueError if the shapes do not fit together
    """

    q: np.ndarray
    z: np.ndarray
    logits: np.ndarray
    lengths: np.ndarray
    target: Target = "class"

    def __post_init__(self) -> None:
        if self.q.ndim != 4 or self.q.shape != self.z.shape:
            raise ValueError(f"q and z must both have the axes (N, L, T, k), got {self.q.shape} and {self.z.shape}")
        n, _, steps, _ = self.q.shape
        if self.logits.ndim != 3 or self.logits.shape[:2] != (n, steps):
            raise ValueError(f"logits must have the axes ({n}, {steps}, C), got {self.logits.shape}")
        if self.lengths.shape != (n,) or (n and not 1 <= self.lengths.min() <= self.lengths.max() <= steps):
            raise ValueError(f"lengths must be {n} numbers from 1 to {steps}, got {self.lengths}")

    def take(self, index: np.ndarray | slice) -> "Trace":
        """The sequences at `index` (int or bool array, or slice), in that order."""
        return Trace(self.q[index], self.z[index], self.logits[index], self.lengths[index], self.target)

    @property
    def k(self) -> int:
        """LSTMs side by side."""
        return self.q.shape[-1]

    def listened(self, layer: int = -1) -> np.ndarray:
        """(N, T) int in [0, k): the LSTM with the greatest weight in z at each step of a layer."""
        return self.z[:, layer].argmax(-1)

    @property
    def probabilities(self) -> np.ndarray:
        """(N, T, C): what the logits say after each step, as the function of that name."""
        return probabilities(self.target, self.logits)

    @property
    def answers(self) -> np.ndarray:
        """(N, C): the `probabilities` after each sequence's last step."""
        return self.probabilities[np.arange(len(self.lengths)), self.lengths - 1]


@dataclass(frozen=True)
class Inside:
    """What goes on inside one layer of a Markov recurrent network at every step.

    logits  (N, T, k) selection logits a, before noise and before any LSTM is ruled out; 0 on padding
    gates   (N, T, 4) activations i, g, f, o of the LSTM with the greatest weight in z, each the mean over its units:
            i, f, o in [0, 1], g in [-1, 1]; 0 on padding
    """

    logits: np.ndarray
    gates: np.ndarray
