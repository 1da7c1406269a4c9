"""The Laboratory page, run without a browser: each task's answers, experiments and figures."""

import json

import numpy as np
import pytest
from streamlit.testing.v1 import AppTest

from mrnn import hmm, load
from mrnn.probes import found_regimes
from mrnn.tasks import TASKS
from pages.common import measures
from pages.common.models import SHIPPED
from pages.views.laboratory.experiments import marked
from pages.views.laboratory.subject import PRESETS
from tests.test_pages import no_real_training, owner_of, said, timelines, trained, visit

PAGE = "pages/laboratory.py"
__all__ = ["no_real_training"]  # a fixture that these tests use, too
LEARNED = sorted(  # of which models ship that this page is for
    name for name, task in TASKS.items() if not task.is_image and list(SHIPPED.glob(f"{name}-*.safetensors"))
)


def laboratory(task: str, view: str = "Answers") -> AppTest:
    app = visit(PAGE)
    app.selectbox(key="lab_task").set_value(task).run()
    app.button_group(key="lab_view").set_value(view).run()
    assert not app.exception
    assert not app.error
    return app


def told(app: AppTest) -> dict:
    """What the browser is told of the timeline."""
    (drawn,) = timelines(app)
    return json.loads(drawn)


@pytest.mark.parametrize("task", LEARNED)
def test_each_task_shows_answers_beside_what_is_right_and_all_its_experiments(task):
    app = laboratory(task)
    picture = told(app)
    assert picture["classes"] == list(TASKS[task].classes)
    assert len(picture["truth"]) == picture["steps"]
    assert (picture["symbols"] is None) == (picture["signal"] is not None)
    assert any(words in said(app) for words in ("Right at", "Mean squared error", "After the last step"))
    titles = [one.title for one in TASKS[task].experiments]
    reading = ["What each LSTM reads"] if picture["symbols"] else []
    assert list(app.button_group(key="lab_view").options) == ["Answers", *titles, *reading, "Figures"]
    for title in titles:
        app.button_group(key="lab_view").set_value(title).run()
        assert not app.exception
        assert not app.error


def test_an_answer_to_a_whole_sequence_is_judged_at_each_step():
    app = laboratory("curves")
    assert "After the last step the answer is " in said(app)
    picture, task = told(app), TASKS["curves"]
    assert len(picture["right"]) == picture["steps"]
    x = task.make(1, 0).x[0, : picture["steps"]]
    np.testing.assert_allclose(picture["signal"], [x.min(1), x.max(1)], atol=1e-4)


def test_hidden_regimes_stand_below_z_with_how_well_the_two_agree():
    trained(owner_of(visit()), "regimes", **TASKS["regimes"].borders)
    app = laboratory("regimes")
    app.number_input(key="lab_seed").set_value(7).run()
    hidden = TASKS["regimes"].hidden(1, 7)
    assert hidden is not None
    assert told(app)["hidden"] == hidden[0].tolist()
    assert "**z and the hidden regime agree to " in said(app)
    assert told(laboratory("forecast"))["hidden"] is None


def test_a_typed_string_is_judged_and_one_that_breaks_is_told_where():
    app = laboratory("reber")
    app.text_input(key="lab_text_reber").set_value("btssxxtvpse").run()
    assert "#### Right at 10 of 10 steps" in said(app)
    assert told(app)["symbols"] == list("BTSSXXTVPS")
    app.text_input(key="lab_text_reber").set_value("BTSSXB").run()
    assert "Step 5 is not as the task has it" in said(app)
    app.text_input(key="lab_text_reber").set_value("BTQ").run()
    assert [e.value for e in app.error] == ["a string must be of 1 to 100 symbols of B T P S X V E, got 'BTQ'"]


def test_the_lines_of_python_print_what_the_page_shows(capsys):
    app = laboratory("reber")
    code = next(block.value for block in app.code if "analysis.judge" in block.value)
    exec(code, {})  # noqa: S102, our own
    assert "BTSSXXTVPS"[0] in capsys.readouterr().out
    app = laboratory("reber", "Strings of its own")
    code = next(block.value for block in app.code if "answer_of" in block.value)
    exec(code, {})  # noqa: S102, our own
    assert "Strings(texts=('BT" in capsys.readouterr().out.replace("('BP", "('BT")


def test_strings_are_generated_and_the_share_of_legal_ones_is_told():
    app = laboratory("reber", "Strings of its own")
    strings = app.dataframe[0].value
    assert len(strings) == 8
    assert "8 of these 8 are whole strings" in said(app)
    app.button(key="lab_many").click().run()
    assert "#### 1,000 of 1,000 strings are legal (100.0%)" in said(app)


