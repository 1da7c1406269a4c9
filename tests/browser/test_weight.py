"""A class on a slow network: what a page sends to a browser."""

from collections.abc import Callable

import pytest
from playwright.sync_api import Page, WebSocket

from tests.browser.conftest import settle
from tests.browser.test_app import TITLES
from tests.server import Server

MOST = 2_000_000  # bytes
VIEWS = ("Graph", "Use", "Time", "Information", "Map", "Two+models")
OF_K_AND_TAU = ("Temperature", "Lesions", "Training", "Mixed+or+own")


ADDRESSES = (
    *TITLES,
    *(f"transitions?transitions_view={view}" for view in VIEWS),
    *(f"k_and_tau?k_view={view}" for view in OF_K_AND_TAU),
)


@pytest.mark.parametrize("address", ADDRESSES)
def test_what_a_page_draws_stays_below_two_megabytes(address, server: Server, visit: Callable[..., Page]):
    page = visit(server, "waves?controls=off")
    sizes: list[int] = []

    def count(socket: WebSocket) -> None:
        socket.on("framereceived", lambda payload: sizes.append(len(payload)))

    page.on("websocket", count)
    page.goto(f"{server.url}/{address}")
    settle(page)
    page.wait_for_timeout(1_000)  # pictures may follow their page
    assert 0 < sum(sizes) < MOST
