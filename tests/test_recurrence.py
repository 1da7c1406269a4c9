"""The fast ways to run the recurrence against its definition, and what they may and may not leave behind."""

import gc
import os
import subprocess
import sys
import threading
from pathlib import Path
from typing import Any

import numba
import numpy as np
import pytest
import torch
from torch import Tensor

from mrnn import SequenceModel, kernels
from mrnn.markov import memory_kept
from tests.recurrences import (
    CARRIES,
    CHOICES,
    LENGTHS,
    D,
    K,
    N,
    T,
    agree,
    arguments,
    by_definition,
    draws,
    layers,
    make,
    parts,
    start,
    with_gradients,
)  # fmt: skip

PROJECT = Path(__file__).resolve().parents[1]
# -- as the equations say --------------------------------------------------------------------------------------------


@CARRIES
@CHOICES
@pytest.mark.parametrize("lengths", [None, LENGTHS], ids=["all", "padded"])
@pytest.mark.parametrize("k", [1, K])
def test_answers_and_every_gradient_are_those_of_the_definition(carry, choice, lengths, k):
    model = make(k=k, carry=carry)
    x, state, given = draws(N, T, D).requires_grad_(), start(model), arguments(model, choice)
    run = lambda: with_gradients(model, x, state, lengths=lengths, **given)  # noqa: E731
    for ours, theirs in zip(run(), by_definition(model, run), strict=True):
        agree(ours, theirs, rtol=1e-10, atol=1e-10)


@CARRIES
@pytest.mark.parametrize(("n", "steps"), [(1, 1), (1, 200), (150, 1), (150, 23), (700, 3)])
@pytest.mark.parametrize("num_layers", [1, 3])
def test_so_they_are_for_few_and_many_sequences_and_steps(carry, n, steps, num_layers):
    model = make(carry=carry, num_layers=num_layers, hidden_size=31)
    with torch.no_grad():
        for weight in model.parameters():
            weight *= 0.3  # over many steps larger ones would show the rounding's growth, not an error
    x, state, given = draws(n, steps, D).requires_grad_(), start(model, n), arguments(model, "gumbel", n, steps)
    run = lambda: with_gradients(model, x, state, **given)  # noqa: E731
    for ours, theirs in zip(run(), by_definition(model, run), strict=True):
        agree(ours, theirs, rtol=1e-9, atol=1e-9)


@CARRIES
@CHOICES
def test_an_lstm_that_is_ruled_out_stays_so(carry, choice):
    model = make(carry=carry)
    x, state, given = draws(N, T, D).requires_grad_(), start(model), arguments(model, choice)
    given["allowed"] = torch.tensor([True, False, True])
    if choice == "forced":
        given["choice"] = given["choice"].masked_fill(given["choice"] == 1, 2)
    run = lambda: with_gradients(model, x, state, lengths=LENGTHS, **given)  # noqa: E731
    for ours, theirs in zip(run(), by_definition(model, run), strict=True):
        agree(ours, theirs, rtol=1e-10, atol=1e-10)


@CARRIES
@pytest.mark.parametrize("choice", ["soft", "gumbel"])
def test_the_gradient_is_the_slope(carry, choice):
    model = make(carry=carry, input_size=2, output_size=3, hidden_size=2, num_layers=1)
    x, state, given = draws(3, 4, 2).requires_grad_(), start(model, 3), arguments(model, choice, 3, 4)

    def run(x: Tensor, *state: Tensor) -> tuple[Tensor, ...]:
        return tuple(parts(model(x, torch.tensor([4, 1, 3]), state=state, **given)))

    assert torch.autograd.gradcheck(run, (x, *state), atol=1e-7)


def in_float32(carry: str, steps: int) -> tuple[SequenceModel, Tensor, tuple[Tensor, ...], dict[str, Any]]:
    """A model as large as is trained, and what it is called with: x, the state before it, and the rest."""
    model, n = make(carry=carry, hidden_size=128, k=4, num_layers=1).float(), 150
    with torch.no_grad():
        for weight in model.parameters():
            weight *= 0.15
    given = arguments(model, "gumbel", n, steps)
    given["noise"] = given["noise"].float()
    x = draws(n, steps, D).float().requires_grad_()
    return model, x, tuple(part.detach().float().requires_grad_() for part in start(model, n)), given


@CARRIES
def test_in_float32_they_agree_to_rounding(carry):
    model, x, state, given = in_float32(carry, steps=50)
    run = lambda: with_gradients(model, x, state, **given)  # noqa: E731
    ours, theirs = run(), by_definition(model, run)
    agree(ours[0], theirs[0], rtol=0, atol=2e-5)
    for one, other in zip(ours[1], theirs[1], strict=True):
        assert (one - other).norm() <= 2e-5 * other.norm()


