"""What the oracle understands of amounts, limits, spans and ages.

Written a second time on purpose: nothing here comes from `service.knowledge.quantities` or
`service.knowledge.units`, so that a misreading there shows as a difference.
"""

import re
from datetime import timedelta
from decimal import ROUND_HALF_EVEN, Context, Decimal
from fractions import Fraction
from math import inf
from typing import NamedTuple

from service.knowledge.language import Unit
from service.knowledge.model import Knowledge

DAYS = {
    "min": Fraction(1, 24 * 60),
    "h": Fraction(1, 24),
    "d": Fraction(1),
    "wk": Fraction(7),
    "mo": Fraction(30),
    "y": Fraction(365),
}
#: Ages are told in calendar months and years, which are longer on average than 30 and 365 days.
AGE_DAYS = DAYS | {"mo": Fraction("365.2425") / 12, "y": Fraction("365.2425")}


def span(text: str) -> timedelta:
    """A span of time, "72 h"."""
    count, unit = text.split()
    return timedelta(minutes=int(int(count) * DAYS[unit] * 24 * 60))


def age_holds(text: str, days: int) -> bool:
    """Whether somebody `days` old is meant by "18 y and over", "under 28 d" or "1 y to 17 y"."""

    def age(text: str, further: int = 0) -> int:
        count, unit = text.split()
        return int((int(count) + further) * AGE_DAYS[unit])

    if text.startswith("under "):
        return days < age(text.removeprefix("under "))
    if text.endswith(" and over"):
        return days >= age(text.removesuffix(" and over"))
    first, last = text.split(" to ")
    return age(first) <= days < age(last, further=1)


class Amount(NamedTuple):
    """A number in a unit; `form` is the molecule that a mass counts, "" the analyte's own."""

    value: Fraction
    unit: str
    form: str = ""


def amounts(text: str) -> list[Amount]:
    """The alternatives of "0.7 mmol/L | 1.7 mg/dL", "56 mg/dL as nitrogen", "2"."""
    found = []
    for part in text.split(" | "):
        words = part.split(" ")
        form = words[3] if len(words) == 4 else ""
        found.append(Amount(Fraction(words[0]), words[1] if len(words) > 1 else "1", form))
    return found


def multiple_of_reference(text: str) -> Fraction | None:
    """1 of "reference", 3 of "3 x reference", None of anything else."""
    found = re.fullmatch(r"(?:(.+) x )?reference", text)
    return Fraction(found[1] or 1) if found else None


def range_of(text: str) -> tuple[Amount, Amount]:
    """The two ends of "90 to 200 mmol/L"."""
    low, rest = text.split(" to ")
    high, _, unit = rest.partition(" ")
    return Amount(Fraction(low), unit or "1"), Amount(Fraction(high), unit or "1")


def rounded(value: Fraction, digits: int) -> Decimal:
    """To so many significant digits, ties to even."""
    context = Context(prec=digits, rounding=ROUND_HALF_EVEN)
    return context.divide(Decimal(value.numerator), Decimal(value.denominator))


# ----------------------------------------------------------------------- units

MASS, SUBSTANCE, EQUIVALENTS = "mass/volume", "substance/volume", "equivalents/volume"
CATALYTIC, INTERNATIONAL = "catalytic activity/volume", "international units/volume"


def converted(knowledge: Knowledge, analyte: str, amount: Amount, to: Amount) -> Fraction | None:
    """An amount of an analyte in the unit and form of `to`; None if nothing connects them."""
    if amount.unit not in knowledge.units or to.unit not in knowledge.units:
        return None
    here, there = knowledge.units[amount.unit], knowledge.units[to.unit]
    if same_system(knowledge, amount, to):
        return amount.value * Fraction(here.scale) / Fraction(there.scale)
    enzymes = {CATALYTIC, INTERNATIONAL}
    if (here.dimension in enzymes) != (there.dimension in enzymes):
        return None
    one_here = moles_in_one(knowledge, analyte, here, amount.form)
    one_there = moles_in_one(knowledge, analyte, there, to.form)
    if one_here is None or one_there is None:
        return None
    return amount.value * one_here / one_there


def same_system(knowledge: Knowledge, one: Amount, other: Amount) -> bool:
    """Whether amounts convert by a plain factor: their dimension and molecule are the same."""
    dimension = knowledge.units[one.unit].dimension
    if dimension != knowledge.units[other.unit].dimension:
        return False
    return dimension != MASS or one.form == other.form


def moles_in_one(knowledge: Knowledge, analyte: str, unit: Unit, form: str) -> Fraction | None:
    """How many mol/L one mmol/L, mg/dL, meq/L ... of an analyte is; None if that is not known.

    Of enzymes how many kat/L, where 1 [IU] is 1 U and 60 million of these are 1 kat.
    """
    derived = knowledge.derived.get(analyte)
    if derived is not None:
        analyte = derived.stands_for or (derived.change.analyte if derived.change else "")
    if analyte not in knowledge.analytes:
        return None
    substance = knowledge.analytes[analyte]
    base = Fraction(unit.scale)
    if unit.dimension in (SUBSTANCE, CATALYTIC):
        return base
    if unit.dimension == INTERNATIONAL:
        return base / 60_000_000
    if unit.dimension == EQUIVALENTS and substance.charge:
        return base / Fraction(substance.charge)
    if unit.dimension == MASS:
        grams_a_mole = substance.forms[form] if form else substance.molar_mass
        return base / Fraction(grams_a_mole) if grams_a_mole else None
    return None


# --------------------------------------------------- what a reported value allows


class Values(NamedTuple):
    """A stretch of numbers: from `low` to `high`, each end inside it or not."""

    low: Fraction | float
    low_inside: bool
    high: Fraction | float
    high_inside: bool

    def all_in(self, other: "Values") -> bool:
        from_below = self.low > other.low or (
            self.low == other.low and (other.low_inside or not self.low_inside)
        )
        from_above = self.high < other.high or (
            self.high == other.high and (other.high_inside or not self.high_inside)
        )
        return from_below and from_above

    def none_in(self, other: "Values") -> bool:
        return self.ends_before(other) or other.ends_before(self)

    def ends_before(self, other: "Values") -> bool:
        touching = self.high == other.low and self.high_inside and other.low_inside
        return self.high <= other.low and not touching


def allowed(comparator: str, value: Fraction) -> Values:
    """The values that a reported "< 5" may stand for; without a comparator just one."""
    return {
        "": Values(value, True, value, True),
        "<": Values(-inf, False, value, False),
        "<=": Values(-inf, False, value, True),
        ">": Values(value, False, inf, False),
        ">=": Values(value, True, inf, False),
    }[comparator]


BEYOND = {"below": "<", "at_or_below": "<=", "above": ">", "at_or_above": ">="}


def lies(comparator: str, value: Fraction, side: str, limit: Fraction) -> bool | None:
    """Whether a reported value lies on that side of a limit; None: it may or may not."""
    reported, wanted = allowed(comparator, value), allowed(BEYOND[side], limit)
    if reported.all_in(wanted):
        return True
    if reported.none_in(wanted):
        return False
    return None
