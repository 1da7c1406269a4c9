"""Models that can be picked: those that ship with the app, and one's own."""

import threading
from collections.abc import Callable, Collection
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import streamlit as st

from mrnn import TASKS, Inside, ModelConfig, SequenceModel, Task, Trace, load, owndata, read_notes, runs
from mrnn.checkpoint import read_config
from mrnn.comparison import NAMES, embedded
from mrnn.devices import share_processor
from mrnn.experiments import Experiment, Outcome
from mrnn.jobs import Engine
from mrnn.probes import answer_of
from mrnn.scores import written_with_name
from mrnn.tasks import make_task
from pages.common import link, person

SHIPPED = Path(__file__).resolve().parents[2] / "assets" / "models"
PAGES = Path(__file__).resolve().parents[1]


@dataclass(frozen=True)
class Entry:
    """A model on the menu.

    id      "waves-k4" of a shipped one, or a run's id
    path    its file
    name    a shipped one's k and m, and settings of its task; or what a run is called
    label   what the menu calls it: its name, and how good it is
    config  its shape
    notes   task, recipe, measured figures
    """

    id: str
    path: Path
    name: str
    label: str
    config: ModelConfig
    notes: dict[str, Any]

    @property
    def shipped(self) -> bool:
        """True if it came with the app."""
        return self.path.parent == SHIPPED

    @property
    def task(self) -> Task:
        """The task it was trained on, with its settings."""
        return make_task(self.notes["task"], self.notes.get("settings", {}))

    @property
    def accuracy(self) -> float | None:
        """Hard accuracy on the test split, where it was measured; of other targets than classes their score."""
        return self.notes.get("figures", {}).get("test_accuracy_hard")

    @property
    def key(self) -> tuple[str, int]:
        """What caches know it by: a changed file is another model."""
        return self.id, self.path.stat().st_mtime_ns

    @property
    def model(self) -> SequenceModel:
        """The model itself."""
        return _load(str(self.path), self.path.stat().st_mtime_ns)

    def inside(self, x: np.ndarray, trace: Trace, layer: int) -> Inside | None:
        """What goes on inside a layer, as `SequenceModel.inside`; None of a baseline, which chooses nothing."""
        return self.model.inside(x, trace, layer) if self.config.cell == "mrnn" else None


@st.cache_resource(max_entries=64, show_spinner=False)
def _load(path: str, changed: int) -> SequenceModel:  # noqa: ARG001, a changed file is another model
    return load(path)


@st.cache_data(max_entries=256, show_spinner=False)
def _describe(path: str, changed: int) -> tuple[ModelConfig, dict[str, Any]]:  # noqa: ARG001
    return read_config(path), read_notes(path)


@st.cache_resource(show_spinner=False)
def engine() -> Engine:
    """The one engine of this server; it starts its processes with the first run, or for one left from before."""
    share_processor()  # pages of many people are made at once, and training needs cores, too
    engine = Engine()
    threading.Thread(target=engine.recover, daemon=True).start()
    return engine


def file_of(entry: Entry) -> str:
    """Where a person finds a model's file: below the folder of the app, or where the browser has put it."""
    return f"assets/models/{entry.path.name}" if entry.shipped else f"{entry.id}.safetensors"


def entries(task: str | None = None, owner: str | None = None) -> list[Entry]:
    """All models of a task (or of all): the shipped ones in the order of tasks, by k and m, then the person's own, newest first."""
    found = [_entry(path.stem, path) for path in sorted(SHIPPED.glob("*.safetensors"))]
    found.sort(key=_by_task_and_shape)
    for run in [*runs.list_runs(owner), *_opened()] if owner else []:
        if run.model_file is not None and not damaged(run):
            found.append(_entry(run.id, run.model_file, run.label, "yours" if run.owner == owner else "shared"))
    return [
        entry for entry in found if task in (None, entry.notes["task"]) and owndata.may_use(entry.notes["task"], owner)
    ]


def usual_of(found: list[Entry]) -> Entry:
    """The one that a page of a task opens on: one that ships, and has about four LSTMs to choose from."""
    return min(found, key=lambda e: (not e.shipped, e.config.cell != "mrnn", abs(e.config.num_lstms - 4)))


def _by_task_and_shape(entry: Entry) -> tuple[int, int, int, str]:
    task, config = entry.notes["task"], entry.config
    return list(TASKS).index(task), config.num_lstms, config.hidden_size, config.carry


def damaged(run: runs.Run) -> bool:
    """Whether a run's model is there but cannot be read."""
    try:
        return run.model_file is not None and not _describe(str(run.model_file), run.model_file.stat().st_mtime_ns)
    except (ValueError, OSError):
        return True


def open_shared(run: runs.Run) -> None:
    """Offer somebody else's published model in the pickers, for as long as this page stays open."""
    st.session_state["_opened"] = [*st.session_state.get("_opened", []), run.id]


def _opened() -> list[runs.Run]:
    """What others have published and was opened by its address; as long as it is published."""
    return [run for run in map(runs.read, dict.fromkeys(st.session_state.get("_opened", []))) if run.public]


