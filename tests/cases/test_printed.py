"""Patients as they are printed in several countries: what is due is named, and nothing else.

They were written down before the rules were looked at, and tell what a name, a unit or a wording
costs that nobody thought of.
"""

import json
from datetime import UTC, datetime
from itertools import count
from pathlib import Path
from typing import Any, NamedTuple

import pytest
import yaml

from service.evaluation import Site, answer, ask
from tests.fhir_validity import assert_valid_answer
from tests.told import flags

CLOCK = datetime(2026, 11, 1, tzinfo=UTC)
TODAY = "2026-03-10"
RANK = ("low", "medium", "high")


class Printed(NamedTuple):
    """A patient as printed; `due` are causes with their least priority, `also` may be named."""

    story: str
    born: str
    sex: str
    due: dict[str, str]
    drawn: str = TODAY
    results: tuple[str, ...] = ()
    diagnoses: tuple[str, ...] = ()
    medicines: tuple[str, ...] = ()
    also: tuple[str, ...] = ()


def printed() -> list[Printed]:
    text = Path(__file__).with_name("printed.yaml").read_text(encoding="utf-8")
    return [Printed(**each) for each in yaml.load(text, Loader=yaml.BaseLoader)]  # noqa: S506


def _fields(line: str, how_many: int) -> list[str]:
    fields = [field.strip() for field in line.split("|")]
    return fields + [""] * (how_many - len(fields))


def _result(line: str, drawn: str) -> dict[str, Any]:
    name, value, range_, flag, loinc, day = _fields(line, 6)
    name, _, specimen = name.partition(" @")
    number, _, unit = value.lstrip("<>=").partition(" ")
    comparator = value[: len(value) - len(value.lstrip("<>="))]
    quantity = {"value": float(number), "unit": unit, "comparator": comparator}
    code: dict[str, Any] = {"text": name}
    if loinc:
        code["coding"] = [{"system": "http://loinc.org", "code": loinc}]
    made: dict[str, Any] = {
        "resourceType": "Observation",
        "status": "final",
        "category": [{"coding": [{"code": "laboratory"}]}],
        "code": code,
        "effectiveDateTime": day or drawn,
        "valueQuantity": {key: said for key, said in quantity.items() if said != ""},
    }
    if range_:
        made["referenceRange"] = [{"text": range_}]
    if flag:
        made["interpretation"] = [{"coding": [{"code": flag}]}]
    if specimen:
        made["specimen"] = {"display": specimen}
    return made


def _diagnosis(line: str) -> dict[str, Any]:
    text, code, status, day = _fields(line, 4)
    system = "http://snomed.info/sct" if code.isdigit() else "http://hl7.org/fhir/sid/icd-10-cm"
    over = status in {"resolved", "inactive"}
    clinical, verified = (status, "") if over else ("active", status)
    return {
        "resourceType": "Condition",
        "clinicalStatus": {"coding": [{"code": clinical}]},
        "verificationStatus": {"coding": [{"code": verified or "confirmed"}]},
        "code": {"text": text, "coding": [{"system": system, "code": code}] if code else []},
        "onsetDateTime": day or TODAY,
    }


def _medicine(name: str) -> dict[str, Any]:
    return {
        "resourceType": "MedicationStatement",
        "status": "active",
        "medicationCodeableConcept": {"text": name},
    }


def _bundle(patient: Printed) -> bytes:
    resources = [_result(line, patient.drawn) for line in patient.results]
    resources += [_diagnosis(line) for line in patient.diagnoses]
    resources += [_medicine(name) for name in patient.medicines]
    person = {"resourceType": "Patient", "birthDate": patient.born, "gender": patient.sex}
    entries = []
    for number, resource in zip(count(), [person, *resources], strict=False):
        resource["id"] = f"x{number}"
        if number:
            resource["subject"] = {"reference": "Patient/x0"}
        url = f"https://ward.example/{resource['resourceType']}/x{number}"
        entries.append({"fullUrl": url, "resource": resource})
    whole = {"resourceType": "Bundle", "type": "collection", "entry": entries}
    return json.dumps(whole).encode()


@pytest.mark.parametrize("patient", printed(), ids=lambda patient: patient.story[:50])
def test_what_is_due_is_named_and_nothing_that_would_be_wrong(site: Site, patient: Printed) -> None:
    told = assert_valid_answer(answer(site, _bundle(patient), ask(site, "latest"), CLOCK))
    found = {flag.cause: flag.priority for flag in flags(told)}
    assert patient.due.keys() <= found.keys() <= {*patient.due, *patient.also}
    for cause, least in patient.due.items():
        assert RANK.index(found[cause]) >= RANK.index(least), cause
