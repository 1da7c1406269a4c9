"""What a person does with the app, in a real browser against a real server."""

import contextlib
import io
import json
import re
from collections.abc import Callable
from itertools import groupby
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest
from playwright.sync_api import Locator, Page, expect

from mrnn import load
from mrnn.charts import lstm_colour
from mrnn.files import read_json, read_lines
from mrnn.tasks.waves import Waves
from tests.browser.conftest import becomes, settle
from tests.browser.test_access import assert_no_serious_fault
from tests.server import PROJECT, Server

Visit = Callable[..., Page]
TITLES = {
    "": "Markov recurrent networks",
    "waves": "Waves",
    "digits": "Digits",
    "own_data": "Own data",
    "laboratory": "Laboratory",
    "train": "Train",
    "sweeps": "Sweeps",
    "compare": "Compare",
    "transitions": "Transitions",
    "k_and_tau": "k and tau",
}
# In a page: keeps what each bar of progress says.
BARS = """
window.bars = []
new MutationObserver(() => {
  for (const bar of document.querySelectorAll("[data-testid=stProgress]")) window.bars.push(bar.innerText)
}).observe(document, { subtree: true, childList: true, characterData: true })
"""


def picture(page: Page, key: str) -> Locator:
    """The chart with this key, drawn."""
    chart = page.locator(f".st-key-picture-{key}").locator("svg.marks, canvas.marks, svg[role=img]").first
    chart.wait_for(state="visible")
    return chart


def pictures(page: Page) -> list[str]:
    """The keys of the pictures that stand on a page, in order."""
    found = page.locator("[class*='st-key-picture-']")
    return found.evaluate_all("all => all.map(one => one.className.match(/st-key-picture-([^ ]+)/)[1])")


def all_drawn(page: Page) -> None:
    """Wait until a page has drawn all of its pictures, so that nothing moves any more."""
    settle(page)
    for key in pictures(page):
        picture(page, key)


def strip(page: Page, key: str = "timeline") -> list[str]:
    """Colours of the LSTMs listened to in the picture with this key, a stay each."""
    stays = page.locator(f".st-key-picture-{key} .stay")
    return stays.evaluate_all("all => all.map(stay => stay.getAttribute('fill'))")


def strip_of(z: np.ndarray) -> list[str]:
    """What `strip` comes to for the LSTMs z (T,) int."""
    return [lstm_colour(lstm + 1) for lstm, _ in groupby(z)]


def pick(page: Page, option: str) -> None:
    """Take an option of a segmented control."""
    page.get_by_role("radio", name=option, exact=True).click()
    settle(page)


def pick_pill(page: Page, group: str, option: str) -> None:
    """Press a pill of a group of which several may be pressed."""
    page.get_by_role("toolbar", name=group).get_by_role("button", name=option, exact=True).click()
    settle(page)


def choose(page: Page, label: str, option: str | re.Pattern[str]) -> None:
    """Take an option of a select box."""
    page.get_by_role("combobox", name=re.compile(label)).first.click()
    page.get_by_role("option", name=option).first.click()
    settle(page)


def run_python(page: Page) -> dict[str, Any]:
    """What the page's lines of Python come to, by name; what they print, under "printed"."""
    page.get_by_role("button", name="Python").click()
    code = page.get_by_test_id("stPopoverBody").locator("code").text_content() or ""
    names: dict[str, Any] = {}
    with contextlib.chdir(PROJECT), contextlib.redirect_stdout(io.StringIO()) as printed:
        exec(code, names)  # noqa: S102, our own
    return {**names, "printed": printed.getvalue()}


@pytest.mark.slow
@pytest.mark.parametrize("address", TITLES)
def test_each_address_works_as_the_first_request_after_a_cold_start(address, cold_server: Server, visit: Visit):
    page = visit(cold_server, address)
    expect(page.locator("h1")).to_have_text(TITLES[address])
    expect(page.get_by_role("link", name="Transitions").first).to_be_visible()
    expect(page.locator(".stAlert")).to_have_count(0)


def test_the_menu_leads_to_every_page(server: Server, visit: Visit):
    page = visit(server)
    # Within the page: what Streamlit serves of a file it may have forgotten when a slow browser asks.
    expect(page.locator("link[rel*=icon]").first).to_have_attribute("href", re.compile("^data:image/png"))
    for name in ("Waves", "Digits", "Own data", "Laboratory", "Train", "Sweeps", "Compare", "Transitions", "k and tau"):
        page.get_by_test_id("stSidebar").get_by_role("link", name=name, exact=True).click()
        expect(page.locator("h1")).to_have_text(name)
        settle(page)


