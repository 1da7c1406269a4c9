"""A person's file as a table: what is guessed of it, and that nothing in it can hurt."""

import io
import zipfile
from dataclasses import replace
from typing import Any

import numpy as np
import pandas as pd
import pytest

from mrnn.owndata import (
    Arrays,
    Columns,
    Reading,
    build_from_arrays,
    guess_answer,
    guess_arrays,
    guess_columns,
    guess_reading,
    is_npz,
    read_arrays,
    read_table,
)
from mrnn.owndata import arrays as arrays_room
from mrnn.owndata import table as table_room

FRAME = pd.DataFrame({"name": ["a", "b", "ü"], "x": [0.5, -2.0, 3.25], "y": [7, 11, 13]})


def table_of(content: bytes):
    return read_table(content, guess_reading(content))


def npz(**arrays: Any) -> bytes:
    file = io.BytesIO()
    np.savez_compressed(file, **arrays)
    return file.getvalue()


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16", "cp1252"])
@pytest.mark.parametrize(("separator", "decimal"), [(",", "."), (";", ","), ("\t", ","), ("|", "."), (" ", ".")])
@pytest.mark.parametrize("ends", ["\n", "\r\n"])
def test_however_a_table_is_written_the_same_is_read(encoding, separator, decimal, ends):
    text = FRAME.to_csv(index=False, sep=separator, decimal=decimal, lineterminator=ends)
    table = table_of(text.encode(encoding))
    pd.testing.assert_frame_equal(table.frame, FRAME, check_dtype=False)
    assert (table.reading.separator, table.reading.decimal, table.reading.heading) == (separator, decimal, True)
    np.testing.assert_array_equal(table.rows, [2, 3, 4])


def test_a_decimal_comma_in_every_row_is_no_separator():
    table = table_of(b"1,5;2,5;a\n3,5;4,5;b\n")
    assert table.frame.to_numpy().tolist() == [[1.5, 2.5, "a"], [3.5, 4.5, "b"]]


def test_blanks_that_line_up_numbers_are_one_separator():
    assert table_of(b"  1    2.5   3\n 10   20.5  30\n").frame.to_numpy().tolist() == [[1, 2.5, 3], [10, 20.5, 30]]


@pytest.mark.parametrize(
    ("text", "heading"),
    [
        ("a,b\n1,2\n", True),
        ("1,2\n3,4\n", False),
        ("slow,1,2\nfast,5,9\n", False),
        ("kind,0,1,2\nslow,5,3,8\nfast,1,9,4\n", True),
        ("id,7\n1,2\n3,4\n", True),
    ],
)
def test_a_first_row_of_names_is_told_from_one_of_data(text, heading):
    assert guess_reading(text.encode()).heading == heading


def test_rows_keep_their_numbers_behind_remarks_and_empty_rows():
    table = table_of(b"# made by hand\n\nx,y\n1,2\n\n3,4\n")
    assert table.frame.to_dict("list") == {"x": [1, 3], "y": [2, 4]}
    np.testing.assert_array_equal(table.rows, [4, 6])


def test_rows_with_quoted_line_breaks_count_once_and_their_fields_are_counted():
    table = table_of(b'word,x\n"one\ntwo, three",1\nfour,2,9\n')
    np.testing.assert_array_equal(table.rows, [2, 3])
    np.testing.assert_array_equal(table.fields, [2, 3])


def test_names_are_made_unique_and_found_where_there_are_none():
    table = table_of(b"x,x,,x (2)\n1,2,3,4\n")
    assert list(table.frame.columns) == ["x", "x (2)", "column 3", "x (2) (2)"]


def test_a_separator_at_the_ends_of_rows_makes_no_column():
    assert list(table_of(b"1;2;\n3;4;\n").frame.columns) == ["column 1", "column 2"]


@pytest.mark.parametrize(
    ("content", "says"),
    [
        (b"", "the file is empty"),
        (b"\n\n# only a remark\n", "the file is empty"),
        (b"x,y\n", "no rows of data"),
        (b"x,y\n,\n,\n", "no rows of data"),
        (b"a\0b,c\n1,2\n", "holds zero bytes"),
        (b"PK\x03\x04 a spreadsheet", "save the sheet as CSV"),
        (b'x,y\n"open,1\n2,3\n', "quotation mark"),
        (b"\xff\xfea", "is no utf-16 text"),
        (b"1\n" * 1_000_003, "1,000,003 rows; at most 1,000,000"),
        (b"1,2\n" + b"," * 30_000 + b"\n", "row 2 has 30,001 fields"),
        (b"1,2\n" * 1_009 + b"," * 19_999 + b"\n", "row 1010 has 20,000 fields"),
    ],
)
def test_what_is_no_table_of_a_bearable_size_is_refused_in_a_sentence(content, says):
    with pytest.raises(ValueError, match=says):
        table_of(content)


