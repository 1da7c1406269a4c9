"""The views of the Transitions page: each asks for what it shows alone, draws it, and says how to read it."""

import math
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd
import streamlit as st

from mrnn import Trace, analysis, charts
from pages import common
from pages.common.timeline import PINNED

MOST_STATES = 1_000  # on a map; t-SNE takes some seconds for them
MOST_LISTED = 200
MOVE, SEQUENCE = "move", "open"  # of the address
PRESETS = {
    "4 or 9?": {"model_transitions": "digits-k4", "first_digits": "4", "second_digits": "9", "only_digits": []},
    "1 or 7?": {"model_transitions": "digits-k4", "first_digits": "1", "second_digits": "7", "only_digits": []},
    "Alien or not": {"model_transitions": "waves-k4", "first_waves": "alien", "second_waves": "non-alien"},
    "Sixteen LSTMs": {"model_transitions": "digits-k16", "transitions_view": "Graph"},
}


@dataclass(frozen=True)
class Asked:
    """What the controls of the page say: the study, and two classes to be compared."""

    study: common.Study
    first: str
    second: str

    @property
    def pair(self) -> tuple[int, int]:
        """The numbers of the two classes."""
        return self.study.classes.index(self.first), self.study.classes.index(self.second)

    @property
    def two(self) -> bool:
        """Whether the two classes differ."""
        return self.first != self.second

    @property
    def names(self) -> tuple[str, ...]:
        """The two classes, or the one."""
        return tuple(dict.fromkeys((self.first, self.second)))

    def number(self, name: str) -> int:
        """How many sequences of a class there are."""
        return int((self.study.data.y == self.study.classes.index(name)).sum())

    def both(self, function: Callable[..., pd.DataFrame]) -> pd.DataFrame:
        """A `..._by_class` table of `mrnn.analysis`, for all classes."""
        return self.study.counted(function, self.study.classes)


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


def graph(asked: Asked) -> None:
    """The same numbers as arrows."""
    transitions = asked.both(analysis.transitions_by_class)
    use = asked.both(analysis.usage_by_class)
    for column, name in zip(st.columns(len(asked.names)), asked.names, strict=True):
        with column:
            st.markdown(f"**{name}**")
            common.show_drawing(charts.state_graph(transitions, use, name), key=f"graph_{name}")
    st.caption(
        "Circle: an LSTM, its area the share of steps with it. Arrow: a hand-over, its width how probable it is; "
        "a loop is staying. Point at one for its numbers; arrows below 2 % are left out."
    )


def use(asked: Asked) -> None:
    """Use by class, in the observed steps and in the long run; dwell times."""
    study = asked.study
    common.show(
        charts.usage_bars(asked.both(analysis.usage_by_class)),
        key="usage",
        alt="Share of steps of each LSTM, by class.",
    )
    total = analysis.usage(study.trace.listened(study.layer), study.trace.lengths, study.trace.k)
    unused = [str(j + 1) for j in range(study.trace.k) if total[j] < 0.001]
    st.caption(
        f"Share of steps with each LSTM. LSTM {total.argmax() + 1} is listened to most, for {total.max():.0%} of all steps. "
        f"{'Never or hardly used: LSTM ' + ', '.join(unused) + '.' if unused else 'All are used.'}"
    )
    if asked.two:
        difference = study.counted(analysis.usage_difference, *asked.pair)
        real = difference[difference["beyond_chance"]]
        told = "; ".join(
            f"LSTM {j}: {gap:+.1%} ({low:+.1%} to {high:+.1%})"
            for j, gap, low, high in zip(real["lstm"], real["difference"], real["low"], real["high"], strict=True)
        )
        st.markdown(
            f"**{asked.first} minus {asked.second}**, beyond chance, with 95 % intervals: {told or 'no LSTM at all'}."
        )
    st.markdown("**In the long run**, if sequences went on for ever as they go", help=LONG_RUN)
    common.show(
        charts.usage_bars(asked.both(analysis.stationary_by_class), "share in the long run"), key="stationary",
        alt="Stationary distribution over the LSTMs, by class.",
    )  # fmt: skip
    st.caption(
        "The stationary distribution of each class's transition matrix. Where it differs from use, sequences end before they settle."
    )
    st.markdown("**How long a stay lasts**")
    dwell = asked.both(analysis.dwell_by_class)
    for column, name in zip(st.columns(len(asked.names)), asked.names, strict=True):
        with column:
            st.markdown(f"Class {name}")
            common.show(
                charts.dwell_curves(dwell, name), key=f"dwell_{name}",
                alt=f"Share of the stays with each LSTM that last at least so many steps, in class {name}.",
            )  # fmt: skip
    st.caption(
        "Share of the stays with an LSTM that last at least so many steps. Dashed: if it were left with the same "
        "probability at every step, as a Markov chain would; above the dashes, it holds on to long stays."
    )


