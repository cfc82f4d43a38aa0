"""docs/conformance.md: all forms and requests with what the service answers, and all codes."""

import json
import re
from collections.abc import Iterator
from pathlib import Path

from service.evaluation import Site
from service.fhir.codes import NAMES
from service.knowledge.model import ATC, ICD10, ICD10CM, LOINC, RXNORM, SNOMED, Knowledge
from tests.conformance.forms import Book, Form, book, bundle, told
from tests.conformance.requests import LIMITS, USUAL, Request, answer, groups, small

PAGE = Path(__file__).parents[2] / "docs" / "conformance.md"

_HEAD = """\
# What is read, and what is not

For those who send to Myoflag: which elements, codes, statuses and forms it uses, and what it says of the others.
Written by `make docs` from what the service answers; a test sends every form of this page.

Each form is a change of a resource that is used; elements that are `null` are left out.
**Used**: it counts for the patient, with what the answer says of it beside.
**Not used**: it counts for nothing, and the answer says so.
**Refused**: the whole request is.
Forms that only STU3 or R5 has say so; they are read in every request, whichever release it names.
Elements that no form names are not read; they change nothing, unless [strict handling](integration.md#strict-handling) is asked for.
How a request is made is told in [integration.md](integration.md).

## The resources

All are judged at 2026-01-11T08:00:00Z.
"""  # noqa: E501  # a sentence for each line

_REQUESTS = f"""
## Over HTTP

Each request is a change of `{USUAL}`, with `Content-Type: application/fhir+json` and a Bundle of the Patient and the Observation above.
The site that answers here reads {LIMITS["max_body_bytes"]} bytes, {LIMITS["max_entries"]} entries, {LIMITS["max_depth"]} levels and texts of {LIMITS["max_text_bytes"]} bytes;
what a site reads as a rule is told in [operations.md](operations.md#settings).
Every refusal is an OperationOutcome; the code is that of its first issue.
Keys, and what depends on time and load (401, 408, 429, 500, 503, 504), are told in [integration.md](integration.md#refusals).
"""  # noqa: E501  # a sentence for each line

_SYSTEMS_HEAD = """
## Code systems

Systems are known by their URL, with http or https, with or without a closing slash or a version, and by these names.
Codes of other systems count for nothing, but the words beside them do where no code is known.
The systems of statuses, flags, specimens and routes do not matter, their codes do.

| system | also named | read in | a code counts |
| --- | --- | --- | --- |"""  # noqa: E501  # a sentence for each line

_ENCODINGS = {"utf-8-sig": "UTF-8 with a mark", "utf-16": "UTF-16", "latin-1": "Latin-1"}

_MEDICATION = "medication codes"

#: Of each system, where it is read, and when a code of it counts.
SYSTEMS = {
    LOINC: (
        "Observation and component codes",
        "where it is one of those below; one that is easily mistaken for it is told by name",
    ),
    SNOMED: (
        f"Condition and {_MEDICATION}, the laboratory's flag, specimens and routes",
        "where rules name that very concept, not one above or below it; in any edition",
    ),
    ICD10CM: (
        "Condition codes",
        "with or without its dot and marks; also below one that rules name with all below it",
    ),
    ICD10: ("Condition codes", "as those of ICD-10-CM; national editions share the categories"),
    RXNORM: (_MEDICATION, "as the code of an ingredient; of a product its name is read"),
    ATC: (_MEDICATION, "of a substance; of a group only where rules name all of it"),
}

_ANALYTES = """
## Laboratory results that rules know

By LOINC code or, where no code is known, by name.
Units are known by their UCUM code or by what is printed, in many spellings.
`/rules` of a running service tells names and limits, and problems and medicines with their codes.

| analyte | LOINC | units |
| --- | --- | --- |"""


def page(site: Site) -> str:
    """The page of all forms and requests, and of the codes and units that rules know."""
    held = book()
    lines = (*_forms(site, held), *_requests(site, held), *_systems(), *_codes(site.knowledge), "")
    return "\n".join(lines)


def _forms(site: Site, held: Book) -> Iterator[str]:
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
            yield _row(_cell(form.form), _sent(form), found.becomes, _said(found.said))


def _sent(form: Form) -> str:
    parts = []
    if form.sent:
        parts.append(_shown(form.sent))
    if form.again is not None:
        parts.append(f"and again with {_shown(form.again)}" if form.again else "twice")
    parts += [f"beside it {_shown(one)}" for one in form.beside]
    if form.bundle:
        parts.append(f"the Bundle {_shown(form.bundle)}")
    return "<br>".join(parts) or "as it is"


def _requests(site: Site, held: Book) -> Iterator[str]:
    yield _REQUESTS.rstrip("\n")
    app = small(site)
    for group in groups():
        yield from ("", f"### {group.heading.removeprefix('HTTP: ').capitalize()}", "")
        if group.about:
            yield from (group.about, "")
        yield "| form | sent | status | becomes | the answer says |"
        yield "| --- | --- | --- | --- | --- |"
        for request in group.requests:
            found = answer(app, held, request)
            said = _said(found.said)
            becomes = f"{found.becomes}, {_code(found.code)}" if found.code else found.becomes
            yield _row(_cell(request.form), _asked(request), str(found.status), becomes, said)


def _asked(request: Request) -> str:
    parts = [_code(request.to)] if request.to != USUAL else []
    parts += [
        _code(f"{name}: {value}") if value else f"no {_code(name)}"
        for name, value in request.headers.items()
    ]
    if request.sent:
        parts.append(f"the Bundle {_shown(request.sent)}")
    if request.text:
        text = request.text.replace("\n", "\\n")
        parts.append(_code(text) + (f" {request.times} times" if request.times > 1 else ""))
    elif request.text is not None:
        parts.append("no body")
    if request.encoding != "utf-8":
        parts.append(f"in {_ENCODINGS[request.encoding]}")
    if request.gzip:
        parts.append("packed by gzip")
    return "<br>".join(parts) or "as it is"


def _systems() -> Iterator[str]:
    yield _SYSTEMS_HEAD
    for system, (where, when) in SYSTEMS.items():
        names = [name for name, meant in NAMES.items() if meant == system != name]
        yield _row(_code(system), ", ".join(map(_code, names)), where, when)


def _codes(knowledge: Knowledge) -> Iterator[str]:
    yield _ANALYTES
    for name, analyte in sorted(knowledge.analytes.items()):
        yield _row(
            f"{_cell(analyte.name)} ({_code(name)})",
            ", ".join(analyte.loinc),
            _cell(", ".join(analyte.units)),
        )


def _row(*cells: str) -> str:
    return f"| {' | '.join(cells)} |"


def _said(texts: tuple[str, ...]) -> str:
    return "<br>".join(map(_cell, texts)) or "nothing"


def _cell(text: str) -> str:
    """Words as they are: what ends a cell, or begins code, emphasis or a tag, is escaped."""
    return re.sub(r"([|`*]|<(?=[A-Za-z/!?]))", r"\\\1", text)


def _shown(value: object) -> str:
    return _code(json.dumps(value, ensure_ascii=False))


def _code(text: str) -> str:
    """Code in a cell; a pipe would end the cell even there."""
    if "`" in text:
        raise ValueError("A form with a backtick needs another fence.")
    return f"`{text}`".replace("|", "\\|")
