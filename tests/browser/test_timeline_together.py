"""The timeline in a real Chromium, without a server: entropy, words, fingers, and several that play as one."""

import re

import numpy as np
import pytest
from playwright.sync_api import Locator, expect

from tests.browser.test_timeline import (
    DIRECTIONS,
    TRACE,
    D,
    K,
    T,
    X,
    at,
    entropy,
    make_trace,
    readout,
    saved,
    show,
    told,
    words,
)

__all__ = ["show"]  # a fixture that these tests use, too


@DIRECTIONS
def test_the_entropy_of_q_is_a_line_that_holds_from_each_step_to_the_next(show, down):
    path = show(told(down=down)).locator("path.entropy").get_attribute("d") or ""
    if down:
        across = [float(x) for x in re.findall(r"[MH]([\d.]+)", path)]
        height = np.array(across) - np.array(across)[np.argmin([entropy(t) for t in range(T)])]
    else:
        height = -np.array([float(y) for y in re.findall(r"[\d.]+ ([\d.]+)H", path)])
    assert len(height) == T
    found = np.array([entropy(t) for t in range(T)])
    scale = np.polyfit(found, height, 1)
    np.testing.assert_allclose(np.polyval(scale, found), height, atol=0.15)
    assert scale[0] == pytest.approx(34 / np.log(K), rel=0.01), "the panel is as high as entropy can be"


def test_one_lstm_is_always_sure_and_has_no_such_line(show):
    assert show(told(make_trace(k=1))).locator("path.entropy").count() == 0


@DIRECTIONS
def test_the_text_alternative_says_who_is_listened_to_and_what_is_answered(show, down):
    said = show(told(down=down)).locator("svg[role=img]").get_attribute("aria-label") or ""
    step = "row" if down else "step"
    assert said.startswith(f"A picture. LSTM 2 is listened to most, at 43% of the 7 {step}s, with 3 hand-overs. ")
    p = TRACE.probabilities[0]
    last = int(p[-1].argmax())
    since = max([t + 1 for t in range(T) if int(p[t].argmax()) != last], default=0)
    begin = f"from {step} {since} on" if since else "throughout"
    assert said.endswith(f"The answer is {('calm', 'loud', 'odd')[last]} {begin}, {100 * p[-1, last]:.0f}% at the end.")


def touch(picture: Locator, *places: tuple[float, float]) -> None:
    """A finger that comes down at the first place, goes on through the others and is lifted at the last."""
    wire = picture.page.context.new_cdp_session(picture.page)
    wire.send("Emulation.setTouchEmulationEnabled", {"enabled": True})
    for number, (x, y) in enumerate(places):
        kind = "touchMove" if number else "touchStart"
        wire.send("Input.dispatchTouchEvent", {"type": kind, "touchPoints": [{"x": x, "y": y}]})
    wire.send("Input.dispatchTouchEvent", {"type": "touchEnd", "touchPoints": []})


@DIRECTIONS
def test_a_tap_pins_and_a_finger_goes_along_time(show, down):
    picture = show(told(down=down), width=390)
    touch(picture, at(picture, 2, down))
    expect(picture.locator(".readout")).to_have_text(f"{words(2, down)}  ·  pinned")
    expect(picture.locator(".numbers table")).to_be_visible()
    picture.locator("svg[role=img]").press("Escape")
    touch(picture, *(at(picture, t, down) for t in (1, 2, 3, 4, 5)))
    expect(picture.locator(".readout")).to_have_text(words(5, down))


def test_across_time_a_finger_still_moves_the_page(show):
    for down, way in ((False, "pan-y"), (True, "pan-x")):
        drawing = show(told(down=down), name=way).locator("svg[role=img]")
        assert drawing.evaluate("svg => getComputedStyle(svg).touchAction") == way


def test_pictures_of_one_page_play_and_are_veiled_together_though_one_has_no_room_for_more(show, tmp_path):
    first = show(told(make_trace(steps=60), np.sin(np.arange(60))[:, None]), name="first")
    second = show(told(make_trace(steps=60), np.cos(np.arange(60))[:, None], compact=True), name="second", width=380)
    veils = [picture.locator(".veil") for picture in (first, second)]
    second.get_by_role("button", name="Play").click()
    for veil in veils:
        expect(veil).to_have_attribute("visibility", "visible")
    box = first.locator("svg[role=img]").bounding_box()
    assert box is not None
    first.page.mouse.move(box["x"] + 0.9 * box["width"], box["y"] + 5)  # it does not lead while another one plays
    expect(second.get_by_role("button", name="Pause")).to_be_visible()
    first.get_by_role("button", name="Play").click()
    expect(second.get_by_role("button", name="Play")).to_be_visible()
    first.get_by_role("button", name="Pause").click()
    step = (readout(first).text_content() or "").split("  ·  ")[0]
    expect(readout(second)).to_have_text(re.compile(f"^{step} "))
    for veil in veils:
        expect(veil).to_have_attribute("visibility", "visible")
    first.page.mouse.move(box["x"] + 0.5 * box["width"], box["y"] + 5)
    for veil in veils:
        expect(veil).to_have_attribute("visibility", "hidden")
    expect(second.locator("input")).to_be_hidden()
    assert saved(second, "CSV", tmp_path).read_text().count("\n") == 61


def test_a_pin_holds_the_cursor_of_every_picture_and_each_tells_the_step_in_numbers(show):
    first, second = (show(told(), name=name) for name in ("first", "second"))
    third = show(told(compact=True), name="third", width=700)
    page, pictures = first.page, (first, second, third)
    first.scroll_into_view_if_needed()
    page.mouse.click(*at(first, 6, down=False))
    second.scroll_into_view_if_needed()
    page.mouse.move(*at(second, 2, down=False))  # on its way to the numbers, say
    for picture in pictures:
        expect(picture.locator(".readout")).to_contain_text("t = 6 ")
        cells = [row.locator("td").first.text_content() for row in picture.locator(".numbers tbody tr").all()]
        assert cells == [f"{q:.4f}" for q in TRACE.q[0, 0, 6]]
    second.locator("svg[role=img]").press("ArrowLeft")  # the pin goes along, and is this one's now
    for picture in pictures:
        expect(picture.locator(".readout")).to_contain_text("t = 5 ")
    expect(second.locator(".readout")).to_contain_text("pinned")
    for picture in (first, third):
        expect(picture.locator(".readout")).not_to_contain_text("pinned")
    fourth = show(told(), name="fourth")  # one that comes later is held, too
    expect(fourth.locator(".numbers table")).to_be_visible()
    page.wait_for_function("() => window.told.some(([, pin]) => pin.t === 5)")
    third.locator("svg[role=img]").press("Escape")
    for picture in (*pictures, fourth):
        expect(picture.locator(".numbers")).to_be_empty()
    first.scroll_into_view_if_needed()
    page.mouse.move(*at(first, 3, down=False))
    for picture in pictures:
        expect(picture.locator(".readout")).to_contain_text("t = 3 ")


def test_rows_of_an_image_that_are_not_drawn_are_told_at_the_pinned_step(show):
    picture = show(told(down=False, x=None, compact=True) | {"rows": X.tolist()}, width=390)
    expect(picture.locator("path.signal")).to_have_count(0)
    picture.page.mouse.click(*at(picture, 4, down=False))
    lit = f"{D} pixels x from 0 to 1, {D - 1} of them lit, mean {X[4].mean():.2f}"
    expect(picture.locator(".numbers")).to_contain_text(f"Came in: {lit}")
