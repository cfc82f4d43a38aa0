"""A request's body, opened: its resources, and the parameters beside them."""

import msgspec
from msgspec import Raw, Struct

from service.fhir import at_once, mending, wire
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
from service.fhir.parameters import NAMES, PARAMETERS, ParameterValues, values_of, why_not
from service.fhir.resource_types import READ

_PARAMETER = msgspec.json.Decoder(wire.Parameter)
_FIELDS = msgspec.json.Decoder(dict[str, Raw])

#: How the names of the elements begin of which a parameter has one.
_HOLDING = ("value", "resource", "part")


class Request(Struct):
    """What a body holds.

    `others` are the types of resources that are not read, by their addresses' keys. `said` is
    what parameters beside the resources say.
    """

    entries: list[Entry]
    others: dict[str, str]
    said: ParameterValues = ParameterValues()


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
    if bundle := at_once.decoded(raw):
        opened = open_bundle(bundle, at_once.Raws(raw))
        read_bundle(opened, Place("Bundle"), gathering)
        return Request(gathering.entries, gathering.others)
    try:
        found, contents, faults = decode(raw)
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
        gathering.keep(found, contents, raw, Place(kind))
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
    there: set[str | None] = set()
    values: dict[str, object] = {}
    for i, one in enumerate(parameters.parameter or ()):
        expression = f"Parameters.parameter[{i}]"
        parameter = _parameter(one, expression)
        name = parameter.name
        if name in values:
            raise refusal(400, "invalid", f'The parameter "{name}" is said twice.', expression)
        there.add(name)
        if name == "resource":
            _resource(parameter, expression, gathering)
        elif name in PARAMETERS:
            values[name] = _value(name, parameter, expression)
        else:
            text = f"There is no such parameter; there are resource, {NAMES}."
            raise refusal(400, "invalid", text, f"{expression}.name")
    if "resource" not in there:
        text = 'The parameter "resource" is missing. It holds the Bundle or resource to evaluate.'
        raise refusal(400, "required", text, "Parameters")
    return Request(gathering.entries, gathering.others, values_of(values))


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


def _value(name: str, parameter: wire.Parameter, expression: str) -> object:
    """What a parameter says; it may be told in any type that can hold it."""
    kind = PARAMETERS[name].type
    if kind == "boolean":
        found: object = parameter.value_boolean
    else:
        found = parameter.value_code or parameter.value_string
    if kind == "string":
        found = found or (
            parameter.value_instant or parameter.value_date_time or parameter.value_date
        )
    if found is None:
        raise refusal(400, "value", f'The parameter "{name}" is {_AS[kind]}.', expression)
    if why := why_not(name, found):
        raise refusal(400, "value", why, expression)
    return found


_AS = {
    "boolean": "a valueBoolean",
    "code": "a valueCode",
    "string": 'a valueInstant, a valueDateTime or the valueString "latest"',
}
