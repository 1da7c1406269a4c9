"""Sweeps: their grid, their folder, how they go on, and what they show."""

import json
import math
from dataclasses import replace
from typing import Any

import numpy as np
import pandas as pd
import pytest

from mrnn import ModelConfig, RunConfig, TrainConfig, queue, runs, sweeps, worker
from mrnn.config import CELLS
from mrnn.grid import SweepConfig
from mrnn.matching import MATCHES, count_products, count_weights

ME, OTHER = runs.owner_of("a" * 32), runs.owner_of("b" * 32)
COUNTS = {"weights": count_weights, "work": count_products}
BASE = RunConfig(
    task="tiny",
    model=ModelConfig(input_size=2, output_size=3, k=2, hidden_size=3),
    training=TrainConfig(epochs=1, batch_size=17, device="cpu", seed=5),
)


pytestmark = pytest.mark.usefixtures("folder")


def grid(seeds: int = 2, **axes: list[Any]) -> SweepConfig:
    return SweepConfig(base=BASE, grid=axes or {"k": [1, 2], "tau0": [1.0, 3.0]}, seeds=seeds)


# -- the grid --------------------------------------------------------------------------------------------------------


def test_every_combination_is_run_with_every_seed_and_nothing_else_changes():
    found = [
        (run.model.num_lstms, run.training.tau0, run.training.seed)
        for run in grid(seeds=3, k=[1, 2], tau0=[1.0, 3.0]).runs()
    ]
    assert len(found) == len(set(found)) == 12
    assert set(found) == {(k, tau, seed) for k in (1, 2) for tau in (1.0, 3.0) for seed in (5, 6, 7)}
    assert [seed for *_, seed in found] == sorted(seed for *_, seed in found), "all of the grid is seen early"
    for run in grid().runs():
        back = replace(run.training, tau0=BASE.training.tau0, seed=5)
        assert (back, replace(run.model, k=2), run.task) == (BASE.training, BASE.model, BASE.task)


def test_a_baseline_is_run_once_whatever_k_and_carry():
    sweep = grid(seeds=1, cell=["lstm", "mrnn"], k=[2, 4], carry=["own", "mixed"])
    found = [(run.model.cell, run.model.k, run.model.carry) for run in sweep.runs()]
    assert found == [("lstm", 1, "mixed"), *(("mrnn", k, carry) for k in (2, 4) for carry in ("own", "mixed"))]


def test_a_sweep_comes_back_from_json():
    sweep = grid(seeds=3, tau0=[1.0, 2.0], cell=["mrnn", "gru"])
    assert SweepConfig.from_dict(json.loads(json.dumps(sweep.to_dict()))) == sweep
    assert list(sweep.grid) == ["cell", "tau0"]


@pytest.mark.parametrize(
    ("axes", "seeds", "message"),
    [
        ({"dropout": [0.1]}, 1, "an axis of a sweep must be one of cell, k, .*, got 'dropout'"),
        ({"k": []}, 1, r"k must have a list of one value or more, got \[\]"),
        ({"k": 4}, 1, "k must have a list of one value or more, got 4"),
        ({"k": [2, 2]}, 1, r"k must name each value once, got \[2, 2\]"),
        ({"k": [0]}, 1, "k must be from 1 to 256, got 0"),
        ({"tau0": [0.1]}, 1, "tau_floor must not exceed tau0 = 0.1, got 0.3"),
        ({"k": [2]}, 0, "seeds must be from 1 to 1000, got 0"),
        ({"k": list(range(1, 21))}, 501, "a sweep may have 10000 runs, this one has 10020; take fewer values"),
    ],
)
def test_a_rule_that_is_broken_is_said(axes, seeds, message):
    with pytest.raises(ValueError, match=message):
        SweepConfig(base=BASE, grid=axes, seeds=seeds)


@pytest.mark.parametrize(
    "values",
    [
        None,
        [],
        {},
        {"base": {}, "grid": {}, "seeds": 1},
        {"base": {}, "grid": {}, "seeds": 1, "match": None},
        {"grid": 1, "base": 2, "seeds": 3, "match": None},
        {**grid().to_dict(), "match": "size"},
    ],
)
def test_what_is_no_sweep_is_refused(values):
    with pytest.raises(ValueError, match=r"must|not know|incomplete"):
        SweepConfig.from_dict(values)


