"""The same training over a grid and over seeds: what k, tau and the rest do to accuracy."""

from pathlib import Path
from typing import Any

import pandas as pd
import streamlit as st

from mrnn import bounds, charts, owndata, runs, sweeps
from mrnn.charts.sweeps import CLICKED, Unit, amount
from mrnn.config import CARRIES, CELLS, OBJECTIVES
from mrnn.forecast import duration, remaining_seconds, slowness, training_seconds
from mrnn.grid import SweepConfig
from pages import common
from pages.common.shown import SWEEP

REFRESH = 2.0  # seconds between two looks at a sweep
EXAMPLE = Path(__file__).resolve().parents[1] / "assets" / "sweep.csv"  # SWEEP.md beside it has the command
TITLES = {
    "cell": "cell", "k": "k, LSTMs", "hidden_size": "m, hidden size", "num_layers": "L, layers", "carry": "carry",
    "embedding": "embedding",
    "objective": "objective", "tau0": "tau0, first temperature", "tau_floor": "tau floor, last temperature",
    "seed": "seed", "all": "all seeds together",
}  # fmt: skip
VALUES: dict[str, tuple[Any, ...]] = {
    "k": (1, 2, 4, 8, 16), "tau0": (0.3, 0.5, 1.0, 2.0, 5.0), "tau_floor": (0.05, 0.1, 0.3, 0.5, 1.0),
    "hidden_size": (8, 16, 32, 64, 128), "num_layers": (1, 2, 3), "objective": OBJECTIVES, "carry": CARRIES, "cell": CELLS, "embedding": (0, 4, 8, 16, 32),
}  # fmt: skip
HELP = {
    "k": common.words.K, "tau0": common.words.TAU0, "tau_floor": common.words.FLOOR, "hidden_size": common.words.HIDDEN,
    "num_layers": common.words.LAYERS, "objective": common.words.OBJECTIVE, "carry": common.words.CARRY,
    "cell": common.words.CELL, "embedding": common.words.EMBEDDING,
}  # fmt: skip

SEEDS = 3
NOTHING: dict[str, Any] = {"s_seeds": SEEDS} | {f"s_{name}": [] for name in VALUES}  # then all runs have it in common
PRESETS = {
    "Does k matter?": {**NOTHING, "s_k": [1, 2, 4, 8]},
    "Does tau matter?": {**NOTHING, "s_tau0": [0.5, 1.0, 5.0]},
    "k and tau": {**NOTHING, "s_k": [1, 2, 4, 8], "s_tau0": [0.5, 1.0, 5.0]},
    "Mixed or own": {**NOTHING, "s_k": [2, 4], "s_carry": list(CARRIES)},
    "Chance alone": {**NOTHING, "s_seeds": 10},
}

common.page(
    "Sweeps",
    "Train the same network many times, over a grid of settings and over seeds: does k matter, does tau, or is it chance?",
)
owner = common.owner()
common.engine().prepare()
everyone = runs.list_runs()
active = next((run for run in everyone if run.active and run.owner == owner), None)
started = active is not None or "sweep" in st.session_state  # then it comes first on a narrow screen
with st.container(key="run-first" if started else "form-first"):
    left, right = st.columns([1, 2], gap="large")
if active is not None:
    common.engine().wake()


def start(config: SweepConfig) -> None:
    st.session_state["sweep"] = sweeps.start(config, owner)
    common.link.keep(SWEEP, st.session_state["sweep"])
    common.engine().wake()
    st.rerun()


def axis(name: str, base: Any) -> list[Any]:
    values = sorted({*VALUES[name], base}) if isinstance(base, int | float) else list(VALUES[name])
    key, usual = f"s_{name}", [1, 2, 4] if name == "k" else [base]
    common.asked.begin(key, TITLES[name], usual, common.asked.several(values))
    picked = st.multiselect(TITLES[name], values, key=key, help=HELP[name], persist_state="session")
    chosen = [value for value in values if value in picked]
    common.asked.keep(key, chosen, usual)
    return chosen


