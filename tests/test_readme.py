"""What the README promises in code."""

import re
from pathlib import Path

import pytest

from mrnn import TASKS, evaluate, load, read_notes

PROJECT = Path(__file__).resolve().parents[1]
README = (PROJECT / "README.md").read_text()


def test_the_example_runs_as_it_stands(tmp_path, monkeypatch, capsys):
    monkeypatch.chdir(tmp_path)
    (example,) = re.findall(r"```python\n(.*?)```", README, re.DOTALL)
    exec(compile(example.replace("epochs=8", "epochs=1"), "README.md", "exec"), {})  # noqa: S102, our own words
    assert (tmp_path / "mine.safetensors").is_file()
    assert "held-out" in capsys.readouterr().out


def test_every_file_it_links_to_is_there():
    for text in (README, (PROJECT / "CONTRIBUTING.md").read_text()):
        for link in re.findall(r"\]\((?!http)([^)]+)\)", text):
            assert (PROJECT / link).is_file(), link


def test_its_table_says_what_the_shipped_models_say():
    rows = re.findall(r"\| (\w+), k = (\d)[^|]* \| ([\d.]+) % \| ([\d.]+) % \|", README)
    assert len(rows) == 5
    for task, k, hard, soft in rows:
        figures = read_notes(PROJECT / f"assets/models/{task}-k{k}.safetensors")["figures"]
        assert (f"{figures['test_accuracy_hard']:.2%}", f"{figures['test_accuracy_soft']:.2%}") == (
            f"{hard}%",
            f"{soft}%",
        )


@pytest.mark.slow
@pytest.mark.parametrize("path", sorted((PROJECT / "assets" / "models").glob("*.safetensors")), ids=lambda p: p.stem)
def test_a_shipped_model_is_as_good_as_it_says(path):
    notes = read_notes(path)
    _, test_data = TASKS[notes["task"]].split()
    accuracy = evaluate(load(path), test_data).accuracy
    # Another machine rounds otherwise, which may turn an answer or two of 10,000.
    assert accuracy == pytest.approx(notes["figures"]["test_accuracy_hard"], abs=5e-4)
    assert accuracy >= {"waves-k4": 0.995, "digits-k4": 0.98}.get(path.stem, 0.99)