@pytest.mark.parametrize("match", MATCHES)
def test_matched_networks_are_of_one_size_and_the_first_is_as_it_was_asked_for(match):
    base = replace(BASE, model=replace(BASE.model, hidden_size=31))
    sweep = SweepConfig(base=base, grid={"cell": list(CELLS), "k": [1, 2, 5]}, seeds=1, match=match)
    assert SweepConfig.from_dict(json.loads(json.dumps(sweep.to_dict()))) == sweep
    models = {(run.model.cell, run.model.k): run.model for run in sweep.runs()}
    assert len(models) == 7
    assert models["mrnn", 2] == base.model
    sizes = [COUNTS[match](model) / COUNTS[match](base.model) for model in models.values()]
    assert all(abs(size - 1) < 0.04 for size in sizes), sizes


def test_a_size_that_follows_cannot_be_varied():
    with pytest.raises(ValueError, match="hidden_size cannot be varied where it follows from match = 'weights'"):
        SweepConfig(base=BASE, grid={"hidden_size": [3, 5]}, match="weights")


# -- its folder ------------------------------------------------------------------------------------------------------


def work(number: int = 1000) -> int:
    """Train what waits, as an engine would; how many runs that were."""
    done = 0
    while done < number and (waiting := queue.waiting()):
        worker.execute(waiting[0].id)
        done += 1
    return done


@pytest.mark.usefixtures("tiny_task")
def test_a_sweep_ends_with_a_figure_for_each_run():
    sweep_id = sweeps.start(grid(), ME)
    assert sweeps.read(sweep_id).state == "running"
    assert work() == 8
    sweep = sweeps.read(sweep_id)
    assert (sweep.state, sweep.done, sweep.total) == ("finished", 8, 8)
    table = sweeps.table(sweep)
    assert list(table.columns) == [
        "k",
        "tau0",
        "seed",
        "state",
        "validation",
        "accuracy",
        "accuracy_soft",
        "epochs",
        "seconds",
        "run",
    ]
    assert sorted(zip(table["k"], table["tau0"], table["seed"], strict=True)) == [
        (k, tau, seed) for k in (1, 2) for tau in (1.0, 3.0) for seed in (5, 6)
    ]
    for row in table.itertuples():
        figures = runs.read(str(row.run)).result["figures"]
        assert (row.accuracy, row.validation) == (
            figures["test_accuracy_hard"],
            figures["validation_accuracy_hard"],
        )


@pytest.mark.usefixtures("tiny_task")
def test_a_sweep_that_is_broken_off_goes_on_and_trains_nothing_twice():
    sweep_id = sweeps.start(grid(), ME)
    work(3)
    before = {run.id: run.result for run in sweeps.read(sweep_id).runs if run.state == "finished"}
    sweeps.stop(sweep_id)
    assert (work(), sweeps.read(sweep_id).state, sweeps.read(sweep_id).done) == (0, "incomplete", 3)
    assert sweeps.start(grid(), ME) == sweep_id
    assert work() == 5
    after = {run.id: run.result for run in sweeps.read(sweep_id).runs}
    assert (sweeps.read(sweep_id).state, len(after)) == ("finished", 8)
    assert {run_id: after[run_id] for run_id in before} == before
    assert sweeps.start(grid(), ME) == sweep_id
    assert work() == 0


@pytest.mark.usefixtures("tiny_task")
def test_what_was_lost_of_a_sweep_is_trained_again(folder):
    sweep_id = sweeps.start(grid(), ME)
    work()
    ids = [run.id for run in sweeps.read(sweep_id).runs]
    runs.delete(ids[1], ME)
    (folder / ids[2] / "config.json").write_text("{")
    assert sweeps.read(sweep_id).state == "incomplete"
    sweeps.start(grid(), ME)
    assert work() == 2
    assert [run.id for run in sweeps.read(sweep_id).runs] == ids


