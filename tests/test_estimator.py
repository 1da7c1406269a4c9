"""The estimators: what they learn, from what, and what they refuse.

Sizes: N = 61 sequences of T = 7 steps, D = 2 inputs, C = 3 classes; k = 3 LSTMs, m = 5 units.
"""

import pickle
from typing import Any

import numpy as np
import pandas as pd
import pytest
from sklearn.base import clone

from mrnn import TASKS, MRNNClassifier, MRNNRegressor, SequenceData
from mrnn.analysis import usage_by_sequence

N, T, D, C, K, M = 61, 7, 2, 3, 3, 5


def small(kind: type = MRNNClassifier, **parameters: Any) -> Any:
    return kind(**{"k": K, "hidden_size": M, "epochs": 3, "random_state": 0, **parameters})


def loud(n: int = N, seed: int = 0) -> tuple[list[np.ndarray], np.ndarray]:
    """Sequences of 2 to 7 steps in which one input is the louder one, or neither; named classes."""
    rng = np.random.default_rng(seed)
    y = rng.integers(0, C, n)
    X = [rng.normal([c == 1, c == 2], 0.3, (rng.integers(2, T + 1), D)) for c in y]
    return X, np.array(["neither", "first", "second"])[y]


def assert_alike(one: Any, other: Any, X: Any) -> None:
    for method in "predict", "transform":
        np.testing.assert_array_equal(getattr(one, method)(X), getattr(other, method)(X))
    for name, weight in one.model_.state_dict().items():
        np.testing.assert_array_equal(weight, other.model_.state_dict()[name])


# -- what is learnt --------------------------------------------------------------------------------------------------


@pytest.mark.slow
def test_the_defaults_tell_alien_signals_from_others():
    data, new = TASKS["waves"].make(400, 1), TASKS["waves"].make(500, 2)
    classifier = MRNNClassifier(random_state=0).fit(data.x[..., 0], data.y)
    assert classifier.score(new.x[..., 0], new.y) > 0.95


@pytest.mark.slow
def test_the_defaults_tell_the_frequency_and_the_height_of_a_noisy_sine():
    def sines(n: int, seed: int) -> tuple[np.ndarray, np.ndarray]:
        rng = np.random.default_rng(seed)
        f, a, p = rng.uniform(0.5, 2, (n, 1)), rng.uniform(0.5, 1.5, (n, 1)), rng.uniform(0, 6, (n, 1))
        return a * np.sin(f * np.arange(50) / 3 + p) + rng.normal(0, 0.1, (n, 50)), np.hstack([f, a])

    regressor = MRNNRegressor(random_state=0).fit(*sines(400, 1))
    assert regressor.score(*sines(500, 2)) > 0.8


def test_sequences_of_different_length_are_learned():
    classifier = small(epochs=40, learning_rate=0.03).fit(*loud(197))
    assert classifier.score(*loud(97, seed=1)) > 0.85
    assert list(classifier.classes_) == ["first", "neither", "second"]


@pytest.mark.parametrize("cell", ["lstm", "gru", "elman", "peephole"])
def test_a_baseline_has_one_lstm_whatever_k(cell):
    X, y = loud()
    classifier = small(cell=cell, carry="own").fit(X, y)
    assert classifier.model_.config.num_lstms == 1
    np.testing.assert_array_equal(classifier.transform(X), np.ones((N, 1)))


def test_a_regressor_knows_no_unit():
    X, _ = loud()
    y = np.array([s.sum(0) for s in X])
    one, other = small(MRNNRegressor).fit(X, y), small(MRNNRegressor).fit(X, 1e4 * y - 3e5)
    assert one.predict(X).shape == (N, D)
    np.testing.assert_allclose(other.predict(X), 1e4 * one.predict(X) - 3e5, rtol=1e-4)


def test_what_is_kept_is_what_training_up_to_the_best_epoch_would_have_given():
    X, y = loud(197)
    stopped = small(epochs=200, patience=3, learning_rate=0.05, early_stopping=True).fit(X, y)
    best = int(np.argmin(stopped.validation_curve_)) + 1
    assert stopped.n_iter_ == len(stopped.validation_curve_) == best + 3
    other: Any = clone(stopped)
    assert_alike(stopped, other.set_params(epochs=best).fit(X, y), X)


def test_auto_holds_out_where_that_says_enough():
    assert small(epochs=1).fit(*loud(94)).validation_curve_ == []
    assert len(small(epochs=1).fit(*loud(95)).validation_curve_) == 1
    assert small(epochs=1, early_stopping=False).fit(*loud(95)).validation_curve_ == []


def test_the_order_of_sequences_and_copies_with_their_weight_change_nothing():
    X, y = loud()
    order = np.random.default_rng(1).permutation(N)
    counts = np.random.default_rng(2).integers(0, 4, N)
    copies = np.repeat(np.arange(N), counts)
    fitted = small().fit(X, y, counts)
    assert_alike(fitted, small().fit([X[n] for n in order], y[order], counts[order]), X)
    assert_alike(fitted, small().fit([X[n] for n in copies], y[copies]), X)


