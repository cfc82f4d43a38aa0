"""Why not: an explanation says that a link holds exactly where the engine fired it."""

from collections.abc import Iterator
from fractions import Fraction
from pathlib import Path

from hypothesis import given

from service.engine import Engine
from service.engine.holding import hold
from service.engine.laboratory import Laboratory
from service.engine.linking import Linker
from service.engine.rulebook import Rulebook
from service.engine.situation import Situations
from service.knowledge.loader import load
from service.knowledge.model import Knowledge
from service.record import Criteria, Criterion, Explanation, NearLink, Problem, Record, Result
from tests.engine.small import ago, link, linked, problem, record, result
from tests.engine.strategies import Case, cases, records
from tests.engine.test_oracle_agreement import thorough

RULES = Path(__file__).parents[2] / "rules"
RECORDS_A_CASE = 4

LOW = link("low", "cause: hyponatremia\nstrength: strong", "{finding: hyponatremia}")
PROFOUND = link(
    "profound",
    "cause: hyponatremia\nstrength: strong",
    "{finding: hyponatremia, at_least: profound}",
)
SUGAR = link("sugar", "cause: hyponatremia\nsuppress: hyponatremia", "{finding: hyperglycemia}")


class Fired:
    """The links that the engine itself fires for each cause, whatever is told of them."""

    def __init__(self, knowledge: Knowledge) -> None:
        laboratory = Laboratory(knowledge)
        self._situations = Situations(knowledge, laboratory)
        self._rulebook = Rulebook(knowledge, laboratory)
        self._linker = Linker(self._rulebook.patterns)

    def by_cause(self, of: Record) -> dict[str, set[str]]:
        sitting = self._rulebook.sit(self._situations.of(of))
        holding = hold(self._rulebook, sitting, self._linker.fired(self._rulebook.facts(sitting)))
        return {
            cause: {held.compiled.link.link for held in each}
            for cause, each in holding.by_cause.items()
        }

    def close(self) -> None:
        self._linker.close()


def differences(knowledge: Knowledge, engine: Engine, fired: Fired, of: Record) -> Iterator[str]:
    really = fired.by_cause(of)
    for cause in knowledge.causes:
        (explanation,) = engine.explain(of, cause).explanations
        told = {
            near.link
            for near in explanation.links
            if near.held and not near.shadow and near.effect != "suppresses"
        }
        if told != really.get(cause, set()):
            yield f"{cause}: {sorted(told ^ really.get(cause, set()))}"


def test_links_hold_in_explanations_exactly_where_random_rules_fire(cases_asked_for: int) -> None:
    @thorough(150, cases_asked_for)
    @given(cases(RECORDS_A_CASE))
    def agrees(case: Case) -> None:
        fired = Fired(case.knowledge)
        with Engine(case.knowledge) as engine:
            for each in case.records:
                assert not list(differences(case.knowledge, engine, fired, each))
        fired.close()

    agrees()


def test_links_hold_in_explanations_exactly_where_shipped_rules_fire(cases_asked_for: int) -> None:
    knowledge = load(RULES)
    fired = Fired(knowledge)

    with Engine(knowledge) as engine:

        @thorough(10, cases_asked_for)
        @given(records(knowledge, 2))
        def agrees(case: Case) -> None:
            for each in case.records:
                assert not list(differences(knowledge, engine, fired, each))

        agrees()
    fired.close()


def explained(knowledge: Knowledge, *pieces: Result | Problem, cause: str = "") -> Explanation:
    with Engine(knowledge) as engine:
        found = engine.explain(record(*pieces), cause).explanations
    return next(each for each in found if each.cause == (cause or "hyponatremia"))


def nearest(knowledge: Knowledge, *pieces: Result | Problem) -> NearLink:
    return explained(knowledge, *pieces).links[0]


def leaf(when: Criterion | Criteria) -> Criterion:
    assert isinstance(when, Criterion)
    return when


