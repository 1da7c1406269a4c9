"""The k-LSTM recurrence: k LSTMs side by side, and a categorical variable that says which is listened to."""

import math
from dataclasses import dataclass
from typing import Literal

import torch
from torch import Tensor, nn
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


class MarkovLayer(nn.Module):
    """One layer of k LSTMs over time.

    With x_t the input and (h, c) the carried state of the step before:

        a = x_t W_xz + h W_hz + b_z
        q = softmax(a),  z = softmax((a + gumbel) / tau), or one-hot argmax of a, or q
        i, f, o = sigmoid, g = tanh of x_t W_x[j] + h W_h[j] + b[j], for each LSTM j
        C_j = f c + i g,  H_j = o tanh(C_j)
        h = sum_j z_j H_j,  c = sum_j z_j C_j

    That is carry "mixed". With carry "own" LSTM j goes on from its own (h_j, c_j) = (H_j, C_j),
    and only the layer's output is mixed; a is computed from that mixed h of the step before.

    Attributes: W_xz (D, k), W_hz (m, k), b_z (k,), W_x (D, 4km), W_h (m, 4km), b (4km,);
    columns: gate (i, g, f, o) x LSTM x unit, as in the original code.

    source  Kuo and Chien, "Markov recurrent neural networks", MLSP 2018
    """

    def __init__(self, input_size: int, k: int, hidden_size: int, *, own: bool) -> None:
        super().__init__()
        self.k, self.hidden_size, self.own = k, hidden_size, own
        gates = 4 * k * hidden_size
        self.W_xz = nn.Parameter(torch.empty(input_size, k))
        self.W_hz = nn.Parameter(torch.empty(hidden_size, k))
        self.b_z = nn.Parameter(torch.empty(k))
        self.W_x = nn.Parameter(torch.empty(input_size, gates))
        self.W_h = nn.Parameter(torch.empty(hidden_size, gates))
        self.b = nn.Parameter(torch.empty(gates))

    @torch.no_grad()
    def reset_parameters(self, generator: torch.Generator | None) -> None:
        """Draw the weights: orthogonal recurrent ones (Saxe et al., 2014), forget bias 1 (Gers et al., 2000)."""
        m = self.hidden_size
        for weight in self.W_xz, self.W_hz, self.W_x:
            bound = 1 / math.sqrt(m)
            weight.uniform_(-bound, bound, generator=generator)
        for block in self.W_h.view(m, 4 * self.k, m).unbind(1):
            block.copy_(nn.init.orthogonal_(torch.empty(m, m), generator=generator))
        self.b_z.zero_()
        self.b.zero_()
        self.b.view(4, self.k, m)[2] = 1.0

    def forward(
        self,
        x: Tensor,
        mask: Tensor | None,
        state: tuple[Tensor, ...],
        select: Selection,
        noise: Tensor | None,
        forced: Tensor | None,
    ) -> tuple[Tensor, Tensor, Tensor, tuple[Tensor, ...]]:
        """Run over all steps.

        x        (T, N, D), T >= 1
        mask     (T, N) bool, True at steps that count; None where all do
        state    (h, c), each (N, m); with carry "own" (h, c, mixed), h and c (N, k, m)
        noise    (T, N, k) standard Gumbel draws, or None
        forced   (T, N) int, LSTMs to take, -1 where free; or None
        returns  h (T, N, m), q and z (T, N, k), all 0 on padding; the state after each sequence's last step
        """
        # The input's share of all steps in one product; the loop adds the recurrent share.
        selection_x = torch.addmm(self.b_z, x.flatten(0, 1), self.W_xz).unflatten(0, x.shape[:2]).unbind(0)
        gates_x = torch.addmm(self.b, x.flatten(0, 1), self.W_x).unflatten(0, x.shape[:2]).unbind(0)
        advance = self._advance_own if self.own else self._advance_mixed
        outputs: list[tuple[Tensor, Tensor, Tensor]] = []
        for t in range(len(x)):
            z_noise = None if noise is None else noise[t]
            z_forced = None if forced is None else forced[t]
            q, z = select(selection_x[t] + state[-1 if self.own else 0] @ self.W_hz, z_noise, z_forced)
            h, new = advance(gates_x[t], z, state)
            if mask is not None:
                # Mask before carrying on: padding must not move the chain.
                counts = mask[t]
                new = tuple(torch.where(_beside(counts, a), a, b) for a, b in zip(new, state, strict=True))
                h, q, z = (a * counts[:, None] for a in (h, q, z))
            state = new
            outputs.append((h, q, z))
        h, q, z = (torch.stack(parts) for parts in zip(*outputs, strict=True))
        return h, q, z, state

    def _advance_mixed(
        self, gates_x: Tensor, z: Tensor, state: tuple[Tensor, ...]
    ) -> tuple[Tensor, tuple[Tensor, ...]]:
        h, c = state
        H, C = self._cell(torch.addmm(gates_x, h, self.W_h), c[:, None])
        h, c = _mix(z, H), _mix(z, C)
        return h, (h, c)

    def _advance_own(self, gates_x: Tensor, z: Tensor, state: tuple[Tensor, ...]) -> tuple[Tensor, tuple[Tensor, ...]]:
        h, c, _ = state  # (N, k, m)
        recurrent = torch.einsum("nkm,mgkj->ngkj", h, self.W_h.view(-1, 4, self.k, self.hidden_size))
        H, C = self._cell(gates_x + recurrent.flatten(1), c)
        mixed = _mix(z, H)
        return mixed, (H, C, mixed)

    def _cell(self, gates: Tensor, c: Tensor) -> tuple[Tensor, Tensor]:
        """H, C (N, k, m) of all LSTMs from the sums before their gates (N, 4km) and c (N, 1 or k, m)."""
        i, g, f, o = gates.view(-1, 4, self.k, self.hidden_size).unbind(1)
        C = f.sigmoid() * c + i.sigmoid() * g.tanh()
        return o.sigmoid() * C.tanh(), C


def _mix(z: Tensor, of_each: Tensor) -> Tensor:
    """sum_j z_j of_each_j: (N, k) and (N, k, m) -> (N, m)."""
    return torch.bmm(z[:, None], of_each)[:, 0]


def _beside(counts: Tensor, like: Tensor) -> Tensor:
    """(N,) with as many axes as `like` (N, ...)."""
    return counts.view(-1, *[1] * (like.ndim - 1))
