"""Forms in the address, presets and lines of Python, on the pages that train and on Own data; without a browser."""

from dataclasses import fields, replace
from typing import Any

import pytest
from streamlit.testing.v1 import AppTest

from mrnn import TASKS, ModelConfig, RunConfig, TrainConfig, owndata, runs, sweeps
from mrnn.grid import SweepConfig
from pages.common import asked, recipe
from pages.common.training_form import CHOICES, PRESETS, RANGES, usual
from tests.test_pages import PROJECT, no_real_training, owner_of, said, timelines, visit

__all__ = ["no_real_training"]  # a fixture that these tests use, too
LINK = {"k": "3", "tau0": "2.5", "augment": "false", "cell": "mrnn", "sigma": "0.5", "T": "31", "device": "cpu"}


def opened(page: str, **query: str) -> AppTest:
    """A page as somebody sees it who opens a link."""
    app = visit()
    for name, value in query.items():
        app.query_params[name] = value
    app.switch_page(page).run()
    assert not app.exception
    return app


def lines(app: AppTest) -> str:
    """What stands under Python."""
    (code,) = [part.value for part in app.code if "from mrnn" in part.value]
    return code


def address(app: AppTest) -> dict[str, str]:
    return {name: value if isinstance(value, str) else value[-1] for name, value in app.query_params.items()}


def test_a_name_in_the_address_means_one_setting_whatever_the_task_and_none_of_the_page():
    of_form = {*RANGES, *CHOICES, "augment"}
    for name, task in TASKS.items():
        of_task = {f.name for f in fields(task)}
        assert not of_task & of_form, name
        assert set(asked.settings(usual(name, task))) == of_task | of_form
    assert not of_form & {"task", "run", "sweep", "model", "controls", "tour", "t"}


@pytest.mark.parametrize("name", TASKS)
def test_what_learns_well_lies_within_what_the_form_and_a_link_can_say(name):
    for setting, value in asked.settings(usual(name, TASKS[name])).items():
        if setting in RANGES:
            least, most = RANGES[setting]
            assert least <= value <= most, setting


def test_what_a_link_says_is_what_the_form_says_and_is_trained():
    app = opened("pages/train.py", **LINK)
    assert not app.info
    assert app.slider(key="t_k_waves_1").value == 3
    app.button(key="train").click().run()
    (run,) = runs.list_runs(owner_of(app))
    quick = usual("waves", TASKS["waves"])
    wanted = replace(
        quick,
        settings={"T": 31, "sigma": 0.5},
        model=replace(quick.model, k=3),
        training=replace(quick.training, tau0=2.5, augment=False, device="cpu"),
    )
    assert run.config == wanted
    assert {**address(app), "cell": "mrnn"} == {**LINK, "run": run.id}, "what is as usual goes"


def test_an_embedding_that_a_link_asks_for_is_in_the_form_is_trained_and_named():
    app = opened("pages/train.py", task="reber", embedding="5")
    assert app.number_input(key="t_embedding_reber_1").value == 5
    app.button(key="train").click().run()
    (run,) = runs.list_runs(owner_of(app))
    assert run.config is not None
    assert run.config.model.embedding == 5
    (table,) = app.dataframe
    assert table.value["network"].tolist() == ["k = 4, embedded in 5"]


def test_what_a_link_asks_that_cannot_be_is_said_and_left_out_until_the_form_is_changed():
    told = {"k": "17", "tau0": "nan", "epochs": "many", "cell": "brain", "augment": "perhaps", "T": "31", "x": "1"}
    app = opened("pages/train.py", **told)
    (info,) = [info.value for info in app.info]
    for name in ("k = 17", "tau0 = nan", "epochs = many", "cell = brain", "augment = perhaps"):
        assert name in info
    assert "x = 1" not in info
    assert app.slider(key="t_k_waves_1").value == 4
    assert app.slider(key="t_waves_1_T").value == 31
    assert address(app)["T"] == "31"
    assert "k" not in address(app)
    app.run()
    assert app.info, "it stays while nothing is done"
    app.slider(key="t_k_waves_1").set_value(5).run()
    assert not app.info


