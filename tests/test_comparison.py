"""Networks beside one another: what is told of each, and what is said of them all."""

import math
from dataclasses import replace

import numpy as np
import pandas as pd
import pytest

from mrnn import ModelConfig, RunConfig, SequenceModel, TrainConfig, queue, runs, sweeps, worker
from mrnn.comparison import Outcome, answer_seconds, contenders, curves, name_of, outcomes, outcomes_of, verdict
from mrnn.grid import SweepConfig
from mrnn.matching import count_products, count_weights

ME = runs.owner_of("a" * 32)
BASE = RunConfig(
    task="tiny",
    model=ModelConfig(input_size=2, output_size=3, k=2, hidden_size=5),
    training=TrainConfig(epochs=2, batch_size=17, device="cpu"),
)
CONFIG = SweepConfig(base=BASE, grid={"cell": ["mrnn", "gru"], "carry": ["mixed", "own"]}, seeds=3, match="weights")
SCORES = {"MRNN, k = 2": (0.5, 0.7, 0.9), "MRNN, k = 2, own carry": (0.2, 0.2, 0.2), "GRU": (0.61, 0.61, 0.61)}


def made(scores: dict[str, tuple[float, ...]], seconds: float = 10.0) -> list[Outcome]:
    """An outcome for each run of CONFIG."""
    return [Outcome(run, math.nan, scores[name_of(run.model)][run.training.seed], seconds, 2) for run in CONFIG.runs()]


def test_a_row_a_network_with_its_size_its_mean_and_its_spread_over_seeds():
    table = contenders(made(SCORES)).set_index("network")
    assert list(table.index) == list(SCORES)
    assert list(table["runs"]) == list(table["known"]) == [3, 3, 3]
    for name, scores in SCORES.items():
        assert table.loc[name, "accuracy"] == pytest.approx(np.mean(scores))
        assert table.loc[name, "accuracy_deviation"] == pytest.approx(np.std(scores, ddof=1))
    assert (table["epoch_seconds"] == 5).all()
    models = {name_of(run.model): run.model for run in CONFIG.runs()}
    for name, model in models.items():
        told = [count_weights(model), count_products(model), model.hidden_size]
        assert list(table.loc[name, ["weights", "products", "hidden_size"]]) == told


def test_a_run_that_was_cut_short_counts_by_the_epochs_that_it_trained():
    cut = [replace(one, seconds=5.0, epochs=1) if one.config.training.seed == 0 else one for one in made(SCORES)]
    assert (contenders(cut)["epoch_seconds"] == 5).all()


def test_what_is_not_over_counts_as_a_run_and_not_in_the_mean():
    found = [one if one.config.training.seed else replace(one, accuracy=math.nan) for one in made(SCORES)]
    row = contenders(found).set_index("network").loc["MRNN, k = 2"]
    assert (row["runs"], row["known"], row["accuracy"]) == (3, 2, pytest.approx(0.8))


def test_one_lstm_of_the_mrnn_has_one_carry_and_is_run_once():
    config = replace(CONFIG, grid={"k": [1, 3], "carry": ["mixed", "own"]}, seeds=1)
    assert [name_of(run.model) for run in config.runs()] == ["MRNN, k = 1", "MRNN, k = 3", "MRNN, k = 3, own carry"]


@pytest.mark.parametrize(
    ("scores", "says"),
    [
        (
            SCORES,
            "Best network: MRNN, k = 2, 70.00%; next GRU, 61.00%. .* 9.00% apart, no more than twice .* [(]20.00%[)]",
        ),
        (
            {**SCORES, "GRU": (0.99, 0.99, 0.98)},
            "Best network: GRU, 98.67%; next MRNN, k = 2, 70.00%. .* apart, no more than",
        ),
        (
            {**SCORES, "MRNN, k = 2": (0.7, 0.71, 0.7)},
            "Best network: MRNN, k = 2, 70.33%; next GRU, .* apart, more than twice",
        ),
        (dict.fromkeys(SCORES, (math.nan,) * 3), "Figures come in as runs end."),
    ],
)
def test_who_is_ahead_is_said_with_what_chance_explains(scores, says):
    assert pd.Series([verdict(contenders(made(scores)), "accuracy", "class")]).str.fullmatch(f"{says}.*").all()


def test_one_run_each_tells_no_chance():
    found = [one for one in made(SCORES) if one.config.training.seed == 0]
    assert "nobody knows what is chance" in verdict(contenders(found), "accuracy", "class")


@pytest.mark.usefixtures("tiny_task")
def test_a_comparison_that_was_trained_is_told_and_comes_back_from_its_csv(tmp_path, monkeypatch):
    monkeypatch.setenv("MRNN_RUNS", str(tmp_path / "runs"))
    sweep_id = sweeps.start(replace(CONFIG, seeds=2), ME)
    assert contenders(outcomes(sweeps.read(sweep_id)))["known"].sum() == 0
    while waiting := queue.waiting():
        worker.execute(waiting[0].id)
    sweep = sweeps.read(sweep_id)
    found = outcomes(sweep)
    table = contenders(found)
    assert list(table["known"]) == [2, 2, 2]
    by_epoch = curves(found)
    assert by_epoch.groupby("network").size().to_dict() == dict.fromkeys(SCORES, BASE.training.epochs)
    assert ((by_epoch["lowest"] <= by_epoch["mean"]) & (by_epoch["mean"] <= by_epoch["highest"])).all()
    sweeps.table(sweep).to_csv(tmp_path / "figures.csv", index=False)
    again = contenders(outcomes_of(sweep.config, pd.read_csv(tmp_path / "figures.csv")))
    pd.testing.assert_frame_equal(again, table)


def test_the_time_of_an_answer_is_that_of_one_sequence(monkeypatch):
    class Slow:
        def __init__(self) -> None:
            self.shapes, self.now = [], 0.0

        def trace(self, x):
            self.shapes.append(x.shape)
            self.now += (9.0, 0.3, 0.5, 0.1)[len(self.shapes) - 1]  # the first one warms up

    slow = Slow()
    monkeypatch.setattr("mrnn.comparison.time.perf_counter", lambda: slow.now)
    assert answer_seconds(slow, np.zeros((7, 2), np.float32), repeats=3) == pytest.approx(0.3)
    assert slow.shapes == [(1, 7, 2)] * 4


def test_a_model_can_be_timed():
    assert 0 < answer_seconds(SequenceModel(BASE.model), np.zeros((7, 2), np.float32), repeats=3) < 5
