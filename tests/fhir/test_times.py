from datetime import UTC, date, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from service.fhir import wire
from service.fhir.issues import Issues, Spot
from service.fhir.times import ImpossibleTimeError, moment, read_period, read_time
from tests.fhir.sent import BERLIN

UTC_ZONE = ZoneInfo("UTC")
TICK = timedelta(microseconds=1)

FIRST = datetime(1850, 1, 2)  # noqa: DTZ001 - hypothesis adds the zone
LAST = datetime(2199, 12, 29)  # noqa: DTZ001


def _at(text: str) -> datetime:
    return datetime.fromisoformat(text).replace(tzinfo=UTC)


@pytest.mark.parametrize(
    ("text", "earliest", "after"),
    [
        ("2026", "2025-12-31T23:00", "2026-12-31T23:00"),
        ("2026-02", "2026-01-31T23:00", "2026-02-28T23:00"),
        ("2026-12", "2026-11-30T23:00", "2026-12-31T23:00"),
        ("2026-05-03", "2026-05-02T22:00", "2026-05-03T22:00"),
        ("2024-02-29", "2024-02-28T23:00", "2024-02-29T23:00"),
        # The days on which clocks change have 23 and 25 hours.
        ("2026-03-29", "2026-03-28T23:00", "2026-03-29T22:00"),
        ("2026-10-25", "2026-10-24T22:00", "2026-10-25T23:00"),
        ("2026-05-03T10:00", "2026-05-03T08:00", "2026-05-03T08:01"),
        ("2026-05-03T10:00Z", "2026-05-03T10:00", "2026-05-03T10:01"),
    ],
)
def test_a_partial_date_is_all_of_it_in_the_zone(text: str, earliest: str, after: str) -> None:
    found = moment(text, BERLIN)
    assert (found.text, found.earliest, found.latest) == (text, _at(earliest), _at(after) - TICK)


@pytest.mark.parametrize(
    ("text", "instant"),
    [
        ("2026-05-03T10:00:00Z", "2026-05-03T10:00:00"),
        ("2026-05-03T10:00:00+02:00", "2026-05-03T08:00:00"),
        ("2026-05-03T10:00:00-05:30", "2026-05-03T15:30:00"),
        ("2026-05-03T10:00:00.123456789Z", "2026-05-03T10:00:00.123456"),
        ("2026-05-03T10:00:00", "2026-05-03T08:00:00"),
        ("2016-12-31T23:59:60Z", "2016-12-31T23:59:59"),
    ],
)
def test_a_time_with_seconds_is_one_instant(text: str, instant: str) -> None:
    found = moment(text, BERLIN)
    assert found.earliest == found.latest == _at(instant)


@pytest.mark.parametrize(
    "text",
    [
        "",
        "yesterday",
        "2026-02-30",
        "2025-02-29",
        "2026-13",
        "2026-00",
        "2026-5-3",
        "20260503",
        "2026-W18-7",
        "2026-05-03T24:00:00Z",
        "2026-05-03T10:60:00Z",
        "2026-05-03T10:00:61Z",
        "2026-05-03T10:00:00+25:00",
        "2026-05-03 10:00:00",
        "2026-05-03T10Z",
        "2026-05T10:00:00Z",
        "0001-01-01",
        "9999-12-31",
        "1849",
        "\u0662\u0660\u0662\u0666",
        "2026-05-03\n",
    ],
)
def test_an_impossible_time_is_refused_without_repeating_it(text: str) -> None:
    with pytest.raises(ImpossibleTimeError) as error:
        moment(text, BERLIN)
    assert not text.strip() or text not in str(error.value).replace("2026-05-03T10:00:00Z", "")


@given(st.datetimes(FIRST, LAST, timezones=st.timezones()))
def test_an_instant_means_the_same_in_any_zone(at: datetime) -> None:
    offset = at.utcoffset()
    if offset is None or offset.total_seconds() % 60:
        return
    for zone in (BERLIN, UTC_ZONE):
        found = moment(at.isoformat(), zone)
        # Within one zone Python compares wall clocks; in UTC those are instants.
        assert found.earliest == found.latest == at.astimezone(UTC)
        assert found.earliest.tzinfo is UTC


@given(st.dates(FIRST.date(), LAST.date()), st.timezones())
def test_days_follow_each_other_without_gap_and_without_overlap(day: date, zone: ZoneInfo) -> None:
    today = moment(day.isoformat(), zone)
    tomorrow = moment((day + timedelta(days=1)).isoformat(), zone)
    assert today.earliest < today.latest
    assert today.latest + TICK == tomorrow.earliest


def _spot() -> tuple[Issues, Spot]:
    issues = Issues()
    return issues, Spot(issues, "Observation", "ann")


def test_a_time_that_was_not_sent_is_nothing_and_nothing_is_told() -> None:
    issues, spot = _spot()
    assert read_time(None, BERLIN, spot, ".effective") is None
    assert issues.told() == ()


def test_an_impossible_time_is_told_with_its_place_and_not_used() -> None:
    issues, spot = _spot()
    assert read_time("2026-02-30", BERLIN, spot, ".effective") is None
    (issue,) = issues.told()
    assert (issue.severity, issue.expression) == ("warning", ("Observation.effective",))
    assert "2026" not in issue.text


def test_a_time_without_an_offset_is_read_in_the_zone_which_is_told() -> None:
    issues, spot = _spot()
    found = read_time("2026-05-03T10:00:00", BERLIN, spot, ".issued")
    assert found
    assert found.earliest == _at("2026-05-03T08:00")
    (issue,) = issues.told()
    assert issue.severity == "information"
    assert "Europe/Berlin" in issue.text


@pytest.mark.parametrize(
    ("start", "end", "text"),
    [
        ("2026-05-01", "2026-05-03", "2026-05-03"),
        ("2026-05-01", None, "2026-05-01"),
        (None, "2026-05-03", "2026-05-03"),
        ("2026-05-01", "2026-05-32", "2026-05-01"),
        ("2026-05", "2026-05-03", "2026-05-03"),
    ],
)
def test_a_period_counts_by_its_end_and_else_by_its_start(
    start: str | None, end: str | None, text: str
) -> None:
    _, spot = _spot()
    found = read_period(wire.Period(start, end), UTC_ZONE, spot, ".effective")
    assert found
    assert found.text == text


@pytest.mark.parametrize("period", [None, wire.Period(), wire.Period("x", "y")])
def test_a_period_without_a_time_is_nothing(period: wire.Period | None) -> None:
    _, spot = _spot()
    assert read_period(period, UTC_ZONE, spot, ".effective") is None


def test_a_period_that_ends_before_it_starts_is_told_and_not_used() -> None:
    issues, spot = _spot()
    backwards = wire.Period("2026-05-03", "2026-05-01")
    assert read_period(backwards, UTC_ZONE, spot, ".effective") is None
    assert [issue.severity for issue in issues.told()] == ["warning"]
