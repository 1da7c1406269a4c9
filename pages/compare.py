"""A Markov recurrent network beside the networks that it came from, on one task and at one size."""

import json
from pathlib import Path
from typing import Any

import pandas as pd
import streamlit as st

from mrnn import analysis, bounds, charts, comparison, owndata, runs, sweeps
from mrnn.config import CARRIES, CELLS, RunConfig
from mrnn.data import Target
from mrnn.forecast import duration, slowness, training_seconds
from mrnn.grid import SweepConfig
from mrnn.matching import MATCHES
from mrnn.scores import SCORES
from mrnn.tasks import make_task
from pages import common
from pages.common.shown import SWEEP
from pages.common.words import plain

REFRESH = 2.0  # seconds between two looks at what trains
ASSETS = Path(__file__).resolve().parents[1] / "assets"
EXAMPLES = {"waves": "alien waves", "regimes": "hidden regimes"}  # comparison-*.json, .csv; SWEEP.md has the commands
MOST_CLASSES = 16  # in a picture of which is taken for which; all rarer ones are one
READ = 1_000  # sequences of a confusion matrix
BASELINES = [cell for cell in CELLS if cell != "mrnn"]
EQUAL = {"weights": "number of weights", "work": "multiplications a step", "size": "hidden size"}
KS = (1, 2, 4, 8, 16)
USUAL: dict[str, Any] = {
    "c_k": [1, 4], "c_carry": list(CARRIES), "c_cells": ["lstm", "gru"], "c_equal": "weights", "c_seeds": 3,
}  # fmt: skip
LABELS = {
    "c_k": "MRNN with k =", "c_carry": "its carry", "c_cells": "Beside it", "c_equal": "Equal in", "c_seeds": "Seeds",
}  # fmt: skip
LISTED: dict[str, Any] = {"c_k": KS, "c_carry": CARRIES, "c_cells": BASELINES}  # of which several may be chosen
READERS = {
    **{key: common.asked.several(options) for key, options in LISTED.items()},
    "c_equal": common.asked.one_of(list(EQUAL)),
    "c_seeds": common.asked.one_of(range(1, 11)),
}
PRESETS = {
    "As it opens": USUAL,
    "With one LSTM": {**USUAL, "c_k": [4], "c_carry": ["mixed"], "c_cells": ["lstm"]},
    "Mixed or own": {**USUAL, "c_k": [4], "c_cells": []},
    "All networks": {**USUAL, "c_cells": BASELINES},
    "All the same work": {**USUAL, "c_equal": "work"},
}
SORTS = {
    "accuracy": "on test data",
    "validation": "on held-out training data",
    "epoch_seconds": "seconds an epoch",
}
TITLES = {"epoch_seconds": "seconds an epoch", "agreement": "adjusted Rand index of z and the hidden regimes"}
HIDDEN = {"agreement": "hidden regimes found"}  # where they are known

common.page(
    "Compare",
    "Does a Markov recurrent network do better than one LSTM, a GRU, an Elman network of the same size? Train them all, and see.",
)
owner = common.owner()
common.engine().prepare()
everyone = runs.list_runs()
active = next((run for run in everyone if run.active and run.owner == owner), None)
started = active is not None or "comparison" in st.session_state  # then it comes first on a narrow screen
with st.container(key="run-first" if started else "form-first"):
    left, right = st.columns([1, 2], gap="large")
if active is not None:
    common.engine().wake()


