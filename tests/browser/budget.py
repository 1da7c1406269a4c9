"""How soon a page answers one person: python -m tests.browser.budget [--presses 8 --json].

A real Chromium moves every slider of every page with the arrow keys, one press at a time, to a new value each. What is
measured is the time from the press until the pictures and sentences of the page have changed for the last time.
"""

import argparse
import json
import sys
import tempfile
import time
from contextlib import suppress
from dataclasses import asdict, dataclass
from itertools import groupby
from pathlib import Path
from statistics import median, quantiles

from playwright.sync_api import Browser, Locator, sync_playwright
from playwright.sync_api import TimeoutError as TimeIsUp

from tests.browser.conftest import CHROMIUM, QUIET, WIRES, Wire, settle
from tests.server import PROJECT, run_server

GOAL = 300.0  # milliseconds, for the 95th percentile
PATIENCE = 500  # milliseconds from the server's answer; then nothing hangs on this press
TRIES = 2  # presses that change nothing, after which nothing hangs on the slider
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
  const told = (window.told = { start: null, first: null, last: null })
  window.addEventListener("keydown", () => (told.start = performance.now()), { capture: true, once: true })
  told.watch = new MutationObserver(changes => {
    if (told.start === null || changes.every(change => own.contains(change.target))) return
    told.last = performance.now()
    told.first ??= told.last
  })
  const drawn = ["d", "fill", "x", "y"]
  // Components draw within shadow roots, into which an observer does not look by itself.
  const roots = [...main.querySelectorAll("*")].map(part => part.shadowRoot).filter(root => root !== null)
  for (const root of [main, ...roots]) {
    told.watch.observe(root, { subtree: true, childList: true, characterData: true, attributeFilter: drawn })
  }
}
"""
RESTED = "told.last !== null && performance.now() - told.last > 250 && !document.querySelector('[data-stale=true]')"
READ = "() => { told.watch.disconnect(); return told.last && [told.first, told.last].map(at => at - told.start) }"


@dataclass(frozen=True)
class Answer:
    """What one slider came to.

    times    milliseconds from each press but the first that was heard to the last change
    first    milliseconds from each of these to the first change, which may be a bar of progress
    heard    presses that changed something else than the slider
    unheard  presses that moved the slider and changed nothing else
    """

    page: str
    slider: str
    times: list[float]
    first: list[float]
    heard: int
    unheard: int


def p95(times: list[float]) -> float:
    """The 95th percentile."""
    return quantiles(times, n=20, method="inclusive")[-1] if len(times) > 1 else times[0]


def measure(browser: Browser, url: str, place: str, presses: int) -> list[Answer]:
    """All sliders of a page, as a person who has just opened it."""
    page = browser.new_page(viewport={"width": 1280, "height": 800})
    page.set_default_timeout(60_000)
    WIRES[page] = Wire(page)
    page.goto(f"{url}/{place}")
    settle(page)
    for fold in page.locator("[data-testid=stExpander] summary").all():
        fold.click()
    page.wait_for_timeout(500)
    found = [
        _press_all(slider, place, presses)
        for slider in page.locator("[data-testid=stSlider] input[type=range]").all()
        if slider.is_enabled()
    ]
    page.close()
    return found


def _press_all(slider: Locator, place: str, presses: int) -> Answer:
    """Walk from value to value, and back from an end; presses at an end are none."""
    times: list[float] = []
    first: list[float] = []
    unheard, key, turned = 0, "ArrowRight", False
    while len(times) + unheard < presses + 1 and not (not times and unheard == TRIES):
        before = slider.input_value()
        slider.evaluate(WATCH)
        slider.press(key)
        settle(slider.page)
        if slider.input_value() == before:
            slider.page.evaluate(READ)
            if turned:  # it has one value alone
                break
            key, turned = ("ArrowLeft" if key == "ArrowRight" else "ArrowRight"), True
            continue
        turned = False
        with suppress(TimeIsUp):
            slider.page.wait_for_function(RESTED, timeout=PATIENCE)
        told = slider.page.evaluate(READ)
        if told is not None:
            first.append(told[0])
            times.append(told[1])
        unheard += told is None
    # The first press may load what the others find.
    return Answer(place, slider.get_attribute("aria-label") or "?", times[1:], first[1:], len(times), unheard)


def table(found: list[Answer]) -> str:
    """A row a page, and one of all of them."""
    lines = [
        "| page | sliders | presses | median | 95th percentile | slowest slider: 95th percentile | to first change |",
        "| --- | --- | --- | --- | --- | --- | --- |",
    ]
    timed = [answer for answer in found if answer.times]
    pages = [(page, list(answers)) for page, answers in groupby(timed, key=lambda answer: answer.page)]
    for page, answers in [*pages, *([("all", timed)] if timed else [])]:
        times = [told for answer in answers for told in answer.times]
        slowest = max(answers, key=lambda answer: p95(answer.times))
        lines.append(
            f"| {page} | {len(answers)} | {len(times)} | {median(times):.0f} ms | {p95(times):.0f} ms "
            f"| {slowest.slider}, {p95(slowest.times):.0f} ms | {p95(slowest.first):.0f} ms |"
        )
    for what, answers in (
        ("Nothing hangs on", [answer for answer in found if answer.unheard and not answer.heard]),
        ("Heard once, so not timed", [answer for answer in found if answer.heard == 1]),
    ):
        if answers:
            lines.append(f"\n{what}: {', '.join(f'{answer.slider} ({answer.page})' for answer in answers)}")
    return "\n".join(lines)


def main() -> None:
    """Print a table, or JSON with each press; exit status 1 where the 95th percentile of a slider misses the goal."""
    parser = argparse.ArgumentParser(prog="python -m tests.browser.budget", description=__doc__)
    parser.add_argument("--presses", type=int, default=8, help="of each slider (default: %(default)s)")
    parser.add_argument("--only", default="", metavar="TEXT", help="pages whose address contains it")
    parser.add_argument("--json", action="store_true")
    asked = parser.parse_args()
    if CHROMIUM is None:
        parser.exit(2, "there is no Chromium on the path\n")
    found: list[Answer] = []
    with tempfile.TemporaryDirectory() as folder, run_server(Path(folder)) as server, sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=CHROMIUM, args=list(QUIET))
        for place in (place for place in PLACES if asked.only in place):
            begun = time.monotonic()
            found += measure(browser, server.url, place, asked.presses)
            print(f"{place}: {time.monotonic() - begun:.0f} s", file=sys.stderr)  # noqa: T201
        browser.close()
    print(json.dumps([asdict(answer) for answer in found]) if asked.json else table(found))  # noqa: T201
    sys.exit(any(p95(answer.times) > GOAL for answer in found if answer.times))


if __name__ == "__main__":
    main()
