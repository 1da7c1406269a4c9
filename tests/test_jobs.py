"""Training in processes of its own: real ones, started, watched, stopped and killed."""

import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from mrnn import ModelConfig, RunConfig, TrainConfig, load, runs
from mrnn.jobs import Engine

PROJECT = Path(__file__).resolve().parents[1]
pytestmark = pytest.mark.slow
linux = pytest.mark.skipif(not Path("/proc/self/fd").exists(), reason="only Linux shows a process's sockets in /proc")


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    with pytest.MonkeyPatch.context() as patch:
        folder = tmp_path_factory.mktemp("runs")
        patch.setenv("MRNN_RUNS", str(folder))
        yield folder


@pytest.fixture(scope="module")
def engine(folder: Path) -> Iterator[Engine]:  # noqa: ARG001, its workers keep runs in that folder
    engine = Engine()
    yield engine
    engine.close()


def quick(epochs: int = 2, **fields: Any) -> RunConfig:
    """A run on waves that takes about a second an epoch."""
    model = ModelConfig(input_size=1, output_size=2, k=2, hidden_size=3)
    return RunConfig(
        task="waves", model=model, training=TrainConfig(epochs=epochs, batch_size=1009, device="cpu", **fields)
    )


def wait(run_id: str, until: Callable[[runs.Run], bool], seconds: float = 120) -> runs.Run:
    """The run, once it is as awaited."""
    deadline = time.monotonic() + seconds
    while time.monotonic() < deadline:
        run = runs.read(run_id)
        if until(run):
            return run
        time.sleep(0.05)
    raise AssertionError(f"waited {seconds} s in vain, the run is {runs.read(run_id)}")


def over(run: runs.Run) -> bool:
    return not run.active


def family(pid: int) -> list[int]:
    """A process and all below it."""
    below = subprocess.run(["ps", "-o", "pid=", "--ppid", str(pid)], capture_output=True, text=True, check=False)
    return [pid, *(p for child in below.stdout.split() for p in family(int(child)))]


def processes(engine: Engine) -> set[int]:
    return {pid for process in engine._processes for pid in family(process.pid)}


def alive(pid: int) -> bool:
    try:
        os.kill(pid, 0)
        return "\nState:\tZ" not in Path(f"/proc/{pid}/status").read_text()
    except (ProcessLookupError, FileNotFoundError):
        return False


def gone(pids: set[int], seconds: float) -> bool:
    deadline = time.monotonic() + seconds
    while any(map(alive, pids)) and time.monotonic() < deadline:
        time.sleep(0.1)
    return not any(map(alive, pids))


def test_a_run_is_trained_in_a_process_of_its_own_and_shows_its_curves_meanwhile(engine):
    run_id = runs.create(quick(epochs=3), "me")
    engine.submit(run_id)
    seen = wait(run_id, lambda run: len(run.history) >= 1)
    assert seen.state == "running"
    assert 0 < seen.done < seen.total
    assert seen.device == "cpu"
    ended = wait(run_id, over)
    assert (ended.state, len(ended.history)) == ("finished", 3)
    assert ended.model_file is not None
    assert load(ended.model_file).config == quick().model
    assert ended.result["figures"]["test_n"] == 10_000


def test_a_run_that_is_submitted_twice_is_trained_once(engine):
    run_id = runs.create(quick(), "me")
    engine.submit(run_id)
    engine.submit(run_id)
    result = wait(run_id, over).result
    engine.submit(run_id)
    time.sleep(1)
    assert runs.read(run_id).result == result
    assert len(runs.read(run_id).history) == 2


def test_the_same_run_gives_the_same_weights_in_another_process(engine, tmp_path, monkeypatch):
    there = runs.create(quick(seed=5), "me")
    engine.submit(there)
    model_file = wait(there, over).model_file
    assert model_file is not None
    content = model_file.read_bytes()
    monkeypatch.setenv("MRNN_RUNS", str(tmp_path))
    here = runs.create(quick(seed=5), "me")
    runs.execute(here)
    figures = [load(path).state_dict() for path in (model_file, tmp_path / here / "model.safetensors")]
    assert all(figures[0][name].allclose(figures[1][name], rtol=1e-3, atol=1e-4) for name in figures[0])
    assert model_file.read_bytes() == content


