"""Hidden Markov models of signals, plain and autoregressive: what they take for regimes, and which value comes next.

They stand beside networks on tasks whose regimes are known. Import this where it is needed, not at the top of a module:
nothing else should wait for hmmlearn.
"""

from dataclasses import dataclass

import numpy as np
from hmmlearn.hmm import GaussianHMM
from sklearn.metrics import r2_score

from mrnn.analysis import agreement
from mrnn.data import Task
from mrnn.experiments import OnPart

LAGS = 2  # values before the present one that the mean of an autoregressive model depends on
GUESSES, TRIED, ROUNDS = 8, 200, 30  # first guesses; sequences that each is tried on; rounds of each
PIECE = 20  # steps of a sequence from which a state is first guessed
MOST_VALUES = 1_000_000  # of a training part: fitting takes about half a minute then, on one core
LEAST = 1e-200  # density of a value that no state expects, so that no step is impossible


class _Autoregressive(GaussianHMM):
    """hmmlearn's model of rows (a value, the one before, ...), where what came before is given, not weighed again.

    The rest is hmmlearn's: means and covariances of such rows, each row counted by how probable a state is, hold just
    the weighted regression of a value on those before it. With rows of one value it is hmmlearn's as it stands.
    """

    def regression(self) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
        """In each state: (k,) constant, (k, lags) weights of the values before, (k,) variance of what is left."""
        means, covariances = np.asarray(self.means_), np.asarray(self.covars_)
        before = covariances[:, 1:, 0]
        weights = np.linalg.solve(covariances[:, 1:, 1:], before[..., None])[..., 0]
        return means[:, 0] - (weights * means[:, 1:]).sum(1), weights, covariances[:, 0, 0] - (weights * before).sum(1)

    def _compute_log_likelihood(self, X: np.ndarray) -> np.ndarray:
        constant, weights, variance = self.regression()
        error = X[:, :1] - constant - X[:, 1:] @ weights.T
        return -0.5 * (np.log(2 * np.pi * variance) + error**2 / variance)


@dataclass(frozen=True)
class SignalHMM:
    """A hidden Markov model: in each of k states, a value is Gaussian around a weighted sum of those before it.

    lags    how many these are; with none it is the plain Gaussian one
    source  Hamilton, "A new approach to the economic analysis of nonstationary time series and the business cycle",
            Econometrica 57, 1989; fitted by hmmlearn
    """

    fitted: _Autoregressive
    lags: int

    @property
    def num_weights(self) -> int:
        """How many numbers were fitted."""
        k = len(self.fitted.startprob_)
        return (k - 1) + k * (k - 1) + k * (self.lags + 2)

    def path(self, x: np.ndarray) -> np.ndarray:
        """(N, T) int: the most probable path of states, for which the whole sequence is looked at (Viterbi).

        x  (N, T, 1)
        """
        n, steps, _ = x.shape
        return self.fitted.predict(rows(x, self.lags).reshape(n * steps, -1), [steps] * n).reshape(n, steps)

    def filtered(self, x: np.ndarray) -> np.ndarray:
        """(N, T, k): how probable each state is once a step's value is seen, and nothing after it.

        x  (N, T, 1)
        """
        n, steps, _ = x.shape
        logs = self.fitted._compute_log_likelihood(rows(x, self.lags).reshape(n * steps, -1)).reshape(n, steps, -1)
        density = np.exp(logs - logs.max(-1, keepdims=True)) + LEAST
        found = np.empty_like(density)
        expected = np.broadcast_to(self.fitted.startprob_, density[:, 0].shape)
        for t in range(steps):
            both = expected * density[:, t]
            found[:, t] = both / both.sum(1, keepdims=True)
            expected = found[:, t] @ self.fitted.transmat_
        return found

    def expected(self, x: np.ndarray) -> np.ndarray:
        """(N, T, 1): the value expected after each step, from those seen so far.

        x  (N, T, 1)
        """
        constant, weights, _ = self.fitted.regression()
        in_state = constant + rows(x, self.lags)[..., : self.lags] @ weights.T
        return (self.filtered(x) @ self.fitted.transmat_ * in_state).sum(-1, keepdims=True)


def rows(x: np.ndarray, lags: int) -> np.ndarray:
    """(N, T, lags + 1): each value, and those before it; before the first value all were like it.

    x  (N, T, 1)
    """
    values = np.pad(x[..., 0].astype(float), ((0, 0), (lags, 0)), mode="edge")
    return np.lib.stride_tricks.sliding_window_view(values, lags + 1, axis=1)[..., ::-1]


