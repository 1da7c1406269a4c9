"""From a table to a chart: pure functions of DataFrames, which know pandas and Altair alone."""

from mrnn.charts.colours import LSTM_COLOURS, lstm_colour
from mrnn.charts.learning import (
    accuracy_by_k,
    accuracy_by_tau,
    accuracy_curves,
    blend_bars,
    class_bars,
    compared_curves,
    loss_curve,
    temperature_sketch,
    usage_area,
)
from mrnn.charts.sweeps import sweep_heatmap
from mrnn.charts.timeline import rows_timeline, timeline
from mrnn.charts.transitions import difference_heatmap, mean_q_heatmap, transition_heatmap, usage_bars

__all__ = [
    "LSTM_COLOURS",
    "accuracy_by_k",
    "accuracy_by_tau",
    "accuracy_curves",
    "blend_bars",
    "class_bars",
    "compared_curves",
    "difference_heatmap",
    "loss_curve",
    "lstm_colour",
    "mean_q_heatmap",
    "rows_timeline",
    "sweep_heatmap",
    "temperature_sketch",
    "timeline",
    "transition_heatmap",
    "usage_area",
    "usage_bars",
]
