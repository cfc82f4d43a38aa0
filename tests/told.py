"""An answer in short: what tables of expectations hold to."""

from collections import Counter
from typing import Any, NamedTuple

_PRIORITY = {"PH": "high", "PM": "medium", "PL": "low"}


class Told(NamedTuple):
    """One flag: whom it is about, what it names, how pressing, and what it refers to."""

    patient: str
    priority: str
    cause: str
    evidence: str


def flags(answer: dict[str, Any]) -> list[Told]:
    """The flags of an answer, in its order."""
    resources = (entry["resource"] for entry in answer.get("entry", ()))
    return [_flag(resource) for resource in resources if resource["resourceType"] == "Flag"]


def issues(answer: dict[str, Any]) -> Counter[str]:
    """How many issues of each severity an answer (or refusal) has, the patients' own left out."""
    outcomes = [answer, *(entry["resource"] for entry in answer.get("entry", ()))]
    return Counter(
        issue["severity"]
        for outcome in outcomes
        if outcome["resourceType"] == "OperationOutcome"
        for issue in outcome["issue"]
        if issue["code"] != "informational"
    )


def _flag(flag: dict[str, Any]) -> Told:
    extensions: dict[str, list[dict[str, Any]]] = {}
    for extension in flag["extension"]:
        extensions.setdefault(extension["url"].rpartition("/")[2], []).append(extension)
    (priority,) = extensions["flag-priority"]
    evidence = [_name(detail["valueReference"]) for detail in extensions["flag-detail"]]
    return Told(
        _name(flag["subject"]),
        _PRIORITY[priority["valueCodeableConcept"]["coding"][0]["code"]],
        flag["code"]["coding"][0]["code"],
        ", ".join(evidence),
    )


def _name(reference: dict[str, Any]) -> str:
    """A reference as its sender made it, or how it can be recognized without one."""
    identifier = reference.get("identifier", {}).get("value")
    return str(reference.get("reference") or identifier or "unnamed")
