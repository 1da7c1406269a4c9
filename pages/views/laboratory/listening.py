"""What each LSTM is listened to for, where one symbol is read at each step."""

import streamlit as st
from streamlit.delta_generator import DeltaGenerator

from mrnn import analysis
from pages import common
from pages.views.laboratory.subject import Subject

READ = 500  # sequences
LISTED = 10  # symbols of each LSTM


def listening(subject: Subject, _controls: DeltaGenerator) -> str:
    """A table for each LSTM: the symbols that are read while it is listened to; Python that makes the same."""
    entry, task, layer = subject.entry, subject.task, subject.layer
    study = common.study(entry, layer, READ)
    read = [task.symbols(x[:steps]) or () for x, steps in zip(study.data.x, study.data.lengths, strict=True)]
    table = analysis.symbols_by_lstm(study.trace, read, layer, LISTED)
    use = analysis.usage(study.trace.listened(layer), study.trace.lengths, study.trace.k)
    st.markdown("What is read at the steps at which each LSTM is listened to?")
    with st.grid("auto", min_column_width=190) as grid:
        for lstm in table["lstm"].unique():
            with grid.cell():
                st.markdown(f"**LSTM {lstm}**, {use[lstm - 1]:.0%} of all steps")
                st.dataframe(
                    table.loc[table["lstm"] == lstm, ["symbol", "share", "lift"]], hide_index=True, width="stretch",
                    height="content", key=f"symbols_{lstm}",
                    column_config={
                        "share": st.column_config.NumberColumn("share", format="percent"),
                        "lift": st.column_config.NumberColumn("lift", format="%.2f"),
                    },
                )  # fmt: skip
    st.caption(
        f"Of {READ} fresh sequences. Share: of the LSTM's steps, the {LISTED} most frequent symbols. "
        "Lift: how many times as often as at any step; 1 says nothing, above 1 the LSTM is listened to for this symbol."
    )
    return f"""from mrnn import analysis
{subject.lines}data = task.make({READ}, seed=0)
trace = model.trace(data.x, data.lengths)
read = [task.symbols(x[:steps]) for x, steps in zip(data.x, data.lengths)]
print(analysis.symbols_by_lstm(trace, read, {layer}, {LISTED}))
"""
