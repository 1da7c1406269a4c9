"""Whether the recurrence's fast way may be used on a GPU: tried out there, once for each size of layer.

A kernel that is right on one GPU may not compile on another, or be slower there than the definition. So before a layer
of k LSTMs of m units is run on a GPU, a small one of the same sizes, which has the same kernels, answers and goes back
both ways: the fast way must agree with the definition, and be faster.
"""

import logging
import time
from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from statistics import median
from threading import Lock
from typing import Any

import torch
from torch import Tensor

from mrnn.recurrence import Way, wants_bfloat16
from mrnn.selection import Selection, gumbel

SEQUENCES, STEPS, INPUTS = 7, 5, 3
TIMED_SEQUENCES, TIMED_STEPS = 32, 16
TURNS = 3  # launched as they are, recorded, replayed
MOST_LSTMS = 256  # a kernel holds the logits of all at once

log = logging.getLogger(__name__)


@dataclass(frozen=True)
class Case:
    """What decides which kernels run.

    dtype, low  of weights and states; whether products are in bfloat16
    """

    device: torch.device
    k: int
    m: int
    own: bool
    dtype: torch.dtype
    low: bool

    @property
    def bound(self) -> float:
        """How far answers and gradients may be from the definition's, relative to the largest of these."""
        if self.low:
            return 0.1
        if self.dtype == torch.float64:
            return 1e-8
        rounded = self.device.type == "cuda" and torch.backends.cuda.matmul.allow_tf32
        return 2e-2 if rounded else 1e-3


_verdicts: dict[Case, Way | None] = {}
_one_at_a_time = Lock()


def fast_way(layer: Any, x: Tensor) -> Way | None:
    """The way to run such an input on its GPU through a MarkovLayer, or None where the definition has to do.

    The first time for a size this takes as long as the kernels need to compile, some seconds.
    """
    if x.dtype not in (torch.float32, torch.float64) or not x.numel() or layer.k > MOST_LSTMS:
        return None
    if len(x) == 1 and not torch.is_grad_enabled():  # a step of a stream: what is prepared for many costs more than one
        return None
    low = x.dtype == torch.float32 and wants_bfloat16(x)
    case = Case(x.device, layer.k, layer.hidden_size, layer.own, x.dtype, low)
    with _one_at_a_time:
        if case not in _verdicts:
            _verdicts[case] = _try(case, layer)
        return _verdicts[case]


def _try(case: Case, like: Any) -> Way | None:
    try:
        from mrnn import recurrence_gpu  # Triton comes with torch where it can compile for the GPU
    except ImportError as error:
        _say(case, f"there is no Triton here ({error})")
        return None
    try:
        # Whatever the caller is in the middle of: no gradient of the trial is the caller's.
        with torch.inference_mode(False), torch.enable_grad():
            reason = objection(case, like, recurrence_gpu.run)
    except torch.OutOfMemoryError:
        raise  # then there is no room for the definition, either
    except Exception as error:  # a compiler's or a driver's, of any class: the definition needs neither
        reason = f"{type(error).__name__}: {' '.join(str(error).split())[:300]}"
    if reason is None:
        return recurrence_gpu.run
    _say(case, reason)
    return None


def _say(case: Case, reason: str) -> None:
    log.warning(
        "k = %d LSTMs of %d units run step by step on %s, which is slow: the fast way was tried and not taken, for %s",
        case.k, case.m, case.device, reason,
    )  # fmt: skip


def objection(case: Case, like: Any, way: Way) -> str | None:
    """Why `way` should not be used for layers like this one, or None."""
    generator = torch.Generator().manual_seed(0)
    layer = like.alike(INPUTS, generator)
    with torch.no_grad():
        layer.W_xz.normal_(generator=generator)  # every LSTM is listened to now and then
    layer = layer.to(case.device, case.dtype)
    for choice in ("gumbel", "soft", "argmax"):
        far = max(_distance(case, way, layer, choice, generator) for _ in range(TURNS))
        if not far <= case.bound:  # NaN, too
            return f"with choice {choice!r} it differs from the definition by {far:.2g}, more than {case.bound:g}"
    return _slowness(case, way, layer, generator)


