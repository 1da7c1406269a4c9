"""The k-LSTM recurrence: k LSTMs side by side, and a categorical variable that says which is listened to."""

import math
from collections.abc import Iterator
from contextlib import contextmanager

import torch
from torch import Tensor, nn

from mrnn import recurrence, trial
from mrnn.selection import COLDEST, Selection


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
    by_definition: run by these equations as they stand, the oracle of tests and the measure of `bench`; else by
    `recurrence`, which is faster. spare: where training keeps large arrays between its steps.

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
        self.by_definition = False
        self.spare: recurrence.Spare | None = None

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

    @torch.no_grad()
    def remember(self, span: int, generator: torch.Generator | None) -> None:
        """Let the units begin with memories of 1 to `span` steps: see `forget_biases`."""
        i, _, f, _ = self.b.view(4, self.k, self.hidden_size)
        f.copy_(forget_biases(span, f.shape, generator))
        i.copy_(-f)

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
        way = None if self.by_definition else self._fast_way(x)
        if way is None:
            return self.define(x, mask, state, select, noise, forced)
        return self.run(way, x, mask, state, select, noise, forced)

    def run(
        self,
        way: recurrence.Way,
        x: Tensor,
        mask: Tensor | None,
        state: tuple[Tensor, ...],
        select: Selection,
        noise: Tensor | None,
        forced: Tensor | None,
    ) -> tuple[Tensor, Tensor, Tensor, tuple[Tensor, ...]]:
        """As `forward`, in this way."""
        plan = self._plan(x, mask, select, noise, forced)
        weights = recurrence.Weights(self.W_xz, self.W_hz, self.b_z, self.W_x, self.W_h, self.b)
        learning = torch.is_grad_enabled() and any(a.requires_grad for a in (x, *state, *weights))
        with torch.autocast(x.device.type, enabled=False):  # the plan says what is done in low precision
            return way(plan, weights, x, state, learning=learning)

    def _fast_way(self, x: Tensor) -> recurrence.Way | None:
        """How to run such an input faster than by definition; None where that is not known to be right and faster."""
        if x.device.type == "cuda":
            return trial.fast_way(self, x)
        return recurrence.run if recurrence.runs_on(x) else None

    def alike(self, input_size: int, generator: torch.Generator) -> "MarkovLayer":
        """A new layer with other inputs and weights, but as many LSTMs and units."""
        layer = MarkovLayer(input_size, self.k, self.hidden_size, own=self.own)
        layer.reset_parameters(generator)
        return layer

    def _plan(
        self, x: Tensor, mask: Tensor | None, select: Selection, noise: Tensor | None, forced: Tensor | None
    ) -> recurrence.Plan:
        steps, n, _ = x.shape
        rule = x.new_zeros(self.k)
        if select.allowed is not None:
            rule.masked_fill_(~select.allowed, -math.inf)
        return recurrence.Plan(
            k=self.k,
            own=self.own,
            choice=select.choice,
            tau=max(select.tau, COLDEST),
            rule=rule,
            noise=x.new_zeros(1, n, self.k).expand(steps, n, self.k) if noise is None else noise.contiguous(),
            forced=x.new_full((1, n), -1, dtype=torch.long).expand(steps, n) if forced is None else forced.contiguous(),
            counts=x.new_ones(1, n, dtype=torch.bool).expand(steps, n) if mask is None else mask,
            padded=mask is not None,
            low=x.dtype == torch.float32 and recurrence.wants_bfloat16(x),
            spare=self.spare,
        )

    def define(
        self,
        x: Tensor,
        mask: Tensor | None,
        state: tuple[Tensor, ...],
        select: Selection,
        noise: Tensor | None,
        forced: Tensor | None,
    ) -> tuple[Tensor, Tensor, Tensor, tuple[Tensor, ...]]:
        """The equations as they stand above, step by step: what every faster way must agree with."""
        outputs: list[tuple[Tensor, Tensor, Tensor]] = []
        for t, x_t in enumerate(x.unbind(0)):
            recurrence.ask()
            q, z = select(
                self._logits(x_t, state), None if noise is None else noise[t], None if forced is None else forced[t]
            )
            h, new = self._advance(self._gates(x_t, state), z, state)
            if mask is not None:
                # Mask before carrying on: padding must not move the chain.
                counts = mask[t]
                new = tuple(torch.where(_beside(counts, a), a, b) for a, b in zip(new, state, strict=True))
                h, q, z = (a * counts[:, None] for a in (h, q, z))
            state = new
            outputs.append((h, q, z))
        h, q, z = (torch.stack(parts) for parts in zip(*outputs, strict=True))
        return h, q, z, state

    def look(self, x: Tensor, z: Tensor) -> tuple[Tensor, Tensor, Tensor]:
        """What goes on inside, by the equations above, while LSTMs are listened to as z says, from a state of zeros.

        x        (T, N, D), T >= 1
        z        (T, N, k) their weights; 0 on padding, after which no step counts
        returns  h (T, N, m); selection logits a (T, N, k); activations i, g, f, o (T, N, 4) of the LSTM with the
                 greatest weight, each the mean over its units
        """
        n, k, m = x.shape[1], self.k, self.hidden_size
        state = tuple(x.new_zeros(size) for size in ([(n, k, m), (n, k, m), (n, m)] if self.own else [(n, m), (n, m)]))
        everyone = torch.arange(n, device=x.device)
        steps: list[tuple[Tensor, Tensor, Tensor]] = []
        for x_t, z_t, heard in zip(x, z, z.argmax(-1), strict=True):
            a, gates = self._logits(x_t, state), self._gates(x_t, state)
            h, state = self._advance(gates, z_t, state)
            steps.append((h, a, torch.stack([gate[everyone, heard] for gate in gates], 1)))
        h, a, gates = (torch.stack(parts) for parts in zip(*steps, strict=True))
        return h, a, gates.mean(-1)

    def _logits(self, x_t: Tensor, state: tuple[Tensor, ...]) -> Tensor:
        """a (N, k), before any LSTM is ruled out."""
        return x_t @ self.W_xz + state[-1 if self.own else 0] @ self.W_hz + self.b_z

    def _gates(self, x_t: Tensor, state: tuple[Tensor, ...]) -> tuple[Tensor, Tensor, Tensor, Tensor]:
        """i, g, f, o of all LSTMs, each (N, k, m)."""
        sums = x_t @ self.W_x + self.b
        if self.own:
            W_h = self.W_h.view(-1, 4, self.k, self.hidden_size)
            sums = sums + torch.einsum("nkm,mgkj->ngkj", state[0], W_h).flatten(1)
        else:
            sums = sums + state[0] @ self.W_h
        i, g, f, o = sums.view(-1, 4, self.k, self.hidden_size).unbind(1)
        return i.sigmoid(), g.tanh(), f.sigmoid(), o.sigmoid()

    def _advance(
        self, gates: tuple[Tensor, Tensor, Tensor, Tensor], z: Tensor, state: tuple[Tensor, ...]
    ) -> tuple[Tensor, tuple[Tensor, ...]]:
        i, g, f, o = gates
        C = f * (state[1] if self.own else state[1][:, None]) + i * g
        H = o * C.tanh()
        mixed = _mix(z, H)
        return mixed, (H, C, mixed) if self.own else (mixed, _mix(z, C))


def _mix(z: Tensor, of_each: Tensor) -> Tensor:
    """sum_j z_j of_each_j: (N, k) and (N, k, m) -> (N, m)."""
    return (z[..., None] * of_each).sum(1)


def _beside(counts: Tensor, like: Tensor) -> Tensor:
    """(N,) with as many axes as `like` (N, ...)."""
    return counts.view(-1, *[1] * (like.ndim - 1))


@contextmanager
def memory_kept(model: nn.Module) -> Iterator[None]:
    """Let a model's layers keep their large arrays from one training step to the next, until the end of the block.

    One can then go back through a result only once (RuntimeError otherwise).
    """
    layers = [layer for layer in model.modules() if isinstance(layer, MarkovLayer)]
    spare = recurrence.Spare()
    for layer in layers:
        layer.spare = spare
    try:
        yield
    finally:
        for layer in layers:
            layer.spare = None


def forget_biases(span: int, shape: tuple[int, ...], generator: torch.Generator | None) -> Tensor:
    """Biases of forget gates with which units keep what they hold for 1 to `span` steps, each its own while.

    source  Tallec and Ollivier, "Can recurrent neural networks warp time?", ICLR 2018
    """
    return torch.empty(shape).uniform_(1, span - 1, generator=generator).log()
