"""The signals of the Waves page: how one is chosen, and what is said of it."""

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, fields
from typing import Any

import numpy as np
import streamlit as st
from streamlit.delta_generator import DeltaGenerator

from mrnn import Trace, analysis
from mrnn.tasks import sketch
from mrnn.tasks.waves import Waves
from pages import common
from pages.common.whole import STARTS, WAVES

MIX, DRAW = "mix", "draw"
KINDS = (*Waves.classes, MIX, DRAW)
PRESETS: dict[str, dict[str, Any]] = {
    "Plain sine": {**WAVES, "wave_kind": "non-alien"},
    "Alien": WAVES,
    "One alien step": {**WAVES, "wave_kind": MIX, "wave_f": 100, "wave_share": 2},
    "Three of them": {**WAVES, "wave_kind": MIX, "wave_f": 100, "wave_share": 6},
    "Not heard": {**WAVES, "wave_kind": MIX, "wave_f": 187, "wave_start": 50},
    "With and without": {**WAVES, "wave_two": True},
    "Fooled by noise": {**WAVES, "wave_kind": "non-alien", "waves_sigma": 0.2},
}
SHAPE = ("T", "sigma")  # the settings of the task that show at once ...
RARE = [f.name for f in fields(Waves) if f.name not in SHAPE]  # ... and those that lie in a fold


@dataclass(frozen=True)
class Signal:
    """A signal that was chosen.

    x      (1, T, 1)
    code   Python that makes x, where `Waves` is known, and `unpack` of `mrnn.tasks.sketch`
    truth  its class; None for a drawing: nobody knows it
    part   (first step, number of steps) of the alien part that is spliced in, or None
    plain  (1, T, 1), the same without that part, or None
    field  where it is to be drawn, or None
    """

    x: np.ndarray
    code: str
    truth: str | None = None
    part: tuple[int, int] | None = None
    plain: np.ndarray | None = None
    field: DeltaGenerator | None = None


def draw_at_random(prefix: str, task: Waves) -> None:
    """Let chance choose the signal of this form."""
    for name, value in task.draw(np.random.default_rng()).items():
        st.session_state[f"{prefix}_{name}"] = value


def settings() -> Waves:
    """Length and noise, and in a fold what is rarely set."""
    with common.refusals():
        task = common.task_settings(Waves(), key="waves", in_link=True, only=SHAPE)
        with st.expander("More: what is drawn at random"):
            return common.task_settings(task, key="waves", in_link=True, only=RARE)


def signal_form(prefix: str, task: Waves) -> Signal:
    """The controls of one signal, and the signal that they make; `prefix` begins the names of their keys."""
    # Else the address says nothing of what a preset sets, until it is drawn again.
    for name, value in STARTS[prefix].items():
        st.session_state.setdefault(f"{prefix}_{name}", value)
    st.button(
        "Random signal", icon=":material/casino:", on_click=draw_at_random, args=(prefix, task), type="primary",
        width="stretch", key=f"{prefix}_random",
    )  # fmt: skip
    kind = st.segmented_control(
        "Signal", KINDS, default=STARTS[prefix]["kind"], key=f"{prefix}_kind", required=True,
        bind="query-params", persist_state="session",
    )  # fmt: skip
    make = _drawn if kind == DRAW else _made
    place = st.container()
    seed = st.number_input(
        "Noise seed", 0, 9_999, STARTS[prefix]["seed"], key=f"{prefix}_seed", help="Another seed, another noise.", bind="query-params",
        persist_state="session", disabled=task.sigma == 0,
    )  # fmt: skip
    with place:
        return make(prefix, str(kind), task, int(seed))


def wave_fields(signals: Mapping[str, Signal], task: Waves) -> None:
    """The fields of those signals that are drawn; last on a page, as each sends more once it is drawn again."""
    for prefix, signal in signals.items():
        if signal.field is not None:
            with signal.field:
                common.wave_field(f"{prefix}_{DRAW}", task.T)


