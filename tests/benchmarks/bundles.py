"""Bundles of any size, as a hospital's export would send them: 1.1 KB for each Observation."""

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import Any, NamedTuple

from msgspec import json

#: The newest draw of every patient. A draw follows six hours after the one before.
NEWEST = datetime(2026, 11, 20, 8, tzinfo=UTC)
_BETWEEN = timedelta(hours=6)

_SERVER = "https://ehr.example.org/fhir"

_JSON = json.Encoder(decimal_format="number")


class _Test(NamedTuple):
    """A laboratory test with its normal range; `ill` is what an ill patient's newest result is."""

    loinc: str
    display: str
    unit: str
    low: str
    high: str
    ill: str = ""


_TESTS = (
    _Test("2951-2", "Sodium [Moles/volume] in Serum or Plasma", "mmol/L", "136", "145", "121"),
    _Test("2823-3", "Potassium [Moles/volume] in Serum or Plasma", "mmol/L", "3.5", "5.1"),
    _Test("2075-0", "Chloride [Moles/volume] in Serum or Plasma", "mmol/L", "98", "107"),
    _Test(
        "2601-3", "Magnesium [Moles/volume] in Serum or Plasma", "mmol/L", "0.70", "1.05", "0.41"
    ),
    _Test("17861-6", "Calcium [Mass/volume] in Serum or Plasma", "mg/dL", "8.6", "10.2", "7.2"),
    _Test("2132-9", "Cobalamin (Vitamin B12) [Mass/volume] in Serum", "pg/mL", "200", "900", "118"),
    _Test("5631-7", "Copper [Mass/volume] in Serum or Plasma", "ug/dL", "70", "140", "38"),
    _Test("2160-0", "Creatinine [Mass/volume] in Serum or Plasma", "mg/dL", "0.60", "1.20"),
    _Test("2345-7", "Glucose [Mass/volume] in Serum or Plasma", "mg/dL", "70", "99"),
    _Test("718-7", "Hemoglobin [Mass/volume] in Blood", "g/dL", "12.0", "16.0"),
    _Test("3094-0", "Urea nitrogen [Mass/volume] in Serum or Plasma", "mg/dL", "7", "20"),
    _Test("1963-8", "Bicarbonate [Moles/volume] in Serum or Plasma", "mmol/L", "22", "29"),
    _Test("1751-7", "Albumin [Mass/volume] in Serum or Plasma", "g/dL", "3.5", "5.0"),
    _Test("1742-6", "Alanine aminotransferase [Enzymatic activity/volume]", "U/L", "7", "40"),
    _Test("1920-8", "Aspartate aminotransferase [Enzymatic activity/volume]", "U/L", "10", "40"),
    _Test("6768-6", "Alkaline phosphatase [Enzymatic activity/volume]", "U/L", "40", "120"),
    _Test("2324-2", "Gamma glutamyl transferase [Enzymatic activity/volume]", "U/L", "8", "40"),
    _Test("1975-2", "Bilirubin.total [Mass/volume] in Serum or Plasma", "mg/dL", "0.20", "1.10"),
    _Test("2777-1", "Phosphate [Mass/volume] in Serum or Plasma", "mg/dL", "2.5", "4.5"),
    _Test("6690-2", "Leukocytes [#/volume] in Blood by Automated count", "10*3/uL", "4.0", "11.0"),
    _Test("6301-6", "INR in Platelet poor plasma by Coagulation assay", "{INR}", "0.90", "1.15"),
    _Test("16362-6", "Ammonia [Moles/volume] in Plasma", "umol/L", "11", "32"),
    _Test("2692-2", "Osmolality of Serum or Plasma", "mosm/kg", "278", "295"),
    _Test("2157-6", "Creatine kinase [Enzymatic activity/volume] in Serum", "U/L", "30", "170"),
    _Test("2284-8", "Folate [Mass/volume] in Serum or Plasma", "ng/mL", "4.0", "20.0"),
    _Test("13965-9", "Homocysteine [Moles/volume] in Serum or Plasma", "umol/L", "5", "12"),
    _Test("5763-8", "Zinc [Mass/volume] in Serum or Plasma", "ug/dL", "70", "120"),
    _Test("777-3", "Platelets [#/volume] in Blood by Automated count", "10*3/uL", "150", "400"),
    _Test("1994-3", "Calcium.ionized [Moles/volume] in Blood", "mmol/L", "1.16", "1.30"),
    _Test("31017-7", "Tissue transglutaminase IgA Ab [Units/volume] in Serum", "U/mL", "0", "4"),
)


