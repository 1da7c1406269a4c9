"""What comes of a task's experiments: strings, curves that are gone on with, and shares of what is right."""

from dataclasses import replace
from typing import Any

import numpy as np
import pandas as pd
import streamlit as st
from streamlit.delta_generator import DeltaGenerator

from mrnn import charts, owndata
from mrnn.experiments import Experiment, Outcome, Series, Shares, Strings
from mrnn.probes import answer_of
from pages import common
from pages.views.laboratory.subject import Subject, choose_seed

FAULTY = 8  # strings that are listed of those that are not legal


def experiment(subject: Subject, controls: DeltaGenerator, asked: Experiment) -> str:
    """An experiment with the model, or with several side by side; Python that makes the same."""
    with controls:
        private = owndata.is_own(subject.task.name)  # no words of a person's own in addresses
        asked = common.task_settings(
            asked, key=f"lab_{type(asked).__name__.lower()}", in_link=True, words_in_link=not private
        )
        others = beside(subject) if asked.side_by_side else []
        seed = choose_seed("Seed", "Other draws") if asked.few else 0
    st.markdown(asked.summary)
    if asked.few:
        show(common.outcome(subject.entry, asked, asked.few, seed))
    if asked.many:
        entries = [subject.entry, *others]
        found = common.measured(
            (*(entry.key for entry in entries), repr(asked), seed),
            lambda on_part: _many(entries, asked, seed, on_part), key="lab_many", button=f"Try {asked.many:,}",
            promise=f"{asked.many:,} of them{' for each network' if len(entries) > 1 else ''}. Takes some seconds, once.",
        )  # fmt: skip
        if found is not None:
            names = [entry.name for entry in entries]
            unlike = [
                name if names.count(name) == 1 else f"{name} ({entry.id})"
                for name, entry in zip(names, entries, strict=True)
            ]
            show_many(dict(zip(unlike, found, strict=True)))
    return f"""from dataclasses import replace

from mrnn.probes import answer_of
{subject.lines}
asked = next(one for one in task.experiments if one.title == "{asked.title}")
asked = replace(asked{"".join(f", {name}={value!r}" for name, value in _settings(asked).items())})
print(asked.run(answer_of(model), {asked.few or asked.many}, seed={seed}))
"""


def _settings(asked: Experiment) -> dict[str, Any]:
    return {name: value for name, value in vars(asked).items() if name != "task"}


def _many(entries: list[common.Entry], asked: Experiment, seed: int, on_part: Any) -> list[Outcome]:
    found = []
    for entry in entries:
        # Each is asked what it has learned: one of bits their parity, perhaps, and another one to flip them.
        found.append(replace(asked, task=entry.task).run(answer_of(entry.model), asked.many, seed))
        if len(entries) > 1:
            on_part(len(found), len(entries))
    return found


def beside(subject: Subject) -> list[common.Entry]:
    """Other models of the same task, and unless others are chosen those that ship with the app and were asked the same.

    They are in the link.
    """
    key = f"lab_beside_{subject.entry.id}"
    common.open_named(key)
    found = {
        entry.id: entry for entry in common.entries(subject.task.name, common.owner()) if entry.id != subject.entry.id
    }
    if key in st.session_state:
        st.session_state[key] = [name for name in st.session_state[key] if name in found]
    if not found:
        return []
    usual = [name for name, entry in found.items() if entry.shipped and entry.task == subject.task]
    common.asked.begin(key, "Beside it", usual, common.asked.several(list(found)))
    chosen = st.multiselect(
        "Beside it", list(found), key=key, format_func=lambda name: found[name].label if name in found else name,
        persist_state="session", help="Other models of this task, each asked what it has learned.",
    )  # fmt: skip
    common.asked.keep(key, [name for name in found if name in chosen], usual)
    others = [found[name] for name in chosen]
    common.tell_private(*others)
    return others


def show(outcome: Outcome) -> None:
    """A few of them, one by one."""
    if isinstance(outcome, Strings):
        _strings(outcome)
    elif isinstance(outcome, Series):
        _curve(outcome)


def show_many(outcomes: dict[str, Outcome]) -> None:
    """What many of them come to, for each network."""
    shares = {name: outcome for name, outcome in outcomes.items() if isinstance(outcome, Shares)}
    if shares:
        _shares(shares)
    for outcome in outcomes.values():
        if isinstance(outcome, Strings):
            _many_strings(outcome)
        elif isinstance(outcome, Series):
            _errors(outcome)


