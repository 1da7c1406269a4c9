"""The curves of a run, the same wherever a run is shown."""

import pandas as pd
import streamlit as st

from mrnn import charts, runs
from pages.common import words
from pages.common.frame import show


def curves(run: runs.Run, total_epochs: int) -> None:
    """Loss, accuracy and use of each LSTM so far."""
    history = pd.DataFrame(list(run.history))
    one, two = st.columns(2)
    with one:
        show(
            charts.loss_curve(history[["epoch", "loss"]], total_epochs),
            key="loss",
            alt="Loss by epoch.",
        )
    with two:
        _accuracy(history, total_epochs)
    use = history[["epoch", "usage"]].explode("usage", ignore_index=True).rename(columns={"usage": "share"})
    use["share"] = use["share"].astype(float)
    use["lstm"] = use.groupby("epoch").cumcount() + 1
    show(
        charts.usage_area(use, int(use["lstm"].max()), total_epochs),
        key="use",
        alt="Use of each LSTM by epoch.",
    )
    last = history.iloc[-1]
    st.caption(
        f"After epoch {int(last['epoch'])}: {last['accuracy_hard']:.1%} right with hard choices, as in use, {last['accuracy_soft']:.1%} with "
        f"soft ones, at tau {last['tau']:.2f}; measured on a tenth of the training data, held out. {words.HARD}"
    )


def tau_beside_accuracy(history: pd.DataFrame) -> None:
    """The temperature of each epoch beside the accuracy after it; history: reports of epochs, a row each."""
    one, two = st.columns(2)
    with one:
        show(charts.temperature_sketch(history[["epoch", "tau"]]), key="schedule", alt="tau by epoch.")
    with two:
        _accuracy(history, len(history))


def _accuracy(history: pd.DataFrame, total_epochs: int) -> None:
    accuracy = history.melt("epoch", ["accuracy_hard", "accuracy_soft"], "kind", "accuracy")
    accuracy["kind"] = accuracy["kind"].str.removeprefix("accuracy_")
    show(
        charts.accuracy_curves(accuracy, total_epochs),
        key="accuracy",
        alt="Held-out accuracy by epoch, hard and soft.",
    )
