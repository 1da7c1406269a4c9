"""From columns to sequences: what is made of good rows, and that each fault is named where it is."""

import numpy as np
import pytest

from mrnn.owndata import Columns, Reading, build, guess_columns, guess_reading, read_table
from mrnn.owndata import sequences as room
from mrnn.owndata.faults import MOST_NAMED

LONG = Columns("long", ("x", "y"), sequence="id", step="t", label="kind")
LENGTHS = (5, 3, 7, 2, 11)
KINDS = ("b", "a", "b", "10", "a")


def rows() -> list[str]:
    """Steps of 5 sequences, in order; x = 100 n + t, y = -x / 8."""
    return [
        f"s{n},{t},{100 * n + t},{-(100 * n + t) / 8},{KINDS[n]}"
        for n in range(len(LENGTHS))
        for t in range(LENGTHS[n])
    ]


def built(lines: list[str], columns: Columns = LONG, head: str = "id,t,x,y,kind"):
    content = "\n".join([head, *lines]).encode()
    return build(read_table(content, Reading()), columns)


def faults_of(lines: list[str], columns: Columns = LONG):
    found, faults = built(lines, columns)
    assert found is None
    return [(fault.row, fault.column, fault.what) for fault in faults.first]


def doubled() -> list[str]:
    """As `rows`, each class twice at least."""
    return [*rows(), *(row.replace("s", "again ") for row in rows())]


def test_rows_become_sequences_whatever_their_order():
    shuffled = list(np.random.default_rng(0).permutation(doubled()))
    for lines in (doubled(), shuffled):
        found, faults = built(lines)
        assert found is not None
        assert found.labels is not None
        assert faults.count == 0
        assert found.inputs == ("x", "y")
        assert found.classes == ("10", "a", "b")
        at = dict(zip(found.names, range(len(found)), strict=True))
        for n in range(len(LENGTHS)):
            here = at[f"s{n}"]
            assert found.lengths[here] == LENGTHS[n]
            part = found.steps[found.starts[here] :][: LENGTHS[n]]
            np.testing.assert_array_equal(part[:, 0], 100 * n + np.arange(LENGTHS[n]))
            np.testing.assert_array_equal(part[:, 1], -part[:, 0] / 8)
            assert found.classes[found.labels[here]] == KINDS[n]


def test_steps_are_ordered_by_date_where_they_are_dates():
    lines = [f"{n},2026-0{month}-01,{month},0,{'ab'[n % 2]}" for month in (3, 1, 2) for n in range(4)]
    found, _ = built(lines)
    assert found is not None
    np.testing.assert_array_equal(found.steps[:3, 0], [1, 2, 3])


def test_without_a_step_rows_stay_in_order():
    lines = [f"{n},7,{x},0,{'ab'[n % 2]}" for x in (3, 1, 2) for n in range(4)]
    found, _ = built(lines, Columns("long", ("x",), sequence="id", label="kind"))
    assert found is not None
    np.testing.assert_array_equal(found.steps[:3, 0], [3, 1, 2])


def test_classes_that_are_numbers_stand_in_their_order():
    lines = [f"{n},{t},1,1,{(10, 9, 2)[n % 3]}" for n in range(6) for t in range(2)]
    found, _ = built(lines)
    assert found is not None
    assert found.classes == ("2", "9", "10")
    np.testing.assert_array_equal(found.labels, [2, 1, 0, 2, 1, 0])


def test_a_label_of_each_step_and_a_value_stay_what_they_are():
    lines = [f"{n},{t},{t},{n + t / 4},{'ab'[t % 2]}" for n in range(5) for t in range(3)]
    found, _ = built(lines, Columns("long", ("x",), "id", "t", "kind", per_step=True))
    assert found is not None
    assert found.per_step
    np.testing.assert_array_equal(found.labels, [0, 1, 0] * 5)
    found, _ = built(lines, Columns("long", ("x",), "id", "t", "y", target="value", per_step=True))
    assert found is not None
    assert found.labels is not None
    assert found.classes == ("y",)
    np.testing.assert_array_equal(found.labels[:4], [0, 0.25, 0.5, 1])


def test_each_step_is_known_by_what_its_column_says_of_it():
    lines = [f"{n},2026-0{month}-01,{month},0,{'ab'[n % 2]}" for month in (3, 1, 2) for n in range(4)]
    found, _ = built(lines)
    assert found is not None
    assert found.times is not None
    assert list(found.times[:3]) == ["2026-01-01", "2026-02-01", "2026-03-01"]
    assert list(np.asarray(found.take(np.array([2])).times)) == ["2026-01-01", "2026-02-01", "2026-03-01"]
    found, _ = built(lines, Columns("long", ("x",), sequence="id", label="kind"))
    assert found is not None
    assert found.times is None