def test_a_file_beyond_the_bound_is_refused_before_it_is_looked_at(monkeypatch):
    monkeypatch.setattr(table_room, "MOST_BYTES", 7)
    with pytest.raises(ValueError, match="a file may have"):
        guess_reading(b"x,y\n1,2\n")


def test_formulas_and_code_stay_words():
    table = table_of(b"x,y\n=cmd|' /C calc'!A0,1\n__import__('os'),2\n")
    assert table.frame["x"].tolist() == ["=cmd|' /C calc'!A0", "__import__('os')"]


# -- columns -----------------------------------------------------------------------------------------------------------


def long_text(label: str = "kind") -> bytes:
    rows = [f"{n},{t},{n + t},{-t},{'up' if n % 2 else 'down'}" for n in range(13) for t in range(5)]
    return f"id,t,x,y2,{label}\n{chr(10).join(rows)}\n".encode()


@pytest.mark.parametrize("label", ["kind", "Label", "class"])
def test_a_row_a_step_is_known_by_the_names_that_come_again(label):
    guessed = guess_columns(table_of(long_text(label)))
    assert guessed == Columns("long", ("x", "y2"), sequence="id", step="t", label=label)


def test_sequences_are_found_by_their_runs_where_no_column_has_a_telling_name():
    text = long_text().replace(b"id,", b"wagon,")
    assert guess_columns(table_of(text)).sequence == "wagon"


def test_a_row_a_sequence_is_known_by_its_many_numbers():
    head = ",".join(f"s{t}" for t in range(11))
    rows = [",".join([*map(str, range(n, n + 11)), "ab"[n % 2]]) for n in range(7)]
    guessed = guess_columns(table_of(f"{head},kind\n{chr(10).join(rows)}\n".encode()))
    assert guessed == Columns("wide", tuple(f"s{t}" for t in range(11)), label="kind")


def test_the_first_of_unnamed_columns_is_the_label_where_it_holds_few_whole_numbers():
    rows = ["\t".join([str(n % 3), *(f"{n * t / 7:.3f}" for t in range(1, 12))]) for n in range(17)]
    guessed = guess_columns(table_of("\n".join(rows).encode()))
    assert (guessed.layout, guessed.label, guessed.target) == ("wide", "column 1", "class")
    assert len(guessed.inputs) == 11


def test_a_label_of_many_fractions_is_a_value_and_one_that_changes_is_of_each_step():
    rows = [f"{n},{t},{n * t},{n + t / 7:.3f}" for n in range(13) for t in range(5)]
    guessed = guess_columns(table_of(f"id,t,x,target\n{chr(10).join(rows)}\n".encode()))
    assert (guessed.target, guessed.per_step) == ("value", True)


def test_another_label_is_guessed_for_what_it_is():
    rows = [
        f"{n},{t},{n * t},{n / 7:.3f},{n % 2},{t % 3},{n + t / 7:.3f}" for n in range(13) for t in range(5)
    ]  # fmt: skip
    table = table_of(f"id,t,x,pace,side,phase,force\n{chr(10).join(rows)}\n".encode())
    columns = guess_columns(table)
    said = {
        label: (found.target, found.per_step)
        for label in ("pace", "side", "phase", "force", None)
        for found in [guess_answer(table, replace(columns, label=label))]
    }
    assert said == {
        "pace": ("value", False), "side": ("class", False), "phase": ("class", True), "force": ("value", True),
        None: ("class", False),
    }  # fmt: skip
    wide = replace(columns, layout="wide", label="force")
    assert guess_answer(table, wide) == replace(wide, target="value")


@pytest.mark.parametrize(("of_each", "label"), [("n / 7", "pace"), ("n / 7 + t", None), ("3", None)])
def test_a_last_column_of_one_number_for_each_sequence_is_its_label(of_each, label):
    rows = [f"{n},{t},{n * t},{eval(of_each, {'n': n, 't': t})}" for n in range(13) for t in range(5)]  # noqa: S307
    guessed = guess_columns(table_of(f"id,t,x,pace\n{chr(10).join(rows)}\n".encode()))
    assert (guessed.label, guessed.target, guessed.per_step) == (label, "value" if label else "class", False)


# -- arrays ------------------------------------------------------------------------------------------------------------

X = np.random.default_rng(0).normal(size=(11, 7, 2))
Y = np.arange(11) % 3


def test_arrays_are_read_as_numpy_wrote_them():
    kept = {"x": X, "y": Y, "names": np.array(["ab", "ü"]), "by_column": np.asfortranarray(X), "half": X.astype("f2")}
    content = npz(**kept)
    assert is_npz(content)
    found = read_arrays(content)
    assert set(found) == set(kept)
    for name, array in kept.items():
        np.testing.assert_array_equal(found[name], array)


