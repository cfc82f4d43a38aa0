"""FHIR times as moments: the instants, in UTC, that a date or time may mean.

https://hl7.org/fhir/R4/datatypes.html#dateTime
"""

import re
from datetime import UTC, date, datetime, time, timedelta
from functools import lru_cache
from zoneinfo import ZoneInfo

from service.fhir import wire
from service.fhir.issues import Spot
from service.record import Moment

_DATE = re.compile(r"([0-9]{4})(?:-([0-9]{2})(?:-([0-9]{2}))?)?")
_TIME = re.compile(
    r"([0-9]{4})-[0-9]{2}-[0-9]{2}T[0-9]{2}:[0-9]{2}(:[0-9]{2}(?:\.[0-9]{1,30})?)?"
    r"(Z|[+-][0-9]{2}:[0-9]{2})?"
)
_TICK = timedelta(microseconds=1)

#: Years outside of these are mistakes of entry, or the fillers 0001 and 9999.
_YEARS = range(1850, 2200)


class ImpossibleTimeError(ValueError):
    """A text that is no date or time; the message says why, without the text."""


@lru_cache(maxsize=4096)
def moment(text: str, zone: ZoneInfo) -> Moment:
    """The moment of a FHIR date, dateTime or instant.

    "2026", "2026-05" and "2026-05-03" are the whole year, month and day in `zone`, in which a
    time without an offset is read too. A time without seconds is the whole minute.
    Raises ImpossibleTimeError for anything else, such as the 30th of February.
    """
    try:
        if found := _TIME.fullmatch(text):
            _check_year(found[1])
            at = datetime.fromisoformat(_without_leap_second(text))
            start = (at if at.tzinfo else at.replace(tzinfo=zone)).astimezone(UTC)
            return Moment(text, start, start if found[2] else start + timedelta(minutes=1) - _TICK)
        if found := _DATE.fullmatch(text):
            _check_year(found[1])
            first, after = _days(found[1], found[2], found[3])
            return Moment(text, _midnight(first, zone), _midnight(after, zone) - _TICK)
    except ValueError as error:
        if isinstance(error, ImpossibleTimeError):
            raise
        raise ImpossibleTimeError("There is no such day or time.") from None
    raise ImpossibleTimeError(
        "This is no FHIR date or time, as 2026-05-03 or 2026-05-03T10:00:00Z are."
    )


def _without_leap_second(text: str) -> str:
    """The second 60, which datetime does not know, as 59."""
    return f"{text[:17]}59{text[19:]}" if text[16:19] == ":60" else text


def _check_year(year: str) -> None:
    if int(year) not in _YEARS:
        raise ImpossibleTimeError(f"The year is not from {_YEARS.start} to {_YEARS.stop - 1}.")


def _days(year: str, month: str | None, day: str | None) -> tuple[date, date]:
    """The first day of a year, month or day, and the first day after it."""
    first = date(int(year), int(month or 1), int(day or 1))
    if day:
        return first, first + timedelta(days=1)
    if month:
        return first, date(first.year + first.month // 12, first.month % 12 + 1, 1)
    return first, date(first.year + 1, 1, 1)


def _midnight(day: date, zone: ZoneInfo) -> datetime:
    return datetime.combine(day, time(), zone).astimezone(UTC)


def read_time(text: str | None, zone: ZoneInfo, spot: Spot, path: str) -> Moment | None:
    """The moment of an element, if it was sent; what is wrong with it is told."""
    if not text:
        return None
    try:
        found = moment(text, zone)
    except ImpossibleTimeError as error:
        spot.warning("value", f"{error} It was not used.", path)
        return None
    if "T" in text and text[-1] != "Z" and text[-6] not in "+-":
        said = f"This time has no offset, which FHIR demands; it was read as of {zone.key}."
        spot.information("value", said, path)
    return found


def read_period(period: wire.Period | None, zone: ZoneInfo, spot: Spot, path: str) -> Moment | None:
    """When a period was over, or where no end is told, when it began.

    What a specimen tells is true at the end of its collection, so the end decides how recent it is.
    """
    if not period:
        return None
    start = read_time(period.start, zone, spot, f"{path}.start")
    end = read_time(period.end, zone, spot, f"{path}.end")
    if start and end and end.latest < start.earliest:
        spot.warning("value", "The period ends before it starts; it was not used.", path)
        return None
    return end or start
