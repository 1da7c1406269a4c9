"""What a server keeps in memory for all who ask, bounded by bytes: what was asked for longest ago goes first."""

import sys
import threading
from collections import OrderedDict
from collections.abc import Callable, Hashable, Mapping
from dataclasses import fields, is_dataclass
from typing import Any, TypeVar

import numpy as np
import pandas as pd

Value = TypeVar("Value")


class Kept:
    """Values by their keys, shared by threads.

    most  bytes that all of them may take together; what takes more alone is made, but not kept
    """

    def __init__(self, most: float) -> None:
        self.most = most
        self._values: OrderedDict[Hashable, tuple[Any, int]] = OrderedDict()
        self._lock = threading.Lock()

    @property
    def size(self) -> int:
        """Bytes that are kept now."""
        with self._lock:
            return sum(size for _, size in self._values.values())

    def get(self, key: Hashable, make: Callable[[], Value]) -> Value:
        """What is kept under a key, or what `make` makes, which is kept then.

        While it is made nobody waits: two who ask at once both make it, and get the same.
        """
        with self._lock:
            if key in self._values:
                self._values.move_to_end(key)
                return self._values[key][0]
        made = make()
        size = size_of(made)
        with self._lock:
            if key not in self._values and size <= self.most:
                self._values[key] = made, size
                while sum(each for _, each in self._values.values()) > self.most:
                    self._values.popitem(last=False)
            return self._values[key][0] if key in self._values else made

    def clear(self) -> None:
        """Let go of everything."""
        with self._lock:
            self._values.clear()


def size_of(value: Any) -> int:
    """Bytes that a value takes: its arrays and tables, whatever they are packed into."""
    if isinstance(value, np.ndarray):
        return value.nbytes
    if isinstance(value, pd.DataFrame):
        return int(value.memory_usage(deep=True).sum())
    if is_dataclass(value) and not isinstance(value, type):
        return sum(size_of(getattr(value, f.name)) for f in fields(value))
    if isinstance(value, Mapping):
        return sum(map(size_of, value.values()))
    if isinstance(value, list | tuple):
        return sum(map(size_of, value))
    return sys.getsizeof(value)
