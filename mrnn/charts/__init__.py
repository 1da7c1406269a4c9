"""From a table to a picture: pure functions of DataFrames, which know pandas and Altair alone.

Each gives a `Picture`: the chart, the same in words, and all numbers that it shows.
"""

from mrnn.charts.colours import CIVIDIS, CURSOR_COLOUR, DIVERGING, LSTM_COLOURS, letters_on, lstm_colour
from mrnn.charts.comparison import confusion_heatmap, contender_curves, contender_dots
from mrnn.charts.graph import difference_graph, state_graph
from mrnn.charts.laboratory import continued_curve, error_by_step, lengths_of_strings, shares_by_group
from mrnn.charts.learning import (
    accuracy_curves,
    class_bars,
    compared_curves,
    loss_curve,
    temperature_sketch,
    usage_area,
)
from mrnn.charts.over_time import dwell_curves, entropy_curves, information_curve
from mrnn.charts.own_data import count_bars, example_lanes, histogram_bars
from mrnn.charts.picture import Picture
from mrnn.charts.probes import accuracy_by_tau, against_k, answer_change, lesion_bars, listened_by_epoch
from mrnn.charts.state_map import STATE, state_scatter
from mrnn.charts.sweeps import sweep_heatmap
from mrnn.charts.transitions import (
    CLICKED,
    co_use_heatmap,
    difference_heatmap,
    kinds_heatmap,
    mean_q_heatmap,
    q_difference_heatmap,
    transition_heatmap,
    usage_bars,
)

__all__ = [
    "CIVIDIS",
    "CLICKED",
    "CURSOR_COLOUR",
    "DIVERGING",
    "LSTM_COLOURS",
    "STATE",
    "Picture",
    "accuracy_by_tau",
    "accuracy_curves",
    "against_k",
    "answer_change",
    "class_bars",
    "co_use_heatmap",
    "compared_curves",
    "confusion_heatmap",
    "contender_curves",
    "contender_dots",
    "continued_curve",
    "count_bars",
    "difference_graph",
    "difference_heatmap",
    "dwell_curves",
    "entropy_curves",
    "error_by_step",
    "example_lanes",
    "histogram_bars",
    "information_curve",
    "kinds_heatmap",
    "lengths_of_strings",
    "lesion_bars",
    "letters_on",
    "listened_by_epoch",
    "loss_curve",
    "lstm_colour",
    "mean_q_heatmap",
    "q_difference_heatmap",
    "shares_by_group",
    "state_graph",
    "state_scatter",
    "sweep_heatmap",
    "temperature_sketch",
    "transition_heatmap",
    "usage_area",
    "usage_bars",
]
