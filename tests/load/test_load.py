"""A small class on one server: nobody waits long, and nothing is lost or mixed. The large one: python -m tests.load."""

import json
import subprocess
import sys

import pytest

from tests.server import PROJECT

# a process of its own, for a browser's tests before this one leave their event loop running in theirs
COMMAND = [sys.executable, "-m", "tests.load", "--sessions", "6", "--training", "3", "--epochs", "1"]


@pytest.mark.slow
def test_six_people_of_whom_three_train_get_their_answers_and_their_own_runs():
    figures = json.loads(subprocess.run(COMMAND, cwd=PROJECT, capture_output=True, text=True).stdout)
    assert figures["wrong"] == []
    assert figures["finished"] == 3
    assert figures["actions"] > 20
    assert figures["first_epoch"] < 4 + 8, "4 s on a free machine; 8 more for one that is busy"
    assert figures["p95"] < 2 + 3, "2 s on a free machine; 3 more for one that is busy"