def test_training_stops_within_two_seconds_and_keeps_what_was_learned(engine):
    run_id = runs.create(quick(epochs=500), "me")
    engine.submit(run_id)
    wait(run_id, lambda run: len(run.history) >= 2)
    asked = time.monotonic()
    runs.stop(run_id)
    ended = wait(run_id, over)
    assert time.monotonic() - asked < 2 + 8, "2 s on a free machine; 8 more for one that is busy"
    assert ended.state == "stopped"
    assert ended.model_file is not None
    assert load(ended.model_file).config == quick().model


@linux
def test_it_listens_on_this_machine_alone(engine):
    engine.submit(runs.create(quick(epochs=1), "me"))
    listening = {}
    for pid in processes(engine):
        sockets = {str(fd.readlink()) for fd in Path(f"/proc/{pid}/fd").iterdir() if fd.is_symlink()}
        for table in ("tcp", "tcp6"):
            for line in Path(f"/proc/{pid}/net/{table}").read_text().splitlines()[1:]:
                columns = line.split()
                if columns[3] == "0A" and f"socket:[{columns[9]}]" in sockets:
                    listening[columns[9]] = columns[1].split(":")[0]
    assert len(listening) >= 2, "the scheduler and a worker"
    assert set(listening.values()) == {"0100007F"}, "127.0.0.1, as the kernel writes it"


@linux
def test_workers_do_not_load_what_pages_need(engine):
    engine.submit(runs.create(quick(epochs=1), "me"))
    for pid in processes(engine):
        assert "streamlit" not in Path(f"/proc/{pid}/maps").read_text()
    assert engine._client is not None
    loaded = engine._client.run(lambda: sorted(sys.modules))
    assert loaded
    for modules in loaded.values():
        assert "mrnn.runs" in modules
        assert not [name for name in modules if name.split(".")[0] in ("streamlit", "altair", "pages")]


@linux
def test_an_engine_that_lost_its_scheduler_starts_anew(engine):
    engine.submit(runs.create(quick(epochs=1), "me"))
    before = processes(engine)
    os.kill(engine._processes[0].pid, signal.SIGKILL)
    engine._processes[0].wait()
    run_id = runs.create(quick(), "me")
    engine.submit(run_id)
    assert wait(run_id, over).state == "finished"
    assert gone(before, 20)


@linux
@pytest.mark.usefixtures("folder")
def test_closing_leaves_no_process_and_no_folder_and_it_can_start_again():
    engine = Engine()
    for _ in range(2):
        run_id = runs.create(quick(epochs=1), "me")
        engine.submit(run_id)
        assert engine._folder is not None
        folder = Path(engine._folder.name)
        wait(run_id, over)
        pids = processes(engine)
        assert len(pids) >= 3, "a scheduler, a nanny, a worker"
        engine.close()
        assert gone(pids, 10)
        assert not folder.exists()


@linux
@pytest.mark.usefixtures("folder")
def test_when_the_app_is_killed_its_workers_end_too():
    code = (
        "import sys, time\n"
        "from mrnn import runs\nfrom mrnn.jobs import Engine\nfrom tests.test_jobs import quick\n"
        "engine = Engine()\nrun_id = runs.create(quick(epochs=500), 'me')\nengine.submit(run_id)\n"
        "while not runs.read(run_id).history: time.sleep(0.1)\n"
        "print(*(process.pid for process in engine._processes), flush=True)\ntime.sleep(100)\n"
    )
    command = [sys.executable, "-c", code]
    with subprocess.Popen(command, cwd=PROJECT, stdout=subprocess.PIPE, text=True) as app:
        assert app.stdout is not None
        started = [int(pid) for pid in app.stdout.readline().split()]
        pids = {pid for root in started for pid in family(root)}
        app.kill()
    assert len(pids) >= 3
    assert gone(pids, 20)


def test_an_engine_that_cannot_start_says_why(monkeypatch):
    engine = Engine()
    monkeypatch.setattr(sys, "executable", "/bin/false" if Path("/bin/false").exists() else "false")
    with pytest.raises(RuntimeError, match="the training engine did not start; its log: "):
        engine.submit("20260101-000000-00000000")
    engine.close()


def test_the_rehearsal_runs_in_a_process_of_its_own_once(engine):
    engine.prepare()
    process = engine._rehearsal
    engine.prepare()
    assert engine._rehearsal is process
    assert process.wait(120) == 0
