"""What changes with k, the number of LSTMs, with tau, the temperature of the choice, and with the choice itself."""

import streamlit as st

from pages import common
from pages.views.k_and_tau.lesions import lesions
from pages.views.k_and_tau.memory import memory
from pages.views.k_and_tau.number import number
from pages.views.k_and_tau.temperature import temperature
from pages.views.k_and_tau.training import training

VIEWS = {
    "Number of LSTMs": number,
    "Temperature": temperature,
    "Lesions": lesions,
    "Training": training,
    "Mixed or own": memory,
}

common.page(
    "k and tau",
    "More LSTMs, a softer choice, an LSTM less, an epoch earlier: change one thing, and see the same signal read again.",
)
view = st.pills(
    "View", list(VIEWS), default="Number of LSTMs", required=True, wrap=True, key="k_view", bind="query-params",
    persist_state="session",
)  # fmt: skip
common.take_along(VIEWS[view or "Number of LSTMs"]())
