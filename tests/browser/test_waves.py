"""Waves in a real browser: signals that a person mixes, draws and compares."""

import csv
import io
import re
from collections.abc import Callable

import numpy as np
import pytest
from playwright.sync_api import Locator, Page, expect

from mrnn.tasks import sketch
from tests.browser.conftest import becomes, settle, value_of
from tests.browser.test_app import all_drawn, pick, picture, run_python, strip, strip_of
from tests.server import Server

Visit = Callable[..., Page]


def press(page: Page, slider: str, key: str, times: int = 1) -> None:
    for _ in range(times):
        page.get_by_role("slider", name=slider).press(key)
    settle(page)


def ends(page: Page) -> tuple[float, float]:
    """Where the bracket begins and ends, in pixels of the timeline."""
    path = page.locator(".st-key-picture-timeline .bracket").get_attribute("d") or ""
    found = [float(x) for x in re.findall(r"[MH]([\d.]+)", path)]
    return found[0], found[1]


def test_an_alien_part_is_spliced_in_marked_and_moved(server: Server, visit: Visit):
    page = visit(server, "waves")
    bracket = page.locator(".st-key-picture-timeline .bracket")
    expect(bracket).to_have_count(0)
    pick(page, "mix")
    expect(page.get_by_text(re.compile(r"The alien part \(steps 20 to 27\) changes z from step 21 on"))).to_be_visible()
    expect(bracket).to_have_count(1)
    before = ends(page)
    # Steps 20 to 27 have the width of 8 of the 50 steps, and so has the strip of z.
    box = page.locator(".st-key-picture-timeline .stay").evaluate_all(
        "all => all.reduce((sum, block) => sum + +block.getAttribute('width'), 0)"
    )
    assert before[1] - before[0] == pytest.approx(8 / 50 * box, rel=0.01)
    press(page, "The alien part begins at", "ArrowLeft", 10)
    expect(page.get_by_text(re.compile(r"The alien part \(steps 10 to 17\)"))).to_be_visible()
    becomes(page, lambda: before[0] - ends(page)[0] == pytest.approx(10 / 50 * box, rel=0.01), True)
    said = page.get_by_role("heading", level=4).text_content()
    other = visit(server, page.url.removeprefix(f"{server.url}/"), width=390, height=844)
    picture(other, "timeline")
    expect(other.get_by_text(re.compile(r"The alien part \(steps 10 to 17\)"))).to_be_visible()
    expect(other.get_by_role("heading", level=4)).to_have_text(said or "")
    says = run_python(page)["trace"].answers[0]
    assert f"{says.max():.1%}" in (said or "")


def field(page: Page) -> Locator:
    return page.get_by_role("application", name=re.compile("Draw a wave here"))


def drawn(page: Page, name: str = "wave_draw") -> np.ndarray:
    """The curve that the address keeps."""
    return sketch.unpack(re.findall(rf"[?&]{name}=([\w-]+)", page.url)[0])


def drag(page: Page, *places: tuple[float, float]) -> None:
    """A stroke with the mouse through places of the field, in shares of it."""
    field(page).scroll_into_view_if_needed()
    box = field(page).bounding_box()
    assert box is not None
    for number, (x, y) in enumerate(places):
        page.mouse.move(box["x"] + x * box["width"], box["y"] + y * box["height"], steps=8)
        if not number:
            page.mouse.down()
    page.mouse.up()


def signal_seen(page: Page) -> str | None:
    return curve_of_signal(page).get_attribute("d")


def curve_of_signal(page: Page) -> Locator:
    return page.locator(".st-key-picture-timeline path.signal").first


def test_a_wave_is_drawn_with_the_mouse_taken_back_and_opened_elsewhere(server: Server, visit: Visit):
    page = visit(server, "waves")
    pick(page, "draw")
    answer = page.get_by_role("heading", level=4)
    expect(answer).to_contain_text("The model says: non-alien")
    expect(answer).not_to_contain_text("(")  # nobody knows what a drawing is
    settle(page)
    plain = signal_seen(page)
    drag(page, (0.35, 0.1), (0.4, 0.85), (0.45, 0.1), (0.5, 0.85), (0.55, 0.1), (0.6, 0.85), (0.65, 0.1))
    expect(page).to_have_url(re.compile("wave_draw="))
    expect(answer).to_contain_text("The model says: alien")
    settle(page)
    curve = drawn(page)
    assert curve.max() > 2
    assert curve.min() < -1.5
    np.testing.assert_allclose(curve[:20], np.sin(np.linspace(0, 20, 101))[:20], atol=0.011)  # untouched
    said = answer.text_content() or ""
    other = visit(server, page.url.removeprefix(f"{server.url}/"), width=390, height=844, scheme="dark")
    expect(other.get_by_role("heading", level=4)).to_have_text(said)
    becomes(other, lambda: drawn(other).tolist(), curve.tolist())
    says = run_python(page)["trace"].answers[0]
    assert f"{says.max():.1%}" in said
    page.keyboard.press("Escape")
    page.get_by_role("button", name="Undo").click()
    expect(answer).to_contain_text("The model says: non-alien")
    assert plain is not None
    expect(curve_of_signal(page)).to_have_attribute("d", plain)  # it comes after the answer
    page.get_by_role("button", name="Clear").click()
    expect(page).to_have_url(re.compile(f"wave_draw={sketch.pack(np.zeros(101))}"))
    page.get_by_role("button", name="Start from a sine").click()
    expect(page).to_have_url(re.compile(f"wave_draw={sketch.SINE}"))


