"""A step of the k-LSTM recurrence on a GPU, between its matrix products: in one launch, written in Triton.

A program takes one sequence: all of its selection, then its units in blocks, the LSTMs beside each other. It reads
and writes whole arrays of S steps at step t, so that one compilation serves every step. What one launch reads, no
other thread of it writes: arrays that go on from step to step have S + 1 entries, the state before step t at t.

Arrays, for N sequences and S steps:
    sums       (S, N, WIDTH) before the gates, LSTM j's gate (i, g, f, o) at gate * GATE + j * LSTM, then from 4KM on
               the K selection logits; dsums, the gradient under them
    noise, q, z, dq, dz  (S, N, K);  rule (K,) 0, or -inf for an LSTM that is ruled out
    forced     (S, N) int, the LSTM to take, -1 where free;  counts (S, N) int, 0 on padding
    c, mixed   (S + 1, N, 1 or K, M) and (S + 1, N, M);  h (S + 1, N, K, M) with OWN, else not touched
    way, tau, slope  one number each, in the GPU's memory, so that a recorded launch can be told others

Imported on a GPU alone, and in tests by Triton's interpreter (TRITON_INTERPRET=1).
"""

import triton
import triton.language as tl
from triton.language import constexpr

from mrnn.kernels import WAYS

SOFT, ARGMAX = constexpr(WAYS["soft"]), constexpr(WAYS["argmax"])
AT_ONCE = 2048  # units of all LSTMs that a program holds; more would not fit into its registers


