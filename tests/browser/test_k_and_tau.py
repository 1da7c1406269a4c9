"""The k and tau page as a person uses it: more LSTMs, a softer choice, an LSTM less."""

import re
from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
from playwright.sync_api import Locator, Page, expect

from mrnn import TASKS, analysis, load, read_notes, snapshots
from pages.common import KEPT
from pages.common.models import SHIPPED
from tests.browser.conftest import becomes, settle, value_of
from tests.browser.test_app import BARS, all_drawn, choose, picture, strip, strip_of
from tests.server import Server

Visit = Callable[..., Page]
VIEWS = ("Number of LSTMs", "Temperature", "Lesions", "Training", "Mixed or own")


def timeline(page: Page, key: str) -> Locator:
    """The picture with this key."""
    found = page.locator(f".st-key-picture-{key}")
    expect(found.locator(".cursor")).to_have_count(1)
    return found


def heading(page: Page) -> Locator:
    return page.get_by_role("heading", level=4)


def answer(**how: Any) -> str:
    """What the shipped model says of the signal that the page opens on, as the page writes it."""
    told = load(SHIPPED / "waves-k4.safetensors").trace(TASKS["waves"].make(1, 0).x, **how).answers[0]
    return f"{TASKS['waves'].classes[int(told.argmax())]}, {told.max():.1%}"


def test_networks_side_by_side_share_the_cursor_and_are_measured_by_k(server: Server, visit: Visit):
    page = visit(server, "k_and_tau")
    box = picture(page, "k_waves-k2").bounding_box()
    assert box is not None
    page.mouse.move(box["x"] + 0.8 * box["width"], box["y"] + 0.5 * box["height"])
    readouts = page.locator("[class*=st-key-picture-k_waves] .readout")
    expect(readouts).to_have_count(5)
    expect(readouts.first).not_to_contain_text("t = 25 ")
    becomes(page, lambda: len({text.split("  ·  ")[0] for text in readouts.all_text_contents()}), 1)
    page.mouse.down()
    page.mouse.up()
    tables = page.locator("[class*=st-key-picture-k_waves] .numbers table")
    expect(tables).to_have_count(5)  # pinned in one, told in numbers by all
    step = int(re.findall(r"^t = (\d+)", readouts.first.text_content() or "")[0])
    model, x = load(SHIPPED / "waves-k2.safetensors"), TASKS["waves"].make(1, 0).x
    inside = model.inside(x, model.trace(x))
    cells = page.locator(".st-key-picture-k_waves-k2 .numbers tbody td:nth-child(2)").all_text_contents()
    np.testing.assert_allclose(list(map(value_of, cells)), inside.logits[0, step], atol=0.0057)
    expect(page.locator(".st-key-picture-k_waves-k2 .numbers")).to_contain_text("Gates of LSTM ")
    expect(page).to_have_url(re.compile(rf"[?&]t={step}&in=k_waves-k2"))
    for key in ("by_k", "weights_by_k", "effective_by_k"):
        picture(page, key)
    expect(page.get_by_text(re.compile(r"Of k = 16 LSTMs, \d+\.\d are"))).to_be_visible()


def test_a_signal_and_the_networks_stand_in_the_link(server: Server, visit: Visit):
    page = visit(server, "k_and_tau?k_signal=7&networks_waves=waves-k2,waves-k16")
    expect(page.locator("[class*=st-key-picture-k_waves]")).to_have_count(2)
    before = page.locator(".st-key-picture-k_waves-k2 path.signal").get_attribute("d")
    page.get_by_role("button", name="Another signal").click()
    expect(page.locator(".st-key-picture-k_waves-k2 path.signal")).not_to_have_attribute("d", before or "")
    settle(page)
    other = visit(server, page.url.removeprefix(f"{server.url}/"))
    after = page.locator(".st-key-picture-k_waves-k2 path.signal").get_attribute("d")
    expect(other.locator(".st-key-picture-k_waves-k2 path.signal")).to_have_attribute("d", after or "")
    expect(other.locator("[class*=st-key-picture-k_waves]")).to_have_count(2)


