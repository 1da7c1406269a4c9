"""The Transitions page as a person uses it."""

import re
from collections.abc import Callable

import numpy as np
import pytest
from playwright.sync_api import Locator, Page, expect

from mrnn import TASKS, load, transition_counts
from pages.common.models import SHIPPED
from tests.browser.conftest import becomes, settle
from tests.browser.test_app import BARS, all_drawn, choose, picture, pictures
from tests.server import Server

Visit = Callable[..., Page]
VIEWS = ("Matrices", "Graph", "Use", "Time", "Information", "Map", "Steps", "Two models")


def look(page: Page, view: str) -> None:
    page.get_by_role("radio", name=view, exact=True).click()
    settle(page)


def cell(page: Page, key: str, start: int, end: int) -> Locator:
    """A cell of a matrix, by its LSTMs."""
    return picture(page, key).locator(f"path[aria-label*='from LSTM: {start}; to LSTM: {end};']").first


def counts_of(name: str) -> np.ndarray:
    """(4, 4): moves of the shipped model in a class of the 500 digits that the page shows."""
    data = TASKS["digits"].make(500, 0)
    data = data.take(np.flatnonzero(data.y == int(name)))
    trace = load(SHIPPED / "digits-k4.safetensors").trace(data.x)
    return transition_counts(trace.listened(), trace.lengths, 4)


def test_pointing_at_a_transition_tells_how_often_it_happens(server: Server, visit: Visit):
    page = visit(server, "transitions?first_digits=4&second_digits=9")
    cell(page, "matrix_4", 1, 4).hover()
    tooltip = page.locator("#vg-tooltip-element")
    counts = counts_of("4")
    for told in (
        r"from LSTM\s*1\s*to LSTM\s*4",
        rf"moves\s*{counts[0, 3]:,}\s*$",
        rf"probability\s*{counts[0, 3] / counts[0].sum():.1%}",
    ):
        expect(tooltip).to_have_text(re.compile(told))


def test_a_click_on_a_transition_lists_where_it_happens_and_opens_one(server: Server, visit: Visit):
    page = visit(server, "transitions?first_digits=4&second_digits=9")
    cell(page, "matrix_9", 2, 3).click()
    settle(page)
    expect(page.get_by_role("combobox", name="Where does it happen?")).to_have_value(re.compile("^9: 2 → 3"))
    told = page.get_by_text(re.compile("LSTM 2 is followed by 3 at row")).inner_text()
    step = int(re.findall(r"row (\d+)", told)[0])
    opened = page.locator("[class*='st-key-picture-opened']")
    expect(opened.locator(".readout")).to_contain_text(f"t = {step} · LSTM 3")
    expect(opened.locator(".readout")).to_contain_text("pinned")
    address = page.url.removeprefix(f"{server.url}/")
    elsewhere = visit(server, address)
    expect(elsewhere.get_by_role("combobox", name="Where does it happen?")).to_have_value(re.compile("^9: 2 → 3"))


def test_a_click_on_a_difference_lists_sequences_of_both_classes(server: Server, visit: Visit):
    page = visit(server, "transitions?first_digits=4&second_digits=9")
    cell(page, "difference", 2, 3).click()
    move = page.get_by_role("combobox", name="Where does it happen?")
    expect(move).to_have_value(re.compile("^4 and 9: 2 → 3"))
    settle(page)
    sequence = page.get_by_role("combobox", name="Open a sequence")
    sequence.scroll_into_view_if_needed()
    settle(page)  # a menu closes when its page scrolls
    sequence.click()
    options = page.get_by_role("option")
    expect(options.first).to_contain_text(", class 4")
    expect(options.nth(1)).to_contain_text(", class 9")
    number = re.findall(r"No\. (\d+)", options.nth(1).inner_text())[0]
    options.nth(1).click()
    opened = page.locator("[class*='st-key-picture-opened']")
    expect(opened.locator("svg[role=img]")).to_have_attribute(
        "aria-label", re.compile(f"Sequence {number}, of class 9: 2 hands over to 3")
    )
    expect(page).to_have_url(re.compile(f"open={number}"))


@pytest.mark.slow
def test_all_test_digits_are_read_once_with_a_bar_that_says_so(server: Server, visit: Visit):
    """For another person, who asks for the same later, there is nothing left to wait for."""
    page = visit(server, "transitions?controls=off")
    page.context.add_init_script(BARS)
    address = "transitions?model=digits-k2&sequences=10000"
    all_of_them = re.compile(r"in class 0 \(980 sequences\) and \d+% in class 1 \(1,135 sequences\)")
    page.goto(f"{server.url}/{address}")
    expect(page.get_by_text(all_of_them)).to_be_visible(timeout=180_000)
    assert any("The model reads 10,000 sequences" in bar for bar in page.evaluate("window.bars"))
    other = visit(server)
    other.context.add_init_script(BARS)
    other.goto(f"{server.url}/{address}")
    expect(other.get_by_text(all_of_them)).to_be_visible(timeout=180_000)
    assert other.evaluate("window.bars") == []


