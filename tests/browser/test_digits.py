"""Digits in a real browser: what a person draws, and what the network makes of it meanwhile."""

import re
from collections.abc import Callable, Iterable
from itertools import groupby

import numpy as np
import pytest
from playwright.sync_api import Locator, Page, expect

from mrnn import TASKS, load
from pages.common.drawing import read
from tests.browser.conftest import becomes, settle
from tests.browser.test_app import choose, pick, picture, run_python, strip
from tests.server import PROJECT, Server

Visit = Callable[..., Page]
TOP, CORNER, FOOT = (0.3, 0.2), (0.7, 0.2), (0.45, 0.85)  # of a seven: shares of the field, from its left and its top


def field(page: Page) -> Locator:
    return page.get_by_role("application", name=re.compile("Draw one digit here"))


def answer(page: Page) -> Locator:
    return page.get_by_role("heading", level=4)


def move(page: Page, *places: tuple[float, float]) -> None:
    """The mouse through places of the field, step by step."""
    box = field(page).bounding_box()
    assert box is not None
    for x, y in places:
        page.mouse.move(box["x"] + x * box["width"], box["y"] + y * box["height"], steps=12)


def stroke(page: Page, *places: tuple[float, float]) -> None:
    move(page, places[0])
    page.mouse.down()
    move(page, *places[1:])
    page.mouse.up()


def reads(page: Page, digit: str) -> None:
    expect(answer(page)).to_contain_text(f"The model reads a {digit}")


def test_the_answer_and_the_path_follow_while_a_stroke_is_still_being_drawn(server: Server, visit: Visit):
    page = visit(server, "digits")
    expect(answer(page)).to_contain_text("Nothing drawn yet")
    field(page).scroll_into_view_if_needed()
    picture(page, "rows")
    before = strip(page, "rows")
    move(page, (0.5, 0.15))
    page.mouse.down()
    move(page, (0.5, 0.85))
    reads(page, "1")  # the button is still held down
    becomes(page, lambda: strip(page, "rows") != before, True)
    expect(page).not_to_have_url(re.compile("drawing="))
    page.mouse.up()
    expect(page).to_have_url(re.compile("drawing="))


def test_undo_takes_the_last_stroke_and_clear_all_of_them(server: Server, visit: Visit):
    page = visit(server, "digits")
    expect(page.get_by_role("button", name="Undo")).to_be_disabled()
    stroke(page, (0.5, 0.15), (0.5, 0.85))
    reads(page, "1")
    stroke(page, (0.5, 0.15), (0.25, 0.15))
    stroke(page, (0.5, 0.15), (0.2, 0.2), (0.3, 0.5), (0.55, 0.45), (0.5, 0.15))
    reads(page, "9")
    page.get_by_role("button", name="Undo").click()
    page.get_by_role("button", name="Undo").click()
    reads(page, "1")
    page.get_by_role("button", name="Clear").click()
    expect(answer(page)).to_contain_text("Nothing drawn yet")
    expect(page).not_to_have_url(re.compile("drawing="))


def ink(page: Page) -> int:
    """White pixels of the field."""
    return field(page).evaluate(
        "f => f.getContext('2d').getImageData(0, 0, f.width, f.height).data"
        ".filter((value, i) => i % 4 === 0 && value > 127).length"
    )


def test_a_wider_brush_leaves_more_ink(server: Server, visit: Visit):
    page = visit(server, "digits")
    inks = []
    for key in ("Home", "End"):
        page.get_by_role("slider", name="Brush width").press(key)
        stroke(page, (0.5, 0.15), (0.5, 0.85))
        expect(page).to_have_url(re.compile("drawing="))  # once it has ended
        inks.append(ink(page))
        page.get_by_role("button", name="Clear").click()
        expect(page).not_to_have_url(re.compile("drawing="))
    assert inks[1] > 3 * inks[0]


def test_a_digit_is_drawn_with_the_keyboard_alone(server: Server, visit: Visit):
    page = visit(server, "digits")
    field(page).focus()
    page.keyboard.press("Space")
    for _ in range(20):
        page.keyboard.press("ArrowDown")
    page.keyboard.press("Space")
    reads(page, "1")
    page.keyboard.press("ArrowRight")  # the pen is up: no ink
    page.keyboard.press("Backspace")
    expect(answer(page)).to_contain_text("Nothing drawn yet")


