from typing import Any

import pytest

from service.fhir.issues import Issues
from service.fhir.request import unpack
from tests.fhir.sent import bundle, entry, observation, patient, sent

EVALUATED = [
    "collection",
    "searchset",
    "batch",
    "transaction",
    "message",
    "document",
    "history",
    "subscription-notification",
]


def _read(whole: dict[str, Any]) -> tuple[list[str], Issues]:
    issues = Issues()
    entries = unpack(sent(whole), 100, 64, issues).entries
    return [one.expression for one in entries if one.resource], issues


@pytest.mark.parametrize("kind", EVALUATED)
def test_a_bundle_of_any_usual_type_is_read_without_a_word(kind: str) -> None:
    found, issues = _read(bundle(patient(), observation(), kind=kind))
    assert found == ["Bundle.entry[0].resource", "Bundle.entry[1].resource"]
    assert issues.told() == ()


@pytest.mark.parametrize(
    ("kind", "code"),
    [
        ("batch-response", "business-rule"),
        ("transaction-response", "business-rule"),
        ("Collection", "code-invalid"),
        ("", "required"),
        (None, "required"),
    ],
)
def test_a_bundle_of_another_type_or_none_is_read_with_a_warning(
    kind: str | None, code: str
) -> None:
    whole = {**bundle(patient()), "type": kind}
    found, issues = _read(whole)
    assert found == ["Bundle.entry[0].resource"]
    assert [(issue.severity, issue.code) for issue in issues.told()] == [("warning", code)]


def test_the_next_page_of_a_search_that_was_not_sent_is_told() -> None:
    link = [{"relation": "self"}, {"relation": "next", "url": "https://e.example?page=2"}]
    _, issues = _read({**bundle(patient(), kind="searchset"), "link": link})
    (issue,) = issues.told()
    assert (issue.code, issue.expression) == ("incomplete", ("Bundle.link[1]",))


@pytest.mark.parametrize("broken", [[], ["no entry"]])
def test_what_r5_says_of_a_bundle_itself_is_not_passed_over(broken: list[str]) -> None:
    said = {"resourceType": "OperationOutcome", "issue": [{"severity": "warning"}]}
    whole = bundle(patient()) | {"issues": said}
    whole["entry"] += broken
    found, issues = _read(whole)
    assert found == ["Bundle.entry[0].resource"]
    told = [one for one in issues.told() if one.code == "incomplete"]
    assert [(one.severity, one.expression) for one in told] == [("warning", ("Bundle.issues",))]


def test_how_a_search_went_is_not_data() -> None:
    outcome = {"resource": {"resourceType": "OperationOutcome"}, "search": {"mode": "outcome"}}
    included = {"resource": patient(), "search": {"mode": "include"}}
    found, issues = _read(bundle(outcome, included, kind="searchset"))
    assert found == ["Bundle.entry[1].resource"]
    assert [issue.expression for issue in issues.told()] == [("Bundle.entry[0]",)]


@pytest.mark.parametrize("kind", ["batch", "transaction"])
@pytest.mark.parametrize("method", ["DELETE", "GET", "HEAD", "PATCH", "delete"])
def test_requests_that_carry_no_data_are_told_and_passed_over(kind: str, method: str) -> None:
    request = {"request": {"method": method, "url": "Patient/ann"}, "resource": patient()}
    found, issues = _read(bundle(request, observation(), kind=kind))
    assert found == ["Bundle.entry[1].resource"]
    assert [issue.expression for issue in issues.told()] == [("Bundle.entry[0].request",)]


@pytest.mark.parametrize("kind", ["batch", "transaction"])
@pytest.mark.parametrize("method", ["POST", "PUT", "post"])
def test_what_a_write_carries_is_read(kind: str, method: str) -> None:
    request = {"request": {"method": method, "url": "Patient"}, "resource": patient()}
    found, issues = _read(bundle(request, kind=kind))
    assert (found, issues.told()) == (["Bundle.entry[0].resource"], ())


@pytest.mark.parametrize("empty", [{}, {"fullUrl": "urn:x"}, {"resource": None}])
def test_an_entry_without_a_resource_is_told(empty: dict[str, Any]) -> None:
    whole = {
        "resourceType": "Bundle",
        "type": "collection",
        "entry": [empty, {"resource": patient()}],
    }
    found, issues = _read(whole)
    assert found == ["Bundle.entry[1].resource"]
    assert [issue.expression for issue in issues.told()] == [("Bundle.entry[0]",)]


def test_a_bundle_inside_of_a_bundle_is_read_where_it_is() -> None:
    inner = bundle(entry("urn:uuid:2", observation()), kind="searchset")
    found, _ = _read(bundle(patient(), inner))
    assert found == ["Bundle.entry[0].resource", "Bundle.entry[1].resource.entry[0].resource"]


def test_bundles_inside_of_bundles_have_an_end() -> None:
    whole = bundle(patient())
    for _ in range(5):
        whole = bundle(whole)
    found, issues = _read(whole)
    assert found == []
    assert [issue.code for issue in issues.told()] == ["too-costly"]


@pytest.mark.parametrize("whole", [{"resourceType": "Bundle", "type": "collection"}, bundle()])
def test_a_bundle_without_entries_is_a_bundle(whole: dict[str, Any]) -> None:
    assert _read(whole)[0] == []


@pytest.mark.parametrize(
    ("method", "full_url", "url"),
    [
        ("DELETE", "https://e.example/Patient/ann", "Patient/ann"),
        ("DELETE", None, "Patient/ann"),
    ],
)
def test_a_deletion_in_a_history_is_known_by_what_it_deletes(
    method: str, full_url: str | None, url: str
) -> None:
    gone = {"fullUrl": full_url, "request": {"method": method, "url": url}}
    gone["response"] = {"status": "204", "etag": 'W/"3"', "lastModified": "2026-05-01T00:00:00Z"}
    issues = Issues()
    (found,) = unpack(sent(bundle(gone, kind="history")), 100, 64, issues).entries
    assert (found.resource, found.type) == (None, "Patient")
    assert (found.version, found.updated) == ("3", "2026-05-01T00:00:00Z")
    assert found.address
    assert found.address.local == "Patient/ann"


def test_a_deletion_of_nothing_in_particular_is_told() -> None:
    found, issues = _read(bundle({"request": {"method": "DELETE"}}, kind="history"))
    assert found == []
    assert [issue.severity for issue in issues.told()] == ["warning"]


@pytest.mark.parametrize(
    ("etag", "version"), [('W/"7"', "7"), ('"7"', "7"), ("7", ""), (None, ""), ('W/""', "")]
)
def test_the_version_of_an_entry_is_its_etag_where_the_resource_tells_none(
    etag: str | None, version: str
) -> None:
    one = {"resource": patient(), "response": {"status": "200", "etag": etag}}
    (found,) = unpack(sent(bundle(one, kind="history")), 100, 64, Issues()).entries
    assert found.version == version


def test_the_version_that_a_resource_tells_comes_first() -> None:
    one = {"resource": patient(meta={"versionId": "8"}), "response": {"etag": 'W/"7"'}}
    (found,) = unpack(sent(bundle(one, kind="history")), 100, 64, Issues()).entries
    assert found.version == "8"
