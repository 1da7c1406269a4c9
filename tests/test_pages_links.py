"""A link opens what is on the screen, says what it cannot open, and tells nobody what a person calls their own data."""

import re

import pytest
from streamlit.testing.v1 import AppTest

from mrnn import TASKS, ModelConfig, RunConfig, SequenceModel, owndata, queue, runs, save, sweeps
from mrnn.config import Carry
from mrnn.tasks import sketch
from pages.common.models import entries
from pages.views.k_and_tau.number import names_by_k
from tests.test_pages import (
    k_and_tau,
    kept_by,
    learned_from,
    no_real_training,
    owner_of,
    said,
    timelines,
    trained,
    visit,
)
from tests.test_pages_forms import address, opened

__all__ = ["no_real_training"]  # a fixture that these tests use, too
OTHER = "b" * 32


def opened_by(key: str, page: str, **query: str) -> AppTest:
    """A page as the person with this key sees it who opens a link."""
    app = visit(key=key)
    for name, value in query.items():
        app.query_params[name] = value
    app.switch_page(page).run()
    assert not app.exception
    return app


def test_the_link_of_train_names_the_run_that_is_shown_and_says_whether_others_can_open_it():
    owner = owner_of(visit())
    older, newer = trained(owner, k=2), trained(owner, k=3)
    app = visit("pages/train.py")
    assert address(app)["run"] == newer
    assert "Private: this run." in said(app)
    runs.publish(newer, owner)
    app.run()
    assert "Private" not in said(app)
    app = opened("pages/train.py", run=older)
    assert address(app)["run"] == older
    assert "k = 2" in next(line.value for line in app.markdown if line.value.startswith("#### "))

    other = opened_by(OTHER, "pages/train.py", run=older)
    missing = "There is no run to be seen at this address"
    assert missing in said(other)
    other.slider(key="t_epochs_waves").set_value(7).run()
    assert missing in said(other), "until something else is shown"
    other.button(key="train").click().run()
    (run,) = runs.list_runs(owner_of(other))
    assert address(other)["run"] == run.id
    assert missing not in said(other)


@pytest.mark.parametrize(("page", "what"), [("pages/sweeps.py", "sweep"), ("pages/compare.py", "comparison")])
def test_the_link_of_a_grid_names_what_is_shown(page, what):
    app = visit(page)
    app.button(key="start").click().run()
    (sweep,) = sweeps.list_sweeps(owner_of(app))
    assert address(app)["sweep"] == sweep.id
    assert f"Private: this {what}." in said(app)
    for public in (False, True):
        sweeps.publish(sweep.id, sweep.owner, public)
        other = opened_by(OTHER, page, sweep=sweep.id)
        assert (f"There is no {what} to be seen at this address" in said(other)) != public
        assert "Private" not in said(other)


def test_another_sweep_of_ones_own_can_still_be_chosen_and_is_then_in_the_link():
    app = visit("pages/sweeps.py")
    app.button(key="start").click().run()
    (first,) = sweeps.list_sweeps(owner_of(app))
    for run in first.runs:
        runs.stop(run.id)
    app = visit("pages/sweeps.py")
    app.slider(key="s_seeds").set_value(2).run()
    app.button(key="start").click().run()
    second = address(app)["sweep"]
    assert second != first.id
    app.selectbox(key=f"s_shown_{second}").set_value(first.id).run()
    assert address(app)["sweep"] == first.id
    assert app.selectbox(key=f"s_shown_{first.id}").value == first.id


def test_a_model_in_the_link_that_others_cannot_open_is_named():
    run_id = trained(owner_of(visit()), k=2)
    app = opened("pages/waves.py", model=run_id)
    assert "Private: the model k = 2" in said(app)
    assert "Private" not in said(opened("pages/waves.py", model="waves-k2"))
    app = opened("pages/k_and_tau.py", networks_waves=f"waves-k2,{run_id}")
    assert "Private: the model k = 2" in said(app)


@pytest.mark.parametrize(
    ("page", "query", "shown"),
    [
        ("pages/k_and_tau.py", "k_task", "Alien waves"),
        ("pages/laboratory.py", "task", "Reber grammar"),
    ],
)
def test_a_link_to_somebodys_own_data_says_that_they_are_private_until_another_task_is_picked(page, query, shown):
    own_id = kept_by(visit("pages/own_data.py"))
    learned_from(own_id, owner_of(visit()))
    mine = opened(page, **{query: own_id})
    assert "private" not in said(mine).split("Opens this page")[0]
    assert "Private: your own data" in said(mine)

    other = opened_by(OTHER, page, **{query: own_id})
    notice = f"they are private, and stay with the person who brought them. Here is {shown} instead"
    assert notice in said(other)
    assert "Hips" not in said(other)
    other.run()
    assert notice in said(other)
    assert query not in address(other)
    if query == "k_task":
        other.selectbox(key="k_task").set_value("digits").run()
    else:
        other.selectbox(key="lab_task").set_value("bit_flip").run()
    assert notice not in said(other)


