"""Training: what is learnt, what is reported, and what a seed decides.

Sizes: N = 31 sequences, T = 7 steps, D = 2 inputs, C = 3 classes; k = 3 LSTMs, m = 5 units.
"""

import json
import math
import time
from dataclasses import replace
from typing import Any

import numpy as np
import pytest
import torch
from torch import Tensor
from torch.overrides import TorchFunctionMode

from mrnn import (
    ModelConfig,
    SequenceData,
    SequenceModel,
    TrainConfig,
    evaluate,
    kernels,
    recurrence,
    train,
)
from mrnn.devices import choose_device
from mrnn.markov import MarkovLayer
from mrnn.training import Training, check_fit, objective

N, T, D, C, K, M = 31, 7, 2, 3, 3, 5
CPU = TrainConfig(epochs=3, batch_size=11, device="cpu", precision="float32")
PER_STEP = pytest.mark.parametrize("per_step", [False, True], ids=["last", "per_step"])


def loud(n: int = N, seed: int = 0, per_step: bool = False) -> SequenceData:
    """Sequences of 1 to 7 steps in which one input is the louder one, or neither; junk as padding."""
    rng = np.random.default_rng(seed)
    y = rng.integers(0, C, (n, T) if per_step else n)
    x = rng.normal(0, 0.3, (n, T, D))
    for louder in range(D):
        x[..., louder] += y == louder if per_step else (y == louder)[:, None]
    lengths = rng.integers(1, T + 1, n)
    x[np.arange(T) >= lengths[:, None]] = 1e6
    return SequenceData(x, y, lengths)


def small(seed: int = 0, **fields: Any) -> SequenceModel:
    sizes = {"input_size": D, "output_size": C, "hidden_size": M, "k": K if fields.get("cell", "mrnn") == "mrnn" else 1}
    return SequenceModel(ModelConfig(**{**sizes, **fields}), generator=torch.Generator().manual_seed(seed))


def weights_of(model: SequenceModel) -> dict[str, Tensor]:
    return {name: weight.clone() for name, weight in model.state_dict().items()}


def equal(one: dict[str, Tensor], other: dict[str, Tensor]) -> bool:
    return all(torch.equal(one[name], other[name]) for name in one)


def tensors(data: SequenceData) -> tuple[Tensor, Tensor, Tensor]:
    return torch.from_numpy(data.x), torch.from_numpy(data.y), torch.from_numpy(data.lengths)


def spy(model: SequenceModel) -> list[dict[str, Any]]:
    """What the model is called with from now on: the call's keywords, x, lengths, and whether it was training."""
    calls: list[dict[str, Any]] = []

    def note(module: Any, arguments: tuple[Tensor, ...], keywords: dict[str, Any]) -> None:
        x, lengths = arguments
        calls.append({**keywords, "x": x.clone(), "lengths": lengths.clone(), "training": module.training})

    model.register_forward_pre_hook(note, with_kwargs=True)
    return calls


# -- what is learnt --------------------------------------------------------------------------------------------------


def assert_learns(model: SequenceModel, per_step: bool, objective_name: str = "mle", device: str = "cpu") -> None:
    config = replace(CPU, epochs=7, batch_size=29, learning_rate=0.05, objective=objective_name, device=device)
    reports = list(train(model, loud(197, per_step=per_step), config, validation_data=loud(97, 1, per_step)))
    assert reports[-1].loss < reports[0].loss - 0.2
    assert reports[-1].accuracy_hard > 0.7, "chance is 0.33"
    assert evaluate(model, loud(89, 2, per_step)).accuracy > 0.7


@PER_STEP
def test_every_cell_learns_from_targets_of_either_kind(kind, per_step):
    assert_learns(small(per_step=per_step, **kind), per_step)


@PER_STEP
@pytest.mark.parametrize("name", ["er", "vb"])
def test_every_objective_learns(name, per_step):
    assert_learns(small(per_step=per_step), per_step, name)


def test_padding_does_not_move_training():
    data = loud()
    zeros = np.where((np.arange(T) < data.lengths[:, None])[..., None], data.x, 0)
    learnt = []
    for x in (data.x, zeros):
        model = small()
        list(train(model, replace(data, x=x), replace(CPU, objective="er", beta=0.5)))
        learnt.append(weights_of(model))
    assert equal(*learnt)


