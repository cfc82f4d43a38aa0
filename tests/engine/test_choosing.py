"""Which results count, and which of them are the newest."""

from datetime import timedelta

import pytest

from service.engine.choosing import count, differ, is_older_than_unreadable, last_issued, newest
from service.record import Result
from tests.engine.small import NOW, ago, day, result

LOOKBACK = timedelta(days=14)


def sodium(name: str, text: str = "140 mmol/L", **more: object) -> Result:
    return result("sodium", text, name, **more)


def names(results: object) -> list[str]:
    assert isinstance(results, list | tuple)
    return [each.source.reference.removeprefix("Observation/") for each in results]


RECENT = sodium("recent", moment=ago(hours=1))
OLDER = sodium("older", moment=ago(days=3))
OLDEST = sodium("oldest", moment=ago(days=13, hours=23))
OUTDATED = sodium("outdated", moment=ago(days=14, seconds=1))
FUTURE = sodium("future", moment=ago(hours=-1))
UNDATED = sodium("undated", moment=None)


def test_dated_results_inside_the_lookback_count() -> None:
    counted = count([RECENT, OLDER, OLDEST], NOW, LOOKBACK)
    assert counted.counting == [RECENT, OLDER, OLDEST]


def test_a_result_after_the_moment_does_not_count() -> None:
    counted = count([FUTURE], NOW, LOOKBACK)
    assert (counted.counting, counted.past, counted.future) == ([], [], [FUTURE])


def test_a_result_of_this_very_moment_counts() -> None:
    assert count([sodium("now", moment=ago(hours=0))], NOW, LOOKBACK).counting


def test_a_result_of_today_counts_though_the_day_is_not_over() -> None:
    assert count([sodium("today", moment=day(0))], NOW, LOOKBACK).counting


def test_an_outdated_result_does_not_count_and_is_still_past() -> None:
    counted = count([OUTDATED], NOW, LOOKBACK)
    assert (counted.counting, counted.past, counted.outdated) == ([], [OUTDATED], [OUTDATED])


def test_a_day_that_may_lie_inside_the_lookback_counts() -> None:
    assert count([sodium("a", moment=day(14))], NOW, LOOKBACK).counting
    assert count([sodium("a", moment=day(15))], NOW, LOOKBACK).outdated


def test_undated_results_count_where_nothing_is_dated() -> None:
    counted = count([UNDATED], NOW, LOOKBACK)
    assert counted.counting == [UNDATED]
    assert not counted.past
    assert not counted.undated


@pytest.mark.parametrize("dated", [RECENT, OUTDATED, FUTURE])
def test_undated_results_do_not_count_beside_a_dated_one_whenever_it_was(dated: Result) -> None:
    counted = count([UNDATED, dated], NOW, LOOKBACK)
    assert UNDATED not in counted.counting
    assert counted.undated == [UNDATED]


def test_the_newest_readable_result_decides() -> None:
    assert newest([OLDER, RECENT, OLDEST]) == [RECENT]


def test_an_unreadable_result_is_never_the_newest() -> None:
    assert newest([OLDER, sodium("unreadable", "", moment=ago(hours=1))]) == [OLDER]


def test_a_flag_without_a_value_may_be_the_newest() -> None:
    flagged = sodium("flagged", "", interpretation="L", moment=ago(minutes=5))
    assert newest([RECENT, flagged]) == [flagged]


def test_a_flag_that_says_nothing_may_not() -> None:
    assert newest([RECENT, sodium("a", "", interpretation="A", moment=ago(minutes=5))]) == [RECENT]


def test_nothing_readable_is_nothing() -> None:
    assert newest([sodium("unreadable", "")]) == []
    assert newest([]) == []


def test_a_date_without_a_time_may_be_as_new_as_any_moment_of_its_day() -> None:
    morning = sodium("morning", moment=ago(hours=3))
    today = sodium("today", moment=day(0))
    yesterday = sodium("yesterday", moment=day(1))
    assert newest([morning, today, yesterday]) == [morning, today]


def test_of_one_moment_the_last_issued_counts() -> None:
    first = sodium("first", issued=NOW - timedelta(minutes=30))
    corrected = sodium("corrected", issued=NOW - timedelta(minutes=10))
    unknown = sodium("unknown")
    assert last_issued([first, corrected, unknown]) == [corrected]
    assert names(last_issued([unknown, sodium("other")])) == ["unknown", "other"]


def test_undated_results_are_all_of_one_moment() -> None:
    other = sodium("other", moment=None)
    assert newest([UNDATED, other]) == [UNDATED, other]


def test_results_differ_by_what_they_say_and_not_by_how_they_are_written() -> None:
    assert not differ([sodium("a"), sodium("b", "140.0 mmol/L")])
    assert not differ([sodium("a")])
    assert not differ([])
    assert differ([sodium("a"), sodium("b", "141 mmol/L")])
    assert differ([sodium("a"), sodium("b", "<140 mmol/L")])
    assert differ([sodium("a"), sodium("b", interpretation="L")])
    assert differ([result("urea", "20 mg/dL"), result("urea", "20 mg/dL as nitrogen")])


@pytest.mark.parametrize(
    ("moment", "expected"),
    [(ago(minutes=5), True), (ago(hours=1), True), (day(0), True), (ago(hours=2), False)],
)
def test_an_unreadable_result_that_is_not_older_counts_against_the_one_that_decides(
    moment: object, expected: bool
) -> None:
    unreadable = sodium("unreadable", "", moment=moment)
    assert is_older_than_unreadable(RECENT, [RECENT, unreadable]) is expected


def test_undated_unreadable_and_undated_chosen_are_of_one_moment() -> None:
    assert is_older_than_unreadable(UNDATED, [UNDATED, sodium("unreadable", "", moment=None)])


def test_readable_results_do_not_make_it_older() -> None:
    assert not is_older_than_unreadable(RECENT, [RECENT, sodium("new", moment=ago(minutes=1))])
