"""The form that decides a training run."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, fields, replace
from typing import Any, TypeVar

import streamlit as st

from mrnn import TASKS, ModelConfig, RunConfig, Task, TrainConfig, owndata
from mrnn.config import CARRIES, CELLS, OBJECTIVES, PRECISIONS, SCHEDULES
from mrnn.devices import available_devices
from mrnn.forecast import duration, training_seconds
from mrnn.recipes import quick
from mrnn.tasks import make_task
from pages.common import asked, link, words
from pages.common.forms import presets, task_settings, within
from pages.common.own_data import tasks

HIDDEN = (1, 2, 4, 8, 16, 32, 64, 128, 256)
RATES = (0.0005, 0.001, 0.002, 0.005, 0.01, 0.02, 0.03)
RANGES: dict[str, tuple[float, float]] = {  # of what is a number
    "k": (1, 16), "hidden_size": (HIDDEN[0], HIDDEN[-1]), "num_layers": (1, 4), "dropout": (0.0, 0.5), "epochs": (1, 100),
    "tau0": (0.1, 10.0), "rate": (0.0, 1.0), "tau_floor": (0.05, 5.0), "seed": (0, 999_999), "beta": (0.0, 1.0),
    "balance": (0.0, 1.0), "span": (0, 10_000), "embedding": (0, 256), "learning_rate": (RATES[0], RATES[-1]), "weight_decay": (0.0, 0.1),
    # The form has no field for these, but a run that is trained again may have values of its own.
    "batch_size": (1, 1_000), "clip": (0.01, 100.0), "validation_share": (0.01, 0.5),
}  # fmt: skip
CHOICES: dict[str, Sequence[str]] = {
    "cell": CELLS, "carry": CARRIES, "objective": OBJECTIVES, "schedule": SCHEDULES, "precision": PRECISIONS,
    "device": ("auto", *available_devices()),
}  # fmt: skip
PRESETS: dict[str, dict[str, Any]] = {  # what they change of what learns well
    "One LSTM": {"k": 1, "carry": "mixed"},
    "Sixteen": {"k": 16},
    "A memory each": {"carry": "own"},
    "A blend to the end": {"tau0": 5.0, "rate": 0.0},
    "Hard from the start": {"tau0": 0.3, "rate": 0.0, "tau_floor": 0.3},
}
TASK = "task"  # in the address
FIRST = next(iter(TASKS))  # the task that the form begins with
Option = TypeVar("Option")


@dataclass(frozen=True)
class _Form:
    """What the widgets of a task begin with.

    model     fields of ModelConfig
    training  what is not asked stays as it is here
    end       of the widgets' keys
    usual     what learns well on this task
    """

    task: Task
    model: dict[str, Any]
    training: TrainConfig
    end: str
    usual: RunConfig

    def kept(self, name: str) -> dict[str, Any]:
        """The key of a widget, whose value is still there after a look at another page; each task has its own."""
        return {"key": f"t_{name}_{self.task.name}{self.end}", "persist_state": "session"}


def again(config: RunConfig) -> None:
    """Let the form begin with the settings of a run; to be called before the form is drawn, as by a button."""
    _begin_with(config.task, config)
    _begin_with("task", config.task)


def begin_with_task(name: str) -> None:
    """Let the form begin with a task; to be called before the form is drawn, as by a button."""
    _begin_with("task", name)


def begin_as_usual(name: str) -> None:
    """Let the form begin with a task and what learns well on it; to be called before the form is drawn, as by a button."""
    again(usual(name, tasks()[name]))


def settings_presets() -> None:
    """Buttons that change a few things of what learns well, whatever was set before."""

    def take(changes: Mapping[str, Any]) -> None:
        name = st.session_state.get(_TASK_SHOWN, FIRST)
        _begin_with(name, asked.changed(usual(name, tasks()[name]), changes))

    presets(PRESETS, take)


def offer_training(task: Task, **shape: Any) -> None:
    """A button that leads to the Train page, its form set to what learns well on a task, and a model of this shape."""
    usual, training = quick(task)
    model = ModelConfig(**task.borders, **{**usual, **shape})
    config = RunConfig(task=task.name, settings=task.settings, model=model, training=training)
    if st.button("Train with these settings", icon=":material/model_training:", type="primary", key="offer_training"):
        again(config)
        st.switch_page("pages/train.py", query_params={})  # not None: that refuses to clear what widgets are bound to
    st.caption(
        f"k = {model.k}, m = {model.hidden_size}, carry {model.carry}, {training.epochs} epochs: "
        f"about {duration(training_seconds(config))} on two cores."
    )


def run_settings() -> RunConfig:
    """All that decides a training run, as a form that begins with what learns well; each task keeps its own.

    What differs from what learns well stands in the address.

    raises  ValueError if the values break a rule together
    """
    form = _form()
    shape, course = _main(form)
    with st.expander("More: objective, optimiser, cell, device, task"):
        course |= _objective(form) | _optimiser(form)
        shape |= _network(form, shape)
        course |= _machine(form)
        task = task_settings(form.task, key=f"t_{form.task.name}{form.end}")
    model = ModelConfig(**task.borders, **shape)
    config = RunConfig(task=task.name, settings=task.settings, model=model, training=replace(form.training, **course))
    _keep_in_link(config, form.usual)
    return config


def usual(name: str, task: Task) -> RunConfig:
    """What learns well on a task while one waits; name: what the form calls the task."""
    shape, training = quick(task)
    return RunConfig(task=name, settings=task.settings, model=ModelConfig(**task.borders, **shape), training=training)


def _heed_link(found: Mapping[str, Task]) -> None:
    """Let the form begin with what the address asks for, where that is news."""
    if not link.news() and _HEEDED in st.session_state:
        return
    st.session_state[_HEEDED] = True
    said = link.everything()
    name = said.pop(TASK, None)
    if name is not None and name not in found:
        asked.refuse(["somebody's own data, which are private" if owndata.is_own(name) else f"{TASK} = {name}"])
        name = None
    begin = usual(name or FIRST, found[name or FIRST])
    known = asked.settings(begin)
    said = {what: text for what, text in said.items() if what in known}
    if not (name or said or link.went_back()):
        return
    values: dict[str, Any] = {}
    for what, text in said.items():
        try:
            values[what] = _read(what, text, known[what], found[begin.task])
        except ValueError:
            asked.refuse([f"{what} = {text}"])
    _begin_with("task", begin.task)
    try:
        config = asked.changed(begin, values)
        _begin_with(begin.task, None if config == begin else config)
    except ValueError as error:
        asked.refuse([f"settings that break a rule: {error}"])


def _read(name: str, text: str, like: Any, task: Task) -> Any:
    """A setting from the address; ValueError if the form cannot show it."""
    if isinstance(like, bool):
        return asked.one_of((False, True))(text)
    if name in CHOICES:
        return asked.one_of(CHOICES[name])(text)
    of_task = {f.name: (f.metadata["least"], f.metadata["most"]) for f in fields(task)}
    return asked.number(text, like, *({**RANGES, **of_task}[name]))


def _keep_in_link(config: RunConfig, begin: RunConfig) -> None:
    """Write into the address what the form says that is not as usual, and nothing of another task."""
    before = asked.settings(begin)
    now = {name: asked.text(value) for name, value in asked.settings(config).items() if value != before[name]}
    if config.task != FIRST:
        now[TASK] = config.task
    if owndata.is_own(config.task):
        link.note_private("your own data")
    gone = dict.fromkeys(st.session_state.get(_IN_LINK, ()))
    link.keep_all({**gone, **dict.fromkeys((*before, TASK)), **now})
    st.session_state[_IN_LINK] = tuple(now)


_HEEDED, _IN_LINK, _TASK_SHOWN = "_form_heeded", "_form_in_link", "_form_task"


def _begin_with(name: str, begin: Any) -> None:
    """From now on a task's widgets (or the one for the task) begin so. They are new ones then, with keys of their own:
    nobody's clicks are overwritten."""
    drawn, _ = st.session_state.get(f"t_begin_{name}", (0, None))
    st.session_state[f"t_begin_{name}"] = (drawn + 1, begin)


