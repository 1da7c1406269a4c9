"""Train a network in a process of its own, and watch it learn."""

import pandas as pd
import streamlit as st

from mrnn import RunConfig, bounds, charts, faults, owndata, queue, room, runs, uploads
from mrnn.devices import available_devices
from mrnn.forecast import duration, slowness, training_seconds
from mrnn.matching import count_weights
from pages import common
from pages.common.shown import RUN

REFRESH = 1.0  # seconds between two looks at a run

common.page(
    "Train",
    "Choose a network and watch it learn. It trains in a process of its own: look at the other pages meanwhile.",
)
owner = common.owner()
common.engine().prepare()
mine = runs.list_runs(owner)
at_work = [run for run in mine if run.active]
active = next((run for run in at_work if run.state == "running"), None) or next(iter(at_work), None)
if active is not None:
    common.engine().wake()  # it may have been resumed, or be left from before a restart


def watched() -> runs.Run | None:
    """The run whose curves are shown: the one asked for, the one at work, or the newest."""
    asked = st.session_state.get("watched")
    own = [run for run in mine if run.state != "uploaded"]
    at_address = common.shown.at_address(RUN, runs.read)
    return at_address or next((run for run in own if run.id == asked), None) or active or next(iter(own), None)


def watch(run_id: str) -> None:
    st.session_state["watched"] = run_id
    common.link.keep(RUN, run_id)


def resume(run_id: str) -> None:
    try:
        queue.resume(run_id, owner)
        watch(run_id)
    except (ValueError, OSError) as error:
        st.session_state["said"] = (False, faults.sentence(error))


def stop(run_id: str) -> None:
    try:
        runs.stop(run_id)
    except OSError as error:
        st.session_state["said"] = (False, faults.sentence(error))


shown = watched()
common.shown.keep_in_link(
    RUN, shown, "this run", "There is no run to be seen at this address: it was deleted, or its owner has not published it. "
    "Below is what this browser trains.",
)  # fmt: skip
# On a narrow screen the two stand one above the other: whoever pressed Train sees the run first.
asked_for = shown is not None and (shown.active or shown.id == st.session_state.get("watched"))
with st.container(key="run-first" if asked_for else "form-first"):
    left, right = st.columns([1, 2], gap="large")


def start(config: RunConfig) -> None:
    run_id = queue.create(config, owner)
    watch(run_id)
    common.engine().wake()
    st.rerun()


with left:
    # What starts a run stands above the form, but needs what the form says.
    button = st.container()
    config: RunConfig | None = None
    try:
        config = common.run_settings()
    except ValueError as error:
        button.error(str(error), icon=":material/error:")
    with button:
        common.asked.say()
    chosen_device = config.training.device if config else "auto"
    device = available_devices()[0] if chosen_device == "auto" else chosen_device
    if config is not None:
        weights = f"k = {config.model.k}: {count_weights(config.model):,} weights"
        button.markdown(f"**{weights}**, trained on {common.standing.on(device)}")
        with button:
            common.standing.room_for([config], owner)
    pressed = button.button(
        "Train", icon=":material/play_arrow:", type="primary", width="stretch", key="train", disabled=active is not None or config is None,
        help="One run at a time for each person." if active else None,
    )  # fmt: skip
    if pressed and config is not None:
        try:
            start(config)
        except (ValueError, OSError) as error:  # the rest of the page stays
            with button:
                common.refuse(error)
    if config is not None:
        epochs = range(1, config.training.epochs + 1)
        schedule = pd.DataFrame({"epoch": epochs, "tau": config.training.temperatures})
        common.show(charts.temperature_sketch(schedule), key="schedule")
        st.caption(
            f"tau falls from {schedule['tau'].iloc[0]:.2f} to {schedule['tau'].iloc[-1]:.2f} with these settings."
        )
    st.caption("Try")
    common.settings_presets()


def task_of(run: runs.Run) -> str:
    return str(run.config.task if run.config else run.result.get("task", ""))


def heading(run: runs.Run) -> str:
    task = task_of(run)
    return f"{common.task_title(task)}, {run.label}" if run.config and task else run.label


def live_still(run: runs.Run) -> bool:
    """True while there is something to come: it waits, trains, or is being measured."""
    return run.active or run.measuring


@st.fragment(run_every=REFRESH if shown is not None and live_still(shown) else None)
def live(run_id: str) -> None:
    run = runs.read(run_id)
    if run.owner != owner and not run.public:
        st.rerun()  # it was public a moment ago
    common.standing.show(run)
    seen_on_own_data(run)
    if run.active and run.owner == owner:
        st.button(
            "Stop", icon=":material/stop:", key="stop", disabled=run.stopping, on_click=stop, args=(run_id,),
            help="Training ends after the batch at work; the best model is kept.",
        )  # fmt: skip
    if run.model_file is not None and not run.measuring and owndata.may_use(task_of(run), owner):
        common.download_model(run)
    if run.history:
        common.curves(run, run.config.training.epochs if run.config else len(run.history))
    elif run.active:
        st.caption("The curves begin after the first epoch.")
    if shown is not None and shown.active and not run.active and run.owner == owner:
        if run.model_file is not None and run.config is not None:
            for key in (f"model_{run.config.task}", "model_transitions", f"tau_model_{run.config.task}"):
                st.session_state[key] = run.id
        st.rerun()
    if shown is not None and live_still(run) != live_still(shown):
        st.rerun()