def test_a_training_form_says_that_somebodys_own_data_are_private():
    own_id = kept_by(visit("pages/own_data.py"))
    assert "somebody's own data, which are private" in said(opened_by(OTHER, "pages/train.py", task=own_id))


def test_a_model_of_ones_own_is_in_the_link_though_it_is_the_first_in_the_menu():
    app = visit("pages/own_data.py")
    own_id = kept_by(app)
    run_id = learned_from(own_id, owner_of(app))
    app = opened("pages/k_and_tau.py", k_view="Temperature", k_task=own_id)
    assert address(app)["model"] == run_id
    assert "model" not in address(k_and_tau("Temperature"))


def test_what_classes_of_own_data_are_called_stands_in_no_address():
    own_id = kept_by(visit("pages/own_data.py"))
    run_id = learned_from(own_id, owner_of(visit()))
    names = owndata.read(own_id).classes
    app = opened("pages/transitions.py", model=run_id)
    app.button_group(key=f"only_{own_id}").set_value(["2", "3"]).run()
    app.selectbox(key=f"first_{own_id}").set_value("3").run()
    app.selectbox(key=f"second_{own_id}").set_value("2").run()
    both = app.session_state["move"].replace("3:", "3 and 2:")
    app = opened("pages/transitions.py", **{**address(app), "move": both})
    told = address(app)
    assert told["move"] == both
    assert f"{names[2]} and {names[1]}: " in "".join(app.selectbox(key="move").options)
    assert [told[f"{what}_{own_id}"] for what in ("only", "first", "second")] == ["2,3", "3", "2"]
    assert not [name for name in names if name in str(told)]
    again = opened("pages/transitions.py", **told)
    assert address(again) == told
    assert f"**{names[2]}**: the next LSTM" in said(again)
    assert said(again) == said(app)


@pytest.mark.parametrize(
    ("page", "model", "told", "leads_to"),
    [
        ("pages/waves.py", "digits-k4", "a model for Digits (MNIST), k = 4, m = 128", "digits"),
        ("pages/digits.py", "waves-k2", "a model for Alien waves, k = 2, m = 64", "waves"),
        ("pages/digits.py", "reber-k4", "a model for Reber grammar, k = 4, m = 16", "laboratory"),
    ],
)
def test_a_model_of_another_task_in_the_link_is_called_so_with_the_way_to_its_page(page, model, told, leads_to):
    app = opened(page, model=model)
    assert told in said(app)
    assert "private one" not in said(app)
    (way,) = [found.proto for found in app.main.get("page_link") if "k = " in found.proto.label]
    assert way.page == leads_to
    assert f"model={model}" in way.query_string


def test_steps_that_were_steered_stay_with_their_model_signal_and_layer():
    app = opened("pages/k_and_tau.py", k_view="Lesions", steered_at="7:1")
    assert "steered_at" in address(app)
    app.number_input(key="k_signal").set_value(5).run()
    assert "steered_at" not in address(app)
    app.session_state["steered_at"] = {7: 0}
    app.run()
    assert address(app)["steered_at"] == "7:1"
    app.selectbox(key="tau_model_waves").set_value("waves-k8").run()
    assert "steered_at" not in address(app)
    app.session_state["steered_at"] = {7: 0}
    app.run()
    assert address(app)["steered_at"] == "7:1"
    app.selectbox(key="k_task").set_value("digits").run()
    assert "steered_at" not in address(app)
    app.session_state["steered_at"] = {7: 0}
    app.run()
    assert address(app)["steered_at"] == "7:1"
    app.button_group(key="tau_layer_digits").set_value(1).run()
    assert "steered_at" not in address(app)


def test_networks_of_the_same_k_are_all_drawn_and_told_apart():
    app = opened("pages/k_and_tau.py", networks_waves="waves-k1,waves-k1-m129,waves-k4,waves-k4-own")
    assert not app.error
    shipped = {entry.id: entry for entry in entries("waves")}
    found = [shipped[name] for name in ("waves-k1", "waves-k1-m129", "waves-k4", "waves-k4-own", "waves-k8")]
    assert names_by_k(found) == ["1, m = 64", "1, m = 129", "4, m = 64", "4, m = 64, own memory", "8"]
    assert names_by_k([found[0], found[0]]) == ["1, m = 64, s-k1"] * 2
    (drawn,) = [chart for chart in app.get("vega_lite_chart") if "accuracy in use" in chart.proto.spec]
    for name in names_by_k(found[:4]):
        assert name in str(drawn.proto), name


