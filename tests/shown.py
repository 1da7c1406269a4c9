"""A picture of every kind, of small tables.

Sizes: T = 7 steps, k = 5 LSTMs, C = 3 classes, 11 epochs.
"""

import math
from collections.abc import Callable
from functools import partial
from typing import Any

import numpy as np
import pandas as pd

from mrnn import Trace, analysis, charts

T, K, EPOCHS = 7, 5, 11
CLASSES = ("calm", "loud", "odd")


def make_trace(k: int = K, steps: int = T, listened: list[int] | None = None, n: int = 1) -> Trace:
    rng = np.random.default_rng(steps)
    z = rng.integers(0, k, (n, 1, steps)) if listened is None else np.array([[listened]])
    return Trace(
        q=rng.dirichlet(np.ones(k), (n, 1, steps)),
        z=np.eye(k)[z],
        logits=rng.normal(size=(n, steps, len(CLASSES))),
        lengths=np.full(n, steps),
    )


TRACE = make_trace(listened=[1, 1, 3, 3, 3, 1, 0])  # LSTMs 2 2 4 4 4 2 1; nobody listens to 3 and 5
ANSWERS = pd.DataFrame({"class": CLASSES, "probability": TRACE.answers[0]})
MANY = make_trace(n=31)
Y = np.arange(31) % 2
TRANSITIONS = analysis.transitions_by_class(MANY, Y, CLASSES)
DIFFERENCE = analysis.transition_difference(MANY, Y, 0, 1)
HISTORY = pd.DataFrame({"epoch": [1, 2, 3], "loss": [0.7, 0.4, 0.3], "tau": [2.0, 1.5, 1.1]})
ACCURACY = pd.DataFrame(
    {"epoch": [1, 2, 1, 2], "kind": ["hard", "hard", "soft", "soft"], "accuracy": [0.5, 0.9, 0.6, 1]}
)
USAGE = analysis.usage_by_class(MANY, Y, CLASSES)
USAGE_BY_EPOCH = pd.DataFrame(
    {"epoch": np.repeat([1, 2], K), "lstm": np.tile(range(1, K + 1), 2), "share": [0.1, 0.2, 0.3, 0.2, 0.2] * 2}
)
TAUS = pd.DataFrame(
    {"tau": [0.1, 1.0, 10.0], "mean": [0.9, 0.8, 0.5], "lowest": [0.8, 0.7, 0.4], "highest": [1, 0.9, 0.6]}
)
KS = pd.DataFrame(
    {"k": [1, 2, 4], "network": ["1", "2", "4"], "accuracy": [0.9, 0.95, 0.99], "weights": [100, 200, 400]}
)
ANSWER_CHANGE = analysis.answers_before_and_after(MANY.take(slice(1)), MANY.take(slice(1)), CLASSES, Y[:1])
BY_KIND = analysis.use_by_kind(MANY, np.indices((31, T))[1] % 3, CLASSES)
LESIONS = pd.DataFrame({"lstm": range(K + 1), "accuracy": [0.98, 0.5, 0.97, 0.7, 0.9, 0.95]})
HEARD = pd.DataFrame({"epoch": [0, 0, 2], "start": [0, 2, 0], "steps": [2, 5, 7], "lstm": [1, 2, 3]})
CURVES = pd.DataFrame(
    {"run": list("AABBB"), "epoch": [1, 2, 1, 2, 3], "accuracy": [0.5, 0.9, 0.6, 0.7, 0.8], "loss": [3, 2, 4, 2, 1.5]}
)
STATES = pd.DataFrame(
    {
        "x": [0.1, 0.5, 2],
        "y": [3, 1, 0.2],
        "lstm": [1, 3, 5],
        "class": ["calm", "loud", "calm"],
        "t": 0,
        "sequence": [7, 2, 5],
    }
)
CO_USE = pd.DataFrame(
    {"first": list("1122"), "second": list("2121"), "steps": [5, 1, 0, 4], "share": [0.5, 0.1, 0, 0.4]}
)
_, INFORMATION = analysis.information_on_class(MANY.listened(), MANY.lengths, K, Y, shuffles=5)
SWEPT = pd.DataFrame(
    {
        "row": ["1", "1", "10", "10"], "column": ["0.5", "2.0"] * 2, "mean": [0.9, 0.95, 0.99, math.nan],
        "deviation": [0.01, math.nan, 0.02, math.nan], "known": [3, 1, 2, 0], "runs": [3, 1, 3, 3],
    }
)  # fmt: skip
CONFUSION = analysis.confusion(MANY, Y, CLASSES)
CONTENDERS = pd.DataFrame(
    {
        "network": ["GRU", "LSTM"], "accuracy": [0.9, 0.97], "accuracy_deviation": [0.02, math.nan], "known": [3, 1],
        "hidden_size": [7, 5], "weights": [311, 307],
    }
)  # fmt: skip
BY_EPOCH = pd.DataFrame(
    {
        "network": ["GRU", "GRU", "LSTM", "LSTM"], "epoch": [1, 2, 1, 2], "mean": [0.6, 0.9, 0.5, 0.97],
        "lowest": [0.5, 0.8, 0.5, 0.97], "highest": [0.7, 0.95, 0.5, 0.97],
    }
)  # fmt: skip
EXAMPLES = pd.DataFrame(
    {"lane": list("aabb"), "sequence": [0, 0, 1, 1], "t": [0, 1, 0, 1], "value": [0.1, 0.7, -0.3, 0.2]}
)
COUNTS = pd.DataFrame({"class": ["calm", "loud"], "count": [5, 7]})
WENT_ON = pd.DataFrame(
    {"t": [0, 1, 2] * 2, "curve": ["truth"] * 3 + ["its own"] * 3, "value": [0.1, 0.5, 0.2, 0.1, 0.4, 1]}
)
AHEAD = pd.DataFrame({"ahead": [1, 2, 3], "error": [0.1, 0.5, 0.7]})
STRINGS = pd.DataFrame({"symbols": [5, 7, 7], "kind": ["legal", "legal", "not legal"], "count": [11, 3, 2]})
SHARES = pd.DataFrame(
    {"network": ["GRU", "GRU", "LSTM", "LSTM"], "group": ["5", "7"] * 2, "share": [1, 0.9, 0.7, 0.5], "count": [13] * 4}
)
BINS = pd.DataFrame({"low": [0.0, 1.0], "high": [1.0, 2.0], "count": [3, 5]})

