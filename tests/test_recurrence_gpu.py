"""The GPU's way to run the recurrence against its definition, and the trial that decides whether it is used.

Without a GPU Triton's interpreter runs the very kernels on the CPU, step by step and slowly: what they compute is
tested everywhere, that they compile and are fast only where there is a GPU.
"""

import logging
import os
import sys
from dataclasses import replace
from typing import Any

import pytest
import torch
from torch import Tensor

DEVICE = "cuda" if torch.cuda.is_available() else "cpu"
if DEVICE == "cpu":
    os.environ["TRITON_INTERPRET"] = "1"  # read when kernels are defined
pytest.importorskip("triton", reason="Triton exists for Linux alone")

from mrnn import recurrence_gpu, trial
from mrnn.markov import MarkovLayer
from tests.recurrences import (
    CARRIES,
    CHOICES,
    LENGTHS,
    D,
    K,
    M,
    N,
    T,
    agree,
    arguments,
    by_definition,
    draws,
    make,
    parts,
    start,
    with_gradients,
)  # fmt: skip

CASE = trial.Case(torch.device(DEVICE), K, M, False, torch.float64, False)


@pytest.fixture
def on_the_gpus_way(monkeypatch):
    monkeypatch.setattr(MarkovLayer, "_fast_way", lambda *_: recurrence_gpu.run)


@pytest.fixture
def no_verdict_yet(monkeypatch):
    monkeypatch.setattr(trial, "_verdicts", {})


def there(given: dict[str, Any]) -> dict[str, Any]:
    return {name: value.to(DEVICE) if isinstance(value, Tensor) else value for name, value in given.items()}


# -- as the equations say --------------------------------------------------------------------------------------------


@CARRIES
@CHOICES
@pytest.mark.usefixtures("on_the_gpus_way")
def test_answers_and_every_gradient_are_those_of_the_definition(monkeypatch, carry, choice):
    monkeypatch.setattr(recurrence_gpu, "CHUNK_STEPS", 5)  # 4, 4 and 3 steps
    model = make(carry=carry, num_layers=1).to(DEVICE)
    x, given = draws(N, T, D).to(DEVICE).requires_grad_(), there(arguments(model, choice))
    state = tuple(part.detach().to(DEVICE).requires_grad_() for part in start(model))
    given["allowed"] = torch.tensor([True, False, True], device=DEVICE)
    if choice == "forced":
        given["choice"] = given["choice"].masked_fill(given["choice"] == 1, 2)
    run = lambda: with_gradients(model, x, state, lengths=LENGTHS.to(DEVICE), **given)  # noqa: E731
    for ours, theirs in zip(run(), by_definition(model, run), strict=True):
        agree(ours, theirs, rtol=1e-10, atol=1e-10)


@CARRIES
@pytest.mark.parametrize("k", [1, 5])
@pytest.mark.usefixtures("on_the_gpus_way")
def test_so_they_are_where_a_program_takes_the_units_in_several_blocks(monkeypatch, carry, k):
    monkeypatch.setattr("mrnn.kernels_gpu.AT_ONCE", 16)  # 16 units of one LSTM at once, or 2 of five
    model = make(carry=carry, num_layers=1, k=k, hidden_size=19).to(DEVICE)
    x, given = draws(2, 3, D).to(DEVICE).requires_grad_(), there(arguments(model, "gumbel", 2, 3))
    state = tuple(part.detach().to(DEVICE).requires_grad_() for part in start(model, 2))
    run = lambda: with_gradients(model, x, state, **given)  # noqa: E731
    for ours, theirs in zip(run(), by_definition(model, run), strict=True):
        agree(ours, theirs, rtol=1e-10, atol=1e-10)


@CARRIES
@pytest.mark.usefixtures("on_the_gpus_way")
def test_in_bfloat16_they_agree_as_far_as_its_eight_bits_go(carry):
    model = make(carry=carry, num_layers=1, hidden_size=31).float().to(DEVICE)
    with torch.no_grad():
        for weight in model.parameters():
            weight *= 0.3
    x = draws(N, 3, D).float().to(DEVICE).requires_grad_()
    given = there(arguments(model, "gumbel", N, 3)) | {
        "noise": arguments(model, "gumbel", N, 3)["noise"].float().to(DEVICE)
    }
    state = tuple(part.detach().float().to(DEVICE).requires_grad_() for part in start(model))
    exact = by_definition(model, lambda: with_gradients(model, x, state, **given))
    with torch.autocast(DEVICE, torch.bfloat16):
        low = with_gradients(model, x, state, **given)
        kept = model(x, state=state, **given)
    assert {part.dtype for part in (kept.h, kept.q, kept.z, *kept.state)} == {torch.float32}
    apart = [float((one - other).detach().norm() / other.detach().norm())
             for one, other in zip((*low[0][1:], *low[1]), (*exact[0][1:], *exact[1]), strict=True)]  # fmt: skip
    assert 1e-4 < max(apart) < 0.05


@CARRIES
@pytest.mark.usefixtures("on_the_gpus_way")
def test_what_a_chunk_was_used_for_before_leaves_no_trace(carry):
    model = make(carry=carry, num_layers=1).to(DEVICE)
    first, second = (draws(3, 4, D, seed=seed).to(DEVICE) for seed in (1, 2))
    gradients = lambda x: list(  # noqa: E731
        torch.autograd.grad(model(x, choice="soft").logits.sin().sum(), [*model.parameters()])
    )
    recurrence_gpu._kept.clear()
    fresh = gradients(first)
    gradients(second)
    agree(gradients(first), fresh, rtol=0, atol=0)
    with torch.inference_mode():  # a chunk made or used in here serves outside of it
        answers = parts(model(second))
    agree(parts(model(second)), answers, rtol=1e-12, atol=1e-12)
    agree(gradients(first), fresh, rtol=0, atol=0)


