"""A real server, and a real Chromium that looks at it."""

import os
import shutil
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from weakref import WeakKeyDictionary

import pytest
from playwright.sync_api import Browser, ConsoleMessage, Page, WebSocket, expect, sync_playwright
from streamlit.proto.BackMsg_pb2 import BackMsg
from streamlit.proto.ForwardMsg_pb2 import ForwardMsg

from tests.server import Server, run_server

CHROMIUM = next(filter(None, map(shutil.which, ("chromium", "chromium-browser", "google-chrome"))), None)
QUIET = (
    "--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run", "--disable-background-networking",
    "--disable-component-update", "--disable-sync",
)  # fmt: skip
# Streamlit itself asks for these two below a page's address before it finds its root.
OWN_404 = ("/_stcore/health", "/_stcore/host-config")
expect.set_options(timeout=30_000)  # milliseconds for an answer of a busy server


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
        WIRES[page] = Wire(page)
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


class Wire:
    """Whether the server has answered all that a page has asked of it, as the messages between them tell.

    asked     the page has asked for something that the server has not finished yet
    received  bytes that the page was sent
    """

    def __init__(self, page: Page) -> None:
        self.asked = self._begun = False
        self.received = 0
        page.on("websocket", self._open)

    def _open(self, socket: WebSocket) -> None:
        socket.on("framesent", self._ask)
        socket.on("framereceived", self._answer)

    def _ask(self, payload: str | bytes) -> None:
        if isinstance(payload, bytes):
            message = BackMsg.FromString(payload)
            # What is drawn again every second by itself is nothing to wait for.
            if message.HasField("rerun_script") and not message.rerun_script.is_auto_rerun:
                self.asked, self._begun = True, False

    def _answer(self, payload: str | bytes) -> None:
        self.received += len(payload)
        if isinstance(payload, bytes):
            message = ForwardMsg.FromString(payload)
            if message.HasField("new_session"):
                self._begun = True
            elif message.HasField("script_finished") and self._begun:
                self.asked = message.script_finished == ForwardMsg.FINISHED_EARLY_FOR_RERUN


WIRES: WeakKeyDictionary[Page, Wire] = WeakKeyDictionary()
# Measured by the browser's own clock: what it was to do before has then been done.
PAUSE = "milliseconds => new Promise(done => setTimeout(done, milliseconds))"
REST = 270  # milliseconds: a slider tells the server once it has not been moved for 200, a pinned step after 250
DRAWN = 100  # milliseconds
BUSY = "() => document.querySelector('[data-testid=stStatusWidget], [data-stale=true]') !== null"
PATIENCE = 60  # seconds


def settle(page: Page) -> None:
    """Wait until the page has a heading, and the server has answered what was pressed, and that has been drawn."""
    deadline = time.monotonic() + PATIENCE
    page.wait_for_selector("h1")
    page.evaluate(PAUSE, REST)
    wire = WIRES.get(page)

    def busy() -> bool:
        return (wire is not None and wire.asked) or page.evaluate(BUSY)

    calm = False
    while not calm:
        while busy():
            if time.monotonic() > deadline:
                raise TimeoutError(f"{page.url} is still being computed after {PATIENCE} s")
            page.wait_for_timeout(30)
        page.evaluate(PAUSE, DRAWN)
        calm = not busy()


def value_of(text: str) -> float:
    """A number as a page or a chart writes it, a percentage as its share."""
    value = float(text.replace("−", "-").rstrip("%"))
    return value / 100 if text.endswith("%") else value


def becomes(page: Page, look: Callable[[], object], expected: object) -> None:
    """Look until it is as expected, as `expect` does for what it knows; what is seen last is compared."""
    deadline = time.monotonic() + PATIENCE / 2
    while look() != expected and time.monotonic() < deadline:
        page.wait_for_timeout(50)
    assert look() == expected
