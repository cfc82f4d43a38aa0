from typing import Any

import pytest
from msgspec import structs

from service.fhir.citations import Teller
from service.fhir.earlier import Detail, EarlierFlag, belongs, conclusion, is_in_error
from service.fhir.flags import flag
from service.fhir.reading import Intake, read
from service.record import Ground
from tests.fhir import assessed
from tests.fhir.assessed import ANN, BEN, assessment, drug, hyponatremia
from tests.fhir.sent import (
    KNOWLEDGE,
    OPTIONS,
    bundle,
    coding,
    condition,
    observation,
    patient,
    sent,
)

BASE = "https://flags.example.org"
OF_SITE = structs.replace(OPTIONS, base=BASE)
DETAIL = "http://hl7.org/fhir/StructureDefinition/flag-detail"


def made(**more: object) -> dict[str, Any]:
    """A Flag of this service about Patient/ann that refers to Observation/o."""
    detail = {"reference": "Observation/o", "type": "Observation", "display": "Sodium 120 mmol/L"}
    return {
        "resourceType": "Flag",
        "id": "f",
        "meta": {"versionId": "3"},
        "identifier": [{"system": f"{BASE}/flag", "value": "abc"}],
        "status": "active",
        "code": coding("hyponatremia", f"{BASE}/CodeSystem/cause"),
        "subject": {"reference": "Patient/ann"},
        "period": {"start": "2026-05-01"},
        "extension": [{"url": DETAIL, "valueReference": detail}],
    } | more


def taken_in(*resources: dict[str, Any]) -> Intake:
    return read(sent(bundle(patient(), *resources)), KNOWLEDGE, OF_SITE)


def fate(*resources: dict[str, Any], **more: object) -> str:
    (one,) = taken_in(made(**more), *resources).earlier
    (detail,) = one.details
    return detail.fate


def details(*shown: tuple[str, str, str]) -> EarlierFlag:
    """A Flag that refers to resources: type, name, display."""
    return EarlierFlag(
        "Patient/ann",
        "Bundle.entry[1].resource",
        "f",
        "",
        "Flag/f",
        ("abc",),
        "active",
        "hyponatremia",
        None,
        "PH",
        tuple(Detail(kind, name, None, display, "") for kind, name, display in shown),
    )


def test_a_flag_is_read_with_its_version_and_its_evidence() -> None:
    (one,) = taken_in(made()).earlier

    assert (one.patient, one.cause, one.status, one.name) == (
        "Patient/ann",
        "hyponatremia",
        "active",
        "Flag/f/_history/3",
    )
    assert one.details == (Detail("Observation", "Observation/o", None, "Sodium 120 mmol/L", ""),)


def test_a_flag_inside_of_another_resource_is_not_read() -> None:
    intake = taken_in(observation(contained=[made()]))

    assert intake.earlier == ()
    assert any("not one of this service's" in issue.text for issue in intake.issues)


@pytest.mark.parametrize(
    ("status", "expected"),
    [
        ("final", ""),
        ("preliminary", ""),
        ("corrected", "corrected"),
        ("amended", "corrected"),
        ("cancelled", "withdrawn"),
        ("entered-in-error", "in-error"),
        ("Entered in error", ""),
        ("nonsense", ""),
    ],
)
def test_the_status_of_evidence_in_the_request_is_its_fate(status: str, expected: str) -> None:
    assert fate(observation(id="o", status=status)) == expected


def test_evidence_of_another_patient_has_no_say() -> None:
    other = observation(id="o", status="entered-in-error", subject={"reference": "Patient/ben"})

    assert fate(other) == ""
    assert fate(observation(id="o", status="entered-in-error", subject=None)) == ""


def test_a_diagnosis_says_by_its_verification_what_became_of_it() -> None:
    said = [
        {
            "url": DETAIL,
            "valueReference": {"reference": "Condition/c", "display": "Celiac disease"},
        }
    ]
    for code, expected in (("refuted", "withdrawn"), ("entered-in-error", "in-error")):
        found = condition(id="c", verificationStatus=coding(code, "x"))
        assert fate(found, extension=said) == expected
    assert fate(condition(id="c"), extension=said) == ""