def _begun_with(name: str) -> tuple[str, Any]:
    """The end of the widgets' keys, and what they begin with, None unless it was said."""
    drawn, begin = st.session_state.get(f"t_begin_{name}", (0, None))
    return f"_{drawn}" if drawn else "", begin


def _form() -> _Form:
    """Which task, and what its widgets begin with."""
    found = tasks()
    _heed_link(found)
    end, first = _begun_with("task")
    picked = st.pills(
        "Task", list(found), default=first if first in found else FIRST, required=True, wrap=True,
        format_func=lambda n: found[n].title if n in found else n, key=f"t_task{end}", persist_state="session",
    )  # fmt: skip
    name = st.session_state[_TASK_SHOWN] = picked if picked in found else FIRST
    end, begin = _begun_with(name)
    learns_well = usual(name, found[name])
    if begin is not None:
        st.button(
            "Back to the quick settings", icon=":material/undo:", key="t_quick", on_click=_begin_with, args=(name, None)
        )
    begin = begin or learns_well
    return _Form(make_task(name, begin.settings), begin.model.to_dict(), begin.training, end, learns_well)


def _main(form: _Form) -> tuple[dict[str, Any], dict[str, Any]]:
    """Size of the model; length, temperature and seed of training."""
    model, training, kept = form.model, form.training, form.kept
    one, two = st.columns(2)
    shape = {
        "k": one.slider("k, LSTMs", *_within("k", model["k"]), help=words.K, **kept("k")),
        "hidden_size": _one_of(
            "m, hidden size", HIDDEN, model["hidden_size"], two, help=words.HIDDEN, **kept("hidden")
        ),
        "num_layers": one.slider(
            "L, layers", *_within("num_layers", model["num_layers"]), help=words.LAYERS, **kept("layers")
        ),
    }
    course = {
        "epochs": two.slider("Epochs", *_within("epochs", training.epochs), help=words.EPOCHS, **kept("epochs")),
        "tau0": one.slider("tau0", *_within("tau0", training.tau0), 0.1, help=words.TAU0, **kept("tau0")),
        "rate": two.slider("Rate", *_within("rate", training.rate), 0.05, help=words.RATE, **kept("rate")),
        "tau_floor": one.slider(
            "tau floor", *_within("tau_floor", training.tau_floor), 0.05, help=words.FLOOR, **kept("floor")
        ),
        "seed": int(two.number_input("Seed", *_within("seed", training.seed), help=words.SEED, **kept("seed"))),
    }
    return shape, course


