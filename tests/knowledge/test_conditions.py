from pathlib import Path

import pytest

from service.knowledge.conditions import check_size, leaves
from service.knowledge.language import Condition, State
from tests.knowledge.small_rules import changed, complaints

FEMALE, MALE = Condition(sex="female"), Condition(sex="male")


def test_leaves_come_in_reading_order() -> None:
    tree = Condition(all=(FEMALE, Condition(any=(MALE, Condition(age="under 1 y")))))
    assert list(leaves(tree)) == [FEMALE, MALE, Condition(age="under 1 y")]


@pytest.mark.parametrize(
    "condition",
    [
        FEMALE,
        Condition(all=(FEMALE,) * 16),
        Condition(any=(FEMALE,) * 200),
        Condition(all=(Condition(any=(FEMALE,) * 14),) * 2),
        Condition(at_least="2", of=(FEMALE,) * 20),
        Condition(all=(Condition(any=(Condition(all=(FEMALE,) * 15), MALE)), MALE)),
    ],
)
def test_conditions_within_bounds_pass(condition: Condition) -> None:
    assert check_size(condition, {}) == ""


@pytest.mark.parametrize(
    ("condition", "told"),
    [
        (Condition(all=(FEMALE,) * 17), "17 things at once"),
        (Condition(any=(FEMALE,) * 201), "201 ways"),
        (Condition(all=(Condition(any=(FEMALE,) * 15),) * 2), "225 ways"),
        (Condition(at_least="3", of=(FEMALE,) * 20), "1140 ways"),
        (Condition(at_least="17", of=(FEMALE,) * 17), "17 things at once"),
        (Condition(state="many"), "201 ways"),
        (Condition(all=(Condition(any=(FEMALE, Condition(all=(MALE,) * 16))), MALE)), "17 things"),
    ],
)
def test_conditions_that_are_too_large_are_refused(condition: Condition, told: str) -> None:
    states = {"many": State("many", "Many", Condition(any=(FEMALE,) * 201))}
    assert told in check_size(condition, states)


def test_a_link_that_is_too_large_is_told_where_it_is(tmp_path: Path) -> None:
    branches = ", ".join(["{any: [" + ", ".join(["{sex: male}"] * 15) + "]}"] * 2)
    folder = changed(
        tmp_path,
        "links/hyponatremia.yaml",
        "when: {finding: hyponatremia}",
        f"when: {{all: [{branches}]}}",
    )
    assert complaints(folder) == [
        "links/hyponatremia.yaml:3: when: can hold in 225 ways; 200 is the most"
    ]
