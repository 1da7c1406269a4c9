"""The estimators among scikit-learn's tools, and its own checks of them."""

import os
import pickle
import subprocess
import sys
from contextlib import suppress
from pathlib import Path
from typing import Any
from unittest import SkipTest

import joblib
import numpy as np
import pytest
from sklearn.base import clone
from sklearn.exceptions import NotFittedError
from sklearn.linear_model import LogisticRegression
from sklearn.metrics import r2_score
from sklearn.model_selection import GridSearchCV, cross_val_score
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler
from sklearn.utils.estimator_checks import estimator_checks_generator, parametrize_with_checks

from mrnn import MRNNClassifier, MRNNRegressor, load, save
from tests.test_estimator import D, N, T, assert_alike, loud, small

PROJECT = Path(__file__).resolve().parents[1]

# Small, and no longer at it than their checks need; what scikit-learn asks of a score is asked of training alone.
CHECKED = [
    MRNNClassifier(k=2, hidden_size=7, epochs=7, learning_rate=0.05),
    MRNNRegressor(k=2, hidden_size=13, epochs=30, learning_rate=0.04, early_stopping=False),
]


PASSED = set[tuple[str, str]]()  # by estimator and check; what was skipped is not there


def run(estimator: Any, check: Any) -> None:
    check(estimator)  # raises SkipTest where a check leaves itself out
    PASSED.add((type(estimator).__name__, named(check)))


def named(check: Any) -> str:
    return getattr(check, "func", check).__name__


@parametrize_with_checks(CHECKED)
def test_scikit_learns_own_checks_hold(estimator, check):
    run(estimator, check)


@pytest.mark.parametrize("estimator", CHECKED, ids=["classifier", "regressor"])
def test_more_than_40_of_the_checks_ran_to_their_end(estimator):
    """The tags leave none out: a two-dimensional X is (N, T), and a weight of 0 is no sequence."""
    name = type(estimator).__name__
    checks: Any = estimator_checks_generator(estimator)
    for one, check in checks:
        if (name, named(check)) not in PASSED:  # this test was asked for alone; or it was skipped above, as here
            with suppress(SkipTest):
                run(one, check)
    ran = {check for of, check in PASSED if of == name}
    assert len(ran) > 40
    assert {"check_sample_weight_equivalence_on_dense_data", "check_methods_subset_invariance"} <= ran


@pytest.mark.slow
def test_the_check_that_needs_a_setting_of_its_own_holds():
    """SCIPY_ARRAY_API must be set before SciPy is imported: in a process of its own."""
    code = """
from sklearn.utils.estimator_checks import check_array_api_input
from mrnn import MRNNClassifier, MRNNRegressor
for estimator in MRNNClassifier(k=2, hidden_size=7, epochs=2), MRNNRegressor(k=2, hidden_size=7, epochs=2):
    check_array_api_input("", estimator, array_namespace="numpy", expect_only_array_outputs=False)
print("held")
"""
    assert python(code, SCIPY_ARRAY_API="1") == "held"