def fit(x: np.ndarray, states: int, lags: int = LAGS, seed: int = 0, on_part: OnPart | None = None) -> SignalHMM:
    """Fit a model by expectation maximisation, from several first guesses; the most probable one goes on.

    x        (N, T, 1), T >= 10
    states   k, at least 2
    lags     values before the present one that it depends on; 0 for the plain Gaussian model
    seed     of the guesses
    on_part  called with (parts done, in all)
    source   Rabiner, "A tutorial on hidden Markov models and selected applications in speech recognition", Proceedings
             of the IEEE 77, 1989
    """
    seen, rng = rows(x, lags)[:, lags:], np.random.default_rng(seed)
    few, tried = seen[:TRIED], list[_Autoregressive]()
    for number in range(GUESSES):
        tried.append(_learn(_guess(few, states, rng), few))
        if on_part is not None:
            on_part(number + 1, GUESSES + 1)
    best = _learn(max(tried, key=lambda model: model.monitor_.history[-1]), seen)
    if on_part is not None:
        on_part(GUESSES + 1, GUESSES + 1)
    return SignalHMM(best, lags)


def _guess(seen: np.ndarray, states: int, rng: np.random.Generator) -> _Autoregressive:
    """A model each of whose states is like a piece of a sequence, taken at random.

    seen  (N, T, lags + 1)
    """
    n, steps, size = seen.shape
    model = _Autoregressive(
        states, "full", n_iter=ROUNDS, tol=1e-5 * n * steps, implementation="scaling", init_params=""
    )
    piece = min(PIECE, steps)
    pieces = [seen[rng.integers(n), begin : begin + piece] for begin in rng.integers(steps - piece + 1, size=states)]
    model.startprob_ = np.full(states, 1 / states)
    moves = np.full((states, states), 1 / PIECE / (states - 1))
    np.fill_diagonal(moves, 1 - 1 / PIECE)
    model.transmat_ = moves
    model.means_ = np.stack([part.mean(0) for part in pieces])
    model.covars_ = np.stack([np.atleast_2d(np.cov(part.T)) + 1e-3 * np.eye(size) for part in pieces])
    return model


def _learn(model: _Autoregressive, seen: np.ndarray) -> _Autoregressive:
    n, steps, size = seen.shape
    return model.fit(seen.reshape(n * steps, size), [steps] * n)


@dataclass(frozen=True)
class Beside:
    """What a hidden Markov model came to on a task, fitted to its training part and measured on its test part.

    lags           values before the present one that it depends on; 0 for the plain Gaussian model
    states         how many it has: as many as there are
    num_weights    how many numbers were fitted
    score          R² of the value expected next
    error          its mean squared error
    agreement      adjusted Rand index of its path and the true one, the whole of each sequence being seen
    from_the_past  the same of the most probable state at each step, only what came before being seen, as by a network
    """

    lags: int
    states: int
    num_weights: int
    score: float
    error: float
    agreement: float
    from_the_past: float

    @property
    def name(self) -> str:
        """What to call it in a sentence."""
        return "autoregressive HMM" if self.lags else "Gaussian HMM"


def check_size(task: Task) -> None:
    """Refuse a task with more values to learn from than a model is fitted to while somebody waits (ValueError)."""
    sequences, steps = task.extent
    if sequences * steps > MOST_VALUES:
        raise ValueError(
            f"a hidden Markov model is fitted to at most {MOST_VALUES:,} values, the training part has "
            f"{sequences * steps:,} ({sequences:,} signals of {steps:,} steps); "
            f"take at most {MOST_VALUES // sequences} steps"
        )


def beside(task: Task, on_part: OnPart | None = None) -> list[Beside]:
    """How hidden Markov models do on a task: the autoregressive one, and the plain Gaussian one.

    on_part  called with (parts done, in all)
    raises   ValueError if the task knows no hidden path, or if it is too large for `check_size`
    """
    check_size(task)
    path = task.hidden_path()
    if path is None:
        raise ValueError(f"a task must know its hidden path to be fitted, and {task.name!r} has none")
    train, test = task.split()
    states, found = int(path.max()) + 1, list[Beside]()
    for lags in (LAGS, 0):

        def on_half(done: int, total: int) -> None:
            if on_part is not None:
                on_part(len(found) * total + done, 2 * total)

        model = fit(train.x, states, lags, on_part=on_half)
        said, true = model.expected(test.x).ravel(), test.y.ravel()
        found.append(
            Beside(
                lags=lags,
                states=states,
                num_weights=model.num_weights,
                score=float(r2_score(true, said)),
                error=float(np.square(said - true).mean()),
                agreement=agreement(model.path(test.x), path, test.lengths),
                from_the_past=agreement(model.filtered(test.x).argmax(-1), path, test.lengths),
            )
        )
    return found
