"""The signals of the Waves page: how one is chosen, and what is said of it."""

import math
from dataclasses import dataclass, fields

import numpy as np
import streamlit as st

from mrnn import Trace, analysis
from mrnn.tasks.waves import Waves
from pages import common

MIX = "mix"
KINDS = (*Waves.classes, MIX)
START = {"kind": "alien", "p": 0.0, "f": 144, "s": 1.0, "start": 40, "share": 16, "seed": 0}
PERCENT = "%d%%"
SHAPE = ("T", "sigma")  # the settings of the task that show at once ...
RARE = [f.name for f in fields(Waves) if f.name not in SHAPE]  # ... and those that lie in a fold


@dataclass(frozen=True)
class Signal:
    """A signal that was chosen.

    x      (1, T, 1)
    truth  its class
    part   (first step, number of steps) of the alien part that is spliced in, or None
    plain  (1, T, 1), the same without that part
    code   Python that makes x, where `Waves` is known
    """

    x: np.ndarray
    truth: str
    part: tuple[int, int] | None
    plain: np.ndarray
    code: str


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
    for name, value in START.items():
        st.session_state.setdefault(f"{prefix}_{name}", value)

    def slider(
        name: str, label: str, least: float, most: float, help: str, *, off: bool = False, of: str | None = None
    ) -> float:
        step = 2 if of else 0.01 if isinstance(least, float) else 1
        return st.slider(
            label,
            least,
            most,
            step=step,
            format=of,
            key=f"{prefix}_{name}",
            help=help,
            disabled=off,
            bind="query-params",
        )

    st.button(
        "Random signal", icon=":material/casino:", on_click=draw_at_random, args=(prefix, task), type="primary",
        width="stretch", key=f"{prefix}_random",
    )  # fmt: skip
    kind = st.segmented_control("Signal", KINDS, key=f"{prefix}_kind", required=True, bind="query-params")
    part = None
    if kind == MIX:
        # In percent: then the part keeps its place while the number of steps changes.
        begin = slider("start", "The alien part begins at", 0, 98, "The sine is plain before.", of=PERCENT)
        share = slider("share", "and takes, of the signal", 2, 100, "The sine is plain again after it.", of=PERCENT)
        start = int(begin * task.T / 100)
        part = start, min(max(1, round(share * task.T / 100)), task.T - start)
    plain = kind == "non-alien"
    p = slider("p", "Phase p", -math.pi, math.pi, "x runs from p to p + 20.")
    f = int(slider("f", "Frequency f", 1, 999, "Of the alien part, cos(f x + s).", off=plain))
    s = slider("s", "Shift s", 0.0, 5.0, "Of the alien part, cos(f x + s).", off=plain)
    seed = int(
        st.number_input(
            "Noise seed", 0, 9_999, key=f"{prefix}_seed", help="Another seed, another noise.", bind="query-params",
            disabled=task.sigma == 0,
        )
    )  # fmt: skip
    truth = "non-alien" if plain else "alien"
    data = task.wave(truth, p=p, f=f, s=s, seed=seed, part=part)
    chosen = ", ".join(f"{name}={value}" for name, value in task.settings.items())
    spliced = "" if part is None else f", part={part}"
    return Signal(
        x=data.x,
        truth=truth,
        part=part,
        plain=task.wave("non-alien", p=p, seed=seed).x,
        code=f'Waves({chosen}).wave("{truth}", p={p}, f={f}, s={s}, seed={seed}{spliced}).x',
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
        return f"In the alien part ({where}) z stays as in the plain wave: the network does not hear it. {says}"
    first, last = int(apart[0]), int(apart[-1])
    instead = f"LSTM {trace.listened(layer)[0, first] + 1} instead of {plain.listened(layer)[0, first] + 1}"
    end = "to the end" if last + 1 == int(trace.lengths[0]) else f"until step {last}"
    return (
        f"The alien part ({where}) changes z from step {first} on: {instead}. "
        f"At {len(apart)} steps, {end}, another LSTM is listened to than in the plain wave. {says}"
    )
