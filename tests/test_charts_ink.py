"""Rules and letters of charts are seen on a dark page, too."""

from typing import Any, cast

import altair as alt
import pandas as pd
import pytest

from mrnn import charts
from tests.shown import CHARTS, EXAMPLES
from tests.test_charts import parts, spec_of

BLACK = ("black", "#000", "#000000")


@pytest.mark.parametrize("name", CHARTS)
def test_no_rule_and_no_letters_are_left_black(name):
    check_inks(spec_of(name), name)


def test_where_classes_begin_is_seen_on_a_dark_page():
    begun = pd.DataFrame({"lane": ["a", "a", "b"], "t": [0, 1, 0], "class": ["calm", "loud", "calm"]})
    told = charts.example_lanes(EXAMPLES, "speed", begun)
    check_inks(cast(alt.LayerChart, told.chart).to_dict(), "example_lanes")
    assert "a is calm from step 0, then loud from step 1; b is calm from step 0" in told.words


def check_inks(spec: dict[str, Any], name: str) -> None:
    for part in parts({key: value for key, value in spec.items() if key != "datasets"}):
        mark = part.get("mark")
        if isinstance(mark, dict) and mark["type"] in ("rule", "text", "tick"):
            told = {**mark, **part.get("encoding", {})}
            inks = [told[of] for of in ("color", "fill", "stroke") if of in told]
            assert inks, f"a {mark['type']} of {name} is black on every page"
            for ink in inks:
                chosen = ink.get("value") if isinstance(ink, dict) else ink
                assert chosen not in BLACK, f"a {mark['type']} of {name} is {chosen} on every page"
