"""The parts of the Own data page: how a file is read, what is in it, what is kept, and what a model answers."""

from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import cast

import pandas as pd
import streamlit as st
from streamlit.delta_generator import DeltaGenerator

from mrnn import analysis, charts, forget, owndata
from mrnn.owndata import Arrays, Columns, Faults, Reading, Sequences, Table
from mrnn.tasks.text import Text
from mrnn.text import alphabet
from pages import common

NOTHING = "none"
READ_AT_ONCE = 200  # sequences
MOST_SHOWN = 600  # characters of a text
EXAMPLE, FIRST = "own_example", next(iter(owndata.EXAMPLES))
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


def labelled(left: DeltaGenerator, right: DeltaGenerator) -> str:
    """Labelled sequences, from a file or from an example; Python that reads them."""
    with left:
        file = st.file_uploader(
            "A CSV file or NumPy arrays (.npz), up to 64 MB and 1,000,000 rows", type=["csv", "tsv", "txt", "dat", "data", "npz"],
            key="own_file", help="A row a step (sequence, step, inputs, label) or a row a sequence. Nothing in it is executed.",
        )  # fmt: skip
        common.asked.begin(EXAMPLE, "example", FIRST, common.asked.one_of(list(owndata.EXAMPLES)))
        example = st.selectbox(
            "Or look at an example",
            list(owndata.EXAMPLES),
            key=EXAMPLE,
            persist_state="session",
            disabled=file is not None,
        )
        common.asked.keep(EXAMPLE, example, FIRST)
        common.asked.say()
        name, make = owndata.EXAMPLES[example]
        content = file.getvalue() if file is not None else make()
        if file is not None:
            name = file.name
        else:
            st.download_button(
                "This example as a file",
                content,
                name,
                icon=":material/download:",
                key="own_take_example",
                on_click="ignore",
            )
    with right:
        what = f"#### {plain(name)}" if file is not None else "#### An example: who walks, runs or climbs stairs?"
        st.markdown(what)
        with common.refusals():
            with left:
                found = read(content, key=f"own_{file.file_id if file is not None else example}")
            if found.sequences is None:
                show_faults(found.faults)
            else:
                preview(found.sequences)
                save(found, Path(name).stem)
    return code(name, found, None if file is not None else example)


def text(left: DeltaGenerator, right: DeltaGenerator) -> str:
    """A text that is pasted or uploaded, or with neither the one that ships with the app; Python that reads it."""
    with left:
        pasted = st.text_area(
            "Paste a text", height=200, key="own_pasted", max_chars=owndata.MOST_CHARACTERS, placeholder="At least 3,000 characters: some pages.",
            help="Its last tenth is kept for the test. Nothing in it is executed.",
        )  # fmt: skip
        file = st.file_uploader(
            "Or upload a plain text file (.txt), up to 300,000 characters",
            type=["txt", "md", "text"],
            key="own_text_file",
        )
    with right, common.refusals():
        if file is None and not pasted.strip():
            st.markdown("#### An example: the text that ships with the app")
            preview_text(Text().text)
        else:
            st.markdown(f"#### {plain(file.name) if file else 'Your text'}")
            found = owndata.read_text(file.getvalue()) if file else owndata.plain_text(pasted)
            preview_text(found)
            called = _name_to_keep(Path(file.name).stem if file else found[:30].strip().split("\n")[0] or "My text")
            if called is not None:
                owndata.keep_text(found, called, common.owner())
                st.rerun()
    if file is None and not pasted.strip():
        return "from mrnn import TASKS, owndata\n\nprint(owndata.character_counts(TASKS['text'].text))\n"
    return f"""from pathlib import Path

from mrnn import owndata

text = owndata.read_text(Path({(file.name if file else "text.txt")!r}).read_bytes())
print(owndata.character_counts(text))
"""


