"""SequenceModel: the laws that hold for every cell and every carry.

Sizes: N = 7 sequences, L = 2 layers, T = 11 steps, k = 3 LSTMs, m = 5 units; D = 13 inputs, C = 17 outputs.
"""

import math
from typing import Any

import numpy as np
import pytest
import torch
from torch import Tensor, nn

from mrnn import ModelConfig, Output, SequenceModel

N, L, T, K, M, D, C = 7, 2, 11, 3, 5, 13, 17
SIZES: dict[str, Any] = {"input_size": D, "output_size": C, "hidden_size": M, "num_layers": L}
LENGTHS = torch.tensor([11, 2, 7, 1, 5, 3, 11])
COUNTED = torch.arange(T) < LENGTHS[:, None]  # (N, T)
CLOSE: dict[str, Any] = {"rtol": 1e-11, "atol": 1e-12}
CHOICES = pytest.mark.parametrize("choice", ["soft", "argmax", "gumbel"])
PER_STEP = pytest.mark.parametrize("per_step", [False, True], ids=["last", "per_step"])


def normal(*shape: int, seed: int = 0) -> Tensor:
    return torch.randn(shape, dtype=torch.float64, generator=torch.Generator().manual_seed(seed))


def gumbel_draws(*shape: int, seed: int = 0) -> Tensor:
    return torch.from_numpy(np.random.default_rng(seed).gumbel(size=shape))


def seeded(seed: int) -> torch.Generator:
    return torch.Generator().manual_seed(seed)


def with_k(kind: dict[str, str], k: int = K) -> dict[str, Any]:
    """`kind`, with several LSTMs where the cell has them."""
    return {**kind, "k": k} if kind["cell"] == "mrnn" else {**kind}


def assert_same(one: Output, other: Output) -> None:
    for name in ("logits", "h", "q", "z"):
        torch.testing.assert_close(getattr(one, name), getattr(other, name), msg=lambda m, n=name: f"{n}: {m}", **CLOSE)
    for a, b in zip(one.state, other.state, strict=True):
        torch.testing.assert_close(a, b, **CLOSE)


# -- what comes back -------------------------------------------------------------------------------------------------


@PER_STEP
def test_every_output_has_its_axes_in_the_agreed_order(random_model, kind, per_step):
    model = random_model(per_step=per_step, **with_k(kind), **SIZES)
    k = model.config.num_lstms
    out = model(normal(N, T, D), LENGTHS)
    assert out.logits.shape == ((N, T, C) if per_step else (N, C))
    assert out.h.shape == (N, T, M)
    assert out.q.shape == out.z.shape == (N, L, T, k)
    state = [(L, N, k, M), (L, N, k, M), (L, N, M)] if kind["carry"] == "own" else [(L, N, M), (L, N, M)]
    assert [tuple(part.shape) for part in out.state] == state


@CHOICES
def test_q_and_z_sum_to_1_where_steps_count_and_are_0_on_padding(random_model, kind, choice):
    out = random_model(**with_k(kind), **SIZES)(normal(N, T, D), LENGTHS, choice=choice, generator=seeded(0))
    sums = COUNTED.double()[:, None].expand(N, L, T)
    for share in (out.q, out.z):
        assert (share >= 0).all()
        torch.testing.assert_close(share.sum(-1), sums, **CLOSE)
        assert not share.movedim(1, 2)[~COUNTED].any()
    assert not out.h[~COUNTED].any()


def test_the_q_and_z_of_every_layer_come_back(random_model):
    deep, shallow = random_model(k=K, **SIZES), random_model(k=K, **{**SIZES, "num_layers": 1})
    shallow.load_state_dict({name: deep.state_dict()[name] for name in shallow.state_dict()})
    x, noise = normal(N, T, D), gumbel_draws(N, L, T, K)
    both = deep(x, choice="gumbel", noise=noise)
    first = shallow(x, choice="gumbel", noise=noise[:, :1])
    for name in ("q", "z"):
        lower, upper = getattr(both, name).unbind(1)
        torch.testing.assert_close(lower, getattr(first, name)[:, 0], **CLOSE)
        assert not torch.allclose(lower, upper, atol=0.1)


