"""The curves of a run, the same wherever a run is shown."""

import pandas as pd
import streamlit as st

from mrnn import charts, runs
from mrnn.data import Target
from mrnn.scores import MEANINGS, SCORES, written, written_with_name
from pages.common import words
from pages.common.frame import show


def curves(run: runs.Run, total_epochs: int) -> None:
    """Loss, score and use of each LSTM so far."""
    target: Target = run.config.model.target if run.config else "class"
    history = pd.DataFrame(list(run.history))
    one, two = st.columns(2)
    with one:
        show(charts.loss_curve(history[["epoch", "loss"]], total_epochs), key="loss")
    with two:
        _score(history, total_epochs, target)
    use = history[["epoch", "usage"]].explode("usage", ignore_index=True).rename(columns={"usage": "share"})
    use["share"] = use["share"].astype(float)
    use["lstm"] = use.groupby("epoch").cumcount() + 1
    show(charts.usage_area(use, int(use["lstm"].max()), total_epochs), key="use")
    last = history.iloc[-1]
    st.caption(
        f"After epoch {int(last['epoch'])}: {written_with_name(target, last['accuracy_hard'])} with hard choices, as in use, {written(target, last['accuracy_soft'])} with "
        f"soft ones, at tau {last['tau']:.2f}; measured on a tenth of the training data, held out. {MEANINGS[target]} {words.HARD}"
    )


def tau_beside_accuracy(history: pd.DataFrame, target: Target) -> None:
    """The temperature of each epoch beside the score after it.

    history  reports of epochs, a row each
    target   of what they are scores
    """
    one, two = st.columns(2)
    with one:
        show(charts.temperature_sketch(history[["epoch", "tau"]]), key="schedule")
    with two:
        _score(history, len(history), target)


def _score(history: pd.DataFrame, total_epochs: int, target: Target) -> None:
    accuracy = history.melt("epoch", ["accuracy_hard", "accuracy_soft"], "kind", "accuracy")
    accuracy["kind"] = accuracy["kind"].str.removeprefix("accuracy_")
    show(charts.accuracy_curves(accuracy, total_epochs, SCORES[target]), key="accuracy")
