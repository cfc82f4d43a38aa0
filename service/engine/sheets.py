"""The limits of one analyte in one unit, for everybody.

A limit that is published in several unit systems is used in the one that the result was
reported in; where it is not written in that one, its first alternative is converted exactly.
"""

from collections.abc import Sequence
from decimal import Decimal
from fractions import Fraction
from typing import NamedTuple, cast

from service.engine.comparing import LOW_SIDES, Number, Side
from service.engine.limits import (
    NO_BOUND,
    OPEN,
    Edge,
    Inside,
    Ladder,
    Limit,
    Person,
    Table,
    Verdict,
    between,
)
from service.knowledge.language import Analyte, Derived, FindingRule, Grade, ReferenceInterval
from service.knowledge.limits import limit_field
from service.knowledge.model import Knowledge
from service.knowledge.quantities import AgeBand, LimitValue, parse_age, parse_limit
from service.knowledge.units import MASS, convert

_OTHER_UNIT = "its unit does not convert to that of the limit"
_PLAIN = Decimal(1)
_EVERYBODY = AgeBand()


class _Bound(NamedTuple):
    number: Number
    printed: str


class _Interval(NamedTuple):
    low: _Bound | None
    high: _Bound | None
    band: AgeBand
    sex: str


class _Rung(NamedTuple):
    """A grade with its limit in the unit of the sheet, or the reason why there is none."""

    grade: Grade
    rank: int
    side: Side
    band: AgeBand
    bound: _Bound | None
    factor: Decimal | None


def subjects(knowledge: Knowledge) -> dict[str, Analyte | Derived]:
    """What can be graded, by id: analytes and derived values."""
    return {**knowledge.analytes, **knowledge.derived}


def rank_of(finding: FindingRule, grade: str) -> int:
    """A grade's place among the grades of a finding, 1 the mildest; "" is the mildest.

    Grades of one name, for several ages, have one rank.
    """
    names = list(dict.fromkeys(each.grade for each in finding.grades))
    return names.index(grade) + 1 if grade else 1


class Sheet:
    """The limits of an analyte or derived value for results in `unit`, of the molecule `form`.

    `findings` are all that are about it.
    """

    def __init__(
        self,
        knowledge: Knowledge,
        subject: str,
        findings: Sequence[FindingRule],
        unit: str,
        form: str = "",
    ) -> None:
        self._rule = rule = subjects(knowledge)[subject]
        self._subject = subject
        scale = _Scale(knowledge, subject, unit, form)
        self._ladders = [
            (finding.finding, [_rung(scale, finding, grade) for grade in finding.grades])
            for finding in findings
        ]
        self._intervals = [each for written in rule.reference for each in _interval(scale, written)]
        self._factor = scale.convert(LimitValue(_PLAIN, rule.unit))
        self._aged = any(interval.age for interval in rule.reference) or any(
            grade.age for finding in findings for grade in finding.grades
        )

    @property
    def bands(self) -> set[AgeBand]:
        """The bands of age that make a difference."""
        rungs = (rung.band for _, rungs in self._ladders for rung in rungs)
        return {*rungs, *(interval.band for interval in self._intervals)}

    def table(self, person: Person) -> Table:
        """The limits that hold for a person."""
        interval, joined = _interval_for(self._intervals, person)
        low, high = (interval.low, interval.high) if interval else (None, None)

        def limit(rung: _Rung) -> Limit:
            if rung.factor is None:
                return _limit(rung, rung.bound, _OTHER_UNIT)
            bound = low if rung.side in LOW_SIDES else high
            if bound and rung.factor != 1:
                number = Fraction(bound.number) * Fraction(rung.factor)
                bound = _Bound(_exact(number), f"{rung.factor:f} x {bound.printed}")
            return _limit(rung, bound, NO_BOUND, joined=joined)

        ends = limit(_LOW_END), limit(_HIGH_END)

        def ladder(finding: str, rungs: Sequence[_Rung]) -> Ladder:
            low = rungs[0].side in LOW_SIDES
            limits = tuple(limit(rung) for rung in rungs if rung.band.holds(person.days))
            return Ladder(finding, limits, low, _is_at_reference(limits, ends[not low]))

        ladders = tuple(ladder(finding, rungs) for finding, rungs in self._ladders)
        limits = [limit for ladder in ladders for limit in ladder.limits]
        trusts_range = isinstance(self._rule, Analyte) and self._rule.trusts == "range"
        return Table(
            subject=self._subject,
            ladders=ladders,
            ends=ends,
            trusts_range=trusts_range,
            adult=self._aged and not person.age_known,
            joined=any(limit.rules[False].joined for limit in limits or ends),
            factor=1 / self._factor if self._factor else None,
            inside=_inside(ladders, ends),
            by_rules=not any(
                limit.factor is not None and (trusts_range or limit.number is None)
                for limit in (limits if ladders else ends)
            ),
        )


_LOW_END = _Rung(Grade("low"), 1, "below", _EVERYBODY, None, _PLAIN)
_HIGH_END = _Rung(Grade("high"), 1, "above", _EVERYBODY, None, _PLAIN)


