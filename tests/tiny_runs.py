"""Runs on the task "tiny" of conftest.py, which are over in a moment."""

from mrnn import ModelConfig, RunConfig, TrainConfig, queue, runs, worker

ME, OTHER = runs.owner_of("a" * 32), runs.owner_of("b" * 32)
TINY = RunConfig(
    task="tiny",
    model=ModelConfig(input_size=2, output_size=3, k=2, hidden_size=3),
    training=TrainConfig(epochs=3, batch_size=17, device="cpu"),
)


def finished(owner: str = ME) -> str:
    """The id of a run that has been trained, in this process."""
    run_id = queue.create(TINY, owner)
    worker.execute(run_id)
    return run_id


def waiting(number: int) -> str:
    """The id of a new run of this person, of many."""
    return queue.create(TINY, runs.owner_of(f"person {number}"))
