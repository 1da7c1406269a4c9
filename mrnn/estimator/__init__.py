"""Markov recurrent networks as scikit-learn's estimators."""

from mrnn.estimator.classifier import MRNNClassifier
from mrnn.estimator.regressor import MRNNRegressor

__all__ = ["MRNNClassifier", "MRNNRegressor"]