def test_an_alien_wave_is_made_and_recognised(server: Server, visit: Visit):
    page = visit(server, "waves")
    pick(page, "non-alien")
    expect(page.get_by_role("heading", level=4)).to_contain_text("The model says: non-alien")
    pick(page, "alien")
    expect(page.get_by_role("heading", level=4)).to_contain_text("The model says: alien")
    expect(page.get_by_role("heading", level=4)).to_contain_text("(right)")


@pytest.mark.parametrize(
    ("address", "key"),
    [
        ("", "overview"),
        ("waves", "timeline"),
        ("k_and_tau", "k_waves-k4"),
        ("k_and_tau?k_view=Training", "learned"),
        ("laboratory", "answers"),
    ],
)
def test_the_cursor_follows_the_mouse_without_asking_the_server_and_a_click_pins_a_step_in_numbers(
    address, key, server: Server, visit: Visit
):
    page = visit(server, address)
    box = picture(page, key).bounding_box()
    assert box is not None
    asked: list[str] = []
    page.on("request", lambda request: asked.append(request.url))
    wire = page.context.new_cdp_session(page)
    wire.send("Network.enable")
    wire.on("Network.webSocketFrameSent", lambda _: asked.append("a message"))
    readout = page.locator(f".st-key-picture-{key} .readout")
    for share in (0.3, 0.5, 0.8):
        before = readout.text_content() or ""
        page.mouse.move(box["x"] + share * box["width"], box["y"] + 30)
        expect(readout).not_to_have_text(before)
    page.wait_for_timeout(400)  # longer than a pin waits before it is told
    assert [what for what in asked if not what.startswith("blob:")] == []  # those are the charts' own
    page.mouse.down()
    page.mouse.up()
    numbers = page.locator(f".st-key-picture-{key} .numbers")
    titles = numbers.locator("thead").get_by_role("columnheader")
    expect(titles).to_have_text([re.compile(name) for name in ("^LSTM$", "^a", "^q", "^z")])
    expect(numbers).to_contain_text("Came in: ")
    expect(numbers).to_contain_text("Gates of LSTM ")
    expect(page).to_have_url(re.compile(r"[?&]t=\d"), timeout=10_000)
    assert "a message" in asked, "what is pinned stands in the link"


def test_the_strip_is_what_the_model_does_with_the_signal_that_is_set(server: Server, visit: Visit):
    page = visit(server, "waves")
    model = load("assets/models/waves-k4.safetensors")
    for kind in ("alien", "non-alien"):
        pick(page, kind)
        picture(page, "timeline")
        listened = model.trace(Waves().wave(kind, p=0.0, f=144, s=1.0, seed=0).x).listened()[0]
        becomes(page, lambda: strip(page), strip_of(listened))


def test_a_person_trains_watches_loads_and_takes_the_model_along(server: Server, visit: Visit, tmp_path):
    page = visit(server, "train")
    epochs = page.get_by_role("slider", name="Epochs")
    epochs.press("Home")
    for _ in range(4):
        epochs.press("ArrowRight")
    settle(page)
    page.get_by_role("button", name="Train", exact=True).click()
    # Without a click: progress, then the curve after the first epoch, then the result.
    expect(page.get_by_text(re.compile(r"Epoch \d of 5 on"))).to_be_visible(timeout=120_000)
    picture(page, "loss")
    expect(page.get_by_text(re.compile(r"^Finished: [\d.]+% of 10,000 test sequences right"))).to_be_visible(
        timeout=240_000
    )
    expect(page.get_by_text(re.compile(r"^After epoch 5:"))).to_have_count(1)
    for key in ("loss", "accuracy", "use"):
        picture(page, key)
    for scheme in ("light", "dark"):
        page.emulate_media(color_scheme=scheme)
        page.get_by_role("button", name="Train", exact=True).hover()
        assert_no_serious_fault(page)
    page.emulate_media(color_scheme="light")

    with page.expect_download() as download:
        page.get_by_test_id("stDownloadButton").get_by_role("button").click()
    file = tmp_path / "mine.safetensors"
    download.value.save_as(file)

    # It is at once in the other pages' pickers, chosen, and its heat map is there.
    page.get_by_test_id("stSidebar").get_by_role("link", name="Waves").click()
    expect(page.locator("h1")).to_have_text("Waves")
    settle(page)
    expect(page.get_by_role("combobox", name="Model")).to_have_value(re.compile(r"^k = 4, trained .* \(yours\)$"))
    picture(page, "timeline")

    # Another person does not see it, and can load the file that was downloaded.
    other = visit(server, "train")
    expect(other.get_by_text("None yet.")).to_be_visible()
    other.locator("input[type=file]").set_input_files(file)
    expect(other.get_by_text("mine.safetensors is now in the model pickers")).to_be_visible()
    other.get_by_test_id("stSidebar").get_by_role("link", name="Waves").click()
    settle(other)
    expect(other.get_by_role("combobox", name="Model")).to_have_value(re.compile(r"^mine.safetensors.*\(yours\)$"))