CHARTS: dict[str, tuple[Callable[..., charts.Picture], tuple[Any, ...]]] = {
    "accuracy_by_tau": (charts.accuracy_by_tau, (TAUS.assign(in_use=0.93),)),
    "accuracy_curves": (charts.accuracy_curves, (ACCURACY, EPOCHS)),
    "against_k": (charts.against_k, (KS, "accuracy", "accuracy in use", ".2%")),
    "answer_change": (charts.answer_change, (ANSWER_CHANGE, 2)),
    "class_bars": (charts.class_bars, (ANSWERS,)),
    "co_use_heatmap": (charts.co_use_heatmap, (CO_USE,)),
    "compared_curves": (charts.compared_curves, (CURVES, "accuracy", "accuracy")),
    "confusion_heatmap": (charts.confusion_heatmap, (CONFUSION,)),
    "continued_curve": (charts.continued_curve, (WENT_ON, 2)),
    "contender_curves": (partial(charts.contender_curves, percent=True), (BY_EPOCH, "held-out accuracy")),
    "contender_dots": (partial(charts.contender_dots, percent=True), (CONTENDERS, "accuracy", "accuracy")),
    "count_bars": (charts.count_bars, (COUNTS, "sequences")),
    "error_by_step": (charts.error_by_step, (AHEAD,)),
    "lengths_of_strings": (charts.lengths_of_strings, (STRINGS,)),
    "shares_by_group": (charts.shares_by_group, (SHARES, "symbols right", "symbols", 0.5)),
    "difference_heatmap": (charts.difference_heatmap, (DIFFERENCE, "calm", "loud")),
    "dwell_curves": (charts.dwell_curves, (analysis.dwell_by_class(MANY, Y, CLASSES), "loud")),
    "entropy_curves": (charts.entropy_curves, (analysis.entropy_by_class(MANY, Y, CLASSES), math.log(K))),
    "example_lanes": (charts.example_lanes, (EXAMPLES, "speed")),
    "histogram_bars": (charts.histogram_bars, (BINS, "steps", "sequences")),
    "information_curve": (charts.information_curve, (INFORMATION,)),
    "kinds_heatmap": (charts.kinds_heatmap, (BY_KIND,)),
    "lesion_bars": (charts.lesion_bars, (LESIONS,)),
    "listened_by_epoch": (charts.listened_by_epoch, (HEARD, K)),
    "loss_curve": (charts.loss_curve, (HISTORY, EPOCHS)),
    "mean_q_heatmap": (charts.mean_q_heatmap, (analysis.mean_q(MANY, Y, CLASSES), "loud")),
    "q_difference_heatmap": (charts.q_difference_heatmap, (analysis.q_difference(MANY, Y, 0, 1), "calm", "loud")),
    "state_scatter": (charts.state_scatter, (STATES, "LSTM", K)),
    "sweep_heatmap": (partial(charts.sweep_heatmap, unit="%"), (SWEPT, "held-out accuracy", "k", "tau0")),
    "temperature_sketch": (charts.temperature_sketch, (HISTORY,)),
    "transition_heatmap": (charts.transition_heatmap, (TRANSITIONS, "loud")),
    "usage_area": (charts.usage_area, (USAGE_BY_EPOCH, K, EPOCHS)),
    "usage_bars": (charts.usage_bars, (USAGE,)),
}
