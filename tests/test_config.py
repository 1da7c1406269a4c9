"""Configurations: every rule is checked when one is built, and JSON brings it back as it was."""

import json
import math
import reprlib
from dataclasses import FrozenInstanceError, replace
from typing import Any

import numpy as np
import pytest

from mrnn import ModelConfig, RunConfig, TrainConfig

MODEL = ModelConfig(input_size=3, output_size=7, k=5, hidden_size=2, num_layers=3, dropout=0.25, carry="own")
TRAINING = TrainConfig(
    epochs=3, batch_size=7, learning_rate=0.02, clip=5.0, objective="er", beta=0.3, tau0=1.5, rate=0.05,
    tau_floor=0.5, validation_share=0.2, seed=11, device="cpu", schedule="one-cycle", weight_decay=0.01, balance=0.03,
    augment=True, precision="float32",
)  # fmt: skip
RUN = RunConfig(task="waves", settings={"T": 53, "sigma": 0.25}, model=MODEL, training=TRAINING)
LARGEST_SEED = 2**63 - 1
NAN, INF = float("nan"), float("inf")


def test_numpys_numbers_are_taken_for_what_they_are():
    model = replace(MODEL, k=np.int64(7), dropout=np.float32(0.5))
    assert model == replace(MODEL, k=7, dropout=0.5)
    assert json.loads(json.dumps(model.to_dict()))["k"] == 7
    assert replace(TRAINING, tau0=np.float64(3.0), epochs=np.int32(2)) == replace(TRAINING, tau0=3.0, epochs=2)


MODEL_RULES: list[tuple[str, Any, str]] = [
    *((name, value, f"{name} must be a whole number, got ")
      for name in ("input_size", "output_size", "k", "hidden_size", "num_layers")
      for value in (2.0, "2", True, [2], NAN)),
    *((name, None, f"{name} must be a whole number, got None")
      for name in ("input_size", "output_size", "hidden_size", "num_layers")),
    ("input_size", 0, "input_size must be from 1 to 65536, got 0"),
    ("input_size", 65_537, "input_size must be from 1 to 65536, got 65537"),
    ("output_size", 0, "output_size must be from 1 to 65536, got 0"),
    ("output_size", 65_537, "output_size must be from 1 to 65536, got 65537"),
    ("k", 0, "k must be from 1 to 256, got 0"),
    ("k", -1, "k must be from 1 to 256, got -1"),
    ("k", 257, "k must be from 1 to 256, got 257"),
    ("hidden_size", 0, "hidden_size must be from 1 to 8192, got 0"),
    ("hidden_size", 8193, "hidden_size must be from 1 to 8192, got 8193"),
    ("num_layers", 0, "num_layers must be from 1 to 32, got 0"),
    ("num_layers", 33, "num_layers must be from 1 to 32, got 33"),
    ("dropout", -0.1, "dropout must be >= 0, got -0.1"),
    ("dropout", 1, "dropout must be below 1, got 1; 0.2 is usual"),
    ("dropout", NAN, "dropout must be a finite number, got nan"),
    ("dropout", 10**999, "dropout must be a finite number, got 1000"),
    ("dropout", "0.1", "dropout must be a finite number, got '0.1'"),
    ("cell", "rnn", "cell must be one of mrnn, lstm, gru, elman, peephole, got 'rnn'"),
    ("cell", None, "cell must be one of .*, got None"),
    ("carry", "both", "carry must be one of mixed, own, got 'both'"),
    ("per_step", 1, "per_step must be true or false, got 1"),
    ("span", -1, "span must be from 0 to 1000000, got -1"),
    ("span", 2, "span must be at least 3 steps, or 0 for none, got 2"),
    ("span", 7.0, "span must be a whole number, got 7.0"),
    ("embedding", -1, "embedding must be from 0 to 8192, got -1"),
    ("embedding", 8193, "embedding must be from 0 to 8192, got 8193"),
]  # fmt: skip
TRAINING_RULES: list[tuple[str, Any, str]] = [
    *((name, value, f"{name} must be a whole number, got ")
      for name in ("epochs", "batch_size", "seed")
      for value in (2.0, "2", True, None)),
    *((name, value, f"{'tau' if name == 'tau0' else name} must be a finite number, got ")
      for name in ("learning_rate", "weight_decay", "clip", "beta", "balance", "tau0", "rate", "tau_floor",
                   "validation_share")
      for value in (NAN, INF, 10**999, -10**999, "1", True, None)),
    ("epochs", 0, "epochs must be from 1 to 100000, got 0"),
    ("epochs", 100_001, "epochs must be from 1 to 100000, got 100001"),
    ("batch_size", 0, "batch_size must be from 1 to 1000000, got 0"),
    ("batch_size", 1_000_001, "batch_size must be from 1 to 1000000, got 1000001"),
    ("seed", -1, f"seed must be from 0 to {LARGEST_SEED}, got -1"),
    ("seed", LARGEST_SEED + 1, f"seed must be from 0 to {LARGEST_SEED}, got"),
    ("learning_rate", 0, "learning_rate must be > 0, got 0"),
    ("learning_rate", 1001, "learning_rate must be <= 1000, got 1001"),
    ("clip", 0, "clip must be > 0, got 0"),
    ("schedule", "cosine", "schedule must be one of constant, one-cycle, got 'cosine'"),
    ("weight_decay", -0.1, "weight_decay must be >= 0, got -0.1"),
    ("weight_decay", 200, "weight_decay must be below 1 / learning_rate = 200, got 200; 0.01 is usual"),
    ("balance", -0.1, "balance must be >= 0, got -0.1"),
    *(("augment", value, "augment must be true or false, got ") for value in (1, "true", None)),
    ("precision", "float16", "precision must be one of auto, float32, bfloat16, got 'float16'"),
    ("objective", "map", "objective must be one of mle, er, vb, got 'map'"),
    ("beta", -0.1, "beta must be >= 0, got -0.1"),
    ("tau0", 0, "tau must be > 0, got 0; 0.1 is already close to one-hot"),
    ("tau0", -2.0, "tau must be > 0, got -2; 0.1 is already close to one-hot"),
    ("tau0", 0.2, "tau_floor must not exceed tau0 = 0.2, got 0.3"),
    ("rate", -0.1, "rate must be >= 0, got -0.1"),
    ("tau_floor", 0, "tau_floor must be > 0, got 0"),
    ("validation_share", 0, "validation_share must be > 0, got 0"),
    ("validation_share", 1, "validation_share must be below 1, got 1; 0.1 is usual"),
    ("device", "", "device must be a name such as auto, cpu, cuda or mps, got ''"),
    ("device", 0, "device must be a name such as auto, cpu, cuda or mps, got 0"),
]  # fmt: skip


