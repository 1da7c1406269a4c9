"""The tasks: to add one, write a file here and name it in TASKS."""

from dataclasses import fields, replace
from reprlib import repr as short
from typing import Any

from mrnn.data import Task
from mrnn.tasks.digits import Digits
from mrnn.tasks.waves import Waves

TASKS: dict[str, Task] = {
    "waves": Waves(),
    "digits": Digits(),
}


def make_task(name: Any, settings: Any) -> Task:
    """The task called `name` with some of its settings changed, both taken for what a stranger's file may hold.

    raises  ValueError if there is no such task, no such setting, or a value breaks its rule
    """
    if not isinstance(name, str) or name not in TASKS:
        raise ValueError(f"task must be one of {', '.join(TASKS)}, got {short(name)}")
    if not isinstance(settings, dict):
        raise ValueError(f"settings of task {name!r} must be names and values, got {short(settings)}")
    known = [f.name for f in fields(TASKS[name])]
    unknown = sorted(set(settings) - set(known))
    if unknown:
        raise ValueError(f"task {name!r} has no setting {short(unknown[0])}; it has {', '.join(known) or 'none'}")
    return replace(TASKS[name], **settings)