def test_a_model_that_is_sure_of_one_lstm_still_has_finite_gradients():
    """In float32 q reaches 0: the slope of q log q must not be infinite there."""
    model = small()
    with torch.no_grad():
        model.get_parameter("layers.0.b_z")[0] = 300
    x, y, lengths = tensors(loud())
    out = model(x, lengths, choice="soft")
    assert (out.q == 0).any()
    objective(out, y, lengths, 1.0).backward()
    assert all(torch.isfinite(w.grad).all() for w in model.parameters() if w.grad is not None)
    assert sum(w.grad is not None for w in model.parameters()) == len(weights_of(model))


# -- objectives ------------------------------------------------------------------------------------------------------


@PER_STEP
@pytest.mark.parametrize("name", ["mle", "er", "vb"])
def test_an_objective_is_cross_entropy_minus_the_weighted_entropy_of_q(name, per_step):
    data = loud(per_step=per_step)
    x, y, lengths = tensors(data)
    model = small(num_layers=2, per_step=per_step)
    out = model(x, lengths, choice="soft")
    config = TrainConfig(objective=name, beta=0.37)
    counted = [(n, t) for n in range(N) for t in range(data.lengths[n])]
    # A loop over what counts, in float64: -log softmax of the right class; -q log q of the last layer.
    logits, q = out.logits.detach().double().numpy(), out.q[:, -1].detach().double().numpy()
    surprises = [
        math.log(np.exp(logits[where]).sum()) - logits[where][data.y[where]]
        for where in (counted if per_step else range(N))
    ]
    entropy = sum(-(q[where] * np.log(q[where])).sum() for where in counted) / N
    expected = np.mean(surprises) - {"mle": 0, "er": 0.37, "vb": 1}[name] * entropy
    assert 1 < entropy < T * math.log(K)
    assert objective(out, y, lengths, config.entropy_weight).item() == pytest.approx(expected, rel=1e-5)


def test_rewarding_entropy_makes_q_more_even():
    data, entropies = loud(197), []
    for name, beta in [("mle", 0.0), ("er", 1.0)]:
        model = small()
        list(train(model, data, replace(CPU, epochs=5, batch_size=29, learning_rate=0.05, objective=name, beta=beta)))
        q = model.trace(data.x, data.lengths).q
        entropies.append(-np.where(q > 0, q * np.log(np.maximum(q, 1e-30)), 0).sum())
    assert entropies[1] > 1.02 * entropies[0]


@PER_STEP
def test_balance_rewards_what_z_tells_about_the_step(per_step):
    data = loud(per_step=per_step)
    x, y, lengths = tensors(data)
    model = small(num_layers=2, per_step=per_step)
    with torch.no_grad():
        model.get_parameter("layers.0.b_z")[0] = 1
    out = model(x, lengths, choice="soft")
    counted = np.arange(T) < data.lengths[:, None]
    q = out.q.detach().double().numpy()
    told = []
    for layer in range(2):
        steps = q[:, layer][counted]
        use = steps.mean(0)
        # The mutual information of z and the step, by its definition: z's joint distribution against independence.
        told.append((steps / len(steps) * np.log(steps / use)).sum())
    plain = objective(out, y, lengths, 0.5).item()
    assert 1e-4 < np.mean(told) < math.log(K) - 0.01
    expected = plain + 0.37 * (math.log(K) - np.mean(told))
    assert objective(out, y, lengths, 0.5, 0.37).item() == pytest.approx(expected, rel=1e-5)


def test_balance_brings_a_forgotten_lstm_back():
    shares = []
    for balance in (0.0, 3.0):
        model = small()
        with torch.no_grad():
            model.get_parameter("layers.0.b_z")[0] = -3
        list(train(model, loud(197), replace(CPU, epochs=7, batch_size=29, learning_rate=0.05, balance=balance)))
        shares.append(model.trace(loud(197).x, loud(197).lengths, choice="soft").q.sum((0, 1, 2))[0])
    assert shares[1] > 2 * shares[0]


@pytest.mark.parametrize("batch_size", [N, 7])
def test_the_reported_loss_is_the_mean_over_the_epochs_sequences(batch_size):
    data, model = loud(), small(cell="lstm")
    x, y, lengths = tensors(data)
    expected = objective(model(x, lengths), y, lengths, 0.0).item()
    config = replace(CPU, epochs=1, batch_size=batch_size, learning_rate=1e-12)  # so small that nothing is learnt
    (report,) = train(model, data, config, validation_data=data)
    assert report.loss == pytest.approx(expected, rel=1e-5)