def _distance(case: Case, way: Way, layer: Any, choice: str, generator: torch.Generator) -> float:
    """The largest difference in answers and gradients, each relative to the largest of its numbers."""
    n, steps = SEQUENCES, STEPS
    draw = partial(_draw, case, generator)
    x, noise = draw(steps, n, INPUTS), gumbel((steps, n, case.k), torch.empty(0), generator).to(case.device, case.dtype)
    each = (n, case.k, case.m) if case.own else (n, case.m)
    state = tuple(draw(*shape).tanh() for shape in (each, each, *([(n, case.m)] if case.own else [])))
    given = [part.requires_grad_() for part in (x, *state)]
    lengths = torch.randint(0, steps + 1, (n,), generator=generator).to(case.device)
    mask = torch.arange(steps, device=case.device)[:, None] < lengths
    allowed = torch.arange(case.k, device=case.device) != 1  # where there is but one, it is LSTM 0
    forced = torch.where(torch.rand(steps, n, generator=generator) < 0.2, 0, -1).to(case.device)
    select = Selection(choice, 0.7, allowed)  # type: ignore[arg-type]

    def results(run: Callable[..., tuple], forced: Tensor, low: bool) -> list[Tensor]:
        with torch.autocast(case.device.type, torch.bfloat16, enabled=low):
            out, q, z, last = run(x, mask, state, select, noise, forced)
        answers = [out, q, z, *last]
        total = sum(
            (answer * torch.linspace(-1, 1, answer.numel()).to(answer).view_as(answer)).sum() for answer in answers
        )
        gradients = torch.autograd.grad(total, [*given, *layer.parameters()], allow_unused=True)  # type: ignore[arg-type]
        return [*answers, *(torch.zeros(()) if d is None else d for d in gradients)]

    ours = results(partial(layer.run, way), forced, case.low)
    if choice == "argmax":  # where two are close, rounding may choose: so the definition takes what was taken
        q, z = ours[1:3]
        if not torch.equal(z.argmax(-1), q.argmax(-1)):
            free = (forced < 0) & mask
            if not torch.equal(z.argmax(-1)[free], q.argmax(-1)[free]):
                return float("inf")
        forced = z.argmax(-1)
    theirs = results(layer.define, forced, low=False)
    return max(_relative(one, other) for one, other in zip(ours, theirs, strict=True))


def _relative(one: Tensor, other: Tensor) -> float:
    one, other = one.detach().double(), other.detach().double()
    return float((one.to(other.device) - other).abs().max() / other.abs().max().clamp(min=1e-3))


def _draw(case: Case, generator: torch.Generator, *shape: int) -> Tensor:
    return torch.randn(shape, generator=generator).to(case.device, case.dtype)


def _slowness(case: Case, way: Way, layer: Any, generator: torch.Generator) -> str | None:
    """Time a training step both ways, in turn."""
    x = _draw(case, generator, TIMED_STEPS, TIMED_SEQUENCES, INPUTS)
    each = (TIMED_SEQUENCES, case.k, case.m) if case.own else (TIMED_SEQUENCES, case.m)
    state = tuple(x.new_zeros(shape) for shape in (each, each, *([(TIMED_SEQUENCES, case.m)] if case.own else [])))
    select = Selection("soft", 1.0, None)
    times: list[list[float]] = [[], []]
    for turn in range(TURNS + 2):
        for run, taken in zip([partial(layer.run, way), layer.define], times, strict=True):
            _wait(case.device)
            start = time.perf_counter()
            with torch.autocast(case.device.type, torch.bfloat16, enabled=case.low):
                out = run(x, None, state, select, None, None)[0]
            torch.autograd.grad(out.sum(), [layer.W_h, layer.W_x])
            _wait(case.device)
            if turn > 1:  # by then it is recorded
                taken.append(time.perf_counter() - start)
    ours, theirs = (median(taken) for taken in times)
    return None if ours < theirs else f"a step took {ours / theirs:.1f} times as long as by definition"


def _wait(device: torch.device) -> None:
    if device.type == "cuda":
        torch.cuda.synchronize(device)
