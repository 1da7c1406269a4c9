"""How LSTMs hand over, as matrices: of each class, of their difference, and the sequences in which a move happens."""

from collections.abc import Mapping
from dataclasses import dataclass

import pandas as pd
import streamlit as st

from mrnn import analysis, charts
from mrnn.charts.picture import of_class
from pages import common
from pages.common.timeline import PINNED
from pages.views.transitions.asked import Asked, in_link
from pages.views.transitions.opened import OPENED, let_go, open_sequence, read_as

MOST_LISTED = 200
MOVE, SEQUENCE = "move", "open"  # of the address


@dataclass(frozen=True)
class Move:
    """LSTM `start` hands over to LSTM `end`, both from 1, in sequences of these classes."""

    names: tuple[str, ...]
    start: int
    end: int

    def told(self, names: Mapping[str, str]) -> str:
        """In words, or as the address has it.

        names  what the classes are called there; with one alone it is not said
        """
        of = f"{' and '.join(names[name] for name in self.names)}: " if len(names) > 1 else ""
        return f"{of}{self.start} → {self.end}"


def matrices(asked: Asked) -> str:
    """k x k of each class, their difference, and the sequences of the move that is clicked; lines of Python for them."""
    transitions = asked.both(analysis.transitions_by_class)
    counts = (
        st.segmented_control(
            "Show", ("probabilities", "counts"), default="probabilities", required=True, key="moves_as", bind="query-params"
        )
        == "counts"
    )  # fmt: skip
    clicked: list[Move] = []
    columns = st.columns(3)
    for column, name in zip(columns, asked.names, strict=False):
        with column:
            st.markdown(f"**{common.words.plain(name)}**: the next LSTM")
            matrix = charts.transition_heatmap(transitions, name, counts=counts)
            clicked += _clicked(matrix, (name,), key=f"matrix_{name}")
    difference = asked.differing(analysis.transition_difference) if asked.two else None
    if difference is not None:
        with columns[2]:
            st.markdown(f"**{asked.apart}**")
            matrix = charts.difference_heatmap(difference, asked.first, asked.second)
            clicked += _clicked(matrix, asked.names, key="difference")
    stays = transitions[transitions["from"] == transitions["to"]].groupby("class")["count"].sum()
    moves = transitions.groupby("class")["count"].sum()
    kept = " and ".join(
        f"{stays[name] / max(moves[name], 1):.0%} in {common.words.plain(of_class(name))} ({asked.number(name):,} sequences)"
        for name in asked.names
    )
    st.caption(
        f"Row: the LSTM of one step; column: the LSTM of the next. The network stays with its LSTM at {kept} of the steps. "
        f"A dash: never left. {'' if difference is None else verdict(difference, 'cells', 'coloured')} Click a cell to see where it happens."
    )
    if difference is not None:
        common.in_numbers(difference, key="difference")
    move = _examples(asked, transitions, clicked)
    lines = asked.lines() + asked.counting("transitions_by_class", "transition_difference")
    if move is None:
        return lines
    return f"""{lines}where = analysis.sequences_with_move(trace, found.of, found.names, {move.start}, {move.end}, {asked.study.layer})
print(where[where["class"].isin({list(move.names)})])
"""


def _clicked(matrix: charts.Picture, names: tuple[str, ...], *, key: str) -> list[Move]:
    """Draw a matrix; the move that was clicked in it just now, of these classes, or none."""
    cells = common.show_to_click(matrix, key=key, selection=charts.CLICKED) or []
    return [Move(names, int(cell["from"]), int(cell["to"])) for cell in cells if {"from", "to"} <= set(cell)][-1:]


def verdict(difference: pd.DataFrame, parts: str, shown: str) -> str:
    """How many parts of a picture of a difference are shown, and why no others."""
    known = int(difference["p"].notna().sum())
    real = int(difference["beyond_chance"].sum())
    if not known:
        return "Too few sequences to say anything about their difference: take more."
    return (
        f"In the difference, only what chance does not explain is {shown}: {real} of {known} {parts} "
        "(permutation test over whole sequences, 5 % error for all together)."
    )