def test_a_wave_is_drawn_with_the_keyboard_and_by_touch(server: Server, visit: Visit):
    page = visit(server, "waves?wave_kind=draw", width=390, height=844)
    field(page).focus()
    for key in ("ArrowUp", "Space", *["ArrowRight"] * 5, "Space", "ArrowRight"):
        page.keyboard.press(key)
    expect(page).to_have_url(re.compile("wave_draw="))
    becomes(page, lambda: abs(drawn(page)[:11] - 0.1).max() < 0.011, True)  # five moves of two points, one step up
    curve = drawn(page)
    np.testing.assert_allclose(curve[11:], np.sin(np.linspace(0, 20, 101))[11:], atol=0.011)
    page.keyboard.press("Backspace")
    expect(page).to_have_url(re.compile(f"wave_draw={sketch.SINE}"))
    field(page).scroll_into_view_if_needed()
    box = field(page).bounding_box()
    assert box is not None
    wire = page.context.new_cdp_session(page)
    for kind, x in (
        ("touchStart", 0.3),
        *[("touchMove", share) for share in np.linspace(0.3, 0.7, 9)],
        ("touchEnd", 0),
    ):
        at = {"x": box["x"] + x * box["width"], "y": box["y"] + 0.1 * box["height"]}
        wire.send("Input.dispatchTouchEvent", {"type": kind, "touchPoints": [] if kind == "touchEnd" else [at]})
    expect(page).not_to_have_url(re.compile(f"wave_draw={sketch.SINE}"))
    becomes(page, lambda: bool((drawn(page)[30:60] > 2).all()), True)
    after = field(page).bounding_box()
    assert after is not None
    assert after["y"] == pytest.approx(box["y"], abs=1)


def test_a_drawing_begins_with_the_wave_before_and_back_brings_the_one_before_it(server: Server, visit: Visit):
    page = visit(server, "waves")
    pick(page, "draw")
    answer = page.get_by_role("heading", level=4)
    expect(answer).to_contain_text("The model says: non-alien")
    drag(page, (0.2, 0.5), (0.3, 0.5))
    expect(page).to_have_url(re.compile("wave_draw="))
    settle(page)
    mine = drawn(page)
    page.get_by_role("button", name="Start from the wave before").click()
    expect(answer).to_contain_text("The model says: alien")
    settle(page)
    begun = drawn(page)
    assert begun.max() > 1.5
    page.get_by_role("button", name="Clear").scroll_into_view_if_needed()
    drag(page, (0.2, 0.1), (0.3, 0.1))  # goes on from it
    expect(page).not_to_have_url(re.compile(f"wave_draw={sketch.pack(begun)}"))
    settle(page)
    assert (drawn(page)[14:22] > 2).all()
    np.testing.assert_allclose(drawn(page)[40:], begun[40:])
    for curve in (begun, mine):
        page.go_back()
        expect(page).to_have_url(re.compile(f"wave_draw={sketch.pack(curve)}"))
        settle(page)
    expect(answer).to_contain_text("The model says: non-alien")


def test_a_drawing_that_cannot_be_read_is_said_and_a_sine_is_shown(server: Server, visit: Visit):
    page = visit(server, "waves?wave_kind=draw&wave_draw=nothing")
    expect(page.get_by_text("The address holds a drawing that cannot be read.")).to_be_visible()
    expect(page.get_by_role("heading", level=4)).to_contain_text("The model says: non-alien")


