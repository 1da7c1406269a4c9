"""What learns well on each task while one waits: the shape of a model, and how it is trained."""

from dataclasses import replace
from typing import Any

from mrnn.config import TrainConfig
from mrnn.data import Task

Recipe = tuple[dict[str, Any], TrainConfig]
LONG, LONGEST = 100, 10_000  # steps: from more on memory has to last from the start, and how long it may be made to
SYMBOLS = TrainConfig(
    epochs=8, batch_size=100, learning_rate=0.01, schedule="one-cycle", balance=0.02,
    tau0=1.0, rate=0.15, tau_floor=0.3,
)  # fmt: skip
QUICK: dict[str, Recipe] = {
    "waves": (
        {"k": 4, "hidden_size": 32, "num_layers": 1, "dropout": 0.0},
        TrainConfig(
            epochs=10, batch_size=100, learning_rate=0.01, schedule="one-cycle", balance=0.02, augment=True,
            tau0=1.0, rate=0.15, tau_floor=0.3,
        ),
    ),
    "digits": (
        {"k": 4, "hidden_size": 64, "num_layers": 1, "dropout": 0.0},
        TrainConfig(
            epochs=6, batch_size=100, learning_rate=0.01, schedule="one-cycle", balance=0.02, augment=True,
            tau0=1.0, rate=0.4, tau_floor=0.1,
        ),
    ),
    "curves": (
        {"k": 4, "hidden_size": 64, "num_layers": 1, "dropout": 0.0, "carry": "own"},
        replace(SYMBOLS, epochs=60, batch_size=50, augment=True, rate=0.1),
    ),
    "reber": ({"k": 4, "hidden_size": 16, "num_layers": 1, "dropout": 0.0}, SYMBOLS),
    # With one mixed state the second symbol is forgotten in so few epochs: each LSTM keeps its own.
    "embedded_reber": (
        {"k": 4, "hidden_size": 32, "num_layers": 1, "dropout": 0.0, "carry": "own"},
        replace(SYMBOLS, epochs=15),
    ),
    # Less would do to flip bits, but not for their parity.
    "bit_flip": (
        {"k": 2, "hidden_size": 16, "num_layers": 1, "dropout": 0.0, "carry": "own"},
        replace(SYMBOLS, epochs=30),
    ),
    "forecast": (
        {"k": 4, "hidden_size": 32, "num_layers": 1, "dropout": 0.0},
        replace(SYMBOLS, epochs=30, batch_size=50, rate=0.1),
    ),
    # One unit: with more of them an LSTM can tell regimes apart by itself, and z need not. And a strong call for a fair
    # choice: with less of it one of the three LSTMs was hardly listened to.
    "regimes": (
        {"k": 3, "hidden_size": 1, "num_layers": 1, "dropout": 0.0},
        replace(SYMBOLS, epochs=20, batch_size=50, learning_rate=0.03, balance=0.3, rate=0.08),
    ),
    # A text is read at 32 places at once, whatever the batch size. One-hot, one LSTM alone is listened to.
    "text": (
        {"k": 4, "hidden_size": 64, "num_layers": 1, "dropout": 0.0, "embedding": 16},
        replace(SYMBOLS, epochs=40, batch_size=32, learning_rate=0.02, balance=0.05, rate=0.05, tau_floor=1.0),
    ),
    # Without a span nothing is learned for long: what was read has to last for hundreds of steps.
    "pixels": (
        {"k": 2, "hidden_size": 32, "num_layers": 1, "dropout": 0.0, "span": 784},
        replace(SYMBOLS, epochs=5, batch_size=32),
    ),
}  # fmt: skip


def quick(task: Task) -> Recipe:
    """Fields of ModelConfig, and the training, for a task of the app, or for data of any size.

    Of other data few sequences are gone through in small batches, and more often; in long ones memory reaches over all
    steps, or as many of them as a form can say, from the start.
    """
    if task.name in QUICK:
        return QUICK[task.name]
    if task.streams:
        return QUICK["text"]
    sequences, steps = task.extent
    batch = min(max(sequences // 20, 4), 100)
    epochs = min(max(800 * batch // sequences, 5), 40)
    training = replace(QUICK["waves"][1], batch_size=batch, epochs=epochs, augment=False, rate=1.5 / epochs)
    span = min(steps, LONGEST) if steps > LONG else 0
    return {"k": 4, "hidden_size": 32, "num_layers": 1, "dropout": 0.0, "span": span}, training
