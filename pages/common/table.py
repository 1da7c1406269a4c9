"""The table of runs, and what can be done with those that are chosen in it."""

import hashlib
from collections.abc import Callable, Sequence
from typing import Any

import pandas as pd
import streamlit as st

from mrnn import TASKS, charts, faults, runs
from mrnn.comparison import embedded
from mrnn.data import TARGETS, Target
from mrnn.forecast import duration
from mrnn.scores import MEANINGS, SCORES
from pages.common import link
from pages.common.frame import refusals, show
from pages.common.models import damaged
from pages.common.own_data import task_title
from pages.common.person import owner
from pages.common.shown import RUN
from pages.common.training_form import again

LETTERS = "ABCDEFGH"  # as many curves as can be told apart in one picture
PARTS = (
    ("test", "Test", "Hard choices, as in use, on the test data."),
    ("held_out", "Held-out", "Hard choices, the best epoch, on a part of the training data; what to choose by."),
)


def _score_columns(part: str, title: str, what: str) -> dict[str, Any]:
    """A column of scores for each kind of target; those that no run of a table has are left out of it."""
    return {
        f"{part}_{target}": st.column_config.NumberColumn(
            f"{title} {SCORES[target]}",
            format="%.2f %%" if target == "class" else "%.3f",
            help=f"{MEANINGS[target]} {what}",
        )
        for target in TARGETS
    }


COLUMNS = {  # what a narrow screen has no room for comes last
    "network": st.column_config.TextColumn("Network", help="k LSTMs, or another cell."),
    **_score_columns(*PARTS[0]),
    "state": st.column_config.TextColumn("State"),
    **_score_columns(*PARTS[1]),
    "epochs": st.column_config.TextColumn("Epochs"),
    "time": st.column_config.TextColumn("Time", help="Spent training."),
    "task": st.column_config.TextColumn("Task"),
    "m": st.column_config.NumberColumn("m", help="Hidden units of each LSTM."),
    "L": st.column_config.NumberColumn("L", help="Layers."),
    "tau": st.column_config.TextColumn("tau", help="Temperature of the first epoch and of the last."),
    "seed": st.column_config.NumberColumn("Seed"),
    "started": st.column_config.DatetimeColumn("Asked for", format="D MMM, HH:mm:ss"),
}


def table(found: Sequence[runs.Run], key: str) -> list[runs.Run]:
    """Runs as a table that can be sorted by each column; those that are chosen in it."""
    rows = pd.DataFrame([_row(run) for run in found], columns=list(COLUMNS))
    rows = rows.dropna(axis="columns", how="all")
    event = st.dataframe(
        rows, column_config=COLUMNS, hide_index=True, width="stretch", key=f"{key}_{_digest(found)}", on_select="rerun", selection_mode="multi-row",
        placeholder="",
    )  # fmt: skip
    chosen = event["selection"]["rows"]
    return [found[row] for row in chosen if row < len(found)]


def _digest(found: Sequence[runs.Run]) -> str:
    """Of which runs these are: what is ticked is known by its row alone, so other rows are another table."""
    return hashlib.sha256(" ".join(run.id for run in found).encode()).hexdigest()[:12]


def _row(run: runs.Run) -> dict[str, object]:
    config = run.config
    task = config.task if config else run.result.get("task")
    shown = {
        "task": task_title(str(task)) if task else "",
        "network": run.label if run.state != "broken" else "",
        **_scores(run),
        "time": duration(run.seconds) if run.history else "",
        "state": f"{run.state}{', published' if run.public else ''}{', its file is damaged' if damaged(run) else ''}",
        "started": pd.Timestamp.fromtimestamp(run.created),
    }
    if config is not None:
        model, training = config.model, config.training
        shown |= {
            "network": (f"k = {model.k}" if model.cell == "mrnn" else model.cell) + embedded(model),
            "m": model.hidden_size,
            "L": model.num_layers,
            "tau": f"{training.tau(1):g} to {training.tau(training.epochs):.2g}",
            "seed": training.seed,
            "epochs": f"{len(run.history)} of {training.epochs}",
        }
    return shown


def target_of(run: runs.Run) -> Target:
    """The kind of a run's target, from which follows what its scores are."""
    if run.config is not None:
        return run.config.model.target
    task = TASKS.get(str(run.result.get("task", "")))
    return task.target if task else "class"


def _scores(run: runs.Run) -> dict[str, float | None]:
    """The run's scores, in the columns of its own kind."""
    target = target_of(run)
    scale = 100 if target == "class" else 1
    best = max((report["accuracy_hard"] for report in run.history), default=None)
    scores = (run.accuracy, best)
    return {
        f"{part}_{target}": None if score is None else scale * score
        for (part, *_), score in zip(PARTS, scores, strict=True)
    }


