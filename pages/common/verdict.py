"""What differs beyond chance, in words."""

import pandas as pd

from mrnn.analysis import Alignment


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


def partners_beyond_chance(usage: pd.DataFrame, found: Alignment) -> str:
    """The same of two networks' LSTMs; those that only one of the networks has are no difference, and are told apart.

    usage  `analysis.usage_apart`
    """
    alone = usage[~found.shared]
    shares = alone[["first", "second"]].max(axis=1)
    told = ", ".join(f"LSTM {lstm} ({share:.1%})" for lstm, share in zip(alone["lstm"], shares, strict=True))
    whose = "second" if found.k > found.together.shape[0] else "first"
    return beyond_chance(usage[found.shared]) + (f". Only the {whose} has {told}" if told else "")
