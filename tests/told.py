"""An answer in short: what tables of expectations hold to."""

from collections.abc import Iterator
from typing import Any, NamedTuple

_PRIORITY = {"PH": "high", "PM": "medium", "PL": "low"}

#: How the one issue for each patient begins that says what was read and found.
_SUMMARY = "Judged at "


class Told(NamedTuple):
    """One flag: whom it is about, what it names, how pressing, and what it refers to."""

    patient: str
    priority: str
    cause: str
    evidence: str


class Issue(NamedTuple):
    """One issue: how bad, where in the request, and its words."""

    severity: str
    expressions: tuple[str, ...]
    text: str


def flags(answer: dict[str, Any]) -> list[Told]:
    """The flags of an answer, in its order."""
    return [_flag(resource) for resource in _resources(answer, "Flag")]


def issues(answer: dict[str, Any]) -> list[Issue]:
    """The issues of an answer or a refusal, without the summaries of patients."""
    return [issue for issue in _issues(answer) if not issue.text.startswith(_SUMMARY)]


def summaries(answer: dict[str, Any]) -> list[str]:
    """What an answer says of each patient: when judged, what was read, used and found."""
    return [issue.text for issue in _issues(answer) if issue.text.startswith(_SUMMARY)]


def _issues(answer: dict[str, Any]) -> Iterator[Issue]:
    for outcome in _resources(answer, "OperationOutcome"):
        for issue in outcome["issue"]:
            where = tuple(issue.get("expression", ()))
            yield Issue(issue["severity"], where, issue["details"]["text"])


def _resources(answer: dict[str, Any], kind: str) -> Iterator[dict[str, Any]]:
    """A refusal is an OperationOutcome by itself."""
    for resource in (answer, *(entry["resource"] for entry in answer.get("entry", ()))):
        if resource["resourceType"] == kind:
            yield resource


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
