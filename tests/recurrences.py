"""What the tests of the ways to run the recurrence share: models, arguments, and what a model comes to.

Sizes: N = 7 sequences, L = 2 layers, T = 11 steps, k = 3 LSTMs, m = 5 units; D = 13 inputs, C = 17 outputs.
"""

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
import torch
from torch import Tensor

from mrnn import ModelConfig, Output, SequenceModel
from mrnn.markov import MarkovLayer

N, L, T, K, M, D, C = 7, 2, 11, 3, 5, 13, 17
CARRIES = pytest.mark.parametrize("carry", ["mixed", "own"])
CHOICES = pytest.mark.parametrize("choice", ["soft", "gumbel", "argmax", "forced"])
LENGTHS = torch.tensor([11, 2, 0, 1, 5, 3, 11])


def layers(model: SequenceModel) -> list[MarkovLayer]:
    return [layer for layer in model.modules() if isinstance(layer, MarkovLayer)]


def by_definition(model: SequenceModel, run: Callable[[], Any]) -> Any:
    """What `run` comes to when the model follows its equations as they stand."""
    for layer in layers(model):
        layer.by_definition = True
    try:
        return run()
    finally:
        for layer in layers(model):
            layer.by_definition = False


def draws(*shape: int, seed: int = 0) -> Tensor:
    return torch.randn(shape, dtype=torch.float64, generator=torch.Generator().manual_seed(seed))


def make(seed: int = 0, **fields: Any) -> SequenceModel:
    """A model in float64 whose weights are large enough for every LSTM to be chosen."""
    sizes: dict[str, Any] = {"input_size": D, "output_size": C, "k": K, "hidden_size": M, "num_layers": L, **fields}
    model = SequenceModel(ModelConfig(**sizes)).double().eval()
    generator = torch.Generator().manual_seed(seed)
    with torch.no_grad():
        for weight in model.parameters():
            weight.normal_(0, 0.6, generator=generator)
    return model


def arguments(model: SequenceModel, choice: str, n: int = N, steps: int = T, seed: int = 1) -> dict[str, Any]:
    config = model.config
    shape = (n, config.num_layers, steps)
    forced = np.random.default_rng(seed).integers(-1, config.num_lstms, shape)
    return {
        "choice": torch.from_numpy(forced) if choice == "forced" else choice,
        "noise": torch.from_numpy(np.random.default_rng(seed).gumbel(size=(*shape, config.num_lstms))),
        "tau": 0.7,
    }


def start(model: SequenceModel, n: int = N) -> tuple[Tensor, ...]:
    c = model.config
    one, each = (c.num_layers, n, c.hidden_size), (c.num_layers, n, c.num_lstms, c.hidden_size)
    shapes = [each, each, one] if c.carry == "own" else [one, one]
    return tuple(0.5 * draws(*shape, seed=9 + i).requires_grad_() for i, shape in enumerate(shapes))


def parts(out: Output) -> list[Tensor]:
    return [out.logits, out.h, out.q, out.z, *out.state]


def with_gradients(
    model: SequenceModel, x: Tensor, state: tuple[Tensor, ...], **given: Any
) -> tuple[list[Tensor], ...]:
    """All a model answers, and the gradients of a sum over all of it under everything that has one."""
    out = parts(model(x, state=state, **given))
    under = [x, *state, *model.parameters()]
    total = sum((part * torch.randn(part.shape, generator=torch.Generator().manual_seed(i)).to(part)).sum()
                for i, part in enumerate(out))  # fmt: skip
    assert isinstance(total, Tensor)
    gradients = torch.autograd.grad(total, under, allow_unused=True)
    return out, [torch.zeros_like(a) if g is None else g for a, g in zip(under, gradients, strict=True)]


def agree(ours: list[Tensor], theirs: list[Tensor], *, rtol: float, atol: float) -> None:
    for number, (one, other) in enumerate(zip(ours, theirs, strict=True)):
        torch.testing.assert_close(one, other, rtol=rtol, atol=atol, msg=lambda text, at=number: f"number {at}: {text}")
