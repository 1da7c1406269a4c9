"""Every page, run without a browser: what it says, what it refuses, and what one person sees of another."""

import json
import re
from dataclasses import replace
from pathlib import Path
from typing import Any, cast

import numpy as np
import pytest
from streamlit.testing.v1 import AppTest

from mrnn import (
    TASKS,
    ModelConfig,
    RunConfig,
    SequenceModel,
    TrainConfig,
    analysis,
    load,
    owndata,
    queue,
    room,
    runs,
    save,
    snapshots,
    worker,
)
from mrnn.files import write_lines
from mrnn.jobs import Engine
from mrnn.matching import count_weights
from mrnn.recipes import QUICK
from mrnn.scores import written_with_name
from mrnn.tasks.waves import Waves
from pages import common
from pages.common import MENU
from pages.common.models import SHIPPED, engine
from pages.common.tour import STOPS
from pages.common.training_form import usual
from pages.views.transitions.asked import PRESETS

PROJECT = Path(__file__).resolve().parents[1]
PAGES = [path for path, _, _ in MENU if path != "app.py"]
TITLES = dict(
    zip(
        PAGES,
        ("Waves", "Digits", "Own data", "Laboratory", "Train", "Sweeps", "Compare", "Transitions", "k and tau"),
        strict=True,
    )
)
KEY = "_browser_key"


@pytest.fixture(autouse=True)
def no_real_training(tmp_path, monkeypatch):
    """Runs lie in a folder of the test's own, and wait there: who trains them is tested in test_jobs."""
    monkeypatch.setenv("MRNN_RUNS", str(tmp_path))
    monkeypatch.setattr(Engine, "wake", lambda _engine: None)
    monkeypatch.setattr(Engine, "prepare", lambda _engine: None)


def visit(page: str = "app.py", key: str = "a" * 32) -> AppTest:
    """A page as the person with this key sees it first."""
    app = AppTest.from_file(str(PROJECT / "app.py"), default_timeout=60)
    app.session_state[KEY] = key
    app.run()
    if page != "app.py":
        app.switch_page(page).run()
    assert not app.exception
    return app


def said(app: AppTest) -> str:
    """All sentences of a page."""
    return "\n".join(str(e.value) for kind in (app.markdown, app.caption, app.info, app.success) for e in kind)


def timelines(app: AppTest) -> list[str]:
    """What the browser is told of each picture over time, as JSON."""
    return [part.proto.json for part in app.get("bidi_component") if part.proto.component_name == "mrnn_timeline"]


def owner_of(app: AppTest) -> str:
    return app.session_state["_owner"]


def trained(owner: str, task: str = "waves", **fields: int) -> str:
    """A finished run with a small model."""
    shape: dict[str, Any] = {
        "input_size": TASKS[task].input_size,
        "output_size": TASKS[task].output_size,
        "hidden_size": 3,
        **fields,
    }
    config = RunConfig(task=task, model=ModelConfig(**shape), training=TrainConfig(epochs=1))
    run_id = queue.create(config, owner)
    notes = {"task": task, "settings": {}, "figures": {"test_accuracy_hard": 0.53, "test_n": 10_000}}
    save(SequenceModel(config.model), runs.folder_of(run_id) / "model.safetensors", notes)
    (runs.folder_of(run_id) / "result.json").write_text('{"state": "finished", "notes": {"task": "waves"}}')
    return run_id


def test_the_menu_has_every_page_there_is():
    assert {path for path, _, _ in MENU} == {"app.py", *(f"pages/{p.name}" for p in (PROJECT / "pages").glob("*.py"))}


@pytest.mark.parametrize("page", ["app.py", *PAGES])
def test_a_page_opens_on_a_picture_and_says_what_can_be_found_out(page):
    app = visit(page)
    assert app.title[0].value == TITLES.get(page, "Markov recurrent networks")
    assert len(app.main.markdown[0].value) > 40, "the line under the title"
    assert timelines(app) or app.get("vega_lite_chart")
    assert not app.error
    assert not app.warning


def test_each_symbol_is_explained_on_the_overview_and_where_it_is_set():
    text = said(visit())
    for symbol in ("x_t", "$k$", "a_t", "q_t", "z_t", "g_t", r"\tau", "i, f, o, g", "C_j, H_j", "h_t, c_t"):
        assert symbol in text, symbol
    train, tau = visit("pages/train.py"), k_and_tau("Temperature")
    helps = {w.label: w.help for w in (*train.slider, *train.select_slider, *train.button_group, *tau.select_slider)}
    for page in ("app.py", "pages/waves.py", "pages/digits.py"):
        assert any("q: the probability of each LSTM" in (c.help or "") for c in visit(page).caption), page
    assert any((c.help or "").startswith("z: the LSTM that is listened to") for c in tau.caption)
    for label, start in {"k, LSTMs": "k:", "beta": "beta:", "tau0": "tau0:", "tau, temperature": "tau,"}.items():
        assert helps[label].startswith(start), label


@pytest.mark.parametrize(
    "page", ["app.py", *(f"pages/{name}.py" for name in ("waves", "digits", "own_data", "transitions", "k_and_tau"))]
)
def test_a_page_without_its_controls_has_a_way_back_to_them_though_it_ends_early(page):
    app = visit()
    app.session_state["k_view"], app.session_state["k_task"] = "Mixed or own", "digits"  # of which there is none
    app.query_params["controls"] = "off"
    app.switch_page(page).run()
    assert not app.exception
    next(button for button in app.button if button.label == "Show the controls").click().run()
    assert "controls" not in app.query_params
    assert "Show the controls" not in [button.label for button in app.button]


def test_the_overview_leads_to_every_page_and_its_signal_stands_in_the_address(capsys):
    app = visit()
    labels = [link.proto.label for link in app.main.get("page_link")]
    assert labels == [f"**{label}**" for _, label, _ in MENU[1:]]
    assert "overview_seed" not in app.query_params
    next(button for button in app.button if button.label == "Another signal").click().run()
    number = app.query_params["overview_seed"]
    other = AppTest.from_file(str(PROJECT / "app.py"), default_timeout=60)
    other.query_params["overview_seed"] = number
    other.run()
    assert said(other) == said(app)
    lines = next(str(code.value) for code in other.code if "make(1, seed=" in str(code.value))
    names: dict[str, Any] = {}
    exec(lines, names)  # noqa: S102, our own
    assert capsys.readouterr().out
    truth, answer = names["signal"].y[0], names["trace"].answers[0]
    assert f"The signal is {Waves.classes[truth]}" in said(other)
    assert f"the network says {Waves.classes[int(answer.argmax())]}, {answer.max():.0%}" in said(other)


@pytest.mark.parametrize("number", range(2, len(STOPS) + 1))
def test_a_stop_of_the_tour_that_is_opened_by_its_address_shows_what_it_speaks_of(number):
    stop = STOPS[number - 1]
    app = visit("pages/waves.py")
    app.toggle(key="wave_two").set_value(True).run()
    app.slider(key="wave_p").set_value(2.0).run()
    app.switch_page("pages/digits.py").run()
    app.button_group(key="digit_source").set_value("Two digits").run()
    app.query_params.clear()
    app.query_params["tour"] = str(number)
    app.switch_page(stop.page).run()
    assert not app.exception
    assert f"Stop {number} of {len(STOPS)}" in said(app)
    assert {key: app.session_state[key] for key in stop.sets} == stop.sets
    if stop.page == "pages/waves.py":
        app.slider(key="wave_p").set_value(1.0).run()
        assert app.slider(key="wave_p").value == 1.0


# -- waves -----------------------------------------------------------------------------------------------------------