def test_a_text_goes_on_from_what_is_typed_and_says_what_of_it_is_not_known():
    app = laboratory("text", "Go on")
    assert app.slider(key="lab_goon_temperature").value == 0.7
    assert app.slider(key="lab_goon_length").set_value(40).run().code
    app.text_input(key="lab_goon_prompt").set_value("Alice said to the Kön").run()
    assert not app.exception
    assert "The text that was learned from has no 'ö': read as \N{REPLACEMENT CHARACTER}." in said(app)
    (texts,) = [block.value.split("\n") for block in app.code if "Alice said" in block.value and " | " in block.value]
    assert {text[:24] for text in texts} == {"Alice said to the K\N{REPLACEMENT CHARACTER}n | "}
    assert {len(text) for text in texts} == {21 + 3 + 40}
    lines = next(block.value for block in app.code if "answer_of" in block.value)
    assert "prompt='Alice said to the Kön', length=40" in lines


def test_networks_are_asked_side_by_side_for_what_they_remember():
    app = laboratory("embedded_reber", "Memory by length")
    app.button(key="lab_many").click().run()
    assert "Second symbol known" in said(app)
    table = app.dataframe[0].value
    assert table.columns.tolist() == ["10", "20", "30", "40", "60", "80", "100"]
    names = ["Elman, m = 32", "GRU, m = 32", "LSTM, m = 64", "k = 4, m = 32, own memory"]
    assert sorted(table.index) == names
    assert set(table["20"]) == {"100.0%"}


def test_a_network_beside_another_is_asked_what_it_has_learned_itself():
    app = laboratory("bit_flip", "Longer numbers")
    assert app.multiselect(key="lab_beside_bit_flip-k2").value == [], "parity is another question"
    app.multiselect(key="lab_beside_bit_flip-k2").set_value(["bit_flip-parity-k2-own"]).run()
    app.button(key="lab_many").click().run()
    assert not app.exception
    table = app.dataframe[0].value
    assert sorted(table.index) == ["k = 2, m = 16, own memory, parity = 1", "k = 2, m = 8"]
    assert set(table["64"]) == {"100.0%"}


def test_figures_are_measured_on_demand():
    app = laboratory("bit_flip", "Figures")
    assert not len(app.dataframe)
    app.button(key="lab_figures").click().run()
    table = app.dataframe[0].value
    assert table["figure"].tolist() == [
        "accuracy on 1,000 test sequences",
        "all 256 numbers of 8 bits, every bit right",
        "1,000 unseen numbers of 64 bits, every bit right",
    ]
    assert table["value"].tolist() == [1, 1, 1]


@pytest.mark.parametrize("name", PRESETS)
def test_a_preset_sets_what_it_names(name):
    app = visit(PAGE)
    app.button(key=f"preset_{name}").click().run()
    assert not app.exception
    assert not app.error
    for key, value in PRESETS[name].items():
        assert app.session_state[key] == value


def test_a_fault_is_marked_where_it_is():
    assert marked("BTXSE", None) == "BTXSE"
    assert marked("BTB", 2) == "BT[B]"
    assert marked("BTXB", 1) == "B[T]XB"
    assert marked("BT", 2) == "BT[ ]"


def test_where_regimes_are_hidden_the_figures_say_what_z_finds_and_hidden_markov_models_beside_it(
    monkeypatch,
):
    told_beside = [hmm.Beside(lags, 3, 20, 0.75, 0.25, 0.9375, 0.875 + lags / 32) for lags in (2, 0)]
    monkeypatch.setattr(hmm, "beside", lambda task, _: told_beside if task == TASKS["regimes"] else None)
    measures.forgotten()  # what was measured before
    app = laboratory("regimes", "Figures")
    app.button(key="lab_figures").click().run()
    assert not app.exception
    (table,) = app.dataframe
    measured = table.value.set_index("figure")["value"]
    found = found_regimes(load(SHIPPED / "regimes-k3.safetensors"), TASKS["regimes"])
    assert measured["adjusted Rand index of the hidden regimes and z"] == found
    assert "**Does z find the hidden regimes?**" in said(app)
    app.button(key="hidden_markov").click().run()
    assert not app.exception
    beside = app.dataframe[1].value
    assert list(beside["hidden Markov model"]) == [one.name for one in told_beside]
    assert list(beside["from the past alone, as z"]) == [one.from_the_past for one in told_beside]
    assert list(beside["the whole signal seen"]) == [one.agreement for one in told_beside]
    measures.forgotten()  # nobody else is told these figures
    app = laboratory("forecast", "Figures")
    app.button(key="lab_figures").click().run()
    assert "hidden regimes" not in said(app)