def test_arrays_are_known_by_name_and_shape():
    found = {"y": Y, "lengths": np.full(11, 5), "other": X[0], "X": X}
    assert guess_arrays(found) == Arrays("X", "y", "lengths")
    assert guess_arrays({"signal": X[..., 0], "answer": Y}) == Arrays("signal", "answer", None)
    with pytest.raises(ValueError, match=r"needs an array .* it has a \(11,\)"):
        guess_arrays({"a": Y})


def test_sequences_of_arrays_end_at_their_lengths():
    lengths = np.array([7, 3, 5, 1, 7, 2, 6, 4, 7, 7, 7])
    x = np.where((np.arange(7) < lengths[:, None])[..., None], X, np.nan)
    found, faults = build_from_arrays({"x": x, "y": Y, "lengths": lengths}, Arrays("x", "y", "lengths"))
    assert found is not None
    assert faults.count == 0
    np.testing.assert_array_equal(found.lengths, lengths)
    np.testing.assert_array_equal(found.steps[7:10], X[1, :3].astype(np.float32))


def test_an_array_without_lengths_ends_each_sequence_where_nothing_but_nan_follows():
    ends = np.array([7, 3, 5, 1, 7, 2, 6, 4, 7, 7, 7])
    x = np.where((np.arange(7) < ends[:, None])[..., None], X, np.nan)
    found, faults = build_from_arrays({"x": x, "y": Y}, Arrays("x", "y"))
    assert found is not None, faults.first
    np.testing.assert_array_equal(found.lengths, ends)
    np.testing.assert_array_equal(found.steps, X[np.arange(7) < ends[:, None]].astype(np.float32))
    x[1, 1, 0], x[4] = np.nan, np.nan
    _, faults = build_from_arrays({"x": x, "y": Y}, Arrays("x", "y"))
    assert [(f.row, f.what) for f in faults.first] == [(5, "the sequence has no steps: all is NaN")]
    x[4] = 0
    _, faults = build_from_arrays({"x": x, "y": Y}, Arrays("x", "y"))
    assert [(f.row, f.what) for f in faults.first] == [(2, "nan at step 2, input 1")]


@pytest.mark.parametrize("words", [False, True])
def test_an_array_may_hold_a_label_of_each_step(words):
    lengths = np.array([7, 3, 5, 1, 7, 2, 6, 4, 7, 7, 7])
    y = (np.arange(11)[:, None] + np.arange(7)) % 3
    file = {"x": X, "y": np.array(["u", "v", "w"])[y] if words else y, "lengths": lengths}
    assert guess_arrays(file) == Arrays("x", "y", "lengths")
    found, faults = build_from_arrays(file, guess_arrays(file))
    assert found is not None, faults.first
    assert found.per_step
    assert found.classes == (("u", "v", "w") if words else ("0", "1", "2"))
    np.testing.assert_array_equal(found.labels, np.concatenate([y[n, :end] for n, end in enumerate(lengths)]))
    assert found.times is None  # so that answers count steps from 1, as faults do


def test_a_label_of_a_step_that_is_no_number_is_named_by_its_sequence_unless_the_step_does_not_count():
    y = np.arange(77.0).reshape(11, 7)
    y[4, 6], y[8, 1] = np.nan, np.inf
    file = {"x": X, "y": y, "lengths": np.array([7] * 4 + [5] + [7] * 6)}
    _, faults = build_from_arrays(file, Arrays("x", "y", "lengths", target="value"))
    assert [(f.row, f.column, f.what) for f in faults.first] == [(9, "y", "the label is inf")]


def test_a_label_of_measured_numbers_is_a_value_unless_it_is_said_to_be_a_class():
    file = {"x": X, "y": np.arange(11) / 4}
    assert guess_arrays(file) == Arrays("x", "y", target="value")
    found, _ = build_from_arrays(file, guess_arrays(file))
    assert found is not None
    assert (found.target, found.classes) == ("value", ("y",))
    np.testing.assert_array_equal(found.labels, np.arange(11) / 4)
    found, _ = build_from_arrays({"x": X, "y": np.array([0.5, 1.5] * 5 + [0.5])}, Arrays("x", "y"))
    assert found is not None
    assert (found.target, found.classes) == ("class", ("0.5", "1.5"))
    assert guess_arrays({"x": X, "y": np.arange(11) > 4}).target == "class"
    assert guess_arrays({"x": X, "y": np.array([f"{n}.5" for n in range(11)])}).target == "class"


