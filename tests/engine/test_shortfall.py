"""How far a result is from a limit, in words and as a share of the limit."""

from fractions import Fraction

import pytest

from service.engine.laboratory import Laboratory
from service.engine.shortfall import FAR, Shortfall, excess, shortfall, told
from service.engine.situation import Situations
from service.record import Result
from tests.engine.small import interval, record, result, rules

KNOWLEDGE = rules()
LABORATORY = Laboratory(KNOWLEDGE)
SITUATIONS = Situations(KNOWLEDGE, LABORATORY)


def mildest(finding: str, of: Result, *, beyond: bool = False) -> Shortfall:
    """By the mildest limit of a finding."""
    person = SITUATIONS.of(record(of)).showing.person
    limit, verdict = LABORATORY.verdicts(of, person, finding)[0]
    return (excess if beyond else shortfall)(of, limit, verdict)


@pytest.mark.parametrize(
    ("finding", "of", "why", "gap"),
    [
        (
            "hyponatremia",
            result("sodium", "138 mmol/L"),
            "is not below 135 mmol/L (3 above)",
            Fraction(3, 135),
        ),
        (
            "hyponatremia",
            result("sodium", "135 mmol/L"),
            "is not below 135 mmol/L (it lies just at it)",
            Fraction(0),
        ),
        (
            "hypernatremia",
            result("sodium", "140.25 mmol/L"),
            "is not above 145 mmol/L (4.75 below)",
            Fraction(475, 14500),
        ),
        (
            "hyperglycemia",
            result("glucose", "200 mg/dL"),
            "is not at or above 300 mg/dL (100 below)",
            Fraction(1, 3),
        ),
        ("hyponatremia", result("sodium", "<150 mmol/L"), None, FAR),
        (
            "low-b12",
            result("vitamin_b12", "400 pmol/L", interval=interval("150", "700")),
            "is not below 150 pmol/L of the laboratory's own range (250 above)",
            FAR,
        ),
        ("low-b12", result("vitamin_b12", "", interpretation="H"), None, FAR),
    ],
)
def test_a_result_that_does_not_cross_a_limit_tells_by_how_much(
    finding: str, of: Result, why: str | None, gap: Fraction
) -> None:
    off = mildest(finding, of)
    assert off.gap == gap
    if why is None:
        assert off.why.startswith(("may or may not be", "is not low"))
    else:
        assert off.why == why


def test_a_limit_that_was_converted_is_told_in_both_units() -> None:
    off = mildest("uremic", result("urea", "40 mg/dL"))
    assert off.why == "is not above 20 mmol/L, which is 120.12 mg/dL (80.12 below)"


def test_a_distance_is_told_with_four_digits() -> None:
    off = mildest("hyponatremia", result("sodium", "138.764451 mmol/L"))
    assert off.why == "is not below 135 mmol/L (3.764 above)"


def test_what_ought_to_be_normal_tells_how_far_beyond_it_lies() -> None:
    off = mildest("hyponatremia", result("sodium", "130 mmol/L"), beyond=True)
    assert off == Shortfall("is not normal but below 135 mmol/L (5 below)", Fraction(5, 135))


@pytest.mark.parametrize(
    ("number", "text"),
    [
        (Fraction(3, 20), "0.15"),
        (Fraction(1, 3), "0.3333"),
        (Fraction(120), "120"),
        (Fraction(2, 30000), "0.00006667"),
    ],
)
def test_numbers_are_told_as_people_write_them(number: Fraction, text: str) -> None:
    assert told(number) == text
