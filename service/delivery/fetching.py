"""Fetches what a FHIR server knows of a patient: all of it, or an error.

A part of a record can lack the result that makes a flag, or the one that takes it away, so
nothing is ever judged of a record whose fetch did not come to its end.
"""

import asyncio
from collections.abc import Iterator
from urllib.parse import urlencode

import httpx
from msgspec import Raw, Struct, json

from service import __version__
from service.delivery.asking import Asking, Limits
from service.delivery.base import Base
from service.delivery.network import Checked, Resolve, resolve, trusted
from service.delivery.pages import (
    Entry,
    Head,
    Offered,
    Page,
    fail,
    head,
    read_page,
    said,
    searchable,
)
from service.record import Issue

#: Without these there is no record. Results come by patient alone: many servers have no
#: category on them.
_ESSENTIAL = ("Patient", "Observation", "Condition")
_MEDICINES = ("MedicationRequest", "MedicationStatement", "MedicationAdministration")
#: Takes results with it that were entered in error, and tells their times and specimens.
_OPTIONAL = ("DiagnosticReport", *_MEDICINES)
#: What resources of a type refer to and can not be understood without.
_INCLUDED = {"Observation": "Specimen"} | dict.fromkeys(_MEDICINES, "Medication")

_PAGE_SIZE = 200


class Fetched(Struct, frozen=True):
    """A patient's record as one collection Bundle, and what must be said of how it was fetched."""

    body: bytes
    issues: tuple[Issue, ...]


def fetch(
    base: Base, patient: str, authorization: str, limits: Limits, resolve: Resolve = resolve
) -> Fetched:
    """All that rules read of the patient with this id. Refused where not all of it came.

    `authorization` is sent to the server, "" for none; `resolve` looks up its name.
    """
    return asyncio.run(_fetch(base, patient, authorization, limits, resolve))


async def _fetch(
    base: Base, patient: str, authorization: str, limits: Limits, resolve: Resolve
) -> Fetched:
    network = httpx.AsyncHTTPTransport(verify=trusted(), trust_env=False)
    headers = {
        "Accept": "application/fhir+json",
        "Accept-Encoding": "gzip",
        "User-Agent": f"myoflag/{__version__}",
    }
    if authorization:
        headers["Authorization"] = authorization
    async with httpx.AsyncClient(
        transport=Checked(network, resolve),
        headers=headers,
        timeout=httpx.Timeout(limits.read, connect=limits.connect),
        follow_redirects=False,
        trust_env=False,
    ) as client:
        try:
            async with asyncio.timeout(limits.total):
                return await _Searches(base, patient, Asking(client, limits), limits).all()
        except TimeoutError:
            text = f"The record was not here within {limits.total:g} s (MYOFLAG_SERVER_SECONDS)."
            fail("timeout", text)


class _Searches:
    """The searches for one patient, and what they found so far."""

    def __init__(self, base: Base, patient: str, asking: Asking, limits: Limits) -> None:
        self.base = base
        self.patient = patient
        self.asking = asking
        self.limits = limits
        self.issues: list[Issue] = []
        self.seen: set[str] = set()
        self.found: dict[tuple[str, bytes], None] = {}
        self.entries = 0

    async def all(self) -> Fetched:
        for offered in await self._offered():
            await self._search(offered)
        body = {
            "resourceType": "Bundle",
            "type": "collection",
            "entry": [
                ({"fullUrl": url} if url else {}) | {"resource": Raw(resource)}
                for url, resource in self.found
            ],
        }
        return Fetched(json.encode(body), tuple(self.issues))

    async def _offered(self) -> Iterator[Offered]:
        """The types to search for; what a server does not have can not be missing from a record."""
        offered = searchable(await self.asking.get(f"{self.base.url}/metadata", "/metadata"))
        for kind in _ESSENTIAL:
            if kind not in offered:
                fail("not-supported", f"The server does not let clients search for {kind}.")
        for kind in _OPTIONAL:
            if kind not in offered:
                text = f"The server does not let clients search for {kind}; none were asked for."
                self.issues.append(Issue("warning", "incomplete", text))
        return (offered[kind] for kind in (*_ESSENTIAL, *_OPTIONAL) if kind in offered)

    async def _search(self, offered: Offered) -> None:
        kind = offered.type
        asked = {"_id" if kind == "Patient" else "patient": self.patient, "_count": _PAGE_SIZE}
        if kind in _INCLUDED and offered.includes(f"{kind}:{_INCLUDED[kind].lower()}"):
            asked["_include"] = f"{kind}:{_INCLUDED[kind].lower()}"
        url: str | None = f"{self.base.url}/{kind}?{urlencode(asked)}"
        matches, total = 0, None
        while url:
            if url in self.seen:
                fail("incomplete", f"The pages of the search for {kind} lead in a circle.")
            self.seen.add(url)
            if len(self.seen) > self.limits.pages:
                fail("too-costly", f"The search for {kind} has more pages than are read here.")
            page = read_page(await self.asking.get(url, f"the search for {kind}"), kind)
            matches += self._keep(page, kind)
            total = page.total if total is None else total
            url = self._next(page, kind, url)
        if total is not None and matches < total:
            text = f"The server says that it has more {kind} resources than its pages hold."
            fail("incomplete", text)
        if kind == "Patient" and matches != 1:
            fail("not-found", "The server knows no patient with this id.")

    def _next(self, page: Page, kind: str, url: str) -> str | None:
        links = {link.url for link in page.link if link.relation == "next"}
        if not links:
            return None
        if len(links) > 1:
            fail("structure", f"A page of the search for {kind} names several next pages.")
        following = self.base.on_same_server(links.pop(), url)
        if following is None:
            text = f"The next page of the search for {kind} lies on another server; it is not "
            fail("security", f"{text}asked. Ask at the address by which the server calls itself.")
        return following

    def _keep(self, page: Page, kind: str) -> int:
        """Keeps a page's resources; how many of them the search was for."""
        self.entries += len(page.entry)
        if self.entries > self.limits.entries:
            text = "The record has more entries than are read here (setting MYOFLAG_MAX_ENTRIES)."
            fail("too-costly", text)
        matches = 0
        for entry in page.entry:
            found = head(entry, kind)
            if entry.search.mode == "outcome" or found.resource_type == "OperationOutcome":
                self.issues.extend(said(entry, kind))
                continue
            if found.resource_type == kind and entry.search.mode != "include":
                matches += 1
                self._check_subject(found, kind)
            elif found.resource_type != _INCLUDED.get(kind):
                fail("structure", f"The search for {kind} found a resource of another type.")
            self.found[self._named(entry, found), bytes(entry.resource)] = None
        return matches

    def _check_subject(self, found: Head, kind: str) -> None:
        """A server may pass over what it does not understand, and answer with everybody."""
        reference = f"Patient/{found.id}"
        if kind != "Patient":
            reference = (found.subject and found.subject.reference) or ""
            reference = reference.partition("/_history/")[0]
        # Without a reference, the reading tells that the patient is unknown.
        if reference and reference.split("/")[-2:] != ["Patient", self.patient]:
            text = f"The search for {kind} found what is not of the patient who was asked for."
            fail("security", text)

    def _named(self, entry: Entry, found: Head) -> str:
        if entry.full_url or not found.id:
            return entry.full_url
        return f"{self.base.url}/{found.resource_type}/{found.id}"
