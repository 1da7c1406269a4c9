"""Kinds of targets: what is learned by, and what is told, against scikit-learn and by hand.

Sizes: M = 23 answers, C = 5 outputs; N = 31 sequences, T = 7 steps.
"""

from collections.abc import Callable
from dataclasses import replace

import numpy as np
import pytest
import torch
from sklearn.metrics import accuracy_score, f1_score, r2_score

from mrnn import ModelConfig, SequenceData, SequenceModel, TrainConfig, evaluate, train
from mrnn.data import Target
from mrnn.targets import losses, score
from mrnn.training import objective

M, C, N, T, D = 23, 5, 31, 7, 2
RNG = np.random.default_rng(0)
LOGITS = RNG.normal(size=(M, C)).astype(np.float32)
Y: dict[Target, np.ndarray] = {
    "class": RNG.integers(0, C, M),
    "labels": RNG.integers(0, 2, (M, C)).astype(np.float32),
    "value": RNG.normal(1e3, 2, (M, C)).astype(np.float32),
}
KINDS = pytest.mark.parametrize("target", Y)
PER_STEP = pytest.mark.parametrize("per_step", [False, True], ids=["last", "per_step"])
CPU = TrainConfig(epochs=12, batch_size=17, learning_rate=0.02, device="cpu", precision="float32")


def told(target, logits, y, cuts=(7, 8)):
    """The score, gathered in pieces of unequal size."""
    gathered = score(target)
    for a, b in zip(np.split(logits, cuts), np.split(y, cuts), strict=True):
        gathered.add(torch.from_numpy(a), torch.from_numpy(b))
    return gathered.value()


def noisy(per_step: bool, target: Target, n: int = N, seed: int = 0) -> SequenceData:
    """Sequences whose two inputs, but for noise, are what is to be told of them."""
    rng = np.random.default_rng(seed)
    truth = rng.integers(0, 2, (n, T if per_step else 1, D)).astype(float)
    x = truth + rng.normal(0, 0.1, (n, T, D))
    y = truth if per_step else truth[:, 0]
    if target == "class":
        y = (y @ [1, 2]).astype(int)
    return SequenceData(x, y, rng.integers(2, T + 1, n), target)


def model_for(data: SequenceData) -> SequenceModel:
    outputs = 4 if data.target == "class" else D
    config = ModelConfig(D, outputs, k=3, hidden_size=11, per_step=data.per_step, target=data.target)
    return SequenceModel(config, generator=torch.Generator().manual_seed(0))


def test_scores_gathered_in_pieces_are_those_of_scikit_learn():
    assert told("class", LOGITS, Y["class"]) == accuracy_score(Y["class"], LOGITS.argmax(1))
    expected = f1_score(Y["labels"], LOGITS > 0, average="macro")
    assert told("labels", LOGITS, Y["labels"]) == pytest.approx(expected, abs=1e-12)
    near = (Y["value"] + LOGITS).astype(np.float32)
    assert told("value", near, Y["value"]) == pytest.approx(
        r2_score(Y["value"].astype(float), near.astype(float)), abs=1e-9
    )


def test_scores_are_defined_where_nothing_varies():
    never, always = np.full((M, C), -1, np.float32), np.ones((M, C), np.float32)
    assert told("labels", never, 0 * always) == 1
    assert told("labels", LOGITS[:, :1], 0 * always[:, :1]) == 0  # said, but never true
    assert told("value", always, always) == 1
    assert told("value", 2 * always, always) == 0


def test_labels_that_never_occur_and_are_never_said_leave_the_mean_alone():
    more = np.concatenate([LOGITS, np.full((M, 1), -1, np.float32)], 1)
    y = np.concatenate([Y["labels"], np.zeros((M, 1), np.float32)], 1)
    assert told("labels", more, y) == told("labels", LOGITS, Y["labels"])


def test_losses_are_their_formulas():
    p = np.exp(LOGITS) / np.exp(LOGITS).sum(1, keepdims=True)
    held = 1 / (1 + np.exp(-LOGITS))
    expected: dict[Target, np.ndarray] = {
        "class": -np.log(p[np.arange(M), Y["class"]]),
        "labels": -(Y["labels"] * np.log(held) + (1 - Y["labels"]) * np.log(1 - held)).mean(1),
        "value": ((LOGITS - Y["value"]) ** 2).mean(1),
    }
    for target, loss in expected.items():
        got = losses(target, torch.from_numpy(LOGITS), torch.from_numpy(Y[target]))
        np.testing.assert_allclose(got, loss, rtol=1e-5)


@PER_STEP
@KINDS
def test_every_kind_of_target_is_learned(target, per_step):
    data, new = noisy(per_step, target, 197), noisy(per_step, target, 89, seed=1)
    model = model_for(data)
    before = evaluate(model, new)
    reports = list(train(model, data, CPU, validation_data=noisy(per_step, target, 53, seed=2)))
    after = evaluate(model, new)
    assert reports[-1].loss < reports[0].loss / 2
    assert after.loss < before.loss / 2
    assert after.accuracy > 0.8


@PER_STEP
@KINDS
def test_what_lies_behind_a_sequence_counts_for_nothing(target, per_step):
    data = noisy(per_step, target)
    padding = np.arange(T) >= data.lengths[:, None]
    x, y = data.x.copy(), data.y.copy()
    x[padding] = 1e3
    if per_step:
        y[padding] = 1
    other = replace(data, x=x, y=y)
    model = model_for(data)
    assert evaluate(model, data) == evaluate(model, other)


