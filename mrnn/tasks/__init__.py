"""The tasks: to add one, write a file here and name it in TASKS."""

from dataclasses import fields, replace
from reprlib import repr as short
from typing import Any

from mrnn.data import Task
from mrnn.owndata import is_own, own_task
from mrnn.tasks.bit_flip import BitFlip
from mrnn.tasks.curves import Curves
from mrnn.tasks.digits import Digits
from mrnn.tasks.forecast import Forecast
from mrnn.tasks.pixels import Pixels
from mrnn.tasks.reber import EmbeddedReber, Reber
from mrnn.tasks.regimes import Regimes
from mrnn.tasks.text import Text
from mrnn.tasks.waves import Waves

TASKS: dict[str, Task] = {
    "waves": Waves(),
    "digits": Digits(),
    "curves": Curves(),
    "reber": Reber(),
    "embedded_reber": EmbeddedReber(),
    "bit_flip": BitFlip(),
    "forecast": Forecast(),
    "regimes": Regimes(),
    "text": Text(),
    "pixels": Pixels(),
}


def make_task(name: Any, settings: Any) -> Task:
    """The task called `name` with some of its settings changed, both taken for what a stranger's file may hold.

    name    a key of TASKS, or the id of somebody's own data; whose they are is asked by `owndata.may_use`
    raises  ValueError if there is no such task, no such setting, or a value breaks its rule
    """
    if not is_own(name) and (not isinstance(name, str) or name not in TASKS):
        raise ValueError(f"task must be one of {', '.join(TASKS)}, got {short(name)}")
    if not isinstance(settings, dict):
        raise ValueError(f"settings of task {name!r} must be names and values, got {short(settings)}")
    task = own_task(name) if is_own(name) else TASKS[name]
    known = [f.name for f in fields(task)]
    unknown = sorted(set(settings) - set(known))
    if unknown:
        raise ValueError(f"task {name!r} has no setting {short(unknown[0])}; it has {', '.join(known) or 'none'}")
    return replace(task, **settings)
