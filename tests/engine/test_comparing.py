"""Values and limits: exact, and never more certain than a comparator allows."""

from decimal import Decimal
from fractions import Fraction
from typing import get_args

import pytest
from hypothesis import given
from hypothesis import strategies as st

from service.engine.comparing import Side, lies
from service.record import Comparator

SIDES: tuple[Side, ...] = get_args(Side)
COMPARATORS: tuple[Comparator, ...] = get_args(Comparator)
NUMBERS = st.decimals(-50, 50, places=1)


def allows(comparator: Comparator, edge: Decimal, value: Decimal) -> bool:
    return {
        "": value == edge,
        "<": value < edge,
        "<=": value <= edge,
        ">": value > edge,
        ">=": value >= edge,
    }[comparator]


@pytest.mark.parametrize(
    ("side", "value", "limit", "expected"),
    [
        ("below", "134.9", "135", True),
        ("below", "135", "135", False),
        ("below", "135.0", "135", False),
        ("at_or_below", "135", "135", True),
        ("at_or_below", "135.1", "135", False),
        ("above", "145", "145", False),
        ("above", "145.1", "145", True),
        ("at_or_above", "145", "145", True),
        ("at_or_above", "144.9", "145", False),
    ],
)
def test_a_limit_is_on_one_side_as_its_word_says(
    side: Side, value: str, limit: str, expected: bool
) -> None:
    assert lies(side, Decimal(value), "", Decimal(limit)) is expected


@pytest.mark.parametrize(
    ("side", "comparator", "value", "expected"),
    [
        ("below", "<", "5", True),
        ("below", "<", "5.1", None),
        ("below", "<=", "5", None),
        ("below", "<=", "4.9", True),
        ("below", ">", "4.9", None),
        ("below", ">", "5", False),
        ("below", ">=", "5", False),
        ("at_or_below", "<=", "5", True),
        ("at_or_below", ">=", "5", None),
        ("at_or_below", ">", "5", False),
        ("above", ">", "5", True),
        ("above", ">", "4.9", None),
        ("above", ">=", "5", None),
        ("above", ">=", "5.1", True),
        ("above", "<", "5.1", None),
        ("above", "<=", "5", False),
        ("at_or_above", ">=", "5", True),
        ("at_or_above", "<=", "5", None),
        ("at_or_above", "<", "5", False),
    ],
)
def test_a_comparator_counts_only_where_all_its_values_lie_on_one_side(
    side: Side, comparator: Comparator, value: str, expected: bool | None
) -> None:
    assert lies(side, Decimal(value), comparator, Decimal(5)) is expected


@given(st.sampled_from(SIDES), st.sampled_from(COMPARATORS), NUMBERS, NUMBERS, NUMBERS)
def test_what_is_said_of_a_comparator_holds_for_each_value_that_it_allows(
    side: Side, comparator: Comparator, edge: Decimal, limit: Decimal, value: Decimal
) -> None:
    said = lies(side, edge, comparator, limit)
    if said is not None and allows(comparator, edge, value):
        assert lies(side, value, "", limit) is said


@given(st.sampled_from(SIDES), st.sampled_from(COMPARATORS), NUMBERS, NUMBERS)
def test_nothing_is_left_open_that_the_values_a_comparator_allows_agree_on(
    side: Side, comparator: Comparator, edge: Decimal, limit: Decimal
) -> None:
    far, near = Decimal(1000), Decimal("0.01")
    tried = [
        edge - far,
        edge - near,
        edge,
        edge + near,
        edge + far,
        limit,
        limit - near,
        limit + near,
    ]
    verdicts = {lies(side, v, "", limit) for v in tried if allows(comparator, edge, v)}
    if lies(side, edge, comparator, limit) is None:
        assert verdicts == {True, False}


def test_a_third_is_compared_exactly() -> None:
    third = Fraction(1, 3)
    assert lies("below", Decimal("0.3333333333333333333333333333333333"), "", third)
    assert not lies("below", Decimal("0.3333333333333333333333333333333334"), "", third)


def test_trailing_zeros_are_nothing() -> None:
    assert not lies("below", Decimal("135.000"), "", Decimal(135))
    assert not lies("above", Decimal("1.45E+2"), "", Decimal(145))
