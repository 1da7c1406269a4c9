"""Symbols that become numbers before the first layer: a matrix that is learned, the same for every network."""

from dataclasses import replace
from typing import Any

import numpy as np
import pytest
import torch

from mrnn import ModelConfig, SequenceModel, TrainConfig, load, save, train
from mrnn.__main__ import command_parser
from mrnn.checkpoint import load_reference_weights
from mrnn.commands.options import run_config
from mrnn.comparison import name_of
from mrnn.data import SequenceData
from mrnn.grid import SweepConfig
from mrnn.matching import count_products, count_weights, matched

N, T, D, E, C, M = 3, 7, 11, 5, 2, 13


@pytest.fixture
def shape(kind) -> dict[str, Any]:
    return {**kind, "k": 3 if kind["cell"] == "mrnn" else 1, "hidden_size": M, "num_layers": 2, "output_size": C}


def symbols(seed: int = 0) -> tuple[np.ndarray, np.ndarray]:
    """Codes (N, T), and the same one-hot (N, T, D)."""
    codes = np.random.default_rng(seed).integers(D, size=(N, T))
    return codes, np.eye(D)[codes]


def test_an_embedded_network_is_the_plain_one_that_reads_the_symbols_vectors(random_model, shape):
    embedded = random_model(input_size=D, embedding=E, **shape)
    plain = random_model(input_size=E, **shape)
    weights = embedded.state_dict()
    vectors = weights.pop("embedding").numpy()
    plain.load_state_dict(weights)
    codes, x = symbols()
    lengths = np.array([T, 2, 5])
    assert vectors.shape == (D, E)

    one, other = (model(torch.from_numpy(a), lengths) for model, a in ((embedded, x), (plain, vectors[codes])))
    for name in ("logits", "h", "q", "z"):
        torch.testing.assert_close(getattr(one, name), getattr(other, name), rtol=1e-9, atol=1e-12)
    for layer in range(2):
        np.testing.assert_allclose(
            embedded.hidden(x, lengths, layer), plain.hidden(vectors[codes], lengths, layer), rtol=1e-5
        )
    if shape["cell"] == "mrnn":
        for layer in range(2):
            seen = embedded.inside(x, embedded.trace(x, lengths), layer)
            same = plain.inside(vectors[codes], plain.trace(vectors[codes], lengths), layer)
            np.testing.assert_allclose(seen.gates, same.gates, rtol=1e-5, atol=1e-6)


def test_weights_and_products_of_an_embedding_are_counted(shape):
    config = ModelConfig(input_size=D, embedding=E, **shape)
    assert count_weights(config) == SequenceModel(config).num_weights
    assert count_products(config) - D * E == count_products(replace(config, input_size=E, embedding=0))
    assert matched(config, config, "weights") == config


def test_training_moves_the_vectors_of_the_symbols_that_came_and_no_others():
    codes, x = symbols()
    data = SequenceData(x, np.array([0, 1, 1]), np.full(N, T))
    model = SequenceModel(ModelConfig(input_size=D, embedding=E, output_size=C, hidden_size=M))
    assert model.embedding is not None
    before = model.embedding.detach().clone()
    list(train(model, data, TrainConfig(epochs=1, device="cpu"), validation_data=data))
    moved = (model.embedding.detach() != before).numpy()
    came = np.isin(np.arange(D), codes)
    assert 0 < came.sum() < D
    assert moved[came].all()
    assert not moved[~came].any()


def test_an_embedding_leaves_the_other_weights_as_they_are_drawn_without():
    shape: dict[str, Any] = {"output_size": C, "hidden_size": M}
    plain = SequenceModel(ModelConfig(input_size=E, **shape), generator=torch.Generator().manual_seed(3))
    embedded = SequenceModel(
        ModelConfig(input_size=D, embedding=E, **shape), generator=torch.Generator().manual_seed(3)
    )
    for name, weight in plain.state_dict().items():
        assert torch.equal(weight, embedded.state_dict()[name]), name


def test_an_embedded_model_comes_back_from_its_file(kind, tmp_path):
    config = ModelConfig(input_size=D, embedding=E, output_size=C, hidden_size=M, **kind)
    model = SequenceModel(config)
    save(model, tmp_path / "m.safetensors")
    again = load(tmp_path / "m.safetensors")
    assert again.config == config
    assert all(torch.equal(weight, again.state_dict()[name]) for name, weight in model.state_dict().items())


def test_what_was_saved_before_there_were_embeddings_has_none():
    older = ModelConfig(input_size=D, output_size=C).to_dict()
    del older["embedding"]
    assert ModelConfig.from_dict(older) == ModelConfig(input_size=D, output_size=C)
    assert "embedding" not in dict(SequenceModel(ModelConfig(input_size=D, output_size=C)).named_parameters())


def test_an_embedding_is_as_exact_as_the_weights_where_products_are_not():
    model = SequenceModel(ModelConfig(input_size=D, embedding=E, output_size=C, hidden_size=M))
    x = torch.from_numpy(symbols()[1]).float()
    with torch.autocast("cpu", torch.bfloat16):
        assert model._embedded(x).dtype == torch.float32
        model(x).logits.sum().backward()
    assert model.embedding is not None
    assert model.embedding.grad is not None


def test_reference_weights_are_refused_by_a_model_with_an_embedding():
    model = SequenceModel(ModelConfig(input_size=D, embedding=E, output_size=C))
    with pytest.raises(ValueError, match=f"reference weights know no embedding, got a model with embedding={E}"):
        load_reference_weights(model, {})


def test_the_command_line_and_a_sweep_take_an_embedding():
    asked = command_parser().parse_args(["train", "reber", "--embedding", "5"])
    base = run_config(asked)
    assert base.model.embedding == 5
    sweep = SweepConfig(base=base, grid={"embedding": [0, 5]}, seeds=1)
    assert [name_of(run.model) for run in sweep.runs()] == ["MRNN, k = 4", "MRNN, k = 4, embedded in 5"]
