"""R4 resources as STU3 and R5 write the same: only what the samples and tests hold."""

from collections.abc import Callable, Mapping
from typing import Any

Json = Any
Resource = dict[str, Any]


def in_stu3(resource: Resource) -> Resource:
    """https://hl7.org/fhir/STU3/: Condition, Observation, medication resources, references."""
    return _translated(resource, _TO_STU3)


def in_r5(resource: Resource) -> Resource:
    """https://hl7.org/fhir/R5/: Condition, medication resources."""
    return _translated(resource, _TO_R5)


_Changes = Mapping[str, Callable[[Resource], None]]


def _translated(resource: Resource, to: _Changes) -> Resource:
    found: Resource = _copy(resource, to)
    return found


def _copy(element: Json, to: _Changes) -> Json:
    if isinstance(element, list):
        return [_copy(one, to) for one in element]
    if not isinstance(element, dict):
        return element
    copy = {name: _copy(value, to) for name, value in element.items()}
    if change := to.get(copy.get("resourceType", "")):
        change(copy)
    elif "resourceType" not in copy and "" in to:
        to[""](copy)
    return copy


def _rename(element: Resource, old: str, new: str) -> None:
    if old in element:
        element[new] = element.pop(old)


def _code(concept: Json) -> str:
    return str(concept["coding"][0]["code"])


# ------------------------------------------------------------------------ STU3


def _element_of_stu3(element: Resource) -> None:
    """A reference has no type; a component has one interpretation."""
    if "reference" in element or {"type", "display"} == set(element):
        element.pop("type", None)
    _rename_interpretation(element)


def _rename_interpretation(element: Resource) -> None:
    if isinstance(element.get("interpretation"), list):
        (element["interpretation"],) = element["interpretation"]


def _observation_of_stu3(one: Resource) -> None:
    _rename(one, "encounter", "context")
    _rename_interpretation(one)
    _rename(one, "effectiveInstant", "effectiveDateTime")
    if notes := one.pop("note", []):
        one["comment"] = " ".join(note["text"] for note in notes)
    related = [{"type": "has-member", "target": target} for target in one.pop("hasMember", [])]
    related += [{"type": "derived-from", "target": target} for target in one.pop("derivedFrom", [])]
    if related:
        one["related"] = related


def _condition_of_stu3(one: Resource) -> None:
    for name in ("clinicalStatus", "verificationStatus"):
        if name in one:
            one[name] = _code(one[name])
    if one.get("verificationStatus") == "unconfirmed":
        one["verificationStatus"] = "unknown"
    _rename(one, "recordedDate", "assertedDate")
    _rename(one, "encounter", "context")


def _statement_of_stu3(one: Resource) -> None:
    one["taken"] = "y"
    if one["status"] == "not-taken":
        one |= {"status": "completed", "taken": "n"}


def _administration_of_stu3(one: Resource) -> None:
    if one["status"] == "not-done":
        one |= {"status": "completed", "notGiven": True}


def _bundle_of_stu3(one: Resource) -> None:
    one.pop("timestamp", None)


_TO_STU3 = {
    "": _element_of_stu3,
    "Bundle": _bundle_of_stu3,
    "Observation": _observation_of_stu3,
    "Condition": _condition_of_stu3,
    "MedicationStatement": _statement_of_stu3,
    "MedicationAdministration": _administration_of_stu3,
}


# -------------------------------------------------------------------------- R5


def _medication_of_r5(one: Resource) -> None:
    for name, part in (
        ("medicationCodeableConcept", "concept"),
        ("medicationReference", "reference"),
    ):
        if name in one:
            one["medication"] = {part: one.pop(name)}
    _rename(one, "context", "encounter")


def _statement_of_r5(one: Resource) -> None:
    _medication_of_r5(one)
    system = "http://hl7.org/fhir/CodeSystem/medication-statement-adherence"
    adherence = {"not-taken": "not-taking", "on-hold": "on-hold", "stopped": "stopped"}.get(
        one["status"], "taking" if one["status"] == "active" else ""
    )
    one["status"] = one["status"] if one["status"] == "entered-in-error" else "recorded"
    if adherence:
        one["adherence"] = {"code": {"coding": [{"system": system, "code": adherence}]}}


def _administration_of_r5(one: Resource) -> None:
    _medication_of_r5(one)
    # R5 spells it with one r.
    _rename(one, "effectiveDateTime", "occurenceDateTime")
    _rename(one, "effectivePeriod", "occurencePeriod")


def _condition_of_r5(one: Resource) -> None:
    system = "http://terminology.hl7.org/CodeSystem/condition-clinical"
    unknown = {"coding": [{"system": system, "code": "unknown"}]}
    one.setdefault("clinicalStatus", unknown)


def _product_of_r5(one: Resource) -> None:
    for ingredient in one.get("ingredient", []):
        ingredient["item"] = {"concept": ingredient.pop("itemCodeableConcept")}


_TO_R5 = {
    "Condition": _condition_of_r5,
    "Medication": _product_of_r5,
    "MedicationRequest": _medication_of_r5,
    "MedicationStatement": _statement_of_r5,
    "MedicationAdministration": _administration_of_r5,
}
