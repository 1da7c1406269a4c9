"""Train a network in a process of its own, and watch it learn."""

import pandas as pd
import streamlit as st

from mrnn import TASKS, RunConfig, charts, runs
from mrnn.devices import available_devices
from mrnn.model import count_weights
from pages import common

REFRESH = 1.0  # seconds between two looks at a run
DEVICES = {"cuda": "the GPU (CUDA)", "mps": "Apple's GPU (MPS)", "cpu": "the CPU"}

common.page(
    "Train",
    "Choose a network and watch it learn. It trains in a process of its own: look at the other pages meanwhile.",
)
left, right = st.columns([1, 2], gap="large")
owner = common.owner()
common.engine().prepare()
mine = runs.list_runs(owner)
active = next((run for run in mine if run.active), None)
watched = active.id if active else st.session_state.get("watched")
shown = next((run for run in mine if run.id == watched), None)
shown = shown or next((run for run in mine if run.state != "uploaded"), None)


def start(config: RunConfig) -> None:
    run_id = runs.create(config, owner)
    with st.spinner("Starting the training engine"):
        common.engine().start()
    st.session_state["watched"] = run_id
    st.rerun()


with left:
    # What starts a run stands above the form, but needs what the form says.
    button = st.container()
    config: RunConfig | None = None
    try:
        config = common.run_settings()
    except ValueError as error:
        button.error(str(error), icon=":material/error:")
    chosen_device = config.training.device if config else "auto"
    device = available_devices()[0] if chosen_device == "auto" else chosen_device
    if config is not None:
        weights = f"k = {config.model.k}: {count_weights(config.model):,} weights"
        button.markdown(f"**{weights}**, trained on {DEVICES.get(device, device)}")
    pressed = button.button(
        "Train", icon=":material/play_arrow:", type="primary", width="stretch", key="train", disabled=active is not None or config is None,
        help="One run at a time for each person." if active else None,
    )  # fmt: skip
    if pressed and config is not None:
        with common.refusals():
            start(config)
    if config is not None:
        epochs = range(1, config.training.epochs + 1)
        schedule = pd.DataFrame({"epoch": epochs, "tau": [config.training.tau(epoch) for epoch in epochs]})
        common.show(charts.temperature_sketch(schedule), key="schedule", alt="tau, the temperature, by epoch.")
        st.caption(
            f"tau falls from {schedule['tau'].iloc[0]:.2f} to {schedule['tau'].iloc[-1]:.2f} with these settings."
        )


def heading(run: runs.Run) -> str:
    if run.config is None:
        return run.label
    return f"{TASKS[run.config.task].title}, {run.label}"


def measured(run: runs.Run) -> bool:
    """False while a run trains, and after it was stopped until the model has met the test data."""
    return not run.active and (not run.result or "test_n" in run.result.get("figures", {}))


@st.fragment(run_every=None if shown is None or measured(shown) else REFRESH)
def live(run_id: str) -> None:
    run = runs.read(run_id)
    total_epochs = run.config.training.epochs if run.config else 1
    if run.state == "waiting":
        ahead = sum(r.active and r.created < run.created for r in runs.list_runs())
        st.info(
            f"Waiting: {ahead} {'run is' if ahead == 1 else 'runs are'} ahead of yours."
            if ahead
            else "Starting a process to train in."
            if run.attempts == 0
            else f"The process that trained it was lost; it goes on after epoch {len(run.history)}."
        )
    elif run.state == "running":
        seconds = sum(report["seconds"] for report in run.history)
        rest = seconds / len(run.history) * (total_epochs - len(run.history)) if run.history else None
        done = f"Epoch {min(len(run.history) + 1, total_epochs)} of {total_epochs} on {DEVICES.get(run.device, run.device)}"
        left_over = f", about {rest:.0f} s left" if rest else ""
        st.progress(
            run.done / run.total if run.total else 0.0, text=f"{done}{left_over}" if run.total else "Preparing the data"
        )
    elif run.state == "failed":
        st.error(f"Training failed: {run.reason}", icon=":material/error:")
    else:
        figures = run.result.get("figures", {})
        limit = figures.get("limit_seconds")
        kept = (
            "the best model so far is kept" if run.history else "no epoch was finished, so the model has learnt little"
        )
        what = f"Stopped; {kept}" if run.state == "stopped" else "Finished"
        if limit is not None:
            what = f"Ended after {limit:.0f} s, as long as a run may train here; the best model so far is kept"
        if figures and not measured(run):
            st.info(f"{what}. It is being measured on the test data.")
        elif figures:
            st.success(
                f"{what}: {figures['test_accuracy_hard']:.2%} of {figures['test_n']:,} test sequences right in use "
                f"({figures['test_accuracy_soft']:.2%} soft). It is in every page's model picker.",
                icon=":material/check_circle:",
            )
        else:
            st.info("Stopped before it began.")
    if run.active and st.button(
        "Stop",
        icon=":material/stop:",
        key="stop",
        help="Training ends after the batch at work; the best model is kept.",
    ):
        runs.stop(run_id)
    if run.history:
        common.curves(run, total_epochs)
    elif run.active:
        st.caption("The curves begin after the first epoch.")
    if active is not None and not run.active:
        if run.model_file is not None and run.config is not None:
            for key in (f"model_{run.config.task}", "model_transitions", f"tau_model_{run.config.task}"):
                st.session_state[key] = run.id
        st.rerun()
    if shown is not None and measured(run) != measured(shown):
        st.rerun()


