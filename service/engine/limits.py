"""What results are compared with: the limits of an analyte for one kind of person, in one unit."""

from collections.abc import Iterable
from decimal import Decimal
from fractions import Fraction
from typing import Literal, NamedTuple

from msgspec import Struct

from service.engine.comparing import INSIDE, LOW_SIDES, Number, Side
from service.knowledge.derived import ADULT_DAYS, age_in_days
from service.record import Record, Sex

NO_AGE = "no limit is written for the patient's age"
NO_BOUND = "neither the rules nor the laboratory have a reference range that holds for the patient"
OPEN = "its comparator leaves open on which side of the limit it lies"


class Person(NamedTuple):
    """Whom limits must hold for."""

    days: int
    age_known: bool
    sex: Sex | None


class Verdict(Struct, frozen=True, gc=False):
    """Whether a result lies beyond a limit, None where that is not known, and who says so.

    `number` and `printed` are the limit; a flag has no number. `joined`: the rules'
    intervals of several sexes were joined, as the patient's is not known.
    """

    beyond: bool | None
    by: Literal["rules", "interval", "flag"] = "rules"
    number: Number | None = None
    printed: str = ""
    joined: bool = False
    why: str = ""


class Limit(Struct, frozen=True):
    """The limit of one grade, for one kind of person.

    `factor` times a bound of the reference interval is the limit, None where it is written as
    an amount. `rules` are the verdicts by what the rules say: of `beyond`, each outcome's.
    """

    side: Side
    rules: dict[bool | None, Verdict]
    number: Number | None
    grade: str = ""
    rank: int = 0
    critical: bool = False
    factor: Decimal | None = None


class Ladder(Struct, frozen=True):
    """The grades of one finding that are for a person's age, in the order listed.

    `at_reference`: the first begins where the reference interval ends, so that what a laboratory
    flags has surely or nearly reached it.
    """

    finding: str
    limits: tuple[Limit, ...]
    low: bool
    at_reference: bool


class Edge(Struct, frozen=True, gc=False):
    """A limit that values inside do not cross."""

    number: Number
    side: Side
    printed: str


class Inside(Struct, frozen=True):
    """The values between two edges, of which one may be missing; `printed` as people write them."""

    low: Edge | None
    high: Edge | None
    printed: str

    def holds(self, value: Decimal) -> bool:
        """Whether a value crosses neither edge."""
        low, high = self.low, self.high
        if low and (value < low.number or (value == low.number and low.side == "at_or_below")):
            return False
        return not high or (
            value < high.number or (value == high.number and high.side != "at_or_above")
        )


class Table(Struct, frozen=True, eq=False):
    """What results of an analyte (or derived value) in one unit are compared with.

    `ends` are the ends of its reference interval, low and high. `trusts_range`: the
    laboratory's own range decides before the rules'. `adult`: limits for adults are used as the
    age is not known; `joined`: those of several sexes. `factor` times a value is in the
    canonical unit, None where the unit does not convert. `inside` is what is normal by the
    rules alone, None where they do not say; `by_rules`: the laboratory has no say in it.
    """

    subject: str
    ladders: tuple[Ladder, ...]
    ends: tuple[Limit, Limit]
    trusts_range: bool
    adult: bool
    joined: bool
    factor: Fraction | None
    inside: Inside | None
    by_rules: bool


def person_of(record: Record) -> Person:
    """The patient of a record at its moment."""
    days = age_in_days(record.patient, record.moment)
    return Person(ADULT_DAYS if days is None else days, days is not None, record.patient.sex)


def between(edges: Iterable[Edge]) -> Inside:
    """The values inside all edges: "135 to 145 mmol/L", ">= 200 pg/mL"."""
    low: Edge | None = None
    high: Edge | None = None
    # Where two are of one number, the one that lets in less: "at or below 3" before "below 3".
    for edge in edges:
        number, side = edge.number, edge.side
        if side in LOW_SIDES:
            if not low or number > low.number or (side != "below" and number == low.number):
                low = edge
        elif not high or number < high.number or (side != "above" and number == high.number):
            high = edge
    return Inside(low, high, _print(low, high))


def _print(low: Edge | None, high: Edge | None) -> str:
    if low and high and (low.side, high.side) == ("below", "above"):
        first, _, unit = low.printed.partition(" ")
        last, _, other = high.printed.partition(" ")
        if unit == other and not unit.startswith("x "):
            return f"{first} to {last} {unit}".rstrip()
    return " and ".join(f"{INSIDE[edge.side]} {edge.printed}" for edge in (low, high) if edge)
