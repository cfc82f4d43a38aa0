"""What one result shows: each grade of its analyte's findings is true, false or unknown."""

from bisect import bisect_left
from collections.abc import Collection, Iterable, Sequence
from decimal import Context, Decimal, Inexact
from functools import lru_cache

from msgspec import Struct

from service.engine.comparing import BEYOND, LOW_SIDES, Number, lies
from service.engine.limits import (
    NO_AGE,
    NO_BOUND,
    OPEN,
    Edge,
    Ladder,
    Limit,
    Table,
    Verdict,
    between,
)
from service.record import MARKS, Amount, Comparator, Finding, Normal, Result

LOW_FLAGS = frozenset({"L", "LL"})
HIGH_FLAGS = frozenset({"H", "HH"})
FLAGS = LOW_FLAGS | HIGH_FLAGS | {"N"}
CRITICAL_FLAGS = frozenset({"LL", "HH"})
RANGE_ONLY = "range-only"
_ABNORMAL = LOW_FLAGS | HIGH_FLAGS

_FLAG_ONLY = "the laboratory's flag does not tell how far beyond its limit it lies"
_OUTSIDE = "it lies outside its reference range, and no rule says what that means"
_ORDER = {mark: place for place, mark in enumerate(MARKS)}

#: Bounds have few digits, so that no multiple of one is ever rounded.
_EXACT = Context(prec=200, traps=[Inexact])

_Judged = tuple[Limit, Verdict]


class Graded(Struct, frozen=True, gc=False):
    """What a result shows: findings, or that it is normal; `why` something of it is not known.

    `disagreement` is what the laboratory's flag says of a value, and what its limits say, where
    that differs: "low", "normal" or "high".
    """

    result: Result
    findings: tuple[Finding, ...] = ()
    normal: Normal | None = None
    why: str = ""
    disagreement: tuple[str, str] | None = None


def is_readable(result: Result) -> bool:
    """Whether a result says anything: by its value, or by the laboratory's flag."""
    return result.amount is not None or result.interpretation in FLAGS


def grade(table: Table, result: Result) -> Graded:
    """What a readable result shows by itself. The table is of its unit, and for its patient.

    Between two limits all numbers show the same, so what any one showed is remembered.
    """
    interval, amount = result.interval, result.amount
    beside = (
        # 3.5 and 3.50 are one number and two texts, and told as they were sent.
        interval.written if interval else "",
        amount.unit if amount else "",
        result.comparator,
        result.interpretation,
        result.moment is None,
        result.marks,
    )
    company = _company(table, beside)
    place = company.place_of(amount.value) if amount else None
    if not (shown := company.shown.get(place)):
        shown = company.shown[place] = _shown(table, _grade(table, result))
    findings, normal, why, disagreement = shown
    if normal:
        return Graded(result, (), Normal(normal[0], normal[1], result, normal[2]), "", disagreement)
    found = tuple([Finding(*what, result, *more) for what, more in findings])
    return Graded(result, found, None, why, disagreement)


#: What is told of a finding before its result, and behind it.
_Found = tuple[tuple[str, str, int, str], tuple[bool, tuple[str, ...]]]
_Shown = tuple[
    tuple[_Found, ...], tuple[str, str, tuple[str, ...]] | None, str, tuple[str, str] | None
]


#: All that a result says beside its number, as far as it makes a difference: the bounds of the
#: laboratory's own range, its unit, comparator and flag, whether it is undated, its marks.
_Beside = tuple[str, str, Comparator, str, bool, tuple[str, ...]]


class _Company:
    """The limits that a number may lie between, in the company of what is said beside it."""

    def __init__(self, limits: Iterable[Number]) -> None:
        self._limits = sorted(set(limits))
        #: By the place of a number among the limits, None for a result without one.
        self.shown: dict[int | None, _Shown] = {}

    def place_of(self, number: Decimal) -> int:
        """Odd on a limit, even between two."""
        place = bisect_left(self._limits, number)
        on_limit = place < len(self._limits) and self._limits[place] == number
        return 2 * place + on_limit


