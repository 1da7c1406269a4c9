"""What the address asks of a form, taken for what anybody may have written there; and what cannot be is said."""

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import fields, replace
from typing import Any

import streamlit as st

from mrnn import ModelConfig, RunConfig
from mrnn.tasks import make_task
from pages.common import link

NONE = "none"  # of several, not one
_REFUSED = "_refused"  # what cannot be, and the address at which that was said
_KEPT, _LEFT = "_kept", "_kept_before"  # names in the address: written in this run of a page, and in those before it


def arrive() -> None:
    """To be called as a page begins: what was refused elsewhere is not said here, nor what was kept there let go."""
    if link.news():
        for name in (_REFUSED, _KEPT, _LEFT):
            st.session_state.pop(name, None)
    # A run may have ended early: what it left stays to be let go.
    st.session_state[_LEFT] = st.session_state.get(_LEFT, frozenset()) | st.session_state.get(_KEPT, frozenset())
    st.session_state[_KEPT] = frozenset()


def let_go() -> None:
    """To be called as a page ends: out of the address goes what it has kept before and has not kept in this run."""
    link.keep_all(dict.fromkeys(st.session_state[_LEFT] - st.session_state[_KEPT]))
    st.session_state[_LEFT] = frozenset()


def begin(key: str, label: str, usual: Any, read: Callable[[str], Any]) -> None:
    """Let a widget begin with what the address says under its key, or else with what is usual; before it is drawn.

    label  what the widget is called
    usual  what was usual in the last run becomes what is usual now
    read   makes the widget's value of the address's text; a ValueError means that there is no such value
    """
    asked = link.given(key) if link.news() or key not in st.session_state else None
    if asked is not None:
        try:
            st.session_state[key] = read(asked)
        except ValueError:
            refuse([f"{label} = {asked}"])
    before = st.session_state.get(f"_{key}_usual", usual)
    if asked is None and (link.went_back() or (before != usual and st.session_state.get(key) == before)):
        st.session_state[key] = usual
    st.session_state.setdefault(key, usual)
    st.session_state[f"_{key}_usual"] = usual


def keep(key: str, value: Any, usual: Any) -> None:
    """Write a widget's value into the address, as `begin` reads it there; nothing where it is the usual one."""
    said = (",".join(map(text, value)) or NONE) if isinstance(value, list) else text(value)
    keep_text(key, None if value == usual else said)


def keep_text(name: str, said: str | None) -> None:
    """Write `name` into the address, or leave it out if it is None, until the page keeps nothing under it any more."""
    link.keep(name, said)
    st.session_state[_KEPT] |= {name}


def several(options: Sequence[Any]) -> Callable[[str], list[Any]]:
    """How `begin` reads some of these options, in their order."""

    def read(asked: str) -> list[Any]:
        parts = [] if asked == NONE else asked.split(",")
        if not set(parts) <= set(map(text, options)):
            raise ValueError(f"each must be one of {options}, got {asked}")
        return [option for option in options if text(option) in parts]

    return read


def one_of(options: Sequence[Any]) -> Callable[[str], Any]:
    """How `begin` reads one of these options."""
    by_text = {text(option): option for option in options}

    def read(asked: str) -> Any:
        if asked not in by_text:
            raise ValueError(f"it must be one of {options}, got {asked}")
        return by_text[asked]

    return read


def text(value: Any) -> str:
    """A setting as an address writes it."""
    if isinstance(value, bool):
        return str(value).lower()
    return f"{value:.10g}" if isinstance(value, float) else str(value)


def number(asked: str, like: int | float, least: float, most: float) -> Any:
    """A number of the same type as another one, within its bounds.

    raises  ValueError if it is none
    """
    value = type(like)(asked)
    if not least <= value <= most:
        raise ValueError(f"it must be from {least} to {most}, got {asked}")
    return value


def settings(config: RunConfig) -> dict[str, Any]:
    """All that decides a run, by name: of its task, its model, its training."""
    task = make_task(config.task, config.settings)
    model = {name: value for name, value in config.model.to_dict().items() if name not in task.borders}
    return {f.name: getattr(task, f.name) for f in fields(task)} | model | config.training.to_dict()


def changed(config: RunConfig, values: Mapping[str, Any]) -> RunConfig:
    """A run with some of its settings changed.

    values  by names of `settings`
    raises  ValueError if they break a rule
    """

    def some(names: Iterable[str]) -> dict[str, Any]:
        return {name: values[name] for name in names if name in values}

    task = make_task(config.task, config.settings)
    task = replace(task, **some(f.name for f in fields(task)))
    shape = config.model.to_dict()
    return RunConfig(
        task=config.task,
        settings=task.settings,
        model=ModelConfig(**{**shape, **some(shape), **task.borders}),
        training=replace(config.training, **some(config.training.to_dict())),
    )


def refuse(what: Sequence[str]) -> None:
    """Keep in mind that the address asked for what cannot be."""
    if what:
        before, said_at = st.session_state.get(_REFUSED, ((), None))
        st.session_state[_REFUSED] = (*(before if said_at is None else ()), *what), None


def say() -> None:
    """Say what was refused, until the form is changed."""
    what, said_at = st.session_state.get(_REFUSED, ((), None))
    here = link.here()
    if what and said_at in (None, here):
        st.session_state[_REFUSED] = what, here
        st.info(
            f"The link asks for {' and '.join(what)}. That cannot be here, and is left out.", icon=":material/link_off:"
        )
    else:
        st.session_state.pop(_REFUSED, None)