def marked(text: str, fault: int | None) -> str:
    """A string with the place of its fault in brackets; [ ] where something is missing at its end."""
    if fault is None:
        return text
    return f"{text[:fault]}[{text[fault : fault + 1] or ' '}]{text[fault + 1 :]}"


def _strings(outcome: Strings) -> None:
    if outcome.note:
        st.info(outcome.note, icon=":material/info:")
    if not outcome.faults:
        st.code("\n".join(outcome.texts), language=None, wrap_lines=True)
        return
    st.dataframe(
        pd.DataFrame(
            {
                "string": [marked(text, fault) for text, fault in zip(outcome.texts, outcome.faults, strict=True)],
                "": ["legal" if fault is None else f"breaks at place {fault}" for fault in outcome.faults],
            }
        ),
        hide_index=True, width="stretch", height="content",
    )  # fmt: skip
    st.caption(
        f"{outcome.faults.count(None)} of these {len(outcome.texts)} are whole strings of the grammar. "
        "Where one breaks, the symbol that may not stand there is in [brackets]; places are counted from 0."
    )


def _many_strings(outcome: Strings) -> None:
    kinds = ["legal" if fault is None else "not legal" for fault in outcome.faults]
    table = pd.DataFrame({"symbols": [len(text) for text in outcome.texts], "kind": kinds})
    counts = table.groupby(["symbols", "kind"], as_index=False).size().rename(columns={"size": "count"})
    said = f"{outcome.faults.count(None):,} of {len(outcome.texts):,} strings are legal ({outcome.legal:.1%})"
    st.markdown(f"#### {said}")
    common.show(charts.lengths_of_strings(counts), key="lengths_of_strings")
    st.caption("By length: legal strings upwards, those that break the grammar downwards.")
    broken = [
        marked(text, fault) for text, fault in zip(outcome.texts, outcome.faults, strict=True) if fault is not None
    ]
    if broken:
        st.caption("Some that break:")
        st.code("\n".join(broken[:FAULTY]), language=None)


def _curve(outcome: Series) -> None:
    own = pd.DataFrame({"t": np.arange(outcome.values.shape[1]), "curve": "its own", "value": outcome.values[0]})
    table, said = own, f"{outcome.given} values given, {len(own) - outcome.given} of its own"
    if outcome.truth is not None:
        table = pd.concat([own, own.assign(curve="truth", value=outcome.truth[0])], ignore_index=True)
        said += f"; mean squared error of its own {outcome.errors.mean():.2f}"
    st.markdown(f"#### {said}")
    common.show(charts.continued_curve(table, outcome.given), key="continued")
    truth = "the dashed line is the truth" if outcome.truth is not None else "no curve of this task begins so"
    st.caption(f"Left of the dotted border the network reads what was given, right of it its own answers; {truth}.")


def _errors(outcome: Series) -> None:
    errors = outcome.errors
    table = pd.DataFrame({"ahead": np.arange(1, len(errors) + 1), "error": errors.round(5)})
    said = f"Mean squared error {errors[0]:.3f} one step ahead, {errors[-1]:.2f} {len(errors)} steps ahead"
    st.markdown(f"#### {said}")
    common.show(charts.error_by_step(table), key="error_by_step")
    st.caption(f"The mean over {len(outcome.values)} curves, by how many values before it are the network's own.")


def _shares(outcomes: dict[str, Shares]) -> None:
    first = next(iter(outcomes.values()))
    table = pd.DataFrame(
        [
            {"network": name, "group": group, "share": share, "count": count}
            for name, outcome in outcomes.items()
            for group, share, count in zip(outcome.groups, outcome.right, outcome.counts, strict=True)
        ]
    )
    last = {name: outcome.right[-1] for name, outcome in outcomes.items()}
    said = f"{first.what.capitalize()}, {first.groups[-1]} {first.by}: " + "; ".join(
        f"{name} {share:.1%}" for name, share in last.items()
    )
    common.show(charts.shares_by_group(table, first.what, first.by, first.chance), key="shares_by_group")
    st.caption(f"{said}. Who knows nothing is right {first.chance:.0%} of the time." if first.chance else f"{said}.")
    wide = table.assign(share=[f"{share:.1%}" for share in table["share"]])
    st.dataframe(wide.pivot(index="network", columns="group", values="share")[list(first.groups)], width="stretch")
