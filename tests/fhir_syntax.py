"""What FHIR R4 asks of every element: syntax, narratives, references, extensions.

Each check gives its complaints as sentences that begin with a path ("Flag.code: ...").
"""

import re
from collections.abc import Iterator
from datetime import date, datetime
from typing import Any
from xml.etree import ElementTree as ET

from fhir.resources.R4B import get_fhir_model_class
from fhir.resources.R4B.resource import Resource

Json = Any

XHTML = "{http://www.w3.org/1999/xhtml}"

_ID = re.compile(r"[A-Za-z0-9\-.]{1,64}")
_URI = re.compile(r"\S+")
_UUID = re.compile(r"urn:uuid:[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}")
_OID = re.compile(r"urn:oid:[0-2](\.(0|[1-9][0-9]*))+")
_CODE = re.compile(r"[^\s]+(\s[^\s]+)*")
_CONTROL = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f]")
_LITERAL = re.compile(r"(https?://\S+/)?(?P<type>[A-Z][A-Za-z]+)/[^/\s]+(/_history/[^/\s]+)?")
_DATE_TIME = re.compile(
    r"([0-9]([0-9]([0-9][1-9]|[1-9]0)|[1-9]00)|[1-9]000)"
    r"(-(0[1-9]|1[0-2])(-(0[1-9]|[1-2][0-9]|3[0-1])"
    r"(T([01][0-9]|2[0-3]):[0-5][0-9]:([0-5][0-9]|60)(\.[0-9]+)?"
    r"(Z|(\+|-)((0[0-9]|1[0-3]):[0-5][0-9]|14:00)))?)?)?"
)
_DAY = re.compile(r"\d{4}-\d{2}-\d{2}")

_ELEMENTS = frozenset(
    """
    a abbr acronym b big blockquote br caption cite code col colgroup dd dfn div dl dt em h1 h2
    h3 h4 h5 h6 hr i img li ol p pre q samp small span strong sub sup table tbody td tfoot th
    thead tr tt ul var
    """.split()  # noqa: SIM905 - a column of words hides what is there
)
_ATTRIBUTES = frozenset(
    """
    abbr align alt axis border cellhalign cellpadding cellspacing cellvalign char charoff
    charset cite class colspan cols compact coords dir frame headers height href hreflang hspace
    id lang longdesc name nowrap rel rev rowspan rules scope shape span src start style summary
    tabindex title type valign value vspace width
    """.split()  # noqa: SIM905 - a column of words hides what is there
)
_SAFE_LINK = re.compile(r"(https?://|mailto:|#)", re.IGNORECASE)
_LOCAL_IMAGE = re.compile(r"(#|data:image/(png|gif|jpeg);)", re.IGNORECASE)

#: What carries an id, a URI or a code under these names, in the resources that Myoflag writes.
_URIS = frozenset({"system", "url", "fullUrl", "definition", "implicitRules"})
_CODES = frozenset({"code", "status", "severity", "mode", "kind", "use"})


def check_syntax(element: Json, path: str) -> Iterator[str]:
    """No null, nothing empty (ele-1), legal strings, ids, URIs and codes, no stray extensions."""
    if element is None:
        yield f"{path}: null is not a value"
    elif element in ({}, []):
        yield f"{path}: empty (ele-1)"
    elif isinstance(element, dict):
        for name, child in element.items():
            yield from _check_named(name, child, path, element)
            yield from check_syntax(child, f"{path}.{name}")
    elif isinstance(element, list):
        for index, child in enumerate(element):
            yield from check_syntax(child, f"{path}[{index}]")
    elif isinstance(element, str):
        if not element.strip():
            yield f"{path}: an empty string"
        if _CONTROL.search(element):
            yield f"{path}: a control character"


def _check_named(name: str, child: Json, path: str, of: dict[str, Json]) -> Iterator[str]:
    if name == "id" and not (isinstance(child, str) and _ID.fullmatch(child)):
        yield f"{path}.id: {child!r} is no id"
    if name in _URIS and isinstance(child, str) and not _URI.fullmatch(child):
        yield f"{path}.{name}: {child!r} is no URI"
    if name in _CODES and isinstance(child, str) and not _CODE.fullmatch(child):
        yield f"{path}.{name}: {child!r} is no code"
    of_flag = name == "extension" and of.get("resourceType") == "Flag"
    if name in {"extension", "modifierExtension"} and not of_flag:
        yield f"{path}.{name}: an extension that has no place here"


def check_uri(uri: Json, path: str) -> Iterator[str]:
    """An absolute URI; a urn:uuid or urn:oid is in its canonical form."""
    if not isinstance(uri, str) or not re.match(r"[a-z][a-z0-9+.\-]*:\S", uri):
        yield f"{path}: {uri!r} is no absolute URI"
    elif uri.startswith("urn:uuid:") and not _UUID.fullmatch(uri):
        yield f"{path}: {uri!r} is no UUID"
    elif uri.startswith("urn:oid:") and not _OID.fullmatch(uri):
        yield f"{path}: {uri!r} is no OID"


def check_date_time(text: Json, path: str) -> Iterator[str]:
    """A FHIR dateTime that is in the calendar."""
    if not isinstance(text, str) or not _DATE_TIME.fullmatch(text):
        yield f"{path}: {text!r} is no dateTime"
        return
    try:
        if _DAY.match(text):
            date.fromisoformat(text[:10])
    except ValueError:
        yield f"{path}: {text!r} is not in the calendar"


