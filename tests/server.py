"""A real server, started as a person would start it."""

import os
import socket
import subprocess
import sys
import time
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path

PROJECT = Path(__file__).resolve().parents[1]


@dataclass
class Server:
    """A running app: its address, its log, where it keeps runs, and its process."""

    url: str
    log: Path
    runs: Path
    pid: int = 0
    complaints: list[str] = field(default_factory=list)

    def grumbles(self) -> list[str]:
        """Lines of the log that no healthy server writes."""
        words = ("error", "warning", "traceback", "exception", "deprecat")
        return [line for line in self.log.read_text().splitlines() if any(word in line.lower() for word in words)]


@contextmanager
def run_server(folder: Path) -> Iterator[Server]:
    """Start the app as a person would, from cold, on a free port; end it with all its processes."""
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    server = Server(f"http://127.0.0.1:{port}", folder / "server.log", folder / "runs")
    command = [sys.executable, "-m", "streamlit", "run", "app.py", "--server.headless", "true"]
    command += ["--server.port", str(port), "--server.address", "127.0.0.1"]
    with server.log.open("w") as log:
        process = subprocess.Popen(
            command, cwd=PROJECT, stdout=log, stderr=log, env={**os.environ, "MRNN_RUNS": str(server.runs)}
        )
        server.pid = process.pid
        try:
            _wait_until_healthy(server, process)
            yield server
        finally:
            process.terminate()
            try:
                process.wait(20)
            except subprocess.TimeoutExpired:
                process.kill()


def _wait_until_healthy(server: Server, process: subprocess.Popen[bytes]) -> None:
    deadline = time.monotonic() + 60
    while time.monotonic() < deadline and process.poll() is None:
        try:
            with urllib.request.urlopen(f"{server.url}/_stcore/health", timeout=2) as answer:
                if answer.status == 200:
                    return
        except OSError:
            time.sleep(0.1)
    raise RuntimeError(f"the server did not start:\n{server.log.read_text()}")
