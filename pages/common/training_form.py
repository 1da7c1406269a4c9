"""The form that decides a training run."""

from dataclasses import dataclass, replace
from typing import Any, TypeVar

import streamlit as st

from mrnn import ModelConfig, RunConfig, Task, TrainConfig
from mrnn.config import CARRIES, CELLS, OBJECTIVES, PRECISIONS, SCHEDULES
from mrnn.devices import available_devices
from mrnn.tasks import make_task
from pages.common import words
from pages.common.forms import task_settings, within
from pages.common.own_data import tasks

HIDDEN = (8, 16, 32, 64, 128, 256)
RATES = (0.0005, 0.001, 0.002, 0.005, 0.01, 0.02)
SYMBOLS = TrainConfig(
    epochs=8, batch_size=100, learning_rate=0.01, schedule="one-cycle", balance=0.02, tau0=1.0, rate=0.15, tau_floor=0.3,
)  # fmt: skip
# What learns well while one waits: shape of the model, and training.
QUICK: dict[str, tuple[dict[str, Any], TrainConfig]] = {
    "waves": (
        {"k": 4, "hidden_size": 32, "num_layers": 1, "dropout": 0.0},
        TrainConfig(
            epochs=10, batch_size=100, learning_rate=0.01, schedule="one-cycle", balance=0.02, augment=True,
            tau0=1.0, rate=0.15, tau_floor=0.3,
        ),
    ),
    "digits": (
        {"k": 4, "hidden_size": 64, "num_layers": 1, "dropout": 0.0},
        TrainConfig(
            epochs=6, batch_size=100, learning_rate=0.01, schedule="one-cycle", balance=0.02, augment=True,
            tau0=1.0, rate=0.4, tau_floor=0.1,
        ),
    ),
    "curves": (
        {"k": 4, "hidden_size": 32, "num_layers": 1, "dropout": 0.0},
        TrainConfig(
            epochs=6, batch_size=50, learning_rate=0.01, schedule="one-cycle", balance=0.02, tau0=1.0, rate=0.2,
            tau_floor=0.3,
        ),
    ),
    "reber": ({"k": 4, "hidden_size": 16, "num_layers": 1, "dropout": 0.0}, SYMBOLS),
    # With one mixed state the second symbol is forgotten: each LSTM has to keep its own.
    "embedded_reber": (
        {"k": 4, "hidden_size": 32, "num_layers": 1, "dropout": 0.0, "carry": "own"},
        replace(SYMBOLS, epochs=15),
    ),
    "bit_flip": ({"k": 2, "hidden_size": 8, "num_layers": 1, "dropout": 0.0}, SYMBOLS),
    "forecast": (
        {"k": 4, "hidden_size": 32, "num_layers": 1, "dropout": 0.0},
        replace(SYMBOLS, epochs=30, batch_size=50, rate=0.1),
    ),
}  # fmt: skip
Option = TypeVar("Option")


@dataclass(frozen=True)
class _Form:
    """What the widgets of a task begin with.

    model     fields of ModelConfig
    training  what is not asked stays as it is here
    end       of the widgets' keys
    """

    task: Task
    model: dict[str, Any]
    training: TrainConfig
    end: str

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