def test_a_result_within_limits_is_told_with_its_distance() -> None:
    told = leaf(nearest(linked(LOW), result("sodium", "138 mmol/L")).when)
    assert (told.standing, told.why) == ("short", "is not below 135 mmol/L (3 above)")
    assert told.gap == Fraction(3, 135)


def test_the_grade_that_was_reached_is_told_beside_the_one_that_is_needed() -> None:
    told = leaf(nearest(linked(PROFOUND), result("sodium", "126 mmol/L")).when)
    assert told.why == "is not below 125 mmol/L (1 above); it is moderate, and profound is needed"


def test_what_was_not_measured_is_absent() -> None:
    told = leaf(nearest(linked(LOW)).when)
    assert (told.standing, told.name, told.why) == ("absent", "Sodium", "was not measured")


def test_a_result_that_is_too_old_is_told_with_its_age() -> None:
    told = leaf(nearest(linked(LOW), result("sodium", "118 mmol/L", moment=ago(days=20))).when)
    assert told.why == "is too old: 20 d, and the last 14 d count"


def test_a_result_that_leaves_its_side_open_is_undecided() -> None:
    told = leaf(nearest(linked(LOW), result("sodium", "<140 mmol/L")).when)
    assert told.standing == "undecided"
    assert told.why.startswith("may or may not be below 135 mmol/L: its comparator")


def test_a_suppressed_finding_is_told_with_the_rule_that_sets_it_aside() -> None:
    pieces = (result("sodium", "118 mmol/L"), result("glucose", "30 mmol/L"))
    told = leaf(nearest(linked(LOW, SUGAR), *pieces).when)
    assert (told.standing, told.why) == ("suppressed", "does not count, by the rule sugar")


def test_a_problem_that_is_past_is_on_file_but_short() -> None:
    celiac = link("celiac", "cause: hyponatremia\nstrength: weak", "{problem: malabsorption}")
    told = leaf(nearest(linked(celiac), problem("celiac-disease", active=False)).when)
    assert (told.standing, told.why) == ("short", "is no longer active")


def test_what_was_measured_comes_before_what_was_not() -> None:
    other = link("other", "cause: hyponatremia\nstrength: strong", "{finding: hypoglycemia}")
    assert nearest(linked(LOW, other), result("sodium", "144 mmol/L")).link == "low"


def test_without_being_asked_nothing_is_explained() -> None:
    with Engine(linked(LOW)) as engine:
        assert engine.assess(record()).explanations == ()


RAISED = link(
    "raised",
    "cause: hyponatremia\nstrengthens: 1",
    "{all: [{finding: hyponatremia}, {age: under 2 y}]}",
)
WEAK = link("weak", "cause: hyponatremia\nstrength: weak", "{finding: hyponatremia}")
OF_DAY = link(
    "of-day",
    "cause: hyponatremia\nstrengthens: 1",
    "{all: [{finding: hyponatremia}, {problem: malabsorption}]}",
)


def test_what_cannot_change_is_not_offered_as_what_would() -> None:
    assert explained(linked(WEAK, RAISED), result("sodium", "118 mmol/L")).links == ()


def test_what_is_on_file_and_may_change_is_offered() -> None:
    pieces = (result("sodium", "118 mmol/L"), problem("celiac-disease", active=False))
    (near,) = explained(linked(WEAK, RAISED, OF_DAY), *pieces).links
    assert near.link == "of-day"


def test_causes_of_which_nothing_is_on_file_come_last() -> None:
    sugar = link(
        "sugar-and-celiac",
        "cause: hypoglycemia\nstrength: weak",
        "{all: [{finding: hypoglycemia}, {problem: malabsorption}]}",
    )
    both = linked(LOW, sugar)
    pieces = (result("glucose", "4.5 mmol/L"),)
    with Engine(both) as engine:
        order = [each.cause for each in engine.explain(record(*pieces)).explanations]
    assert order.index("hypoglycemia") < order.index("hyponatremia")
