"""Limits and ranges: whether the results of an analyte can be compared with them."""

from collections.abc import Iterator, Sequence
from decimal import Decimal
from fractions import Fraction
from itertools import combinations

from service.knowledge.faults import Complaint, Path, attempt
from service.knowledge.language import FindingRule, Grade, ReferenceInterval
from service.knowledge.model import Knowledge
from service.knowledge.quantities import (
    AgeBand,
    LimitValue,
    Range,
    parse_age,
    parse_limit,
    parse_range,
)
from service.knowledge.units import convert

#: The fields that may hold a grade's limit, and which way it looks.
DIRECTIONS = {"below": "below", "at_or_below": "below", "above": "above", "at_or_above": "above"}
_GENERAL = "general knowledge"
#: How far the alternatives of a limit may lie apart. Guidelines round them, each in
#: its own units; the widest in use is 30 mmol/L or 600 mg/dL of glucose, 11 %.
_APART = Fraction(15, 100)


def units_of(knowledge: Knowledge, analyte: str) -> tuple[str, ...]:
    """The units in which limits of an analyte or derived value may be written."""
    if rule := knowledge.analytes.get(analyte):
        return rule.units
    own = knowledge.derived[analyte].unit
    return tuple(unit for unit in knowledge.units if _connects(knowledge, analyte, unit, own))


def _connects(knowledge: Knowledge, analyte: str, unit: str, to_unit: str) -> bool:
    try:
        convert(knowledge, analyte, Decimal(1), unit, to_unit)
    except ValueError:
        return False
    return True


def check_range(knowledge: Knowledge, analyte: str, text: str, path: Path) -> Iterator[Complaint]:
    """What is wrong with a range of an analyte or derived value."""
    try:
        unit = parse_range(text).unit
    except ValueError as error:
        yield path, str(error)
        return
    yield from check_unit(knowledge, analyte, unit, path)


def check_unit(knowledge: Knowledge, analyte: str, unit: str, path: Path) -> Iterator[Complaint]:
    """What is wrong with a unit of an analyte or derived value."""
    units = units_of(knowledge, analyte)
    # There are none where the document's own unit is wrong, which is told there.
    if units and unit not in units:
        yield path, f'"{unit}" is not a unit of {analyte}; one of {", ".join(units)}'


def check_limit(knowledge: Knowledge, analyte: str, text: str, path: Path) -> Iterator[Complaint]:
    """What is wrong with a limit: how it is written, its units, how plausible it is."""
    try:
        limits = parse_limit(text)
    except ValueError as error:
        yield path, str(error)
        return
    amounts = [limit for limit in limits if not limit.reference]
    found = [
        complaint
        for limit in amounts
        for complaint in _check_amount(knowledge, analyte, limit, path)
    ]
    yield from found
    if found:
        return
    for first, second in combinations(amounts, 2):
        one = _canonical(knowledge, analyte, first)
        other = _canonical(knowledge, analyte, second)
        if one and other and abs(one - other) > _APART * max(abs(one), abs(other)):
            yield path, f"{first} and {second} are not the same; one of them is wrong"


def _check_amount(
    knowledge: Knowledge, analyte: str, limit: LimitValue, path: Path
) -> Iterator[Complaint]:
    wrong = list(check_unit(knowledge, analyte, limit.unit, path))
    if wrong and limit.unit == "1":
        wrong = [(path, f"{limit} has no unit; one of {', '.join(units_of(knowledge, analyte))}")]
    yield from wrong
    rule = knowledge.analytes.get(analyte)
    if limit.form and (not rule or limit.form not in rule.forms):
        yield path, f'"{limit.form}" is not one of the forms of {analyte}'
        return
    plausible = plausible_range(knowledge, analyte)
    if wrong or not plausible:
        return
    value = _in_unit(knowledge, analyte, limit, plausible.unit)
    if value is not None and not plausible.low <= value <= plausible.high:
        yield path, f"{limit} lies outside what is plausible for {analyte}"


def plausible_range(knowledge: Knowledge, analyte: str) -> Range | None:
    """What is plausible of an analyte or derived value; None where that cannot be read."""
    rule = knowledge.analytes.get(analyte) or knowledge.derived[analyte]
    try:
        found = parse_range(rule.plausible)
    except ValueError:
        return None
    return found if found.unit in knowledge.units else None


def _canonical(knowledge: Knowledge, analyte: str, limit: LimitValue) -> Fraction | None:
    """A limit in the canonical unit; None where that is impossible and told elsewhere."""
    rule = knowledge.analytes.get(analyte) or knowledge.derived[analyte]
    return _in_unit(knowledge, analyte, limit, rule.unit)


def _in_unit(knowledge: Knowledge, analyte: str, limit: LimitValue, unit: str) -> Fraction | None:
    try:
        return convert(knowledge, analyte, limit.value, limit.unit, unit, form=limit.form)
    except ValueError:
        return None