@lru_cache(maxsize=4096)
def _company(table: Table, beside: _Beside) -> _Company:
    limits = [limit for ladder in table.ladders for limit in ladder.limits] + list(table.ends)
    own = [Decimal(bound) for bound in beside[0].split()]
    factors = {limit.factor for limit in limits if limit.factor is not None}
    return _Company(
        [
            *(limit.number for limit in limits if limit.number is not None),
            *own,
            *(_EXACT.multiply(bound, factor) for bound in own for factor in factors),
        ]
    )


def _shown(table: Table, graded: Graded) -> _Shown:
    normal = graded.normal
    return (
        tuple(
            ((one.finding, one.grade, one.rank, one.limit), (one.critical, one.marks))
            for one in graded.findings
        ),
        (normal.analyte, normal.limit, normal.marks) if normal else None,
        graded.why,
        _disagreement(table, graded),
    )


def _grade(table: Table, result: Result) -> Graded:
    if _is_plainly_inside(table, result):
        return Graded(result, normal=_normal(table, (), result))
    if not table.ladders:
        return _between_ends(table, result)
    found: list[Finding] = []
    judged: list[_Judged] = []
    why = ""
    for ladder in table.ladders:
        climbed = _climb(table, ladder, result)
        beyond = [each for each in climbed if each[1].beyond]
        if beyond:
            # The first listed of a rank stands: grades of one name may be for several ages.
            highest = max(beyond, key=lambda each: each[0].rank)
            found.append(_finding(table, ladder, highest, result))
        why = why or _unknown(climbed)
        judged += climbed
    if found or why:
        return Graded(result, tuple(found), why=why)
    return Graded(result, normal=_normal(table, judged, result))


def _disagreement(table: Table, graded: Graded) -> tuple[str, str] | None:
    """What the laboratory's flag says of a value, and what its limits say, where that differs.

    Each is "low", "normal" or "high". A value may be outside of its reference range and yet no
    finding: that is no contradiction, unless the laboratory calls it critical.
    """
    flag = graded.result.interpretation
    said = _side(flag)
    if not said or not graded.result.amount:
        return None
    if graded.normal:
        if said == "normal":
            return None
        inside = _is_inside(table, graded.result, low=said == "low")
        return (said, "normal") if flag in CRITICAL_FLAGS or inside else None
    low = {ladder.finding: ladder.low for ladder in table.ladders}
    found = {"low" if low[finding.finding] else "high" for finding in graded.findings}
    return None if not found or said in found else (said, min(found))


def _is_inside(table: Table, result: Result, *, low: bool) -> bool:
    """Whether a value is known not to lie beyond an end of its reference range."""
    own = _own_outside(result, low=low)
    if own is not None:
        return not own
    end = table.ends[not low]
    if end.number is None or not result.amount:
        return False
    return lies(end.side, result.amount.value, result.comparator, end.number) is False


def _side(flag: str) -> str:
    if flag == "N":
        return "normal"
    return "low" if flag in LOW_FLAGS else "high" if flag in HIGH_FLAGS else ""


def verdicts(table: Table, finding: str, result: Result) -> list[tuple[Limit, Verdict]]:
    """Each limit of a finding that is for the patient's age, and whether a result lies beyond."""
    ladders = (ladder for ladder in table.ladders if ladder.finding == finding)
    return [each for ladder in ladders for each in _climb(table, ladder, result)]


def _unknown(climbed: Sequence[_Judged]) -> str:
    """Why something of a ladder is not known, "" where all is."""
    if not climbed:
        return NO_AGE
    return next((verdict.why for _, verdict in climbed if verdict.beyond is None), "")


def _is_plainly_inside(table: Table, result: Result) -> bool:
    """Whether the rules alone decide, and call it normal: so most results leave early."""
    if not table.inside or not result.amount or result.comparator:
        return False
    if not table.by_rules and (result.interval or result.interpretation):
        return False
    return table.inside.holds(result.amount.value)


