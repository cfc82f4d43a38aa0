"""What a caller may ask for beside the data: every parameter of $flag-causes, told once.

HTTP's query, the body's Parameters, the OperationDefinition and the OpenAPI page all read this.
"""

from collections.abc import Mapping
from typing import Literal

import msgspec
from msgspec import Struct


class ParameterValues(Struct, frozen=True, rename="camel"):
    """The values that a caller gave; None where none was.

    `now` is "latest" or a time, as it was sent.
    """

    now: str | None = None
    include_evidence: bool | None = None
    explain: bool | None = None
    provenance: bool | None = None
    bundle_type: Literal["collection", "transaction"] | None = None


class Parameter(Struct, frozen=True):
    """One parameter: its type in FHIR, and what it means. `codes` are all values that it takes."""

    type: Literal["string", "boolean", "code"]
    text: str
    codes: tuple[str, ...] = ()


#: By the names that callers use.
PARAMETERS = {
    "now": Parameter(
        "string",
        "The moment to judge at: a FHIR dateTime, or latest for each patient's own newest "
        "clinical time. The clock where it is missing.",
    ),
    "includeEvidence": Parameter(
        "boolean",
        "Whether the resources that flags refer to come back. Where it is missing, those do that "
        "only the request could name (urn:).",
    ),
    "explain": Parameter(
        "boolean",
        "Whether the OperationOutcome tells, for each patient and cause, how near it came to being "
        "named, and what would change one that was.",
    ),
    "provenance": Parameter(
        "boolean",
        "Whether the answer holds a Provenance for each Flag: from which evidence, by which rules "
        "and by which version of this service it was made.",
    ),
    "bundleType": Parameter(
        "code",
        "collection, which is the default: a Bundle to read. transaction: a Bundle to be posted to "
        "a FHIR server as it is, as the parameter return of Parameters, beside the "
        "OperationOutcome as the parameter outcome.",
        ("collection", "transaction"),
    ),
}

NAMES = ", ".join(PARAMETERS)


def why_not(name: str, value: object) -> str | None:
    """Why a parameter can not have a value; None where it can. The value is never repeated."""
    parameter = PARAMETERS[name]
    if parameter.codes and value not in parameter.codes:
        return f"{name} is {' or '.join(parameter.codes)}."
    if parameter.type == "boolean" and not isinstance(value, bool):
        return f"{name} is true or false."
    return None


def contradiction(one: ParameterValues) -> str | None:
    """Why what was said can not be had together; None where it can."""
    if one.bundle_type == "transaction" and one.include_evidence:
        return (
            "includeEvidence=true and bundleType=transaction do not go together: a transaction "
            "writes Flags, and would write the evidence a second time."
        )
    return None


def values_of(values: Mapping[str, object]) -> ParameterValues:
    """What parameters say, by their names; each value is one that it can have."""
    return msgspec.convert(values, ParameterValues)


def first_values(first: ParameterValues, second: ParameterValues) -> ParameterValues:
    """What `first` says, and of what it does not say, what `second` does."""
    if first == _NOTHING:
        return second
    told = {name: value for name, value in _items(first) if value is not None}
    return msgspec.structs.replace(second, **told)


_NOTHING = ParameterValues()


def _items(one: ParameterValues) -> list[tuple[str, object]]:
    return [(name, getattr(one, name)) for name in one.__struct_fields__]
