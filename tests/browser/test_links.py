"""A link is the state: what one person sees, another sees who opens it. And what one may take along from a page."""

import csv
import io
import re
from collections.abc import Callable

import pytest
from playwright.sync_api import Page, expect

from tests.browser.conftest import becomes, settle
from tests.browser.test_app import choose, pick, picture, run_python, strip, strip_of
from tests.server import Server

Visit = Callable[..., Page]


def waves_seen(page: Page) -> tuple[str | None, list[str], str | None]:
    """The answer, the strip's colours, and the numbers at the cursor."""
    timeline = page.locator(".st-key-picture-timeline")
    picture(page, "timeline")
    heading = page.get_by_role("heading", level=4)
    return heading.text_content(), strip(page), timeline.locator(".readout").text_content()


def play_with_waves(page: Page) -> None:
    """Another model, another signal, a pinned step."""
    choose(page, "Model", re.compile("k = 8"))
    page.get_by_role("slider", name="Frequency f").press("PageUp")
    settle(page)
    page.get_by_role("slider", name="Phase p").press("PageUp")
    settle(page)
    drawing = picture(page, "timeline")
    drawing.press("End")
    drawing.press("ArrowLeft")
    drawing.press("Enter")
    expect(page).to_have_url(re.compile(r"[?&]t=48(&|$)"))
    settle(page)


def test_a_link_opens_the_same_wave_model_and_pinned_step_elsewhere(server: Server, visit: Visit):
    page = visit(server, "waves")
    play_with_waves(page)
    seen = waves_seen(page)
    assert "t = 48" in (seen[2] or "")
    address = page.url.removeprefix(f"{server.url}/")
    assert "model=waves-k8" in address
    other = visit(server, address)
    becomes(other, lambda: waves_seen(other), seen)


def test_what_was_set_stands_in_the_address_again_after_a_look_at_another_page(server: Server, visit: Visit):
    page = visit(server, "waves")
    pick(page, "non-alien")
    for name in ("Digits", "Waves"):
        page.get_by_test_id("stSidebar").get_by_role("link", name=name, exact=True).click()
        expect(page.locator("h1")).to_have_text(name)
        settle(page)
    expect(page).to_have_url(re.compile("wave_kind=non-alien"))
    expect(page.get_by_role("heading", level=4)).to_contain_text("(right)")


@pytest.mark.parametrize("model", ["upload-000000000000-0000", "../../etc/passwd", "nothing"])
def test_a_link_to_a_model_that_is_not_for_you_says_so_and_shows_a_shipped_one(model, server: Server, visit: Visit):
    page = visit(server, f"waves?model={model}")
    expect(page.get_by_text("The link names a model that is not here")).to_be_visible()
    picture(page, "timeline")
    expect(page.get_by_role("combobox", name="Model")).to_have_value(re.compile("^k = 4"))
    choose(page, "Model", re.compile("k = 2"))
    expect(page.get_by_text("The link names a model that is not here")).to_have_count(0)


def test_values_in_an_address_that_cannot_be_are_left_out(server: Server, visit: Visit):
    page = visit(server, "waves?wave_f=-1&wave_kind=purple&t=1e9&waves_T=0")
    expect(page.get_by_role("heading", level=4)).to_contain_text("The model says: alien")
    expect(page.locator(".st-key-picture-timeline .readout")).to_contain_text("t = 25 ")


def test_a_teachers_link_shows_the_picture_without_the_controls(server: Server, visit: Visit):
    page = visit(server, "waves?wave_kind=non-alien")
    page.get_by_role("button", name="Link", exact=True).click()
    shown = page.get_by_test_id("stPopoverBody").locator("code")
    expect(shown).to_have_count(2)
    links = shown.all_text_contents()
    assert [("controls=off" in link, "wave_kind=non-alien" in link) for link in links] == [(False, True), (True, True)]
    other = visit(server, links[1].removeprefix(f"{server.url}/"))
    expect(other.get_by_role("heading", level=4)).to_contain_text("non-alien")
    expect(other.get_by_role("slider", name="Frequency f")).to_be_hidden()
    width = "drawing => drawing.getBoundingClientRect().width"
    narrow = picture(page, "timeline").evaluate(width)
    becomes(other, lambda: picture(other, "timeline").evaluate(width) > 1.3 * narrow, True)
    other.get_by_role("button", name="Show the controls").click()
    settle(other)  # until then both arrangements are on the page
    expect(other.get_by_role("slider", name="Frequency f")).to_be_visible()
    expect(other.get_by_role("heading", level=4)).to_contain_text("non-alien")


def test_what_is_amiss_is_said_though_the_controls_are_hidden_and_there_is_a_way_back(server: Server, visit: Visit):
    page = visit(server, "waves?controls=off&model=nothing&wave_kind=draw&wave_draw=nothing")
    for words in ("The link names a model that is not here", "The address holds a drawing that cannot be read"):
        expect(page.get_by_text(words)).to_be_visible(timeout=20_000)
    expect(page.get_by_role("combobox", name="Model")).to_be_hidden()
    page = visit(server, "waves?controls=off&waves_f_high=50")
    expect(page.get_by_text("f_low must not exceed f_high")).to_be_visible(timeout=20_000)
    expect(page.get_by_role("slider", name="Steps")).to_be_hidden()
    page.get_by_role("button", name="Show the controls").click()
    expect(page.get_by_role("combobox", name="Model")).to_be_visible(timeout=20_000)
    expect(page.get_by_role("button", name="Show the controls")).to_have_count(0)


