"""The k-LSTM recurrence on a GPU: for every step its matrix products and one launch, recorded once and replayed.

What takes time there is to launch small pieces of work, not the arithmetic. So the input's products are taken for many
steps at once; each step has one product for all gates and the selection logits together (with carry "own" one for the
LSTMs and one for the selection) and one launch for all that lies between products (`kernels_gpu`); and a chunk of steps
is one CUDA graph, which the GPU works through by itself. Gradients of weights and inputs are one product a chunk.

Why not one kernel that keeps h on the chip through all steps: a program then needs a block of sequences to itself, and
each step all of W_h, a megabyte for 4 LSTMs of 128 units. 150 sequences are ten such blocks, which leaves most of a
GPU idle, and float32 without TF32 has no tensor cores to make up for it. The products of a step, spread over the
whole GPU, are the smaller cost; they are torch's own, so its switches for precision hold, and float64, any size and
both carries are one way.

The README has figures of an H200. On each GPU `trial` compares and times this way before it is used there.
"""

import logging
import math
from collections import Counter, OrderedDict
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager, nullcontext
from dataclasses import dataclass
from threading import Lock
from typing import Any

import torch
from torch import Tensor
from torch.autograd.function import once_differentiable

from mrnn import kernels_gpu
from mrnn.recurrence import Plan, Weights, add_product

CHUNK_BYTES = 256 * 2**20  # of sums: a chunk more costs some thirty launches
CHUNK_SHARE = 256  # of a GPU's memory a chunk's sums take one part in so many at most: several such arrays are kept
CHUNK_STEPS = 64
KEPT = 6  # chunks: training and measuring, each with a last batch that is smaller
ALIGNED = 8  # columns of sums, for the GPU's fast products

log = logging.getLogger(__name__)


def run(
    plan: Plan, weights: Weights, x: Tensor, state: tuple[Tensor, ...], *, learning: bool
) -> tuple[Tensor, Tensor, Tensor, tuple[Tensor, ...]]:
    """The recurrence; arguments and answer as `MarkovLayer.forward`'s.

    learning  whether anything needs a gradient; else nothing is kept for one
    """
    start = tuple(part.contiguous() for part in state)
    h, c, mixed = start if plan.own else (None, start[1][:, None], start[0])
    with _on(x.device):
        W_x, *W_h = _packed(plan, weights)
        if learning:
            out, q, z, *last = _Recurrence.apply(plan, x, W_x, h, c, mixed, *W_h)
        else:
            (out, q, z, *last), _ = _forward(plan, x, W_x, h, c, mixed, W_h, keep=False)
    h, c, mixed = last
    return out, q, z, (h, c, mixed) if plan.own else (mixed, c[:, 0])


def _on(device: torch.device) -> AbstractContextManager[Any]:
    """Triton launches where torch's current device is."""
    return torch.cuda.device(device) if device.type == "cuda" else nullcontext()


