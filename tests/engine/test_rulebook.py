"""Links, compiled: every leaf numbered once, every alternative a conjunction for durable-rules."""

import pytest

from service.engine.conditions import Answer
from service.engine.conjunctions import TooComplexError
from service.engine.laboratory import Laboratory
from service.engine.linking import Fact, Pattern
from service.engine.rulebook import Rulebook
from service.engine.situation import Situation, Situations
from service.knowledge.model import Knowledge
from service.record import Problem, Result, Treatment
from tests.engine.small import link, linked, problem, record, result, treatment

NAMES = "cause: hyponatremia\nstrength: strong"
HELD = "{finding: hyponatremia}"


def book(knowledge: Knowledge) -> Rulebook:
    return Rulebook(knowledge, Laboratory(knowledge))


def stated(knowledge: Knowledge, *pieces: Result | Problem | Treatment) -> list[Fact]:
    compiled = book(knowledge)
    situation = Situations(knowledge, Laboratory(knowledge)).of(record(*pieces))
    return compiled.facts(compiled.sit(situation))


def test_a_leaf_that_two_links_share_is_numbered_once() -> None:
    knowledge = linked(
        link("l1", NAMES, "{all: [{finding: hyponatremia}, {problem: malabsorption}]}"),
        link("l2", NAMES, "{all: [{problem: malabsorption}, {finding: hyponatremia}]}"),
    )
    one, other = book(knowledge).links
    assert set(one.alternatives[0]) == set(other.alternatives[0]) == {0, 1}


def test_each_alternative_is_a_conjunction_with_its_owner() -> None:
    knowledge = linked(
        link("l1", NAMES, HELD),
        link("l2", NAMES, "{any: [{problem: malabsorption}, {normal: sodium}]}"),
    )
    compiled = book(knowledge)
    assert compiled.patterns == [
        [Pattern("finding", "hyponatremia", 1)],
        [Pattern("problem", "malabsorption")],
        [Pattern("normal", "sodium")],
    ]
    assert [owner.link.link for owner, _ in compiled.owners] == ["l1", "l2", "l2"]


def test_retired_links_are_not_compiled_and_shadow_ones_are() -> None:
    knowledge = linked(
        link("gone", NAMES, HELD, "status: retired"),
        link("tried", NAMES, HELD, "status: shadow"),
    )
    assert [compiled.link.link for compiled in book(knowledge).links] == ["tried"]


def test_what_a_link_does_is_its_effect() -> None:
    knowledge = linked(
        link("a", NAMES, HELD),
        link("b", "cause: hyponatremia\nagainst: 1", HELD),
        link("c", "cause: hyponatremia\nstrengthens: 1", HELD),
        link("d", "suppress: hyponatremia", HELD),
    )
    effects = [compiled.effect for compiled in book(knowledge).links]
    assert effects == ["supports", "against", "strengthens", None]


def test_a_link_that_is_too_complex_is_named() -> None:
    many = ", ".join(f"{{finding: hyponatremia, within: {i} h}}" for i in range(1, 18))
    with pytest.raises(TooComplexError, match="link wide joins 17 conditions"):
        book(linked(link("wide", NAMES, f"{{all: [{many}]}}")))


AGED = linked(
    link("aged", NAMES, "{all: [{finding: hyponatremia}, {age: 18 y and over}]}"),
    link("recent", NAMES, "{treatment: gabapentin, within: 30 d}"),
    link(
        "drawn",
        NAMES,
        "{all: [{finding: hyponatremia}, {finding: hyperglycemia}], same_draw: 24 h}",
    ),
    link(
        "remarked", NAMES, HELD, "remarks:\n  - {when: {not_measured: glucose}, say: No glucose.}"
    ),
)


def test_durable_rules_is_told_of_judged_conditions_that_hold() -> None:
    assert {fact.kind for fact in stated(AGED, treatment("gabapentin"))} == {
        "treatment",
        "condition",
    }
    kinds = [fact.kind for fact in stated(AGED, treatment("gabapentin"))]
    assert kinds.count("condition") == 2


def test_it_is_not_told_of_those_that_do_not_hold() -> None:
    (judged,) = (fact for fact in stated(AGED) if fact.kind == "condition")
    with_low = stated(AGED, result("sodium", "118 mmol/L"))
    assert [fact for fact in with_low if fact.kind == "condition"] == [judged]


def test_a_draw_that_holds_is_told() -> None:
    low, high = result("sodium", "118 mmol/L"), result("glucose", "30 mmol/L")
    kinds = [fact.kind for fact in stated(AGED, low, high)]
    assert kinds.count("condition") == 2


def test_conditions_of_remarks_alone_are_not_facts() -> None:
    """The one condition of an empty record is its age: glucose that is missing is not told."""
    assert len(stated(AGED)) == 1


def test_facts_are_identifiers_and_small_integers_only() -> None:
    for fact in stated(AGED, result("sodium", "118 mmol/L"), problem("celiac-disease")):
        assert fact.kind in {"finding", "problem", "condition"}
        assert fact.of.replace("-", "").isalnum()
        assert fact.grade in {0, 3}


def test_a_question_is_asked_of_a_situation_at_most_once() -> None:
    compiled = book(AGED)
    asked: list[Situation] = []
    question = compiled.questions[0]

    def counting(situation: Situation) -> Answer:
        asked.append(situation)
        return question(situation)

    compiled.questions[0] = counting
    sitting = compiled.sit(Situations(AGED, Laboratory(AGED)).of(record()))
    assert sitting[0] == sitting[0]
    assert len(asked) == 1