# -- seeds -----------------------------------------------------------------------------------------------------------


def learnt_with(kind: dict[str, Any], global_seed: int = 0, **changes: Any) -> dict[str, Tensor]:
    torch.manual_seed(global_seed)
    model = small(num_layers=2, dropout=0.2, **kind)
    list(train(model, loud(), replace(CPU, **changes)))
    return weights_of(model)


def test_the_same_seed_gives_the_same_weights_whatever_else_was_drawn(kind):
    assert equal(learnt_with(kind, global_seed=1, seed=5), learnt_with(kind, global_seed=2, seed=5))


def test_another_seed_gives_other_weights(kind):
    one, other = learnt_with(kind, seed=5), learnt_with(kind, seed=6)
    assert not any(torch.equal(one[name], other[name]) for name in one if "p_" not in name)


def test_training_leaves_the_global_generator_alone(kind):
    before = torch.random.get_rng_state()
    list(train(small(num_layers=2, dropout=0.2, **kind), loud(), CPU))
    assert torch.equal(torch.random.get_rng_state(), before)


# -- an epoch --------------------------------------------------------------------------------------------------------


def test_tau_falls_from_epoch_to_epoch_and_is_what_training_samples_with():
    model = small()
    calls = spy(model)
    config = replace(CPU, epochs=5, tau0=1.7, rate=0.4, tau_floor=0.5)
    reports = list(train(model, loud(), config))
    taus = [max(0.5, 1.7 * math.exp(-0.4 * past)) for past in range(5)]
    assert [report.tau for report in reports] == pytest.approx(taus, rel=1e-12)
    assert taus[-1] == 0.5
    per_epoch = math.ceil(round(0.9 * N) / 11)
    in_training = [call for call in calls if call["training"]]
    assert [call["tau"] for call in in_training] == pytest.approx(np.repeat(taus, per_epoch), rel=1e-12)
    assert all(call.get("choice") is None for call in in_training)


def test_reports_say_how_the_model_does_on_held_out_data():
    data, held_out = loud(97), loud(53, seed=1)
    model = small(num_layers=2)
    number = 0
    for number, report in enumerate(train(model, data, CPU, validation_data=held_out), 1):
        assert report.epoch == number
        hard, soft = (model.trace(held_out.x, held_out.lengths, choice=choice) for choice in ("argmax", "soft"))
        for trace, accuracy in [(hard, report.accuracy_hard), (soft, report.accuracy_soft)]:
            assert accuracy == pytest.approx((trace.answers.argmax(-1) == held_out.y).mean(), abs=1e-12)
        counted = np.arange(T) < held_out.lengths[:, None]
        shares = np.bincount(hard.listened()[counted], minlength=K) / counted.sum()
        assert report.usage == pytest.approx(shares, abs=1e-9)
        assert sum(report.usage) == pytest.approx(1, abs=1e-9)
        assert report.seconds > 0
        assert report.epochs == 3
        assert report.to_dict() == {**vars(report)}
    assert number == 3


def test_per_step_accuracy_counts_steps_and_leaves_padding_out():
    data, model = loud(per_step=True), small(per_step=True)
    hits = model.trace(data.x, data.lengths).logits.argmax(-1) == data.y
    counted = np.arange(T) < data.lengths[:, None]
    assert hits[counted].mean() != pytest.approx(hits.mean(), abs=1e-3)
    assert evaluate(model, data).accuracy == pytest.approx(hits[counted].mean(), abs=1e-12)


@pytest.mark.parametrize("batch_size", [1, 11, 28, 97])
def test_progress_is_told_after_every_batch(batch_size):
    told: list[tuple[int, int]] = []
    config = replace(CPU, batch_size=batch_size)
    reports = train(small(), loud(), config, on_batch=lambda done, total: told.append((done, total)))
    per_epoch = math.ceil(28 / batch_size)  # 3 of 31 are held out
    for report in reports:
        assert len(told) == report.epoch * per_epoch
    assert told == [(done, 3 * per_epoch) for done in range(1, 3 * per_epoch + 1)]


@pytest.mark.parametrize("at", [1, 3, 4, 9])
def test_training_stops_after_the_batch_at_which_it_is_told_to(at):
    told: list[int] = []
    model = small()

    def stop(done: int, _total: int) -> bool:
        told.append(done)
        return done < at

    reports = list(train(model, loud(), CPU, on_batch=stop))
    assert told == list(range(1, at + 1))
    assert len(reports) == (at - 1) // 3  # 3 batches an epoch; the one that is broken off is not reported
    assert not model.training
    assert not equal(weights_of(model), weights_of(small()))