def test_logits_are_the_head_on_the_last_layers_output(random_model, kind):
    model = random_model(per_step=True, **with_k(kind), **SIZES)
    final = random_model(**with_k(kind), **SIZES)
    x = normal(N, T, D)
    out = model(x, LENGTHS)
    weights = model.state_dict()
    torch.testing.assert_close(out.logits, out.h @ weights["head.weight"].t() + weights["head.bias"], **CLOSE)
    torch.testing.assert_close(final(x, LENGTHS).logits, out.logits[torch.arange(N), LENGTHS - 1], **CLOSE)


# -- padding ---------------------------------------------------------------------------------------------------------


@PER_STEP
@pytest.mark.parametrize("junk", [1.0, 1e30, 1e300])
def test_padding_changes_nothing(random_model, kind, per_step, junk):
    model = random_model(per_step=per_step, **with_k(kind), **SIZES)
    noise = gumbel_draws(N, L, T, model.config.num_lstms)
    clean = normal(N, T, D).masked_fill(~COUNTED[..., None], 0).requires_grad_()
    dirty = torch.where(COUNTED[..., None], clean, junk * normal(N, T, D, seed=1)).detach().requires_grad_()
    gradients = []
    for x in (clean, dirty):
        out = model(x, LENGTHS, choice="gumbel", noise=noise)
        logits = out.logits[COUNTED] if per_step else out.logits
        gradients.append(torch.autograd.grad(logits.sin().sum() + out.q.square().sum(), [x, *model.parameters()]))
    with torch.no_grad():
        assert_same(model(clean, LENGTHS, noise=noise), model(dirty, LENGTHS, noise=noise))
    for without, with_junk in zip(*gradients, strict=True):
        torch.testing.assert_close(without, with_junk, **CLOSE)
    assert not gradients[1][0][~COUNTED].any()
    assert gradients[1][0][COUNTED].any(-1).all()


@CHOICES
def test_a_padded_sequence_is_the_sequence_alone(random_model, kind, choice):
    model = random_model(**with_k(kind), **SIZES)
    x, noise = normal(N, T, D), gumbel_draws(N, L, T, model.config.num_lstms)
    out = model(x, LENGTHS, choice=choice, noise=noise)
    for n, length in enumerate(LENGTHS.tolist()):
        alone = model(x[n : n + 1, :length], choice=choice, noise=noise[n : n + 1, :, :length])
        of_n = Output(
            logits=out.logits[n : n + 1],
            h=out.h[n : n + 1, :length],
            q=out.q[n : n + 1, :, :length],
            z=out.z[n : n + 1, :, :length],
            state=tuple(part[:, n : n + 1] for part in out.state),
        )
        assert_same(of_n, alone)


def test_lengths_that_all_count_are_as_none_given(random_model, kind):
    model, x = random_model(**with_k(kind), **SIZES), normal(N, T, D)
    assert_same(model(x, torch.full((N,), T)), model(x))


@PER_STEP
def test_a_sequence_without_steps_is_answered_from_the_state_it_starts_in(random_model, kind, per_step):
    model = random_model(per_step=per_step, **with_k(kind), **SIZES)
    x = normal(N, T, D)
    state = tuple(normal(*part.shape, seed=3) for part in model(x).state)
    lengths = LENGTHS.clone()
    lengths[2] = 0
    out = model(x, lengths, state=state)
    heard = 2 if kind["carry"] == "own" else 0  # the part of the state that is the layer's output
    for after, before in zip(out.state, state, strict=True):
        assert torch.equal(after[:, 2], before[:, 2])
    assert not torch.isclose(out.state[heard][:, 1], state[heard][:, 1]).any()
    assert not out.h[2].any()
    assert not out.q[2].any()
    if not per_step:
        torch.testing.assert_close(out.logits[2], model.head(state[heard][-1])[2], **CLOSE)


