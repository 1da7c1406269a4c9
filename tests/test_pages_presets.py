"""A preset, or a stop of the tour, shows the same whatever was set before; without a browser."""

from typing import Any

import numpy as np
import pytest
from streamlit.testing.v1 import AppTest

from mrnn import Trace, owndata
from mrnn.tasks.text import Text
from mrnn.tasks.waves import Waves
from pages.common.tour import STOPS
from pages.views.digits import PRESETS as DIGITS
from pages.views.k_and_tau.number import PRESETS as NUMBER
from pages.views.own_data.presets import TRIED
from pages.views.own_data.sequences import ABOUT, USUAL
from pages.views.waves import PRESETS as WAVES
from pages.views.waves import what_the_part_does
from tests.test_pages import no_real_training, said, timelines, visit

__all__ = ["no_real_training"]  # a fixture that these tests use, too
MESS: dict[str, dict[str, Any]] = {  # what somebody may have set before
    "pages/waves.py": {
        "model_waves": "waves-k8", "waves_T": 83, "waves_sigma": 0.4, "waves_amplitude": 2.0, "wave_kind": "mix",
        "wave_p": 1.5, "wave_f": 311, "wave_s": 2.0, "wave_start": 60, "wave_share": 30, "wave_seed": 7,
        "wave_two": True, "wave2_kind": "mix", "wave2_p": -1.0, "wave2_f": 500, "wave2_seed": 9,
    },
    "pages/digits.py": {
        "model_digits": "digits-k2", "layer_digits": 1, "digit_source": "Two digits", "digit_number": 17,
        "digit_first": 19, "digit_second": 23,
    },
    "pages/k_and_tau.py": {
        "k_view": "Number of LSTMs", "k_task": "waves", "k_signal": 31, "k_models_waves": ["waves-k2"],
        "k_models_digits": ["digits-k2"],
    },
    "pages/transitions.py": {
        "model_transitions": "digits-k2", "layer_transitions": 1, "transitions_view": "Graph", "sequences": 200,
        "moves_as": "counts", "only_digits": ["3", "4"], "first_digits": "3", "second_digits": "4",
    },
    "pages/train.py": {"t_task": "digits", "t_k_waves": 9, "t_epochs_waves": 37},
}  # fmt: skip


def messed(page: str) -> AppTest:
    app = visit(page)
    for key, value in MESS.get(page, {}).items():
        app.session_state[key] = value
    app.run()
    assert not app.exception
    return app


@pytest.mark.parametrize(
    ("page", "name"),
    [
        *(("pages/waves.py", name) for name in WAVES),
        *(("pages/digits.py", name) for name in DIGITS),
        *(("pages/k_and_tau.py", name) for name in NUMBER),
    ],
)
def test_a_preset_shows_the_same_whatever_was_set_before(page, name):
    seen = []
    for app in (visit(page), messed(page)):
        app.button(key=f"preset_{name}").click().run()
        assert not app.exception
        seen.append((timelines(app), said(app)))
    assert seen[0] == seen[1]
    assert seen[0][0]


@pytest.mark.parametrize("number", range(1, len(STOPS) + 1))
def test_a_stop_of_the_tour_shows_the_same_whatever_was_set_before(number):
    stop = STOPS[number - 1]
    seen = []
    for app in (visit(stop.page), messed(stop.page)):
        app.switch_page("app.py").run()
        app.query_params.clear()
        app.query_params["tour"] = str(number)
        app.switch_page(stop.page).run()
        assert not app.exception
        assert f"Stop {number} of {len(STOPS)}" in said(app)
        values = {
            w.key: w.value
            for w in (*app.slider, *app.select_slider, *app.selectbox, *app.button_group, *app.number_input)
        }
        seen.append((timelines(app), said(app), values))
    assert seen[0] == seen[1]


def test_noise_can_make_an_alien_of_a_plain_sine():
    app = visit("pages/waves.py")
    app.button(key="preset_Fooled by noise").click().run()
    assert "The model says: alien" in said(app)
    assert "(wrong)" in said(app)
    assert app.session_state["waves_sigma"] > Waves().sigma


@pytest.mark.parametrize(("name", "example"), list(zip(TRIED, owndata.EXAMPLES, strict=True)))
def test_a_preset_of_own_data_opens_its_example_though_a_file_was_there(name, example):
    app = visit("pages/own_data.py")
    app.file_uploader(key="own_file").upload("mine.csv", b"who,x,y\n1,2,a\n1,3,a\n2,4,b\n2,5,b\n").run()
    assert "mine" in said(app)
    app.button(key=f"preset_{name}").click().run()
    assert not app.exception
    assert app.selectbox(key="own_example").value == example
    assert f"An example: {ABOUT.get(example, USUAL)}" in said(app)
    assert bool(app.error) == ("faults" in name)


def test_the_presets_of_a_text_paste_a_chapter_or_all_of_it():
    app = visit("pages/own_data.py")
    for name, ends in (("A chapter of Alice", False), ("All of Alice", True)):
        app.button(key=f"preset_{name}").click().run()
        assert not app.exception
        pasted = app.text_area(key="own_pasted").value or ""
        assert Text().text.startswith(pasted)
        assert len(pasted) > 3_000
        assert (pasted == Text().text) == ends
        assert ("CHAPTER II" in pasted) == ends
        assert f"{len(owndata.plain_text(pasted)):,} characters" in said(app)


def test_a_wave_that_is_heard_otherwise_at_one_step_says_so_of_one_step():
    def trace(*z: int) -> Trace:
        hot = np.eye(2)[list(z)][None, None]
        return Trace(hot, hot, np.zeros((1, len(z), 2)), np.array([len(z)]))

    said_of = what_the_part_does(trace(0, 1, 0, 0), trace(0, 0, 0, 0), (1, 2), 0)
    assert "At 1 step, until step 1, another LSTM" in said_of
    assert "At 2 steps, " in what_the_part_does(trace(0, 1, 1, 0), trace(0, 0, 0, 0), (1, 2), 0)
