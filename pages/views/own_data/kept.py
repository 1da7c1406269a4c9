"""What is kept: to train on it, to look at its models, to delete it."""

import streamlit as st

from mrnn import forget, owndata
from pages import common
from pages.views.own_data.words import asked, plain

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
            _what_can_be_done(one)


def _of_what(one: owndata.Kept) -> str:
    """How many there are of each class, or what is to be told where sequences have none."""
    if not one.counts:
        return f"to be told {asked(one.target, one.per_step, one.classes)}"
    counts = zip(one.classes[:SHOWN], one.counts, strict=False)
    classes = ", ".join(f"{plain(name)} {count:,}" for name, count in counts)
    return classes + (f" and {len(one.classes) - SHOWN} more" if len(one.classes) > SHOWN else "")


def _what_can_be_done(one: owndata.Kept) -> None:
    learned = forget.learned_from(one.id, common.owner())
    with st.container(horizontal=True):
        if st.button("Train on it", icon=":material/model_training:", key=f"train_{one.id}"):
            common.begin_with_task(one.id)
            st.switch_page("pages/train.py", query_params={})
        newest = next((run for run in learned if run.model_file is not None), None)
        looked_at = owndata.own_task(one.id).names_one_class
        if (
            newest is not None
            and looked_at
            and st.button("Transitions", icon=":material/grid_on:", key=f"look_{one.id}")
        ):
            st.session_state["model_transitions"] = newest.id
            st.switch_page("pages/transitions.py", query_params={})
        with st.popover("Delete", icon=":material/delete:"):
            count = {0: "", 1: ", and the run that learned from them with its model"}.get(
                len(learned), f", and the {len(learned)} runs that learned from them with their models"
            )
            st.markdown(f"The data{count} are gone for good.")
            if st.button("Delete it", key=f"delete_{one.id}", type="primary"):
                with common.refusals():
                    forget.forget(one.id, common.owner())
                common.forgotten()
                common.begin_with_task("waves")
                st.rerun()
