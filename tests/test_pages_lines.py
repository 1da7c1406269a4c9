"""The lines of Python at the end of a page that shows many sequences make the numbers of each of its pictures."""

from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest

from mrnn.analysis import Information
from mrnn.charts import Picture
from pages.views.transitions.two_models import renamed
from tests.test_pages import k_and_tau, no_real_training, transitions

__all__ = ["no_real_training"]  # a fixture that these tests use, too
PROJECT = Path(__file__).resolve().parents[1]
VIEWS = ("Matrices", "Graph", "Use", "Time", "Information", "Map", "Steps", "Two models")


def printed(app: Any, monkeypatch: pytest.MonkeyPatch) -> list[Any]:
    """All that the page's lines of Python print."""
    found: list[Any] = []
    monkeypatch.chdir(PROJECT)
    (code,) = (part.value for part in app.code if "from mrnn import" in part.value)
    exec(code, {"print": lambda *values: found.extend(values)})  # noqa: S102, our own
    return found


def holds(table: Any, numbers: pd.DataFrame) -> bool:
    """Whether a table has all rows and columns of another, but for rounding."""
    if not isinstance(table, pd.DataFrame) or not set(numbers) <= set(table):
        return False
    numbers, table = (part.reset_index() if "tau" in part else part for part in (numbers, table))  # tau is no key
    keys = [name for name in numbers if numbers[name].dtype.kind != "f"]
    both = numbers.merge(table, on=keys, how="left", suffixes=("", " printed"), indicator=True)
    if len(both) != len(numbers) or (both["_merge"] != "both").any():
        return False
    figures = [name for name in numbers if name not in keys]
    return all(
        np.allclose(both[name], both[f"{name} printed"], rtol=1e-4, atol=2e-4, equal_nan=True) for name in figures
    )


def shown(app: Any) -> dict[str, pd.DataFrame]:
    """The numbers of each picture and table of the page, by its key."""
    noted = app.session_state["_pictures"]
    return {key: part.numbers if isinstance(part, Picture) else part for key, part in noted.items()}


@pytest.mark.parametrize("view", VIEWS)
def test_the_lines_of_a_view_of_transitions_make_all_numbers_of_its_pictures(view, monkeypatch):
    app = transitions(view)
    app.button_group(key="only_digits").set_value(["1", "4", "9"]).run()
    app.selectbox(key="first_digits").set_value("4")
    app.selectbox(key="second_digits").set_value("9").run()
    tables, pictures = printed(app, monkeypatch), shown(app)
    assert pictures
    if view == "Information":
        told = pictures.pop("mutual_information")
        found = [part for part in tables if isinstance(part, Information)]
        assert told["nats"].tolist() == [round(part.value, 4) for part in found]
        assert told["by chance"].tolist() == [round(part.chance, 4) for part in found]
    if view == "Two models":
        apart = next(part for part in tables if isinstance(part, pd.DataFrame) and "lstm" in part)
        assert holds(renamed(apart), pictures.pop("both_uses"))
    for key, numbers in pictures.items():
        assert any(holds(table, numbers) for table in tables), key


@pytest.mark.parametrize(
    ("view", "model"),
    [
        ("Matrices", "reber-k4"), ("Matrices", "curves-k4-own"), ("Use", "curves-k4-own"),
        ("Information", "bit_flip-k2"), ("Map", "forecast-k4"), ("Steps", "regimes-k3"),
        ("Steps", "text-k4"), ("Steps", "digits-k4"),
    ],
)  # fmt: skip
def test_the_lines_of_a_view_hold_for_tasks_of_any_kind(view, model, monkeypatch):
    app = transitions(view, model_transitions=model, sequences=100)
    if model == "digits-k4":
        app.button_group(key="only_digits").set_value(["4", "9"]).run()
    tables, pictures = printed(app, monkeypatch), shown(app)
    assert pictures
    if view == "Information":
        told = pictures.pop("mutual_information")
        assert told["nats"].tolist() == [round(part.value, 4) for part in tables if isinstance(part, Information)]
    for key, numbers in pictures.items():
        assert any(holds(table, numbers) for table in tables), key


def test_the_lines_of_matrices_list_the_sequences_of_the_move(monkeypatch):
    app = transitions("Matrices")
    move = app.selectbox(key="move").value
    listed = app.selectbox(key=f"open_{move}").options
    table = printed(app, monkeypatch)[-1]
    assert sorted(f"No. {row['sequence']}" for row in table.to_dict("records")) == sorted(
        option.split(":")[0].split(",")[0] for option in listed
    )


@pytest.mark.parametrize(("view", "key"), [("Temperature", "by_tau"), ("Lesions", "lesions")])
def test_the_lines_of_a_view_measure_what_was_measured(view, key, monkeypatch):
    app = k_and_tau(view, k_task="waves", tau_model_waves="waves-k2")
    assert not any(isinstance(part, pd.DataFrame) and "in_use" in part for part in printed(app, monkeypatch))
    app.button(key={"Temperature": "measure_tau", "Lesions": "measure_lesions"}[view]).click().run()
    assert any(holds(table, shown(app)[key]) for table in printed(app, monkeypatch))


def test_the_lines_of_temperature_tell_the_schedule(monkeypatch):
    app = k_and_tau("Temperature", k_task="waves")
    schedule = shown(app)["schedule"]
    assert [part for part in printed(app, monkeypatch) if isinstance(part, tuple)] == [tuple(schedule["tau"])]
