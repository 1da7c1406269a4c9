"""The guided tour, from its invitation to its end."""

import re
from collections.abc import Callable

from playwright.sync_api import Page, expect

from pages.common import MENU
from pages.common.tour import STOPS
from tests.browser.conftest import settle
from tests.server import Server

Visit = Callable[..., Page]
TITLES = {path: label for path, label, _ in MENU} | {"app.py": "Markov recurrent networks"}


def at_stop(page: Page, number: int) -> None:
    """The page of this stop, its words, and what they speak of with a frame around it."""
    stop = STOPS[number - 1]
    expect(page.get_by_text(f"Stop {number} of {len(STOPS)}: {stop.title}.")).to_be_visible()
    expect(page.locator("h1")).to_have_text(TITLES[stop.page])
    settle(page)
    looked_at = page.locator(f".st-key-{stop.look}")
    expect(looked_at).to_be_visible()
    expect(looked_at).to_have_css("outline-style", "solid")
    expect(page).to_have_url(re.compile(rf"[?&]tour={number}(&|$)"))
    expect(page.locator(".stAlert")).to_have_count(0)


def go(page: Page, name: str) -> None:
    page.locator(".st-key-tour").get_by_role("button", name=name).click()


def test_the_tour_leads_through_every_stop_and_back(server: Server, visit: Visit):
    page = visit(server)
    page.get_by_role("button", name=f"Take the tour, {len(STOPS)} stops").click()
    at_stop(page, 1)
    for number in range(2, len(STOPS) + 1):
        go(page, "Next")
        at_stop(page, number)
    go(page, "Back")
    at_stop(page, len(STOPS) - 1)
    go(page, "Leave the tour")
    expect(page.get_by_text("Stop ")).to_have_count(0)
    expect(page).not_to_have_url(re.compile("tour"))


def test_a_stop_sets_the_signal_that_it_speaks_of(server: Server, visit: Visit):
    page = visit(server, "waves?tour=2")
    at_stop(page, 2)
    expect(page.get_by_role("radio", name="non-alien", exact=True)).to_be_checked()
    go(page, "Next")
    at_stop(page, 3)
    expect(page.get_by_role("radio", name="alien", exact=True)).to_be_checked()
    go(page, "Back")
    at_stop(page, 2)
    expect(page.get_by_role("radio", name="non-alien", exact=True)).to_be_checked()


def test_a_stop_that_is_none_shows_no_tour(server: Server, visit: Visit):
    for number in ("0", str(len(STOPS) + 1), "-1", "x"):
        page = visit(server, f"waves?tour={number}")
        expect(page.get_by_role("heading", level=4)).to_be_visible()
        expect(page.get_by_role("button", name="Leave the tour")).to_have_count(0)
