"""What a network does with a few fixed sequences before training and after its epochs: how it came to its regimes.

Kept are q, z, what lies behind them and the answers, not the weights: some hundred kilobytes a run whatever the size of
the network, and ready to be looked at without running it. The price is that only these sequences can be looked at.
"""

import io
import zipfile
import zlib
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from mrnn.data import SequenceData, Target, Task
from mrnn.files import write_bytes
from mrnn.model import SequenceModel
from mrnn.trace import Inside, Trace

FILE = "snapshots.npz"  # of a run's folder
SEQUENCES, SEED = 8, 11
MOST_BYTES = 4 * 2**20  # of a run, before compression
INSIDE = ("votes", "gates")


@dataclass(frozen=True)
class Snapshots:
    """What was kept so far.

    epochs   (E,) int, rising: after which epochs; 0 is before training
    q        (E, N, L, T, k) float16 probabilities of the LSTMs, 0 on padding
    z        (E, N, L, T) uint8: the LSTM listened to
    logits   (E, N, T, C) float16 of the answer after each step
    lengths  (N,) int: steps that count; the rest is padding
    target   what the logits are of, as in `SequenceData`
    votes    (E, N, L, T, k) float16 selection logits, as in `Inside`; None of a network that chooses nothing, and in a
             file from before they were kept
    gates    (E, N, L, T, 4) float16, as in `Inside`; None where `votes` is
    """

    epochs: np.ndarray
    q: np.ndarray
    z: np.ndarray
    logits: np.ndarray
    lengths: np.ndarray
    target: Target
    votes: np.ndarray | None = None
    gates: np.ndarray | None = None

    def trace(self, number: int) -> Trace:
        """What the network did at `epochs[number]`."""
        q = self.q[number].astype(np.float32)
        counted = (np.arange(q.shape[2]) < self.lengths[:, None])[:, None, :, None]
        z = (self.z[number][..., None] == np.arange(q.shape[-1])) & counted
        logits = self.logits[number].astype(np.float32)
        return Trace(q, z.astype(np.float32), logits, self.lengths, self.target)

    def inside(self, number: int, layer: int) -> Inside | None:
        """What went on inside a layer at `epochs[number]`, where that was kept."""
        if self.votes is None or self.gates is None:
            return None
        votes, gates = (kept[number, :, layer].astype(np.float32) for kept in (self.votes, self.gates))
        return Inside(logits=votes, gates=gates)


def sequences(task: Task, n: int = SEQUENCES) -> SequenceData:
    """The sequences that are looked at, always the same of a task, and none of those that it is trained on."""
    return task.make(n, SEED)


def hidden(task: Task, n: int = SEQUENCES) -> np.ndarray | None:
    """What took turns in them unseen, as `Task.hidden` gives it."""
    return task.hidden(n, SEED)


def keep(path: Path, model: SequenceModel, task: Task, epoch: int, epochs: int) -> None:
    """Add what a model does now to what was kept; of this epoch and later ones what was kept before is replaced.

    epoch, epochs  done, of how many; where all would not fit into MOST_BYTES, evenly spaced ones are kept
    raises         OSError as usual
    """
    config = model.config
    data = sequences(task)
    steps = data.x.shape[1]
    chooses = config.cell == "mrnn"
    numbers = config.num_lstms + 1 + (config.num_lstms + 4 if chooses else 0)
    each = 2 * steps * (numbers * config.num_layers + config.output_size)
    n = int(np.clip(MOST_BYTES // (2 * each), 1, SEQUENCES))
    if epoch not in spaced(epochs, MOST_BYTES // (n * each)):
        return
    trace = model.trace(data.x[:n], data.lengths[:n])
    now = {
        "q": trace.q.astype(np.float16),
        "z": trace.z.argmax(-1).astype(np.uint8),
        "logits": trace.logits.astype(np.float16),
    }
    past = _whole(path)
    before = past.epochs < epoch if past else np.zeros(0, bool)
    if chooses and not (past and before.any() and past.votes is None):  # else some of its epochs would be without
        insides = [model.inside(data.x[:n], trace, layer) for layer in range(config.num_layers)]
        now["votes"] = np.stack([inside.logits for inside in insides], 1).astype(np.float16)
        now["gates"] = np.stack([inside.gates for inside in insides], 1).astype(np.float16)
    kept = {
        name: [*(getattr(past, name)[before] if past and before.any() else ()), value] for name, value in now.items()
    }
    content = io.BytesIO()
    np.savez_compressed(
        content,
        allow_pickle=False,
        epochs=np.append(past.epochs[before] if past else [], epoch).astype(np.int64),
        lengths=trace.lengths,
        target=np.array(trace.target),
        **{name: np.stack(values) for name, values in kept.items()},
    )
    write_bytes(path, content.getvalue())


def spaced(epochs: int, most: int) -> set[int]:
    """At most `most` of the numbers 0 to `epochs`, evenly spaced; but always the first and the last."""
    return {round(number) for number in np.linspace(0, epochs, min(epochs + 1, max(most, 2)))}


def read(path: Path) -> Snapshots | None:
    """What was kept in a file, or None if there is none; ValueError if it is damaged."""
    if not path.is_file():
        return None
    try:
        with path.open("rb") as opened, np.load(opened, allow_pickle=False) as file:
            whole = ("epochs", "q", "z", "logits", "lengths", "target")
            parts = {name: file[name] for name in (*whole, *(name for name in INSIDE if name in file))}
        found = Snapshots(**{**parts, "target": parts["target"].item()})
        for number in range(len(found.epochs)):
            found.trace(number)  # checks the shapes
        for name, shape in zip(INSIDE, (found.q.shape, (*found.q.shape[:-1], 4)), strict=True):
            if set(INSIDE) & set(parts) and parts[name].shape != shape:
                raise ValueError(f"{name} must have the axes {shape}, got {parts[name].shape}")
    except (ValueError, KeyError, IndexError, EOFError, zipfile.BadZipFile, zlib.error) as error:
        raise ValueError(f"{path.name} does not hold whole snapshots: {error}") from error
    return found


def _whole(path: Path) -> Snapshots | None:
    try:
        return read(path)
    except ValueError:  # a fault of the disk: the pictures of the past are lost, but training need not be
        return None
