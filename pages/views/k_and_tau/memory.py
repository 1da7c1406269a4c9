"""Mixed against own: do the LSTMs go on from one mixed memory, or each from its own? The same signal through both."""

import streamlit as st

from mrnn import analysis
from pages import common
from pages.views.k_and_tau.subject import choose_signal, choose_task

EXPLAINED = (
    "**mixed**, as published: after each step the states of all LSTMs are mixed by z, and all go on from that one memory. "
    "**own**: each LSTM goes on from its own memory, and only what is heard is picked by z. The author of the network doubts "
    "the mixing in a comment in the code; here both can be looked at."
)


def memory() -> str:
    """Two networks, one of each kind, one below the other."""
    left, right = common.sides()
    with left:
        task = choose_task()
        seed = choose_signal()
        models = [entry for entry in common.entries(task.name, common.owner()) if entry.config.cell == "mrnn"]
        kinds = {
            carry: [e for e in models if e.config.carry == carry and e.config.num_lstms > 1]
            for carry in ("mixed", "own")
        }
        for carry, found in kinds.items():
            if not found:
                st.info(
                    f"There is no network for {task.title} whose LSTMs go on from {'their own' if carry == 'own' else 'one mixed'} "
                    f"memory. Train one on the Train page, with carry set to {carry}."
                )
                st.stop()
        own = _choose(kinds["own"], kinds["own"][0], "own", task.name)
        alike = [e for e in kinds["mixed"] if _shape(e) == _shape(own)]
        mixed = _choose(kinds["mixed"], (alike or kinds["mixed"])[0], "mixed", task.name)
        st.markdown(EXPLAINED)
    with right, common.refusals():
        data = task.make(1, seed)
        truth = task.classes[int(data.y[0])]
        image = task.is_image
        signal = data.x[0] if image or data.x.shape[2] == 1 else None
        for number, (entry, carry) in enumerate(((mixed, "mixed"), (own, "own"))):
            trace = entry.model.trace(data.x, data.lengths)
            says = task.classes[int(trace.answers[0].argmax())]
            verdict = "right" if says == truth else "wrong"
            known = "not measured" if entry.accuracy is None else f"{entry.accuracy:.2%} of test data right in use"
            st.markdown(f"**{carry}**, {entry.name}: {says}, {trace.answers[0].max():.1%} ({verdict}). {known}.")
            z = trace.listened()[0, : trace.lengths[0]]
            reading = (
                f"{int((z[1:] != z[:-1]).sum())} hand-overs between {len(set(z))} of {trace.k} LSTMs; the answer settles at "
                f"step {analysis.decided_at(trace)}."
            )
            common.timeline(
                trace, signal if image or not number else None, task.classes, key=f"carry_{carry}", down=image, in_link=True, among=True,
                shown=None if image else task.classes[-1], inside=entry.inside(data.x, trace, -1),
                alt=f"q(t), z(t) and p(t) with carry {carry}. {reading}",
            )  # fmt: skip
            st.caption(reading)
        st.caption(
            "One run each, with one seed, so small differences in accuracy mean little. LSTMs have no order of their own: "
            "LSTM 1 of one network is not LSTM 1 of the other."
        )
    return f"""from mrnn import load
from mrnn.tasks import make_task

data = make_task("{task.name}", {task.settings}).make(1, seed={seed})
for file in ("{common.file_of(mixed)}", "{common.file_of(own)}"):
    model = load(file)
    trace = model.trace(data.x, data.lengths)
    print(model.config.carry, trace.listened()[0] + 1, trace.answers[0])
"""


def _shape(entry: common.Entry) -> tuple[int, int, int]:
    return entry.config.num_lstms, entry.config.hidden_size, entry.config.num_layers


def _choose(found: list[common.Entry], usual: common.Entry, carry: str, task: str) -> common.Entry:
    by_id = {entry.id: entry for entry in found}
    key = f"{carry}_{task}"
    if st.session_state.get(key) not in by_id:
        asked = common.link.given(carry)
        st.session_state[key] = asked if asked in by_id else usual.id
    chosen = st.selectbox(
        f"Network with {carry} memory", list(by_id), key=key, persist_state="session", help=common.words.CARRY,
        format_func=lambda i: by_id[i].label if i in by_id else i,
    )  # fmt: skip
    common.link.keep(carry, None if chosen == usual.id else chosen)
    return by_id[chosen]
