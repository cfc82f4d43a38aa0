import pytest
from msgspec import structs

from service.fhir.summary import summary
from service.record import Issue, Tally
from tests.fhir.assessed import KNOWLEDGE, assessment, drug, hyponatremia


def test_what_was_read_and_found_is_told_with_the_moment() -> None:
    assert summary(assessment(hyponatremia(), drug()), KNOWLEDGE) == Issue(
        "information",
        "informational",
        "Judged at 2026-03-05T08:00:00Z. Read 5 observations (3 usable results), 2 conditions "
        "(1 known problem) and 1 medication (1 known treatment). Findings: Hyponatremia, "
        "profound. Possible causes of myoclonus: Hyponatremia (priority high); Gabapentin "
        "(priority low).",
        ("Bundle.entry[0].resource",),
    )


def test_looked_and_found_nothing_is_said() -> None:
    said = summary(assessment(tally=Tally(2, 2)), KNOWLEDGE).text
    assert said.endswith(
        "Read 2 observations (2 usable results), 0 conditions (0 known problems) and "
        "0 medications (0 known treatments). Findings: none. Possible causes of myoclonus: none."
    )


@pytest.mark.parametrize("tally", [Tally(), Tally(observations=7, conditions=1, medications=1)])
def test_that_nothing_could_be_judged_is_not_the_same_as_nothing_found(tally: Tally) -> None:
    assert "Nothing among them could be judged." in summary(assessment(tally=tally), KNOWLEDGE).text


@pytest.mark.parametrize("tally", [Tally(1, 1), Tally(1, 0, 1, 1), Tally(1, 0, 1, 0, 1, 1)])
def test_any_usable_piece_was_judged(tally: Tally) -> None:
    assert "could be judged" not in summary(assessment(tally=tally), KNOWLEDGE).text


def test_a_finding_that_named_no_cause_is_told_once_too() -> None:
    found = assessment(hyponatremia()).findings
    said = summary(structs.replace(assessment(), findings=found + found), KNOWLEDGE).text
    assert "Findings: Hyponatremia, profound. Possible causes of myoclonus: none." in said


def test_a_finding_that_is_only_in_a_causes_evidence_is_told_too() -> None:
    of = structs.replace(assessment(hyponatremia()), findings=())
    assert "Findings: Hyponatremia, profound." in summary(of, KNOWLEDGE).text
