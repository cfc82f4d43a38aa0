"""Amounts, limits, spans of time and ages as a clinician writes them.

Numbers are plain decimals: no exponent, no sign but minus, no leading zeros, at
most 12 digits. Units of limits are UCUM codes; a bare number has the unit "1".

Spans: `min`, `h`, `d`, `wk` (7 d), `mo` (30 d), `y` (365 d), whole numbers.
Ages: `d`, `wk`, `mo`, `y`, where a month is 30.436875 d and a year 365.2425 d, rounded down
to whole days, so that (from 1901 to 2099) no birthday is missed, and none anticipated by more
than two days.
"""

import re
from datetime import timedelta
from decimal import Decimal
from functools import lru_cache
from typing import Literal

from msgspec import Struct, structs

_DIGITS = 12
_NUMBER = r"-?(?:0|[1-9][0-9]*)(?:\.[0-9]+)?"
_UNIT = r"[^\s|]+"
_DECIMAL = re.compile(_NUMBER)
_WHOLE = re.compile(r"0|[1-9][0-9]{0,5}")
_LIMIT = re.compile(rf"({_NUMBER})(?: ({_UNIT})(?: as ([a-z][a-z0-9-]*))?)?")
_REFERENCE = re.compile(rf"(?:({_NUMBER}) x )?reference")
_RANGE = re.compile(rf"({_NUMBER}) to ({_NUMBER})(?: ({_UNIT}))?")
_SPAN = re.compile(r"([0-9]+) (min|h|d|wk|mo|y)")
_AGE = re.compile(r"([0-9]+) (d|wk|mo|y)")
_FIRST = "first "
_WITHIN = re.compile(r"within (.+) (before sign|after sign|before now)")
_WORST = re.compile(r"(.+) of (now|sign)")
_COUNT = re.compile(r"([2-9]|[1-9][0-9]) of ([a-z0-9-]+)")

_SPANS = {
    "min": timedelta(minutes=1),
    "h": timedelta(hours=1),
    "d": timedelta(days=1),
    "wk": timedelta(days=7),
    "mo": timedelta(days=30),
    "y": timedelta(days=365),
}
_AGES = {"d": Decimal(1), "wk": Decimal(7), "mo": Decimal("30.436875"), "y": Decimal("365.2425")}


#: The texts of a rule set are few, and many are read again with every record.
_remembered = lru_cache(maxsize=4096)


class LimitValue(Struct, frozen=True):
    """One alternative of a limit: `value` in `unit`, of the molecule `form` ("" the analyte's own).

    Where `reference` is true the limit is the bound of a reference interval times
    `value`, and `unit` is "".
    """

    value: Decimal
    unit: str = "1"
    form: str = ""
    reference: bool = False

    def __str__(self) -> str:
        if self.reference:
            return "reference" if self.value == 1 else f"{self.value} x reference"
        unit = "" if self.unit == "1" else f" {self.unit}"
        return f"{self.value}{unit}" + (f" as {self.form}" if self.form else "")


class Range(Struct, frozen=True):
    """Two amounts of one unit, both inclusive."""

    low: Decimal
    high: Decimal
    unit: str = "1"


class AgeBand(Struct, frozen=True):
    """Ages from `first` to `last` days of life, both inclusive; None is without end."""

    first: int = 0
    last: int | None = None

    def holds(self, days: int) -> bool:
        """Whether somebody that many days old is within the band."""
        return self.first <= days and (self.last is None or days <= self.last)


class Window(Struct, frozen=True):
    """A time around an anchor: at most `span` `before` or `after` a `sign`, or before `now`.

    `unknown`: no time at all, of what nobody has dated. `first`: what was there already before
    that time was not begun in it.
    """

    span: timedelta
    side: Literal["before", "after", "unknown"]
    anchor: Literal["sign", "now"]
    first: bool = False


class Worst(Struct, frozen=True):
    """The time in which the worst result counts: within `span` of `now` or of a `sign`."""

    span: timedelta
    anchor: Literal["now", "sign"]


class Count(Struct, frozen=True):
    """At least `least` different medicines of a group."""

    least: int
    group: str


def parse_decimal(text: str) -> Decimal:
    """A plain decimal number; ValueError says what a number may look like."""
    if not _DECIMAL.fullmatch(text) or sum(map(str.isdigit, text)) > _DIGITS:
        raise ValueError(
            f'"{text}" is not a plain number of at most {_DIGITS} digits, as in 0.7 or 135'
        )
    return Decimal(text)


def parse_whole(text: str) -> int:
    """A whole number from 0 to 999999 without leading zeros."""
    if not _WHOLE.fullmatch(text):
        raise ValueError(f'"{text}" is not a whole number, as in 2')
    return int(text)


