"""How a file is read: all that is guessed about it can be changed."""

from dataclasses import dataclass, replace

import streamlit as st

from mrnn import owndata
from mrnn.data import Target
from mrnn.owndata import Arrays, Columns, Faults, Reading, Sequences, Table
from pages import common

NOTHING = "none"
TARGETS: dict[Target, str] = {"class": "A class", "value": "A number"}
WHOSE = {False: "Of a sequence", True: "Of each step"}
LAYOUTS = {"long": "A row a step", "wide": "A row a sequence"}


@dataclass(frozen=True)
class Read:
    """What came of a file.

    read_as    how it was read, so that others like it can be
    sequences  None if there is a fault
    """

    read_as: tuple[Reading, Columns] | Arrays
    sequences: Sequences | None
    faults: Faults


def read(content: bytes, key: str) -> Read:
    """The sequences of a file, with controls for all that is guessed.

    key     of the widgets: another file, other widgets
    raises  ValueError if the file cannot be read
    """
    if owndata.is_npz(content):
        return _arrays(content, key)
    table = common.read_table(content, _reading(owndata.guess_reading(content), key))
    columns = _columns(table, owndata.guess_columns(table), f"{key}_{table.reading}")
    sequences, faults = owndata.build(table, columns)
    return Read((table.reading, columns), sequences, faults)


def _reading(guessed: Reading, key: str) -> Reading:
    with st.expander("How the text is read"):
        return Reading(
            encoding=st.selectbox(
                "Encoding", owndata.ENCODINGS, owndata.ENCODINGS.index(guessed.encoding), key=f"{key}_encoding"
            ),
            separator=st.selectbox(
                "Separator", list(owndata.SEPARATORS), list(owndata.SEPARATORS).index(guessed.separator),
                format_func=owndata.SEPARATORS.__getitem__, key=f"{key}_separator",
            ),
            decimal=st.segmented_control(
                "Decimal sign", (".", ","), default=guessed.decimal, required=True, key=f"{key}_decimal"
            ) or guessed.decimal,
            heading=st.toggle("The first row names the columns", guessed.heading, key=f"{key}_heading"),
        )  # fmt: skip


def _columns(table: Table, guessed: Columns, key: str) -> Columns:
    names = [str(name) for name in table.frame.columns]
    layout = st.segmented_control(
        "Layout", list(LAYOUTS), default=guessed.layout, required=True, format_func=LAYOUTS.__getitem__, key=f"{key}_layout",
    ) or guessed.layout  # fmt: skip
    key = f"{key}_{layout}"
    label = _one_of("Label", names, guessed.label, f"{key}_label", "What the network shall learn to tell.")
    sequence = _one_of(
        "Sequence", names, guessed.sequence, f"{key}_sequence", "Which sequence a row belongs to, or what it is called."
    )
    apart = [name for name in (label, sequence) if name is not None]
    if layout == "wide":
        steps = [name for name in names if name not in apart]
        inputs = [name for name in guessed.inputs if name in steps] or steps
        first = st.selectbox("First step", steps, steps.index(inputs[0]) if inputs else 0, key=f"{key}_first")
        last = st.selectbox("Last step", steps, steps.index(inputs[-1]) if inputs else 0, key=f"{key}_last")
        chosen = steps[steps.index(first) : steps.index(last) + 1] if steps else []
        # Words between the numbers, as a second label, are no steps.
        chosen = [name for name in chosen if name in guessed.inputs or name in (first, last)] or chosen
        if len(chosen) > 1:
            st.caption("A sequence ends where nothing but empty cells, or NaN, follows in its row.")
        return _answer(owndata.guess_answer(table, Columns("wide", tuple(chosen), sequence, None, label)), key)
    step = _one_of(
        "Step",
        names,
        guessed.step,
        f"{key}_step",
        "Orders the steps of a sequence: a number, or a date. With none, rows stand in order.",
    )
    free = [name for name in names if name not in (*apart, step)]
    inputs = st.multiselect(
        "Inputs", free, [name for name in guessed.inputs if name in free], key=f"{key}_inputs_{label}_{sequence}_{step}",
        help="The numbers that are read at each step.",
    )  # fmt: skip
    return _answer(owndata.guess_answer(table, Columns("long", tuple(inputs), sequence, step, label)), key)


