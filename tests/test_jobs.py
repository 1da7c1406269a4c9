"""Training in processes of its own: real ones, started, watched, stopped and killed."""

import os
import secrets
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import psutil
import pytest
import trustme

from mrnn import ModelConfig, RunConfig, TrainConfig, jobs, load, queue, runs, sweeps, worker
from mrnn.files import read_json
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


@pytest.fixture(autouse=True)
def nothing_is_left_to_do() -> Iterator[None]:
    """An engine trains whatever waits, so what one test leaves would keep the next one waiting."""
    yield
    for run in runs.list_runs():
        if run.active:
            runs.stop(run.id)


def quick(epochs: int = 2, **fields: Any) -> RunConfig:
    """A run on waves that takes about a second an epoch."""
    model = ModelConfig(input_size=1, output_size=2, k=2, hidden_size=3)
    return RunConfig(
        task="waves", model=model, training=TrainConfig(epochs=epochs, batch_size=1009, device="cpu", **fields)
    )


def new(config: RunConfig) -> str:
    """A run of somebody who has no other."""
    return queue.create(config, runs.owner_of(secrets.token_hex(8)))


def wait(run_id: str, until: Callable[[runs.Run], bool], seconds: float = 120) -> runs.Run:
    """The run, once it is as awaited."""
    deadline = time.monotonic() + seconds
    while time.monotonic() < deadline:
        run = runs.read(run_id)
        if until(run):
            return run
        time.sleep(0.05)
    raise AssertionError(f"waited {seconds} s in vain, the run is {runs.read(run_id)}")


def wait_until(holds: Callable[[], bool], seconds: float = 60) -> None:
    deadline = time.monotonic() + seconds
    while not holds():
        assert time.monotonic() < deadline, f"waited {seconds} s in vain"
        time.sleep(0.1)


def answers(address: str) -> bool:
    """Whether somebody listens there."""
    with socket.socket() as asked:
        host, port = address.rpartition("/")[2].split(":")
        return asked.connect_ex((host, int(port))) == 0


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
    run_id = new(quick(epochs=3))
    engine.start()
    seen = wait(run_id, lambda run: len(run.history) >= 1)
    assert seen.state == "running"
    assert 0 < seen.done < seen.total
    assert seen.device == "cpu"
    ended = wait(run_id, over)
    assert (ended.state, len(ended.history)) == ("finished", 3)
    assert ended.model_file is not None
    assert load(ended.model_file).config == quick().model
    assert ended.result["figures"]["test_n"] == 10_000


def test_a_run_is_trained_once_however_often_the_engine_is_started(engine):
    run_id = new(quick())
    engine.start()
    engine.start()
    result = wait(run_id, over).result
    engine.start()
    time.sleep(1)
    assert runs.read(run_id).result == result
    assert len(runs.read(run_id).history) == 2


def test_the_same_run_gives_the_same_weights_in_another_process(engine, tmp_path, monkeypatch):
    there = new(quick(seed=5))
    engine.start()
    model_file = wait(there, over).model_file
    assert model_file is not None
    content = model_file.read_bytes()
    monkeypatch.setenv("MRNN_RUNS", str(tmp_path))
    here = new(quick(seed=5))
    worker.execute(here)
    figures = [load(path).state_dict() for path in (model_file, tmp_path / here / "model.safetensors")]
    assert all(figures[0][name].allclose(figures[1][name], rtol=1e-3, atol=1e-4) for name in figures[0])
    assert model_file.read_bytes() == content


def test_training_stops_within_two_seconds_and_keeps_what_was_learned(engine):
    run_id = new(quick(epochs=500))
    engine.start()
    wait(run_id, lambda run: len(run.history) >= 2)
    asked = time.monotonic()
    runs.stop(run_id)
    ended = wait(run_id, over)
    assert time.monotonic() - asked < 2 + 8, "2 s on a free machine; 8 more for one that is busy"
    assert ended.state == "stopped"
    assert ended.model_file is not None
    assert load(ended.model_file).config == quick().model


