"""What differs beyond chance, in words."""

import pandas as pd


def beyond_chance(difference: pd.DataFrame, form: str = "+.1%", unit: str = "") -> str:
    """The LSTMs that differ, each with its difference and the 95 % interval of it.

    difference  rows of lstm and of `analysis.Difference.table`
    form, unit  of the numbers
    """
    if difference["p"].isna().all():
        return "too few sequences to say anything"
    real = difference[difference["beyond_chance"]]
    columns = [real[name].tolist() for name in ("lstm", "difference", "low", "high")]
    told = (
        f"LSTM {lstm}: {gap:{form}}{unit} ({low:{form}} to {high:{form}})"
        for lstm, gap, low, high in zip(*columns, strict=True)
    )
    return "; ".join(told) or "no LSTM at all"
