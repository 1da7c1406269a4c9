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


class TakenOverError(Exception):
    """A run belongs to another process now."""


def claim(folder: Path) -> int:
    """Take a run on for this process, and return which attempt that is; 0 if another process is at work on it.

    raises  ValueError if it was taken on too often
    """
    before = attempts(folder)
    if at_work(before, folder):
        return 0
    if len(before) >= ATTEMPTS:
        raise ValueError(LOST)
    me = psutil.Process()
    mine = folder / f".claim.{secrets.token_hex(4)}.part"
    write_json(mine, {"host": socket.gethostname(), "pid": me.pid, "began": me.create_time(), "at": time.time()})
    try:
        os.link(mine, _file(folder, len(before) + 1))  # whoever comes second finds it there
    except FileExistsError:
        return 0
    finally:
        mine.unlink()
    return len(before) + 1


def keep(folder: Path, attempt: int) -> None:
    """Make sure that a run is still this process's.

    One that gave no sign of life, as on a machine that slept, is taken for lost: should it come back, it must not write
    into what another one goes on with.

    raises  TakenOverError if the run was taken over, or put back
    """
    if _file(folder, attempt + 1).exists() or not _file(folder, attempt).exists():
        raise TakenOverError(f"attempt {attempt} at {folder.name} is no longer the last one")


def _file(folder: Path, attempt: int) -> Path:
    return folder / f"claim-{attempt}.json"


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
