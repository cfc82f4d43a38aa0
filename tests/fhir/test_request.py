from typing import Any

import pytest
from msgspec import json

from service.fhir.issues import Issues, Refused
from service.fhir.request import Request, unpack
from tests.fhir.sent import bundle, observation, patient, sent


def _open(resource: object, most: int = 100) -> tuple[Request, Issues]:
    issues = Issues()
    return unpack(sent(resource), most, 64, issues), issues


def _refused(resource: object, most: int = 100) -> Refused:
    with pytest.raises(Refused) as refused:
        _open(resource, most)
    return refused.value


def _parameters(*parameters: dict[str, Any]) -> dict[str, Any]:
    return {"resourceType": "Parameters", "parameter": list(parameters)}


HOLDING = {"name": "resource", "resource": observation()}
LATEST = {"name": "now", "valueString": "latest"}


@pytest.mark.parametrize(
    ("resource", "status", "code", "expression"),
    [
        ([observation()], 400, "structure", ()),
        ("Observation", 400, "structure", ()),
        (None, 400, "structure", ()),
        ({}, 400, "required", ()),
        ({"entry": []}, 400, "required", ()),
        ({"resourceType": None}, 400, "required", ()),
        ({"resourceType": 5}, 400, "required", ()),
        ({"resourceType": ""}, 400, "required", ()),
        ({"resourceType": "Foo"}, 400, "code-invalid", ("resourceType",)),
        ({"resourceType": "observation"}, 400, "code-invalid", ("resourceType",)),
        ({"resourceType": "Encounter"}, 422, "not-supported", ("Encounter",)),
        ({"resourceType": "OperationOutcome"}, 422, "not-supported", ("OperationOutcome",)),
        ({"resourceType": "Observation", "status": 5}, 400, "structure", ("Observation.status",)),
        ({"resourceType": "Bundle", "entry": 5}, 400, "structure", ("Bundle.entry",)),
        (
            {"resourceType": "Parameters", "parameter": 5},
            400,
            "structure",
            ("Parameters.parameter",),
        ),
        (_parameters(), 400, "required", ("Parameters",)),
        ({"resourceType": "Parameters"}, 400, "required", ("Parameters",)),
        (_parameters({"name": "resource"}), 400, "required", ("Parameters.parameter[0]",)),
        (_parameters("resource"), 400, "structure", ("Parameters.parameter[0]",)),  # type: ignore[arg-type]
        (_parameters(HOLDING, {"name": "now"}), 400, "value", ("Parameters.parameter[1]",)),
        (
            _parameters(HOLDING, {"name": "now", "valueInstant": 5}),
            400,
            "structure",
            ("Parameters.parameter[1].value",),
        ),
        (
            _parameters(HOLDING, {"name": "includeEvidence", "valueString": "true"}),
            400,
            "value",
            ("Parameters.parameter[1]",),
        ),
        (_parameters(HOLDING, LATEST, LATEST), 400, "invalid", ("Parameters.parameter[2]",)),
        (
            _parameters(
                {"name": "includeEvidence", "valueBoolean": True},
                HOLDING,
                {"name": "includeEvidence", "valueBoolean": False},
            ),
            400,
            "invalid",
            ("Parameters.parameter[2]",),
        ),
        *(
            (_parameters(HOLDING, one), 400, "invalid", ("Parameters.parameter[1].name",))
            for one in ({**LATEST, "name": "Now"}, {"name": "nwo"}, {"valueString": "latest"})
        ),
        *(
            (_parameters(HOLDING, one), 400, "structure", ("Parameters.parameter[1]",))
            for one in (
                {**LATEST, "valueDateTime": "2026-05-01"},
                {**LATEST, "valueInteger": 5},
                {**LATEST, "resource": patient()},
                {**HOLDING, "valueString": "x"},
                {**HOLDING, "part": [LATEST]},
            )
        ),
        *(
            (
                _parameters(
                    HOLDING, {**one, "modifierExtension": [{"url": "https://example.org"}]}
                ),
                400,
                "extension",
                ("Parameters.parameter[1].modifierExtension",),
            )
            for one in (LATEST, HOLDING, {"name": "unknown"})
        ),
    ],
)
def test_a_body_of_which_nothing_can_be_evaluated_is_refused(
    resource: object, status: int, code: str, expression: tuple[str, ...]
) -> None:
    refused = _refused(resource)
    (issue,) = refused.issues
    assert (refused.status, issue.severity, issue.code) == (status, "error", code)
    assert issue.expression == expression


def test_a_single_resource_is_an_entry_by_itself() -> None:
    request, issues = _open(observation(id="o"))
    (entry,) = request.entries
    assert (entry.type, entry.expression, entry.key) == (
        "Observation",
        "Observation",
        "Observation/o",
    )
    assert issues.told() == ()


def test_parameters_hold_a_resource_a_moment_and_whether_evidence_comes_back() -> None:
    request, issues = _open(
        _parameters(
            {"name": "includeEvidence", "valueBoolean": False},
            {"name": "resource", "resource": bundle(patient(), observation())},
            {"name": "now", "valueDateTime": "2026-05-01"},
        )
    )
    assert [entry.expression for entry in request.entries] == [
        "Parameters.parameter[1].resource.entry[0].resource",
        "Parameters.parameter[1].resource.entry[1].resource",
    ]
    assert (request.said.now, request.said.include_evidence) == ("2026-05-01", False)
    assert issues.told() == ()


@pytest.mark.parametrize(
    "value", ["valueInstant", "valueDateTime", "valueDate", "valueString", "valueCode"]
)
def test_the_moment_may_be_a_parameter_of_any_type_that_can_hold_it(value: str) -> None:
    request, _ = _open(_parameters(HOLDING, {"name": "now", value: "latest"}))
    assert request.said.now == "latest"


def test_parameters_that_were_not_sent_are_none() -> None:
    request, _ = _open(_parameters(HOLDING))
    assert (request.said.now, request.said.include_evidence) == (None, None)


def test_a_value_that_is_null_or_extended_is_no_second_value() -> None:
    now: dict[str, Any] = LATEST | {
        "valueInstant": None,
        "_valueString": {"id": "a"},
        "modifierExtension": [],
    }
    request, issues = _open(_parameters(HOLDING, now))
    assert request.said.now == "latest"
    assert issues.told() == ()


def test_several_resource_parameters_are_all_read() -> None:
    request, _ = _open(_parameters(HOLDING, {"name": "resource", "resource": patient()}))
    assert [entry.type for entry in request.entries] == ["Observation", "Patient"]


def test_more_entries_than_the_limit_are_refused() -> None:
    refused = _refused(bundle(patient(), observation(), observation()), most=2)
    assert (refused.status, refused.issues[0].code) == (413, "too-costly")


def test_nested_bundles_count_towards_the_limit() -> None:
    inner = bundle(observation(), observation())
    assert _refused(bundle(inner, patient()), most=3).status == 413
    request, _ = _open(bundle(inner, patient()), most=4)
    assert len(request.entries) == 3


def test_a_resource_comes_through_byte_for_byte() -> None:
    body = b'{"resourceType":"Bundle","entry":[{"resource":{"resourceType":"Patient", "x": 1.50}}]}'
    (entry,) = unpack(body, 1, 64, Issues()).entries
    assert json.encode(entry.raw) == b'{"resourceType":"Patient", "x": 1.50}'