def check_intervals(
    knowledge: Knowledge, analyte: str, intervals: Sequence[ReferenceInterval]
) -> Iterator[Complaint]:
    """What is wrong with the reference intervals of an analyte or derived value."""
    for i, interval in enumerate(intervals):
        path: Path = ("reference", i)
        if not interval.low and not interval.high:
            yield path, "an interval has a low or a high bound, or both"
        for side in ("low", "high"):
            text = getattr(interval, side)
            if "reference" in text:
                yield (*path, side), "a bound of the reference interval is an amount"
            elif text:
                yield from check_limit(knowledge, analyte, text, (*path, side))
        if interval.source != _GENERAL and interval.source not in knowledge.references:
            yield (*path, "source"), f'there is no reference "{interval.source}"'
        yield from attempt(_band, interval.age, (*path, "age"))
        if interval.low and interval.high and not _less(knowledge, analyte, interval):
            yield (*path, "high"), "must be above the low bound"
    for i, j in combinations(range(len(intervals)), 2):
        one, other = intervals[i], intervals[j]
        same_sex = one.sex == other.sex or not one.sex or not other.sex
        if same_sex and _overlap(one.age, other.age):
            yield ("reference", j), f"is for some of the same people as reference[{i}]"


def _less(knowledge: Knowledge, analyte: str, interval: ReferenceInterval) -> bool:
    """Whether low is below high; true where a bound has a complaint of its own."""
    try:
        limits = parse_limit(interval.low), parse_limit(interval.high)
    except ValueError:
        return True
    return all(low < high for low, high in _comparable(knowledge, analyte, *limits))


def _band(age: str) -> AgeBand:
    return parse_age(age) if age else AgeBand()


def _overlap(one: str, other: str) -> bool:
    """Whether somebody is of both ages; false where one has a complaint of its own."""
    try:
        first, second = _band(one), _band(other)
    except ValueError:
        return False
    return first.holds(second.first) or second.holds(first.first)


def limit_field(grade: Grade) -> str:
    """The field in which a grade's limit stands; ValueError unless there is exactly one."""
    said = [field for field in DIRECTIONS if getattr(grade, field)]
    if len(said) != 1:
        raise ValueError(f"a grade has exactly one limit, and this one has {len(said)}")
    return said[0]


def check_grades(knowledge: Knowledge, finding: FindingRule) -> Iterator[Complaint]:
    """What is wrong with the grades of a finding, each by itself and in their order."""
    fields: dict[int, str] = {}
    wrong = False
    for i, grade in enumerate(finding.grades):
        path: Path = ("grades", i)
        yield from attempt(_band, grade.age, (*path, "age"))
        try:
            field = fields[i] = limit_field(grade)
        except ValueError as error:
            yield path, str(error)
            continue
        complaints = list(
            check_limit(knowledge, finding.analyte, getattr(grade, field), (*path, field))
        )
        yield from complaints
        wrong = wrong or bool(complaints)
    if not finding.grades:
        yield ("grades",), "a finding has at least one grade"
    if len({DIRECTIONS[field] for field in fields.values()}) > 1:
        yield ("grades",), "all grades of a finding look one way, below or above"
    elif not wrong and len(fields) == len(finding.grades):
        yield from _check_order(knowledge, finding, fields)


def _ranks(finding: FindingRule) -> dict[str, int]:
    """The rank of each grade's name, 1 the mildest; grades of one name share it."""
    names = dict.fromkeys(grade.grade for grade in finding.grades)
    return {name: rank for rank, name in enumerate(names, start=1)}


def _check_order(
    knowledge: Knowledge, finding: FindingRule, fields: dict[int, str]
) -> Iterator[Complaint]:
    rank = _ranks(finding)
    by_rank = sorted(fields, key=lambda i: rank[finding.grades[i].grade])
    for i, j in combinations(by_rank, 2):
        milder, graver = finding.grades[i], finding.grades[j]
        if not _overlap(milder.age, graver.age):
            continue
        path: Path = ("grades", j)
        if milder.grade == graver.grade:
            yield (*path, "grade"), f'"{graver.grade}" is there twice for one age'
        elif not _graver(knowledge, finding, (milder, fields[i]), (graver, fields[j])):
            yield (*path, fields[j]), f'must be graver than "{milder.grade}"; mild ones come first'


def _graver(
    knowledge: Knowledge,
    finding: FindingRule,
    milder: tuple[Grade, str],
    graver: tuple[Grade, str],
) -> bool:
    """Whether every value of the graver grade is one of the milder, as far as numbers can tell."""
    (first, first_field), (second, second_field) = milder, graver
    sign = 1 if DIRECTIONS[first_field] == "above" else -1
    # Of "below 3" and "at or below 3" the former is the graver: it takes in less.
    may_equal = first_field.startswith("at_or") and not second_field.startswith("at_or")
    for one, other in _comparable(
        knowledge,
        finding.analyte,
        parse_limit(getattr(first, first_field)),
        parse_limit(getattr(second, second_field)),
    ):
        if one == other and not may_equal:
            return False
        if sign * (other - one) < 0:
            return False
    return True


def _comparable(
    knowledge: Knowledge,
    analyte: str,
    ones: tuple[LimitValue, ...],
    others: tuple[LimitValue, ...],
) -> Iterator[tuple[Fraction, Fraction]]:
    """Pairs of numbers in one unit: those written in the same, else the first of each."""
    same = [
        (Fraction(one.value), Fraction(other.value))
        for one in ones
        for other in others
        if (one.unit, one.form, one.reference) == (other.unit, other.form, other.reference)
    ]
    if not same and not ones[0].reference and not others[0].reference:
        one = _canonical(knowledge, analyte, ones[0])
        other = _canonical(knowledge, analyte, others[0])
        if one is not None and other is not None:
            yield one, other
    yield from same