def test_training_stops_when_asked_and_keeps_what_was_learned(server: Server, visit: Visit):
    page = visit(server, "train", width=390, height=844)
    page.get_by_role("slider", name="Epochs").press("End")  # so that it does not end by itself before the click
    settle(page)
    page.get_by_role("button", name="Train", exact=True).click()
    expect(page.get_by_text(re.compile(r"^After epoch \d+:"))).to_have_count(1, timeout=120_000)
    for seen in (page.get_by_role("heading", level=4), page.get_by_test_id("stProgress"), picture(page, "loss")):
        expect(seen).to_be_in_viewport()  # above the form, where the page was left
    page.get_by_role("button", name="Stop").click()
    expect(page.get_by_text(re.compile("^Stopped; the best model so far is kept"))).to_be_visible(timeout=60_000)
    expect(page.get_by_role("button", name="Train", exact=True)).to_be_enabled()


def downloads_agree(page: Page, server: Server) -> None:
    """The model, the history and the settings of the run chosen in the table are those in its folder."""
    files: dict[str, Path] = {}
    for name in ("Model", "History", "Settings"):
        with page.expect_download() as download:
            page.get_by_test_id("stDownloadButton").get_by_role("button", name=name).last.click()
        files[name] = Path(download.value.path())
        run_id = re.findall(r"waves-(.*)\.", download.value.suggested_filename)[0]
    folder = server.runs / run_id
    assert files["Model"].read_bytes() == (folder / "model.safetensors").read_bytes()
    table, history = pd.read_csv(files["History"]), read_lines(folder / "history.jsonl")
    assert list(table["accuracy_hard"]) == pytest.approx([report["accuracy_hard"] for report in history])
    assert list(table["usage_4"]) == pytest.approx([report["usage"][3] for report in history])
    assert json.loads(files["Settings"].read_text()) == read_json(folder / "config.json")["run"]


def test_a_run_goes_on_when_its_tab_is_closed_and_others_see_it_once_it_is_published(server: Server, visit: Visit):
    tab = visit(server, "train")
    browser = tab.context
    tab.get_by_role("slider", name="Epochs").press("End")
    settle(tab)
    tab.get_by_role("button", name="Train", exact=True).click()
    expect(tab.get_by_text(re.compile(r"^After epoch \d+:"))).to_have_count(1, timeout=120_000)
    tab.goto("about:blank")  # as closed: its connection is gone

    page = browser.new_page()
    page.goto(f"{server.url}/train")
    expect(page.get_by_text(re.compile(r"Epoch \d+ of \d+ on"))).to_be_visible(timeout=60_000)
    page.get_by_role("button", name="Stop").click()
    expect(page.get_by_text(re.compile("^Stopped; the best model so far is kept"))).to_be_visible(timeout=60_000)
    page.reload()  # the table takes up what has ended
    settle(page)
    row = page.get_by_test_id("stDataFrame").first
    row.scroll_into_view_if_needed()
    box = row.bounding_box()
    assert box
    page.mouse.click(box["x"] + 20, box["y"] + 55)  # the box that chooses the first row; it is drawn on a canvas
    settle(page)
    downloads_agree(page, server)
    page.get_by_text("Published: whoever has its address").click()
    address = page.get_by_test_id("stCode").filter(has_text="train?run=").inner_text().strip()

    other = visit(server, address.removeprefix(f"{server.url}/"))
    expect(other.get_by_text("Somebody else has published this run.")).to_be_visible()
    picture(other, "loss")
    expect(other.get_by_text("None yet.")).to_be_visible()

    page.get_by_role("button", name="Delete").click()
    page.get_by_role("button", name="Delete it").click()
    expect(page.get_by_text("None yet.")).to_be_visible()
    other.reload()
    expect(other.get_by_text("There is no run to be seen at this address")).to_be_visible()