def test_settings_of_a_link_that_break_a_rule_together_are_left_out_with_the_rule():
    app = opened("pages/train.py", task="digits", tau_floor="4")
    assert "tau_floor must not exceed tau0 = 1, got 4" in app.info[0].value
    assert app.button_group(key="t_task_1").value == "digits"
    assert not app.error


def test_a_link_to_somebodys_own_data_says_that_they_are_not_here():
    app = opened("pages/train.py", task="own-0123456789ab")
    assert "task = own-0123456789ab" in app.info[0].value
    assert app.button_group(key="t_task").value == "waves"


def test_what_was_set_comes_back_into_the_address_after_a_look_at_another_page():
    app = opened("pages/train.py", k="3")
    app.slider(key="t_epochs_waves_1").set_value(7).run()
    app.switch_page("pages/digits.py").run()
    app.query_params.clear()
    app.switch_page("pages/sweeps.py").run()
    assert {"k": "3", "epochs": "7"}.items() <= address(app).items()


@pytest.mark.parametrize("name", PRESETS)
@pytest.mark.parametrize("task", ["waves", "digits"])
def test_a_preset_of_a_training_changes_what_it_says_and_nothing_else(name, task):
    app = opened("pages/train.py", task=task, epochs="3")
    app.button(key=f"preset_{name}").click().run()
    assert not app.error
    names = address(app)
    assert {what: names[what] for what in names if what != "task"} == {
        what: asked.text(value)
        for what, value in PRESETS[name].items()
        if value != asked.settings(usual(task, TASKS[task]))[what]
    }
    app.button(key="t_quick").click().run()
    assert set(address(app)) <= {"task"}


CONFIG = RunConfig(
    task="waves",
    settings={"T": 31},
    model=ModelConfig(input_size=1, output_size=2, k=3, hidden_size=5, cell="mrnn", carry="own"),
    training=TrainConfig(epochs=2, augment=True, device="cpu", schedule="one-cycle"),
)


@pytest.mark.parametrize("config", [CONFIG, SweepConfig(base=CONFIG, grid={"k": [1, 2], "carry": ["own"]}, seeds=2)])
def test_what_is_written_as_python_makes_the_same(config):
    names = {kind.__name__: kind for kind in (ModelConfig, RunConfig, TrainConfig, SweepConfig)}
    assert eval(recipe.made(config), names) == config  # noqa: S307, our own words


@pytest.mark.slow
def test_the_lines_of_a_training_train_the_run_that_is_shown(tmp_path, monkeypatch, capsys):
    monkeypatch.chdir(tmp_path)
    app = opened("pages/train.py", epochs="1", T="5", hidden_size="8", k="1")
    names: dict[str, Any] = {}
    exec(lines(app), names)  # noqa: S102, our own
    assert names["config"].settings == {"T": 5}
    assert len(names["notes"]["recipe"]) > 10
    assert "test_accuracy_hard" in capsys.readouterr().out
    assert (tmp_path / "mine.safetensors").is_file()


@pytest.mark.parametrize("page", ["pages/sweeps.py", "pages/compare.py"])
def test_the_lines_of_a_sweep_name_the_runs_that_are_begun(page):
    app = visit(page)
    app.button(key="start").click().run()
    (sweep,) = sweeps.list_sweeps(owner_of(app))
    names: dict[str, Any] = {}
    exec(lines(app).partition("for config in")[0], names)  # noqa: S102, our own
    assert names["sweep"] == sweep.config


