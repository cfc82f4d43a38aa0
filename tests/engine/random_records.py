"""Random records for any rule set, the shipped one too.

Values lie at, just below and just above what the rules ask about, and moments at and just
beyond the spans that they ask about.
"""

from collections.abc import Iterator, Mapping
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from fractions import Fraction
from random import Random
from typing import NamedTuple

from msgspec import structs

from service import record as plain
from service.knowledge.language import Condition
from service.knowledge.model import Knowledge
from service.record import Interval, Moment, Patient, Problem, Record, Result, Source, Treatment
from tests.engine.oracle_quantities import (
    AGE_DAYS,
    Amount,
    amounts,
    converted,
    multiple_of_reference,
    range_of,
    rounded,
    span,
)
from tests.engine.random_rules import one_in

NOW = datetime(2026, 5, 20, 12, 0, tzinfo=UTC)
SECOND = timedelta(seconds=1)


def at(moment: datetime) -> Moment:
    return Moment(moment.isoformat(), moment, moment)


def of_day(day: datetime, days: int = 1) -> Moment:
    """A date without a time: the day (or several) that it may mean."""
    start = day.replace(hour=0)
    return Moment(f"{start:%Y-%m-%d}", start, start + timedelta(days=days) - SECOND)


def ago(text: str) -> datetime:
    return NOW - span(text)


RECENT: tuple[Moment | None, ...] = (
    *(at(ago(text)) for text in ("0 d", "1 h", "1 h", "2 h", "2 h", "20 h", "24 h")),
    *(of_day(ago(text)) for text in ("0 d", "1 d")),
)
TIMES: tuple[Moment | None, ...] = (
    *RECENT,
    *RECENT,
    *(at(ago(text)) for text in ("25 h", "72 h", "5 d", "10 d", "30 d", "90 d", "2 y")),
    *(at(ago(text) - SECOND) for text in ("1 h", "24 h", "72 h", "10 d")),
    at(NOW + SECOND),
    at(NOW + span("3 d")),
    of_day(ago("3 d")),
    of_day(ago("19 d"), days=31),
    None,
)
BIRTHS: tuple[Moment | None, ...] = (
    None,
    None,
    *(of_day(NOW - timedelta(days=days)) for days in (0, 27, 28, 29, 365, 366)),
    *(of_day(NOW - timedelta(days=int(18 * AGE_DAYS["y"]) + days)) for days in (-1, 0, 1)),
    *(of_day(ago(text)) for text in ("40 y", "50 y", "60 y", "64 y", "70 y")),
    of_day(ago("30 y"), days=365),
)
COMPARATORS: tuple[plain.Comparator, ...] = ("",) * 12 + ("<", "<=", ">=", ">")
READ_FLAGS = ("L", "LL", "H", "HH", "N", "A")
FLAGS = ("",) * 10 + READ_FLAGS
NUDGES = (
    *(Fraction(0),) * 4,
    *(Fraction(each, 10**7) for each in (-1, 1)),
    *(Fraction(each, 100) for each in (-60, -50, -20, -4, 4, 20, 60, 120)),
)
#: A laboratory's own range as multiples of the value that comes with it.
RANGES = (("0.5", "1"), ("1", "1.5"), ("0.8", "1.2"), ("1.1", "1.2"), ("0.5", "0.9"))
OPEN_RANGES = (("1", ""), ("1.1", ""), ("", "1"), ("", "0.9"))


class Vocabulary(NamedTuple):
    """What records of a rule set can hold; for each analyte the amounts that rules ask about."""

    knowledge: Knowledge
    amounts: Mapping[str, list[Amount]]
    problems: list[str]
    medicines: list[str]


def vocabulary(knowledge: Knowledge) -> Vocabulary:
    return Vocabulary(
        knowledge,
        {analyte: asked(knowledge, analyte) for analyte in knowledge.analytes},
        sorted(knowledge.problems),
        sorted(knowledge.medicines),
    )


