"""The Compare page, run without a browser: what its form asks for, and what it shows of what was trained."""

import json
import shlex

import pandas as pd
import pytest

from mrnn import TASKS, ModelConfig, RunConfig, SequenceModel, comparison, hmm, runs, save, sweeps
from mrnn.__main__ import command_parser
from mrnn.commands.sweep import sweep_config
from mrnn.grid import SweepConfig
from mrnn.matching import count_weights
from mrnn.tasks import make_task
from pages.common.models import SHIPPED
from tests.test_pages import kept_by, no_real_training, owner_of, said, visit

PAGE = "pages/compare.py"
ASSETS = SHIPPED.parent
EXAMPLES = sorted(path.stem.removeprefix("comparison-") for path in ASSETS.glob("comparison-*.json"))
__all__ = ["no_real_training"]  # a fixture that these tests use, too


def test_what_is_chosen_is_what_is_trained_all_of_one_size():
    app = visit(PAGE)
    assert "**5 networks x 3 seeds** on Alien waves" in said(app)
    app.button_group(key="c_cells").set_value(["lstm", "elman", "peephole"]).run()
    app.slider(key="c_seeds").set_value(2).run()
    app.button(key="start").click().run()
    (sweep,) = sweeps.list_sweeps(owner_of(app))
    table = comparison.contenders(comparison.outcomes(sweep))
    names = ["MRNN, k = 1", "MRNN, k = 4", "MRNN, k = 4, own carry", "LSTM", "Elman", "LSTM with peepholes"]
    assert list(table["network"]) == names
    assert (table["runs"] == 2).all()
    base = count_weights(sweep.config.base.model)
    assert table["weights"].between(0.97 * base, 1.03 * base).all()
    assert "Figures come in as runs end." in said(app)


def test_one_network_alone_is_no_comparison():
    app = visit(PAGE)
    app.button_group(key="c_cells").set_value(["gru"]).run()
    app.button_group(key="c_k").set_value([]).run()
    assert [e.value for e in app.error] == ["a comparison needs two networks or more: choose another one"]
    assert app.button(key="start").disabled


def test_a_comparison_is_seen_by_others_only_once_it_is_published():
    app = visit(PAGE)
    app.slider(key="c_seeds").set_value(1).run()
    app.button(key="start").click().run()
    (sweep,) = sweeps.list_sweeps(owner_of(app))
    for public in (False, True):
        sweeps.publish(sweep.id, sweep.owner, public)
        other = visit(key="b" * 32)
        other.query_params["sweep"] = sweep.id
        other.switch_page(PAGE).run()
        assert ("networks with the same number of weights" in said(other)) == public
        assert ("There is no comparison to be seen at this address" in said(other)) != public
    assert len(runs.list_runs(sweep.owner)) == sweep.total


def test_what_a_person_calls_data_of_their_own_is_not_told_to_others_with_a_published_comparison():
    own_id = kept_by(visit("pages/own_data.py"))
    app = visit(PAGE)
    app.button_group(key="t_task").set_value(own_id).run()
    app.slider(key="c_seeds").set_value(1).run()
    app.button(key="start").click().run()
    (sweep,) = sweeps.list_sweeps(owner_of(app))
    sweeps.publish(sweep.id, sweep.owner, True)
    assert "#### Hips: networks with the same number of weights" in said(app)
    other = visit(key="b" * 32)
    other.query_params["sweep"] = sweep.id
    other.switch_page(PAGE).run()
    assert "data: networks with the same number of weights" in said(other)
    assert "Hips" not in said(other)


def test_a_comparison_that_is_begun_is_shown_in_place_of_the_one_that_was_opened():
    theirs = visit(PAGE)
    theirs.slider(key="c_seeds").set_value(1).run()
    theirs.button(key="start").click().run()
    (sweep,) = sweeps.list_sweeps(owner_of(theirs))
    sweeps.publish(sweep.id, sweep.owner, True)
    app = visit(key="b" * 32)
    app.query_params["sweep"] = sweep.id
    app.switch_page(PAGE).run()
    assert "sweep" in app.query_params
    app.slider(key="c_seeds").set_value(2).run()
    app.button(key="start").click().run()
    assert app.query_params["sweep"] == sweeps.list_sweeps(owner_of(app))[0].id != sweep.id
    assert "Stop" in [button.label for button in app.button]


def test_a_sweep_that_compares_no_networks_is_no_comparison():
    app = visit("pages/sweeps.py")
    app.button(key="start").click().run()
    (sweep,) = sweeps.list_sweeps(owner_of(app))
    app.query_params["sweep"] = sweep.id
    app.switch_page(PAGE).run()
    assert "There is no comparison to be seen at this address" in said(app)
    assert not app.exception


