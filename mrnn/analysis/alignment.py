"""Two networks number their LSTMs each in its own way: which of one does the work of which of the other?"""

from dataclasses import dataclass

import numpy as np
import pandas as pd

from mrnn.analysis.differences import compare_pairs, count_transitions, count_usage
from mrnn.analysis.paths import counted_steps

SHUFFLES = 19
EXCHANGES = 399  # for the k * k moves, of which each exchange takes four times as long as a deal between classes


@dataclass(frozen=True)
class Alignment:
    """The LSTMs of a second network renamed after those of a first.

    partner    (k2,) int: LSTM j of the second goes with LSTM partner[j] of the first. Those left over, where k2 > k1,
               come after them, from k1 on
    together   (k1, k2) int: steps at which the first listened to i and the second to j
    agreement  share of steps at which both listened to LSTMs that go together
    chance     the same share, aligned as well as it can be, when the second reads other sequences than the first: what
               place in the sequence and frequent LSTMs alone bring about
    """

    partner: np.ndarray
    together: np.ndarray
    agreement: float
    chance: float

    @property
    def k(self) -> int:
        """LSTMs under their common names, of both networks together."""
        return max(self.together.shape[0], int(self.partner.max()) + 1)

    @property
    def shared(self) -> np.ndarray:
        """(k,) bool: LSTMs, under their common names, that have a partner; the others only one of the networks has."""
        names = np.arange(self.k)
        return (names < self.together.shape[0]) & np.isin(names, self.partner)

    def renamed(self, z: np.ndarray) -> np.ndarray:
        """Paths of the second network (any shape, int from 0) under the names of the first."""
        return self.partner[z]

    def spread(self, values: np.ndarray) -> np.ndarray:
        """Values of the second network's LSTMs (..., k2) under the names of the first (..., k): 0 where it has none."""
        out = np.zeros((*values.shape[:-1], self.k), values.dtype)
        out[..., self.partner] = values
        return out


def align(
    first: np.ndarray,
    second: np.ndarray,
    lengths: np.ndarray,
    k: tuple[int, int],
    *,
    shuffles: int = SHUFFLES,
    seed: int = 0,
) -> Alignment:
    """Pair the LSTMs of two networks that read the same sequences, so that they agree at as many steps as can be.

    first, second  (N, T) int: the LSTM each listened to
    lengths        (N,) int: steps that count; the rest is padding
    k              LSTMs of the first and of the second
    shuffles       of the sequences of the second, for what chance brings about
    seed           of the shuffles
    raises         ValueError if the shapes differ, a length exceeds T, or an LSTM lies outside [0, k)
    source         the assignment problem: Kuhn, "The Hungarian method for the assignment problem", 1955
    """
    if first.shape != second.shape:
        raise ValueError(
            f"both networks must have read the same sequences, got shapes {first.shape} and {second.shape}"
        )
    counted = counted_steps(first, lengths, k[0]) & counted_steps(second, lengths, k[1])
    together = _together(first, second, counted, k)
    rows, columns = _best(together)
    partner = np.full(k[1], -1)
    partner[columns] = rows
    partner[partner < 0] = k[0] + np.arange((partner < 0).sum())

    rng = np.random.default_rng(seed)
    by_chance = []
    for _ in range(shuffles):
        order = rng.permutation(len(second))
        shuffled = _together(first, second[order], counted & counted[order], k)
        by_chance.append(_share(shuffled, *_best(shuffled)))
    return Alignment(
        partner=partner,
        together=together,
        agreement=_share(together, rows, columns),
        chance=float(np.mean(by_chance)) if by_chance else float("nan"),
    )


def co_use(found: Alignment) -> pd.DataFrame:
    """How often two LSTMs are listened to together; those of the second in the order of their partners.

    returns  rows of first, second (both from 1, under their own names), steps, share (of all steps)
    """
    order = np.argsort(found.partner)
    together = found.together[:, order]
    first, second = np.indices(together.shape)
    share = together / max(together.sum(), 1)
    return pd.DataFrame(
        {
            "first": first.ravel() + 1,
            "second": order[second.ravel()] + 1,
            "steps": together.ravel(),
            "share": share.ravel().round(4),
        }
    )


def usage_apart(first: np.ndarray, second: np.ndarray, lengths: np.ndarray, found: Alignment) -> pd.DataFrame:
    """Use of each LSTM in a first network minus that of its partner in a second one, on the same sequences.

    first, second  (N, T) int: the LSTM each listened to, under its own names
    lengths        (N,) int: steps that count
    found          `align` of them
    returns        rows of lstm (from 1, common names), then first, second, difference, low, high, p, beyond_chance as
                   in `Difference`; p by exchanging the two networks' accounts of whole sequences
    """
    one, other = (count_usage(z, lengths, found.k) for z in (first, _named(second, lengths, found)))
    return pd.concat([pd.DataFrame({"lstm": np.arange(1, found.k + 1)}), compare_pairs(one, other).table()], axis=1)


def transitions_apart(first: np.ndarray, second: np.ndarray, lengths: np.ndarray, found: Alignment) -> pd.DataFrame:
    """Probability of each move in a first network minus that in a second: rows of from, to, and as `usage_apart`."""
    one, other = (count_transitions(z, lengths, found.k) for z in (first, _named(second, lengths, found)))
    start, end = np.indices((found.k, found.k)) + 1
    moves = pd.DataFrame({"from": start.ravel(), "to": end.ravel()})
    return pd.concat([moves, compare_pairs(one, other, shuffles=EXCHANGES).table()], axis=1)


def _named(z: np.ndarray, lengths: np.ndarray, found: Alignment) -> np.ndarray:
    """Under common names; what padding holds may be no LSTM at all."""
    counted = np.arange(z.shape[1]) < lengths[:, None]
    return found.renamed(np.where(counted, z, 0))


def _together(first: np.ndarray, second: np.ndarray, counted: np.ndarray, k: tuple[int, int]) -> np.ndarray:
    pairs = first[counted].astype(np.int64) * k[1] + second[counted]
    return np.bincount(pairs, minlength=k[0] * k[1]).reshape(k)


def _best(together: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    from scipy.optimize import linear_sum_assignment  # half a second that training need not wait for

    return linear_sum_assignment(together, maximize=True)


def _share(together: np.ndarray, rows: np.ndarray, columns: np.ndarray) -> float:
    return float(together[rows, columns].sum() / max(together.sum(), 1))
