"""Markov recurrent neural networks: the model, its tasks, its training, and what is seen in it."""

from typing import TYPE_CHECKING, Any

from mrnn.analysis import transition_counts, usage
from mrnn.checkpoint import load, load_reference_weights, read_notes, save
from mrnn.config import ModelConfig, RunConfig, TrainConfig
from mrnn.data import SequenceData, Task
from mrnn.model import Output, SequenceModel
from mrnn.tasks import TASKS
from mrnn.trace import Inside, Trace
from mrnn.training import EpochReport, evaluate, train

if TYPE_CHECKING:
    from mrnn.estimator import MRNNClassifier, MRNNRegressor

__all__ = [
    "TASKS",
    "EpochReport",
    "Inside",
    "MRNNClassifier",
    "MRNNRegressor",
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


def __getattr__(name: str) -> Any:
    # Not before somebody asks: scikit-learn would make `import mrnn` a third slower for all who do without.
    if name in ("MRNNClassifier", "MRNNRegressor"):
        from mrnn import estimator

        return getattr(estimator, name)
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
