"""What docs/tasks.md says was measured."""

import json
from pathlib import Path

import pandas as pd

from mrnn.comparison import contenders, outcomes_of
from mrnn.grid import SweepConfig

PROJECT = Path(__file__).resolve().parents[1]
TEXT = (PROJECT / "docs" / "tasks.md").read_text()


def cells(start: str) -> list[str]:
    """The cells of the one row of a table that begins so."""
    (row,) = [line for line in TEXT.splitlines() if line.startswith(f"| {start} |")]
    return [cell.strip().replace("*", "") for cell in row.strip("|").split("|")]


def test_networks_on_hidden_regimes_are_told_as_the_example_that_ships():
    config = SweepConfig.from_dict(json.loads((PROJECT / "assets" / "comparison-regimes.json").read_text()))
    figures = pd.read_csv(PROJECT / "assets" / "comparison-regimes.csv")
    for row in contenders(outcomes_of(config, figures)).to_dict("records"):
        index = f"{row['agreement']:.3f}" + (f" ± {row['agreement_deviation']:.3f}" if row["agreement"] else "")
        score = f"{row['accuracy']:.3f} ± {row['accuracy_deviation']:.3f}"
        told = [row["network"], str(row["hidden_size"]), str(row["weights"]), index, score]
        assert cells(row["network"]) == told