@pytest.mark.parametrize(("field", "value", "message"), MODEL_RULES, ids=reprlib.repr)
def test_a_model_that_breaks_a_rule_is_refused(field, value, message):
    with pytest.raises(ValueError, match=f"^{message}"):
        ModelConfig(**{"input_size": 3, "output_size": 7, field: value})


@pytest.mark.parametrize(("field", "value", "message"), TRAINING_RULES, ids=reprlib.repr)
def test_a_training_that_breaks_a_rule_is_refused(field, value, message):
    with pytest.raises(ValueError, match=f"^{message}"):
        TrainConfig(**{field: value})


@pytest.mark.parametrize(
    ("field", "value"),
    [("input_size", 1), ("input_size", 65_536), ("k", 1), ("k", 256), ("hidden_size", 1), ("hidden_size", 8192),
     ("num_layers", 1), ("num_layers", 32), ("dropout", 0), ("dropout", 0.99), ("output_size", 1)],
)  # fmt: skip
def test_the_ends_of_a_models_ranges_are_allowed(field, value):
    assert getattr(ModelConfig(**{"input_size": 3, "output_size": 7, field: value}), field) == value


@pytest.mark.parametrize(
    ("field", "value"),
    [("epochs", 1), ("batch_size", 1), ("seed", 0), ("seed", LARGEST_SEED), ("beta", 0), ("balance", 0),
     ("weight_decay", 0), ("weight_decay", 199), ("rate", 0), ("tau0", 0.3),
     ("tau_floor", 2.0), ("validation_share", 0.99)],
)  # fmt: skip
def test_the_ends_of_a_trainings_ranges_are_allowed(field, value):
    assert getattr(TrainConfig(**{field: value}), field) == value