def test_two_signals_share_one_cursor_and_what_q_differs_by_is_drawn_and_saved(server: Server, visit: Visit):
    page = visit(server, "waves")
    page.get_by_text("Compare two signals").click()
    answer = page.get_by_role("heading", level=4)
    expect(answer).to_contain_text("Second: non-alien")
    page.get_by_role("tab", name="Second signal").click()
    pick(page, "mix")
    expect(answer).to_contain_text(re.compile(r"First: alien.*Second: alien"))
    settle(page)
    lines = run_python(page)
    first, second = lines["trace"], lines["other"]
    page.keyboard.press("Escape")
    timeline = page.locator(".st-key-picture-timeline")
    expect(timeline.locator("path.signal")).to_have_count(2)
    expect(timeline.locator("image.difference")).to_have_count(1)
    becomes(page, lambda: strip(page), [*strip_of(first.listened()[0]), *strip_of(second.listened()[0])])

    drawing = picture(page, "timeline")
    drawing.press("Home")
    for _ in range(22):
        drawing.press("ArrowRight")
    heard = [trace.listened()[0, 22] + 1 for trace in (first, second)]
    p = [f"{100 * trace.probabilities[0, 22, 1]:.0f}%" for trace in (first, second)]
    each_q = [trace.q[0, 0, 22].astype(float) for trace in (first, second)]
    sure = [f"{-(q * np.log(q)).sum():.2f}" for q in each_q]
    like = f"LSTM {heard[0]} and {heard[1]}  ·  entropy {sure[0]} and {sure[1]}  ·  p(alien) = {p[0]} and {p[1]}"
    readout = timeline.locator(".readout")
    expect(readout).to_have_text(re.compile(rf"^t = 22 .*{re.escape(like)}$"))
    drawing.press("Enter")
    expect(page).to_have_url(re.compile("[?&]t=22"))
    tables = timeline.locator(".numbers table")
    expect(tables).to_have_count(2)
    for table, trace, x in zip(tables.all(), (first, second), ("x", "second"), strict=True):
        inside = lines["model"].inside(lines[x], trace)
        rows = [row.locator("td").all_text_contents() for row in table.locator("tbody tr").all()]
        found = np.array([[value_of(cell) for cell in row] for row in rows])
        of_each = np.stack([inside.logits[0, 22], trace.q[0, 0, 22], trace.z[0, 0, 22]], 1)
        np.testing.assert_allclose(found, of_each, atol=0.0057)
    boxes = [table.bounding_box() for table in tables.all()]
    assert boxes[0]
    assert boxes[1]
    assert boxes[0]["y"] == boxes[1]["y"], "side by side"

    timeline.get_by_text("Save", exact=True).click()
    with page.expect_download() as download:
        timeline.get_by_role("button", name="CSV").click()
    rows = list(csv.DictReader(io.StringIO(download.value.path().read_text())))
    gap = np.array([[float(row[f"difference_{j}"]) for j in range(1, 5)] for row in rows])
    np.testing.assert_allclose(gap, (first.q - second.q)[0, 0], atol=2e-4)
    assert [int(row["second_z"]) - 1 for row in rows] == second.listened()[0].tolist()
    np.testing.assert_allclose([float(row["second_x_1"]) for row in rows], lines["second"][0, :, 0], atol=1e-4)

    other = visit(server, page.url.removeprefix(f"{server.url}/"), width=390, height=844, scheme="dark")
    expect(other.get_by_role("heading", level=4)).to_have_text(answer.text_content() or "")
    expect(other.locator(".numbers table")).to_have_count(2)
    above, below = (table.bounding_box() for table in other.locator(".numbers table").all())
    assert above
    assert below
    assert above["y"] + above["height"] < below["y"], "where it is narrow, one under the other"
    expect(timeline.locator(".bracket")).to_have_count(1)
    page.get_by_role("tab", name="First signal").click()
    pick(page, "mix")  # each of the two has its own alien part
    expect(timeline.locator(".bracket")).to_have_count(2)
    for which in ("first", "second"):
        expect(timeline.get_by_text(f"alien part of the {which}", exact=True)).to_have_count(1)
    boxes = [box.evaluate("part => part.getBBox().y") for box in timeline.locator(".bracket").all()]
    assert boxes[1] - boxes[0] >= 20, "a row each"


@pytest.mark.parametrize("signal", ["wave_kind=mix", "wave_kind=draw", "wave_two=true"])
def test_the_whole_picture_is_seen_at_once(signal, server: Server, visit: Visit):
    page = visit(server, f"waves?{signal}")
    all_drawn(page)
    assert picture(page, "timeline").evaluate("drawing => drawing.getBoundingClientRect().bottom") < 800


def test_presets_noise_and_length_change_the_picture_at_once(server: Server, visit: Visit):
    page = visit(server, "waves")
    page.get_by_role("button", name="One alien step").click()
    expect(page.get_by_text(re.compile(r"The alien part \(step 20\) changes z"))).to_be_visible()
    settle(page)
    before = signal_seen(page) or ""
    press(page, "Noise sigma", "ArrowRight", 4)
    expect(page).to_have_url(re.compile("waves_sigma=0.2"))
    settle(page)
    expect(curve_of_signal(page)).not_to_have_attribute("d", before)
    becomes(page, lambda: (signal_seen(page) or "").count("L"), before.count("L"))
    assert before.count("L") == 49
    press(page, "Steps T", "ArrowRight", 3)
    expect(page.get_by_role("slider", name="step t")).to_have_attribute("max", "52")
    settle(page)
    becomes(page, lambda: (signal_seen(page) or "").count("L"), 52)
