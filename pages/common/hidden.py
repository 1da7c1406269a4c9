"""What hidden Markov models come to on a task whose hidden states are known, fitted once for everybody."""

import json
from typing import TYPE_CHECKING

import streamlit as st

from mrnn import Task
from pages.common.measures import measured

if TYPE_CHECKING:
    from mrnn.hmm import Beside


def hides(task: Task) -> bool:
    """Whether a task knows hidden states, so that hidden Markov models can stand beside networks."""
    return task.hidden(1, 0) is not None


def hidden_markov(task: Task) -> "list[Beside] | None":
    """What hidden Markov models come to on a task that hides something; None until somebody asked for it."""
    from mrnn import hmm  # nothing else should wait for hmmlearn

    try:
        hmm.check_size(task)
    except ValueError as error:
        st.info(f"No hidden Markov model stands beside them: {error}.", icon=":material/info:")
        return None
    return measured(
        ("hidden_markov", task.name, json.dumps(task.settings)), lambda on_part: hmm.beside(task, on_part), key="hidden_markov",
        button="Fit hidden Markov models beside them", promise="A plain and an autoregressive one, to the same training signals. Takes some seconds, once.",
    )  # fmt: skip
