"""The process that trains: what a run comes to, how it is taken up again, and what it says when it cannot go on."""

import errno
import os
import re
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
import torch
from torch import Tensor

from mrnn import (
    EpochReport,
    ModelConfig,
    RunConfig,
    SequenceModel,
    TrainConfig,
    claims,
    evaluate,
    load,
    queue,
    read_notes,
    runs,
    snapshots,
    training,
    worker,
)
from mrnn.checkpoint import load_state
from mrnn.files import read_lines, write_json, write_lines
from mrnn.jobs import Engine
from mrnn.training import Training

PROJECT = Path(__file__).resolve().parents[1]
ME = runs.owner_of("a" * 32)


pytestmark = pytest.mark.usefixtures("folder")


def weights_of(model: SequenceModel) -> dict[str, Tensor]:
    return {name: weight.clone() for name, weight in model.state_dict().items()}


def equal(one: dict[str, Tensor], other: dict[str, Tensor]) -> bool:
    return all(torch.equal(one[name], other[name]) for name in one)


# -- a whole run -----------------------------------------------------------------------------------------------------

RUN = RunConfig(
    task="tiny",
    model=ModelConfig(input_size=2, output_size=3, k=3, hidden_size=5),
    training=TrainConfig(epochs=5, batch_size=11, learning_rate=0.03, device="cpu", seed=7),
)


def test_a_run_returns_the_model_after_its_best_epoch(tiny_task, monkeypatch):
    """The last one among equals. The figures are made up, so that the best is neither the first nor the last."""
    made_up, after = [0.5, 0.9, 0.7, 0.9, 0.8], []

    class WithMadeUpFigures(Training):
        def advance(self, on_batch: Any = None, go_on: Any = None) -> EpochReport | None:
            report = super().advance(on_batch, go_on)
            after.append(weights_of(self._model))
            return report and replace(report, accuracy_hard=made_up[report.epoch - 1])

    monkeypatch.setattr(worker, "Training", WithMadeUpFigures)
    reports: list[EpochReport] = []
    model, notes = worker.perform(RUN, on_report=reports.append)
    assert equal(weights_of(model), after[3])
    assert not any(equal(weights_of(model), after[epoch]) for epoch in (0, 1, 2, 4))
    assert [report.accuracy_hard for report in reports] == made_up
    assert notes["figures"]["validation_accuracy_hard"] == 0.9
    _, test_data = tiny_task.split()
    assert notes["figures"]["test_accuracy_hard"] == evaluate(model, test_data).accuracy
    assert notes["figures"]["test_accuracy_soft"] == evaluate(model, test_data, choice="soft").accuracy


def test_a_run_notes_what_makes_it_again(tiny_task):
    config = replace(RUN, settings={"loudness": 2.0})
    reports: list[EpochReport] = []
    model, notes = worker.perform(config, on_report=reports.append)
    assert notes["history"] == [report.to_dict() for report in reports]
    assert notes["task"] == "tiny"
    assert notes["settings"] == {"loudness": 2.0}
    assert TrainConfig.from_dict(notes["recipe"]) == RUN.training
    assert notes["figures"]["epochs"] == 5
    assert notes["figures"]["test_n"] == len(tiny_task.split()[1])
    again, _ = worker.perform(config)
    assert equal(weights_of(model), weights_of(again))


def test_the_test_split_decides_nothing_about_the_weights(tiny_task, monkeypatch):
    first, _ = worker.perform(RUN)
    trained_on, tested_on = tiny_task.split()
    swapped = replace(tested_on, y=1 - tested_on.y)
    monkeypatch.setattr(type(tiny_task), "split", lambda _: (trained_on, swapped))
    second, notes = worker.perform(RUN)
    assert equal(weights_of(first), weights_of(second))
    assert notes["figures"]["test_accuracy_hard"] < 0.5