with left:
    button = st.container()
    config: SweepConfig | None = None
    try:
        with st.expander("What all runs have in common", icon=":material/tune:"):
            st.caption("The settings of the Train page, but for those that the grid below varies.")
            base = common.run_settings()
        both = {**base.model.to_dict(), **base.training.to_dict()}
        chosen = {name: axis(name, both[name]) for name in ("k", "tau0")}
        with st.expander("More axes: size, layers, objective, carry, cell, embedding, last temperature"):
            chosen |= {name: axis(name, both[name]) for name in VALUES if name not in chosen}
        common.asked.begin("s_seeds", "Seeds", SEEDS, common.asked.one_of(range(1, 11)))
        seeds = st.slider(
            "Seeds", 1, 10, key="s_seeds", persist_state="session",
            help="How often each combination is trained. Without several seeds nobody knows what is chance.",
        )  # fmt: skip
        common.asked.keep("s_seeds", seeds, SEEDS)
        st.caption("Try")
        common.presets(PRESETS)
        grid = {name: values for name, values in chosen.items() if values and values != [both[name]]}
        config = SweepConfig(base=base, grid=grid, seeds=seeds)
        wanted = list(config.runs())
        if len(wanted) > bounds.max_sweep():
            raise ValueError(f"a sweep may have {bounds.max_sweep()} runs here, this one has {len(wanted)}")
        seconds = sum(training_seconds(run, slowness(everyone)) for run in wanted) / common.engine().slots
        size = " x ".join([*(f"{len(values)} {name}" for name, values in config.grid.items()), f"{seeds} seeds"])
        button.markdown(
            f"**{len(wanted)} runs** ({size}) on {common.task_title(base.task)}, about **{duration(seconds)}** here"
        )
        with button:
            common.standing.room_for(wanted, owner)
    except ValueError as error:
        config = None
        button.error(str(error), icon=":material/error:")
    with button:
        common.asked.say()
    pressed = button.button(
        "Start the sweep", icon=":material/play_arrow:", type="primary", width="stretch", key="start", disabled=active is not None or config is None,
        help="One run or sweep at a time for each person." if active else None,
    )  # fmt: skip
    if pressed and config is not None:
        try:
            start(config)
        except (ValueError, OSError) as error:  # the rest of the page stays
            with button:
                common.refuse(error)


def opened() -> sweeps.Sweep | None:
    """The sweep that the address names, if this browser may see it, or else the newest of one's own."""
    mine = {sweep.id: sweep for sweep in sweeps.list_sweeps(owner)}
    shown = common.shown.at_address(SWEEP, sweeps.read) or next(iter(mine.values()), None)
    if shown is not None and shown.id in mine and len(mine) > 1:
        key = f"s_shown_{shown.id}"  # another one that is shown, another widget
        st.selectbox(
            "Sweep", list(mine), list(mine).index(shown.id), format_func=lambda i: title(mine[i]), key=key,
            on_change=lambda: common.link.keep(SWEEP, st.session_state[key]),
        )  # fmt: skip
    common.shown.keep_in_link(
        SWEEP, shown, "this sweep", "There is no sweep to be seen at this address: it was deleted, or its owner has not "
        "published it.",
    )  # fmt: skip
    return shown


def title(sweep: sweeps.Sweep) -> str:
    axes = (
        ", ".join(f"{name} {' '.join(map(str, values))}" for name, values in sweep.config.grid.items()) or "seeds only"
    )
    when = pd.Timestamp.fromtimestamp(sweep.created).strftime("%d %b %H:%M")
    return f"{common.task_title(sweep.config.base.task)}: {axes}; {sweep.config.seeds} seeds ({when})"


def shown_axes(table: pd.DataFrame, names: list[str]) -> tuple[pd.DataFrame, str, str]:
    """The axes of the picture, and the runs that have what is chosen on the others."""
    with st.container(horizontal=True):
        row = st.selectbox("Rows", names, 0, format_func=TITLES.__getitem__, key="s_row", bind="query-params")
        others = [name for name in names if name != row]
        column = st.selectbox("Columns", others, 0, format_func=TITLES.__getitem__, key="s_column", bind="query-params")
        for name in [name for name in others if name not in (column, "seed", "all")]:
            values = list(dict.fromkeys(table[name]))
            value = values[0]
            if len(values) > 1:
                value = st.selectbox(TITLES[name], values, key=f"s_at_{name}", bind="query-params")
            table = table[table[name] == value]
    return table, row, column