def test_where_regimes_are_hidden_hidden_markov_models_stand_beside_the_networks():
    app = visit(PAGE)
    task = make_task("regimes", {"T": 20})
    model = ModelConfig(**task.borders, k=3, hidden_size=5)
    base = RunConfig(task=task.name, settings=task.settings, model=model)
    sweep_id = sweeps.start(SweepConfig(base=base, grid={"cell": ["mrnn", "gru"]}, seeds=2), owner_of(app))
    for run in sweeps.read(sweep_id).runs:
        assert run.config is not None
        found = 0.0 if run.config.model.cell == "gru" else 0.75
        figures = {
            "test_accuracy_hard": 0.625,
            "test_agreement": found + 0.125 * run.config.training.seed * (found > 0),
        }
        notes = {"task": task.name, "settings": task.settings, "figures": figures}
        (runs.folder_of(run.id) / "result.json").write_text(json.dumps({"state": "finished", "notes": notes}))
    app.switch_page(PAGE).run()
    assert not app.exception
    assert list(app.dataframe[0].value["network"]) == ["MRNN, k = 3", "GRU"], "nothing is fitted unless it is asked for"
    app.button(key="hidden_markov").click().run()
    assert not app.exception
    assert list(app.dataframe[0].value["network"]) == ["MRNN, k = 3", "GRU", "Autoregressive HMM", "Gaussian HMM"]
    for told in hmm.beside(task):
        assert f"The {told.name}: adjusted Rand index {told.from_the_past:.3f} from the past alone" in said(app)
        assert f"{told.agreement:.3f} where each signal is seen whole" in said(app)
        assert f"mean squared error of the next value {told.error:.4f}." in said(app)
    app.button_group(key="c_figure_hidden").set_value("agreement").run()
    assert not app.exception
    assert "Best network: MRNN, k = 3, 0.812; next GRU, 0.000." in said(app)


def test_an_example_of_hidden_regimes_says_what_z_finds_there():
    app = visit(PAGE)
    assert "#### An example: alien waves" in said(app)
    app.button_group(key="c_example").set_value("regimes").run()
    assert not app.exception
    assert "#### An example: hidden regimes" in said(app)
    shown = app.dataframe[0].value.set_index("network")
    assert list(shown["weights"]) == [count_weights(run.model) for run in example("regimes").runs()][: len(shown)]
    app.button_group(key="c_figure_hidden").set_value("agreement").run()
    assert "Best network: MRNN, k = 3, 0.799; next MRNN, k = 3, own carry, 0.796." in said(app)


@pytest.mark.parametrize("name", EXAMPLES)
def test_each_example_was_asked_for_by_the_command_that_is_written_beside_it(name):
    text = (ASSETS / "SWEEP.md").read_text()
    (line,) = [line for line in text.splitlines() if line.endswith(f"--csv comparison-{name}.csv")]
    asked = command_parser().parse_args(shlex.split(line)[3:])
    config, figures = example(name), pd.read_csv(ASSETS / f"comparison-{name}.csv")
    assert sweep_config(asked) == config
    for run, row in zip(config.runs(), figures.to_dict("records"), strict=True):
        assert {**config.point(run), "seed": run.training.seed}.items() <= row.items()
        assert (row["state"], row["epochs"]) == ("finished", run.training.epochs)


def example(name: str) -> SweepConfig:
    return SweepConfig.from_dict(json.loads((ASSETS / f"comparison-{name}.json").read_text()))


def test_where_no_regimes_are_hidden_nothing_is_said_of_them():
    app = visit(PAGE)
    assert "HMM" not in said(app)
    assert "hidden regimes found" not in app.button_group(key="c_figure").options


def finished(sweep_id: str, **figures: float) -> None:
    """Let all runs of a sweep be over, each with a model as it began."""
    for run in sweeps.read(sweep_id).runs:
        assert run.config is not None
        told = {"test_accuracy_hard": 0.625, **figures}
        notes = {"task": run.config.task, "settings": run.config.settings, "figures": told}
        save(SequenceModel(run.config.model), runs.folder_of(run.id) / "model.safetensors", notes)
        (runs.folder_of(run.id) / "result.json").write_text(json.dumps({"state": "finished", "notes": notes}))


@pytest.mark.parametrize("name", ["waves", "reber", "forecast", "bit_flip"])
def test_an_answer_is_timed_of_all_networks_and_seeds_whatever_is_answered(name):
    app = visit(PAGE)
    task = TASKS[name]
    base = RunConfig(task=name, model=ModelConfig(**task.borders, k=3, hidden_size=5))
    sweep_id = sweeps.start(SweepConfig(base=base, grid={"cell": ["mrnn", "gru"]}, seeds=3), owner_of(app))
    finished(sweep_id)
    app.switch_page(PAGE).run()
    app.toggle(key="c_closer").set_value(True).run()
    assert not app.exception
    assert not app.error
    assert ("rows are true classes, columns answers" in said(app)) == (task.target == "class")
    assert ("rows are labels" in said(app)) == (task.target == "labels")
    shown = [part for key, part in app.session_state["_pictures"].items() if key.startswith("confusion_")]
    assert len(shown) == (0 if task.target == "value" else 2)
    for part in shown:
        table = getattr(part, "numbers", part)
        steps = task.make(1_000, 0).lengths.sum() if task.per_step else 1_000
        counts = table.select_dtypes("integer").sum(axis=1 if task.target == "labels" else 0)
        assert (counts == steps).all()
    app.button(key="c_times").click().run()
    assert not app.exception
    (table,) = [frame.value for frame in app.dataframe if "mean" in frame.value]
    assert list(table["network"]) == ["MRNN, k = 3", "GRU"]
    assert list(table["runs"]) == [3, 3]
    assert (table[["mean", "deviation"]] > 0).all(axis=None)


def test_more_values_than_a_hidden_markov_model_is_fitted_to_are_refused_with_the_way_out():
    app = visit(PAGE)
    task = make_task("regimes", {"T": 501})
    base = RunConfig(task=task.name, settings=task.settings, model=ModelConfig(**task.borders, k=3, hidden_size=5))
    sweeps.start(SweepConfig(base=base, grid={"cell": ["mrnn", "gru"]}, seeds=1), owner_of(app))
    app.switch_page(PAGE).run()
    assert not app.exception
    assert "the training part has 1,002,000 (2,000 signals of 501 steps); take at most 500 steps." in said(app)
    assert "hidden_markov" not in [button.key for button in app.button]
