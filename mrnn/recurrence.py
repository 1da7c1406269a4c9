"""Fast ways to run the k-LSTM recurrence that `markov` defines: one that can be trained, and one for use."""

import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass
from typing import Any, NamedTuple

import numpy as np
import torch
from torch import Tensor
from torch.autograd.function import once_differentiable

from mrnn import kernels

Way = Callable[..., tuple[Tensor, Tensor, Tensor, tuple[Tensor, ...]]]  # `run`, or another like it
FEW_ROWS = 64  # sequences x steps; below, lining the weights up by LSTM costs more than it saves
ROWS_AT_ONCE = {False: 128, True: 1024}  # in one product of weight gradients, by whether it is in bfloat16
ASK_EVERY = 0.2  # seconds
MOST_AT_ONCE = 5e9  # multiplications in one product of all steps: some tenths of a second
_asked: "ContextVar[Asking | None]" = ContextVar("asked", default=None)


class BrokenOffError(Exception):
    """Training or measuring was broken off, as who is asked on the way wanted."""


class Asking:
    """Somebody who is asked, between steps and now and then, whether to go on."""

    def __init__(self, go_on: Callable[[], Any]) -> None:
        self._go_on, self._due = go_on, 0.0

    def ask(self) -> None:
        """Raise BrokenOffError if the answer is False; ask only if the last time was a while ago."""
        now = time.monotonic()
        if now >= self._due:
            if self._go_on() is False:
                raise BrokenOffError
            self._due = now + ASK_EVERY


@contextmanager
def asking(go_on: Callable[[], Any] | None) -> Iterator[None]:
    """Within the block, let steps that are run in this thread ask `go_on`; None: nobody.

    raises  BrokenOffError out of the block's middle when that says False
    """
    before = _asked.set(None if go_on is None else Asking(go_on))
    try:
        yield
    finally:
        _asked.reset(before)


def ask() -> None:
    """Between two steps: see `asking`."""
    asked = _asked.get()
    if asked is not None:
        asked.ask()


class Spare:
    """Large arrays kept from one training step for the next: fresh memory costs more than filling it."""

    def __init__(self) -> None:
        self._arrays: list[Tensor] = []

    def take(self, shape: tuple[int, ...], like: Tensor) -> Tensor:
        """An array with any content, in the dtype and on the device of `like`."""
        size = int(np.prod(shape))
        for number, array in enumerate(self._arrays):
            if array.numel() >= size and array.dtype == like.dtype and array.device == like.device:
                return self._arrays.pop(number)[:size].view(shape)
        return like.new_empty(size).view(shape)

    def give(self, *arrays: Tensor) -> None:
        """Put back arrays that `take` gave, each once, when nothing will read them any more."""
        self._arrays.extend(array._base if array._base is not None else array for array in arrays)


class Weights(NamedTuple):
    """A layer's, named and shaped as `MarkovLayer`'s."""

    W_xz: Tensor
    W_hz: Tensor
    b_z: Tensor
    W_x: Tensor
    W_h: Tensor
    b: Tensor


@dataclass(frozen=True)
class Plan:
    """All of a call but numbers that have gradients.

    k, own   LSTMs; whether each goes on from its own state
    choice   "soft", "gumbel" or "argmax", with tau
    rule     (k,) 0, or -inf for an LSTM that is ruled out
    noise    (T, N, k) standard Gumbel draws
    forced   (T, N) int, the LSTM to take, -1 where free
    counts   (T, N) bool, False on padding; padded: whether there is any
    low      products in bfloat16; states, activations and sums in float32
    spare    where large arrays come from and are put back to; None: from fresh memory
    """

    k: int
    own: bool
    choice: str
    tau: float
    rule: Tensor
    noise: Tensor
    forced: Tensor
    counts: Tensor
    padded: bool
    low: bool
    spare: Spare | None

    def take(self, shape: tuple[int, ...], like: Tensor) -> Tensor:
        """A large array with any content, in the dtype and on the device of `like`."""
        return like.new_empty(shape) if self.spare is None else self.spare.take(shape, like)

    @property
    def dtype(self) -> torch.dtype:
        """Of products."""
        return torch.bfloat16 if self.low else self.rule.dtype

    @property
    def way(self) -> int:
        """`choice`, as kernels call it."""
        return kernels.WAYS[self.choice]

    @property
    def slope(self) -> float:
        """Of z under its logits; where z is one-hot, it has none anyway."""
        return 1 / self.tau if self.choice == "gumbel" else 1.0


