"""The text and the pixels on the pages, run without a browser; and a text of one's own."""

import json

import numpy as np
import pytest

from mrnn import TASKS, comparison, owndata, runs, sweeps
from mrnn.owndata import OwnText
from mrnn.tasks.text import Text
from mrnn.text import SIGNS, GoOn
from tests.test_pages import learned_from, no_real_training, offered, owner_of, said, timelines, trained, visit
from tests.test_text import written

__all__ = ["no_real_training"]  # a fixture that these tests use, too
OWN = "pages/own_data.py"
PASTED = written(3_001)


def texts(key: str = "a" * 32):
    """The Own data page, where a text is asked for."""
    app = visit(OWN, key)
    app.button_group(key="own_what").set_value("A text").run()
    assert not app.exception
    return app


def kept_by(app) -> str:
    """The id of a text that this person pastes and keeps."""
    app.text_area(key="own_pasted").set_value(PASTED).run()
    app.text_input[0].set_value("Letters")
    next(button for button in app.button if button.label == "Keep it as a task").click().run()
    assert not app.exception
    (kept,) = owndata.list_kept(owner_of(app))
    return kept.id


def test_a_text_that_is_pasted_is_shown_and_kept_as_a_task_of_its_owner_alone():
    app = texts()
    assert "142,211 characters" in said(app), "the text that ships, as an example"
    own_id = kept_by(app)
    assert "A text of 3,001 characters, 9 of them told apart" in said(app)
    task = owndata.own_task(own_id)
    assert isinstance(task, OwnText)
    assert task.text == PASTED
    train = visit("pages/train.py")
    assert {own_id, "Letters"} & set(offered(train, "t_task"))
    assert not {own_id, "Letters"} & set(offered(visit("pages/train.py", key="b" * 32), "t_task"))
    train.button_group(key="t_task").set_value(own_id).run()
    train.button(key="train").click().run()
    (run,) = runs.list_runs(owner_of(train))
    assert run.config is not None
    assert {field: getattr(run.config.model, field) for field in task.borders} == task.borders


def test_a_text_that_is_uploaded_is_named_after_its_file():
    app = texts()
    app.file_uploader(key="own_text_file").upload("tale.txt", PASTED.replace("\n", "\r\n").encode("utf-16")).run()
    assert not app.exception
    assert not app.error
    assert app.text_input[0].value == "tale"
    next(button for button in app.button if button.label == "Keep it as a task").click().run()
    (kept,) = owndata.list_kept(owner_of(app))
    assert (kept.name, kept.longest) == ("tale", 3_001)


def test_what_is_no_text_to_learn_from_is_refused_in_one_sentence():
    app = texts()
    app.text_area(key="own_pasted").set_value("too short").run()
    assert [error.value for error in app.error] == [
        "a text must have 3,000 to 300,000 characters, this one has 9; take a longer one"
    ]
    assert not app.exception


def test_a_model_of_a_text_is_asked_for_no_labels_of_sequences_and_is_deleted_with_it():
    app = texts()
    own_id = kept_by(app)
    learned_from(own_id, owner_of(app))
    app = texts()
    assert "Once a network has learned from data of yours" in said(app)
    assert not any(button.label == "Transitions" for button in app.button), "a text has no class of its own"
    app.button(key=f"delete_{own_id}").click().run()
    assert not app.exception
    assert not owndata.list_kept()
    assert not runs.list_runs()


@pytest.mark.parametrize("page", ["pages/transitions.py", "pages/k_and_tau.py"])
def test_a_network_that_reads_pixels_is_looked_at_like_any_other(page):
    run_id = trained(owner_of(visit()), task="pixels")
    app = visit(page)
    if page == "pages/transitions.py":
        app.select_slider(key="sequences").set_value(100)
        app.selectbox(key="model_transitions").set_value(run_id).run()
    else:
        app.session_state["k_view"] = "Temperature"
        app.selectbox(key="k_task").set_value("pixels").run()
        app.selectbox(key="tau_model_pixels").set_value(run_id).run()
    (drawn,) = timelines(app)
    assert json.loads(drawn)["steps"] == 784
    assert not app.exception
    assert not app.error
    assert not app.warning


@pytest.mark.parametrize("name", ["text", "pixels"])
def test_networks_are_compared_on_it_with_as_many_weights(name):
    app = visit("pages/compare.py")
    app.button_group(key="t_task").set_value(name).run()
    assert TASKS[name].title in said(app)
    app.button(key="start").click().run()
    assert not app.exception
    (sweep,) = sweeps.list_sweeps(owner_of(app))
    table = comparison.contenders(comparison.outcomes(sweep))
    assert sweep.config.base.task == name
    np.testing.assert_allclose(table["weights"], table["weights"].iloc[0], rtol=0.04)


@pytest.mark.parametrize("view", ["Answers", "Go on", "What each LSTM reads", "Figures"])
def test_a_network_that_has_learned_a_text_is_put_to_use_in_the_laboratory(view, monkeypatch):
    monkeypatch.setattr(GoOn, "few", 1)
    app = visit("pages/laboratory.py")
    run_id = trained(owner_of(app), task="text", per_step=True)
    app = visit("pages/laboratory.py")
    app.selectbox(key="lab_task").set_value("text").run()
    app.selectbox(key="lab_model_text").set_value(run_id).run()
    app.button_group(key="lab_view").set_value(view).run()
    assert not app.exception
    assert not app.error
    if view == "Go on":
        (written_on,) = [part.value for part in app.code if " | " in part.value and "import" not in part.value]
        given, drawn = written_on.replace(SIGNS["\n"], "\n").split(" | ", 1)
        assert given in Text().text[-20_000:]
        assert len(drawn) == 120
    if view == "What each LSTM reads":
        tables = [part.value for part in app.dataframe]
        assert sum("lift" in table.columns for table in tables) >= 1
        for table in tables:
            assert len(table) <= 10
            assert (table["share"].sum() > 0) & (table["share"].sum() <= 1)


@pytest.mark.parametrize(("name", "chapters"), [("A chapter of Alice", 1), ("All of Alice", 12)])
def test_a_press_takes_the_text_that_ships_whatever_was_there_before_and_it_can_be_kept(name, chapters):
    app = visit(OWN)
    app.selectbox(key="own_example").set_value("With faults (CSV)").run()
    app.button(key=f"preset_{name}").click().run()
    assert not app.exception
    assert not app.error
    book = Text().text
    taken = app.text_area(key="own_pasted").value
    assert taken is not None
    assert book.startswith(taken)
    assert taken.count("CHAPTER") == book.count("CHAPTER") * chapters // 12
    assert f"{len(taken):,} characters" in said(app)
    next(button for button in app.button if button.label == "Keep it as a task").click().run()
    (kept,) = owndata.list_kept(owner_of(app))
    assert kept.longest == len(taken)
