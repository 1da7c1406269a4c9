"""The k and tau page without a browser: presets, what is offered where nothing ships, and whose test set is used."""

import json
from dataclasses import replace
from typing import Any

import numpy as np
import pytest
from scipy.special import softmax

from mrnn import TASKS, ModelConfig, SequenceModel, Trace, load, probes, save, snapshots
from mrnn.data import Target
from pages import common
from pages.common.models import SHIPPED, Entry
from pages.views.k_and_tau.memory import PRESETS as MEMORY
from pages.views.k_and_tau.number import PRESETS as NUMBER
from pages.views.k_and_tau.training import PRESETS as TRAINING
from tests.test_pages import k_and_tau, no_real_training, said, timelines

__all__ = ["no_real_training"]  # a fixture that these tests use, too
CASES = [
    (view, name)
    for view, presets in (("Number of LSTMs", NUMBER), ("Training", TRAINING), ("Mixed or own", MEMORY))
    for name in presets
]
SETS: dict[str, Any] = {"Number of LSTMs": NUMBER, "Training": TRAINING, "Mixed or own": MEMORY}


@pytest.mark.parametrize(("view", "name"), CASES)
def test_a_preset_of_a_view_sets_what_it_says(view, name):
    app = k_and_tau(view)
    app.button(key=f"preset_{name}").click().run()
    assert not app.exception
    assert not app.error
    for key, value in SETS[view][name].items():
        assert app.session_state[key] == value
    if view == "Training":
        (epoch,) = (value for key, value in SETS[view][name].items() if key.startswith("epoch_"))
        assert (f"After epoch {epoch}: " if epoch else "Before training: ") in said(app)
    if view == "Mixed or own":
        assert said(app).count("(wrong)") == (name == "Where own is wrong")
        assert ("alien one" in name or "wrong" in name) == (
            TASKS["waves"].make(1, SETS[view][name]["k_signal"]).y[0] == 1
        )


def test_networks_of_as_many_weights_have_as_many():
    ids = NUMBER["As many weights"]["k_models_waves"]
    one, other = (load(SHIPPED / f"{name}.safetensors").num_weights for name in ids)
    assert one == pytest.approx(other, rel=0.01)


@pytest.mark.parametrize(("view", "carry"), [("Training", "mixed"), ("Mixed or own", "own")])
def test_where_nothing_ships_for_digits_a_press_sets_the_form_of_train(view, carry, tmp_path, monkeypatch):
    monkeypatch.setattr("pages.common.past.KEPT", tmp_path)  # no training ships
    app = k_and_tau(view, k_task="digits")
    assert f"k = 4, m = 64, carry {carry}, 6 epochs: about" in said(app)
    app.button(key="offer_training").click().run()
    assert not app.exception
    assert app.title[0].value == "Train"
    found = {widget.label: widget.value for widget in (*app.button_group, *app.slider)}
    assert (found["Task"], found["Carry"], found["k, LSTMs"], found["Epochs"]) == ("digits", carry, 4, 6)


def test_a_lesion_is_measured_on_the_test_set_of_the_model_s_own_settings(tmp_path):
    settings = {"T": 31, "sigma": 0.7}
    model = SequenceModel(ModelConfig(input_size=1, output_size=2, k=2, hidden_size=3)).eval()
    save(model, tmp_path / "mine.safetensors", {"task": "waves", "settings": settings})
    entry = Entry("mine", tmp_path / "mine.safetensors", "", "", model.config, {"task": "waves", "settings": settings})
    _, data = entry.task.split()
    assert data.x.shape[1] == 31
    part = data.take(slice(101))
    table = probes.accuracy_by_lesion(entry.model, part)
    for lstm, allowed in ((0, [True, True]), (1, [False, True]), (2, [True, False])):
        right = entry.model.trace(part.x, allowed=allowed).answers.argmax(1) == part.y
        assert table["accuracy"][lstm] == pytest.approx(right.mean())


def test_a_model_s_file_that_keeps_its_history_shows_it(tmp_path):
    report = {"epoch": 1, "epochs": 1, "tau": 0.7, "loss": 0.5, "accuracy_hard": 0.625, "accuracy_soft": 0.5,
              "usage": [1.0], "seconds": 2.0}  # fmt: skip
    model = SequenceModel(ModelConfig(input_size=1, output_size=2, k=2, hidden_size=3))
    notes = {"task": "waves", "settings": {}, "history": [report]}
    save(model, tmp_path / "mine.safetensors", notes)
    entry = Entry("mine", tmp_path / "mine.safetensors", "", "", model.config, notes)
    assert common.past_of(entry).history == (report,)


def test_a_task_is_in_the_link_by_its_name_and_a_model_of_another_task_is_not_missed():
    app = k_and_tau("Temperature", k_task="waves")
    app.query_params["model"] = "waves-k8"
    app.selectbox(key="k_task").set_value("digits").run()
    assert not app.exception
    assert app.query_params["k_task"] == "digits", "its title may be what a person calls data of their own"
    assert "names a model that is not here" not in said(app)
    app.selectbox(key="k_task").set_value("waves").run()
    assert "k_task" not in app.query_params


