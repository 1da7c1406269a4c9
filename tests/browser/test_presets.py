"""A press on a preset, and the page shows what it promises."""

import re
from collections.abc import Callable
from typing import Any

from playwright.sync_api import Locator, Page, expect

from mrnn import TASKS, load, snapshots
from mrnn.charts import lstm_colour
from mrnn.tasks.waves import Waves
from pages.common import KEPT
from pages.common.models import SHIPPED
from pages.common.whole import WAVES
from tests.browser.conftest import becomes
from tests.browser.test_app import picture, strip, strip_of
from tests.server import Server

Visit = Callable[..., Page]


def press(page: Page, name: str) -> None:
    page.locator(".st-key-presets").get_by_role("button", name=name, exact=True).click()


def heading(page: Page) -> Locator:
    return page.get_by_role("heading", level=4)


def heard(model: str, seed: int, **how: Any) -> list[str]:
    """The strip of a shipped model that reads a wave."""
    z = load(SHIPPED / f"{model}.safetensors").trace(TASKS["waves"].make(1, seed=seed).x, **how).listened()[0]
    return strip_of(z)


def test_presets_of_the_overview_show_their_signals(server: Server, visit: Visit):
    page = visit(server)
    picture(page, "overview")
    for name, seed, truth, says in (
        ("A plain sine", 5, "non-alien", "non-alien"),
        ("Heard late", 25, "alien", "alien"),
        ("One that fools it", 2743, None, None),
        ("An alien", 20, "alien", "alien"),
    ):
        press(page, name)
        becomes(page, lambda: strip(page, "overview"), heard("waves-k4", seed))
        told = page.get_by_text(re.compile(r"^The signal is \S+; after the last step the network says"))
        if truth:
            expect(told).to_contain_text(f"The signal is {truth}; after the last step the network says {says}, ")
        else:
            expect(told).not_to_contain_text(re.compile(r"is (\S+); after the last step the network says \1,"))


def test_presets_of_waves_show_their_signals(server: Server, visit: Visit):
    page = visit(server, "waves")
    model = load(SHIPPED / "waves-k4.safetensors")
    f = WAVES["wave_f"]
    for name, kind in (("Plain sine", "non-alien"), ("Alien", "alien")):
        press(page, name)
        expect(heading(page)).to_contain_text(f"The model says: {kind}")
        z = model.trace(Waves().wave(kind, p=0.0, f=f, s=1.0, seed=0).x).listened()[0]
        becomes(page, lambda: strip(page), strip_of(z))
    press(page, "Not heard")
    expect(page.get_by_text(re.compile("the network does not hear it"))).to_be_visible()
    press(page, "With and without")
    expect(heading(page)).to_contain_text(re.compile("First: alien.*Second: non-alien"))
    expect(page.locator(".st-key-picture-timeline path.signal")).to_have_count(2)


def test_presets_of_the_laboratory_lead_through_its_tasks(server: Server, visit: Visit):
    page = visit(server, "laboratory")
    for name, told in (
        ("Flip bits", "Right at 16 of 16 steps"),
        ("A string that breaks", "is not as the task has it"),
        ("Strings of its own", "of these 8 are whole strings of the grammar"),
        ("Memory by length", "for each network"),
        ("A forecast runs on", "mean squared error of its own"),
        ("A legal string", "Right at 10 of 10 steps"),
    ):
        press(page, name)
        expect(page.get_by_text(re.compile(told)).first).to_be_visible()
    press(page, "Alice goes on")
    expect(page.get_by_role("combobox", name="Task")).to_have_value(re.compile("ext"))
    expect(page.get_by_test_id("stMain").get_by_test_id("stCode").first).to_contain_text(re.compile(r"\w{3} \w"))
    expect(page.locator(".stAlert")).to_have_count(0)


def test_presets_of_k_and_tau_show_what_they_promise_in_each_view(server: Server, visit: Visit):
    page = visit(server, "k_and_tau")
    pictures = page.locator("[class*='st-key-picture-k_']")
    for name, models in (
        ("One against sixteen", ["waves-k1", "waves-k16"]),
        ("As many weights", ["waves-k1-m129", "waves-k4"]),
        ("A digit", [f"digits-k{k}" for k in (1, 2, 4, 8, 16)]),
    ):
        press(page, name)
        expect(pictures).to_have_count(len(models))
        for model in models:
            picture(page, f"k_{model}")
    press(page, "1, 2, 4, 8, 16")
    becomes(page, lambda: strip(page, "k_waves-k4"), heard("waves-k4", 0))

    page.get_by_role("radio", name="Temperature").click()
    shown = page.get_by_text(re.compile(r"the heaviest LSTM has \d+% of the weight"))
    weights = []
    for name, tau in (
        ("A blend", "10.00"),
        ("As training begins", "1.00"),
        ("As it ends", "0.30"),
        ("One-hot", "0.05"),
    ):
        press(page, name)
        expect(heading(page)).to_contain_text(f"At tau {tau} this draw")
        expect(shown).to_contain_text(f"At tau {tau} the heaviest")
        weights.append(int(re.findall(r"has (\d+)%", shown.text_content() or "")[0]))
    assert weights == sorted(set(weights))

    page.get_by_role("radio", name="Lesions").click()
    press(page, "Without LSTM 4")
    becomes(page, lambda: strip(page, "steered"), heard("waves-k4", 0, allowed=[True, True, True, False]))
    press(page, "LSTM 1 alone")
    becomes(page, lambda: strip(page, "steered"), [lstm_colour(1)])
    press(page, "As it is")
    becomes(page, lambda: strip(page, "steered"), heard("waves-k4", 0))

    page.get_by_role("radio", name="Training").click()
    kept = snapshots.read(KEPT / "waves-k4-again" / snapshots.FILE)
    assert kept is not None
    for name, when, epoch in (
        ("After one epoch", "After epoch 1", 1),
        ("Before training", "Before training", 0),
        ("At the end", "After epoch 16", 16),
    ):
        press(page, name)
        expect(heading(page)).to_contain_text(f"{when}: ")
        expect(page.get_by_text(re.compile(rf"^{when}, LSTM \d is listened to most"))).to_be_visible()
        becomes(page, lambda: strip(page, "learned"), strip_of(kept.z[epoch, 0, 0]))

    page.get_by_role("radio", name="Mixed or own").click()
    for name, seed in (("A plain wave", 47), ("An alien one", 2), ("Where own is wrong", 25)):
        press(page, name)
        becomes(page, lambda: strip(page, "carry_mixed"), heard("waves-k4", seed))
