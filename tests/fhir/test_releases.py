"""The numbers that releases of FHIR go by."""

from collections.abc import Callable
from typing import Any

import pytest

from service.fhir.releases import RELEASES, USUAL, WRITTEN, release_named
from service.fhir.strictness import check
from tests.fhir.sent import (
    bundle,
    coding,
    condition,
    intake,
    medication,
    observation,
    patient,
    quantity,
    said,
    sent,
)
from tests.translated import in_r5, in_stu3

Resource = dict[str, Any]


@pytest.mark.parametrize(
    ("text", "release"),
    [("3.0", "3.0"), ("4.0", "4.0"), ("4.0.1", "4.0"), ("4.3", "4.3"), ("5.0.0", "5.0")],
)
def test_a_release_is_named_by_major_and_minor(text: str, release: str) -> None:
    assert release_named(text) == release


@pytest.mark.parametrize(
    "text", ["", "4", "R4", "1.0", "0.0", "4.1", "6.0", "4.01", "4.0banana", " 4.0", "4.0.1.2"]
)
def test_anything_else_names_none(text: str) -> None:
    assert release_named(text) is None


def test_r4_is_usual_and_what_is_written_is_also_read() -> None:
    assert RELEASES[USUAL].version == "4.0.1"
    assert USUAL in WRITTEN
    assert set(WRITTEN) < set(RELEASES)
    assert all(one.version.startswith(number) for number, one in RELEASES.items())


REFERRED: dict[str, Any] = {
    "medicationCodeableConcept": None,
    "medicationReference": {"reference": "#m"},
}
PRODUCT = {
    "resourceType": "Medication",
    "id": "m",
    "ingredient": [{"itemCodeableConcept": {"text": "gabapentin"}}],
}
PERIOD = {"start": "2026-04-01", "end": "2026-05-30"}


@pytest.mark.parametrize(
    "resource",
    [
        observation(interpretation=[coding("LL", "v2-0078")], valueQuantity=None),
        observation(note=[{"text": "hemolyzed"}]),
        observation(subject={"reference": "Patient/ann", "type": "Patient"}),
        observation(
            code={"text": "Panel"},
            valueQuantity=None,
            component=[
                {
                    "code": coding("2951-2"),
                    "valueQuantity": quantity(),
                    "interpretation": [coding("L", "v3-ObservationInterpretation")],
                }
            ],
        ),
        observation(referenceRange=[{"low": quantity(135), "high": quantity(145)}]),
        observation(effectiveDateTime=None, effectivePeriod=PERIOD),
        condition(),
        condition(clinicalStatus=coding("remission", "x")),
        condition(clinicalStatus=coding("resolved", "x"), abatementDateTime="2020"),
        condition(verificationStatus=coding("refuted", "x")),
        condition(verificationStatus=coding("provisional", "x"), recordedDate="2026-01-01"),
        condition(verificationStatus=coding("entered-in-error", "x"), clinicalStatus=None),
        medication("MedicationRequest", intent="order", authoredOn="2026-04-01"),
        medication("MedicationRequest", intent="plan", status="stopped"),
        medication("MedicationRequest", intent="order", contained=[PRODUCT], **REFERRED),
        medication(effectivePeriod=PERIOD),
        medication(effectiveDateTime="2026-04-01"),
        medication(status="entered-in-error"),
        medication(contained=[PRODUCT], **REFERRED),
        medication("MedicationAdministration", status="completed", effectivePeriod=PERIOD),
        medication(
            "MedicationAdministration", status="in-progress", effectiveDateTime="2026-05-01"
        ),
        {
            "resourceType": "DiagnosticReport",
            "status": "final",
            "code": {"text": "Panel"},
            "subject": {"reference": "Patient/ann"},
            "effectiveDateTime": "2026-05-08",
            "contained": [observation(id="r", effectiveDateTime=None)],
            "result": [{"reference": "#r"}],
        },
    ],
    ids=lambda resource: resource["resourceType"],
)
@pytest.mark.parametrize(("release", "translated"), [("3.0", in_stu3), ("5.0", in_r5)])
def test_what_r4_says_is_read_the_same_where_stu3_or_r5_say_it(
    resource: Resource, release: str, translated: Callable[[Resource], Resource]
) -> None:
    whole = bundle(patient(), resource)
    other = translated(whole)

    check(sent(other), release)
    assert intake(other).records == intake(whole).records


@pytest.mark.parametrize(
    ("kind", "more", "counts"),
    [
        ("MedicationStatement", {"status": "stopped", "effectivePeriod": PERIOD}, 1),
        ("MedicationStatement", {"status": "not-taken"}, 0),
        ("MedicationAdministration", {"status": "not-done", "effectiveDateTime": "2026-05-01"}, 0),
    ],
)
def test_what_is_not_taken_is_none_in_any_release(
    kind: str, more: dict[str, Any], counts: int
) -> None:
    whole = bundle(patient(), medication(kind, **more))

    for one in (whole, in_stu3(whole), in_r5(whole)):
        (found,) = intake(one).records
        assert [treatment.current for treatment in found.treatments] == [False] * counts


def test_a_problem_of_unknown_course_in_r5_is_active_as_one_without_a_course_is() -> None:
    whole = bundle(patient(), condition(clinicalStatus=None))

    (before,), (after,) = intake(whole).records, intake(in_r5(whole)).records

    assert before.problems[0].active is after.problems[0].active is True
    (issue,) = said(intake(in_r5(whole)).issues, "clinicalStatus")
    assert issue.expression == ("Bundle.entry[1].resource.clinicalStatus",)
