"""One condition of a link, and what a record has of it, in a sentence."""

import pytest

from service.engine.criteria import Criterions
from service.engine.laboratory import Laboratory
from service.engine.situation import Situations
from service.knowledge.language import Condition
from service.record import Criterion, Problem, Result, Sex, Treatment
from tests.engine.small import ago, problem, record, result, rules, treatment

KNOWLEDGE = rules()
LABORATORY = Laboratory(KNOWLEDGE)
SITUATIONS = Situations(KNOWLEDGE, LABORATORY)
JERKS = problem("myoclonus", onset=ago(days=10))
LOW = result("sodium", "121 mmol/L", moment=ago(days=4))


def asked(
    leaf: Condition,
    *pieces: Result | Problem | Treatment,
    age: int | None = 50,
    sex: Sex | None = "female",
) -> Criterion:
    of = record(*pieces, age=age, sex=sex)
    return Criterions(KNOWLEDGE, LABORATORY).ask(leaf, SITUATIONS.of(of))


def finding(at_least: str = "", **time: str) -> Condition:
    return Condition(finding="hyponatremia", at_least=at_least, **time)  # type: ignore[arg-type]


def taken(**time: str) -> Condition:
    return Condition(treatment="gabapentinoids", **time)  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("leaf", "pieces"),
    [
        (finding(), [LOW]),
        (finding("profound", within="5 d"), [LOW]),
        (finding(older_than="72 h"), [LOW]),
        (Condition(normal="chloride"), [result("chloride", "100 mmol/L")]),
        (Condition(problem="malabsorption"), [problem("crohn-disease")]),
        (taken(), [treatment("gabapentin")]),
        (taken(stopped="within 9 d before now"), [treatment("gabapentin", end=ago(days=5))]),
        (
            Condition(count_distinct="2 of serotonergic"),
            [treatment("sertraline"), treatment("tramadol")],
        ),
    ],
)
def test_what_holds_shows_what_it_holds_by(
    leaf: Condition, pieces: list[Result | Problem | Treatment]
) -> None:
    told = asked(leaf, *pieces)
    assert (told.standing, told.why) == ("held", "")
    assert len(told.about) == len(pieces)


@pytest.mark.parametrize(
    ("leaf", "name", "why"),
    [
        (Condition(age="under 60 y"), "Age 50 y", "is under 60 y"),
        (Condition(sex="female"), "The patient", "is female"),
    ],
)
def test_what_the_patient_is_holds_by_nothing_on_file(leaf: Condition, name: str, why: str) -> None:
    told = asked(leaf)
    assert (told.standing, told.name, told.about, told.why) == ("held", name, (), why)


@pytest.mark.parametrize(
    ("leaf", "name", "why"),
    [
        (finding(), "Sodium", "was not measured"),
        (Condition(normal="chloride"), "Chloride", "was not measured"),
        (Condition(problem="celiac-disease"), "Celiac disease", "is not on file"),
        (Condition(problem="malabsorption"), "Malabsorption (any of 2)", "is not on file"),
        (Condition(treatment="gabapentin"), "gabapentin", "is not on file"),
        (taken(), "Gabapentinoids (any of 2)", "is not on file"),
        (
            Condition(count_distinct="2 of serotonergic"),
            "Serotonergic medicine",
            "is not on file, and 2 different serotonergic medicines are needed",
        ),
        (Condition(quality="hemolyzed", analyte="sodium"), "Sodium", "was not measured"),
    ],
)
def test_of_what_is_absent_is_told_what_was_looked_for(
    leaf: Condition, name: str, why: str
) -> None:
    told = asked(leaf)
    assert (told.standing, told.name, told.about, told.why) == ("absent", name, (), why)