VIEWS = {"Sequences": labelled, "A text": text}


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
        return Columns("wide", tuple(chosen), sequence, None, label)
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
    return Columns("long", tuple(inputs), sequence, step, label)


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
    chosen = Arrays(
        x,
        _one_of("Label", flat, guessed.y, f"{key}_y", "One for each sequence."),
        _one_of("Lengths", flat, guessed.lengths, f"{key}_lengths", "How many steps of each sequence count."),
    )
    sequences, faults = owndata.build_from_arrays(found, chosen)
    if sequences is not None and sequences.target != "class":
        faults.add("the label has too many different numbers for classes", "choose another array", column=str(chosen.y))
        sequences = None
    return Read(chosen, sequences, faults)


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


# -- what is in it -----------------------------------------------------------------------------------------------------


def show_faults(faults: Faults) -> None:
    """The first faults as a table, and how many there are."""
    count = "One thing is wrong" if faults.count == 1 else f"{faults.count:,} things are wrong"
    more = f"; the first {len(faults.first)} of them" if faults.count > len(faults.first) else ""
    st.error(f"{count} with this file{more}. Mend it, or change what the columns mean.", icon=":material/error:")
    rows = [
        {
            "row": "" if fault.row is None else f"{fault.row:,}",
            "column": fault.column,
            "what is wrong": fault.what,
            "way out": fault.way_out,
        }
        for fault in faults.first
    ]
    st.table(pd.DataFrame(rows), hide_index=True)
    st.caption("Rows are counted from 1, the heading and empty rows included, as a spreadsheet counts them.")


def preview(sequences: Sequences) -> None:
    """A few sequences of each class, how many there are, and how long they are."""
    column = sequences.inputs[0]
    if len(sequences.inputs) > 1:
        column = st.selectbox("Show", sequences.inputs, key=f"own_shown_{sequences.inputs}")
    examples = owndata.examples_table(sequences, column)
    common.show(charts.example_lanes(examples, column), key="examples", alt=f"A few sequences of each class: {column}.")
    some = len(set(examples["lane"]))
    left_out = f" The first {some} of {len(sequences.classes)} classes." if some < len(sequences.classes) else ""
    least, most = int(sequences.lengths.min()), int(sequences.lengths.max())
    steps = f"{most} steps each" if least == most else f"{least} to {most} steps"
    each = "1 input" if len(sequences.inputs) == 1 else f"{len(sequences.inputs)} inputs"
    st.caption(
        f"{len(sequences):,} sequences of {steps}, {each} a step. Up to four of each class, all on one scale.{left_out}"
    )
    left, right = st.columns(2)
    with left:
        if sequences.labels is not None:
            counts = owndata.label_counts(sequences)
            common.show(charts.count_bars(counts, "sequences"), key="counts", alt="Sequences of each class.")
    with right:
        lengths = owndata.histogram(sequences.lengths)
        common.show(
            charts.histogram_bars(lengths, "steps of a sequence", "sequences"), key="lengths", alt="Lengths of the sequences.",
        )  # fmt: skip


def preview_text(text: str) -> None:
    """How a text begins, how long it is, and which characters it has."""
    known = alphabet(text)
    st.text(f"{text[:MOST_SHOWN]} [...]")
    rest = ", the rarest of them taken together" if len(set(text)) > len(known) else ""
    st.caption(f"{len(text):,} characters, {len(set(text))} different ones{rest}. The most frequent:")
    common.show(
        charts.count_bars(owndata.character_counts(text), "characters"), key="characters", alt="The most frequent characters of the text.",
    )  # fmt: skip


def save(found: Read, name: str) -> None:
    """A form that keeps the sequences under a name."""
    if found.sequences is None:
        return
    if found.sequences.labels is None:
        st.info("Choose the column of the label, so that there is something to learn.", icon=":material/label:")
        return
    called = _name_to_keep(name)
    if called is not None:
        with common.refusals():
            st.session_state["own_kept"] = owndata.keep(found.sequences, called, common.owner(), read_as=found.read_as)
        st.rerun()


