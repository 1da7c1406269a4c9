"""Make a signal, or two, and see which LSTM is listened to while it comes in."""

import math

import streamlit as st

import pages.views.waves as views
from mrnn.tasks.waves import Waves
from pages import common
from pages.common.whole import FIRST, SECOND

common.page(
    "Waves",
    "Is a second, faster wave hidden in the sine? See which LSTM the network listens to at each step, and how soon it knows.",
)
left, right = common.sides()

with left:
    entry = common.pick("waves", prefer="waves-k4", key="model_waves")
    layer = common.layer_picker(entry.config.num_layers, key="layer_waves")
    common.presets(views.PRESETS)
    two = st.toggle("Compare two signals", key="wave_two", bind="query-params")
    places = st.tabs(["First signal", "Second signal"]) if two else [st.container()]
    task = views.settings()
    if not two:
        common.link.keep(f"{SECOND}_{views.DRAW}", None)
    signals: dict[str, views.Signal] = {}
    for prefix, place in zip((FIRST, SECOND), places, strict=False):
        with place, common.refusals():
            signals[prefix] = views.signal_form(prefix, task)

with right, common.refusals():
    signal, *others = signals.values()
    traces = [entry.model.trace(one.x) for one in signals.values()]
    trace = traces[0]
    brackets, second = [], None
    if others:
        other = traces[1]
        second = other, others[0].x[0], entry.inside(others[0].x, other, layer)
        st.markdown(f"#### First: {views.verdict(signal, trace)}. Second: {views.verdict(others[0], other)}")
        reading = views.what_differs(trace, other, layer)
    else:
        st.markdown(f"#### The model says: {views.verdict(signal, trace)}")
        reading = views.what_is_heard(trace, layer)
    for spliced, its_trace, which in zip(signals.values(), traces, ("first", "second"), strict=False):
        if spliced.part is not None and spliced.plain is not None:
            name = f"alien part of the {which}" if others else "alien part"
            brackets.append((spliced.part[0], sum(spliced.part), name))
            does = views.what_the_part_does(its_trace, entry.model.trace(spliced.plain), spliced.part, layer)
            reading = f"{reading} Of the {which}: {does}" if others else does
    reading = f"{reading} Bright is probable; the strip shows the LSTM that was picked."
    common.timeline(
        trace, signal.x[0], Waves.classes, key="timeline", layer=layer, shown="alien", in_link=True, brackets=brackets,
        second=second, inside=entry.inside(signal.x, trace, layer),
        alt=f"Signal, q(t), z(t) and p(alien) over {task.T} steps. {reading}",
    )  # fmt: skip
    st.caption(f"{reading} {common.words.CURSOR}", help=common.words.Q_AND_Z)
    spacing = 20 / (task.T - 1)
    st.caption(
        f"The samples lie {spacing:.2f} apart, so waves beyond f = {math.pi / spacing:.0f} are faster than they can show: "
        "what you see of the alien part is an alias, a slower wave through the same points."
    )

common.take_along(views.python(entry, layer, list(signals.values())))
views.wave_fields(signals, task)