def test_a_finger_draws_and_the_page_does_not_scroll_away(server: Server, visit: Visit):
    page = visit(server, "digits", width=390, height=844)
    field(page).scroll_into_view_if_needed()
    box = field(page).bounding_box()
    assert box is not None
    wire = page.context.new_cdp_session(page)
    x = box["x"] + 0.5 * box["width"]

    def touch(kind: str, points: Iterable[float]) -> None:
        touches = [{"x": x, "y": box["y"] + share * box["height"]} for share in points]
        wire.send("Input.dispatchTouchEvent", {"type": kind, "touchPoints": touches})

    touch("touchStart", [0.15])
    for share in np.linspace(0.15, 0.85, 12):
        touch("touchMove", [share])
    touch("touchEnd", [])
    reads(page, "1")
    after = field(page).bounding_box()
    assert after is not None
    assert after["y"] == pytest.approx(box["y"], abs=1)


def test_a_link_opens_the_same_drawing_elsewhere_and_one_may_draw_on(server: Server, visit: Visit):
    page = visit(server, "digits")
    stroke(page, TOP, CORNER, FOOT)
    reads(page, "7")
    choose(page, "Model", re.compile("k = 8"))
    expect(page).to_have_url(re.compile("drawing="))
    settle(page)
    said, path = answer(page).text_content() or "", strip(page, "rows")
    other = visit(server, page.url.removeprefix(f"{server.url}/"))
    expect(answer(other)).to_have_text(said)
    becomes(other, lambda: strip(other, "rows"), path)
    becomes(other, lambda: ink(other) > 1_000, True)
    stroke(other, (0.35, 0.55), (0.75, 0.55))
    expect(other).not_to_have_url(page.url)
    expect(answer(other)).to_contain_text("The model reads a")
    other.get_by_role("button", name="Undo").click()
    expect(answer(other)).to_contain_text("The model reads a 7")


def test_a_drawing_is_still_there_after_a_look_at_another_page(server: Server, visit: Visit):
    page = visit(server, "digits")
    stroke(page, TOP, CORNER, FOOT)
    reads(page, "7")
    expect(page).to_have_url(re.compile("drawing="))
    for name in ("Waves", "Digits"):
        page.get_by_test_id("stSidebar").get_by_role("link", name=name, exact=True).click()
        expect(page.locator("h1")).to_have_text(name)
        settle(page)
    reads(page, "7")
    expect(page).to_have_url(re.compile("drawing="))


@pytest.mark.parametrize("text", ["nothing", "7Z7Z7Z", ""])
def test_a_drawing_that_cannot_be_is_left_out(text, server: Server, visit: Visit):
    page = visit(server, f"digits?drawing={text}")
    expect(answer(page)).to_contain_text("Nothing drawn yet")


LEVEL = """picture => {
  const box = node => { const { top, height, width } = node.getBoundingClientRect(); return { top, height, width } }
  const rows = image => new Promise(done => {
    const found = new Image()
    found.onload = () => done({ ...box(image), rows: found.naturalHeight, columns: found.naturalWidth })
    found.src = image.getAttribute("href")
  })
  const images = ["input", "q", "answer"].map(name => rows(picture.querySelector(`image.${name}`)))
  return Promise.all(images).then(images => ({
    images, stays: [...picture.querySelectorAll(".stay")].map(box)
  }))
}"""


@pytest.mark.parametrize("width", [390, 1280])
def test_each_row_of_the_digit_lies_level_with_the_same_row_of_q_and_z(width, server: Server, visit: Visit):
    page = visit(server, "digits?digit_source=Test+digit&digit_number=17&model=digits-k8", width=width)
    told = picture(page, "rows").evaluate(LEVEL)
    digit = told["images"][0]
    row = digit["height"] / 28
    assert digit["width"] == pytest.approx(digit["height"], abs=1), "its pixels are square"
    for image in told["images"]:
        assert image["rows"] == 28
        assert (image["top"], image["height"]) == pytest.approx((digit["top"], digit["height"]), abs=1)
    model, x = load(PROJECT / "assets/models/digits-k8.safetensors"), TASKS["digits"].make(10_000, seed=0).x[17]
    t = 0
    for stay, (_, steps) in zip(told["stays"], groupby(model.trace(x[None]).listened()[0]), strict=True):
        number = len(list(steps))
        expected = (digit["top"] + t * row, number * row)
        assert (stay["top"], stay["height"]) == pytest.approx(expected, abs=1)
        t += number
    assert t == 28


