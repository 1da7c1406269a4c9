"""How LSTMs hand over, as matrices: of each class, of their difference, and the sequences in which a move happens."""

from typing import Any

import pandas as pd
import streamlit as st

from mrnn import analysis, charts
from pages import common
from pages.common.timeline import PINNED
from pages.views.transitions.asked import Asked

MOST_LISTED = 200
MOVE, SEQUENCE = "move", "open"  # of the address


def matrices(asked: Asked) -> None:
    """k x k of each class, their difference, and the sequences of the move that is clicked."""
    transitions = asked.both(analysis.transitions_by_class)
    counts = (
        st.segmented_control(
            "Show", ("probabilities", "counts"), default="probabilities", required=True, key="moves_as", bind="query-params"
        )
        == "counts"
    )  # fmt: skip
    clicked: list[tuple[str, int, int]] = []
    columns = st.columns(3)
    for column, name in zip(columns, asked.names, strict=False):
        with column:
            st.markdown(f"**{name}**: the next LSTM")
            cells = common.show_to_click(
                charts.transition_heatmap(transitions, name, counts=counts), key=f"matrix_{name}",
                alt=f"{'Moves' if counts else 'Probability of the next LSTM, given the last'}, in class {name}.",
                selection=charts.CLICKED,
            )  # fmt: skip
            clicked += [(name, int(cell["from"]), int(cell["to"])) for cell in cells if {"from", "to"} <= set(cell)]
    verdict = ""
    if asked.two:
        difference = asked.study.counted(analysis.transition_difference, *asked.pair)
        verdict = _verdict(difference)
        with columns[2]:
            st.markdown(f"**{asked.first} minus {asked.second}**")
            common.show(
                charts.difference_heatmap(difference), key="difference",
                alt=f"Difference of the transition probabilities of {asked.first} and {asked.second}.",
            )  # fmt: skip
    stays = transitions[transitions["from"] == transitions["to"]].groupby("class")["count"].sum()
    moves = transitions.groupby("class")["count"].sum()
    kept = " and ".join(
        f"{stays[name] / max(moves[name], 1):.0%} in class {name} ({asked.number(name):,} sequences)"
        for name in asked.names
    )
    st.caption(
        f"Row: the LSTM of one step; column: the LSTM of the next. The network stays with its LSTM at {kept} of the steps. "
        f"A dash: never left. {verdict} Click a cell to see where it happens."
    )
    _examples(asked, transitions, clicked)


def _verdict(difference: pd.DataFrame) -> str:
    known = int(difference["p"].notna().sum())
    real = int(difference["beyond_chance"].sum())
    if not known:
        return "Too few sequences to say anything about their difference: take more."
    return (
        f"In the difference, only what chance does not explain is coloured: {real} of {known} cells "
        "(permutation test over whole sequences, 5 % error for all cells together)."
    )


def _examples(asked: Asked, transitions: pd.DataFrame, clicked: list[tuple[str, int, int]]) -> None:
    """The sequences in which a move happens, and one of them."""
    study = asked.study
    seen = transitions[(transitions["count"] > 0) & transitions["class"].isin(asked.names)]
    order = seen.sort_values("count", ascending=False)
    moves = [
        f"{name}: {start} → {end}"
        for name, start, end in zip(order["class"], order["from"], order["to"], strict=True)
    ]  # fmt: skip
    times = dict(zip(moves, order["count"], strict=True))
    before = st.session_state.get("_clicked", [])  # both matrices keep what was clicked in them
    st.session_state["_clicked"] = clicked
    for name, start, end in [cell for cell in clicked if cell not in before]:
        if f"{name}: {start} → {end}" in times:
            st.session_state["move"] = f"{name}: {start} → {end}"
    changes = [move for move in moves if move.split(": ")[-1].split(" → ")[0] != move.split(" → ")[1]]
    usual = (changes or moves)[0]
    given = common.link.given(MOVE)
    if st.session_state.get("move") not in times:
        st.session_state["move"] = given if given in times else usual
    left, right = st.columns([1, 2], gap="large")
    with left:
        move = st.selectbox(
            "Where does it happen?", moves, key="move", format_func=lambda m: f"{m} ({times[m]:,} times)"
        )
        name, arrow = move.rsplit(": ", 1)
        start, end = (int(part) for part in arrow.split(" → "))
        found = study.counted(analysis.sequences_with_move, study.classes, start, end)
        found = found[found["class"] == name].head(MOST_LISTED)
        _let_go("_move_shown", (study.entry.id, study.layer, move), SEQUENCE, PINNED)
        number = _choose_sequence(found, move)
        _let_go("_sequence_shown", (study.entry.id, study.layer, move, number), PINNED)
    common.link.keep(MOVE, None if move == usual else move)
    with right:
        row = found[found["sequence"] == number].to_dict("records")[0]
        if common.link.given(PINNED) is None:
            common.link.keep(PINNED, str(row["steps"]).split(",")[0])
        x, task = study.data.x[number], study.entry.task
        trace = study.trace.take(slice(number, number + 1))
        # Another move is another picture: one that is there already keeps its own pin.
        key = f"opened_{number}_{start}_{end}_{study.entry.id}_{study.layer}"
        common.timeline(
            trace, x if task.is_image or x.shape[1] == 1 else None, task.classes,
            key=key, layer=study.layer, down=task.is_image, in_link=True,
            inside=study.entry.inside(x[None], trace, study.layer), alt=f"Sequence {number}, of class {name}: {start} hands over to {end} at {row['steps']}.",
        )  # fmt: skip
    st.caption(
        f"LSTM {start} is followed by {end} at {'row' if task.is_image else 'step'} {row['steps']} of this sequence. "
        f"{common.words.CURSOR}"
    )


def _let_go(name: str, shown: tuple[Any, ...], *params: str) -> None:
    """Take out of the address what was said of something else than is shown now; at first the address is right."""
    if st.session_state.get(name, shown) != shown:
        for param in params:
            common.link.keep(param, None)
    st.session_state[name] = shown


def _choose_sequence(found: pd.DataFrame, move: str) -> int:
    numbers: list[int] = found["sequence"].tolist()
    key, given = f"open_{move}", common.link.given(SEQUENCE)
    if st.session_state.get(key) not in numbers:
        st.session_state[key] = next((n for n in numbers if str(n) == given), numbers[0])
    number = st.selectbox("Open a sequence", numbers, key=key, format_func=lambda n: _told(found, n))
    common.link.keep(SEQUENCE, None if number == numbers[0] else str(number))
    return number


def _told(found: pd.DataFrame, number: int) -> str:
    row = found[found["sequence"] == number].to_dict("records")[0]
    wrong = "" if row["right"] else f", read as {row['answer']}"
    return f"No. {number}{wrong}: at {row['steps']}"
