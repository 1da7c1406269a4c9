"""Rules and letters of charts are seen on a dark page, too."""

import pytest

from tests.shown import CHARTS
from tests.test_charts import parts, spec_of

BLACK = ("black", "#000", "#000000")


@pytest.mark.parametrize("name", CHARTS)
def test_no_rule_and_no_letters_are_left_black(name):
    for part in parts({key: value for key, value in spec_of(name).items() if key != "datasets"}):
        mark = part.get("mark")
        if isinstance(mark, dict) and mark["type"] in ("rule", "text", "tick"):
            told = {**mark, **part.get("encoding", {})}
            inks = [told[of] for of in ("color", "fill", "stroke") if of in told]
            assert inks, f"a {mark['type']} of {name} is black on every page"
            for ink in inks:
                chosen = ink.get("value") if isinstance(ink, dict) else ink
                assert chosen not in BLACK, f"a {mark['type']} of {name} is {chosen} on every page"
