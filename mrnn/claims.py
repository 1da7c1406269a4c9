"""Who works on a run: each attempt is a file in its folder, claim-<n>.json, that names a process."""

import os
import secrets
import socket
import time
from pathlib import Path
from typing import Any

import psutil

from mrnn.files import read_json, write_json

ATTEMPTS = 4  # a run is taken up again three times
LOST = f"the process that trained it was lost {ATTEMPTS} times; resume it to try again"
LOST_AFTER = 60.0  # seconds without a sign of life


def claim(folder: Path) -> bool:
    """Take a run on for this process; False if another one is at work on it.

    raises  ValueError if it was taken on too often
    """
    before = attempts(folder)
    if at_work(before, folder):
        return False
    if len(before) >= ATTEMPTS:
        raise ValueError(LOST)
    me = psutil.Process()
    mine = folder / f".claim.{secrets.token_hex(4)}.part"
    write_json(mine, {"host": socket.gethostname(), "pid": me.pid, "began": me.create_time(), "at": time.time()})
    try:
        os.link(mine, folder / f"claim-{len(before) + 1}.json")  # whoever comes second finds it there
    except FileExistsError:
        return False
    finally:
        mine.unlink()
    return True


def attempts(folder: Path) -> list[dict[str, Any]]:
    """What the claims say, in the order in which they were made."""
    return [read_json(path) for path in sorted(folder.glob("claim-*.json"))]


def at_work(attempts: list[dict[str, Any]], folder: Path) -> bool:
    """Whether the process of the last attempt still works on the run."""
    if not attempts:
        return False
    last, progress = attempts[-1], folder / "progress.json"
    last_sign = max(float(last["at"]), progress.stat().st_mtime if progress.exists() else 0.0)
    if time.time() - last_sign > LOST_AFTER:
        return False
    if last["host"] != socket.gethostname():
        return True
    try:
        process = psutil.Process(int(last["pid"]))
        return process.status() != psutil.STATUS_ZOMBIE and abs(process.create_time() - last["began"]) < 1
    except psutil.NoSuchProcess:
        return False
    except psutil.AccessDenied:
        return True  # somebody else's process, so it is there


def forget(folder: Path) -> None:
    """Begin to count anew how often a run was taken on."""
    for path in folder.glob("claim-*.json"):
        path.unlink(missing_ok=True)
