"""By how much a result misses a limit, or lies beyond it, in words and as a share of the limit."""

from decimal import Context, Decimal
from fractions import Fraction

from msgspec import Struct

from service.engine.comparing import LOW_SIDES, Number
from service.engine.limits import Limit, Verdict
from service.record import Result

#: A limit that was converted has no end of digits; so many are told.
_TOLD = Context(prec=4)
#: One that ends within so many digits is told whole.
_WHOLE = 12
#: Where no number tells how far, or it is farther than that.
FAR = Fraction(1)


class Shortfall(Struct, frozen=True):
    """The end of a sentence that begins with a result, and how far off it is, at most FAR."""

    why: str
    gap: Fraction = FAR


def shortfall(result: Result, limit: Limit, verdict: Verdict) -> Shortfall:
    """Where a result lies by a limit that it does not cross: "is not below 3 mmol/L (1 above)"."""
    if verdict.beyond is None:
        return Shortfall(f"may or may not be {_bound(result, limit, verdict)}: {verdict.why}")
    if verdict.by == "flag":
        return Shortfall(f"is not {_way(limit)}: {verdict.printed}")
    distance, gap = _distance(result, verdict)
    return Shortfall(f"is not {_bound(result, limit, verdict)}{distance}", gap)


def excess(result: Result, limit: Limit, verdict: Verdict) -> Shortfall:
    """Where a result that ought to be normal lies: "is not normal but below 3 mmol/L (1 below)"."""
    if verdict.by == "flag":
        return Shortfall(f"is not normal but {verdict.printed}")
    distance, gap = _distance(result, verdict)
    return Shortfall(f"is not normal but {_bound(result, limit, verdict)}{distance}", gap)


def _way(limit: Limit) -> str:
    return "low" if limit.side in LOW_SIDES else "high"


def _bound(result: Result, limit: Limit, verdict: Verdict) -> str:
    """The limit as it is printed, and in the unit of the result where that is another one."""
    side = limit.side.replace("_", " ")
    number, unit = verdict.number, result.amount.unit if result.amount else "1"
    if number is None:
        return f"{side} its limit" if not verdict.printed else f"{side} {verdict.printed}"
    first = verdict.printed.partition(" ")[0]
    same = Fraction(first) == Fraction(number)
    converted = "" if same else f", which is {told(number)}{'' if unit == '1' else f' {unit}'},"
    whose = " of the laboratory's own range" if verdict.by == "interval" else ""
    return f"{side} {verdict.printed}{whose}{converted}".removesuffix(",")


def _distance(result: Result, verdict: Verdict) -> tuple[str, Fraction]:
    """How far apart, " (0.15 above)", or "" for a value with a comparator."""
    if not result.amount or result.comparator or verdict.number is None:
        return "", FAR
    number = Fraction(verdict.number)
    apart = Fraction(result.amount.value) - number
    gap = min(FAR, abs(apart / number)) if number else FAR
    if not apart:
        return " (it lies just at it)", Fraction(0)
    far = _TOLD.divide(Decimal(abs(apart).numerator), Decimal(apart.denominator))
    return f" ({told(far)} {'above' if apart > 0 else 'below'})", gap


def told(number: Number) -> str:
    """A number as people write it: exact where it ends, else with four digits."""
    exact = number if isinstance(number, Decimal) else _decimal(number)
    return f"{exact.normalize():f}"


def _decimal(number: Fraction) -> Decimal:
    ends = Decimal(number.numerator) / Decimal(number.denominator)
    if Fraction(ends) == number and len(ends.normalize().as_tuple().digits) <= _WHOLE:
        return ends
    return _TOLD.divide(Decimal(number.numerator), Decimal(number.denominator))
