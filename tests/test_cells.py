"""The baselines: torch's own modules, and a plain loop for the cell that torch does not have.

Sizes: N = 7 sequences, L = 2 layers, T = 11 steps, m = 5 units; D = 13 inputs, C = 17 outputs.
"""

from typing import Any

import numpy as np
import pytest
import torch
from torch import Tensor, nn
from torch.nn.utils.rnn import pack_padded_sequence, pad_packed_sequence

from mrnn import ModelConfig, SequenceModel

N, L, T, M, D, C = 7, 2, 11, 5, 13, 17
SIZES: dict[str, Any] = {"input_size": D, "output_size": C, "hidden_size": M, "num_layers": L}
LENGTHS = torch.tensor([11, 2, 7, 1, 5, 3, 11])
CLOSE: dict[str, Any] = {"rtol": 1e-11, "atol": 1e-12}
TORCH: dict[str, Any] = {"lstm": nn.LSTM, "gru": nn.GRU, "elman": nn.RNN}
BASELINES = pytest.mark.parametrize("cell", [*TORCH, "peephole"])


def normal(*shape: int, seed: int = 0) -> Tensor:
    return torch.randn(shape, dtype=torch.float64, generator=torch.Generator().manual_seed(seed))


def sigmoid(a: np.ndarray) -> np.ndarray:
    return 1 / (1 + np.exp(-a))


@pytest.mark.parametrize("lengths", [None, LENGTHS], ids=["all", "padded"])
@pytest.mark.parametrize("cell", TORCH)
def test_a_baseline_equals_torchs_own_module(random_model, cell, lengths):
    model = random_model(cell=cell, **SIZES)
    theirs = TORCH[cell](D, M, L, batch_first=True).double()
    weights = model.state_dict()
    theirs.load_state_dict({
        f"{kind}_l{layer}": weights[f"layers.{layer}.rnn.{kind}_l0"]
        for layer in range(L)
        for kind in ("weight_ih", "weight_hh", "bias_ih", "bias_hh")
    })  # fmt: skip
    x, h_0 = normal(N, T, D).requires_grad_(), normal(L, N, M, seed=1)
    c_0 = normal(L, N, M, seed=2) if cell == "lstm" else torch.zeros(L, N, M, dtype=torch.float64)
    out = model(x, lengths, state=(h_0, c_0))
    start = (h_0, c_0) if cell == "lstm" else h_0
    if lengths is None:
        h, last = theirs(x, start)
    else:
        packed, last = theirs(pack_padded_sequence(x, lengths, batch_first=True, enforce_sorted=False), start)
        h, _ = pad_packed_sequence(packed, batch_first=True)
    h_n, c_n = last if cell == "lstm" else (last, c_0)
    for ours, expected in [(out.h, h), (out.state[0], h_n), (out.state[1], c_n), (out.logits, model.head(h_n[-1]))]:
        torch.testing.assert_close(ours, expected, **CLOSE)
    (grad_x,) = torch.autograd.grad(out.h.sin().sum(), x)
    torch.testing.assert_close(grad_x, torch.autograd.grad(h.sin().sum(), x)[0], **CLOSE)


def test_peephole_equals_a_loop_in_plain_numpy(random_model):
    model = random_model(cell="peephole", **SIZES)
    weights = {name: value.numpy() for name, value in model.state_dict().items()}
    x, h_0, c_0 = normal(N, T, D), normal(L, N, M, seed=1), normal(L, N, M, seed=2)
    out = model(x, LENGTHS, state=(h_0, c_0))
    for n in range(N):
        steps = list(x[n, : LENGTHS[n]].numpy())
        for layer in range(L):
            names = ("W_x", "W_h", "b", "p_i", "p_f", "p_o")
            W_x, W_h, b, p_i, p_f, p_o = (weights[f"layers.{layer}.{name}"] for name in names)
            h, c = h_0[layer, n].numpy(), c_0[layer, n].numpy()
            for t, x_t in enumerate(steps):
                i, g, f, o = (
                    x_t @ W_x[:, columns] + h @ W_h[:, columns] + b[columns]
                    for columns in (slice(gate * M, (gate + 1) * M) for gate in range(4))
                )
                i, f = sigmoid(i + p_i * c), sigmoid(f + p_f * c)
                c = f * c + i * np.tanh(g)
                h = sigmoid(o + p_o * c) * np.tanh(c)
                steps[t] = h
            np.testing.assert_allclose(out.state[0][layer, n].detach(), h, **CLOSE)
            np.testing.assert_allclose(out.state[1][layer, n].detach(), c, **CLOSE)
        np.testing.assert_allclose(out.h[n, : LENGTHS[n]].detach(), steps, **CLOSE)


def test_a_peephole_cell_with_closed_peepholes_is_an_lstm(random_model):
    peephole, markov = random_model(cell="peephole", **SIZES), random_model(k=1, **SIZES)
    with torch.no_grad():
        for name, weight in peephole.named_parameters():
            if name.endswith(("p_i", "p_f", "p_o")):
                weight.zero_()
            else:
                weight.copy_(markov.get_parameter(name))
    x = normal(N, T, D)
    torch.testing.assert_close(peephole(x, LENGTHS).logits, markov(x, LENGTHS).logits, **CLOSE)


