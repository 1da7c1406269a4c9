"""From a Trace to tables: what the charts draw, and what one may count on a path of LSTMs."""

from mrnn.analysis.agreement import agreement
from mrnn.analysis.alignment import Alignment, align, co_use, transitions_apart, usage_apart
from mrnn.analysis.answers import answers_by_step, answers_table
from mrnn.analysis.classes import (
    dwell_by_class,
    dwell_difference,
    mean_q,
    q_difference,
    stationary_by_class,
    stationary_difference,
    transition_difference,
    transitions_by_class,
    usage_by_class,
    usage_difference,
)
from mrnn.analysis.confusion import OTHERS, confusion, confusion_of_labels
from mrnn.analysis.differences import (
    Counts,
    Difference,
    compare_groups,
    compare_pairs,
    count_q,
    count_stays,
    count_transitions,
    count_usage,
)
from mrnn.analysis.examples import sequences_with_move
from mrnn.analysis.information import (
    Information,
    effective_number,
    entropy,
    entropy_by_class,
    information_on_class,
    information_on_kind,
    information_on_position,
    mutual_information,
)
from mrnn.analysis.judgement import Judgement, in_words, judge, judgement_table, significant
from mrnn.analysis.kinds import use_by_kind
from mrnn.analysis.maps import METHODS, Method, StateMap, choose_steps, state_map, states_by_sequence
from mrnn.analysis.paths import (
    dwell_survival,
    stays,
    transition_counts,
    transition_matrix,
    transitions_by_sequence,
    usage,
    usage_by_sequence,
)
from mrnn.analysis.sequence import (
    answers_before_and_after,
    decided_at,
    first_difference,
    q_distance,
    steps_apart,
)
from mrnn.analysis.stationary import pulls, starts, stationary_distribution
from mrnn.analysis.symbols import symbols_by_lstm

__all__ = [
    "METHODS",
    "OTHERS",
    "Alignment",
    "Counts",
    "Difference",
    "Information",
    "Judgement",
    "Method",
    "StateMap",
    "agreement",
    "align",
    "answers_before_and_after",
    "answers_by_step",
    "answers_table",
    "choose_steps",
    "co_use",
    "compare_groups",
    "compare_pairs",
    "confusion",
    "confusion_of_labels",
    "count_q",
    "count_stays",
    "count_transitions",
    "count_usage",
    "decided_at",
    "dwell_by_class",
    "dwell_difference",
    "dwell_survival",
    "effective_number",
    "entropy",
    "entropy_by_class",
    "first_difference",
    "in_words",
    "information_on_class",
    "information_on_kind",
    "information_on_position",
    "judge",
    "judgement_table",
    "mean_q",
    "mutual_information",
    "pulls",
    "q_difference",
    "q_distance",
    "sequences_with_move",
    "significant",
    "starts",
    "state_map",
    "states_by_sequence",
    "stationary_by_class",
    "stationary_difference",
    "stationary_distribution",
    "stays",
    "steps_apart",
    "symbols_by_lstm",
    "transition_counts",
    "transition_difference",
    "transition_matrix",
    "transitions_apart",
    "transitions_by_class",
    "transitions_by_sequence",
    "usage",
    "usage_apart",
    "usage_by_class",
    "usage_by_sequence",
    "usage_difference",
    "use_by_kind",
]
