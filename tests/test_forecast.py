"""How long training will take."""

from dataclasses import replace
from typing import Any

import pytest

from mrnn import TASKS, ModelConfig, RunConfig, TrainConfig, runs
from mrnn.forecast import duration, remaining_seconds, seconds_until_start, slowness, training_seconds

WAVES = RunConfig(
    task="waves",
    model=ModelConfig(input_size=1, output_size=2, k=4, hidden_size=64),
    training=TrainConfig(epochs=10, batch_size=100),
)


def run(number: int, epochs_done: int = 0, seconds: float = 0.0, **changes: Any) -> runs.Run:
    """A run of 10 epochs, some of them done in `seconds` each."""
    blank = runs.Run(
        id=f"20260101-000000-{number:08x}", owner="", state="waiting", created=number, config=WAVES, device="",
        result={}, history=tuple({"epoch": n + 1, "seconds": seconds} for n in range(epochs_done)), done=0, total=0,
        reason="", label="", attempts=0, measuring=False, public=False, size=0,
    )  # fmt: skip
    return replace(blank, **changes)


@pytest.mark.parametrize("name", TASKS)
def test_a_task_knows_how_much_it_trains_on_without_making_it(name):
    train_data, _ = TASKS[name].split()
    assert TASKS[name].extent == train_data.x.shape[:2]


def test_more_work_takes_longer():
    seconds = training_seconds(WAVES)
    assert training_seconds(replace(WAVES, training=replace(WAVES.training, epochs=20))) == pytest.approx(2 * seconds)
    assert training_seconds(replace(WAVES, settings={"T": 100})) == pytest.approx(2 * seconds)
    for change in ({"k": 8}, {"hidden_size": 128}, {"num_layers": 2}):
        assert training_seconds(replace(WAVES, model=replace(WAVES.model, **change))) > 1.2 * seconds
    assert training_seconds(WAVES, 3) == pytest.approx(3 * seconds)


def test_runs_that_are_over_say_how_slow_it_is_here():
    expected = training_seconds(WAVES) / 10
    assert slowness([]) == 1
    past = [run(n, 10, factor * expected, state="finished") for n, factor in enumerate((2, 5, 3))]
    assert slowness([*past, run(7, 4, 100 * expected, state="running")]) == pytest.approx(3)
    assert slowness([run(8, 4, 2 * expected, state="stopped")]) == pytest.approx(2), "of epochs that were done"


def test_what_remains_of_a_run_follows_its_own_epochs():
    assert remaining_seconds(run(1), 2) == pytest.approx(2 * training_seconds(WAVES))
    assert remaining_seconds(run(1, 4, 7.0)) == pytest.approx(42)
    assert remaining_seconds(run(1, 4, 7.0, state="running", done=45, total=100)) == pytest.approx(0.55 * 70)


def test_who_waits_begins_when_all_before_are_done():
    running = [run(1, 5, 2.0, state="running", done=50, total=100)]  # 10 s to go
    queue = [run(2, 1, 3.0), run(3, 2, 1.0), run(4)]  # 27 s, 8 s
    assert [seconds_until_start(r.id, running, queue, 1, 1.0) for r in queue] == pytest.approx([10, 37, 45])
    assert [seconds_until_start(r.id, running, queue, 2, 1.0) for r in queue] == pytest.approx([0, 10, 18])
    assert [seconds_until_start(r.id, [], queue, 3, 1.0) for r in queue] == pytest.approx([0, 0, 0])


@pytest.mark.parametrize(
    ("seconds", "text"),
    [(0, "1 s"), (40.4, "40 s"), (89, "89 s"), (100, "2 min"), (3600, "60 min"), (3 * 3600, "3 h")],
)
def test_a_duration_is_said_in_one_unit(seconds, text):
    assert duration(seconds) == text