def seen_on_own_data(run: runs.Run) -> None:
    """What comes of a run on a person's own data, and the ways on."""
    if run.owner != owner or live_still(run) or not owndata.is_own(task_of(run)):
        return
    learned = next((entry for entry in common.entries(task_of(run), owner) if entry.id == run.id), None)
    if learned is not None:
        common.show_seen(learned)
        with st.container(horizontal=True):
            common.look_at(learned)


def add_upload() -> None:
    """Keep what was just uploaded, or say what is wrong with it."""
    file = st.session_state.get("upload")
    if file is None:
        return
    try:
        run_id = uploads.adopt(file.getvalue(), file.name, owner)
        task = runs.read(run_id).result["task"]
        for key in (f"model_{task}", "model_transitions", f"tau_model_{task}"):
            st.session_state[key] = run_id
        said = f"{file.name} is now in the model pickers, for {common.task_title(task)}."
        st.session_state["said"] = (True, said)
    except (ValueError, OSError) as error:
        st.session_state["said"] = (False, faults.sentence(error))


with right:
    if shown is None:
        st.markdown("#### Nothing trained yet")
        if config is not None:
            task = common.tasks()[config.task]
            seconds = training_seconds(config, slowness(runs.list_runs()))
            st.markdown(
                f"Press **Train**. A network learns the task {task.title}: *{task.summary}* "
                f"With the settings as they stand that takes about {duration(seconds)} here. You will see, epoch by epoch:"
            )
        st.markdown(
            "- the **loss**, which should fall;\n"
            "- the **accuracy**, hard and soft: when the two part, the network leans on blending its LSTMs;\n"
            "- the **use of each LSTM**: does it listen to all of them, or forget some?"
        )
    else:
        st.markdown(f"#### {heading(shown)}")
        live(shown.id)
        if shown.owner != owner and shown.model_file is not None:
            st.caption("Somebody else has published this run.")
            if not owndata.may_use(task_of(shown), owner):
                st.caption(
                    "It has learned from data of their own, which stay with them: its model cannot be used here."
                )
            elif st.button("Use its model on the other pages", icon=":material/add:", key="open_shared"):
                common.open_shared(shown)
                st.session_state["said"] = (True, "Its model is now in the model pickers, marked as shared.")
                st.rerun()

along = st.container()
st.divider()
st.subheader("Your runs")
if "said" in st.session_state:
    good, text = st.session_state.pop("said")
    (st.success if good else st.error)(text)
if not mine:
    st.caption("None yet. What you train or upload is listed here; only this browser sees it.")
else:
    kinds = {task_of(run) for run in mine}
    states = list(dict.fromkeys(run.state for run in mine))
    of_sweeps = any(run.sweep for run in mine)
    with st.container(horizontal=True, vertical_alignment="bottom"):
        task = st.segmented_control(
            "Task", [name for name in common.tasks() if name in kinds], format_func=common.task_title, key="runs_task"
        )
        state = st.segmented_control("State", states, key="runs_state") if len(states) > 1 else None
        with_sweeps = of_sweeps and st.toggle("With the runs of sweeps", key="runs_of_sweeps")
    listed = [
        run
        for run in mine
        if task in (None, task_of(run)) and state in (None, run.state) and (with_sweeps or not run.sweep)
    ]
    chosen = common.table(listed, key="runs")
    if len(chosen) == 1:
        if chosen[0].reason:
            st.caption(f"Why it failed: {chosen[0].reason}.")
        common.actions(chosen[0], watch, resume)
    elif chosen:
        common.compare(chosen)
    else:
        st.caption(
            "Tick a row to download its model, to resume it, to train it again with a change, to publish or delete it; "
            "tick several to compare their curves. Click a heading to sort."
        )
used, most = room.used_bytes() + room.reserved_bytes(), bounds.max_bytes()
if used > 0.8 * most:
    next_to_go = [run for run in room.leaving() if run.owner == owner][:3]
    yours = ", then ".join(run.label for run in next_to_go)
    st.warning(
        f"All runs on this server may take {used / 2**20:,.0f} of {most / 2**20:,.0f} MB. When there is no room for a new one, "
        f"the oldest that are over and not published go first{f'; of yours: {yours}' if yours else ''}. Download or publish what you want to keep.",
        icon=":material/hard_drive:",
    )
st.file_uploader(
    "Load a model file (.safetensors) that was downloaded here, or saved by mrnn", type="safetensors", key="upload", on_change=add_upload,
    help="It is checked and kept for this browser alone.",
)  # fmt: skip
seen = None if shown is None or not owndata.may_use(task_of(shown), owner) else shown.config
told = seen or config
with along:
    common.take_along(None if told is None else common.recipe.of_run(told))
