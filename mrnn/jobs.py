"""Runs are trained by a Dask cluster: on this machine, processes of its own that are started on first use."""

import atexit
import os
import subprocess
import sys
import tempfile
import threading
import time
from pathlib import Path

from distributed import Client, Future

from mrnn import runs

PROJECT = Path(__file__).resolve().parents[1]
LIFELINE = str(Path(__file__).with_name("lifeline.py"))
START_SECONDS = 60.0
CORES = os.cpu_count() or 1
WORKERS = max(1, CORES // 2)


class Engine:
    """Trains runs one after another in worker processes.

    The scheduler and its workers listen on 127.0.0.1 alone: a Dask port executes what it is sent.
    They start with the first run, and end with this process, even if it is killed.
    """

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._processes: list[subprocess.Popen[bytes]] = []
        self._client: Client | None = None
        self._futures: dict[str, Future] = {}
        self._folder: tempfile.TemporaryDirectory[str] | None = None
        self._rehearsal: subprocess.Popen[bytes] | None = None
        atexit.register(self.close)

    def prepare(self) -> None:
        """Let a process of its own compile what training needs, so that the first run on a machine need not wait."""
        with self._lock:
            if self._rehearsal is None:
                command = [sys.executable, "-c", "from mrnn.training import rehearse; rehearse()"]
                self._rehearsal = subprocess.Popen(
                    command, cwd=PROJECT, env=self._environment(), stdout=subprocess.DEVNULL
                )

    def submit(self, run_id: str) -> None:
        """Put a run in the queue; doing so again changes nothing.

        raises  RuntimeError if the engine does not start
        """
        with self._lock:
            client = self._started()
            if run_id not in self._futures:
                self._futures[run_id] = client.submit(runs.execute, run_id, key=run_id, pure=False)

    def close(self) -> None:
        """End the workers and the scheduler."""
        with self._lock:
            self._end()
            if self._rehearsal is not None:
                self._rehearsal.kill()
                self._rehearsal.wait()

    def _end(self) -> None:
        if self._client is not None:
            # Only our end of it: a scheduler that was killed would not answer.
            self._client.close(timeout=1)
        for process in reversed(self._processes):
            process.terminate()
        for process in reversed(self._processes):
            try:
                process.wait(10)
            except subprocess.TimeoutExpired:
                process.kill()
                process.wait()
            if process.stdin is not None:
                process.stdin.close()
        self._client, self._processes, self._futures = None, [], {}
        if self._folder is not None:
            self._folder.cleanup()
            self._folder = None

    def _started(self) -> Client:
        if self._client is not None and all(process.poll() is None for process in self._processes):
            return self._client
        self._end()  # what is left of an engine that lost a process
        self._folder = tempfile.TemporaryDirectory(prefix="mrnn-engine-", ignore_cleanup_errors=True)
        folder = Path(self._folder.name)
        address = folder / "scheduler.json"
        # Without its dashboard Dask still answers HTTP, on all interfaces unless it is told otherwise.
        local = ["--host", "127.0.0.1", "--no-dashboard", "--dashboard-address", "127.0.0.1:0"]
        local += ["--scheduler-file", str(address)]
        self._spawn("dask_scheduler", *local, "--port", "0", "--preload", LIFELINE)
        self._spawn(
            "dask_worker", *local, "--nworkers", str(WORKERS), "--nthreads", "1", "--memory-limit", "0",
            "--death-timeout", "60", "--local-directory", str(folder), "--preload", "mrnn.runs",
            "--preload-nanny", LIFELINE,
        )  # fmt: skip
        deadline = time.monotonic() + START_SECONDS
        while not address.exists():
            if time.monotonic() > deadline or any(p.poll() is not None for p in self._processes):
                raise RuntimeError(f"the training engine did not start; its log: {self._log()}")
            time.sleep(0.05)
        self._client = Client(scheduler_file=str(address), timeout=START_SECONDS, set_as_default=False)
        return self._client

    def _environment(self) -> dict[str, str]:
        return {
            **os.environ,
            "OMP_NUM_THREADS": str(max(1, (CORES - 1) // WORKERS)),  # a core is left for the pages
            "PYTHONPATH": os.pathsep.join([str(PROJECT), *filter(None, [os.environ.get("PYTHONPATH")])]),
            "MRNN_RUNS": str(runs.runs_folder()),
        }

    def _spawn(self, module: str, *options: str) -> None:
        if self._folder is None:
            raise RuntimeError("the engine has no folder")
        with (Path(self._folder.name) / "log").open("ab") as log:
            command = [sys.executable, "-m", f"distributed.cli.{module}", *options]
            self._processes.append(
                subprocess.Popen(command, env=self._environment(), stdout=log, stderr=log, stdin=subprocess.PIPE)
            )

    def _log(self) -> str:
        return (Path(self._folder.name) / "log").read_text()[-300:] if self._folder else ""
