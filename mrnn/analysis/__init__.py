"""From a Trace to tables: what the charts draw, and what one may count on a path of LSTMs."""

from mrnn.analysis.classes import mean_q, transition_difference, transitions_by_class, usage_by_class
from mrnn.analysis.paths import transition_counts, transition_matrix, usage
from mrnn.analysis.sequence import decided_at, selection_table

__all__ = [
    "decided_at",
    "mean_q",
    "selection_table",
    "transition_counts",
    "transition_difference",
    "transition_matrix",
    "transitions_by_class",
    "usage",
    "usage_by_class",
]
