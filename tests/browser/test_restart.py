"""The server is killed under a person who trains, and started again."""

import os
import re
import signal
from pathlib import Path

import pytest
from playwright.sync_api import Browser, expect

from mrnn.files import read_lines
from tests.browser.conftest import settle
from tests.server import run_server


@pytest.mark.slow
def test_a_run_is_found_shown_and_goes_on_when_the_app_is_killed_and_started_again(browser: Browser, tmp_path: Path):
    page = browser.new_context().new_page()  # of a person who stays the same
    with run_server(tmp_path) as server:
        page.goto(f"{server.url}/train")
        settle(page)
        page.get_by_role("slider", name="Epochs").press("End")
        settle(page)
        page.get_by_role("button", name="Train", exact=True).click()
        expect(page.get_by_text(re.compile(r"^After epoch \d+:"))).to_have_count(1, timeout=180_000)
        page.goto("about:blank")  # else the browser complains of the connection that is gone
        os.kill(server.pid, signal.SIGKILL)
    (history,) = server.runs.glob("*/history.jsonl")
    before = read_lines(history)
    with run_server(tmp_path) as server:
        page.goto(f"{server.url}/train")
        running = page.get_by_text(re.compile(r"^Epoch \d+ of 100 on the CPU"))
        expect(running).to_be_visible(timeout=180_000)
        assert int(re.findall(r"\d+", running.inner_text())[0]) > len(before)
        page.get_by_role("button", name="Stop").click()
        expect(page.get_by_text(re.compile("^Stopped; the best model so far is kept"))).to_be_visible(timeout=60_000)
        assert read_lines(history)[: len(before)] == before
    page.context.close()
