"""The k-LSTM recurrence against loops, against torch's own LSTM, and against the laws of choosing.

Sizes: N = 7 sequences, L = 2 layers, T = 11 steps, k = 3 LSTMs, m = 5 units; D = 13 inputs, C = 17 outputs.
"""

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
import torch
from scipy import stats
from torch import Tensor, nn
from torch.nn.utils.rnn import pack_padded_sequence, pad_packed_sequence

from mrnn import ModelConfig, SequenceModel
from mrnn.selection import gumbel

N, L, T, K, M, D, C = 7, 2, 11, 3, 5, 13, 17
SIZES: dict[str, Any] = {"input_size": D, "output_size": C, "hidden_size": M, "num_layers": L}
LENGTHS = torch.tensor([11, 2, 7, 1, 5, 3, 11])
CARRIES = pytest.mark.parametrize("carry", ["mixed", "own"])
CLOSE: dict[str, Any] = {"rtol": 1e-11, "atol": 1e-12}


def normal(*shape: int, seed: int = 0) -> Tensor:
    return torch.randn(shape, dtype=torch.float64, generator=torch.Generator().manual_seed(seed))


def gumbel_draws(*shape: int, seed: int = 0) -> Tensor:
    return torch.from_numpy(np.random.default_rng(seed).gumbel(size=shape))


def softmax(a: np.ndarray) -> np.ndarray:
    return np.exp(a) / np.exp(a).sum()


def sigmoid(a: np.ndarray) -> np.ndarray:
    return 1 / (1 + np.exp(-a))


def loop(
    model: SequenceModel, x: np.ndarray, lengths: np.ndarray, choose: Callable[[np.ndarray, tuple[int, int, int]], Any]
) -> dict[str, np.ndarray]:
    """The published equations, one sequence, one layer, one step and one LSTM at a time.

    choose   turns the selection logits a (k,) at (n, l, t) into z (k,)
    returns  q, z and a (N, L, T, k), gates (N, L, T, 4) of the LSTM with the greatest z, h (N, T, m), logits (N, C)
    """
    own = model.config.carry == "own"
    weights = {name: value.numpy() for name, value in model.state_dict().items()}
    (q, z, a_all), gates = np.zeros((3, N, L, T, K)), np.zeros((N, L, T, 4))
    h_all = np.zeros((N, T, M))
    logits = np.zeros((N, C))
    for n in range(N):
        steps = list(x[n, : lengths[n]])
        for layer in range(L):
            W = {name: weights[f"layers.{layer}.{name}"] for name in ("W_xz", "W_hz", "b_z", "W_x", "W_h", "b")}
            h, c = np.zeros(M), np.zeros(M)
            H, S = np.zeros((K, M)), np.zeros((K, M))  # H_j and C_j of each LSTM
            for t, x_t in enumerate(steps):
                a = x_t @ W["W_xz"] + h @ W["W_hz"] + W["b_z"]
                a_all[n, layer, t], q[n, layer, t] = a, softmax(a)
                z[n, layer, t] = choose(a, (n, layer, t))
                for j in range(K):
                    h_from, c_from = (H[j].copy(), S[j].copy()) if own else (h, c)
                    i, g, f, o = (
                        x_t @ W["W_x"][:, columns] + h_from @ W["W_h"][:, columns] + W["b"][columns]
                        for columns in (slice((gate * K + j) * M, (gate * K + j + 1) * M) for gate in range(4))
                    )
                    i, g, f, o = sigmoid(i), np.tanh(g), sigmoid(f), sigmoid(o)
                    S[j] = f * c_from + i * g
                    H[j] = o * np.tanh(S[j])
                    if j == z[n, layer, t].argmax():
                        gates[n, layer, t] = [gate.mean() for gate in (i, g, f, o)]
                h, c = z[n, layer, t] @ H, z[n, layer, t] @ S
                steps[t] = h
        h_all[n, : lengths[n]] = steps
        logits[n] = weights["head.weight"] @ steps[-1] + weights["head.bias"]
    return {"q": q, "z": z, "h": h_all, "logits": logits, "a": a_all, "gates": gates}