def test_the_model_is_asked_about_the_signal_that_is_set():
    app = visit("pages/waves.py")
    assert "The model says: alien" in said(app)
    app.button_group(key="wave_kind").set_value("non-alien").run()
    assert "The model says: non-alien" in said(app)
    assert app.slider(key="wave_f").disabled


def test_the_alias_is_explained_with_the_spacing_that_is_set():
    app = visit("pages/waves.py")
    assert "The samples lie 0.41 apart, so waves beyond f = 8 are faster than they can show" in said(app)
    app.slider(key="waves_T").set_value(201).run()
    assert "The samples lie 0.10 apart, so waves beyond f = 31" in said(app)


def test_settings_that_break_a_rule_together_get_one_sentence_and_are_mended_by_setting_them_right():
    app = visit("pages/waves.py")
    app.slider(key="waves_f_high").set_value(50).run()
    assert [e.value for e in app.error] == ["f_low must not exceed f_high = 50, got 100"]
    assert not app.exception
    app.slider(key="waves_f_low").set_value(50).run()
    assert not app.error
    assert "The model says" in said(app)


def test_what_was_set_is_still_set_after_a_look_at_another_page():
    app = visit("pages/waves.py")
    app.slider(key="wave_f").set_value(157).run()
    app.switch_page("pages/digits.py").run()
    app.switch_page("pages/waves.py").run()
    assert app.slider(key="wave_f").value == 157


def test_a_spliced_part_is_said_with_what_it_does():
    app = visit("pages/waves.py")
    app.button_group(key="wave_kind").set_value("mix").run()
    assert "The alien part (steps 20 to 27) changes z from step 21 on: LSTM 3 instead of 1. " in said(app)
    assert "The answer is alien from step 26 on." in said(app)
    app.slider(key="wave_start").set_value(70).run()
    assert "The answer is non-alien throughout." in said(app)
    app.slider(key="wave_f").set_value(199).run()
    app.slider(key="wave_start").set_value(40)
    app.slider(key="wave_share").set_value(2).run()
    assert "In the alien part (step 20) z stays as in the plain wave: the network does not hear it." in said(app)


def test_a_part_keeps_its_place_while_the_number_of_steps_changes():
    app = visit("pages/waves.py")
    app.button_group(key="wave_kind").set_value("mix").run()
    app.slider(key="wave_start").set_value(90)
    app.slider(key="wave_share").set_value(50).run()
    assert "he alien part (steps 45 to 49)" in said(app).replace("In the", "The")
    app.slider(key="waves_T").set_value(10).run()
    assert "he alien part (step 9)" in said(app).replace("In the", "The")
    assert not app.exception


@pytest.mark.parametrize(
    ("name", "says"),
    {
        "Plain sine": "From step 0 on the answer stays non-alien.",
        "Alien": "the answer stays alien.",
        "One alien step": "The answer is non-alien from step 24 on.",
        "Three of them": "another LSTM is listened to than in the plain wave. The answer is alien from step 22 on.",
        "Not heard": "z stays as in the plain wave: the network does not hear it. The answer is non-alien throughout.",
        "With and without": "#### First: alien, 100.0% (right). Second: non-alien, 99.9% (right)",
    }.items(),
    ids=str,
)
def test_a_preset_of_waves_shows_what_it_says(name, says):
    app = visit("pages/waves.py")
    app.slider(key="wave_p").set_value(2.0).run()
    app.button(key=f"preset_{name}").click().run()
    assert not app.exception
    assert says in said(app)


def test_of_one_lstm_nobody_says_that_it_chooses_or_does_not_hear():
    app = visit("pages/waves.py")
    app.selectbox(key="model_waves").set_value("waves-k1")
    app.toggle(key="wave_two").set_value(True).run()
    assert "#### First: alien" in said(app)
    assert "There is one LSTM, so q and z are the same for both. The answer to the first is settled at step" in said(
        app
    )
    app.toggle(key="wave_two").set_value(False)
    app.button_group(key="wave_kind").set_value("mix").run()
    assert "z stays as there is one LSTM, yet it is heard: without it the answer is non-alien." in said(app)
    assert not app.exception


def test_two_signals_are_judged_and_compared():
    app = visit("pages/waves.py")
    app.toggle(key="wave_two").set_value(True).run()
    assert "#### First: alien, 100.0% (right). Second: non-alien, 99.9% (right)" in said(app)
    model = load(SHIPPED / "waves-k4.safetensors")
    first, second = (model.trace(Waves().wave(kind, p=0.0, f=144, s=1.0).x) for kind in ("alien", "non-alien"))
    t, j = np.unravel_index(np.abs(first.q - second.q)[0, 0].argmax(), (50, 4))
    numbers = f"{first.q[0, 0, t, j]:.2f} for the first signal and {second.q[0, 0, t, j]:.2f} for the second"
    assert f"q differs most at step {t}: LSTM {j + 1} has {numbers}" in said(app)
    apart = np.flatnonzero(first.listened() != second.listened())
    assert f"From step {apart[0]} on z differs, at {len(apart)} of 50 steps." in said(app)
    app.button_group(key="wave_kind").set_value("non-alien").run()
    assert "The two signals are read alike: at every step q is the same" in said(app)
    assert not app.exception


# -- digits ----------------------------------------------------------------------------------------------------------


def test_an_empty_canvas_is_said_and_shows_a_test_digit_meanwhile():
    assert "Nothing drawn yet: here is a test digit, a 7" in said(visit("pages/digits.py"))


def test_a_test_digit_is_read_and_judged():
    app = visit("pages/digits.py")
    app.button_group(key="digit_source").set_value("Test digit").run()
    answers = set()
    for number in (3, 5, 11):
        app.number_input(key="digit_number").set_value(number).run()
        answers.add(re.findall(r"The model reads a \d, [\d.]+% \((?:right|wrong, it is a \d)\)", said(app))[0])
    assert len(answers) == 3


# -- train -----------------------------------------------------------------------------------------------------------


def test_weights_are_counted_as_the_model_will_have_them():
    app = visit("pages/train.py")
    for k, hidden, layers in ((7, 16, 3), (1, 64, 1)):
        app.slider(key="t_k_waves").set_value(k)
        app.select_slider(key="t_hidden_waves").set_value(hidden)
        app.slider(key="t_layers_waves").set_value(layers).run()
        config = ModelConfig(input_size=1, output_size=2, k=k, hidden_size=hidden, num_layers=layers)
        assert f"k = {k}: {count_weights(config):,} weights" in said(app)


def test_a_floor_above_tau0_gets_one_sentence_and_nothing_can_be_trained():
    app = visit("pages/train.py")
    app.slider(key="t_floor_waves").set_value(2.0).run()
    assert [e.value for e in app.error] == ["tau_floor must not exceed tau0 = 1, got 2"]
    assert app.button(key="train").disabled


def test_what_the_form_says_is_what_is_trained():
    app = visit("pages/train.py")
    app.slider(key="t_k_waves").set_value(3)
    app.slider(key="t_epochs_waves").set_value(5)
    app.slider(key="t_tau0_waves").set_value(2.5)
    app.slider(key="t_rate_waves").set_value(0.1)
    app.number_input(key="t_seed_waves").set_value(17)
    app.button_group(key="t_objective_waves").set_value("er").run()
    app.slider(key="t_beta_waves").set_value(0.25)
    app.slider(key="t_waves_sigma").set_value(0.5)
    app.button(key="train").click().run()
    (run,) = runs.list_runs(owner_of(app))
    assert run.state == "waiting"
    assert run.config is not None
    assert (run.config.task, run.config.settings) == ("waves", {"sigma": 0.5})
    assert run.config.model == ModelConfig(input_size=1, output_size=2, k=3, hidden_size=32)
    expected = replace(QUICK["waves"][1], epochs=5, tau0=2.5, rate=0.1, seed=17, objective="er", beta=0.25)
    assert run.config.training == expected


