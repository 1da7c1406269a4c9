"""Hidden states of any layer of a network in use.

Sizes: N = 5 sequences, T = 7 steps, D = 3 inputs, m = 11 units, L = 3 layers, k = 2.
"""

from dataclasses import replace

import numpy as np
import pytest
import torch

from mrnn import SequenceModel

N, T, D, M, L = 5, 7, 3, 11, 3
SIZES = {"input_size": D, "hidden_size": M, "num_layers": L, "output_size": 2, "dropout": 0.5}
RNG = np.random.default_rng(0)
X = RNG.normal(size=(N, T, D)).astype(np.float32)
LENGTHS = np.array([7, 1, 4, 7, 2])


@pytest.mark.parametrize("layer", [0, 1, 2, -1, -3])
def test_they_are_those_of_a_network_that_ends_with_this_layer(random_model, kind, layer):
    model = random_model(**SIZES, **({"k": 2} if kind["cell"] == "mrnn" else {}), **kind)
    depth = layer % L + 1
    short = SequenceModel(replace(model.config, num_layers=depth))
    short.layers = model.layers[:depth]
    short = short.to(torch.float32).eval()
    model = model.to(torch.float32)
    found = model.hidden(X, LENGTHS, layer)
    assert found.shape == (N, T, M)
    expected = short(torch.as_tensor(X), LENGTHS, choice="argmax").h.detach().numpy()
    np.testing.assert_allclose(found, expected, rtol=1e-5, atol=1e-6)
    assert not found[np.arange(T) >= LENGTHS[:, None]].any()


def test_the_size_of_batches_does_not_show_in_them(random_model, monkeypatch):
    model = random_model(k=2, **SIZES).to(torch.float32)
    whole = model.hidden(X)
    monkeypatch.setattr(SequenceModel, "most_at_once", lambda *_: 2)
    np.testing.assert_allclose(model.hidden(X), whole, rtol=1e-5, atol=1e-6)


def test_a_layer_that_is_not_there_is_refused(random_model):
    with pytest.raises(ValueError, match="layer must be from -3 to 2, got 3"):
        random_model(k=2, **SIZES).hidden(X, layer=3)