def _name_to_keep(name: str) -> str | None:
    """What it shall be called, once somebody wants to keep it."""
    with st.form("own_save", border=False), st.container(horizontal=True, vertical_alignment="bottom"):
        called = st.text_input("Name", name, max_chars=60)
        pressed = st.form_submit_button("Keep it as a task", icon=":material/save:", type="primary")
    return called if pressed else None


# -- what is kept ------------------------------------------------------------------------------------------------------


def kept(found: list[owndata.Kept]) -> None:
    """What this person has kept: to train on it, to look at its models, to delete it."""
    for one in found:
        task = owndata.own_task(one.id)
        classes = ", ".join(f"{name} {count:,}" for name, count in zip(one.classes[:8], one.counts, strict=False))
        more = f" and {len(one.classes) - 8} more" if len(one.classes) > 8 else ""
        with st.container(border=True, key=f"kept_{one.id}"):
            st.markdown(f"**{plain(one.name)}**")
            if one.begins:
                st.caption(
                    f"A text of {one.longest:,} characters, {len(one.classes)} of them told apart. Its first nine tenths "
                    f"are to learn from, the last one to test on; {one.size / 2**20:.1f} MB."
                )
            else:
                st.caption(
                    f"{one.sequences:,} sequences, up to {one.longest:,} steps: {plain(classes)}{more}. "
                    f"{task.extent[0]:,} to learn from, {one.sequences - task.extent[0]:,} to test on; {one.size / 2**20:.1f} MB."
                )
            _what_can_be_done(one)


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


def plain(text: str) -> str:
    """A person's words, none of whose signs are Markdown."""
    return "".join(f"\\{sign}" if sign in "\\`*_{}[]()<>#+-.!|$~:" else sign for sign in text)


def _answer(entry: common.Entry, task: owndata.OwnTask, sequences: Sequences) -> pd.DataFrame:
    """Some sequences at a time: what the network does at each step of all of them may be more than memory holds."""
    x, lengths = task.read_by_models(sequences)
    tables = [
        analysis.answers_table(entry.model.trace(x[some], lengths[some]), sequences.names[some], task.classes)
        for some in (slice(start, start + READ_AT_ONCE) for start in range(0, len(sequences), READ_AT_ONCE))
    ]
    return pd.concat(tables, ignore_index=True)


# -- answers -----------------------------------------------------------------------------------------------------------


def answers(entries: list[common.Entry]) -> None:
    """Let a model answer sequences whose labels nobody knows, and take the answers along."""
    by_id = {entry.id: entry for entry in entries}
    chosen = st.selectbox(
        "Model", list(by_id), format_func=lambda i: f"{common.task_title(by_id[i].notes['task'])}: {by_id[i].label}", key="own_model",
    )  # fmt: skip
    file = st.file_uploader(
        "A file with the same columns; the label may be missing", type=["csv", "tsv", "txt", "npz"], key="own_unlabelled",
    )  # fmt: skip
    if file is None or chosen is None:
        return
    entry = by_id[chosen]
    task = cast(owndata.OwnTask, entry.task)
    with common.refusals():
        sequences, faults = owndata.read_further(file.getvalue(), task.kept)
        if sequences is None:
            show_faults(faults)
            return
        with st.spinner(f"The model reads {len(sequences):,} sequences"):
            table = _answer(entry, task, sequences)
    said = table["answer"].value_counts()
    parts = ", ".join(f"{plain(str(name))} {count:,}" for name, count in said.items())
    st.markdown(f"**{len(table):,} answers:** {parts}")
    st.dataframe(table.head(200), hide_index=True, width="stretch", key="own_answers")
    st.download_button(
        "Answers (CSV)", partial(table.to_csv, index=False), "answers.csv", "text/csv", icon=":material/download:",
        key="own_download", on_click="ignore", help="The class, its probability and the others', and the share of each LSTM.",
    )  # fmt: skip
