"""The engine against the oracle: random rules and the shipped ones, with random records."""

from pathlib import Path

from hypothesis import HealthCheck, Phase, given, settings

from service.engine import Engine
from service.knowledge.loader import load
from tests.engine.agreement import differences, in_words
from tests.engine.oracle import Oracle
from tests.engine.strategies import Case, cases, records

RULES = Path(__file__).parents[2] / "rules"
RECORDS_A_CASE = 8
RANDOM_CASES, SHIPPED_CASES = 200, 100


def thorough(usual: int, asked_for: int) -> settings:
    """So many examples of several records: the same on every run, fresh ones where asked for."""
    return settings(
        max_examples=max(1, asked_for // RECORDS_A_CASE) if asked_for else usual,
        derandomize=not asked_for,
        deadline=None,
        database=None,
        phases=(Phase.generate, Phase.shrink),
        suppress_health_check=list(HealthCheck),
    )


def disagreement(case: Case, engine: Engine, evaluator: type[Oracle] = Oracle) -> str:
    """The first record of a case on which the engine differs from an evaluator, in words."""
    for record in case.records:
        answer = evaluator(case.knowledge, record).answer()
        if found := differences(engine.assess(record), answer):
            return in_words(case.documents, record, found)
    return ""


def test_the_engine_agrees_with_the_oracle_on_random_rules(cases_asked_for: int) -> None:
    @thorough(RANDOM_CASES, cases_asked_for)
    @given(cases(RECORDS_A_CASE))
    def agrees(case: Case) -> None:
        with Engine(case.knowledge) as engine:
            words = disagreement(case, engine)
        assert not words, words

    agrees()


def test_the_engine_agrees_with_the_oracle_on_the_shipped_rules(cases_asked_for: int) -> None:
    knowledge = load(RULES)

    with Engine(knowledge) as engine:

        @thorough(SHIPPED_CASES, cases_asked_for)
        @given(records(knowledge, RECORDS_A_CASE))
        def agrees(case: Case) -> None:
            words = disagreement(case, engine)
            assert not words, words

        agrees()