def test_a_link_opens_the_same_grid_and_says_what_is_no_value_of_it():
    app = opened("pages/sweeps.py", s_k="1,16", s_tau0="2,purple", s_seeds="7", s_carry="mixed,own")
    assert "**21 runs** (2 k x 2 carry x 7 seeds)" in said(app)
    assert [info.value for info in app.info if "purple" in info.value]
    assert {"s_k": "1,16", "s_seeds": "7", "s_carry": "mixed,own"}.items() <= address(app).items()
    app.button(key="preset_Does tau matter?").click().run()
    assert "**9 runs** (3 tau0 x 3 seeds)" in said(app)
    assert {"s_k": "none", "s_tau0": "0.5,1,5"}.items() <= address(app).items()
    assert "s_seeds" not in address(app)


def test_what_all_runs_have_in_common_is_no_axis_though_it_is_changed():
    app = visit("pages/sweeps.py")
    app.slider(key="t_tau0_waves").set_value(2.0).run()
    assert "**9 runs** (3 k x 3 seeds)" in said(app)
    app.slider(key="t_tau0_waves").set_value(3.0).run()
    assert "**9 runs** (3 k x 3 seeds)" in said(app)


def test_a_link_opens_the_same_comparison_to_be_made():
    app = opened("pages/compare.py", c_k="2,16", c_carry="own", c_cells="none", c_seeds="99", c_equal="work", k="8")
    assert "c_seeds" not in address(app)
    assert "Seeds = 99" in app.info[0].value
    assert "**2 networks x 3 seeds**" in said(app)
    assert app.slider(key="t_k_waves_1").value == 8
    app.button(key="preset_All networks").click().run()
    assert "**7 networks x 3 seeds**" in said(app)


@pytest.mark.parametrize("example", owndata.EXAMPLES)
def test_the_lines_of_own_data_read_the_example_as_the_page_does(example, monkeypatch, capsys):
    app = opened("pages/own_data.py", own_example=example)
    monkeypatch.chdir(PROJECT)
    names: dict[str, Any] = {}
    exec(lines(app), names)  # noqa: S102, our own
    assert capsys.readouterr().out
    sequences = names["sequences"]
    assert (sequences is None) == bool(app.error)
    if sequences is not None:
        assert f"{len(sequences)} sequences of" in said(app)


@pytest.mark.parametrize(
    ("view", "param", "value", "picker"),
    [
        ("Number of LSTMs", "networks_waves", "waves-k2,upload-000000000000-0000", "k_models_waves"),
        ("Mixed or own", "own", "upload-000000000000-0000", "own_waves"),
        ("Mixed or own", "mixed", "nothing", "mixed_waves"),
        ("Training", "run", "../../etc/passwd", "past_waves"),
        ("Temperature", "model", "nothing", "tau_model_waves"),
    ],
)
def test_a_link_to_models_that_are_not_for_you_says_so_until_another_is_chosen(view, param, value, picker):
    app = opened("pages/k_and_tau.py", k_view=view, **{param: value})
    notice = "The link names a model that is not here"
    assert notice in said(app)
    app.run()
    assert notice in said(app), "it stays while nothing is done"
    boxes = {box.key: box for box in (*app.selectbox, *app.multiselect)}
    if "networks" in param:
        assert boxes[picker].value == ["waves-k2"]
        boxes[picker].set_value(["waves-k4"])
    else:
        assert boxes[picker].value != value
        other = [option for option in boxes[picker].options if option][-1]
        if boxes[picker].format_func(boxes[picker].value) == other:
            return  # there is no other
        boxes[picker].select(other)
    app.run()
    assert notice not in said(app)


def test_two_signals_alike_are_said_to_be_and_an_alien_part_of_the_second_is_told_and_marked():
    alike = opened("pages/waves.py", wave_two="true", wave2_kind="alien")
    assert "The two signals are read alike" in said(alike)
    app = opened("pages/waves.py", wave_two="true", wave_kind="non-alien", wave2_kind="mix")
    assert "Of the second: The alien part (steps 20 to 27)" in said(app)
    (drawn,) = timelines(app)
    assert "alien part of the second" in drawn
