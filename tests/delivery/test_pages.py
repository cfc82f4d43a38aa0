"""Answers that are not what was asked for are refused in words that repeat nothing of them."""

import pytest
from msgspec import Raw

from service.delivery.pages import Entry, outcome_codes, searchable
from service.delivery.pages import head as head_of
from service.fhir.issues import Refused
from tests.delivery.called import Servers, refused
from tests.delivery.fhir_server import MARK, PATIENT, capability


@pytest.mark.parametrize(
    ("behavior", "said"),
    [
        ("cut-json", "no FHIR Bundle"),
        ("no-json", "no FHIR Bundle"),
        ("no-utf-8", "no FHIR Bundle"),
        ("deep", "no FHIR Bundle"),
        ("no-object", "no FHIR Bundle"),
        ("patient-instead", "no FHIR Bundle"),
        ("elements-of-wrong-types", "no FHIR Bundle"),
        ("outcome-instead", "no Bundle but an OperationOutcome (forbidden)"),
        ("collection-instead", "no searchset"),
        ("entry-without-resource", "holds no resource"),
        ("entry-without-type", "holds no readable resource"),
        ("other-resources", "a resource of another type"),
        ("says-nothing-readable", "can not be read"),
        ("no-metadata", "/metadata"),
        ("metadata-otherwise", "no CapabilityStatement"),
        ("no-observations", "does not let clients search for Observation"),
    ],
)
def test_an_answer_of_the_wrong_kind_is_refused_in_words(
    servers: Servers, behavior: str, said: str
) -> None:
    issue = refused(servers.run(behavior))

    assert said in issue.text
    assert PATIENT not in issue.text
    assert MARK not in issue.text


@pytest.mark.parametrize(
    ("behavior", "severity", "code"),
    [
        ("warns", "warning", "not-supported"),
        ("warns-unasked", "information", "informational"),
        ("says-unknown-code", "warning", "processing"),
    ],
)
def test_what_the_server_says_of_its_search_is_told(
    servers: Servers, behavior: str, severity: str, code: str
) -> None:
    fetched = servers.run(behavior).fetch()

    (issue,) = fetched.issues
    assert (issue.severity, issue.code) == (severity, code)
    assert "Observation" in issue.text
    assert MARK not in issue.text
    assert b"OperationOutcome" not in fetched.body


@pytest.mark.parametrize(
    ("behavior", "code"),
    [
        ("says-failed", "exception"),
        ("says-fatal-unasked", "timeout"),
        ("says-strangely", "process"),
    ],
)
def test_a_search_that_the_server_says_failed_is_not_judged(
    servers: Servers, behavior: str, code: str
) -> None:
    issue = refused(servers.run(behavior))

    assert issue.code.startswith(code)
    assert "failed" in issue.text
    assert MARK not in issue.text


def test_a_type_whose_interactions_are_not_told_is_searched() -> None:
    assert "Observation" in searchable(capability(Observation={"interaction": None}).body)


def test_a_type_that_can_only_be_read_is_not_searched() -> None:
    only_read = capability(Observation={"interaction": [{"code": "read"}]})

    assert "Observation" not in searchable(only_read.body)


@pytest.mark.parametrize(
    ("said", "asked"),
    [(None, True), ([], False), (["*"], True), (["MedicationRequest:medication"], True)],
)
def test_an_include_is_asked_for_unless_the_server_names_others(
    said: list[str] | None, *, asked: bool
) -> None:
    offered = searchable(capability(MedicationRequest={"searchInclude": said}).body)

    assert offered["MedicationRequest"].includes("MedicationRequest:medication") is asked


def test_an_error_without_an_outcome_is_told_without_one() -> None:
    assert outcome_codes(b"no json") == ""
    assert outcome_codes(b'{"resourceType": "OperationOutcome"}') == "an OperationOutcome"


@pytest.mark.parametrize("resource", [b"7", b"[]", b"{}", b'{"resourceType": 7}', b"null"])
def test_an_entry_needs_a_resource(resource: bytes) -> None:
    with pytest.raises(Refused):
        head_of(Entry(resource=Raw(resource)), "Observation")