@pytest.mark.parametrize(
    ("leaf", "pieces", "why"),
    [
        (finding(), [result("sodium", "138 mmol/L")], "is not below 135 mmol/L (3 above)"),
        (
            finding("profound"),
            [result("sodium", "126 mmol/L")],
            "is not below 125 mmol/L (1 above); it is moderate, and profound is needed",
        ),
        (finding(within="72 h"), [LOW], "is not of the last 72 h"),
        (finding(older_than="5 d"), [LOW], "is not older than 5 d"),
        (finding(worst_within="24 h of now"), [LOW], "is not of the 24 h"),
        (
            finding(worst_within="24 h of sign"),
            [LOW, JERKS],
            "is not of the 24 h of the jerks on file",
        ),
        (finding(worst_within="24 h of sign"), [LOW], "is on file, but no jerks with a date are"),
        (
            finding(),
            [result("sodium", "118 mmol/L", moment=ago(days=20))],
            "is too old: 20 d, and the last 14 d count",
        ),
        (
            Condition(problem="celiac-disease"),
            [problem("celiac-disease", active=False)],
            "is no longer active",
        ),
        (
            Condition(problem="celiac-disease"),
            [problem("celiac-disease", confirmed=False)],
            "is not confirmed",
        ),
        (
            Condition(problem="celiac-disease", began="within 2 d before now"),
            [problem("celiac-disease", onset=ago(days=9))],
            "did not begin within 2 d",
        ),
        (taken(), [treatment("gabapentin", current=False, end=ago(days=9))], "is no longer taken"),
        (taken(), [treatment("gabapentin", start=ago(days=-2))], "is yet to begin"),
        (
            taken(started="unknown"),
            [treatment("gabapentin", start=ago(days=30)), JERKS],
            "is on file with its start",
        ),
        (
            taken(started="within 7 d before sign"),
            [treatment("gabapentin", start=ago(days=30)), JERKS],
            "was not started within 7 d before the jerks on file",
        ),
        (
            taken(started="first within 7 d before sign"),
            [treatment("gabapentin", start=ago(days=30)), JERKS],
            (
                "was not started for the first time, or at a higher dose, "
                "within 7 d before the jerks on file"
            ),
        ),
        (
            taken(stopped="within 7 d before now"),
            [treatment("gabapentin", start=ago(days=30))],
            "was not stopped within 7 d",
        ),
        (
            Condition(count_distinct="2 of serotonergic"),
            [treatment("sertraline")],
            "does not suffice, as 2 different serotonergic medicines are needed",
        ),
        (
            Condition(quality="hemolyzed", analyte="sodium"),
            [LOW],
            "is not marked as hemolyzed",
        ),
    ],
)
def test_what_is_on_file_and_does_not_suffice_is_told_with_the_reason(
    leaf: Condition, pieces: list[Result | Problem | Treatment], why: str
) -> None:
    told = asked(leaf, *pieces)
    assert (told.standing, told.why) == ("short", why)
    assert told.about


@pytest.mark.parametrize(
    ("leaf", "why"),
    [
        (Condition(age="under 2 y"), "is not under 2 y"),
        (Condition(sex="male"), "is female, not male"),
    ],
)
def test_a_patient_of_another_kind_is_short(leaf: Condition, why: str) -> None:
    told = asked(leaf)
    assert (told.standing, told.why) == ("short", why)


@pytest.mark.parametrize(
    ("leaf", "pieces", "why"),
    [
        (
            finding(),
            [result("sodium", "<140 mmol/L")],
            (
                "may or may not be below 135 mmol/L: its comparator leaves open on which side of "
                "the limit it lies"
            ),
        ),
        (
            Condition(normal="chloride"),
            [result("chloride", "95 mmol/L")],
            (
                "is neither normal nor abnormal: it lies outside its reference range, and no rule "
                "says what that means"
            ),
        ),
        (finding(), [result("sodium", "", interpretation="")], "has no result that could be read"),
        (Condition(age="under 2 y"), [], "is not known (under 2 y is needed)"),
        (Condition(sex="male"), [], "is not known (male is needed)"),
        (
            taken(started="within 7 d before sign"),
            [treatment("gabapentin"), JERKS],
            "is on file, but not when it was started",
        ),
    ],
)
def test_what_is_left_open_is_undecided(
    leaf: Condition, pieces: list[Result | Problem | Treatment], why: str
) -> None:
    told = asked(leaf, *pieces, age=None, sex=None)
    assert (told.standing, told.why) == ("undecided", why)
