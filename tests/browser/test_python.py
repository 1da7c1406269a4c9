"""The lines of Python that a page offers do what the page does; where they train, they train the same."""

import json
import re
from collections.abc import Callable
from dataclasses import replace
from typing import Any

import pytest
from playwright.sync_api import Page, expect

from mrnn import TASKS, ModelConfig, RunConfig, analysis
from mrnn.grid import SweepConfig
from mrnn.recipes import quick
from tests.browser.conftest import settle
from tests.browser.test_app import run_python
from tests.server import PROJECT, Server

Visit = Callable[..., Page]


@pytest.fixture
def asked(monkeypatch: pytest.MonkeyPatch) -> list[RunConfig]:
    """What would be trained; nothing is."""
    configs: list[RunConfig] = []

    def note(config: RunConfig, **_: object) -> tuple[None, dict[str, Any]]:
        configs.append(config)
        return None, {"figures": {}}

    monkeypatch.setattr("mrnn.worker.perform", note)
    monkeypatch.setattr("mrnn.save", lambda *_: None)
    return configs


def test_lines_of_the_laboratory_answer_write_and_listen_as_it_does(server: Server, visit: Visit):
    page = visit(server, "laboratory?task=bit_flip")
    field = page.get_by_role("textbox", name="Type one")
    field.fill("0011101")
    field.press("Enter")
    expect(page.get_by_role("heading", level=4)).to_have_text("Right at 7 of 7 steps")
    settle(page)
    assert run_python(page)["judged"].right.tolist() == [True] * 7
    page.keyboard.press("Escape")

    page = visit(server, "laboratory?lab_view=Strings+of+its+own&lab_seed=3")
    told = page.get_by_text(re.compile(r"\d of these 8 are whole strings of the grammar"))
    expect(told).to_be_visible()
    faults = re.findall(r"faults=\((.*?)\)", run_python(page)["printed"])[0].split(", ")
    expect(told).to_contain_text(f"{faults.count('None')} of these {len(faults)} are")
    page.keyboard.press("Escape")

    page.get_by_role("radio", name="What each LSTM reads").click()
    expect(page.get_by_text("LSTM 1, ")).to_be_visible()
    settle(page)
    trace = run_python(page)["trace"]
    use = analysis.usage(trace.listened(), trace.lengths, trace.k)
    assert (use > 0).sum() > 1
    for lstm, share in enumerate(use, 1):
        if not share:
            continue
        expect(page.get_by_text(f"LSTM {lstm}, {share:.0%} of all steps")).to_be_visible()


def test_lines_of_train_and_compare_train_what_their_forms_say(server: Server, visit: Visit, asked: list[RunConfig]):
    page = visit(server, "train?epochs=3&k=2&carry=own")
    expect(page.get_by_text(re.compile(r"^k = 2: [\d,]+ weights"))).to_be_visible()
    run_python(page)
    shape, training = quick(TASKS["waves"])
    model = ModelConfig(**TASKS["waves"].borders, **{**shape, "k": 2, "carry": "own"})
    assert asked.pop() == RunConfig(task="waves", model=model, training=replace(training, epochs=3))
    page = visit(server, "compare")
    run_python(page)
    example = json.loads((PROJECT / "assets" / "comparison-waves.json").read_text())
    assert asked == list(SweepConfig.from_dict(example).runs())
