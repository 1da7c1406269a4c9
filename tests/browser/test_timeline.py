"""The timeline in a real Chromium, without a server: what is drawn is what the trace says, and how one moves in it.

Sizes: T = 7 steps, k = 5 LSTMs, C = 3 classes, D = 3 pixels a row.
"""

import csv
import json
import re
import xml.etree.ElementTree as ET
from collections.abc import Callable, Iterator
from dataclasses import replace
from itertools import groupby
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from playwright.sync_api import Browser, Locator, Page, expect

from mrnn import Inside, ModelConfig, SequenceModel, Trace, charts
from pages.common.timeline import CSS, JS, describe
from tests.browser.conftest import becomes, value_of
from tests.shown import CLASSES, TRACE, K, T, make_trace

D = 3
X = np.random.default_rng(0).random((T, D))
X[4, 1] = 0  # a pixel that is not lit
DIRECTIONS = pytest.mark.parametrize("down", [False, True], ids=["right", "down"])
MOUNT = """([source, css, data, name]) => {
  const host = document.body.appendChild(document.createElement("div"))
  host.id = name
  host.appendChild(document.createElement("style")).textContent = css
  window.mounted ??= {}
  window.told ??= []
  return import(URL.createObjectURL(new Blob([source], { type: "text/javascript" }))).then(module => {
    const shared = window.module ??= module
    const setStateValue = (...told) => window.told.push(told)
    const setTriggerValue = setStateValue
    window.mounted[name] = data => shared.default({ parentElement: host, data, setStateValue, setTriggerValue })
    window.mounted[name](data)
  })
}"""


def told(trace: Trace = TRACE, x: np.ndarray | None = X, **changes: Any) -> dict[str, Any]:
    """What the browser is told."""
    down = changes.pop("down", False)
    usual: dict[str, Any] = {
        "name": "it", "alt": "A picture.", "layer": -1, "down": down, "compact": False,
        "shown": None if down else "loud",
    }  # fmt: skip
    signal = x if down or x is None else x[:, :1]
    pin = changes.pop("pin", None)
    return {**describe(trace, signal, CLASSES, **{**usual, **changes}), "begin": pin, "pin": pin, "brackets": []}


@pytest.fixture
def show(browser: Browser) -> Iterator[Callable[..., Locator]]:
    """show(data, name=, width=) mounts a timeline on one page; nothing may be said on its console."""
    context = browser.new_context(viewport={"width": 700, "height": 900}, reduced_motion="no-preference")
    page = context.new_page()
    said: list[str] = []
    page.on("console", lambda message: said.append(message.text))
    page.on("pageerror", lambda error: said.append(str(error)))
    page.set_content("<body style='margin: 0; --st-background-color: #ffffff; --st-text-color: #1f2933'></body>")

    def mount(data: dict[str, Any], name: str = "it", width: int = 700) -> Locator:
        page.set_viewport_size({"width": width, "height": 900})
        page.evaluate(MOUNT, [JS, CSS, data, name])
        picture = page.locator(f"#{name}")
        expect(picture.locator(".cursor")).to_have_attribute("d", re.compile("M"))
        return picture

    yield mount
    context.close()
    assert said == []


def stays() -> list[tuple[int, int]]:
    """(LSTM, number of steps) of each stay."""
    return [(lstm + 1, len(list(run))) for lstm, run in groupby(TRACE.listened()[0].tolist())]


def readout(picture: Locator) -> Locator:
    return picture.locator(".readout")


def at(picture: Locator, t: int, down: bool) -> tuple[float, float]:
    """The middle of step t on the page."""
    blocks = [block.bounding_box() for block in picture.locator(".stay").all()]
    first, last = blocks[0], blocks[-1]
    assert first is not None
    assert last is not None
    if down:
        size = (last["y"] + last["height"] - first["y"]) / T
        return first["x"] + 5, first["y"] + (t + 0.5) * size
    size = (last["x"] + last["width"] - first["x"]) / T
    return first["x"] + (t + 0.5) * size, first["y"] + 5


def entropy(t: int) -> float:
    q = TRACE.q[0, 0, t]
    return float(-(q * np.log(q)).sum())


