"""What a score is called and how it is written, by the kind of target."""

import pytest

from mrnn.charts.sweeps import amount
from mrnn.data import TARGETS
from mrnn.scores import MEANINGS, SCORES, written, written_with_name
from mrnn.sweeps import FIGURES, figure_name


@pytest.mark.parametrize(
    ("target", "text", "named"),
    [("class", "97.35%", "97.35% right"), ("labels", "0.973", "macro F1 0.973"), ("value", "0.973", "R² 0.973")],
)
def test_only_a_share_of_answers_is_written_as_a_percentage(target, text, named):
    assert written(target, 0.97346) == text
    assert written_with_name(target, 0.97346) == named


def test_a_score_may_be_below_zero():
    assert written("value", -1.5) == "-1.500"


def test_every_kind_of_target_has_a_score_with_its_meaning():
    assert set(SCORES) == set(MEANINGS) == set(TARGETS)


def test_the_figures_of_a_sweep_are_called_after_the_score_of_its_task():
    assert [figure_name(name, "class") for name in FIGURES] == ["held-out accuracy", "test accuracy", "training time"]
    assert [figure_name(name, "value") for name in FIGURES] == ["held-out R²", "test R²", "training time"]


@pytest.mark.parametrize(("unit", "text"), [("%", "12.30%"), ("s", "0 s"), ("", "0.123")])
def test_a_cell_of_a_sweep_has_the_unit_of_its_figure(unit, text):
    assert amount(0.123, unit) == text
    assert amount(float("nan"), unit) == "–"
