"""Markov recurrent neural networks: the model, its tasks, its training, and what is seen in it."""

from mrnn.analysis import transition_counts, usage
from mrnn.checkpoint import load, load_reference_weights, read_notes, save
from mrnn.config import ModelConfig, RunConfig, TrainConfig
from mrnn.data import SequenceData, Task
from mrnn.model import Output, SequenceModel
from mrnn.tasks import TASKS
from mrnn.trace import Trace
from mrnn.training import EpochReport, evaluate, train

__all__ = [
    "TASKS",
    "EpochReport",
    "ModelConfig",
    "Output",
    "RunConfig",
    "SequenceData",
    "SequenceModel",
    "Task",
    "Trace",
    "TrainConfig",
    "evaluate",
    "load",
    "load_reference_weights",
    "read_notes",
    "save",
    "train",
    "transition_counts",
    "usage",
]