def asked_for(base: RunConfig) -> SweepConfig:
    """What the form asks to be compared."""
    for key, usual in USUAL.items():
        common.asked.begin(key, LABELS[key].removesuffix(" ="), usual, READERS[key])
    ks = st.pills(LABELS["c_k"], KS, selection_mode="multi", key="c_k", help=common.words.K, persist_state="session")
    carries = st.pills(
        LABELS["c_carry"],
        CARRIES,
        selection_mode="multi",
        key="c_carry",
        help=common.words.CARRY,
        persist_state="session",
    )
    others = st.pills(
        LABELS["c_cells"], BASELINES, selection_mode="multi", key="c_cells", format_func=comparison.NAMES.__getitem__,
        persist_state="session", help=common.words.CELL,
    )  # fmt: skip
    equal = st.segmented_control(
        LABELS["c_equal"], list(EQUAL), required=True, format_func=EQUAL.__getitem__, key="c_equal", persist_state="session",
        help="All networks get the hidden size at which they come nearest to the MRNN below in this. "
        "While training all k LSTMs are computed; in use only one is.",
    )  # fmt: skip
    seeds = st.slider(
        LABELS["c_seeds"], 1, 10, key="c_seeds", persist_state="session",
        help="How often each network is trained. Without several seeds nobody knows what is chance.",
    )  # fmt: skip
    for key, usual in USUAL.items():
        now = st.session_state[key]
        common.asked.keep(key, [value for value in LISTED[key] if value in now] if key in LISTED else now, usual)
    st.caption("Try")
    common.presets(PRESETS)
    cells = [*(["mrnn"] if ks and carries else []), *others]
    if len(cells) + len(ks) * len(carries) < 3:
        raise ValueError("a comparison needs two networks or more: choose another one")
    grid = {
        "cell": cells,
        "k": sorted(ks) or [1],
        "carry": [carry for carry in CARRIES if carry in carries] or ["mixed"],
    }
    return SweepConfig(base=base, grid=grid, seeds=seeds, match=equal if equal in MATCHES else None)


def start(config: SweepConfig) -> None:
    st.session_state["comparison"] = sweeps.start(config, owner)
    common.link.keep(SWEEP, st.session_state["comparison"])
    common.engine().wake()
    st.rerun()


with left:
    button = st.container()
    config: SweepConfig | None = None
    try:
        form = st.container()
        with st.expander("The task, and the MRNN that all are matched with", icon=":material/tune:"):
            base = common.run_settings()
        with form:
            config = asked_for(base)
        wanted = list(config.runs())
        if len(wanted) > bounds.max_sweep():
            raise ValueError(f"a comparison may have {bounds.max_sweep()} runs here, this one has {len(wanted)}")
        seconds = sum(training_seconds(run, slowness(everyone)) for run in wanted) / common.engine().slots
        task = make_task(base.task, base.settings)
        networks = len({comparison.name_of(run.model) for run in wanted})
        button.markdown(
            f"**{networks} networks x {config.seeds} seeds** on {task.title}, about **{duration(seconds)}** here"
        )
        with button:
            common.standing.room_for(wanted, owner)
    except ValueError as error:
        config = None
        button.error(str(error), icon=":material/error:")
    with button:
        common.asked.say()
    pressed = button.button(
        "Train them all", icon=":material/play_arrow:", type="primary", width="stretch", key="start",
        disabled=active is not None or config is None,
        help="One run, sweep or comparison at a time for each person." if active else None,
    )  # fmt: skip
    if pressed and config is not None:
        try:
            start(config)
        except (ValueError, OSError) as error:  # the rest of the page stays
            with button:
                common.refuse(error)


def compares(sweep: sweeps.Sweep) -> bool:
    return "cell" in sweep.config.grid


def opened() -> sweeps.Sweep | None:
    """The comparison that the address names, or else the newest of one's own."""
    mine = (sweep for sweep in sweeps.list_sweeps(owner) if compares(sweep))
    return common.shown.at_address(SWEEP, sweeps.read, compares) or next(mine, None)