def said_by_python(page: Page) -> None:
    """The page's lines of Python come to its answer."""
    says = run_python(page)["trace"].answers[0]
    expect(answer(page)).to_contain_text(f"{says.argmax()}, {says.max():.1%}")
    page.keyboard.press("Escape")


def test_the_lines_of_python_make_what_the_page_shows_of_a_drawing(server: Server, visit: Visit):
    page = visit(server, "digits")
    stroke(page, TOP, CORNER, FOOT)
    expect(page).to_have_url(re.compile("drawing="))
    reads(page, "7")
    settle(page)
    said_by_python(page)


def test_a_test_digit_is_read_and_judged(server: Server, visit: Visit):
    page = visit(server, "digits")
    pick(page, "Test digit")
    expect(answer(page)).to_contain_text(re.compile(r"The model reads a \d, [\d.]+% \((right|wrong)"))
    number = page.get_by_role("spinbutton", name="Number of the test digit")
    before = number.input_value()
    page.get_by_role("button", name="Random test digit").click()
    expect(number).not_to_have_value(before)
    settle(page)
    said_by_python(page)


def small(page: Page) -> Locator:
    return page.get_by_role("button", name=re.compile(r"^Test digit \d+: a \d"))


def test_the_gallery_shows_a_class_and_a_click_or_enter_opens_a_digit(server: Server, visit: Visit):
    page = visit(server, "digits?digit_source=Test+digit&model=digits-k1")
    page.get_by_test_id("stButtonGroup").get_by_text("5", exact=True).click()
    expect(small(page)).to_have_count(60)
    expect(small(page).first).to_have_accessible_name(re.compile(": a 5, read as a"))
    names = small(page).evaluate_all("all => all.map(b => b.getAttribute('aria-label'))")
    assert all(re.match(r"Test digit \d+: a 5, read as a \d(, wrong)?$", name) for name in names)
    number = page.get_by_role("spinbutton", name="Number of the test digit")
    small(page).nth(2).click()
    expect(number).to_have_value(re.findall(r"\d+", names[2])[0])
    expect(answer(page)).to_contain_text(re.compile(r"right|it is a 5"))
    expect(small(page).nth(2)).to_have_attribute("aria-current", "true")
    page.keyboard.press("ArrowRight")
    expect(small(page).nth(3)).to_be_focused()
    page.keyboard.press("Enter")
    expect(number).to_have_value(re.findall(r"\d+", names[3])[0])
    expect(small(page).nth(3)).to_be_focused()
    other = visit(server, page.url.removeprefix(f"{server.url}/"))
    expect(small(other).nth(3)).to_have_attribute("aria-current", "true")


def test_the_gallery_finds_the_digits_that_the_model_reads_wrong(server: Server, visit: Visit):
    page = visit(server, "digits?digit_source=Test+digit&model=digits-k1&gallery_class=5")
    page.get_by_text("Only those that this model reads wrong").click()
    expect(page.get_by_text(re.compile(r"test digits 5 that the model reads wrong"))).to_be_visible(timeout=120_000)
    data, model = TASKS["digits"].make(10_000, seed=0), load(PROJECT / "assets/models/digits-k1.safetensors")
    fives = np.flatnonzero(data.y == 5)
    said = model.trace(data.x[fives]).answers.argmax(1)
    wrong = [(int(n), int(a)) for n, a in zip(fives, said, strict=True) if a != 5]
    names = [f"Test digit {n}: a 5, read as a {a}, wrong" for n, a in wrong[:60]]
    becomes(page, lambda: small(page).evaluate_all("all => all.map(b => b.getAttribute('aria-label'))"), names)
    small(page).first.click()
    expect(answer(page)).to_contain_text("(wrong, it is a 5)")


