"""The room on the disk: how much a job may take, who leaves for it, and what is left of processes that were killed."""

import os
import subprocess
import sys
import time
from dataclasses import replace
from pathlib import Path

import pytest

from mrnn import ModelConfig, RunConfig, TrainConfig, claims, queue, room, runs, snapshots, sweeps, worker
from mrnn.grid import SweepConfig
from tests.tiny_runs import ME, OTHER, TINY, finished, waiting

pytestmark = pytest.mark.usefixtures("folder", "tiny_task")
PROJECT = Path(__file__).resolve().parents[1]
NEEDED = room.needed_bytes([TINY])


def test_the_oldest_runs_that_are_over_and_not_public_make_room(monkeypatch):
    ids = [finished(runs.owner_of(f"person {number}")) for number in range(5)]
    runs.publish(ids[1], runs.owner_of("person 1"))
    each = room.used_bytes() / 5
    monkeypatch.setenv("MRNN_MAX_DISK", str(3.5 * each + NEEDED))
    waits = waiting(7)
    assert {run.id for run in runs.list_runs()} == {ids[1], ids[3], ids[4], waits}
    stays = runs.read(ids[1]).size + 2 * NEEDED
    monkeypatch.setenv("MRNN_MAX_DISK", str(stays - 1))
    with pytest.raises(ValueError, match="there is no room: it may take 8 MB, but runs that are published"):
        waiting(8)
    assert {run.id for run in runs.list_runs()} == {ids[1], ids[3], ids[4], waits}, "nothing goes in vain"
    monkeypatch.setenv("MRNN_MAX_DISK", str(stays))
    last = waiting(8)
    assert {run.id for run in runs.list_runs()} == {ids[1], waits, last}, "what is public stays"


def test_what_goes_on_makes_no_room_for_itself(monkeypatch):
    """A run that is resumed, and what is done of a sweep of which more is to come, stay whatever their age."""
    stopped = queue.create(TINY, ME)
    runs.stop(stopped)
    of_sweep = [f"sweep-{24 * 'a'}-{number:04}" for number in range(2)]
    for run_id in of_sweep:
        queue.put(run_id, TINY, OTHER)
    worker.execute(of_sweep[0])
    younger = finished(runs.owner_of("a third"))
    assert [run.id for run in room.leaving()] == [stopped, younger]
    monkeypatch.setenv("MRNN_MAX_DISK", str(room.used_bytes() + room.reserved_bytes() + NEEDED - 1))
    queue.resume(stopped, ME)
    assert {run.id for run in runs.list_runs()} == {stopped, *of_sweep}
    runs.stop(of_sweep[1])
    assert room.leaving(), "once nothing of it is to come, it goes like others"
    assert not room.leaving(keep=of_sweep[0].rpartition("-")[0])


@pytest.mark.parametrize(
    "model",
    [
        ModelConfig(input_size=2, output_size=3, k=5, hidden_size=97, num_layers=2),
        ModelConfig(input_size=2, output_size=3, k=5, hidden_size=97, carry="own"),
        ModelConfig(input_size=2, output_size=3, cell="gru", hidden_size=193),
    ],
    ids=["mixed", "own", "gru"],
)
def test_no_run_takes_more_room_than_was_reckoned_with(model, monkeypatch):
    monkeypatch.setattr(snapshots, "MOST_BYTES", 2**14)  # else what they may take hides the rest
    config = RunConfig(task="tiny", model=model, training=TrainConfig(epochs=3, device="cpu"))
    run_id, most = queue.create(config, ME), 0
    replaced = Path.replace

    def look(path: Path, target: Path) -> Path:  # when both the old and the new file are there
        nonlocal most
        most = max(most, runs.read(run_id).size)
        return replaced(path, target)

    monkeypatch.setattr(Path, "replace", look)
    worker.execute(run_id)
    over = runs.read(run_id)
    assert over.state == "finished"
    assert over.size <= room.kept_bytes(config)
    assert over.size < most <= room.training_bytes(config)
    assert most > room.training_bytes(config) / 2, "and not more by far"


