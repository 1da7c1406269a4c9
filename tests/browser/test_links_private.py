"""What a link says and shows to somebody who may not see all that it names."""

import re
from collections.abc import Callable

import pytest
from playwright.sync_api import Page, expect

from tests.browser.test_app import picture
from tests.server import Server

Visit = Callable[..., Page]
PRIVATE = "upload-000000000000-0000"
OWN = f"own-{'0' * 24}"


@pytest.mark.parametrize(
    ("address", "says", "shown"),
    [
        (f"digits?model={PRIVATE}", "somebody's private one, or it was deleted", "rows"),
        (f"transitions?model={PRIVATE}&transitions_view=Use", "somebody's private one, or it was deleted", "usage"),
        (f"k_and_tau?k_view=Temperature&model={PRIVATE}", "somebody's private one, or it was deleted", "blend"),
        (f"laboratory?model={PRIVATE}", "somebody's private one, or it was deleted", "answers"),
        (f"k_and_tau?k_view=Temperature&k_task={OWN}", "somebody's own data: they are private", "blend"),
        (f"laboratory?task={OWN}", "somebody's own data: they are private", "answers"),
        ("waves?model=digits-k4", "a model for Digits (MNIST), k = 4", "timeline"),
    ],
)
def test_what_others_cannot_open_is_said_and_something_that_ships_is_shown(
    address, says, shown, server: Server, visit: Visit
):
    page = visit(server, address, width=390 if "laboratory" in address else 1280)
    expect(page.locator(".stAlert")).to_contain_text(says)
    picture(page, shown)
    if "digits-k4" in address:
        page.get_by_test_id("stMain").get_by_role("link", name="Digits (MNIST), k = 4").click()
        expect(page.locator("h1")).to_have_text("Digits")
        expect(page.get_by_role("combobox", name="Model")).to_have_value(re.compile("^k = 4, m = 128"))
        expect(page.locator(".stAlert")).to_have_count(0)


def test_a_teachers_link_leaves_only_some_classes_to_choose_from(server: Server, visit: Visit):
    page = visit(server, "transitions?only_digits=4,7,9&second_digits=9")
    first, second = (page.get_by_role("combobox", name=f"{which} class") for which in ("First", "Second"))
    expect(first).to_have_value("4")
    expect(second).to_have_value("9")
    first.click()
    expect(page.get_by_role("option")).to_have_text(["4", "7", "9"])
    page.get_by_role("option", name="7").click()
    expect(page).to_have_url(re.compile("first_digits=7"))
    alone = visit(server, f"{page.url.removeprefix(f'{server.url}/')}&controls=off")
    picture(alone, "matrix_7")
    picture(alone, "matrix_9")
    expect(alone.get_by_role("combobox", name="First class")).to_be_hidden()
