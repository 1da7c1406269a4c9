"""Hidden states on a plane: a map on which states that are alike lie together."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

import numpy as np
import pandas as pd
from threadpoolctl import threadpool_limits

from mrnn.trace import Trace

Method = Literal["PCA", "t-SNE"]
METHODS: tuple[Method, ...] = ("PCA", "t-SNE")
PERPLEXITY = 30.0  # about how many neighbours a state of a t-SNE map has
FIRST_AXES = 50  # principal components that t-SNE looks at


@dataclass(frozen=True)
class StateMap:
    """Where hidden states lie on a plane.

    places     (P, 2) float
    explained  (2,): share of the states' variance along each axis of PCA; None for t-SNE, whose axes mean nothing
    """

    places: np.ndarray
    explained: np.ndarray | None


def choose_steps(lengths: np.ndarray, seed: int) -> np.ndarray:
    """(N,) int: one step of each sequence, at random; states of one sequence would look more alike than states are."""
    return (np.random.default_rng(seed).random(len(lengths)) * lengths).astype(np.int64)


def state_map(h: np.ndarray, method: Method, *, seed: int = 0) -> StateMap:
    """Lay hidden states on a plane.

    h       (P, m) float
    method  "PCA": the two directions in which they differ most, so that distances can be read;
            "t-SNE": neighbours stay neighbours, while far distances and sizes of clusters mean nothing
    seed    of the random parts; the same seed gives the same map
    raises  ValueError if there are fewer than 3 states, or h is not finite
    source  scikit-learn's PCA and TSNE; van der Maaten and Hinton, "Visualizing data using t-SNE", JMLR 2008
    """
    if h.ndim != 2 or len(h) < 3:
        raise ValueError(f"a map needs at least 3 hidden states (P, m), got shape {h.shape}")
    if not np.isfinite(h).all():
        raise ValueError("h must be finite, but it holds NaN or infinity")
    if not np.ptp(h, axis=0).any():  # one spot; there is nothing to lay out
        return StateMap(np.zeros((len(h), 2)), np.zeros(2) if method == "PCA" else None)
    places, explained = _pca(h)
    if method == "PCA":
        return StateMap(places[:, :2], explained[:2])
    return StateMap(_tsne(places, seed), None)


def states_by_sequence(
    h: np.ndarray, trace: Trace, y: np.ndarray, classes: Sequence[str], method: Method, layer: int = -1
) -> pd.DataFrame:
    """A map of one hidden state of each sequence, at a random step.

    h        (N, T, m) as `SequenceModel.hidden` gives them, of the same layer
    y        (N,) int, the classes
    returns  rows of x, y, sequence, t, lstm (listened to there, from 1), class; `attrs["explained"]`: share of variance
             by axis, or None
    raises   ValueError as `state_map` does
    """
    each, t = np.arange(len(y)), choose_steps(trace.lengths, 0)
    found = state_map(h[each, t], method)
    across, up = found.places.T.astype(float).round(4)
    lstm = trace.listened(layer)[each, t] + 1
    names = [classes[c] for c in y]
    table = pd.DataFrame({"x": across, "y": up, "sequence": each, "t": t, "lstm": lstm, "class": names})
    table.attrs["explained"] = None if found.explained is None else found.explained.tolist()
    return table


def _pca(h: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """States along their first principal components (P, at least 2), and the share of variance along each."""
    from sklearn.decomposition import PCA  # scikit-learn takes a second to import, which training need not wait for

    axes = min(FIRST_AXES, *h.shape)
    with threadpool_limits(1):
        components = PCA(axes, svd_solver="full").fit(h)
        places = components.transform(h)
    # The sign of an axis is arbitrary: the state farthest out lies on its positive side.
    places *= np.where(places[np.abs(places).argmax(0), np.arange(axes)] < 0, -1, 1)
    explained = components.explained_variance_ratio_
    if axes == 1:
        return np.pad(places, ((0, 0), (0, 1))), np.append(explained, 0)
    return places, explained


def _tsne(places: np.ndarray, seed: int) -> np.ndarray:
    """(P, 2)."""
    from sklearn.manifold import TSNE

    perplexity = min(PERPLEXITY, (len(places) - 1) / 3)
    with threadpool_limits(1):  # several threads wait for one another wherever something else is at work
        return TSNE(perplexity=perplexity, init="pca", random_state=seed).fit_transform(places)
