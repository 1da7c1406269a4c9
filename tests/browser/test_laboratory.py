"""A person puts a trained network to use: types bits and a string, lets it write strings, moves through time."""

import re
from collections.abc import Callable

from playwright.sync_api import Page, expect

from tests.browser.conftest import settle
from tests.browser.test_app import choose, picture
from tests.server import Server


def test_bits_are_typed_and_answered_and_strings_are_written_and_judged(server: Server, visit: Callable[..., Page]):
    page = visit(server, "laboratory?task=bit_flip")
    timeline = page.locator(".st-key-picture-answers")
    heading = page.get_by_role("heading", level=4)
    expect(heading).to_have_text("Right at 16 of 16 steps")
    field = page.get_by_role("textbox", name="Type one")
    field.fill("0011101")
    field.press("Enter")
    expect(heading).to_have_text("Right at 7 of 7 steps")
    expect(timeline.locator(".truth").first).to_be_attached()
    expect(timeline.locator(".wrong")).to_have_count(0)

    # The cursor: the step before the last came in as 0, and is answered by 1.
    drawing = picture(page, "answers")
    drawing.press("End")
    expect(timeline.locator(".readout")).to_contain_text("t = 6  ·  came in 1")
    drawing.press("ArrowLeft")
    drawing.press("Enter")
    expect(timeline.locator(".readout")).to_contain_text("t = 5  ·  came in 0")
    expect(timeline.locator(".readout")).to_contain_text(re.compile(r"says 1 \(\d+%\): right"))
    expect(page).to_have_url(re.compile(r"[?&]t=5(&|$)"))

    # Another task, another set of things to do.
    choose(page, "Task", "Reber grammar")
    expect(heading).to_have_text("Right at 10 of 10 steps")
    page.get_by_role("radio", name="Strings of its own").click()
    expect(page.get_by_text("of these 8 are whole strings of the grammar")).to_be_visible()
    page.get_by_role("button", name="Try 1,000").click()
    expect(heading).to_contain_text(re.compile(r"of 1,000 strings are legal"))
    picture(page, "lengths_of_strings")
    settle(page)
    other = visit(server, page.url.removeprefix(f"{server.url}/"))
    expect(other.get_by_role("heading", level=4)).to_contain_text("strings are legal")


def test_back_brings_the_task_before_back(server: Server, visit: Callable[..., Page]):
    page = visit(server, "laboratory?task=bit_flip")
    task = page.get_by_role("combobox", name="Task")
    expect(task).to_have_value(re.compile("Bit flip"))
    choose(page, "Task", "Forecast")
    expect(page).to_have_url(re.compile(r"task=forecast"))
    settle(page)
    page.go_back()
    expect(page).to_have_url(re.compile(r"task=bit_flip"))
    expect(task).to_have_value(re.compile("Bit flip"))
    settle(page)
    expect(page).to_have_url(re.compile(r"task=bit_flip"))
