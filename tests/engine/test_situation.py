"""Problems and treatments by the words that conditions use for them."""

import pytest

from service.engine.laboratory import Laboratory
from service.engine.linking import Fact
from service.engine.situation import Situation, Situations
from service.record import Problem, Result, Treatment
from tests.engine.small import ago, day, problem, record, result, rules, treatment


def situation(*pieces: Result | Problem | Treatment) -> Situation:
    return Situations(rules(), Laboratory(rules())).of(record(*pieces))


def facts(*pieces: Result | Problem | Treatment) -> set[Fact]:
    return set(situation(*pieces).facts({"glucose"}))


def test_findings_and_normals_are_facts() -> None:
    stated = facts(result("sodium", "128 mmol/L"), result("glucose", "5 mmol/L"))
    assert stated == {Fact("finding", "hyponatremia", 2), Fact("normal", "glucose")}


def test_a_normal_is_no_fact_where_it_does_not_matter() -> None:
    known = situation(result("sodium", "140 mmol/L"), result("glucose", "5 mmol/L"))
    assert known.showing.normals.keys() == {"sodium", "glucose"}
    assert set(known.facts({"glucose", "potassium"})) == {Fact("normal", "glucose")}


def test_a_problem_is_a_fact_by_its_id_and_by_its_groups() -> None:
    assert facts(problem("celiac-disease")) == {
        Fact("problem", "celiac-disease"),
        Fact("problem", "malabsorption"),
    }


@pytest.mark.parametrize("words", [{"active": False}, {"confirmed": False}])
def test_a_past_or_unconfirmed_problem_is_no_fact_and_still_known(words: dict[str, bool]) -> None:
    known = situation(problem("celiac-disease", **words))
    assert not set(known.facts(set()))
    assert known.problems.keys() == {"celiac-disease", "malabsorption"}


def test_one_active_problem_among_past_ones_is_a_fact() -> None:
    past = problem("crohn-disease", active=False)
    assert facts(past, problem("celiac-disease")) == facts(problem("celiac-disease"))


def test_a_treatment_is_a_fact_by_its_id_and_by_its_groups() -> None:
    assert facts(treatment("gabapentin")) == {
        Fact("treatment", "gabapentin"),
        Fact("treatment", "gabapentinoids"),
    }


def test_a_medicine_lingers_after_its_end_as_long_as_the_rules_say() -> None:
    """Three days for gabapentin, none for pregabalin."""
    assert facts(treatment("gabapentin", current=False, end=ago(days=2)))
    assert facts(treatment("gabapentin", current=False, end=day(3)))
    assert not facts(treatment("gabapentin", current=False, end=ago(days=4)))
    assert not facts(treatment("pregabalin", current=False, end=ago(hours=1)))


def test_a_medicine_that_was_stopped_at_an_unknown_time_is_not_taken() -> None:
    assert not facts(treatment("gabapentin", current=False))


def test_a_medicine_that_is_over_without_an_end_lingers_after_its_start() -> None:
    assert facts(treatment("gabapentin", current=False, start=ago(days=2)))
    assert not facts(treatment("gabapentin", current=False, start=ago(days=4)))
    assert not facts(treatment("gabapentin", current=False, start=ago(days=2), end=ago(days=4)))


def test_a_planned_medicine_is_not_taken_and_not_known() -> None:
    planned = treatment("gabapentin", start=ago(days=-2))
    assert not facts(planned)
    assert not situation(planned).treatments


def test_a_medicine_that_begins_today_is_taken() -> None:
    assert facts(treatment("gabapentin", start=day(0)))


def test_a_documented_sign_is_known_with_its_moment() -> None:
    known = situation(problem("myoclonus", onset=ago(days=3), recorded=ago(days=1)))
    assert [sign.problem for sign in known.sign] == ["myoclonus"]
    assert known.signs == (ago(days=3),)


def test_a_sign_without_onset_is_dated_by_when_it_was_recorded() -> None:
    assert situation(problem("myoclonus", recorded=ago(days=1))).signs == (ago(days=1),)


def test_a_sign_without_any_time_is_known_and_has_no_moment() -> None:
    known = situation(problem("myoclonus"))
    assert (len(known.sign), known.signs) == (1, ())


def test_the_moment_of_a_sign_that_lies_ahead_is_no_anchor() -> None:
    assert situation(problem("myoclonus", onset=ago(days=-1))).signs == ()


@pytest.mark.parametrize("words", [{"active": False}, {"confirmed": False}])
def test_a_past_or_unconfirmed_sign_is_none(words: dict[str, bool]) -> None:
    known = situation(problem("myoclonus", onset=ago(days=3), **words))
    assert (known.sign, known.signs) == ((), ())


def test_a_problem_that_is_no_sign_is_none() -> None:
    assert situation(problem("celiac-disease", onset=ago(days=3))).sign == ()