def test_what_it_rested_on_is_known_by_the_names_that_displays_begin_with() -> None:
    told = conclusion(
        details(
            ("Observation", "Observation/o", "Sodium 120 mmol/L, 2026-05-01 (limit < 125 mmol/L)"),
            ("Condition", "Condition/c", "Celiac disease, since 2001"),
            (
                "MedicationStatement",
                "MedicationStatement/m",
                'Gabapentin (recorded as "x; Sodium")',
            ),
            (
                "Observation",
                "Observation/p",
                "Urea 9 mmol/L (limit > 8 mmol/L (adults); hemolyzed specimen); Potassium 3 mmol/L",
            ),
        ),
        KNOWLEDGE,
    )

    assert set(told.grounds or ()) == {
        Ground("result", "sodium", "Observation/o"),
        Ground("problem", "celiac-disease", "Condition/c"),
        Ground("treatment", "gabapentin", "MedicationStatement/m"),
        Ground("result", "urea", "Observation/p"),
        Ground("result", "potassium", "Observation/p"),
    }


@pytest.mark.parametrize(
    "display",
    [
        "",
        "Sodium 120 mmol/L; " * 51,
        "Sodiumchloride 5 g",
        "sodium 120 mmol/L",
        "120 mmol/L Sodium",
        "?; Sodium 120 mmol/L",
        "Sodium 120 mmol/L; Kalium 3 mmol/L, 2026",
        "Sodium 120 mmol/L (limit < 125 mmol/L; preliminary result); Kalium 3 mmol/L",
        "Sodium 120 mmol/L; Potas",
        'Sodium 120 mmol/L (recorded as ":("; preliminary result); Kalium 3 mmol/L',
    ],
)
def test_what_begins_with_no_known_name_leaves_it_open(display: str) -> None:
    known = ("Observation", "Observation/k", "Potassium 3 mmol/L")

    assert (
        conclusion(details(known, ("Observation", "Observation/o", display)), KNOWLEDGE).grounds
        is None
    )


def test_a_flag_without_evidence_leaves_it_open() -> None:
    assert conclusion(details(), KNOWLEDGE).grounds is None


def test_a_name_of_another_kind_of_resource_does_not_count() -> None:
    assert (
        conclusion(details(("Condition", "Condition/c", "Sodium 120 mmol/L")), KNOWLEDGE).grounds
        is None
    )


def test_what_was_withdrawn_is_no_ground_even_if_nobody_knows_what_it_was() -> None:
    of = details(
        ("Observation", "Observation/o", "?"), ("Observation", "Observation/p", "Sodium 1")
    )
    of = structs.replace(
        of, details=(structs.replace(of.details[0], fate="withdrawn"), of.details[1])
    )

    told = conclusion(of, KNOWLEDGE)

    assert told.withdrawn
    assert set(told.grounds or ()) == {Ground("result", "sodium", "Observation/p")}


def test_jerks_on_file_are_no_evidence_that_could_save_it_from_being_an_error() -> None:
    of = details(
        ("Observation", "Observation/o", "Sodium 120 mmol/L"),
        ("Condition", "Condition/j", "Myoclonus, since 2026"),
    )
    wrong = structs.replace(of.details[0], fate="in-error")

    assert is_in_error(structs.replace(of, details=(wrong, of.details[1])), KNOWLEDGE)
    assert not is_in_error(of, KNOWLEDGE)
    assert not is_in_error(structs.replace(of, details=(of.details[1],)), KNOWLEDGE)
    assert not is_in_error(structs.replace(of, details=()), KNOWLEDGE)


def test_a_flag_belongs_to_the_patient_cause_and_site_that_it_was_made_for() -> None:
    for cause, name in ((hyponatremia(), "hyponatremia"), (drug(), "drug-gabapentin")):
        written = flag(cause, assessment(cause), Teller(assessed.KNOWLEDGE), assessed.OPTIONS)
        (identifier,) = written["identifier"]
        one = structs.replace(details(), cause=name, identifiers=("x", identifier["value"]))
        other = structs.replace(assessed.OPTIONS, site_key=b"the key of another site")

        assert belongs(one, ANN, assessed.KNOWLEDGE, assessed.OPTIONS)
        assert not belongs(one, BEN, assessed.KNOWLEDGE, assessed.OPTIONS)
        assert not belongs(one, ANN, assessed.KNOWLEDGE, other)
        another = structs.replace(one, cause="hypocalcemia")
        assert not belongs(another, ANN, assessed.KNOWLEDGE, assessed.OPTIONS)