def words(t: int, down: bool) -> str:
    lstm, p = int(TRACE.listened()[0, t]), TRACE.probabilities[0, t]
    best = int(p.argmax()) if down else 1
    begin = f"row t = {t}" if down else f"t = {t}  ·  signal {X[t, 0]:.2f}"
    q = TRACE.q[0, 0, t, lstm]
    choice = f"LSTM {lstm + 1}, q = {q:.2f}  ·  entropy {entropy(t):.2f}"
    return f"{begin}  ·  {choice}  ·  p({CLASSES[best]}) = {100 * p[best]:.0f}%"


# -- what is drawn ---------------------------------------------------------------------------------------------------


@DIRECTIONS
def test_the_strip_of_z_has_a_block_for_each_stay_in_its_lstms_colour_and_size(show, down):
    picture = show(told(down=down))
    blocks = picture.locator(".stay").evaluate_all(
        "all => all.map(b => [b.getAttribute('fill'), +b.getAttribute('width'), +b.getAttribute('height')])"
    )
    assert [fill for fill, _, _ in blocks] == [charts.lstm_colour(lstm) for lstm, _ in stays()]
    sizes = np.array([size[1 if down else 0] for _, *size in blocks])
    np.testing.assert_allclose(sizes / sizes.sum() * T, [steps for _, steps in stays()], atol=1e-6)


@DIRECTIONS
def test_each_stay_bears_its_number_in_its_middle(show, down):
    picture = show(told(down=down))
    numbers = picture.locator(".number")
    assert numbers.all_text_contents() == [str(lstm) for lstm, _ in stays()]
    for number, block in zip(numbers.all(), picture.locator(".stay").all(), strict=True):
        inner, outer = number.bounding_box(), block.bounding_box()
        assert inner is not None
        assert outer is not None
        for side, size in (("x", "width"), ("y", "height")):
            assert abs(inner[side] + inner[size] / 2 - outer[side] - outer[size] / 2) < 2


@DIRECTIONS
def test_lanes_are_named_in_order(show, down):
    picture = show(told(down=down))
    lanes = picture.locator(".lane text")
    assert lanes.all_text_contents() == [str(j) if down else f"LSTM {j}" for j in range(1, K + 1)]
    places = lanes.evaluate_all(f"all => all.map(l => +l.getAttribute('{'x' if down else 'y'}'))")
    assert places == sorted(places)
    patches = picture.locator(".lane rect").evaluate_all("all => all.map(p => p.getAttribute('fill'))")
    assert patches == [charts.lstm_colour(j) for j in range(1, K + 1)]


def pixels(picture: Locator, index: int) -> np.ndarray:
    """(height, width, 3) of one of the picture's images."""
    values = picture.locator("image").nth(index).evaluate(
        """image => new Promise(done => { const found = new Image(); found.onload = () => {
             const canvas = document.createElement("canvas");
             [canvas.width, canvas.height] = [found.width, found.height]
             const context = canvas.getContext("2d"); context.drawImage(found, 0, 0)
             done([found.height, found.width, [...context.getImageData(0, 0, found.width, found.height).data]])
           }; found.src = image.getAttribute("href") })"""
    )  # fmt: skip
    height, width, flat = values
    return np.array(flat).reshape(height, width, 4)[..., :3]


def cividis(values: np.ndarray) -> np.ndarray:
    stops = np.array([[int(stop[i : i + 2], 16) for i in (1, 3, 5)] for stop in charts.CIVIDIS])
    place = np.linspace(0, 1, len(stops))
    return np.stack([np.interp(values, place, stops[:, c]) for c in range(3)], -1)


@DIRECTIONS
def test_each_cell_of_q_has_the_colour_of_its_probability_at_its_step_and_lane(show, down):
    drawn = pixels(show(told(down=down)), 1 if down else 0)
    q = TRACE.q[0, 0] if down else TRACE.q[0, 0].T
    np.testing.assert_allclose(drawn, cividis(q), atol=3)  # 256 steps of colour


def test_rows_show_the_image_and_the_probability_of_every_class(show):
    picture = show(told(down=True))
    ink = pixels(picture, 0).mean(-1)
    assert np.corrcoef(ink.ravel(), X.ravel())[0, 1] > 0.999
    np.testing.assert_allclose(pixels(picture, 2), cividis(TRACE.probabilities[0]), atol=3)