# -- against other computations --------------------------------------------------------------------------------------


@CARRIES
@pytest.mark.parametrize("way", ["soft", "argmax", "gumbel", "forced"])
def test_a_loop_in_plain_numpy_agrees(random_model, carry, way):
    model = random_model(k=K, carry=carry, **SIZES)
    x, noise, tau = normal(N, T, D), gumbel_draws(N, L, T, K), 0.7
    forced = torch.from_numpy(np.random.default_rng(5).integers(-1, K, (N, L, T)))

    def choose(a: np.ndarray, where: tuple[int, int, int]) -> np.ndarray:
        if way == "soft":
            return softmax(a)
        if way == "gumbel":
            return softmax((a + noise[where].numpy()) / tau)
        if way == "forced" and forced[where] >= 0:
            return np.eye(K)[int(forced[where])]
        return np.eye(K)[a.argmax()]

    out = model(x, LENGTHS, tau=tau, noise=noise, choice=forced if way == "forced" else way)
    theirs = loop(model, x.numpy(), LENGTHS.numpy(), choose)
    for name in ("q", "z", "h", "logits"):
        np.testing.assert_allclose(getattr(out, name).detach(), theirs[name], err_msg=name, **CLOSE)


@CARRIES
@pytest.mark.parametrize("way", ["soft", "argmax", "gumbel", "lesioned"])
def test_the_inside_of_a_trace_is_that_of_the_same_run_in_a_plain_loop(random_model, carry, way):
    model = random_model(k=K, carry=carry, **SIZES)
    x, noise, allowed = normal(N, T, D).numpy(), gumbel_draws(N, L, T, K).numpy(), np.array([True, False, True])
    forced = np.random.default_rng(5).choice([-1, 0, 2], (N, L, T))  # LSTM 1 is switched off
    given: dict[str, Any] = {"choice": forced, "allowed": allowed} if way == "lesioned" else {"choice": way}
    trace = model.trace(x, LENGTHS.numpy(), noise=noise, tau=0.7, **given)
    theirs = loop(model, x, LENGTHS.numpy(), lambda _, where: trace.z[where].astype(float))
    assert way != "lesioned" or not trace.z[..., 1].any()
    for layer in (0, 1, -1):
        inside = model.inside(x, trace, layer)
        np.testing.assert_allclose(inside.logits, theirs["a"][:, layer], rtol=1e-4, atol=1e-5)
        np.testing.assert_allclose(inside.gates, theirs["gates"][:, layer], rtol=1e-4, atol=1e-5)


def test_the_inside_of_what_does_not_fit_is_refused(random_model):
    model, x = random_model(k=K, **SIZES), normal(N, T, D).numpy()
    trace = model.trace(x)
    with pytest.raises(ValueError, match="layer must be from -2 to 1, got 2"):
        model.inside(x, trace, 2)
    with pytest.raises(ValueError, match=r"with z of shape \(7, 2, 5, 3\), got \(7, 2, 11, 3\)"):
        model.inside(x[:, :5], trace)
    with pytest.raises(ValueError, match="x must be finite"):
        model.inside(np.full_like(x, np.nan), trace)
    plain = random_model(cell="gru", **SIZES)
    with pytest.raises(ValueError, match="only cell 'mrnn' has selection logits, got 'gru'; k=1 is the plain LSTM"):
        plain.inside(x, plain.trace(x))