@CARRIES
def test_in_bfloat16_they_agree_as_far_as_its_eight_bits_go(carry):
    model, x, state, given = in_float32(carry, steps=28)
    exact = with_gradients(model, x, state, **given)
    with torch.autocast("cpu", torch.bfloat16):
        out = model(x, state=state, **given)
        low = with_gradients(model, x, state, **given)
    assert {part.dtype for part in (out.h, out.q, out.z, *out.state)} == {torch.float32}
    differ = 0.0
    for one, other in zip((*low[0][1:], *low[1]), (*exact[0][1:], *exact[1]), strict=True):
        difference = float((one - other).detach().norm() / other.detach().norm())
        assert difference < 0.05
        differ = max(differ, difference)
    assert differ > 1e-4, "nothing was done in bfloat16"


# -- use -------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("choice", ["argmax", "forced"])
@pytest.mark.parametrize("lengths", [None, LENGTHS], ids=["all", "padded"])
@pytest.mark.parametrize(("n", "steps"), [(N, T), (N, 9), (1, 1), (1, 53), (61, 7)])
def test_computing_the_chosen_lstm_alone_comes_to_the_same(choice, lengths, n, steps):
    model = make()
    x, given = draws(n, steps, D), arguments(model, choice, n, steps)
    if lengths is not None:
        lengths = LENGTHS.clamp(max=steps).repeat(9)[:n]
    state = tuple(part.detach() for part in start(model, n))
    with torch.no_grad():
        ours = parts(model(x, lengths, state=state, **given))
        theirs = parts(by_definition(model, lambda: model(x, lengths, state=state, **given)))
    agree(ours, theirs, rtol=1e-10, atol=1e-10)
    assert {*ours[3].argmax(-1).flatten().tolist()} >= ({0} if n == 1 else {0, 1, 2})


@pytest.mark.parametrize("n", [1, 97])
def test_of_equal_lstms_the_first_is_taken(n):
    model = make(num_layers=1)
    with torch.no_grad():
        for weight in (layers(model)[0].W_xz, layers(model)[0].W_hz, layers(model)[0].b_z):
            weight[..., 0] = -9.0  # never
            weight[..., 2] = weight[..., 1]
        layers(model)[0].W_xz[:, 0] = 0
        layers(model)[0].W_hz[:, 0] = 0
        out = model(draws(n, T, D))
        theirs = by_definition(model, lambda: model(draws(n, T, D)))
    assert torch.equal(out.z, theirs.z)
    assert (out.z[..., 1] == 1).all()


@CARRIES
def test_what_lies_scattered_in_memory_is_read_as_well(carry):
    model = make(carry=carry)
    x, state = draws(N, T, D), tuple(part.detach() for part in start(model))
    scattered = x.transpose(0, 2).contiguous().transpose(0, 2)
    spread = tuple(part.mT.contiguous().mT for part in state)
    assert not scattered.is_contiguous()
    for choice in ("argmax", "gumbel"):
        given = arguments(model, choice)
        expected = parts(model(x, LENGTHS, state=state, **given))
        agree(parts(model(scattered, LENGTHS, state=spread, **given)), expected, rtol=1e-12, atol=1e-12)
        with torch.no_grad():
            agree(parts(model(scattered, LENGTHS, state=spread, **given)), expected, rtol=1e-12, atol=1e-12)
    assert all(torch.equal(a, b) for a, b in zip(spread, state, strict=True)), "the caller's state was written to"


@pytest.mark.parametrize("choice", ["argmax", "gumbel"])
def test_nan_stays_nan(choice):
    model = make(num_layers=1).float()
    x = draws(N, T, D).float()
    x[2, 3, 5] = torch.nan
    with torch.no_grad():
        out = model(x, choice=choice, noise=arguments(make(num_layers=1), "gumbel")["noise"])
    assert out.h[2, 3:].isnan().all()
    assert out.h[[n for n in range(N) if n != 2]].isfinite().all()


# -- memory ----------------------------------------------------------------------------------------------------------


def tensors_alive() -> int:
    gc.collect()
    return sum(issubclass(type(thing), Tensor) for thing in gc.get_objects())


@CARRIES
def test_nothing_is_kept_alive_after_the_way_back(carry):
    model = make(carry=carry)
    x = draws(N, T, D)

    def step() -> None:
        model.train()
        model(x, LENGTHS).logits.sum().backward()
        model.zero_grad()

    step()
    before = tensors_alive()
    for _ in range(5):
        step()
    assert tensors_alive() == before
    with memory_kept(model):
        step()
    assert tensors_alive() == before


