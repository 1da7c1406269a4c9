"""The queue: who comes in, and who is next."""

import threading
from pathlib import Path

import pytest

from mrnn import claims, queue, runs
from mrnn.files import write_json
from tests.tiny_runs import ME, OTHER, TINY, finished, waiting

pytestmark = pytest.mark.usefixtures("folder")


def test_first_come_first_served():
    ids = [waiting(number) for number in range(5)]
    assert [run.id for run in queue.waiting()] == ids
    runs.stop(ids[1])
    assert [run.id for run in queue.waiting()] == [ids[0], *ids[2:]]
    queue.resume(ids[1], runs.owner_of("person 1"))
    assert [run.id for run in queue.waiting()] == [ids[0], *ids[2:], ids[1]], "whoever stopped goes to the end"


def test_one_run_at_a_time_for_each_person_even_with_two_clicks_at_once():
    outcomes = []

    def click() -> None:
        try:
            outcomes.append(queue.create(TINY, ME))
        except ValueError as error:
            outcomes.append(str(error))

    threads = [threading.Thread(target=click) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    refusals = [text for text in outcomes if text.startswith("one run at a time for each person")]
    assert (len(refusals), len(runs.list_runs(ME))) == (7, 1)
    runs.stop(runs.list_runs(ME)[0].id)
    assert queue.create(TINY, ME)


def test_a_full_queue_refuses_politely_and_keeps_what_is_in_it(monkeypatch):
    monkeypatch.setenv("MRNN_MAX_QUEUE", "3")
    ids = [waiting(number) for number in range(3)]
    with pytest.raises(ValueError, match="the queue is full: 3 runs wait or train already; try again in some minutes"):
        waiting(3)
    assert [run.id for run in queue.waiting()] == ids
    runs.stop(ids[0])
    assert waiting(3)


@pytest.mark.parametrize("name", ["MRNN_MAX_QUEUE", "MRNN_MAX_DISK"])
@pytest.mark.parametrize("value", ["many", "0", "-1", "nan"])
def test_a_bound_that_is_no_number_is_said(monkeypatch, name, value):
    monkeypatch.setenv(name, value)
    with pytest.raises(ValueError, match=f"{name} must be a number above 0, got '{value}'"):
        queue.create(TINY, ME)


@pytest.mark.usefixtures("tiny_task")
def test_only_what_was_stopped_or_failed_can_be_resumed():
    run_id = finished()
    with pytest.raises(ValueError, match="can be resumed if it was stopped or failed; this one is finished"):
        queue.resume(run_id, ME)
    run_id = queue.create(TINY, ME)
    with pytest.raises(ValueError, match="this one is waiting"):
        queue.resume(run_id, ME)
    runs.stop(run_id)
    with pytest.raises(ValueError, match="only one's own runs can be changed"):
        queue.resume(run_id, OTHER)


def test_jobs_take_turns_so_that_a_sweep_holds_nobody_up():
    def sweep(letter: str) -> list[str]:
        ids = [f"sweep-{24 * letter}-{number:04}" for number in range(4)]
        for run_id in ids:
            queue.put(run_id, TINY, runs.owner_of(letter))
        return ids

    first, alone, second = sweep("b"), waiting(1), sweep("a")
    assert [run.id for run in queue.waiting()] == [
        first[0], alone, second[0], first[1], second[1], first[2], second[2], first[3], second[3],
    ]  # fmt: skip
    claims.claim(runs.folder_of(first[0]))
    late = waiting(2)
    assert [run.id for run in queue.waiting()][:4] == [alone, second[0], late, first[1]], "its turn is being taken"


def test_a_sweep_counts_as_one_job(monkeypatch):
    monkeypatch.setenv("MRNN_MAX_QUEUE", "2")
    for number in range(5):
        queue.put(f"sweep-{24 * 'a'}-{number:04}", TINY, ME)
    with pytest.raises(ValueError, match="one run at a time for each person"):
        queue.create(TINY, ME)
    waiting(1)
    with pytest.raises(ValueError, match="the queue is full: 2 runs wait or train already"):
        waiting(2)


def test_a_run_is_seen_only_once_it_is_whole(monkeypatch):
    seen: list[list[str]] = []

    def write(path: Path, content: object) -> None:
        seen.append([path.name for path in runs.folders()])
        write_json(path, content)

    monkeypatch.setattr(queue, "write_json", write)
    run_id = waiting(1)
    assert (seen, [run.id for run in runs.list_runs()]) == ([[]], [run_id])
