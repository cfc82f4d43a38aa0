"""Which links hold, and what suppressing ones take away."""

import pytest

from service.engine import Engine, Examination
from service.knowledge.model import Knowledge
from service.record import Problem, Result, Treatment
from tests.engine.small import ago, link, linked, problem, record, result

Piece = Result | Problem | Treatment
LOW = result("sodium", "118 mmol/L")
HIGH_SUGAR = result("glucose", "30 mmol/L")
CELIAC = problem("celiac-disease")
NAMES = "cause: hyponatremia\nstrength: strong"


def examine(knowledge: Knowledge, *pieces: Piece) -> Examination:
    with Engine(knowledge) as engine:
        return engine.examine(record(*pieces))


def causes(knowledge: Knowledge, *pieces: Piece) -> list[str]:
    return [cause.cause for cause in examine(knowledge, *pieces).assessment.causes]


def held(knowledge: Knowledge, *pieces: Piece) -> set[str]:
    return set(examine(knowledge, *pieces).held)


NAMING = link("names", NAMES, "{finding: hyponatremia}")
OTHER = link("other", "cause: uremia\nstrength: weak", "{finding: hyponatremia}")
SUGAR = link("sugar", "cause: hyponatremia\nsuppress: hyponatremia", "{finding: hyperglycemia}")
EVERYWHERE = link("sugar", "suppress: hyponatremia", "{finding: hyperglycemia}")


def test_a_suppressed_finding_does_not_count_for_the_cause() -> None:
    knowledge = linked(NAMING, OTHER, SUGAR)
    assert causes(knowledge, LOW) == ["hyponatremia", "uremia"]
    assert causes(knowledge, LOW, HIGH_SUGAR) == ["uremia"]


def test_without_a_cause_it_counts_for_none() -> None:
    assert causes(linked(NAMING, OTHER, EVERYWHERE), LOW, HIGH_SUGAR) == []


def test_for_several_causes_it_counts_for_none_of_these() -> None:
    both = link(
        "sugar",
        "cause: [hyponatremia, uremia]\nsuppress: hyponatremia",
        "{finding: hyperglycemia}",
    )
    assert causes(linked(NAMING, OTHER, both), LOW, HIGH_SUGAR) == []


def test_the_finding_itself_is_still_shown() -> None:
    assessment = examine(linked(NAMING, EVERYWHERE), LOW, HIGH_SUGAR).assessment
    assert "hyponatremia" in {finding.finding for finding in assessment.findings}


def test_what_is_suppressed_is_told_with_the_rule_and_its_reason() -> None:
    (issue,) = examine(linked(NAMING, EVERYWHERE), LOW, HIGH_SUGAR).assessment.issues
    assert (issue.severity, issue.code, issue.patient) == ("information", "informational", "p")
    assert issue.expression == ("Bundle.entry[sodium].resource",)
    assert "by the rule sugar: because of sugar" in issue.text


def test_nothing_is_told_where_there_is_nothing_to_suppress() -> None:
    examination = examine(linked(NAMING, EVERYWHERE), HIGH_SUGAR)
    assert examination.assessment.issues == ()
    assert examination.held == set()


@pytest.mark.parametrize("small", ["within: 72 h", "worst_within: 72 h of now", "at_least: mild"])
def test_every_way_to_ask_for_the_finding_is_suppressed(small: str) -> None:
    asking = link("names", NAMES, f"{{finding: hyponatremia, {small}}}")
    assert causes(linked(asking), LOW) == ["hyponatremia"]
    assert causes(linked(asking, EVERYWHERE), LOW, HIGH_SUGAR) == []


def test_a_worst_result_that_is_suppressed_is_told_though_the_newest_is_normal() -> None:
    asking = link("names", NAMES, "{finding: hyponatremia, worst_within: 72 h of now}")
    pieces = (
        result("sodium", "118 mmol/L", "old", moment=ago(hours=9)),
        result("sodium", "140 mmol/L"),
    )
    examination = examine(linked(asking, EVERYWHERE), *pieces, HIGH_SUGAR)
    assert examination.assessment.causes == ()
    assert len(examination.assessment.issues) == 1


def test_another_alternative_of_the_link_still_holds_with_its_own_evidence() -> None:
    either = link("names", NAMES, "{any: [{finding: hyponatremia}, {problem: malabsorption}]}")
    knowledge = linked(either, EVERYWHERE)
    (cause,) = examine(knowledge, LOW, HIGH_SUGAR, CELIAC).assessment.causes
    assert cause.evidence == (CELIAC,)
    assert causes(knowledge, LOW, HIGH_SUGAR) == []


def test_suppressing_links_are_judged_before_anything_is_suppressed() -> None:
    first = link("first", "suppress: hyperglycemia", "{finding: hyponatremia}")
    second = link("second", "suppress: hyponatremia", "{finding: hyperglycemia}")
    assert causes(linked(NAMING, first, second), LOW, HIGH_SUGAR) == []
    assert held(linked(NAMING, first, second), LOW, HIGH_SUGAR) == {"first", "second"}


def test_a_normal_of_the_same_analyte_is_not_suppressed() -> None:
    """What is taken away is a finding, not the result."""
    asking = link("names", NAMES, "{normal: sodium}")
    assert causes(linked(asking, EVERYWHERE), result("sodium", "140 mmol/L"), HIGH_SUGAR)


