"""Requests as senders make them, over a rule set of a few analytes, problems and medicines."""

import json
import re
import shutil
import tempfile
from collections.abc import Iterable
from datetime import UTC, datetime
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

from service.fhir.lexicon import lexicon_of
from service.fhir.reading import Intake, ReadingOptions, read
from service.knowledge.loader import load
from service.knowledge.model import Knowledge
from service.record import Issue, Problem, Record, Result, Treatment

RULES = """
ruleset: test
version: 1.0.0
intended_use: For tests.
---
units:
  - {unit: mmol/L, dimension: substance/volume, scale: 1/1000, also: [mM]}
  - {unit: umol/L, dimension: substance/volume, scale: 1/1000000}
  - {unit: pmol/L, dimension: substance/volume, scale: 1/1000000000000}
  - {unit: meq/L, dimension: equivalents/volume, scale: 1/1000}
  - {unit: mg/dL, dimension: mass/volume, scale: 1/100, also: ["mg%"]}
  - {unit: g/L, dimension: mass/volume, scale: "1"}
  - {unit: pg/mL, dimension: mass/volume, scale: 1/1000000000}
  - {unit: ng/L, dimension: mass/volume, scale: 1/1000000000}
  - {unit: cm, dimension: length, scale: 1/100}
  - {unit: U/L, dimension: catalytic activity/volume, scale: 1/60000000}
  - {unit: mU/mL, dimension: catalytic activity/volume, scale: 1/60000000}
  - {unit: "1", dimension: number, scale: "1"}
  - {unit: "{INR}", dimension: number, scale: "1", also: [INR]}
---
analyte: sodium
name: Sodium
unit: mmol/L
units: [mmol/L, meq/L]
charge: "1"
loinc:
  2951-2: "Sodium [Moles/volume] in Serum or Plasma"
  2947-0: "Sodium [Moles/volume] in Blood"
names: [sodium, Na]
plausible: 90 to 200 mmol/L
lookback: 7 d
confusable: {2955-3: urine sodium}
---
analyte: potassium
name: Potassium
unit: mmol/L
units: [mmol/L]
loinc: {2823-3: "Potassium [Moles/volume] in Serum or Plasma"}
names: [potassium]
plausible: 1 to 12 mmol/L
lookback: 7 d
---
analyte: vitamin_b12
name: Vitamin B12
unit: pg/mL
units: [pg/mL, ng/L, pmol/L]
molar_mass: "1355.37"
loinc:
  2132-9: "Cobalamin [Mass/volume] in Serum or Plasma"
  14685-2: "Cobalamin [Moles/volume] in Serum or Plasma"
names: [vitamin B12]
plausible: 5 to 200000 pg/mL
lookback: 365 d
trusts: range
---
analyte: urea
name: Urea
unit: mmol/L
units: [mmol/L, mg/dL]
molar_mass: "60.06"
forms: {nitrogen: "28.014"}
loinc:
  3094-0: {name: "Urea nitrogen [Mass/volume] in Serum or Plasma", form: nitrogen}
  3091-6: "Urea [Mass/volume] in Serum or Plasma"
  22664-7: "Urea [Moles/volume] in Serum or Plasma"
names: [urea]
form_names: {nitrogen: [BUN]}
narrow_names: {U: 5 to 120 mmol/L}
plausible: 0.3 to 120 mmol/L
lookback: 30 d
---
analyte: inr
name: INR
unit: "{INR}"
units: ["{INR}", "1"]
loinc: {6301-6: "INR in Platelet poor plasma by Coagulation assay"}
names: [INR]
plausible: "0.5 to 20"
lookback: 14 d
---
analyte: egfr
name: eGFR
unit: U/L
units: [U/L, mU/mL]
loinc: {98979-8: {name: "eGFR, for tests in U/L", marks: [calculated]}}
plausible: 1 to 300 U/L
lookback: 90 d
---
problem: celiac-disease
name: Celiac disease
snomed: {"396331005": Celiac disease}
icd10cm: {K90.0: Celiac disease}
icd10: {K90.0: Celiac disease}
names: [celiac sprue]
phrases: [celiac disease]
---
problem: alcohol-use-disorder
name: Alcohol use disorder
snomed: {"7200002": Alcoholism}
icd10cm: {F10.2*: Alcohol dependence}
exceptions: [F10.21]
names: [alcoholism, alcohol dependence]
groups: [harmful-alcohol-use]
---
problem: myoclonus
name: Myoclonus
snomed: {"17450006": Myoclonus}
icd10: {G25.3: Myoclonus}
names: [jerks]
phrases: [myoclonus, myoclonic jerks]
sign: true
---
problem: myoclonus-of-its-own-kind
name: Myoclonus with a diagnosis of its own
phrases: [palatal myoclonus]
---
medicine: gabapentin
name: Gabapentin
rxnorm: {"25480": gabapentin}
atc: {N02BF01: gabapentin}
names: [gabapentin, Neurontin]
---
medicine: bupropion
name: Bupropion
rxnorm: {"42347": bupropion}
names: [bupropion]
---
medicine: valproate
name: Valproate
atc: {N03AG*: valproic acid}
snomed: {"387481005": valproate}
names: [valproate, sodium valproate]
---
analyte: body_height
name: Body height
unit: cm
units: [cm]
loinc: {8302-2: "Body height"}
plausible: 30 to 250 cm
lookback: 180 d
---
derived: head_above_ground
name: Head above the ground
unit: cm
references: []
plausible: 30 to 250 cm
lookback: 180 d
inputs: {height: {analyte: body_height, unit: cm}}
formulas: [{formula: height}]
"""