@pytest.mark.slow
def test_many_training_steps_take_no_more_memory_than_a_few():
    code = """
import os, torch
from mrnn import ModelConfig, SequenceModel
from mrnn.markov import memory_kept
model = SequenceModel(ModelConfig(input_size=1, output_size=2, k=4, hidden_size=64)).train()
def resident():
    with open("/proc/self/statm") as file:
        return int(file.read().split()[1]) * os.sysconf("SC_PAGE_SIZE") / 2**20
def steps(n):
    for _ in range(n):
        model(torch.randn(150, 50, 1)).logits.sum().backward()
        model.zero_grad()
with memory_kept(model):
    steps(20)
    before = resident()
    steps(150)
print(resident() - before)
"""
    if not Path("/proc/self/statm").exists():
        pytest.skip("memory is read from Linux's /proc")
    answer = subprocess.run([sys.executable, "-c", code], cwd=PROJECT, capture_output=True, text=True, check=True)
    assert float(answer.stdout) < 30, "MB; a step's arrays are about 40"


@CARRIES
def test_going_back_twice_comes_to_the_same_or_is_refused(carry):
    model, x = make(carry=carry), draws(N, T, D).requires_grad_()
    loss = model(x, LENGTHS, choice="soft").logits.sum()
    first, second = (torch.autograd.grad(loss, x, retain_graph=True)[0] for _ in range(2))
    assert torch.equal(first, second)
    with memory_kept(model):
        loss = model(x, LENGTHS, choice="soft").logits.sum()
        assert torch.equal(torch.autograd.grad(loss, x, retain_graph=True)[0], first)
        with pytest.raises(RuntimeError, match="within memory_kept one can go back through a result only once"):
            loss.backward()


@CARRIES
def test_memory_that_was_used_before_leaves_no_trace(carry):
    model = make(carry=carry)
    xs = [draws(n, steps, D, seed=n) for n, steps in [(N, T), (2, 3), (N, 2 * T), (3, T)]]

    def gradients(x: Tensor) -> list[Tensor]:
        return list(
            torch.autograd.grad(model(x, choice="soft").logits.sin().sum(), [*model.parameters()], allow_unused=True)
        )

    alone = [gradients(x) for x in xs]
    with memory_kept(model):
        for _ in range(2):
            for x, expected in zip(xs, alone, strict=True):
                for ours, theirs in zip(gradients(x), expected, strict=True):
                    assert (ours is None and theirs is None) or torch.equal(ours, theirs)


@CARRIES
def test_a_gradient_that_vanishes_ends_at_zero_and_not_among_numbers_that_are_slow(carry):
    model = make(carry=carry, num_layers=1).float()
    (layer,) = layers(model)
    with torch.no_grad():
        layer.W_h.zero_()
        layer.W_hz.zero_()
        layer.b.view(4, -1)[2] = -2.0  # of what a cell holds, an eighth is left a step later
    x = torch.zeros(3, 80, D, requires_grad=True)
    model(x, choice="soft").h[:, -1].sum().backward()
    assert x.grad is not None
    size = x.grad.abs()
    assert not ((size > 0) & (size < torch.finfo(torch.float32).tiny)).any(), "subnormal: arithmetic is slow there"
    assert not size[:, :30].any()
    assert (size[:, -1] > 0).any()


# -- threads ---------------------------------------------------------------------------------------------------------


