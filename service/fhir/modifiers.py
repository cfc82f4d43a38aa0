"""Modifiers: what may change, even negate, the meaning of the element that it stands in.

https://hl7.org/fhir/R4/extensibility.html#modifierExtension,
https://hl7.org/fhir/R4/resource-definitions.html#Resource.implicitRules
"""

from collections.abc import Sequence
from typing import Any, Protocol

from msgspec import Raw

from service.fhir.issues import Spot

_EXTENDED = "There is a modifierExtension that is not understood, so {}."
_RULED = (
    "There are implicitRules, which are not known here and may change what the resource means, "
    "so {}. Send it without them, in FHIR's own meaning."
)
_NOT_USED = "this was not used"


class Extended(Protocol):
    """An element that a modifierExtension can stand in."""

    @property
    def modifier_extension(self) -> Sequence[Raw] | None: ...


class Ruled(Extended, Protocol):
    """A resource, which implicitRules can stand in as well."""

    @property
    def implicit_rules(self) -> Any: ...  # noqa: ANN401 - only its presence matters


def is_modified(resource: Ruled, spot: Spot, cost: str = _NOT_USED) -> bool:
    """Whether a resource can not be understood for a modifier; that, and what it costs, is told."""
    if resource.implicit_rules is not None:
        spot.warning("not-supported", _RULED.format(cost), ".implicitRules")
        return True
    if resource.modifier_extension:
        spot.warning("extension", _EXTENDED.format(cost), ".modifierExtension")
        return True
    return False


def is_extended(element: Extended, spot: Spot, path: str = "") -> bool:
    """Whether the element at `path` can not be understood for a modifierExtension; it is told."""
    if element.modifier_extension:
        spot.warning("extension", _EXTENDED.format(_NOT_USED), f"{path}.modifierExtension")
        return True
    return False
