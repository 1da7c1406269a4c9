"""Draw a digit, or take one of MNIST's test digits, and see how the network reads it row by row."""

import numpy as np
import pandas as pd
import streamlit as st

from mrnn import TASKS, analysis, charts
from mrnn.tasks.digits import unpack
from pages import common

EXAMPLE = 4  # shown until something is drawn

common.page(
    "Digits",
    "The network reads a digit row by row, from the top. See which LSTM it listens to at each row, and when it makes up its mind.",
)
left, right = common.sides()
classes = TASKS["digits"].classes
test = common.sequences("digits", "{}", 10_000, 0)


def another_digit() -> None:
    st.session_state["digit_number"] = int(np.random.default_rng().integers(len(test)))


with left:
    entry = common.pick("digits", prefer="digits-k4", key="model_digits")
    source = st.segmented_control(
        "Digit", ("Draw", "Test digit"), default="Draw", required=True, key="digit_source", bind="query-params"
    )
    truth: str | None = None
    number: int | None = None  # of a test digit
    field = st.container()
    packed = common.drawn("drawing") if source == "Draw" else None
    if source == "Draw":
        st.caption(
            "Draw one digit with the mouse or a finger; the answer follows each stroke.", help=common.drawing.KEYS
        )
        if packed is None:
            number, image, truth = EXAMPLE, test.x[EXAMPLE], classes[int(test.y[EXAMPLE])]
        else:
            image = unpack(packed)
    else:
        st.session_state.setdefault("digit_number", EXAMPLE)
        asked = st.number_input(
            "Number of the test digit", 0, len(test) - 1, key="digit_number", bind="query-params",
            help="MNIST's 10,000 test digits, in an order of their own. No model was trained on them.",
        )  # fmt: skip
        st.button(
            "Random test digit", icon=":material/casino:", on_click=another_digit, type="primary", width="stretch"
        )
        number = int(asked)
        common.link.keep(common.drawing.KEPT, None)
        image, truth = test.x[number], classes[int(test.y[number])]
    layer = common.layer_picker(entry.config.num_layers, key="layer_digits")

with right, common.refusals():
    trace = entry.model.trace(image[None])
    says = trace.answers[0]
    best = classes[int(says.argmax())]
    if source == "Draw" and packed is None:
        st.markdown(f"#### Nothing drawn yet: here is a test digit, a {truth}")
    elif truth is None:
        st.markdown(f"#### The model reads a {best}, {says.max():.1%}")
    else:
        verdict = "right" if best == truth else f"wrong, it is a {truth}"
        st.markdown(f"#### The model reads a {best}, {says.max():.1%} ({verdict})")
    settled = analysis.decided_at(trace)
    reading = (
        f"Time runs downwards, row by row. From row {settled} on the answer stays {best}. "
        "Level with each row: q, brighter where an LSTM is more probable; the LSTM that was picked; the answer so far."
    )
    common.timeline(
        trace, image, classes, key="rows", layer=layer, down=True,
        alt=f"The digit as 28 x 28 pixels beside q(t) and z(t). {reading}",
    )  # fmt: skip
    st.caption(
        f"{reading} {common.words.CURSOR} The picture is what the network sees: 28 x 28 pixels, scaled and centred as MNIST's digits are.",
        help=common.words.Q_AND_Z,
    )
    st.markdown("**Answer after the last row**")
    table = pd.DataFrame({"class": classes, "probability": says})
    common.show(charts.class_bars(table), key="answers", alt=f"Probability of each digit; {best} is first.")

if packed is None:
    where, read = "from mrnn import TASKS, load", f'TASKS["digits"].make({len(test):_}, seed=0).x[{number}]'
else:
    where, read = "from mrnn import load\nfrom mrnn.tasks.digits import unpack", f'unpack("{packed}")'
common.take_along(
    f"""{where}

model = load("{common.file_of(entry)}")
image = {read}  # (28, 28), rows from 0 to 1
trace = model.trace(image[None])
print(trace.q[0, {layer}].round(2))  # probability of each LSTM at each row
print(trace.listened({layer})[0] + 1)  # the LSTM that was picked
print(trace.answers[0].argmax())
"""
)
st.caption("Digits: MNIST, by Yann LeCun, Corinna Cortes and Christopher J. C. Burges, licence CC BY-SA 3.0.")
if source == "Draw":
    with field:
        common.drawing_field("drawing")
