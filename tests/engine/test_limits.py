"""What is inside limits, and how people write it."""

from decimal import Decimal
from fractions import Fraction

import pytest

from service.engine.comparing import Side
from service.engine.limits import Edge, Person, between, person_of
from service.knowledge.derived import ADULT_DAYS
from tests.engine.small import record


def edge(side: Side, printed: str) -> Edge:
    return Edge(Decimal(printed.partition(" ")[0]), side, printed)


@pytest.mark.parametrize(
    ("edges", "printed"),
    [
        ([edge("below", "135 mmol/L"), edge("above", "145 mmol/L")], "135 to 145 mmol/L"),
        ([edge("below", "0.8"), edge("above", "1.2")], "0.8 to 1.2"),
        ([edge("below", "200 pg/mL")], ">= 200 pg/mL"),
        ([edge("above", "35 umol/L")], "<= 35 umol/L"),
        ([edge("at_or_below", "3 mmol/L")], "> 3 mmol/L"),
        ([edge("at_or_above", "160 mmol/L")], "< 160 mmol/L"),
        ([edge("below", "3 a"), edge("at_or_above", "9 a")], ">= 3 a and < 9 a"),
        ([edge("below", "3 a"), edge("above", "9 b")], ">= 3 a and <= 9 b"),
        ([], ""),
    ],
)
def test_what_is_normal_is_written_as_people_write_it(edges: list[Edge], printed: str) -> None:
    assert between(edges).printed == printed


def test_of_several_limits_on_one_side_the_closest_counts() -> None:
    inside = between([edge("below", "130 a"), edge("below", "135 a"), edge("above", "150 a")])
    assert inside.printed == "135 to 150 a"


def test_of_two_limits_of_one_number_the_one_that_lets_in_less_counts() -> None:
    for edges in (["below", "at_or_below"], ["at_or_below", "below"]):
        inside = between(Edge(Decimal(3), side, "3 a") for side in edges)  # type: ignore[arg-type]
        assert inside.printed == "> 3 a"
        assert not inside.holds(Decimal(3))


def test_a_multiple_of_a_bound_is_not_mistaken_for_an_amount() -> None:
    many = Edge(Fraction(120), "above", "3 x 40 U/L")
    assert between([edge("below", "2 x"), many]).printed == ">= 2 x and <= 3 x 40 U/L"


@pytest.mark.parametrize(
    ("value", "inside"),
    [("134.9", False), ("135", True), ("140", True), ("145", True), ("145.1", False)],
)
def test_limits_below_and_above_leave_their_own_number_inside(value: str, inside: bool) -> None:
    both = between([edge("below", "135"), edge("above", "145")])
    assert both.holds(Decimal(value)) is inside


@pytest.mark.parametrize(("value", "inside"), [("135", False), ("140", True), ("145", False)])
def test_limits_at_or_beyond_take_their_own_number_out(value: str, inside: bool) -> None:
    both = between([edge("at_or_below", "135"), edge("at_or_above", "145")])
    assert both.holds(Decimal(value)) is inside


def test_a_side_without_a_limit_is_open() -> None:
    assert between([edge("below", "135")]).holds(Decimal(10**6))
    assert between([edge("above", "145")]).holds(Decimal(0))


def test_who_is_of_unknown_age_is_judged_as_an_adult_and_known_to_be_unknown() -> None:
    assert person_of(record(age=None, sex=None)) == Person(ADULT_DAYS, age_known=False, sex=None)


def test_age_is_counted_in_days_of_life() -> None:
    assert person_of(record(age=0)).days == 1
    assert person_of(record(age=0)).age_known