def compare(chosen: Sequence[runs.Run]) -> None:
    """The curves of several runs in one picture, each with a letter."""
    with_curves = [run for run in chosen if run.history][: len(LETTERS)]
    if not with_curves:
        st.caption("None of these has finished an epoch, so there are no curves yet.")
        return
    rows = [
        {"run": letter, "epoch": report["epoch"], "loss": report["loss"], "accuracy": report["accuracy_hard"]}
        for letter, run in zip(LETTERS, with_curves, strict=False)
        for report in run.history
    ]
    names = "; ".join(f"**{letter}** {_name(run)}" for letter, run in zip(LETTERS, with_curves, strict=False))
    kinds = list(dict.fromkeys(SCORES[target_of(run)] for run in with_curves))
    name = kinds[0] if len(kinds) == 1 else "score"
    left, right = st.columns(2)
    with left:
        show(charts.compared_curves(pd.DataFrame(rows), "accuracy", name), key="compared_accuracy")
    with right:
        show(charts.compared_curves(pd.DataFrame(rows), "loss", "loss"), key="compared_loss")
    mixed = f" The tasks are scored differently ({', '.join(kinds)})." if len(kinds) > 1 else ""
    st.caption(f"Held-out {name} (hard) and loss by epoch. {names}.{mixed}")


def _name(run: runs.Run) -> str:
    row = _row(run)
    shape = f", m = {row['m']}, tau {row['tau']}, seed {row['seed']}" if run.config else ""
    return f"{row['network']}{shape}"


def actions(run: runs.Run, watch: Callable[[str], None], resume: Callable[[str], None]) -> None:
    """What can be done with one run of one's own.

    watch   called with the id of a run that shall be shown
    resume  called with the id of a run that shall go on
    """
    with st.container(horizontal=True):
        if not run.active and run.config is not None:
            st.button(
                "Show", icon=":material/visibility:", key=f"show_{run.id}", on_click=watch, args=(run.id,),
                help="Its curves, above.",
            )  # fmt: skip
            st.button(
                "Again, with a change", icon=":material/tune:", key=f"again_{run.id}", on_click=again, args=(run.config,),
                help="Sets the form above as it was for this run: change something and press Train.",
            )  # fmt: skip
        if run.state in ("stopped", "failed") and run.config is not None:
            st.button(
                "Resume", icon=":material/resume:", key=f"resume_{run.id}", on_click=resume, args=(run.id,),
                help="It goes on after its last whole epoch.",
            )  # fmt: skip
        _downloads(run)
        if not run.active:
            with st.popover("Delete", icon=":material/delete:"):
                st.markdown("The run and its model are gone for good.")
                if st.button("Delete it", key=f"delete_{run.id}", type="primary"):
                    with refusals():
                        runs.delete(run.id, owner())
                    if link.given(RUN) == run.id:
                        link.keep(RUN, None)
                    st.rerun()
    if run.model_file is not None:
        _publishing(run)


def download_model(run: runs.Run, place: str = "shown") -> None:
    """A button for the model of a run that has one.

    place  where it stands, for one run may be in several places of a page
    """
    if run.model_file is not None:
        st.download_button(
            "Model", run.model_file.read_bytes, f"{_file_name(run)}.safetensors", icon=":material/download:",
            key=f"model_{place}_{run.id}", on_click="ignore", help="As a .safetensors file, which can be loaded here again.",
        )  # fmt: skip


def _file_name(run: runs.Run) -> str:
    return f"{run.result.get('task', 'run')}-{run.id}"


def _downloads(run: runs.Run) -> None:
    name = _file_name(run)
    download_model(run, "table")
    if run.history:
        st.download_button(
            "History", lambda: history_table(run).to_csv(index=False), f"{name}.csv", "text/csv", icon=":material/download:",
            key=f"history_{run.id}", on_click="ignore", help="A row an epoch, as CSV.",
        )  # fmt: skip
    if run.config is not None:
        st.download_button(
            "Settings", run.config.to_json, f"{name}.json", "application/json", icon=":material/download:",
            key=f"settings_{run.id}", on_click="ignore", help="All that decides its outcome, as JSON.",
        )  # fmt: skip


def history_table(run: runs.Run) -> pd.DataFrame:
    """A row an epoch; the use of LSTM j in a column of its own, usage_j."""
    rows = [
        {**{name: value for name, value in report.items() if name != "usage"}}
        | {f"usage_{lstm}": share for lstm, share in enumerate(report["usage"], 1)}
        for report in run.history
    ]
    return pd.DataFrame(rows)


def _publishing(run: runs.Run) -> None:
    def change() -> None:
        try:
            runs.publish(run.id, owner(), bool(st.session_state[f"public_{run.id}"]))
        except (ValueError, OSError) as error:
            st.session_state["said"] = (False, faults.sentence(error))

    public = st.toggle(
        "Published: whoever has its address can look at it and load its model", run.public, key=f"public_{run.id}", on_change=change
    )  # fmt: skip
    if public:
        st.code(link.address("train", run=run.id), language=None)
