import pytest

from service.knowledge.implication import implies
from service.knowledge.language import Condition
from service.knowledge.model import Knowledge


def all_of(*parts: Condition, same_draw: str = "") -> Condition:
    return Condition(all=parts, same_draw=same_draw)


def any_of(*parts: Condition) -> Condition:
    return Condition(any=parts)


def of(least: int, *parts: Condition) -> Condition:
    return Condition(at_least=str(least), of=parts)


def finding(name: str = "hyponatremia", at_least: str = "", **time: str) -> Condition:
    return Condition(finding=name, at_least=at_least, **time)  # type: ignore[arg-type]


def taken(name: str = "gabapentin", **time: str) -> Condition:
    return Condition(treatment=name, **time)  # type: ignore[arg-type]


SODIUM, COPPER = finding(), finding("hypocupremia")
CELIAC = Condition(problem="celiac-disease")
DRINKS = Condition(problem="alcohol")
YOUNG, CHILD = Condition(age="under 2 y"), Condition(age="under 18 y")
FIRST = "first within 14 d before sign"


@pytest.mark.parametrize(
    ("one", "other"),
    [
        (SODIUM, SODIUM),
        (finding(at_least="severe"), SODIUM),
        (finding(at_least="severe"), finding(at_least="mild")),
        (finding(within="24 h"), SODIUM),
        (finding(within="24 h"), finding(within="72 h")),
        (finding(older_than="72 h"), SODIUM),
        (finding(older_than="72 h"), finding(older_than="24 h")),
        (finding(worst_within="24 h of now"), finding(worst_within="24 h of now")),
        (Condition(normal="sodium", within="1 d"), Condition(normal="sodium")),
        (CELIAC, Condition(problem="malabsorption")),
        (CELIAC, Condition(problem="celiac-disease", including=("past",))),
        (Condition(problem="celiac-disease", began="within 1 y before now"), CELIAC),
        (taken(), taken("gabapentinoid")),
        (taken(started="within 7 d before sign"), taken()),
        (taken(started="within 7 d before sign"), taken(started="within 14 d before sign")),
        (taken(started=FIRST), taken(started="within 14 d before sign")),
        (taken(started=FIRST), taken(started=FIRST)),
        (taken(started="unknown"), taken()),
        (taken(stopped="within 7 d before now"), taken(stopped="within 9 d before now")),
        (Condition(count_distinct="2 of gabapentinoid"), taken("gabapentinoid")),
        (YOUNG, CHILD),
        (Condition(age="1 y to 17 y"), Condition(age="1 y and over")),
        (Condition(sex="male"), Condition(sex="male")),
        (all_of(SODIUM, COPPER), SODIUM),
        (all_of(SODIUM, COPPER, same_draw="1 h"), COPPER),
        (all_of(SODIUM, COPPER, CELIAC), all_of(COPPER, SODIUM)),
        (SODIUM, any_of(COPPER, SODIUM)),
        (any_of(SODIUM, COPPER), any_of(COPPER, CELIAC, SODIUM)),
        (all_of(SODIUM, COPPER), of(2, SODIUM, COPPER, CELIAC)),
        (of(2, SODIUM, COPPER, CELIAC), of(2, SODIUM, COPPER, CELIAC)),
        (of(2, SODIUM, COPPER, CELIAC), any_of(SODIUM, COPPER)),
        (Condition(state="drinking"), any_of(DRINKS, Condition(problem="malabsorption"))),
        (CELIAC, Condition(state="drinking")),
    ],
)
def test_a_condition_implies_what_asks_for_no_more(
    small: Knowledge, one: Condition, other: Condition
) -> None:
    assert implies(small, one, other)


@pytest.mark.parametrize(
    ("one", "other"),
    [
        (SODIUM, COPPER),
        (SODIUM, finding(at_least="severe")),
        (SODIUM, finding(within="24 h")),
        (finding(within="72 h"), finding(within="24 h")),
        (SODIUM, finding(older_than="72 h")),
        (finding(older_than="24 h"), finding(older_than="72 h")),
        (finding(older_than="72 h"), finding(within="72 h")),
        (finding(worst_within="24 h of now"), SODIUM),
        (SODIUM, finding(worst_within="24 h of now")),
        (finding(worst_within="24 h of now"), finding(worst_within="24 h of sign")),
        (Condition(normal="sodium"), Condition(normal="sodium", within="1 d")),
        (Condition(normal="sodium"), SODIUM),
        (Condition(problem="malabsorption"), DRINKS),
        (Condition(problem="celiac-disease", including=("past",)), CELIAC),
        (CELIAC, Condition(problem="celiac-disease", began="within 1 y before now")),
        (taken("gabapentinoid"), taken("gabapentin")),
        (taken("pregabalin"), taken("gabapentin")),
        (taken(), taken(started="within 7 d before sign")),
        (taken(), taken(started="unknown")),
        (taken(started="unknown"), taken(started="within 7 d before sign")),
        (taken(started="within 7 d before sign"), taken(started="within 7 d before now")),
        (taken(started="within 7 d before sign"), taken(started="within 7 d after sign")),
        (taken(started="within 14 d before sign"), taken(started="within 7 d before sign")),
        (taken(started="within 14 d before sign"), taken(started=FIRST)),
        (taken(started=FIRST), taken(started="first within 30 d before sign")),
        (taken(stopped="within 7 d before now"), taken()),
        (taken(), taken(within="7 d")),
        (taken(within="7 d"), taken()),
        (taken("gabapentinoid"), Condition(count_distinct="2 of gabapentinoid")),
        (Condition(count_distinct="2 of gabapentinoid"), taken("gabapentin")),
        (Condition(count_distinct="2 of gabapentinoid"), taken("gabapentinoid", within="7 d")),
        (CHILD, YOUNG),
        (Condition(age="1 y and over"), Condition(age="1 y to 17 y")),
        (Condition(sex="male"), Condition(sex="female")),
        (SODIUM, all_of(SODIUM, COPPER)),
        (all_of(SODIUM, COPPER), all_of(SODIUM, COPPER, same_draw="1 h")),
        (any_of(SODIUM, COPPER), SODIUM),
        (any_of(SODIUM, COPPER), any_of(SODIUM, CELIAC)),
        (all_of(SODIUM, COPPER), of(3, SODIUM, COPPER, CELIAC)),
        (of(2, SODIUM, COPPER, CELIAC), SODIUM),
        (of(1, SODIUM, COPPER, CELIAC), any_of(SODIUM, COPPER)),
        (Condition(state="drinking"), CELIAC),
        (Condition(quality="hemolyzed", analyte="sodium"), SODIUM),
    ],
)
def test_nothing_is_implied_that_is_not_certain(
    small: Knowledge, one: Condition, other: Condition
) -> None:
    assert not implies(small, one, other)