def with_settings(owner: str, carry: Carry, steps: int) -> str:
    """A finished run whose waves have another length than usual."""
    settings = {"T": steps}
    model = ModelConfig(input_size=1, output_size=2, k=2, hidden_size=3, carry=carry)
    run_id = queue.create(RunConfig(task="waves", model=model, settings=settings), owner)
    save(SequenceModel(model), runs.folder_of(run_id) / "model.safetensors", {"task": "waves", "settings": settings})
    (runs.folder_of(run_id) / "result.json").write_text('{"state": "finished", "notes": {"task": "waves"}}')
    return run_id


def test_a_model_of_other_settings_reads_the_signal_that_it_learned_to_read():
    owner = owner_of(visit())
    mixed, own = with_settings(owner, "mixed", 31), with_settings(owner, "own", 37)
    for query in (
        {"k_view": "Number of LSTMs", "networks_waves": f"waves-k2,{mixed}"},
        {"k_view": "Mixed or own", "own": own, "mixed": mixed},
    ):
        app = opened("pages/k_and_tau.py", **query)
        assert not app.error
        drawn = timelines(app)
        steps = {50, 31} if "networks_waves" in query else {31, 37}
        assert {found for found in (31, 37, 50) if any(f'"steps": {found},' in told for told in drawn)} == steps


def test_the_link_stays_where_nothing_is_chosen_or_was_kept(monkeypatch, tmp_path):
    monkeypatch.setattr("pages.common.past.KEPT", tmp_path)
    app = visit("pages/k_and_tau.py")
    app.multiselect(key="k_models_waves").set_value([]).run()
    assert "Choose at least one network" in said(app)
    assert "Opens this page as it is now." in said(app)
    for view, nothing in (("Training", "was kept yet"), ("Mixed or own", "There is no network for")):
        app = k_and_tau(view, k_task="digits")
        assert nothing in said(app)
        assert "Opens this page as it is now." in said(app)


def test_a_drawing_that_cannot_be_read_is_said_until_another_page_is_looked_at():
    app = opened("pages/digits.py", drawing="bad")
    assert "The address holds a drawing that cannot be read. Here is a test digit instead" in said(app)
    assert "drawing" not in address(app)
    app.switch_page("pages/waves.py").run()
    app.switch_page("pages/digits.py").run()
    assert "cannot be read" not in said(app)
    assert "cannot be read" not in said(opened("pages/digits.py"))


def test_a_second_drawing_leaves_the_link_with_the_second_signal():
    query = {"wave_two": "true", "wave2_kind": "draw", "wave2_draw": sketch.SINE}
    app = opened("pages/waves.py", **query)
    assert address(app)["wave2_draw"] == sketch.SINE
    app.toggle(key="wave_two").set_value(False).run()
    assert "wave2_draw" not in address(app)


def test_what_stands_beside_a_network_in_the_laboratory_is_in_the_link():
    app = opened("pages/laboratory.py", task="embedded_reber", lab_view="Memory by length")
    (beside,) = [box for box in app.multiselect if box.label == "Beside it"]
    beside.set_value(["embedded_reber-gru"]).run()
    told = address(app)
    assert told["lab_beside_embedded_reber-k4-own"] == "embedded_reber-gru"
    (again,) = [b for b in opened("pages/laboratory.py", **told).multiselect if b.label == "Beside it"]
    assert again.value == ["embedded_reber-gru"]


def test_shipped_models_are_offered_in_the_order_of_tasks():
    offered = [entry.notes["task"] for entry in entries()]
    assert offered == sorted(offered, key=list(TASKS).index)


def test_the_link_of_a_sweep_keeps_its_axes_its_figure_what_is_held_fixed_and_the_cell():
    app = visit("pages/sweeps.py")
    app.multiselect(key="s_k").set_value([1, 2]).run()
    app.multiselect(key="s_tau0").set_value([0.5, 1.0]).run()
    app.multiselect(key="s_carry").set_value(["mixed", "own"]).run()
    app.button(key="start").click().run()
    assert not app.exception
    told = {
        **address(app),
        "s_row": "carry",
        "s_column": "k, LSTMs",
        "s_at_tau0": "1.0",
        "cell_of_runs": "carry own, k 2",
    }
    again = opened("pages/sweeps.py", **told, s_figure="training time")
    shown = {box.key: box.value for box in again.selectbox}
    assert (shown["s_row"], shown["s_column"], shown["s_at_tau0"]) == ("carry", "k", 1.0)
    assert shown["cell_of_runs"] == "carry own, k 2"
    assert (address(again)["s_at_tau0"], address(again)["s_figure"]) == ("1.0", "training time")
    assert "The runs of this cell." in said(again)


