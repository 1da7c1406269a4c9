"""Draw a digit, or take one of MNIST's test digits, and see how the network reads it row by row."""

import numpy as np
import streamlit as st

import pages.views.digits as views
from pages import common

common.page(
    "Digits",
    "The network reads a digit row by row, from the top. See which LSTM it listens to at each row, and when it makes up its mind.",
)
left, right = common.sides()


def open_digit(number: int) -> None:
    st.session_state["digit_number"] = number


with left:
    entry = common.pick("digits", prefer="digits-k4", key="model_digits")
    st.session_state.setdefault("digit_source", "Draw")
    source = st.segmented_control(
        "Digit", ("Draw", "Test digit"), required=True, key="digit_source", bind="query-params"
    )
    place = st.container()
    layer = common.layer_picker(entry.config.num_layers, key="layer_digits")
    st.caption("Try")
    common.presets(views.PRESETS)
    shelf = st.container()

packed, heading, number = None, None, views.EXAMPLE
if source == "Draw":
    packed = common.drawn("drawing")
    if packed is None:
        heading = f"Nothing drawn yet: here is a test digit, a {views.test_digit(number).truth}"
else:
    common.link.keep(common.drawing.KEPT, None)
    with place:
        number = views.ask_number("Number of the test digit", "digit_number", views.EXAMPLE)
        st.button(
            "Random test digit", icon=":material/casino:", type="primary", width="stretch",
            on_click=lambda: open_digit(int(np.random.default_rng().integers(views.COUNT))),
        )  # fmt: skip
seen = views.test_digit(number) if packed is None else views.drawing(packed)
with right, common.refusals():
    views.one(entry, seen, layer, heading)

common.take_along(views.code(entry, [seen], layer))
st.caption("Digits: MNIST, by Yann LeCun, Corinna Cortes and Christopher J. C. Burges, licence CC BY-SA 3.0.")
# Last, so that all else is there while these are waited for, or ask for the next run.
if source == "Draw":
    with place:
        common.drawing_field("drawing")
        st.caption(
            "Draw one digit with the mouse or a finger; the answer follows each stroke.", help=common.drawing.KEYS
        )
else:
    with shelf:
        st.markdown("**Gallery of test digits**")
        common.gallery(entry, key="gallery", opened=number, on_open=open_digit)
