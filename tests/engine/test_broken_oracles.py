"""The comparison can fail: each oracle here has one plausible bug, and random cases find it.

Cases are numbered here, not drawn by hypothesis, so that the oracles all meet the same ones.
"""

# ruff: noqa: ARG002, SLF001 (what breaks a method takes its arguments, and may call it)

from fractions import Fraction
from typing import NamedTuple

import pytest
from msgspec import structs

from service.engine import Engine
from service.knowledge.language import Condition, FindingRule, Link
from service.knowledge.model import Knowledge
from service.record import (
    Assessment,
    Moment,
    Priority,
    Problem,
    Record,
    Result,
    Strength,
    Treatment,
)
from tests.engine.agreement import differences
from tests.engine.oracle import Answer, Evidence, Fired, NamedCause, Near, Oracle
from tests.engine.oracle_quantities import Amount, lies
from tests.engine.oracle_results import Chosen, Graded, Judged, Results, reported
from tests.engine.strategies import numbered_case

CASES, RECORDS_A_CASE = 320, 8

MARKS_OF_READING = {"hemolyzed", "preliminary", "range-only"}
MARKS_OF_ASSESSING = {
    "undated",
    "calculated",
    "interpretation-only",
    "laboratory-range",
    "laboratory-disagrees",
    "older-than-unreadable",
    "conflicting",
    "adult-limits",
    "either-sex",
}


class Assessed(NamedTuple):
    """What the engine made of a record, and what the oracle without a bug does."""

    knowledge: Knowledge
    record: Record
    assessment: Assessment
    answer: Answer


@pytest.fixture(scope="module")
def assessed() -> list[Assessed]:
    found = []
    for number in range(CASES):
        tried = numbered_case(number, RECORDS_A_CASE)
        with Engine(tried.knowledge) as engine:
            found += [
                Assessed(
                    knowledge=tried.knowledge,
                    record=record,
                    assessment=engine.assess(record),
                    answer=Oracle(tried.knowledge, record).answer(),
                )
                for record in tried.records
            ]
    return found


def test_the_engine_agrees_with_the_oracle_without_a_bug(assessed: list[Assessed]) -> None:
    for each in assessed:
        assert differences(each.assessment, each.answer) == []


def test_the_cases_reach_every_part_of_an_answer(assessed: list[Assessed]) -> None:
    """An agreement on empty answers would prove nothing."""
    answers = [each.answer for each in assessed]
    causes = [cause for answer in answers for cause in answer.causes]
    pieces = [piece for cause in causes for piece in cause.evidence]
    assert any(answer.shadow for answer in answers)
    assert any(not answer.causes for answer in answers)
    for part in NamedCause._fields:
        assert any(getattr(cause, part) for cause in causes), part
    assert {cause.strength for cause in causes} == {"weak", "moderate", "strong"}
    assert {cause.priority for cause in causes} == {"low", "medium", "high"}
    effects = {fired.effect for cause in causes for fired in cause.links}
    assert effects == {"supports", "strengthens", "against"}
    assert {piece.kind for piece in pieces} == {"finding", "normal", "problem", "treatment"}
    assert {piece.rank for piece in pieces} == {0, 1, 2, 3}
    assert {
        mark for piece in pieces for mark in piece.marks
    } == MARKS_OF_ASSESSING | MARKS_OF_READING


# ------------------------------------------------------------- bugs in reading results


class LimitsIncludeTheirEnds(Results):
    @staticmethod
    def compare(result: Result, side: str, limit: Fraction | None) -> bool | None:
        side = {"below": "at_or_below", "above": "at_or_above"}.get(side, side)
        return Results.compare(result, side, limit)


class LimitsExcludeTheirEnds(Results):
    @staticmethod
    def compare(result: Result, side: str, limit: Fraction | None) -> bool | None:
        return Results.compare(result, side.removeprefix("at_or_"), limit)


class ComparatorsAreDecoration(Results):
    @staticmethod
    def compare(result: Result, side: str, limit: Fraction | None) -> bool | None:
        return None if limit is None else lies("", reported(result).value, side, limit)


class TheFutureCounts(Results):
    def is_future(self, result: Result) -> bool:
        return False


class NothingIsOutdated(Results):
    def is_outdated(self, result: Result, analyte: str) -> bool:
        return False


class TheOldestCounts(Results):
    def choose(self, analyte: str, results: list[Result]) -> Chosen | None:
        oldest = sorted(results, key=lambda each: each.moment.latest if each.moment else self.now)
        return super().choose(analyte, oldest[:1])


class TheMostHarmlessCounts(Results):
    def least_harmless(self, analyte: str, result: Result) -> tuple[object, ...]:
        key = super().least_harmless(analyte, result)
        return (not key[0], key[5])


class WhatCannotBeReadIsNothing(Results):
    def chosen(self, analyte: str) -> Chosen | None:
        found = super().chosen(analyte)
        return found._replace(clouded=False) if found else None


class OnlyTheFirstUnitOfALimit(Results):
    def in_unit_of_result(
        self, analyte: str, result: Result, alternatives: list[Amount]
    ) -> Fraction | None:
        return super().in_unit_of_result(analyte, result, alternatives[:1])


class RulesHaveNoIntervals(Results):
    def judge_by_rules(self, result: Result, analyte: str, side: str, factor: Fraction) -> Judged:
        return Judged(None, "")


class LaboratoriesHaveNoRanges(Results):
    def judge(self, result: Result, analyte: str, side: str, text: str) -> Judged:
        return super().judge(structs.replace(result, interval=None), analyte, side, text)


