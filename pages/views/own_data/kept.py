"""What is kept: to train on it, to look at its models, to delete it."""

from typing import Literal

import streamlit as st

from mrnn import TASKS, forget, owndata, runs
from pages import common
from pages.common.words import plain
from pages.views.own_data.words import asked

SHOWN = 8  # classes of a data set, in words


def kept(found: list[owndata.Kept]) -> None:
    """What this person has kept: to train on it, to look at its models, to delete it."""
    for one in found:
        task = owndata.own_task(one.id)
        with st.container(border=True, key=f"kept_{one.id}"):
            st.markdown(f"**{plain(one.name)}**")
            if one.begins:
                st.caption(
                    f"A text of {one.longest:,} characters, {len(one.classes)} of them told apart. Its first nine tenths "
                    f"are to learn from, the last one to test on; {one.size / 2**20:.1f} MB."
                )
            else:
                st.caption(
                    f"{one.sequences:,} sequences, up to {one.longest:,} steps: {_of_what(one)}. "
                    f"{task.extent[0]:,} to learn from, {one.sequences - task.extent[0]:,} to test on; {one.size / 2**20:.1f} MB."
                )
            learned = forget.learned_from(one.id, common.owner())
            newest = next((run.id for run in learned if run.model_file is not None), None)
            entry = next((entry for entry in common.entries(one.id, common.owner()) if entry.id == newest), None)
            if entry is not None and not one.begins:
                st.caption(f"What the newest network, {entry.name}, makes of them:")
                common.show_seen(entry)
            _what_can_be_done(one, learned, entry)


def train_on(own_id: str, key: str, kind: Literal["primary", "secondary"] = "secondary") -> None:
    """A button that opens Train with these data chosen."""
    if st.button("Train on it", icon=":material/model_training:", key=key, type=kind):
        common.begin_with_task(own_id)
        st.switch_page("pages/train.py", query_params={})


def _of_what(one: owndata.Kept) -> str:
    """How many there are of each class, or what is to be told where sequences have none."""
    if not one.counts:
        return f"to be told {asked(one.target, one.per_step, one.classes)}"
    counts = zip(one.classes[:SHOWN], one.counts, strict=False)
    classes = ", ".join(f"{plain(name)} {count:,}" for name, count in counts)
    return classes + (f" and {len(one.classes) - SHOWN} more" if len(one.classes) > SHOWN else "")


def _what_can_be_done(one: owndata.Kept, learned: list[runs.Run], entry: common.Entry | None) -> None:
    with st.container(horizontal=True):
        train_on(one.id, key=f"train_{one.id}")
        if entry is not None:
            common.look_at(entry)
        with st.popover("Delete", icon=":material/delete:"):
            count = {0: "", 1: ", and the run that learned from them with its model"}.get(
                len(learned), f", and the {len(learned)} runs that learned from them with their models"
            )
            st.markdown(f"The data{count} are gone for good.")
            if st.button("Delete it", key=f"delete_{one.id}", type="primary"):
                with common.refusals():
                    forget.forget(one.id, common.owner())
                common.forgotten()
                common.begin_with_task(next(iter(TASKS)))
                st.rerun()
