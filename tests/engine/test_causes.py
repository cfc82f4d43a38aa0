"""How strongly and how pressingly a cause is named, and what is told within another."""

import pytest

from service.engine import Engine
from service.knowledge.model import Knowledge
from service.record import Assessment, Problem, Result, Treatment
from tests.engine.small import ago, link, linked, problem, record, result

LOW = result("sodium", "118 mmol/L")
MILD = result("sodium", "133 mmol/L")
CELIAC = problem("celiac-disease")
SIGN = problem("myoclonus")
B12 = result("vitamin_b12", "120 pg/mL")


def assess(knowledge: Knowledge, *pieces: Result | Problem | Treatment) -> Assessment:
    with Engine(knowledge) as engine:
        return engine.assess(record(*pieces))


def of(name: str, effect: str, when: str, more: str = "", cause: str = "hyponatremia") -> str:
    return link(name, f"cause: {cause}\n{effect}", when, more)


IF_LOW, IF_CELIAC = "{finding: hyponatremia}", "{problem: celiac-disease}"


def strength(*links: str) -> str | None:
    """What the cause's strength is for mild hyponatremia and celiac disease."""
    causes = assess(linked(*links), MILD, CELIAC).causes
    return causes[0].strength if causes else None


# Strength


@pytest.mark.parametrize("named", ["weak", "moderate", "strong"])
def test_a_link_names_its_cause_as_strongly_as_it_says(named: str) -> None:
    assert strength(of("a", f"strength: {named}", IF_LOW)) == named


def test_of_several_links_the_strongest_names_it_and_they_do_not_add_up() -> None:
    weak = of("a", "strength: weak", IF_LOW)
    assert strength(weak, of("b", "strength: moderate", IF_CELIAC)) == "moderate"
    assert strength(weak, of("b", "strength: weak", IF_CELIAC)) == "weak"


def test_a_link_may_raise_a_cause_by_steps() -> None:
    weak = of("a", "strength: weak", IF_LOW)
    assert strength(weak, of("b", "strengthens: 1", IF_CELIAC)) == "moderate"
    assert strength(weak, of("b", "strengthens: 2", IF_CELIAC)) == "strong"
    assert strength(weak, of("b", "strengthens: 9", IF_CELIAC)) == "strong"


def test_a_link_may_lower_a_cause_by_steps_but_never_away() -> None:
    strong = of("a", "strength: strong", IF_LOW)
    assert strength(strong, of("b", "against: 1", IF_CELIAC)) == "moderate"
    assert strength(strong, of("b", "against: 9", IF_CELIAC)) == "weak"


def test_steps_up_and_down_are_added_before_they_are_bounded() -> None:
    strong = of("a", "strength: strong", IF_LOW)
    up, down = of("b", "strengthens: 1", IF_CELIAC), of("c", "against: 1", IF_CELIAC)
    assert strength(strong, up, down) == "strong"


def test_a_link_that_does_not_hold_changes_nothing() -> None:
    moderate = of("a", "strength: moderate", IF_LOW)
    for effect in ("strengthens: 1", "against: 1", "strength: strong"):
        assert strength(moderate, of("b", effect, "{problem: crohn-disease}")) == "moderate"


@pytest.mark.parametrize("effect", ["strengthens: 2", "against: 1"])
def test_what_only_raises_or_lowers_names_nothing(effect: str) -> None:
    assert strength(of("a", effect, IF_LOW)) is None


def test_a_strength_stops_at_the_ceiling_of_its_cause() -> None:
    """Vitamin B12 deficiency stops at moderate in these rules."""
    named = of("a", "strength: strong", "{finding: low-b12}", cause="b12-deficiency")
    raised = of("b", "strengthens: 2", "{finding: low-b12}", cause="b12-deficiency")
    for links in ((named,), (named, raised)):
        (cause,) = assess(linked(*links), B12).causes
        assert cause.strength == "moderate"


