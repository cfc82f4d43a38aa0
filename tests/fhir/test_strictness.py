"""Strict handling: what it refuses and where it points; never a value, never a crash."""

import copy
import json
import subprocess
import sys
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from msgspec import structs

from service.fhir.issues import Refused
from service.fhir.outcome import write_outcome
from service.fhir.reading import read
from service.fhir.strictness import check
from service.record import Issue
from service.settings import shipped
from tests.fhir.sent import (
    KNOWLEDGE,
    OPTIONS,
    bundle,
    condition,
    intake,
    medication,
    observation,
    patient,
    quantity,
    sent,
)
from tests.fhir_validity import assert_valid_outcome

SAMPLES = sorted(shipped("fhir_samples").glob("*.json"))
STRICT = structs.replace(OPTIONS, strict=True)

#: Stands for patient data: a name, a value, a code.
MARK = "Zephyrine Quillfeather"

WHOLE = bundle(
    patient(name=[{"family": "A", "given": ["B", "C"]}], birthDate="1960-02-01"),
    observation(component=[{"code": {"text": "x"}, "valueInteger": 3}]),
    condition(onsetDateTime="2001-06", extension=[{"url": "http://x.org", "valueDecimal": 1.5}]),
    medication(contained=[{"resourceType": "Medication", "id": "m", "code": {"text": "x"}}]),
)


def issues(body: dict[str, Any] | bytes, release: str = "4.0") -> tuple[Issue, ...]:
    try:
        check(body if isinstance(body, bytes) else sent(body), release)
    except Refused as refused:
        return refused.issues
    return ()


def problems(body: dict[str, Any] | bytes, release: str = "4.0") -> list[tuple[str, str]]:
    """Each problem's issue-type and expression; [] where the body is valid."""
    found = issues(body, release)
    assert {issue.severity for issue in found} <= {"error"}
    return sorted((issue.code, where) for issue in found for where in issue.expression)


@pytest.mark.parametrize("sample", SAMPLES, ids=lambda sample: sample.stem)
def test_the_samples_are_valid(sample: Any) -> None:  # noqa: ANN401 - a Path
    assert problems(sample.read_bytes()) == []


@pytest.mark.parametrize(
    "resource",
    [
        WHOLE,
        patient(multipleBirthInteger=2),
        patient(birthDate="1960", _birthDate={"extension": [{"url": "http://x.org"}]}),
        patient(name=[{"given": ["A", None], "_given": [None, {"id": "x"}]}]),
        observation(status=None, _status={"extension": [{"url": "http://x.org"}]}),
        observation(valueQuantity=quantity(value=1e-12)),
        observation(effectiveDateTime="2016-12-31T23:59:60Z"),
        bundle(observation(), kind="searchset"),
        {"resourceType": "Bundle", "type": "collection"},
        bundle(bundle(patient()), {"resourceType": "Ingredient", "status": "active"})
        | {"entry": [{"resource": bundle(patient())}]},
    ],
)
def test_what_is_valid_passes(resource: dict[str, Any]) -> None:
    assert problems(resource) == []


