"""A small class on one server: nobody waits long, and nothing is lost or mixed. The large one: python -m tests.load."""

import pytest

from tests.load.__main__ import measure


@pytest.mark.slow
def test_six_people_of_whom_three_train_get_their_answers_and_their_own_runs(tmp_path):
    figures = measure(tmp_path, sessions=6, training=3, epochs=1)
    assert figures.wrong == []
    assert figures.finished == 3
    assert figures.actions > 20
    assert figures.p95 < 2 + 3, "2 s on a free machine; 3 more for one that is busy"
