"""The categorical variable z that says which LSTM is listened to: how it is chosen, and the noise it is drawn with."""

import math
from dataclasses import dataclass
from typing import Literal

import torch
from torch import Tensor
from torch.nn import functional as F

Choice = Literal["gumbel", "argmax", "soft"]
CHOICES: tuple[Choice, ...] = ("gumbel", "argmax", "soft")
COLDEST = 1e-30  # below, logits divided by tau overflow float32; z is one-hot long before


@dataclass(frozen=True)
class Selection:
    """How z is chosen from the selection logits a.

    choice   "gumbel", "argmax" or "soft"
    tau      temperature of "gumbel", > 0
    allowed  (k,) bool, LSTMs that may be chosen at all; None allows all
    """

    choice: Choice
    tau: float
    allowed: Tensor | None

    def __call__(self, a: Tensor, noise: Tensor | None, forced: Tensor | None) -> tuple[Tensor, Tensor]:
        """q and z of one step.

        a        (N, k) selection logits
        noise    (N, k) standard Gumbel draws, needed by "gumbel" alone
        forced   (N,) int: the LSTM to take, -1 where free
        returns  q, z, each (N, k); each row sums to 1
        """
        if self.allowed is not None:
            a = a.masked_fill(~self.allowed, -math.inf)
        q = a.softmax(-1)
        if self.choice == "soft":
            z = q
        elif self.choice == "argmax":
            z = F.one_hot(a.argmax(-1), a.shape[-1]).to(a.dtype)
        elif noise is None:
            raise ValueError("choice 'gumbel' needs noise, got None")
        else:
            z = ((a + noise) / max(self.tau, COLDEST)).softmax(-1)
        if forced is not None:
            one_hot = F.one_hot(forced.clamp(min=0), a.shape[-1]).to(a.dtype)
            z = torch.where((forced >= 0)[:, None], one_hot, z)
        return q, z


def gumbel(shape: tuple[int, ...], like: Tensor, generator: torch.Generator | None) -> Tensor:
    """Standard Gumbel draws, -log(-log u), on the device and in the dtype of `like`."""
    # An exponential draw is -log u, but it can be exactly 0: keep log finite.
    draws = torch.empty(shape, device=like.device, dtype=like.dtype).exponential_(generator=generator)
    return -draws.clamp_(min=torch.finfo(like.dtype).tiny).log()