def test_words_where_a_number_is_to_be_told_are_named_and_so_is_a_number_that_is_always_the_same():
    value = Columns("long", ("x",), "id", "t", "kind", target="value", per_step=True)
    lines = [f"{n},{t},{t},1,{n + t}" for n in range(5) for t in range(3)]
    lines[4] = "1,1,1,1,fast"
    lines[7] = "2,1,1,1,"
    assert faults_of(lines, value) == [
        (6, "kind", "'fast' stands where a number belongs"),
        (9, "kind", "no number here (empty, or NaN)"),
    ]
    _, faults = built(lines, value)
    assert faults.first[0].way_out.endswith("or say that the label is a class")
    same = [f"{n},{t},{t},1,7" for n in range(5) for t in range(3)]
    assert faults_of(same, value) == [(None, "kind", "the label is 7 everywhere")]


def test_a_class_of_steps_must_be_in_two_sequences():
    lines = [f"{n},{t},{t},1,{'abc'[2 if n == 3 and t else t % 2]}" for n in range(5) for t in range(3)]
    each = Columns("long", ("x",), "id", "t", "kind", per_step=True)
    assert faults_of(lines, each) == [(None, "kind", "class c is in one sequence alone")]
    lines[1] = "0,1,1,1,c"
    assert built(lines, each)[0] is not None


def test_without_a_label_there_are_sequences_all_the_same():
    found, _ = built(rows()[:5], Columns("long", ("x", "y"), sequence="id", step="t"))
    assert found is not None
    assert found.labels is None
    assert len(found) == 1


def test_each_fault_is_named_with_its_row_and_its_column():
    lines = doubled()
    lines[2] = "s0,2,two,-1,b"  # row 4
    lines[6] = "s1,1,,-1,a"
    lines[9] = "s2,1,nan,1e39,b"
    lines[11] = "s2,3,inf,1,"
    lines[13] = ",5,1,1,b"
    lines[14] = "s2,late,1,1,b"
    lines[15] = "s3,0,1,1,10,7"
    lines[17] = "s4,0,1"
    assert faults_of(lines) == [
        (4, "x", "'two' stands where a number belongs"),
        (8, "x", "no number here (empty, or NaN)"),
        (11, "x", "no number here (empty, or NaN)"),
        (11, "y", "1e+39 is too large a number"),
        (13, "x", "infinity"),
        (13, "kind", "the label is missing"),
        (15, "id", "the sequence is not named"),
        (16, "t", "'late' is neither a number nor a date"),
        (17, "", "the row has 6 fields, most have 5"),
        (19, "", "the row has 3 fields, most have 5"),
    ]


def test_a_step_that_comes_twice_and_a_label_that_changes_are_named():
    lines = doubled()
    lines[2] = lines[1]
    lines[7] = lines[7].replace(",a", ",b")
    assert faults_of(lines) == [
        (4, "t", "the sequence has the step 1 twice"),
        (9, "kind", "the label differs from the one at the sequence's first step"),
    ]


def test_the_first_faults_are_named_and_all_are_counted():
    lines = [f"{n},{t},word,{t},{'ab'[n % 2]}" for n in range(31) for t in range(3)]
    _, faults = built(lines)
    assert faults.count == 93
    assert [fault.row for fault in faults.first] == list(range(2, 2 + MOST_NAMED))


@pytest.mark.parametrize(
    ("lines", "what"),
    [
        ([f"{n},0,1,1,a" for n in range(5)], "all are of one class, a"),
        ([f"{n},0,1,1,{'aab'[min(n, 2)]}" for n in range(3)], "there are 3 sequences"),
        ([f"{n},0,1,1,{'aaaab'[n]}" for n in range(5)], "class b has one sequence"),
        ([f"{n},0,1,1,kind {n}" for n in range(103)], "103 different labels, more than the 100 that are taken"),
        ([f"{n % 5},{n},1,1,{'ab'[n % 5 % 2]}" for n in range(26_003)], "a sequence has 5,201 steps"),
        ([f"{n},0,1,1,{'ab'[n % 2]}" for n in range(7)], "each sequence has one step alone"),
    ],
)
def test_sequences_that_nothing_can_be_learned_from_are_refused(lines, what):
    found = {text: column for _, column, text in faults_of(lines)}
    assert what in found
    assert not what.startswith(("all are", "class")) or found[what] == "kind"


