"""Make a signal, and see which LSTM is listened to while it comes in."""

import math

import streamlit as st

from mrnn import analysis
from mrnn.tasks.waves import Waves
from pages import common
from pages.views.waves import python, settings, signal_form, wave_fields, what_the_part_does

common.page(
    "Waves",
    "Is a second, faster wave hidden in the sine? See which LSTM the network listens to at each step, and how soon it knows.",
)
left, right = common.sides()

with left:
    entry = common.pick("waves", prefer="waves-k4", key="model_waves")
    layer = common.layer_picker(entry.config.num_layers, key="layer_waves")
    first = st.container()
    task = settings()
    with first, common.refusals():
        signal = signal_form("wave", task)

with right, common.refusals():
    trace = entry.model.trace(signal.x)
    says = trace.answers[0]
    best = Waves.classes[int(says.argmax())]
    verdict = "" if signal.truth is None else " (right)" if best == signal.truth else " (wrong)"
    st.markdown(f"#### The model says: {best}, {says.max():.1%}{verdict}")
    if signal.part is None or signal.plain is None:
        use = analysis.usage(trace.listened(layer), trace.lengths, trace.k)
        reading = (
            f"From step {analysis.decided_at(trace)} on the answer stays {best}. LSTM {use.argmax() + 1} is listened to most, "
            f"for {use.max():.0%} of the steps."
        )
        bracket = None
    else:
        reading = what_the_part_does(trace, entry.model.trace(signal.plain), signal.part, layer)
        bracket = signal.part[0], sum(signal.part), "alien part"
    reading = f"{reading} Bright is probable; the strip shows the LSTM that was picked."
    common.timeline(
        trace, signal.x[0], Waves.classes, key="timeline", layer=layer, shown="alien", in_link=True, bracket=bracket,
        alt=f"Signal, q(t), z(t) and p(alien) over {task.T} steps. {reading}",
    )  # fmt: skip
    st.caption(f"{reading} {common.words.CURSOR}", help=common.words.Q_AND_Z)
    spacing = 20 / (task.T - 1)
    st.caption(
        f"The samples lie {spacing:.2f} apart, so waves beyond f = {math.pi / spacing:.0f} are faster than they can show: "
        "what you see of the alien part is an alias, a slower wave through the same points."
    )

common.take_along(python(entry, layer, signal))
wave_fields({"wave": signal}, task)
