"""Forms: presets, the settings of a task, and the layer to look at."""

from collections.abc import Callable, Collection, Mapping
from dataclasses import fields, replace
from typing import Any, TypeVar

import streamlit as st

from mrnn import Task
from mrnn.experiments import Experiment
from pages.common import words

AnyTask = TypeVar("AnyTask", bound=Task | Experiment)
Number = TypeVar("Number", int, float)


def within(least: Number, most: Number, value: Number) -> tuple[Number, Number, Number]:
    """The bounds of a slider, wide enough for the value it begins with; and that value."""
    return min(least, value), max(most, value), value


def presets(choices: Mapping[str, Mapping[str, Any]], take: Callable[[Mapping[str, Any]], None] | None = None) -> None:
    """A row of buttons, each of which sets widgets of the page.

    choices  for each button's name, what it sets: keys of widgets and their values
    take     sets them, where it is not as simple as that
    """
    with st.container(horizontal=True, gap="small", key="presets"):
        for name, values in choices.items():
            st.button(name, key=f"preset_{name}", on_click=take or st.session_state.update, args=(values,))


def task_settings(
    task: AnyTask, key: str, *, in_link: bool = False, words_in_link: bool = True, only: Collection[str] | None = None
) -> AnyTask:
    """A widget for each setting of a task or an experiment, or for those named; the same with what was set.

    words_in_link  whether what was typed may stand in the address, too, as numbers do with `in_link`
    raises  ValueError if the settings break a rule together
    """
    chosen: dict[str, Any] = {}
    for f in fields(task):
        if not f.metadata or (only is not None and f.name not in only):
            continue
        if isinstance(f.default, str):
            chosen[f.name] = st.text_input(
                f.metadata["label"], getattr(task, f.name), f.metadata["most"], help=f.metadata["help"],
                key=f"{key}_{f.name}", bind="query-params" if in_link and words_in_link else None, persist_state="session",
            )  # fmt: skip
            continue
        kind = int if isinstance(f.default, int) else float
        chosen[f.name] = st.slider(
            f.metadata["label"],
            *within(kind(f.metadata["least"]), kind(f.metadata["most"]), kind(getattr(task, f.name))),
            kind(f.metadata["step"]),
            help=f.metadata["help"],
            key=f"{key}_{f.name}",
            bind="query-params" if in_link else None,
            persist_state="session",
        )
    return replace(task, **chosen)


def layer_picker(layers: int, key: str) -> int:
    """Which layer to look at, from 0; asked only where there are several."""
    if layers == 1:
        return 0
    options = list(range(1, layers + 1))
    picked = st.segmented_control(
        "Layer", options, default=layers, required=True, key=key, help=words.LAYER, bind="query-params"
    )
    return (picked or layers) - 1
