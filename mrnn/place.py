"""Where this server keeps what people make and send: one folder, which a cluster's machines may share."""

import os
from pathlib import Path


def runs_folder() -> Path:
    """Where runs lie: MRNN_RUNS, else `runs` in the project."""
    return Path(os.environ.get("MRNN_RUNS") or Path(__file__).resolve().parents[1] / "runs").absolute()


def own_data_folder() -> Path:
    """Where the data lie that people upload to learn from."""
    return runs_folder() / "own"


def use_folder(place: str | None) -> None:
    """Keep runs in `place` from now on, unless MRNN_RUNS says where."""
    if place is not None:
        os.environ.setdefault("MRNN_RUNS", place)
