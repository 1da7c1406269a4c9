"""Everybody can use the pages: what axe-core, the usual checker of accessibility, finds is not serious."""

import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Page

PAGES = (
    "",
    "waves",
    "waves?wave_kind=mix",
    "waves?wave_kind=draw",
    "waves?wave_two=true",
    "digits",
    "digits?digit_source=Test+digit",
    "digits?digit_source=Two+digits",
    "own_data",
    "laboratory",
    "laboratory?lab_view=Strings+of+its+own",
    "laboratory?task=forecast&lab_view=Run+on",
    "train",
    "sweeps",
    "compare",
    "transitions",
    "k_and_tau",
)
VIEWS = tuple(f"k_and_tau?k_view={view}" for view in ("Temperature", "Lesions", "Training", "Mixed+or+own"))
MORE = (
    *(
        f"transitions?transitions_view={view}"
        for view in ("Graph", "Use", "Time", "Information", "Map", "Steps", "Two+models")
    ),
    "transitions?model=text-k4&transitions_view=Steps",
    "k_and_tau?k_task=regimes&k_view=Lesions",
    "waves?t=12",
    "digits?digit_source=Two+digits&t=9&in=second_digit",
    "waves?tour=4",
)
GRAVE = ("serious", "critical")
# Colours fade in.
FADED = """() => Promise.allSettled(
  document.getAnimations().filter(one => one instanceof CSSTransition).map(one => one.finished))"""


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("address", PAGES + VIEWS, ids=lambda page: page or "overview")
def test_axe_finds_no_serious_fault(server, visit, address, scheme):
    assert_no_serious_fault(visit(server, address, scheme=scheme))


@pytest.mark.parametrize(("width", "scheme"), [(1280, "dark"), (390, "light")])
@pytest.mark.parametrize("address", MORE)
def test_axe_finds_no_serious_fault_in_a_view_a_pinned_step_or_the_tour(server, visit, address, width, scheme):
    assert_no_serious_fault(visit(server, address, width=width, scheme=scheme))


def assert_no_serious_fault(page: Page) -> None:
    page.wait_for_timeout(500)
    page.evaluate(FADED)
    grave = []
    for fault in Axe().run(page).response["violations"]:
        if fault["impact"] in GRAVE:
            where = [(node["target"], node["failureSummary"]) for node in fault["nodes"][:3]]
            grave.append(f"{fault['id']} ({fault['impact']}): {fault['help']}: {where}")
    assert not grave, "\n".join(grave)