def test_gradients_are_clipped_to_their_norm():
    """Adam's first step is the same for any positive multiple of a gradient: look at the gradient itself."""
    norms = {}
    for clip in (1e-3, 1e6):
        model = small()
        list(train(model, loud(), replace(CPU, epochs=1, batch_size=97, clip=clip)))
        norms[clip] = math.sqrt(sum(float(w.grad.square().sum()) for w in model.parameters() if w.grad is not None))
    assert norms[1e-3] == pytest.approx(1e-3, rel=1e-2)
    assert norms[1e6] > 0.01


def steps_taken(**changes: Any) -> list[float]:
    """How far the weights move in each step of the optimiser: in Adam, about its learning rate for each weight."""
    model, sizes = small(), []
    last = torch.nn.utils.parameters_to_vector(model.parameters()).detach()

    def note(_done: int, _total: int) -> None:
        nonlocal last
        now = torch.nn.utils.parameters_to_vector(model.parameters()).detach()
        sizes.append(float((now - last).square().mean().sqrt()))
        last = now

    list(train(model, loud(197), replace(CPU, epochs=4, batch_size=11, **changes), on_batch=note))
    return sizes


def test_one_cycle_begins_with_small_steps_takes_the_largest_after_a_quarter_and_ends_with_the_smallest():
    sizes = steps_taken(schedule="one-cycle", learning_rate=0.01)
    largest = max(sizes)
    assert 0.2 * len(sizes) < sizes.index(largest) + 1 < 0.5 * len(sizes)
    assert 0.005 < largest < 0.02
    assert sizes[0] < largest / 10
    assert sizes[-1] < largest / 1000
    even = steps_taken(learning_rate=0.01)
    assert max(even) < 10 * min(even)


def test_weight_decay_takes_its_share_of_a_weight_that_nothing_else_moves():
    """An input that is always 0 gives its weights no gradient."""
    data = loud()
    data.x[..., 1] = 0
    for share in (0.0, 0.3):
        model = small()
        before = weights_of(model)["layers.0.W_x"][1]
        list(train(model, data, replace(CPU, learning_rate=0.02, weight_decay=share)))
        after = weights_of(model)["layers.0.W_x"][1]
        assert torch.allclose(after, before * (1 - 0.02 * share) ** 9, rtol=1e-5)  # 3 epochs of 3 batches


def test_augmented_training_sees_each_batch_as_it_was_varied_and_measures_on_what_was_not():
    def louder(data: SequenceData, rng: np.random.Generator) -> SequenceData:
        return replace(data, x=data.x + 100 * rng.integers(1, 9, (len(data), 1, 1)))

    data, model = loud(), small()
    calls = spy(model)
    list(train(model, data, replace(CPU, augment=True), augment=louder))
    again = small()
    list(train(again, data, replace(CPU, augment=True), augment=louder))
    assert equal(weights_of(model), weights_of(again))
    plain = {x.tobytes() for x in data.x}
    for call in calls:
        assert all((x.numpy().tobytes() in plain) is not call["training"] for x in call["x"])
    varied = [x.numpy().tobytes() for call in calls if call["training"] for x in call["x"]]
    assert len(set(varied)) > 2 * 28, "the same in every epoch"

    model = small()
    calls = spy(model)
    list(train(model, data, CPU, augment=louder))
    assert {x.numpy().tobytes() for call in calls for x in call["x"]} == plain


def test_augmented_training_needs_to_be_told_how():
    with pytest.raises(ValueError, match=r"augment needs what varies a batch: pass augment=task\.augment"):
        next(train(small(), loud(), replace(CPU, augment=True)))


# -- put down and taken up -------------------------------------------------------------------------------------------

HARD = {"seed": 5, "epochs": 5, "schedule": "one-cycle", "weight_decay": 0.1, "balance": 0.1, "augment": True}


def shaken(data: SequenceData, rng: np.random.Generator) -> SequenceData:
    return replace(data, x=data.x + 0.1 * rng.standard_normal(data.x.shape))


def copied(state: tuple[dict[str, Tensor], dict[str, Any]]) -> tuple[dict[str, Tensor], dict[str, Any]]:
    """As a file would keep it."""
    return {name: tensor.clone() for name, tensor in state[0].items()}, json.loads(json.dumps(state[1]))