@linux
def test_a_run_that_does_not_come_to_stopping_is_ended_with_its_process_and_keeps_what_was_learned(engine):
    """A batch of torch's own LSTM that takes half a minute: nothing looks up from within it."""
    model = ModelConfig(input_size=1, output_size=2, cell="lstm", hidden_size=512, num_layers=2)
    large = RunConfig(
        task="waves", settings={"T": 200}, model=model, training=TrainConfig(epochs=2, batch_size=500, device="cpu")
    )
    stuck = new(large)
    engine.start()
    wait(stuck, lambda run: run.state == "running" and run.total == 0 and run.device == "cpu")
    time.sleep(5)  # by then the data are there, and the first batch has begun
    assert runs.read(stuck).done == 0, "this machine is too fast for this test: give it more units"
    runs.stop(stuck)
    asked = time.monotonic()
    ended = wait(stuck, over)
    assert time.monotonic() - asked < 2 + 8, "2 s on a free machine; 8 more for one that is busy"
    assert ended.state == "stopped"
    after = new(quick(epochs=1))
    assert wait(after, over).state == "finished", "another process has taken its place"


@linux
def test_it_listens_on_this_machine_alone(engine):
    new(quick(epochs=1))
    engine.start()
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
    new(quick(epochs=1))
    engine.start()
    for pid in processes(engine):
        assert "streamlit" not in Path(f"/proc/{pid}/maps").read_text()
    assert engine._client is not None
    loaded = engine._client.run(lambda: sorted(sys.modules))
    assert loaded
    for modules in loaded.values():
        assert "mrnn.worker" in modules
        assert not [name for name in modules if name.split(".")[0] in ("streamlit", "altair", "pages")]


@linux
def test_pages_come_before_training(engine):
    new(quick(epochs=1))
    engine.start()
    assert engine._client is not None
    engine._client.wait_for_workers(engine.slots, timeout=180)  # a nanny begins its worker a moment later
    _, *workers = (process.pid for process in engine._processes)
    everyone = {pid: psutil.Process(pid).nice() for worker_pid in workers for pid in family(worker_pid)}
    assert len(everyone) >= 2, "a nanny and a worker"
    assert set(everyone.values()) == {psutil.Process().nice() + 10}


@linux
def test_an_engine_that_lost_its_scheduler_starts_anew(engine):
    new(quick(epochs=1))
    engine.start()
    before = processes(engine)
    os.kill(engine._processes[0].pid, signal.SIGKILL)
    engine._processes[0].wait()
    run_id = new(quick())
    engine.start()
    assert wait(run_id, over).state == "finished"
    assert gone(before, 20)


@linux
def test_closing_leaves_no_process_and_no_folder_and_it_can_start_again(engine):
    engine.close()
    for _ in range(2):
        run_id = new(quick(epochs=1))
        engine.start()
        assert engine._folder is not None
        folder = Path(engine._folder.name)
        wait(run_id, over)
        pids = processes(engine)
        assert len(pids) >= 3, "a scheduler, a nanny, a worker"
        engine.close()
        assert gone(pids, 10)
        assert not folder.exists()