def _answer(guessed: Columns, key: str) -> Columns:
    """The same columns with what a person says that their label is."""
    if guessed.label is None:
        return guessed
    key = f"{key}_{guessed.label}_{guessed.sequence}"
    target = _target(guessed.target, key)
    if guessed.layout == "wide":
        return replace(guessed, target=target)
    whose = st.segmented_control(
        "Whose label", list(WHOSE), default=guessed.per_step, required=True, format_func=WHOSE.__getitem__, key=f"{key}_whose",
        help="Of each step: it may change within a sequence, and the network answers after each step.",
    )  # fmt: skip
    return replace(guessed, target=target, per_step=guessed.per_step if whose is None else whose)


def _target(guessed: Target, key: str) -> Target:
    return st.segmented_control(
        "The label is", list(TARGETS), default=guessed, required=True, format_func=TARGETS.__getitem__, key=f"{key}_target",
        help="A class: one of a few words or numbers. A number: measured, and answered by a number.",
    ) or guessed  # fmt: skip


def _one_of(title: str, names: list[str], guessed: str | None, key: str, hint: str) -> str | None:
    options = [NOTHING, *names]
    chosen = st.selectbox(title, range(len(options)), options.index(guessed) if guessed in names else 0,
        format_func=options.__getitem__, key=key, help=hint)  # fmt: skip
    return names[chosen - 1] if chosen else None


def _arrays(content: bytes, key: str) -> Read:
    found = common.read_arrays(content)
    guessed = owndata.guess_arrays(found)
    shapes = {name: f"{name} {array.shape}".replace(",)", ")") for name, array in found.items()}
    possible = [name for name, array in found.items() if array.ndim in (2, 3) and array.dtype.kind != "U"]
    x = st.selectbox("Sequences", possible, possible.index(guessed.x), format_func=shapes.__getitem__, key=f"{key}_x")
    flat = [name for name, array in found.items() if array.ndim == 1]
    of_steps = [name for name, array in found.items() if name != x and array.shape == found[x].shape[:2]]
    chosen = Arrays(
        x,
        _one_of("Label", [*flat, *of_steps], guessed.y, f"{key}_y", "One for each sequence, or one for each step."),
        _one_of(
            "Lengths", flat, guessed.lengths, f"{key}_lengths",
            "How many steps of each sequence count. With none it ends where nothing but NaN follows.",
        ),
    )  # fmt: skip
    if chosen.y is not None:
        chosen = replace(chosen, target=_target(owndata.guess_target(found, chosen).target, f"{key}_{chosen.y}"))
    return Read(chosen, *owndata.build_from_arrays(found, chosen))


def code(name: str, found: Read, example: str | None) -> str:
    """The lines of Python that read a file as it is read here.

    name     of the file
    example  which one it is, of those that the app makes; None for a person's own
    """
    kinds = [type(part).__name__ for part in (found.read_as if isinstance(found.read_as, tuple) else (found.read_as,))]
    content = f'owndata.EXAMPLES["{example}"][1]()' if example is not None else f"Path({name!r}).read_bytes()"
    if isinstance(found.read_as, Arrays):
        build = [
            "arrays = owndata.read_arrays(content)",
            f"sequences, faults = owndata.build_from_arrays(arrays, {found.read_as})",
        ]
    else:
        reading, columns = found.read_as
        build = [
            f"table = owndata.read_table(content, {reading})",
            f"sequences, faults = owndata.build(table, {columns})",
        ]
    lines = [
        *([] if example is not None else ["from pathlib import Path", ""]),
        "from mrnn import owndata",
        f"from mrnn.owndata import {', '.join(kinds)}",
        "",
        f"content = {content}",
        *build,
        "print(faults.first)  # what is wrong, if anything is",
        "if sequences is not None:",
        "    print(len(sequences), sequences.classes, sequences.lengths)",
    ]
    return "\n".join(lines) + "\n"
