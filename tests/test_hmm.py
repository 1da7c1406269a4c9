"""Hidden Markov models that stand beside networks: they find what made a signal, and are told as they are."""

import json
import subprocess
import sys
from itertools import permutations

import numpy as np
import pytest
from hmmlearn.hmm import GaussianHMM

from mrnn import TASKS, ModelConfig, SequenceModel, hmm, save
from mrnn.__main__ import main
from mrnn.analysis import agreement
from mrnn.probes import found_regimes
from mrnn.tasks.regimes import FREQUENCY, NOISE, Regimes

N, T = 307, 97
TASK = Regimes(T=T)


@pytest.fixture(scope="module")
def fitted() -> hmm.SignalHMM:
    return hmm.fit(TASK.make(N, seed=3).x, TASK.regimes)


@pytest.fixture(scope="module")
def plain() -> hmm.SignalHMM:
    return hmm.fit(TASK.make(N, seed=3).x, TASK.regimes, lags=0)


def test_a_path_agrees_wholly_with_itself_whatever_its_states_are_called():
    rng = np.random.default_rng(5)
    path, lengths = rng.integers(3, size=(11, 17)), rng.integers(1, 18, 11)
    for names in permutations(range(3)):
        assert agreement(np.array(names)[path], path, lengths) == 1
    other = rng.integers(3, size=(1_009, 17))
    assert abs(agreement(other, rng.integers(3, size=other.shape), np.full(1_009, 17))) < 0.01
    assert agreement(np.zeros_like(path), path, lengths) == 0


def test_what_comes_after_the_end_of_a_sequence_does_not_count():
    path, lengths = np.random.default_rng(7).integers(3, size=(11, 17)), np.arange(3, 14)
    spoiled = np.where(np.arange(17) < lengths[:, None], path, 2 - path)
    assert agreement(spoiled, path, lengths) == 1
    assert agreement(spoiled, path, np.full(11, 17)) < 0.9


def test_it_finds_the_rules_that_made_the_signals(fitted):
    constant, weights, variance = fitted.fitted.regression()
    order, rules = np.argsort(constant / (1 - weights.sum(1))), TASK.rules
    np.testing.assert_allclose(weights[order, 0], rules.pull, rtol=0, atol=0.03)
    np.testing.assert_allclose(weights[order, 1], 0, rtol=0, atol=0.03)
    np.testing.assert_allclose(constant[order], rules.level * (1 - rules.pull), rtol=0, atol=0.05)
    np.testing.assert_allclose(np.sqrt(variance[order]), rules.noise, rtol=0.03, atol=0)
    np.testing.assert_allclose(fitted.fitted.transmat_[order][:, order], TASK.moves, rtol=0, atol=0.01)


@pytest.mark.parametrize("kind", [FREQUENCY, NOISE])
def test_it_finds_regimes_that_differ_in_frequency_or_noise(kind):
    task = Regimes(T=T, kind=kind, regimes=2)
    values, path = task.drawn(N, seed=11)
    x = values[:, :-1, None]
    assert agreement(hmm.fit(x, 2).path(x), path[:, :-1], np.full(N, T)) > 0.85


def test_with_no_value_before_it_is_the_gaussian_model_of_hmmlearn(plain):
    ours, theirs = plain.fitted, GaussianHMM(TASK.regimes, "full", init_params="")
    for name in ("startprob_", "transmat_", "means_", "covars_"):
        setattr(theirs, name, getattr(ours, name))
    x = TASK.make(13, seed=29).x
    values, lengths = x.reshape(-1, 1).astype(float), [T] * 13
    np.testing.assert_array_equal(plain.path(x).ravel(), theirs.predict(values, lengths))
    assert ours.score(values, lengths) == pytest.approx(theirs.score(values, lengths), rel=1e-9)
    in_states = theirs.predict_proba(values[:T])[-1] @ ours.transmat_ @ ours.means_
    assert plain.expected(x)[0, -1] == pytest.approx(in_states, abs=1e-6)
    assert plain.num_weights == 2 + 6 + 6
    np.testing.assert_allclose(np.sort(ours.means_[:, 0]), TASK.rules.level, rtol=0, atol=0.06)


@pytest.mark.parametrize("name", ["fitted", "plain"])
def test_after_the_last_step_the_past_is_all_there_is(name, request):
    model, x = request.getfixturevalue(name), TASK.make(13, seed=13).x
    past = model.filtered(x)
    np.testing.assert_allclose(past.sum(-1), 1, rtol=1e-9)
    for one, so_far in zip(x, past, strict=True):
        whole = model.fitted.predict_proba(hmm.rows(one[None], model.lags)[0])
        np.testing.assert_allclose(so_far[-1], whole[-1], rtol=0, atol=1e-6)


def test_what_follows_changes_nothing_that_is_said_before_it(fitted):
    x = TASK.make(13, seed=17).x
    changed = x.copy()
    changed[:, 41:] += 1
    for said in (fitted.filtered, fitted.expected):
        np.testing.assert_array_equal(said(x)[:, :41], said(changed)[:, :41])
        assert not np.allclose(said(x)[:, 41:], said(changed)[:, 41:])