def test_more_numbers_than_training_can_hold_are_refused(monkeypatch):
    monkeypatch.setattr(room, "MOST_NUMBERS", 10 * 11 * 2 - 1)
    assert faults_of(doubled())[0][2] == "10 sequences of up to 11 steps and 2 inputs are 220 numbers"


@pytest.mark.parametrize(
    ("columns", "what"),
    [
        (Columns("long", ("x", "z"), "id"), "there is no column 'z'"),
        (Columns("long", ("x", "t"), "id", "t"), "the column has two meanings"),
        (Columns("long", (), "id"), "no column of numbers is left to be read"),
        (Columns("long", ("x",)), "no column says which sequence a row belongs to"),
    ],
)
def test_columns_that_cannot_be_meant_are_refused(columns, what):
    assert faults_of(rows(), columns)[0][2] == what


# -- a row a sequence --------------------------------------------------------------------------------------------------

WIDE = Columns("wide", ("a", "b", "c"), label="kind")


def wide(lines: list[str], columns: Columns = WIDE):
    return built(lines, columns, "kind,a,b,c")


def test_a_row_ends_where_nothing_more_stands_in_it():
    found, faults = wide(["u,1,2,3", "v,4,5", "u,6,,", "v,7,8,9", "u,1,1,1"])
    assert found is not None
    assert faults.count == 0
    np.testing.assert_array_equal(found.lengths, [3, 2, 1, 3, 3])
    np.testing.assert_array_equal(found.steps[:, 0], [1, 2, 3, 4, 5, 6, 7, 8, 9, 1, 1, 1])
    assert found.names.tolist() == ["2", "3", "4", "5", "6"]


@pytest.mark.parametrize("nothing", ["NaN", "nan", "NA", "?"])
def test_what_is_no_number_at_a_rows_end_ends_the_sequence_as_an_empty_cell_does(nothing):
    """As archives pad rows to the longest; between two numbers it is a fault."""
    found, faults = wide(["u,1,2,3", f"v,4,5,{nothing}", f"u,6,{nothing},{nothing}", "v,7,8,9"])
    assert found is not None
    assert faults.count == 0
    np.testing.assert_array_equal(found.lengths, [3, 2, 1, 3])
    found, faults = wide(["u,1,2,3", f"v,4,{nothing},5", "u,6,1,1", "v,7,8,9"])
    assert found is None
    assert [(fault.row, fault.column, fault.what) for fault in faults.first] == [
        (3, "b", "no number here (empty, or NaN)")
    ]


def test_a_hole_in_a_row_is_a_fault_and_so_is_a_row_of_holes():
    found, faults = wide(["u,1,,3", "v,,,", "u,6,x,2", "v,7,8,9"])
    assert found is None
    assert [(fault.row, fault.column, fault.what) for fault in faults.first] == [
        (2, "b", "no number here (empty, or NaN)"),
        (3, "", "the sequence has no steps"),
        (4, "b", "'x' stands where a number belongs"),
    ]


def test_a_row_with_more_fields_than_the_heading_names_is_a_fault():
    found, faults = wide(["u,1,2,3", "v,4,5,6,7", "u,6", "v,7,8,9"])
    assert found is None
    assert [(fault.row, fault.column, fault.what) for fault in faults.first] == [
        (3, "", "the row has 5 fields; the heading has 4, and most rows 4")
    ]


def test_a_row_a_sequence_and_a_row_a_step_hold_the_same():
    rng = np.random.default_rng(0)
    x = rng.normal(size=(13, 11)).round(3)
    label = ["up", "down"]
    as_rows = "\n".join(["kind," + ",".join(f"s{t}" for t in range(11))] + [
        f"{label[n % 2]},{','.join(map(str, x[n]))}" for n in range(13)
    ])  # fmt: skip
    as_steps = "\n".join(["id,step,x,kind"] + [
        f"{n},{t},{x[n, t]},{label[n % 2]}" for n in range(13) for t in range(11)
    ])  # fmt: skip
    found = []
    for text in (as_rows, as_steps):
        table = read_table(text.encode(), guess_reading(text.encode()))
        sequences, faults = build(table, guess_columns(table))
        assert faults.count == 0
        assert sequences is not None
        found.append(sequences)
    for name in ("steps", "lengths", "labels"):
        np.testing.assert_array_equal(getattr(found[0], name), getattr(found[1], name))
    assert found[0].classes == found[1].classes == ("down", "up")