def test_no_copy_of_what_is_held_out_is_trained_on():
    X, y = loud(20)
    classifier = small(early_stopping=True, validation_share=0.5)
    kept: list[SequenceData | None] = []
    hold_out = classifier._hold_out
    classifier._hold_out = lambda *given: kept.extend(hold_out(*given)) or tuple(kept)
    classifier.fit(X * 5, np.tile(y, 5))
    rest, out = kept
    assert rest is not None
    assert out is not None
    assert (len(rest), len(out)) == (10, 10)
    assert not (rest.x[:, None] == out.x).all((2, 3)).any()


def test_a_class_weight_is_the_weight_of_its_sequences():
    X, y = loud()
    weights = {"neither": 1.0, "first": 7.0, "second": 0.5}
    by_class = small(class_weight=weights, standardize=False).fit(X, y)
    assert_alike(by_class, small(standardize=False).fit(X, y, [weights[c] for c in y]), X)


def test_the_standard_scale_can_be_left_out():
    X, y = loud()
    plain = small(standardize=False).fit(X, y)
    np.testing.assert_array_equal(plain.scaling_.mean, np.zeros(D))
    np.testing.assert_array_equal(plain.scaling_.scale, np.ones(D))
    assert (plain.predict_proba(X) != small().fit(X, y).predict_proba(X)).all()


def test_balanced_classes_find_the_rare_one():
    rng = np.random.default_rng(0)
    y = (rng.random(300) < 0.08).astype(int)
    X = rng.normal(0, 1, (300, T)) + 0.6 * y[:, None]
    found = [
        small(class_weight=w, epochs=20, learning_rate=0.02).fit(X, y).predict(X)[y == 1].mean()
        for w in (None, "balanced")
    ]
    assert found[1] > found[0] + 0.2


def test_the_random_state_decides_all():
    X, y = loud()
    assert_alike(small().fit(X, y), small().fit(X, y), X)
    assert (small().fit(X, y).predict_proba(X) != small(random_state=1).fit(X, y).predict_proba(X)).any()


# -- bit by bit ------------------------------------------------------------------------------------------------------


def kinds() -> Any:
    X, y = loud()
    return pytest.mark.parametrize(
        ("kind", "y"), [(MRNNClassifier, y), (MRNNRegressor, np.array([s.sum() for s in X]))], ids=["class", "value"]
    )


@kinds()
def test_fitting_bit_by_bit_is_fitting_for_as_many_epochs(kind, y):
    X, _ = loud()
    whole = small(kind, early_stopping=False).fit(X, y)
    bits = small(kind)
    for _ in range(3):
        bits = pickle.loads(pickle.dumps(bits)).partial_fit(X, y)  # noqa: S301, our own
    assert_alike(whole, bits, X)
    assert (whole.loss_curve_, whole.n_iter_) == (bits.loss_curve_, bits.n_iter_)


@kinds()
def test_what_was_fitted_can_go_on_bit_by_bit(kind, y):
    X, _ = loud()
    fitted = small(kind).fit(X, y)
    before = fitted.predict(X)
    fitted.partial_fit(X, y)
    assert fitted.n_iter_ == 4
    assert len(fitted.loss_curve_) == 4
    after = [weight.clone() for weight in fitted.model_.parameters()]
    assert before.shape == fitted.predict(X).shape
    fitted.partial_fit(X, y)
    assert any((one != other).any() for one, other in zip(after, fitted.model_.parameters(), strict=True))


def test_classes_to_come_are_named_at_the_first_bit():
    X, y = loud()
    classes = ["first", "neither", "second", "third"]
    part = y == "first"
    classifier = small().partial_fit([s for s, p in zip(X, part, strict=True) if p], y[part], classes)
    classifier.partial_fit(X, y)
    assert classifier.predict_proba(X).shape == (N, 4)
    with pytest.raises(ValueError, match="y holds the class 'fourth', which is none of classes_"):
        classifier.partial_fit(X, ["fourth"] * N)
    classifier.partial_fit(X, y, classes=classes[::-1])  # the same ones
    with pytest.raises(ValueError, match="is not the same as on last call to partial_fit, was: "):
        classifier.partial_fit(X, y, classes=[*classes, "fourth"])
    with pytest.raises(ValueError, match="class_weight 'balanced' is not supported for partial_fit"):
        small(class_weight="balanced").partial_fit(X, y)


# -- what X may be ---------------------------------------------------------------------------------------------------


def test_a_table_may_come_in_any_form():
    rng = np.random.default_rng(0)
    X, y = rng.normal(size=(N, T)), rng.integers(0, C, N)
    names = [f"t{t}" for t in range(T)]
    fitted = small().fit(X, y)
    frame = small().fit(pd.DataFrame(X, columns=names), y)
    assert list(frame.feature_names_in_) == names
    for other in small().fit(X.tolist(), y), small().fit(list(X), y), small().fit(X[..., None], y):
        assert_alike(fitted, other, X)
        assert_alike(fitted, other, X[..., None])
        assert_alike(fitted, other, [row[:, None] for row in X])
    np.testing.assert_array_equal(frame.predict_proba(pd.DataFrame(X, columns=names)), fitted.predict_proba(X))