def test_the_ceiling_comes_after_the_steps() -> None:
    named = of("a", "strength: strong", "{finding: low-b12}", cause="b12-deficiency")
    lowered = of("b", "against: 1", IF_CELIAC, cause="b12-deficiency")
    (cause,) = assess(linked(named, lowered), B12, CELIAC).causes
    assert cause.strength == "moderate"


def test_a_link_about_several_causes_lowers_each() -> None:
    knowledge = linked(
        of("a", "strength: strong", IF_LOW),
        of("b", "strength: strong", IF_LOW, cause="uremia"),
        of("c", "against: 1", IF_CELIAC, cause="[hyponatremia, uremia]"),
    )
    assert {cause.strength for cause in assess(knowledge, LOW, CELIAC).causes} == {"moderate"}


# Priority


@pytest.mark.parametrize(
    ("named", "without", "with_sign"),
    [("strong", "medium", "high"), ("moderate", "low", "medium"), ("weak", "low", "low")],
)
def test_a_sign_raises_the_priority_of_all_but_weak_causes(
    named: str, without: str, with_sign: str
) -> None:
    knowledge = linked(of("a", f"strength: {named}", IF_LOW))
    (cause,) = assess(knowledge, MILD).causes
    assert (cause.priority, cause.sign) == (without, ())
    (cause,) = assess(knowledge, MILD, SIGN).causes
    assert (cause.priority, cause.sign) == (with_sign, (SIGN,))


@pytest.mark.parametrize("words", [{"active": False}, {"confirmed": False}])
def test_a_sign_that_is_past_or_unconfirmed_raises_nothing(words: dict[str, bool]) -> None:
    knowledge = linked(of("a", "strength: strong", IF_LOW))
    (cause,) = assess(knowledge, MILD, problem("myoclonus", **words)).causes
    assert (cause.priority, cause.sign) == ("medium", ())


def test_a_critical_finding_makes_even_a_weak_cause_high() -> None:
    knowledge = linked(of("a", "strength: weak", IF_LOW))
    (cause,) = assess(knowledge, LOW).causes
    assert (cause.strength, cause.priority) == ("weak", "high")


def test_a_critical_finding_that_strengthens_makes_it_high() -> None:
    knowledge = linked(of("a", "strength: weak", IF_CELIAC), of("b", "strengthens: 1", IF_LOW))
    assert assess(knowledge, LOW, CELIAC).causes[0].priority == "high"


def test_a_critical_finding_that_speaks_against_does_not() -> None:
    knowledge = linked(of("a", "strength: weak", IF_CELIAC), of("b", "against: 1", IF_LOW))
    assert assess(knowledge, LOW, CELIAC).causes[0].priority == "low"


def test_a_critical_finding_of_another_cause_does_not() -> None:
    knowledge = linked(
        of("a", "strength: weak", IF_CELIAC), of("b", "strength: weak", IF_LOW, cause="uremia")
    )
    priorities = {cause.cause: cause.priority for cause in assess(knowledge, LOW, CELIAC).causes}
    assert priorities == {"hyponatremia": "low", "uremia": "high"}


def test_a_cause_that_only_explains_a_dangerous_value_does_not_heed_it() -> None:
    explains = """
cause: explains
name: Explains
kind: other
mechanism: m
evidence: supported
references: []
confirm: []
heeds_critical: "false"
"""
    knowledge = linked(explains.strip(), of("a", "strength: weak", IF_LOW, cause="explains"))
    assert assess(knowledge, LOW).causes[0].priority == "low"


# Told within another


SUBSUMED = "subsumed_by: hyponatremia"
ROOT = of("root", "strength: weak", IF_LOW)


def told(*links: str) -> dict[str, tuple[str, ...]]:
    causes = assess(linked(*links), LOW, CELIAC, B12).causes
    return {cause.cause: cause.absorbed for cause in causes}


def test_a_cause_is_told_within_another_that_is_named() -> None:
    knowledge = linked(ROOT, of("a", "strength: strong", IF_CELIAC, SUBSUMED, cause="uremia"))
    assessment = assess(knowledge, LOW, CELIAC)
    (cause,) = assessment.causes
    assert (cause.cause, cause.absorbed) == ("hyponatremia", ("uremia",))
    assert [fired.link for fired in cause.links] == ["root", "a"]
    assert CELIAC in cause.evidence
    assert assessment.issues[-1].text == "Uremia: told within Hyponatremia, its likely origin"


