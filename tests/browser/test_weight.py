"""A class on a slow network: what a page sends to a browser."""

from collections.abc import Callable

import pytest
from playwright.sync_api import Page

from tests.browser.conftest import WIRES
from tests.browser.test_app import TITLES
from tests.server import Server

MOST = 2_000_000  # bytes
VIEWS = ("Graph", "Use", "Time", "Information", "Map", "Steps", "Two+models")
OF_K_AND_TAU = ("Temperature", "Lesions", "Training", "Mixed+or+own")
OF_THE_LABORATORY = ("Strings+of+its+own", "What+each+LSTM+reads", "Figures")
ADDRESSES = (
    *TITLES,
    *(f"transitions?transitions_view={view}" for view in VIEWS),
    *(f"k_and_tau?k_view={view}" for view in OF_K_AND_TAU),
    *(f"{page}=text" for page in ("k_and_tau?k_view=Lesions&k_task", "k_and_tau?k_task")),
    "waves?wave_two=true",
    "waves?wave_kind=draw",
    "digits?digit_source=Test+digit",
    "digits?digit_source=Two+digits",
    *(f"laboratory?lab_view={view}" for view in OF_THE_LABORATORY),
    *(f"laboratory?task={task}" for task in ("forecast&lab_view=Run+on", "text&lab_view=Go+on", "curves", "regimes")),
)


@pytest.mark.parametrize("address", ADDRESSES)
def test_what_a_page_draws_stays_below_two_megabytes(address, server: Server, visit: Callable[..., Page]):
    page = visit(server, address)
    page.wait_for_timeout(1_000)  # pictures may follow their page
    assert 0 < WIRES[page].received < MOST
