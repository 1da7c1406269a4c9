"""Mixed against own: do the LSTMs go on from one mixed memory, or each from its own? The same signal through both."""

from dataclasses import replace

import streamlit as st

from mrnn import Inside, Task, Trace, analysis
from mrnn.scores import written_with_name
from pages import common
from pages.views.k_and_tau.subject import SIGNAL, choose_signal, choose_task

SEQUENCES = 500  # by which the LSTMs of the two are paired
PRESETS = {
    name: {"k_task": "waves", SIGNAL: seed, "mixed_waves": "waves-k4", "own_waves": "waves-k4-own"}
    for name, seed in (("A plain wave", 47), ("An alien one", 2), ("Where own is wrong", 25))
}
EXPLAINED = (
    "**mixed**, as published: after each step the states of all LSTMs are mixed by z, and all go on from that one memory. "
    "**own**: each LSTM goes on from its own memory, and only what is heard is picked by z. The author of the network doubts "
    "the mixing in a comment in the code; here both can be looked at."
)


def memory() -> str | None:
    """Two networks, one of each kind, one below the other."""
    left, right = common.sides()
    with left:
        task = choose_task()
        seed = choose_signal()
        for carry in ("mixed", "own"):
            common.open_named(carry)
        models = [entry for entry in common.entries(task.name, common.owner()) if entry.config.cell == "mrnn"]
        kinds = {
            carry: [e for e in models if e.config.carry == carry and e.config.num_lstms > 1]
            for carry in ("mixed", "own")
        }
        for carry, found in kinds.items():
            if not found:
                st.info(
                    f"There is no network for {common.words.plain(task.title)} whose LSTMs go on from {'their own' if carry == 'own' else 'one mixed'} "
                    f"memory. Train one on the Train page, with carry set to {carry}."
                )
                common.offer_training(task, carry=carry)
                return None
        own = _choose(kinds["own"], kinds["own"][0], "own", task.name)
        alike = [e for e in kinds["mixed"] if _shape(e) == _shape(own)]
        mixed = _choose(kinds["mixed"], (alike or kinds["mixed"])[0], "mixed", task.name)
        st.caption("Try")
        common.presets(PRESETS)
        st.markdown(EXPLAINED)
    with right, common.refusals():
        _both(mixed, own, seed)
    paired = mixed.task == own.task
    return f"""from mrnn import {"analysis, load" if paired else "load"}
from mrnn.tasks import make_task

mixed, own = load("{common.file_of(mixed)}"), load("{common.file_of(own)}")
{_paired(mixed.task, seed) if paired else _apart(mixed.task, own.task, seed)}"""


def _paired(task: Task, seed: int) -> str:
    return f"""task = make_task("{task.name}", {task.settings})
data, many = task.make(1, seed={seed}), task.make({SEQUENCES}, seed=0)
paths = [model.trace(many.x, many.lengths).listened() for model in (mixed, own)]
found = analysis.align(*paths, many.lengths, (mixed.config.num_lstms, own.config.num_lstms))
first, second = (model.trace(data.x, data.lengths) for model in (mixed, own))
print(first.listened()[0] + 1, first.answers[0])
print(found.renamed(second.listened()[0]) + 1, second.answers[0])  # under the names of the first
print(found.agreement, analysis.usage_apart(*paths, many.lengths, found))
"""


def _apart(first: Task, second: Task, seed: int) -> str:
    return f"""for model, settings in ((mixed, {first.settings}), (own, {second.settings})):
    data = make_task("{first.name}", settings).make(1, seed={seed})
    trace = model.trace(data.x, data.lengths)
    print(trace.listened()[0] + 1, trace.answers[0])
"""


def _both(mixed: common.Entry, own: common.Entry, seed: int) -> None:
    """The two networks read one signal, the LSTMs of the second under the names of their partners in the first."""
    same = mixed.task == own.task
    first, second = (common.study(entry, entry.config.num_layers - 1, SEQUENCES) for entry in (mixed, own))
    found = common.aligned(first, second)
    listened = []
    for entry, carry in ((mixed, "mixed"), (own, "own")):
        task, data = entry.task, entry.task.make(1, seed)  # its own settings: another length, another noise
        trace = entry.model.trace(data.x, data.lengths)
        inside = entry.inside(data.x, trace, -1)
        if carry == "own" and found is not None:
            trace, inside = _renamed(trace, inside, found)
        known = "Not measured on test data"
        if entry.accuracy is not None:
            known = f"In use, on test data: {written_with_name(task.target, entry.accuracy)}"
        told = common.words.plain(str(common.told(task, trace, data.y)))
        st.markdown(f"**{carry}**, {common.words.plain(entry.name)}: {told}. {known}.")
        z = trace.listened()[0, : trace.lengths[0]]
        listened.append(z)
        reading = (
            f"{common.words.number(int((z[1:] != z[:-1]).sum()), 'hand-over')} between {len(set(z))} of {entry.config.num_lstms} LSTMs"
            + (f"; the answer settles at step {analysis.decided_at(trace)}." if task.names_one_class else ".")
        )
        pictured = common.pictured(task, data, trace, task.hidden(1, seed))
        if carry == "own" and same and not task.is_image:
            pictured["x"] = None  # it stands above
        common.timeline(
            **pictured, key=f"carry_{carry}", in_link=True, among=True, inside=inside,
            alt=f"q(t), z(t) and p(t) with carry {carry}. {reading}",
        )  # fmt: skip
        st.caption(reading)
    if found is None:
        st.caption("The two were trained on sequences of other settings: LSTM 1 of one is not LSTM 1 of the other.")
        return
    together = int((listened[0] == listened[1]).sum())
    st.caption(
        f"LSTMs have no order of their own: those of own bear the names of their partners in mixed, paired (Hungarian method) by "
        f"what both did with {len(first.data)} other sequences. There they listened to partners at {found.agreement:.0%} of the steps "
        f"({found.chance:.0%} by chance), here at {together} of {len(listened[0])}."
    )
    apart = common.counted_on_two(analysis.usage_apart, first, second, found)
    st.markdown(
        f"**Mixed minus own**, share of the steps of those {len(first.data)}, beyond chance, with 95 % intervals: "
        f"{common.partners_beyond_chance(apart, found)}."
    )
    st.caption("One training run each, with one seed, so small differences in accuracy mean little.")


def _renamed(trace: Trace, inside: Inside | None, found: analysis.Alignment) -> tuple[Trace, Inside | None]:
    """The last layer of a network under the names of the first."""
    trace = replace(trace, q=found.spread(trace.q), z=found.spread(trace.z))
    return trace, None if inside is None else replace(inside, logits=found.spread(inside.logits))


def _shape(entry: common.Entry) -> tuple[int, int, int]:
    return entry.config.num_lstms, entry.config.hidden_size, entry.config.num_layers


def _choose(found: list[common.Entry], usual: common.Entry, carry: str, task: str) -> common.Entry:
    by_id = {entry.id: entry for entry in found}
    key = f"{carry}_{task}"
    common.begin_named(key, carry, by_id, usual.id)
    chosen = st.selectbox(
        f"Network with {carry} memory", list(by_id), key=key, persist_state="session", help=common.words.CARRY,
        format_func=lambda i: by_id[i].label if i in by_id else i,
    )  # fmt: skip
    common.link.keep(carry, None if chosen == usual.id and usual.shipped else chosen)
    common.tell_private(by_id[chosen])
    return by_id[chosen]
