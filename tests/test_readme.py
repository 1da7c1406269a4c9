"""What the README promises in code."""

import os
import re
import shlex
import socket
import subprocess
import sys
import time
import urllib.request
from contextlib import suppress
from pathlib import Path
from typing import Any

import pytest

from mrnn import evaluate, load, read_notes
from mrnn.__main__ import command_parser
from mrnn.commands.options import run_config
from mrnn.probes import answer_of, found_regimes
from mrnn.tasks import make_task
from tests.browser.pictures import SCHEMES, SCREENS, addresses

PROJECT = Path(__file__).resolve().parents[1]
README = (PROJECT / "README.md").read_text()


EXAMPLES = re.findall(r"```python\n(.*?)```", README, re.DOTALL)


def test_the_example_runs_as_it_stands(tmp_path, monkeypatch, capsys):
    monkeypatch.chdir(tmp_path)
    run(EXAMPLES[0].replace("epochs=8", "epochs=1"))
    assert (tmp_path / "mine.safetensors").is_file()
    assert "held-out" in capsys.readouterr().out


def test_the_example_with_scikit_learn_runs_as_it_stands(capsys):
    names = run(EXAMPLES[1])
    search, X, y = names["search"], names["X_test"], names["y_test"]
    assert f"right on {search.score(X, y):.0%}" in capsys.readouterr().out
    assert search.score(X, y) >= 0.9
    assert names["trace"].q.shape[0] == len(X)
    assert len(EXAMPLES) == 2


def run(example: str) -> dict[str, Any]:
    """The names that an example leaves behind."""
    names: dict[str, Any] = {}
    exec(compile(example, "README.md", "exec"), names)  # noqa: S102, our own words
    return names


def test_every_file_it_links_to_is_there():
    for text in (README, (PROJECT / "CONTRIBUTING.md").read_text()):
        for link in re.findall(r"\]\((?!http)([^)]+)\)|(?:src|srcset)=\"([^\"]+)\"", text):
            assert (PROJECT / "".join(link)).is_file(), link


def test_every_page_is_shown_wide_and_narrow_light_and_dark():
    for name in addresses():
        for screen in SCREENS:
            for scheme in SCHEMES:
                assert f"assets/pages/{name}-{screen}-{scheme}.png" in README


def test_its_table_says_what_the_shipped_models_say():
    rows = re.findall(r"\| (\w+), k = (\d+)([^|]*) \| ([\d.]+) % \| ([\d.]+) % \|", README)
    assert len(rows) == 11
    for task, k, kind, hard, soft in rows:
        own = "-own" if "of its own" in kind else ""
        figures = read_notes(PROJECT / f"assets/models/{task}-k{k}{own}.safetensors")["figures"]
        assert (f"{figures['test_accuracy_hard']:.2%}", f"{figures['test_accuracy_soft']:.2%}") == (
            f"{hard}%",
            f"{soft}%",
        )


def test_each_shipped_model_was_made_by_the_command_that_is_written_beside_it():
    text = (PROJECT / "assets" / "models" / "README.md").read_text()
    commands = [shlex.split(line)[3:] for line in text.splitlines() if line.startswith("python -m mrnn train ")]
    made = {}
    for command in commands:
        asked = command_parser().parse_args(command)
        made[PROJECT / asked.out] = run_config(asked)
    assert set(made) == set((PROJECT / "assets" / "models").glob("*.safetensors"))
    for path, config in made.items():
        notes = read_notes(path)
        assert config.model == load(path).config, path.stem
        assert (config.task, config.settings) == (notes["task"], notes["settings"]), path.stem
        assert config.training.to_dict() == notes["recipe"], path.stem


@pytest.mark.slow
@pytest.mark.parametrize("path", sorted((PROJECT / "assets" / "models").glob("*.safetensors")), ids=lambda p: p.stem)
def test_a_shipped_model_is_as_good_as_it_says(path):
    notes = read_notes(path)
    task, model = make_task(notes["task"], notes["settings"]), load(path)
    _, test_data = task.split()
    accuracy = evaluate(model, test_data).accuracy
    # Another machine rounds otherwise, which may turn an answer or two of 10,000.
    assert accuracy == pytest.approx(notes["figures"]["test_accuracy_hard"], abs=5e-4)
    floors = {
        "waves-k4": 0.999,
        "digits-k4": 0.992,
        "curves-k4-own": 0.95,
        "text-k4": 0.55,
        "pixels-k2": 0.48,
        "regimes-k3": 0.81,
    }
    assert accuracy >= floors.get(path.stem, 0.99)
    claims = task.claims(answer_of(model), 0)
    least = [share for claim, share in claims.items() if not {"error", "bits"} & set(claim.split())]
    assert all(share >= 0.99 for share in least), claims
    assert claims.get("mean squared error of the next value, once 6 were seen", 0) < 0.01
    assert claims.get("bits a character", 0) < 2.28
    found = found_regimes(model, task)
    assert found is None or found >= 0.9
    if task.name == "forecast":
        least_possible = claims["least mean squared error that is possible there"]
        assert claims["mean squared error of the next value"] < least_possible + 0.012


@pytest.mark.slow
def test_a_first_start_in_a_terminal_asks_nothing(tmp_path):
    pty = pytest.importorskip("pty", reason="Windows has no such terminals")
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    ours, theirs = pty.openpty()
    # A machine with a screen and a person who has never started Streamlit; its browser is one that does nothing.
    environment = {**os.environ, "HOME": str(tmp_path), "DISPLAY": ":0", "BROWSER": "true"}
    command = [sys.executable, "-m", "streamlit", "run", "app.py", "--server.port", str(port)]
    process = subprocess.Popen(command, cwd=PROJECT, env=environment, stdin=theirs, stdout=theirs, stderr=theirs)
    try:
        deadline = time.monotonic() + 60
        answered = False
        while not answered and time.monotonic() < deadline:
            with (
                suppress(OSError),
                urllib.request.urlopen(f"http://127.0.0.1:{port}/_stcore/health", timeout=2) as page,
            ):
                answered = page.status == 200
            time.sleep(0.2)
    finally:
        process.kill()
        process.wait()
        said = os.read(ours, 100_000).decode()
        os.close(ours)
        os.close(theirs)
    assert answered, said
    assert "mail" not in said