def test_k_is_4_unless_given_and_1_for_a_baseline():
    assert ModelConfig(input_size=3, output_size=7).k == 4
    for cell in ("lstm", "gru", "elman", "peephole"):
        for given in (None, 1):
            config = ModelConfig(input_size=3, output_size=7, cell=cell, k=given)
            assert config.k == config.num_lstms == 1


@pytest.mark.parametrize("cell", ["lstm", "gru", "elman", "peephole"])
def test_a_baseline_has_one_lstm_and_one_way_to_carry(cell):
    with pytest.raises(ValueError, match=f"k must be 1 with cell='{cell}', got 2; only cell='mrnn' has several LSTMs"):
        ModelConfig(input_size=3, output_size=7, cell=cell, k=2)
    with pytest.raises(ValueError, match=f"carry must be 'mixed' with cell='{cell}', got 'own'"):
        ModelConfig(input_size=3, output_size=7, cell=cell, carry="own")


@pytest.mark.parametrize("config", [MODEL, TRAINING, RUN, ModelConfig(input_size=1, output_size=2)], ids=type)
def test_json_brings_a_configuration_back(config):
    back = type(config).from_dict(json.loads(json.dumps(config.to_dict(), allow_nan=False)))
    assert back == config
    assert type(back) is type(config)


def test_a_run_is_written_as_the_json_that_it_is_read_from():
    assert RunConfig.from_dict(json.loads(RUN.to_json())) == RUN
    assert json.loads(RUN.to_json()) == RUN.to_dict()


@pytest.mark.parametrize("kind", [ModelConfig, TrainConfig])
@pytest.mark.parametrize("values", [None, [], "k", 7])
def test_what_is_no_json_object_is_refused(kind, values):
    with pytest.raises(ValueError, match=f"{kind.__name__} must be a JSON object, got {type(values).__name__}"):
        kind.from_dict(values)


def test_an_unknown_or_a_missing_field_is_refused():
    with pytest.raises(ValueError, match=r"ModelConfig does not know 'hiden_size'; it knows .*'hidden_size'"):
        ModelConfig.from_dict({"input_size": 3, "output_size": 7, "hiden_size": 5})
    with pytest.raises(ValueError, match=r"ModelConfig is incomplete: .*'output_size'"):
        ModelConfig.from_dict({"input_size": 3})


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"more": 1}, "a run's configuration must hold task, model, training and settings"),
        ({"task": 7}, "a run's task must be a name, and its settings an object"),
        ({"settings": [1]}, "a run's task must be a name, and its settings an object"),
        ({"model": {"k": 2}}, "ModelConfig is incomplete"),
        ({"training": {"epochs": 0}}, "epochs must be from 1 to 100000, got 0"),
        ({"training": []}, "TrainConfig must be a JSON object, got list"),
    ],
)
def test_a_run_that_breaks_a_rule_is_refused(change, message):
    with pytest.raises(ValueError, match=message):
        RunConfig.from_dict({**RUN.to_dict(), **change})


@pytest.mark.parametrize("values", [None, [], {}, {"task": "waves"}])
def test_a_run_that_is_not_whole_is_refused(values):
    with pytest.raises(ValueError, match="a run's configuration must hold task, model, training and settings"):
        RunConfig.from_dict(values)


def test_a_configuration_cannot_be_changed():
    with pytest.raises(FrozenInstanceError):
        MODEL.k = 2  # type: ignore[misc]
    with pytest.raises(ValueError, match="k must be from 1 to 256, got 0"):
        replace(MODEL, k=0)


def test_tau_falls_by_exp_minus_rate_an_epoch_down_to_its_floor():
    config = TrainConfig(tau0=2.0, rate=0.5, tau_floor=0.3)
    falling = [2.0 * math.exp(-0.5 * past) for past in range(4)]  # 2.0, 1.2, 0.7, 0.4
    assert [config.tau(epoch) for epoch in range(1, 8)] == pytest.approx([*falling, 0.3, 0.3, 0.3], rel=1e-12)
    assert TrainConfig(tau0=2.0, rate=0).tau(97) == 2.0


def test_the_entropy_weighs_0_beta_or_1():
    weights = {name: TrainConfig(objective=name, beta=0.3).entropy_weight for name in ("mle", "er", "vb")}
    assert weights == {"mle": 0.0, "er": 0.3, "vb": 1.0}