@CARRIES
@pytest.mark.parametrize("lengths", [None, LENGTHS], ids=["all", "padded"])
def test_one_lstm_equals_torch_lstm(random_model, carry, lengths):
    model = random_model(k=1, carry=carry, **SIZES)
    theirs = nn.LSTM(D, M, L, batch_first=True).double()
    weights = model.state_dict()
    with torch.no_grad():
        for layer in range(L):
            for name, columns in [("weight_ih", "W_x"), ("weight_hh", "W_h"), ("bias_ih", "b")]:
                i, g, f, o = weights[f"layers.{layer}.{columns}"].unflatten(-1, (4, M)).unbind(-2)
                theirs.get_parameter(f"{name}_l{layer}").copy_(torch.cat([i, f, g, o], -1).t())
            theirs.get_parameter(f"bias_hh_l{layer}").zero_()
    x = normal(N, T, D).requires_grad_()
    out = model(x, lengths)
    if lengths is None:
        h, (h_n, c_n) = theirs(x)
    else:
        packed, (h_n, c_n) = theirs(pack_padded_sequence(x, lengths, batch_first=True, enforce_sorted=False))
        h, _ = pad_packed_sequence(packed, batch_first=True)
    last_h, last_c = (part[:, :, 0] if carry == "own" else part for part in out.state[:2])
    for ours, expected in [(out.h, h), (last_h, h_n), (last_c, c_n), (out.logits, model.head(h_n[-1]))]:
        torch.testing.assert_close(ours, expected, **CLOSE)
    (grad_x,) = torch.autograd.grad(out.h.sin().sum(), x)
    torch.testing.assert_close(grad_x, torch.autograd.grad(h.sin().sum(), x)[0], **CLOSE)


@CARRIES
@pytest.mark.parametrize("choice", ["soft", "argmax", "gumbel"])
def test_permuting_the_lstms_permutes_q_and_z_and_keeps_the_output(random_model, carry, choice):
    model, permuted = (random_model(k=K, carry=carry, **SIZES) for _ in range(2))
    order = torch.tensor([1, 2, 0])
    with torch.no_grad():
        for name, weight in permuted.named_parameters():
            if name.endswith(("W_xz", "W_hz", "b_z")):
                weight.copy_(weight[..., order])
            elif name.endswith(("W_x", "W_h", ".b")):
                weight.copy_(weight.unflatten(-1, (4, K, M))[..., order, :].flatten(-3))
    x, noise = normal(N, T, D), gumbel_draws(N, L, T, K)
    before = model(x, LENGTHS, choice=choice, noise=noise)
    after = permuted(x, LENGTHS, choice=choice, noise=noise[..., order])
    torch.testing.assert_close(after.q, before.q[..., order], **CLOSE)
    torch.testing.assert_close(after.z, before.z[..., order], **CLOSE)
    assert not torch.allclose(after.q, before.q)
    torch.testing.assert_close(after.h, before.h, **CLOSE)
    torch.testing.assert_close(after.logits, before.logits, **CLOSE)


def test_own_states_and_one_mixed_state_are_different_models(random_model):
    x = normal(N, T, D)
    mixed, own = (random_model(k=K, carry=carry, **SIZES)(x, choice="soft") for carry in ("mixed", "own"))
    torch.testing.assert_close(mixed.h[:, 0], own.h[:, 0], **CLOSE)  # nothing is carried into the first step
    assert not torch.allclose(mixed.h[:, 1], own.h[:, 1], atol=1e-3)


@CARRIES
def test_the_lstm_that_a_lesion_leaves_is_a_model_of_its_own(random_model, carry):
    model, alone = random_model(k=K, carry=carry, **SIZES), random_model(k=1, **SIZES)
    j = 1
    with torch.no_grad():
        for name, weight in alone.named_parameters():
            value = model.get_parameter(name)
            if name.endswith(("W_xz", "W_hz", "b_z")):
                value = value[..., j : j + 1]
            elif name.startswith("layers"):
                value = value.unflatten(-1, (4, K, M))[..., j, :].flatten(-2)
            weight.copy_(value)
    x = normal(N, T, D)
    out = model(x, LENGTHS, allowed=torch.arange(K) == j)
    torch.testing.assert_close(out.logits, alone(x, LENGTHS).logits, **CLOSE)


# -- choosing --------------------------------------------------------------------------------------------------------


