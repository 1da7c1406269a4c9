"""Who works on a run: each attempt is a file in its folder, claim-<n>.json, that names a process."""

import os
import secrets
import socket
import time
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import psutil

from mrnn.files import read_json, write_json

ATTEMPTS = 4  # a run is taken up again three times
LOST = f"the process that trained it was lost {ATTEMPTS} times; resume it to try again"
LOST_AFTER = 60.0  # seconds without a sign of life


class TakenOverError(Exception):
    """A run belongs to another process now."""


@dataclass(frozen=True)
class Claim:
    """That this process works on a run.

    place      the file that says so
    following  where the next attempt would say so
    mark       by which `place` is known from another of that name
    """

    place: Path
    following: Path
    mark: tuple[int, int]

    def keep(self) -> None:
        """Make sure that the run is still this process's.

        One that gave no sign of life, as on a machine that slept, is taken for lost: should it come back, it must not
        write into what another one goes on with.

        raises  TakenOverError if the run was taken over, or put back
        """
        if self.following.exists() or _mark(self.place) != self.mark:
            raise TakenOverError(f"{self.place.parent.name} belongs to another process now")


def _mark(place: Path) -> tuple[int, int]:
    try:
        found = place.stat()
    except FileNotFoundError:
        return 0, 0
    return found.st_ino, found.st_mtime_ns


def claim(folder: Path) -> Claim | None:
    """Take a run on for this process; None if another one is at work on it.

    raises  ValueError if it was taken on too often
    """
    before = attempts(folder)
    if at_work(before, folder):
        return None
    if len(before) >= ATTEMPTS:
        raise ValueError(LOST)
    me = psutil.Process()
    mine = folder / f".claim.{secrets.token_hex(4)}.part"
    write_json(mine, {"host": socket.gethostname(), "pid": me.pid, "began": me.create_time(), "at": time.time()})
    place, following = (folder / f"claim-{len(before) + number}.json" for number in (1, 2))
    try:
        _link(mine, place)
    except FileExistsError:  # whoever comes second finds it there
        return None
    finally:
        mine.unlink()
    return Claim(place, following, _mark(place))


def _link(mine: Path, place: Path) -> None:
    """Let a file have a second name; FileExistsError if something has it."""
    try:
        os.link(mine, place)
    except FileExistsError:
        raise
    except OSError:  # some disks have no links
        with place.open("xb") as file:
            file.write(mine.read_bytes())


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
