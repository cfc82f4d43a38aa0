"""What is read, and what is not: forms of FHIR, each with what becomes of it.

`forms.yaml` holds the forms. Each is a change of a resource that is read in full, and what
becomes of it: `used`, `not used` or `refused`. The page is what the service says of each form
when it is sent, so no row of it can be wrong without a test failing.
"""

import json
import re
from datetime import datetime
from pathlib import Path
from typing import Any, Literal, NamedTuple

import yaml
from msgspec import Struct, convert

from service.evaluation import Asked, Site, answer
from service.fhir.issues import Refused
from tests.told import issues, summaries

_FORMS = Path(__file__).with_name("forms.yaml")

#: The forms are judged at this moment, a day after the newest of them.
_CLOCK = datetime.fromisoformat("2026-01-11T08:00:00Z")

#: What is used shows in the summary: as a finding, since all results sent here are abnormal, or
#: as a problem or treatment that counts.
_USED = re.compile(r"Findings: (?!none)|[1-9]\d* known (?:problem|treatment)")

_SERVER = "https://ehr.example.org/fhir"

Outcome = Literal["used", "not used", "refused"]


class Form(Struct, frozen=True, forbid_unknown_fields=True):
    """A form of one resource.

    `sent` is merged into the section's resource (null takes an element away); with `again` that
    resource is sent once more, merged with this instead. `beside` are further resources of the
    same Bundle, `bundle` is merged into the Bundle itself.
    """

    form: str
    becomes: Outcome
    sent: dict[str, Any] = {}
    again: dict[str, Any] | None = None
    beside: tuple[dict[str, Any], ...] = ()
    bundle: dict[str, Any] = {}


class Section(Struct, frozen=True, forbid_unknown_fields=True):
    """Forms of one kind; `of` names the resource that they change.

    `beside` names resources that are sent with each form, as they are.
    """

    heading: str
    of: str
    forms: tuple[Form, ...]
    beside: tuple[str, ...] = ()
    about: str = ""


class Book(Struct, frozen=True, forbid_unknown_fields=True):
    """All forms, and the resources that they change, by their types."""

    resources: dict[str, dict[str, Any]]
    sections: tuple[Section, ...]


class Told(NamedTuple):
    """What became of a form, and what the answer said of it."""

    becomes: Outcome
    said: tuple[str, ...]


def book() -> Book:
    return convert(yaml.safe_load(_FORMS.read_text(encoding="utf-8")), Book)


def bundle(held: Book, section: Section, form: Form) -> dict[str, Any]:
    """The Bundle that sends a form: its patient, its resource, and what is beside it."""
    patient = [held.resources["Patient"]] if section.of != "Patient" else []
    changed = merged(held.resources[section.of], form.sent)
    again = [] if form.again is None else [merged(held.resources[section.of], form.again)]
    beside = (held.resources[kind] for kind in section.beside)
    whole: dict[str, Any] = {
        "resourceType": "Bundle",
        "type": "collection",
        "entry": [
            {"fullUrl": f"{_SERVER}/{one['resourceType']}/{one['id']}", "resource": one}
            for one in (*patient, changed, *again, *beside, *form.beside)
        ],
    }
    changed_whole: dict[str, Any] = merged(whole, form.bundle)
    return changed_whole


def told(site: Site, sent: dict[str, Any]) -> Told:
    """What the service makes of a Bundle."""
    try:
        body = answer(site, json.dumps(sent).encode(), Asked(), _CLOCK)
    except Refused as refused:
        return Told("refused", tuple(issue.text for issue in refused.issues))
    found = json.loads(body)
    said = tuple(dict.fromkeys(issue.text for issue in issues(found)))
    return Told("used" if is_used(found) else "not used", said)


def is_used(found: dict[str, Any]) -> bool:
    """Whether an answer says that what was sent counts for a patient."""
    return any(map(_USED.search, summaries(found)))


def merged(whole: Any, change: Any) -> Any:  # noqa: ANN401  # JSON is any of its types
    """JSON with a merge patch applied (RFC 7386)."""
    if not isinstance(change, dict):
        return change
    kept = dict(whole) if isinstance(whole, dict) else {}
    for name, value in change.items():
        if value is None:
            kept.pop(name, None)
        else:
            kept[name] = merged(kept.get(name), value)
    return kept