@pytest.mark.slow
@pytest.mark.parametrize(("task", "goal"), [("waves", 0.99), ("digits", 0.97)])
def test_what_the_form_begins_with_learns_well(task, goal):
    app = visit("pages/train.py")
    app.button_group(key="t_task").set_value(task).run()
    app.button(key="train").click().run()
    (run,) = runs.list_runs(owner_of(app))
    assert run.config is not None
    _, notes = worker.perform(run.config)
    assert notes["figures"]["test_accuracy_hard"] > goal
    use = np.array(notes["figures"]["test_usage"])
    effective = np.exp(-np.sum(use * np.log(use.clip(1e-12))))
    assert effective > 2, "the work lies on less than two of the four LSTMs"


def test_one_run_at_a_time_for_each_person_and_a_word_on_who_is_ahead():
    first, second = visit("pages/train.py", "a" * 32), visit("pages/train.py", "b" * 32)
    for app in (first, second):
        app.button(key="train").click().run()
        app.run()
        assert app.button(key="train").disabled
    assert "It is next: a process to train in is getting ready." in said(first)
    assert re.search(r"Waiting: 1 run is ahead of yours; it begins in about \d+ s\.", said(second))
    assert len(runs.list_runs()) == 2


@pytest.mark.parametrize("page", ["pages/train.py", "pages/sweeps.py"])
def test_an_engine_that_is_away_is_said_and_no_time_is_promised(page, monkeypatch):
    app = visit(page)
    monkeypatch.setattr(engine(), "trouble", "no Dask scheduler answers at tcp://127.0.0.1:9")
    app.button(key="train" if page == "pages/train.py" else "start").click().run()
    app.run()
    assert not app.exception
    assert "Training cannot begin just now: no Dask scheduler answers at tcp://127.0.0.1:9. It is tried" in said(app)
    assert "begins in about" not in said(app)
    assert [button.label for button in app.button if button.label == "Stop"] == ["Stop"]


@pytest.mark.parametrize("page", ["pages/train.py", "pages/sweeps.py"])
def test_a_folder_that_cannot_be_written_gets_one_sentence_and_takes_no_page_away(page, tmp_path, monkeypatch):
    (tmp_path / "runs").write_text("a file, where root too can make no folder")
    monkeypatch.setenv("MRNN_RUNS", str(tmp_path / "runs"))
    app = visit(page)
    app.button(key="train" if page == "pages/train.py" else "start").click().run()
    (error,) = app.error
    assert error.value.startswith("the folder of the runs cannot be written, so nothing can be kept")
    assert str(tmp_path) not in error.value
    assert not app.exception


def test_a_full_queue_is_said_politely_on_the_page(monkeypatch):
    monkeypatch.setenv("MRNN_MAX_QUEUE", "1")
    first, second = visit("pages/train.py", "a" * 32), visit("pages/train.py", "b" * 32)
    for app in (first, second):
        app.button(key="train").click().run()
    assert [e.value for e in second.error] == [
        "the queue is full: 1 runs wait or train already; try again in some minutes"
    ]
    assert len(runs.list_runs()) == 1


def test_a_run_that_waits_is_not_called_trained():
    app = visit("pages/train.py")
    app.button(key="train").click().run()
    app.run()
    (heading,) = [m.value for m in app.markdown if m.value.startswith("#### ")]
    assert re.fullmatch(r"#### Alien waves, k = 4, asked for \d\d \w{3} \d\d:\d\d:\d\d", heading)


@pytest.mark.parametrize(
    ("name", "content", "says"),
    [
        ("config.json", '{"owner"', None),  # nobody knows any more whose it is
        ("result.json", '{"state"', "This run is broken: its folder is damaged."),
        ("history.jsonl", '{"epoch"', "This run is broken: its folder is damaged."),
        ("claim-1.json", "{", "This run is broken: its folder is damaged."),
        ("progress.json", "{", "This run is broken: its folder is damaged."),
        ("model.safetensors", "half a mod", "Finished"),
    ],
)
def test_a_file_of_a_run_that_is_cut_off_takes_no_page_away(name, content, says):
    owner = owner_of(visit())
    whole, cut = with_history(owner, [0.6, 0.9], k=2), with_history(owner, [0.5, 0.7], k=4)
    (runs.folder_of(cut) / name).write_text(content)
    app = visit("pages/train.py")
    assert not app.exception
    assert len(app.dataframe[0].value) == (1 if says is None else 2)
    if says is not None:
        assert says in "\n".join([said(app), *(e.value for e in app.error)])
        app = tick(app, 0)
        assert not app.exception
        app.button(key=f"delete_{cut}").click().run()
    assert [run.id for run in runs.list_runs(owner)] == [whole]
    assert not app.exception


def test_no_page_starts_the_engine_unless_something_is_to_be_trained(monkeypatch):
    woken = []
    monkeypatch.setattr(Engine, "wake", lambda _engine: woken.append(True))
    for page in ("app.py", *PAGES):
        visit(page)
    assert not woken
    app = visit("pages/train.py")
    app.button(key="train").click().run()
    assert woken


def test_a_waiting_run_can_be_stopped_and_then_another_begun():
    app = visit("pages/train.py")
    app.button(key="train").click().run()
    app.button(key="stop").click().run()
    app.run()
    assert [run.state for run in runs.list_runs()] == ["stopped"]
    assert not app.button(key="train").disabled


def test_a_run_that_lost_its_process_and_was_stopped_is_not_said_to_have_never_begun():
    app = visit("pages/train.py")
    app.button(key="train").click().run()
    (run,) = runs.list_runs()
    report = {"epoch": 1, "tau": 1.0, "loss": 0.5, "accuracy_hard": 0.7, "accuracy_soft": 0.7, "usage": [1.0]}
    write_lines(runs.folder_of(run.id) / "history.jsonl", [{**report, "seconds": 1.0}])
    runs.stop(run.id)
    said = [info.value for info in app.run().info]
    assert "Stopped after epoch 1; its best model so far is being put into place." in said


def tick(app: AppTest, *rows: int) -> AppTest:
    """Choose rows of the table of runs."""
    state = app.session_state._state.filtered_state
    (key,) = (key for key, value in state.items() if key.startswith("runs_") and "selection" in (value or ()))
    app.session_state[key] = {"selection": {"rows": list(rows), "columns": [], "cells": []}}
    return app.run()


def with_history(owner: str, accuracies: list[float], k: int) -> str:
    run_id = trained(owner, k=k)
    reports = [
        {"epoch": n, "epochs": len(accuracies), "tau": 1.0, "loss": 1 - right, "accuracy_hard": right,
         "accuracy_soft": right, "usage": [0.25, 0.75], "seconds": 2.0}
        for n, right in enumerate(accuracies, 1)
    ]  # fmt: skip
    write_lines(runs.folder_of(run_id) / "history.jsonl", reports)
    return run_id


def test_every_run_of_ones_own_is_in_the_table_and_nobody_elses():
    owner = owner_of(visit())
    with_history(owner, [0.6, 0.9, 0.8], k=2)
    trained(owner, task="digits", k=3)
    with_history(owner_of(visit(key="b" * 32)), [0.7], k=5)
    table = visit("pages/train.py").dataframe[0].value
    assert list(table["task"]) == ["Digits (MNIST)", "Alien waves"]
    assert list(table["network"]) == ["k = 3", "k = 2"]
    assert list(table["held_out_class"])[1] == pytest.approx(90)
    assert list(table["epochs"]) == ["0 of 1", "3 of 1"]
    assert list(table["time"]) == ["", "6 s"]