def test_a_sequence_is_answered_alike_alone_and_among_longer_ones():
    X, y = loud()
    classifier = small().fit(X, y)
    objects = np.empty(N, object)
    objects[:] = X
    for ask in classifier.predict_proba, classifier.transform:
        alone = np.concatenate([ask([s]) for s in X])
        np.testing.assert_allclose(alone, ask(X), rtol=1e-12)
        np.testing.assert_array_equal(ask(objects), ask(X))
        np.testing.assert_array_equal(ask(pd.Series(X)), ask(X))
        np.testing.assert_array_equal(ask([s.tolist() for s in X]), ask(X))
    longer = [np.vstack([s, s, s]) for s in X]
    assert classifier.predict(longer).shape == (N,)


def test_transform_is_the_use_of_each_lstm_in_the_trace():
    X, y = loud()
    classifier = small(num_layers=2).fit(X, y)
    trace = classifier.trace(X)
    lengths = np.array([len(s) for s in X])
    np.testing.assert_array_equal(trace.lengths, lengths)
    expected = usage_by_sequence(trace.listened(), lengths, K) / lengths[:, None]
    np.testing.assert_allclose(classifier.transform(X), expected, rtol=1e-12)
    np.testing.assert_allclose(trace.answers, classifier.predict_proba(X), rtol=1e-5)
    table = classifier.set_output(transform="pandas").transform(X)
    assert list(table.columns) == ["lstm1", "lstm2", "lstm3"]


# -- what is refused -------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("change", "message"),
    [
        (lambda X, y: ([*X[:-1], np.full((3, D), np.nan)], y), "Input X contains NaN"),
        (lambda X, y: ([*X[:-1], np.full((3, D), np.inf)], y), "Input X contains infinity"),
        (lambda X, y: ([*X[:-1], np.zeros((3, D + 1))], y), r"same number of inputs a step, got \[2, 3\]"),
        (lambda X, y: ([*X[:-1], np.zeros((0, D))], y), r"Found a sequence with 0 step\(s\) \(sequence 60\)"),
        (lambda X, y: ([*X[:-1], np.zeros((3, D, 2))], y), r"Sequence 60 of X must have the axes \(T,\) or \(T, D\)"),
        (lambda X, y: ([*X[:-1], [[1, 2], [3]]], y), r"Sequence 60 of X must have the axes \(T,\) or \(T, D\)"),
        (lambda X, y: (X, y[:-1]), r"inconsistent numbers of samples: \[61, 60\]"),
        (lambda X, _: (X, None), "requires y to be passed, but the target y is None"),
        (lambda X, _: (X, ["one"] * N), "number of classes has to be greater than one; got 1 class"),
        (lambda _X, y: (np.zeros((0, T, D)), y), r"Found array with 0 sample\(s\)"),
    ],
)
def test_what_cannot_be_learned_from_is_refused(change, message):
    with pytest.raises(ValueError, match=message):
        small().fit(*change(*loud()))


@pytest.mark.parametrize(
    ("parameters", "message"),
    [
        ({"k": 0}, "k must be from 1 to 256, got 0"),
        ({"tau0": 0}, "tau must be > 0, got 0"),
        ({"class_weight": {"neither": 0, "first": -1, "second": 1}}, "class_weight must be >= 0"),
        ({"class_weight": dict.fromkeys(("neither", "first", "second"), 0)}, "> 0 for a class in y"),
        ({"patience": 0}, "patience must be a whole number of epochs, at least 1, got 0"),
        ({"early_stopping": "yes"}, "early_stopping must be True, False or 'auto', got 'yes'"),
        ({"early_stopping": True, "validation_share": 0.001}, "n_samples = 61 different ones is 0"),
    ],
)
def test_parameters_that_break_a_rule_are_refused(parameters, message):
    with pytest.raises(ValueError, match=message):
        small(**parameters).fit(*loud())


def test_other_inputs_than_were_fitted_are_refused():
    X, y = loud()
    table = np.zeros((N, T))
    table[0] = 1
    with pytest.raises(ValueError, match="X has 3 features, but MRNNClassifier is expecting 2 features as input"):
        small().fit(X, y).predict(np.zeros((5, T, 3)))
    with pytest.raises(ValueError, match="X has 1 numbers a step, but MRNNClassifier is expecting 2 as input"):
        small().fit(X, y).predict(table)
    with pytest.raises(ValueError, match="X has 8 features, but MRNNClassifier is expecting 7 features as input"):
        small().fit(table, y).predict(np.zeros((5, T + 1)))
    with pytest.raises(ValueError, match="y has 2 values a sequence, it had 1 before"):
        small(MRNNRegressor).partial_fit(X, np.zeros(N)).partial_fit(X, np.zeros((N, 2)))