def runs_on(x: Tensor) -> bool:
    """Whether these ways can take such an input; what they cannot is left to the definition."""
    return x.device.type == "cpu" and x.dtype in (torch.float32, torch.float64) and x.numel() > 0


def wants_bfloat16(x: Tensor) -> bool:
    """Whether the caller is inside torch.autocast(..., torch.bfloat16)."""
    kind = x.device.type
    return torch.is_autocast_enabled(kind) and torch.get_autocast_dtype(kind) == torch.bfloat16


def run(
    plan: Plan, weights: Weights, x: Tensor, state: tuple[Tensor, ...], *, learning: bool
) -> tuple[Tensor, Tensor, Tensor, tuple[Tensor, ...]]:
    """The recurrence; arguments and answer as `MarkovLayer.forward`'s.

    learning  whether anything needs a gradient
    """
    one_is_enough = plan.choice == "argmax" and not plan.own and not learning
    return (use if one_is_enough else train)(plan, weights, x, state)


# -- training --------------------------------------------------------------------------------------------------------


def train(
    plan: Plan, weights: Weights, x: Tensor, state: tuple[Tensor, ...]
) -> tuple[Tensor, Tensor, Tensor, tuple[Tensor, ...]]:
    """The recurrence, with gradients; arguments and answer as `MarkovLayer.forward`'s."""
    W_x = torch.cat([torch.cat([weights.W_x, weights.W_xz], 1), torch.cat([weights.b, weights.b_z])[None]])
    state = tuple(part.contiguous() for part in state)
    if plan.own:
        h, c, mixed = state
        m = mixed.shape[1]
        W_h = weights.W_h.view(m, 4, plan.k, m).permute(2, 0, 1, 3).flatten(2)  # (k, m, 4m)
        out, q, z, *last = _Recurrence.apply(plan, x, W_x, h, c, mixed, W_h, weights.W_hz)
        return out, q, z, tuple(last)
    h, c = state
    out, q, z, _, c, h = _Recurrence.apply(
        plan, x, W_x, h[:, None], c[:, None], h, torch.cat([weights.W_h, weights.W_hz], 1)
    )
    return out, q, z, (h, c[:, 0])


