"""What one may take along from a page: its pictures, and every number that they show."""

import io
import json
from collections.abc import Callable

import pandas as pd
import pytest
from playwright.sync_api import Page

from mrnn import TASKS, analysis, comparison, load, read_notes, sweeps
from mrnn.grid import SweepConfig
from pages.common.models import SHIPPED
from tests.browser.test_app import choose, picture
from tests.server import PROJECT, Server

Visit = Callable[..., Page]
ASSETS = PROJECT / "assets"


def saved(page: Page, key: str, *kinds: str) -> dict[str, bytes]:
    """The files of a picture, as a person saves them."""
    page.get_by_role("button", name="Pictures and numbers").click()
    choose(page, "Picture", key.replace("_", " "))
    found = {}
    for kind in kinds:
        with page.expect_download() as download:
            page.get_by_role("button", name=kind, exact=True).click()
        assert download.value.suggested_filename == f"{key}.{kind.lower()}"
        found[kind] = download.value.path().read_bytes()
    page.keyboard.press("Escape")
    return found


def usage() -> pd.DataFrame:
    data = TASKS["digits"].make(500, 0)
    trace = load(SHIPPED / "digits-k4.safetensors").trace(data.x)
    return analysis.usage_by_class(trace, data.y, TASKS["digits"].classes)


def graph() -> pd.DataFrame:
    data = TASKS["digits"].make(500, 0)
    trace = load(SHIPPED / "digits-k16.safetensors").trace(data.x)
    moves = analysis.transitions_by_class(trace, data.y, TASKS["digits"].classes)
    return moves[moves["class"] == "0"]


def by_k() -> pd.DataFrame:
    notes = {k: read_notes(SHIPPED / f"waves-k{k}.safetensors") for k in (1, 2, 4, 8, 16)}
    return pd.DataFrame(
        {"k": list(notes), "accuracy": [note["figures"]["test_accuracy_hard"] for note in notes.values()]}
    )


def swept() -> pd.DataFrame:
    return sweeps.summary(pd.read_csv(ASSETS / "sweep.csv"), "k", "tau0", "validation")


def compared() -> pd.DataFrame:
    config = SweepConfig.from_dict(json.loads((ASSETS / "comparison-waves.json").read_text()))
    return comparison.contenders(comparison.outcomes_of(config, pd.read_csv(ASSETS / "comparison-waves.csv")))


@pytest.mark.parametrize(
    ("address", "key", "expected"),
    [
        ("transitions?transitions_view=Use", "usage", usage),
        ("transitions?transitions_view=Graph&model=digits-k16", "graph_0", graph),
        ("k_and_tau", "by_k", by_k),
        ("sweeps", "example", swept),
        ("compare", "contenders", compared),
    ],
    ids=["use", "graph", "number", "sweeps", "compare"],
)
def test_a_picture_of_a_page_is_saved_with_all_of_its_numbers(address, key, expected, server: Server, visit: Visit):
    page = visit(server, address)
    picture(page, key)
    files = saved(page, key, "SVG", "PNG", "CSV")
    assert files["SVG"].startswith(b"<svg")
    assert files["SVG"].count(b"<text") > 3
    assert files["PNG"].startswith(b"\x89PNG")
    wanted = expected().reset_index(drop=True)
    table = pd.read_csv(io.BytesIO(files["CSV"]), dtype={name: wanted[name].dtype for name in wanted})
    pd.testing.assert_frame_equal(table[list(wanted)], wanted, rtol=1e-5)


def test_the_mutual_information_and_the_judgement_of_a_difference_are_saved(server: Server, visit: Visit):
    page = visit(server, "transitions?transitions_view=Information")
    picture(page, "information")
    told = pd.read_csv(io.BytesIO(saved(page, "mutual_information", "CSV")["CSV"]))
    data = TASKS["digits"].make(500, 0)
    trace = load(SHIPPED / "digits-k4.safetensors").trace(data.x)
    found, _ = analysis.information_on_class(trace.listened(), trace.lengths, trace.k, data.y)
    assert told["nats"][0] == pytest.approx(found.value, abs=1e-4)
    page.get_by_role("radio", name="Matrices", exact=True).click()
    picture(page, "difference")
    judged = pd.read_csv(io.BytesIO(saved(page, "difference", "CSV")["CSV"]))
    expected = analysis.transition_difference(trace, data.y, 0, 1)
    pd.testing.assert_frame_equal(judged, expected, rtol=1e-5, check_dtype=False)
