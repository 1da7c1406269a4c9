"""Which LSTM is used for which class, and how they hand over to one another."""

import json

import streamlit as st

from mrnn import analysis, charts
from pages import common

common.page(
    "Transitions",
    "Over many sequences: how much each LSTM is used, and which one follows which. Classes that the network tells apart "
    "often walk through its LSTMs differently.",
)
left, right = common.sides()

with left:
    entry = common.pick(None, prefer="digits-k4", key="model_transitions")
    layer = common.layer_picker(entry.config.num_layers, key="layer_transitions")
    count = st.select_slider(
        "Sequences", (100, 200, 500, 1_000, 2_000, 5_000, 10_000), 500, key="sequences", bind="query-params",
        help="Fresh ones that the model was not trained on: for digits MNIST's test digits. More give steadier figures.",
    )  # fmt: skip
    classes = entry.task.classes
    first = st.selectbox("First class", classes, 0, key=f"first_{entry.task.name}", bind="query-params")
    second = st.selectbox("Second class", classes, 1, key=f"second_{entry.task.name}", bind="query-params")

with right, common.refusals():
    data = common.sequences(entry.task.name, json.dumps(entry.task.settings), count, 0)
    trace = common.survey(entry, data, f"The model reads {count:,} sequences")
    transitions = analysis.transitions_by_class(trace, data.y, classes, layer)
    here = set(transitions["class"])
    missing = [name for name in (first, second) if name not in here]
    if missing:
        st.warning(
            f"No sequence of class {missing[0]} is among these {count:,}. Take more sequences, or another class."
        )
        st.stop()
    columns = st.columns(3)
    for column, name in zip(columns, (first, second), strict=False):
        with column:
            st.markdown(f"**{name}**: the next LSTM")
            common.show(
                charts.transition_heatmap(transitions, name), key=f"matrix_{column is columns[0]}",
                alt=f"Probability of the next LSTM, given the last, in class {name}.",
            )  # fmt: skip
    with columns[2]:
        st.markdown(f"**{first} minus {second}**")
        difference = analysis.transition_difference(transitions, first, second)
        common.show(
            charts.difference_heatmap(difference), key="difference",
            alt=f"Difference of the transition probabilities of {first} and {second}.",
        )  # fmt: skip
    stays = transitions[transitions["from"] == transitions["to"]].groupby("class")["count"].sum()
    moves = transitions.groupby("class")["count"].sum()
    kept = {name: stays[name] / max(moves[name], 1) for name in (first, second)}
    numbers = {name: int((data.y == classes.index(name)).sum()) for name in (first, second)}
    st.caption(
        f"Row: the LSTM of one step; column: the LSTM of the next. In class {first} ({numbers[first]:,} sequences) the network stays "
        f"with its LSTM at {kept[first]:.0%} of the steps, in class {second} ({numbers[second]:,} sequences) at {kept[second]:.0%}. "
        "A dash: that LSTM was never left."
    )
    st.markdown("**Use of each LSTM, by class**")
    use = analysis.usage_by_class(trace, data.y, classes, layer)
    common.show(charts.usage_bars(use), key="usage", alt="Share of steps each LSTM was listened to, by class.")
    total = analysis.usage(trace.listened(layer), trace.lengths, trace.k)
    unused = [str(j + 1) for j in range(trace.k) if total[j] < 0.001]
    heard = f"LSTM {total.argmax() + 1} is listened to most, for {total.max():.0%} of all steps."
    st.caption(f"{heard} {'Never or hardly used: LSTM ' + ', '.join(unused) + '.' if unused else 'All are used.'}")

    st.markdown(f"**q(t), averaged over all sequences of a class**: {first} above, {second} below", help=common.words.Q)
    mean_q = analysis.mean_q(trace, data.y, classes, layer)
    for name in dict.fromkeys((first, second)):
        common.show(
            charts.mean_q_heatmap(mean_q, name), key=f"mean_{name}",
            alt=f"Mean probability of each LSTM at each step in class {name}.",
        )  # fmt: skip
    st.caption(
        "Bright where an LSTM is probable at that step in most sequences. Where the two pictures differ, the classes part."
    )

    with st.expander(f"Matrices of all {len(here)} classes", on_change="rerun", key="all_classes") as everything:
        if everything.open:
            with st.grid(3) as grid:
                for name in classes:
                    if name in here:
                        with grid.cell():
                            st.markdown(f"**{name}**")
                            common.show(
                                charts.transition_heatmap(transitions, name), key=f"all_{name}",
                                alt=f"Probability of the next LSTM in class {name}.",
                            )  # fmt: skip

common.take_along(
    f"""from mrnn import TASKS, analysis, load

model = load("{common.file_of(entry)}")
data = TASKS["{entry.task.name}"].make({count:_}, seed=0)
trace = model.trace(data.x, data.lengths)
classes = TASKS["{entry.task.name}"].classes
print(analysis.transitions_by_class(trace, data.y, classes, {layer}))
"""
)
