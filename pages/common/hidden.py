"""What a hidden Markov model comes to on a task whose hidden states are known, fitted once for everybody."""

import json
from typing import TYPE_CHECKING

import streamlit as st

from mrnn import Task
from mrnn.tasks import make_task

if TYPE_CHECKING:
    from mrnn.hmm import Beside


def hidden_markov(task: Task) -> "Beside | None":
    """What a hidden Markov model comes to on a task; None where it knows no hidden states."""
    return None if task.hidden_path() is None else _hidden_markov(task.name, json.dumps(task.settings))


@st.cache_data(max_entries=64, show_spinner="A hidden Markov model is fitted to the same signals")
def _hidden_markov(task: str, settings: str) -> "Beside":
    from mrnn import hmm  # nothing else should wait for hmmlearn

    return hmm.beside(make_task(task, json.loads(settings)))
