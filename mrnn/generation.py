"""A trained network goes on with a text: character by character, each one drawn from what it says of the next."""

import numpy as np
import torch
from scipy.special import softmax

from mrnn.model import SequenceModel, State
from mrnn.text import TextTask, check_temperature, draw

MOST = 100_000  # characters at once


@torch.no_grad()
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
    rng = np.random.default_rng(seed)
    codes = task.encode(prompt or task.text[0]).tolist()
    was_training = model.training
    model.eval()
    try:
        said, state = _read(model, task.one_hot(np.array([codes])), None)
        for _ in range(n):
            codes.append(draw(said, temperature, rng))
            said, state = _read(model, task.one_hot(np.array([codes[-1:]])), state)
    finally:
        model.train(was_training)
    return task.decode(np.array(codes))


def _read(model: SequenceModel, x: np.ndarray, state: State | None) -> tuple[np.ndarray, State]:
    """What is said of the next character, (C,), after the last step of x (1, T, C); and where to go on from."""
    out = model(torch.from_numpy(x).to(model.head.weight), choice="argmax", state=state)
    return softmax(out.logits[0, -1].double().cpu().numpy()), out.state
