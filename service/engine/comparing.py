"""Whether a reported value lies on one side of a limit."""

import operator
from collections.abc import Callable
from decimal import Decimal
from fractions import Fraction
from typing import Literal

from service.record import Comparator

Side = Literal["below", "at_or_below", "above", "at_or_above"]
Number = Decimal | Fraction

LOW_SIDES: frozenset[Side] = frozenset({"below", "at_or_below"})
#: The sign before a limit that a value lies beyond, and before one that it does not cross.
BEYOND: dict[Side, str] = {"below": "<", "at_or_below": "<=", "above": ">", "at_or_above": ">="}
INSIDE: dict[Side, str] = {"below": ">=", "at_or_below": ">", "above": "<=", "at_or_above": "<"}

_Test = Callable[[Number, Number], bool]

_EXACT: dict[Side, _Test] = {
    "below": operator.lt,
    "at_or_below": operator.le,
    "above": operator.gt,
    "at_or_above": operator.ge,
}

#: A value with a comparator stands for all values on one side of it. This test of its edge
#: against the limit settles the question, with this outcome; where it fails, either may be true.
_SETTLED: dict[tuple[Side, Comparator], tuple[_Test, bool]] = {
    ("below", "<"): (operator.le, True),
    ("below", "<="): (operator.lt, True),
    ("below", ">"): (operator.ge, False),
    ("below", ">="): (operator.ge, False),
    ("at_or_below", "<"): (operator.le, True),
    ("at_or_below", "<="): (operator.le, True),
    ("at_or_below", ">"): (operator.ge, False),
    ("at_or_below", ">="): (operator.gt, False),
    ("above", "<"): (operator.le, False),
    ("above", "<="): (operator.le, False),
    ("above", ">"): (operator.ge, True),
    ("above", ">="): (operator.gt, True),
    ("at_or_above", "<"): (operator.le, False),
    ("at_or_above", "<="): (operator.lt, False),
    ("at_or_above", ">"): (operator.ge, True),
    ("at_or_above", ">="): (operator.ge, True),
}


def lies(side: Side, value: Decimal, comparator: Comparator, limit: Number) -> bool | None:
    """Whether a value lies on that side of a limit; None where its comparator leaves it open."""
    if not comparator:
        return _EXACT[side](value, limit)
    test, outcome = _SETTLED[side, comparator]
    return outcome if test(value, limit) else None