class FlagsSayNothing(Results):
    def judge(self, result: Result, analyte: str, side: str, text: str) -> Judged:
        return super().judge(structs.replace(result, interpretation=""), analyte, side, text)


class UnknownAgeIsNewborn(Results):
    def __init__(self, knowledge: Knowledge, record: Record) -> None:
        super().__init__(knowledge, record)
        self.age_days = self.age_days if self.age_known else 0


class UnknownSexIsMale(Results):
    def intervals(self, analyte: str) -> list[tuple[str, str]]:
        male = structs.replace(self.record.patient, sex=self.record.patient.sex or "male")
        as_male = structs.replace(self.record, patient=male)
        return Results(self.knowledge, as_male).intervals(analyte)


class TheMildestGradeCounts(Results):
    def grade(self, result: Result, rule: FindingRule) -> Graded:
        graded = super().grade(result, rule)
        return graded._replace(rank=min(graded.rank, 1))


class DerivedValuesStandForNothing(Results):
    def standing_in(self, analyte: str) -> list[Result]:
        return []


class IndeterminateIsNormal(Results):
    def is_normal(self, analyte: str, result: Result) -> bool | None:
        return super().is_normal(analyte, result) is not False


# ---------------------------------------------------------------- bugs in conditions


class AnyPartIsEnough(Oracle):
    @staticmethod
    def _union(parts: list[Evidence | None], at_least: int) -> Evidence | None:
        return Oracle._union(parts, min(at_least, 1))


class DrawsMayLieApart(Oracle):
    def evidence(
        self, condition: Condition, suppressed: frozenset[str] = frozenset(), *near: Near
    ) -> Evidence | None:
        return super().evidence(structs.replace(condition, same_draw=""), suppressed, *near)


class NothingIsTooOld(Oracle):
    def _is_recent(self, result: Result, distance: str) -> bool:
        return True


class NothingIsTooNew(Oracle):
    def _is_old(self, result: Result, distance: str) -> bool:
        return True


class TheNewestIsTheWorst(Oracle):
    def _worst(self, condition: Condition) -> tuple[Result, Graded] | None:
        return self._shown(condition.finding)


class EveryProblemIsActive(Oracle):
    def _problems(self, condition: Condition) -> list[Problem]:
        both = structs.replace(condition, including=("past", "unconfirmed"))
        return super()._problems(both)


class ProblemsBeganAtAnyTime(Oracle):
    def _began(self, problem: Problem, text: str) -> bool:
        return True


class OnlyOnsetsAreBeginnings(Oracle):
    def _began(self, problem: Problem, text: str) -> bool:
        return super()._began(structs.replace(problem, recorded=None), text)


class EveryMedicineIsTaken(Oracle):
    def _is_taken(self, treatment: Treatment, condition: Condition) -> bool:
        return super()._is_taken(structs.replace(treatment, current=True), condition)


class PlannedMedicinesAreTaken(Oracle):
    def _is_taken(self, treatment: Treatment, condition: Condition) -> bool:
        is_planned = treatment.start and treatment.start.earliest > self.now
        begun = structs.replace(treatment, start=None) if is_planned else treatment
        return super()._is_taken(begun, condition)


class EveryOrderIsAStart(Oracle):
    def _is_begun(self, treatment: Treatment, text: str) -> bool:
        if treatment.start is None or text.startswith("first "):
            return super()._is_begun(treatment, text)
        return text != "unknown" and self._is_around(treatment.start, text)


class EveryRenewalIsAFirstOrder(Oracle):
    def _is_first(self, start: Moment, medicine: str, text: str) -> bool:
        return self._is_around(start, text)


class EveryEndIsAStop(Oracle):
    def _goes_on(self, treatment: Treatment, end: Moment) -> bool:
        return False


class GroupsHaveNoMembers(Oracle):
    def _members(self, name: str) -> set[str]:
        return {name}


class NobodyJerks(Oracle):
    def signs(self) -> list[Problem]:
        return []


# -------------------------------------------------------------------- bugs in causes


class NothingIsSuppressed(Oracle):
    def _suppressed_for(self, cause: str) -> frozenset[str]:
        return frozenset()


class ShadowLinksAct(Oracle):
    def _links(self, status: str) -> list[Link]:
        shadow = super()._links("shadow")
        return super()._links("active") + shadow if status == "active" else shadow


class NothingIsAbsorbed(Oracle):
    def _root(self, cause: str, named: dict[str, NamedCause]) -> str:
        return cause


class NothingIsLowered(Oracle):
    def _link(self, fired: Fired) -> Link:
        return structs.replace(super()._link(fired), against=0)


class CriticalIsNoMatter(Oracle):
    def _priority(self, cause: str, strength: Strength, evidence: Evidence) -> Priority:
        calm = frozenset(piece._replace(critical=False) for piece in evidence)
        return super()._priority(cause, strength, calm)


BROKEN: list[type[Oracle]] = [
    *Oracle.__subclasses__(),
    *(type(each.__name__, (Oracle,), {"RESULTS": each}) for each in Results.__subclasses__()),
]


@pytest.mark.parametrize("evaluator", BROKEN, ids=lambda each: each.__name__)
def test_an_oracle_with_a_bug_does_not_agree_with_the_engine(
    evaluator: type[Oracle], assessed: list[Assessed]
) -> None:
    assert any(
        differences(each.assessment, evaluator(each.knowledge, each.record).answer())
        for each in assessed
    )
