"""What a network still answers when its choice is meddled with."""

from typing import Any

import numpy as np
import pytest

from mrnn import ModelConfig, SequenceData, SequenceModel, evaluate, probes
from mrnn.probes import Steering

N, T, K, L, M, D, C = 29, 7, 3, 2, 5, 2, 3


@pytest.fixture
def model(random_model) -> SequenceModel:
    made = random_model(seed=3, input_size=D, output_size=C, k=K, hidden_size=M, num_layers=L).float()
    made.head.bias.data.zero_()  # else one class is always answered
    return made


@pytest.fixture
def data(model) -> SequenceData:
    rng = np.random.default_rng(5)
    x, lengths = 3 * rng.normal(size=(N, T, D)).astype(np.float32), rng.integers(1, T + 1, N)
    y = model.trace(x, lengths, choice="gumbel", seed=99).answers.argmax(1)  # so that the choice matters
    return SequenceData(x, y, lengths)


def right(model: SequenceModel, data: SequenceData, **how: Any) -> float:
    """Share of right answers, found by another way."""
    return float((model.trace(data.x, data.lengths, **how).answers.argmax(1) == data.y).mean())


def test_the_accuracy_after_a_lesion_is_that_of_the_network_without_the_lstm(model, data):
    told = []
    table = probes.accuracy_by_lesion(model, data, lambda done, total: told.append((done, total)))
    assert table["lstm"].tolist() == [0, 1, 2, 3]
    expected = [right(model, data)]
    expected += [right(model, data, allowed=np.arange(K) != j) for j in range(K)]
    assert table["accuracy"].tolist() == expected
    assert len(set(expected)) > 2, "else the lesions are not told apart"
    assert told == [(1, 4), (2, 4), (3, 4), (4, 4)]


def test_a_single_lstm_cannot_be_done_without(data):
    single = SequenceModel(ModelConfig(input_size=D, output_size=C, k=1, hidden_size=M))
    assert probes.accuracy_by_lesion(single, data)["lstm"].tolist() == [0]


def test_each_temperature_meets_the_same_draws(model, data):
    told = []
    taus, draws = (0.1, 1.0, 10.0), 5
    table = probes.accuracy_by_tau(model, data, taus, draws, lambda done, total: told.append((done, total)))
    for tau, row in zip(taus, table.itertuples(), strict=True):
        found = [evaluate(model, data, choice="gumbel", tau=tau, seed=seed).accuracy for seed in range(draws)]
        assert (row.tau, row.lowest, row.highest) == (tau, min(found), max(found))
        assert row.mean == pytest.approx(np.mean(found))
        assert row.in_use == right(model, data)
    assert (table["lowest"] < table["highest"]).any()
    assert told[-1] == (15, 15)
    assert [done for done, _ in told] == list(range(1, 16))


def test_what_cannot_be_asked_of_a_model_is_left_out():
    asked = Steering(off=frozenset({1, 8}), on=1, at={2: 0, 3: 1, 4: 8, 99: 0})
    assert asked.fitting(K, T) == Steering(off=frozenset({1}), on=None, at={2: 0})
    assert Steering(off=frozenset(range(K))).fitting(K, T).idle


def test_a_step_goes_before_the_lstm_that_is_listened_to_throughout(model, data):
    steering = Steering(off=frozenset({1}), on=2, at={4: 0})
    choice = steering.choice(L, 1, T)
    assert choice.tolist() == [[[-1] * T, [2, 2, 2, 2, 0, 2, 2]]]
    one = data.x[:1]
    trace = model.trace(one, choice=choice, allowed=steering.allowed(K))
    assert trace.listened(1)[0].tolist() == [2, 2, 2, 2, 0, 2, 2]
    assert 1 not in trace.listened(0)


def test_nothing_meddled_with_changes_nothing(model, data):
    idle = Steering()
    assert idle.idle
    trace = model.trace(data.x[:1], choice=idle.choice(L, 0, T), allowed=idle.allowed(K))
    np.testing.assert_array_equal(trace.logits, model.trace(data.x[:1]).logits)


def test_steps_survive_an_address():
    at = {12: 2, 3: 0}
    assert Steering(at=at).to_text() == "3:1,12:3"
    assert probes.parse_steps("3:1,12:3") == at
    assert probes.parse_steps("") == {}


def test_rubbish_in_an_address_is_no_step():
    assert probes.parse_steps("a:1,5,6:,:2,1:2:3,-1:2,²:1,1234567:1,4:2") == {4: 1}
