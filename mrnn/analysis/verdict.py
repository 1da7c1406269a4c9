"""Whether a network tells apart what it has learned to, and whether it listens to other LSTMs for it, beside chance."""

from dataclasses import dataclass
from math import factorial, prod

import numpy as np

from mrnn.analysis.information import SHUFFLES, mutual_information
from mrnn.trace import Trace

FLIPS = 999
ENOUGH = 0.05  # p up to which something is beyond chance


@dataclass(frozen=True)
class Gain:
    """What a network's answers are worth beside one answer that is always the same.

    network, same  share of right answers; of values the mean distance from the right one
    p              share of what chance makes of it, the counted one among it, that gains as much
    least          the smallest that p can be with so few sequences
    """

    network: float
    same: float
    p: float
    least: float

    @property
    def beyond_chance(self) -> bool:
        """True if chance reaches it at most once in twenty times."""
        return self.p <= ENOUGH


@dataclass(frozen=True)
class Choice:
    """How differently the LSTMs are listened to in groups of steps or sequences.

    p               share of the shuffles, the counted one among them, in which the groups differ as much
    at_least        the smallest that p can be with so few sequences
    lstm            from 1: the one whose share of steps differs most
    most, least     the groups in which it is greatest and smallest, and the shares
    """

    p: float
    at_least: float
    lstm: int
    most: tuple[int, float]
    least: tuple[int, float]

    @property
    def beyond_chance(self) -> bool:
        """True if at most one shuffle in twenty reaches it."""
        return self.p <= ENOUGH


def gain(trace: Trace, y: np.ndarray, same: float, *, seed: int = 0) -> Gain:
    """Compare a network's answers with one that is always the same.

    y     as in `SequenceData`: classes, or one value, of sequences or of steps; values in the unit of the answers
    same  a class by its number, or a value
    seed  of chance: in each sequence the better of the two may as well have been the other one
    """
    y = y[..., 0] if trace.target == "value" else y
    if y.ndim == 2:
        owner, t = np.nonzero(np.arange(y.shape[1]) < trace.lengths[:, None])
        said, right = trace.probabilities[owner, t], y[owner, t]
    else:
        owner, said, right = np.arange(len(y)), trace.answers, y
    if trace.target == "value":
        of_network, of_same = -np.abs(said[:, 0] - right), -np.abs(same - right)
    else:
        of_network, of_same = (said.argmax(-1) == right).astype(float), (right == same).astype(float)
    gained = np.bincount(owner, of_network - of_same, minlength=len(y))  # whole sequences are the witnesses
    signs = np.random.default_rng(seed).choice([-1.0, 1.0], (FLIPS, len(y)))
    reached = int((signs @ gained >= gained.sum() - 1e-9).sum())
    worth = 1 if trace.target == "class" else -1
    return Gain(
        worth * float(of_network.mean()), worth * float(of_same.mean()), (1 + reached) / (1 + FLIPS),
        max(0.5 ** len(y), 1 / (1 + FLIPS)),
    )  # fmt: skip


def choice(trace: Trace, groups: np.ndarray, layer: int = -1, *, seed: int = 0) -> Choice | None:
    """Whether the LSTM listened to tells the group; None where there is one group or one LSTM alone.

    groups  (N,) int from 0, of sequences; or (N, T), of their steps
    seed    of the shuffles: each sequence gets the groups of another one, turned round by a number of steps and begun
            again at their end
    """
    z, lengths, k = trace.listened(layer), trace.lengths, trace.k
    at_least = _alike(groups)
    groups = groups if groups.ndim == 2 else np.broadcast_to(groups[:, None], z.shape)
    owner, t = np.nonzero(np.arange(z.shape[1]) < lengths[:, None])
    path, many = z[owner, t].astype(np.int64), int(groups.max()) + 1
    rng = np.random.default_rng(seed)

    def joint(labels: np.ndarray) -> np.ndarray:
        return np.bincount(path * many + labels, minlength=k * many).reshape(k, many)

    counted = joint(groups[owner, t])
    found = np.flatnonzero(counted.sum(0))
    if k == 1 or len(found) < 2:
        return None
    told, reached = mutual_information(counted), 0
    for _ in range(SHUFFLES):
        other, turn = rng.permutation(len(z)), rng.integers(0, lengths.max(), len(z))
        whose = other[owner]
        reached += bool(mutual_information(joint(groups[whose, (t + turn[owner]) % lengths[whose]])) >= told - 1e-12)
    shares = counted[:, found] / counted[:, found].sum(0)
    lstm = int(np.ptp(shares, axis=1).argmax())
    most, least = int(shares[lstm].argmax()), int(shares[lstm].argmin())
    return Choice(
        p=(1 + reached) / (1 + SHUFFLES),
        at_least=max(at_least, 1 / (1 + SHUFFLES)),
        lstm=lstm + 1,
        most=(int(found[most]), float(shares[lstm, most])),
        least=(int(found[least]), float(shares[lstm, least])),
    )


def _alike(groups: np.ndarray) -> float:
    """Share of all ways to deal groups out to sequences that come to the same, but for what the groups are called."""
    n = len(groups)
    if groups.ndim == 2:  # each sequence has steps of its own
        return 1 / factorial(n)
    sizes = np.bincount(groups)
    sizes = sizes[sizes > 0]
    same = prod(factorial(int(size)) for size in sizes) * prod(factorial(int(many)) for many in np.bincount(sizes))
    return min(same / factorial(n), 1.0)
