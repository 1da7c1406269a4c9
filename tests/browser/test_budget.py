"""What is told of the times that pages took."""

from tests.browser.budget import Answer, table


def answer(slider: str, times: list[float], heard: int, unheard: int) -> Answer:
    return Answer("waves", slider, times, [time / 2 for time in times], heard, unheard)


def test_pages_are_told_by_what_was_timed_and_sliders_by_what_hangs_on_them():
    found = [
        answer("fast", [10.0, 30.0], heard=3, unheard=0),
        answer("slow", [100.0, 300.0], heard=3, unheard=1),
        answer("once", [], heard=1, unheard=7),
        answer("never", [], heard=0, unheard=2),
        answer("of one value", [], heard=0, unheard=0),
    ]
    _title, _rule, *rows = table(found).splitlines()
    of_all = "2 | 4 | 65 ms | 270 ms | slow, 290 ms | 145 ms |"
    assert rows == [
        f"| waves | {of_all}",
        f"| all | {of_all}",
        "",
        "Nothing hangs on: never (waves)",
        "",
        "Heard once, so not timed: once (waves)",
    ]


def test_where_nothing_was_timed_no_row_is_told():
    assert len(table([]).splitlines()) == 2