def test_a_lower_temperature_turns_the_blend_into_a_hard_pick(server: Server, visit: Visit):
    page = visit(server, "k_and_tau?k_view=Temperature&t=3")
    slider = page.get_by_role("slider", name="tau, temperature")
    weights, heaviest = [], []
    blend = timeline(page, "blend").locator(".numbers tbody td:nth-child(4)")
    cells = blend.all_text_contents()
    for key, tau in (("End", "10.00"), ("Home", "0.05")):
        slider.press(key)
        expect(heading(page)).to_contain_text(f"At tau {tau}")
        settle(page)
        text = page.get_by_text(re.compile(r"the heaviest LSTM has \d+% of the weight")).first.text_content() or ""
        weights.append(int(re.findall(r"has (\d+)%", text)[0]))
        becomes(page, lambda: blend.all_text_contents() in ([], cells), False)  # noqa: B023, looked at here
        cells = blend.all_text_contents()
        assert sum(map(float, cells)) == pytest.approx(1, abs=0.05)
        heaviest.append(max(map(float, cells)))
    assert weights[0] < 70
    assert weights[1] > 95
    assert heaviest[0] < heaviest[1]
    other = visit(server, page.url.removeprefix(f"{server.url}/"))
    expect(heading(other)).to_contain_text("At tau 0.05")
    expect(timeline(other, "blend").locator(".readout")).to_contain_text("t = 3 ")


def test_accuracy_against_tau_is_measured_on_demand_and_kept(server: Server, visit: Visit):
    page = visit(server, "k_and_tau?k_view=Temperature&model=waves-k2")
    page.get_by_role("button", name=re.compile("Measure on")).click()
    told = page.get_by_text(re.compile("Sampled answers are right most often at tau")).first
    expect(told).to_be_visible(timeout=60_000)
    picture(page, "by_tau")
    again = visit(server, "k_and_tau?k_view=Temperature&model=waves-k2")
    expect(again.get_by_text(told.text_content() or "?").first).to_be_visible()


def test_an_lstm_is_switched_off_one_is_forced_on_and_a_step_is_another_s(server: Server, visit: Visit):
    page = visit(server, "k_and_tau?k_view=Lesions")
    expect(heading(page)).to_have_text(f"Before: {answer()}. After: {answer()}")
    page.get_by_role("button", name="4", exact=True).first.click()
    off = answer(allowed=[True, True, True, False])
    expect(heading(page)).to_contain_text(f"After: {off}")
    expect(timeline(page, "steered").locator('.stay[data-lstm="4"]')).to_have_count(0)
    page.get_by_role("button", name="As it is").click()
    expect(heading(page)).to_contain_text(f"After: {answer()}")
    settle(page)

    svg = timeline(page, "steered").locator("svg[role=img]")
    svg.focus()
    for key in ("Home", "ArrowRight", "ArrowRight", "1"):  # by keyboard: step 2 to LSTM 1
        svg.press(key)
    choice = np.full((1, 1, 50), -1)
    choice[0, 0, 2] = 0
    expect(heading(page)).to_contain_text(f"After: {answer(choice=choice)}")
    expect(timeline(page, "steered").locator(".forced")).to_have_count(1)
    settle(page)
    box = timeline(page, "steered").locator(".stay").last.bounding_box()  # by mouse: the last step to LSTM 3
    assert box is not None
    page.mouse.click(box["x"] + box["width"] - 2, box["y"] + 5)
    page.get_by_role("button", name="LSTM 3", exact=True).click()
    choice[0, 0, 49] = 2
    expect(heading(page)).to_contain_text(f"After: {answer(choice=choice)}")
    expect(timeline(page, "steered").locator(".forced")).to_have_count(2)
    expect(page.get_by_text(re.compile(r"From step \d+ on another LSTM is listened to"))).to_be_visible()
    picture(page, "answer_change")
    settle(page)

    other = visit(server, page.url.removeprefix(f"{server.url}/"))
    expect(heading(other)).to_have_text(heading(page).text_content() or "?")
    expect(timeline(other, "steered").locator(".forced")).to_have_count(2)
    other.get_by_role("button", name="the network's own choice").click()
    expect(timeline(other, "steered").locator(".forced")).to_have_count(1)


def test_the_accuracy_after_each_lesion_is_measured_on_demand(server: Server, visit: Visit):
    page = visit(server, "k_and_tau?k_view=Lesions&model=waves-k2")
    page.evaluate(BARS)
    page.get_by_role("button", name="Measure on the test set").click()
    expect(page.get_by_text(re.compile(r"On the test set: 99\.94% right as it is\. Without LSTM")).first).to_be_visible(
        timeout=60_000
    )
    picture(page, "lesions")
    told = page.evaluate("window.bars")
    assert any(re.search("Measured [123] of 3", bar) for bar in told)  # a quick one may be gone before it is drawn