def test_a_cause_stands_alone_where_the_other_is_not_named() -> None:
    assert told(of("a", "strength: strong", IF_CELIAC, SUBSUMED, cause="uremia")) == {"uremia": ()}


def test_a_cause_stands_alone_where_one_of_its_links_does_not_let_it_go() -> None:
    a = of("a", "strength: strong", IF_CELIAC, SUBSUMED, cause="uremia")
    b = of("b", "strength: weak", IF_LOW, cause="uremia")
    assert told(ROOT, a, b) == {"hyponatremia": (), "uremia": ()}


def test_links_that_raise_it_have_no_say() -> None:
    a = of("a", "strength: weak", IF_CELIAC, SUBSUMED, cause="uremia")
    b = of("b", "strengthens: 1", IF_LOW, cause="uremia")
    assert told(ROOT, a, b) == {"hyponatremia": ("uremia",)}


def test_a_cause_is_told_within_the_last_of_a_chain() -> None:
    a = of("a", "strength: strong", IF_CELIAC, SUBSUMED, cause="uremia")
    b = of("b", "strength: strong", IF_CELIAC, "subsumed_by: uremia", cause="b12-deficiency")
    assert told(ROOT, a, b) == {"hyponatremia": ("b12-deficiency", "uremia")}


def test_of_two_others_the_one_of_its_strongest_link_tells_it() -> None:
    other = of("other", "strength: weak", IF_LOW, cause="uremia")
    a = of("a", "strength: weak", IF_CELIAC, "subsumed_by: uremia", cause="b12-deficiency")
    b = of("b", "strength: strong", IF_CELIAC, SUBSUMED, cause="b12-deficiency")
    assert told(ROOT, other, a, b) == {"hyponatremia": ("b12-deficiency",), "uremia": ()}


def test_causes_that_would_be_told_within_each_other_both_stand() -> None:
    a = of("a", "strength: weak", IF_LOW, "subsumed_by: uremia")
    b = of("b", "strength: weak", IF_LOW, SUBSUMED, cause="uremia")
    assert told(a, b) == {"hyponatremia": (), "uremia": ()}


def test_what_leads_into_such_a_circle_is_told_within_the_first_of_it() -> None:
    a = of("a", "strength: weak", IF_LOW, "subsumed_by: uremia")
    b = of("b", "strength: weak", IF_LOW, SUBSUMED, cause="uremia")
    c = of("c", "strength: weak", IF_LOW, SUBSUMED, cause="b12-deficiency")
    assert told(a, b, c) == {"hyponatremia": ("b12-deficiency",), "uremia": ()}


def test_a_cause_cannot_be_told_within_itself() -> None:
    assert told(of("a", "strength: weak", IF_LOW, SUBSUMED)) == {"hyponatremia": ()}


def test_it_lends_its_priority_and_not_its_strength() -> None:
    a = of("a", "strength: strong", IF_CELIAC, SUBSUMED, cause="uremia")
    root = of("root", "strength: weak", "{finding: hyponatremia, within: 9 h}")
    (cause,) = assess(linked(root, a), MILD, CELIAC, SIGN).causes
    assert (cause.strength, cause.priority) == ("weak", "high")


def test_a_link_about_both_is_told_once() -> None:
    a = of("a", "strength: strong", IF_CELIAC, SUBSUMED, cause="uremia")
    both = of("b", "against: 1", IF_CELIAC, cause="[hyponatremia, uremia]")
    (cause,) = assess(linked(ROOT, a, both), LOW, CELIAC).causes
    assert [fired.link for fired in cause.links] == ["root", "b", "a"]


def test_what_is_outdated_names_nothing() -> None:
    old = result("sodium", "118 mmol/L", moment=ago(days=30))
    assert assess(linked(ROOT), old).causes == ()
