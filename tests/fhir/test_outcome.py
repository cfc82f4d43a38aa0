import json
from itertools import permutations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from service.fhir.outcome import arranged, outcome, place, write_outcome
from service.record import Issue, Severity
from tests.fhir_validity import assert_valid_outcome

LATE = Issue("warning", "value", "The unit is not known.", ("Bundle.entry[10].resource.value",))
EARLY = Issue("warning", "value", "The unit is not known.", ("Bundle.entry[9].resource.value",))
BROKEN = Issue("error", "structure", "This is no date.", ("Bundle.entry[30].resource",))
TOLD = Issue("information", "informational", "Outdated.")


def test_an_issue_is_written_with_its_text_and_expressions() -> None:
    assert outcome([LATE, TOLD]) == {
        "resourceType": "OperationOutcome",
        "issue": [
            {
                "severity": "warning",
                "code": "value",
                "details": {"text": "The unit is not known."},
                "expression": ["Bundle.entry[10].resource.value"],
            },
            {"severity": "information", "code": "informational", "details": {"text": "Outdated."}},
        ],
    }


def test_no_issue_at_all_is_said_in_an_issue() -> None:
    written = assert_valid_outcome(write_outcome([]))
    assert written["issue"] == [
        {
            "severity": "information",
            "code": "informational",
            "details": {"text": "Nothing to report."},
        }
    ]


def test_the_gravest_come_first_and_what_says_the_same_is_said_once() -> None:
    assert arranged([TOLD, LATE, EARLY, LATE, BROKEN]) == [
        BROKEN,
        Issue("warning", "value", EARLY.text, EARLY.expression + LATE.expression),
        TOLD,
    ]


@pytest.mark.parametrize(
    "other",
    [
        Issue("error", LATE.code, LATE.text, EARLY.expression),
        Issue(LATE.severity, "code-invalid", LATE.text, EARLY.expression),
        Issue(LATE.severity, LATE.code, "Another text.", EARLY.expression),
    ],
)
def test_what_differs_in_anything_but_its_place_stays_apart(other: Issue) -> None:
    assert len(arranged([LATE, other])) == 2


def test_the_order_in_which_issues_come_does_not_matter() -> None:
    orders = {write_outcome(order) for order in permutations([LATE, EARLY, BROKEN, TOLD])}
    assert len(orders) == 1


def test_the_tenth_entry_comes_after_the_ninth() -> None:
    expressions = ["Bundle.entry[10]", "Bundle.entry[9].resource", "Bundle.entry[9]", "Bundle"]
    assert sorted(expressions, key=place) == [
        "Bundle",
        "Bundle.entry[9]",
        "Bundle.entry[9].resource",
        "Bundle.entry[10]",
    ]


@given(
    st.lists(
        st.builds(
            Issue,
            severity=st.sampled_from(["error", "warning", "information"]),
            code=st.sampled_from(["value", "structure"]),
            text=st.text(min_size=1).filter(str.strip),
            expression=st.lists(
                st.from_regex(r"Bundle\.entry\[[0-9]{1,5}\]", fullmatch=True), max_size=3
            ).map(tuple),
        ),
        max_size=6,
    )
)
def test_whatever_the_issues_are_the_outcome_is_valid_and_loses_none(issues: list[Issue]) -> None:
    written = assert_valid_outcome(write_outcome(issues))
    severities: set[Severity] = {issue.severity for issue in issues}
    assert severities == {one["severity"] for one in written["issue"]} or not issues
    pointed = {one for issue in issues for one in issue.expression}
    assert pointed == {one for issue in written["issue"] for one in issue.get("expression", [])}
    assert json.dumps(written)
