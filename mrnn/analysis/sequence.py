"""One sequence, step by step."""

from collections.abc import Sequence

import numpy as np
import pandas as pd

from mrnn.trace import Trace


def decided_at(trace: Trace, n: int = 0) -> int:
    """The step from which on the most probable class is the final one."""
    best = trace.probabilities[n, : int(trace.lengths[n])].argmax(-1)
    other = np.flatnonzero(best != best[-1])
    return int(other[-1]) + 1 if len(other) else 0


def answers_before_and_after(before: Trace, after: Trace, classes: Sequence[str]) -> pd.DataFrame:
    """What a network says of one sequence step by step, before and after something was done to it.

    returns  rows of t, when ("before" or "after"), class, probability; of the classes that are answered before or after
    raises   ValueError if the two are not of one sequence of the same length
    """
    if before.lengths[0] != after.lengths[0]:
        raise ValueError(f"both must be of the same sequence, got lengths {before.lengths[0]} and {after.lengths[0]}")
    told = sorted({int(trace.answers[0].argmax()) for trace in (before, after)})
    steps = np.arange(int(before.lengths[0]))
    return pd.concat(
        [
            pd.DataFrame(
                {
                    "t": steps,
                    "when": when,
                    "class": classes[c],
                    "probability": trace.probabilities[0, steps, c].astype(float).round(4),
                }
            )
            for when, trace in (("before", before), ("after", after))
            for c in told
        ],
        ignore_index=True,
    )


def first_difference(before: Trace, after: Trace) -> int | None:
    """The first step at which two traces of one sequence listen to different LSTMs in some layer, or None."""
    firsts = [steps[0] for layer in range(before.z.shape[1]) if len(steps := steps_apart(before, after, layer))]
    return int(min(firsts)) if firsts else None


def steps_apart(first: Trace, second: Trace, layer: int = -1) -> np.ndarray:
    """Steps at which the first sequences of two traces are listened to with different LSTMs, in order.

    raises  ValueError if the two are not of the same length
    """
    if first.lengths[0] != second.lengths[0]:
        raise ValueError(f"both must have as many steps, got {first.lengths[0]} and {second.lengths[0]}")
    length = int(first.lengths[0])
    return np.flatnonzero(first.listened(layer)[0, :length] != second.listened(layer)[0, :length])


def q_distance(first: Trace, second: Trace, layer: int = -1) -> np.ndarray:
    """How far q of two sequences lies apart at each step, the first of each trace: 0 if alike, 1 if nothing is shared.

    returns  (T,) total variation distance, half the sum of absolute differences, over the steps that both have
    raises   ValueError if the two have different numbers of LSTMs
    """
    if first.k != second.k:
        raise ValueError(f"paths through the same LSTMs can be compared, got k = {first.k} and k = {second.k}")
    steps = min(int(first.lengths[0]), int(second.lengths[0]))
    return np.abs(first.q[0, layer, :steps] - second.q[0, layer, :steps]).sum(-1) / 2