@pytest.mark.usefixtures("tiny_task")
def test_a_run_that_is_stopped_keeps_what_it_learned():
    def at(batch: int) -> Callable[[int, int], bool]:
        return lambda done, _total: done < batch

    whole, notes = worker.perform(replace(RUN, training=replace(RUN.training, epochs=1)))
    assert notes["figures"]["epochs"] == 1
    stopped, notes = worker.perform(RUN, on_batch=at(8))  # 6 batches an epoch
    assert notes["figures"]["epochs"] == 1
    assert equal(weights_of(whole), weights_of(stopped))
    _, notes = worker.perform(RUN, on_batch=at(2))  # before any epoch is over
    assert notes["figures"]["epochs"] == 0
    assert notes["figures"]["validation_accuracy_hard"] is None


@pytest.mark.usefixtures("tiny_task")
def test_a_model_for_another_task_is_refused_before_training():
    with pytest.raises(ValueError, match="the model does not fit task 'waves', which needs input_size = 1; it has "):
        worker.perform(replace(RUN, task="waves"))
    with pytest.raises(ValueError, match=r"task must be one of waves, digits, .*, got 'letters'"):
        worker.perform(replace(RUN, task="letters"))
    with pytest.raises(ValueError, match="task 'tiny' has no setting 'T'; it has loudness"):
        worker.perform(replace(RUN, settings={"T": 5}))


# -- taken up again ----------------------------------------------------------------------------------------------------


