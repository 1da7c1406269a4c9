"""Forms: the settings of a task, of a training run, and the layer to look at."""

from dataclasses import fields, replace
from typing import Any, TypeVar, cast

import streamlit as st

from mrnn import TASKS, ModelConfig, RunConfig, Task, TrainConfig
from mrnn.config import CARRIES, CELLS, OBJECTIVES, PRECISIONS, Carry, Objective
from mrnn.devices import available_devices
from pages.common import words

# What learns well within a minute or two on two CPU cores.
QUICK = {"waves": {"hidden": 32, "epochs": 8}, "digits": {"hidden": 64, "epochs": 4}}
AnyTask = TypeVar("AnyTask", bound=Task)


def task_settings(task: AnyTask, key: str) -> AnyTask:
    """A widget for each setting of a task; the task with what was set.

    raises  ValueError if the settings break a rule of the task together
    """
    chosen: dict[str, Any] = {}
    for f in fields(task):
        kind = int if isinstance(f.default, int) else float
        chosen[f.name] = st.slider(
            f.metadata["label"],
            kind(f.metadata["least"]),
            kind(f.metadata["most"]),
            kind(getattr(task, f.name)),
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
    """All that decides a training run, as a form.

    raises  ValueError if the values break a rule together
    """
    name = st.segmented_control(
        "Task",
        list(TASKS),
        default="waves",
        required=True,
        format_func=lambda n: TASKS[n].title,
        key="t_task",
        persist_state="session",
    )
    task = TASKS[name or "waves"]
    preset = QUICK.get(task.name, QUICK["waves"])
    one, two = st.columns(2)
    k = one.slider("k, LSTMs", 1, 16, 4, help=words.K, key="t_k", persist_state="session")
    hidden = two.select_slider(
        "m, hidden size",
        (8, 16, 32, 64, 128, 256),
        preset["hidden"],
        help=words.HIDDEN,
        key=f"t_hidden_{task.name}",
        persist_state="session",
    )
    layers = one.slider("L, layers", 1, 4, 1, help=words.LAYERS, key="t_layers", persist_state="session")
    epochs = two.slider(
        "Epochs", 1, 40, preset["epochs"], help=words.EPOCHS, key=f"t_epochs_{task.name}", persist_state="session"
    )
    tau0 = one.slider("tau0", 0.1, 10.0, 1.0, 0.1, help=words.TAU0, key="t_tau0", persist_state="session")
    rate = two.slider("Rate", 0.0, 1.0, 0.3, 0.05, help=words.RATE, key="t_rate", persist_state="session")
    floor = one.slider("tau floor", 0.05, 5.0, 0.1, 0.05, help=words.FLOOR, key="t_floor", persist_state="session")
    seed = two.number_input("Seed", 0, 999_999, 0, help=words.SEED, key="t_seed", persist_state="session")
    with st.expander("More: objective, optimiser, cell, device, task"):
        objective = st.segmented_control(
            "Objective",
            OBJECTIVES,
            default=OBJECTIVES[0],
            required=True,
            format_func=str.upper,
            help=words.OBJECTIVE,
            key="t_objective",
            persist_state="session",
        )
        beta = st.slider(
            "beta",
            0.0,
            1.0,
            0.1,
            0.01,
            help=words.BETA,
            disabled=objective != "er",
            key="t_beta",
            persist_state="session",
        )
        learning_rate = st.select_slider(
            "Learning rate",
            (0.0005, 0.001, 0.002, 0.005, 0.01, 0.02),
            0.005,
            help=words.LEARNING_RATE,
            key="t_rate_of_learning",
            persist_state="session",
        )
        cell = st.selectbox(
            "Cell",
            CELLS,
            help="mrnn is the k-LSTM. The others have one network and nothing to choose.",
            key="t_cell",
            persist_state="session",
        )
        carry = st.segmented_control(
            "Carry", CARRIES, default=CARRIES[0], required=True, disabled=cell != "mrnn", key="t_carry", persist_state="session",
            help="mixed: all LSTMs go on from one mixed state, as published. own: each goes on from its own.",
        )  # fmt: skip
        devices = ["auto", *available_devices()]
        device = st.selectbox("Device", devices, help=words.DEVICE, key="t_device", persist_state="session")
        precision = st.selectbox(
            "Precision", PRECISIONS, help=words.PRECISION, key="t_precision", persist_state="session"
        )
        task = task_settings(task, key="t")
    several = cell == "mrnn"
    model = ModelConfig(
        input_size=task.input_size,
        output_size=task.output_size,
        k=k if several else 1,
        hidden_size=hidden,
        num_layers=layers,
        cell=cell,
        carry=cast(Carry, carry) if several else CARRIES[0],
        per_step=task.per_step,
    )
    training = TrainConfig(
        epochs=epochs,
        tau0=tau0,
        rate=rate,
        tau_floor=floor,
        seed=int(seed),
        objective=cast(Objective, objective),
        beta=beta,
        learning_rate=learning_rate,
        device=device,
        precision=precision,
    )
    return RunConfig(task=task.name, settings=task.settings, model=model, training=training)