@pytest.mark.parametrize("width", [390, 900])
@pytest.mark.parametrize(("k", "steps"), [(1, 2), (1, 1500), (16, 2), (16, 1500)])
def test_a_timeline_of_any_size_has_a_cell_for_every_step_and_stays_in_its_place(show, k, steps, width):
    trace = make_trace(k, steps)
    picture = show(told(trace, np.sin(np.arange(steps))[:, None]), width=width)
    assert pixels(picture, 0).shape == (k, steps, 3)
    assert picture.evaluate("host => host.scrollWidth") <= width
    heard = {charts.LSTM_COLOURS[j] for j in trace.listened()[0]}
    assert set(picture.locator(".stay").evaluate_all("all => all.map(b => b.getAttribute('fill'))")) == heard


def test_panels_that_are_not_given_leave_no_gap(show):
    def height(name: str, **changes: Any) -> float:
        box = show(told(**changes), name=name).locator("svg[role=img]").bounding_box()
        assert box is not None
        return box["height"]

    heights = [height("a", x=None, compact=True), height("b", compact=True), height("c", x=None), height("d")]
    assert heights == sorted(set(heights))


def test_other_numbers_are_drawn_in_the_same_place_and_the_cursor_stays(show):
    picture = show(told())
    picture.locator("input").fill("5")
    picture.page.evaluate("data => window.mounted.it(data)", told(make_trace(listened=[0] * T)))
    expect(picture.locator(".stay")).to_have_count(1)
    expect(picture.locator("svg[role=img]")).to_have_count(1)
    expect(readout(picture)).to_have_text(re.compile("^t = 5 "))
    picture.page.evaluate("data => window.mounted.it(data)", told(make_trace(steps=3), X[:3]))
    expect(readout(picture)).to_have_text(re.compile("^t = 1 "))  # there is no step 5 any more


@DIRECTIONS
def test_the_difference_of_q_is_white_where_two_agree_and_has_a_colour_by_sign(show, down):
    other = TRACE.q[0, 0].copy()
    other[2:] = make_trace(listened=[0] * T).q[0, 0, ::-1][2:]
    picture = show(told(down=down, minus=other))
    drawn = pixels(picture, 2 if down else 1)
    gap = TRACE.q[0, 0] - other
    assert (gap[:2] == 0).all()
    stops = np.array([[int(stop[i : i + 2], 16) for i in (1, 3, 5)] for stop in charts.DIVERGING])
    place = np.linspace(-1, 1, len(stops))
    expected = np.stack([np.interp(gap, place, stops[:, c]) for c in range(3)], -1)
    np.testing.assert_allclose(drawn, expected if down else expected.swapaxes(0, 1), atol=3)
    t = 4
    picture.locator("input").fill(str(t))
    lstm = int(TRACE.listened()[0, t])
    sign = "−" if gap[t, lstm] < 0 else "+"
    expect(readout(picture)).to_contain_text(f"{sign}{abs(gap[t, lstm]):.2f} against the other")


def test_q_of_other_steps_or_lstms_is_not_compared():
    with pytest.raises(ValueError, match=r"q to compare with must have the axes \(7, 5\), as this q, got \(7, 3\)"):
        told(minus=np.zeros((T, 3)))


# -- moving in it ----------------------------------------------------------------------------------------------------


@DIRECTIONS
def test_the_mouse_reads_out_the_numbers_of_each_step(show, down):
    picture = show(told(down=down))
    for t in range(T):
        picture.page.mouse.move(*at(picture, t, down))
        expect(readout(picture)).to_have_text(words(t, down))
        expect(picture.locator("input")).to_have_value(str(t))
        lstm = TRACE.listened()[0, t] + 1
        expect(picture.locator(".lane.listened text")).to_have_text([str(lstm) if down else f"LSTM {lstm}"])


@DIRECTIONS
def test_keys_go_from_step_to_step_and_no_further_than_the_ends(show, down):
    picture = show(told(down=down))
    drawing = picture.locator("svg[role=img]")
    back, on = ("ArrowUp", "ArrowDown") if down else ("ArrowLeft", "ArrowRight")
    drawing.focus()
    for key, t in (("Home", 0), (back, 0), (on, 1), (on, 2), (back, 1), ("End", T - 1), (on, T - 1)):
        drawing.press(key)
        expect(readout(picture)).to_have_text(words(t, down))
    picture.get_by_role("button", name="One step back").click()
    expect(readout(picture)).to_have_text(words(T - 2, down))
    slider = picture.get_by_role("slider", name=f"{'row' if down else 'step'} t")
    slider.fill("3")
    expect(readout(picture)).to_have_text(words(3, down))
    expect(slider).to_have_attribute("aria-valuetext", words(3, down))