@_remembered
def parse_limit(text: str) -> tuple[LimitValue, ...]:
    """A limit's alternatives, in the order written.

    "135 mmol/L", "0.7 mmol/L | 1.7 mg/dL", "56 mg/dL as nitrogen", "1.5",
    "reference", "3 x reference".
    """
    if found := _REFERENCE.fullmatch(text):
        factor = parse_decimal(found[1] or "1")
        if factor <= 0:
            raise ValueError(f'"{text}": the factor must be above zero')
        return (LimitValue(factor, "", reference=True),)
    limits = tuple(_parse_alternative(part) for part in text.split(" | "))
    if len({(limit.unit, limit.form) for limit in limits}) < len(limits):
        raise ValueError(f'"{text}" gives one unit twice')
    return limits


def _parse_alternative(text: str) -> LimitValue:
    found = _LIMIT.fullmatch(text)
    if not found:
        raise ValueError(
            f'"{text}" is not a limit, as in "135 mmol/L", "0.7 mmol/L | 1.7 mg/dL", '
            '"56 mg/dL as nitrogen", "reference" or "3 x reference"'
        )
    return LimitValue(parse_decimal(found[1]), found[2] or "1", found[3] or "")


@_remembered
def parse_range(text: str) -> Range:
    """A range, "90 to 200 mmol/L"; without a unit it is of unit "1"."""
    found = _RANGE.fullmatch(text)
    if not found:
        raise ValueError(f'"{text}" is not a range, as in "90 to 200 mmol/L"')
    parsed = Range(parse_decimal(found[1]), parse_decimal(found[2]), found[3] or "1")
    if parsed.low >= parsed.high:
        raise ValueError(f'"{text}": the low end must be below the high end')
    return parsed


@_remembered
def parse_span(text: str) -> timedelta:
    """A span of time, "72 h"."""
    found = _SPAN.fullmatch(text)
    if not found or not _WHOLE.fullmatch(found[1]):
        raise ValueError(f'"{text}" is not a span of time, as in "72 h" (min, h, d, wk, mo, y)')
    return int(found[1]) * _SPANS[found[2]]


@_remembered
def parse_age(text: str) -> AgeBand:
    """A band of ages.

    "18 y and over", "under 28 d", "1 y to 17 y" (to the end of the eighteenth year of
    life, that is under 18 y).
    """
    if text.startswith("under "):
        band = AgeBand(0, _days(text, text.removeprefix("under ")) - 1)
    elif text.endswith(" and over"):
        band = AgeBand(_days(text, text.removesuffix(" and over")))
    elif text.count(" to ") == 1:
        first, last = text.split(" to ")
        band = AgeBand(_days(text, first), _days(text, last, further=1) - 1)
    else:
        raise ValueError(_not_an_age(text))
    if band.last is not None and band.last < band.first:
        raise ValueError(f'"{text}" holds nobody')
    return band


def _days(text: str, age: str, further: int = 0) -> int:
    found = _AGE.fullmatch(age)
    if not found or not _WHOLE.fullmatch(found[1]):
        raise ValueError(_not_an_age(text))
    return int((int(found[1]) + further) * _AGES[found[2]])


def _not_an_age(text: str) -> str:
    return f'"{text}" is not an age, as in "18 y and over", "under 28 d" or "1 y to 17 y"'


@_remembered
def parse_started(text: str) -> Window:
    """When a medicine was started.

    "within 14 d before sign", "within 14 d after sign", "within 14 d before now", "unknown";
    "first within 14 d before sign" where a renewed order is no start.
    """
    if text == "unknown":
        return Window(timedelta(), "unknown", "now")
    window = parse_stopped(text.removeprefix(_FIRST))
    if not text.startswith(_FIRST):
        return window
    if window.side == "after":
        raise ValueError(f'"{text}": after a sign only a first start counts; leave out "first"')
    return structs.replace(window, first=True)


@_remembered
def parse_stopped(text: str) -> Window:
    """When a medicine was stopped or a problem began, as in `parse_started`, but for "unknown"."""
    found = _WITHIN.fullmatch(text)
    if not found:
        raise ValueError(
            f'"{text}" is not a time, as in "within 14 d before sign", '
            '"within 14 d after sign" or "within 14 d before now"'
        )
    side, anchor = found[2].split()
    span = parse_span(found[1])
    return Window(span, "before" if side == "before" else "after", _anchor(anchor))


@_remembered
def parse_worst(text: str) -> Worst:
    """The time in which the worst result counts: "24 h of now", "24 h of sign"."""
    found = _WORST.fullmatch(text)
    if not found:
        raise ValueError(f'"{text}" is not a time, as in "24 h of now" or "24 h of sign"')
    return Worst(parse_span(found[1]), _anchor(found[2]))


def _anchor(text: str) -> Literal["now", "sign"]:
    return "sign" if text == "sign" else "now"


@_remembered
def parse_count(text: str) -> Count:
    """How many medicines of a group: "2 of serotonergic"."""
    found = _COUNT.fullmatch(text)
    if not found:
        raise ValueError(f'"{text}" is not a count of 2 or more, as in "2 of serotonergic"')
    return Count(int(found[1]), found[2])
