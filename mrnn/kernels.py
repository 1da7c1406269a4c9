"""The steps of the k-LSTM recurrence on the CPU, each in one pass over the memory it touches.

Plain torch goes over the gates of a step some twenty times, which costs more than the matrix products between.

Arrays of a step, N sequences at a time: sums (N, 4km + k), before the gates, gate (i, g, f, o) x LSTM x unit, and then
the selection logits; in float32, float64, or bfloat16, whose bits are handed over as uint16. h and c (N, j, m) are the
states that are carried on: j = 1 with carry "mixed", where h is the mixed one, and j = k with "own".
"""

import math
from functools import cache
from typing import Any

import numba
import numpy as np
import torch
from numba import njit, prange, types
from numba.core import config
from numba.extending import overload

SOFT, GUMBEL, ARGMAX = range(3)
WAYS = {"soft": SOFT, "gumbel": GUMBEL, "argmax": ARGMAX}
# NaN must stay NaN: of what compilers call fast, only what keeps it.
FAST = {"contract", "reassoc", "arcp", "nsz", "afn"}
# A gradient that has all but vanished: products of such numbers leave the normal range, where arithmetic is slow.
TRACE = np.float32(1e-20)
WORTH_A_THREAD = 16_384  # units; waking a thread costs more than fewer

# Sessions of the app call from threads of their own, which numba's simplest pool does not survive.
config.THREADING_LAYER = "threadsafe"  # type: ignore[attr-defined]


def forward(sums: np.ndarray, *rest: Any) -> None:
    """As `_forward`, on as many threads as torch uses."""
    parts = _parts(sums)
    if parts > 1:
        _forward_in_parts(parts, sums, *rest)
    else:
        _forward(0, len(sums), sums, *rest)


def backward(sums: np.ndarray, *rest: Any) -> None:
    """As `_backward`, on as many threads as torch uses."""
    parts = _parts(sums)
    if parts > 1:
        _backward_in_parts(parts, sums, *rest)
    else:
        _backward(0, len(sums), sums, *rest)


