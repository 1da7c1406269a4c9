"""A real server, and a real Chromium that looks at it."""

import os
import shutil
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Browser, ConsoleMessage, Page, sync_playwright

from tests.server import Server, run_server

CHROMIUM = next(filter(None, map(shutil.which, ("chromium", "chromium-browser", "google-chrome"))), None)
QUIET = (
    "--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run", "--disable-background-networking",
    "--disable-component-update", "--disable-sync",
)  # fmt: skip
# Streamlit itself asks for these two below a page's address before it finds its root.
OWN_404 = ("/_stcore/health", "/_stcore/host-config")


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    for item in items:
        if "browser" in Path(str(item.path)).parts:
            item.add_marker(pytest.mark.browser)


@pytest.fixture(scope="session")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    with run_server(tmp_path_factory.mktemp("server")) as running:
        yield running


@pytest.fixture
def cold_server(tmp_path: Path) -> Iterator[Server]:
    with run_server(tmp_path) as running:
        yield running


@pytest.fixture(scope="session")
def browser() -> Iterator[Browser]:
    if CHROMIUM is None:
        if os.environ.get("MRNN_BROWSER") == "required":
            pytest.fail("MRNN_BROWSER=required, but there is no Chromium on the path")
        pytest.skip("no Chromium on the path; install one (Debian: apt-get install chromium)")
    with sync_playwright() as playwright:
        chromium = playwright.chromium.launch(executable_path=CHROMIUM, args=list(QUIET))
        yield chromium
        chromium.close()


@pytest.fixture
def visit(browser: Browser) -> Iterator[Callable[..., Page]]:
    """visit(server, address, width=, scheme=) opens a page as a new person, and returns it once it has settled.

    At the end of the test neither the browser's console nor the server's log may hold a complaint.
    """
    pages: list[Page] = []
    complaints: list[str] = []
    servers: dict[str, Server] = {}

    def listen(message: ConsoleMessage) -> None:
        own = any(part in message.location.get("url", "") for part in OWN_404)
        if message.type in ("error", "warning") and not (own and "404" in message.text):
            complaints.append(f"{message.type}: {message.text} ({message.location.get('url')})")

    def open_page(
        server: Server, address: str = "", *, width: int = 1280, height: int = 800, scheme: str = "light"
    ) -> Page:
        context = browser.new_context(viewport={"width": width, "height": height}, color_scheme=scheme)  # type: ignore[arg-type]
        page = context.new_page()
        page.set_default_timeout(60_000)
        page.on("console", listen)
        page.on("pageerror", lambda error: complaints.append(f"page error: {error}"))
        page.goto(f"{server.url}/{address}")
        pages.append(page)
        servers[server.url] = server
        settle(page)
        return page

    yield open_page
    for page in pages:
        page.context.close()
    assert not complaints, "\n".join(("the browser's console holds complaints:", *complaints))
    for running in servers.values():
        grumbles = running.grumbles()
        assert not grumbles, "\n".join(("the server's log holds complaints:", *grumbles))


def settle(page: Page) -> None:
    """Wait until the page has a heading, a picture, and nothing that is still being computed."""
    page.wait_for_selector("h1")
    page.wait_for_function(
        "() => !document.querySelector('[data-testid=stStatusWidget]') && !document.querySelector('[data-stale=true]')"
    )
    page.wait_for_timeout(300)