def add_marks(result: Result, more: Collection[str]) -> tuple[str, ...]:
    """Marks beyond those of the result itself, in the order of MARKS."""
    if not more:
        return ()
    return tuple(sorted(set(more).difference(result.marks), key=_ORDER.__getitem__))


def _climb(table: Table, ladder: Ladder, result: Result) -> list[_Judged]:
    """Every grade of a ladder with its verdict."""
    amount = result.amount
    if amount:
        return [(limit, _judge(table, limit, amount, result)) for limit in ladder.limits]
    first = _by_flag(result, low=ladder.low)
    rest = Verdict(None, "flag", why=_FLAG_ONLY) if first.beyond else first
    told = _told_grades(ladder, result.interpretation)
    return [(limit, first if place < told else rest) for place, limit in enumerate(ladder.limits)]


def _told_grades(ladder: Ladder, flag: str) -> int:
    """How many grades, from the mildest on, a flag without a value gives; the rest stays unknown.

    What a laboratory calls critical has reached the first grade that the rules call so.
    """
    if flag in CRITICAL_FLAGS:
        for place, limit in enumerate(ladder.limits):
            if limit.critical:
                return place + 1
    return int(ladder.at_reference)


def _judge(table: Table, limit: Limit, amount: Amount, result: Result) -> Verdict:
    """The verdict on a value: of the laboratory where it decides, else of the rules."""
    if limit.factor is not None and (result.interval or result.interpretation):
        plain, low = limit.factor == 1, limit.side in LOW_SIDES
        own = _own_bound(result, low=low)
        if own is not None and (table.trusts_range or (plain and limit.number is None)):
            return _by_interval(limit, limit.factor, own, amount, result)
        by_flag = table.trusts_range and plain and result.interpretation in FLAGS
        if by_flag and not _is_absurd(table, amount, result):
            return _by_flag(result, low=low)
    if limit.number is None:
        return limit.rules[None]
    return limit.rules[lies(limit.side, amount.value, result.comparator, limit.number)]


def _by_interval(
    limit: Limit, factor: Decimal, own: Decimal, amount: Amount, result: Result
) -> Verdict:
    number, verdicts = _by_bound(f"{own:f}", "" if factor == 1 else f"{factor:f}", amount.unit)
    return verdicts[lies(limit.side, amount.value, result.comparator, number)]


# A laboratory prints the same bounds with every result. They are texts here, as they are told
# with the digits that were sent, and 3.5 and 3.50 would be one number.
@lru_cache(maxsize=4096)
def _by_bound(own: str, factor: str, unit: str) -> tuple[Decimal, dict[bool | None, Verdict]]:
    number, printed = Decimal(own), own if unit == "1" else f"{own} {unit}"
    if factor:
        number, printed = _EXACT.multiply(number, Decimal(factor)), f"{factor} x {printed}"
    return number, {
        beyond: Verdict(beyond, "interval", number, printed, why=OPEN if beyond is None else "")
        for beyond in (True, False, None)
    }


def _by_flag(result: Result, *, low: bool) -> Verdict:
    beyond = result.interpretation in (LOW_FLAGS if low else HIGH_FLAGS)
    return Verdict(beyond, "flag", printed=_told_by_flag(result))


def _is_absurd(table: Table, amount: Amount, result: Result) -> bool:
    """Whether a flag says low of a value that lies above the rules' interval, or high of one below.

    A laboratory's method moves an end of the interval, but never beyond the other.
    """
    flag = result.interpretation
    if flag == "N":
        return False
    end = table.ends[flag in LOW_FLAGS]
    if end.number is None:
        return False
    return lies(end.side, amount.value, result.comparator, end.number) is True


