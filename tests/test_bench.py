"""The benchmark measures what it says: all ways do the same work, and its figures are ratios of one run."""

import json
from dataclasses import replace

import pytest
import torch

from mrnn import bench
from mrnn.__main__ import main
from mrnn.bench import Result, Row

SMALL = Row("small", "train", T=3, N=7, D=2, m=5, k=3, L=2)


def test_the_rows_are_the_two_shapes_and_one_axis_varied_at_a_time():
    rows = bench.rows()
    assert {(row.T, row.N, row.D, row.k, row.L) for row in rows if row.name in ("waves", "digits")} == {
        (50, 150, 1, 4, 1),
        (28, 150, 28, 4, 3),
    }
    for row in rows:
        if row.what != "stream" and row.name not in ("waves", "digits"):
            varied = [
                axis for axis in ("T", "N", "D", "m", "k", "L") if getattr(row, axis) != getattr(bench.WAVES, axis)
            ]
            assert len(varied) <= 1, row
    assert {row.k for row in rows} >= {1, 2, 4, 8, 16}
    assert {row.T for row in rows} >= {50, 784, 3200}
    assert {row.N for row in rows} >= {1, 150, 4096}


@pytest.mark.parametrize("what", ["train", "answer", "stream"])
def test_each_kind_of_row_is_measured(what):
    result = bench.measure(replace(SMALL, what=what, T=1 if what == "stream" else 3), torch.device("cpu"), repeats=1)
    assert result.this > 0
    assert result.textbook is not None
    assert result.textbook > 0
    assert (result.lstm is not None) == (result.floor is not None) == (what == "train")


def test_torchs_lstm_is_timed_as_it_runs_elsewhere_but_in_float32(monkeypatch):
    seen = []
    monkeypatch.setattr(bench, "peak_memory", lambda *_: None)
    monkeypatch.setattr(bench, "_lstm_step", lambda *_: lambda: seen.append((cudnn.enabled, cudnn.allow_tf32)))
    cudnn = torch.backends.cudnn
    before = cudnn.enabled, cudnn.allow_tf32
    bench.measure(SMALL, torch.device("cpu"), repeats=1)
    assert seen == [(True, False)] * 2
    assert (cudnn.enabled, cudnn.allow_tf32) == before


def test_the_lstm_beside_a_row_has_as_large_a_recurrent_product():
    row = replace(SMALL, k=4)
    ours, lstm = bench._config(row), bench._lstm_config(row)
    assert (lstm.cell, lstm.num_layers, lstm.hidden_size**2) == ("lstm", row.L, 4 * ours.hidden_size**2)


def test_the_definition_is_run_within_the_block_and_not_after_it():
    model = bench._model(SMALL)
    with bench.by_definition(model):
        assert all(layer.by_definition for layer in model.layers)
    assert not any(layer.by_definition for layer in model.layers)


def test_every_lstm_is_chosen_in_what_is_timed():
    row = next(row for row in bench.rows() if row.k == 16 and row.what == "answer")
    with torch.no_grad():
        z = bench._model(row).eval()(torch.randn(row.N, row.T, row.D, generator=torch.Generator().manual_seed(0))).z
    assert (z.sum((0, 1, 2)) > 0).sum() >= 12


def test_the_table_shows_ratios():
    result = Result(SMALL, this=2.0, textbook=5.0, lstm=3.0, floor=1.6, memory_this=30.0, memory_textbook=60.0)
    assert bench.table([result]).splitlines()[-1] == (
        "| training step | small | 2 ms | 2.50x | 1.50x | 1.25x | 0.50x |"
    )


def test_the_command_prints_milliseconds_as_json(capsys, monkeypatch):
    monkeypatch.setattr(bench, "rows", lambda: [SMALL])
    main(["bench", "--json", "--repeats", "1"])
    (result,) = json.loads(capsys.readouterr().out)
    assert result["row"]["k"] == 3
    assert result["this"] > 0
    assert result["memory_textbook"] >= 0