@pytest.mark.parametrize(
    ("resource", "code", "expression"),
    [
        (observation(status=None), "required", "Observation.status"),
        (observation(code=None), "required", "Observation.code"),
        (condition(subject=None), "required", "Condition.subject"),
        (medication(medicationCodeableConcept=None), "required", "MedicationStatement.medication"),
        (observation(component=[{}, {"code": {"text": "x"}}]), "required", "component[0].code"),
        (observation(extension=[{"valueString": "x"}]), "required", "Observation.extension[0].url"),
        (observation(result=[]), "structure", "Observation.result"),
        (observation(foo={"bar": 1}), "structure", "Observation.foo"),
        (observation(valueQuantity=quantity(units="g")), "structure", "Observation.value.units"),
        (observation(valueTurtle=1), "structure", "Observation.valueTurtle"),
        (observation(status__ext={}), "structure", "Observation"),
        (observation(fhir_comments="x"), "structure", "Observation"),
        (observation(valueString="x"), "structure", "Observation.value"),
        (condition(onsetAge={"value": 1}, onsetString="x"), "structure", "Condition.onset"),
        (observation(valueQuantity=quantity(value="120")), "structure", "Observation.value.value"),
        (observation(valueQuantity=[]), "structure", "Observation.value"),
        (observation(valueQuantity=7), "structure", "Observation.value"),
        (observation(code='{"text": "x"}'), "structure", "Observation.code"),
        (observation(note="x"), "structure", "Observation.note"),
        (observation(note=[None]), "structure", "Observation.note[0]"),
        (observation(code={}), "structure", "Observation.code"),
        (observation(category=[{"coding": []}]), "structure", "Observation.category[0].coding"),
        (observation(subject={"resourceType": "Patient"}), "structure", "Observation.subject"),
        (patient(active="true"), "structure", "Patient.active"),
        (patient(active=1), "structure", "Patient.active"),
        (patient(multipleBirthInteger="2"), "structure", "Patient.multipleBirth"),
        (patient(deceasedBoolean="no"), "structure", "Patient.deceased"),
        (patient(birthDate=1960), "structure", "Patient.birthDate"),
        (observation(effectiveDateTime=2020), "structure", "Observation.effective"),
        (patient(name=[{"family": ["x"]}]), "structure", "Patient.name[0].family"),
        (patient(birthDate="01.02.1960"), "value", "Patient.birthDate"),
        (patient(birthDate="1960-02-30"), "value", "Patient.birthDate"),
        (patient(id="a b"), "value", "Patient.id"),
        (patient(telecom=[{"rank": 0}]), "value", "Patient.telecom[0].rank"),
        (patient(name=[{"text": ""}]), "value", "Patient.name[0].text"),
        (observation(effectiveDateTime="2026-05-09T08:00"), "value", "Observation.effective"),
        (observation(effectiveDateTime="2026-05-09T08:00:00"), "value", "Observation.effective"),
        (observation(issued="2026-05-09"), "value", "Observation.issued"),
        (observation(contained=[{"id": "x"}]), "required", "Observation.contained[0]"),
        (observation(contained=[None]), "required", "Observation.contained[0]"),
        (observation(contained=[{"resourceType": 3}]), "required", "Observation.contained[0]"),
        (
            observation(contained=[{"resourceType": "Quantity", "value": 1}]),
            "code-invalid",
            "Observation.contained[0]",
        ),
        (observation(contained=[{"resourceType": "Medication", "x": 1}]), "structure", "[0].x"),
        (bundle({"resource": {"resourceType": "Bundel"}}), "code-invalid", "entry[0].resource"),
        (
            bundle({"resource": {"resourceType": "MedicinalProduct"}}),
            "code-invalid",
            "Bundle.entry[0].resource",
        ),
        (bundle({"resource": {"id": "x"}}), "required", "Bundle.entry[0].resource"),
        (bundle({"resource": "Patient/ann"}), "structure", "Bundle.entry[0].resource"),
        (bundle(patient()) | {"type": None}, "required", "Bundle.type"),
        (bundle(patient()) | {"total": -1}, "value", "Bundle.total"),
        (
            bundle({"resource": patient(), "request": {"method": "POST"}}),
            "required",
            "Bundle.entry[0].request.url",
        ),
        (
            bundle(patient(), patient(), patient(), observation(valueQuantity={"value": "x"})),
            "structure",
            "Bundle.entry[3].resource.value.value",
        ),
        (
            bundle(patient(), bundle(observation(status=None))),
            "required",
            "Bundle.entry[1].resource.entry[0].resource.status",
        ),
    ],
)
def test_what_is_not_valid_is_pointed_at(
    resource: dict[str, Any], code: str, expression: str
) -> None:
    found = problems(resource)

    assert [where for kind, where in found if kind == code and where.endswith(expression)]


@pytest.mark.parametrize(
    ("parameter", "expression"),
    [
        ({"name": "resource", "resource": observation(code=None)}, "resource.code"),
        (
            {"name": "resource", "resource": bundle(observation(code=None))},
            "resource.entry[0].resource.code",
        ),
        ({"name": "x", "part": [{"name": "y", "resource": {}}]}, "part[0].resource"),
        ({"valueString": "latest"}, "name"),
    ],
)
def test_parameters_are_validated_with_what_they_hold(
    parameter: dict[str, Any], expression: str
) -> None:
    found = problems({"resourceType": "Parameters", "parameter": [{"name": "a"}, parameter]})

    assert found[-1] == ("required", f"Parameters.parameter[1].{expression}")


