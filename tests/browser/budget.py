"""How soon a page answers one person: python -m tests.browser.budget [--presses 10 --json].

A real Chromium moves every slider of every page with the arrow keys, one press at a time. What is measured is the time
from the press until the pictures and sentences of the page have changed for the last time.
"""

import argparse
import json
import sys
import tempfile
from contextlib import suppress
from dataclasses import asdict, dataclass
from pathlib import Path
from statistics import median, quantiles

from playwright.sync_api import Browser, Locator, sync_playwright
from playwright.sync_api import TimeoutError as TimeIsUp

from tests.browser.conftest import CHROMIUM, QUIET, settle
from tests.server import PROJECT, run_server

GOAL = 300.0  # milliseconds, for the 95th percentile
PATIENCE = 6_000  # milliseconds; then nothing hangs on the slider
PLACES = (
    *(path.stem for path in sorted((PROJECT / "pages").glob("*.py")) if path.stem != "__init__"),
    "transitions?transitions_view=Use",
    "waves?wave_two=true&wave_kind=mix",
    "k_and_tau?k_view=Temperature",
    "k_and_tau?k_view=Training",
)
# From the press of a key to the last change within the main part of the page; the slider itself does not count.
WATCH = """
slider => {
  const main = document.querySelector("[data-testid=stMain]")
  const own = slider.closest("[data-testid=stElementContainer]")
  const told = (window.told = { start: null, last: null })
  window.addEventListener("keydown", () => (told.start = performance.now()), { capture: true, once: true })
  told.watch = new MutationObserver(changes => {
    if (told.start !== null && changes.some(change => !own.contains(change.target))) told.last = performance.now()
  })
  const drawn = ["d", "fill", "x", "y"]
  // Components draw within shadow roots, into which an observer does not look by itself.
  const roots = [...main.querySelectorAll("*")].map(part => part.shadowRoot).filter(root => root !== null)
  for (const root of [main, ...roots]) {
    told.watch.observe(root, { subtree: true, childList: true, characterData: true, attributeFilter: drawn })
  }
}
"""
RESTED = "told.last !== null && performance.now() - told.last > 400 && !document.querySelector('[data-stale=true]')"
READ = "() => { told.watch.disconnect(); return told.last === null ? null : told.last - told.start }"


@dataclass(frozen=True)
class Answer:
    """What one slider came to, in milliseconds from the press to the last change.

    unheard  presses that changed nothing
    """

    page: str
    slider: str
    median: float
    p95: float
    longest: float
    presses: int
    unheard: int


def measure(browser: Browser, url: str, place: str, presses: int) -> list[Answer]:
    """All sliders of a page, as a person who has just opened it."""
    page = browser.new_page(viewport={"width": 1280, "height": 800})
    page.set_default_timeout(60_000)
    page.goto(f"{url}/{place}")
    settle(page)
    for fold in page.locator("[data-testid=stExpander] summary").all():
        fold.click()
    page.wait_for_timeout(500)
    found = [
        answer
        for slider in page.locator("[data-testid=stSlider] input[type=range]").all()
        if slider.is_enabled() and (answer := _press(slider, place, presses)) is not None
    ]
    page.close()
    return found


def _press(slider: Locator, place: str, presses: int) -> Answer | None:
    label = slider.get_attribute("aria-label") or "?"
    told = []
    for number in range(presses + 1):
        slider.evaluate(WATCH)
        slider.press("ArrowRight" if number % 2 else "ArrowLeft")
        with suppress(TimeIsUp):
            slider.page.wait_for_function(RESTED, timeout=PATIENCE)
        told.append(slider.page.evaluate(READ))
    heard = [time for time in told[1:] if time is not None]  # the first press may load what the others find
    if not heard:
        return None
    p95 = quantiles(heard, n=20, method="inclusive")[-1] if len(heard) > 1 else heard[0]
    return Answer(place, label, median(heard), p95, max(heard), presses, presses - len(heard))


def main() -> None:
    """Print a table, or JSON; exit status 1 where a 95th percentile misses the goal."""
    parser = argparse.ArgumentParser(prog="python -m tests.browser.budget", description=__doc__)
    parser.add_argument("--presses", type=int, default=10, help="of each slider (default: %(default)s)")
    parser.add_argument("--only", default="", metavar="TEXT", help="pages whose address contains it")
    parser.add_argument("--json", action="store_true")
    asked = parser.parse_args()
    if CHROMIUM is None:
        parser.exit(2, "there is no Chromium on the path\n")
    with tempfile.TemporaryDirectory() as folder, run_server(Path(folder)) as server, sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=CHROMIUM, args=list(QUIET))
        places = [place for place in PLACES if asked.only in place]
        found = [answer for place in places for answer in measure(browser, server.url, place, asked.presses)]
        browser.close()
    lines = ["| page | slider | median | 95th percentile | longest |", "| --- | --- | --- | --- | --- |"]
    lines += [f"| {a.page} | {a.slider} | {a.median:.0f} ms | {a.p95:.0f} ms | {a.longest:.0f} ms |" for a in found]
    print(json.dumps([asdict(answer) for answer in found]) if asked.json else "\n".join(lines))  # noqa: T201
    sys.exit(any(answer.p95 > GOAL for answer in found))


if __name__ == "__main__":
    main()