def bundle(observations: int, patients: int = 1, *, ill: bool = True) -> bytes:
    """A searchset Bundle of so many Observations, shared evenly among its patients.

    Each patient has draws of 30 tests, three of which no rule knows, newest first. Of the newest,
    five results of an ill patient are abnormal where all are there (from 10 Observations up),
    and celiac disease and myoclonus are on file.
    """
    each, rest = divmod(observations, patients)
    entries = [
        {"fullUrl": f"{_SERVER}/{resource['resourceType']}/{resource['id']}", "resource": resource}
        for patient in range(patients)
        for resource in _chart(patient, each + (patient < rest), ill=ill)
    ]
    return _JSON.encode({"resourceType": "Bundle", "type": "searchset", "entry": entries})


def _chart(patient: int, observations: int, *, ill: bool) -> Iterator[dict[str, Any]]:
    subject = {"reference": f"Patient/p{patient}", "display": f"Patient {patient}, Example"}
    yield {
        "resourceType": "Patient",
        "id": f"p{patient}",
        "identifier": [{"system": "https://ehr.example.org/mrn", "value": f"{100_000 + patient}"}],
        "name": [{"family": "Example", "given": [f"Patient {patient}"]}],
        "gender": "female" if patient % 2 else "male",
        "birthDate": f"{1950 + patient % 50}-03-14",
    }
    if ill:
        yield _condition(f"p{patient}-celiac", subject, "396331005", "Celiac disease")
        yield _condition(f"p{patient}-jerks", subject, "17450006", "Myoclonus")
    for number in range(observations):
        draw, place = divmod(number, len(_TESTS))
        test = _TESTS[place]
        value = (ill and not draw and test.ill) or _healthy(test, draw)
        yield _observation(f"p{patient}-{number}", subject, draw, test, value)


def _condition(name: str, subject: dict[str, str], code: str, display: str) -> dict[str, Any]:
    return {
        "resourceType": "Condition",
        "id": name,
        "clinicalStatus": _coded(
            "http://terminology.hl7.org/CodeSystem/condition-clinical", "active"
        ),
        "verificationStatus": _coded(
            "http://terminology.hl7.org/CodeSystem/condition-ver-status", "confirmed"
        ),
        "code": _concept("http://snomed.info/sct", code, display),
        "subject": subject,
        "onsetDateTime": "2026-11-02",
    }


def _observation(
    name: str, subject: dict[str, str], draw: int, test: _Test, value: str
) -> dict[str, Any]:
    taken = NEWEST - draw * _BETWEEN
    low, high, number = Decimal(test.low), Decimal(test.high), Decimal(value)
    flag = "L" if number < low else "H" if number > high else "N"
    unit = {"unit": test.unit, "system": "http://unitsofmeasure.org", "code": test.unit}
    bounds = {
        side: {"value": bound, "unit": test.unit} for side, bound in (("low", low), ("high", high))
    }
    return {
        "resourceType": "Observation",
        "id": name,
        "meta": {
            "versionId": "1",
            "lastUpdated": (taken + timedelta(hours=2)).isoformat(),
        },
        "identifier": [{"system": "https://ehr.example.org/results", "value": f"R-{name}"}],
        "status": "final",
        "category": [
            _coded("http://terminology.hl7.org/CodeSystem/observation-category", "laboratory")
        ],
        "code": _concept("http://loinc.org", test.loinc, test.display),
        "subject": subject,
        "encounter": {"reference": f"Encounter/{name.partition('-')[0]}-{draw}"},
        "effectiveDateTime": taken.isoformat(),
        "issued": (taken + timedelta(hours=1)).isoformat(),
        "performer": [{"reference": "Organization/laboratory"}],
        "valueQuantity": {"value": number, **unit},
        "interpretation": [
            _coded("http://terminology.hl7.org/CodeSystem/v3-ObservationInterpretation", flag)
        ],
        "referenceRange": [bounds],
    }


def _healthy(test: _Test, draw: int) -> str:
    """A value inside a test's normal range, another one in each draw."""
    low, high = Decimal(test.low), Decimal(test.high)
    return str((low + (high - low) * (3 + draw % 5) / 10).quantize(low))


def _concept(system: str, code: str, display: str) -> dict[str, Any]:
    return {"coding": [{"system": system, "code": code, "display": display}], "text": display}


def _coded(system: str, code: str) -> dict[str, Any]:
    return {"coding": [{"system": system, "code": code}]}