def test_a_suppressing_link_in_the_shadow_takes_nothing_away() -> None:
    shadow = link("sugar", "suppress: hyponatremia", "{finding: hyperglycemia}", "status: shadow")
    assessment = examine(linked(NAMING, shadow), LOW, HIGH_SUGAR).assessment
    assert [cause.cause for cause in assessment.causes] == ["hyponatremia"]
    assert assessment.shadow == ("sugar",)


def test_a_remark_is_judged_under_the_suppression_of_its_link() -> None:
    either = link(
        "names",
        NAMES,
        "{any: [{finding: hyponatremia}, {problem: malabsorption}]}",
        "remarks:\n  - {when: {finding: hyponatremia}, say: Sodium is low.}",
    )
    (plain,) = examine(linked(either), LOW, CELIAC).assessment.causes
    assert plain.remarks == ("Sodium is low.",)
    (cause,) = examine(linked(either, EVERYWHERE), LOW, HIGH_SUGAR, CELIAC).assessment.causes
    assert cause.remarks == ()


# The shadow


def test_a_shadow_link_names_nothing_and_is_counted() -> None:
    tried = link("tried", NAMES, "{finding: hyponatremia}", "status: shadow")
    assessment = examine(linked(tried), LOW).assessment
    assert (assessment.causes, assessment.shadow) == ((), ("tried",))
    assert examine(linked(tried)).assessment.shadow == ()


@pytest.mark.parametrize("effect", ["against: 2", "strengthens: 2"])
def test_a_shadow_link_changes_nothing_and_is_counted_once(effect: str) -> None:
    tried = link(
        "tried",
        f"cause: [hyponatremia, uremia]\n{effect}",
        "{finding: hyponatremia}",
        "status: shadow",
    )
    naming = link("names", "cause: hyponatremia\nstrength: moderate", "{finding: hyponatremia}")
    assessment = examine(linked(naming, tried), LOW).assessment
    assert [cause.strength for cause in assessment.causes] == ["moderate"]
    assert assessment.shadow == ("tried",)


def test_a_shadow_link_that_is_suppressed_is_not_counted() -> None:
    tried = link("tried", NAMES, "{finding: hyponatremia}", "status: shadow")
    assert examine(linked(tried, SUGAR), LOW, HIGH_SUGAR).assessment.shadow == ()


def test_a_retired_link_is_not_even_counted() -> None:
    gone = link("gone", NAMES, "{finding: hyponatremia}", "status: retired")
    assessment = examine(linked(gone), LOW).assessment
    assert (assessment.causes, assessment.shadow) == ((), ())


# Evidence of what holds


def test_both_branches_that_hold_are_evidence() -> None:
    either = link("names", NAMES, "{any: [{finding: hyponatremia}, {problem: malabsorption}]}")
    (cause,) = examine(linked(either), LOW, CELIAC).assessment.causes
    assert len(cause.evidence) == 2


def test_a_part_of_a_branch_that_does_not_hold_is_no_evidence() -> None:
    either = link(
        "names",
        NAMES,
        "{any: [{finding: hyponatremia}, {all: [{problem: malabsorption}, {normal: glucose}]}]}",
    )
    (cause,) = examine(linked(either), LOW, CELIAC).assessment.causes
    assert CELIAC not in cause.evidence


def test_more_than_enough_of_at_least_so_many_is_all_evidence() -> None:
    two = link(
        "names",
        NAMES,
        "{at_least: 2, of: [{finding: hyponatremia}, {problem: malabsorption}, "
        "{normal: chloride}]}",
    )
    chloride = result("chloride", "100 mmol/L")
    (cause,) = examine(linked(two), LOW, CELIAC, chloride).assessment.causes
    assert len(cause.evidence) == 3
    assert causes(linked(two), LOW) == []
    assert causes(linked(two), CELIAC) == []


@pytest.mark.parametrize(
    "pieces", [(LOW,), (CELIAC,), (LOW, problem("crohn-disease", active=False))]
)
def test_all_needs_each_of_its_parts(pieces: tuple[Piece, ...]) -> None:
    both = link("names", NAMES, "{all: [{finding: hyponatremia}, {problem: malabsorption}]}")
    assert causes(linked(both), *pieces) == []
    assert causes(linked(both), LOW, CELIAC) == ["hyponatremia"]


def test_some_choice_of_branches_must_lie_in_one_draw() -> None:
    drawn = link(
        "names",
        NAMES,
        "{all: [{finding: hyponatremia}, {any: [{finding: hyperglycemia}, {normal: chloride}]}], "
        "same_draw: 4 h}",
    )
    near, far = ago(hours=2), ago(hours=9)
    sugar = result("glucose", "30 mmol/L", moment=far)
    assert causes(linked(drawn), LOW, sugar) == []
    assert causes(linked(drawn), LOW, sugar, result("chloride", "100 mmol/L", moment=far)) == []
    chloride = result("chloride", "100 mmol/L", moment=near)
    (cause,) = examine(linked(drawn), LOW, sugar, chloride).assessment.causes
    assert {type(piece).__name__ for piece in cause.evidence} == {"Finding", "Normal"}
    assert len(cause.evidence) == 2