@pytest.mark.parametrize(("count", "text"), [(0, "0 hand-overs"), (1, "1 hand-over"), (2_345, "2,345 hand-overs")])
def test_a_number_agrees_with_its_noun(count, text):
    assert common.words.number(count, "hand-over") == text


def test_the_past_of_a_model_that_ships_ships_too_and_is_nobodys_secret():
    for entry in common.entries("waves"):
        past = common.past_of(entry)
        assert past.shipped
        assert not past.private


@pytest.mark.parametrize("name", sorted(path.parent.name for path in common.KEPT.glob("*/about.json")))
def test_a_training_that_ships_tells_each_epoch_in_numbers_and_has_its_curves(name):
    task = name.split("-")[0]
    (past,) = (one for one in common.pasts(task, "nobody") if one.id == name)
    kept = past.snapshots
    assert kept is not None
    assert [report["epoch"] for report in past.history] == kept.epochs.tolist()[1:]
    data = snapshots.sequences(past.task)
    right = [(kept.trace(place).answers.argmax(1) == data.y).mean() for place in range(len(kept.epochs))]
    assert right[-1] > right[0]
    for place in range(len(kept.epochs)):
        inside, q = kept.inside(place, 0), kept.q[place, :, 0]
        assert inside is not None
        np.testing.assert_allclose(softmax(inside.logits, axis=-1), q, atol=0.02)


def test_a_digit_is_shown_to_those_who_compare_networks_and_its_rows_are_told():
    app = k_and_tau("Number of LSTMs", k_task="digits")
    assert len(app.get("image")) == 1
    pictures = timelines(app)
    assert len(pictures) == 5
    x = TASKS["digits"].make(1, 0).x[0]
    for told in pictures:
        np.testing.assert_allclose(json.loads(told)["rows"], x, atol=1e-4)
    assert not k_and_tau("Number of LSTMs").get("image")


def trace_that_says(target: Target, logits: list[list[float]]) -> Trace:
    """A model that says so after each step of one sequence."""
    q = np.ones((1, 1, len(logits), 1))
    return Trace(q, q, np.array([logits], float), np.array([len(logits)]), target)


def test_an_answer_is_told_by_what_its_task_asks():
    waves, curves, bits, regimes = (TASKS[name] for name in ("waves", "curves", "bit_flip", "regimes"))
    certain = trace_that_says("class", [[0, 9], [9, 0]])
    assert str(common.told(waves, certain, np.array([0]))) == "non-alien, 100.0% (right)"
    assert str(common.told(waves, certain, np.array([1]))) == "non-alien, 100.0% (wrong)"
    assert common.told(waves, certain, np.array([1])).truth == "alien"
    labels = trace_that_says("labels", [[9.0, -9, 9, *[-9] * 4]])
    assert str(common.told(curves, labels, np.array([[1, 0, 1, 0, 0, 0, 0]]))) == "high early, sine (right)"
    assert str(common.told(curves, labels, np.array([[1, 0, 0, 0, 0, 0, 0]]))) == "high early, sine (wrong)"
    assert str(common.told(bits, certain, np.array([[1, 1]]))) == "right at 1 of 2 steps"
    values = trace_that_says("value", [[1.0], [3.0]])
    assert str(common.told(regimes, values, np.array([[[1.0], [1.0]]]))) == "mean squared error 2 over 2 steps"


def test_answers_to_several_signals_are_told_together():
    two = np.ones((2, 1, 3, 1))
    said = Trace(two, two, np.array([[[9.0, 0]] * 3, [[0, 9.0]] * 3]), np.array([3, 2]))
    assert common.told_of_many(TASKS["waves"], said, np.array([0, 0])) == "1 of the 2 signals are answered right"
    each = np.array([[0, 0, 1], [1, 0, 0]])
    assert (
        common.told_of_many(TASKS["bit_flip"], said, each) == "60% of the steps of these 2 signals are answered right"
    )
    values = replace(said, target="value")
    told = common.told_of_many(TASKS["regimes"], values, np.zeros((2, 3, 2)))
    assert told == "the mean squared error of these 2 signals is 40.5"


@pytest.mark.parametrize("inputs", [1, 2, 3, 4])
def test_few_inputs_are_drawn_as_lines_and_of_many_the_lowest_and_the_highest(inputs):
    x = np.random.default_rng(0).normal(size=(7, inputs))
    drawn = common.drawable(x, TASKS["waves"])
    np.testing.assert_array_equal(drawn, x if inputs <= 3 else np.stack([x.min(1), x.max(1)], 1))
    image = np.random.default_rng(0).random((28, 28))
    np.testing.assert_array_equal(common.drawable(image, TASKS["digits"]), image)