class _Recurrence(torch.autograd.Function):
    """The recurrence over all steps, and its gradient.

    forward   (plan, x (T, N, D), W_x (D + 1, P), h0, c0, mixed0, *W_h)
              columns of W_x: gate (i, g, f, o) x LSTM x unit, then the k selection logits, so P = 4km + k; last row: b
              carry "mixed": c0 (N, 1, m), mixed0 (N, m), h0 the same as (N, 1, m); W_h one (m, P)
              carry "own": h0, c0 (N, k, m), mixed0 (N, m); W_h (k, m, 4m) with columns gate x unit, and (m, k)
    returns   out (T, N, m), q, z (T, N, k), 0 on padding; the last h, c, mixed
    """

    @staticmethod
    def forward(
        ctx: Any, plan: Plan, x: Tensor, W_x: Tensor, h0: Tensor, c0: Tensor, mixed0: Tensor, *W_h: Tensor
    ) -> tuple[Tensor, ...]:
        steps, n, _ = x.shape
        m = mixed0.shape[1]
        x1 = torch.cat([x, x.new_ones(steps, n, 1)], -1).to(plan.dtype)
        sums = plan.take((steps, n, W_x.shape[1]), x1)
        c = plan.take((steps, *c0.shape), x)
        q, z, mixed = (x.new_empty(steps, n, size) for size in (plan.k, plan.k, m))
        h = plan.take((steps, *h0.shape), x) if plan.own else mixed[:, :, None]
        # The input's share of all steps at once; each step adds the recurrent share.
        W_x_low, few = W_x.to(plan.dtype), max(1, int(MOST_AT_ONCE / (n * W_x.numel())))
        for first in range(0, steps, few):
            ask()
            torch.mm(x1[first : first + few].flatten(0, 1), W_x_low, out=sums[first : first + few].flatten(0, 1))
        recurrent = _recurrent(plan, W_h)
        h_t, mixed_t = h0, mixed0
        before, (rule,) = _arrays(h0, c0, mixed0), _arrays(plan.rule)
        given, made = _arrays(sums, plan.noise, plan.forced, plan.counts), _arrays(q, z, h, c, mixed)
        for t in range(steps):
            ask()
            recurrent.add(sums[t], h_t, mixed_t)
            sums_t, noise, forced, counts = (a[t] for a in given)
            written = [a[t] for a in made]
            kernels.forward(sums_t, rule, plan.way, plan.tau, noise, forced, counts, plan.own, *before, *written)
            h_t, mixed_t, before = h[t], mixed[t], written[2:]
        out = mixed * plan.counts[..., None] if plan.padded else mixed
        ctx.plan, ctx.given = plan, False
        ctx.asked = _asked.get()  # who goes back may be another thread
        ctx.set_materialize_grads(False)
        ctx.save_for_backward(x1, W_x, h0, c0, mixed0, sums, q, z, c, mixed, h if plan.own else None, *W_h)
        return out, q, z, h_t.clone(), c[-1].clone(), mixed_t.clone()

    @staticmethod
    @once_differentiable
    def backward(  # type: ignore[override]
        ctx: Any,
        d_out: Tensor | None,
        dq: Tensor | None,
        dz: Tensor | None,
        dh: Tensor | None,
        dc: Tensor | None,
        dmixed: Tensor | None,
    ) -> tuple[Tensor | None, ...]:
        plan: Plan = ctx.plan
        if ctx.given:
            raise RuntimeError("within memory_kept one can go back through a result only once")
        x1, W_x, h0, c0, mixed0, sums, q, z, c, mixed, h, *W_h = ctx.saved_tensors
        steps, n, width = sums.shape
        recurrent = _recurrent(plan, W_h)
        gradients = [torch.zeros_like(W) for W in W_h]
        if d_out is not None and plan.padded:
            d_out = d_out * plan.counts[..., None]
        nothing = q.new_zeros(1, n, plan.k).expand_as(q)
        of_q, of_z = (nothing if d is None else d.contiguous() for d in (dq, dz))
        # Own copies, because they are added to. With carry "mixed" h is mixed, and dmixed all that reaches it.
        dh, dc, dmixed = (_own_copy(d, like) for d, like in ((dh, h0), (dc, c0), (dmixed, mixed0)))
        dc0 = torch.empty_like(dc)
        dx = q.new_empty(steps, n, x1.shape[2] - 1) if ctx.needs_input_grad[1] else None
        dW_x, W_x_back = torch.zeros_like(W_x), W_x[:-1].t().to(plan.dtype)
        h_all = h if plan.own else mixed[:, :, None]
        # Weights' gradients from a few steps at once: enough rows for the arithmetic units, few enough to be at hand.
        at_once = min(steps, max(1, ROWS_AT_ONCE[plan.low] // n))
        dsums = plan.take((at_once, n, width), sums)
        given, (dsums_, c_, c0_) = _arrays(sums, plan.counts, q, z, of_q, of_z), _arrays(dsums, c, c0)
        flow, (after, before) = _arrays(dh, dmixed), _arrays(dc, dc0)  # these change places at every step
        with torch.autocast(q.device.type, enabled=False):
            for t in reversed(range(steps)):
                if ctx.asked is not None:
                    ctx.asked.ask()
                if d_out is not None:
                    dmixed += d_out[t]
                at = t % at_once
                sums_t, counts, q_t, z_t, dq_t, dz_t = (a[t] for a in given)
                kernels.backward(
                    sums_t, plan.slope, counts, plan.own, q_t, z_t, c_[t - 1] if t else c0_, dq_t, dz_t,
                    flow[0], after, flow[1], dsums_[at], before,
                )  # fmt: skip
                after, before = before, after
                recurrent.back(dsums[at], dh, dmixed, ~plan.counts[t] if plan.padded else None)
                if at == 0:
                    stop = min(t + at_once, steps)
                    part = dsums[: stop - t].flatten(0, 1)
                    add_product(dW_x, x1[t:stop].flatten(0, 1).t(), part)
                    recurrent.gather(
                        gradients, part, *(_before(a, first, t, stop) for a, first in ((h_all, h0), (mixed, mixed0)))
                    )
                    if dx is not None:
                        dx[t:stop] = (part @ W_x_back).view(stop - t, n, -1)
        if plan.spare is not None:
            plan.spare.give(sums, c, dsums, *([h] if plan.own else []))
            ctx.given = True
        dc = dc0 if steps % 2 else dc
        return None, dx, dW_x, dh if plan.own else None, dc, dmixed, *gradients


def _own_copy(d: Tensor | None, like: Tensor) -> Tensor:
    return torch.zeros_like(like) if d is None else d.clone(memory_format=torch.contiguous_format)


def _before(all_steps: Tensor, first: Tensor, start: int, stop: int) -> Tensor:
    """What the steps from start to stop began with, (rows, ...)."""
    if start:
        return all_steps[start - 1 : stop - 1].flatten(0, 1)
    return torch.cat([first[None], all_steps[: stop - 1]]).flatten(0, 1)


def _arrays(*tensors: Tensor) -> list[np.ndarray]:
    """The same memory, for kernels."""
    return [
        (tensor.view(torch.uint16) if tensor.dtype == torch.bfloat16 else tensor).detach().numpy() for tensor in tensors
    ]


def add_product(total: Tensor, a: Tensor, b: Tensor) -> None:
    """total += a b, with the product in the dtype of b and the sum in that of the total."""
    if total.dtype == b.dtype:
        total.addmm_(a, b)
    else:
        total += a.to(b.dtype) @ b


def _replace(old: Tensor, new: Tensor, padding: Tensor | None) -> None:
    """Write new over old, but keep the old rows where there is padding."""
    if padding is not None:
        new = torch.where(padding.view(-1, *[1] * (old.ndim - 1)), old, new.to(old.dtype))
    old.copy_(new)


def _recurrent(plan: Plan, W_h: Any) -> "_Mixed | _Own":
    return _Own(plan, *W_h) if plan.own else _Mixed(plan, *W_h)


class _Mixed:
    """The recurrent products of carry "mixed": one for all LSTMs and the selection together."""

    def __init__(self, plan: Plan, W: Tensor) -> None:
        self.W = W.to(plan.dtype)

    def add(self, sums: Tensor, _h: Tensor, mixed: Tensor) -> None:
        sums.addmm_(mixed.to(sums.dtype), self.W)

    def back(self, d: Tensor, _dh: Tensor, dmixed: Tensor, padding: Tensor | None) -> None:
        _replace(dmixed, d @ self.W.t(), padding)

    def gather(self, gradients: list[Tensor], d: Tensor, _h: Tensor, mixed: Tensor) -> None:
        add_product(gradients[0], mixed.t(), d)


class _Own:
    """The recurrent products of carry "own": one for each LSTM, from its own h, and one for the selection."""

    def __init__(self, plan: Plan, W: Tensor, W_z: Tensor) -> None:
        self.W, self.W_z = W.to(plan.dtype), W_z.to(plan.dtype)
        self.k, self.m, _ = W.shape

    def add(self, sums: Tensor, h: Tensor, mixed: Tensor) -> None:
        gates, logits = self._split(sums)
        of_each = torch.bmm(h.transpose(0, 1).to(sums.dtype), self.W)  # (k, N, 4m)
        gates += of_each.unflatten(2, (4, self.m)).permute(1, 2, 0, 3)
        logits += mixed.to(sums.dtype) @ self.W_z

    def back(self, d: Tensor, dh: Tensor, dmixed: Tensor, padding: Tensor | None) -> None:
        gates, logits = self._split(d)
        _replace(dh, torch.bmm(self._by_lstm(gates), self.W.mT).transpose(0, 1), padding)
        _replace(dmixed, logits @ self.W_z.t(), padding)

    def gather(self, gradients: list[Tensor], d: Tensor, h: Tensor, mixed: Tensor) -> None:
        gates, logits = self._split(d)
        gates = self._by_lstm(gates)
        gradients[0] += torch.bmm(h.permute(1, 2, 0).to(gates.dtype), gates)
        add_product(gradients[1], mixed.t(), logits)

    def _split(self, sums: Tensor) -> tuple[Tensor, Tensor]:
        """Of the gates (N, 4, k, m), and of the selection (N, k)."""
        width = 4 * self.k * self.m
        return sums[:, :width].unflatten(1, (4, self.k, self.m)), sums[:, width:]

    def _by_lstm(self, gates: Tensor) -> Tensor:
        return gates.permute(2, 0, 1, 3).flatten(2)  # (k, N, 4m)


# -- use -------------------------------------------------------------------------------------------------------------


def use(
    plan: Plan, weights: Weights, x: Tensor, state: tuple[Tensor, ...]
) -> tuple[Tensor, Tensor, Tensor, tuple[Tensor, ...]]:
    """The recurrence with carry "mixed" and choice "argmax", where only the chosen LSTM's gates are computed.

    No gradients; arguments and answer as `MarkovLayer.forward`'s.
    """
    steps, n, _ = x.shape
    h, c = (part.clone(memory_format=torch.contiguous_format) for part in state)
    k, m = plan.k, h.shape[1]
    a = torch.addmm(weights.b_z, x.flatten(0, 1), weights.W_xz).view(steps, n, k)
    out, q, z = (x.new_zeros(steps, n, size) for size in (m, k, k))
    if steps * n <= FEW_ROWS:
        by_gate = [w.view(-1, 4, k, m) for w in (weights.W_x, weights.W_h)]
        arrays = _arrays(
            a, x.contiguous(), weights.W_hz, *by_gate, weights.b.view(4, k, m), plan.rule, plan.forced, plan.counts,
            h, c, q, z, out,
        )  # fmt: skip
        kernels.walk(*arrays)
    else:
        _walk_together(plan, weights, x, a, h, c, q, z, out)
    return out, q, z, (h, c)


def _walk_together(
    plan: Plan, weights: Weights, x: Tensor, a: Tensor, h: Tensor, c: Tensor, q: Tensor, z: Tensor, out: Tensor
) -> None:
    """As `kernels.walk`, a step of all sequences at a time: one product for those that share an LSTM."""
    steps, n, _ = x.shape
    chosen = torch.empty(steps, n, dtype=torch.long)
    k, m = plan.k, h.shape[1]
    W = torch.cat([weights.W_x, weights.W_h]).view(-1, 4, k, m).permute(2, 0, 1, 3).reshape(k, -1, 4 * m).unbind(0)
    b = weights.b.view(4, k, m).transpose(0, 1).reshape(k, 4 * m)
    rows, sums = x.new_empty(n, W[0].shape[0]), x.new_empty(n, 4 * m)
    order, sizes = np.empty(n, np.int64), np.empty(k + 1, np.int64)  # padding last
    h_, c_, rows_, sums_, rule, b_ = _arrays(h, c, rows, sums, plan.rule, b)
    by_step = _arrays(a, plan.forced, plan.counts, x.contiguous(), chosen, out)
    for t in range(steps):
        ask()
        a[t].addmm_(h, weights.W_hz)
        a_t, forced, counts, x_t, chosen_t, out_t = (array[t] for array in by_step)
        kernels.group(a_t, rule, forced, counts, x_t, h_, chosen_t, order, sizes, rows_)
        parts = sizes.tolist()
        for rows_j, W_j, sums_j, size in zip(rows.split(parts), W, sums.split(parts), parts, strict=False):
            if size:
                torch.mm(rows_j, W_j, out=sums_j)
        kernels.advance(sums_[: n - parts[-1]], b_, chosen_t, order, h_, c_, out_t)
    torch.mul((a + plan.rule).softmax(-1), plan.counts[..., None], out=q)
    z.copy_(chosen[..., None] == torch.arange(k))
