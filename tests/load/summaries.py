"""How long what the Transitions page counts takes, once the model has read: python -m tests.load.summaries.

10,000 sequences of 28 steps in three layers through 16 LSTMs, as the largest of the shipped digit models has them; the
paths are made, for what they hold does not matter here. Each table of each view, with its permutation tests.
"""

import time
from collections.abc import Callable

import numpy as np

from mrnn import Trace, analysis

N, L, T, K, C = 10_000, 3, 28, 16, 10
CLASSES = tuple(map(str, range(C)))
GOAL = 3.0  # seconds, for all of a view


def make_trace(rng: np.random.Generator) -> Trace:
    """Paths that stay a while with an LSTM, as those of models do."""
    drawn = rng.integers(0, K, (N, L, T))
    stays = rng.random((N, L, T)) < 0.7
    stays[..., 0] = False
    path = np.take_along_axis(drawn, np.maximum.accumulate(np.where(stays, 0, np.arange(T)), axis=-1), axis=-1)
    z = np.eye(K, dtype=np.float32)[path]
    return Trace(
        q=(0.8 * z + 0.2 / K).astype(np.float32),
        z=z,
        logits=rng.normal(size=(N, T, C)).astype(np.float32),
        lengths=np.full(N, T),
    )


def views(trace: Trace, y: np.ndarray) -> dict[str, list[Callable[[], object]]]:
    """What each view counts."""
    by_class = (trace, y, CLASSES)
    path = trace.listened()
    other = path[::-1].copy()
    kinds = other % 3
    found = analysis.align(path, other, trace.lengths, (K, K), shuffles=0)
    return {
        "Matrices": [
            lambda: analysis.transitions_by_class(*by_class),
            lambda: analysis.transition_difference(trace, y, 4, 9),
            lambda: analysis.sequences_with_move(*by_class, 1, 2, -1),
        ],
        "Use": [
            lambda: analysis.usage_by_class(*by_class),
            lambda: analysis.usage_difference(trace, y, 4, 9),
            lambda: analysis.stationary_by_class(*by_class),
            lambda: analysis.stationary_difference(trace, y, 4, 9),
            lambda: analysis.dwell_by_class(*by_class),
            lambda: analysis.dwell_difference(trace, y, 4, 9),
        ],
        "Time": [
            lambda: analysis.mean_q(*by_class),
            lambda: analysis.q_difference(trace, y, 4, 9),
            lambda: analysis.entropy_by_class(*by_class),
        ],
        "Information": [
            lambda: analysis.information_on_class(path, trace.lengths, K, y),
            lambda: analysis.information_on_position(path, trace.lengths, K),
        ],
        "Steps": [
            lambda: analysis.use_by_kind(trace, kinds, ("low", "middle", "high")),
            lambda: analysis.information_on_kind(path, trace.lengths, K, kinds),
        ],
        "Two models": [
            lambda: analysis.align(path, other, trace.lengths, (K, K)),
            lambda: analysis.usage_apart(path, other, trace.lengths, found),
            lambda: analysis.transitions_apart(path, other, trace.lengths, found),
        ],
    }


def main() -> None:
    """Print a table; exit status 1 where a view takes longer than the goal."""
    rng = np.random.default_rng(0)
    trace, y = make_trace(rng), rng.integers(0, C, N)
    print("| view | seconds |\n| --- | --- |")  # noqa: T201
    slow = False
    for name, tables in views(trace, y).items():
        start = time.perf_counter()
        for table in tables:
            table()
        took = time.perf_counter() - start
        slow |= took > GOAL
        print(f"| {name} | {took:.2f} |")  # noqa: T201
    raise SystemExit(slow)


if __name__ == "__main__":
    main()