def _objective(form: _Form) -> dict[str, Any]:
    training, kept = form.training, form.kept
    objective = st.segmented_control(
        "Objective", OBJECTIVES, default=training.objective, required=True, format_func=str.upper,
        help=words.OBJECTIVE, **kept("objective"),
    )  # fmt: skip
    return {
        "objective": objective,
        "beta": st.slider(
            "beta", *_within("beta", training.beta), 0.01, help=words.BETA, disabled=objective != "er", **kept("beta")
        ),
        "balance": st.slider(
            "Balance", *_within("balance", training.balance), 0.01, help=words.BALANCE, **kept("balance")
        ),
    }


def _optimiser(form: _Form) -> dict[str, Any]:
    training, kept = form.training, form.kept
    return {
        "learning_rate": _one_of(
            "Learning rate", RATES, training.learning_rate, st, help=words.LEARNING_RATE, **kept("learning_rate")
        ),
        "schedule": st.segmented_control(
            "Schedule of the learning rate", SCHEDULES, default=training.schedule, required=True, help=words.SCHEDULE,
            **kept("schedule"),
        ),
        "weight_decay": st.slider(
            "Weight decay", *_within("weight_decay", training.weight_decay), 0.01, help=words.WEIGHT_DECAY, **kept("decay")
        ),
        "augment": st.toggle("Vary the sequences", training.augment, help=words.AUGMENT, **kept("augment")),
    }  # fmt: skip


def _network(form: _Form, shape: dict[str, Any]) -> dict[str, Any]:
    """Dropout, cell, carry, span and embedding; and k = 1 where the cell has no choice."""
    model, kept = form.model, form.kept
    alone = shape["num_layers"] == 1
    dropout = st.slider(
        "Dropout", *_within("dropout", model["dropout"]), 0.05, help=words.DROPOUT, disabled=alone, **kept("dropout")
    )
    cell = st.selectbox("Cell", CELLS, CELLS.index(model["cell"]), help=words.CELL, **kept("cell"))
    carry = st.segmented_control(
        "Carry", CARRIES, default=model["carry"], required=True, disabled=cell != "mrnn", help=words.CARRY, **kept("carry")
    )  # fmt: skip
    span = st.number_input("Span of memory", *_within("span", model["span"]), help=words.SPAN, **kept("span"))
    embedding = st.number_input(
        "Embedding", *_within("embedding", model["embedding"]), help=words.EMBEDDING, **kept("embedding")
    )
    several = {} if cell == "mrnn" else {"k": 1}
    carry = carry if cell == "mrnn" else CARRIES[0]
    return {"dropout": dropout, "cell": cell, "carry": carry, "span": int(span), "embedding": int(embedding), **several}


def _machine(form: _Form) -> dict[str, Any]:
    training, kept = form.training, form.kept
    devices = list(CHOICES["device"])
    first = devices.index(training.device) if training.device in devices else 0
    return {
        "device": st.selectbox("Device", devices, first, help=words.DEVICE, **kept("device")),
        "precision": st.selectbox(
            "Precision", PRECISIONS, PRECISIONS.index(training.precision), help=words.PRECISION, **kept("precision")
        ),
    }


def _within(name: str, value: Any) -> tuple[Any, Any, Any]:
    return within(*RANGES[name], value)


def _one_of(label: str, usual: tuple[Option, ...], value: Option, where: Any, **options: Any) -> Option:
    """A slider over the usual values, and over the one that it begins with."""
    return where.select_slider(label, sorted({*usual, value}), value, **options)  # type: ignore[type-var]
