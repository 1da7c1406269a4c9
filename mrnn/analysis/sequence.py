"""One sequence, step by step."""

from collections.abc import Sequence

import numpy as np
import pandas as pd

from mrnn.analysis.judgement import Judgement, judge, significant
from mrnn.trace import Target, Trace

RIGHT = "what is right"  # in place of a class, where each step has an answer of its own


def decided_at(trace: Trace, n: int = 0) -> int:
    """The step from which on the most probable class is the final one."""
    best = trace.probabilities[n, : int(trace.lengths[n])].argmax(-1)
    other = np.flatnonzero(best != best[-1])
    return int(other[-1]) + 1 if len(other) else 0


def answers_before_and_after(before: Trace, after: Trace, classes: Sequence[str], y: np.ndarray) -> pd.DataFrame:
    """What a network says of one sequence step by step, before and after something was done to it.

    y        of the sequence, as in `SequenceData`
    returns  rows of t, when ("before" or "after"), class, probability: of the classes or labels that are answered at
             the end, before or after; where each step has an answer, what is given to the RIGHT one, of labels in the
             mean; of values, the values themselves
    raises   ValueError if the two are not of one sequence of the same length
    """
    if before.lengths[0] != after.lengths[0]:
        raise ValueError(f"both must be of the same sequence, got lengths {before.lengths[0]} and {after.lengths[0]}")
    judged = {"before": judge(before, y), "after": judge(after, y)}
    steps = np.arange(int(before.lengths[0]))
    if before.target == "value":
        told = {when: dict(zip(classes, one.said.T, strict=True)) for when, one in judged.items()}
    elif np.asarray(y).ndim == (2 if before.target == "class" else 3):
        told = {when: {RIGHT: _given_to_right(before.target, one)} for when, one in judged.items()}
    else:
        ends = [one.said[-1] for one in judged.values()]
        answered = {int(end.argmax()) for end in ends}
        if before.target == "labels":
            answered |= {int(c) for end in ends for c in np.flatnonzero(end > 0.5)}
        told = {when: {classes[c]: one.said[:, c] for c in sorted(answered)} for when, one in judged.items()}
    return pd.concat(
        [
            pd.DataFrame({"t": steps, "when": when, "class": name, "probability": significant(said)})
            for when, of_class in told.items()
            for name, said in of_class.items()
        ],
        ignore_index=True,
    )


def _given_to_right(target: Target, judged: Judgement) -> np.ndarray:
    """(T,) the probability of the right class; of labels the mean of what each is right with."""
    if target == "labels":
        return np.where(judged.truth > 0.5, judged.said, 1 - judged.said).mean(-1)
    return (judged.said * judged.truth).sum(-1)


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
