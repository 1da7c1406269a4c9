"""What a network says of one sequence, in a few words, whatever its task asks."""

from dataclasses import dataclass, replace

import numpy as np

from mrnn import Task, Trace, analysis


def in_its_unit(task: Task, trace: Trace) -> Trace:
    """The same trace; of values the answers are as the person's own data have them, not scaled as models learn them."""
    return replace(trace, logits=task.in_its_unit(trace.logits)) if task.target == "value" else trace


def right_in_its_unit(task: Task, y: np.ndarray) -> np.ndarray:
    """What is right, y as in `SequenceData`; values as `in_its_unit` has them."""
    return task.in_its_unit(y) if task.target == "value" else y


def judged(task: Task, trace: Trace, y: np.ndarray, n: int = 0) -> analysis.Judgement:
    """`analysis.judge` of sequence n, values in the unit of the data; y of the sequences, as in `SequenceData`."""
    some = slice(n, n + 1)
    return analysis.judge(in_its_unit(task, trace.take(some)), right_in_its_unit(task, y[some]))


@dataclass(frozen=True)
class Told:
    """What was said, and how right it is.

    says     "alien, 99.8%", "early, noise" or "0.412"; where each step has an answer, at how many of them it is right
    answer   the same without how probable it is; "" where each step has one
    truth    what a whole sequence should be answered with; "" where each step has an answer
    verdict  "right" or "wrong"; "" where nothing is that alone
    """

    says: str
    answer: str
    truth: str
    verdict: str

    def __str__(self) -> str:
        return f"{self.says} ({self.verdict})" if self.verdict else self.says


def told(task: Task, trace: Trace, y: np.ndarray, n: int = 0) -> Told:
    """What was said of sequence n; y of the sequences, as in `SequenceData`."""
    one = judged(task, trace, y, n)
    steps, right = len(one.said), one.right
    if task.per_step:
        if right is None:
            return Told(f"mean squared error {one.errors.mean():.4g} over {steps} steps", "", "", "")
        return Told(f"right at {right.sum()} of {steps} steps", "", "", "")
    answer, truth = (analysis.in_words(task.target, row, task.classes) for row in (one.said[-1], one.truth[-1]))
    if right is None:
        return Told(f"{answer}, where {truth} is right", answer, truth, "")
    sure = f", {one.said[-1].max():.1%}" if task.target == "class" else ""
    return Told(f"{answer}{sure}", answer, truth, "right" if right[-1] else "wrong")


def told_of_many(task: Task, trace: Trace, y: np.ndarray) -> str:
    """How right what was said of several sequences is, all together."""
    every = [judged(task, trace, y, n) for n in range(len(trace.lengths))]
    n = f"{len(every)} signals"
    right = [one.right for one in every if one.right is not None]
    if not right:
        error = np.mean([one.errors.mean() if task.per_step else one.errors[-1] for one in every])
        return f"the mean squared error of these {n} is {error:.4g}"
    if task.per_step:
        return f"{np.concatenate(right).mean():.0%} of the steps of these {n} are answered right"
    return f"{sum(one[-1] for one in right)} of the {n} are answered right"
