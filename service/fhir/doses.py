"""How much of a medicine is taken in a day, and which order raises that.

https://hl7.org/fhir/R4/dosage.html
"""

from collections.abc import Sequence
from fractions import Fraction

from msgspec import Raw, structs

from service.fhir import wire
from service.fhir.codes import plain_codes
from service.fhir.values import NotANumberError, Value, number, quantity_value
from service.record import Treatment

#: Masses in milligrams, by the code or the print of their unit.
_MILLIGRAMS = {
    "mg": Fraction(1),
    "g": Fraction(1000),
    "ug": Fraction(1, 1000),
    "mcg": Fraction(1, 1000),
    "\N{MICRO SIGN}g": Fraction(1, 1000),
}
#: Hours in a unit of time, and times a day by HL7's abbreviations.
_HOURS = {"h": 1, "d": 24, "wk": 168}
_A_DAY = {
    "qd": 1,
    "am": 1,
    "pm": 1,
    "bed": 1,
    "bid": 2,
    "tid": 3,
    "qid": 4,
    "q4h": 6,
    "q6h": 4,
    "q8h": 3,
}


def daily_dose(dosages: tuple[wire.Dosage, ...] | wire.Dosage | None) -> Fraction | None:
    """The milligrams a day that all dosages together ask for.

    None where one of them does not say it in numbers, leaves it to need, or where they may
    follow each other and not stand beside each other.
    """
    if not isinstance(dosages, tuple) or not dosages:
        return None
    if len(dosages) > 1 and any(map(_is_bound, dosages)):
        return None
    each = [_daily(dosage) for dosage in dosages]
    known = [dose for dose in each if dose is not None]
    return sum(known, Fraction(0)) if len(known) == len(each) else None


def _is_bound(dosage: wire.Dosage) -> bool:
    repeat = dosage.timing and dosage.timing.repeat
    return wire.present(dosage.sequence) or bool(repeat and repeat.bounds_period)


def _daily(dosage: wire.Dosage) -> Fraction | None:
    if dosage.as_needed_boolean or dosage.as_needed_codeable_concept or dosage.modifier_extension:
        return None
    rates = dosage.dose_and_rate or ()
    quantity = rates[0].dose_quantity if len(rates) == 1 else dosage.dose_quantity
    times = _times_a_day(dosage.timing)
    if quantity is None or times is None:
        return None
    value = quantity_value(quantity)
    if not isinstance(value, Value) or value.comparator or value.number <= 0:
        return None
    factor = _MILLIGRAMS.get(value.code or value.unit.strip().lower())
    return Fraction(value.number) * factor * times if factor else None


def _times_a_day(timing: wire.Timing | None) -> Fraction | None:
    if timing is None or timing.modifier_extension:
        return None
    repeat = timing.repeat
    if repeat is None or not (wire.present(repeat.frequency) or repeat.period_unit):
        return next((Fraction(_A_DAY[c]) for c in plain_codes(timing.code) if c in _A_DAY), None)
    hours = _HOURS.get(repeat.period_unit or "")
    times, period = _count(repeat.frequency), _count(repeat.period)
    return times * 24 / (period * hours) if hours and times and period else None


def _count(raw: Raw) -> Fraction | None:
    """A number above zero, one where none was sent; None for what is no such number."""
    if not wire.present(raw):
        return Fraction(1)
    try:
        count = number(raw)
    except NotANumberError:
        return None
    return Fraction(count) if count > 0 else None


def with_raised_doses(treatments: Sequence[Treatment]) -> list[Treatment]:
    """The treatments, those marked that ask for more a day than the one before of their medicine.

    Which was before is certain only where the dates say so; of several that began last before
    it all must have asked for less.
    """
    return [
        structs.replace(each, marks=(*each.marks, "dose-raised"))
        if each.daily and _is_raised(each, treatments)
        else each
        for each in treatments
    ]


def _is_raised(treatment: Treatment, treatments: Sequence[Treatment]) -> bool:
    start, dose = treatment.start, treatment.daily
    if start is None or dose is None:
        return False
    others = [
        other
        for other in treatments
        if other.medicine == treatment.medicine and other is not treatment
    ]
    starts = [other.start.latest for other in others if other.start]
    earlier = [latest for latest in starts if latest < start.earliest]
    if not earlier or len(starts) < len(others):
        return False
    return all(
        other.daily is not None and other.daily < dose
        for other in others
        if other.start and other.start.latest == max(earlier)
    )