@DIRECTIONS
def test_a_click_pins_a_step_and_shows_it_in_numbers(show, down):
    picture = show(told(down=down))
    numbers = picture.locator(".numbers")
    expect(numbers).to_be_empty()
    picture.page.mouse.click(*at(picture, 4, down))
    picture.page.mouse.move(*at(picture, 1, down))
    expect(readout(picture)).to_have_text(f"{words(4, down)}  ·  pinned")
    rows = [row.locator("td").all_text_contents() for row in numbers.locator("tbody tr").all()]
    assert rows == [[f"{q:.4f}", f"{z:.2f}"] for q, z in zip(TRACE.q[0, 0, 4], TRACE.z[0, 0, 4], strict=True)]
    told_of_q = f"Entropy of q: {entropy(4):.2f} nats. 0 is sure of one LSTM, {np.log(K):.2f} prefers none."
    expect(numbers).to_contain_text(told_of_q)
    came_in = f"{D} pixels x from 0 to 1, {D - 1} of them lit, mean {X[4].mean():.2f}" if down else f"x = {X[4, 0]:.4f}"
    expect(numbers).to_contain_text(f"Came in: {came_in}")
    expect(numbers).not_to_contain_text("Gates")  # nobody has told of them
    picture.locator("svg[role=img]").press("ArrowRight" if not down else "ArrowDown")  # pinned, but not nailed
    expect(readout(picture)).to_have_text(f"{words(5, down)}  ·  pinned")
    picture.locator("svg[role=img]").press("Escape")
    expect(numbers).to_be_empty()
    picture.page.mouse.move(*at(picture, 2, down))
    expect(readout(picture)).to_have_text(words(2, down))


@DIRECTIONS
def test_the_pinned_step_tells_of_the_logits_and_gates_of_the_model_and_so_does_the_csv(show, down, tmp_path):
    inputs = D if down else 1
    config = ModelConfig(inputs, len(CLASSES), k=K, hidden_size=11)
    model = SequenceModel(config, generator=torch.Generator().manual_seed(3))
    x = X[None, :, :inputs]
    trace = model.trace(x)
    inside = model.inside(x, trace)
    picture = show(told(trace, inside=inside, down=down))
    picture.page.mouse.click(*at(picture, 4, down))
    expect(picture.locator(".numbers thead th")).to_have_text(["LSTM", "a, logit", "q, probability", "z, weight"])
    rows = [row.locator("td").all_text_contents() for row in picture.locator(".numbers tbody tr").all()]
    found = np.array([[value_of(cell) for cell in row] for row in rows])
    of_each = np.stack([inside.logits[0, 4], trace.q[0, 0, 4], trace.z[0, 0, 4]], 1)
    np.testing.assert_allclose(found, of_each, atol=0.0057)
    np.testing.assert_allclose(np.exp(found[:, 0]) / np.exp(found[:, 0]).sum(), trace.q[0, 0, 4], atol=0.006)
    gates = picture.locator(".numbers p").filter(has_text=f"Gates of LSTM {trace.listened()[0, 4] + 1}")
    values = re.findall(r"([igfo]) = (−?[\d.]+\d)", gates.text_content() or "")
    assert [name for name, _ in values] == ["i", "g", "f", "o"]
    np.testing.assert_allclose([value_of(value) for _, value in values], inside.gates[0, 4], atol=0.0057)
    with saved(picture, "CSV", tmp_path).open(newline="") as file:
        table = list(csv.DictReader(file))
    q = trace.q[0, 0]
    for names, expected in (
        ([f"logit_{j}" for j in range(1, K + 1)], inside.logits[0]),
        ([f"gate_{name}" for name in "igfo"], inside.gates[0]),
        (["entropy"], -(q * np.log(q)).sum(-1, keepdims=True)),
    ):
        np.testing.assert_allclose([[float(row[name]) for name in names] for row in table], expected, atol=6e-4)