def _told_by_flag(result: Result) -> str:
    flag, own = result.interpretation, result.interval
    if not own or RANGE_ONLY not in result.marks:
        return f"flagged {flag} by the laboratory"
    if flag in LOW_FLAGS and own.low is not None:
        return f"below {own.low:f}, the laboratory's own limit"
    if flag in HIGH_FLAGS and own.high is not None:
        return f"above {own.high:f}, the laboratory's own limit"
    return "inside the laboratory's own range"


def _own_bound(result: Result, *, low: bool) -> Decimal | None:
    """A bound of the laboratory's own range, in the unit of the result."""
    if not result.interval:
        return None
    return result.interval.low if low else result.interval.high


def _own_outside(result: Result, *, low: bool) -> bool | None:
    """Whether a result lies beyond a bound of the laboratory's own range; None: not known."""
    own = _own_bound(result, low=low)
    if own is None or not result.amount:
        return None
    return lies("below" if low else "above", result.amount.value, result.comparator, own)


def _finding(table: Table, ladder: Ladder, judged: _Judged, result: Result) -> Finding:
    limit, verdict = judged
    marks = _marks(table, [judged], result)
    if verdict.by == "rules" and (
        _own_outside(result, low=ladder.low) is False
        or result.interpretation in FLAGS - (LOW_FLAGS if ladder.low else HIGH_FLAGS)
    ):
        marks.append("laboratory-disagrees")
    by_flag = verdict.by == "flag"
    return Finding(
        finding=ladder.finding,
        grade=limit.grade,
        rank=limit.rank,
        limit=verdict.printed if by_flag else f"{BEYOND[limit.side]} {verdict.printed}",
        result=result,
        critical=limit.critical,
        marks=add_marks(result, marks),
    )


def _normal(table: Table, judged: Sequence[_Judged], result: Result) -> Normal:
    """A normal by verdicts, or without any by what is plainly inside the rules' limits."""
    marks = _marks(table, judged, result)
    if not judged and table.joined:
        marks.append("either-sex")
    if "laboratory-range" not in marks and (
        _own_outside(result, low=True)
        or _own_outside(result, low=False)
        or result.interpretation in _ABNORMAL
    ):
        marks.append("laboratory-disagrees")
    inside = table.inside
    if judged or not inside:
        edges = [
            Edge(verdict.number, limit.side, verdict.printed)
            for limit, verdict in judged
            if verdict.number is not None
        ]
        inside = _between(tuple(edges))
    printed = inside.printed or judged[0][1].printed
    return Normal(table.subject, printed, result, add_marks(result, marks))


_between = lru_cache(maxsize=4096)(between)


def _between_ends(table: Table, result: Result) -> Graded:
    """An analyte without findings is normal inside its reference interval, as far as it goes."""
    ends = _climb_ends(table, result)
    if not ends:
        return Graded(result, why=NO_BOUND)
    if any(verdict.beyond for _, verdict in ends):
        return Graded(result, why=_OUTSIDE)
    if any(verdict.beyond is None for _, verdict in ends):
        return Graded(result, why=OPEN)
    return Graded(result, normal=_normal(table, ends, result))


def _climb_ends(table: Table, result: Result) -> list[_Judged]:
    """Both ends of the reference interval with their verdicts, without an end that is open."""
    if not result.amount:
        return [
            (end, _by_flag(result, low=low))
            for end, low in zip(table.ends, (True, False), strict=True)
        ]
    judged = [(end, _judge(table, end, result.amount, result)) for end in table.ends]
    return [(end, verdict) for end, verdict in judged if verdict.printed]


def _marks(table: Table, judged: Iterable[_Judged], result: Result) -> list[str]:
    marks = []
    if not result.moment:
        marks.append("undated")
    if not result.amount and RANGE_ONLY not in result.marks:
        marks.append("interpretation-only")
    if table.adult:
        marks.append("adult-limits")
    for _, verdict in judged:
        if verdict.by == "interval":
            marks.append("laboratory-range")
        if verdict.joined:
            marks.append("either-sex")
    return marks