def python(code: str, *arguments: Any, **environment: str) -> str:
    """What a process of its own prints."""
    command = [sys.executable, "-c", code, *map(str, arguments)]
    done = subprocess.run(
        command, cwd=PROJECT, env={**os.environ, **environment}, capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stderr
    return done.stdout.strip()


def test_a_pickle_answers_alike_in_another_process(tmp_path):
    X, y = loud()
    classifier = small().fit(X, y)
    expected = classifier.predict_proba(X)
    joblib.dump((classifier, X), tmp_path / "one.joblib")
    (tmp_path / "two.pickle").write_bytes(pickle.dumps((classifier, X)))
    code = """
import sys, pickle, joblib
for classifier, X in joblib.load(sys.argv[1]), pickle.load(open(sys.argv[2], "rb")):
    print(classifier.predict_proba(X).tobytes().hex())
"""
    told = python(code, tmp_path / "one.joblib", tmp_path / "two.pickle").split()
    assert told == [expected.tobytes().hex()] * 2


def test_a_clone_is_unfitted_and_learns_the_same():
    X, y = loud()
    fitted = small().fit(X, y)
    other: Any = clone(fitted)
    with pytest.raises(NotFittedError, match="This MRNNClassifier instance is not fitted yet"):
        other.predict(X)
    assert_alike(fitted, other.fit(X, y), X)


def test_its_network_can_be_saved_without_pickle(tmp_path):
    X, y = loud()
    classifier = small().fit(X, y)
    save(classifier.model_, tmp_path / "mine.safetensors")
    x = np.zeros((N, T, D))
    lengths = np.array([len(s) for s in X])
    for row, s in zip(x, X, strict=True):
        row[: len(s)] = s
    trace = load(tmp_path / "mine.safetensors").trace(classifier.scaling_.apply(x, lengths), lengths)
    np.testing.assert_array_equal(classifier.classes_[trace.answers.argmax(1)], classifier.predict(X))


@pytest.fixture(scope="module")
def table() -> tuple[np.ndarray, np.ndarray]:
    rng = np.random.default_rng(0)
    y = rng.integers(0, 2, N)
    return rng.normal(0, 1, (N, T)) + y[:, None], y


@pytest.mark.slow
def test_a_grid_search_finds_the_same_with_several_processes(table):
    X, y = table
    pipeline = make_pipeline(StandardScaler(), small(epochs=8, learning_rate=0.03))
    grid = {"mrnnclassifier__k": [1, 2], "mrnnclassifier__cell": ["mrnn", "gru"]}
    searches = [GridSearchCV(pipeline, grid, cv=2, n_jobs=jobs).fit(X, y) for jobs in (1, 2)]
    scores = [search.cv_results_["mean_test_score"] for search in searches]
    np.testing.assert_array_equal(*scores)
    assert searches[0].best_score_ > 0.7


@pytest.mark.slow
@pytest.mark.parametrize("processes", [True, False], ids=["processes", "threads"])
def test_a_grid_search_finds_the_same_on_the_workers_of_a_dask_cluster(table, processes):
    from distributed import Client  # with a LocalCluster of its own

    X, y = table
    grid = {"k": [1, 2], "carry": ["mixed", "own"]}
    expected = GridSearchCV(small(), grid, cv=2).fit(X, y)
    with (
        Client(n_workers=2, threads_per_worker=1, processes=processes, dashboard_address=None) as client,
        joblib.parallel_config(backend="dask", client=client),
    ):
        found = GridSearchCV(small(), grid, cv=2, n_jobs=2).fit(X, y)
    np.testing.assert_array_equal(found.cv_results_["mean_test_score"], expected.cv_results_["mean_test_score"])
    assert found.best_params_ == expected.best_params_
    np.testing.assert_array_equal(found.predict_proba(X), expected.predict_proba(X))


@pytest.mark.parametrize("backend", ["threading", pytest.param("dask", marks=pytest.mark.slow)])
def test_folds_are_scored_alike_by_other_backends(table, backend):
    from distributed import Client

    X, y = table
    expected = cross_val_score(small(), X, y, cv=3)
    if backend == "threading":
        with joblib.parallel_config(backend="threading", n_jobs=2):
            found = cross_val_score(small(), X, y, cv=3)
    else:
        with (
            Client(n_workers=2, threads_per_worker=1, dashboard_address=None),
            joblib.parallel_config(backend="dask"),
        ):
            found = cross_val_score(small(), X, y, cv=3, n_jobs=2)
    np.testing.assert_array_equal(found, expected)


def test_sequences_of_different_length_pass_through_the_tools():
    X, y = loud()
    assert cross_val_score(small(epochs=15, learning_rate=0.05), X, y, cv=3).mean() > 0.6


def test_a_regressor_learns_numbers_of_sequences_of_different_length_in_every_fold():
    X, _ = loud(197)
    scores = cross_val_score(numbers(), X, [s.mean(0) for s in X], cv=3)
    assert scores.shape == (3,)
    assert (scores > 0.8).all(), scores


def test_a_regressor_in_a_pipeline_is_searched_by_r2(table):
    X, y = table[0], table[0].mean(1)
    pipeline = make_pipeline(StandardScaler(), numbers())
    search: Any = GridSearchCV(pipeline, {"mrnnregressor__epochs": [1, 25]}, cv=2).fit(X, y)
    assert search.best_params_ == {"mrnnregressor__epochs": 25}
    best: Any = clone(pipeline)
    best.set_params(**search.best_params_)
    assert search.best_score_ == cross_val_score(best, X, y, cv=2).mean() > 0.7
    scaler, regressor = search.best_estimator_
    np.testing.assert_array_equal(search.predict(X), regressor.predict(scaler.transform(X)))
    assert search.score(X, y) == pytest.approx(r2_score(y, search.predict(X)))


def numbers() -> Any:
    return small(MRNNRegressor, epochs=25, learning_rate=0.03)


def test_the_use_of_each_lstm_is_what_a_pipeline_passes_on():
    X, y = loud(97)
    pipeline: Any = make_pipeline(small(epochs=15, learning_rate=0.03), LogisticRegression()).fit(X, y)
    step, last = pipeline[0], pipeline[-1]
    np.testing.assert_array_equal(pipeline.predict(X), last.predict(step.transform(X)))
    assert last.n_features_in_ == step.k
    assert list(pipeline[:-1].get_feature_names_out()) == ["lstm1", "lstm2", "lstm3"]


def test_scikit_learn_is_imported_when_an_estimator_is_asked_for():
    code = """
import sys, mrnn
print("sklearn" in sys.modules, mrnn.MRNNClassifier.__name__, "sklearn" in sys.modules)
"""
    assert python(code) == "False MRNNClassifier True"
