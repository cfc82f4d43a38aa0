"""A laboratory's own reference range, as far as it can be right and is for this patient.

https://hl7.org/fhir/R4/observation-definitions.html#Observation.referenceRange
"""

import re
from collections.abc import Sequence
from decimal import Decimal
from fractions import Fraction

from msgspec import Struct

from service.fhir import wire
from service.fhir.codes import plain_codes, texts
from service.fhir.issues import Spot
from service.fhir.lexicon import Lexicon
from service.fhir.patients import Chart
from service.fhir.values import NUMBER, NotANumberError, decimal_of, number
from service.knowledge.units import scale
from service.record import Interval, Moment, Sex

_NORMAL = frozenset({"normal"})

_SEXES: dict[str, Sex] = {
    "female": "female",
    "f": "female",
    "248152002": "female",
    "male": "male",
    "m": "male",
    "248153007": "male",
}
_DAYS = {
    "a": Decimal("365.2425"),
    "y": Decimal("365.2425"),
    "yr": Decimal("365.2425"),
    "year": Decimal("365.2425"),
    "years": Decimal("365.2425"),
    "mo": Decimal("30.436875"),
    "month": Decimal("30.436875"),
    "months": Decimal("30.436875"),
    "wk": Decimal(7),
    "week": Decimal(7),
    "weeks": Decimal(7),
    "d": Decimal(1),
    "day": Decimal(1),
    "days": Decimal(1),
}

_DASH = r"(?:-|_|\N{EN DASH}|\N{EM DASH}|\.\.|to)"
#: What laboratories print before a range and that says nothing more: "VN 70-110", "Ref: 0.5-1.2".
_BEFORE = re.compile(
    r"\s*(?:v\.?\s?[nr]\.?|n|nr|normal|normale|normales|reference|reference range|normal range|"
    r"range|rango|ref\.?)\s*(?::|\s(?=[0-9<>]))\s*",
    re.IGNORECASE,
)
#: Words for an end, in English, Spanish and Italian.
_UP_TO = re.compile(r"(?:up to|hasta|fino a)\s+", re.IGNORECASE)
_TWO_ENDS = re.compile(rf"\(?({NUMBER})\s*{_DASH}\s*({NUMBER})\)?\s*(\S*)")
_ONE_END = re.compile(rf"(<=?|>=?)\s*({NUMBER})\s*(\S*)")

_NOT_NUMBERS = "The range has a bound that is no plain number, so it was not used."
_ZEROS = "The range is 0 to 0, which says that it was not recorded; it was not used."
_UPSIDE_DOWN = "The range has its low above its high, so it was not used."
_OTHER_UNIT = "The range is in another unit than the value, so it was not used."
_SEVERAL = "Several ranges could be this patient's, so none was used."
_OTHERS = "The range is for other patients, or is no range of what is normal; it was not used."
_WORDS = "The range is told in words that are not read; it was not used."
_FROM_TEXT = "The range is told in text alone and was read from there."


class AsWritten(Struct, frozen=True):
    """The unit of a value that can not be read: a range is in it only by the very same words."""

    code: str
    text: str

    def is_of(self, code: str, text: str) -> bool:
        """Whether a bound is in this unit. Of a value without one, the range is in its unit.

        A bound often has only one of code and text; what both have must be the same.
        """
        if not (self.code or self.text):
            return True
        said = [(a, b) for a, b in ((code, self.code), (text, self.text)) if a and b]
        return bool(said) and all(a == b for a, b in said)


def interval_of(
    ranges: Sequence[wire.ReferenceRange],
    unit: str | AsWritten,
    lexicon: Lexicon,
    spot: Spot,
    *,
    chart: Chart,
    moment: Moment | None,
) -> Interval | None:
    """The one range that is for this patient, in the unit of the value; None where none is.

    `spot` is the result. Several ranges are alternatives for different people: those that
    are for others are left out, and where several remain, none is guessed.
    """
    if is_for_all(ranges):
        return _of_bounds(ranges[0], unit, lexicon, spot, ".referenceRange[0]")
    candidates = []
    for i, one in enumerate(ranges):
        path = f".referenceRange[{i}]"
        fit = _fit(one, chart, moment)
        if fit is False:
            spot.information("business-rule", _OTHERS, path)
        else:
            candidates.append((path, one, fit))
    if len(candidates) > 1:
        certain = [candidate for candidate in candidates if candidate[2]]
        if len(certain) != 1:
            for path, _, _ in candidates:
                spot.information("multiple-matches", _SEVERAL, path)
            return None
        candidates = certain
    if not candidates:
        return None
    path, one, _ = candidates[0]
    if one.low is None and one.high is None:
        return _of_text(one.text or "", unit, lexicon, spot, path)
    return _of_bounds(one, unit, lexicon, spot, path)


def is_for_all(ranges: Sequence[wire.ReferenceRange]) -> bool:
    """Whether there is one range, with bounds and for everybody, as nearly always."""
    return len(ranges) == 1 and _says_nobody(ranges[0]) and bool(ranges[0].low or ranges[0].high)


def units_of(ranges: Sequence[wire.ReferenceRange], lexicon: Lexicon) -> set[str | None]:
    """The units that ranges themselves name, None for one that is not known."""
    named: set[str | None] = set()
    for one in ranges:
        for bound in (one.low, one.high):
            if bound and (bound.code or bound.unit):
                named.add(lexicon.unit(bound.system or "", bound.code or "", bound.unit or ""))
        text = _plain(one.text or "")
        if found := _TWO_ENDS.fullmatch(text) or _ONE_END.fullmatch(text):
            named |= {lexicon.unit("", "", found[3])} if found[3] else set()
    return named


