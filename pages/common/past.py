"""How models came to be: the curves of their training, and what they did with a few sequences on the way."""

from dataclasses import dataclass
from pathlib import Path
from typing import Any

import streamlit as st

from mrnn import Task, runs, snapshots
from mrnn.files import read_json, read_lines
from mrnn.tasks import make_task
from pages.common.models import SHIPPED, Entry, entries

KEPT = SHIPPED.parent / "training"  # a folder for each training that ships with the app


@dataclass(frozen=True)
class Past:
    """A training that can be looked back on.

    id      of the model, or of the run, which may still train
    label   what a menu calls it
    task    with the run's settings
    folder  where history and snapshots lie
    noted   the history that stands in the model's file
    """

    id: str
    label: str
    task: Task
    folder: Path
    noted: tuple[dict[str, Any], ...] = ()

    @property
    def shipped(self) -> bool:
        """Whether it came with the app."""
        return self.folder.is_relative_to(SHIPPED.parent)

    @property
    def private(self) -> bool:
        """Whether it is the person's own, and not published."""
        return not self.shipped and not runs.read(self.id).public

    @property
    def history(self) -> tuple[dict[str, Any], ...]:
        """Reports of its epochs so far."""
        return read_lines(self.folder / "history.jsonl") or self.noted

    @property
    def snapshots(self) -> snapshots.Snapshots | None:
        """What it did with a few sequences; None if that was not kept. ValueError if the file is damaged."""
        path = self.folder / snapshots.FILE
        return _snapshots(str(path), path.stat().st_mtime_ns) if path.is_file() else None


@st.cache_resource(max_entries=32, show_spinner=False)
def _snapshots(path: str, changed: int) -> snapshots.Snapshots | None:  # noqa: ARG001
    return snapshots.read(Path(path))


def forgotten() -> None:
    """To be called when data were deleted: nothing that a run did with them stays in memory."""
    _snapshots.clear()


def past_of(entry: Entry) -> Past:
    """Of a model on the menu. Of one that ships, or was uploaded, its file alone can tell."""
    noted = tuple(entry.notes.get("history", ()))
    return Past(entry.id, entry.label, entry.task, entry.path.parent, noted)


def shipped_pasts() -> list[Past]:
    """All trainings that ship with the app."""
    found = []
    for folder in sorted(path.parent for path in KEPT.glob("*/about.json")):
        about = read_json(folder / "about.json")
        found.append(Past(folder.name, about["label"], make_task(about["task"], about["settings"]), folder))
    return found


def pasts(task: str, owner: str) -> list[Past]:
    """All trainings on a task of which snapshots were kept: shipped ones, and the owner's runs, over or not."""
    found = [past for past in shipped_pasts() if past.task.name == task]
    found += [past_of(entry) for entry in entries(task, owner) if not entry.shipped]
    for run in runs.list_runs(owner):
        if run.active and run.config is not None and run.config.task == task:
            settings = make_task(task, run.config.settings)
            found.append(Past(run.id, f"{run.label} (training)", settings, runs.folder_of(run.id)))
    return [past for past in found if (past.folder / snapshots.FILE).is_file()]