@pytest.mark.parametrize("precision", ["float32", "bfloat16"])
def test_training_that_is_taken_up_ends_with_the_weights_of_one_that_never_paused(kind, precision):
    config = replace(CPU, **HARD, precision=precision)

    def begin(seed: int = 0) -> tuple[SequenceModel, Training]:
        model = small(seed, num_layers=2, dropout=0.2, **kind)
        return model, Training(model, loud(), config, augment=shaken)

    whole, training = begin()
    reports, states = [], []
    for _ in range(5):
        reports.append(training.advance())
        states.append(copied(training.put_down()))
    for done in (1, 4):
        model, training = begin(seed=99)  # other weights, which must not show
        training.take_up(*states[done - 1])
        again = [training.advance() for _ in range(5 - done)]
        assert equal(weights_of(whole), weights_of(model))
        told = [{**vars(report), "seconds": 0} for report in again if report is not None]
        assert told == [{**vars(report), "seconds": 0} for report in reports[done:] if report is not None]


def test_a_broken_off_epoch_leaves_no_trace_in_what_is_taken_up():
    config = replace(CPU, **HARD)
    whole = small()
    list(train(whole, loud(), config, augment=shaken))
    model = small()
    training = Training(model, loud(), config, augment=shaken)
    training.advance()
    kept = copied(training.put_down())
    assert training.advance(lambda done, _total: done < 5) is None
    assert training.epoch == 1
    training = Training(model, loud(), config, augment=shaken)
    training.take_up(*kept)
    while training.epoch < config.epochs:
        training.advance()
    assert equal(weights_of(whole), weights_of(model))


# -- what is held out ------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("way", ["forward", "backward"])
@pytest.mark.parametrize("carry", ["mixed", "own"])
def test_a_batch_of_ten_seconds_is_broken_off_at_once_and_changes_no_weight(monkeypatch, way, carry):
    """What is kept is what a stop after the last whole batch keeps."""
    data, begun, slow = loud(61), [0], getattr(kernels, way)
    whole, broken_off = (Training(small(carry=carry), data, CPU) for _ in range(2))
    assert whole.advance(lambda done, _total: done < 3) is None

    def slowed(*arguments: Any) -> Any:
        begun[0] += 1
        if begun[0] > 3 * T:  # steps
            time.sleep(10 / T / 2)
        return slow(*arguments)

    monkeypatch.setattr(kernels, way, slowed)
    since: list[float] = []

    def go_on() -> bool:
        if begun[0] > 3 * T:
            since.append(time.monotonic())
        return not since

    assert broken_off.advance(None, go_on) is None
    assert time.monotonic() - since[0] < 2
    assert begun[0] == 3 * T + 1
    ours, theirs = (training.put_down()[0] for training in (broken_off, whole))
    assert any(name.startswith("optimizer.") for name in theirs)
    del ours["generator"], theirs["generator"]  # the batch that was broken off had drawn its noise
    assert ours.keys() == theirs.keys()
    assert equal(ours, theirs)


def test_all_cells_that_are_run_step_by_step_ask_between_their_steps(monkeypatch):
    monkeypatch.setattr(recurrence, "ASK_EVERY", 0.0)
    x = torch.zeros(2, T, D)
    for cell, by_definition in (("peephole", False), ("mrnn", False), ("mrnn", True)):
        model, asked = small(cell=cell), []
        for layer in model.layers:
            if isinstance(layer, MarkovLayer):
                layer.by_definition = by_definition
        with recurrence.asking(lambda: len(asked) < 5 and asked.append(1)), pytest.raises(recurrence.BrokenOffError):  # noqa: B023
            model(x)
        assert len(asked) == 5


@pytest.mark.parametrize("many", [1, 3, 1e9])
def test_what_the_input_adds_is_the_same_in_pieces(monkeypatch, many):
    """So that a product of minutes can be broken off."""
    model = small(num_layers=2).double()
    x, lengths = torch.from_numpy(loud().x).double().clamp(-1, 1), torch.from_numpy(loud().lengths)
    expected = model(x, lengths, choice="soft").h
    monkeypatch.setattr(recurrence, "MOST_AT_ONCE", many * N * (D + 1) * (4 * K * M + K))
    torch.testing.assert_close(model(x, lengths, choice="soft").h, expected, rtol=1e-12, atol=1e-12)