def test_two_models_at_once_answer_as_each_alone():
    models = [make(seed=seed, hidden_size=64, num_layers=1) for seed in (3, 5)]
    xs = [draws(150, 20, D, seed=seed) for seed in (7, 11)]

    def run(model: SequenceModel, x: Tensor) -> list[Tensor]:
        model.zero_grad()
        out = model(x, choice="soft")
        out.logits.sin().sum().backward()
        with torch.no_grad():
            hard = model(x).logits
        return [
            out.logits.detach(),
            hard,
            *(weight.grad.clone() for weight in model.parameters() if weight.grad is not None),
        ]

    alone = [run(model, x) for model, x in zip(models, xs, strict=True)]
    found: dict[tuple[int, int], list[Tensor]] = {}
    begin = threading.Barrier(2)

    def work(which: int) -> None:
        begin.wait()
        for turn in range(10):
            found[which, turn] = run(models[which], xs[which])

    threads = [threading.Thread(target=work, args=(which,)) for which in (0, 1)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(120)
    assert len(found) == 20
    for (which, _), parts_found in found.items():
        agree(parts_found, alone[which], rtol=1e-12, atol=1e-12)


def test_one_thread_and_several_come_to_the_same(monkeypatch):
    model = make(hidden_size=64, num_layers=1)
    x, state, given = draws(150, 5, D).requires_grad_(), start(model, 150), arguments(model, "gumbel", 150, 5)
    before = torch.get_num_threads()
    torch.set_num_threads(2)
    several = with_gradients(model, x, state, **given)
    assert kernels._parts(np.zeros((150, 1000))) == min(2, numba.config.NUMBA_NUM_THREADS)  # type: ignore[attr-defined]

    def none_here(_: int) -> None:
        raise ValueError("No threading layer could be loaded.")

    monkeypatch.setattr(numba, "set_num_threads", none_here)
    kernels._most_threads.cache_clear()
    try:
        one = with_gradients(model, x, state, **given)
    finally:
        monkeypatch.undo()
        kernels._most_threads.cache_clear()
        torch.set_num_threads(before)
    for ours, theirs in zip(several, one, strict=True):
        agree(ours, theirs, rtol=1e-12, atol=1e-12)


# -- arithmetic ------------------------------------------------------------------------------------------------------


def test_tanh_is_right_to_its_bound_everywhere_and_never_beyond_one():
    x = np.concatenate([np.linspace(-30, 30, 400_001), [1e-30, -1e-30, 3e38, -3e38, np.inf, -np.inf, 0]])
    row = np.zeros(4 * len(x), np.float32)
    row[len(x) : 2 * len(x)] = x
    kernels._activate(row)
    found = row[len(x) : 2 * len(x)]
    np.testing.assert_allclose(found, np.tanh(x.astype(np.float32).astype(float)), rtol=0, atol=4e-7)
    assert np.abs(found).max() <= 1


def test_sums_in_bfloat16_are_read_and_rounded_as_torch_does():
    values = torch.randn(100_003, generator=torch.Generator().manual_seed(0)) * 10.0 ** torch.randint(
        -30, 30, (100_003,)
    )
    values = torch.cat([values, torch.tensor([0.0, -0.0, 1.00390625, 1.01171875, 3e38, torch.inf, -torch.inf])])
    rounded = values.bfloat16()
    written = np.empty(len(values), np.uint16)
    read = np.empty(len(values), np.float32)
    read_and_write(rounded.view(torch.uint16).numpy(), read, values.numpy(), written)
    np.testing.assert_array_equal(read, rounded.float().numpy())
    np.testing.assert_array_equal(written, rounded.view(torch.uint16).numpy())
    read_and_write(written, read, np.full(len(values), np.nan, np.float32), written)
    assert torch.from_numpy(written).view(torch.bfloat16).isnan().all()


@numba.njit
def read_and_write(stored, scratch, row, to):
    kernels._row(stored, scratch)
    kernels._put(row, to)


def test_the_pool_of_the_kernels_leaves_torchs_products_their_number_of_threads():
    code = """
import torch
from mrnn import ModelConfig, SequenceModel
SequenceModel(ModelConfig(input_size=1, output_size=2)).train()(torch.zeros(2, 3, 1))
print(torch.get_num_threads())
"""
    environment = {**os.environ, "OMP_NUM_THREADS": "1", "NUMBA_NUM_THREADS": "2"}
    command = [sys.executable, "-c", code]
    answer = subprocess.run(command, env=environment, cwd=PROJECT, capture_output=True, text=True, check=True)
    assert answer.stdout.split() == ["1"]


# -- speed that people notice ----------------------------------------------------------------------------------------


@pytest.mark.slow
@pytest.mark.parametrize("threads", ["1", "2"])
@pytest.mark.parametrize("precision", ["float32", "bfloat16"])
def test_after_the_rehearsal_a_first_step_begins_soon(tmp_path, threads, precision):
    first_step = f"""
import time, torch
from mrnn import ModelConfig, SequenceModel
model = SequenceModel(ModelConfig(input_size=1, output_size=2, k=4, hidden_size=64)).train()
start = time.perf_counter()
with torch.autocast("cpu", torch.bfloat16, enabled={precision == "bfloat16"}):
    out = model(torch.randn(150, 50, 1))
out.h.sum().backward()
print(time.perf_counter() - start)
"""
    rehearsal = """
import time
from mrnn.training import rehearse
start = time.perf_counter()
rehearse()
print(time.perf_counter() - start)
"""
    # A machine that has compiled nothing yet.
    environment = {**os.environ, "NUMBA_CACHE_DIR": str(tmp_path), "OMP_NUM_THREADS": threads}
    seconds, compiled = [], []
    for code in (rehearsal, first_step):
        command = [sys.executable, "-c", code]
        answer = subprocess.run(command, env=environment, cwd=PROJECT, capture_output=True, text=True, check=True)
        seconds.append(float(answer.stdout))
        compiled.append({path.name for path in tmp_path.rglob("*.nbc")})
    assert compiled[0]
    assert compiled[1] == compiled[0], "a step compiles nothing more"
    assert seconds[1] < seconds[0] / 3  # whatever the machine: the rehearsal compiled, the step reads what it kept
