"""Waves in a real browser: signals that a person mixes, draws and compares."""

import contextlib
import io
import re
from collections.abc import Callable

import pytest
from playwright.sync_api import Page, expect

from tests.browser.conftest import settle
from tests.browser.test_app import pick, picture
from tests.server import PROJECT, Server

Visit = Callable[..., Page]
PATIENT = 30_000  # milliseconds


def press(page: Page, slider: str, key: str, times: int = 1) -> None:
    for _ in range(times):
        page.get_by_role("slider", name=slider).press(key)
    settle(page)


def run_python(page: Page) -> dict[str, object]:
    """What the page's lines of Python come to."""
    page.get_by_role("button", name="Python").click()
    code = page.get_by_test_id("stPopoverBody").locator("code").text_content() or ""
    names: dict[str, object] = {}
    with contextlib.redirect_stdout(io.StringIO()):
        exec(code, names)  # noqa: S102, our own
    return names


def ends(page: Page) -> tuple[float, float]:
    """Where the bracket begins and ends, in pixels of the timeline."""
    path = page.locator(".st-key-picture-timeline .bracket").get_attribute("d") or ""
    found = [float(x) for x in re.findall(r"[MH]([\d.]+)", path)]
    return found[0], found[1]


def test_an_alien_part_is_spliced_in_marked_and_moved(server: Server, visit: Visit, monkeypatch):
    page = visit(server, "waves")
    bracket = page.locator(".st-key-picture-timeline .bracket")
    expect(bracket).to_have_count(0)
    pick(page, "mix")
    expect(page.get_by_text(re.compile(r"The alien part \(steps 20 to 27\) changes z from step 21 on"))).to_be_visible(
        timeout=PATIENT
    )
    expect(bracket).to_have_count(1)
    before = ends(page)
    # Steps 20 to 27 have the width of 8 of the 50 steps, and so has the strip of z.
    box = page.locator(".st-key-picture-timeline .stay").evaluate_all(
        "all => all.reduce((sum, block) => sum + +block.getAttribute('width'), 0)"
    )
    assert before[1] - before[0] == pytest.approx(8 / 50 * box, rel=0.01)
    press(page, "The alien part begins at", "ArrowLeft", 10)
    expect(page.get_by_text(re.compile(r"The alien part \(steps 10 to 17\)"))).to_be_visible(timeout=PATIENT)
    after = ends(page)
    assert before[0] - after[0] == pytest.approx(10 / 50 * box, rel=0.01)
    said = page.get_by_role("heading", level=4).text_content()
    other = visit(server, page.url.removeprefix(f"{server.url}/"), width=390, height=844)
    assert picture(other, "timeline").is_visible()
    expect(other.get_by_text(re.compile(r"The alien part \(steps 10 to 17\)"))).to_be_visible(timeout=PATIENT)
    expect(other.get_by_role("heading", level=4)).to_have_text(said or "")
    monkeypatch.chdir(PROJECT)
    says = run_python(page)["trace"].answers[0]  # type: ignore[attr-defined]
    assert f"{says.max():.1%}" in (said or "")
