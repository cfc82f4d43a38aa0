"""A request's body, opened: its resources, and the parameters beside them."""

import msgspec
from msgspec import Raw, Struct

from service.fhir import mending, wire
from service.fhir.body import malformed, too_deep
from service.fhir.bundles import read_bundle
from service.fhir.entries import (
    Entry,
    Gathering,
    Place,
    decode,
    not_fhir,
    open_bundle,
    type_name,
    type_of,
)
from service.fhir.issues import Issues, refusal
from service.fhir.resource_types import READ

_PARAMETER = msgspec.json.Decoder(wire.Parameter)
_FIELDS = msgspec.json.Decoder(dict[str, Raw])

#: How the names of the elements begin of which a parameter has one.
_HOLDING = ("value", "resource", "part")

#: Parameters that are there at most once.
_SINGLE = {"now", "includeEvidence", "explain"}


class Request(Struct):
    """What a body holds.

    `others` are the types of resources that are not read, by their addresses' keys. `now` is a
    time or "latest", as it was sent; None where it was not.
    """

    entries: list[Entry]
    others: dict[str, str]
    now: str | None = None
    include_evidence: bool | None = None
    explain: bool | None = None


def unpack(body: bytes, most: int, deepest: int, issues: Issues) -> Request:
    """Open a body: a Bundle, a single resource, or Parameters with either.

    Raises Refused where it is not JSON, not FHIR, nothing that can be evaluated, or more than
    `most` entries. `deepest` is only named in the refusal of what is nested too deep.
    """
    try:
        return _unpack(body, Gathering(most, issues))
    except RecursionError:
        raise too_deep(deepest) from None
    except msgspec.DecodeError as error:
        raise malformed(body, error) from None


def _unpack(body: bytes, gathering: Gathering) -> Request:
    raw = Raw(body)
    try:
        found, content, faults = decode(raw)
    except mending.BrokenError as broken:
        return _mended(raw, broken.fault, gathering)
    if isinstance(found, wire.Bundle):
        gathering.tell(faults, "Bundle")
        read_bundle(open_bundle(found), Place("Bundle"), gathering)
    elif isinstance(found, wire.Parameters):
        gathering.tell(faults, "Parameters")
        return _parameters(found, gathering)
    else:
        kind = type_name(found)
        gathering.tell(faults, kind)
        gathering.keep(found, content, raw, Place(kind))
    return Request(gathering.entries, gathering.others)


def _mended(raw: Raw, fault: mending.Fault, gathering: Gathering) -> Request:
    """A Bundle with a broken entry; anything else that does not decode is refused."""
    kind = type_of(raw)
    if kind not in READ and kind != "Parameters":
        raise not_fhir(raw)
    bundle = gathering.loose_bundle(raw, Place("Bundle")) if kind == "Bundle" else None
    if not bundle:
        raise refusal(400, "structure", fault.text, f"{kind}{fault.fhir_path}")
    read_bundle(bundle, Place("Bundle"), gathering)
    return Request(gathering.entries, gathering.others)


def _parameters(parameters: wire.Parameters, gathering: Gathering) -> Request:
    if parameters.implicit_rules is not None or parameters.modifier_extension:
        text = "Parameters with implicitRules or a modifierExtension are not understood."
        raise refusal(400, "not-supported", text, "Parameters")
    request = Request(gathering.entries, gathering.others)
    said: set[str | None] = set()
    for i, one in enumerate(parameters.parameter or ()):
        expression = f"Parameters.parameter[{i}]"
        parameter = _parameter(one, expression)
        if parameter.name in said & _SINGLE:
            text = f'The parameter "{parameter.name}" is said twice.'
            raise refusal(400, "invalid", text, expression)
        said.add(parameter.name)
        if parameter.name == "resource":
            _resource(parameter, expression, gathering)
        elif parameter.name == "now":
            request.now = _now(parameter, expression)
        elif parameter.name == "includeEvidence":
            request.include_evidence = _boolean(parameter, expression)
        elif parameter.name == "explain":
            request.explain = _boolean(parameter, expression)
        else:
            text = (
                "There is no such parameter: there are resource, now, includeEvidence and explain."
            )
            gathering.issues.warning("not-supported", text, expression)
    if "resource" not in said:
        text = 'The parameter "resource" is missing. It holds the Bundle or resource to evaluate.'
        raise refusal(400, "required", text, "Parameters")
    return request


def _parameter(raw: Raw, expression: str) -> wire.Parameter:
    try:
        found, _ = mending.decode(_PARAMETER, raw, wire.Parameter.__struct_encode_fields__)
    except mending.BrokenError as broken:
        fault = broken.fault
        raise refusal(400, "structure", fault.text, expression + fault.fhir_path) from None
    if found.modifier_extension:
        text = "There is a modifierExtension that is not understood."
        raise refusal(400, "extension", text, f"{expression}.modifierExtension")
    sent = _FIELDS.decode(raw)
    if sum(name.startswith(_HOLDING) and wire.present(sent[name]) for name in sent) > 1:
        text = "A parameter holds one value or one resource; this one holds several."
        raise refusal(400, "structure", text, expression)
    return found


def _resource(parameter: wire.Parameter, expression: str, gathering: Gathering) -> None:
    if not wire.present(parameter.resource):
        text = 'The parameter "resource" holds no resource.'
        raise refusal(400, "required", text, expression)
    place = Place(f"{expression}.resource")
    if bundle := gathering.add(parameter.resource, place):
        read_bundle(bundle, place, gathering)


def _now(parameter: wire.Parameter, expression: str) -> str:
    found = (
        parameter.value_instant
        or parameter.value_date_time
        or parameter.value_date
        or parameter.value_string
        or parameter.value_code
    )
    if not found:
        text = 'The parameter "now" is a valueInstant, a valueDateTime or the valueString "latest".'
        raise refusal(400, "value", text, expression)
    return found


def _boolean(parameter: wire.Parameter, expression: str) -> bool:
    if parameter.value_boolean is None:
        text = f'The parameter "{parameter.name}" is a valueBoolean.'
        raise refusal(400, "value", text, expression)
    return parameter.value_boolean