def _drawn(prefix: str, kind: str, task: Waves, seed: int) -> Signal:  # noqa: ARG001
    field = common.drawing.room(
        f"{prefix}_{DRAW}", common.drawing.HIGH["wave"], "Draw with the mouse or a finger; the answer follows."
    )
    packed = common.drawn_wave(f"{prefix}_{DRAW}")
    before = st.session_state.get(f"_{prefix}_made")
    if before is not None:
        st.button(
            "Start from the wave before", key=f"{prefix}_before", help="The signal that stood here before you chose to draw.",
            on_click=common.drawing.begin_with, args=(f"{prefix}_{DRAW}", before),
        )  # fmt: skip
    x = task.drawn(sketch.unpack(packed), seed=seed)
    code = f'{_code(task)}.drawn(unpack("{packed}"), seed={seed})'
    return Signal(x=x, code=code, field=field)


def _made(prefix: str, kind: str, task: Waves, seed: int) -> Signal:
    def slider(name: str, label: str, least: float, most: float, help: str, *, off: bool = False) -> float:
        step = 0.01 if isinstance(least, float) else 1
        key = f"{prefix}_{name}"
        return st.slider(
            label, least, most, STARTS[prefix][name], step, key=key, help=help, disabled=off, bind="query-params",
            persist_state="session",
        )  # fmt: skip

    part = _part(prefix, task) if kind == MIX else None
    common.link.keep(f"{prefix}_{DRAW}", None)
    plain = kind == "non-alien"
    values: dict[str, Any] = {
        "p": slider("p", "Phase p", -math.pi, math.pi, "x runs from p to p + 20."),
        "f": slider("f", "Frequency f", 1, 999, "Of the alien part, cos(f x + s).", off=plain),
        "s": slider("s", "Shift s", 0.0, 5.0, "Of the alien part, cos(f x + s).", off=plain),
    }
    truth = "non-alien" if plain else "alien"
    given = ", ".join(f"{name}={value}" for name, value in values.items())
    spliced = "" if part is None else f", part={part}"
    x = task.wave(truth, **values, seed=seed, part=part).x
    st.session_state[f"_{prefix}_made"] = sketch.pack(sketch.fitting(x[0, :, 0]))
    return Signal(
        x=x,
        truth=truth,
        part=part,
        plain=None if part is None else task.wave("non-alien", **values, seed=seed).x,
        code=f'{_code(task)}.wave("{truth}", {given}, seed={seed}{spliced}).x',
    )


def _part(prefix: str, task: Waves) -> tuple[int, int]:
    """Where the alien part lies. In percent: then it keeps its place while the number of steps changes."""

    def percent(name: str, label: str, least: int, most: int, help: str) -> float:
        key = f"{prefix}_{name}"
        percent = st.slider(
            label, least, most, STARTS[prefix][name], 2, format="%d%%", key=key, help=help, bind="query-params",
            persist_state="session",
        )  # fmt: skip
        return percent / 100

    start = int(percent("start", "The alien part begins at", 0, 98, "The sine is plain before.") * task.T)
    share = percent("share", "and takes, of the signal", 2, 100, "The sine is plain again after it.")
    return start, min(max(1, round(share * task.T)), task.T - start)


def _code(task: Waves) -> str:
    return f"Waves({', '.join(f'{name}={value}' for name, value in task.settings.items())})"