LONG_RUN = (
    "The stationary distribution: where the chain of hand-overs would spend its time. From an LSTM that was never "
    "left, it begins anew as sequences do."
)


def time(asked: Asked) -> None:
    """Mean q of both classes over time, their difference, and how undecided q is."""
    study = asked.study
    mean = asked.both(analysis.mean_q)
    st.markdown("**q(t), averaged over all sequences of a class**", help=common.words.Q)
    for name in asked.names:
        st.markdown(f"Class {name}")
        common.show(
            charts.mean_q_heatmap(mean, name), key=f"mean_{name}",
            alt=f"Mean probability of each LSTM at each step in class {name}.",
        )  # fmt: skip
    if asked.two:
        st.markdown(f"{asked.first} minus {asked.second}")
        difference = study.counted(analysis.q_difference, *asked.pair)
        common.show(
            charts.q_difference_heatmap(difference), key="q_difference",
            alt=f"Difference of the mean q of {asked.first} and {asked.second} at each step.",
        )  # fmt: skip
        real = difference[difference["beyond_chance"]]
        when = f"The classes part at step {real['t'].min()}." if len(real) else "Nowhere do they part beyond chance."
    else:
        when = "Choose two classes to see where they part."
    st.caption(
        f"Bright where an LSTM is probable in most sequences. Only differences beyond chance are coloured. {when}"
    )
    st.markdown("**How undecided q is**")
    entropy = asked.both(analysis.entropy_by_class)
    entropy = entropy[entropy["class"].isin(asked.names)]
    most = math.log(study.trace.k)
    common.show(charts.entropy_curves(entropy, most), key="entropy", alt="Mean entropy of q by step and class.")
    st.caption(
        f"Mean entropy of q: 0 nats is decided, ln {study.trace.k} = {most:.2f} nats prefers no LSTM. "
        f"On average {entropy['entropy'].mean():.2f} nats here. The band is the 95 % interval of the mean."
    )


def information(asked: Asked) -> None:
    """What z tells of the class and of the place in the sequence."""
    study = asked.study
    on_class, by_step = study.counted(_on_class)
    on_place = study.counted(_on_position)
    table = pd.DataFrame(
        [
            {
                "z tells of the": what,
                "nats": round(found.value, 4),
                "by chance": round(found.chance, 4),
                "at most": round(found.most, 4),
                "beyond chance": "yes" if found.beyond_chance else "no",
            }
            for what, found in (("class", on_class), ("position t", on_place))
        ]
    )
    st.table(table, hide_index=True)
    st.caption(
        "Mutual information: how much less uncertain the class, or the place in the sequence, is once one knows which LSTM was "
        f"listened to at one step of it. By chance: the mean of {on_class.shuffles} shuffles of whole sequences."
    )
    common.show(charts.information_curve(by_step), key="information", alt="What z tells of the class at each step.")
    best = by_step.loc[by_step["information"].idxmax()]
    st.caption(
        f"z tells most of the class at step {best['t']:.0f}: {best['information']:.3f} nats. "
        "Shaded: what 95 % of shuffles stay below at all steps at once."
    )


def _on_class(trace: Trace, y: np.ndarray, layer: int) -> tuple[analysis.Information, pd.DataFrame]:
    return analysis.information_on_class(trace.listened(layer), trace.lengths, trace.k, y)


def _on_position(trace: Trace, _: np.ndarray, layer: int) -> analysis.Information:
    return analysis.information_on_position(trace.listened(layer), trace.lengths, trace.k)


