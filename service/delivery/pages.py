"""What a FHIR server answers, before anything in it is judged: one page of a search at a time.

Everything here is checked rather than believed: what a server sends is another's data.
No text repeats any of it.
"""

from collections.abc import Iterable
from typing import NoReturn

import msgspec
from msgspec import Raw, Struct

from service.fhir.issues import refusal
from service.record import Issue, Severity


class Reference(Struct, frozen=True):
    reference: str | None = None


class Head(Struct, frozen=True, rename="camel"):
    """What must be known of a resource here."""

    resource_type: str
    id: str = ""
    subject: Reference | None = None


class OutcomeIssue(Struct, frozen=True):
    severity: str = ""
    code: str = ""


class Outcome(Struct, frozen=True, tag="OperationOutcome", tag_field="resourceType"):
    issue: tuple[OutcomeIssue, ...] = ()


class Link(Struct, frozen=True):
    relation: str = ""
    url: str = ""


class Search(Struct, frozen=True):
    mode: str = ""


class Entry(Struct, frozen=True, rename="camel"):
    full_url: str = ""
    resource: Raw = Raw()
    search: Search = Search()


class Page(Struct, frozen=True, tag="Bundle", tag_field="resourceType"):
    """One page of a search's result."""

    type: str = ""
    total: int | None = None
    link: tuple[Link, ...] = ()
    entry: tuple[Entry, ...] = ()


class Interaction(Struct, frozen=True):
    code: str = ""


class Offered(Struct, frozen=True, rename="camel"):
    """What a server offers of a resource type; where it names no `search_include`, any may do."""

    type: str = ""
    interaction: tuple[Interaction, ...] | None = None
    search_include: tuple[str, ...] | None = None

    @property
    def can_be_searched(self) -> bool:
        said = self.interaction
        return said is None or any(one.code == "search-type" for one in said)

    def includes(self, name: str) -> bool:
        said = self.search_include
        return said is None or name in said or "*" in said


class Rest(Struct, frozen=True):
    mode: str = ""
    resource: tuple[Offered, ...] = ()


class Capability(Struct, frozen=True, tag="CapabilityStatement", tag_field="resourceType"):
    rest: tuple[Rest, ...] = ()


_BROKEN = (msgspec.DecodeError, UnicodeDecodeError, RecursionError)

_PAGE = msgspec.json.Decoder(Page | Outcome)
_CAPABILITY = msgspec.json.Decoder(Capability)
_HEAD = msgspec.json.Decoder(Head)
_OUTCOME = msgspec.json.Decoder(Outcome)

_SEVERITIES: dict[str, Severity] = {"warning": "warning", "information": "information"}
_CODES_TEXT = """
    invalid structure required value invariant security login unknown expired forbidden suppressed
    processing not-supported duplicate multiple-matches not-found deleted too-long code-invalid
    extension too-costly business-rule conflict transient lock-error no-store exception timeout
    incomplete throttled informational
"""
#: https://hl7.org/fhir/R4/valueset-issue-type.html; a word that is none of these is not repeated.
_CODES = frozenset(_CODES_TEXT.split())


def fail(code: str, text: str) -> NoReturn:
    """Ends the fetch: of a record that is not whole, nothing is judged."""
    raise refusal(502, code, text)


def searchable(body: bytes) -> dict[str, Offered]:
    """The resource types that a server lets clients search, from its CapabilityStatement."""
    try:
        statement = _CAPABILITY.decode(body)
    except _BROKEN:
        fail("structure", "The server's /metadata is no CapabilityStatement, so it is not FHIR's.")
    return {
        one.type: one
        for rest in statement.rest
        if rest.mode == "server"
        for one in rest.resource
        if one.can_be_searched
    }


def read_page(body: bytes, kind: str) -> Page:
    """One page of a search for a resource type. Refused where it is anything else."""
    try:
        page: Page | Outcome = _PAGE.decode(body)
    except _BROKEN:
        fail("structure", f"The answer to the search for {kind} is no FHIR Bundle.")
    if isinstance(page, Outcome):
        said = codes(page)
        fail("structure", f"The answer to the search for {kind} is no Bundle but {said}.")
    if page.type != "searchset":
        fail("structure", f"The answer to the search for {kind} is a Bundle, but no searchset.")
    return page


def outcome_codes(body: bytes) -> str:
    """What an error's body says, in FHIR's own codes; "" where it is no OperationOutcome."""
    try:
        return codes(_OUTCOME.decode(body))
    except _BROKEN:
        return ""


def codes(outcome: Outcome) -> str:
    found = sorted({one.code for one in outcome.issue} & _CODES)
    return f"an OperationOutcome ({', '.join(found)})" if found else "an OperationOutcome"


def head(entry: Entry, kind: str) -> Head:
    """The type, id and subject of an entry's resource."""
    if bytes(entry.resource) in (b"", b"null"):
        fail("incomplete", f"An entry of the search for {kind} holds no resource.")
    try:
        return _HEAD.decode(entry.resource)
    except _BROKEN:
        fail("structure", f"An entry of the search for {kind} holds no readable resource.")


def said(entry: Entry, kind: str) -> Iterable[Issue]:
    """What a server says of its own search. Refused where it says that the search failed."""
    try:
        outcome = _OUTCOME.decode(entry.resource)
    except _BROKEN:
        fail("structure", f"What the server says of its search for {kind} can not be read.")
    for issue in outcome.issue:
        code = issue.code if issue.code in _CODES else "processing"
        severity = _SEVERITIES.get(issue.severity)
        if severity is None:
            fail(code, f"The server says that its search for {kind} failed ({code}).")
        text = f"The server says something of its search for {kind} ({code})."
        yield Issue(severity, code, text)
