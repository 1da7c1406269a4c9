"""Small files that are written whole or not at all."""

import json
import os
import secrets
import shutil
import time
from collections.abc import Iterable
from pathlib import Path
from typing import Any

LOCK = ".lock"  # of a folder, held by whoever must be alone in changing it
PATIENCE = 50  # times to try again where a reader holds a file
LEFT_OVER = 3600.0  # seconds after which nobody is still at work on what is written beside its place


def write_json(path: Path, value: Any) -> None:
    """Write a JSON value."""
    write_text(path, json.dumps(value))


def write_text(path: Path, text: str) -> None:
    """Write a text in UTF-8."""
    write_bytes(path, text.encode())


def write_bytes(path: Path, content: bytes) -> None:
    """Write what a file shall hold: beside its place, and then into it."""
    beside = path.with_name(f".{path.name}.{secrets.token_hex(4)}.part")
    try:
        with beside.open("wb") as file:
            file.write(content)
            file.flush()
            os.fsync(file.fileno())  # else a power cut could leave the new name without the content
        _put(beside, path)
    finally:
        beside.unlink(missing_ok=True)


def _put(beside: Path, path: Path) -> None:
    """Windows replaces no file that somebody reads; reading takes a moment."""
    for _ in range(PATIENCE if os.name == "nt" else 0):
        try:
            beside.replace(path)
        except PermissionError:
            time.sleep(0.02)
        else:
            return
    beside.replace(path)


def remove_left_over(folder: Path, age: float = LEFT_OVER) -> None:
    """Remove hidden files and folders that killed processes left in a folder where they wrote beside a place.

    age  seconds since they were changed; younger ones stay
    """
    for path in folder.glob(".*"):
        try:
            if path.name == LOCK or time.time() - path.stat().st_mtime < age:
                continue
            if path.is_dir():
                shutil.rmtree(path, ignore_errors=True)
            else:
                path.unlink(missing_ok=True)
        except OSError:  # another process removes it, or it cannot be removed: it does no harm
            continue


def read_json(path: Path) -> dict[str, Any]:
    """A JSON object; ValueError if the file holds anything else."""
    value = json.loads(path.read_text())
    if not isinstance(value, dict):
        raise ValueError(f"{path.name} must hold an object")
    return value


def write_lines(path: Path, values: Iterable[Any]) -> None:
    """Write JSON values, one a line."""
    write_text(path, "".join(f"{json.dumps(value)}\n" for value in values))


def read_lines(path: Path) -> tuple[dict[str, Any], ...]:
    """What `write_lines` wrote, () where there is no file."""
    if not path.exists():
        return ()
    return tuple(json.loads(line) for line in path.read_text().splitlines())