@BASELINES
def test_a_baseline_always_listens_to_its_one_lstm(random_model, cell):
    model = random_model(cell=cell, **SIZES)
    counted = (torch.arange(T) < LENGTHS[:, None]).double()[:, None, :, None].expand(N, L, T, 1)
    x = normal(N, T, D)
    plain = model(x, LENGTHS)
    for choice in ("soft", "argmax", "gumbel", torch.zeros(N, L, T, dtype=torch.long)):
        out = model(x, LENGTHS, choice=choice, allowed=torch.tensor([True]))
        assert torch.equal(out.q, counted)
        assert torch.equal(out.z, counted)
        assert torch.equal(out.logits, plain.logits)


@pytest.mark.parametrize("cell", ["gru", "elman"])
def test_a_cell_without_c_carries_zeros(random_model, cell):
    out = random_model(cell=cell, **SIZES)(normal(N, T, D), LENGTHS)
    assert out.state[1].shape == (L, N, M)
    assert not out.state[1].any()


@BASELINES
def test_first_weights_are_orthogonal_with_forget_bias_1(cell):
    model = SequenceModel(ModelConfig(cell=cell, **SIZES), generator=torch.Generator().manual_seed(0))
    weights = dict(model.named_parameters())
    for layer in range(L):
        if cell == "peephole":
            blocks = weights[f"layers.{layer}.W_h"].unflatten(-1, (4, M)).transpose(0, 1)
            bias = weights[f"layers.{layer}.b"]
            forget = slice(2 * M, 3 * M)  # i, g, f, o
        else:
            blocks = weights[f"layers.{layer}.rnn.weight_hh_l0"].unflatten(0, (-1, M))
            bias = weights[f"layers.{layer}.rnn.bias_ih_l0"] + weights[f"layers.{layer}.rnn.bias_hh_l0"]
            forget = slice(M, 2 * M) if cell == "lstm" else slice(0)  # i, f, g, o
        torch.testing.assert_close(blocks @ blocks.mT, torch.eye(M).expand_as(blocks), rtol=0, atol=1e-5)
        assert (bias[forget] == 1).all()
        assert bias.sum() == bias[forget].numel()


@pytest.mark.parametrize("layers", [1, 2])
def test_units_begin_with_memories_of_one_step_to_the_span(kind, layers):
    """Where nothing comes in and only c is carried, c falls at each step to u / (1 + u), u from 1 to span - 1."""
    if kind["cell"] == "elman":
        pytest.skip("it has no gate to keep anything")
    k = 3 if kind["cell"] == "mrnn" else 1
    config = ModelConfig(input_size=D, output_size=2, **kind, k=k, hidden_size=211, num_layers=layers, span=97)
    model = SequenceModel(config, generator=torch.Generator().manual_seed(0)).eval()
    with torch.no_grad():
        for weight in model.parameters():
            if weight.ndim > 1:
                weight.zero_()
    held = 0 if kind["cell"] == "gru" else 1  # which part of the state is kept
    state = tuple(torch.full(shape, float(part == held)) for part, shape in enumerate(model._state_shapes(1)))
    kept = model(torch.zeros(1, 1, D), state=state).state[held].detach().flatten()
    assert (kept >= 0.5).all()
    assert (kept <= 1 - 1 / 97 + 1e-6).all()
    spans = kept / (1 - kept)  # u
    assert spans.mean() == pytest.approx(97 / 2, rel=0.1)
    assert spans.min() < 7
    assert spans.max() > 90


def test_units_that_keep_for_long_take_in_little(kind):
    if kind["cell"] in ("gru", "elman"):
        pytest.skip("it has no input gate")
    k = 3 if kind["cell"] == "mrnn" else 1
    config = ModelConfig(input_size=D, output_size=2, **kind, k=k, hidden_size=M, span=97)
    model = SequenceModel(config, generator=torch.Generator().manual_seed(0))
    (bias,) = [weight for name, weight in model.layers.named_parameters() if name in ("0.b", "0.rnn.bias_ih_l0")]
    gates = bias.detach().view(4, k, M)
    i, f = gates[0], gates[1 if kind["cell"] == "lstm" else 2]  # torch's order is i, f, g, o
    np.testing.assert_allclose(i.sigmoid() + f.sigmoid(), 1, rtol=1e-6)


def test_without_a_span_nothing_is_drawn_more():
    shape: dict[str, Any] = {"input_size": D, "output_size": 2, "hidden_size": M}
    one, other = (
        SequenceModel(ModelConfig(**shape, span=span), generator=torch.Generator().manual_seed(0)) for span in (0, 7)
    )
    for (name, weight), changed in zip(one.layers.named_parameters(), other.layers.parameters(), strict=True):
        assert torch.equal(weight, changed) == (name != "0.b"), name


@pytest.mark.parametrize("lengths", [None, [T, 2, 1, 5, 3, T, T]], ids=["all", "padded"])
def test_a_state_can_be_carried_on_in_low_precision(kind, lengths):
    config = ModelConfig(input_size=D, output_size=C, **kind, k=3 if kind["cell"] == "mrnn" else 1, hidden_size=M)
    model = SequenceModel(config, generator=torch.Generator().manual_seed(0)).train()
    x = torch.ones(N, T, D)
    with torch.autocast("cpu", torch.bfloat16):
        out = model(x, lengths, state=model(x, lengths).state)
    out.logits.sum().backward()
    assert {part.dtype for part in out.state} == {torch.float32}