@PER_STEP
@KINDS
def test_a_weight_counts_as_that_many_copies(target, per_step):
    data = noisy(per_step, target)
    model = model_for(data)
    counts = np.random.default_rng(3).integers(0, 4, N)

    def loss(data: SequenceData, weights: np.ndarray | None) -> float:
        lengths = torch.from_numpy(data.lengths)
        out = model(torch.from_numpy(data.x), lengths, choice="argmax")
        given = None if weights is None else torch.from_numpy(weights).float()
        return objective(out, torch.from_numpy(data.y), lengths, 0, target=data.target, weights=given).item()

    copies = data.take(np.repeat(np.arange(N), counts))
    assert loss(data, counts) == pytest.approx(loss(copies, None), rel=1e-5)
    assert loss(data, counts) != pytest.approx(loss(data, None), rel=1e-3)
    assert loss(data, 0 * counts) == 0


def test_weights_reach_training():
    data = noisy(False, "class", 97)
    wrong = replace(data, y=(data.y + 1) % 4)
    both = SequenceData(
        np.concatenate([data.x, wrong.x]), np.concatenate([data.y, wrong.y]), np.tile(data.lengths, 2),
        weights=np.repeat([1, 0], 97),
    )  # fmt: skip
    model = model_for(data)
    list(train(model, both, CPU, validation_data=data))
    assert evaluate(model, data).accuracy > 0.8


def memory(streams: int, n: int = 120, seed: int = 0) -> SequenceData:
    """The first step of each stream says which class all its pieces have; all other steps say nothing."""
    rng = np.random.default_rng(seed)
    said = rng.integers(0, 2, streams)
    x = np.zeros((n, T, D))
    x[np.arange(streams), 0, said] = 1
    return SequenceData(x, np.tile(said, n // streams), np.full(n, T), streams=streams)


def test_the_state_is_carried_from_piece_to_piece_of_a_stream():
    data = memory(12)
    model = model_for(data)
    whole = (
        model(torch.from_numpy(data.x.reshape(-1, 12, T, D).swapaxes(0, 1).reshape(12, -1, D)), choice="argmax")
        .logits.argmax(-1)
        .numpy()
    )
    hits = whole == data.y[-12:]
    state, said = None, np.zeros(0)
    for batch in data.batches(5):
        out = model(torch.from_numpy(batch.x), choice="argmax", state=state)
        state, said = out.state, out.logits.argmax(-1).numpy()
    np.testing.assert_array_equal(said == data.y[-12:], hits)
    kept, forgotten = evaluate(model, data), evaluate(model, replace(data, streams=0))
    assert kept.loss != pytest.approx(forgotten.loss, abs=1e-6)


def test_a_stream_is_learned_across_its_pieces():
    config = replace(CPU, epochs=80)
    reach = []
    for streams in (40, 0):
        data, new = replace(memory(40), streams=streams), replace(memory(40, seed=1), streams=streams)
        model = model_for(data)
        list(train(model, data, config, validation_data=new))
        reach.append(evaluate(model, new).accuracy)
    assert reach[0] > 0.9
    assert reach[1] < 0.8, "a third of the pieces begin with what has to be known; of the others half are guessed"


def test_of_streams_the_last_pieces_are_held_out():
    data = memory(12)
    rest, out = data.held_out(0.2, np.random.default_rng(0))
    assert (rest.streams, out.streams, len(rest), len(out)) == (12, 12, 96, 24)
    np.testing.assert_array_equal(np.concatenate([rest.x, out.x]), data.x)


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"target": "colour"}, "target must be one of class, labels, value, got 'colour'"),
        ({"target": "labels"}, r"y must have the shape \(31, C\), or \(31, 7, C\) a step, got \(31,\)"),
        ({"target": "labels", "y": np.full((N, 2), 0.5)}, "y must hold 0 and 1 alone"),
        ({"target": "value", "y": np.full((N, 2), np.nan)}, "y must be finite"),
        ({"target": "value", "y": np.zeros((N, 0))}, r"got \(31, 0\)"),
        ({"weights": -np.ones(N)}, "weights must be 31 finite numbers >= 0"),
        ({"weights": np.ones(N - 1)}, "weights must be 31 finite numbers >= 0"),
        ({"streams": 7}, "streams must divide the 31 sequences, got 7"),
    ],
)
def test_targets_that_do_not_fit_are_refused(change, message):
    with pytest.raises(ValueError, match=message):
        replace(noisy(False, "class"), **change)


def test_data_of_another_kind_than_the_models_are_refused():
    model = model_for(noisy(False, "labels"))
    with pytest.raises(ValueError, match="the model answers with labels, the data's targets are of kind value"):
        evaluate(model, noisy(False, "value"))
    with pytest.raises(ValueError, match="the model has 2 outputs, the data's targets 3"):
        evaluate(model, replace(noisy(False, "labels"), y=np.zeros((N, 3))))


def test_a_trace_says_what_its_logits_are_of():
    laws: list[tuple[Target, Callable[[np.ndarray, np.ndarray], bool]]] = [
        ("class", lambda p, _: np.allclose(p.sum(-1), 1)),
        ("labels", lambda p, logits: np.allclose(np.log(p / (1 - p)), logits, atol=1e-4)),
        ("value", lambda p, logits: np.array_equal(p, logits)),
    ]
    for target, law in laws:
        data = noisy(True, target)
        trace = model_for(data).trace(data.x, data.lengths)
        assert law(trace.probabilities, trace.logits)
        assert trace.take(slice(3)).target == target