@pytest.mark.parametrize(
    ("content", "says"),
    [
        (b"no model at all", "is not a whole .safetensors file"),
        (b"\x02\x00\x00\x00\x00\x00\x00\x00{}", "not of this program"),
    ],
)
def test_a_bad_model_file_gets_one_sentence_and_harms_nothing(content, says, server: Server, visit: Visit, tmp_path):
    file = tmp_path / "bad.safetensors"
    file.write_bytes(content)
    page = visit(server, "train")
    page.locator("input[type=file]").set_input_files(file)
    expect(page.get_by_text(re.compile(says))).to_be_visible()
    expect(page.get_by_text("Traceback")).to_have_count(0)
    expect(page.get_by_text("None yet.")).to_be_visible()


def test_a_sweep_fills_its_picture_and_a_click_on_a_cell_shows_its_runs(server: Server, visit: Visit):
    page = visit(server, "sweeps")
    page.get_by_text("What all runs have in common").click()
    page.get_by_role("slider", name="Epochs").press("Home")
    page.get_by_role("slider", name="Seeds").press("Home")
    settle(page)
    expect(page.get_by_text(re.compile(r"^3 runs \(3 k x 1 seeds\) on Alien waves"))).to_be_visible()
    page.get_by_role("button", name="Start the sweep").click()
    expect(page.get_by_text(re.compile(r"^\d of 3 runs done, about"))).to_be_visible(timeout=60_000)
    expect(page.get_by_text(re.compile(r"^Best so far with k \d: [\d.]+%"))).to_be_visible(timeout=120_000)
    expect(page.get_by_role("button", name="Delete")).to_be_visible(timeout=240_000)
    settle(page)
    box = picture(page, "heatmap").bounding_box()
    assert box is not None
    page.mouse.click(box["x"] + box["width"] / 2, box["y"] + 40)
    expect(page.get_by_text("The runs of this cell.")).to_be_visible()
    expect(page.get_by_test_id("stDataFrame")).to_have_count(1)
    cells = page.get_by_role("combobox", name="Runs of cell")
    expect(cells).to_have_value(re.compile("^k [124]$"))
    clicked = cells.input_value()
    runs = page.get_by_test_id("stDataFrame").locator("td").filter(has_text=re.compile(r"^k = \d$"))
    expect(runs).to_have_text([clicked.replace(" ", " = ")])
    other = "k 2" if clicked == "k 4" else "k 4"
    cells.fill(other)  # by keyboard
    expect(page.get_by_role("option")).to_have_count(1)
    cells.press("Enter")
    expect(cells).to_have_value(other, timeout=60_000)
    expect(page.get_by_text("The runs of this cell.")).to_be_visible()
    expect(runs).to_have_text([other.replace(" ", " = ")])


def test_networks_of_one_size_are_trained_and_stand_beside_one_another(server: Server, visit: Visit):
    page = visit(server, "compare")
    pick_pill(page, "Beside it", "LSTM")  # no longer
    pick_pill(page, "its carry", "own")
    page.get_by_text("The task, and the MRNN that all are matched with").click()
    page.get_by_role("slider", name="Epochs").press("Home")
    page.get_by_role("slider", name="Seeds").press("Home")
    settle(page)
    expect(page.get_by_text(re.compile(r"^3 networks x 1 seeds on Alien waves"))).to_be_visible()
    page.get_by_role("button", name="Train them all").click()
    expect(page.get_by_text(re.compile(r"^\d of 3 runs done"))).to_be_visible(timeout=60_000)
    best = r"Best network: (MRNN, k = [14]|GRU), [\d.]+%; next (MRNN, k = [14]|GRU), [\d.]+%\. With one run each"
    expect(page.get_by_text(re.compile(best))).to_be_visible(timeout=240_000)
    page.get_by_text("Look closer").click(timeout=60_000)
    drawn = page.locator("[class*=st-key-picture-confusion_]")
    expect(drawn).to_have_count(3, timeout=60_000)
    expect(drawn.first.locator("canvas.marks, svg.marks")).to_be_visible()
    page.get_by_role("button", name="Time an answer").click()
    expect(page.get_by_text(re.compile("^Measured here, one sequence of 50 steps at a time"))).to_be_visible(
        timeout=60_000
    )
    expect(page.get_by_test_id("stDataFrame")).to_have_count(2)


@pytest.mark.parametrize("address", TITLES)
@pytest.mark.parametrize(("width", "scheme"), [(390, "dark"), (1280, "dark")])
def test_nothing_scrolls_sideways(address, width, scheme, server: Server, visit: Visit):
    page = visit(server, address, width=width, scheme=scheme)
    all_drawn(page)
    sizes = "main => main.scrollWidth - main.clientWidth"
    becomes(page, lambda: page.get_by_test_id("stMain").evaluate(sizes), 0)
