"""A trained network goes on: it reads piece by piece, its state carried along, and writes what it draws."""

from dataclasses import dataclass

import numpy as np
import torch

from mrnn.model import SequenceModel, State
from mrnn.text import TextTask, check_temperature, write_on
from mrnn.trace import probabilities

MOST = 100_000  # characters at once


@dataclass
class StateReader:
    """Sequences as a model reads them in use, piece by piece: what came before is in its state.

    state  after the last piece; None before the first
    """

    model: SequenceModel
    state: State | None = None

    @torch.no_grad()
    def __call__(self, x: np.ndarray) -> np.ndarray:
        """What is said after the last step of a piece, (N, C), as `Trace.probabilities`.

        x  (N, T, D), T >= 1
        """
        model = self.model
        was_training = model.training
        model.eval()
        try:
            out = model(torch.from_numpy(x).to(model.head.weight), choice="argmax", state=self.state)
        finally:
            model.train(was_training)
        self.state = out.state
        logits = out.logits[:, -1] if model.config.per_step else out.logits
        return probabilities(model.config.target, logits.double().cpu().numpy())


def generate(
    model: SequenceModel, task: TextTask, n: int, temperature: float = 1.0, prompt: str = "", seed: int = 0
) -> str:
    """A prompt, and n characters that go on from it. The state is carried along; each step has one LSTM, as in use.

    model        of the task, on whatever device; without dropout
    temperature  >= 0: logits are divided by it before a character is drawn; at 0 the most probable one is taken
    prompt       read first; with none, the text's own first character
    seed         of the draws
    raises       ValueError if the model is not of this task, a value breaks its rule, or the prompt has a character
                 that the task does not know
    """
    if any(getattr(model.config, name) != value for name, value in task.borders.items()):
        raise ValueError(f"the model does not answer the task {task.title!r}; take one that was trained on it")
    if not 0 <= n <= MOST:
        raise ValueError(f"n must be from 0 to {MOST:,} characters, got {n}")
    check_temperature(temperature)
    codes = task.encode(prompt or task.text[0])[None]
    rng = np.random.default_rng(seed)
    return task.decode(write_on(task, StateReader(model), codes, n, temperature, rng)[0])
