"""Ends a process of the training engine when the app that started it is gone, however it went.

Dask loads this file by its path (--preload), so that a scheduler need not import the package.
"""

import os
import sys
import threading
from typing import Any


def dask_setup(_server: Any) -> None:
    """Watch standard input, a pipe that the app holds open as long as it lives."""
    threading.Thread(target=_wait, daemon=True).start()


def _wait() -> None:
    sys.stdin.buffer.read()
    os._exit(0)
