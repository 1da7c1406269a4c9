"""What the tests of several rooms share."""

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any, ClassVar

import numpy as np
import pytest
import torch

from mrnn import TASKS, ModelConfig, SequenceData, SequenceModel, Task
from mrnn.data import Answer

torch.set_num_threads(1)  # the models are tiny: more threads only wait for one another

KINDS = [("mrnn", "mixed"), ("mrnn", "own"), *((cell, "mixed") for cell in ("lstm", "gru", "elman", "peephole"))]


@pytest.fixture(params=KINDS, ids="-".join)
def kind(request: pytest.FixtureRequest) -> dict[str, str]:
    """Each cell with each carry it knows, as fields of a ModelConfig."""
    return dict(zip(("cell", "carry"), request.param, strict=True))


@pytest.fixture
def random_model() -> Callable[..., SequenceModel]:
    """A maker of models in float64, in evaluation mode, none of whose weights is 0."""

    def make(seed: int = 0, **fields: Any) -> SequenceModel:
        generator = torch.Generator().manual_seed(seed)
        model = SequenceModel(ModelConfig(**fields), generator=generator).double().eval()
        with torch.no_grad():
            for weight in model.parameters():
                weight.uniform_(-1, 1, generator=generator)
        return model

    return make


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Where runs lie in this test."""
    monkeypatch.setenv("MRNN_RUNS", str(tmp_path / "runs"))
    return tmp_path / "runs"


@dataclass(frozen=True)
class Tiny(Task):
    """Which half of a short sequence is louder? A few sequences, learnt in a moment."""

    name: ClassVar[str] = "tiny"
    title: ClassVar[str] = "Tiny"
    summary: ClassVar[str] = "Which half is louder?"
    classes: ClassVar[tuple[str, ...]] = ("first", "second", "neither")
    input_size: ClassVar[int] = 2

    loudness: float = 1.0

    def make(self, n: int, seed: int) -> SequenceData:
        """n sequences of 5 steps."""
        rng = np.random.default_rng(seed)
        y = rng.integers(0, 2, n)
        x = rng.normal(0, 0.1, (n, 5, 2))
        x[np.arange(n), 3 * y] += self.loudness
        return SequenceData(x, y, np.full(n, 5))

    def claims(self, answer: Answer, seed: int) -> dict[str, float]:
        """Share of 53 sequences of which nothing is said to be neither, and the seed."""
        said = answer(self.make(53, seed))[:, -1]
        return {"never neither": float((said.argmax(-1) != 2).mean()), "seed": float(seed)}

    @property
    def extent(self) -> tuple[int, int]:
        """71 sequences of 5 steps."""
        return 71, 5

    def split(self) -> tuple[SequenceData, SequenceData]:
        """71 and 43 sequences."""
        return self.make(71, seed=1), self.make(43, seed=2)


@pytest.fixture
def tiny_task(monkeypatch: pytest.MonkeyPatch) -> Task:
    """A task that is learnt in a moment, in TASKS under the name "tiny"."""
    monkeypatch.setitem(TASKS, "tiny", Tiny())
    return TASKS["tiny"]
