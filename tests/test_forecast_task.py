"""The curve to forecast, its windows, and what is claimed of whoever forecasts it."""

import numpy as np
import pytest

from mrnn.data import SequenceData
from mrnn.tasks import forecast
from mrnn.tasks.forecast import HELD_OUT, Forecast, best_answer, windows

LEAST = "least mean squared error that is possible there"
# t sin(t) and sin(5 t) every 0.1 obey a linear rule of six steps back; its roots: exp(+-0.1i) twice, exp(+-0.5i).
RULE = np.real(np.poly(np.exp([0.1j, -0.1j, 0.1j, -0.1j, 0.5j, -0.5j])))


def continued(data: SequenceData) -> np.ndarray:
    """The next value after each step, by the rule; after the first five, which are too few for it, as asked."""
    x = data.x.astype(float)
    said = data.y.astype(float) if data.per_step else np.zeros_like(x)  # nothing is told to whoever goes on
    for step in range(5, x.shape[1]):
        said[:, step] = -sum(RULE[back] * x[:, step + 1 - back] for back in range(1, 7))
    return said


def test_each_step_asks_for_the_value_at_the_next_one():
    data = Forecast(steps=17).make(11, seed=3)
    np.testing.assert_array_equal(data.y[:, :-1], data.x[:, 1:])
    assert data.per_step


def test_a_window_is_the_curve_every_tenth():
    t = 7.3
    x = windows(np.array([t]), 7).x[0, :, 0]
    expected = [s * np.sin(s) / 3 + 2 * np.sin(5 * s) for s in (t + step / 10 for step in range(7))]
    np.testing.assert_allclose(x, expected, rtol=1e-6, atol=1e-6)


@pytest.mark.parametrize("steps", [6, 20, 39])
def test_no_training_window_reaches_into_what_is_held_out(steps, monkeypatch):
    starts: list[np.ndarray] = []

    def seen(s: np.ndarray, steps: int) -> SequenceData:
        starts.append(s)
        return windows(s, steps)

    monkeypatch.setattr(forecast, "windows", seen)
    Forecast(steps=steps).split()
    train, test = ((s, s + 0.1 * steps) for s in starts)

    def touches(of: tuple[np.ndarray, np.ndarray], begin: float, end: float) -> np.ndarray:
        return (of[0] < end - 1e-9) & (of[1] > begin + 1e-9)

    assert not any(touches(train, *stretch).any() for stretch in HELD_OUT)
    assert all(touches(test, *stretch).any() for stretch in HELD_OUT)
    inside = [(begin <= test[0]) & (test[1] <= end + 1e-9) for begin, end in HELD_OUT]
    assert np.logical_or(*inside).all()
    assert min(train[0]) >= 0
    assert max(train[1]) <= 30 + 1e-9


def test_whoever_knows_the_curve_makes_no_error_not_even_on_its_own_answers():
    found = Forecast().claims(continued, 7)
    theirs = {claim: error for claim, error in found.items() if claim != LEAST}
    assert len(theirs) == 3
    assert max(theirs.values()) < 1e-3


def test_whoever_says_nothing_but_0_errs_by_the_squares_of_the_values():
    task = Forecast()
    found = task.claims(lambda data: np.zeros_like(data.x), 7)
    single = found["mean squared error of the next value"]
    later = found["mean squared error of the next value, once 6 were seen"]
    alone = found[f"mean squared error of the next {task.steps // 2} values, run on its own answers"]
    assert single == pytest.approx(float(np.square(task.split()[1].y).mean()))
    assert later == pytest.approx(float(np.square(task.split()[1].y[:, 5:]).mean()))
    assert 0.5 * single < alone < 2 * single


def test_nobody_can_tell_from_one_value_what_comes_next():
    test = Forecast().split()[1]
    least = np.square(best_answer(test) - test.y).mean((0, 2))
    assert least[0] > 0.6
    assert max(least[2:]) < 1e-3
    assert 0.03 < Forecast().claims(continued, 7)[LEAST] < 0.031


def test_the_best_answer_is_the_mean_of_what_may_follow():
    """Of nothing but the value seen first, whoever says something else errs by more."""
    test = Forecast().split()[1]
    said = best_answer(test)
    least = np.square(said - test.y).mean()
    for other in (said + 0.03, said - 0.03, 0.97 * said, 1.03 * said):
        assert np.square(other - test.y).mean() > least


def test_a_run_is_fed_with_its_own_answers():
    asked: list[np.ndarray] = []

    def answer(data: SequenceData) -> np.ndarray:
        asked.append(data.x)
        return data.x + 1

    Forecast(steps=6).claims(answer, 7)
    runs = [x for x in asked if len(x) == 100]
    assert [x.shape[1] for x in runs] == [6, 7, 8]
    np.testing.assert_allclose(runs[2][:, 6:, 0] - runs[2][:, 5:6, 0], np.tile([1.0, 2.0], (100, 1)), rtol=0, atol=1e-5)


def test_more_steps_than_fit_are_refused():
    with pytest.raises(ValueError, match="steps must be a whole number from 6 to 39, got 40"):
        Forecast(steps=40)