@pytest.mark.parametrize("told_by", ["LSTM", "class"])
def test_a_click_on_a_state_of_the_map_opens_its_sequence_at_that_step(told_by, server: Server, visit: Visit):
    page = visit(server, f"transitions?transitions_view=Map&layer_transitions=1&map_by={told_by}")
    expect(page.get_by_text("One hidden state h of layer 1 of 3")).to_be_visible()
    told = {"LSTM": "path[aria-roledescription=circle]", "class": "text[aria-roledescription='text mark']"}[told_by]
    picture(page, "map").locator(told).last.click()
    heading = page.get_by_text(re.compile("its state at row"))
    expect(heading).to_be_visible()
    number, step, lstm = re.findall(r"No\. (\d+).* at row (\d+), where LSTM (\d)", heading.inner_text())[0]
    readout = page.locator("[class*='st-key-picture-opened_state'] .readout")
    expect(readout).to_contain_text(f"t = {step} · LSTM {lstm}")
    expect(readout).to_contain_text("pinned")
    expect(page).to_have_url(re.compile(f"state={number}&.*t={step}|t={step}&.*state={number}"))
    elsewhere = visit(server, page.url.removeprefix(f"{server.url}/"))
    expect(elsewhere.get_by_text(f"No. {number}, of class")).to_be_visible()
    if told_by == "class":
        return
    look(page, "Graph")  # the map is taken away, and drawn anew
    look(page, "Map")
    expect(heading).to_contain_text(f"No. {number}, of class")
    page.get_by_role("link", name="Waves").first.click()
    expect(page.locator("h1")).to_have_text("Waves")
    page.get_by_role("link", name="Transitions").first.click()
    expect(page.locator("h1")).to_have_text("Transitions")
    expect(heading).to_contain_text(f"No. {number}, of class")
    expect(readout).to_contain_text(f"t = {step} ")
    field = page.get_by_role("spinbutton", name="Open the sequence of a state")
    field.fill("17")  # as a click does, by keyboard
    field.press("Enter")
    expect(heading).to_contain_text("No. 17, of class")
    settle(page)
    map_ = picture(page, "map")
    map_.locator(told).last.click()
    expect(heading).to_contain_text(f"No. {number}, of class")
    box = map_.bounding_box()
    assert box is not None
    page.mouse.click(box["x"] + box["width"] - 12, box["y"] + box["height"] / 2)  # beside all of them
    expect(heading).to_have_count(0)


def test_each_view_pins_its_own_sequence_at_its_own_step(server: Server, visit: Visit):
    page = visit(server, "transitions")
    told = page.get_by_text(re.compile(r"is followed by \d at row"))
    first = re.findall(r"at row (\d+)", told.inner_text())[0]
    of_move = page.locator("[class*='st-key-picture-opened_'] .readout")
    of_state = page.locator("[class*='st-key-picture-opened_state'] .readout")
    expect(of_move).to_contain_text(f"t = {first} ")
    look(page, "Map")
    field = page.get_by_role("spinbutton", name="Open the sequence of a state")
    field.fill("17")
    field.press("Enter")
    heading = page.get_by_text(re.compile("its state at row"))
    expect(heading).to_contain_text("No. 17, of class")
    step = re.findall(r"at row (\d+)", heading.inner_text())[0]
    assert step != first, "choose another state, so that the two can be told apart"
    expect(of_state).to_contain_text(f"t = {step} ")
    look(page, "Matrices")
    expect(of_state).to_have_count(0)
    expect(of_move).to_contain_text(f"t = {first} ")


@pytest.mark.parametrize("view", VIEWS)
def test_a_view_is_drawn_and_stands_in_the_address(view, server: Server, visit: Visit):
    page = visit(server, "transitions")
    look(page, view)
    elsewhere = visit(server, page.url.removeprefix(f"{server.url}/"))
    # Pictures of the view that was left may stand a moment longer.
    becomes(page, lambda: pictures(page) == pictures(elsewhere) != [], True)


