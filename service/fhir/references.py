"""What a reference inside of a request refers to.

https://hl7.org/fhir/R4/bundle.html#references, and where senders stray from it, what they
mean, as far as exactly one resource can be meant.
"""

import re
from collections.abc import Mapping, Sequence
from urllib.parse import parse_qsl

from msgspec import Struct

from service.fhir import wire
from service.fhir.addresses import Address, address, beside
from service.fhir.entries import Entry
from service.fhir.resource_types import KNOWN
from service.record import Identifier


class Target(Struct, frozen=True, gc=False):
    """What a reference refers to.

    `key` is that of the resource, in the request (`entry`) or not; `type` is "" where nothing
    tells. `identifier` is there for a resource that only it names. `caution` is a sentence on
    how the sender's reference had to be understood.
    """

    key: str
    type: str
    entry: Entry | None = None
    address: Address | None = None
    identifier: Identifier | None = None
    caution: str = ""


class Unresolved(Struct, frozen=True):
    """A reference that names nothing: a code of issue-type, and why in a sentence."""

    code: str
    why: str


#: A search in place of a reference: "Patient?identifier=http://hospital.example/mrn|123".
_SEARCH = re.compile(r"[A-Z][A-Za-z]+\?")

_TOLERATED = (
    'A reference "Type/id" has no meaning beside a fullUrl that is no REST address; it was '
    "taken for the one resource in the request of that type and id."
)
_OTHER_VERSION = "The reference names another version of the resource than the request holds."
_AMBIGUOUS = Unresolved(
    "multiple-matches", "More than one resource in the request could be meant by the reference."
)
_NOTHING = Unresolved("required", "The reference has neither a reference nor an identifier.")
_NOT_CONTAINED = Unresolved(
    "not-found", 'The reference begins with "#", but no such resource is contained here.'
)
_NO_NAME = Unresolved(
    "value",
    'The reference is neither "Type/id", an absolute URL, a urn nor the fullUrl of an entry.',
)
_NO_SYSTEM = Unresolved(
    "value", "An identifier names a resource only with both its system and its value."
)
_CONDITIONAL = Unresolved(
    "not-supported",
    "A search in place of a reference is legal only in transactions, in the form "
    '"Patient?identifier=system|value".',
)