def test_a_name_that_stands_twice_is_refused_wherever_it_is() -> None:
    body = b"""{"resourceType": "Bundle", "type": "collection", "type": "batch", "entry": [
        {"resource": {"resourceType": "Patient", "name": [{"family": "A", "family": "A"}]}}]}"""

    assert problems(body) == [
        ("structure", "Bundle.entry[0].resource.name[0].family"),
        ("structure", "Bundle.type"),
    ]


@pytest.mark.parametrize("second", ['"Zephyrine"', "[]", "3", "null"])
def test_a_second_type_of_the_body_is_refused_without_repeating_it(second: str) -> None:
    body = f'{{"resourceType": "Patient", "resourceType": {second}}}'.encode()

    with pytest.raises(Refused) as refused:
        read(body, KNOWLEDGE, STRICT)

    assert refused.value.status == 400
    assert "Zephyrine" not in write_outcome(refused.value.issues).decode()


def test_many_names_that_stand_twice_are_no_burden() -> None:
    names = ", ".join(f'"a{i}": 1, "a{i}": 1' for i in range(20_000))

    assert problems(f'{{"resourceType": "Patient", {names}}}'.encode())


def test_one_broken_resource_hides_no_other() -> None:
    broken = bundle(
        patient(active="yes"),
        observation(foo=1),
        {"resource": {"resourceType": "Bundel"}},
        condition(contained=[{"resourceType": "Observation", "status": "final"}]),
    )

    assert problems(broken) == [
        ("code-invalid", "Bundle.entry[2].resource"),
        ("required", "Bundle.entry[3].resource.contained[0].code"),
        ("structure", "Bundle.entry[0].resource.active"),
        ("structure", "Bundle.entry[1].resource.foo"),
    ]


def test_all_problems_of_one_resource_come_to_light_at_once() -> None:
    broken = observation(
        status=None,
        code=None,
        foo=1,
        note=[None, {"time": "yesterday"}],
        valueString="x",
        valueQuantity=quantity(value="120"),
        component=[
            {"valueInteger": "3"},
            {"code": {"coding": [{"codes": 1}]}, "valueTime": "noon"},
        ],
    )

    assert problems(broken) == [
        ("required", "Observation.code"),
        ("required", "Observation.component[0].code"),
        ("required", "Observation.note[1].text"),
        ("required", "Observation.status"),
        ("structure", "Observation.component[0].value"),
        ("structure", "Observation.component[1].code.coding[0].codes"),
        ("structure", "Observation.foo"),
        ("structure", "Observation.note[0]"),
        ("structure", "Observation.value"),
        ("structure", "Observation.value.value"),
        ("value", "Observation.component[1].value"),
        ("value", "Observation.note[1].time"),
    ]


@pytest.mark.parametrize(
    "wrong", [5, 5.5, True, [], ["/x"], {"x": 1}, '{"reference": "x"}', "null"]
)
def test_what_the_models_misread_or_fail_on_is_pointed_at_beside_what_else_is_wrong(
    wrong: object,
) -> None:
    broken = bundle(
        patient(photo=[{"url": wrong}, {"url": "http://x.org", "title": ""}]),
        observation(subject=wrong, code={"coding": ["5", {"codes": 1}]}, component=["null"]),
    )

    found = problems(broken)

    assert ("value", "Bundle.entry[0].resource.photo[1].title") in found
    assert ("structure", "Bundle.entry[1].resource.code.coding[0]") in found
    assert ("structure", "Bundle.entry[1].resource.code.coding[1].codes") in found
    assert ("structure", "Bundle.entry[1].resource.component[0]") in found
    assert any(where.endswith(".subject") or ".subject." in where for _, where in found)
    if not isinstance(wrong, str):
        assert ("structure", "Bundle.entry[0].resource.photo[0].url") in found


#: One statement in the shape of one release, which no other takes, and what each says of it.
OF_STU3 = condition(clinicalStatus="active", verificationStatus="confirmed")
OF_R4 = medication(doNotPerform=False, intent="order", kind="MedicationRequest")
OF_R5 = medication(
    kind="MedicationAdministration",
    status="completed",
    medicationCodeableConcept=None,
    medication={"concept": {"text": "gabapentin"}},
    occurenceDateTime="2026-05-01",
)