def test_the_lstms_of_hidden_regimes_are_seen_and_the_address_says_what_steps_are_told_apart_by(
    server: Server, visit: Visit
):
    page = visit(server, "transitions")
    page.get_by_role("button", name="Hidden regimes").click()
    settle(page)
    expect(page.get_by_text("The choice depends on what is hidden")).to_be_visible()
    task = TASKS["regimes"]
    data, hidden = task.make(500, 0), task.hidden(500, 0)
    assert hidden is not None
    z = load(SHIPPED / "regimes-k3.safetensors").trace(data.x, data.lengths).listened()
    expect(picture(page, "use_by_kind").locator("path[aria-label*='step: regime']")).to_have_count(9)
    for number, letter in enumerate("ABC"):
        for lstm in range(3):
            share = (z[hidden == number] == lstm).mean()
            told = f"[aria-label*='regime {letter}'][aria-label*='LSTM: {lstm + 1};'][aria-label*='{share:.1%}']"
            expect(picture(page, "use_by_kind").locator(f"path{told}")).to_have_count(1)
    page.get_by_role("radio", name="what comes in").click()
    expect(page.get_by_text("The choice depends on what comes in")).to_be_visible()
    settle(page)
    elsewhere = visit(server, page.url.removeprefix(f"{server.url}/"))
    expect(elsewhere.get_by_text("The choice depends on what comes in")).to_be_visible()


def test_sequences_of_several_labels_are_told_apart_by_the_one_that_is_chosen(server: Server, visit: Visit):
    page = visit(server, "transitions?model=curves-k4-own&sequences=100&by_curves=noise")
    expect(page.get_by_text("noise minus not noise")).to_be_visible()
    choose(page, "Told apart by", "step")
    expect(page.get_by_text("step minus not step")).to_be_visible()
    expect(page).to_have_url(re.compile("by_curves=step"))
    page.go_back()
    expect(page.get_by_text("noise minus not noise")).to_be_visible()


def test_the_graph_says_its_numbers_to_those_who_point_and_to_those_who_cannot_see(server: Server, visit: Visit):
    page = visit(server, "transitions?first_digits=4&second_digits=9&transitions_view=Graph")
    graph = page.locator(".st-key-picture-graph_4 svg[role=img]")
    expect(graph).to_be_visible()
    counts = counts_of("4")
    chance = counts / counts.sum(1, keepdims=True)
    expect(graph).to_have_attribute("aria-label", re.compile(f"1 to 4 {chance[0, 3]:.0%}"))
    title = f"LSTM 1 → 4: {chance[0, 3]:.1%}, {counts[0, 3]:,} times"
    expect(graph.locator("g.move title").filter(has_text=title)).to_have_count(1)


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_the_arrows_of_the_graph_are_seen_in_both_themes(scheme, server: Server, visit: Visit):
    page = visit(server, "transitions?transitions_view=Graph", scheme=scheme)
    ink = page.locator(".st-key-picture-graph_0 g.move path").first.evaluate("path => getComputedStyle(path).stroke")
    red = int(re.findall(r"\d+", ink)[0])
    assert (red > 128) == (scheme == "dark")


def test_a_preset_opens_another_model_and_its_classes(server: Server, visit: Visit):
    page = visit(server, "transitions")
    page.get_by_role("button", name="Alien or not").click()
    settle(page)
    expect(page.get_by_role("combobox", name="First class")).to_have_value("alien")
    expect(page.get_by_text("alien minus non-alien")).to_be_visible()
    expect(page.locator(".stAlert")).to_have_count(0)


def test_two_models_are_paired_and_a_model_is_not_compared_with_itself(server: Server, visit: Visit):
    page = visit(server, "transitions?transitions_view=Two+models")
    expect(page.get_by_text(re.compile(r"They listen to partners at \d+% of the steps"))).to_be_visible()
    choose(page, "Second model", re.compile("^k = 4"))
    expect(page.get_by_text("a model agrees with itself")).to_be_visible()


@pytest.mark.parametrize("view", VIEWS)
def test_nothing_scrolls_sideways_on_a_telephone(view, server: Server, visit: Visit):
    page = visit(server, "transitions", width=390)
    look(page, view)
    all_drawn(page)
    sizes = "all => Math.max(...all.map(one => one.scrollWidth - one.clientWidth))"
    parts = page.locator("[data-testid=stMain], [role=radiogroup], [role=group]")
    becomes(page, lambda: parts.evaluate_all(sizes), 0)


FOOT = "drawing => drawing.getBoundingClientRect().bottom"


def test_the_matrices_are_seen_without_scrolling(server: Server, visit: Visit):
    page = visit(server, "transitions")
    all_drawn(page)
    for key in ("matrix_0", "matrix_1", "difference"):
        assert picture(page, key).evaluate(FOOT) <= 800
