from typing import Any

import pytest
from msgspec import Raw

from service.fhir.entries import Entry, type_of
from service.fhir.issues import Issues
from service.fhir.request import unpack
from service.fhir.resource_types import KNOWN, READ
from tests.fhir.sent import bundle, entry, observation, patient, sent


def _entries(*resources: dict[str, Any]) -> tuple[list[Entry], Issues]:
    issues = Issues()
    return unpack(sent(bundle(*resources)), 200, 64, issues).entries, issues


@pytest.mark.parametrize(
    ("full_url", "identifier", "key"),
    [
        ("https://ehr.example/fhir/Patient/1", "1", "//ehr.example/fhir/Patient/1"),
        (
            "urn:uuid:706301FA-48cd-50b0-973e-fd53a15bde7e",
            "1",
            "urn:uuid:706301fa-48cd-50b0-973e-fd53a15bde7e",
        ),
        ("/Patient/1", "1", "Patient/1"),
        ("resource:0", None, "resource:0"),
        ("", "1", "Patient/1"),
        (None, "1", "Patient/1"),
        ("", None, "#Bundle.entry[0].resource"),
        (None, None, "#Bundle.entry[0].resource"),
    ],
)
def test_a_resource_is_known_by_its_full_url_or_else_by_its_id(
    full_url: str | None, identifier: str | None, key: str
) -> None:
    (found,), _ = _entries({"fullUrl": full_url, "resource": patient(id=identifier)})
    assert found.key == key


@pytest.mark.parametrize("full_url", ["https://ehr.example/fhir/Pacient/1", "Group/1"])
def test_a_full_url_of_another_type_is_no_name_and_that_is_told(full_url: str) -> None:
    (found,), issues = _entries({"fullUrl": full_url, "resource": patient(id="7")})

    assert found.key == "Patient/7"
    (issue,) = issues.told()
    assert (issue.severity, issue.expression) == ("warning", ("Bundle.entry[0].resource",))
    assert "fullUrl names another type" in issue.text


@pytest.mark.parametrize(
    ("url", "key"), [("Patient/7", "Patient/7"), ("Patient", "#"), ("Group/7", "#")]
)
def test_a_resource_without_a_name_is_known_by_the_url_that_it_is_put_to(
    url: str, key: str
) -> None:
    request = {"method": "PUT", "url": url}
    (found,), _ = _entries({"resource": patient(id=None), "request": request})
    assert found.key.startswith(key)


@pytest.mark.parametrize(
    ("resource", "severity", "expression"),
    [
        ({"resourceType": "Encounter"}, "information", ".resource"),
        ({"resourceType": "Parameters"}, "information", ".resource"),
        ({"resourceType": "Nonsense"}, "error", ".resource"),
        ({"id": "x"}, "error", ".resource"),
        (["x"], "error", ".resource"),
        ("x", "error", ".resource"),
        (observation(status=5), "error", ".resource.status"),
        (observation(code={"coding": [{"code": 5}]}), "error", ".resource.code.coding[0].code"),
        (observation(subject="Patient/ann"), "error", ".resource.subject"),
    ],
)
def test_a_resource_that_can_not_be_read_costs_itself_alone(
    resource: object, severity: str, expression: str
) -> None:
    entries, issues = _entries({"resource": resource}, patient())
    (issue,) = issues.told()
    assert [one.type for one in entries] == ["Patient"]
    assert (issue.severity, issue.expression) == (severity, (f"Bundle.entry[0]{expression}",))


@pytest.mark.parametrize(
    ("wrong", "expression"),
    [
        ({"note": "words"}, ".note"),
        ({"category": 5}, ".category"),
        ({"referenceRange": [{"low": 5}]}, ".referenceRange[0].low"),
        ({"id": 5}, ".id"),
        ({"valueQuantity": {"value": 120, "unit": 5}}, ".value.unit"),
    ],
)
def test_a_mistake_elsewhere_in_a_resource_does_not_cost_it(
    wrong: dict[str, object], expression: str
) -> None:
    entries, issues = _entries(observation(**wrong))
    (issue,) = issues.told()
    assert len(entries) == 1
    assert (issue.severity, issue.expression) == (
        "error",
        (f"Bundle.entry[0].resource{expression}",),
    )


@pytest.mark.parametrize(
    "wrong", [None, 5, "entry", [], {"fullUrl": {}, "resource": 5, "request": "x"}]
)
def test_an_entry_that_is_none_costs_itself_alone(wrong: object) -> None:
    body = bundle(patient(), observation())
    body["entry"].insert(1, wrong)
    issues = Issues()
    entries = unpack(sent(body), 100, 64, issues).entries
    assert [one.expression for one in entries] == [
        "Bundle.entry[0].resource",
        "Bundle.entry[2].resource",
    ]
    assert {issue.severity for issue in issues.told()} == {"error"}
    assert all(issue.expression[0].startswith("Bundle.entry[1]") for issue in issues.told())


def test_a_wrong_full_url_does_not_cost_its_entry() -> None:
    entries, issues = _entries({"fullUrl": 5, "resource": patient()})
    assert [one.key for one in entries] == ["Patient/ann"]
    assert [issue.expression for issue in issues.told()] == [("Bundle.entry[0].fullUrl",)]


def test_contained_resources_are_entries_that_know_their_container() -> None:
    contained = [patient(id="p"), observation(id="o", contained=[patient(id="deep")])]
    entries, _ = _entries(
        entry("https://e.example/Observation/1", observation(contained=contained))
    )
    assert [(one.key, one.expression) for one in entries] == [
        ("//e.example/Observation/1", "Bundle.entry[0].resource"),
        ("//e.example/Observation/1#p", "Bundle.entry[0].resource.contained[0]"),
        ("//e.example/Observation/1#o", "Bundle.entry[0].resource.contained[1]"),
        (
            "//e.example/Observation/1#o#deep",
            "Bundle.entry[0].resource.contained[1].contained[0]",
        ),
    ]
    assert entries[1].container is entries[0]


@pytest.mark.parametrize(
    "contained",
    [{"resourceType": "Organization"}, bundle(patient()), {"resourceType": "Parameters"}],
)
def test_what_is_contained_and_not_read_is_told(contained: dict[str, Any]) -> None:
    entries, issues = _entries(observation(contained=[contained]))
    assert len(entries) == 1
    assert [issue.expression for issue in issues.told()] == [
        ("Bundle.entry[0].resource.contained[0]",)
    ]


def test_many_resources_of_types_that_are_not_read_are_one_issue() -> None:
    others = [{"resourceType": kind} for kind in sorted(KNOWN - READ - {"Bundle", "Parameters"})]
    _, issues = _entries(*others)
    (issue,) = issues.told()
    assert len(issue.expression) == len(others)


def test_the_type_of_what_is_no_object_is_nothing() -> None:
    assert type_of(Raw(b"[]")) == ""