def python(entry: common.Entry, layer: int, signals: Sequence[Signal]) -> str:
    """The lines that make what the page shows."""
    imports = ["from mrnn import load", "from mrnn.tasks.waves import Waves"]
    if any(signal.field is not None for signal in signals):
        imports.insert(1, "from mrnn.tasks.sketch import unpack")
    lines = [*imports, "", f'model = load("{common.file_of(entry)}")']
    for signal, x, trace in zip(signals, ("x", "second"), ("trace", "other"), strict=False):
        lines += [
            f"{x} = {signal.code}  # (1, {signal.x.shape[1]}, 1)",
            f"{trace} = model.trace({x})",
            f"print({trace}.q[0, {layer}].round(2))  # probability of each LSTM at each step",
            f"print({trace}.listened({layer})[0] + 1)  # the LSTM that was picked",
            f"print({trace}.answers[0])  # {Waves.classes}",
        ]
    if len(signals) > 1:
        lines.append(f"print((trace.q - other.q)[0, {layer}].round(2))  # what q differs by")
    return "\n".join(lines)


def verdict(signal: Signal, trace: Trace) -> str:
    """What the model answers to a signal, and whether that is right."""
    says = trace.answers[0]
    best = Waves.classes[int(says.argmax())]
    judged = "" if signal.truth is None else " (right)" if best == signal.truth else " (wrong)"
    return f"{best}, {says.max():.1%}{judged}"


def what_is_heard(trace: Trace, layer: int) -> str:
    """When the answer is made up, and who is listened to."""
    best = Waves.classes[int(trace.answers[0].argmax())]
    use = analysis.usage(trace.listened(layer), trace.lengths, trace.k)
    return (
        f"From step {analysis.decided_at(trace)} on the answer stays {best}. LSTM {use.argmax() + 1} is listened to most, "
        f"for {use.max():.0%} of the steps."
    )


def what_differs(first: Trace, second: Trace, layer: int) -> str:
    """Where two signals are read differently, in z and in q."""
    gap = first.q[0, layer] - second.q[0, layer]
    t, j = np.unravel_index(np.abs(gap).argmax(), gap.shape)
    apart = analysis.steps_apart(first, second, layer)
    settled = f"The answer to the first is settled at step {analysis.decided_at(first)}, to the second at step {analysis.decided_at(second)}."
    if first.k == 1:
        return f"There is one LSTM, so q and z are the same for both. {settled}"
    if not gap.any():
        return "The two signals are read alike: at every step q is the same, and so is the answer."
    if not len(apart):
        paths = "The same LSTMs are listened to at every step."
    else:
        paths = f"From step {apart[0]} on z differs, at {len(apart)} of {len(gap)} steps."
    return (
        f"{paths} q differs most at step {t}: LSTM {j + 1} has {first.q[0, layer, t, j]:.2f} for the first signal "
        f"and {second.q[0, layer, t, j]:.2f} for the second (dashed). Orange: more probable in the first; violet: in the second. {settled}"
    )


def what_the_part_does(trace: Trace, plain: Trace, part: tuple[int, int], layer: int) -> str:
    """What splicing in an alien part changed: in z against the same wave without it, and in the answer."""
    start, steps = part
    where = f"step {start}" if steps == 1 else f"steps {start} to {start + steps - 1}"
    answer = Waves.classes[int(trace.answers[0].argmax())]
    settled = analysis.decided_at(trace)
    says = f"The answer is {answer}" + (f" from step {settled} on." if settled else " throughout.")
    apart = analysis.steps_apart(trace, plain, layer)
    if not len(apart):
        before = Waves.classes[int(plain.answers[0].argmax())]
        told = "z stays as there is one LSTM" if trace.k == 1 else "z stays as in the plain wave"
        if before == answer:
            return f"In the alien part ({where}) {told}: the network does not hear it. {says}"
        return f"In the alien part ({where}) {told}, yet it is heard: without it the answer is {before}. {says}"
    first, last = int(apart[0]), int(apart[-1])
    instead = f"LSTM {trace.listened(layer)[0, first] + 1} instead of {plain.listened(layer)[0, first] + 1}"
    end = "to the end" if last + 1 == int(trace.lengths[0]) else f"until step {last}"
    return (
        f"The alien part ({where}) changes z from step {first} on: {instead}. "
        f"At {common.words.number(len(apart), 'step')}, {end}, another LSTM is listened to than in the plain wave. {says}"
    )