@DIRECTIONS
def test_while_it_plays_steps_come_in_one_by_one_and_what_is_to_come_is_veiled(show, down):
    picture = show(told(down=down))
    picture.page.evaluate(
        """sides => {
          window.seen = []
          const [slider, veil, readout] = ["input", ".veil", ".readout"].map(what => document.querySelector(what))
          const note = () => window.seen.push([+slider.value, ...sides.map(side => +veil.getAttribute(side))])
          new MutationObserver(note).observe(readout, { childList: true, characterData: true, subtree: true })
        }""",
        ["y", "height"] if down else ["x", "width"],
    )
    expect(picture.locator(".veil")).to_have_attribute("visibility", "hidden")
    picture.get_by_role("button", name="Play").click()
    expect(picture.locator(".veil")).to_have_attribute("visibility", "visible")
    expect(picture.get_by_role("button", name="Play")).to_be_visible()  # at its end it is Pause no longer
    expect(picture.locator(".veil")).to_have_attribute("visibility", "hidden")
    seen = [step for step, _ in groupby(picture.page.evaluate("window.seen"))]
    steps = [step for step, _, _ in seen]
    assert [step for step, _ in groupby(steps)] == list(range(T))
    ends = [start + size for _, start, size in seen]
    np.testing.assert_allclose(ends, ends[0])  # it reaches to the last step ...
    starts = [start for start, _ in groupby(start for _, start, _ in seen)]
    np.testing.assert_allclose(np.diff(starts), (ends[0] - starts[0]) / (T - 1))  # ... from the one that comes next


def test_it_can_be_held_and_goes_on_from_there(show):
    picture = show(told(make_trace(steps=60), np.sin(np.arange(60))[:, None]))
    picture.get_by_role("button", name="Play").click()
    picture.page.wait_for_function("() => +document.querySelector('input').value >= 3")
    picture.get_by_role("button", name="Pause").click()
    held = int(picture.locator("input").input_value())
    picture.page.wait_for_timeout(400)
    assert int(picture.locator("input").input_value()) == held < 59
    expect(picture.locator(".veil")).to_have_attribute("visibility", "visible")
    picture.get_by_role("button", name="Play").click()
    assert held <= int(picture.locator("input").input_value()) < 59


def test_the_server_is_told_what_is_pinned_once_the_hand_rests_and_a_link_pins_it_again(show):
    picture = show(told())
    drawing = picture.locator("svg[role=img]")
    picture.page.mouse.move(*at(picture, 2, down=False))
    # All at once: a hand rests where a slow machine lets time pass between two keys.
    drawing.evaluate(
        """svg => ["Enter", ...Array(3).fill("ArrowRight")].forEach(
             key => svg.dispatchEvent(new KeyboardEvent("keydown", { key, bubbles: true })))"""
    )
    picture.page.wait_for_function("() => window.told.length")
    drawing.press("Escape")
    picture.page.wait_for_function("() => window.told.length > 1")
    drawing.press("Enter")
    picture.page.wait_for_function("() => window.told.length > 2")
    picture.get_by_role("button", name="Play").click()
    picture.page.wait_for_function("() => window.told.length > 3")
    assert picture.page.evaluate("window.told") == [["pin", {"t": t}] for t in (5, None, 5, None)]
    expect(readout(show(told(pin=4), name="again"))).to_have_text(f"{words(4, down=False)}  ·  pinned")


# -- taking it along -------------------------------------------------------------------------------------------------


def saved(picture: Locator, kind: str, folder: Path) -> Path:
    picture.get_by_text("Save", exact=True).click()
    with picture.page.expect_download() as download:
        picture.get_by_role("button", name=kind).click()
    assert download.value.suggested_filename == f"it.{kind.lower()}"
    download.value.save_as(folder / f"it.{kind.lower()}")
    return folder / f"it.{kind.lower()}"


@DIRECTIONS
def test_the_numbers_are_saved_as_csv(show, down, tmp_path):
    path = saved(show(told(down=down)), "CSV", tmp_path)
    with path.open(newline="") as file:
        rows = list(csv.DictReader(file))
    assert [int(row["t"]) for row in rows] == list(range(T))
    for t, row in enumerate(rows):
        assert int(row["z"]) == TRACE.listened()[0, t] + 1
        found = [[float(row[f"{name}{j + 1}"]) for j in range(n)] for name, n in (("q_", K), ("x_", D if down else 1))]
        np.testing.assert_allclose(found[0], TRACE.q[0, 0, t], atol=6e-5)
        np.testing.assert_allclose(found[1], X[t, : D if down else 1], atol=6e-5)
        p = [float(row[f"p({name})"]) for name in CLASSES]
        np.testing.assert_allclose(p, TRACE.probabilities[0, t], atol=6e-5)


