"""Which results of an analyte count at a moment, and which of them decides."""

from collections.abc import Iterable, Sequence
from datetime import UTC, datetime, timedelta
from fractions import Fraction

from msgspec import Struct

from service.engine.grading import Graded, is_readable
from service.engine.limits import Table
from service.record import Result

_NEVER = datetime.min.replace(tzinfo=UTC)


class Counted(Struct, frozen=True, gc=False):
    """The results of one analyte, sorted by whether they count.

    `counting` may decide. `past` are the dated ones that are not in the future, however
    old. The rest does not count: `future`, `outdated`, and `undated` beside dated ones.
    """

    counting: Sequence[Result]
    past: Sequence[Result]
    future: Sequence[Result] = ()
    outdated: Sequence[Result] = ()
    undated: Sequence[Result] = ()


def count(results: Sequence[Result], now: datetime, lookback: timedelta) -> Counted:
    """Sort the results of one analyte by whether they count at `now`."""
    since = now - lookback
    for result in results:
        moment = result.moment
        if not moment or moment.earliest > now or moment.latest < since:
            return _sorted(results, now, since)
    return Counted(results, results)


def _sorted(results: Sequence[Result], now: datetime, since: datetime) -> Counted:
    counting: list[Result] = []
    past: list[Result] = []
    future: list[Result] = []
    outdated: list[Result] = []
    undated: list[Result] = []
    for result in results:
        moment = result.moment
        if not moment:
            undated.append(result)
        elif moment.earliest > now:
            future.append(result)
        else:
            past.append(result)
            (counting if moment.latest >= since else outdated).append(result)
    if not past and not future:
        return Counted(undated, past)
    return Counted(counting, past, future, outdated, undated)


def newest(counting: Iterable[Result]) -> list[Result]:
    """The readable results that no other is newer than.

    A date without a time may be any moment of its day, so there may be several.
    """
    readable = list(filter(is_readable, counting))
    if len(readable) < 2:  # noqa: PLR2004 - none or one
        return readable
    cutoff = _NEVER
    for result in readable:
        if result.moment and result.moment.earliest > cutoff:
            cutoff = result.moment.earliest
    return [r for r in readable if not r.moment or r.moment.latest >= cutoff]


def last_issued(results: list[Result]) -> list[Result]:
    """Of results of one moment those that count: a correction replaces what it corrects."""
    if len(results) > 1:
        last = max([r.issued or _NEVER for r in results])
        return [r for r in results if (r.issued or _NEVER) == last]
    return results


def differ(results: Sequence[Result]) -> bool:
    """Whether results of one moment say different things."""
    if not results[1:]:
        return False
    said = {(r.amount, r.form, r.comparator, r.interpretation) for r in results}
    return len(said) > 1


_Severity = tuple[bool, int, bool, bool, bool, Fraction, str, str]


def severity(graded: Graded, table: Table) -> _Severity:
    """Sorts what results of one moment show: the most abnormal first, by source where equal.

    Of two that are high the higher is more abnormal, of all others the lower.
    """
    result = graded.result
    value = None
    if result.amount and table.factor:
        value = Fraction(result.amount.value) * table.factor
    found = {finding.finding for finding in graded.findings}
    high = any(ladder.finding in found and not ladder.low for ladder in table.ladders)
    return (
        not any(finding.critical for finding in graded.findings),
        -max((finding.rank for finding in graded.findings), default=0),
        graded.normal is not None,
        value is None,
        high,
        (-value if high else value) if value else Fraction(0),
        result.source.reference,
        result.source.expression,
    )


def is_older_than_unreadable(chosen: Result, counting: Iterable[Result]) -> bool:
    """Whether a result that cannot be read is, or may be, as new as the one that decides."""
    for result in counting:
        if is_readable(result):
            continue
        if not chosen.moment or not result.moment:
            return True
        if result.moment.latest >= chosen.moment.earliest:
            return True
    return False
