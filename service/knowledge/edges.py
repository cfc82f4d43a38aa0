"""Where findings change: every limit, for everybody it is for, and the values tested around it.

A limit that no test stands just each side of could be moved without anybody noticing.
"""

from collections.abc import Iterator
from datetime import UTC, datetime
from decimal import Decimal

from msgspec import Struct

from service.knowledge.cases import value_of
from service.knowledge.derived import ADULT_DAYS, age_in_days
from service.knowledge.language import FindingRule, Grade
from service.knowledge.limits import DIRECTIONS, limit_field
from service.knowledge.model import Knowledge
from service.knowledge.quantities import AgeBand, LimitValue, parse_age, parse_limit
from service.record import Sex

_MOMENT = datetime(2000, 1, 1, tzinfo=UTC)
_EVERYBODY = AgeBand()


class Edge(Struct, frozen=True):
    """A limit of a grade in one of the units it is written in, and whom it is for.

    `sex` is None where it is for both; all of `bands` hold.
    """

    grade: str
    value: Decimal
    unit: str
    form: str
    bands: tuple[AgeBand, ...]
    sex: Sex | None = None

    @property
    def step(self) -> Decimal:
        """One of the last digit that the limit is written with."""
        return Decimal(1).scaleb(int(self.value.as_tuple().exponent))

    def __str__(self) -> str:
        text = f"{self.value} {self.unit}" if self.unit != "1" else str(self.value)
        return f"{text} as {self.form}" if self.form else text


class _Tested(Struct, frozen=True):
    """A value that a test gives, and whose it is."""

    value: Decimal
    unit: str
    form: str
    days: int
    sex: Sex | None


def edges(knowledge: Knowledge, finding: FindingRule) -> Iterator[Edge]:
    """Every limit of a finding; one of the reference interval for each interval of the rules."""
    for grade in finding.grades:
        band = parse_age(grade.age) if grade.age else _EVERYBODY
        for limit in parse_limit(getattr(grade, limit_field(grade))):
            if limit.reference:
                yield from _bounds(knowledge, finding, grade, band, limit.value)
            else:
                yield _edge(grade.grade, limit, Decimal(1), band)


def untested(knowledge: Knowledge, finding: FindingRule) -> Iterator[str]:
    """The values around the limits of a finding that no test gives, as words for its author."""
    tested = list(_tested(knowledge, finding))
    for edge in dict.fromkeys(edges(knowledge, finding)):
        values = {each.value for each in tested if _is_about(each, edge)}
        missing = []
        if not any(edge.value - edge.step <= value < edge.value for value in values):
            missing.append("just below")
        if edge.value not in values:
            missing.append("at")
        if not any(edge.value < value <= edge.value + edge.step for value in values):
            missing.append("just above")
        if missing:
            whom = f" ({edge.sex})" if edge.sex else ""
            yield f"no test is {', '.join(missing)} {edge}{whom}, the limit of {edge.grade}"


def _bounds(
    knowledge: Knowledge, finding: FindingRule, grade: Grade, band: AgeBand, factor: Decimal
) -> Iterator[Edge]:
    rule = knowledge.analytes.get(finding.analyte) or knowledge.derived[finding.analyte]
    side = "low" if DIRECTIONS[limit_field(grade)] == "below" else "high"
    for interval in rule.reference:
        own = parse_age(interval.age) if interval.age else _EVERYBODY
        if not getattr(interval, side) or not _meet(own, band):
            continue
        for limit in parse_limit(getattr(interval, side)):
            yield _edge(grade.grade, limit, factor, band, own, sex=interval.sex or None)


def _edge(
    grade: str, limit: LimitValue, factor: Decimal, *bands: AgeBand, sex: Sex | None = None
) -> Edge:
    used = tuple(band for band in bands if band != _EVERYBODY)
    return Edge(grade, limit.value * factor, limit.unit, limit.form, used, sex)


def _meet(one: AgeBand, other: AgeBand) -> bool:
    return (one.last is None or other.first <= one.last) and (
        other.last is None or one.first <= other.last
    )


def _tested(knowledge: Knowledge, finding: FindingRule) -> Iterator[_Tested]:
    for texts in finding.tests.values():
        for text in texts:
            record = value_of(knowledge, finding.analyte, text, _MOMENT)
            result, days = record.results[0], age_in_days(record.patient, _MOMENT)
            # The laboratory's own range or flag would decide in place of the limit.
            if result.amount and not (
                result.comparator or result.interval or result.interpretation
            ):
                yield _Tested(
                    result.amount.value,
                    result.amount.unit,
                    result.form,
                    ADULT_DAYS if days is None else days,
                    record.patient.sex,
                )


def _is_about(tested: _Tested, edge: Edge) -> bool:
    return (
        (tested.unit, tested.form) == (edge.unit, edge.form)
        and all(band.holds(tested.days) for band in edge.bands)
        and edge.sex in {None, tested.sex}
    )