def test_a_preset_opens_what_it_promises(server: Server, visit: Visit):
    page = visit(server, "digits")
    expect(field(page)).to_be_visible()  # it comes last, and moves the buttons below it
    page.get_by_role("button", name="A 5 that fools it").click()
    expect(answer(page)).to_contain_text("(wrong, it is a 5)")
    page.get_by_role("button", name="Late to decide").click()
    expect(page.get_by_text(re.compile(r"From row 2\d on the answer stays 4"))).to_be_visible()


def readings(page: Page) -> list[str]:
    told = page.locator("[class*=st-key-picture-][class*=_digit] .readout").all_text_contents()
    return [text.removesuffix("  ·  pinned") for text in told]


def test_two_digits_have_one_cursor_and_show_where_their_q_differs(server: Server, visit: Visit):
    page = visit(server, "digits")
    expect(field(page)).to_be_visible()  # it comes last, and moves the buttons below it
    page.get_by_role("button", name="7 and 9", exact=True).click()
    # For a moment both arrangements of the page are there, and then pictures move up.
    heading = page.get_by_role("heading", name=re.compile("^A 7 and a 9: their paths part most at row"))
    expect(heading).to_be_visible()
    expect(answer(page)).to_have_count(1)
    expect(small(page)).to_have_count(60)
    settle(page)
    first, second = (picture(page, f"{which}_digit") for which in ("first", "second"))
    places = [drawing.locator("image.difference").bounding_box() for drawing in (first, second)]
    assert places[0] is not None
    assert places[1] is not None
    assert places[0]["y"] == pytest.approx(places[1]["y"], abs=1)
    assert places[0]["height"] == pytest.approx(places[1]["height"], abs=1)
    assert places[1]["y"] + places[1]["height"] < 800, "both are seen without scrolling"
    frame = first.bounding_box()
    assert frame is not None
    row = places[0]["y"] - frame["y"] + 20.5 / 28 * places[0]["height"]
    first.hover(position={"x": places[0]["x"] - frame["x"] + 5, "y": row})
    for told in page.locator("[class*=st-key-picture-][class*=_digit] .readout").all():
        like = re.compile(r"^row t = 20  ·  LSTM \d, q = [\d.]+  ·  [+−][\d.]+ against the other")
        expect(told).to_have_text(like)
    first.press("Enter")  # pins row 20
    expect(page).to_have_url(re.compile("[?&]t=20(&|$)"))
    settle(page)
    said = answer(page).text_content() or ""
    other = visit(server, page.url.removeprefix(f"{server.url}/"))
    expect(answer(other)).to_have_text(said)
    becomes(other, lambda: readings(other), readings(page))
    q = run_python(page)["trace"].q[:, -1]
    assert f"row {np.abs(q[0] - q[1]).sum(-1).argmax()}" in said


def test_two_digits_stand_one_below_the_other_where_it_is_narrow(server: Server, visit: Visit):
    page = visit(server, "digits?digit_source=Two+digits&digit_first=3&digit_second=5", width=390, height=844)
    first, second = (picture(page, f"{which}_digit").bounding_box() for which in ("first", "second"))
    assert first is not None
    assert second is not None
    assert second["y"] > first["y"] + first["height"]
    assert second["x"] == pytest.approx(first["x"], abs=1)
    assert first["width"] > 300


def test_the_gallery_fills_either_of_two_digits(server: Server, visit: Visit):
    page = visit(server, "digits?digit_source=Two+digits&gallery_class=3")
    expect(small(page).first).to_have_accessible_name(re.compile(": a 3, read as a"))
    names = small(page).evaluate_all("all => all.map(b => b.getAttribute('aria-label'))")
    for which, n in (("First", 0), ("Second", 1)):
        pick(page, which)
        small(page).nth(n).click()
        box = page.get_by_role("spinbutton", name=which)
        expect(box).to_have_value(re.findall(r"\d+", names[n])[0])
    expect(answer(page)).to_contain_text("A 3 and a 3")


@pytest.mark.parametrize("pixels", [None, "", "AAAA", "no base64!"])
def test_what_no_field_sent_is_no_drawing(pixels):
    assert read(pixels) is None
