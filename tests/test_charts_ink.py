"""Rules and letters of charts are seen on a dark page, too."""

import pytest

from tests.shown import CHARTS
from tests.test_charts import parts, spec_of


@pytest.mark.parametrize("name", CHARTS)
def test_no_rule_and_no_letters_are_left_black(name):
    function, arguments = CHARTS[name]
    if isinstance(getattr(function(*arguments), "chart", None), str):
        pytest.skip("an SVG of its own, in the page's ink")
    for part in parts({key: value for key, value in spec_of(name).items() if key != "datasets"}):
        mark = part.get("mark")
        if isinstance(mark, dict) and mark["type"] in ("rule", "text", "tick"):
            told = {**mark, **part.get("encoding", {})}
            assert {"color", "fill", "stroke"} & set(told), f"a {mark['type']} of {name} is black on every page"
