"""Runs are trained by a Dask cluster: on this machine, processes of its own; or one whose address is given."""

import atexit
import os
import secrets
import subprocess
import sys
import tempfile
import threading
import time
from contextlib import suppress
from pathlib import Path
from typing import cast

import psutil
from dask.system import CPU_COUNT  # of these that this process may use, as in a container
from distributed import Client, Future, Security, fire_and_forget

from mrnn import bounds, claims, faults, queue, room, runs, worker
from mrnn.devices import count_gpus
from mrnn.place import runs_folder

PROJECT = Path(__file__).resolve().parents[1]
LIFELINE = str(Path(__file__).with_name("lifeline.py"))
ADDRESS = "scheduler.json"  # in the engine's folder
START_SECONDS = 60.0
WATCH_SECONDS = 2.0
TRY_AGAIN_SECONDS = 5.0
POLITE = getattr(psutil, "BELOW_NORMAL_PRIORITY_CLASS", 10)  # Windows names a class, others count


class Engine:
    """Trains the runs that wait, each in one worker process, first come, first served.

    Without an address its scheduler and workers are processes of this machine, which start with the first run and
    end with this process, even if it is killed. They listen on 127.0.0.1 alone: a Dask port executes what it is
    sent. There is a worker for each GPU, or else for every two cores.

    address  of a Dask scheduler elsewhere; DASK_SCHEDULER_ADDRESS unless given. Its workers need this project and
             the same runs' folder
    sweep    train this sweep's runs alone; else all that wait, but those of the command line, which has an engine
             of its own

    trouble  why nothing can be trained just now, "" if all is well
    """

    def __init__(self, address: str | None = None, *, sweep: str | None = None) -> None:
        self._sweep = sweep
        self.address = address or os.environ.get("DASK_SCHEDULER_ADDRESS") or None
        self.trouble = ""
        self._elsewhere = 1  # slots of the cluster at the address, once it was asked
        self._lock, self._door = threading.RLock(), threading.Lock()
        self._processes: list[subprocess.Popen[bytes]] = []  # the scheduler, and then a worker for each slot
        self._client: Client | None = None
        self._futures: dict[str, Future] = {}
        self._folder: tempfile.TemporaryDirectory[str] | None = None
        self._rehearsal: subprocess.Popen[bytes] | None = None
        self._closed, self._due = threading.Event(), threading.Event()
        self._watch: threading.Thread | None = None
        atexit.register(self.close)

    @property
    def slots(self) -> int:
        """How many runs are trained at once; 1 on a cluster that was not reached yet."""
        return (count_gpus() or max(1, CPU_COUNT // 2)) if self.address is None else max(1, self._elsewhere)

    def prepare(self) -> None:
        """Let a process of its own compile what training needs, so that the first run on a machine need not wait."""
        with self._door:
            if self._rehearsal is None and self.address is None:
                command = [sys.executable, "-c", "from mrnn.training import rehearse; rehearse()"]
                self._rehearsal = subprocess.Popen(
                    command, cwd=PROJECT, env=self._environment(), stdout=subprocess.DEVNULL
                )

    def recover(self, *, wait: bool = False) -> None:
        """Go on with what waits from an earlier life of this app; nothing starts if nothing does.

        wait  as `start` does, and with the same error; else as `wake`
        """
        self.end_lost()
        room.tidy()
        waiting = self.queue()
        for run in waiting if self.address is None else []:
            with suppress(OSError):  # then it counts as lost once more
                claims.forget(runs.folder_of(run.id))  # lost with that life, and not through a fault of its own
        if waiting or self.training():  # what still trains may yet be lost
            (self.start if wait else self.wake)()

    def start(self) -> None:
        """As `wake`, but wait until the engine has begun.

        raises  ConnectionError if it does not start, or nothing answers at its address
        """
        with self._lock:
            self._started()
        self.wake()

    def wake(self) -> None:
        """Begin to train what waits, and all that will; doing so again changes nothing.

        Nobody waits for it here: what goes wrong stands in `trouble`, and is tried again.
        """
        with self._door:
            if self._watch is None:
                self._closed.clear()
                self._watch = threading.Thread(target=self._keep_watch, daemon=True)
                self._watch.start()
        self._due.set()

    def close(self) -> None:
        """End the workers and the scheduler that were started here."""
        self._closed.set()
        self._due.set()
        with self._door:
            watch, self._watch = self._watch, None
            if self._rehearsal is not None:
                self._rehearsal.kill()
                self._rehearsal.wait()
                self._rehearsal = None
        with self._lock:
            self._end()
        if watch is not None:
            watch.join()

    def _keep_watch(self) -> None:
        """Hand over what waits, whenever there may be a free slot: a run was started, or one ended, or time passed."""
        while not self._closed.is_set():
            try:
                self.end_lost()
                self._fill_slots()
                self.trouble = ""
            except Exception as error:  # whatever it is: who waits is told, and the next look may find it well again
                self.trouble = faults.sentence(error)
                self._closed.wait(TRY_AGAIN_SECONDS)
            self._due.wait(WATCH_SECONDS)
            self._due.clear()

    def _fill_slots(self) -> None:
        """Hand over no more runs than are trained at once: who is next is decided when a slot is free.

        raises  what a worker raised that could not even begin with a run, or not go on with it
        """
        waiting = self.queue()
        with self._lock:
            if not waiting or self._closed.is_set():
                return
            client = self._started()
            if self.address is not None:
                self._elsewhere = sum(cast(dict[str, int], client.nthreads()).values())
                if not self._elsewhere:
                    raise ConnectionError(f"the cluster at {self.address} has no workers")
            over = {run_id: future for run_id, future in self._futures.items() if future.done()}
            self._futures = {run_id: future for run_id, future in self._futures.items() if run_id not in over}
            for run in waiting:  # what was deleted meanwhile was refused rightly
                if run.id in over and over[run.id].status == "error":
                    raise cast(Exception, over[run.id].exception(timeout=START_SECONDS))
            for run in waiting:
                if len(self._futures) >= self.slots:
                    return
                if run.id not in self._futures:
                    if self._futures and run.config is not None and not room.suffices_for(run.config):
                        return  # once one of those that train is over
                    # A key of its own each time: Dask would answer a known one from memory.
                    key = f"{run.id}-{secrets.token_hex(4)}"
                    future = client.submit(worker.execute, run.id, str(runs_folder()), bounds.max_seconds(), key=key)
                    future.add_done_callback(lambda _: self._due.set())
                    fire_and_forget(future)  # on a cluster it goes on without us
                    self._futures[run.id] = future

    def queue(self) -> list[runs.Run]:
        """What waits for this engine to train it, the next one first."""
        return [run for run in queue.waiting() if self._minds(run)]

    def training(self) -> list[runs.Run]:
        """What this engine trains now."""
        return [run for run in runs.list_runs() if run.state == "running" and self._minds(run)]

    def _minds(self, run: runs.Run) -> bool:
        return run.owner != runs.COMMAND_LINE if self._sweep is None else run.sweep == self._sweep

    def end_lost(self) -> None:
        """Give those who stopped a run after its process was lost the model that it had until then."""
        for run in runs.list_runs():
            if run.state == "stopped" and not run.result and self._minds(run):
                with suppress(OSError):  # at the next look, then
                    worker.end_lost(run.id)

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
        if self._client is not None and self._client.status == "running" and self._mended():
            return self._client
        self._end()  # what is left of an engine that lost its scheduler
        if self.address is not None:
            if self.address.startswith("tls://") and not Security().get_connection_args("client")["ssl_context"]:
                raise ConnectionError(
                    f"{self.address} asks for TLS, but no certificates are named here: set "
                    "DASK_DISTRIBUTED__COMM__TLS__CA_FILE, ...__CLIENT__CERT and ...__CLIENT__KEY"
                )
            try:
                self._client = Client(self.address, timeout=10, set_as_default=False)
            except (OSError, ValueError) as error:
                raise ConnectionError(f"no Dask scheduler answers at {self.address}: {error}") from error
            return self._client
        self._folder = tempfile.TemporaryDirectory(prefix="mrnn-engine-", ignore_cleanup_errors=True)
        address = Path(self._folder.name) / ADDRESS
        self._processes.append(self._spawn("dask_scheduler", {}, "--port", "0", "--preload", LIFELINE))
        self._processes += [self._spawn_worker(slot) for slot in range(self.slots)]
        deadline = time.monotonic() + START_SECONDS
        while not address.exists():
            if time.monotonic() > deadline or any(p.poll() is not None for p in self._processes):
                raise ConnectionError(f"the training engine did not start; its log: {self._log()}")
            time.sleep(0.05)
        self._client = Client(scheduler_file=str(address), timeout=START_SECONDS, set_as_default=False)
        return self._client

    def _environment(self) -> dict[str, str]:
        return {
            **os.environ,
            "OMP_NUM_THREADS": str(max(1, (CPU_COUNT - 1) // self.slots)),  # a core is left for the pages
            "PYTHONPATH": os.pathsep.join([str(PROJECT), *filter(None, [os.environ.get("PYTHONPATH")])]),
            "MRNN_RUNS": str(runs_folder()),
            # A run counts its lost processes itself, and says so; Dask would drop it without a word.
            "DASK_DISTRIBUTED__SCHEDULER__ALLOWED_FAILURES": "1000",
            # No run is handed to a worker that is busy: another one may be free sooner.
            "DASK_DISTRIBUTED__SCHEDULER__WORKER_SATURATION": "1.0",
        }

    def _mended(self) -> bool:
        """Start workers anew that are gone, while the others go on; False if the scheduler is gone."""
        if any(process.poll() is not None for process in self._processes[:1]):
            return False
        for slot, process in enumerate(self._processes[1:]):
            if process.poll() is not None:
                if process.stdin is not None:
                    process.stdin.close()
                self._processes[slot + 1] = self._spawn_worker(slot)
        return True

    def _spawn_worker(self, slot: int) -> subprocess.Popen[bytes]:
        return self._spawn(
            "dask_worker", _gpu(slot), "--nthreads", "1", "--memory-limit", "0", "--death-timeout", "60",
            "--local-directory", self._place(), "--preload", "mrnn.worker", "--preload-nanny", LIFELINE,
        )  # fmt: skip

    def _place(self) -> str:
        if self._folder is None:
            raise RuntimeError("the engine has no folder")
        return self._folder.name

    def _spawn(self, module: str, environment: dict[str, str], *options: str) -> subprocess.Popen[bytes]:
        folder = Path(self._place())
        # Without its dashboard Dask still answers HTTP, on all interfaces unless it is told otherwise.
        local = ["--host", "127.0.0.1", "--no-dashboard", "--dashboard-address", "127.0.0.1:0"]
        local += ["--scheduler-file", str(folder / ADDRESS)]
        with (folder / "log").open("ab") as log:
            command = [sys.executable, "-m", f"distributed.cli.{module}", *local, *options]
            full = {**self._environment(), **environment}
            process = subprocess.Popen(command, env=full, stdout=log, stderr=log, stdin=subprocess.PIPE)
        if module == "dask_worker":
            with suppress(psutil.Error):
                psutil.Process(process.pid).nice(POLITE)  # and so are its children: pages come first
        return process

    def _log(self) -> str:
        return (Path(self._folder.name) / "log").read_text()[-300:] if self._folder else ""


def _gpu(slot: int) -> dict[str, str]:
    """The environment in which a worker sees one GPU, the `slot`-th of those that this process was given."""
    if not count_gpus():
        return {}
    given = [name for name in os.environ.get("CUDA_VISIBLE_DEVICES", "").split(",") if name]
    return {"CUDA_VISIBLE_DEVICES": given[slot] if slot < len(given) else str(slot)}
