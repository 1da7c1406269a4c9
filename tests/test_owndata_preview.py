"""What is shown of a file: examples that ship, tables for pictures, and a further file with the same columns."""

from dataclasses import replace

import numpy as np
import pytest

from mrnn import owndata
from mrnn.owndata import EXAMPLES, Sequences, build, guess_columns, guess_reading, read_table
from mrnn.owndata.examples import arrays_npz, changing_csv, long_csv, pace_csv, wide_csv


def read(content: bytes) -> tuple[Sequences | None, owndata.Faults, dict]:
    if owndata.is_npz(content):
        found = owndata.read_arrays(content)
        chosen = owndata.guess_arrays(found)
        return *owndata.build_from_arrays(found, chosen), {"read_as": chosen}
    reading = guess_reading(content)
    table = read_table(content, reading)
    columns = guess_columns(table)
    return *build(table, columns), {"read_as": (reading, columns)}


@pytest.mark.parametrize("name", EXAMPLES)
def test_each_example_is_read_as_it_is_meant_with_nothing_changed(name):
    found, faults, _ = read(EXAMPLES[name][1]())
    if "faults" in name:
        assert found is None
        assert [(fault.row, fault.column) for fault in faults.first] == [(9, "forward"), (25, "up"), (43, "")]
        return
    assert found is not None
    kind = (found.target, found.per_step, found.classes)
    if "number" in name:
        assert kind == ("value", False, ("pace",))
        return
    assert kind == ("class", "label" in name, ("running", "stairs", "walking"))
    assert (len(found), len(found.steps)) == ((60, 7323) if "label" in name else (120, 6035))


def test_examples_of_all_forms_hold_the_same():
    long, wide, arrays = (read(content)[0] for content in (long_csv(), wide_csv(), arrays_npz()))
    assert long is not None
    assert wide is not None
    assert arrays is not None
    np.testing.assert_array_equal(long.steps[:, 1], wide.steps[:, 0])
    np.testing.assert_allclose(long.steps, arrays.steps, atol=6e-4)
    np.testing.assert_array_equal(long.labels, arrays.labels)  # type: ignore[arg-type]


def test_a_picture_has_a_few_sequences_of_each_class_as_they_are():
    found, *_ = read(long_csv())
    assert found is not None
    table = owndata.examples_table(found, "up", each=3)
    assert {lane: len(set(part["sequence"])) for lane, part in table.groupby("lane")} == dict.fromkeys(found.classes, 3)
    first = table[table["sequence"] == "p001"]
    np.testing.assert_array_equal(first["value"], found.steps[: found.lengths[0], 1])
    assert owndata.label_counts(found)["count"].tolist() == [40, 40, 40]


def test_a_picture_of_numbers_goes_from_the_lowest_to_the_highest():
    found, *_ = read(pace_csv())
    assert found is not None
    labels = np.asarray(found.labels)
    lanes = list(dict.fromkeys(owndata.examples_table(found, "up")["lane"]))
    told = [float(lane.split(": ")[1]) for lane in lanes]
    assert told == sorted(told)
    assert (told[0], told[-1], len(told)) == (pytest.approx(labels.min()), pytest.approx(labels.max()), 4)


def test_where_classes_change_is_where_the_steps_beside_differ():
    found, *_ = read(changing_csv())
    assert found is not None
    changes = owndata.changes_table(found)
    for number, lane in enumerate(dict.fromkeys(owndata.examples_table(found, "up")["lane"])):
        begun = changes[changes["lane"] == lane]
        length = int(found.lengths[number])
        runs = np.diff([*begun["t"], length])
        labels = np.asarray(found.labels)[found.starts[number] :][:length]
        assert list(np.repeat(begun["class"], runs)) == [found.classes[label] for label in labels]
        assert (begun["class"] != begun["class"].shift()).all()


@pytest.mark.parametrize(
    "values", [np.arange(40, 61), np.arange(3), np.arange(997), np.linspace(-1, 1, 101), np.ones(7)]
)
def test_a_histogram_counts_each_value_once_in_intervals_of_one_width(values):
    bins = owndata.histogram(values)
    assert bins["count"].sum() == len(values)
    assert len(bins) <= 21
    widths = bins["high"] - bins["low"]
    assert np.ptp(widths) < 1e-9
    if values.dtype.kind == "i":
        assert bins["count"].max() <= widths.iloc[0]


@pytest.mark.parametrize("make", [long_csv, wide_csv, arrays_npz])
def test_a_further_file_is_read_alike_with_a_label_or_without(make, tmp_path, monkeypatch):
    monkeypatch.setenv("MRNN_RUNS", str(tmp_path))
    content = make()
    found, _, how = read(content)
    assert found is not None
    kept = owndata.read(owndata.keep(found, "gaits", "a" * 64, **how))
    files = [content]
    if make is long_csv:
        files.append("\n".join(line.rpartition(",")[0] for line in content.decode().splitlines()).encode())
    if make is wide_csv:
        files.append("\n".join(line.partition(";")[2] for line in content.decode().splitlines()).encode())
    for file in files:
        further, faults = owndata.read_further(file, kept)
        assert faults.count == 0
        assert further is not None
        assert further.labels is None
        assert further.inputs == found.inputs
        np.testing.assert_array_equal(further.steps, found.steps)


def test_a_further_file_with_other_columns_is_refused(tmp_path, monkeypatch):
    monkeypatch.setenv("MRNN_RUNS", str(tmp_path))
    found, _, how = read(long_csv())
    assert found is not None
    kept = owndata.read(owndata.keep(replace(found), "gaits", "a" * 64, **how))
    further, faults = owndata.read_further(long_csv().replace(b"up", b"down"), kept)
    assert further is None
    assert faults.first[0].what == "there is no column 'up'"