@pytest.mark.parametrize("lengths", [None, torch.zeros(N, dtype=torch.long)], ids=["none", "zeros"])
def test_no_steps_at_all_give_the_answer_of_the_first_state(random_model, kind, lengths):
    model = random_model(**with_k(kind), **SIZES)
    out = model(normal(N, 0, D), lengths)
    torch.testing.assert_close(out.logits, model.head.bias.expand(N, C), **CLOSE)
    assert out.h.shape == (N, 0, M)
    assert out.q.shape == (N, L, 0, model.config.num_lstms)
    assert not any(part.any() for part in out.state)
    again = model(normal(N, 0, D), lengths, state=model(normal(N, T, D)).state)
    torch.testing.assert_close(again.logits, model(normal(N, T, D)).logits, **CLOSE)
    per_step = random_model(per_step=True, **with_k(kind), **SIZES)
    assert per_step(normal(N, 0, D), lengths).logits.shape == (N, 0, C)


# -- streaming -------------------------------------------------------------------------------------------------------


@CHOICES
def test_step_by_step_equals_all_at_once(random_model, kind, choice):
    model = random_model(per_step=True, **with_k(kind), **SIZES)
    x, noise = normal(N, T, D), gumbel_draws(N, L, T, model.config.num_lstms)
    whole = model(x, choice=choice, noise=noise)
    state, parts = None, []
    for t in range(T):
        parts.append(model(x[:, t : t + 1], choice=choice, noise=noise[:, :, t : t + 1], state=state))
        state = parts[-1].state
    joined = Output(
        logits=torch.cat([part.logits for part in parts], 1),
        h=torch.cat([part.h for part in parts], 1),
        q=torch.cat([part.q for part in parts], 2),
        z=torch.cat([part.z for part in parts], 2),
        state=parts[-1].state,
    )
    assert_same(joined, whole)


@pytest.mark.parametrize("cut", [1, 3, 5])
def test_sequences_that_end_before_or_after_a_cut_go_on_from_their_own_last_step(random_model, kind, cut):
    model = random_model(**with_k(kind), **SIZES)
    x = normal(N, T, D)
    whole = model(x, LENGTHS)
    head = model(x[:, :cut], LENGTHS.clamp(max=cut))
    tail = model(x[:, cut:], (LENGTHS - cut).clamp(min=0), state=head.state)
    torch.testing.assert_close(tail.logits, whole.logits, **CLOSE)
    for ours, expected in zip(tail.state, whole.state, strict=True):
        torch.testing.assert_close(ours, expected, **CLOSE)
    torch.testing.assert_close(torch.cat([head.q, tail.q], 2), whole.q, **CLOSE)


# -- choosing --------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("carry", ["mixed", "own"])
def test_unless_told_a_model_samples_in_training_and_takes_the_best_in_use(random_model, carry):
    model, x = random_model(k=K, carry=carry, **SIZES), normal(N, T, D)
    assert_same(model(x), model(x, choice="argmax"))
    model.train()
    in_training = model(x, tau=0.7, generator=seeded(1))
    assert_same(in_training, model(x, tau=0.7, choice="gumbel", generator=seeded(1)))
    assert not torch.allclose(in_training.z, model(x, choice="argmax").z)


@pytest.mark.parametrize("training", [False, True], ids=["in_use", "in_training"])
@pytest.mark.parametrize("carry", ["mixed", "own"])
def test_a_forced_lstm_is_taken_and_minus_1_leaves_the_step_free(random_model, carry, training):
    model, x = random_model(k=K, carry=carry, **SIZES).train(training), normal(N, T, D)
    noise = gumbel_draws(N, L, T, K)
    forced = torch.from_numpy(np.random.default_rng(1).integers(-1, K, (N, L, T)))
    out = model(x, LENGTHS, choice=forced, tau=0.7, noise=noise)
    counted = COUNTED[:, None].expand(N, L, T)
    taken, free = (forced >= 0) & counted, (forced < 0) & counted
    assert torch.equal(out.z[taken], nn.functional.one_hot(forced[taken], K).double())
    if training:
        torch.testing.assert_close(out.z[free], ((out.q.log() + noise) / 0.7).softmax(-1)[free], **CLOSE)
    else:
        assert torch.equal(out.z[free], nn.functional.one_hot(out.q[free].argmax(-1), K).double())
    assert not out.z[~counted].any()


def test_forcing_what_a_model_would_take_anyway_changes_nothing(random_model):
    model, x = random_model(k=K, **SIZES), normal(N, T, D)
    free = model(x, LENGTHS)
    assert_same(model(x, LENGTHS, choice=free.z.argmax(-1)), free)
    assert_same(model(x, LENGTHS, choice=torch.full((N, L, T), -1)), free)