def _load() -> Knowledge:
    with tempfile.TemporaryDirectory() as folder:
        Path(folder, "rules.yaml").write_text(RULES, encoding="utf-8")
        shutil.copytree(Path(__file__).parents[2] / "rules" / "words", Path(folder, "words"))
        return load(Path(folder))


KNOWLEDGE = _load()
LEXICON = lexicon_of(KNOWLEDGE)

CLOCK = datetime(2026, 5, 10, 12, 0, tzinfo=UTC)
OPTIONS = ReadingOptions(clock=CLOCK, moment=CLOCK)
BERLIN = ZoneInfo("Europe/Berlin")

LOINC = "http://loinc.org"
SNOMED = "http://snomed.info/sct"
UCUM = "http://unitsofmeasure.org"

#: A number that Python would not write so: {"value": number("1e400")}.
_NUMBER = re.compile(r'"@number:([^"@]*)@"')


def number(written: str) -> str:
    """A JSON number that is sent exactly as written."""
    return f"@number:{written}@"


def sent(resource: object) -> bytes:
    """A request's body."""
    return _NUMBER.sub(r"\1", json.dumps(resource)).encode()


def coding(code: str, system: str = LOINC, **more: object) -> dict[str, Any]:
    return {"coding": [{"system": system, "code": code}], **more}


def quantity(value: object = 120, unit: str = "mmol/L", **more: object) -> dict[str, Any]:
    return {"value": value, "unit": unit, "system": UCUM, "code": unit, **more}


def patient(**more: object) -> dict[str, Any]:
    return {"resourceType": "Patient", "id": "ann", **more}


def observation(**more: object) -> dict[str, Any]:
    """A final sodium of 120 mmol/L of Patient/ann; `more` replaces elements, None removes one."""
    return _made(
        {
            "resourceType": "Observation",
            "status": "final",
            "code": coding("2951-2"),
            "subject": {"reference": "Patient/ann"},
            "effectiveDateTime": "2026-05-09T08:00:00Z",
            "valueQuantity": quantity(),
        },
        more,
    )


def condition(**more: object) -> dict[str, Any]:
    """An active, confirmed celiac disease of Patient/ann."""
    return _made(
        {
            "resourceType": "Condition",
            "clinicalStatus": coding("active", "condition-clinical"),
            "verificationStatus": coding("confirmed", "condition-ver-status"),
            "code": coding("396331005", SNOMED),
            "subject": {"reference": "Patient/ann"},
        },
        more,
    )


def medication(kind: str = "MedicationStatement", **more: object) -> dict[str, Any]:
    """Gabapentin, being taken by Patient/ann."""
    return _made(
        {
            "resourceType": kind,
            "status": "active",
            "medicationCodeableConcept": coding(
                "25480", "http://www.nlm.nih.gov/research/umls/rxnorm"
            ),
            "subject": {"reference": "Patient/ann"},
        },
        more,
    )


def _made(resource: dict[str, Any], more: dict[str, object]) -> dict[str, Any]:
    made = {**resource, **more}
    return {name: value for name, value in made.items() if value is not None}


def bundle(*resources: dict[str, Any], kind: str = "collection") -> dict[str, Any]:
    """A Bundle of resources; one that is an entry already ("resource" in it) stays as it is."""
    return {
        "resourceType": "Bundle",
        "type": kind,
        "entry": [
            one if "resource" in one or "request" in one else {"resource": one} for one in resources
        ],
    }


def entry(full_url: str, resource: dict[str, Any], **more: object) -> dict[str, Any]:
    return {"fullUrl": full_url, "resource": resource, **more}


def intake(*resources: dict[str, Any], options: ReadingOptions = OPTIONS) -> Intake:
    """What is read of a body, or of a Bundle of several resources."""
    whole = resources[0] if len(resources) == 1 else bundle(*resources)
    return read(sent(whole), KNOWLEDGE, options)


def record(*resources: dict[str, Any], options: ReadingOptions = OPTIONS) -> Record:
    """The record of the request's only patient."""
    (found,) = intake(*resources, options=options).records
    return found


def result(*resources: dict[str, Any]) -> Result:
    (found,) = record(*resources).results
    return found


def problem(*resources: dict[str, Any]) -> Problem:
    (found,) = record(*resources).problems
    return found


def treatment(*resources: dict[str, Any]) -> Treatment:
    (found,) = record(*resources).treatments
    return found


def said(issues: Iterable[Issue], word: str) -> list[Issue]:
    """The issues whose text has a word in it."""
    return [issue for issue in issues if word in issue.text]


def told(word: str, *resources: dict[str, Any]) -> Issue:
    """The one issue of a request that has a word in it."""
    (found,) = said(intake(*resources).issues, word)
    return found
