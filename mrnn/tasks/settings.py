"""Settings of tasks: what a form needs to know of one, and the rule that it keeps."""

from dataclasses import field
from reprlib import repr as short
from typing import Any

from mrnn.data import check_whole

__all__ = ["check_number", "check_whole", "setting"]


def setting(default: Any, label: str, help: str, least: float, most: float, step: float) -> Any:
    """A field of a task with what a form shows of it; least, most and step are of the default's own type."""
    return field(default=default, metadata={"label": label, "help": help, "least": least, "most": most, "step": step})


def check_number(name: str, value: Any, least: float, most: float) -> None:
    """Refuse what is no number from least to most (ValueError)."""
    if isinstance(value, bool) or not isinstance(value, int | float) or not least <= value <= most:
        raise ValueError(f"{name} must be a number from {least:g} to {most:g}, got {short(value)}")