def test_the_table_is_filtered_by_task_and_state():
    owner = owner_of(visit())
    trained(owner, k=2)
    trained(owner, task="digits", k=3)
    runs.stop(queue.create(RunConfig(task="waves", model=ModelConfig(input_size=1, output_size=2, k=7)), owner))
    app = visit("pages/train.py")
    assert len(app.dataframe[0].value) == 3
    app.button_group(key="runs_task").set_value("waves").run()
    assert list(app.dataframe[0].value["network"]) == ["k = 7", "k = 2"]
    app.button_group(key="runs_state").set_value("stopped").run()
    assert list(app.dataframe[0].value["network"]) == ["k = 7"]


def test_curves_of_several_runs_are_compared_by_letters():
    owner = owner_of(visit())
    with_history(owner, [0.6, 0.9], k=2)
    with_history(owner, [0.5, 0.7], k=4)
    app = tick(visit("pages/train.py"), 0, 1)
    assert not app.exception
    assert "**A** k = 4, m = 3" in said(app)
    assert "**B** k = 2, m = 3" in said(app)


def test_a_run_is_trained_again_with_a_change():
    owner = owner_of(visit())
    model = ModelConfig(input_size=1, output_size=2, k=3, hidden_size=24, num_layers=2, dropout=0.1, carry="own")
    training = TrainConfig(
        epochs=55, batch_size=77, learning_rate=0.003, schedule="one-cycle", tau0=1.5, rate=0.07, tau_floor=0.04,
        objective="er", beta=0.33, seed=12, weight_decay=0.02, augment=True, precision="float32", clip=2.0,
    )  # fmt: skip
    config = RunConfig(task="waves", settings={"T": 31, "sigma": 0.2}, model=model, training=training)
    run_id = queue.create(config, owner)
    runs.stop(run_id)
    app = tick(visit("pages/train.py"), 0)
    app.button(key=f"again_{run_id}").click().run()
    app.slider(key="t_k_waves_1").set_value(5).run()
    app.button(key="train").click().run()
    assert not app.exception
    again = next(run for run in runs.list_runs(owner) if run.id != run_id)
    assert again.config == replace(config, model=replace(model, k=5)), "only what was changed"
    runs.stop(again.id)
    app.run()
    app.button(key="t_quick").click().run()
    assert app.slider(key="t_k_waves_2").value == QUICK["waves"][0]["k"]


def test_a_stopped_run_is_resumed_from_the_table():
    owner = owner_of(visit())
    run_id = queue.create(RunConfig(task="waves", model=ModelConfig(input_size=1, output_size=2)), owner)
    runs.stop(run_id)
    app = tick(visit("pages/train.py"), 0)
    app.button(key=f"resume_{run_id}").click().run()
    assert runs.read(run_id).state == "waiting"
    assert not app.exception


def test_a_run_is_seen_by_others_only_while_its_owner_has_published_it():
    run_id = with_history(owner_of(visit()), [0.6, 0.9], k=2)

    def stranger() -> AppTest:
        app = AppTest.from_file(str(PROJECT / "app.py"), default_timeout=60)
        app.session_state[KEY] = "b" * 32
        app.query_params["run"] = run_id
        app.run()
        app.switch_page("pages/train.py").run()
        assert not app.exception
        return app

    private = "There is no run to be seen at this address"
    assert private in said(stranger())
    app = tick(visit("pages/train.py"), 0)
    app.toggle(key=f"public_{run_id}").set_value(True).run()
    assert any(f"train?run={run_id}" in code.value for code in app.code)
    visitor = stranger()
    assert private not in said(visitor)
    assert "Somebody else has published this run." in said(visitor)
    assert not [button for button in visitor.button if button.key and "delete" in button.key]
    visitor.button(key="open_shared").click().run()
    visitor.switch_page("pages/waves.py").run()
    assert any("(shared)" in option for option in visitor.selectbox[0].options)
    app.toggle(key=f"public_{run_id}").set_value(False).run()
    visitor.run()
    assert not any("(shared)" in option for option in visitor.selectbox[0].options)
    assert private in said(stranger())


def test_what_goes_first_when_there_is_no_more_room_is_said_beforehand(monkeypatch):
    owner = owner_of(visit())
    run_id = trained(owner, k=2)
    assert "When there is no room" not in "".join(w.value for w in visit("pages/train.py").warning)
    yours = f"of yours: {runs.read(run_id).label}."
    monkeypatch.setenv("MRNN_MAX_DISK", str(1.2 * room.used_bytes()))
    first, last = (warning.value for warning in visit("pages/train.py").warning)
    assert first.startswith("there is no room: it may take ")
    assert yours in last
    needed = room.needed_bytes([usual("waves", TASKS["waves"])])
    monkeypatch.setenv("MRNN_MAX_DISK", str(needed + room.used_bytes() - 1))
    (warning,) = visit("pages/train.py").warning
    assert warning.value.startswith("Starting this may take 9 MB, for which the oldest run that")
    assert yours in warning.value


@pytest.mark.parametrize("page", ["pages/waves.py", "pages/transitions.py"])
def test_a_model_of_ones_own_is_in_the_picker_and_nobody_elses(page):
    mine = trained(owner_of(visit(key="a" * 32)), k=2)
    own, other = visit(page, "a" * 32), visit(page, "b" * 32)
    assert any("(yours)" in option for option in own.selectbox[0].options)
    assert not any("(yours)" in option for option in other.selectbox[0].options)
    own.selectbox[0].set_value(mine).run()
    assert not own.exception
    assert not own.error


def test_a_model_of_another_task_is_not_offered():
    trained(owner_of(visit()), k=2)
    assert any("(yours)" in option for option in visit("pages/waves.py").selectbox[0].options)
    assert not any("(yours)" in option for option in visit("pages/digits.py").selectbox[0].options)


def test_a_damaged_model_of_ones_own_takes_no_page_away_and_is_named():
    run_id = trained(owner_of(visit()), k=2)
    (runs.folder_of(run_id) / "model.safetensors").write_bytes(b"half a mod")
    for page in PAGES:
        assert not visit(page).error
    assert list(visit("pages/train.py").dataframe[0].value["state"]) == ["finished, its file is damaged"]


def test_a_model_file_comes_back_through_the_uploader(tmp_path):
    app = visit("pages/train.py")
    content = (SHIPPED / "waves-k2.safetensors").read_bytes()
    app.file_uploader[0].upload("../../mine.safetensors", content).run()
    assert "is now in the model pickers, for Alien waves." in said(app)
    (run,) = runs.list_runs(owner_of(app))
    assert run.model_file is not None
    assert run.model_file.read_bytes() == content
    assert run.model_file.is_relative_to(tmp_path)
    assert load(run.model_file).config.k == 2
    assert not runs.list_runs(owner_of(visit(key="b" * 32)))


@pytest.mark.parametrize(
    ("content", "message"),
    [
        (b"", "is not a whole .safetensors file"),
        (b"PK\x03\x04 a zip, perhaps a pickle", "is not a whole .safetensors file"),
        (b"\x02\x00\x00\x00\x00\x00\x00\x00{}", "is a .safetensors file, but not of this program"),
    ],
)
def test_a_bad_model_file_gets_one_sentence_and_nothing_is_kept(content, message, tmp_path):
    app = visit("pages/train.py")
    app.file_uploader[0].upload("bad.safetensors", content).run()
    (error,) = app.error
    assert message in error.value
    assert "\n" not in error.value
    assert not app.exception
    assert not list(tmp_path.iterdir())