def _of_bounds(
    one: wire.ReferenceRange, unit: str | AsWritten, lexicon: Lexicon, spot: Spot, path: str
) -> Interval | None:
    try:
        low = _bound(one.low, unit, lexicon)
        high = _bound(one.high, unit, lexicon)
    except NotANumberError:
        spot.warning("value", _NOT_NUMBERS, path)
        return None
    except _OtherUnitError:
        spot.warning("value", _OTHER_UNIT, path)
        return None
    return _checked(low, high, spot, path)


def _checked(low: Decimal | None, high: Decimal | None, spot: Spot, path: str) -> Interval | None:
    if low is not None and high is not None:
        if low == high == 0:
            spot.information("value", _ZEROS, path)
            return None
        if low > high:
            spot.warning("value", _UPSIDE_DOWN, path)
            return None
    return None if low is None and high is None else Interval(low, high)


class _OtherUnitError(ValueError):
    """A bound whose unit is not that of the value, nor of its dimension."""


def _bound(bound: wire.Quantity | None, unit: str | AsWritten, lexicon: Lexicon) -> Decimal | None:
    """A bound in the unit of the value. Without a unit of its own it is in the value's."""
    if bound is None or (written := bytes(bound.value)) in wire.NOT_SENT:
        return None
    if bound.comparator:
        raise NotANumberError("A bound has no comparator.")
    found = number(written)
    if bound.code is None and bound.unit is None:
        return found
    if isinstance(unit, AsWritten):
        if unit.is_of(bound.code or "", bound.unit or ""):
            return found
        raise _OtherUnitError
    own = lexicon.unit(bound.system or "", bound.code or "", bound.unit or "")
    if own == unit:
        return found
    return _scaled(found, own, unit, lexicon)


def _scaled(bound: Decimal, own: str | None, unit: str, lexicon: Lexicon) -> Decimal:
    units = lexicon.knowledge.units
    if own is None or units[own].dimension != units[unit].dimension:
        raise _OtherUnitError
    exact = Fraction(bound) * scale(units[own]) / scale(units[unit])
    return Decimal(exact.numerator) / Decimal(exact.denominator)


def _plain(text: str) -> str:
    """A printed range without what says only that it is one, "hasta 50" as "<= 50"."""
    inside = text.strip()
    if inside[:1] == "(" and inside[-1:] == ")":
        inside = inside[1:-1].strip()
    if before := _BEFORE.match(inside):
        inside = inside[before.end() :]
    if up_to := _UP_TO.match(inside):
        inside = f"<= {inside[up_to.end() :]}"
    return inside.strip()


def _of_text(
    text: str, unit: str | AsWritten, lexicon: Lexicon, spot: Spot, path: str
) -> Interval | None:
    """A range that is only printed: "3.5-5.1", "135 to 145 mmol/L", "<0.04"."""
    low: Decimal | None
    high: Decimal | None
    text = _plain(text)
    if found := _TWO_ENDS.fullmatch(text):
        low, high, own = decimal_of(found[1]), decimal_of(found[2]), found[3]
    elif found := _ONE_END.fullmatch(text):
        bound, own = decimal_of(found[2]), found[3]
        low, high = (None, bound) if found[1].startswith("<") else (bound, None)
    else:
        spot.information("not-supported", _WORDS, path)
        return None
    if own and not _is_in(own, unit, lexicon):
        spot.information("value", _OTHER_UNIT, path)
        return None
    interval = _checked(low, high, spot, path)
    if interval:
        spot.information("informational", _FROM_TEXT, path)
    return interval


def _is_in(printed: str, unit: str | AsWritten, lexicon: Lexicon) -> bool:
    if isinstance(unit, AsWritten):
        return unit.is_of("", printed) or printed in {unit.code, unit.text}
    return lexicon.unit("", "", printed) == unit


def _says_nobody(one: wire.ReferenceRange) -> bool:
    """Whether a range says nothing of whom or what it is for, as nearly all do."""
    return not (one.modifier_extension or one.type or one.applies_to or one.age)


def _fit(one: wire.ReferenceRange, chart: Chart, moment: Moment | None) -> bool | None:
    """Whether a range is for a patient; None where it does not say, or that is not known."""
    if _says_nobody(one):
        return None
    if one.modifier_extension:
        return False
    if one.type and _NORMAL.isdisjoint(plain_codes(one.type)) and any(plain_codes(one.type)):
        return False
    if not one.applies_to and not one.age:
        return None
    fits = []
    for concept in one.applies_to or ():
        said = {*plain_codes(concept), *(text.lower() for text in texts(concept))}
        if sexes := {_SEXES[word] for word in said if word in _SEXES}:
            fits.append(chart.sex in sexes if chart.sex else None)
    if one.age:
        fits.append(_fits_age(one.age, chart, moment))
    if False in fits:
        return False
    return True if fits and all(fits) else None


def _fits_age(age: wire.Range, chart: Chart, moment: Moment | None) -> bool | None:
    if not chart.born or not moment:
        return None
    days = (moment.latest - chart.born.earliest).days
    for bound, is_low in ((age.low, True), (age.high, False)):
        if bound is None:
            continue
        unit = _DAYS.get((bound.code or bound.unit or "").lower())
        try:
            limit = number(bound.value)
        except NotANumberError:
            return None
        if unit is None:
            return None
        # "17 years" lasts until the eighteenth birthday.
        if (days < int(limit * unit)) if is_low else (days >= int((limit + 1) * unit)):
            return False
    return True
