"""Our k-LSTM and the original PyTorch code agree to rounding: golden/*.npz holds what the original answered."""

from pathlib import Path

import numpy as np
import pytest
import torch
from torch.nn import functional as F

from mrnn import ModelConfig, Output, SequenceModel, load_reference_weights
from mrnn.checkpoint import reference_names

FILES = sorted((Path(__file__).parent / "golden").glob("*.npz"))
TRAINED = [path for path in FILES if path.stem.startswith("train")]


def answer(golden) -> tuple[SequenceModel, torch.Tensor, Output]:
    """A model with the original's weights, the original's input, and what the model makes of it."""
    sizes = ("input_size", "hidden_size", "k", "num_layers")
    config = ModelConfig.from_dict({"output_size": int(golden["num_classes"]), **{n: int(golden[n]) for n in sizes}})
    model = SequenceModel(config).double().train(bool(golden["train"]))
    load_reference_weights(model, {name[6:]: golden[name] for name in golden if name.startswith("param/")})
    x = torch.from_numpy(golden["x"]).requires_grad_()
    lengths = torch.from_numpy(golden["lengths"]) if "lengths" in golden else None
    noise = torch.from_numpy(golden["gumbel_noise"]).permute(2, 0, 1, 3) if "gumbel_noise" in golden else None
    return model, x, model(x, lengths, tau=float(golden["tau"]), noise=noise)


def test_all_four_golden_files_are_here():
    assert [path.stem for path in FILES] == ["eval_lengths", "eval_one_layer", "train_one_layer", "train_two_layers"]
    assert len(TRAINED) == 2


@pytest.mark.parametrize("path", FILES, ids=lambda path: path.stem)
def test_outputs_agree_with_the_original(path):
    with np.load(path) as golden:
        _, _, out = answer(golden)
        n, steps = golden["x"].shape[:2]
        lengths = golden["lengths"] if "lengths" in golden else np.full(n, steps)
        counted = np.arange(steps) < lengths[:, None]
        h, c = out.state
        for name, ours in [("logits", out.logits), ("h_last", h), ("c_last", c)]:
            np.testing.assert_allclose(ours.detach(), golden[name], rtol=1e-10, atol=1e-10, err_msg=name)
        for name, ours in [("q", out.q[:, -1]), ("z", out.z[:, -1]), ("h", out.h)]:
            np.testing.assert_allclose(
                ours.detach().numpy()[counted], golden[name][counted], rtol=1e-10, atol=1e-10, err_msg=name
            )


@pytest.mark.parametrize("path", TRAINED, ids=lambda path: path.stem)
def test_loss_and_every_gradient_agree_with_the_original(path):
    with np.load(path) as golden:
        model, x, out = answer(golden)
        loss = F.cross_entropy(out.logits, torch.from_numpy(golden["y"]))
        loss.backward()
        assert loss.item() == pytest.approx(float(golden["loss"]), rel=1e-10, abs=1e-10)
        assert x.grad is not None
        np.testing.assert_allclose(x.grad, golden["grad_x"], rtol=1e-10, atol=1e-10)
        ours = {f"grad/{name}": weight.grad for name, weight in reference_names(model)}
        assert ours.keys() == {name for name in golden if name.startswith("grad/")}
        for name, gradient in ours.items():
            assert gradient is not None
            np.testing.assert_allclose(gradient, golden[name], rtol=1e-10, atol=1e-10, err_msg=name)