@CHOICES
def test_a_lesion_silences_lstms_and_shares_their_q_among_the_others(random_model, choice):
    model, x = random_model(k=K, **SIZES), normal(N, T, D)
    allowed = torch.tensor([True, False, True])
    noise = gumbel_draws(N, L, T, K)
    whole = model(x, LENGTHS, choice=choice, noise=noise)
    lesioned = model(x, LENGTHS, choice=choice, noise=noise, allowed=allowed)
    assert not lesioned.q[..., 1].any()
    assert not lesioned.z[..., 1].any()
    torch.testing.assert_close(lesioned.q.sum(-1), COUNTED.double()[:, None].expand(N, L, T), **CLOSE)
    torch.testing.assert_close(lesioned.z.sum(-1), COUNTED.double()[:, None].expand(N, L, T), **CLOSE)
    rest = whole.q[:, 0, 0] * allowed  # in the first step of the first layer both still see the same
    torch.testing.assert_close(lesioned.q[:, 0, 0], rest / rest.sum(-1, keepdim=True), **CLOSE)
    assert_same(model(x, LENGTHS, choice=choice, noise=noise, allowed=torch.ones(K, dtype=torch.bool)), whole)


def test_given_noise_reproduces_a_sample(random_model):
    model, x, noise = random_model(k=K, **SIZES).train(), normal(N, T, D), gumbel_draws(N, L, T, K)
    first = model(x, noise=noise, generator=seeded(1))
    assert_same(model(x, noise=noise, generator=seeded(2)), first)
    assert not torch.allclose(model(x, noise=noise.flip(-1)).z, first.z)


def test_the_same_seed_gives_the_same_draws_and_leaves_the_global_generator_alone(random_model):
    model, x = random_model(k=K, dropout=0.3, **SIZES).train(), normal(N, T, D)
    before = torch.random.get_rng_state()
    first = model(x, generator=seeded(1))
    assert_same(model(x, generator=seeded(1)), first)
    assert not torch.allclose(model(x, generator=seeded(2)).z, first.z)
    assert torch.equal(torch.random.get_rng_state(), before)
    torch.manual_seed(1)
    from_global = model(x)
    torch.manual_seed(1)
    assert_same(model(x), from_global)


def test_draws_differ_between_sequences_layers_steps_and_lstms(random_model):
    model = random_model(k=K, **SIZES)
    with torch.no_grad():
        for weight in model.parameters():
            weight.zero_()  # a is 0 everywhere: z shows the draws alone
    z = model(normal(N, T, D), choice="gumbel", generator=seeded(0)).z
    for axis in range(4):
        assert not torch.isclose(*z.unfold(axis, 2, 1).unbind(-1)).any()


# -- first weights ---------------------------------------------------------------------------------------------------


def test_the_same_seed_gives_the_same_weights_and_leaves_the_global_generator_alone(kind):
    config = ModelConfig(**with_k(kind), **SIZES)
    before = torch.random.get_rng_state()
    one, same, other = (SequenceModel(config, generator=seeded(seed)).state_dict() for seed in (1, 1, 2))
    assert torch.equal(torch.random.get_rng_state(), before)
    assert all(torch.equal(one[name], same[name]) for name in one)
    drawn = [name for name in one if one[name].unique().numel() > 2]  # the others are biases, or peepholes
    assert sum("layers" in name for name in drawn) >= 2 * L
    assert "head.weight" in drawn
    assert not any(torch.equal(one[name], other[name]) for name in drawn)


def test_num_weights_counts_what_the_equations_name():
    model = SequenceModel(ModelConfig(k=K, **SIZES), generator=seeded(0))
    layers = [(size + M + 1) * (K + 4 * K * M) for size in (D, M)]
    assert model.num_weights == sum(layers) + (M + 1) * C


# -- dropout ---------------------------------------------------------------------------------------------------------


def test_with_one_layer_dropout_does_nothing(random_model, kind):
    sizes = {**SIZES, "num_layers": 1}
    x = normal(N, T, D)
    plain, dropping = (random_model(dropout=share, **with_k(kind), **sizes).train() for share in (0.0, 0.7))
    assert_same(dropping(x, choice="soft"), plain(x, choice="soft"))


