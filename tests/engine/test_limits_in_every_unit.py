"""Every limit of the shipped rules in every unit in which a result may come, for everybody.

Values stand at the limit and just each side of it. Which grade they must have is computed here
by exact fractions, with the oracle's units, which share no code with the engine's.
"""

from collections.abc import Iterator
from datetime import UTC, date, datetime, time, timedelta
from decimal import ROUND_CEILING, ROUND_FLOOR, Context, Decimal, Inexact
from fractions import Fraction
from typing import NamedTuple

import pytest
from msgspec.structs import replace

from service.engine import Engine
from service.knowledge.language import Analyte, Derived, FindingRule, Grade
from service.knowledge.loader import load
from service.record import Amount, Interval, Moment, Patient, Record, Result, Sex, Source
from service.settings import shipped
from tests.engine import oracle_quantities as exact

KNOWLEDGE = load(shipped("rules"))
MOMENT = datetime(2026, 1, 15, 12, tzinfo=UTC)
SIDES = ("below", "at_or_below", "above", "at_or_above")
#: Of what a limit comes to in another unit, which seldom ends, the decimals next to it are tried.
DIGITS = 18
#: The laboratory's own range, in whatever unit it reports: of analytes of which rules have none.
LOW, HIGH = Decimal(4), Decimal(20)


class Person(NamedTuple):
    days: int
    sex: Sex

    @property
    def patient(self) -> Patient:
        day = datetime.combine(MOMENT.date() - timedelta(days=self.days), time(), UTC)
        born = Moment(date.isoformat(day), day, day)
        return Patient(
            key="Patient/p",
            identity="Patient/p",
            reference="Patient/p",
            expression="given",
            born=born,
            sex=self.sex,
        )


def rule_of(finding: FindingRule) -> Analyte | Derived:
    return KNOWLEDGE.analytes.get(finding.analyte) or KNOWLEDGE.derived[finding.analyte]


def side_of(grade: Grade) -> tuple[str, str]:
    ((side, text),) = [(side, getattr(grade, side)) for side in SIDES if getattr(grade, side)]
    return side, text


def units_of(finding: FindingRule) -> list[exact.Amount]:
    """One of each unit, and of each molecule that a mass may count, that a result may be in."""
    name = finding.analyte
    if analyte := KNOWLEDGE.analytes.get(name):
        masses = {unit for unit in analyte.units if KNOWLEDGE.units[unit].dimension == exact.MASS}
        forms = [exact.Amount(Fraction(1), unit, form) for unit in masses for form in analyte.forms]
        return [*(exact.Amount(Fraction(1), unit) for unit in analyte.units), *forms]
    own = exact.Amount(Fraction(1), KNOWLEDGE.derived[name].unit)
    alike = (exact.Amount(Fraction(1), unit) for unit in KNOWLEDGE.units)
    return [one for one in alike if exact.converted(KNOWLEDGE, name, own, one) is not None]


def people(finding: FindingRule) -> list[Person]:
    """Somebody of each sex and of each age at which a limit of a finding may change."""
    rule = rule_of(finding)
    ages = {each.age for each in finding.grades} | {each.age for each in rule.reference}
    days = range(100 * 366)
    firsts = {next(day for day in days if exact.age_holds(age, day)) for age in ages if age}
    both: tuple[Sex, ...] = ("female", "male")
    return [Person(day, sex) for day in sorted({*firsts, 40 * 366}) for sex in both]


