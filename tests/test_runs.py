"""Runs as folders: who works on them, what a damaged one does, whose they are."""

import errno
import json
import os
import socket
import threading
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import psutil
import pytest

from mrnn import claims, forecast, queue, room, runs, worker
from tests.tiny_runs import ME, OTHER, TINY, finished

pytestmark = pytest.mark.usefixtures("folder")


# -- who trains it ---------------------------------------------------------------------------------------------------


def test_a_run_is_claimed_by_one_process_alone():
    run_id = queue.create(TINY, ME)
    outcomes = []
    threads = [threading.Thread(target=lambda: outcomes.append(claims.claim(runs.folder_of(run_id)))) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sum(outcome is not None for outcome in outcomes) == 1
    assert (runs.read(run_id).state, runs.read(run_id).attempts) == ("running", 1)


def claimed(run_id: str, **changes: Any) -> None:
    """As if another process had taken it on."""
    me = psutil.Process()
    values = {"host": socket.gethostname(), "pid": me.pid, "began": me.create_time(), "at": time.time(), **changes}
    (runs.folder_of(run_id) / "claim-1.json").write_text(json.dumps(values))


@pytest.mark.parametrize(
    ("changes", "state"),
    [
        ({}, "running"),
        ({"began": 1.0}, "waiting"),  # another process has got its number since
        ({"pid": 2**22 + 1}, "waiting"),
        ({"host": "another computer"}, "running"),
        ({"host": "another computer", "at": time.time() - claims.LOST_AFTER - 60}, "waiting"),
        ({"at": time.time() - claims.LOST_AFTER - 60}, "waiting"),  # there, but without a sign of life
    ],
)
def test_a_run_runs_as_long_as_its_process_lives(changes, state):
    run_id = queue.create(TINY, ME)
    claimed(run_id, **changes)
    assert runs.read(run_id).state == state
    assert (claims.claim(runs.folder_of(run_id)) is not None) is (state == "waiting")


def test_a_sign_of_life_keeps_a_run_on_another_computer_running():
    run_id = queue.create(TINY, ME)
    claimed(run_id, host="another computer", at=time.time() - 1000)
    progress = runs.folder_of(run_id) / "progress.json"
    progress.write_text('{"done": 3, "total": 7, "device": "cpu"}')
    run = runs.read(run_id)
    assert (run.state, run.done, run.total, run.device) == ("running", 3, 7, "cpu")
    long_ago = time.time() - claims.LOST_AFTER - 1
    os.utime(progress, (long_ago, long_ago))
    assert runs.read(run_id).state == "waiting"


# -- public ----------------------------------------------------------------------------------------------------------


@pytest.mark.usefixtures("tiny_task")
def test_a_run_is_public_as_long_as_its_owner_lets_others_see_it():
    run_id = finished()
    assert not runs.read(run_id).public
    with pytest.raises(ValueError, match="only one's own runs can be changed"):
        runs.publish(run_id, OTHER)
    runs.publish(run_id, ME)
    assert runs.read(run_id).public
    runs.publish(run_id, ME, public=False)
    assert not runs.read(run_id).public


@pytest.mark.usefixtures("tiny_task")
def test_what_changes_in_a_run_that_is_over_is_seen_at_once(monkeypatch):
    monkeypatch.setattr(runs, "SETTLED", -1)
    run_id = finished()
    one, again = (runs.list_runs()[0] for _ in range(2))
    assert one is again, "it is read once"
    runs.publish(run_id, ME)
    assert runs.list_runs()[0].public
    assert [run.id for run in room.leaving()] == []
    runs.delete(run_id, ME)
    assert runs.list_runs() == []
    assert runs._known == {}


# -- damaged folders -------------------------------------------------------------------------------------------------


def _halve(path: Path) -> None:
    content = path.read_bytes()
    path.write_bytes(content[: len(content) // 2])


DAMAGE: dict[str, Callable[[Path], Any]] = {
    "no configuration": lambda path: (path / "config.json").unlink(),
    "half a configuration": lambda path: (path / "config.json").write_text('{"owner": "'),
    "a configuration that is a list": lambda path: (path / "config.json").write_text("[1]"),
    "a run that is a number": lambda path: (path / "config.json").write_text('{"owner": "x", "created": 1, "run": 7}'),
    "bytes for a configuration": lambda path: (path / "config.json").write_bytes(b"\xff\xfe\x00"),
    "half a result": lambda path: (path / "result.json").write_text('{"state":'),
    "a result without a state": lambda path: (path / "result.json").write_text("{}"),
    "a result that is a folder": lambda path: ((path / "result.json").unlink(), (path / "result.json").mkdir()),
    "a history that is no JSON": lambda path: (path / "history.jsonl").write_text("epoch 1\n"),
    "half a history": lambda path: _halve(path / "history.jsonl"),
    "a history of another kind": lambda path: (path / "history.jsonl").write_text('{"epoch": 1}\n'),
    "a result of no known state": lambda path: (path / "result.json").write_text('{"state": "lost"}'),
    "figures that are a list": lambda path: (path / "result.json").write_text(
        '{"state": "finished", "notes": {"figures": []}}'
    ),
    "half a progress": lambda path: _halve(path / "progress.json"),
    "half a claim": lambda path: _halve(path / "claim-1.json"),
    "progress that is text": lambda path: (path / "progress.json").write_text('{"done": "many"}'),
}


def waiting_for(owner: str) -> bool:
    run_id = queue.create(TINY, owner)
    return [run.id for run in queue.waiting()] == [run_id]


@pytest.mark.usefixtures("tiny_task")
@pytest.mark.parametrize("damage", DAMAGE)
def test_a_damaged_run_is_shown_as_such_and_hides_no_other(damage):
    damaged, whole = finished(), finished()
    DAMAGE[damage](runs.folder_of(damaged))
    states = {run.id: (run.state, run.reason) for run in runs.list_runs()}
    assert states == {damaged: ("broken", "its folder is damaged"), whole: ("finished", "")}
    assert queue.waiting() == []
    assert room.leaving()[0].size > 0, "it can be found and removed when there is no room"
    with pytest.raises(ValueError, match=r"can be resumed if it was stopped or failed|only one's own runs"):
        queue.resume(damaged, ME)
    worker.execute(damaged)
    assert runs.read(damaged).state == "broken"
    assert waiting_for(OTHER), "and the queue goes on"
    runs.remove(damaged)
    assert damaged not in {run.id for run in runs.list_runs()}


def test_what_is_no_run_is_not_listed(folder):
    assert runs.list_runs() == []
    for name in ("notes", ".hidden", "20260101-000000-XYZ", "upload-1"):
        (folder / name).mkdir(parents=True)
    assert runs.list_runs() == []


# -- owners ----------------------------------------------------------------------------------------------------------


@pytest.mark.usefixtures("tiny_task")
def test_one_persons_runs_are_not_anothers():
    mine, theirs = finished(ME), finished(OTHER)
    assert [run.id for run in runs.list_runs(ME)] == [mine]
    assert [run.id for run in runs.list_runs(OTHER)] == [theirs]
    with pytest.raises(ValueError, match="only one's own runs can be changed"):
        runs.delete(theirs, ME)
    runs.delete(mine, ME)
    assert [run.id for run in runs.list_runs()] == [theirs]


def test_a_run_that_is_active_cannot_be_deleted(folder):
    run_id = queue.create(TINY, ME)
    with pytest.raises(ValueError, match="a run can be deleted when it is over; stop it first"):
        runs.delete(run_id, ME)
    runs.stop(run_id)
    runs.delete(run_id, ME)
    assert [path.name for path in folder.iterdir()] == [".lock"]


def test_the_key_of_a_person_stands_nowhere_in_the_folder(folder):
    run_id = queue.create(TINY, runs.owner_of("my secret key"))
    files = {path.name: path.read_bytes() for path in (folder / run_id).rglob("*") if path.is_file()}
    assert "config.json" in files
    assert [name for name, content in files.items() if b"my secret key" in content] == []


@pytest.mark.parametrize(
    "run_id", ["", ".", "..", "../x", "/etc", "a\x00b", "upload-" + "g" * 24, "upload-../../../../x"]
)
@pytest.mark.parametrize("use", [runs.read, runs.stop, worker.execute, lambda run_id: runs.delete(run_id, ME)])
def test_what_cannot_be_an_id_is_never_a_path(run_id, use):
    with pytest.raises(ValueError, match="is no run's id"):
        use(run_id)


@pytest.mark.usefixtures("tiny_task")
def test_a_file_that_is_being_replaced_breaks_no_run(monkeypatch):
    """Every half second a sign of life lies beside its place, and a moment later it does not."""
    run_id = finished()
    passing = runs.folder_of(run_id) / ".progress.json.77.part"
    passing.write_bytes(b"{}")
    stat = Path.stat

    def gone(path: Path, **options: Any) -> os.stat_result:
        if path == passing:
            raise FileNotFoundError(path)
        return stat(path, **options)

    monkeypatch.setattr(Path, "stat", gone)
    assert runs.read(run_id).state == "finished"


@pytest.mark.usefixtures("tiny_task")
def test_a_run_that_cannot_be_read_just_now_is_neither_remembered_as_broken_nor_removed(monkeypatch):
    run_id = finished()
    os.utime(runs.folder_of(run_id), (1, 1))
    with monkeypatch.context() as patch:
        patch.setattr(runs, "read_json", _too_many_files)
        (run,) = runs.list_runs()
        assert (run.state, run.reason, run.damaged) == ("broken", runs.UNREADABLE, False)
        assert room.leaving() == []
    assert runs.list_runs()[0].state == "finished"
    assert room.leaving()


def _too_many_files(path: Path) -> Any:
    raise OSError(errno.EMFILE, os.strerror(errno.EMFILE), str(path))


def test_what_waits_is_read_again_only_when_it_changes(monkeypatch):
    run_id = queue.create(TINY, ME)
    os.utime(runs.folder_of(run_id), (1, 1))
    assert runs.list_runs()[0].state == "waiting"
    with monkeypatch.context() as patch:
        patch.setattr(runs, "read", None)
        assert runs.list_runs()[0].state == "waiting"
    claims.claim(runs.folder_of(run_id))
    assert runs.list_runs()[0].state == "running"


@pytest.mark.usefixtures("tiny_task")
def test_how_slow_runs_are_is_learned_from_tasks_that_are_known():
    """A run of another version, in the same folder, takes no page away."""
    finished()
    known = forecast.slowness(runs.list_runs())
    other = finished(OTHER)
    config = json.loads((runs.folder_of(other) / "config.json").read_text())
    config["run"]["task"] = "of another version"
    (runs.folder_of(other) / "config.json").write_text(json.dumps(config))
    assert runs.read(other).state == "finished"
    assert forecast.slowness(runs.list_runs()) == known


@pytest.mark.usefixtures("tiny_task")
@pytest.mark.parametrize(
    ("file", "old", "new"),
    [
        ("history.jsonl", '"seconds": ', '"seconds": "long", "was": '),
        ("config.json", '"created": ', '"created": 1e300, "was": '),
    ],
)
def test_a_value_of_another_kind_is_damage_and_takes_no_page_away(file, old, new):
    path = runs.folder_of(finished()) / file
    path.write_text(path.read_text().replace(old, new))
    (run,) = runs.list_runs()
    assert (run.state, run.damaged) == ("broken", True)


def test_on_a_disk_without_links_a_run_is_claimed_all_the_same(monkeypatch):
    def refuse(*_: Any) -> None:
        raise OSError(errno.EPERM, os.strerror(errno.EPERM))

    monkeypatch.setattr(os, "link", refuse)
    run_id = queue.create(TINY, ME)
    claim = claims.claim(runs.folder_of(run_id))
    assert claim is not None
    claim.keep()
    assert claims.claim(runs.folder_of(run_id)) is None


@pytest.mark.usefixtures("tiny_task")
def test_a_run_whose_configuration_is_cut_off_is_still_its_owners_who_may_delete_it():
    run_id = finished()
    path = runs.folder_of(run_id) / "config.json"
    path.write_bytes(path.read_bytes()[:-7])
    ((mine,), others) = runs.list_runs(ME), runs.list_runs(OTHER)
    assert (mine.id, mine.damaged, others) == (run_id, True, [])
    with pytest.raises(ValueError, match="only one's own runs can be changed"):
        runs.delete(run_id, OTHER)
    runs.delete(run_id, ME)
    assert runs.list_runs() == []