def heatmap(sweep_id: str, running: bool) -> None:
    sweep = sweeps.read(sweep_id)
    if (sweep.state == "running") != running or not (sweep.public or sweep.owner == owner):
        st.rerun()
    table = sweeps.table(sweep)
    queued = [run for run in sweep.runs if run.state == "waiting"]
    if sweep.state == "running" and len(queued) == sum(run.active for run in sweep.runs):
        st.info(common.standing.waiting(queued[0]))
    elif sweep.state == "running":
        rate = slowness(everyone)
        rest = sum(remaining_seconds(run, rate) for run in sweep.runs if run.active) / common.engine().slots
        st.progress(
            sweep.done / sweep.total, text=f"{sweep.done} of {sweep.total} runs done, about {duration(rest)} left"
        )
    elif sweep.state == "incomplete":
        failed = [run.reason for run in sweep.runs if run.state == "failed"]
        st.info(f"{sweep.done} of {sweep.total} runs done{f'; {len(failed)} failed: {failed[0]}' if failed else ''}.")
    limited = sum("limit_seconds" in run.figures for run in sweep.runs)
    if limited:
        st.caption(f"{limited} of its runs ended early, at the longest time that a run may train here.")
    if not sweep.runs:
        st.caption("Its runs are gone: they made room for others, or were deleted. Go on trains them again.")
        return
    axes = list(sweep.config.grid)
    if not axes:
        seeds_only(sweep, table)
        return
    target = sweep.config.base.model.target
    figure = st.segmented_control(
        "Figure", sweeps.FIGURES, default="validation", required=True, format_func=lambda name: sweeps.figure_name(name, target), key="s_figure", bind="query-params",
        help="Choose by the held-out figure (of training data that were held out). The test figure is for the result.",
    )  # fmt: skip
    table = table.assign(all="mean")
    part, row, column = shown_axes(table, [*axes, *(["all", "seed"] if len(axes) == 1 else ["seed", "all"])])
    summary = sweeps.summary(part, row, column, figure or "validation")
    unit: Unit = "s" if figure == "seconds" else "%" if target == "class" else ""
    name = sweeps.figure_name(figure or "validation", target)
    picture = charts.sweep_heatmap(summary, name, TITLES[row], TITLES[column], unit=unit)
    clicked = common.show_to_click(picture, key="heatmap", selection=CLICKED)
    st.caption(f"{reading(summary, row, column, unit)} Click a cell to see its runs, or choose it here:")
    inside = opened_cell(part, row, column, clicked)
    if inside:
        list_runs([run for run in sweep.runs if run.id in inside], "The runs of this cell.")
    figures_as_csv(sweep)


def opened_cell(part: pd.DataFrame, row: str, column: str, clicked: list[dict[str, Any]] | None) -> set[str]:
    """The ids of the runs of the cell that was clicked last, or chosen from the menu; none where none is.

    clicked  as `common.show_to_click` gives it
    """
    cells: dict[str, set[str]] = {}
    for run, across, down in zip(part["run"], part[row].astype(str), part[column].astype(str), strict=True):
        cells.setdefault(_cell(row, across, column, down), set()).add(run)
    key = "cell_of_runs"  # s_cell is the axis of that name
    if clicked is not None:
        cell = (_cell(row, str(last.get("row")), column, str(last.get("column"))) for last in clicked[-1:])
        st.session_state[key] = next(cell, None)
    if st.session_state.get(key) not in cells:
        st.session_state[key] = None  # of other axes
    name = st.selectbox(
        "Runs of cell", list(cells), None, key=key, placeholder="none", label_visibility="collapsed",
        bind="query-params", persist_state="session",
    )  # fmt: skip
    return cells[name] if name else set()


def _cell(row: str, across: str, column: str, down: str) -> str:
    return ", ".join(f"{name} {value}" for name, value in ((row, across), (column, down)) if name != "all")


def seeds_only(sweep: sweeps.Sweep, table: pd.DataFrame) -> None:
    """What chance alone does: nothing but the seed was varied."""
    target = sweep.config.base.model.target
    unit: Unit = "%" if target == "class" else ""
    found = table["validation"].dropna()
    if len(found) > 1:
        st.markdown(
            f"**{sweeps.figure_name('validation', target).capitalize()} over {len(found)} seeds**: "
            f"{amount(found.mean(), unit)} in the mean, with a standard deviation of {amount(found.std(), unit)}; "
            f"from {amount(found.min(), unit)} to {amount(found.max(), unit)}. Nothing but chance makes this difference."
        )
    list_runs(list(sweep.runs), "Nothing but the seed was varied.")
    figures_as_csv(sweep)