@pytest.mark.parametrize("name", [name for name, task in TASKS.items() if not task.names_one_class])
def test_a_task_without_one_class_a_sequence_is_trained_like_any_other_and_told_by_its_own_score(name):
    app = visit("pages/train.py")
    app.button_group(key="t_task").set_value(name).run()
    app.button(key="train").click().run()
    (run,) = runs.list_runs(owner_of(app))
    assert run.config is not None
    task = TASKS[name]
    assert {field: getattr(run.config.model, field) for field in task.borders} == task.borders
    folder = runs.folder_of(run.id)
    figures = {"test_accuracy_hard": 0.8125, "test_accuracy_soft": 0.75, "test_n": 211}
    notes = {"task": name, "settings": {}, "figures": figures}
    save(SequenceModel(run.config.model), folder / "model.safetensors", notes)
    report = {"epoch": 1, "epochs": 1, "tau": 1.0, "loss": 0.5, "accuracy_hard": 0.625, "accuracy_soft": 0.5,
              "usage": [1.0], "seconds": 2.0}  # fmt: skip
    write_lines(folder / "history.jsonl", [report])
    (folder / "result.json").write_text(json.dumps({"state": "finished", "notes": notes}))
    app = visit("pages/train.py")
    score = written_with_name(task.target, 0.8125)
    assert score in said(app)
    assert f"{written_with_name(task.target, 0.625)} with hard choices" in said(app)
    table = app.dataframe[0].value
    assert list(table[f"test_{task.target}"]) == [81.25 if task.target == "class" else 0.8125]


# -- transitions, k and tau ------------------------------------------------------------------------------------------


def transitions(view: str, **sets: Any) -> AppTest:
    app = visit("pages/transitions.py")
    for name, value in {"transitions_view": view, **sets}.items():
        app.session_state[name] = value
    app.run()
    assert not app.exception
    return app


def test_transitions_are_shown_for_the_classes_that_are_chosen():
    app = visit("pages/transitions.py")
    app.selectbox(key="first_digits").set_value("3")
    app.selectbox(key="second_digits").set_value("8").run()
    assert "3 minus 8" in said(app)
    kept = r"stays with its LSTM at \d+% in class 3 \(\d+ sequences\) and \d+% in class 8 \(\d+ sequences\)"
    assert re.search(kept, said(app))
    assert re.search(r"only what chance does not explain is coloured: \d+ of \d+ cells", said(app))


def test_two_classes_alike_have_no_difference_to_show():
    app = visit("pages/transitions.py")
    app.selectbox(key="second_digits").set_value("0").run()
    assert not app.exception
    assert "minus" not in said(app)


def test_classes_that_are_not_asked_for_are_left_out_of_everything():
    app = transitions("Map")
    app.button_group(key="only_digits").set_value(["4", "9"]).run()
    assert app.selectbox(key="first_digits").options == ["4", "9"]
    assert (app.selectbox(key="first_digits").value, app.selectbox(key="second_digits").value) == ("4", "9")
    count = int(np.isin(TASKS["digits"].make(500, 0).y, [4, 9]).sum())
    assert f"from each of {count:,} sequences" in said(app)
    app.button_group(key="only_digits").set_value([]).run()
    assert "from each of 500 sequences" in said(app)
    assert not app.exception


def test_every_layer_can_be_looked_at():
    app, heard = transitions("Use"), set()
    for layer in (1, 2, 3):
        app.button_group(key="layer_transitions").set_value(layer).run()
        heard.add(re.findall(r"LSTM \d is listened to most, for \d+%", said(app))[0])
    assert len(heard) == 3


@pytest.mark.parametrize(
    ("view", "sentence"),
    [
        ("Graph", "Circle: an LSTM"),
        ("Use", r"95 % intervals: LSTM \d: [+-]\d"),
        ("Time", r"The classes part at step \d+"),
        ("Information", r"z tells most of the class at step \d+: 0\.\d+ nats"),
        ("Map", r"The two axes hold \d+% of the states' variance"),
        ("Two models", r"They listen to partners at \d+% of the steps"),
    ],
)
def test_each_view_of_transitions_says_what_it_found(view, sentence):
    assert re.search(sentence, said(transitions(view)))


@pytest.mark.parametrize("name", [name for name, values in PRESETS.items()])
def test_a_preset_sets_what_it_says(name):
    app = visit("pages/transitions.py")
    app.button(key=f"preset_{name}").click().run()
    assert not app.exception
    for key, value in PRESETS[name].items():
        assert app.session_state[key] == value
    assert not app.warning


def test_the_sequences_of_a_move_are_those_in_which_it_happens():
    app = visit("pages/transitions.py")
    picker = app.selectbox(key="move")
    move = next(option for option in picker.options if re.match(r"0: (\d) → (?!\1)", option))
    picker.set_value(re.sub(r" \(.*", "", move)).run()
    start, end = re.findall(r"(\d) → (\d)", move)[0]
    step = int(re.findall(rf"LSTM {start} is followed by {end} at row (\d+)", said(app))[0])
    number = int(re.findall(r"\d+", app.selectbox(key=f"open_{picker.value}").options[0])[0])
    data = TASKS["digits"].make(500, 0)
    path = load(SHIPPED / "digits-k4.safetensors").trace(data.x[[number]]).listened()[0] + 1
    assert (path[step - 1], path[step]) == (int(start), int(end))


def test_what_is_said_of_a_model_that_is_not_here_goes_once_a_preset_picks_another():
    app = visit()
    app.query_params["model"] = "nothing"
    app.switch_page("pages/transitions.py").run()
    assert "The link names a model that is not here" in said(app)
    app.run()
    assert "The link names a model that is not here" in said(app)
    for name in ("Sixteen LSTMs", "4 or 9?"):
        app.button(key=f"preset_{name}").click().run()
        assert "The link names a model that is not here" not in said(app)


def test_each_click_opens_its_move_in_whichever_matrix(monkeypatch):
    clicked: dict[str, list[dict[str, int]]] = {}
    monkeypatch.setattr(common, "show_to_click", lambda *_, key, **__: clicked.pop(key, None))
    app = visit("pages/transitions.py")
    for name, move in (("1", "1: 2 → 2"), ("0", "0: 1 → 1"), ("1", "1: 3 → 3"), ("0", "0: 3 → 3")):
        start, end = re.findall(r"(\d) → (\d)", move)[0]
        clicked[f"matrix_{name}"] = [{"from": int(start), "to": int(end)}]
        app.run()
        assert app.selectbox(key="move").value == move


def test_another_move_sequence_or_model_is_opened_at_its_own_step_and_all_of_it_stands_in_the_address():
    def opened(app: AppTest) -> tuple[str, str]:
        """The picture that is open, and where its move happens first."""
        told = [part for part in app.get("bidi_component") if part.proto.component_name == "mrnn_timeline"]
        return told[0].proto.id, re.findall(r"is followed by \d at row (\d+)", said(app))[0]

    app = visit("pages/transitions.py")
    pictures = set()
    moves = [option.rsplit(" (", 1)[0] for option in app.selectbox(key="move").options]
    for move in moves[:3]:
        app.query_params["t"] = "27"
        app.selectbox(key="move").set_value(move).run()
        picture, step = opened(app)
        assert app.query_params["t"] == step
        pictures.add(picture)
    assert len(pictures) == 3
    picker = app.selectbox(key=f"open_{moves[2]}")
    number = picker.options[5].split()[1].rstrip(":,")
    app.query_params["t"] = "27"
    picker.set_value(int(number)).run()
    assert app.query_params["t"] == opened(app)[1]
    assert app.query_params["open"] == number
    other = visit(key="b" * 32)
    other.query_params.update({"move": moves[2], "open": number, "t": "13"})
    other.switch_page("pages/transitions.py").run()
    assert opened(other)[1] == opened(app)[1]
    assert other.query_params["t"] == "13"
    other.selectbox(key="model_transitions").set_value("digits-k2").run()
    assert other.query_params["t"] == opened(other)[1]