@pytest.mark.usefixtures("tiny_task")
@pytest.mark.parametrize("broken_off_at", [7, 8, 18, 29])  # 6 batches an epoch
def test_a_run_that_is_taken_up_ends_as_one_that_never_paused(tmp_path, broken_off_at):
    whole, notes = worker.perform(RUN)
    file = tmp_path / "checkpoint.safetensors"
    worker.perform(RUN, on_batch=lambda done, _total: done < broken_off_at, checkpoint=file)
    reports: list[EpochReport] = []
    first: list[int] = []
    model, again = worker.perform(
        RUN, on_report=reports.append, on_batch=lambda done, _total: first.append(done), checkpoint=file
    )
    assert first[0] == 6 * ((broken_off_at - 1) // 6) + 1
    assert equal(weights_of(whole), weights_of(model))
    assert [report.epoch for report in reports] == [1, 2, 3, 4, 5]
    assert {**again["figures"], "seconds": 0} == {**notes["figures"], "seconds": 0}


@pytest.mark.usefixtures("tiny_task")
def test_a_checkpoint_of_another_run_is_refused(tmp_path):
    file = tmp_path / "checkpoint.safetensors"
    worker.perform(replace(RUN, training=replace(RUN.training, epochs=1)), checkpoint=file)
    with pytest.raises(ValueError, match=r"checkpoint\.safetensors is the checkpoint of another run"):
        worker.perform(RUN, checkpoint=file)


LONG = RunConfig(
    task="waves",
    model=ModelConfig(input_size=1, output_size=2, k=2, hidden_size=3),
    training=TrainConfig(epochs=500, batch_size=1009, device="cpu", precision="float32"),
)


def begin(run_id: str, folder: Path) -> "subprocess.Popen[bytes]":
    """A process of its own that works on a run."""
    command = [sys.executable, "-c", f"from mrnn import worker; worker.execute({run_id!r})"]
    return subprocess.Popen(command, cwd=PROJECT, env={**os.environ, "MRNN_RUNS": str(folder)})


def await_epoch(run_id: str, epoch: int) -> None:
    deadline = time.monotonic() + 240
    while len(runs.read(run_id).history) < epoch and time.monotonic() < deadline:
        time.sleep(0.02)


@pytest.mark.slow
def test_a_run_whose_process_is_killed_waits_and_goes_on_after_its_last_epoch(folder):
    run_id = queue.create(LONG, ME)
    with begin(run_id, folder) as process:
        await_epoch(run_id, 2)
        assert runs.read(run_id).state == "running"
        process.kill()
    killed = runs.read(run_id)
    assert (killed.state, killed.model_file, killed.attempts) == ("waiting", None, 1)
    epochs = len(killed.history)
    assert epochs >= 2
    with begin(run_id, folder) as process:
        await_epoch(run_id, epochs + 1)
        process.kill()
    later = runs.read(run_id)
    assert later.history[:epochs] == killed.history, "told once, and not again"
    assert (later.state, later.attempts) == ("waiting", 2)


@pytest.mark.slow
def test_a_run_that_loses_its_process_again_and_again_fails_and_can_be_resumed(folder):
    run_id = queue.create(LONG, ME)
    for attempt in range(1, 5):
        with begin(run_id, folder) as process:
            deadline = time.monotonic() + 240
            while runs.read(run_id).attempts < attempt and time.monotonic() < deadline:
                time.sleep(0.02)
            process.kill()
    run = runs.read(run_id)
    assert (run.state, run.reason) == ("failed", "the process that trained it was lost 4 times; resume it to try again")
    worker.execute(run_id)
    assert runs.read(run_id).state == "failed"
    assert runs.read(run_id).reason == claims.LOST
    queue.resume(run_id, ME)
    resumed = runs.read(run_id)
    assert (resumed.state, resumed.attempts) == ("waiting", 0)


@pytest.mark.slow
def test_a_run_is_left_to_the_process_that_works_on_it(folder):
    run_id = queue.create(LONG, ME)
    with begin(run_id, folder) as process:
        await_epoch(run_id, 1)
        worker.execute(run_id)
        assert runs.read(run_id).attempts == 1
        os.kill(process.pid, signal.SIGKILL)


# -- a run's folder ----------------------------------------------------------------------------------------------------

TINY = replace(RUN, training=replace(RUN.training, epochs=3))


@pytest.fixture
def each_epoch(monkeypatch) -> Callable[[Callable[[int], Any]], None]:
    """Call something before each epoch, with the number of epochs done."""

    def hook(call: Callable[[int], Any]) -> None:
        class Hooked(Training):
            def advance(self, on_batch: Any = None, go_on: Any = None) -> EpochReport | None:
                call(self.epoch)
                return super().advance(on_batch, go_on)

        monkeypatch.setattr(worker, "Training", Hooked)

    return hook


@pytest.mark.usefixtures("tiny_task")
def test_a_run_waits_runs_and_ends_with_a_model(each_epoch, folder):
    run_id = queue.create(TINY, ME)
    waiting = runs.read(run_id)
    assert (waiting.state, waiting.active, waiting.config, waiting.model_file) == ("waiting", True, TINY, None)
    seen = []
    each_epoch(lambda _: seen.append(runs.read(run_id)))
    worker.execute(run_id)
    assert [(run.state, len(run.history)) for run in seen] == [("running", 0), ("running", 1), ("running", 2)]
    run = runs.read(run_id)
    assert (run.state, run.active, run.reason, run.attempts) == ("finished", False, "", 1)
    assert [report["epoch"] for report in run.history] == [1, 2, 3]
    assert run.model_file is not None
    assert read_notes(run.model_file) == {**run.result, "history": list(run.history)}
    assert load(run.model_file).config == TINY.model
    assert not (folder / run_id / "checkpoint.safetensors").exists(), "nobody goes on from the end"


@pytest.mark.usefixtures("tiny_task")
def test_a_run_that_is_stopped_before_it_begins_trains_nothing():
    run_id = queue.create(TINY, ME)
    runs.stop(run_id)
    worker.execute(run_id)
    run = runs.read(run_id)
    assert (run.state, run.active, run.history, run.model_file) == ("stopped", False, (), None)


@pytest.mark.usefixtures("tiny_task")
def test_a_run_that_is_stopped_keeps_the_best_model_and_goes_on_when_it_is_resumed(each_epoch):
    run_id = queue.create(TINY, ME)
    each_epoch(lambda epoch: runs.stop(run_id) if epoch == 2 else None)
    worker.execute(run_id)
    run = runs.read(run_id)
    assert (run.state, len(run.history)) == ("stopped", 2)
    assert run.model_file is not None
    assert run.result["figures"]["epochs"] == 2
    assert 0 <= run.result["figures"]["test_accuracy_hard"] <= 1

    begun: list[int] = []
    each_epoch(begun.append)
    queue.resume(run_id, ME)
    assert runs.read(run_id).state == "waiting"
    worker.execute(run_id)
    run = runs.read(run_id)
    assert (run.state, len(run.history), begun) == ("finished", 3, [2])
    assert run.model_file is not None
    whole, _ = worker.perform(TINY)
    assert equal(weights_of(load(run.model_file)), weights_of(whole))


@pytest.mark.usefixtures("tiny_task")
def test_a_run_that_is_stopped_is_over_before_it_is_measured(monkeypatch, each_epoch):
    run_id, seen = queue.create(TINY, ME), []
    each_epoch(lambda epoch: runs.stop(run_id) if epoch == 2 else None)
    measure = worker.evaluate

    def watched(*arguments: Any, **options: Any) -> Any:
        seen.append(runs.read(run_id))
        with pytest.raises(ValueError, match="still being measured on the test data; try again in some seconds"):
            queue.resume(run_id, ME)
        return measure(*arguments, **options)

    monkeypatch.setattr(worker, "evaluate", watched)
    worker.execute(run_id)
    assert [run.state for run in seen] == ["stopped", "stopped"]
    assert all(run.model_file is not None for run in seen)
    assert "test_accuracy_hard" not in seen[0].result["figures"]
    assert [run.measuring for run in (*seen, runs.read(run_id))] == [True, True, False]


@pytest.mark.usefixtures("tiny_task")
@pytest.mark.parametrize("put_back", [False, True], ids=["taken over", "put back and taken over"])
def test_a_process_that_was_taken_for_lost_writes_nothing_any_more(each_epoch, put_back):
    """As one on a machine that slept while another one took its run up."""
    run_id = queue.create(TINY, ME)
    folder = runs.folder_of(run_id)
    seen: dict[str, bytes] = {}

    def sleep(epoch: int) -> None:
        if epoch == 2:
            claims.forget(folder) if put_back else None
            other = {"host": "another", "pid": 7, "began": 0.0, "at": time.time()}
            write_json(folder / ("claim-1.json" if put_back else "claim-2.json"), other)
            seen.update({path.name: path.read_bytes() for path in folder.iterdir() if path.name != "progress.json"})

    each_epoch(sleep)
    worker.execute(run_id)
    assert {path.name: path.read_bytes() for path in folder.iterdir() if path.name != "progress.json"} == seen
    assert runs.read(run_id).state == "running"
    assert len(seen["history.jsonl"].splitlines()) == 2


@pytest.mark.usefixtures("tiny_task")
def test_a_run_that_is_stopped_after_its_process_was_lost_keeps_the_best_model(each_epoch):
    """Its last epoch was put down, but not told any more."""
    run_id, other = queue.create(TINY, ME), queue.create(TINY, runs.owner_of("b" * 32))
    each_epoch(lambda epoch: runs.stop(run_id) if epoch == 2 else None)
    worker.execute(run_id)
    kept = runs.read(run_id).result["figures"]
    queue.resume(run_id, ME)  # from here on as if its process had been lost
    folder = runs.folder_of(run_id)
    (folder / "model.safetensors").unlink()
    history = read_lines(folder / "history.jsonl")
    write_lines(folder / "history.jsonl", history[:1])
    worker.end_lost(run_id)
    assert runs.read(run_id).state == "waiting", "nobody asked it to stop"
    runs.stop(run_id)
    runs.stop(other)
    Engine().recover()
    run = runs.read(run_id)
    assert (run.state, run.history, run.measuring) == ("stopped", history, False)
    assert run.model_file is not None
    expected, _ = worker.perform(replace(TINY, training=replace(TINY.training, epochs=2)))
    assert equal(weights_of(load(run.model_file)), weights_of(expected))
    assert run.result["figures"] == {name: kept[name] for name in kept if not name.startswith("test_")}
    assert (runs.read(other).state, runs.read(other).result) == ("stopped", {}), "it has no whole epoch"
    begun: list[int] = []
    each_epoch(begun.append)
    queue.resume(run_id, ME)
    worker.execute(run_id)
    assert begun == [2]
    assert runs.read(run_id).state == "finished"


@pytest.mark.usefixtures("tiny_task")
@pytest.mark.parametrize(("measuring", "epochs"), [("held-out data", 1), ("the test data", 3)])
def test_stop_is_heard_while_something_is_measured(monkeypatch, measuring, epochs):
    """After one batch of it, and not after all of them."""
    run_id, seen, attempt = queue.create(TINY, ME), [], 1
    room = training if measuring == "held-out data" else worker
    measure = room.evaluate

    def measured(*arguments: Any, on_batch: Any = None, **options: Any) -> Any:
        def stopping(done: int, total: int) -> Any:
            run = runs.read(run_id)
            if run.state == "running" and len(run.history) == epochs and run.attempts == attempt:
                seen.append((done, total > 1))
                runs.stop(run_id)
            return on_batch and on_batch(done, total)

        return measure(*arguments, on_batch=stopping, **options)

    monkeypatch.setattr("mrnn.model.MOST_SEQUENCES", 5)
    monkeypatch.setattr(room, "evaluate", measured)
    worker.execute(run_id)
    run = runs.read(run_id)
    assert seen == [(1, True)]
    assert (run.state, len(run.history)) == ("stopped", epochs)
    assert run.model_file is not None
    attempt = 0
    queue.resume(run_id, ME)
    worker.execute(run_id)
    resumed = runs.read(run_id)
    assert (resumed.state, len(resumed.history)) == ("finished", 3)


@pytest.mark.usefixtures("tiny_task")
def test_the_trained_model_is_kept_before_it_is_measured(monkeypatch):
    """So that a process that is killed for the memory that measuring takes costs no training."""
    run_id, there = queue.create(TINY, ME), []
    measure = worker.evaluate

    def watched(*arguments: Any, **options: Any) -> Any:
        there.append(equal(weights_of(load(runs.folder_of(run_id) / "model.safetensors")), weights_of(arguments[0])))
        return measure(*arguments, **options)

    monkeypatch.setattr(worker, "evaluate", watched)
    worker.execute(run_id)
    assert there == [True, True]


@pytest.mark.usefixtures("tiny_task")
def test_a_run_that_is_deleted_while_it_is_measured_is_gone_for_good(monkeypatch, each_epoch, folder):
    run_id = queue.create(TINY, ME)
    each_epoch(lambda epoch: runs.stop(run_id) if epoch == 2 else None)
    measure = worker.evaluate

    def watched(*arguments: Any, **options: Any) -> Any:
        if runs.list_runs():
            runs.delete(run_id, ME)
        return measure(*arguments, **options)

    monkeypatch.setattr(worker, "evaluate", watched)
    worker.execute(run_id)
    assert [path.name for path in folder.iterdir()] == [".lock"]


@pytest.mark.usefixtures("tiny_task")
def test_a_run_whose_checkpoint_is_damaged_begins_anew(each_epoch):
    run_id = queue.create(TINY, ME)
    each_epoch(lambda epoch: runs.stop(run_id) if epoch == 2 else None)
    worker.execute(run_id)
    checkpoint = runs.folder_of(run_id) / "checkpoint.safetensors"
    damaged = checkpoint.read_bytes()[:-100]
    checkpoint.write_bytes(damaged)
    begun: list[int] = []
    each_epoch(begun.append)
    queue.resume(run_id, ME)
    worker.execute(run_id)
    run = runs.read(run_id)
    assert (run.state, begun, [report["epoch"] for report in run.history]) == ("finished", [0, 1, 2], [1, 2, 3])
    assert checkpoint.with_name("checkpoint.safetensors.damaged").read_bytes() == damaged
    assert len(read_lines(checkpoint.with_name("history.jsonl.damaged"))) == 2


@pytest.mark.usefixtures("tiny_task")
@pytest.mark.parametrize("code", [errno.EIO, errno.ESTALE, errno.EMFILE])
def test_a_checkpoint_that_cannot_be_read_just_now_is_no_damage(each_epoch, monkeypatch, code):
    """Another attempt takes the run up where it was."""
    run_id = queue.create(TINY, ME)
    each_epoch(lambda epoch: runs.stop(run_id) if epoch == 2 else None)
    worker.execute(run_id)
    queue.resume(run_id, ME)
    with monkeypatch.context() as patch:
        really_open = Path.open

        def refuse(path: Path, *arguments: Any, **options: Any) -> Any:
            if path.name == "checkpoint.safetensors":
                raise OSError(code, os.strerror(code))
            return really_open(path, *arguments, **options)

        patch.setattr(Path, "open", refuse)
        with pytest.raises(OSError, match=re.escape(os.strerror(code))):
            worker.execute(run_id)
    assert not (runs.folder_of(run_id) / "result.json").exists()
    claims.forget(runs.folder_of(run_id))  # as when its process is lost
    begun: list[int] = []
    each_epoch(begun.append)
    worker.execute(run_id)
    assert (runs.read(run_id).state, begun) == ("finished", [2])


@pytest.mark.usefixtures("tiny_task")
def test_a_run_that_takes_too_long_ends_with_what_it_has_learned(monkeypatch):
    run_id = queue.create(replace(TINY, training=replace(TINY.training, epochs=1000)), ME)
    monkeypatch.setenv("MRNN_MAX_SECONDS", "0.5")
    worker.execute(run_id)
    run = runs.read(run_id)
    assert run.state == "finished"
    assert len(run.history) < 1000
    assert run.model_file is not None
    assert run.result["figures"]["limit_seconds"] == 0.5


@pytest.mark.usefixtures("tiny_task")
def test_how_long_a_run_may_train_is_said_by_the_server_that_hands_it_over(monkeypatch):
    run_id = queue.create(replace(TINY, training=replace(TINY.training, epochs=1000)), ME)
    monkeypatch.setenv("MRNN_MAX_SECONDS", "3600")
    worker.execute(run_id, None, 0.5)
    assert runs.read(run_id).result["figures"]["limit_seconds"] == 0.5


def test_a_worker_that_looks_elsewhere_says_so():
    with pytest.raises(FileNotFoundError, match=r"finds no run .*: MRNN_RUNS must name the folder that all machines"):
        worker.execute("20240229-235959-0123abcd")


@pytest.mark.usefixtures("tiny_task")
def test_a_run_that_ended_is_not_trained_again():
    run_id = queue.create(TINY, ME)
    worker.execute(run_id)
    before = runs.read(run_id)
    worker.execute(run_id)
    assert runs.read(run_id) == before


@pytest.mark.usefixtures("tiny_task")
@pytest.mark.parametrize(
    ("change", "reason"),
    [
        ({"task": "letters"}, "task must be one of waves, digits, "),
        ({"task": "waves"}, "the model does not fit task 'waves'"),
        ({"settings": {"Q": 1}}, "task 'tiny' has no setting 'Q'"),
        ({"training": TrainConfig(device="nowhere")}, "device must be one of auto"),
    ],
)
def test_a_run_that_cannot_be_trained_says_why_in_one_sentence(change, reason):
    run_id = queue.create(replace(TINY, **change), ME)
    worker.execute(run_id)
    run = runs.read(run_id)
    assert (run.state, run.model_file) == ("failed", None)
    assert reason in run.reason
    assert "\n" not in run.reason


def test_a_full_disk_is_said_in_one_sentence_and_harms_no_other_run(folder):
    resource = pytest.importorskip("resource", reason="Windows has no limits to the size of files")
    other = queue.create(LONG, runs.owner_of("b" * 32))
    (folder / other / "model.safetensors").write_bytes(b"earlier")
    run_id = queue.create(replace(LONG, model=replace(LONG.model, hidden_size=97)), ME)
    before = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (20_000, before[1]))  # stands in for a full disk
    try:
        worker.execute(run_id)
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, before)
    run = runs.read(run_id)
    assert run.state == "failed"
    assert run.reason == "the disk is full: delete runs that are no longer needed, then try again"
    assert (folder / other / "model.safetensors").read_bytes() == b"earlier"
    assert not [path.name for path in (folder / run_id).iterdir() if path.name.endswith(".part")]
    queue.resume(run_id, ME)
    assert runs.read(run_id).state == "waiting"


