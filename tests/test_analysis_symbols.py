"""What an LSTM is listened to for. Sizes: 2 sequences of up to 5 steps, 3 LSTMs."""

import numpy as np
import pytest

from mrnn import Trace
from mrnn.analysis import symbols_by_lstm

Z = np.array([[0, 0, 1, 0, 1], [2, 0, 0, 1, 1]])
SYMBOLS = ["aabca", "baccc"]  # of the second sequence two steps count


def trace() -> Trace:
    z = np.eye(3)[Z][:, None]
    return Trace(q=z, z=z, logits=np.zeros((2, 5, 7)), lengths=np.array([5, 2]))


def test_symbols_are_counted_where_they_are_read_and_padding_does_not_count():
    table = symbols_by_lstm(trace(), SYMBOLS).set_index(["lstm", "symbol"])
    assert table["count"].to_dict() == {(1, "a"): 3, (1, "c"): 1, (2, "a"): 1, (2, "b"): 1, (3, "b"): 1}
    assert table["share"].to_dict() == {(1, "a"): 0.75, (1, "c"): 0.25, (2, "a"): 0.5, (2, "b"): 0.5, (3, "b"): 1}
    assert table.loc[(1, "a"), "lift"] == pytest.approx(0.75 / (4 / 7))
    assert table.loc[(3, "b"), "lift"] == pytest.approx(1 / (2 / 7))


def test_the_most_frequent_symbols_come_first_and_shares_are_of_all():
    table = symbols_by_lstm(trace(), SYMBOLS, most=1)
    assert list(table["lstm"]) == [1, 2, 3]
    assert table["symbol"][0] == "a"
    assert table["share"][0] == 0.75


def test_an_lstm_whose_choice_does_not_depend_on_the_symbol_has_lift_1():
    rng = np.random.default_rng(0)
    z = np.eye(3)[rng.integers(0, 3, (7, 4_001))][:, None]
    symbols = ["".join(row) for row in rng.choice(list("xyz"), (7, 4_001), p=[0.7, 0.2, 0.1])]
    lengths = np.full(7, 4_001)
    table = symbols_by_lstm(Trace(q=z, z=z, logits=np.zeros((7, 4_001, 1)), lengths=lengths), symbols)
    np.testing.assert_allclose(table["lift"], 1, rtol=0, atol=0.1)
    assert table.groupby("lstm")["share"].sum().tolist() == pytest.approx([1, 1, 1])