def k_and_tau(view: str, key: str = "a" * 32, **sets: Any) -> AppTest:
    """A view of the k and tau page."""
    app = AppTest.from_file(str(PROJECT / "app.py"), default_timeout=60)
    app.session_state[KEY] = key
    app.run()
    for name, value in {"k_view": view, **sets}.items():
        app.session_state[name] = value
    app.switch_page("pages/k_and_tau.py").run()
    assert not app.exception
    return app


def test_the_shipped_networks_stand_side_by_side_by_k():
    text = said(visit("pages/k_and_tau.py"))
    verdicts = re.findall(r"\*\*k = (\d+), m = 64\*\*: (?:non-)?alien", text)
    assert verdicts == ["1", "2", "4", "8", "16"]


def test_a_single_lstm_is_one_in_use_and_of_sixteen_few_are():
    text = said(visit("pages/k_and_tau.py"))
    assert "over 500 fresh sequences" in text
    use = load(SHIPPED / "waves-k16.safetensors").trace(TASKS["waves"].make(500, 0).x).listened()
    number = analysis.effective_number(np.bincount(use.ravel(), minlength=16) / use.size)
    assert f"Of k = 16 LSTMs, {number:.1f} are." in text


def test_the_same_draw_of_noise_is_kept_while_tau_falls_to_one_hot():
    app, weights, answers = k_and_tau("Temperature"), [], []
    for tau in (10.0, 1.0, 0.05, 10.0):
        app.select_slider(key="tau").set_value(tau).run()
        weights.append(int(re.findall(r"the heaviest LSTM has (\d+)% of the weight", said(app))[0]))
        answers.append(re.findall(r"#### At tau (.*)", said(app))[0])
    assert weights[0] < weights[1] < weights[2]
    assert weights[2] >= 97
    assert (weights[3], answers[3]) == (weights[0], answers[0])
    app.button(key="draw").click().run()
    assert app.number_input(key="noise_draw").value == 1
    assert re.findall(r"#### At tau (.*)", said(app))[0] != answers[0]


def test_no_network_chosen_is_said():
    app = visit("pages/k_and_tau.py")
    app.multiselect(key="k_models_waves").set_value([]).run()
    assert [e.value for e in app.info] == ["Choose at least one network to see it read the signal."]


def test_a_lesion_an_override_and_a_step_change_the_answer_as_the_model_says():
    model, data = load(SHIPPED / "waves-k4.safetensors"), TASKS["waves"].make(1, 0)
    app = k_and_tau("Lesions")
    assert "Nothing is changed yet" in said(app)
    app.button_group(key="lesion_off").set_value([4]).run()
    answer = model.trace(data.x, allowed=[True, True, True, False]).answers[0]
    assert f"After: {Waves.classes[int(answer.argmax())]}, {answer.max():.1%}" in said(app)
    app.button_group(key="lesion_on").set_value(4).run()
    assert "LSTM 4 is switched off, so it cannot be listened to." in said(app)
    app.session_state["steered_at"] = {7: 0, 9: 3}
    app.run()
    assert "LSTM 4 is switched off, so it cannot be chosen at step 9." in said(app)
    app.session_state["steered_at"] = {7: 0}
    app.button_group(key="lesion_off").set_value([]).run()
    forced = np.full((1, 1, 50), 3)
    forced[0, 0, 7] = 0
    answer = model.trace(data.x, choice=forced).answers[0]
    assert f"After: {Waves.classes[int(answer.argmax())]}, {answer.max():.1%}" in said(app)


def test_a_run_that_still_trains_can_be_scrubbed_through_by_its_owner_alone(tiny_task):
    owner = owner_of(visit())
    shape = ModelConfig(**tiny_task.borders, k=3, hidden_size=2)
    run_id = queue.create(RunConfig(task="tiny", model=shape, training=TrainConfig(epochs=7)), owner)
    path = runs.folder_of(run_id) / snapshots.FILE
    for epoch in range(4):
        snapshots.keep(path, SequenceModel(shape), tiny_task, epoch, 7)
    app = k_and_tau("Training", k_task="tiny")
    assert "After epoch 3: " in said(app)
    app.select_slider(key=f"epoch_{run_id}").set_value(0).run()
    assert "Before training: " in said(app)
    assert "No training of Tiny was kept yet." in said(k_and_tau("Training", "b" * 32, k_task="tiny"))


def test_where_no_network_has_a_memory_of_its_own_it_is_said():
    assert "no network for Digits (MNIST) whose LSTMs go on from their own memory" in said(
        k_and_tau("Mixed or own", k_task="digits")
    )
    text = said(k_and_tau("Mixed or own"))
    assert "In use, on test data: 99.98% right" in text
    assert "In use, on test data: 99.10% right" in text


@pytest.mark.parametrize("view", ["Number of LSTMs", "Temperature", "Lesions", "Training", "Mixed or own"])
@pytest.mark.parametrize("name", TASKS)
def test_networks_of_any_task_are_looked_at_or_one_is_told_how_to_train_them(view, name):
    app = k_and_tau(view, k_task=name)
    assert not app.error
    assert not app.warning
    if view in ("Temperature", "Lesions"):
        (heading,) = (line.value for line in app.markdown if line.value.startswith("####"))
        task = TASKS[name]
        how = {"class": "right at", "labels": "right at", "value": "mean squared error"}[task.target]
        assert (how in heading) == task.per_step
        (entry,) = [one for one in common.entries(name) if one.id == app.selectbox(key=f"tau_model_{name}").value]
        assert entry.config.num_lstms > 1, "there is something to choose"
        assert len(timelines(app)) == 1
    elif not timelines(app):
        assert app.button(key="offer_training")


@pytest.mark.parametrize("view", ["Matrices", "Graph", "Use", "Time", "Information", "Map", "Steps", "Two models"])
@pytest.mark.parametrize("model", ["curves-k4-own", "reber-k4", "regimes-k3", "text-k4"])
def test_a_network_whose_sequences_have_no_one_class_is_looked_at_in_every_view(view, model):
    app = transitions(view, model_transitions=model, sequences=100)
    assert not app.error
    assert not app.warning
    labelled = model.startswith("curves")
    told_apart = [box.label for box in app.selectbox if box.label in ("Told apart by", "First class", "Second class")]
    assert told_apart == (["Told apart by", "First class", "Second class"] if labelled else [])
    pictures = app.session_state["_pictures"]
    assert pictures or view == "Two models"
    if view in ("Matrices", "Graph"):
        assert ("high early minus not high early" in said(app)) == labelled
        assert ("all sequences" in said(app)) != labelled


def test_the_hidden_regimes_that_an_lstm_is_listened_to_for_are_told():
    app = transitions("Steps", model_transitions="regimes-k3", sequences=200)
    table = app.session_state["_pictures"]["use_by_kind"].numbers
    best = table.loc[table.groupby("kind")["share"].idxmax()]
    assert sorted(best["kind"]) == ["regime A", "regime B", "regime C"]
    assert len(set(best["lstm"])) == 3
    assert best["share"].min() > 0.85
    assert "**The choice depends on what is hidden**" in said(app)
    app.button_group(key="steps_by_regimes").set_value("what comes in").run()
    assert "**The choice depends on what comes in" in said(app)
    assert app.query_params["steps_by_regimes"] == "what comes in"