def _parts(sums: np.ndarray) -> int:
    parts = min(torch.get_num_threads(), _most_threads(), sums.size // WORTH_A_THREAD, len(sums))
    if parts > 1:
        numba.set_num_threads(parts)
    return parts


@cache
def _most_threads() -> int:
    threads = torch.get_num_threads()
    try:
        numba.set_num_threads(1)
    except ValueError:  # there is no pool here that several callers may use at once
        return 1
    finally:
        # Where numba's pool is OpenMP's, starting it sets the number of threads of torch's products as well.
        torch.set_num_threads(threads)
    return config.NUMBA_NUM_THREADS  # type: ignore[attr-defined]


# -- arithmetic ------------------------------------------------------------------------------------------------------


def _tanh(x):
    """tanh: in float32 one that can be vectorised, right to 4e-7; in float64 the C library's."""
    return math.tanh(x)


@overload(_tanh, jit_options={"fastmath": FAST})
def _tanh_for(x):
    if x != types.float32:
        return lambda x: math.tanh(x)
    one = np.float32
    # Lambert's continued fraction x / (1 + x^2 / (3 + x^2 / (5 + ... 25))); beyond the edge it is 1 to rounding.
    edge = one(8.25)
    p0, p1, p2, p3, p4, p5 = map(one, (7905853580625, 1159525191825, 41247931725, 523783260, 2552550, 4095))
    q1, q2, q3, q4, q5, q6 = map(one, (3794809718700, 252070693875, 5237832600, 41351310, 120120, 91))

    def lambert(x):
        x = edge if x > edge else (-edge if x < -edge else x)
        s = x * x
        p = (((((s + p5) * s + p4) * s + p3) * s + p2) * s + p1) * s + p0
        q = (((((q6 * s + q5) * s + q4) * s + q3) * s + q2) * s + q1) * s + p0
        return x * p / q

    return lambert


def _row(stored, scratch):
    """A row of sums to work on in place, or its copy in scratch where it is stored in bfloat16, as bits: the upper half
    of a float32's."""
    raise NotImplementedError


@overload(_row)
def _row_of_type(stored, scratch):
    if stored.dtype != types.uint16:
        return lambda stored, scratch: stored

    def copied(stored, scratch):
        for u in range(len(stored)):
            scratch[u] = np.uint32(np.uint32(stored[u]) << np.uint32(16)).view(np.float32)
        return scratch

    return copied


def _gates_again(stored, row, size):
    """Turn a row's first `size` sums into gates, unless `_forward` has left them there."""
    raise NotImplementedError


@overload(_gates_again)
def _gates_again_for(stored, row, size):
    if stored.dtype != types.uint16:
        return lambda stored, row, size: None
    return lambda stored, row, size: _activate(row[:size])


def _row_to_write(stored, scratch):
    """Where to write a row of gradients: to its place, or to scratch where it will be stored in bfloat16."""
    raise NotImplementedError


@overload(_row_to_write)
def _row_to_write_of_type(stored, scratch):
    if stored.dtype != types.uint16:
        return lambda stored, scratch: stored
    return lambda stored, scratch: scratch


def _put(row, stored):
    """Write a row that was worked on to its place, rounded to the nearest bfloat16, ties to even, if that is stored."""
    raise NotImplementedError


@overload(_put, jit_options={"fastmath": FAST})
def _put_for(row, stored):
    if stored.dtype != types.uint16:
        return lambda row, stored: None

    def rounded(row, stored):
        for u in range(len(row)):
            bits = np.float32(row[u]).view(np.uint32)
            even = np.uint32(0x7FFF) + ((bits >> np.uint32(16)) & np.uint32(1))
            # NaN would round to 0.
            stored[u] = np.uint16(0x7FC0) if row[u] != row[u] else np.uint16((bits + even) >> np.uint32(16))

    return rounded


@njit(fastmath=FAST)
def _activate(row):
    """The gates (4n,) in place of their sums: sigmoid for i, f, o, tanh for g."""
    half = np.float32(0.5)  # exact, and float32 stays what it is
    size = len(row) // 4
    for part in (row[:size], row[2 * size :]):
        for u in range(len(part)):
            part[u] = half * _tanh(half * part[u]) + half
    part = row[size : 2 * size]
    for u in range(len(part)):
        part[u] = _tanh(part[u])


@njit
def _copy(values, to):
    """to[:] = values, but that would be compiled together with a message for lengths that differ: seconds."""
    for u in range(len(to)):
        to[u] = values[u]


@njit
def _none_if_tiny(x):
    return x if abs(x) > TRACE else x * np.float32(0)


@njit(fastmath=FAST)
def _drop_traces(values):
    for u in range(len(values)):
        values[u] = _none_if_tiny(values[u])


@njit(fastmath=FAST)
def _softmax(a, out):
    top = a[0]
    for j in range(1, len(a)):
        if a[j] > top:
            top = a[j]
    total = 0.0
    for j in range(len(a)):
        out[j] = math.exp(a[j] - top)
        total += out[j]
    for j in range(len(a)):
        out[j] /= total


@njit(fastmath=FAST)
def _largest(a, rule):
    best = 0
    for j in range(1, len(a)):
        if a[j] + rule[j] > a[best] + rule[best]:
            best = j
    return best


@njit(fastmath=FAST)
def _choose(a, rule, way, tau, noise, forced, q, z):
    """q and z (k,) from the selection logits a (k,), as `markov.Selection` defines them; the LSTM of a one-hot z."""
    best = forced if forced >= 0 else _largest(a, rule)
    for j in range(len(a)):
        q[j] = a[j] + rule[j]
    if way == GUMBEL and forced < 0:
        for j in range(len(a)):
            z[j] = (q[j] + noise[j]) / tau
        _softmax(z, z)
    _softmax(q, q)
    if way == ARGMAX or forced >= 0:
        z[:] = 0
        z[best] = 1
    elif way == SOFT:
        _copy(q, z)
    return best


@njit
def _gates(row, j, k, m):
    """LSTM j's i, g, f, o in a row of g."""
    return (
        row[j * m : (j + 1) * m],
        row[(k + j) * m : (k + j + 1) * m],
        row[(2 * k + j) * m : (2 * k + j + 1) * m],
        row[(3 * k + j) * m : (3 * k + j + 1) * m],
    )


# -- training: every LSTM, and the way back --------------------------------------------------------------------------
# Short loops over few arrays, because the compiler vectorises those; a sequence's gates stay in a core's nearest
# memory. For the way back they stay there in place of their sums, unless in bfloat16, which would be too coarse.


@njit(fastmath=FAST, nogil=True, error_model="numpy", cache=True)
def _forward(start, stop, sums, rule, way, tau, noise, forced, counts, own, h0, c0, mixed0, q, z, h, c, mixed):
    """The next state of sequences start to stop.

    rule       (k,) 0, or -inf for an LSTM that is ruled out
    way, tau   SOFT, GUMBEL or ARGMAX; noise (N, k) and tau are read by GUMBEL alone
    forced     (N,) int, the LSTM to take, -1 where free
    counts     (N,) bool, False on padding
    own        whether each LSTM goes on from its own state; else h is mixed, in the same memory
    h0 to mixed0  the state before
    written    q, z (N, k); h, c, mixed
    """
    k, m = z.shape[1], mixed.shape[1]
    scratch, t = np.empty(sums.shape[1], c.dtype), np.empty(m, c.dtype)
    for n in range(start, stop):
        if not counts[n]:
            q[n], z[n] = 0, 0
            _copy(mixed0[n], mixed[n])
            for j in range(c.shape[1]):
                _copy(h0[n, j], h[n, j])
                _copy(c0[n, j], c[n, j])
            continue
        row = _row(sums[n], scratch)
        _choose(row[4 * k * m :], rule, way, tau, noise[n], forced[n], q[n], z[n])
        _activate(row[: 4 * k * m])
        mixed[n] = 0
        if not own:
            c[n] = 0
        to_mixed = mixed[n]
        for j in range(k):
            i, new, f, o = _gates(row, j, k, m)
            was, to_c, z_j = c0[n, j if own else 0], c[n, j if own else 0], _none_if_tiny(z[n, j])
            for u in range(m):
                t[u] = f[u] * was[u] + i[u] * new[u]
            if own:
                _copy(t, to_c)
            else:
                for u in range(m):
                    to_c[u] += z_j * t[u]
            for u in range(m):
                t[u] = o[u] * _tanh(t[u])
            if own:
                _copy(t, h[n, j])
            for u in range(m):
                to_mixed[u] += z_j * t[u]


@njit(fastmath=FAST, nogil=True, error_model="numpy", cache=True)
def _backward(start, stop, sums, slope, counts, own, q, z, c0, dq, dz, dh, dc, dmixed, dsums, dc0):
    """From the gradients under a step's results to those under its sums.

    slope        of z under its logits: 1 / tau for GUMBEL, 1 for SOFT; a one-hot z has none
    dq, dz       (N, k), what reaches q and z from outside
    dh, dc, dmixed  under the new state; traces in them are dropped; dh is read with carry "own" alone
    written      dsums; dc0, under the c before (what lies under the h before follows from dsums)
    """
    k, m = z.shape[1], dmixed.shape[1]
    zero = c0.dtype.type(0)
    scratch, d_scratch = np.empty(sums.shape[1], c0.dtype), np.empty(sums.shape[1], c0.dtype)
    t = np.empty(m, c0.dtype)
    for n in range(start, stop):
        if not counts[n]:
            dsums[n] = 0
            for j in range(dc.shape[1]):
                _copy(dc[n, j], dc0[n, j])
            continue
        row, d_row = _row(sums[n], scratch), _row_to_write(dsums[n], d_scratch)
        _gates_again(sums[n], row, 4 * k * m)
        dc0[n] = 0
        da, of_mixed = d_row[4 * k * m :], dmixed[n]
        _drop_traces(of_mixed)
        for j in range(dc.shape[1]):
            _drop_traces(dc[n, j])
            _drop_traces(dh[n, j])
        for j in range(k):
            i, new, f, o = _gates(row, j, k, m)
            d_i, d_new, d_f, d_o = _gates(d_row, j, k, m)
            from_c, was, to_c = dc[n, j if own else 0], c0[n, j if own else 0], dc0[n, j if own else 0]
            z_j, of_z = _none_if_tiny(z[n, j]), zero
            for u in range(m):
                t[u] = f[u] * was[u] + i[u] * new[u]
            if own:
                from_h = dh[n, j]
                for u in range(m):
                    d_o[u] = z_j * of_mixed[u] + from_h[u]
                for u in range(m):
                    d_new[u] = from_c[u]
            else:
                for u in range(m):
                    of_z += from_c[u] * t[u]
                for u in range(m):
                    d_o[u] = z_j * of_mixed[u]
                for u in range(m):
                    d_new[u] = z_j * from_c[u]
            for u in range(m):
                t[u] = _tanh(t[u])
            for u in range(m):
                of_z += of_mixed[u] * o[u] * t[u]
            # d_new holds what reaches C_j until it is needed no more.
            for u in range(m):
                d_new[u] += d_o[u] * o[u] * (1 - t[u] * t[u])
            for u in range(m):
                d_o[u] *= t[u] * o[u] * (1 - o[u])
            for u in range(m):
                to_c[u] += d_new[u] * f[u]
            for u in range(m):
                d_f[u] = d_new[u] * was[u] * f[u] * (1 - f[u])
            for u in range(m):
                d_i[u] = d_new[u] * new[u] * i[u] * (1 - i[u])
            for u in range(m):
                d_new[u] *= i[u] * (1 - new[u] * new[u])
            da[j] = of_z + dz[n, j]
        of_z, of_q = zero, zero
        for j in range(k):
            of_z += z[n, j] * da[j]
            of_q += q[n, j] * dq[n, j]
        for j in range(k):
            da[j] = slope * z[n, j] * (da[j] - of_z) + q[n, j] * (dq[n, j] - of_q)
        _put(d_row, dsums[n])


@njit(parallel=True, nogil=True, cache=True)
def _forward_in_parts(parts, sums, rule, way, tau, noise, forced, counts, own, h0, c0, mixed0, q, z, h, c, mixed):
    for part in prange(parts):
        start, stop = _part(len(sums), part, parts)
        _forward(start, stop, sums, rule, way, tau, noise, forced, counts, own, h0, c0, mixed0, q, z, h, c, mixed)


@njit(parallel=True, nogil=True, cache=True)
def _backward_in_parts(parts, sums, slope, counts, own, q, z, c0, dq, dz, dh, dc, dmixed, dsums, dc0):
    for part in prange(parts):
        start, stop = _part(len(sums), part, parts)
        _backward(start, stop, sums, slope, counts, own, q, z, c0, dq, dz, dh, dc, dmixed, dsums, dc0)


@njit
def _part(n, part, parts):
    part = np.int64(part)  # unsigned in a prange, which would make the result a float
    return n * part // parts, n * (part + 1) // parts


# -- use: the chosen LSTM alone --------------------------------------------------------------------------------------


@njit(fastmath=FAST, nogil=True, error_model="numpy", cache=True)
def group(a, rule, forced, counts, x, h, chosen, order, sizes, rows):
    """Choose an LSTM for each sequence, and line the sequences up by it.

    a, x, h  (N, k) selection logits, (N, D) inputs, (N, m) states; rule, forced, counts as in `_forward`
    written  chosen (N,), the LSTM, -1 on padding; order (N,), sequences by LSTM, padding left out; sizes (k + 1,), how
             many each LSTM has, and the padding; rows (N, D + m), in that order: input and state
    """
    D = x.shape[1]
    sizes[:] = 0
    for n in range(len(a)):
        chosen[n] = -1
        if counts[n]:
            chosen[n] = forced[n] if forced[n] >= 0 else _largest(a[n], rule)
        sizes[chosen[n]] += 1
    at = np.zeros(len(sizes), np.int64)
    for j in range(1, len(sizes)):
        at[j] = at[j - 1] + sizes[j - 1]
    for n in range(len(a)):
        if chosen[n] >= 0:
            r = at[chosen[n]]
            at[chosen[n]] += 1
            order[r] = n
            _copy(x[n], rows[r, :D])
            _copy(h[n], rows[r, D:])


def advance(sums: np.ndarray, *rest: Any) -> None:
    """As `_advance`, on as many threads as torch uses."""
    parts = _parts(sums)
    if parts > 1:
        _advance_in_parts(parts, sums, *rest)
    else:
        _advance(0, len(sums), sums, *rest)


@njit(fastmath=FAST, nogil=True, error_model="numpy", cache=True)
def _advance(start, stop, sums, b, chosen, order, h, c, out):
    """Bring sequences a step on.

    sums     (R, 4m), before the gates of the LSTM that was chosen for the sequence order[r], but for its b (k, 4m)
    written  h, c (N, m), in: the state before; out (N, m), h again
    """
    for r in range(start, stop):
        n = order[r]
        row, bias = sums[r], b[chosen[n]]
        for u in range(len(row)):
            row[u] += bias[u]
        _move(row, h[n], c[n])
        _copy(h[n], out[n])


@njit(parallel=True, nogil=True, cache=True)
def _advance_in_parts(parts, sums, b, chosen, order, h, c, out):
    for part in prange(parts):
        start, stop = _part(len(sums), part, parts)
        _advance(start, stop, sums, b, chosen, order, h, c, out)


@njit(fastmath=FAST)
def _move(row, h, c):
    m = len(h)
    _activate(row)
    i, new, f, o = _gates(row, 0, 1, m)
    for u in range(m):
        c[u] = f[u] * c[u] + i[u] * new[u]
    for u in range(m):
        h[u] = o[u] * _tanh(c[u])


@njit(fastmath=FAST, nogil=True, error_model="numpy", cache=True)
def walk(a, x, W_hz, W_x, W_h, b, rule, forced, counts, h, c, q, z, out):
    """Run sequences one by one over all steps: for few of them, as when one is streamed.

    a        (T, N, k), in: the input's share of the selection logits, bias included; out: the logits
    x        (T, N, D); W_hz (m, k), W_x (D, 4, k, m), W_h (m, 4, k, m), b (4, k, m) the layer's weights
    forced, counts  (T, N); rule as in `_forward`
    written  h, c (N, m), in: the state before; q, z (T, N, k), out (T, N, m), untouched on padding
    """
    m = h.shape[1]
    row = np.empty(4 * m, h.dtype)
    for n in range(h.shape[0]):
        for t in range(len(a)):
            if not counts[t, n]:
                continue
            logits = a[t, n]
            for u in range(m):
                for j in range(len(logits)):
                    logits[j] += h[n, u] * W_hz[u, j]
            j = _choose(logits, rule, ARGMAX, 1.0, logits, forced[t, n], q[t, n], z[t, n])
            for gate in range(4):
                sums = row[gate * m : (gate + 1) * m]
                _copy(b[gate, j], sums)
                _add_product(sums, x[t, n], W_x, gate, j)
                _add_product(sums, h[n], W_h, gate, j)
            _move(row, h[n], c[n])
            _copy(h[n], out[t, n])


@njit(fastmath=FAST)
def _add_product(sums, x, W, gate, j):
    for d in range(len(x)):
        x_d, weights = x[d], W[d, gate, j]
        for u in range(len(sums)):
            sums[u] += x_d * weights[u]