def check_period(period: dict[str, Json], path: str) -> Iterator[str]:
    """Both ends are dateTimes, and start is not after end (per-1)."""
    for end in ("start", "end"):
        if end in period:
            yield from check_date_time(period[end], f"{path}.{end}")
    if "start" in period and "end" in period:
        start, end = str(period["start"]), str(period["end"])
        if "T" in start and "T" in end:
            ordered = datetime.fromisoformat(start) <= datetime.fromisoformat(end)
        else:
            ordered = start[:10] <= end[:10]
        if not ordered:
            yield f"{path}: starts after its end (per-1)"


def check_reference(
    reference: Json, targets: frozenset[str] | None, contained: set[str], path: str
) -> Iterator[str]:
    """Names something, by itself or logically, of a type that may stand there.

    What the name looks like is up to the sender: Reference.reference is a string.
    """
    if not isinstance(reference, dict):
        yield f"{path}: no Reference"
        return
    if not {"reference", "identifier", "display"} & set(reference):
        yield f"{path}: names nothing"
    literal = str(reference.get("reference", ""))
    if literal.startswith("#") and literal[1:] not in contained:
        yield f"{path}: {literal!r} is not contained (ref-1)"
    match = _LITERAL.fullmatch(literal)
    # A URL may be like a resource's and be none.
    kinds = (
        {match["type"]} if match and (not match[1] or is_resource_type(match["type"])) else set()
    )
    if "type" in reference:
        kinds.add(reference["type"])
    yield from _check_kinds(kinds, targets, path)
    if "identifier" in reference:
        yield from check_identifier(reference["identifier"], f"{path}.identifier")


def _check_kinds(kinds: set[str], targets: frozenset[str] | None, path: str) -> Iterator[str]:
    if len(kinds) > 1:
        yield f"{path}: refers to a {' and a '.join(sorted(kinds))} at once"
    for kind in kinds:
        if not is_resource_type(kind):
            yield f"{path}: there is no resource type {kind!r}"
        elif targets is not None and kind not in targets:
            yield f"{path}: must not refer to a {kind}"


def check_identifier(identifier: Json, path: str) -> Iterator[str]:
    """Has a value; its system, which may be a sender's, is checked as a URI by its name."""
    if not isinstance(identifier, dict) or not identifier.get("value"):
        yield f"{path}: no value"


def check_concept(concept: Json, path: str) -> Iterator[str]:
    """A CodeableConcept: codings with absolute systems and codes, or text."""
    if not isinstance(concept, dict) or not {"coding", "text"} & set(concept):
        yield f"{path}: neither coding nor text"
        return
    for index, coding in enumerate(concept.get("coding", [])):
        where = f"{path}.coding[{index}]"
        if "code" not in coding:
            yield f"{where}: no code"
        yield from check_uri(coding.get("system"), f"{where}.system")


def check_narrative(text: Json, path: str) -> Iterator[str]:
    """Narrative.status and div; basic XHTML only (txt-1), with content (txt-2)."""
    if not isinstance(text, dict) or set(text) != {"status", "div"}:
        yield f"{path}: a narrative has status and div"
        return
    if text["status"] not in {"generated", "extensions", "additional", "empty"}:
        yield f"{path}.status: {text['status']!r} is no narrative status"
    yield from _check_div(text["div"], f"{path}.div")


def _check_div(markup: Json, path: str) -> Iterator[str]:
    if not isinstance(markup, str) or "<!DOCTYPE" in markup or "<?" in markup:
        yield f"{path}: not the text of one div"
        return
    try:
        div = ET.fromstring(markup)  # noqa: S314 - no DOCTYPE, so there are no entities to expand
    except ET.ParseError as wrong:
        yield f"{path}: not well-formed: {wrong}"
        return
    if div.tag != f"{XHTML}div":
        yield f"{path}: its root is {div.tag}, not an XHTML div"
    for element in div.iter():
        yield from _check_markup(element, path)
    if not "".join(div.itertext()).strip() and div.find(f".//{XHTML}img") is None:
        yield f"{path}: says nothing (txt-2)"


def _check_markup(element: ET.Element, path: str) -> Iterator[str]:
    tag = str(element.tag)
    name = tag.removeprefix(XHTML)
    if not tag.startswith(XHTML) or name not in _ELEMENTS:
        yield f"{path}: <{name}> is not allowed (txt-1)"
    for attribute, value in element.attrib.items():
        plain = attribute.removeprefix("{http://www.w3.org/XML/1998/namespace}")
        if plain not in _ATTRIBUTES | {"space"}:
            yield f"{path}: the attribute {attribute} is not allowed (txt-1)"
        if attribute == "href" and not _SAFE_LINK.match(value):
            yield f"{path}: a link to {value!r}"
        if attribute == "src" and not _LOCAL_IMAGE.match(value):
            yield f"{path}: an image from {value!r}"
        if attribute == "style" and re.search(r"url\(|expression|@import", value, re.IGNORECASE):
            yield f"{path}: a style that loads or runs something"


def is_resource_type(name: Json) -> bool:
    """Whether FHIR R4B knows a resource of that name."""
    try:
        return issubclass(get_fhir_model_class(str(name)), Resource)
    except ValueError:
        return False