def asked(knowledge: Knowledge, analyte: str) -> list[Amount]:
    """The amounts of an analyte that rules ask about, in the units in which they ask."""
    rule = knowledge.analytes[analyte]
    grades = [
        text
        for finding in knowledge.findings.values()
        if finding.analyte in {analyte, *computed_from(knowledge, analyte)}
        for grade in finding.grades
        for text in (grade.below, grade.at_or_below, grade.above, grade.at_or_above)
        if text
    ]
    factors = [Fraction(1), *(factor for text in grades if (factor := multiple_of_reference(text)))]
    bounds = [
        bound
        for interval in rule.reference
        for text in (interval.low, interval.high)
        if text
        for bound in amounts(text)
    ]
    found = [bound._replace(value=bound.value * factor) for bound in bounds for factor in factors]
    found += [a for text in grades if not multiple_of_reference(text) for a in amounts(text)]
    if len(found) > 1:  # what is normal lies between
        found.append(found[0]._replace(value=(found[0].value + found[-1].value) / 2))
    one = Amount(Fraction(1), rule.unit)
    found = [each for each in found if converted(knowledge, analyte, each, one) is not None]
    return found or list(range_of(rule.plausible))


def computed_from(knowledge: Knowledge, analyte: str) -> set[str]:
    """The derived values that an analyte goes into."""
    return {
        derived.derived
        for derived in knowledge.derived.values()
        if (derived.change and derived.change.analyte == analyte)
        or any(each.analyte == analyte for each in derived.inputs.values())
    }


def focused(random: Random, words: Vocabulary) -> Vocabulary:
    """What one or two links ask about, and a little beside it; of all words at once few meet."""
    knowledge = words.knowledge
    analytes = {random.choice(sorted(words.amounts))}
    problems = {random.choice(words.problems)}
    medicines = {random.choice(words.medicines)}
    for link in random.sample(sorted(knowledge.links), random.randint(1, 2)):
        for leaf in leaves(knowledge, knowledge.links[link].when):
            rule = knowledge.findings.get(leaf.finding)
            analytes |= measured_for(knowledge, rule.analyte if rule else leaf.normal)
            analytes |= measured_for(knowledge, leaf.analyte)
            problems |= {leaf.problem, *knowledge.groups.get(leaf.problem, ())}
            if "sign" in leaf.worst_within + leaf.started + leaf.stopped + leaf.began:
                problems |= {each.problem for each in knowledge.problems.values() if each.sign}
            for name in (leaf.treatment, leaf.count_distinct.partition(" of ")[2]):
                medicines |= {name, *knowledge.groups.get(name, ())}
    return words._replace(
        amounts={analyte: words.amounts[analyte] for analyte in sorted(analytes)},
        problems=sorted(problems & set(words.problems)),
        medicines=sorted(medicines & set(words.medicines)),
    )


def leaves(knowledge: Knowledge, condition: Condition) -> Iterator[Condition]:
    if condition.state:
        yield from leaves(knowledge, knowledge.states[condition.state].when)
    parts = condition.all + condition.any + condition.of
    for part in parts:
        yield from leaves(knowledge, part)
    if not parts and not condition.state:
        yield condition


def measured_for(knowledge: Knowledge, name: str) -> set[str]:
    """The analytes to measure for an analyte or a derived value."""
    derived = knowledge.derived.get(name)
    if derived is None:
        return {name} if name else set()
    inputs = {each.analyte for each in derived.inputs.values()}
    return inputs | ({derived.change.analyte} if derived.change else set())


def record(random: Random, words: Vocabulary) -> Record:
    """All that is known of one patient."""
    names = list(words.amounts)
    patient = Patient(
        key="p",
        identity="urn:test|p",
        reference="Patient/p",
        expression="Bundle.entry[99].resource",
        born=random.choice(BIRTHS),
        sex=random.choice((None, "female", "male")),
    )
    return Record(
        patient=patient,
        moment=NOW,
        results=tuple(
            result(random, words, random.choice(names), n) for n in range(random.randint(0, 9))
        ),
        problems=tuple(problem(random, words, n) for n in range(random.randint(0, 3))),
        treatments=treatments(random, words),
    )


