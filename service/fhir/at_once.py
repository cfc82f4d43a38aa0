"""A Bundle with all of its resources, decoded in one pass, where nothing in it is broken.

To take each resource out of a Bundle first, and decode it then, is to pass over every byte twice.
What is broken in one resource breaks the whole here, so it is then decoded the other way.
"""

from functools import cached_property, reduce
from operator import or_
from typing import Any

import msgspec
from msgspec import Raw, defstruct

from service.fhir import wire
from service.fhir.resource_types import KNOWN, READ

#: In a larger body the entries are counted, and may be too many, before any is decoded.
_LARGEST = 1024 * 1024

#: The types of resources that are not read, by the classes that nothing of them is decoded to.
UNREAD: dict[type, str] = {
    defstruct(kind, [], tag_field="resourceType", tag=kind, frozen=True, gc=False): kind
    for kind in sorted(KNOWN - READ - {"Parameters"})
}

_READ = [getattr(wire, kind) for kind in sorted(READ)]
_ANY: Any = reduce(or_, [*_READ, wire.Parameters, *UNREAD])
_ENTRY = defstruct(
    "Entry", [("resource", _ANY | None, None)], bases=(wire.BundleEntry,), frozen=True, gc=False
)
_BUNDLE = defstruct(
    "Bundle",
    [("entry", tuple[_ENTRY, ...] | None, None)],  # type: ignore[valid-type]
    bases=(wire.Bundle,),
    frozen=True,
    tag="Bundle",
    gc=False,
)
#: Of one class alone msgspec asks for no resourceType.
_DECODER: msgspec.json.Decoder[Any] = msgspec.json.Decoder(reduce(or_, [_BUNDLE, *UNREAD]))
_IN_PARTS = msgspec.json.Decoder(wire.Bundle)


def decoded(body: Raw) -> wire.Bundle | None:
    """A Bundle whose entries hold decoded resources; None for what is none, or is broken."""
    if len(body) > _LARGEST:
        return None
    try:
        found = _DECODER.decode(body)
    except msgspec.DecodeError:
        return None
    return found if isinstance(found, wire.Bundle) else None


class Raws:
    """The resources of such a Bundle as they were sent, looked for once somebody asks."""

    def __init__(self, body: Raw) -> None:
        self._body = body

    def at(self, expression: str) -> Raw:
        """The resource at a FHIRPath in the request."""
        return self._found[expression]

    @cached_property
    def _found(self) -> dict[str, Raw]:
        entries = _IN_PARTS.decode(self._body).entry or ()
        return {f"Bundle.entry[{i}].resource": entry.resource for i, entry in enumerate(entries)}
