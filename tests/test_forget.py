"""Own data and the runs that learn from them: whose they are, and that deleting them deletes all."""

import numpy as np
import pytest
import torch

from mrnn import ModelConfig, RunConfig, SequenceModel, TrainConfig, load, owndata, queue, runs, save, sweeps, uploads
from mrnn.forget import forget, learned_from
from mrnn.grid import SweepConfig
from mrnn.owndata import Arrays, own_task
from mrnn.worker import execute

OWNER, OTHER = runs.owner_of("a"), runs.owner_of("b")


@pytest.fixture(autouse=True)
def place(tmp_path, monkeypatch):
    monkeypatch.setenv("MRNN_RUNS", str(tmp_path))


@pytest.fixture
def own_id() -> str:
    """23 sequences of 5 steps, one of two classes by their sign."""
    rng = np.random.default_rng(0)
    y = np.arange(23) % 2
    x = rng.normal(np.where(y, 3, -3)[:, None], 1, (23, 5))
    found, _ = owndata.build_from_arrays({"x": x, "y": y}, Arrays("x", "y"))
    assert found is not None
    return owndata.keep(found, "signs", OWNER, read_as=Arrays("x", "y"))


def config(own_id: str) -> RunConfig:
    model = ModelConfig(**own_task(own_id).borders, k=2, hidden_size=3)
    return RunConfig(task=own_id, model=model, training=TrainConfig(epochs=7, batch_size=5, learning_rate=0.05))


def test_a_run_learns_from_own_data_and_is_measured_on_their_test_part(own_id):
    run_id = queue.create(config(own_id), OWNER)
    execute(run_id)
    run = runs.read(run_id)
    assert (run.state, run.result["figures"]["test_n"]) == ("finished", len(own_task(own_id).split()[1]))
    assert run.accuracy == 1.0
    assert [found.id for found in learned_from(own_id, OWNER)] == [run_id]


def test_nobody_trains_on_the_data_of_others(own_id):
    with pytest.raises(ValueError, match="not yours"):
        queue.create(config(own_id), OTHER)
    assert runs.list_runs(OTHER) == []


def test_a_model_of_own_data_can_be_loaded_by_their_owner_alone(own_id, tmp_path):
    shape = config(own_id).model
    file = tmp_path / "model.safetensors"
    save(SequenceModel(shape, generator=torch.Generator().manual_seed(0)), file, {"task": own_id, "settings": {}})
    run_id = uploads.adopt(file.read_bytes(), "mine", OWNER)
    assert [found.id for found in learned_from(own_id, OWNER)] == [run_id]
    with pytest.raises(ValueError, match="somebody's own data"):
        uploads.adopt(file.read_bytes(), "stolen", OTHER)
    assert load(file).config == shape


def test_forgetting_data_forgets_their_runs_sweeps_and_models_and_nothing_else(own_id):
    run_id = queue.create(config(own_id), OWNER)
    with pytest.raises(ValueError, match="stop it first"):
        forget(own_id, OWNER)
    runs.stop(run_id)
    sweep = sweeps.start(SweepConfig(base=config(own_id), grid={"k": [1, 2]}, seeds=1), OWNER)
    sweeps.stop(sweep)
    waves = RunConfig(task="waves", model=ModelConfig(input_size=1, output_size=2, k=2, hidden_size=3))
    other = queue.create(waves, OWNER)
    with pytest.raises(ValueError, match="only one's own data"):
        forget(own_id, OTHER)
    forget(own_id, OWNER)
    assert [run.id for run in runs.list_runs()] == [other]
    assert sweeps.list_sweeps(OWNER) == []
    assert owndata.list_kept() == []


def test_a_run_whose_data_are_gone_is_shown_as_broken_and_hides_no_other(own_id):
    run_id = queue.create(config(own_id), OWNER)
    runs.stop(run_id)
    owndata.delete(own_id, OWNER)
    assert [(run.id, run.state, run.config) for run in runs.list_runs(OWNER)] == [(run_id, "broken", None)]


def test_a_model_of_forgotten_data_is_gone_even_where_its_folder_or_its_sweep_is_damaged(own_id):
    sweep = sweeps.start(SweepConfig(base=config(own_id), grid={"k": [1, 2]}, seeds=1), OWNER)
    sweeps.stop(sweep)
    (sweeps.folder_of(sweep) / "sweep.json").write_text("{")
    alone = queue.create(config(own_id), OWNER)
    runs.stop(alone)
    (runs.folder_of(alone) / "history.jsonl").write_text("[1, 2")
    (runs.folder_of(alone) / "progress.json").write_text("{")
    assert runs.read(alone).state == "broken"
    forget(own_id, OWNER)
    assert runs.list_runs() == []