@linux
def test_when_the_app_is_killed_its_workers_end_too(engine):
    engine.close()  # it would train the run itself
    code = (
        "import sys, time\n"
        "from mrnn import queue, runs\nfrom mrnn.jobs import Engine\nfrom tests.test_jobs import quick\n"
        "engine = Engine()\nrun_id = queue.create(quick(epochs=500), 'me')\nengine.start()\n"
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


@linux
def test_a_run_whose_worker_is_killed_goes_on_by_itself_and_ends_with_the_same_weights(engine, tmp_path, monkeypatch):
    run_id = new(quick(epochs=9, seed=3, precision="float32"))
    engine.start()
    seen = wait(run_id, lambda run: len(run.history) >= 3)
    claim = read_json(runs.folder_of(run_id) / "claim-1.json")
    os.kill(claim["pid"], signal.SIGKILL)
    ended = wait(run_id, over)
    assert (ended.state, ended.attempts, len(ended.history)) == ("finished", 2, 9)
    assert ended.history[: len(seen.history)] == seen.history, "epochs that were whole are not trained again"
    assert ended.model_file is not None
    there = load(ended.model_file).state_dict()
    monkeypatch.setenv("MRNN_RUNS", str(tmp_path))
    here, _ = worker.perform(quick(epochs=9, seed=3, precision="float32"))
    assert all(there[name].allclose(weight, rtol=1e-3, atol=1e-4) for name, weight in here.state_dict().items())


def test_a_slot_that_loses_its_processes_gets_others_and_the_scheduler_stays(engine):
    run_id = new(quick(epochs=40))
    engine.start()
    wait(run_id, lambda run: len(run.history) >= 1)
    scheduler, nanny, *_ = engine._processes
    os.kill(nanny.pid, signal.SIGKILL)
    ended = wait(run_id, over, 240)
    assert (ended.state, ended.attempts, len(ended.history)) == ("finished", 2, 40)
    assert engine._processes[0] is scheduler
    assert scheduler.poll() is None
    assert nanny not in engine._processes


def test_runs_are_trained_in_the_order_in_which_they_came(engine):
    ids = [new(quick(epochs=1)) for _ in range(4)]
    engine.start()
    for run_id in ids:
        wait(run_id, over)
    begun = [read_json(runs.folder_of(run_id) / "claim-1.json")["at"] for run_id in ids]
    assert begun == sorted(begun)


def test_what_waits_is_trained_though_nobody_asks_again(engine):
    first = new(quick(epochs=1))
    engine.start()
    wait(first, over)
    second = new(quick(epochs=1))  # and nobody starts the engine
    assert wait(second, over).state == "finished"


@linux
def test_an_app_that_is_killed_and_started_again_goes_on_with_its_runs(engine):
    engine.close()  # it would take over what the killed app leaves
    code = (
        "import sys, time\n"
        "from mrnn import queue, runs\nfrom mrnn.jobs import Engine\nfrom tests.test_jobs import quick\n"
        "run_id = queue.create(quick(epochs=12), 'me')\nengine = Engine()\nengine.start()\n"
        "while len(runs.read(run_id).history) < 3: time.sleep(0.1)\n"
        "print(run_id, flush=True)\ntime.sleep(100)\n"
    )
    with subprocess.Popen([sys.executable, "-c", code], cwd=PROJECT, stdout=subprocess.PIPE, text=True) as app:
        assert app.stdout is not None
        run_id = app.stdout.readline().strip()
        app.kill()
    wait(run_id, lambda run: run.state == "waiting", 20)
    epochs = len(runs.read(run_id).history)
    assert epochs >= 3
    again = Engine()
    again.recover()
    ended = wait(run_id, over)
    again.close()
    assert (ended.state, len(ended.history), ended.attempts) == ("finished", 12, 1)


@pytest.mark.usefixtures("folder")
def test_an_app_with_nothing_to_go_on_with_starts_no_engine():
    runs.stop(new(quick()))
    engine = Engine()
    engine.recover()
    assert (engine._processes, engine._watch) == ([], None)


def trained_by(ids: list[str]) -> set[int]:
    return {read_json(runs.folder_of(run_id) / "claim-1.json")["pid"] for run_id in ids}


SWEEP = ["-m", "mrnn", "sweep", "waves", "--k", "1", "2", "--seeds", "3", "--hidden-size", "3", "--epochs", "2",
         "--device", "cpu", "--batch-size", "1009"]  # fmt: skip


def _hear_ctrl_c() -> None:
    signal.signal(signal.SIGINT, signal.default_int_handler)


@pytest.mark.skipif(sys.platform == "win32", reason="Windows cannot send Ctrl-C to one process alone")
def test_a_sweep_that_is_broken_off_goes_on_when_the_same_command_is_given_again(engine, folder, tmp_path):
    engine.close()
    # epochs enough that Ctrl-C comes before the end, however fast the machine
    command = [sys.executable, *SWEEP, "--epochs", "25", "--csv", str(tmp_path / "sweep.csv")]
    environment = {**os.environ, "MRNN_RUNS": str(folder)}
    pipes: dict[str, Any] = {"stdout": subprocess.PIPE, "stderr": subprocess.PIPE, "text": True}
    # Whoever starts the tests in the background has them ignore Ctrl-C, and so would what they start.
    with subprocess.Popen(command, cwd=PROJECT, env=environment, **pipes, preexec_fn=_hear_ctrl_c) as broken_off:
        deadline = time.monotonic() + 400
        while not any(sweep.done for sweep in sweeps.list_sweeps(runs.COMMAND_LINE)) and time.monotonic() < deadline:
            time.sleep(0.05)
        broken_off.send_signal(signal.SIGINT)
        _, complained = broken_off.communicate(timeout=180)
    assert (broken_off.returncode, "Traceback" in complained) == (0, False), complained
    assert "6 of 6 runs to do, about" in complained
    assert "stopped; the same command goes on from here" in complained
    (before,) = sweeps.list_sweeps(runs.COMMAND_LINE)
    assert (before.state, 1 <= before.done < 6) == ("incomplete", True)
    answer = subprocess.run(command, cwd=PROJECT, env=environment, check=True, **pipes)
    assert f"{6 - before.done} of 6 runs to do" in answer.stderr
    (after,) = sweeps.list_sweeps(runs.COMMAND_LINE)
    assert (after.id, after.state, after.public) == (before.id, "finished", True)
    results = {run.id: run.result for run in after.runs}
    assert all(results[run.id] == run.result for run in before.runs if run.state == "finished")
    rows = (tmp_path / "sweep.csv").read_text().splitlines()
    assert rows[0] == "k,hidden_size,seed,state,validation,accuracy,accuracy_soft,epochs,seconds,run"
    assert len(rows) == 7
    sweeps.delete(after.id, runs.COMMAND_LINE)


@linux
def test_with_an_address_the_same_runs_are_trained_on_that_cluster(engine, folder, tmp_path):
    """Started by the very commands of the README, with two workers."""
    engine.close()  # it would train them itself
    address = tmp_path / "scheduler.json"
    environment = {**os.environ, "MRNN_RUNS": str(folder), "OMP_NUM_THREADS": "1"}
    local = ["--host", "127.0.0.1", "--no-dashboard", "--scheduler-file", str(address)]
    scheduler = [sys.executable, "-m", "distributed.cli.dask_scheduler", *local, "--port", "0"]
    worker_ = [sys.executable, "-m", "distributed.cli.dask_worker", *local, "--nthreads", "1", "--memory-limit", "0"]
    started = [subprocess.Popen(c, cwd=PROJECT, env=environment) for c in (scheduler, worker_, worker_)]
    try:
        wait_until(address.exists)
        elsewhere = Engine(read_json(address)["address"])
        ids = [new(quick(epochs=3)) for _ in range(4)]
        elsewhere.start()
        for run_id in ids:
            assert wait(run_id, over).state == "finished"
        assert elsewhere._processes == []
        assert elsewhere.slots == 2
        assert len(trained_by(ids)) == 2
        elsewhere.close()
        command = [sys.executable, *SWEEP, "--scheduler", read_json(address)["address"]]
        answer = subprocess.run(command, cwd=PROJECT, env=environment, capture_output=True, text=True, check=False)
        assert (answer.returncode, answer.stdout.count(" finished ")) == (0, 6), answer.stderr
        (sweep,) = sweeps.list_sweeps(runs.COMMAND_LINE)
        assert trained_by([run.id for run in sweep.runs]) == trained_by(ids), "by the same two workers"
        sweeps.delete(sweep.id, runs.COMMAND_LINE)
    finally:
        for process in reversed(started):
            process.terminate()
            process.wait(20)


@linux
def test_with_tls_a_cluster_trains_for_those_who_have_a_certificate_and_for_nobody_else(engine, folder, tmp_path):
    """With the variables that the README names."""
    engine.close()
    authority = trustme.CA()
    authority.cert_pem.write_to_path(tmp_path / "ca.pem")
    pair = authority.issue_cert("127.0.0.1")
    pair.cert_chain_pems[0].write_to_path(tmp_path / "cert.pem")
    pair.private_key_pem.write_to_path(tmp_path / "key.pem")
    tls = "DASK_DISTRIBUTED__COMM__TLS__"
    with_certificate = {
        **os.environ, "MRNN_RUNS": str(folder), "OMP_NUM_THREADS": "1",
        "DASK_DISTRIBUTED__COMM__REQUIRE_ENCRYPTION": "true", f"{tls}CA_FILE": str(tmp_path / "ca.pem"),
        **{f"{tls}{role}__CERT": str(tmp_path / "cert.pem") for role in ("SCHEDULER", "WORKER", "CLIENT")},
        **{f"{tls}{role}__KEY": str(tmp_path / "key.pem") for role in ("SCHEDULER", "WORKER", "CLIENT")},
    }  # fmt: skip
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        address = f"tls://127.0.0.1:{free.getsockname()[1]}"
    scheduler = ["dask_scheduler", "--host", address.rpartition(":")[0], "--port", address.rpartition(":")[2]]
    worker_ = ["dask_worker", address, "--nthreads", "1", "--memory-limit", "0"]
    started = [
        subprocess.Popen(
            [sys.executable, "-m", f"distributed.cli.{c[0]}", *c[1:], "--no-dashboard"],
            cwd=PROJECT,
            env=with_certificate,
        )
        for c in (scheduler, worker_)
    ]
    try:
        wait_until(lambda: answers(address))
        command = [sys.executable, *SWEEP, "--k", "2", "--seeds", "1", "--scheduler", address]
        pipes: dict[str, Any] = {"capture_output": True, "text": True, "check": False, "cwd": PROJECT}
        stranger = subprocess.run(command, env={**os.environ, "MRNN_RUNS": str(folder)}, **pipes)
        assert stranger.returncode == 2
        assert stranger.stderr.splitlines()[-1].startswith(
            f"python -m mrnn sweep: {address} asks for TLS, but no certificates are named"
        )
        plain = [sys.executable, *SWEEP, "--k", "2", "--seeds", "1", "--scheduler", address.replace("tls", "tcp")]
        assert subprocess.run(plain, env={**os.environ, "MRNN_RUNS": str(folder)}, **pipes).returncode == 2
        known = subprocess.run(command, env=with_certificate, **pipes)
        assert (known.returncode, known.stdout.count(" finished ")) == (0, 1), known.stderr
    finally:
        for process in reversed(started):
            process.terminate()
            process.wait(20)
        for sweep in sweeps.list_sweeps(runs.COMMAND_LINE):
            sweeps.stop(sweep.id)
            sweeps.delete(sweep.id, runs.COMMAND_LINE)


@pytest.mark.usefixtures("folder")
def test_what_waits_for_a_cluster_that_is_away_is_trained_once_it_is_there(engine):
    engine.close()
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        address = f"tcp://127.0.0.1:{free.getsockname()[1]}"
    run_id, elsewhere = new(quick(epochs=1)), Engine(address)
    asked = time.monotonic()
    elsewhere.wake()
    assert time.monotonic() - asked < 1, "nobody waits for it"
    wait_until(lambda: bool(elsewhere.trouble))
    assert elsewhere.trouble.startswith(f"no Dask scheduler answers at {address}")
    assert runs.read(run_id).state == "waiting"
    local = ["--host", "127.0.0.1", "--no-dashboard"]
    scheduler = [sys.executable, "-m", "distributed.cli.dask_scheduler", *local, "--port", address.rpartition(":")[2]]
    worker_ = [sys.executable, "-m", "distributed.cli.dask_worker", address, *local, "--nthreads", "1"]
    started = [subprocess.Popen([*c], cwd=PROJECT, stderr=subprocess.DEVNULL) for c in (scheduler, worker_)]
    try:
        assert wait(run_id, over).state == "finished"
        assert elsewhere.trouble == ""
    finally:
        elsewhere.close()
        for process in reversed(started):
            process.terminate()
            process.wait(20)


def test_a_worker_that_cannot_begin_is_heard_of_and_is_not_asked_again_and_again(engine, tmp_path):
    """A cluster's whose MRNN_RUNS names a folder of its own."""
    engine.close()
    address, run_id = tmp_path / "scheduler.json", new(quick(epochs=1))
    local = ["--host", "127.0.0.1", "--no-dashboard", "--scheduler-file", str(address)]
    scheduler = [sys.executable, "-m", "distributed.cli.dask_scheduler", *local, "--port", "0"]
    worker_ = [sys.executable, "-m", "distributed.cli.dask_worker", *local, "--nthreads", "1", "--no-nanny"]
    astray = {**os.environ, "MRNN_RUNS": str(tmp_path / "elsewhere"), "OMP_NUM_THREADS": "1"}
    started = [subprocess.Popen(c, cwd=PROJECT, env=astray, stderr=subprocess.DEVNULL) for c in (scheduler, worker_)]
    elsewhere: Engine | None = None
    try:
        wait_until(address.exists)
        elsewhere = found = Engine(read_json(address)["address"])
        elsewhere.wake()
        wait_until(lambda: "finds no run" in found.trouble)  # until then the cluster has no workers
        told = elsewhere.trouble
        assert f"finds no run {run_id} in {tmp_path / 'elsewhere'}: MRNN_RUNS must name" in told
        watched = time.monotonic() + 2
        while time.monotonic() < watched:
            assert elsewhere.trouble == told, "it was asked again at once"
            time.sleep(0.01)
        assert runs.read(run_id).state == "waiting"
    finally:
        if elsewhere is not None:
            elsewhere.close()
        for process in reversed(started):
            process.terminate()
            process.wait(20)


def test_how_long_a_run_may_train_is_said_by_the_server_and_not_by_the_machine_that_trains(engine, monkeypatch):
    engine.start()  # its workers know nothing of what is set from here on
    monkeypatch.setenv("MRNN_MAX_SECONDS", "2")
    run_id = new(quick(epochs=500))
    engine.wake()
    assert wait(run_id, over).result["figures"]["limit_seconds"] == 2


def test_the_threads_of_all_workers_are_no_more_than_the_cores(engine):
    new(quick(epochs=1))
    engine.start()

    def threads() -> int:
        import torch

        return torch.get_num_threads()

    assert engine._client is not None
    engine._client.wait_for_workers(engine.slots, timeout=60)
    counts: Any = engine._client.run(threads)
    assert len(counts) == engine.slots
    assert sum(counts.values()) <= (os.cpu_count() or 1)


def test_each_gpu_is_one_slot_and_each_worker_sees_its_own_alone(monkeypatch, engine):
    engine.close()
    monkeypatch.setattr(jobs, "count_gpus", lambda: 2)
    two = Engine()
    try:
        two.start()
        assert two.slots == 2
        assert two._client is not None
        two._client.wait_for_workers(2, timeout=60)
        seen: Any = two._client.run(lambda: os.environ["CUDA_VISIBLE_DEVICES"])
        assert sorted(seen.values()) == ["0", "1"]
    finally:
        two.close()


def test_an_address_where_nobody_answers_is_said():
    engine = Engine("tcp://127.0.0.1:9")
    with pytest.raises(ConnectionError, match=r"no Dask scheduler answers at tcp://127\.0\.0\.1:9"):
        engine.start()


def test_an_address_that_asks_for_certificates_which_are_not_named_is_said():
    engine = Engine("tls://127.0.0.1:9")
    with pytest.raises(ConnectionError, match="no certificates are named here"):
        engine.start()


@pytest.mark.slow
def test_a_sweep_on_a_cluster_that_is_not_there_ends_with_one_line_and_status_2(tmp_path):
    command = [sys.executable, *SWEEP, "--scheduler", "tcp://127.0.0.1:9"]
    environment = {**os.environ, "MRNN_RUNS": str(tmp_path)}
    ended = subprocess.run(command, cwd=PROJECT, env=environment, capture_output=True, text=True, timeout=120)
    assert ended.returncode == 2
    assert "Traceback" not in ended.stderr
    assert "no Dask scheduler answers at tcp://127.0.0.1:9" in ended.stderr.strip().splitlines()[-1]


def test_an_engine_that_cannot_start_says_why(monkeypatch):
    engine = Engine()
    monkeypatch.setattr(sys, "executable", "/bin/false" if Path("/bin/false").exists() else "false")
    with pytest.raises(ConnectionError, match="the training engine did not start; its log: "):
        engine.start()
    engine.close()


def test_the_rehearsal_runs_in_a_process_of_its_own_once(engine):
    engine.prepare()
    process = engine._rehearsal
    engine.prepare()
    assert engine._rehearsal is process
    assert process.wait(120) == 0
