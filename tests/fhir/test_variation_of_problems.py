"""How real senders differ: diagnoses and medicines, and what they only look like.

What must not be read outnumbers what must. A row begins with the words that tell it.
"""

import pytest

from service.evaluation import Site
from tests.fhir.sent import (
    SNOMED,
    bundle,
    coding,
    condition,
    medication,
    observation,
    patient,
    quantity,
)
from tests.fhir.varied import ANN, Body, assessed, coded, named, read


def problems(site: Site, body: Body) -> list[str]:
    return [one.problem for record in read(site, body).records for one in record.problems]


CELIAC = (SNOMED, "396331005")
ALCOHOLISM = (SNOMED, "7200002")


@pytest.mark.parametrize(
    ("body", "found"),
    [
        (named("Celiac disease", CELIAC), ["celiac-disease"]),
        (named("celiac disease"), ["celiac-disease"]),
        (named("Alcohol dependence"), ["alcohol-use-disorder"]),
        (named("Pernicious anemia", (SNOMED, "84027009")), ["pernicious-anemia"]),
    ],
)
def test_a_diagnosis_is_known_by_code_or_by_its_whole_name(
    site: Site, body: Body, found: list[str]
) -> None:
    assert problems(site, body) == found


@pytest.mark.parametrize(
    "body",
    [
        named("FH: Diabetes mellitus"),
        named("FH: celiac disease"),
        named("FH: Celiac disease", CELIAC),
        named("Family history of celiac disease", CELIAC),
        named("Celiac disease (mother)", CELIAC),
        named("No celiac disease", CELIAC),
        named("Celiac disease excluded", CELIAC),
        named("Non-celiac gluten sensitivity", CELIAC),
        named("Non-celiac gluten sensitivity"),
        named("?celiac disease"),
        named("Screening for celiac disease"),
        named("Chronic nonalcoholic liver disease", (SNOMED, "197315008")),
        named("Chronic nonalcoholic liver disease"),
        named("Dilated cardiomyopathy secondary to alcohol", (SNOMED, "83521008")),
        named("Dilated cardiomyopathy secondary to alcohol"),
        named("Neonatal jaundice", (SNOMED, "387712008")),
        named("Neonatal jaundice"),
        named("No alcohol dependence", ALCOHOLISM),
        named("Denies alcohol dependence", ALCOHOLISM),
        bundle(ANN, condition(verificationStatus=coding("refuted", "x"))),
        bundle(ANN, condition(verificationStatus=coding("entered-in-error", "x"))),
        bundle(ANN, {**condition(), "resourceType": "FamilyMemberHistory"}),
        bundle(ANN, condition(subject=None)),
    ],
)
def test_what_is_denied_or_of_others_or_only_sounds_alike_is_told_and_no_diagnosis(
    site: Site, body: Body
) -> None:
    found = read(site, body)

    assert [record.problems for record in found.records] == [()]
    assert found.issues


def test_jaundice_of_a_newborn_names_no_cause(site: Site) -> None:
    newborn = patient(birthDate="2026-05-06")
    bilirubin = observation(
        code=coding("1975-2"),
        valueQuantity=quantity(11.3, "mg/dL"),
        referenceRange=[{"low": {"value": 0}, "high": {"value": 1.2}}],
    )
    jaundice = condition(code=coded((SNOMED, "387712008"), text="Neonatal jaundice"))

    assert assessed(site, newborn, bilirubin, jaundice) == []


def test_pernicious_anemia_without_a_b12_names_no_cause(site: Site) -> None:
    anemia = condition(code=coded((SNOMED, "84027009"), text="Pernicious anemia"))

    assert assessed(site, ANN, anemia, observation(valueQuantity=quantity(140))) == []


# Statuses of conditions and medicines in older versions, and outside of all


@pytest.mark.parametrize(
    ("status", "active"), [("active", True), ("resolved", False), ("inactive", False)]
)
def test_a_plain_clinical_status_is_read_as_a_concept(
    site: Site, status: str, active: bool
) -> None:
    plain = condition(clinicalStatus=status, verificationStatus="confirmed")
    (record,) = read(site, bundle(ANN, plain)).records

    assert [(one.problem, one.active, one.confirmed) for one in record.problems] == [
        ("celiac-disease", active, True)
    ]


@pytest.mark.parametrize(
    ("status", "current"),
    [
        ("active", [True]),
        ("completed", [False]),
        ("stopped", [False]),
        ("inactive", [False]),
        ("Xactive", []),
        ("entered-in-error", []),
    ],
)
def test_a_medicine_is_taken_only_while_its_status_says_so(
    site: Site, status: str, current: list[bool]
) -> None:
    request = medication("MedicationRequest", status=status, intent="order")
    found = read(site, bundle(ANN, request))

    assert [one.current for one in found.records[0].treatments] == current
    assert current == [True] or found.issues