def result(random: Random, words: Vocabulary, analyte: str, number: int) -> Result:
    """One result of an analyte: mostly a number, now and then only a flag, or nothing readable."""
    lookback = ago(words.knowledge.analytes[analyte].lookback)
    found = Result(
        analyte=analyte,
        amount=None,
        printed="unclear",
        moment=random.choice((*TIMES, at(lookback), at(lookback - SECOND))),
        source=Source(
            "Observation", f"Observation/{number * 7 % 11}", f"Bundle.entry[{number}].resource"
        ),
        issued=random.choice((None, None, None, ago("1 h"), NOW)),
        marks=random.choice(((),) * 5 + (("hemolyzed",), ("preliminary",))),
    )
    kind = random.randrange(14)
    if kind == 0:
        return found
    if kind == 1:
        interval = random.choice((None, Interval(Decimal(2), Decimal(8))))
        flag = random.choice(READ_FLAGS)
        marks = (*found.marks, "range-only") if interval else found.marks
        return structs.replace(found, interpretation=flag, interval=interval, marks=marks)
    amount = random.choice(words.amounts[analyte])
    amount = amount._replace(value=amount.value * (1 + random.choice(NUDGES)))
    if one_in(random, 4):
        amount = in_other_unit(random, words.knowledge, analyte, amount)
    value = rounded(amount.value, 12)
    return structs.replace(
        found,
        amount=plain.Amount(value, amount.unit),
        printed=f"{value:f} {amount.unit}",
        form=amount.form,
        comparator=random.choice(COMPARATORS),
        interval=laboratory_range(random, value),
        interpretation=random.choice(FLAGS),
    )


def in_other_unit(random: Random, knowledge: Knowledge, analyte: str, amount: Amount) -> Amount:
    """The amount in a unit of its analyte; the mere number where nothing connects the two."""
    there = Amount(Fraction(1), random.choice(knowledge.analytes[analyte].units))
    value = converted(knowledge, analyte, amount, there)
    return there._replace(value=amount.value if value is None else value)


def laboratory_range(random: Random, value: Decimal) -> Interval | None:
    if not one_in(random, 4):
        return None
    low, high = (
        Decimal(bound) * abs(value) if bound else None
        for bound in random.choice(RANGES + OPEN_RANGES)
    )
    return Interval(low, high)


def problem(random: Random, words: Vocabulary, number: int) -> Problem:
    return Problem(
        problem=random.choice(words.problems),
        source=Source("Condition", f"Condition/{number}", f"Bundle.entry[{50 + number}].resource"),
        active=not one_in(random, 5),
        confirmed=not one_in(random, 5),
        onset=random.choice((None, *TIMES)),
        recorded=random.choice(TIMES),
    )


def treatments(random: Random, words: Vocabulary) -> tuple[Treatment, ...]:
    """Some treatments; what follows the first is often another order of the same medicine."""
    found = [treatment(random, words, number) for number in range(random.randint(0, 3))]
    renewed = [structs.replace(each, medicine=found[0].medicine) for each in found[1:2]]
    return (*found[:1], *(renewed if one_in(random, 2) else found[1:2]), *found[2:])


def treatment(random: Random, words: Vocabulary, number: int) -> Treatment:
    return Treatment(
        medicine=random.choice(words.medicines),
        source=Source(
            "MedicationStatement",
            f"MedicationStatement/{number}",
            f"Bundle.entry[{70 + number}].resource",
        ),
        current=one_in(random, 2),
        start=random.choice(TIMES),
        end=random.choice((None, *TIMES)),
        marks=("dose-raised",) if one_in(random, 4) else (),
    )