def _moves(asked: Asked, transitions: pd.DataFrame) -> dict[Move, int]:
    """How often each move happens that does: in each class, the most frequent first, and then in both together."""
    seen = transitions[(transitions["count"] > 0) & transitions["class"].isin(asked.names)]
    columns = [seen[name].tolist() for name in ("class", "from", "to", "count")]
    times = {Move((name,), start, end): count for name, start, end, count in zip(*columns, strict=True)}
    times = dict(sorted(times.items(), key=lambda item: -item[1]))
    together: dict[Move, int] = {}
    if asked.two:
        for move, count in times.items():
            both = Move(asked.names, move.start, move.end)
            together[both] = together.get(both, 0) + count
    return times | dict(sorted(together.items(), key=lambda item: -item[1]))


def _examples(asked: Asked, transitions: pd.DataFrame, clicked: list[Move]) -> Move | None:
    """The sequences in which a move happens, and one of them; the move."""
    study = asked.study
    times = _moves(asked, transitions)
    called = in_link(study.entry.task, study.groups.names)
    moves = {move.told(called): move for move in times}
    if not moves:
        st.info("Each of these sequences has one step alone, so no LSTM follows another.")
        return None
    for move in clicked:
        if move in times:
            st.session_state["move"] = move.told(called)
    usual = next((name for name, move in moves.items() if move.start != move.end), next(iter(moves)))
    given = common.link.given(MOVE)
    if st.session_state.get("move") not in moves or common.link.went_back():
        st.session_state["move"] = given if given in moves else usual
    left, right = st.columns([1, 2], gap="large")
    with left:
        for move in clicked:
            if move not in times:
                where = " or ".join(map(of_class, move.names))
                st.caption(f"LSTM {move.start} is never followed by {move.end} in {where}.")
        own_words = {name: name for name in study.groups.names}
        name = st.selectbox(
            "Where does it happen?", list(moves), key="move",
            format_func=lambda m: f"{moves[m].told(own_words)} ({times[moves[m]]:,} times)",
        )  # fmt: skip
        move = moves[name]
        found = _found(asked, move)
        let_go("_move_shown", (study.entry.id, study.layer, name), SEQUENCE, PINNED)
        number = _choose_sequence(study, found, name)
        let_go(OPENED, ("matrices", study.entry.id, study.layer, study.drawn, study.only, name, number), PINNED)
    common.link.keep(MOVE, None if name == usual else name)
    row = found[found["sequence"] == number].to_dict("records")[0]
    with right:
        # Another move is another picture: one that is there already keeps its own pin.
        open_sequence(
            study, number, int(str(row["steps"]).split(",")[0]), key=f"{number}_{move.start}_{move.end}",
            alt=f"Sequence {number}, of {of_class(row['class'])}: {move.start} hands over to {move.end} at {row['steps']}.",
        )  # fmt: skip
    st.caption(
        f"LSTM {move.start} is followed by {move.end} at {study.step} {row['steps']} of this sequence. "
        f"{common.words.CURSOR}"
    )
    return move


def _found(asked: Asked, move: Move) -> pd.DataFrame:
    """Sequences in which a move happens, most often first; of two classes in turn, so that they can be compared."""
    found = asked.study.counted(analysis.sequences_with_move, asked.study.groups.names, move.start, move.end)
    found = found[found["class"].isin(move.names)]
    turn, side = found.groupby("class").cumcount(), found["class"].map(move.names.index)
    return found.assign(turn=turn, side=side).sort_values(["turn", "side"]).head(MOST_LISTED)


def _choose_sequence(study: common.Study, found: pd.DataFrame, move: str) -> int:
    numbers: list[int] = found["sequence"].tolist()
    key, given = f"open_{move}", common.link.given(SEQUENCE)
    if st.session_state.get(key) not in numbers or common.link.went_back():
        st.session_state[key] = next((n for n in numbers if str(n) == given), numbers[0])
    told = dict(zip(numbers, _told(study, found), strict=True))
    number = st.selectbox("Open a sequence", numbers, key=key, format_func=lambda n: told[n])
    common.link.keep(SEQUENCE, None if number == numbers[0] else str(number))
    return number


def _told(study: common.Study, found: pd.DataFrame) -> list[str]:
    """What the menu says of each sequence; its class only where there are two."""
    several = found["class"].nunique() > 1
    return [
        f"No. {row['sequence']}"
        + (f", class {row['class']}" if several else "")
        + read_as(study, row["sequence"])
        + f": at {row['steps']}"
        for row in found.to_dict("records")
    ]