def add_upload() -> None:
    """Keep what was just uploaded, or say what is wrong with it."""
    file = st.session_state.get("upload")
    if file is None:
        return
    try:
        run_id = runs.adopt(file.getvalue(), file.name, owner)
        task = runs.read(run_id).result["task"]
        for key in (f"model_{task}", "model_transitions", f"tau_model_{task}"):
            st.session_state[key] = run_id
        said = f"{file.name} is now in the model pickers, for {TASKS[task].title}."
        st.session_state["upload_said"] = (True, said)
    except (ValueError, OSError) as error:
        st.session_state["upload_said"] = (False, " ".join(str(error).split()))


def own_model(run: runs.Run) -> None:
    """One line of the list of one's own models."""
    damaged = run.model_file is not None and run.id not in usable
    name, figure, download, delete = st.columns([5, 3, 2, 2], vertical_alignment="center")
    name.markdown(f"**{TASKS[run.result['task']].title if run.result else ''}** {run.label}")
    accuracy = run.result.get("figures", {}).get("test_accuracy_hard")
    right = "" if accuracy is None else f", {accuracy:.2%} right"
    reason = "its file is damaged; delete it" if damaged else run.reason
    figure.markdown(f"{run.state}{right}{': ' + reason if reason else ''}")
    file = run.model_file
    if file is not None and not damaged:
        download.download_button(
            "Download", file.read_bytes, f"{run.result.get('task', 'model')}-{run.id}.safetensors", icon=":material/download:",
            key=f"download_{run.id}", on_click="ignore", width="stretch",
        )  # fmt: skip
    if delete.button("Delete", icon=":material/delete:", key=f"delete_{run.id}", width="stretch"):
        with common.refusals():
            runs.delete(run.id, owner)
        st.rerun()


with right:
    if shown is None:
        st.markdown("#### Nothing trained yet")
        st.markdown(
            "Press **Train**. With the settings as they stand a small network learns to tell alien from "
            "non-alien waves in about half a minute on two CPU cores. Here you will see, epoch by epoch:"
        )
        st.markdown(
            "- the **loss**, which should fall;\n"
            "- the **accuracy**, hard and soft: when the two part, the network leans on blending its LSTMs;\n"
            "- the **use of each LSTM**: does it listen to all of them, or forget some?"
        )
    else:
        st.markdown(f"#### {heading(shown)}")
        live(shown.id)

st.divider()
st.subheader("Your models")
over = [run for run in mine if not run.active]
usable = {entry.id for entry in common.entries(owner=owner)}
if not over:
    st.caption("None yet. What you train or upload is listed here; only this browser sees it.")
for run in over[:20]:
    own_model(run)
st.file_uploader(
    "Load a model file (.safetensors) that was downloaded here, or saved by mrnn", type="safetensors", key="upload", on_change=add_upload,
    help="It is checked and kept for this browser alone.",
)  # fmt: skip
if "upload_said" in st.session_state:
    good, text = st.session_state.pop("upload_said")
    (st.success if good else st.error)(text)
