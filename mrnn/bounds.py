"""What one server gives to all who share it: bounds, each with an environment variable that says otherwise."""

import math
import os


def max_queue() -> int:
    """How many jobs may wait or run: MRNN_MAX_QUEUE. A sweep is one job."""
    return int(_setting("MRNN_MAX_QUEUE", 100))


def max_sweep() -> int:
    """How many runs a sweep may have: MRNN_MAX_SWEEP."""
    return int(_setting("MRNN_MAX_SWEEP", 200))


def max_seconds() -> float:
    """How long a run may train: MRNN_MAX_SECONDS."""
    return _setting("MRNN_MAX_SECONDS", 4 * 3600)


def max_bytes() -> float:
    """How much room all runs may take, in bytes: MRNN_MAX_DISK."""
    return _setting("MRNN_MAX_DISK", 5 * 2**30)


def max_own_bytes() -> float:
    """How much room the data that people upload may take, in bytes, all together: MRNN_MAX_OWN_DATA."""
    return _setting("MRNN_MAX_OWN_DATA", 2**30)


def max_own_bytes_each() -> float:
    """How much of that room one person's data may take, in bytes: MRNN_MAX_OWN_DATA_EACH."""
    return _setting("MRNN_MAX_OWN_DATA_EACH", 2**28)


def max_memory() -> float:
    """How much of what models did with many sequences is kept in memory, in bytes, all together: MRNN_MAX_MEMORY."""
    return _setting("MRNN_MAX_MEMORY", 2**29)


def _setting(name: str, default: float) -> float:
    text = os.environ.get(name, "")
    try:
        value = float(text) if text else float(default)
    except ValueError:
        value = math.nan
    if not value > 0:
        raise ValueError(f"{name} must be a number above 0, got {text!r}")
    return value
