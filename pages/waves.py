"""Make a signal, and see which LSTM is listened to while it comes in."""

import math

import numpy as np
import streamlit as st

from mrnn import analysis
from mrnn.tasks.waves import Waves
from pages import common

common.page(
    "Waves",
    "Is a second, faster wave hidden in the sine? See which LSTM the network listens to at each step, and how soon it knows.",
)
left, right = common.sides()

START = {"kind": "alien", "p": 0.0, "f": 144, "s": 1.0, "seed": 0}
for name, value in START.items():
    st.session_state.setdefault(f"wave_{name}", value)


def draw_at_random(task: Waves) -> None:
    for name, value in task.draw(np.random.default_rng()).items():
        st.session_state[f"wave_{name}"] = value


with left:
    entry = common.pick("waves", prefer="waves-k4", key="model_waves")
    layer = common.layer_picker(entry.config.num_layers, key="layer_waves")
    random_button = st.container()
    kind = st.segmented_control("Signal", Waves.classes, key="wave_kind", required=True, bind="query-params")
    p = st.slider(
        "Phase p", -math.pi, math.pi, step=0.01, key="wave_p", help="x runs from p to p + 20.", bind="query-params"
    )
    alien = kind == "alien"
    f = st.slider(
        "Frequency f",
        1,
        999,
        key="wave_f",
        disabled=not alien,
        help="Of the alien part, cos(f x + s).",
        bind="query-params",
    )
    s = st.slider(
        "Shift s",
        0.0,
        5.0,
        step=0.01,
        key="wave_s",
        disabled=not alien,
        help="Of the alien part, cos(f x + s).",
        bind="query-params",
    )
    with st.expander("More: length, noise, and what is drawn at random"), common.refusals():
        task = common.task_settings(Waves(), key="waves", in_link=True)
        noise_seed = st.number_input(
            "Noise seed", 0, 9_999, key="wave_seed", help="Another seed, another noise.", bind="query-params"
        )
    random_button.button(
        "Random signal",
        icon=":material/casino:",
        on_click=draw_at_random,
        args=(task,),
        type="primary",
        width="stretch",
    )

with right, common.refusals():
    signal = task.wave(str(kind), p=p, f=f, s=s, seed=noise_seed)
    trace = entry.model.trace(signal.x)
    says = trace.answers[0]
    best = Waves.classes[int(says.argmax())]
    verdict = "right" if best == kind else "wrong"
    st.markdown(f"#### The model says: {best}, {says.max():.1%} ({verdict})")
    use = analysis.usage(trace.listened(layer), trace.lengths, trace.k)
    settled = analysis.decided_at(trace)
    reading = (
        f"From step {settled} on the answer stays {best}. LSTM {use.argmax() + 1} is listened to most, "
        f"for {use.max():.0%} of the steps. Bright is probable; the strip shows the LSTM that was picked."
    )
    common.timeline(
        trace, signal.x[0], Waves.classes, key="timeline", layer=layer, shown="alien", in_link=True,
        alt=f"Signal, q(t), z(t) and p(alien) over {task.T} steps. {reading}",
    )  # fmt: skip
    st.caption(f"{reading} {common.words.CURSOR}", help=common.words.Q_AND_Z)
    spacing = 20 / (task.T - 1)
    st.caption(
        f"The samples lie {spacing:.2f} apart, so waves beyond f = {math.pi / spacing:.0f} are faster than they can show: "
        "what you see of the alien part is an alias, a slower wave through the same points."
    )

settings = ", ".join(f"{name}={value}" for name, value in task.settings.items())
common.take_along(
    f"""from mrnn import load
from mrnn.tasks.waves import Waves

model = load("{common.file_of(entry)}")
signal = Waves({settings}).wave("{kind}", p={p}, f={f}, s={s}, seed={noise_seed})
trace = model.trace(signal.x)
print(trace.q[0, {layer}].round(2))  # probability of each LSTM at each step
print(trace.listened({layer})[0] + 1)  # the LSTM that was picked
print(trace.answers[0])  # {Waves.classes}
"""
)