def state_map(asked: Asked) -> None:
    """Hidden states on a plane."""
    study = asked.study
    left, right = st.columns(2)
    with left:
        method = st.segmented_control(
            "Map", analysis.METHODS, default="PCA", required=True, key="map_method", bind="query-params",
            help="PCA: the two directions in which states differ most. t-SNE: neighbours stay neighbours, far distances mean nothing.",
        )  # fmt: skip
    with right:
        told_by = st.segmented_control(
            "Told by", ("LSTM", "class", "time"), default="LSTM", required=True, key="map_by", bind="query-params"
        )
    count = min(MOST_STATES, len(study.data))
    with st.spinner(f"Laying out {count:,} hidden states"):
        found = common.states(study, count, "t-SNE" if method == "t-SNE" else "PCA")
    common.show(
        charts.state_scatter(found, told_by or "LSTM", study.trace.k), key="map",
        alt=f"Map of hidden states by {method}, told by {told_by}.",
    )  # fmt: skip
    explained = found.attrs["explained"]
    axes = (
        f"The two axes hold {sum(explained):.0%} of the states' variance."
        if explained
        else "Neighbours are alike; far distances and sizes of clusters mean nothing."
    )
    st.caption(f"One hidden state h of the last layer from each of {count:,} sequences, at a random step. {axes}")


def two_models(asked: Asked) -> None:
    """A second model that reads the same sequences, its LSTMs renamed after those of the first."""
    study = asked.study
    other = common.pick(
        study.entry.task.name, prefer=_other_of(study.entry), key=f"second_model_{study.entry.task.name}",
        title="Second model", param="with",
    )  # fmt: skip
    if other.id == study.entry.id:
        st.info("Choose another model than the first: a model agrees with itself.")
        return
    theirs = common.study(other, other.config.num_layers - 1, study.drawn, study.only)
    z, w = study.trace.listened(study.layer), theirs.trace.listened(theirs.layer)
    if z.shape != w.shape or (study.data.x != theirs.data.x).any():
        st.info("The two models were trained on sequences of other settings, so they cannot read the same ones.")
        return
    found = analysis.align(z, w, study.trace.lengths, (study.trace.k, theirs.trace.k))
    pairs = [
        f"{found.partner[j] + 1} with {j + 1}" for j in np.argsort(found.partner) if found.partner[j] < study.trace.k
    ]
    alone = [str(j + 1) for j in range(theirs.trace.k) if found.partner[j] >= study.trace.k]
    st.markdown(
        f"**They listen to partners at {found.agreement:.0%} of the steps**; {found.chance:.0%} would come about if the "
        "second read other sequences."
    )
    steps = found.together / max(found.together.sum(), 1)
    order = np.argsort(found.partner)
    rows = [
        {
            "first": str(i + 1),
            "second": str(j + 1),
            "steps": int(found.together[i, j]),
            "share": round(float(steps[i, j]), 4),
        }
        for i in range(study.trace.k)
        for j in order
    ]
    common.show(
        charts.co_use_heatmap(pd.DataFrame(rows)),
        key="co_use",
        alt="Steps at which both models use two LSTMs together.",
    )
    st.caption(
        f"Brightest on the diagonal if the two networks found the same regimes. Partners, first with second: {', '.join(pairs)}. "
        + (f"Without a partner: LSTM {', '.join(alone)} of the second. " if alone else "")
        + "LSTMs have no order of their own, so they are paired (Hungarian method) before they are compared."
    )
    renamed = np.minimum(found.renamed(w), found.k - 1)
    uses = [analysis.usage(paths, study.trace.lengths, found.k) for paths in (z, renamed)]
    table = pd.concat(
        pd.DataFrame({"class": name, "lstm": np.arange(1, found.k + 1), "share": share})
        for name, share in zip(("first", "second, renamed"), uses, strict=True)
    )
    common.show(charts.usage_bars(table), key="both_uses", alt="Use of the LSTMs of both models under common names.")


def _other_of(entry: common.Entry) -> str:
    """Of the same task, and not the same."""
    near = [e.id for e in common.entries(entry.task.name) if e.id != entry.id and e.config.num_lstms > 1]
    same = [e for e in near if e.endswith(f"k{max(entry.config.num_lstms * 2, 2)}")]
    return (same or near or [entry.id])[0]


VIEWS: dict[str, Callable[[Asked], None]] = {
    "Matrices": matrices,
    "Graph": graph,
    "Use": use,
    "Time": time,
    "Information": information,
    "Map": state_map,
    "Two models": two_models,
}