# -- the trial -------------------------------------------------------------------------------------------------------


def fast_enough(monkeypatch) -> None:
    """The interpreter is never faster than the definition, and records nothing that more turns would try."""
    if DEVICE == "cpu":
        monkeypatch.setattr(trial, "_slowness", lambda *_: None)
        monkeypatch.setattr(trial, "TURNS", 1)


def verdict(monkeypatch, way: Any) -> Any:
    monkeypatch.setattr(recurrence_gpu, "run", way)
    return trial.fast_way(MarkovLayer(D, K, M, own=False), torch.zeros(T, N, D, dtype=torch.float64, device=DEVICE))


@pytest.mark.usefixtures("no_verdict_yet")
def test_a_way_that_agrees_with_the_definition_and_is_faster_is_taken_and_tried_once(monkeypatch):
    fast_enough(monkeypatch)
    right = recurrence_gpu.run
    assert verdict(monkeypatch, right) is right
    monkeypatch.setattr(trial, "objection", lambda *_: pytest.fail("it was tried again"))
    assert verdict(monkeypatch, right) is right


@pytest.mark.usefixtures("no_verdict_yet")
@pytest.mark.parametrize("part", ["answer", "state", "gradient"])
def test_a_way_that_is_a_little_wrong_is_not_taken_and_the_log_says_so(monkeypatch, caplog, part):
    fast_enough(monkeypatch)
    right = recurrence_gpu.run

    def wrong(plan: Any, weights: Any, x: Tensor, state: Any, *, learning: bool) -> Any:
        if part == "gradient":
            weights = weights._replace(W_h=weights.W_h + 1e-6 * (weights.W_h - weights.W_h.detach()))
        out, q, z, (h, c) = right(plan, weights, x, state, learning=learning)
        return out + 1e-6 * (part == "answer"), q, z, (h, c + 1e-6 * (part == "state"))

    with caplog.at_level(logging.WARNING, "mrnn.trial"):
        assert verdict(monkeypatch, wrong) is None
    assert "differs from the definition by" in caplog.text
    assert "k = 3 LSTMs of 5 units run step by step" in caplog.text


@pytest.mark.usefixtures("no_verdict_yet")
def test_a_way_that_does_not_compile_is_not_taken_and_the_log_says_why(monkeypatch, caplog):
    def broken(*_: Any, **__: Any) -> Any:
        raise RuntimeError("PTX assembly aborted\n due to errors")

    assert verdict(monkeypatch, broken) is None
    assert "RuntimeError: PTX assembly aborted due to errors" in caplog.text


@pytest.mark.usefixtures("no_verdict_yet")
def test_a_way_that_is_slower_than_the_definition_is_not_taken(monkeypatch, caplog):
    monkeypatch.setattr(trial, "_distance", lambda *_: 0.0)
    if DEVICE == "cpu":
        monkeypatch.setattr(trial, "TIMED_STEPS", 2)
        monkeypatch.setattr(trial, "TIMED_SEQUENCES", 3)
    right = recurrence_gpu.run

    def slow(*given: Any, **named: Any) -> Any:
        for _ in range(0 if DEVICE == "cpu" else 300):  # once is slow enough where it is interpreted
            right(*given, **named)
        return right(*given, **named)

    assert verdict(monkeypatch, slow) is None
    assert "times as long as by definition" in caplog.text


@pytest.mark.usefixtures("no_verdict_yet")
def test_too_little_memory_is_no_verdict(monkeypatch):
    def full(*_: Any, **__: Any) -> Any:
        raise torch.OutOfMemoryError("CUDA out of memory")

    with pytest.raises(torch.OutOfMemoryError):
        verdict(monkeypatch, full)
    assert not trial._verdicts


@pytest.mark.usefixtures("no_verdict_yet")
def test_without_triton_the_definition_has_to_do(monkeypatch, caplog):
    monkeypatch.delattr("mrnn.recurrence_gpu", raising=False)
    monkeypatch.setitem(sys.modules, "mrnn.recurrence_gpu", None)
    layer = MarkovLayer(D, K, M, own=False)
    assert trial.fast_way(layer, torch.zeros(T, N, D, dtype=torch.float64, device=DEVICE)) is None
    assert "there is no Triton here" in caplog.text


@pytest.mark.usefixtures("no_verdict_yet")
def test_a_trial_leaves_the_callers_random_numbers_and_gradients_alone(monkeypatch):
    fast_enough(monkeypatch)
    before = torch.get_rng_state()
    with torch.inference_mode():
        assert verdict(monkeypatch, recurrence_gpu.run) is not None
    assert torch.equal(torch.get_rng_state(), before)


@pytest.mark.parametrize("low", [False, True])
def test_coarser_arithmetic_is_given_more_room(low):
    fine, coarse = CASE.bound, replace(CASE, dtype=torch.float32, low=low).bound
    assert fine < 1e-6 < coarse <= 0.1


@pytest.mark.gpu
@pytest.mark.skipif(DEVICE == "cpu", reason="no CUDA device on this machine")
@pytest.mark.usefixtures("no_verdict_yet")
@CARRIES
@pytest.mark.parametrize(("dtype", "low"), [(torch.float32, False), (torch.float32, True)])
def test_on_a_gpu_it_passes_its_trial_at_the_sizes_of_the_shipped_models(carry, dtype, low):
    layer = MarkovLayer(D, 4, 128, own=carry == "own")
    with torch.autocast("cuda", torch.bfloat16, enabled=low):
        assert trial.fast_way(layer, torch.zeros(T, N, D, dtype=dtype, device="cuda")) is recurrence_gpu.run
