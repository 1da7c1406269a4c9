"""Draw a digit, or take one of MNIST's test digits, or two, and see how the network reads it row by row."""

import numpy as np
import streamlit as st

import pages.views.digits as views
from pages import common

common.page(
    "Digits",
    "The network reads a digit row by row, from the top. See which LSTM it listens to at each row, and when it makes up its mind.",
)
two = st.session_state.get("digit_source", common.link.given("digit_source")) == views.TWO
controls, picture = common.sides(above=two)


def open_digit(number: int, key: str = "digit_number") -> None:
    st.session_state[key] = number


with controls, st.container(horizontal=two, vertical_alignment="bottom"):
    entry = common.pick("digits", prefer="digits-k4", key="model_digits")
    # Else the address says nothing of what a preset sets, until it is drawn again.
    for key, usual in views.NUMBERS.items():
        st.session_state.setdefault(key, usual)
    asked = st.segmented_control(
        "Digit",
        ("Draw", "Test digit", views.TWO),
        default="Draw",
        required=True,
        key="digit_source",
        bind="query-params",
        persist_state="session",
    )
    source = asked or "Draw"  # nothing where the page is being closed
    if two != (source == views.TWO):  # the browser's Back changes it as it is drawn
        st.rerun()
    place = st.container(horizontal=two, width="content" if two else "stretch")
    layer = common.layer_picker(entry.config.num_layers, key="layer_digits")

packed = common.drawn("drawing") if source == "Draw" else None
if source != "Draw":
    common.link.keep(common.drawing.KEPT, None)
numbers, heading, field = [views.EXAMPLE], None, place
with place:
    if two:
        pair = (("First", "digit_first", 0), ("Second", "digit_second", 1))
        numbers = [views.ask_number(label, key, views.PAIR[n], width=140) for label, key, n in pair]
    elif source == "Test digit":
        numbers = [views.ask_number("Number of the test digit", "digit_number", views.EXAMPLE)]
        st.button(
            "Random test digit", icon=":material/casino:", type="primary", width="stretch",
            on_click=lambda: open_digit(int(np.random.default_rng().integers(views.COUNT))),
        )  # fmt: skip
    else:
        field = common.drawing.room(
            "drawing",
            common.drawing.HIGH["digit"],
            "Draw one digit with the mouse or a finger; the answer follows each stroke.",
        )
    if source == "Draw" and packed is None:
        heading = f"Nothing drawn yet: here is a test digit, a {views.test_digit(views.EXAMPLE).truth}"

digits = [views.test_digit(number) for number in numbers] if packed is None else [views.drawing(packed)]
with picture, common.refusals():
    if two:
        views.two(entry, digits, layer)
    else:
        views.one(entry, digits[0], layer, heading)

along = st.container()
st.caption("Digits: MNIST, by Yann LeCun, Corinna Cortes and Christopher J. C. Burges, licence CC BY-SA 3.0.")
hidden = common.link.controls_hidden()
with picture if two and not hidden else controls:
    st.caption("Try")
    common.presets(views.PRESETS)
    below = st.container()
if source != "Draw" and not hidden:
    with below:
        st.markdown("**Gallery of test digits**")
        key = "digit_number"
        if two:
            fills = st.segmented_control("A click opens it as", ("First", "Second"), default="First", required=True)
            key = "digit_second" if fills == "Second" else "digit_first"
        common.gallery(
            entry, key="gallery", opened=st.session_state[key], on_open=lambda number: open_digit(number, key)
        )
with along:
    common.take_along(views.code(entry, digits, layer))
# Last, so that all else is there before it asks for the next run.
if source == "Draw":
    with field:
        common.drawing_field("drawing")