def picture(found: list[comparison.Outcome], base: RunConfig) -> None:
    """Scores, times and curves of all networks."""
    task = make_task(base.task, base.settings)
    target, percent = task.target, task.target == "class"
    networks, hides = comparison.contenders(found), common.hides(task)
    chart = st.container()
    beside = common.hidden_markov(task) if hides else None
    table = networks if beside is None else comparison.with_hmms(networks, beside)
    sorts = SORTS | HIDDEN if hides else SORTS
    with chart:
        figure = st.segmented_control(
            "Figure", list(sorts), default="accuracy", required=True, format_func=sorts.__getitem__,
            key="c_figure_hidden" if hides else "c_figure", bind="query-params",
        )  # fmt: skip
        known = table[table[figure].notna()]
        scored = "accuracy" if figure == "epoch_seconds" else figure
        said = comparison.verdict(networks, scored, "value" if figure in HIDDEN else target)
        if known.empty:
            st.info("Figures come in as runs end.")
        else:
            title = TITLES.get(figure) or f"{SCORES[target]} {sorts[figure]}"
            share = percent and figure not in TITLES
            common.show(charts.contender_dots(known, figure, title, percent=share), key="contenders")
        st.caption(f"Dot: mean over seeds, hard as in use; line: standard deviation. {said}")
    if beside is not None:
        st.caption(comparison.said_of_hmms(beside))
    sizes(table)
    by_epoch(found, target)


def sizes(table: pd.DataFrame) -> None:
    """How large each is."""
    shown = {
        "network": "network",
        "hidden_size": "hidden units",
        "weights": "weights",
        "products": "multiplications a step",
    }
    st.dataframe(
        table[[*shown]], hide_index=True, width="stretch",
        column_config={name: st.column_config.Column(title) if name == "network" else st.column_config.NumberColumn(title, format="localized") for name, title in shown.items()},
    )  # fmt: skip


def by_epoch(found: list[comparison.Outcome], target: Target) -> None:
    """How each network learned."""
    percent, curves = target == "class", comparison.curves(found)
    if len(curves):
        drawn = charts.contender_curves(curves, f"held-out {SCORES[target]}", percent=percent)
        common.show(drawn, key="contender_curves")
        st.caption(
            f"Held-out {SCORES[target]} (hard, as in use) by epoch, the mean over seeds. Point at a line for its lowest and highest seed."
        )


def closer(found: list[comparison.Outcome]) -> None:
    """How long each network needs for an answer; and where a class is answered, which it takes for which."""
    over = {one.run: comparison.name_of(one.config.model) for one in found if pd.notna(one.accuracy)}
    entries = {entry.id: entry for entry in common.entries(None, owner) if entry.id in over}
    by_network: dict[str, list[common.Entry]] = {}
    for run, name in over.items():
        if run in entries:
            by_network.setdefault(name, []).append(entries[run])
    if not by_network:
        return
    task = next(iter(entries.values())).task
    told = "how long an answer takes"
    if task.target != "value":
        told = f"who takes what for what, and {told}"
    if not st.toggle(f"Look closer: {told}", key="c_closer", bind="query-params"):
        return
    if task.target != "value":
        confusions({name: of_seed[0] for name, of_seed in by_network.items()})
    times(by_network)


def confusions(first: dict[str, common.Entry]) -> None:
    """Which classes the first seed of each network takes for which; of labels, which it finds and which it misses."""
    studies = {name: common.study(entry, 0, READ) for name, entry in first.items()}
    some = next(iter(studies.values()))
    task = some.entry.task
    with st.grid("auto", min_column_width=240) as grid:
        for name, study in studies.items():
            with grid.cell():
                st.markdown(f"**{name}**")
                if task.target == "labels":
                    found = analysis.confusion_of_labels(study.trace, study.data.y, task.classes)
                    common.show_table(found, key=f"confusion_{study.entry.id}")
                else:
                    found = analysis.confusion(study.trace, study.data.y, task.classes, MOST_CLASSES)
                    common.show(charts.confusion_heatmap(found), key=f"confusion_{study.entry.id}")
    rare = (
        f"; {analysis.OTHERS}: all but the {MOST_CLASSES - 1} most frequent"
        if task.output_size > MOST_CLASSES and task.target == "class"
        else ""
    )
    told = "rows are labels" if task.target == "labels" else "rows are true classes, columns answers"
    steps = "the steps of " if task.per_step else ""
    st.caption(f"Of the first seed of each network, {steps}{len(some.data):,} fresh sequences: {told}{rare}.")