def _entry(entry_id: str, path: Path, name: str = "", whose: str = "") -> Entry:
    config, notes = _describe(str(path), path.stat().st_mtime_ns)
    accuracy = notes.get("figures", {}).get("test_accuracy_hard")
    right = "" if accuracy is None else f", {written_with_name(config.target, accuracy)}"
    kind = f"k = {config.k}" if config.cell == "mrnn" else NAMES[config.cell]
    own = ", own memory" if config.carry == "own" else ""
    asked = "".join(f", {setting} = {value}" for setting, value in notes.get("settings", {}).items())
    name = name or f"{kind}, m = {config.hidden_size}{own}{embedded(config)}{asked}"
    label = f"{name}{right}{f' ({whose})' if whose else ''}"
    return Entry(id=entry_id, path=path, name=name, label=label, config=config, notes=notes)


def pick(
    task: str | None,
    *,
    prefer: str,
    key: str,
    title: str = "Model",
    param: str = "model",
) -> Entry:
    """The model picker: shipped models and one's own. Which one is chosen stands in the address.

    task    only models of this task, or None for all
    prefer  id of the one chosen at first
    title   what stands above it
    param   its name in the address
    """
    open_named(param)
    found = {entry.id: entry for entry in entries(task, person.owner())}
    if not found:
        st.warning(f"There is no model for {task} yet. Train one on the Train page.")
        st.stop()
    ids = list(found)
    usual = prefer if prefer in found else ids[0]
    begin_named(key, param, ids, usual)

    def label(entry_id: str) -> str:
        entry = found.get(entry_id)
        if entry is None:
            return entry_id
        return entry.label if task else f"{entry.task.title}: {entry.label}"

    chosen = st.selectbox(
        title,
        ids,
        format_func=label,
        key=key,
        persist_state="session",
        help="Models that ship with the app: k LSTMs of m hidden units each. And your own, from the Train page.",
    )
    # Whom it is sent to has the same usual one only if that ships.
    link.keep(param, None if chosen == usual and found[chosen].shipped else chosen)
    tell_private(found[chosen])
    return found[chosen]


def tell_private(*shown: Entry) -> None:
    """Let whoever takes the link know which of these models others cannot open."""
    for entry in shown:
        if not entry.shipped and (owndata.is_own(entry.notes["task"]) or not runs.read(entry.id).public):
            link.note_private(f"the model {entry.name}")


def open_named(param: str) -> None:
    """Take models into the menus that the address names (several with commas), if their owners have published them."""
    for run_id in (link.given(param) or "").split(",") if link.news() else ():
        try:
            run = runs.read(run_id)
        except ValueError:
            continue
        if run.public:
            open_shared(run)


def begin_named(key: str, param: str, ids: Collection[str], usual: str) -> None:
    """Let a picker begin with the model that the address names, or with the usual one; before it is drawn.

    key    of the picker; set here, not as the widget's default, so that presets may set it
    param  its name in the address
    ids    those that can be picked
    """
    asked = link.given(param) if link.news() or key not in st.session_state else None
    if asked not in ids and not link.news():
        asked = None  # it was another picker's, as of another task
    if asked in ids:
        st.session_state[key] = asked
    elif st.session_state.get(key) not in ids or (asked is None and link.went_back()):
        st.session_state[key] = usual
    say_missing(key, asked if asked not in ids else None)


def say_missing(key: str, missing: str | None) -> None:
    """Say that the link names a model that cannot be picked here, until another one is, or another page looked at.

    key      under which models are picked
    missing  the model's id, if that was found in this run
    """
    flag = f"_{key}_missing"
    if missing is not None:
        st.session_state[flag] = missing, st.session_state[key]
    elif link.news():
        st.session_state.pop(flag, None)
    if flag not in st.session_state:
        return
    missing, shown = st.session_state[flag]
    if shown != st.session_state[key]:
        st.session_state.pop(flag)  # another one was chosen
        return
    other = next((entry for entry in entries(None, person.owner()) if entry.id == missing), None)
    if other is None:
        st.info(
            "The link names a model that is not here: it is somebody's private one, or it was deleted. "
            "What is shown instead ships with the app.",
            icon=":material/lock:",
        )
        return
    st.info(f"The link names a model for {other.task.title}, {other.name}. Here is another one, which fits this page.")
    path, query = _page_of(other)
    st.page_link(path, label=f"{other.task.title}, {other.name}", icon=":material/arrow_forward:", query_params=query)


def _page_of(entry: Entry) -> tuple[str, dict[str, str]]:
    """A page that shows a model, and what its address says: that of the model's task, if it has one."""
    task = entry.task
    if (PAGES / f"{task.name}.py").is_file():
        return f"pages/{task.name}.py", {"model": entry.id}
    if task.is_image:
        return "pages/transitions.py", {"model": entry.id}
    return "pages/laboratory.py", {"task": task.name, "model": entry.id}


def outcome(entry: Entry, experiment: Experiment, n: int, seed: int) -> Outcome:
    """What comes of an experiment with a model, done once."""
    asked = (entry.key, repr(experiment), n, seed)  # its repr has its name, its settings and its task
    return _outcome(asked, lambda: experiment.run(answer_of(entry.model), n, seed))


def forgotten() -> None:
    """To be called when data were deleted that models have learned from: nothing of either stays in memory."""
    for remembered in (_outcome, _load, _describe):
        remembered.clear()


@st.cache_data(max_entries=64, show_spinner="The network is at work")
def _outcome(asked: tuple[Any, ...], _run: Callable[[], Outcome]) -> Outcome:  # noqa: ARG001
    return _run()