def test_the_slider_over_epochs_shows_the_same_signal_as_the_network_learned(server: Server, visit: Visit):
    kept = snapshots.read(KEPT / "waves-k4-again" / snapshots.FILE)
    assert kept is not None
    page = visit(server, "k_and_tau?k_view=Training&kept_signal=2")
    slider = page.get_by_role("slider", name="Epoch")
    strips = []
    for key, words, epoch in (
        ("Home", "Before training", 0),
        ("ArrowRight", "After epoch 1", 1),
        ("End", "After epoch 16", 16),
    ):
        slider.press(key)
        expect(heading(page)).to_contain_text(f"{words}: ")
        settle(page)
        strips.append(strip_of(kept.z[epoch, 1, 0]))
        becomes(page, lambda: strip(page, "learned"), strips[-1])
    assert len(set(map(tuple, strips))) > 1
    picture(page, "by_epoch")
    slider.press("Home")
    expect(heading(page)).to_contain_text("Before training")
    settle(page)
    other = visit(server, page.url.removeprefix(f"{server.url}/"))
    expect(heading(other)).to_contain_text("Before training")


def test_mixed_and_own_memory_read_the_same_signal_under_common_names(server: Server, visit: Visit):
    page = visit(server, "k_and_tau?k_view=Mixed+or+own&k_signal=5")
    models = [load(SHIPPED / f"{file}.safetensors") for file in ("waves-k4", "waves-k4-own")]
    assert [model.config.carry for model in models] == ["mixed", "own"]
    many = TASKS["waves"].make(500, 0)
    first, second = (model.trace(many.x).listened() for model in models)
    found = analysis.align(first, second, many.lengths, (4, 4))
    assert (found.partner != np.arange(4)).any()
    mixed, own = (model.trace(TASKS["waves"].make(1, 5).x).listened()[0] for model in models)
    for carry, file, z in (("mixed", "waves-k4", mixed), ("own", "waves-k4-own", found.renamed(own))):
        becomes(page, lambda: strip(page, f"carry_{carry}"), strip_of(z))  # noqa: B023, looked at here
        accuracy = read_notes(SHIPPED / f"{file}.safetensors")["figures"]["test_accuracy_hard"]
        expect(page.get_by_text(re.compile(rf"In use, on test data: {accuracy:.2%} right")).first).to_be_visible()
    told = f"There they listened to partners at {found.agreement:.0%} of the steps"
    expect(page.get_by_text(re.compile(told))).to_be_visible()
    expect(page.get_by_text(re.compile("Mixed minus own"))).to_be_visible()


def test_where_no_digits_were_kept_a_press_leads_to_train_with_its_form_set(server: Server, visit: Visit):
    page = visit(server, "k_and_tau?k_view=Mixed+or+own")
    choose(page, "Task", "Digits (MNIST)")
    expect(page.get_by_text("k = 4, m = 64, carry own, 6 epochs")).to_be_visible()
    page.get_by_role("button", name="Train with these settings").click()
    expect(page.locator("h1")).to_have_text("Train")
    settle(page)
    expect(page.get_by_role("radio", name="Digits (MNIST)")).to_be_checked()
    page.get_by_text("More: objective, optimiser, cell, device, task").click()
    expect(page.get_by_role("radio", name="own", exact=True)).to_be_checked()


def test_the_lstm_of_a_hidden_regime_is_switched_off_and_what_follows_is_drawn(server: Server, visit: Visit):
    page = visit(server, "k_and_tau?k_view=Lesions")
    page.get_by_role("button", name="A regime without its LSTM").click()
    settle(page)
    task, model = TASKS["regimes"], load(SHIPPED / "regimes-k3.safetensors")
    data = task.make(1, 0)
    trace = model.trace(data.x, data.lengths, allowed=np.array([True, False, True]))
    error = analysis.judge(trace, data.y).errors.mean()
    expect(heading(page)).to_contain_text(f"After: mean squared error {error:.4g} over 100 steps")
    assert strip(page, "steered") == strip_of(trace.listened()[0])
    expect(timeline(page, "steered").locator("svg[role=img]")).to_contain_text("regime")
    picture(page, "answer_change")
    elsewhere = visit(server, page.url.removeprefix(f"{server.url}/"))
    expect(heading(elsewhere)).to_contain_text(f"After: mean squared error {error:.4g} over 100 steps")


@pytest.mark.parametrize("view", VIEWS)
def test_a_view_fits_a_telephone_and_its_controls_can_be_left_out(view, server: Server, visit: Visit):
    page = visit(server, f"k_and_tau?k_view={view.replace(' ', '+')}&controls=off", width=390, scheme="dark")
    sizes = "main => main.scrollWidth - main.clientWidth"
    all_drawn(page)
    becomes(page, lambda: page.get_by_test_id("stMain").evaluate(sizes), 0)
    expect(page.get_by_text("Task", exact=True)).to_be_hidden()
    expect(page.locator(".stAlert")).to_have_count(0)