@pytest.mark.parametrize("share", [0.1, 0.4])
def test_held_out_sequences_are_never_trained_on(share):
    data, model = loud(), small()
    calls = spy(model)
    list(train(model, data, replace(CPU, validation_share=share)))
    seen = {x.numpy().tobytes() for call in calls if call["training"] for x in call["x"]}
    measured = {x.numpy().tobytes() for call in calls if not call["training"] for x in call["x"]}
    assert len(measured) == round(share * N)
    assert not seen & measured
    assert seen | measured == {x.tobytes() for x in data.x}


def test_validation_data_change_the_figures_and_never_the_weights():
    learnt, figures = [], []
    for seed in (1, 2):
        model, calls = small(), []
        calls = spy(model)
        figures.append([r.accuracy_hard for r in train(model, loud(), CPU, validation_data=loud(53, seed))])
        learnt.append(weights_of(model))
        seen = {x.numpy().tobytes() for call in calls if call["training"] for x in call["x"]}
        assert seen == {x.tobytes() for x in loud().x}  # nothing more is held out
    assert equal(*learnt)
    assert figures[0] != figures[1]


# -- what is refused -------------------------------------------------------------------------------------------------


def test_a_loss_that_is_not_finite_ends_training_with_a_word_of_advice():
    model = small()
    with torch.no_grad():
        model.head.weight.copy_(torch.tensor([[3e38], [-3e38], [1.0]]))
    with pytest.raises(
        FloatingPointError, match=r"the loss became (nan|inf) in epoch 1; a learning rate below 0.005 m"
    ):
        list(train(model, loud(), CPU))


MISFITS: list[tuple[dict[str, Any], dict[str, Any], str]] = [
    ({"input_size": 5}, {}, "the model takes 5 inputs a step, the data have 2"),
    ({"output_size": 2}, {}, "the model knows 2 classes, the data hold class 2"),
    ({"per_step": True}, {}, "the model answers at each step, the data's targets stand once a sequence"),
    ({}, {"per_step": True}, "the model answers once a sequence, the data's targets stand at each step"),
]


@pytest.mark.parametrize(("fields", "of_data", "message"), MISFITS)
def test_data_that_a_model_cannot_take_are_refused(fields, of_data, message):
    model, data = small(**fields), loud(**of_data)
    before = weights_of(model)
    for measure in (check_fit, evaluate, lambda model, data: list(train(model, data, CPU))):
        with pytest.raises(ValueError, match=message):
            measure(model, data)
    assert equal(before, weights_of(model))


def test_validation_data_that_a_model_cannot_take_are_refused_before_training():
    model = small()
    before = weights_of(model)
    with pytest.raises(ValueError, match="the data's targets stand at each step"):
        list(train(model, loud(), CPU, validation_data=loud(per_step=True)))
    assert equal(before, weights_of(model))


def test_one_sequence_is_too_few_to_hold_a_part_out():
    with pytest.raises(ValueError, match="a part can be held out of 2 sequences or more, got 1"):
        list(train(small(), loud(1), CPU))


@pytest.mark.parametrize("name", ["tpu", "nonsense", "cuda:97", "cpu cpu", "meta"])
def test_a_device_that_is_not_here_is_refused(name):
    with pytest.raises(ValueError, match=f"device must be one of auto, .*cpu on this machine, got '{name}'"):
        choose_device(name)


def test_auto_takes_the_best_device_that_is_here(monkeypatch):
    assert choose_device("cpu") == torch.device("cpu")
    for cuda, mps, best in [(True, True, "cuda"), (False, True, "mps"), (False, False, "cpu")]:
        monkeypatch.setattr(torch.cuda, "is_available", lambda here=cuda: here)
        monkeypatch.setattr(torch.backends.mps, "is_available", lambda here=mps: here)
        assert choose_device("auto").type == choose_device().type == best


def test_nothing_needs_numbers_that_apples_gpus_do_not_have():
    class NoDouble(TorchFunctionMode):
        def __torch_function__(self, func: Any, types: Any, args: Any = (), kwargs: Any = None) -> Any:
            kwargs = kwargs or {}
            result = func(*args, **kwargs)
            if isinstance(result, torch.Tensor) and result.dtype == torch.float64:
                raise TypeError(f"{func} made a float64 tensor")
            return result

    with NoDouble():
        (report,) = train(small(), loud(), replace(CPU, epochs=1))
        model = small()
        evaluate(model, loud(), choice="gumbel")
        model.trace(loud().x)
    assert math.isfinite(report.loss)