def test_it_expects_what_who_knows_the_rules_expects_where_regimes_stay(fitted):
    values, path = Regimes(T=T, stay=10_000).drawn(N, seed=19)
    x, rules = values[:, :-1, None], TASK.rules
    settled = (path == path[:, :1]).all(1)
    level, pull = (of[path[settled, :1]] for of in (rules.level, rules.pull))
    # It cannot know that nothing changes: at each step it reckons with a change in one case of 25.
    expected = (
        TASK.moves[path[settled, :1]] @ (rules.level * (1 - rules.pull))
        + (TASK.moves[path[settled, :1]] @ rules.pull) * x[settled, :, 0]
    )
    assert np.median(np.abs(fitted.expected(x[settled])[..., 0] - expected)) < 0.03
    assert np.median(np.abs(level + pull * (x[settled, :, 0] - level) - expected)) > 0.03


def test_the_same_seed_fits_the_same_model():
    x = TASK.make(53, seed=23).x
    one, same, other = (hmm.fit(x, 3, seed=seed).fitted.means_ for seed in (1, 1, 2))
    np.testing.assert_array_equal(one, same)
    assert not np.array_equal(one, other)


def test_what_is_told_of_it_is_measured_on_the_test_part(monkeypatch):
    task = Regimes(T=29)
    train, test = task.split()
    monkeypatch.setattr(Regimes, "split", lambda _: (train.take(slice(211)), test))
    parts = []
    found = hmm.beside(task, on_part=lambda *part: parts.append(part))
    assert [told.name for told in found] == ["autoregressive HMM", "Gaussian HMM"]
    assert [told.num_weights for told in found] == [2 + 6 + 12, 2 + 6 + 6]
    for told, lags in zip(found, (hmm.LAGS, 0), strict=True):
        model = hmm.fit(train.x[:211], 3, lags)
        assert told.agreement == agreement(model.path(test.x), task.hidden_path(), test.lengths)
        past = agreement(model.filtered(test.x).argmax(-1), task.hidden_path(), test.lengths)
        assert told.from_the_past == past < told.agreement
        assert told.error == pytest.approx(np.square(model.expected(test.x) - test.y).mean())
        assert told.score == pytest.approx(1 - told.error / test.y.var(), abs=1e-6)
        assert (told.states, told.lags) == (3, lags)
    all_parts = 2 * (hmm.GUESSES + 1)
    assert parts == [(number, all_parts) for number in range(1, all_parts + 1)]


def test_a_task_without_hidden_states_has_nothing_beside_it():
    with pytest.raises(ValueError, match="a task must know its hidden path to be fitted, and 'forecast' has none"):
        hmm.beside(TASKS["forecast"])


def test_more_values_than_it_is_fitted_to_are_refused_and_a_command_goes_on_without(capsys, tmp_path, monkeypatch):
    monkeypatch.setattr(hmm, "MOST_VALUES", 2_000 * 29 - 1)
    task = Regimes(T=29)
    with pytest.raises(ValueError, match=r"has 58,000 \(2,000 signals of 29 steps\); take at most 28 steps"):
        hmm.beside(task)
    model = SequenceModel(ModelConfig(**task.borders, k=3, hidden_size=5))
    save(model, tmp_path / "model.safetensors", {"task": task.name, "settings": task.settings})
    main(["evaluate", str(tmp_path / "model.safetensors"), "--device", "cpu", "--json"])
    told = capsys.readouterr()
    assert "nothing beside z: a hidden Markov model is fitted to at most" in told.err
    assert [name for name in json.loads(told.out)["claims"] if "Rand" in name] == [
        "adjusted Rand index of the true regimes and z"
    ]


def test_how_far_the_fit_has_come_is_told_up_to_its_end():
    told = []
    hmm.fit(TASK.make(53, seed=23).x, 3, on_part=lambda *part: told.append(part))
    assert told == [(number, hmm.GUESSES + 1) for number in range(1, hmm.GUESSES + 2)]


def test_a_network_is_told_by_the_lstm_that_it_listens_to():
    task = Regimes(T=29)
    model = SequenceModel(ModelConfig(**task.borders, k=3, hidden_size=5))
    test = task.split()[1]
    found = found_regimes(model, task)
    assert found == agreement(model.trace(test.x).listened(), task.hidden_path(), test.lengths)
    assert found_regimes(SequenceModel(ModelConfig(**task.borders, k=1, hidden_size=5)), task) == 0
    assert found_regimes(model, TASKS["forecast"]) is None


def test_nothing_else_waits_for_hmmlearn():
    code = "import sys, mrnn.__main__, mrnn.worker, mrnn.comparison; sys.exit('hmmlearn' in sys.modules)"
    subprocess.run([sys.executable, "-c", code], check=True, timeout=100)


def test_evaluate_prints_what_z_finds_beside_what_hidden_markov_models_find(capsys, tmp_path):
    task = Regimes(T=29)
    model = SequenceModel(ModelConfig(**task.borders, k=3, hidden_size=5))
    save(model, tmp_path / "model.safetensors", {"task": task.name, "settings": task.settings})
    main(["evaluate", str(tmp_path / "model.safetensors"), "--device", "cpu", "--json"])
    claims, found = json.loads(capsys.readouterr().out)["claims"], hmm.beside(task)
    index = "adjusted Rand index of the true regimes and"
    assert claims[f"{index} z"] == found_regimes(model, task)
    for told in found:
        assert claims[f"{index} the {told.name} that sees each signal whole"] == told.agreement
        assert claims[f"{index} the {told.name} that sees the past alone, as z does"] == told.from_the_past
        assert claims[f"R² of the next value by the {told.name}"] == told.score