def test_in_use_dropout_does_nothing(random_model, kind):
    x = normal(N, T, D)
    plain, dropping = (random_model(dropout=share, **with_k(kind), **SIZES) for share in (0.0, 0.7))
    assert_same(dropping(x, choice="soft"), plain(x, choice="soft"))


def test_dropout_zeroes_its_share_of_what_passes_between_layers_and_scales_the_rest(random_model, kind):
    many, share = 401, 0.3
    x = normal(many, T, D)
    plain = random_model(**with_k(kind), **SIZES)
    dropping = random_model(dropout=share, **with_k(kind), **SIZES).train()
    inputs: dict[str, Tensor] = {}
    for name, model in [("plain", plain), ("dropping", dropping)]:
        for layer, module in enumerate(model.get_submodule("layers").children()):
            module.register_forward_pre_hook(
                lambda _, arguments, key=f"{name} {layer}": inputs.update({key: arguments[0]})
            )
    plain(x, choice="soft")
    out = dropping(x, choice="soft", generator=seeded(5))
    assert torch.equal(inputs["dropping 0"], inputs["plain 0"])  # not before the first layer
    kept = inputs["dropping 1"] != 0
    torch.testing.assert_close(inputs["dropping 1"][kept], inputs["plain 1"][kept] / (1 - share), **CLOSE)
    assert (~kept).double().mean().item() == pytest.approx(share, abs=0.02)
    assert not torch.equal(kept[0], kept[1])  # each step drops its own
    assert out.h.ne(0).all()  # not after the last layer
    again, other = (dropping(x, choice="soft", generator=seeded(seed)) for seed in (5, 6))
    assert_same(again, out)
    assert not torch.allclose(other.h, out.h)


# -- what is refused -------------------------------------------------------------------------------------------------

X = normal(N, T, D)
FREE = torch.full((N, L, T), -1)
REFUSED: dict[str, tuple[dict[str, Any], str]] = {
    "x without axes": ({"x": X[0]}, r"x must have the axes \(N, T, 13\), got shape \(11, 13\)"),
    "x too wide": ({"x": normal(N, T, D + 1)}, r"x must have the axes \(N, T, 13\), got shape \(7, 11, 14\)"),
    "x in another dtype": ({"x": X.float()}, r"x must be torch.float64 as the weights are, got torch.float32"),
    "too few lengths": ({"lengths": LENGTHS[1:]}, r"lengths must be 7 whole numbers, got shape \(6,\)"),
    "lengths with fractions": ({"lengths": LENGTHS / 2}, r"lengths must be 7 whole numbers, .* of torch.float32"),
    "lengths as a mask": ({"lengths": LENGTHS > 3}, r"lengths must be 7 whole numbers, .* of torch.bool"),
    "a length above T": ({"lengths": LENGTHS + 1}, "lengths must be from 0 to 11, got 2 to 12"),
    "a length below 0": ({"lengths": LENGTHS - 2}, "lengths must be from 0 to 11, got -1 to 9"),
    "tau 0": ({"tau": 0}, "tau must be > 0, got 0; 0.1 is already close to one-hot"),
    "tau below 0": ({"tau": -0.5}, "tau must be > 0, got -0.5"),
    "tau NaN": ({"tau": float("nan")}, "tau must be a finite number, got nan"),
    "tau infinite": ({"tau": float("inf")}, "tau must be a finite number, got inf"),
    "an unknown choice": ({"choice": "best"}, "choice must be one of gumbel, argmax, soft, got 'best'"),
    "choice of another shape": ({"choice": FREE[0]}, r"choice must have the shape \(7, 2, 11\), got \(2, 11\)"),
    "choice with fractions": ({"choice": FREE.double()}, "choice must hold whole numbers, got torch.float64"),
    "choice as a mask": ({"choice": FREE > 0}, "choice must hold whole numbers, got torch.bool"),
    "an LSTM there is not": ({"choice": FREE + K + 1}, "choice must be from -1 to 2, got 3 to 3"),
    "choice below -1": ({"choice": FREE - 1}, "choice must be from -1 to 2, got -2 to -2"),
    "too few allowed": (
        {"allowed": torch.ones(K + 1, dtype=torch.bool)},
        r"allowed must be 3 true or false values, got shape \(4,\)",
    ),
    "allowed as numbers": ({"allowed": torch.ones(K)}, "allowed must be 3 true or false values"),
    "nothing allowed": ({"allowed": torch.zeros(K).bool()}, "allowed must leave at least one LSTM, got none"),
    "forced but forbidden": (
        {"choice": FREE + 2, "allowed": torch.tensor([True, False, True])},
        "choice forces an LSTM that is not allowed; allow it, or force another",
    ),
    "noise in the original's order": (
        {"noise": normal(L, T, N, K)},
        r"noise must have the shape \(7, 2, 11, 3\), got \(2, 11, 7, 3\)",
    ),
    "half a state": ({"state": (normal(L, N, M),)}, "state must hold 2 tensors with carry='mixed', got 1"),
    "state of another shape": (
        {"state": (normal(L, N, M), normal(N, L, M))},
        r"state c must have the shape \(2, 7, 5\), got \(7, 2, 5\)",
    ),
    "state in another dtype": (
        {"state": (normal(L, N, M).float(), normal(L, N, M).float())},
        "state h must be torch.float64 as the weights are",
    ),
}