def test_the_lines_of_python_make_what_the_page_shows(server: Server, visit: Visit):
    page = visit(server, "waves")
    play_with_waves(page)
    becomes(page, lambda: strip(page), strip_of(run_python(page)["trace"].listened()[0]))


def test_a_link_opens_the_same_training_form_elsewhere_back_undoes_a_step_and_what_cannot_be_is_said(
    server: Server, visit: Visit
):
    page = visit(server, "train")
    page.get_by_role("button", name="A memory each").click()
    expect(page).to_have_url(re.compile(r"[?&]carry=own"))
    epochs = page.get_by_role("slider", name="Epochs")
    expect(epochs).to_have_value("10")
    epochs.press("ArrowRight")
    expect(page).to_have_url(re.compile(r"[?&]epochs=11"))
    settle(page)
    page.get_by_role("button", name="Python").click()
    code = page.get_by_test_id("stPopoverBody").locator("code").text_content() or ""
    assert 'carry="own"' in code
    assert "epochs=11" in code
    page.keyboard.press("Escape")
    page.get_by_role("button", name="Pictures and numbers").click()
    with page.expect_download() as download:
        page.get_by_role("button", name="CSV", exact=True).click()
    rows = list(csv.DictReader(io.StringIO(download.value.path().read_text())))
    assert [int(row["epoch"]) for row in rows] == list(range(1, 12))
    page.keyboard.press("Escape")
    address = page.url.removeprefix(f"{server.url}/")
    page.go_back()
    expect(page.get_by_role("slider", name="Epochs")).to_have_value("10")
    expect(page).not_to_have_url(re.compile("epochs="))

    other = visit(server, f"{address}&k=99&tau0=warm", width=390, height=844, scheme="dark")
    expect(other.get_by_text("The link asks for k = 99 and tau0 = warm.")).to_be_visible()
    epochs = other.get_by_role("slider", name="Epochs")
    expect(epochs).to_have_value("11")
    epochs.press("ArrowRight")
    expect(other.get_by_text("The link asks for")).to_have_count(0)


def test_a_link_opens_the_same_grid_and_the_same_comparison(server: Server, visit: Visit):
    page = visit(server, "sweeps?epochs=3")
    page.get_by_role("button", name="Does tau matter?").click()
    told = page.get_by_text(re.compile(r"^9 runs \(3 tau0 x 3 seeds\)"))
    expect(told).to_be_visible()
    expect(page).to_have_url(re.compile(r"s_k=none"))
    settle(page)
    said = told.text_content() or ""
    other = visit(server, page.url.removeprefix(f"{server.url}/"))
    expect(other.get_by_text(said, exact=True)).to_be_visible()
    page = visit(server, "compare")
    page.get_by_role("button", name="All networks").click()
    told = page.get_by_text(re.compile(r"^7 networks x 3 seeds"))
    expect(told).to_be_visible()
    expect(page).to_have_url(re.compile("c_cells="))
    settle(page)
    other = visit(server, page.url.removeprefix(f"{server.url}/"))
    expect(other.get_by_text(told.text_content() or "", exact=True)).to_be_visible()


def test_the_link_of_a_sweep_says_what_was_chosen_in_the_part_that_is_drawn_by_itself(server: Server, visit: Visit):
    page = visit(server, "sweeps?s_k=1,2&s_seeds=1")
    page.get_by_role("button", name="Start the sweep").click()
    figure = page.get_by_role("radio", name="training time")
    expect(figure).to_be_visible()
    figure.click()
    expect(page).to_have_url(re.compile("s_figure="))
    page.get_by_role("button", name="Link", exact=True).click()
    told = page.get_by_test_id("stPopoverBody").locator("code").first
    expect(told).to_contain_text("s_figure=")
    assert told.text_content() == page.url
    page.keyboard.press("Escape")
    page.get_by_role("button", name="Stop", exact=True).click()
    expect(page.get_by_role("button", name="Stop", exact=True)).to_have_count(0)


@pytest.mark.parametrize(
    ("address", "key", "other"),
    [
        ("k_and_tau", "k_waves-k8", "k_waves-k2"),
        ("k_and_tau?k_view=Mixed+or+own", "carry_own", "carry_mixed"),
        ("digits?digit_source=Two+digits", "second_digit", "first_digit"),
    ],
)
def test_a_link_pins_the_step_in_the_picture_in_which_it_was_pinned(address, key, other, server: Server, visit: Visit):
    page = visit(server, address)
    drawing = picture(page, key)
    for press in ("Home", *["ArrowDown" if "digit" in key else "ArrowRight"] * 3, "Enter"):
        drawing.press(press)
    expect(page).to_have_url(re.compile(rf"[?&]t=3&in={key}(&|$)"))
    settle(page)
    again = visit(server, page.url.removeprefix(f"{server.url}/"), width=390, height=844)
    readouts = [again.locator(f".st-key-picture-{name} .readout") for name in (key, other)]
    expect(readouts[0]).to_contain_text(re.compile(r"t = 3 .*pinned"))
    expect(readouts[1]).to_contain_text("t = 3 ")
    expect(readouts[1]).not_to_contain_text("pinned")
    picture(again, key).press("Escape")
    expect(again).not_to_have_url(re.compile(r"[?&](t|in)="))
