"""What an LSTM is listened to for, where one symbol is read at each step."""

from collections.abc import Sequence

import pandas as pd

from mrnn.trace import Trace


def symbols_by_lstm(
    trace: Trace, symbols: Sequence[Sequence[str]], layer: int = -1, most: int | None = None
) -> pd.DataFrame:
    """Which symbols are read at the steps of each LSTM, and how much more often than at any step.

    symbols  N sequences, each of the symbols that are read at its steps; what lies beyond its length does not count
    most     symbols of each LSTM, the most frequent ones; None: all that it is listened to for
    returns  rows of lstm (from 1), symbol, count, share (of the LSTM's steps) and lift (that share over the symbol's
             share of all steps: 1 says nothing), of each LSTM the most frequent first; none of an LSTM without a step
    """
    steps = zip(trace.listened(layer), symbols, trace.lengths, strict=True)
    read = pd.DataFrame(
        [
            (lstm + 1, symbol)
            for z, names, length in steps
            for lstm, symbol in zip(z[:length], names[:length], strict=True)
        ],
        columns=["lstm", "symbol"],
    )
    table = read.value_counts(["lstm", "symbol"], sort=False).rename("count").reset_index()
    table["share"] = table["count"] / table.groupby("lstm")["count"].transform("sum")
    everywhere = table.groupby("symbol")["count"].transform("sum") / table["count"].sum()
    table["lift"] = table["share"] / everywhere
    table = table.sort_values(["lstm", "count"], ascending=[True, False], kind="stable", ignore_index=True)
    return table if most is None else table.groupby("lstm").head(most).reset_index(drop=True)
