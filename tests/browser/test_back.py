"""One press is one step of the browser's Back, and Back brings all of it back."""

import re
from collections.abc import Callable

import pytest
from playwright.sync_api import Page, expect

from tests.browser.conftest import becomes, settle
from tests.browser.test_app import choose, picture
from tests.server import Server

Visit = Callable[..., Page]
SAID = """() => [
  ...document.querySelectorAll("h4, h4 + p"), ...document.querySelectorAll("[role=combobox], input[type=number]"),
].map(one => one.value ?? one.textContent).concat(
  [...document.querySelectorAll("[role=radio][aria-checked=true], [aria-pressed=true]")].map(one => one.textContent)
)"""


def look(page: Page) -> list[str]:
    """What a page says, and what its controls are set to."""
    settle(page)
    return page.evaluate(SAID)


def press(page: Page, name: str, *address: str) -> None:
    """Press a button, and wait for what it writes into the address."""
    page.get_by_role("button", name=name, exact=True).click()
    for part in address:
        expect(page).to_have_url(re.compile(part))
    settle(page)


@pytest.mark.parametrize(
    ("address", "presses"),
    [
        ("waves", {"With and without": "wave_two=true", "Not heard": "wave_kind=mix wave_start=50"}),
        ("digits", {"7 and 9": "Two", "A 5 that fools it": "digit_number=633"}),
        ("transitions", {"1 or 7?": "second_digits=7", "Alien or not": "model=waves-k4"}),
        ("k_and_tau?k_view=Lesions", {"LSTM 1 alone": "lesion_on=1", "Without LSTM 4": "lesion_off=4"}),
        (
            "laboratory?task=bit_flip",
            {"Strings of its own": "lab_view=Str", "A string that breaks": "lab_text_reber=BTSSXB"},
        ),
        ("train", {"Hard from the start": "tau0=0.3", "One LSTM": "[?&]k=1(&|$)"}),
    ],
)
def test_each_press_is_one_step_and_back_undoes_it_as_a_whole(address, presses, server: Server, visit: Visit):
    page = visit(server, address)
    seen, steps = [look(page)], page.evaluate("history.length")
    for name, told in presses.items():
        press(page, name, *told.split())
        seen.append(look(page))
    assert page.evaluate("history.length") == steps + len(presses)
    for before in reversed(seen[:-1]):
        page.go_back()
        becomes(page, lambda: look(page), before)
    page.go_forward()
    becomes(page, lambda: look(page), seen[1])


def test_back_closes_a_state_of_the_map_and_forward_opens_it_again(server: Server, visit: Visit):
    page = visit(server, "transitions?transitions_view=Map&model=waves-k4")
    picture(page, "map").locator("path[aria-roledescription=circle]").last.click()
    opened = page.get_by_text(re.compile("its state at step"))
    expect(opened).to_be_visible()
    settle(page)
    page.go_back()
    expect(opened).to_have_count(0)
    expect(page).not_to_have_url(re.compile(r"[?&](state|t)="))
    page.go_forward()
    expect(opened).to_be_visible()


def test_another_task_takes_the_model_out_of_the_address_and_back_brings_both_back(server: Server, visit: Visit):
    page = visit(server, "k_and_tau?k_view=Temperature&model=waves-k8")
    model = page.get_by_role("combobox", name="Model")
    expect(model).to_have_value(re.compile("^k = 8"))
    choose(page, "Task", "Digits (MNIST)")
    expect(page).to_have_url(re.compile("k_task=digits"))
    expect(page).not_to_have_url(re.compile("model="))
    expect(model).to_have_value(re.compile("^k = 4"))
    expect(page.locator(".stAlert")).to_have_count(0)
    page.go_back()
    expect(model).to_have_value(re.compile("^k = 8"))
    expect(page.get_by_role("combobox", name="Task")).to_have_value("Alien waves")


def test_a_pinned_step_goes_with_its_page_and_comes_back_with_back(server: Server, visit: Visit):
    page = visit(server, "waves")
    for key in ("End", "ArrowLeft", "Enter"):
        picture(page, "timeline").press(key)
    expect(page).to_have_url(re.compile(r"[?&]t=48(&|$)"))
    readout = page.locator(".st-key-picture-timeline .readout")
    picture(page, "timeline").press("Home")
    expect(page).to_have_url(re.compile(r"[?&]t=0(&|$)"))
    settle(page)
    page.go_back()
    expect(readout).to_contain_text(re.compile(r"t = 48 .*pinned"))
    settle(page)  # a press while the page is still at work may be taken for one with the next
    page.go_back()
    expect(readout).not_to_contain_text("pinned")
    settle(page)
    page.go_forward()
    expect(readout).to_contain_text(re.compile(r"t = 48 .*pinned"))
    settle(page)
    expect(page).to_have_url(re.compile(r"[?&]t=48(&|$)"))
    for name in ("Digits", "Waves"):
        page.get_by_test_id("stSidebar").get_by_role("link", name=name, exact=True).click()
        expect(page.locator("h1")).to_have_text(name)
        settle(page)
    expect(readout).not_to_contain_text("pinned")
    expect(page).not_to_have_url(re.compile(r"[?&]t="))
    page.go_back()
    expect(page.locator("h1")).to_have_text("Digits")
    settle(page)
    page.go_back()
    expect(readout).to_contain_text(re.compile(r"t = 48 .*pinned"))


def test_a_step_that_was_steered_goes_back_with_back_and_with_its_model(server: Server, visit: Visit):
    page = visit(server, "k_and_tau?k_view=Lesions")
    drawing = picture(page, "steered")
    for key in ("Home", "ArrowRight", "1"):
        drawing.press(key)
    forced = page.locator(".st-key-picture-steered .forced")
    expect(forced).to_have_count(1)
    expect(page).to_have_url(re.compile("steered_at=1"))
    settle(page)
    choose(page, "Model", re.compile("k = 8"))
    expect(forced).to_have_count(0)
    expect(page).not_to_have_url(re.compile("steered_at"))
    settle(page)
    page.go_back()
    expect(forced).to_have_count(1)
    expect(page.get_by_role("combobox", name="Model")).to_have_value(re.compile("^k = 4"))