@pytest.mark.parametrize("view", ["Temperature", "Lesions"])
def test_all_layers_and_digits_can_be_looked_at(view):
    app, seen = k_and_tau(view, k_task="digits"), []
    for layer in (1, 2, 3):
        app.button_group(key="tau_layer_digits").set_value(layer).run()
        assert not app.error
        (drawn,) = timelines(app)
        seen.append(json.loads(drawn)["q"])
    assert seen[0] != seen[1] != seen[2]
    if view == "Lesions":  # nothing has been meddled with yet
        trace = load(SHIPPED / "digits-k4.safetensors").trace(TASKS["digits"].make(1, 0).x)
        np.testing.assert_allclose(seen, trace.q[0], atol=1e-3)


@pytest.mark.parametrize("task", ["waves", "digits"])
@pytest.mark.parametrize("view", ["Number of LSTMs", "Temperature", "Lesions", "Training", "Mixed or own"])
def test_the_lines_of_python_of_a_view_make_what_it_shows(view, task, monkeypatch, capsys):
    app = k_and_tau(view, k_task=task, lesion_off=[2], steered_at={3: 0})
    codes = [part.value for part in app.code if "from mrnn import" in part.value]
    if task == "digits" and view == "Mixed or own":
        assert not codes, "nothing to show ships for digits here"
        return
    monkeypatch.chdir(PROJECT)
    (code,) = codes
    names: dict[str, Any] = {}
    exec(code, names)  # noqa: S102, our own
    assert capsys.readouterr().out
    if view == "Lesions":
        answer = names["trace"].answers[0]
        assert f"After: {TASKS[task].classes[int(answer.argmax())]}, {answer.max():.1%}" in said(app)
        assert 1 not in names["trace"].listened()
    if view == "Temperature":
        answer = names["trace"].answers[0]
        assert f"this draw answers {TASKS[task].classes[int(answer.argmax())]}, {answer.max():.1%}" in said(app)


# -- own data ----------------------------------------------------------------------------------------------------------


def kept_by(app: AppTest) -> str:
    """The id of data that this person keeps, from the page."""
    app.text_input[0].set_value("Hips")
    next(button for button in app.button if button.label == "Keep it as a task").click().run()
    assert not app.exception
    (kept,) = owndata.list_kept(owner_of(app))
    return kept.id


def learned_from(own_id: str, owner: str) -> str:
    """A finished run with a small model of these data."""
    task = owndata.own_task(own_id)
    config = RunConfig(task=own_id, model=ModelConfig(**task.borders, hidden_size=3), training=TrainConfig(epochs=1))
    run_id = queue.create(config, owner)
    notes = {
        "task": own_id,
        "settings": {},
        "figures": {"test_accuracy_hard": 0.53, "test_accuracy_soft": 0.5, "test_n": 24},
    }
    save(SequenceModel(config.model), runs.folder_of(run_id) / "model.safetensors", notes)
    result = json.dumps({"state": "finished", "notes": notes})
    (runs.folder_of(run_id) / "result.json").write_text(result)
    return run_id


def test_each_example_of_own_data_is_shown_and_the_faults_of_the_last_are_named():
    app = visit("pages/own_data.py")
    for name in owndata.EXAMPLES:
        app.selectbox(key="own_example").set_value(name).run()
        assert not app.exception
        assert bool(app.error) == ("faults" in name)
    assert app.error[0].value.startswith("3 things are wrong with this file.")
    assert "'broken' stands where a number belongs" in app.table[0].value.to_string()


def chosen(app: AppTest, label: str):
    """A segmented control by what stands over it."""
    return next(group for group in app.button_group if group.label == label)


@pytest.mark.parametrize(
    ("example", "target", "per_step", "told"),
    [
        ("A label a step (CSV)", "class", True, "which of 3 classes each step is of"),
        ("A number to be told (CSV)", "value", False, "pace, a number for each sequence"),
    ],
)
def test_classes_of_steps_and_numbers_are_guessed_kept_learned_from_and_told(example, target, per_step, told):
    app = visit("pages/own_data.py")
    app.selectbox(key="own_example").set_value(example).run()
    assert not app.exception
    assert (chosen(app, "The label is").value, chosen(app, "Whose label").value) == (target, per_step)
    assert f"To be told: {told}" in said(app)
    own_id = kept_by(app)
    kept = owndata.read(own_id)
    assert (kept.target, kept.per_step) == (target, per_step)
    assert f"to be told {told}" in said(app)
    train = visit("pages/train.py")
    train.button_group(key="t_task").set_value(own_id).run()
    assert not train.exception
    run_id = learned_from(own_id, owner_of(app))
    (entry,) = [entry for entry in common.entries(None, owner_of(app)) if entry.id == run_id]
    laboratory = visit("pages/laboratory.py")
    laboratory.selectbox(key="lab_task").set_value("Hips").run()
    assert not laboratory.exception
    assert not laboratory.error
    code = laboratory.code[-1].value.replace(f"{run_id}.safetensors", str(entry.path))
    names: dict[str, Any] = {}
    exec(code, names)  # noqa: S102, our own
    task = cast(owndata.OwnTask, entry.task)
    right = names["judged"].truth
    if target == "value":  # as the file has it, not scaled
        assert 1.2 <= right.min() <= right.max() <= 3
    further, faults = common.answered(entry, owndata.EXAMPLES[example][1]())
    assert not faults.count
    assert further is not None
    raw = owndata.load(own_id)
    assert len(further) == (len(raw.steps) if per_step else len(raw))
    x, lengths = task.read_by_models(raw)
    said_there = entry.model.trace(x[-1:], lengths[-1:])
    last = said_there.answers[0]
    assert further["answer"].iloc[-1] == (
        pytest.approx(task.in_its_unit(last)[0]) if target == "value" else task.classes[last.argmax()]
    )
    if per_step:
        assert list(further.columns[:3]) == ["sequence", "step", "answer"]
        assert further["step"].iloc[1] == 0.05  # as the file has it


@pytest.mark.parametrize(
    ("example", "apart", "seen"),
    [
        ("A row a step (CSV)", "Of 24 sequences", "The classes"),
        ("A label a step (CSV)", "Of the 1,464 steps of 12 sequences", "The classes"),
        ("A number to be told (CSV)", "On 24 sequences", "Low and high pace"),
    ],
)
def test_what_can_be_seen_of_own_data_is_said_where_they_are_kept_and_where_it_was_learned(example, apart, seen):
    app = visit("pages/own_data.py")
    app.selectbox(key="own_example").set_value(example).run()
    own_id = kept_by(app)
    (on,) = [button for button in app.button if button.key == "own_train_kept"]
    learned_from(own_id, owner_of(app))
    for page in (visit("pages/own_data.py"), visit("pages/train.py")):
        assert not page.exception
        text = said(page)
        assert f"{apart} that it has not learned from" in text  # a network that has learned nothing
        assert re.search(rf"\*\*{seen} can(not)? be seen in which LSTM is listened to", text)
    on.click().run()
    assert app.button_group(key="t_task_1").value == own_id