def test_faults_of_arrays_are_named_by_sequence_and_step():
    x = X.copy()
    x[4, 2, 1], x[8, 6, 0] = np.nan, np.inf
    found, faults = build_from_arrays({"x": x, "y": Y}, Arrays("x", "y"))
    assert found is None
    assert [(f.row, f.what) for f in faults.first] == [(5, "nan at step 3, input 2"), (9, "inf at step 7, input 1")]


@pytest.mark.parametrize(
    ("arrays", "says"),
    [
        ({"x": X, "y": Y[:5]}, r"the shape is \(5,\)"),
        ({"x": X, "y": np.zeros((11, 5))}, r"the shape is \(11, 5\)"),
        ({"x": X, "y": (np.arange(77).reshape(11, 7) == 5) + np.arange(7) % 2}, "class 2 is in one sequence alone"),
        ({"x": np.zeros((103, 3)), "y": np.arange(103)}, "103 different labels, more than the 100 that are taken"),
        ({"x": X, "y": Y * 0}, "all are of one class, 0"),
        ({"x": X, "y": Y, "lengths": Y}, "the length is 0"),
        ({"x": X, "y": Y, "lengths": Y / 2}, "float64"),
        ({"x": X[:0], "y": Y[:0]}, r"the shape \(0, 7, 2\)"),
        ({"x": np.zeros((11, 5_003)), "y": Y}, "a sequence has 5,003 steps"),
        ({"x": np.zeros((11, 3, 65)), "y": Y}, "a step has 65 inputs"),
    ],
)
def test_arrays_that_do_not_fit_together_are_refused(arrays, says):
    found, faults = build_from_arrays(arrays, Arrays("x", "y", "lengths" if "lengths" in arrays else None))
    assert found is None
    (fault, *_) = [fault for fault in faults.first if says.replace("\\", "") in fault.what]
    assert not says.startswith(("all are", "class")) or fault.column == "y"


def packed(**files: bytes) -> bytes:
    file = io.BytesIO()
    with zipfile.ZipFile(file, "w", zipfile.ZIP_DEFLATED) as target:
        for name, content in files.items():
            target.writestr(f"{name}.npy", content)
    return file.getvalue()


def header(shape: str, descr: str = "'<f8'") -> bytes:
    text = f"{{'descr': {descr}, 'fortran_order': False, 'shape': {shape}, }}\n".encode()
    return b"\x93NUMPY\x01\x00" + len(text).to_bytes(2, "little") + text


@pytest.mark.parametrize(
    ("content", "says"),
    [
        (packed(x=header("(10**12,)")), "no plain numbers"),
        (packed(x=header("(100000000000,)")), "says that it has the shape"),
        (packed(x=header("(1,)", "'|O'") + b"cos\nsystem\n."), "no plain numbers"),
        (packed(x=header("(1,)", "[('a', '<f8')]") + bytes(8)), "no plain numbers"),
        (packed(x=header("(1,)", "'<U0'")), "no plain numbers"),
        (packed(x=header("(" * 3_000)), "no plain numbers"),
        (packed(x=b"no array"), "no plain numbers"),
        (packed(x=bytes(300 * 2**20)), "unpacks to 1 arrays of 300 MB"),
        (packed(**{f"x{n}": b"" for n in range(53)}), "unpacks to 53 arrays"),
        (packed(**{f"x{n}": b"" for n in range(2_003)}), "more than 50 arrays"),
        (npz(x=X)[:-50], "no whole NPZ"),
        (npz(x=X)[:90] + bytes(20) + npz(x=X)[110:], "no whole NPZ"),
        (b"PK", "no whole NPZ"),
    ],
)
def test_hostile_arrays_are_refused_before_they_cost_anything(content, says):
    with pytest.raises(ValueError, match=says):
        read_arrays(content)


def test_an_npz_beyond_the_bound_is_refused(monkeypatch):
    monkeypatch.setattr(arrays_room, "MOST_BYTES", 7)
    with pytest.raises(ValueError, match="a file may have"):
        read_arrays(npz(x=X))


def test_a_table_that_is_read_otherwise_than_guessed_is_read_so():
    assert read_table(b"a,b\n1,2\n", Reading(heading=False)).frame.shape == (2, 2)
    assert read_table(b"a;b\n1,5;2\n", Reading(separator=";", decimal=",")).frame["a"].tolist() == [1.5]


@pytest.mark.parametrize("line", ["1" * 300_000 + "x,2", "1," + " " * 300_000 + "2", "1" + " " * 300_000 + "2"])
def test_a_long_cell_costs_no_more_than_its_length(line):
    """A pattern that goes back over it again and again would not be done with this in hours."""
    content = "\n".join(["a b" if "," not in line else "a,b", *[line] * 3]).encode()
    assert read_table(content, Reading(separator=" " if "," not in line else ",")).frame.shape == (3, 2)
    assert table_of(content).frame.shape[0] == 3