@pytest.fixture
def small_disk(folder: Path) -> Iterator[None]:
    """Runs lie on a disk of 3 MB."""
    folder.mkdir()
    mount = subprocess.run(["mount", "-t", "tmpfs", "-o", "size=3m", "tmpfs", folder], capture_output=True, check=False)
    if mount.returncode:
        pytest.skip("whoever runs this test may not mount a disk")
    yield
    subprocess.run(["umount", folder], check=True)


@pytest.mark.skipif(sys.platform != "linux", reason="only Linux has disks in memory")
@pytest.mark.usefixtures("tiny_task", "small_disk")
def test_a_disk_that_is_really_full_costs_no_earlier_run_and_no_epoch(folder):
    earlier = queue.create(TINY, runs.owner_of("b" * 32))
    worker.execute(earlier)
    before = {path.name: path.read_bytes() for path in (folder / earlier).iterdir()}
    run_id = queue.create(replace(TINY, model=replace(TINY.model, hidden_size=97)), ME)
    worker.execute(run_id)
    run = runs.read(run_id)
    assert (run.state, len(run.history)) == ("failed", 1), "its first checkpoint finds room, the second none beside it"
    assert run.reason == "the disk is full: delete runs that are no longer needed, then try again"
    assert {path.name: path.read_bytes() for path in (folder / earlier).iterdir()} == before
    tensors, values = load_state(folder / run_id / "checkpoint.safetensors")
    assert (len(values["history"]), bool(tensors)) == (1, True), "it can go on from there"


