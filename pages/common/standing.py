"""How far a run is, in a sentence: where it stands in the queue, how much it has learned, how it ended."""

from collections.abc import Sequence

import streamlit as st

from mrnn import faults, room, runs
from mrnn.config import RunConfig
from mrnn.forecast import duration, remaining_seconds, seconds_until_start, slowness
from mrnn.scores import written, written_with_name
from mrnn.tasks import make_task
from pages.common.models import engine
from pages.common.table import target_of

DEVICES = {"cuda": "the GPU (CUDA)", "mps": "Apple's GPU (MPS)", "cpu": "the CPU"}


def on(device: str) -> str:
    """A device as people call it."""
    return DEVICES.get(device, device)


def waiting(run: runs.Run) -> str:
    """Where a run stands in the queue, and when it may begin; or why nothing begins just now."""
    if run.owner == runs.COMMAND_LINE:
        return (
            "It is trained by the command that asked for it, `python -m mrnn sweep`; if that was broken off, the same "
            "command goes on."
        )
    if engine().trouble:
        return (
            f"Training cannot begin just now: {engine().trouble}. It is tried again every few seconds, "
            "and what waits keeps its place."
        )
    in_line, running, slots = engine().queue(), engine().training(), engine().slots
    ahead = len(running) + next((place for place, other in enumerate(in_line) if other.id == run.id), 0)
    if ahead < slots:
        if run.attempts:
            return f"The process that trained it was lost; it goes on after epoch {len(run.history)}."
        return "It is next: a process to train in is getting ready."
    seconds = seconds_until_start(run.id, running, in_line, slots, slowness(runs.list_runs()))
    who = "1 run is" if ahead == 1 else f"{ahead} runs are"
    return f"Waiting: {who} ahead of yours; it begins in about {duration(seconds)}."


def room_for(configs: Sequence[RunConfig], owner: str) -> None:
    """Say beforehand which runs would go, to make room for these."""
    try:
        gone = room.to_go(room.needed_bytes(configs))
    except ValueError as error:
        st.warning(faults.sentence(error), icon=":material/hard_drive:")
        return
    if gone:
        yours = ", then ".join(run.label for run in gone[:3] if run.owner == owner)
        st.warning(
            f"Starting this may take {room.needed_bytes(configs) / 2**20:,.0f} MB, for which the oldest "
            f"{'run' if len(gone) == 1 else f'{len(gone)} runs'} that are over and not published go"
            f"{f'; of yours: {yours}' if yours else ''}. Download or publish what you want to keep.",
            icon=":material/hard_drive:",
        )


def show(run: runs.Run) -> None:
    """Say how far a run is."""
    if run.state == "waiting":
        st.info(waiting(run))
    elif run.state == "running":
        st.progress(run.done / run.total if run.total else 0.0, text=_running(run))
    elif run.state == "failed":
        st.error(f"Training failed: {run.reason}.", icon=":material/error:")
    elif run.state == "broken":
        st.error(f"This run is broken: {run.reason}. Others are not touched by it.", icon=":material/broken_image:")
    else:
        _over(run)


def _running(run: runs.Run) -> str:
    epochs = run.config.training.epochs if run.config else 1
    if run.stopping:
        return "Stopping: the batch at work is its last"
    if not run.total:
        return "Preparing the data"
    if len(run.history) == epochs:
        return "All epochs are done; the best model is being measured on the test data"
    left = f", about {duration(remaining_seconds(run))} left" if run.history else ""
    return f"Epoch {len(run.history) + 1} of {epochs} on {on(run.device)}{left}"


def _over(run: runs.Run) -> None:
    figures = run.result.get("figures", {})
    kept = "the best model so far is kept" if run.history else "no epoch was finished, so the model has learnt little"
    what = f"Stopped; {kept}" if run.state == "stopped" else "Finished"
    if "limit_seconds" in figures:
        limit = duration(figures["limit_seconds"])
        what = f"Ended after {limit}, as long as a run may train here; {kept}"
    if run.model_file is None:
        st.info(_without_model(run))
    elif run.measuring:
        st.info(f"{what}. It is being measured on the test data.")
    elif "test_n" not in figures:
        st.info(f"{what}. It was not measured on the test data.")
    else:
        st.success(
            f"{what}: {_result(run)}. It is in the model picker of each page that can show its task.",
            icon=":material/check_circle:",
        )


def _without_model(run: runs.Run) -> str:
    if run.state != "stopped":
        return "It has no model."
    if run.history:
        return f"Stopped after epoch {len(run.history)}; its best model so far is being put into place."
    return "Stopped before its first epoch was over." if run.attempts else "Stopped before it began."


def _result(run: runs.Run) -> str:
    """How the model did on the test data."""
    figures, target = run.result["figures"], target_of(run)
    hard, soft = figures["test_accuracy_hard"], figures["test_accuracy_soft"]
    if run.config is not None and make_task(run.config.task, run.config.settings).names_one_class:
        return f"{hard:.2%} of {figures['test_n']:,} test sequences right in use ({soft:.2%} soft)"
    steps = "the steps of " if run.config is not None and run.config.model.per_step else ""
    told = f"{written_with_name(target, hard)} in use, on {steps}{figures['test_n']:,} test sequences"
    return f"{told} ({written(target, soft)} soft)"
