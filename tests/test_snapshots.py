"""What a run keeps of each epoch: how a network came to its regimes."""

import numpy as np
import pytest
import torch

from mrnn import ModelConfig, RunConfig, SequenceModel, TrainConfig, queue, runs, snapshots, worker

K, EPOCHS = 3, 5
CONFIG = ModelConfig(input_size=2, output_size=3, k=K, hidden_size=7, num_layers=2)
RUN = RunConfig(task="tiny", model=CONFIG, training=TrainConfig(epochs=EPOCHS, batch_size=11, device="cpu", seed=7))


def model_of(seed: int) -> SequenceModel:
    return SequenceModel(CONFIG, generator=torch.Generator().manual_seed(seed)).eval()


def test_a_snapshot_is_what_the_network_did(tiny_task, tmp_path):
    path = tmp_path / snapshots.FILE
    for epoch in range(EPOCHS + 1):
        snapshots.keep(path, model_of(epoch), tiny_task, epoch, EPOCHS)
    found = snapshots.read(path)
    assert found is not None
    assert list(found.epochs) == list(range(EPOCHS + 1))
    data = snapshots.sequences(tiny_task)
    for epoch in range(EPOCHS + 1):
        was, kept = model_of(epoch).trace(data.x), found.trace(epoch)
        np.testing.assert_allclose(kept.q, was.q, atol=1e-3)
        np.testing.assert_allclose(kept.logits, was.logits, atol=1e-3)
        np.testing.assert_array_equal(kept.z, was.z)
        for layer in range(CONFIG.num_layers):
            inside, looked = model_of(epoch).inside(data.x, was, layer), found.inside(epoch, layer)
            assert looked is not None
            np.testing.assert_allclose(looked.logits, inside.logits, atol=2e-3)
            np.testing.assert_allclose(looked.gates, inside.gates, atol=1e-3)


def test_a_file_from_before_votes_were_kept_goes_on_without_and_a_baseline_has_none(tiny_task, tmp_path):
    path = tmp_path / snapshots.FILE
    snapshots.keep(path, model_of(0), tiny_task, 0, EPOCHS)
    with np.load(path) as file:
        old = {name: file[name] for name in file if name not in snapshots.INSIDE}
    np.savez(path, **old)
    snapshots.keep(path, model_of(1), tiny_task, 1, EPOCHS)
    found = snapshots.read(path)
    assert found is not None
    assert list(found.epochs) == [0, 1]
    assert found.inside(1, 0) is None
    lstm = SequenceModel(ModelConfig(input_size=2, output_size=3, cell="lstm", hidden_size=7)).eval()
    snapshots.keep(tmp_path / "lstm.npz", lstm, tiny_task, 0, EPOCHS)
    found = snapshots.read(tmp_path / "lstm.npz")
    assert found is not None
    assert found.inside(0, 0) is None


def test_an_epoch_that_is_trained_again_replaces_itself_and_what_came_later(tiny_task, tmp_path):
    path = tmp_path / snapshots.FILE
    for epoch in (0, 1, 2, 3, 2):
        snapshots.keep(path, model_of(epoch), tiny_task, epoch, EPOCHS)
    found = snapshots.read(path)
    assert found is not None
    assert list(found.epochs) == [0, 1, 2]


@pytest.mark.parametrize(("epochs", "most"), [(1, 2), (13, 5), (997, 31), (7, 8), (7, 1_000), (11, 0)])
def test_as_many_epochs_are_kept_as_fit_the_first_and_the_last_among_them(epochs, most):
    kept = sorted(snapshots.spaced(epochs, most))
    assert (kept[0], kept[-1]) == (0, epochs)
    assert len(kept) == min(epochs + 1, max(most, 2))
    assert max(np.diff(kept)) - min(np.diff(kept)) <= 1


def test_what_is_kept_is_bounded_in_bytes(tiny_task, tmp_path, monkeypatch):
    monkeypatch.setattr(snapshots, "MOST_BYTES", 3_700)
    path = tmp_path / snapshots.FILE
    for epoch in range(98):
        snapshots.keep(path, model_of(epoch), tiny_task, epoch, 97)
    found = snapshots.read(path)
    assert found is not None
    assert found.votes is not None
    assert found.gates is not None
    kept = (found.q, found.z, found.logits, found.votes, found.gates)
    assert sum(part.nbytes for part in kept) <= 3_700
    assert (found.epochs[0], found.epochs[-1]) == (0, 97)


def test_a_damaged_file_is_named_and_costs_no_training(tiny_task, tmp_path):
    path = tmp_path / snapshots.FILE
    snapshots.keep(path, model_of(0), tiny_task, 0, EPOCHS)
    path.write_bytes(path.read_bytes()[:-30])
    with pytest.raises(ValueError, match=r"snapshots\.npz does not hold whole snapshots"):
        snapshots.read(path)
    snapshots.keep(path, model_of(3), tiny_task, 3, EPOCHS)
    found = snapshots.read(path)
    assert found is not None
    assert list(found.epochs) == [3]
    with np.load(path) as file:
        parts = dict(file)
    for damage, says in ({"gates": parts["gates"][..., :3]}, "gates must have the axes"), ({"gates": None}, "'gates'"):
        whole = {name: part for name, part in (parts | damage).items() if part is not None}
        np.savez(tmp_path / "other.npz", **whole)
        with pytest.raises(ValueError, match=says):
            snapshots.read(tmp_path / "other.npz")
    assert snapshots.read(tmp_path / "nothing.npz") is None


def test_a_run_keeps_a_snapshot_of_every_epoch_and_learns_as_it_would_without(tiny_task, tmp_path, monkeypatch):
    monkeypatch.setenv("MRNN_RUNS", str(tmp_path))
    run_id = queue.create(RUN, "me")
    worker.execute(run_id)
    found = snapshots.read(runs.folder_of(run_id) / snapshots.FILE)
    assert found is not None
    assert list(found.epochs) == list(range(EPOCHS + 1))
    model, notes = worker.perform(RUN)
    assert notes["figures"]["test_accuracy_hard"] == runs.read(run_id).accuracy
    history = runs.read(run_id).history
    best = max(range(EPOCHS), key=lambda epoch: (history[epoch]["accuracy_hard"], epoch)) + 1
    trace = model.trace(snapshots.sequences(tiny_task).x)
    np.testing.assert_allclose(found.trace(best).q, trace.q, atol=1e-3)


@pytest.mark.usefixtures("tiny_task")
def test_a_run_that_is_taken_up_again_misses_no_snapshot(tmp_path, monkeypatch):
    monkeypatch.setenv("MRNN_RUNS", str(tmp_path))
    run_id = queue.create(RUN, "me")
    keep = snapshots.keep

    def lost(path, model, task, epoch, epochs):
        keep(path, model, task, epoch, epochs)
        if epoch == 3:
            raise KeyboardInterrupt  # as if the process were gone: no result is written

    monkeypatch.setattr(snapshots, "keep", lost)
    with pytest.raises(KeyboardInterrupt):
        worker.execute(run_id)
    monkeypatch.setattr(snapshots, "keep", keep)
    for claim in runs.folder_of(run_id).glob("claim-*"):
        claim.unlink()
    worker.execute(run_id)
    found = snapshots.read(runs.folder_of(run_id) / snapshots.FILE)
    assert found is not None
    assert list(found.epochs) == list(range(EPOCHS + 1))
