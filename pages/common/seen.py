"""Whether anything can be seen on a person's own data, in words: are they told apart, and by which LSTM?"""

from dataclasses import dataclass
from typing import cast

import numpy as np
import streamlit as st

from mrnn.analysis.verdict import ENOUGH, Choice, Gain, choice, gain
from mrnn.data import SequenceData
from mrnn.owndata import OwnTask
from pages.common.answer import in_its_unit
from pages.common.models import Entry
from pages.common.studies import kept, study
from pages.common.words import plain

TOO_FEW = "Too few sequences to say whether"
STEPS, LEAST, MOST = 100_000, 20, 500  # what is read while somebody waits: steps in all, and sequences


@dataclass(frozen=True)
class Seen:
    """What a network does with sequences that it has not learned from.

    answered   the sequences, or the steps of how many
    same       the answer that is always the same
    gain       its answers beside that
    choice     which LSTM it listens to; None where there is nothing to choose
    groups     what is listened to otherwise, as a person says it
    """

    answered: str
    same: str
    gain: Gain
    choice: Choice | None
    groups: tuple[str, ...]


def show_seen(entry: Entry) -> None:
    """Say what can be seen of a network that has learned from a person's own sequences; nothing of other tasks."""
    if not isinstance(entry.task, OwnTask):
        return
    try:
        found = kept().get(("seen", entry.key), lambda: _look(entry))
    except ValueError as error:  # of what is too much to be read here
        st.caption(str(error))
        return
    st.markdown(f"{_told_apart(entry, found)}\n\n{_listened_to(entry, found)}")
    if not (found.gain.beyond_chance or (found.choice and found.choice.beyond_chance)):
        st.markdown("So nothing can be seen yet. More sequences, more epochs, or inputs that say more may help.")


def _look(entry: Entry) -> Seen:
    task = cast(OwnTask, entry.task)
    layer = entry.config.num_layers - 1
    some = study(entry, layer, max(LEAST, min(MOST, STEPS // task.kept.longest)))
    learned = _counted(task.split()[0])
    steps = f"the {len(_counted(some.data)):,} steps of " if task.per_step else ""
    answered = f"{steps}{len(some.data):,} sequences that it has not learned from"
    trace, y = some.trace, some.data.y
    if task.target == "class":
        usual = int(np.bincount(learned).argmax())
        return Seen(
            answered, plain(task.classes[usual]), gain(trace, y, usual), choice(trace, y, layer),
            tuple(map(plain, task.classes)),
        )  # fmt: skip
    usual = float(np.median(task.in_its_unit(learned)))
    values = task.in_its_unit(y)
    name = plain(task.classes[0])
    return Seen(
        answered, f"{usual:.3g}", gain(in_its_unit(task, trace), values, usual),
        choice(trace, (values[..., 0] > usual).astype(int), layer), (f"{name} up to {usual:.3g}", f"{name} above {usual:.3g}"),
    )  # fmt: skip


def _counted(data: SequenceData) -> np.ndarray:
    """The labels that count."""
    return data.y[np.arange(data.x.shape[1]) < data.lengths[:, None]] if data.per_step else data.y


def _told_apart(entry: Entry, found: Seen) -> str:
    of_class = entry.config.target == "class"
    what = "The classes are" if of_class else f"{plain(entry.task.classes[0])} is"
    told = "told apart" if of_class else "told"
    said = f"**{what} {told}.**" if found.gain.beyond_chance else f"**{what} {told} no better than by chance.**"
    if found.gain.least > ENOUGH:
        said = f"**{TOO_FEW} {'the classes are' if of_class else what} {told}.**"
    if of_class:
        return (
            f"{said} Of {found.answered}, {found.gain.network:.1%} are answered rightly; "
            f"always answering {found.same} would be right for {found.gain.same:.1%}."
        )
    return (
        f"{said} On {found.answered}, its answers are off by {found.gain.network:.3g} in the mean; "
        f"always answering {found.same} would be off by {found.gain.same:.3g}."
    )


def _listened_to(entry: Entry, found: Seen) -> str:
    of_class = entry.config.target == "class"
    what = "The classes" if of_class else f"Low and high {plain(entry.task.classes[0])}"
    if found.choice is None:
        return "It has one LSTM, so there is no choice among LSTMs to be seen." if entry.config.k == 1 else ""
    (most, high), (least, low) = found.choice.most, found.choice.least
    shares = (
        f"LSTM {found.choice.lstm}: at {high:.0%} of the steps of {found.groups[most]}, and at {low:.0%} of those of "
        f"{found.groups[least]}"
    )
    if found.choice.at_least > ENOUGH:
        whose = "the classes" if of_class else f"low and high {plain(entry.task.classes[0])}"
        return f"**{TOO_FEW} {whose} can be seen in which LSTM is listened to.** {shares}."
    if not found.choice.beyond_chance:
        return (
            f"**{what} cannot be seen in which LSTM is listened to.** They differ most in {shares}: no more than chance may "
            "make it."
        )
    return f"**{what} can be seen in which LSTM is listened to.** Most of all {shares}."


def look_at(entry: Entry) -> None:
    """Buttons to the pages on which a network is looked at, with that network chosen."""
    name = entry.notes["task"]
    if st.button("One sequence, step by step", icon=":material/science:", key=f"step_by_step_{name}"):
        st.session_state.update({"lab_task": name, f"lab_model_{name}": entry.id})
        st.switch_page("pages/laboratory.py", query_params={})
    if st.button("All of them", icon=":material/grid_on:", key=f"all_of_them_{name}"):
        st.session_state["model_transitions"] = entry.id
        st.switch_page("pages/transitions.py", query_params={})
