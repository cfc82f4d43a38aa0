"""Decoding that a mistake in one element does not spoil.

FHIR decodes in one pass where its JSON types are right. Where one is wrong, the element of
the resource that holds it is left out and named (of a repeated element the one repetition),
unless the resource can not be understood without it; then the resource is broken.
"""

import re
from collections.abc import Collection
from typing import TypeVar

import msgspec
from msgspec import Raw, Struct

_Read = TypeVar("_Read")

_EXPECTED = re.compile(r"Expected `(.+?)`(?:, got `(.+?)`)?")
_AT = re.compile(r" - at `\$(.*)`")
_STEP = re.compile(r"\.([A-Za-z]+)(?:\[([0-9]+)\])?")

#: A resource with more faults than this is broken as a whole: finding each decodes it once more.
_MOST_FAULTS = 20
_CHOICE = re.compile(r"\.(abatement|effective|medication|occurr?ence|onset|value)[A-Z]\w*")
_WORDS = {
    "str": "text",
    "int": "a whole number",
    "float": "a number with decimals",
    "bool": "true or false",
    "object": "an object",
    "array": "a list",
    "null": "null",
}
_FIELDS = msgspec.json.Decoder(dict[str, Raw])
_ITEMS = msgspec.json.Decoder(list[Raw])


class Fault(Struct, frozen=True):
    """An element of the wrong JSON type: its path in the resource, and what is wrong."""

    path: str
    text: str

    @property
    def fhir_path(self) -> str:
        """The path as FHIRPath has it: value[x] is "value", whatever its type in JSON."""
        return _CHOICE.sub(r".\1", self.path)


class BrokenError(Exception):
    """A resource that can not be understood for one fault."""

    def __init__(self, fault: Fault) -> None:
        super().__init__(fault)
        self.fault = fault


def decode(
    decoder: msgspec.json.Decoder[_Read], raw: Raw | bytes, essential: Collection[str]
) -> tuple[_Read, tuple[Fault, ...]]:
    """What the decoder makes of `raw`, and the faults of elements that were left out.

    Raises BrokenError where `raw` is no object or the fault is in an `essential` element.
    """
    try:
        return decoder.decode(raw), ()
    except msgspec.ValidationError as error:
        fault = _fault(error)
    if not fault.path:
        raise BrokenError(fault)
    faults: list[Fault] = []
    fields = _FIELDS.decode(raw)
    while len(faults) < _MOST_FAULTS:
        _leave_out(fields, fault, essential)
        faults.append(fault)
        try:
            return decoder.decode(msgspec.json.encode(fields)), tuple(faults)
        except msgspec.ValidationError as error:
            fault = _fault(error)
    raise BrokenError(Fault("", "Too many elements are of the wrong JSON type."))


def _leave_out(fields: dict[str, Raw], fault: Fault, essential: Collection[str]) -> None:
    found = _STEP.match(fault.path)
    if not found or found[1] in essential or found[1] not in fields:
        raise BrokenError(fault)
    if found[2] is None:
        del fields[found[1]]
    else:
        items = _ITEMS.decode(fields[found[1]])
        # An empty object keeps the places of the others.
        items[int(found[2])] = Raw(b"{}")
        fields[found[1]] = Raw(msgspec.json.encode(items))


def _fault(error: msgspec.ValidationError) -> Fault:
    message = str(error)
    at = _AT.search(message)
    path = at[1] if at else ""
    found = _EXPECTED.match(message)
    if not found:
        return Fault(path, "This is not as FHIR has it.")
    wanted = [_WORDS[kind] for kind in found[1].split(" | ") if kind in _WORDS and kind != "null"]
    belongs = " or ".join(wanted) or "something else"
    got = _WORDS.get(found[2] or "", "something else")
    return Fault(path, f"This is {got} where {belongs} belongs.")
