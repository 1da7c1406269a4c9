"""The Overview page: what a Markov recurrent network is, and where to go from here."""

import numpy as np
import streamlit as st

from mrnn import TASKS
from mrnn.tasks.waves import Waves
from pages import common

common.page(
    "Markov recurrent networks",
    "Several LSTMs read the same signal side by side. At every step the network decides which one to listen to.",
)
SIGNAL, USUAL, MOST = "overview_seed", 20, 1_000_000  # in the address, too
PRESETS = {
    "An alien": {SIGNAL: USUAL},
    "A plain sine": {SIGNAL: 5},
    "Heard late": {SIGNAL: 25},
    "One that fools it": {SIGNAL: 2743},
}
task = TASKS["waves"]
left, right = common.sides()
common.asked.begin(SIGNAL, "signal", USUAL, lambda text: common.asked.number(text, USUAL, 0, MOST - 1))
seed = int(st.session_state[SIGNAL])

with left:
    st.markdown(
        """
A **Markov recurrent network** (Kuo and Chien, 2018) has **k LSTMs**, each free to learn its own way of remembering.
At each step it computes **q**, the probability of each LSTM, from what comes in and what it remembers.
From q it picks **z**: the LSTM whose memory goes on.

So while it learns its task it also learns **regimes** that nobody told it about,
and when to hand over from one to another.

In the picture a trained network reads a signal and asks: *is there an alien wave in it?*
"""
    )
    if st.button("Another signal", icon=":material/casino:", type="primary"):
        seed = st.session_state[SIGNAL] = int(np.random.default_rng().integers(MOST))
    common.presets(PRESETS)
    common.asked.keep(SIGNAL, seed, USUAL)
    common.asked.say()
    common.invite()

with right, common.refusals():
    entry = next(entry for entry in common.entries("waves") if entry.id == "waves-k4")
    signal = task.make(1, seed=seed)
    trace = entry.model.trace(signal.x)
    says, truth = Waves.classes[int(trace.answers[0].argmax())], Waves.classes[int(signal.y[0])]
    reading = (
        f"The signal is {truth}; after the last step the network says {says}, {trace.answers[0].max():.0%}. "
        "Top: the signal. Then q(t), brighter where an LSTM is more probable, the LSTM that was picked, "
        "and how sure the network was by then."
    )
    common.timeline(
        trace, signal.x[0], Waves.classes, key="overview", shown="alien", in_link=True, alt=reading,
        inside=entry.inside(signal.x, trace, -1),
    )  # fmt: skip
    st.caption(reading, help=common.words.Q_AND_Z)

common.take_along(
    f"""from mrnn import TASKS, load

model = load("{common.file_of(entry)}")
signal = TASKS["waves"].make(1, seed={seed})
trace = model.trace(signal.x)
print(trace.q[0, 0].round(2))  # probability of each LSTM at each step
print(trace.listened()[0] + 1)  # the LSTM that was picked
print(trace.answers[0], signal.y[0])  # {Waves.classes}
"""
)

st.subheader("Where to go")
WAYS = (
    ("pages/waves.py", "Waves", "Make a signal and watch the hand-overs."),
    ("pages/digits.py", "Digits", "Draw a digit; the network reads it row by row."),
    ("pages/own_data.py", "Own data", "Sequences of yours: which LSTM reads what in them?"),
    ("pages/laboratory.py", "Laboratory", "Strings, bits, forecasts: what each network makes of its task."),
    ("pages/train.py", "Train", "Train your own network and watch it learn."),
    ("pages/sweeps.py", "Sweeps", "Does it matter, or is it chance? The same training many times."),
    ("pages/compare.py", "Compare", "An MRNN beside an LSTM, a GRU and others of its size."),
    ("pages/transitions.py", "Transitions", "Which LSTM follows which, class by class."),
    ("pages/k_and_tau.py", "k and tau", "More LSTMs, or a softer choice: what changes?"),
)
with st.grid("auto", min_column_width=160) as grid:
    for path, label, what in WAYS:
        with grid.cell(), st.container(border=True):
            st.page_link(path, label=f"**{label}**")
            st.caption(what)

st.subheader("The equations")
st.markdown("One layer, one step. The input is $x_t$; $h_{t-1}$ and $c_{t-1}$ are what the step before handed on.")
# One below the other: side by side they would not fit a telephone.
st.latex(
    r"""\begin{aligned}
a_t &= x_t W_{xz} + h_{t-1} W_{hz} + b_z \\
q_t &= \operatorname{softmax}(a_t) \\
z_t &= \operatorname{softmax}\!\left(\tfrac{a_t + g_t}{\tau}\right) && \text{training} \\
z_t &= \text{one-hot}(\arg\max a_t) && \text{use} \\
u_j &= x_t W_{x,j} + h_{t-1} W_{h,j} + b_j && j \le k \\
i, f, o &= \sigma(u_j) \quad g = \tanh(u_j) \\
C_j &= f \odot c_{t-1} + i \odot g \\
H_j &= o \odot \tanh C_j \\
h_t &= \textstyle\sum_j z_{t,j} H_j \\
c_t &= \textstyle\sum_j z_{t,j} C_j
\end{aligned}"""
)
st.markdown(
    """
| symbol | what it is | where you see it |
| --- | --- | --- |
| $x_t$ | what comes in at step t: one number of a wave, or a row of 28 pixels | the signal on [Waves](waves), the rows on [Digits](digits) |
| $k$ | how many LSTMs stand side by side; k = 1 is a plain LSTM | side by side on [k and tau](k_and_tau) |
| $a_t$ | selection logits: the votes for each LSTM before they become probabilities | they make q, on every page |
| $q_t$ | probability of each LSTM at step t; adds up to 1 | the bright and dark lanes on [Waves](waves) and [Digits](digits) |
| $z_t$ | weight of each LSTM: one-hot in use, a blend in training | the coloured strip under q; blends on [k and tau](k_and_tau) |
| $g_t$ | Gumbel noise: makes the softmax a random draw with probabilities q | one fixed draw on [k and tau](k_and_tau) |
| $\\tau$ | tau, temperature: high blends the LSTMs, low picks nearly one | the slider on [k and tau](k_and_tau), the sketch on [Train](train) |
| $u_j$ | what LSTM j makes of the input: four parts, one for each gate | inside each LSTM |
| $i, f, o, g$ | gates of an LSTM: what it lets in, keeps, shows, and its proposal | inside each LSTM |
| $C_j, H_j$ | cell state and output of LSTM j | one colour each, the same on every page |
| $h_t, c_t$ | the mixed state, handed on to all k LSTMs | it decides the next q: see [Transitions](transitions) |
"""
)
st.caption('Source: C.-Y. Kuo and J.-T. Chien, "Markov recurrent neural networks", IEEE MLSP 2018.')