@pytest.mark.parametrize("case", REFUSED)
def test_what_does_not_fit_is_refused_by_name(random_model, case):
    arguments, message = REFUSED[case]
    model = random_model(k=K, **SIZES)
    with pytest.raises(ValueError, match=message):
        model(**{"x": X, **arguments})


def test_arrays_count_as_tensors_do(random_model):
    model = random_model(k=K, **SIZES)
    noise, allowed, forced = gumbel_draws(N, L, T, K), torch.tensor([True, False, True]), FREE.clone()
    forced[:, 0, 3] = 2
    drawn = model(X, LENGTHS, choice="gumbel", allowed=allowed, noise=noise)
    as_arrays = model(X, LENGTHS.numpy(), choice="gumbel", allowed=allowed.numpy(), noise=noise.numpy())
    torch.testing.assert_close(as_arrays.logits, drawn.logits, rtol=0, atol=0)
    torch.testing.assert_close(model(X, choice=forced.numpy()).z, model(X, choice=forced).z, rtol=0, atol=0)


def test_noise_of_another_precision_is_taken(random_model):
    model, noise = random_model(k=K, **SIZES), gumbel_draws(N, L, T, K).float()
    taken = model(X, choice="gumbel", noise=noise)
    torch.testing.assert_close(taken.z, model(X, choice="gumbel", noise=noise.double()).z, rtol=0, atol=0)


def test_a_state_of_the_other_carry_is_refused(random_model):
    model = random_model(k=K, carry="own", **SIZES)
    with pytest.raises(ValueError, match="state must hold 3 tensors with carry='own', got 2"):
        model(X, state=random_model(k=K, **SIZES)(X).state)


# -- traces ----------------------------------------------------------------------------------------------------------


def test_a_trace_holds_what_the_model_does_and_would_have_answered_at_each_step(random_model, kind):
    model = random_model(**with_k(kind), **SIZES).float()
    trace = model.trace(X.numpy(), LENGTHS.numpy())
    out = model(X.float(), LENGTHS)
    np.testing.assert_array_equal(trace.lengths, LENGTHS)
    np.testing.assert_allclose(trace.q, out.q.detach(), rtol=1e-5, atol=1e-6)
    np.testing.assert_allclose(trace.z, out.z.detach(), rtol=1e-5, atol=1e-6)
    for t in range(T):
        so_far = model(X[:, : t + 1].float(), LENGTHS.clamp(max=t + 1)).logits.detach()
        here = (t < LENGTHS).numpy()
        np.testing.assert_allclose(trace.logits[here, t], so_far[here], rtol=1e-4, atol=1e-5)