def run_settings() -> RunConfig:
    """All that decides a training run, as a form that begins with what learns well; each task keeps its own.

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
    return RunConfig(task=task.name, settings=task.settings, model=model, training=replace(form.training, **course))


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
    end, first = _begun_with("task")
    found = tasks()
    picked = st.pills(
        "Task", list(found), default=first if first in found else "waves", required=True, wrap=True,
        format_func=lambda n: found[n].title if n in found else n, key=f"t_task{end}", persist_state="session",
    )  # fmt: skip
    name = picked if picked in found else "waves"
    end, begin = _begun_with(name)
    if begin is None:
        shape, training = QUICK.get(name) or _quick(found[name])
        return _Form(found[name], {"cell": "mrnn", "carry": CARRIES[0], **shape}, training, end)
    st.button(
        "Back to the quick settings", icon=":material/undo:", key="t_quick", on_click=_begin_with, args=(name, None)
    )
    return _Form(make_task(name, begin.settings), begin.model.to_dict(), begin.training, end)


def _quick(task: Task) -> tuple[dict[str, Any], TrainConfig]:
    """Settings for data of any size: few sequences are gone through in small batches, and more often."""
    sequences = task.extent[0]
    batch = min(max(sequences // 20, 4), 100)
    epochs = min(max(800 * batch // sequences, 5), 40)
    training = replace(QUICK["waves"][1], batch_size=batch, epochs=epochs, augment=False, rate=1.5 / epochs)
    return {"k": 4, "hidden_size": 32, "num_layers": 1, "dropout": 0.0}, training


def _main(form: _Form) -> tuple[dict[str, Any], dict[str, Any]]:
    """Size of the model; length, temperature and seed of training."""
    model, training, kept = form.model, form.training, form.kept
    one, two = st.columns(2)
    shape = {
        "k": one.slider("k, LSTMs", *within(1, 16, model["k"]), help=words.K, **kept("k")),
        "hidden_size": _one_of(
            "m, hidden size", HIDDEN, model["hidden_size"], two, help=words.HIDDEN, **kept("hidden")
        ),
        "num_layers": one.slider("L, layers", *within(1, 4, model["num_layers"]), help=words.LAYERS, **kept("layers")),
    }
    course = {
        "epochs": two.slider("Epochs", *within(1, 40, training.epochs), help=words.EPOCHS, **kept("epochs")),
        "tau0": one.slider("tau0", *within(0.1, 10.0, training.tau0), 0.1, help=words.TAU0, **kept("tau0")),
        "rate": two.slider("Rate", *within(0.0, 1.0, training.rate), 0.05, help=words.RATE, **kept("rate")),
        "tau_floor": one.slider(
            "tau floor", *within(0.05, 5.0, training.tau_floor), 0.05, help=words.FLOOR, **kept("floor")
        ),
        "seed": int(two.number_input("Seed", *within(0, 999_999, training.seed), help=words.SEED, **kept("seed"))),
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
            "beta", *within(0.0, 1.0, training.beta), 0.01, help=words.BETA, disabled=objective != "er", **kept("beta")
        ),
        "balance": st.slider(
            "Balance", *within(0.0, 1.0, training.balance), 0.01, help=words.BALANCE, **kept("balance")
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
            "Weight decay", *within(0.0, 0.1, training.weight_decay), 0.01, help=words.WEIGHT_DECAY, **kept("decay")
        ),
        "augment": st.toggle("Vary the sequences", training.augment, help=words.AUGMENT, **kept("augment")),
    }  # fmt: skip


def _network(form: _Form, shape: dict[str, Any]) -> dict[str, Any]:
    """Dropout, cell and carry; and k = 1 where the cell has no choice."""
    model, kept = form.model, form.kept
    alone = shape["num_layers"] == 1
    dropout = st.slider(
        "Dropout", *within(0.0, 0.5, model["dropout"]), 0.05, help=words.DROPOUT, disabled=alone, **kept("dropout")
    )
    cell = st.selectbox("Cell", CELLS, CELLS.index(model["cell"]), help=words.CELL, **kept("cell"))
    carry = st.segmented_control(
        "Carry", CARRIES, default=model["carry"], required=True, disabled=cell != "mrnn", help=words.CARRY, **kept("carry")
    )  # fmt: skip
    several = {} if cell == "mrnn" else {"k": 1}
    return {"dropout": dropout, "cell": cell, "carry": carry if cell == "mrnn" else CARRIES[0], **several}


def _machine(form: _Form) -> dict[str, Any]:
    training, kept = form.training, form.kept
    devices = ["auto", *available_devices()]
    first = devices.index(training.device) if training.device in devices else 0
    return {
        "device": st.selectbox("Device", devices, first, help=words.DEVICE, **kept("device")),
        "precision": st.selectbox(
            "Precision", PRECISIONS, PRECISIONS.index(training.precision), help=words.PRECISION, **kept("precision")
        ),
    }


def _one_of(label: str, usual: tuple[Option, ...], value: Option, where: Any, **options: Any) -> Option:
    """A slider over the usual values, and over the one that it begins with."""
    return where.select_slider(label, sorted({*usual, value}), value, **options)  # type: ignore[type-var]