@pytest.mark.parametrize(
    ("resource", "release", "expected"),
    [
        (OF_STU3, "3.0", []),
        (
            OF_STU3,
            "4.0",
            [
                ("structure", "Condition.clinicalStatus"),
                ("structure", "Condition.verificationStatus"),
            ],
        ),
        (OF_R4, "3.0", [("structure", "MedicationRequest.doNotPerform")]),
        (OF_R4, "4.0", []),
        (OF_R4, "4.3", []),
        (
            OF_R4,
            "5.0",
            [
                ("required", "MedicationRequest.medication"),
                ("structure", "MedicationRequest.medicationCodeableConcept"),
            ],
        ),
        (
            OF_R5,
            "4.3",
            [
                ("required", "MedicationAdministration.effective"),
                ("required", "MedicationAdministration.medication"),
                ("structure", "MedicationAdministration.medication"),
                ("structure", "MedicationAdministration.occurenceDateTime"),
            ],
        ),
        (OF_R5, "5.0", []),
        (condition(clinicalStatus=None), "4.0", []),
        (condition(clinicalStatus=None), "5.0", [("required", "Condition.clinicalStatus")]),
        (
            observation(interpretation={"text": "low"}, context={"reference": "Encounter/e"}),
            "3.0",
            [],
        ),
        (observation(related=[{"type": "has-member"}]), "3.0", [("required", "related[0].target")]),
        ({"resourceType": "Sequence"}, "4.0", [("code-invalid", "Sequence")]),
        ({"resourceType": "Sequence", "coordinateSystem": 1}, "3.0", []),
    ],
)
def test_each_release_is_held_to_its_own_models(
    resource: dict[str, Any], release: str, expected: list[tuple[str, str]]
) -> None:
    found = problems(resource, release)

    assert len(found) == len(expected)
    for (code, where), (wanted, end) in zip(found, expected, strict=True):
        assert code == wanted
        assert where.endswith(end)


@pytest.mark.parametrize(
    ("release", "name"), [("3.0", "STU3"), ("4.0", "R4"), ("4.3", "R4B"), ("5.0", "R5")]
)
def test_a_problem_names_the_release_that_it_is_one_in(release: str, name: str) -> None:
    (issue,) = issues(observation(foo=1), release)

    assert issue.text == f"FHIR {name} has no such element here."


def test_issues_of_a_bundle_are_a_resource_in_r5_alone() -> None:
    told = bundle(patient()) | {"issues": {"resourceType": "OperationOutcome", "issue": [{}]}}
    told["entry"][0]["fullUrl"] = "urn:uuid:0b8b6c2e-4d3a-4f5e-8a5e-1c1f0a6f7b11"

    assert ("structure", "Bundle.issues") in problems(told, "4.3")
    assert problems(told, "5.0") == [
        ("required", "Bundle.issues.issue[0].code"),
        ("required", "Bundle.issues.issue[0].severity"),
    ]


def test_a_long_whole_number_is_text_in_r5() -> None:
    file = {"contentType": "text/plain", "size": "12"}

    assert problems(patient(photo=[file]), "5.0") == []
    assert problems(patient(photo=[file | {"size": 12}]), "5.0") == [
        ("structure", "Patient.photo[0].size")
    ]
    assert problems(patient(photo=[file | {"size": 12}]), "4.0") == []


@pytest.mark.parametrize(
    "text", ["5", "null", '"x"', "{}", '{"reference": "Patient/1"}', "[1]", "x"]
)
def test_a_text_that_is_json_is_no_object(text: str) -> None:
    broken = bundle(
        patient(_gender=text, name=[{"_given": [text], "period": text}], text=text),
        observation(subject=text, code={"coding": [text]}, component=[text], foo=1),
        {"resource": text},
    )

    assert problems(broken) == [
        ("structure", "Bundle.entry[0].resource.gender"),
        ("structure", "Bundle.entry[0].resource.name[0].given[0]"),
        ("structure", "Bundle.entry[0].resource.name[0].period"),
        ("structure", "Bundle.entry[0].resource.text"),
        ("structure", "Bundle.entry[1].resource.code.coding[0]"),
        ("structure", "Bundle.entry[1].resource.component[0]"),
        ("structure", "Bundle.entry[1].resource.foo"),
        ("structure", "Bundle.entry[1].resource.subject"),
        ("structure", "Bundle.entry[2].resource"),
    ]