class Directory:
    """The resources of a request by all their names.

    `others` are the types of resources that are not read, by their addresses' keys.
    """

    def __init__(self, entries: Sequence[Entry], others: Mapping[str, str]) -> None:
        self.entries = entries
        self._others = others
        self._by_key: dict[str, list[Entry]] = {}
        for entry in entries:
            self._by_key.setdefault(entry.key, []).append(entry)
        self._by_local: dict[str, list[Entry]] | None = None
        self._by_identifier: dict[tuple[str, str, str], list[Entry]] | None = None
        self._found: dict[tuple[str, str | None], Target | Unresolved] = {}
        roots = {entry.address.root for entry in entries if entry.address and not entry.container}
        roots.discard(None)
        #: The one server that the request comes from; None where it names several or none.
        self.home = roots.pop() if len(roots) == 1 else None
        self._here = {"", self.home}

    def resolve(self, reference: wire.Reference, entry: Entry) -> Target | Unresolved:
        """What a reference in a resource refers to."""
        text = reference.reference
        if not text or not text.strip():
            return self._logical(reference)
        asked = self.asked(text, entry)
        if known := self._found.get(asked):
            return known
        if text.startswith("#"):
            return self._contained(text, entry)
        if _SEARCH.match(text):
            return self._searched(text) if entry.transaction else _CONDITIONAL
        found = self._found[asked] = self._literal(text, _outermost(entry).address)
        return found

    def asked(self, text: str, entry: Entry) -> tuple[str, str | None]:
        """A literal reference in a resource, and the server that it is relative to."""
        here = entry.address if entry.container is None else _outermost(entry).address
        return text, here.base if here and here.root is not None else _server(here)

    def name_of(self, entry: Entry) -> str:
        """How its sender would refer to a resource from elsewhere; "" where it has no name."""
        if entry.container:
            entry = _outermost(entry)
        named = entry.address
        if not named:
            return ""
        if named.type in KNOWN and named.root in self._here:
            return f"{named.type}/{named.id}"
        if named.root is None and not named.universal:
            return _local(entry) or named.text
        return named.text

    def name_of_target(self, target: Target) -> str:
        """How a sender would refer to a target; "" where only an identifier names it."""
        if target.entry:
            return "" if target.entry.container else self.name_of(target.entry)
        return self._name(target.address) if target.address else ""

    def _name(self, named: Address) -> str:
        # Without its server, a URL that is like a resource's and is not would name nothing.
        is_local = named.type in KNOWN and named.root in self._here
        return f"{named.type}/{named.id}" if is_local else named.text

    def _contained(self, text: str, entry: Entry) -> Target | Unresolved:
        owner = _outermost(entry)
        if text == "#":
            return Target(owner.key, owner.type, owner, owner.address)
        inside = self._by_key.get(f"{owner.key}{text}", [])
        inside = [one for one in inside if _outermost(one).expression == owner.expression]
        if len(inside) > 1:
            return _AMBIGUOUS
        return Target(inside[0].key, inside[0].type, inside[0]) if inside else _NOT_CONTAINED

    def _logical(self, reference: wire.Reference) -> Target | Unresolved:
        identifier = reference.identifier
        if not identifier:
            return _NOTHING
        if not identifier.system or not identifier.value:
            return _NO_SYSTEM
        named = Identifier(identifier.system, identifier.value)
        return self.identified(named, reference.type or "Patient")

    def _literal(self, text: str, here: Address | None) -> Target | Unresolved:
        named = address(text)
        if named is None:
            return _NOTHING
        if named.root == "" and here and here.root:
            named = beside(here, named)
        elif named.root == "" and _server(here) is None:
            return self._tolerated(named)
        if found := self._by_key.get(named.key):
            return _one(found, named)
        if named.root == "":
            return self._tolerated(named)
        if other := self._others.get(named.key):
            return Target(named.key, other, None, named)
        if named.root is None and not named.universal:
            return _NO_NAME
        return Target(named.key, named.type, None, named)

    def _tolerated(self, named: Address) -> Target | Unresolved:
        """Where no server is known, the one resource of that type and id, wherever it is from."""
        if self._by_local is None:
            self._by_local = {}
            for entry in self.entries:
                if not entry.container and (local := _local(entry)):
                    self._by_local.setdefault(local, []).append(entry)
        found = self._by_local.get(named.local, [])
        if len(found) > 1:
            return _AMBIGUOUS
        if found:
            return _one(found, named, _TOLERATED)
        return Target(named.key, named.type, None, named)

    def _searched(self, text: str) -> Target | Unresolved:
        kind, _, query = text.partition("?")
        asked = parse_qsl(query, keep_blank_values=True)
        if len(asked) != 1 or asked[0][0] != "identifier":
            return _CONDITIONAL
        system, bar, value = asked[0][1].partition("|")
        if not (system and bar and value):
            return _CONDITIONAL
        return self.identified(Identifier(system, value), kind.strip("/"))

    def identified(self, identifier: Identifier, kind: str = "Patient") -> Target | Unresolved:
        """The resource with a business identifier, in the request or known by it alone."""
        if self._by_identifier is None:
            self._by_identifier = _identifiers(self.entries)
        system, value = identifier.system, identifier.value
        found = self._by_identifier.get((kind, system, value), [])
        keys = {entry.key for entry in found}
        if len(keys) > 1:
            return _AMBIGUOUS
        if found:
            return _one(found, found[0].address)
        return Target(f"identifier:{system}|{value}", kind, identifier=identifier)


def _one(found: list[Entry], named: Address | None, caution: str = "") -> Target:
    first = found[0]
    entry = first if len(found) == 1 else None
    if named and named.version and entry and entry.version not in ("", named.version):
        return Target(first.key, first.type, None, first.address, caution=_OTHER_VERSION)
    return Target(first.key, first.type, entry, first.address or named, caution=caution)


def _server(here: Address | None) -> str | None:
    """The base of a resource's server, "" where its name has none; None where it has no meaning."""
    if here and here.root is None:
        return None
    return here.base if here else ""


def _local(entry: Entry) -> str:
    """The name of a resource without a server, "" where it has no id."""
    resource = entry.resource
    return f"{entry.type}/{resource.id}" if resource and resource.id else ""


def _outermost(entry: Entry) -> Entry:
    while entry.container:
        entry = entry.container
    return entry


def _identifiers(entries: Sequence[Entry]) -> dict[tuple[str, str, str], list[Entry]]:
    """Patients that are not contained in others, by each of their identifiers."""
    found: dict[tuple[str, str, str], list[Entry]] = {}
    for entry in entries:
        if isinstance(entry.resource, wire.Patient) and not entry.container:
            for identifier in entry.resource.identifier or ():
                if identifier.system and identifier.value:
                    key = (entry.type, identifier.system, identifier.value)
                    found.setdefault(key, []).append(entry)
    return found
