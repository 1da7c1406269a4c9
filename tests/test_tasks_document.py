"""What docs/tasks.md says was measured: of models that ship it is measured anew, to a unit of the last digit."""

import json
import re
from functools import cache
from pathlib import Path

import pandas as pd
import pytest

from mrnn import Task, hmm, load, read_notes
from mrnn.comparison import contenders, outcomes_of
from mrnn.experiments import Shares
from mrnn.grid import SweepConfig
from mrnn.probes import answer_of, found_regimes
from mrnn.tasks import make_task

PROJECT = Path(__file__).resolve().parents[1]
MODELS = PROJECT / "assets" / "models"
TEXT = (PROJECT / "docs" / "tasks.md").read_text()
UNITS = {"%": 100, "": 1}
SCORES = {  # figures in the notes of a model, the unit that the first table has them in
    "waves-k4": ("%", "test_accuracy_hard"),
    "digits-k4": ("%", "test_accuracy_hard"),
    "curves-k4-own": ("", "test_accuracy_hard"),
    "pixels-k2": ("%", "test_accuracy_hard", "test_accuracy_soft"),
    "regimes-k3": ("", "test_agreement"),
}
CLAIMS = {  # what a task claims of a model, as the first table has it
    "forecast-k4": (
        "mean squared error of the next value, once 6 were seen",
        "mean squared error of the next value",
        "least mean squared error that is possible there",
    ),
    "text-k4": ("bits a character", "bits a character, were each as probable as it is frequent"),
}


def row(start: str) -> list[str]:
    """The cells of the one row of a table that begins so."""
    (line,) = [line for line in TEXT.splitlines() if line.startswith(f"| {start}")]
    return [cell.strip().replace("*", "") for cell in line.strip("|").split("|")]


def result(name: str) -> str:
    """What the first table says was measured of a model."""
    (line,) = [line for line in TEXT.splitlines() if line.endswith(f"| `{name}` |")]
    return line.strip("|").split("|")[3].strip()


def says(cell: str, value: float, unit: str = "") -> bool:
    """Whether one of the numbers of a cell that have this unit is the value, to a unit of its last digit."""
    numbers = re.findall(r"(?<![\d.])(\d[\d,]*(?:\.\d+)?)(?: (%))?", cell)
    return any(
        abs(float(number.replace(",", "")) - UNITS[unit] * value) <= 10.0 ** -len(number.partition(".")[2])
        for number, found in numbers
        if found == unit and (unit == "%" or "." in number)
    )


@cache
def claims(name: str) -> dict[str, float]:
    """What a task claims of a model that ships."""
    model, task = load(MODELS / f"{name}.safetensors"), task_of(name)
    return task.claims(answer_of(model), 0)


def task_of(name: str) -> Task:
    notes = read_notes(MODELS / f"{name}.safetensors")
    return make_task(notes["task"], notes["settings"])


def test_a_number_is_said_to_a_unit_of_its_last_digit():
    assert says("99.37 % right, 0.5 beside it", 0.9938, "%")
    assert not says("99.37 % right, 0.5 beside it", 0.9939, "%")
    assert says("99.37 % right, 0.5 beside it", 0.6)
    assert not says("99.37 % right", 99.37)


@pytest.mark.parametrize("name", SCORES)
def test_scores_are_those_of_the_models_that_ship(name):
    figures = read_notes(MODELS / f"{name}.safetensors")["figures"]
    unit, *keys = SCORES[name]
    for key in keys:
        assert says(result(name), figures[key], unit), key


def test_networks_on_hidden_regimes_are_told_as_the_example_that_ships():
    config = SweepConfig.from_dict(json.loads((PROJECT / "assets" / "comparison-regimes.json").read_text()))
    figures = pd.read_csv(PROJECT / "assets" / "comparison-regimes.csv")
    for one in contenders(outcomes_of(config, figures)).to_dict("records"):
        index = f"{one['agreement']:.3f}" + (f" ± {one['agreement_deviation']:.3f}" if one["agreement"] else "")
        score = f"{one['accuracy']:.3f} ± {one['accuracy_deviation']:.3f}"
        told = [one["network"], str(one["hidden_size"]), str(one["weights"]), index, score]
        assert row(f"{one['network']} |") == told


@pytest.mark.slow
@pytest.mark.parametrize("name", CLAIMS)
def test_errors_and_bits_are_those_of_the_models_that_ship(name):
    for claim in CLAIMS[name]:
        assert says(result(name), claims(name)[claim]), claim


@pytest.mark.slow
@pytest.mark.parametrize("name", ["reber-k4", "embedded_reber-k4-own", "bit_flip-k2", "bit_flip-parity-k2-own"])
def test_where_all_is_said_to_be_right_it_is(name):
    assert re.search("100 %|all 256", result(name))
    assert set(claims(name).values()) == {1.0}


@pytest.mark.slow
def test_hidden_markov_models_and_z_find_as_much_as_is_said():
    task, name = task_of("regimes-k3"), "regimes-k3"
    index, error = row("Markov recurrent network, k = 3, 1 hidden unit")[1:3]
    found = found_regimes(load(MODELS / f"{name}.safetensors"), task)
    assert found is not None
    assert says(index, found)
    assert says(error, claims(name)["mean squared error of the next value"])
    for one in hmm.beside(task):
        index, error, score = row(f"{one.name}, from the past alone")[1:]
        assert says(index, one.from_the_past)
        assert says(error, one.error)
        assert says(score, one.score)
        assert says(row(f"{one.name}, each signal seen whole")[1], one.agreement)
        among = row(f"{one.name}, {one.num_weights} numbers")
        assert says(among[3], one.from_the_past)
        assert says(among[4], one.score)
        assert says(result(name), one.from_the_past)
        columns = {"autoregressive HMM": 5, "Gaussian HMM": 6}
        past, whole = row(f"level and pull | {one.states}")[columns[one.name]].split(", ")
        assert says(past, one.from_the_past)
        assert says(whole, one.agreement)


@pytest.mark.slow
@pytest.mark.parametrize("name", ["k4-own", "lstm", "gru", "elman"])
def test_the_embedded_symbol_is_known_as_often_as_is_said(name):
    task, model = task_of(f"embedded_reber-{name}"), load(MODELS / f"embedded_reber-{name}.safetensors")
    (asked,) = [one for one in task.experiments if one.side_by_side]
    found = asked.run(answer_of(model), 300, 0)  # of 3,000 that the table is of
    assert isinstance(found, Shares)
    who, *told = row(f"`embedded_reber-{name}`")
    assert who.endswith(f", {model.num_weights:,} weights")
    for cell, share in zip(told, found.right, strict=True):
        p = float(cell.removesuffix(" %")) / 100
        assert share == pytest.approx(p, abs=0.005 + 4 * (p * (1 - p) / 600) ** 0.5)