def limit_of(
    finding: FindingRule, grade: Grade, who: Person, unit: exact.Amount
) -> Fraction | None:
    """The limit of a grade for somebody, in a unit; None where there is none."""
    if grade.age and not exact.age_holds(grade.age, who.days):
        return None
    side, text = side_of(grade)
    factor = exact.multiple_of_reference(text)
    if factor is not None:
        rule = rule_of(finding)
        if not rule.reference:
            return Fraction(LOW if "below" in side else HIGH) * factor
        bounds = [
            interval.low if "below" in side else interval.high
            for interval in rule.reference
            if interval.sex in ("", who.sex) and exact.age_holds(interval.age, who.days)
        ]
        if bounds[1:]:
            raise AssertionError(f"{finding.finding} has two intervals for {who}")
        if not bounds or not bounds[0]:
            return None
        text = bounds[0]
    written = exact.amounts(text)
    same = [one for one in written if exact.same_system(KNOWLEDGE, one, unit)]
    limit = exact.converted(KNOWLEDGE, finding.analyte, (same or written)[0], unit)
    return None if limit is None else limit * (1 if factor is None else factor)


def grade_of(finding: FindingRule, who: Person, value: Decimal, unit: exact.Amount) -> str:
    """The worst grade that a value has, "" for none; the graver ones are listed later."""
    found = ""
    for grade in finding.grades:
        limit = limit_of(finding, grade, who, unit)
        if (
            limit is not None
            and {
                "below": Fraction(value) < limit,
                "at_or_below": Fraction(value) <= limit,
                "above": Fraction(value) > limit,
                "at_or_above": Fraction(value) >= limit,
            }[side_of(grade)[0]]
        ):
            found = grade.grade
    return found


def around(limit: Fraction) -> Iterator[Decimal]:
    """The limit, if a decimal is that, and the decimals next to it."""
    up, down = (Context(prec=DIGITS, rounding=way) for way in (ROUND_CEILING, ROUND_FLOOR))
    top, bottom = Decimal(limit.numerator), Decimal(limit.denominator)
    try:
        at = Context(prec=DIGITS, traps=[Inexact]).divide(top, bottom)
    except Inexact:
        yield from (down.divide(top, bottom), up.divide(top, bottom))
    else:
        yield from (at, down.next_minus(at), up.next_plus(at))


def tried(finding: FindingRule) -> Iterator[tuple[Person, Decimal, exact.Amount]]:
    for who in people(finding):
        for unit in units_of(finding):
            limits = {limit_of(finding, grade, who, unit) for grade in finding.grades}
            for limit in sorted(each for each in limits if each is not None):
                for value in around(limit):
                    yield who, value, unit


def shown(
    engine: Engine, finding: FindingRule, who: Person, value: Decimal, unit: exact.Amount
) -> str:
    at = MOMENT - timedelta(hours=1)
    result = Result(
        analyte=finding.analyte,
        amount=Amount(value, unit.unit),
        printed=str(value),
        moment=Moment(at.isoformat(), at, at),
        source=Source("Observation", "Observation/1", "given"),
        form=unit.form,
        interval=None if rule_of(finding).reference else Interval(LOW, HIGH),
    )
    record = Record(patient=who.patient, moment=MOMENT, results=(result,))
    found = (one.grade for one in engine.assess(record).findings if one.finding == finding.finding)
    return next(found, "")


@pytest.fixture(scope="module")
def engine() -> Iterator[Engine]:
    with Engine(replace(KNOWLEDGE, links={})) as made:
        yield made


@pytest.mark.parametrize("name", KNOWLEDGE.findings)
def test_a_limit_is_the_same_in_every_unit(engine: Engine, name: str) -> None:
    finding = KNOWLEDGE.findings[name]
    grades = set()
    for who, value, unit in tried(finding):
        expected = grade_of(finding, who, value, unit)
        assert shown(engine, finding, who, value, unit) == expected, (who, value, unit)
        grades.add(expected)
    assert grades >= {grade.grade for grade in finding.grades} | {""}


def test_units_that_a_limit_is_only_converted_to_are_among_those_tried() -> None:
    sodium, b12 = KNOWLEDGE.findings["hyponatremia"], KNOWLEDGE.findings["low-b12"]
    assert {unit.unit for unit in units_of(sodium)} > {"mmol/L"}
    assert {unit.unit for unit in units_of(b12)} == set(KNOWLEDGE.analytes["vitamin_b12"].units)