def _width(k: int, m: int) -> int:
    return -(-(4 * m + 1) * k // ALIGNED) * ALIGNED


def _packed(plan: Plan, w: Weights) -> tuple[Tensor, ...]:
    """W_x (D + 1, WIDTH) with the biases as its last row; W_h (m, WIDTH), or with carry "own" W_h (k, m, 4m), W_z.

    Columns: gates, then the selection logits, then zeros. Of the gates: gate x LSTM x unit, with "own" LSTM x gate x
    unit, so that an LSTM's lie together; W_z (m, WIDTH - 4km).
    """
    k, m = plan.k, w.W_h.shape[0]
    rest = _width(k, m) - (4 * m + 1) * k
    gates_x, gates_h = torch.cat([w.W_x, w.b[None]]), w.W_h
    logits_x = torch.cat([w.W_xz, w.b_z[None]])
    if not plan.own:
        return _beside(gates_x, logits_x, rest), _beside(gates_h, w.W_hz, rest)
    gates_x = gates_x.view(-1, 4, k, m).transpose(1, 2).flatten(1)
    gates_h = gates_h.view(m, 4, k, m).permute(2, 0, 1, 3).flatten(2)
    return _beside(gates_x, logits_x, rest), gates_h, _beside(w.W_hz[:, :0], w.W_hz, rest)


def _beside(gates: Tensor, logits: Tensor, rest: int) -> Tensor:
    return torch.cat([gates, logits, logits.new_zeros(len(logits), rest)], 1)


# -- a chunk of steps ------------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Shape:
    """What a chunk is made for.

    steps, rows  how many, and of how many sequences
    dtype, low   of states, and of products
    stream       where its work is queued: memory that is used on one alone is never overwritten too early
    """

    steps: int
    rows: int
    k: int
    m: int
    own: bool
    dtype: torch.dtype
    low: torch.dtype
    device: torch.device
    stream: int


class Chunk:
    """Arrays that stay where they are for a few steps, and these steps, recorded after the first time.

    Before `forward`: sums hold the input's share, index 0 of h, c, mixed the state before; after it, sums are whole,
    and index t + 1 holds the state after step t. Steps that are not needed count as padding. Before `backward`: all
    of these, and index `steps` of dh, dc, dmixed the gradient under the last state; after it, index `steps` again, now
    that under the first one, and dsums.
    """

    def __init__(self, shape: Shape) -> None:
        self.shape = shape
        self._runs, self._replays = Counter[str](), dict[str, Callable[[], None] | None]()
        s, n, k, m = shape.steps, shape.rows, shape.k, shape.m
        width = _width(k, m)
        new = torch.empty(0, dtype=shape.dtype, device=shape.device).new_empty
        low: dict[str, Any] = {"dtype": shape.low}
        whole: dict[str, Any] = {"dtype": torch.int32}
        each = (n, k, m) if shape.own else (n, 1, m)
        self.sums = new(s, n, width, **low).zero_()
        self.c, self.mixed = new(s + 1, *each), new(s + 1, n, m)
        self.h = new(s + 1, *each) if shape.own else self.mixed
        self.low_mixed = new(n, m, **low)
        self.low_h = new(k, n, m, **low) if shape.own else self.low_mixed
        self.noise, self.q, self.z = (new(s, n, k) for _ in range(3))
        self.forced, self.counts = (new(s, n, **whole) for _ in range(2))
        self.rule, self.tau, self.slope, self.way = new(k), new(1), new(1), new(1, **whole)
        self.W = [new(k, m, 4 * m, **low), new(m, width - 4 * k * m, **low)] if shape.own else [new(m, width, **low)]

    def prepare_back(self) -> None:
        """Make room for what the way back needs."""
        if hasattr(self, "dsums"):
            return
        self.dsums = torch.zeros_like(self.sums)
        self.dc, self.dmixed = torch.empty_like(self.c), torch.empty_like(self.mixed)
        self.dh = torch.empty_like(self.h) if self.shape.own else self.dmixed
        self.from_mixed = torch.empty_like(self.low_mixed)
        self.from_h = torch.empty_like(self.low_h) if self.shape.own else self.from_mixed
        self.d_out, self.dq, self.dz = (
            torch.empty_like(self.mixed[1:]),
            torch.empty_like(self.q),
            torch.empty_like(self.z),
        )

    def tell(self, plan: Plan, W_h: list[Tensor]) -> None:
        """What holds for all steps of a call."""
        self.rule.copy_(plan.rule)
        self.tau.fill_(plan.tau)
        self.slope.fill_(plan.slope)
        self.way.fill_(plan.way)
        for own, W in zip(self.W, W_h, strict=True):
            own.copy_(W)

    def forward(self) -> None:
        """All steps."""
        self._run(self._forward)

    def backward(self) -> None:
        """All steps, the last one first."""
        self._run(self._backward)

    def _run(self, steps: Callable[[], None]) -> None:
        name = steps.__name__
        if self._runs[name] == 1:  # the first time as it is: what is compiled then, a recording could not
            self._replays[name] = recorded(steps) if self.shape.device.type == "cuda" else None
        self._runs[name] += 1
        (self._replays.get(name) or steps)()

    def _forward(self) -> None:
        sizes = self._sizes()
        gates, logits = self._split(self.sums)
        for t in range(self.shape.steps):
            if self.shape.own:
                gates[t].baddbmm_(self.low_h, self.W[0])
                logits[t].addmm_(self.low_mixed, self.W[1])
            else:
                self.sums[t].addmm_(self.low_mixed, self.W[0])
            kernels_gpu.forward[(self.shape.rows,)](
                self.sums, self.rule, self.way, self.tau, self.noise, self.forced, self.counts,
                self.h, self.c, self.mixed, self.low_h, self.low_mixed, self.q, self.z, t, self.shape.rows, **sizes,
            )  # fmt: skip

    def _backward(self) -> None:
        sizes, last = self._sizes(), self.shape.steps
        gates, logits = self._split(self.dsums)
        self.from_mixed.zero_()
        self.from_h.zero_()
        for t in reversed(range(last)):
            kernels_gpu.backward[(self.shape.rows,)](
                self.sums, self.slope, self.counts, self.c, self.q, self.z, self.dq, self.dz, self.d_out,
                self.from_h, self.from_mixed, self.dh, self.dc, self.dmixed, self.dsums, t, self.shape.rows, **sizes,
            )  # fmt: skip
            if self.shape.own:
                torch.bmm(gates[t], self.W[0].mT, out=self.from_h)
                torch.mm(logits[t], self.W[1].t(), out=self.from_mixed)
            else:
                torch.mm(self.dsums[t], self.W[0].t(), out=self.from_mixed)
        self.dc[last].copy_(self.dc[0])
        torch.add(self.dmixed[0], self.from_mixed, out=self.dmixed[last])
        if self.shape.own:
            torch.add(self.dh[0], self.from_h.transpose(0, 1), out=self.dh[last])

    def _sizes(self) -> dict[str, Any]:
        k, m, own = self.shape.k, self.shape.m, self.shape.own
        gate, lstm = (m, 4 * m) if own else (k * m, m)
        return {
            "K": k,
            "M": m,
            "WIDTH": _width(k, m),
            "GATE": gate,
            "LSTM": lstm,
            "OWN": own,
            **kernels_gpu.blocks(k, m),
        }

    def _split(self, sums: Tensor) -> tuple[Tensor, Tensor]:
        """With carry "own": the gates of each step by LSTM (S, k, N, 4m), and the rest (S, N, WIDTH - 4km)."""
        k, m = self.shape.k, self.shape.m
        return sums[..., : 4 * k * m].unflatten(2, (k, 4 * m)).transpose(1, 2), sums[..., 4 * k * m :]


def recorded(steps: Callable[[], None]) -> Callable[[], None] | None:
    """A call that does all that these launches do, as one CUDA graph; None where none can be made."""
    graph = torch.cuda.CUDAGraph()
    try:
        # Other threads may go on allocating meanwhile, so only this one's calls are held to the rules of recording.
        with torch.cuda.graph(graph, capture_error_mode="thread_local"):
            steps()
    except torch.OutOfMemoryError:
        raise
    except RuntimeError as error:
        log.warning("the recurrence is launched step by step, because no CUDA graph could be recorded: %s", error)
        return None
    return graph.replay


class _Kept:
    """Chunks from earlier calls. One that is in use is nobody else's: threads that want the same have one each."""

    def __init__(self) -> None:
        self._chunks: OrderedDict[Shape, Chunk] = OrderedDict()
        self._lock = Lock()

    @contextmanager
    def lend(self, shape: Shape) -> Iterator[Chunk]:
        """A chunk for the block; after an error in there it is not kept."""
        with self._lock:
            chunk = self._chunks.pop(shape, None)
        if chunk is None:
            chunk = self._new(shape)
        yield chunk
        with self._lock:
            self._chunks[shape] = chunk
            while len(self._chunks) > KEPT:
                self._chunks.popitem(last=False)

    def _new(self, shape: Shape) -> Chunk:
        with torch.inference_mode(False):  # it will also be written to outside of a caller's inference mode
            try:
                return Chunk(shape)
            except torch.OutOfMemoryError:
                self.clear()
                return Chunk(shape)

    def clear(self) -> None:
        """Let go of all that are not in use."""
        with self._lock:
            self._chunks.clear()


_kept = _Kept()


# -- all steps -------------------------------------------------------------------------------------------------------


def _chunk(plan: Plan, x: Tensor, m: int) -> AbstractContextManager[Chunk]:
    """A chunk for such an input: of as many steps as are worth it, chunks of one size."""
    steps, rows, _ = x.shape
    step_bytes = rows * _width(plan.k, m) * plan.dtype.itemsize
    most = max(1, min(CHUNK_STEPS, _room(x.device) // step_bytes))
    stream = torch.cuda.current_stream(x.device).cuda_stream if x.device.type == "cuda" else 0
    size = math.ceil(steps / math.ceil(steps / most))
    return _kept.lend(Shape(size, rows, plan.k, m, plan.own, x.dtype, plan.dtype, x.device, stream))


def _room(device: torch.device) -> int:
    """Bytes for the sums of a chunk."""
    if device.type != "cuda":
        return CHUNK_BYTES
    return min(CHUNK_BYTES, torch.cuda.get_device_properties(device).total_memory // CHUNK_SHARE)


def _forward(
    plan: Plan, x: Tensor, W_x: Tensor, h0: Tensor | None, c0: Tensor, mixed0: Tensor, W_h: list[Tensor], *, keep: bool
) -> tuple[tuple[Tensor, ...], tuple[Tensor, ...]]:
    """What `_Recurrence` returns; with `keep` also what it goes back by: x1, sums, and c, mixed, h before each step."""
    steps, n, _ = x.shape
    m = mixed0.shape[1]
    x1 = torch.cat([x, x.new_ones(steps, n, 1)], -1).to(plan.dtype)
    W = W_x.to(plan.dtype)
    q, z, out = (x.new_empty(steps, n, size) for size in (plan.k, plan.k, m))
    kept: list[Tensor] = []
    with _chunk(plan, x, m) as chunk:
        chunk.tell(plan, W_h)
        _begin(chunk, h0, c0, mixed0)
        before = [chunk.sums, chunk.c, chunk.mixed, *([chunk.h] if plan.own else [])]
        if keep:
            kept = [array.new_empty(steps, *array.shape[1:]) for array in before]
        size = chunk.shape.steps
        for start in range(0, steps, size):
            if start:
                _begin(chunk, chunk.h[size] if plan.own else None, chunk.c[size], chunk.mixed[size])
            rows = slice(start, start + size)
            x_rows = x1[rows].flatten(0, 1)
            torch.mm(x_rows, W, out=chunk.sums.flatten(0, 1)[: len(x_rows)])
            for to, given in (chunk.noise, plan.noise), (chunk.forced, plan.forced), (chunk.counts, plan.counts):
                _put(to, given[rows])
            chunk.forward()
            for all_steps, made in zip([q, z, out, *kept], [chunk.q, chunk.z, chunk.mixed[1:], *before], strict=False):
                part = all_steps[rows]
                part.copy_(made[: len(part)])
        last = tuple(state[size].clone() for state in (chunk.h, chunk.c, chunk.mixed))
    if plan.padded:
        out *= plan.counts[..., None]
    return (out, q, z, *last), (x1, *kept)


def _begin(chunk: Chunk, h: Tensor | None, c: Tensor, mixed: Tensor) -> None:
    """Set the state before a chunk's first step."""
    chunk.c[0].copy_(c)
    chunk.mixed[0].copy_(mixed)
    chunk.low_mixed.copy_(mixed)
    if h is not None:
        chunk.h[0].copy_(h)
        chunk.low_h.copy_(h.transpose(0, 1))


def _put(to: Tensor, values: Tensor | None) -> None:
    """Write what there is, and zeros after it: steps of zeros are padding."""
    there = 0 if values is None else len(values)
    if values is not None:
        to[:there].copy_(values)
    if there < len(to):
        to[there:].zero_()


class _Recurrence(torch.autograd.Function):
    """The recurrence over all steps, and its gradient.

    forward   (plan, x (T, N, D), W_x, h0, c0, mixed0, *W_h), weights as `_packed` gives them
              carry "mixed": h0 None, c0 (N, 1, m), mixed0 (N, m); carry "own": h0, c0 (N, k, m), mixed0 (N, m)
    returns   out (T, N, m), q, z (T, N, k), 0 on padding; the last h, c, mixed; with carry "mixed" h is mixed
    """

    @staticmethod
    def forward(
        ctx: Any, plan: Plan, x: Tensor, W_x: Tensor, h0: Tensor | None, c0: Tensor, mixed0: Tensor, *W_h: Tensor
    ) -> tuple[Tensor, ...]:
        answer, kept = _forward(plan, x, W_x, h0, c0, mixed0, list(W_h), keep=True)
        _, q, z, *_ = answer
        ctx.plan = plan
        ctx.set_materialize_grads(False)
        ctx.save_for_backward(W_x, q, z, *W_h, *kept)
        return answer

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
        W_x, q, z, *rest = ctx.saved_tensors
        W_h, (x1, sums, *before) = rest[: 1 + plan.own], rest[1 + plan.own :]
        steps, n, _ = sums.shape
        if d_out is not None and plan.padded:
            d_out = d_out * plan.counts[..., None]
        dx = q.new_empty(steps, n, x1.shape[2] - 1) if ctx.needs_input_grad[1] else None
        dW_x, W_x_back = torch.zeros_like(W_x), W_x[:-1].t().to(plan.dtype)
        gradients = [torch.zeros_like(W) for W in W_h]
        with (
            _on(q.device),
            torch.autocast(q.device.type, enabled=False),
            _chunk(plan, q, before[1].shape[2]) as chunk,
        ):
            chunk.prepare_back()
            chunk.tell(plan, W_h)
            size = chunk.shape.steps
            states = [(chunk.dc, dc), (chunk.dmixed, dmixed), *([(chunk.dh, dh)] if plan.own else [])]
            for to, given in states:
                _put(to[size:], None if given is None else given[None])
            for start in reversed(range(0, steps, size)):
                rows = slice(start, start + size)
                for to, given in [
                    (chunk.sums, sums), (chunk.c, before[0]), (chunk.counts, plan.counts), (chunk.q, q), (chunk.z, z),
                    (chunk.d_out, d_out), (chunk.dq, dq), (chunk.dz, dz),
                ]:  # fmt: skip
                    _put(to, None if given is None else given[rows])
                chunk.backward()
                x_rows = x1[rows].flatten(0, 1)
                part = chunk.dsums.flatten(0, 1)[: len(x_rows)]
                add_product(dW_x, x_rows.t(), part)
                _gather(plan, gradients, part, *(state[rows].flatten(0, 1) for state in before[1:]))
                if dx is not None:
                    dx[rows] = (part @ W_x_back).view(-1, n, dx.shape[2])
            dc, dmixed, *own = (to[size].clone() for to, _ in states)
        return None, dx, dW_x, own[0] if own else None, dc, dmixed, *gradients


def _gather(plan: Plan, gradients: list[Tensor], d: Tensor, mixed: Tensor, h: Tensor | None = None) -> None:
    """Add a chunk's share to the gradients of the recurrent weights.

    d         (rows, WIDTH), under the sums
    mixed, h  (rows, m) and with carry "own" (rows, k, m), before these steps
    """
    if h is None:
        add_product(gradients[0], mixed.t(), d)
        return
    k, m = plan.k, mixed.shape[1]
    gates = d[:, : 4 * k * m].unflatten(1, (k, 4 * m)).transpose(0, 1)  # (k, rows, 4m)
    gradients[0] += torch.bmm(h.permute(1, 2, 0).to(d.dtype), gates)
    add_product(gradients[1], mixed.t(), d[:, 4 * k * m :])
