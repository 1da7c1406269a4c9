"""A person brings a file of their own, and goes all the way: mended, kept, trained on, looked at, answered."""

import re
from collections.abc import Callable
from pathlib import Path

import pandas as pd
from playwright.sync_api import Page, expect

from mrnn.owndata.examples import faulty_csv, long_csv
from tests.browser.conftest import settle
from tests.browser.test_app import choose, picture
from tests.server import Server


def upload(page: Page, number: int, name: str, content: bytes) -> None:
    """Give a file to the page's uploader of this number."""
    chooser = page.locator("input[type=file]").nth(number)
    chooser.set_input_files({"name": name, "mimeType": "text/csv", "buffer": content})


def go(page: Page, name: str) -> None:
    page.get_by_test_id("stSidebar").get_by_role("link", name=name, exact=True).click()
    expect(page.locator("h1")).to_have_text(name)
    settle(page)


def test_a_file_is_mended_kept_trained_on_and_new_sequences_are_answered(
    server: Server, visit: Callable[..., Page], tmp_path: Path
):
    page = visit(server, "own_data")
    expect(page.get_by_text("None yet. What you keep")).to_be_visible()
    upload(page, 0, "hips.csv", faulty_csv())
    expect(page.get_by_text("3 things are wrong with this file.")).to_be_visible()
    fault = page.get_by_role("row").filter(has_text="'broken' stands where a number belongs")
    expect(fault).to_contain_text("25")
    expect(fault).to_contain_text("up")

    # Mended, it is shown, kept under a name, and chosen on Train.
    page.get_by_role("button", name="Remove hips.csv").click()
    upload(page, 0, "hips.csv", long_csv())
    # The example, shown while no file is, has the same sequences and a form of its own for them.
    expect(page.get_by_role("heading", name="hips.csv")).to_be_visible()
    settle(page)
    expect(page.get_by_text("120 sequences of 40 to 60 steps, 2 inputs a step.")).to_be_visible()
    for name in ("examples", "counts", "lengths"):
        picture(page, name)
    page.get_by_role("textbox", name="Name").fill("Hips of three gaits")
    page.get_by_role("button", name="Keep it as a task").click()
    expect(page.get_by_text("96 to learn from, 24 to test on")).to_be_visible()
    page.get_by_role("button", name="Train on it").first.click()  # where it was kept; the list below has another
    expect(page.locator("h1")).to_have_text("Train")
    expect(page.get_by_role("radio", name="Hips of three gaits")).to_be_checked()
    settle(page)
    page.get_by_role("slider", name="Epochs").press("Home")
    settle(page)
    page.get_by_role("button", name="Train", exact=True).click()
    expect(page.get_by_text(re.compile(r"^Finished: [\d.]+% of 24 test sequences"))).to_be_visible(timeout=240_000)

    expect(page.get_by_text("Of 24 sequences that it has not learned from")).to_be_visible()
    expect(page.get_by_text("in which LSTM is listened to")).to_be_visible()

    go(page, "Transitions")
    expect(page.get_by_role("combobox", name="Model")).to_have_value(re.compile("^Hips of three gaits: k = 4"))
    picture(page, "matrix_running")
    go(page, "k and tau")
    choose(page, "Task", "Hips of three gaits")
    expect(page.locator("[class*=st-key-picture-k_] .stay")).not_to_have_count(0)

    # Its answers to sequences without a label are taken along.
    go(page, "Own data")
    unlabelled = "\n".join(line.rpartition(",")[0] for line in long_csv().decode().splitlines())
    upload(page, 1, "new.csv", unlabelled.encode())
    expect(page.get_by_text("120 answers:")).to_be_visible()
    with page.expect_download() as download:
        page.get_by_role("button", name="Answers (CSV)").click()
    download.value.save_as(tmp_path / "answers.csv")
    answers = pd.read_csv(tmp_path / "answers.csv")
    assert len(answers) == 120
    shares = answers.filter(like="share of LSTM")
    assert shares.shape[1] == 4
    assert ((shares.sum(axis=1) - 1).abs() < 1e-4).all()
    assert set(answers["answer"]) <= {"running", "stairs", "walking"}

    # Somebody else sees none of it.
    other = visit(server, "own_data")
    expect(other.get_by_text("None yet. What you keep")).to_be_visible()
    go(other, "Train")
    expect(other.get_by_role("radio", name="Hips of three gaits")).to_have_count(0)

    # Deleted, it is gone with its model.
    page.get_by_role("button", name="Delete", exact=True).click()
    page.get_by_role("button", name="Delete it").click()
    expect(page.get_by_text("None yet. What you keep")).to_be_visible()
    go(page, "Train")
    expect(page.get_by_text("None yet.")).to_be_visible()
