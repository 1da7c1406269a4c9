"""What a second worker is worth: python -m tests.load.workers.

A sweep of eight equal runs on a cluster of one worker, and of two, each with one thread; by turns, three times.
"""

import json
import os
import statistics
import subprocess
import sys
import tempfile
import time
from contextlib import ExitStack
from pathlib import Path
from typing import Any

from mrnn.files import read_json
from tests.server import PROJECT

ROUNDS = 3
SWEEP = ["sweep", "waves", "--seeds", "8", "--hidden-size", "32", "--epochs", "4", "--device", "cpu"]


def seconds(workers: int) -> float:
    """From the command to its end, the cluster being up."""
    with tempfile.TemporaryDirectory() as folder, ExitStack() as stack:
        address = Path(folder) / "scheduler.json"
        environment = {**os.environ, "MRNN_RUNS": f"{folder}/runs", "OMP_NUM_THREADS": "1"}
        local = ["--host", "127.0.0.1", "--no-dashboard", "--scheduler-file", str(address)]
        worker = ["dask_worker", *local, "--nthreads", "1", "--memory-limit", "0", "--preload", "mrnn.worker"]
        for module, *options in [["dask_scheduler", *local, "--port", "0"], *[worker] * workers]:
            command = [sys.executable, "-m", f"distributed.cli.{module}", *options]
            quiet: dict[str, Any] = {"stdout": subprocess.DEVNULL, "stderr": subprocess.DEVNULL}
            process = stack.enter_context(subprocess.Popen(command, cwd=PROJECT, env=environment, **quiet))
            stack.callback(process.terminate)
        time.sleep(15)  # until all have loaded what they need
        started = time.perf_counter()
        command = [sys.executable, "-m", "mrnn", *SWEEP, "--scheduler", read_json(address)["address"]]
        subprocess.run(command, cwd=PROJECT, env=environment, check=True, capture_output=True)
        return time.perf_counter() - started


def main() -> None:
    """Print the seconds of each, and the ratio of their medians."""
    taken: dict[int, list[float]] = {1: [], 2: []}
    for _ in range(ROUNDS):
        for workers, times in taken.items():
            times.append(round(seconds(workers), 1))
    ratio = statistics.median(taken[2]) / statistics.median(taken[1])
    json.dump({"one_worker": taken[1], "two_workers": taken[2], "ratio": round(ratio, 3)}, sys.stdout)


if __name__ == "__main__":
    main()