def test_a_model_in_float64_is_trained_and_measured_on_the_same_data():
    model = small().double()
    (report,) = train(model, loud(), replace(CPU, epochs=1))
    assert math.isfinite(report.loss)
    assert model.head.weight.dtype == torch.float64
    assert 0 <= evaluate(model, loud()).accuracy <= 1


# -- evaluation ------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("training", [False, True])
def test_evaluation_leaves_the_model_as_it_was(training):
    model, told = small(num_layers=2, dropout=0.5).train(training), []
    before = weights_of(model)
    first = evaluate(model, loud(), on_batch=lambda done, total: told.append((done, total)))
    assert evaluate(model, loud()) == first  # no dropout: twice the same
    assert model.training == training
    assert equal(before, weights_of(model))
    assert all(weight.grad is None for weight in model.parameters())
    assert told == [(1, 1)]

    def interrupt(_done: int, _total: int) -> None:
        raise InterruptedError

    with pytest.raises(InterruptedError):
        evaluate(model, loud(), on_batch=interrupt)
    assert model.training == training


def test_evaluation_in_batches_counts_every_sequence_once():
    data, model, told = loud(1201), small(), []
    measured = evaluate(model, data, on_batch=lambda done, total: told.append((done, total)))
    x, y, lengths = tensors(data)
    out = model.eval()(x, lengths)
    assert measured.accuracy == pytest.approx((out.logits.argmax(-1) == y).double().mean().item(), abs=1e-12)
    shares = out.z.sum((0, 1, 2)) / lengths.sum()
    assert measured.usage == pytest.approx(shares.tolist(), abs=1e-6)
    assert told == [(1, 3), (2, 3), (3, 3)]


@PER_STEP
@pytest.mark.parametrize("choice", ["argmax", "soft"])
def test_what_is_measured_does_not_depend_on_how_many_sequences_are_measured_at_once(monkeypatch, per_step, choice):
    model, data = small(per_step=per_step), loud(n=601, per_step=per_step)
    each = T * (4 * K * M + K) * 4  # bytes
    found, batches = [], []
    for most_bytes in (1, 7 * each, 256 * 2**20):
        monkeypatch.setattr("mrnn.model.MOST_BYTES", most_bytes)
        found.append(evaluate(model, data, choice=choice, on_batch=lambda done, total: batches.append((done, total))))
    assert [total for done, total in batches if done == total] == [601, math.ceil(601 / 7), math.ceil(601 / 500)]
    for other in found[1:]:
        assert other.accuracy == found[0].accuracy
        assert other.loss == pytest.approx(found[0].loss, rel=1e-6)
        assert other.usage == pytest.approx(found[0].usage, rel=1e-6)


def test_long_sequences_are_answered_a_few_at_a_time():
    model = small(k=16, hidden_size=64)
    assert model.most_at_once(1500) == 256 * 2**20 // (1500 * (4 * 16 * 64 + 16) * 4) == 10
    assert (model.most_at_once(10**6), model.most_at_once(1), model.most_at_once(0)) == (1, 500, 500)


def test_evaluation_says_which_choice_it_measured():
    data, model = loud(503), small()
    list(train(model, data, replace(CPU, epochs=1)))
    found = {choice: evaluate(model, data, choice=choice, tau=5.0) for choice in ("argmax", "soft", "gumbel")}
    assert evaluate(model, data) == found["argmax"]
    assert found["soft"] != found["argmax"] != found["gumbel"]
    assert evaluate(model, data, choice="gumbel", tau=5.0, seed=0) == found["gumbel"]
    assert evaluate(model, data, choice="gumbel", tau=5.0, seed=1) != found["gumbel"]
    assert sum(found["gumbel"].usage) == pytest.approx(1, abs=1e-9)


# -- the GPU ---------------------------------------------------------------------------------------------------------


@pytest.mark.gpu
@pytest.mark.skipif(not torch.cuda.is_available(), reason="no CUDA device on this machine")
def test_on_cuda_the_same_seed_gives_the_same_weights_and_training_learns():
    learnt = []
    for _ in range(2):
        model = small()
        assert_learns(model, per_step=False, device="cuda")
        assert model.device.type == "cuda"
        learnt.append(weights_of(model))
    assert equal(*learnt)