@pytest.mark.usefixtures("tiny_task")
def test_a_full_disk_costs_the_pictures_and_not_the_checkpoint(each_epoch, monkeypatch):
    run_id = queue.create(TINY, ME)
    folder = runs.folder_of(run_id)
    (folder / ".model.safetensors.7.part").write_bytes(b"half")

    def fill(epoch: int) -> None:
        if epoch == 2:
            raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))

    each_epoch(fill)

    def write(path: Path, value: Any) -> None:
        if path.name == "result.json" and ((folder / snapshots.FILE).exists() or [*folder.glob(".*.part")]):
            raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))
        write_json(path, value)

    monkeypatch.setattr(worker, "write_json", write)
    worker.execute(run_id)
    run = runs.read(run_id)
    assert (run.state, run.reason.partition(":")[0]) == ("failed", "the disk is full")
    assert not (folder / snapshots.FILE).exists()
    begun: list[int] = []
    each_epoch(begun.append)
    monkeypatch.setattr(worker, "write_json", write_json)
    queue.resume(run_id, ME)
    worker.execute(run_id)
    assert (runs.read(run_id).state, begun) == ("finished", [2])


@pytest.mark.usefixtures("tiny_task")
def test_too_little_memory_on_the_gpu_is_said_in_one_sentence(each_epoch):
    def refuse(_epoch: int) -> None:
        raise torch.OutOfMemoryError(
            "CUDA out of memory. Tried to allocate 2.00 GiB.\nGPU 0 has a total capacity of ..."
        )

    each_epoch(refuse)
    run_id, other = queue.create(TINY, ME), queue.create(TINY, runs.owner_of("b" * 32))
    worker.execute(run_id)
    reason = "the memory of the GPU does not suffice: choose fewer hidden units, layers or LSTMs"
    assert (runs.read(run_id).state, runs.read(run_id).reason) == ("failed", reason)
    assert runs.read(other).state == "waiting", "the process goes on with others"


def test_too_little_memory_is_said_in_one_sentence(monkeypatch):
    """Terabytes, which every allocator refuses at once."""
    monkeypatch.setenv("MRNN_MAX_DISK", "1e18")
    run_id = queue.create(replace(LONG, model=replace(LONG.model, hidden_size=8192, k=256, num_layers=32)), ME)
    worker.execute(run_id)
    run = runs.read(run_id)
    assert run.state == "failed"
    assert run.reason.startswith("the memory of the computer does not suffice: choose fewer hidden units")