def list_runs(found: list[runs.Run], what: str) -> None:
    """A table of runs that can be opened and compared."""
    chosen = common.table(found, key="s_runs")
    if len(chosen) == 1:
        st.page_link(
            "pages/train.py",
            label="Open it on the Train page",
            icon=":material/open_in_new:",
            query_params={"run": chosen[0].id},
        )
    elif chosen:
        common.compare(chosen)
    else:
        st.caption(f"{what} Tick one to open it, several to compare their curves.")


def figures_as_csv(sweep: sweeps.Sweep) -> None:
    st.download_button(
        "All figures (CSV)", sweeps.table(sweep).to_csv(index=False), f"{sweep.id}.csv", "text/csv", icon=":material/download:", key="csv", on_click="ignore"
    )  # fmt: skip


def reading(summary: pd.DataFrame, row: str, column: str, unit: Unit) -> str:
    known = summary[summary["known"] > 0]
    if known.empty:
        return "Cells fill in as runs end."
    best = known.sort_values("mean", ascending=unit == "s").iloc[0]
    value = amount(best["mean"], unit)
    where = " and ".join(f"{name} {best[side]}" for name, side in ((row, "row"), (column, "column")) if name != "all")
    over = f", the mean of {best['known']} runs" if best["known"] > 1 else ""
    said = f"{'Fastest' if unit == 's' else 'Best'} so far with {where}: {value}{over}."
    spread = known["deviation"].mean()
    reach = abs(known["mean"].max() - known["mean"].min())
    if unit != "s" and len(known) > 1 and pd.notna(spread):
        more = "more than" if reach > 2 * spread else "no more than"
        said += f" Cells differ by up to {amount(reach, unit)}, {more} twice the usual spread over seeds ({amount(spread, unit)})."
    return f"{said} Below each mean stands its standard deviation over seeds."


with right:
    sweep = opened()
    if sweep is None:
        st.markdown("#### An example: alien waves, after five epochs")
        example = sweeps.summary(pd.read_csv(EXAMPLE), "k", "tau0", "validation")
        picture = charts.sweep_heatmap(example, "held-out accuracy", TITLES["k"], TITLES["tau0"], unit="%")
        common.show(picture, key="example")
        st.caption(
            f"Held-out accuracy, hard as in use. {reading(example, 'k', 'tau0', '%')} At tau0 5 five epochs end while tau "
            "is still 2.7: the networks learned to blend their LSTMs, and in use they must pick one."
        )
        st.markdown(
            "Choose values of k and of tau at the left and press **Start the sweep**: a picture like this one fills in as "
            "runs end. It goes on when you close the page; and if it is broken off, it goes on where it was."
        )
    else:
        st.markdown(f"#### {title(sweep)}")
        with common.refusals():
            running = sweep.state == "running"
            st.fragment(heatmap, run_every=REFRESH if running else None)(sweep.id, running)
        if sweep.owner == owner:
            with st.container(horizontal=True):
                if sweep.state == "running" and st.button("Stop", icon=":material/stop:", key="stop"):
                    with common.refusals():
                        sweeps.stop(sweep.id)
                    st.rerun()
                if sweep.state == "incomplete" and st.button(
                    "Go on", icon=":material/resume:", key="go_on", disabled=active is not None
                ):
                    with common.refusals():
                        start(sweep.config)
                if sweep.state != "running":
                    with st.popover("Delete", icon=":material/delete:"):
                        st.markdown("The sweep, its runs and their models are gone for good.")
                        if st.button("Delete it", key="delete", type="primary"):
                            with common.refusals():
                                sweeps.delete(sweep.id, owner)
                            common.link.keep(SWEEP, None)
                            st.rerun()
            published = st.toggle(
                "Published: whoever has its address can look at it", sweep.public, key=f"public_{sweep.id}"
            )
            if published != sweep.public:
                with common.refusals():
                    sweeps.publish(sweep.id, owner, published)
            if published:
                st.code(common.link.address("sweeps", sweep=sweep.id), language=None)
        else:
            st.caption("Somebody else has published this sweep.")

told = config if sweep is None or not owndata.may_use(sweep.config.base.task, owner) else sweep.config
common.take_along(None if told is None else common.recipe.of_sweep(told))
