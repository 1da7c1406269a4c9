"""Everybody can use the pages: what axe-core, the usual checker of accessibility, finds is not serious."""

import pytest
from axe_playwright_python.sync_playwright import Axe

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
GRAVE = ("serious", "critical")


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("address", PAGES + VIEWS, ids=lambda page: page or "overview")
def test_axe_finds_no_serious_fault(server, visit, address, scheme):
    page = visit(server, address, scheme=scheme)
    page.wait_for_timeout(500)  # colours fade in
    grave = []
    for fault in Axe().run(page).response["violations"]:
        if fault["impact"] in GRAVE:
            where = [(node["target"], node["failureSummary"]) for node in fault["nodes"][:3]]
            grave.append(f"{fault['id']} ({fault['impact']}): {fault['help']}: {where}")
    assert not grave, "\n".join(grave)