def times(by_network: dict[str, list[common.Entry]]) -> None:
    """How long each network needs for an answer, over its seeds; measured once, when it is asked for."""
    every = [entry for of_seed in by_network.values() for entry in of_seed]
    x = every[0].task.make(1, 0).x[0]
    table = common.measured(
        ("answer_times", *(entry.key for entry in every)),
        lambda on_part: comparison.answer_times(
            {name: [entry.model for entry in of_seed] for name, of_seed in by_network.items()}, x, on_part
        ),
        key="c_times", button="Time an answer", promise="One sequence at a time, 20 times with each network of each seed. Takes some seconds, once.",
    )  # fmt: skip
    if table is None:
        return
    st.dataframe(
        table, hide_index=True, width="stretch", key="c_times_table",
        column_config={
            "runs": st.column_config.NumberColumn("seeds"),
            "mean": st.column_config.NumberColumn("milliseconds an answer", format="%.2f"),
            "deviation": st.column_config.NumberColumn("their spread over seeds", format="%.2f"),
        },
    )  # fmt: skip
    st.caption(
        f"Measured here, one sequence of {len(x):,} steps at a time: of each seed the median of 20, and over seeds mean and standard deviation."
    )


def watch(sweep_id: str, running: bool) -> None:
    sweep = sweeps.read(sweep_id)
    if (sweep.state == "running") != running or not (sweep.public or sweep.owner == owner):
        st.rerun()
    if running:
        st.progress(sweep.done / sweep.total, text=f"{sweep.done} of {sweep.total} runs done")
    picture(comparison.outcomes(sweep), sweep.config.base)


with right, common.refusals():
    sweep = opened()
    common.shown.keep_in_link(
        SWEEP, sweep, "this comparison", "There is no comparison to be seen at this address: it was deleted, its owner has "
        "not published it, or it is a sweep over something else.",
    )  # fmt: skip
    if sweep is None:
        example = st.segmented_control(
            "Example", list(EXAMPLES), default="waves", required=True, format_func=lambda name: EXAMPLES[name].capitalize(),
            key="c_example", bind="query-params",
        )  # fmt: skip
        seen = SweepConfig.from_dict(json.loads((ASSETS / f"comparison-{example}.json").read_text()))
        st.markdown(f"#### An example: {EXAMPLES[example]}, all networks with as many weights")
        picture(comparison.outcomes_of(seen, pd.read_csv(ASSETS / f"comparison-{example}.csv")), seen.base)
        st.markdown(
            "Choose networks at the left and press **Train them all**: a picture like this one fills in as runs end."
        )
    else:
        seen = sweep.config
        shown_base = seen.base
        equal = EQUAL[seen.match or "size"]
        st.markdown(f"#### {plain(common.task_title(shown_base.task))}: networks with the same {equal}")
        running = sweep.state == "running"
        st.fragment(watch, run_every=REFRESH if running else None)(sweep.id, running)
        if sweep.state != "running":
            closer(comparison.outcomes(sweep))
        with st.container(horizontal=True):
            st.download_button(
                "All figures (CSV)", sweeps.table(sweep).to_csv(index=False), f"{sweep.id}.csv", "text/csv",
                icon=":material/download:", key="csv", on_click="ignore",
            )  # fmt: skip
            if (
                sweep.state == "running"
                and sweep.owner == owner
                and st.button("Stop", icon=":material/stop:", key="stop")
            ):
                sweeps.stop(sweep.id)
                st.rerun()
            st.page_link(
                "pages/sweeps.py", label="Its runs, and more, on the Sweeps page", icon=":material/apps:",
                query_params={SWEEP: sweep.id},
            )  # fmt: skip

common.take_along(common.recipe.of_sweep(seen) if owndata.may_use(seen.base.task, owner) else None)
