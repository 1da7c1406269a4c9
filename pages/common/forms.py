"""Forms: the settings of a task, of a training run, and the layer to look at."""

from dataclasses import fields, replace
from typing import Any, TypeVar, cast

import streamlit as st

from mrnn import TASKS, ModelConfig, RunConfig, Task, TrainConfig
from mrnn.config import CARRIES, CELLS, OBJECTIVES, PRECISIONS, SCHEDULES, Carry, Objective, Schedule
from mrnn.devices import available_devices
from mrnn.tasks import make_task
from pages.common import words

HIDDEN = (8, 16, 32, 64, 128, 256)
RATES = (0.0005, 0.001, 0.002, 0.005, 0.01, 0.02)
# What learns well while one waits: shape of the model, and training. On two CPU cores 99 % of the waves are right after
# some ten seconds, 97 % of the digits after half a minute.
QUICK: dict[str, tuple[dict[str, Any], TrainConfig]] = {
    "waves": (
        {"k": 4, "hidden_size": 32, "num_layers": 1, "dropout": 0.0},
        TrainConfig(
            epochs=10, batch_size=100, learning_rate=0.005, schedule="one-cycle", balance=0.02, augment=True,
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
}  # fmt: skip
AnyTask = TypeVar("AnyTask", bound=Task)
Number = TypeVar("Number", int, float)


def again(config: RunConfig) -> None:
    """Let the form begin with the settings of a run; to be called before the form is drawn, as by a button."""
    for name, begin in (config.task, config), ("task", config.task):
        drawn, _ = st.session_state.get(f"t_base_{name}", (0, None))
        st.session_state[f"t_base_{name}"] = (drawn + 1, begin)


def _base(name: str) -> tuple[str, Any]:
    """What the widgets of a task (or the one for the task) begin with, if `again` said so, and the end of their keys.

    Each time they are new ones, so that they have other defaults and nobody's clicks are overwritten.
    """
    drawn, begin = st.session_state.get(f"t_base_{name}", (0, None))
    return f"_{drawn}" if drawn else "", begin


def _forget(name: str) -> None:
    drawn, _ = st.session_state[f"t_base_{name}"]
    st.session_state[f"t_base_{name}"] = (drawn + 1, None)


def _within(least: Number, most: Number, value: Number) -> tuple[Number, Number, Number]:
    """The bounds of a slider, wide enough for a value that came from elsewhere."""
    return min(least, value), max(most, value), value


def task_settings(task: AnyTask, key: str) -> AnyTask:
    """A widget for each setting of a task; the task with what was set.

    raises  ValueError if the settings break a rule of the task together
    """
    chosen: dict[str, Any] = {}
    for f in fields(task):
        kind = int if isinstance(f.default, int) else float
        chosen[f.name] = st.slider(
            f.metadata["label"],
            *_within(kind(f.metadata["least"]), kind(f.metadata["most"]), kind(getattr(task, f.name))),
            kind(f.metadata["step"]),
            help=f.metadata["help"],
            key=f"{key}_{f.name}",
            persist_state="session",
        )
    return replace(task, **chosen)


def layer_picker(layers: int, key: str) -> int:
    """Which layer to look at, from 0; asked only where there are several."""
    if layers == 1:
        return 0
    options = list(range(1, layers + 1))
    picked = st.segmented_control(
        "Layer", options, default=layers, required=True, key=key, help=words.LAYER, persist_state="session"
    )
    return (picked or layers) - 1


def run_settings() -> RunConfig:
    """All that decides a training run, as a form that begins with what learns well; each task keeps its own.

    raises  ValueError if the values break a rule together
    """
    end, first = _base("task")
    name = st.segmented_control(
        "Task",
        list(TASKS),
        default=first or "waves",
        required=True,
        format_func=lambda n: TASKS[n].title,
        key=f"t_task{end}",
        persist_state="session",
    )
    name = name or "waves"
    end, base = _base(name)
    shape, recipe = QUICK.get(name, QUICK["waves"]) if base is None else (base.model.to_dict(), base.training)
    task = TASKS[name] if base is None else make_task(name, base.settings)
    if base is not None:
        st.button("Back to the quick settings", icon=":material/undo:", key="t_quick", on_click=_forget, args=(name,))
    kept: Any = {"persist_state": "session"}

    def key(field: str) -> str:
        return f"t_{field}_{task.name}{end}"

    one, two = st.columns(2)
    k = one.slider("k, LSTMs", *_within(1, 16, shape["k"]), help=words.K, key=key("k"), **kept)
    hidden = two.select_slider(
        "m, hidden size",
        sorted({*HIDDEN, shape["hidden_size"]}),
        shape["hidden_size"],
        help=words.HIDDEN,
        key=key("hidden"),
        **kept,
    )
    layers = one.slider("L, layers", *_within(1, 4, shape["num_layers"]), help=words.LAYERS, key=key("layers"), **kept)
    epochs = two.slider("Epochs", *_within(1, 40, recipe.epochs), help=words.EPOCHS, key=key("epochs"), **kept)
    tau0 = one.slider("tau0", *_within(0.1, 10.0, recipe.tau0), 0.1, help=words.TAU0, key=key("tau0"), **kept)
    rate = two.slider("Rate", *_within(0.0, 1.0, recipe.rate), 0.05, help=words.RATE, key=key("rate"), **kept)
    floor = one.slider(
        "tau floor", *_within(0.05, 5.0, recipe.tau_floor), 0.05, help=words.FLOOR, key=key("floor"), **kept
    )
    seed = two.number_input("Seed", *_within(0, 999_999, recipe.seed), help=words.SEED, key=key("seed"), **kept)
    with st.expander("More: objective, optimiser, cell, device, task"):
        objective = st.segmented_control(
            "Objective", OBJECTIVES, default=recipe.objective, required=True, format_func=str.upper,
            help=words.OBJECTIVE, key=key("objective"), **kept,
        )  # fmt: skip
        beta = st.slider(
            "beta",
            *_within(0.0, 1.0, recipe.beta),
            0.01,
            help=words.BETA,
            disabled=objective != "er",
            key=key("beta"),
            **kept,
        )
        balance = st.slider(
            "Balance", *_within(0.0, 1.0, recipe.balance), 0.01, help=words.BALANCE, key=key("balance"), **kept
        )
        learning_rate = st.select_slider(
            "Learning rate",
            sorted({*RATES, recipe.learning_rate}),
            recipe.learning_rate,
            help=words.LEARNING_RATE,
            key=key("learning_rate"),
            **kept,
        )
        schedule = st.segmented_control(
            "Schedule of the learning rate", SCHEDULES, default=recipe.schedule, required=True,
            help=words.SCHEDULE, key=key("schedule"), **kept,
        )  # fmt: skip
        weight_decay = st.slider(
            "Weight decay",
            *_within(0.0, 0.1, recipe.weight_decay),
            0.01,
            help=words.WEIGHT_DECAY,
            key=key("decay"),
            **kept,
        )
        dropout = st.slider(
            "Dropout",
            *_within(0.0, 0.5, shape["dropout"]),
            0.05,
            help=words.DROPOUT,
            disabled=layers == 1,
            key=key("dropout"),
            **kept,
        )
        augment = st.toggle("Vary the sequences", recipe.augment, help=words.AUGMENT, key=key("augment"), **kept)
        cell = st.selectbox(
            "Cell", CELLS, CELLS.index(shape.get("cell", "mrnn")), help=words.CELL, key=key("cell"), **kept
        )
        carry = st.segmented_control(
            "Carry", CARRIES, default=shape.get("carry", CARRIES[0]), required=True, disabled=cell != "mrnn", help=words.CARRY,
            key=key("carry"), **kept,
        )  # fmt: skip
        devices = ["auto", *available_devices()]
        device = st.selectbox(
            "Device",
            devices,
            devices.index(recipe.device) if recipe.device in devices else 0,
            help=words.DEVICE,
            key=key("device"),
            **kept,
        )
        precision = st.selectbox(
            "Precision",
            PRECISIONS,
            PRECISIONS.index(recipe.precision),
            help=words.PRECISION,
            key=key("precision"),
            **kept,
        )
        task = task_settings(task, key=f"t_{task.name}{end}")
    several = cell == "mrnn"
    model = ModelConfig(
        input_size=task.input_size,
        output_size=task.output_size,
        k=k if several else 1,
        hidden_size=hidden,
        num_layers=layers,
        dropout=dropout,
        cell=cell,
        carry=cast(Carry, carry) if several else CARRIES[0],
        per_step=task.per_step,
    )
    training = replace(
        recipe,
        epochs=epochs,
        tau0=tau0,
        rate=rate,
        tau_floor=floor,
        seed=int(seed),
        objective=cast(Objective, objective),
        beta=beta,
        balance=balance,
        learning_rate=learning_rate,
        schedule=cast(Schedule, schedule),
        weight_decay=weight_decay,
        augment=augment,
        device=device,
        precision=precision,
    )
    return RunConfig(task=task.name, settings=task.settings, model=model, training=training)