@pytest.mark.usefixtures("tiny_task")
def test_starting_a_sweep_that_runs_changes_nothing():
    sweep_id = sweeps.start(grid(), ME)
    work(1)
    before = [run.id for run in queue.waiting()]
    assert sweeps.start(grid(), ME) == sweep_id
    assert [run.id for run in queue.waiting()] == before


def test_a_person_has_one_job_be_it_a_run_or_a_sweep(monkeypatch):
    queue.create(BASE, ME)
    with pytest.raises(ValueError, match="one run at a time for each person"):
        sweeps.start(grid(), ME)
    sweeps.start(grid(), OTHER)
    with pytest.raises(ValueError, match="one run at a time for each person"):
        sweeps.start(grid(seeds=1), OTHER)
    monkeypatch.setenv("MRNN_MAX_SWEEP", "7")
    with pytest.raises(ValueError, match="a sweep may have 7 runs here, this one has 8"):
        sweeps.start(grid(), runs.owner_of("c" * 32))


@pytest.mark.usefixtures("tiny_task")
def test_one_persons_sweeps_are_not_anothers():
    mine, theirs = sweeps.start(grid(), ME), sweeps.start(grid(), OTHER)
    assert mine != theirs
    assert [sweep.id for sweep in sweeps.list_sweeps(ME)] == [mine]
    for change in (sweeps.delete, sweeps.publish):
        with pytest.raises(ValueError, match="only one's own sweeps can be changed"):
            change(theirs, ME)
    with pytest.raises(ValueError, match="a sweep can be deleted when it is over; stop it first"):
        sweeps.delete(mine, ME)
    sweeps.publish(mine, ME)
    assert sweeps.read(mine).public
    assert {run.public for run in sweeps.read(mine).runs} == {True}
    sweeps.stop(mine)
    sweeps.delete(mine, ME)
    assert {run.owner for run in runs.list_runs()} == {OTHER}
    with pytest.raises(ValueError, match=f"there is no sweep {mine} here"):
        sweeps.read(mine)


@pytest.mark.parametrize("content", ["{", "[]", "{}", '{"owner": 1, "created": "x", "sweep": {}}'])
def test_a_damaged_sweep_is_said_and_hides_no_other(folder, content):
    mine = sweeps.start(grid(), ME)
    sweeps.stop(mine)
    other = sweeps.start(grid(seeds=1), ME)
    (folder / mine / "sweep.json").write_text(content)
    with pytest.raises(ValueError, match="is damaged; the same sweep, started again, mends it"):
        sweeps.read(mine)
    assert [sweep.id for sweep in sweeps.list_sweeps(ME)] == [other]
    sweeps.stop(other)
    assert sweeps.start(grid(), ME) == mine
    assert [(sweep.id, len(sweep.runs)) for sweep in sweeps.list_sweeps(ME)] == [(mine, 8), (other, 4)]


@pytest.mark.parametrize("sweep_id", ["", "..", "sweep-", "sweep-" + "g" * 24, "sweep-../../../etc/passwd-----"])
def test_what_cannot_be_an_id_is_never_a_path(sweep_id):
    with pytest.raises(ValueError, match="is no sweep's id"):
        sweeps.read(sweep_id)


# -- what it shows ---------------------------------------------------------------------------------------------------


def test_a_cell_is_the_mean_and_the_deviation_over_its_runs():
    table = pd.DataFrame(
        {
            "k": [1, 1, 1, 2, 2, 10],
            "tau0": [0.5, 0.5, 0.5, 0.5, 0.5, 2.0],
            "accuracy": [0.90, 0.92, 0.97, 0.5, math.nan, math.nan],
        }
    )
    found = sweeps.summary(table, "k", "tau0", "accuracy")
    assert list(found["row"]) == ["1", "2", "10"], "numbers in their order, as text"
    assert list(found["column"]) == ["0.5", "0.5", "2.0"]
    assert list(found["known"]) == [3, 1, 0]
    assert list(found["runs"]) == [3, 2, 1]
    deviation = np.std([0.90, 0.92, 0.97], ddof=1)
    np.testing.assert_allclose(found["mean"].to_numpy(), np.array([0.93, 0.5, math.nan]))
    np.testing.assert_allclose(found["deviation"].to_numpy(), np.array([deviation, math.nan, math.nan]))
