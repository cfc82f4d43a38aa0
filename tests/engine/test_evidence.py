"""Evidence: each piece once, the most telling first."""

import itertools

from service.engine.evidence import gather
from service.record import Evidence, Finding, Normal, Problem, Result
from tests.engine.small import problem, result, treatment


def finding(
    name: str, rank: int = 1, *, critical: bool = False, of: Result | None = None
) -> Finding:
    return Finding(name, "grade", rank, "< 1", of or result("sodium", "1 mmol/L", name), critical)


CRITICAL = finding("z", 1, critical=True)
GRAVE = finding("b", 2)
MILD, MILD_TOO = finding("a"), finding("c")
CELIAC, CROHN = problem("celiac-disease"), problem("crohn-disease")
MEDICINE = treatment("gabapentin")
NORMAL = Normal("vitamin_b12", ">= 200 pg/mL", result("vitamin_b12", "300 pg/mL"))
INNER_ORDER: tuple[Evidence, ...] = (
    CRITICAL,
    GRAVE,
    MILD,
    MILD_TOO,
    CELIAC,
    CROHN,
    MEDICINE,
    NORMAL,
)


def test_findings_come_first_then_problems_treatments_and_normals() -> None:
    assert gather([NORMAL, MEDICINE, CELIAC, MILD]) == (MILD, CELIAC, MEDICINE, NORMAL)


def test_critical_findings_come_before_graver_ones_and_those_before_mild_ones() -> None:
    assert gather([MILD_TOO, MILD, GRAVE, CRITICAL]) == (CRITICAL, GRAVE, MILD, MILD_TOO)


def test_the_order_in_which_evidence_is_found_is_nothing() -> None:
    for some in itertools.permutations(INNER_ORDER, 3):
        assert gather(some) == tuple(piece for piece in INNER_ORDER if piece in some)


def test_a_piece_is_told_once() -> None:
    assert gather([MILD, CELIAC, MILD, CELIAC]) == (MILD, CELIAC)


def test_what_one_source_shows_of_one_thing_is_one_piece() -> None:
    one = result("sodium", "118 mmol/L")
    assert len(gather([finding("low", of=one), finding("low", of=one)])) == 1


def test_two_findings_of_one_source_are_two_pieces() -> None:
    one = result("sodium", "118 mmol/L")
    assert len(gather([finding("low", of=one), finding("lower", of=one)])) == 2


def test_one_problem_recorded_twice_is_two_pieces() -> None:
    twice: list[Problem] = [CELIAC, problem("celiac-disease", "again")]
    assert len(gather(twice)) == 2


def test_nothing_is_no_evidence() -> None:
    assert gather([]) == ()