@pytest.mark.parametrize("page", ["train", "sweeps", "compare"])
def test_that_nothing_is_at_an_address_is_said_of_that_address_and_page_alone(page):
    param = "run" if page == "train" else "sweep"
    missing = "There is no .* to be seen at this address"
    app = opened(f"pages/{page}.py", **{param: "0" * 12})
    assert re.search(missing, said(app))
    app.run()
    assert re.search(missing, said(app))
    for other in {"train", "sweeps", "compare"} - {page}:
        app.query_params.clear()
        app.switch_page(f"pages/{other}.py").run()
        assert not re.search(missing, said(app)), other
    app.switch_page(f"pages/{page}.py").run()
    assert not re.search(missing, said(app))


@pytest.mark.parametrize(
    ("page", "query", "notice"),
    [
        ("pages/k_and_tau.py", {"k_task": "chess"}, "The link asks for the task chess"),
        ("pages/waves.py", {"model": "nobodys"}, "The link names a model that is not here"),
    ],
)
def test_that_a_task_or_a_model_is_not_here_is_said_until_another_page_is_looked_at(page, query, notice):
    app = opened(page, **query)
    assert notice in said(app)
    app.run()
    assert notice in said(app)
    app.query_params.clear()
    app.switch_page("pages/digits.py").run()
    app.switch_page(page).run()
    assert notice not in said(app)


def test_a_task_that_ships_is_known_by_its_title_too_as_older_links_have_it():
    app = opened("pages/k_and_tau.py", k_task="Digits (MNIST)")
    assert app.session_state["k_task"] == "digits"
    assert "The link asks for" not in said(app)
    assert address(app)["k_task"] == "digits"


def asked_in_vain(app: AppTest) -> list[str]:
    return [line.value for line in app.info if line.value.startswith("The link asks for")]


def test_all_that_a_link_to_the_laboratory_asks_in_vain_is_said_once_by_the_names_of_the_controls():
    beside = "lab_beside_embedded_reber-k4-own"
    asked = {"task": "embedded_reber", "lab_view": "Memory by length", beside: "nobody"}
    (line,) = asked_in_vain(opened("pages/laboratory.py", **asked))
    assert "The link asks for Beside it = nobody." in line
    asked = {"lab_view": "Nothing", "lab_source_reber": "Sung"}
    app = opened("pages/laboratory.py", **asked)
    (line,) = asked_in_vain(app)
    assert "The link asks for View = Nothing and Sequence = Sung." in line
    app.switch_page("pages/transitions.py").run()
    assert not asked_in_vain(app)


def test_what_a_link_asks_in_vain_is_said_though_the_view_ends_early():
    app = opened("pages/laboratory.py", lab_source_reber="Sung", lab_text_reber="BTQ")
    assert app.error
    assert len(asked_in_vain(app)) == 1


def test_what_a_link_to_transitions_asks_in_vain_is_called_as_its_controls_are():
    app = opened("pages/transitions.py", only_digits="x", first_digits="y", second_digits="z")
    (line,) = asked_in_vain(app)
    assert "Only these classes = x and First class = y and Second class = z" in line


def test_what_was_asked_of_another_task_or_model_leaves_the_address():
    app = opened("pages/laboratory.py", lab_text_reber="BTXSE", lab_source_bit_flip="By number")
    told = address(app)
    app.selectbox(key="lab_task").set_value("bit_flip").run()
    assert not [name for name in address(app) if name.endswith("reber")]
    app.selectbox(key="lab_task").set_value("reber").run()
    assert address(app)["lab_text_reber"] == told["lab_text_reber"]

    app = opened("pages/transitions.py", only_digits="1,7", first_digits="7")
    assert "only_digits" in address(app)
    app.selectbox(key="model_transitions").set_value("waves-k4").run()
    assert not [name for name in address(app) if name.endswith("_digits")]

    app = opened("pages/k_and_tau.py", networks_waves="waves-k2,waves-k4")
    app.selectbox(key="k_task").set_value("digits").run()
    assert "networks_waves" not in address(app)


def test_what_is_left_of_a_run_that_ended_early_leaves_the_address_with_the_next_that_does_not():
    app = opened("pages/laboratory.py", task="bit_flip", lab_source_bit_flip="By number")
    app.session_state["lab_text_reber"] = "BTQ"
    app.selectbox(key="lab_task").set_value("reber").run()
    assert app.error
    assert "lab_source_bit_flip" in address(app)
    app.text_input(key="lab_text_reber").set_value("BTXSE").run()
    assert "lab_source_bit_flip" not in address(app)