def blocks(k: int, m: int) -> dict[str, int]:
    """How kernels cut K LSTMs of M units: powers of two, as Triton wants them, and the warps to work on them."""
    lstms = triton.next_power_of_2(k)
    units = min(triton.next_power_of_2(m), max(1, AT_ONCE // lstms))
    return {"BK": lstms, "BU": units, "num_warps": 8 if lstms * units >= AT_ONCE // 2 else 4}  # type: ignore[reportReturnType]


@triton.jit
def _sigmoid(x):
    return 1 / (1 + tl.exp(-x))


@triton.jit
def _tanh(x):
    # Right to the last bit of 1; of tiny x a few bits are lost, as everywhere where it is added to larger numbers.
    return 2 / (1 + tl.exp(-2 * x)) - 1


@triton.jit
def _softmax(a):
    e = tl.exp(a - tl.max(a, 0))
    return e / tl.sum(e, 0)


@triton.jit
def _gates(sums, at, inside, GATE: constexpr, TYPE: constexpr):
    """Activated i, g, f, o."""
    i = _sigmoid(tl.load(sums + at, mask=inside, other=0).to(TYPE))
    g = _tanh(tl.load(sums + at + GATE, mask=inside, other=0).to(TYPE))
    f = _sigmoid(tl.load(sums + at + 2 * GATE, mask=inside, other=0).to(TYPE))
    o = _sigmoid(tl.load(sums + at + 3 * GATE, mask=inside, other=0).to(TYPE))
    return i, g, f, o


@triton.jit(do_not_specialize=["t", "rows"])
def forward(
    sums, rule, way, tau, noise, forced, counts, h, c, mixed, low_h, low_mixed, q, z, t, rows,
    K: constexpr, M: constexpr, WIDTH: constexpr, GATE: constexpr, LSTM: constexpr, OWN: constexpr,
    BK: constexpr, BU: constexpr,
):  # fmt: skip
    """Step t: q, z, and the state after it.

    low_h, low_mixed   (K, N, M), with OWN, and (N, M): the new h and mixed in the type of products
    """
    TYPE: constexpr = c.dtype.element_ty
    n = tl.program_id(0).to(tl.int64)
    row = n + t * rows
    after = row + rows
    on = tl.load(counts + row) != 0

    j = tl.arange(0, BK)
    real = j < K
    a = tl.load(sums + row * WIDTH + 4 * K * M + j, mask=real, other=0).to(TYPE)
    a += tl.load(rule + j, mask=real, other=float("-inf"))
    probability = _softmax(a)
    drawn = _softmax((a + tl.load(noise + row * K + j, mask=real, other=0)) / tl.load(tau))
    must = tl.load(forced + row)
    is_forced = must >= 0
    taken = tl.where(is_forced, must, tl.argmax(a, 0))
    one_hot = tl.where(j == taken, 1.0, 0.0).to(TYPE)
    asked = tl.load(way)
    weight = tl.where(asked == SOFT, probability, drawn)
    weight = tl.where((asked == ARGMAX) | is_forced, one_hot, weight)
    tl.store(q + row * K + j, tl.where(on, probability, 0.0), mask=real)
    tl.store(z + row * K + j, tl.where(on, weight, 0.0), mask=real)

    for start in range(0, M, BU):
        u = start + tl.arange(0, BU)
        unit = u < M
        inside = real[:, None] & unit[None, :]
        each = j[:, None] * M + u[None, :]
        i, g, f, o = _gates(sums, row * WIDTH + j[:, None] * LSTM + u[None, :], inside, GATE, TYPE)
        mixed_was = tl.load(mixed + row * M + u, mask=unit, other=0)
        if OWN:
            c_was = tl.load(c + row * K * M + each, mask=inside, other=0)
            h_was = tl.load(h + row * K * M + each, mask=inside, other=0)
            C = f * c_was + i * g
            H = o * _tanh(C)
            h_new = tl.where(on, H, h_was)
            tl.store(c + after * K * M + each, tl.where(on, C, c_was), mask=inside)
            tl.store(h + after * K * M + each, h_new, mask=inside)
            low = (j[:, None] * rows + n) * M + u[None, :]
            tl.store(low_h + low, h_new.to(low_h.dtype.element_ty), mask=inside)
        else:
            c_was = tl.load(c + row * M + u, mask=unit, other=0)
            C = f * c_was[None, :] + i * g
            H = o * _tanh(C)
            C_mixed = tl.sum(weight[:, None] * C, 0)
            tl.store(c + after * M + u, tl.where(on, C_mixed, c_was), mask=unit)
        new = tl.where(on, tl.sum(weight[:, None] * H, 0), mixed_was)
        tl.store(mixed + after * M + u, new, mask=unit)
        tl.store(low_mixed + n * M + u, new.to(low_mixed.dtype.element_ty), mask=unit)


@triton.jit(do_not_specialize=["t", "rows"])
def backward(
    sums, slope, counts, c, q, z, dq, dz, d_out, from_h, from_mixed, dh, dc, dmixed, dsums, t, rows,
    K: constexpr, M: constexpr, WIDTH: constexpr, GATE: constexpr, LSTM: constexpr, OWN: constexpr,
    BK: constexpr, BU: constexpr,
):  # fmt: skip
    """Step t on the way back: from the gradients under its results to those under its sums and the c before it.

    slope              of z under its logits: 1 / tau for a Gumbel-softmax sample, else 1; a one-hot z has none
    d_out              (S, N, M), what reaches the layer's output from outside
    from_h, from_mixed (K, N, M), with OWN, and (N, M): what reaches the new state through the sums of step t + 1
    dh, dc, dmixed     as h, c, mixed: what reaches the state past them, through padding or from the end
    """
    TYPE: constexpr = c.dtype.element_ty
    LOW: constexpr = dsums.dtype.element_ty
    n = tl.program_id(0).to(tl.int64)
    row = n + t * rows
    after = row + rows
    on = tl.load(counts + row) != 0

    j = tl.arange(0, BK)
    real = j < K
    probability = tl.load(q + row * K + j, mask=real, other=0)
    weight = tl.load(z + row * K + j, mask=real, other=0)
    of_z = tl.load(dz + row * K + j, mask=real, other=0)

    for start in range(0, M, BU):
        u = start + tl.arange(0, BU)
        unit = u < M
        inside = real[:, None] & unit[None, :]
        each = j[:, None] * M + u[None, :]
        at = row * WIDTH + j[:, None] * LSTM + u[None, :]
        i, g, f, o = _gates(sums, at, inside, GATE, TYPE)  # type: ignore[reportGeneralTypeIssues]
        of_mixed = tl.load(from_mixed + n * M + u, mask=unit, other=0).to(TYPE)
        of_mixed += tl.load(dmixed + after * M + u, mask=unit, other=0)
        of_mixed += tl.load(d_out + row * M + u, mask=unit, other=0)
        if OWN:
            c_was = tl.load(c + row * K * M + each, mask=inside, other=0)
            of_c = tl.load(dc + after * K * M + each, mask=inside, other=0)
            of_h = tl.load(from_h + (j[:, None] * rows + n) * M + u[None, :], mask=inside, other=0).to(TYPE)
            of_h += tl.load(dh + after * K * M + each, mask=inside, other=0)
            bend = _tanh(f * c_was + i * g)
            of_z += tl.sum(of_mixed[None, :] * o * bend, 1)
            dH = weight[:, None] * of_mixed[None, :] + of_h
            dC = of_c + dH * o * (1 - bend * bend)
            tl.store(dc + row * K * M + each, tl.where(on, dC * f, of_c), mask=inside)
            tl.store(dh + row * K * M + each, tl.where(on, 0.0, of_h), mask=inside)
        else:
            c_was = tl.load(c + row * M + u, mask=unit, other=0)[None, :]
            of_c = tl.load(dc + after * M + u, mask=unit, other=0)
            C = f * c_was + i * g
            bend = _tanh(C)
            of_z += tl.sum(of_mixed[None, :] * o * bend + of_c[None, :] * C, 1)
            dH = weight[:, None] * of_mixed[None, :]
            dC = weight[:, None] * of_c[None, :] + dH * o * (1 - bend * bend)
            tl.store(dc + row * M + u, tl.where(on, tl.sum(dC * f, 0), of_c), mask=unit)
        tl.store(dmixed + row * M + u, tl.where(on, 0.0, of_mixed), mask=unit)
        tl.store(dsums + at, tl.where(on, dC * g * i * (1 - i), 0.0).to(LOW), mask=inside)
        tl.store(dsums + at + GATE, tl.where(on, dC * i * (1 - g * g), 0.0).to(LOW), mask=inside)
        tl.store(dsums + at + 2 * GATE, tl.where(on, dC * c_was * f * (1 - f), 0.0).to(LOW), mask=inside)
        tl.store(dsums + at + 3 * GATE, tl.where(on, dH * bend * o * (1 - o), 0.0).to(LOW), mask=inside)

    of_q = tl.load(dq + row * K + j, mask=real, other=0)
    da = tl.load(slope) * weight * (of_z - tl.sum(weight * of_z, 0)) + probability * (
        of_q - tl.sum(probability * of_q, 0)
    )
    tl.store(dsums + row * WIDTH + 4 * K * M + j, tl.where(on, da, 0.0).to(LOW), mask=real)
