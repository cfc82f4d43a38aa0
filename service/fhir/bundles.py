"""Bundles of every type: which of their entries are read, and what is said of the others.

https://hl7.org/fhir/R4/bundle.html
"""

import re

from msgspec import Raw

from service.fhir import wire
from service.fhir.addresses import address
from service.fhir.entries import Entry, Gathering, OpenBundle, Place
from service.fhir.issues import Issues, Spot
from service.fhir.modifiers import is_extended, is_modified

_READ_ALL = frozenset(
    {"collection", "document", "message", "searchset", "subscription-notification"}
)
_REQUESTS = frozenset({"batch", "transaction"})
_RESPONSES = frozenset({"batch-response", "transaction-response"})

#: Bundles inside of Bundles are read this deep; nothing real goes further than two.
_DEEPEST = 4

_ETAG = re.compile(r'(?:W/)?"([^"]*)"')


def read_bundle(bundle: OpenBundle, place: Place, gathering: Gathering) -> None:
    """Add the resources of a Bundle, and of Bundles inside it, to those of the request."""
    issues = gathering.issues
    if is_modified(bundle, Spot(issues, place.expression, ""), "nothing in it was used"):
        return
    _say_type(bundle, place, issues)
    gathering.count(len(bundle.entries))
    if place.depth >= _DEEPEST:
        text = "Bundles inside of Bundles are not read as deep as here."
        issues.warning("too-costly", text, place.expression)
        return
    transaction, depth, raws = bundle.type == "transaction", place.depth + 1, bundle.raws
    for i, entry in bundle.entries:
        expression = f"{place.expression}.entry[{i}]"
        if _is_bare(entry):
            inside = Place(
                f"{expression}.resource", entry.full_url or "", "", "", "", transaction, depth
            )
        elif _is_read(entry, bundle.type, expression, gathering):
            inside = _place(entry, f"{expression}.resource", depth, transaction=transaction)
        else:
            continue
        if raws is None:
            nested = gathering.add(entry.resource, inside)
        else:
            nested = gathering.take(entry.resource, inside, raws)
        if nested:
            read_bundle(nested, inside, gathering)


def _place(entry: wire.BundleEntry, expression: str, depth: int, *, transaction: bool) -> Place:
    request, response = entry.request, entry.response
    return Place(
        expression,
        entry.full_url or "",
        (request.url or "") if request else "",
        _version(response) if response else "",
        (response.last_modified or "") if response else "",
        transaction,
        depth,
    )


def _version(response: wire.EntryResponse) -> str:
    found = _ETAG.fullmatch(response.etag or "")
    return found[1] if found else ""


def _say_type(bundle: OpenBundle, place: Place, issues: Issues) -> None:
    kind = bundle.type
    if kind in _RESPONSES:
        text = "This Bundle is a server's answer; the resources in it were read all the same."
        issues.warning("business-rule", text, f"{place.expression}.type")
    elif not kind:
        text = "Bundle.type is missing; the Bundle was read as a collection."
        issues.warning("required", text, place.expression)
    elif kind not in _READ_ALL and kind not in _REQUESTS and kind != "history":
        text = "Bundle.type is none of FHIR's; the Bundle was read as a collection."
        issues.warning("code-invalid", text, f"{place.expression}.type")
    if bundle.issues is not None:
        text = (
            "What is said here of the Bundle, by whoever made it, was not read; something of the "
            "patient may be missing."
        )
        issues.warning("incomplete", text, f"{place.expression}.issues")
    for i, link in enumerate(bundle.link):
        if link.relation == "next":
            text = (
                "This is one page of a search and the next page was not sent: results that are "
                "on it are unknown here."
            )
            issues.warning("incomplete", text, f"{place.expression}.link[{i}]")


def _is_bare(entry: wire.BundleEntry) -> bool:
    """Whether an entry has a resource and tells nothing of it, as most do."""
    return not (
        entry.search or entry.request or entry.response or entry.modifier_extension
    ) and wire.present(entry.resource)


def _is_read(
    entry: wire.BundleEntry, kind: str | None, expression: str, gathering: Gathering
) -> bool:
    """Whether an entry's resource is data of a patient. If not, why is said."""
    issues = gathering.issues
    if _is_extended(entry, Spot(issues, expression, "")):
        return False
    method = ((entry.request and entry.request.method) or "").upper()
    if kind == "history" and method == "DELETE":
        _delete(entry, expression, gathering)
        return False
    if entry.search and entry.search.mode == "outcome":
        text = "This entry tells how the search went; it holds no data of a patient."
        issues.information("informational", text, expression)
        return False
    if kind in _REQUESTS and method not in ("", "POST", "PUT"):
        text = "Only what POST and PUT entries carry is read; this entry was passed over."
        issues.information("not-supported", text, f"{expression}.request")
        return False
    if not wire.present(entry.resource):
        text = "This entry holds no resource, so there is nothing to read in it."
        issues.information("informational", text, expression)
        return False
    return True


def _is_extended(entry: wire.BundleEntry, spot: Spot) -> bool:
    """Whether a modifierExtension makes it unknown what an entry, or what it says, means."""
    request, response, search = entry.request, entry.response, entry.search
    return bool(
        is_extended(entry, spot)
        or (request and is_extended(request, spot, ".request"))
        or (response and is_extended(response, spot, ".response"))
        or (search and is_extended(search, spot, ".search"))
    )


def _delete(entry: wire.BundleEntry, expression: str, gathering: Gathering) -> None:
    """A history says that a resource is gone; older versions of it then do not count."""
    response = entry.response or wire.EntryResponse()
    url = (entry.request and entry.request.url) or ""
    gone = address(entry.full_url or "") or address(url)
    if not gone:
        text = "This entry deletes a resource that it does not name."
        gathering.issues.warning("required", text, expression)
        return
    gathering.entries.append(
        Entry(
            gone.type,
            None,
            Raw(),
            expression,
            gone.key,
            gone,
            entry.full_url or "",
            _version(response),
            response.last_modified or "",
        )
    )