@pytest.mark.parametrize("url", [5, 5.5, True, ["/x"], {"x": 1}])
def test_an_element_that_a_model_fails_on_is_pointed_at(url: object) -> None:
    broken = bundle(
        patient(photo=[{"url": url}], active="yes"), condition(extension=[{"url": url}])
    )

    found = problems(broken)

    assert {code for code, _ in found} == {"structure"}
    assert all("photo" in where or "active" in where or "extension" in where for _, where in found)
    assert any("photo" in where for _, where in found)
    assert any("extension" in where for _, where in found)


@pytest.mark.parametrize(
    "digits",
    [
        "1" * 5000,
        "1e400",
        "1e401",
        "1e-401",
        "1e999999999999",
        "-1e-999999999999",
        "1e99999999999999999999",
        "1e-99999999999999999999",
        "-0.0",
    ],
)
def test_no_number_is_too_much(digits: str) -> None:
    body = sent(patient(multipleBirthInteger="HERE")).replace(b'"HERE"', digits.encode())

    assert set(problems(body)) <= {
        ("value", "Patient.multipleBirth"),
        ("invalid", "Patient.multipleBirth"),
    }


@pytest.mark.parametrize(
    "resource",
    [
        patient(birthDate=MARK),
        patient(active=MARK),
        patient(name=MARK),
        patient(name=[MARK]),
        patient(name=[{"family": [MARK]}]),
        patient(**{MARK: 1}),
        patient(name=[{MARK: MARK}]),
        patient(contact=[{"name": {"family": {"x": MARK}}}]),
        patient(contained=[MARK]),
        patient(contained=[{"resourceType": MARK}]),
        observation(subject={"resourceType": MARK}),
        observation(valueQuantity=MARK),
        observation(valueQuantity={"value": MARK, "unit": [MARK]}),
        observation(effectiveDateTime=MARK, issued=MARK, valueTime=MARK),
        observation(code=json.dumps({"text": MARK})),
    ],
)
def test_no_issue_repeats_what_was_sent(resource: dict[str, Any]) -> None:
    found = issues(bundle(resource))

    assert found
    answer = write_outcome(found)
    assert_valid_outcome(answer)
    assert not [word for word in MARK.split() if word in answer.decode()]


_JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | st.just(MARK),
    lambda inner: (
        st.lists(inner, max_size=2)
        | st.dictionaries(
            st.sampled_from(["resourceType", "value", "url", "extension", "_status", "x_y", ""]),
            inner,
            max_size=3,
        )
    ),
    max_leaves=6,
)


def _places(element: Any) -> list[tuple[Any, Any]]:  # noqa: ANN401 - JSON
    """Every holder in an element, with a key or an index in it."""
    keys = element.keys() if isinstance(element, dict) else range(len(element))
    inside = [element[key] for key in keys if isinstance(element[key], dict | list)]
    return [*((element, key) for key in keys), *(one for e in inside for one in _places(e))]


@settings(max_examples=300, deadline=None)
@given(st.data())
def test_whatever_stands_in_an_elements_place_is_told_or_passes(data: st.DataObject) -> None:
    body = copy.deepcopy(WHOLE)
    holder, key = data.draw(st.sampled_from(_places(body["entry"])))
    holder[key] = data.draw(_JSON)

    found = issues(body)

    assert MARK not in write_outcome(found).decode()
    for issue in found:
        assert issue.expression
        assert all(where.startswith("Bundle.entry") for where in issue.expression)


def test_the_reading_is_strict_only_where_it_is_asked_to_be() -> None:
    body = bundle(patient(), observation(foo=1))

    assert intake(body).records == intake(bundle(patient(), observation())).records
    with pytest.raises(Refused) as refused:
        read(sent(body), KNOWLEDGE, STRICT)
    assert refused.value.status == 400
    (issue,) = refused.value.issues
    assert issue.expression == ("Bundle.entry[1].resource.foo",)


def test_what_is_valid_is_read_as_it_is_leniently() -> None:
    assert intake(WHOLE, options=STRICT) == intake(WHOLE)


def test_the_models_are_loaded_only_for_those_who_ask() -> None:
    code = "import sys, service.cli, service.api.app; print('fhir.resources' in sys.modules)"

    told = subprocess.run([sys.executable, "-c", code], capture_output=True, check=True, text=True)

    assert told.stdout == "False\n"