def test_the_picture_is_saved_without_the_cursor(show, tmp_path):
    picture = show(told())
    whole = ET.fromstring(saved(picture, "SVG", tmp_path).read_text())  # noqa: S314, our own
    classes = {part.get("class") for part in whole.iter()}
    assert {"stay", "lane listened", "number"} <= classes
    assert not classes & {"cursor", "veil"}
    assert "LSTM 5" in [text.text for text in whole.iter("{http://www.w3.org/2000/svg}text")]
    image = saved(picture, "PNG", tmp_path).read_bytes()
    assert image[:8] == b"\x89PNG\r\n\x1a\n"
    assert int.from_bytes(image[16:20]) == 2 * int(whole.get("width") or 0)
    assert len(image) > 10_000, "an empty picture is smaller"


# -- what the browser is told ----------------------------------------------------------------------------------------


def test_what_is_told_is_json_and_holds_the_steps_that_count_alone():
    trace = make_trace(steps=9)
    cut = Trace(q=trace.q, z=trace.z, logits=trace.logits, lengths=np.array([4]))
    inside = Inside(logits=np.zeros((1, 9, K), np.float32), gates=np.zeros((1, 9, 4), np.float32))
    data = json.loads(json.dumps(told(cut, np.ones((9, 1)), inside=inside)))
    assert data["steps"] == 4
    assert [len(data[name]) for name in ("q", "z", "p", "logits", "gates")] == [4, 4, 4, 4, 4]
    assert len(data["signal"][0]) == 4


# -- another LSTM at a step ------------------------------------------------------------------------------------------


@DIRECTIONS
def test_weights_fill_the_strip_in_proportion_and_stand_below_in_numbers(show, down):
    rng = np.random.default_rng(1)
    trace = replace(TRACE, z=rng.dirichlet(np.ones(K), (1, 1, T)))
    picture = show(told(trace, down=down, blend=True))
    boxes = [picture.locator(f'.blend[data-lstm="{j}"]').get_attribute("d") or "" for j in range(1, K + 1)]
    sizes = np.array(
        [[float(h if not down else w) for w, h in re.findall(r"h([\d.]+)v([\d.]+)h-", box)] for box in boxes]
    )  # (K, T)
    np.testing.assert_allclose(sizes / sizes.sum(0), trace.z[0, 0].T, atol=0.01)
    shown = picture.locator(".numbers tbody td:nth-child(3)").all_text_contents()
    assert shown == [f"{weight:.2f}" for weight in trace.z[0, 0, T // 2].round(4)]


def chosen(page: Page) -> list[dict[str, Any]]:
    """What the server was told to be chosen."""
    return [value for name, value in page.evaluate("told") if name == "chosen"]


def test_another_lstm_is_asked_for_by_key_and_by_button_and_the_step_is_framed(show):
    picture = show({**told(forced=[2]), "choosable": True})
    page = picture.page
    expect(picture.locator(".forced")).to_have_count(1)
    svg = picture.locator("svg[role=img]")
    svg.focus()
    for key in ("Home", "ArrowRight", "4", "Delete", "9"):  # there is no LSTM 9
        svg.press(key)
    asked = [{"t": 1, "lstm": 3}, {"t": 1, "lstm": None}]
    becomes(page, lambda: chosen(page), asked)
    for key in ("ArrowRight", "Enter"):
        svg.press(key)
    choices = picture.get_by_role("group", name="LSTM at step 2")
    expect(choices.get_by_role("button", name="LSTM 4", exact=True)).to_have_attribute("aria-pressed", "true")
    choices.get_by_role("button", name="LSTM 5", exact=True).click()
    choices.get_by_role("button", name="the network's own choice").click()
    asked += [{"t": 2, "lstm": 4}, {"t": 2, "lstm": None}]
    becomes(page, lambda: chosen(page), asked)


def test_no_lstm_is_asked_for_where_none_can_be_chosen(show):
    picture = show(told())
    svg = picture.locator("svg[role=img]")
    svg.focus()
    for key in ("2", "Enter"):
        svg.press(key)
    expect(picture.locator(".numbers table")).to_be_visible()
    expect(picture.locator(".choices")).to_have_count(0)
    assert not chosen(picture.page)