@pytest.mark.parametrize("choice", ["soft", "argmax", "forced"])
def test_the_size_of_batches_does_not_show_in_a_trace(random_model, choice):
    model = random_model(k=K, **SIZES)
    forced = np.random.default_rng(0).integers(-1, K, (N, L, T))
    options: dict[str, Any] = {
        "choice": forced if choice == "forced" else choice,
        "allowed": [True, True, choice != "soft"],
    }
    calls: list[tuple[int, int]] = []
    small = model.trace(X.numpy(), LENGTHS.numpy(), batch_size=3, on_batch=lambda *c: calls.append(c), **options)
    whole = model.trace(X.numpy(), LENGTHS.numpy(), **options)
    for name in ("q", "z", "logits"):
        np.testing.assert_allclose(getattr(small, name), getattr(whole, name), rtol=1e-6, atol=1e-7)
    assert calls == [(3, N), (6, N), (7, N)]
    if choice == "soft":
        assert not small.q[..., 2].any()


def test_a_sampled_trace_follows_its_seed_and_its_noise(random_model):
    model, noise = random_model(k=K, **SIZES), gumbel_draws(N, L, T, K).numpy()
    one, same, other = (model.trace(X.numpy(), choice="gumbel", tau=0.5, seed=seed).z for seed in (1, 1, 2))
    np.testing.assert_array_equal(one, same)
    assert not np.allclose(one, other)
    given = model.trace(X.numpy(), choice="gumbel", tau=0.5, noise=noise, batch_size=2).z
    expected = model(X, choice="gumbel", tau=0.5, noise=torch.from_numpy(noise)).z
    np.testing.assert_allclose(given, expected.detach(), rtol=1e-5, atol=1e-6)


@pytest.mark.parametrize("training", [False, True])
def test_a_trace_is_taken_without_dropout_and_leaves_the_mode_as_it_was(random_model, training):
    model = random_model(k=K, dropout=0.7, **SIZES).train(training)
    plain = random_model(k=K, **SIZES)
    np.testing.assert_array_equal(model.trace(X.numpy()).logits, plain.trace(X.numpy()).logits)
    assert model.training == training
    with pytest.raises(ValueError, match="choice must be one of"):
        model.trace(X.numpy(), choice="best")
    assert model.training == training


@pytest.mark.parametrize("odd", [np.nan, np.inf, -np.inf])
def test_a_trace_of_what_is_not_finite_is_refused(random_model, odd):
    x = X.numpy().copy()
    x[3, 5, 2] = odd
    with pytest.raises(ValueError, match="x must be finite, but it holds NaN or infinity"):
        random_model(k=K, **SIZES).trace(x)


@pytest.mark.parametrize("shape", [(0, T, D), (T, D), (T,)])
def test_a_trace_of_no_sequences_is_refused(random_model, shape):
    with pytest.raises(ValueError, match=r"x must have the axes \(N, T, 13\), N >= 1, got shape"):
        random_model(k=K, **SIZES).trace(np.zeros(shape))


# -- the GPU ---------------------------------------------------------------------------------------------------------


@pytest.mark.gpu
@pytest.mark.skipif(not torch.cuda.is_available(), reason="no CUDA device on this machine")
@CHOICES
def test_cpu_and_cuda_agree_on_outputs_and_gradients(random_model, kind, choice):
    model = random_model(**with_k(kind), **SIZES)
    noise = gumbel_draws(N, L, T, model.config.num_lstms)
    found = []
    for device in ("cpu", "cuda"):
        model.to(device).zero_grad()
        x = X.clone().to(device).requires_grad_()
        out = model(x, LENGTHS.to(device), choice=choice, noise=noise.to(device), tau=0.7)
        (out.logits.sin().sum() + out.q.square().sum()).backward()
        tensors = [out.logits, out.h, out.q, out.z, *out.state, x.grad, *(w.grad for w in model.parameters())]
        found.append([tensor.detach().cpu() for tensor in tensors if tensor is not None])
    assert len(found[0]) == len(found[1])
    for on_cpu, on_cuda in zip(*found, strict=True):
        torch.testing.assert_close(on_cuda, on_cpu, rtol=1e-8, atol=1e-9)


def test_a_trace_whose_answers_are_not_finite_is_refused(random_model):
    model = random_model(k=K, **SIZES).float()
    with torch.no_grad():
        model.head.weight.fill_(math.inf)
    with pytest.raises(ValueError, match="the model's answers are not finite: its weights are too large"):
        model.trace(np.ones((2, T, D), np.float32))
