from collections.abc import Callable
from typing import Any

import pytest

from service.fhir.reading import Refused
from tests.fhir.sent import (
    bundle,
    condition,
    entry,
    intake,
    medication,
    observation,
    patient,
    said,
    told,
)

EXTENDED = {"modifierExtension": [{"url": "https://e.example/negated"}]}
RULED = {"implicitRules": "https://e.example/rules"}


@pytest.mark.parametrize("modifier", [EXTENDED, RULED])
@pytest.mark.parametrize("made", [observation, condition, medication])
def test_a_resource_with_a_modifier_is_told_and_not_used(
    made: Callable[..., dict[str, Any]], modifier: dict[str, Any]
) -> None:
    found = intake(patient(), made(**modifier))
    (record,) = found.records
    (name,) = modifier
    assert (record.results, record.problems, record.treatments) == ((), (), ())
    (issue,) = found.issues
    assert (issue.severity, issue.expression) == ("warning", (f"Bundle.entry[1].resource.{name}",))
    assert "not used" in issue.text


@pytest.mark.parametrize("none", [{"implicitRules": None}, {"modifierExtension": []}, {}])
def test_a_modifier_that_says_nothing_costs_nothing(none: dict[str, Any]) -> None:
    found = intake(bundle({"resource": {**observation(), **none}, **none}) | none)
    assert len(found.records[0].results) == 1
    assert said(found.issues, "modifier") + said(found.issues, "implicit") == []


def test_a_patient_with_implicit_rules_has_no_age_and_sex_that_can_be_used() -> None:
    odd = patient(gender="female", birthDate="1960", **RULED)
    (record,) = intake(odd, observation()).records
    assert (record.patient.sex, record.patient.born, len(record.results)) == (None, None, 1)
    assert told("birthDate and gender were not used", odd, observation()).severity == "warning"


@pytest.mark.parametrize("part", ["", "request", "response", "search"])
def test_an_entry_with_a_modifier_is_told_and_not_used(part: str) -> None:
    more = {part: EXTENDED} if part else EXTENDED
    found = intake(bundle(patient(), entry("urn:uuid:1", observation(), **more)))
    assert found.records[0].results == ()
    (issue,) = said(found.issues, "modifierExtension")
    path = f".{part}" if part else ""
    assert issue.expression == (f"Bundle.entry[1]{path}.modifierExtension",)


@pytest.mark.parametrize("modifier", [EXTENDED, RULED])
def test_nothing_of_a_bundle_with_a_modifier_is_used(modifier: dict[str, Any]) -> None:
    odd = bundle(observation()) | modifier
    (name,) = modifier
    with pytest.raises(Refused) as refused:
        intake(odd)
    assert refused.value.issues[-1].expression == (f"Bundle.{name}",)

    found = intake(bundle(patient(), observation(), odd))
    assert len(found.records[0].results) == 1
    assert said(found.issues, "nothing in it was used")[0].expression == (
        f"Bundle.entry[2].resource.{name}",
    )


def test_a_broken_entry_beside_it_does_not_hide_a_modifier() -> None:
    odd: dict[str, Any] = {**entry("urn:uuid:1", observation()), **EXTENDED}
    whole = bundle(patient(), odd)
    whole["entry"].append("no entry")
    found = intake(whole)
    assert found.records[0].results == ()
    assert len(said(found.issues, "modifierExtension")) == 1


@pytest.mark.parametrize("modifier", [EXTENDED, RULED])
def test_parameters_with_a_modifier_are_refused(modifier: dict[str, Any]) -> None:
    holding = {"name": "resource", "resource": observation()}
    with pytest.raises(Refused) as refused:
        intake({"resourceType": "Parameters", "parameter": [holding], **modifier})
    assert refused.value.status == 400


@pytest.mark.parametrize(
    "specimen",
    [EXTENDED, RULED, {"collection": {"bodySite": {"text": "Arm"}, **EXTENDED}}],
)
def test_a_result_of_a_specimen_with_a_modifier_is_not_used(specimen: dict[str, Any]) -> None:
    drawn = {"resourceType": "Specimen", "id": "s", **specimen}
    sent = (patient(), observation(specimen={"reference": "Specimen/s"}), drawn)
    assert intake(*sent).records[0].results == ()
    assert told("The specimen has", *sent).severity == "warning"


@pytest.mark.parametrize(
    "product",
    [EXTENDED, RULED, {"ingredient": [{"itemCodeableConcept": {"text": "x"}, **EXTENDED}]}],
)
def test_a_medication_with_a_modifier_is_no_treatment(product: dict[str, Any]) -> None:
    inside = {"resourceType": "Medication", "id": "m", "code": {"text": "Gabapentin"}, **product}
    sent = medication(
        contained=[inside], medicationCodeableConcept=None, medicationReference={"reference": "#m"}
    )
    assert intake(patient(), sent).records[0].treatments == ()
    assert told("The Medication that", patient(), sent).severity == "warning"


def test_an_adherence_with_a_modifier_is_no_treatment() -> None:
    sent = medication(status="recorded", adherence={"code": {"text": "taking"}, **EXTENDED})
    assert intake(patient(), sent).records[0].treatments == ()
    assert told("modifierExtension", patient(), sent).expression == (
        "Bundle.entry[1].resource.adherence.modifierExtension",
    )


@pytest.mark.parametrize(
    ("dosage", "path"),
    [
        ({"timing": {"repeat": {"boundsPeriod": {"end": "2026-01-01"}}}, **EXTENDED}, ""),
        (
            {"timing": {"repeat": {"boundsPeriod": {"end": "2026-01-01"}}, **EXTENDED}},
            ".timing",
        ),
    ],
)
def test_a_dosage_with_a_modifier_does_not_end_a_treatment(
    dosage: dict[str, Any], path: str
) -> None:
    sent = medication("MedicationRequest", intent="order", dosageInstruction=[dosage])
    (record,) = intake(patient(), sent).records
    assert record.treatments[0].end is None
    assert told("modifierExtension", patient(), sent).expression == (
        f"Bundle.entry[1].resource.dosageInstruction[0]{path}.modifierExtension",
    )


def test_a_member_whose_relation_has_a_modifier_has_nothing_of_its_panel() -> None:
    related = {"type": "has-member", "target": {"reference": "Observation/na"}, **EXTENDED}
    panel = observation(id="p", code={"text": "Panel"}, valueQuantity=None, related=[related])
    sent = (patient(), panel, observation(id="na", effectiveDateTime=None))
    assert intake(*sent).records[0].results[0].moment is None
    assert told("modifierExtension", *sent).expression == (
        "Bundle.entry[1].resource.related[0].modifierExtension",
    )