@pytest.mark.parametrize("view", ["Number of LSTMs", "Temperature", "Lesions"])
@pytest.mark.parametrize("example", ["A label a step (CSV)", "A number to be told (CSV)"])
def test_own_data_of_any_kind_are_looked_at_once_a_network_has_learned_from_them(example, view):
    app = visit("pages/own_data.py")
    app.selectbox(key="own_example").set_value(example).run()
    own_id, owner = kept_by(app), owner_of(app)
    before = k_and_tau(view, k_task=own_id)
    assert "No network has learned from Hips yet" in said(before)
    assert before.button(key="offer_training")
    assert own_id not in said(before)
    run_id = learned_from(own_id, owner)
    looked_at = k_and_tau(view, k_task=own_id)
    assert not looked_at.error
    (drawn,) = timelines(looked_at)
    task = owndata.own_task(own_id)
    if "number" in example:  # as the file has it, not scaled
        (entry,) = [entry for entry in common.entries(None, owner) if entry.id == run_id]
        data = task.make(1, 0)
        said_last = task.in_its_unit(entry.model.trace(data.x, data.lengths).answers)[0, 0]
        if view != "Temperature":  # under a draw of noise it says something else
            assert json.loads(drawn)["p"][-1][0] == pytest.approx(said_last, rel=1e-3)
        right = task.in_its_unit(data.y)[0, 0]
        assert 1.2 <= right <= 3
        assert f"where {right:.4g} is right" in said(looked_at)
    if view == "Lesions":
        (code,) = (part.value for part in looked_at.code if "from mrnn import" in part.value)
        printed: list[Any] = []
        code = code.replace(f"{run_id}.safetensors", str(common.entries(own_id, owner)[0].path))
        exec(code, {"print": lambda *values: printed.extend(values)})  # noqa: S102, our own
        shown = looked_at.session_state["_pictures"]["answer_change"].numbers
        assert any(hasattr(part, "equals") and part.equals(shown) for part in printed)
    assert not transitions("Steps", model_transitions=run_id, sequences=100).error
    assert not transitions("Matrices", model_transitions=run_id, sequences=100).error


def test_a_person_s_words_are_no_markdown_where_their_data_are_looked_at():
    app = visit("pages/own_data.py")
    rows = [f"{n},{t},{t % 3},{'a*b*c' if n % 2 else ':red[x]'}" for n in range(40) for t in range(7)]
    app.file_uploader[0].upload("mine.csv", "\n".join(["id,t,x,kind", *rows]).encode()).run()
    own_id = kept_by(app)
    run_id = learned_from(own_id, owner_of(app))
    pages = [
        transitions(view, model_transitions=run_id, sequences=100) for view in ("Matrices", "Graph", "Use", "Time")
    ]
    pages += [k_and_tau(view, k_task=own_id) for view in ("Number of LSTMs", "Temperature", "Lesions")]
    for page in pages:
        shown = "\n".join(line.value for line in page.markdown)
        assert "a*b*c" not in shown
        assert ":red[x]" not in shown


def test_that_a_label_is_a_number_or_of_each_step_can_be_said_and_its_faults_are_named():
    app = visit("pages/own_data.py")
    chosen(app, "The label is").set_value("value").run()
    assert "'walking' stands where a number belongs" in app.table[0].value.to_string()
    chosen(app, "The label is").set_value("class").run()
    assert not app.error
    chosen(app, "Whose label").set_value(True).run()
    assert "To be told: which of 3 classes each step is of" in said(app)
    app.selectbox(key="own_example").set_value("A label a step (CSV)").run()
    chosen(app, "Whose label").set_value(False).run()
    assert "the label differs from the one at the sequence's first step" in app.table[0].value.to_string()
    app.selectbox(key="own_example").set_value("Arrays (NPZ)").run()
    chosen(app, "The label is").set_value("value").run()
    assert "the labels are words" in app.table[0].value.to_string()


def test_what_columns_mean_can_be_changed_and_what_is_wrong_then_is_said():
    app = visit("pages/own_data.py")
    next(box for box in app.selectbox if box.label == "Label").set_value(0).run()
    assert "Choose the column of the label" in said(app)
    next(box for box in app.selectbox if box.label == "Sequence").set_value(0).run()
    assert app.error
    assert "no column says which sequence a row belongs to" in app.table[0].value.to_string()


def offered(app: AppTest, key: str) -> list[str]:
    """What a segmented control of a page offers, as it is shown."""
    return [str(getattr(option, "content", option)) for option in app.button_group(key=key).options]


def test_own_data_are_a_task_for_their_owner_alone():
    app = visit("pages/own_data.py")
    own_id = kept_by(app)
    assert "96 to learn from, 24 to test on" in said(app)
    for page, offered in (
        ("pages/train.py", lambda app: app.button_group(key="t_task")),
        ("pages/sweeps.py", lambda app: app.button_group(key="t_task")),
        ("pages/k_and_tau.py", lambda app: app.selectbox(key="k_task")),
    ):
        assert {own_id, "Hips"} & set(offered(visit(page)).options)
        assert not {own_id, "Hips"} & set(offered(visit(page, key="b" * 32)).options)
    assert "None yet. What you keep" in said(visit("pages/own_data.py", key="b" * 32))


def test_links_lead_from_own_data_to_all_pages_that_offer_them():
    app = visit("pages/own_data.py")
    own_id = kept_by(app)
    linked = {part.proto.page for part in app.get("page_link")}
    run_id = learned_from(own_id, owner_of(app))
    for page in ("train", "sweeps", "compare", "laboratory", "transitions", "k_and_tau"):
        assert page in linked
        shown = visit(f"pages/{page}.py")
        offers = [*shown.button_group, *shown.selectbox]
        wanted = {own_id, run_id, "Hips"}
        assert any(wanted & set(box.options) or any("Hips" in str(o) for o in box.options) for box in offers), page


def test_a_further_file_is_answered_once_by_each_model_until_data_are_deleted(monkeypatch):
    app = visit("pages/own_data.py")
    run_id = learned_from(kept_by(app), owner_of(app))
    (entry,) = [entry for entry in common.entries(None, owner_of(app)) if entry.id == run_id]
    reads, read = [], owndata.read_further
    monkeypatch.setattr(owndata, "read_further", lambda *asked: reads.append(asked) or read(*asked))
    content = owndata.EXAMPLES[next(iter(owndata.EXAMPLES))][1]()
    first, faults = common.answered(entry, content)
    again, _ = common.answered(entry, content)
    assert first is not None
    assert not faults.count
    assert again is first
    assert len(reads) == 1
    common.answered(entry, content + b"\n")
    assert len(reads) == 2
    theirs = kept_by(visit("pages/own_data.py", key="b" * 32))
    common.answered(entry, content)
    assert len(reads) == 2
    visit("pages/own_data.py", key="b" * 32).button(key=f"delete_{theirs}").click().run()
    common.answered(entry, content)
    assert len(reads) == 3


def test_a_model_of_own_data_can_be_looked_at_by_their_owner_and_a_published_run_shows_others_no_data():
    app = visit("pages/own_data.py")
    own_id = kept_by(app)
    run_id = learned_from(own_id, owner_of(app))
    runs.publish(run_id, owner_of(app))
    mine = visit("pages/transitions.py")
    assert any(option.startswith("Hips: k = 4") for option in mine.selectbox(key="model_transitions").options)
    mine.selectbox(key="model_transitions").set_value(run_id).run()
    assert not mine.exception
    assert not mine.error

    other = AppTest.from_file(str(PROJECT / "app.py"), default_timeout=60)
    other.session_state[KEY] = "b" * 32
    other.run()
    other.query_params["run"] = run_id
    other.switch_page("pages/train.py").run()
    assert "It has learned from data of their own, which stay with them" in said(other)
    assert "Hips" not in said(other)
    assert not [part for part in other.get("download_button") if part.proto.label == "Model"]
    other.query_params["model"] = run_id
    other.switch_page("pages/transitions.py").run()
    assert not [option for option in other.selectbox(key="model_transitions").options if "shared" in option]
    assert not other.exception
