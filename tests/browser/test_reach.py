"""Pages by finger and by keyboard: every control and the cursor are reached, in the order in which they stand."""

import re
from collections.abc import Callable
from typing import Any

import pytest
from playwright.sync_api import Browser, Locator, Page, expect

from tests.browser.conftest import becomes, settle
from tests.browser.test_timeline_together import touch
from tests.server import Server

Visit = Callable[..., Page]
MOST = 200  # presses of Tab
# Everything in the page that can have the focus, in the order of the document, components' own trees included.
NUMBER_ALL = """() => {
  const found = []
  const look = root => {
    for (const one of root.querySelectorAll("*")) {
      const wanted = one.matches("button, input, textarea, select, summary, a[href], [tabindex]")
      const seen = one.checkVisibility({ visibilityProperty: true }) && one.getClientRects().length
      if (wanted && one.tabIndex >= 0 && !one.disabled && seen) found.push(one)
      if (one.shadowRoot) look(one.shadowRoot)
    }
  }
  look(document.querySelector("[data-testid=stMain]"))
  // Of a group of buttons one has the focus, the arrow keys lead to the others.
  window.reach = [...new Set(found.map(one => one.closest("[role=radiogroup], [role=toolbar]") ?? one))]
  return window.reach.map(one => one.ariaLabel || one.textContent.trim() || one.type || one.tagName)
}"""
FOCUSED = """() => {
  let one = document.activeElement
  while (one?.shadowRoot?.activeElement) one = one.shadowRoot.activeElement
  const place = window.reach.findIndex(other => other === one || other.contains(one))
  return [place, one?.tagName.toLowerCase(), one?.getAttribute("role")]
}"""


def drawing(page: Page, key: str) -> tuple[Locator, Locator]:
    """A picture whose key begins so, and its SVG, in sight."""
    picture = page.locator(f"[class*=st-key-picture-{key}]").first
    expect(picture.locator(".cursor")).to_have_attribute("d", re.compile("M"))
    svg = picture.locator("svg[role=img]")
    svg.scroll_into_view_if_needed()
    return picture, svg


def places(svg: Locator, down: bool, *shares: float) -> list[tuple[float, float]]:
    """Points on the page, at shares of the way through time."""
    box: Any = svg.bounding_box()
    along = [0.15 + 0.7 * share for share in shares]
    if down:
        return [(box["x"] + 0.5 * box["width"], box["y"] + share * box["height"]) for share in along]
    return [(box["x"] + (0.2 + 0.75 * share) * box["width"], box["y"] + 0.3 * box["height"]) for share in along]


def step(readout: Locator) -> int:
    """The step that a readout tells of."""
    return int(re.findall(r"t = (\d+)", readout.text_content() or "")[0])


@pytest.mark.parametrize(
    ("address", "key", "down"),
    [
        ("transitions", "opened_", True),
        ("k_and_tau", "k_waves-k4", False),
        ("k_and_tau?k_view=Temperature", "blend", False),
        ("k_and_tau?k_view=Mixed+or+own", "carry_own", False),
    ],
)
def test_a_finger_moves_the_cursor_and_a_tap_pins_a_step_in_numbers(address, key, down, server: Server, visit: Visit):
    page = visit(server, address, width=390, height=844)
    picture, svg = drawing(page, key)
    readout = picture.locator(".readout")
    touch(svg, *places(svg, down, 0.9))
    expect(readout).to_contain_text("pinned")
    expect(picture.locator(".numbers table")).to_be_visible()
    pinned = step(readout)
    expect(page).to_have_url(re.compile(rf"[?&]t={pinned}(&|$)"))
    settle(page)
    svg.press("Escape")
    expect(readout).not_to_contain_text("pinned")
    svg.scroll_into_view_if_needed()
    # It comes down where the cursor is, so that the cursor is moved by the way that it goes.
    touch(svg, *places(svg, down, 0.9, 0.7, 0.5, 0.3))
    becomes(page, lambda: step(readout) < 0.6 * pinned, True)


@pytest.mark.parametrize(
    ("address", "key"),
    [
        ("waves", "timeline"),
        ("waves?wave_two=true&wave_kind=draw", "timeline"),
        ("k_and_tau", "k_waves-k1"),
        ("k_and_tau?k_view=Lesions", "steered"),
    ],
)
def test_tab_reaches_every_control_and_the_cursor_in_the_order_of_the_page(address, key, server: Server, visit: Visit):
    page = visit(server, address)
    drawing(page, key)
    names = page.evaluate(NUMBER_ALL)
    page.evaluate("document.activeElement?.blur()")
    reached: list[int] = []
    cursor = None
    for _ in range(MOST):
        page.keyboard.press("Tab")
        place, tag, role = page.evaluate(FOCUSED)
        if place in reached:
            break  # once around
        if place < 0:
            continue  # the menu, or the browser's own
        reached.append(place)
        if (tag, role) == ("svg", "img") and cursor is None:
            cursor = place
            readout = page.locator(f".st-key-picture-{key} .readout")
            before = readout.text_content() or ""
            page.keyboard.press("ArrowLeft")
            expect(readout).not_to_have_text(before)
    assert [names[place] for place in range(len(names)) if place not in reached] == []
    assert reached == sorted(reached), [names[place] for place in reached]
    assert cursor is not None


# In every frame: how high the room for the field is, how far the words below are from it, how high the field is.
WATCH = """key => {
  window.seen = []
  const look = () => {
    const room = document.querySelector(`.st-key-room_${key}`)
    const captions = [...document.querySelectorAll("[data-testid=stCaptionContainer]")]
    const words = captions.find(one => one.textContent.startsWith("Draw"))
    const field = room?.querySelector(".stElementContainer")
    const box = one => one?.getBoundingClientRect()
    if (words && room) window.seen.push([box(room).height, box(words).top - box(room).bottom, box(field)?.height ?? 0])
    else if (words) window.seen.push([0, 0, 0])
    requestAnimationFrame(look)
  }
  requestAnimationFrame(look)
}"""


@pytest.mark.parametrize(
    ("address", "key", "width"), [("digits", "drawing", 390), ("waves?wave_kind=draw", "wave_draw", 1280)]
)
def test_room_is_kept_for_a_field_to_draw_on_before_it_is_there(address, key, width, server: Server, browser: Browser):
    page = browser.new_page(viewport={"width": width, "height": 800})
    page.set_default_timeout(60_000)
    page.add_init_script(f"({WATCH})({key!r})")
    page.goto(f"{server.url}/{address}")
    expect(page.locator(f".st-key-room_{key} canvas")).to_be_visible()
    settle(page)
    seen = page.evaluate("window.seen")
    page.close()
    heights, gaps, fields = (set(values) for values in zip(*seen, strict=True))
    assert len(heights) == 1
    assert max(gaps) - min(gaps) < 1
    assert 200 < max(fields) <= heights.pop()
    assert min(fields) < 100, "it was looked at before the field was there"