def test_what_waits_and_trains_has_its_room_reserved(monkeypatch):
    """The bound holds whatever becomes of those that were let in."""
    monkeypatch.setenv("MRNN_MAX_DISK", str(2.5 * NEEDED))
    waiting(1)
    waiting(2)
    with pytest.raises(ValueError, match="there is no room"):
        waiting(3)
    assert room.used_bytes() < NEEDED / 10, "nothing was written yet"
    runs.stop(runs.list_runs()[0].id)
    waiting(3)


def test_a_sweep_that_cannot_fit_is_refused_with_what_it_may_take(monkeypatch):
    sweep = SweepConfig(base=TINY, grid={"hidden_size": [3, 5, 7]}, seeds=5)
    monkeypatch.setenv("MRNN_MAX_DISK", str(room.needed_bytes(sweep.runs()) - 1))
    with pytest.raises(ValueError, match="there is no room: it may take 65 MB"):
        sweeps.start(sweep, ME)
    assert runs.list_runs() == []
    monkeypatch.setenv("MRNN_MAX_DISK", str(room.needed_bytes(sweep.runs())))
    assert len(sweeps.read(sweeps.start(sweep, ME)).runs) == 15


def test_runs_beside_one_another_need_room_beside_one_another(monkeypatch):
    """Several of a sweep may be trained at once, each with a checkpoint of its own."""
    large = replace(TINY, model=replace(TINY.model, hidden_size=499))
    first = queue.create(large, ME)
    monkeypatch.setenv("MRNN_MAX_DISK", str(1.9 * room.training_bytes(large)))
    assert room.suffices_for(large), "nothing trains yet"
    claims.claim(runs.folder_of(first))
    assert not room.suffices_for(large)
    assert room.suffices_for(TINY)


def test_two_processes_do_not_decide_at_once(folder):
    """The app, and a command beside it."""
    source = f"from mrnn import queue; from tests.tiny_runs import TINY; print(queue.create(TINY, {ME!r}))"
    command = [sys.executable, "-c", source]
    environment = {**os.environ, "MRNN_RUNS": str(folder)}
    with room.alone():
        other = subprocess.Popen(command, cwd=PROJECT, env=environment, stdout=subprocess.PIPE, stderr=subprocess.PIPE)
        with pytest.raises(subprocess.TimeoutExpired):
            other.wait(5)
        assert runs.list_runs() == []
    answer, complaint = other.communicate(timeout=120)
    assert [run.id for run in runs.list_runs()] == [answer.decode().strip()], complaint
    with pytest.raises(ValueError, match="one run at a time for each person"):
        queue.create(TINY, ME)


def test_what_killed_processes_left_is_removed_once_it_is_old(folder):
    run_id = finished()
    old, young = time.time() - 7200, time.time()
    for name in (".model.safetensors.1f.part", f".{run_id}.2e"):
        for place, age in ((folder, old), (folder / run_id, old), (folder / "own", old), (folder, young)):
            path = place / f"{name}{int(age)}"
            path.parent.mkdir(exist_ok=True)
            path.write_bytes(b"half")
            os.utime(path, (age, age))
    half = folder / ".20260101-000000-0123abcd.77"
    half.mkdir()
    (half / "config.json").write_bytes(b"half")
    os.utime(half, (old, old))
    before = sorted(path.name for path in (folder / run_id).iterdir() if not path.name.startswith("."))
    room.tidy()
    left = {f".model.safetensors.1f.part{int(young)}", f".{run_id}.2e{int(young)}", ".lock"}
    assert {path.name for path in folder.rglob(".*")} == left
    assert sorted(path.name for path in (folder / run_id).iterdir()) == before


def test_what_a_killed_command_left_waiting_holds_no_room_for_ever(monkeypatch):
    queue.create(TINY, runs.COMMAND_LINE)
    assert room.reserved_bytes() > NEEDED / 2
    (run,) = runs.list_runs()
    monkeypatch.setattr(room, "ABANDONED", time.time() - run.created - 1)
    assert room.reserved_bytes() == 0
    claims.claim(runs.folder_of(run.id))
    assert room.reserved_bytes() > NEEDED / 2, "something of it trains"
