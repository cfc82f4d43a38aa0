"""What is read, and what is not: forms of FHIR, each with what becomes of it.

`forms.yaml` holds the forms. Each is a change of a resource that is read in full, and what
becomes of it: `used`, `not used` or `refused`. The document is what the service says of each
form when it is sent, so no row of it can be wrong without a test failing.
"""

import json
import re
from collections.abc import Iterator
from datetime import datetime
from pathlib import Path
from typing import Any, Literal, NamedTuple

import yaml
from msgspec import Struct, convert

from service.evaluation import Asked, Site, answer
from service.fhir.issues import Refused
from service.knowledge.model import Knowledge
from tests.told import issues, summaries

_FORMS = Path(__file__).with_name("forms.yaml")
DOCUMENT = Path(__file__).parents[2] / "docs" / "conformance.md"

#: The forms are judged at this moment, a day after the newest of them.
_CLOCK = datetime.fromisoformat("2026-01-11T08:00:00Z")

#: What is used shows in the summary: as a finding, since all results sent here are abnormal, or
#: as a problem or treatment that counts.
_USED = re.compile(r"Findings: (?!none)|[1-9]\d* known (?:problem|treatment)")

_SERVER = "https://ehr.example.org/fhir"

_HEAD = """\
# What is read, and what is not

For those who send to Myoflag: which elements, codes, statuses and forms it uses, and what it says of the others.
Written by `make docs` from what the service answers; a test sends every form of this page.

Each form is a change of a resource that is used; elements that are `null` are left out.
**Used**: it counts for the patient, with what the answer says of it beside.
**Not used**: it counts for nothing, and the answer says so.
**Refused**: the whole request is.
Elements that no form names are not read; they change nothing, unless [strict handling](integration.md#strict-handling) is asked for.
How answers look over HTTP is told in [integration.md](integration.md).

## The resources
"""  # noqa: E501  # a sentence for each line

_ANALYTES = """
## Laboratory results that rules know

By LOINC code or, where no code is known, by name.
`/rules` of a running service tells names and limits, and problems and medicines with their codes.

| analyte | LOINC | units |
| --- | --- | --- |"""

Outcome = Literal["used", "not used", "refused"]


class Form(Struct, frozen=True, forbid_unknown_fields=True):
    """A form of one resource.

    `sent` is merged into the section's resource (null takes an element away); `beside` are
    further resources of the same Bundle, `bundle` is merged into the Bundle itself.
    """

    form: str
    becomes: Outcome
    sent: dict[str, Any] = {}
    beside: tuple[dict[str, Any], ...] = ()
    bundle: dict[str, Any] = {}


class Section(Struct, frozen=True, forbid_unknown_fields=True):
    """Forms of one kind; `of` names the resource that they change."""

    heading: str
    of: str
    forms: tuple[Form, ...]
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
    patient = held.resources["Patient"]
    changed = merged(held.resources[section.of], form.sent)
    resources = [changed] if section.of == "Patient" else [patient, changed]
    if section.of == "Patient":
        resources.append(held.resources["Observation"])
    whole: dict[str, Any] = {
        "resourceType": "Bundle",
        "type": "collection",
        "entry": [
            {"fullUrl": f"{_SERVER}/{one['resourceType']}/{one['id']}", "resource": one}
            for one in (*resources, *form.beside)
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
    used = any(map(_USED.search, summaries(found)))
    said = tuple(dict.fromkeys(issue.text for issue in issues(found)))
    return Told("used" if used else "not used", said)


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


def document(site: Site) -> str:
    """The page of all forms, and of the codes and units that rules know."""
    return "\n".join((*_page(site), ""))


def _page(site: Site) -> Iterator[str]:
    held = book()
    yield _HEAD
    for kind, resource in held.resources.items():
        yield f"- {kind}: {_shown(resource)}"
    for section in held.sections:
        yield from ("", f"## {section.heading}", "")
        if section.about:
            yield from (section.about, "")
        yield from ("| form | sent | becomes | the answer says |", "| --- | --- | --- | --- |")
        for form in section.forms:
            found = told(site, bundle(held, section, form))
            said = "<br>".join(map(_cell, found.said)) or "nothing"
            yield f"| {_cell(form.form)} | {_sent(form)} | {found.becomes} | {said} |"
    yield from _codes(site.knowledge)


def _sent(form: Form) -> str:
    parts = []
    if form.sent:
        parts.append(_shown(form.sent))
    parts += [f"beside it {_shown(one)}" for one in form.beside]
    if form.bundle:
        parts.append(f"the Bundle {_shown(form.bundle)}")
    return "<br>".join(parts) or "as it is"


def _shown(value: object) -> str:
    text = json.dumps(value, ensure_ascii=False, separators=(", ", ": "))
    return f"`` {text.replace('|', chr(92) + '|')} ``"


def _cell(text: str) -> str:
    return text.replace("|", "\\|")


def _codes(knowledge: Knowledge) -> Iterator[str]:
    yield _ANALYTES
    for name, analyte in sorted(knowledge.analytes.items()):
        codes = ", ".join(analyte.loinc)
        yield f"| {_cell(analyte.name)} (`{name}`) | {codes} | {_cell(', '.join(analyte.units))} |"