def test_soft_argmax_and_gumbel_follow_their_formulas(random_model):
    model = random_model(k=K, **SIZES)
    x, noise, tau = normal(N, T, D), gumbel_draws(N, L, T, K), 2.3
    soft, hard, drawn = (model(x, choice=choice, noise=noise, tau=tau) for choice in ("soft", "argmax", "gumbel"))
    assert torch.equal(soft.z, soft.q)
    assert torch.equal(hard.z, nn.functional.one_hot(hard.q.argmax(-1), K).double())
    # a and log q differ by a constant, which softmax does not see.
    torch.testing.assert_close(drawn.z, ((drawn.q.log() + noise) / tau).softmax(-1), **CLOSE)


@pytest.mark.parametrize("tau", [1e-3, 1e-30, 1e-300])
def test_as_tau_falls_to_0_a_sample_becomes_the_one_hot_largest_noisy_logit(random_model, tau):
    model = random_model(k=K, **SIZES).float()
    noise = gumbel_draws(N, L, T, K).float()
    out = model(normal(N, T, D).float(), choice="gumbel", noise=noise, tau=tau)
    winners = nn.functional.one_hot((out.q.log() + noise).argmax(-1), K).float()
    torch.testing.assert_close(out.z, winners, rtol=0, atol=1e-3)


def test_as_tau_grows_a_sample_becomes_even(random_model):
    out = random_model(k=K, **SIZES)(normal(N, T, D), choice="gumbel", noise=gumbel_draws(N, L, T, K), tau=1e9)
    torch.testing.assert_close(out.z, torch.full_like(out.z, 1 / K), rtol=0, atol=1e-8)


def test_cold_samples_take_each_lstm_as_often_as_q_says(random_model):
    many = 20_011
    model = random_model(input_size=1, output_size=2, k=K, hidden_size=M)
    generator = torch.Generator().manual_seed(3)
    out = model(torch.ones(many, 1, 1, dtype=torch.float64), choice="gumbel", tau=1e-3, generator=generator)
    q = out.q[0, 0, 0]
    assert (q > 0.02).all(), "choose weights that leave each LSTM a chance"
    shares = out.z.mean((0, 1, 2))
    assert ((shares - q).abs() < 4 * (q * (1 - q) / many).sqrt()).all()


@pytest.mark.parametrize("dtype", [torch.float32, torch.float64])
def test_draws_are_standard_gumbel(dtype):
    draws = gumbel((401, 503), torch.empty(0, dtype=dtype), torch.Generator().manual_seed(11))
    assert draws.shape == (401, 503)
    assert draws.dtype == dtype
    flat = draws.double().flatten().numpy()
    assert np.isfinite(flat).all()
    assert flat.mean() == pytest.approx(np.euler_gamma, abs=0.01)
    assert flat.var() == pytest.approx(np.pi**2 / 6, abs=0.03)
    assert stats.kstest(flat, "gumbel_r").statistic < 0.005


# -- the first weights -----------------------------------------------------------------------------------------------


def test_first_weights_are_orthogonal_blocks_with_forget_bias_1():
    model = SequenceModel(ModelConfig(k=K, **SIZES), generator=torch.Generator().manual_seed(0))
    for layer in range(L):
        blocks = model.get_parameter(f"layers.{layer}.W_h").unflatten(-1, (4 * K, M)).transpose(0, 1)
        torch.testing.assert_close(blocks @ blocks.mT, torch.eye(M).expand(4 * K, M, M), rtol=0, atol=1e-5)
        assert not torch.allclose(blocks[0], blocks[1], atol=0.1)
        bias = model.get_parameter(f"layers.{layer}.b").unflatten(-1, (4, K, M))  # i, g, f, o
        assert torch.equal(bias, torch.tensor([0.0, 0.0, 1.0, 0.0])[:, None, None].expand(4, K, M))
        assert not model.get_parameter(f"layers.{layer}.b_z").any()
        for name in ("W_xz", "W_hz", "W_x"):
            weight = model.get_parameter(f"layers.{layer}.{name}")
            assert 0.5 / M**0.5 < weight.abs().max() <= 1 / M**0.5
