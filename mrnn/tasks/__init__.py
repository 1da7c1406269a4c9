"""The tasks: to add one, write a file here and name it in TASKS."""

from dataclasses import fields, replace
from typing import Any

from mrnn.data import Task
from mrnn.tasks.digits import Digits
from mrnn.tasks.waves import Waves

TASKS: dict[str, Task] = {
    "waves": Waves(),
    "digits": Digits(),
}


def make_task(name: str, settings: dict[str, Any]) -> Task:
    """The task called `name` with some of its settings changed.

    raises  ValueError if there is no such task, no such setting, or a value breaks its rule
    """
    if name not in TASKS:
        raise ValueError(f"task must be one of {', '.join(TASKS)}, got {name!r}")
    known = [f.name for f in fields(TASKS[name])]
    unknown = sorted(set(settings) - set(known))
    if unknown:
        raise ValueError(f"task {name!r} has no setting {unknown[0]!r}; it has {', '.join(known) or 'none'}")
    return replace(TASKS[name], **settings)