#: How far beyond the bound of the reference interval, as a share of it, a grade may begin that a
#: laboratory's flag alone gives. Published bounds and limits of mild grades differ by less.
_NEAR = Fraction(1, 10)


def _is_at_reference(limits: Sequence[Limit], end: Limit) -> bool:
    """Whether the mildest grade begins at an end of the reference interval, and is only mild."""
    if not limits or limits[0].critical:
        return False
    first = limits[0]
    if first.factor is not None:
        return first.factor == 1
    if first.number is None or end.number is None:
        return False
    beyond = Fraction(end.number) - Fraction(first.number)
    if end.side not in LOW_SIDES:
        beyond = -beyond
    return beyond <= _NEAR * abs(Fraction(end.number))


def _inside(ladders: Sequence[Ladder], ends: Sequence[Limit]) -> Inside | None:
    """What is inside all limits of all findings, or without findings inside the interval."""
    if not ladders:
        edges = [_edge(end, end.number) for end in ends if end.number is not None]
        return between(edges) if edges else None
    edges = []
    for ladder in ladders:
        known = [_edge(each, each.number) for each in ladder.limits if each.number is not None]
        if not known or len(known) < len(ladder.limits):
            return None
        edges += known
    return between(edges)


def _edge(limit: Limit, number: Number) -> Edge:
    return Edge(number, limit.side, limit.rules[False].printed)


def _limit(rung: _Rung, bound: _Bound | None, why: str, *, joined: bool = False) -> Limit:
    number, printed = bound or (None, "")
    unknown = Verdict(None, "rules", number, printed, joined, OPEN if bound else why)
    rules: dict[bool | None, Verdict] = {None: unknown}
    for beyond in (True, False):
        known = Verdict(beyond, "rules", number, printed, joined)
        rules[beyond] = known if bound else unknown
    return Limit(
        side=rung.side,
        rules=rules,
        number=number,
        grade=rung.grade.grade,
        rank=rung.rank,
        critical=rung.grade.critical,
        factor=rung.factor,
    )


class _Scale(NamedTuple):
    """Written limits into the unit and form of a sheet."""

    knowledge: Knowledge
    subject: str
    unit: str
    form: str

    def place(self, limits: Sequence[LimitValue]) -> _Bound | None:
        """The limit to use of several alternatives; None where it does not convert."""
        used = next((limit for limit in limits if self._same_system(limit)), limits[0])
        value = self.convert(used)
        return None if value is None else _Bound(_exact(value), str(used))

    def convert(self, limit: LimitValue) -> Fraction | None:
        try:
            return convert(
                self.knowledge,
                self.subject,
                limit.value,
                limit.unit,
                self.unit,
                form=limit.form,
                to_form=self.form,
            )
        except ValueError:
            return None

    def _same_system(self, limit: LimitValue) -> bool:
        written, reported = (self.knowledge.units.get(unit) for unit in (limit.unit, self.unit))
        if not written or not reported or written.dimension != reported.dimension:
            return False
        return written.dimension != MASS or limit.form == self.form


def _exact(value: Fraction) -> Number:
    """A Decimal where one is exact, since it compares ten times as fast."""
    decimal = Decimal(value.numerator) / Decimal(value.denominator)
    return decimal if Fraction(decimal) == value else value


def _rung(scale: _Scale, finding: FindingRule, grade: Grade) -> _Rung:
    side = cast(Side, limit_field(grade))
    written = parse_limit(getattr(grade, side))
    reference = written[0].reference
    return _Rung(
        grade=grade,
        rank=rank_of(finding, grade.grade),
        side=side,
        band=parse_age(grade.age) if grade.age else _EVERYBODY,
        bound=None if reference else scale.place(written),
        factor=written[0].value if reference else None,
    )


def _interval(scale: _Scale, written: ReferenceInterval) -> list[_Interval]:
    """An interval in the unit of the sheet; none where an end of it does not convert."""
    low = scale.place(parse_limit(written.low)) if written.low else None
    high = scale.place(parse_limit(written.high)) if written.high else None
    if (written.low and not low) or (written.high and not high):
        return []
    band = parse_age(written.age) if written.age else _EVERYBODY
    return [_Interval(low, high, band, written.sex)]


def _interval_for(intervals: Sequence[_Interval], person: Person) -> tuple[_Interval | None, bool]:
    """The interval for a person, and whether those of several sexes were joined for it.

    The joined one goes from the lowest low to the highest high.
    """
    by_sex: dict[str, _Interval] = {}
    for interval in intervals:
        if interval.band.holds(person.days):
            by_sex.setdefault(interval.sex, interval)
    if person.sex:
        return by_sex.get(person.sex) or by_sex.get(""), False
    several = list(by_sex.values())
    if not several[1:]:
        return next(iter(several), None), False
    lows = [each.low for each in several if each.low]
    highs = [each.high for each in several if each.high]
    low = min(lows) if len(lows) == len(several) else None
    high = max(highs) if len(highs) == len(several) else None
    return _Interval(low, high, _EVERYBODY, ""), True
