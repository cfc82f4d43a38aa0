"""A batch Bundle: calls that are answered one by one, each by itself, in one request.

https://hl7.org/fhir/R4/http.html#transaction
"""

from collections.abc import Iterable, Iterator
from typing import Any

import msgspec
from msgspec import Raw, Struct

from service.fhir import mending, wire
from service.fhir.body import check_depth, json_of, malformed, too_deep
from service.fhir.entries import not_fhir, type_of
from service.fhir.issues import Issues, Refused, refusal
from service.fhir.resource_types import KNOWN

_BUNDLE = msgspec.json.Decoder(wire.LooseBundle)
_ENTRY = msgspec.json.Decoder(wire.BundleEntry)
#: Only lists are counted, so that any number will do.
_CONTENT = msgspec.json.Decoder(float_hook=str)

_TRANSACTION = (
    "This service stores nothing, so there is nothing that a transaction could change together. "
    "Send a batch whose entries POST to $flag-causes; or, to have the resources of this Bundle "
    "evaluated, POST it to [base]/$flag-causes, which reads transactions."
)
_NOT_A_BATCH = (
    "Here a Bundle of type batch is taken, whose entries POST to $flag-causes. To have the "
    "resources of this Bundle evaluated, POST it to [base]/$flag-causes."
)
_MODIFIED = "A batch with implicitRules or a modifierExtension is not understood."


class Call(Struct, frozen=True):
    """What one entry of a batch asks for; `body` is empty where it holds no resource."""

    method: str
    url: str
    body: bytes


class Answered(Struct, frozen=True):
    """The answer to one call: an HTTP status, and a resource or, of a refusal, what it says."""

    status: int
    body: bytes


def open_batch(body: bytes, most: int, deepest: int) -> list[Call | Refused]:
    """The calls of a batch in their order, or why one of them is none.

    Refused as a whole: what is no batch, is nested deeper than `deepest`, or holds more than `most`
    entries, those of the Bundles inside it among them.
    """
    text = json_of(body, Issues())
    check_depth(text, deepest)
    try:
        bundle = _open(Raw(text))
        if sum(_counts(bundle)) > most:
            why = (
                f"The batch and the Bundles in it hold more than {most} entries. Send it in parts."
            )
            raise refusal(413, "too-costly", why)
        return [_call(raw, f"Bundle.entry[{i}]") for i, raw in enumerate(bundle.entry or ())]
    except RecursionError:
        raise too_deep(deepest) from None
    except msgspec.DecodeError as error:
        raise malformed(text, error) from None


def _open(raw: Raw) -> wire.LooseBundle:
    kind = type_of(raw)
    if kind not in KNOWN:
        raise not_fhir(raw)
    if kind != "Bundle":
        raise refusal(422, "not-supported", _NOT_A_BATCH, kind)
    try:
        bundle = mending.decode(_BUNDLE, raw, {"entry", "modifierExtension", "type"})[0]
    except mending.BrokenError as broken:
        fault = broken.fault
        raise refusal(400, "structure", fault.text, f"Bundle{fault.fhir_path}") from None
    if bundle.type != "batch":
        why = _TRANSACTION if bundle.type == "transaction" else _NOT_A_BATCH
        raise refusal(422, "not-supported", why, "Bundle.type")
    if bundle.implicit_rules is not None or bundle.modifier_extension:
        raise refusal(400, "not-supported", _MODIFIED, "Bundle")
    return bundle


def _counts(bundle: wire.LooseBundle) -> Iterator[int]:
    for raw in bundle.entry or ():
        yield 1 + _entries_in(_CONTENT.decode(raw))


def _entries_in(content: Any) -> int:  # noqa: ANN401 - any JSON
    """How many entries the Bundles in some content have, however deep they are inside."""
    if isinstance(content, list):
        return sum(map(_entries_in, content))
    if not isinstance(content, dict):
        return 0
    entry = content.get("entry") if content.get("resourceType") == "Bundle" else None
    own = len(entry) if isinstance(entry, list) else 0
    return own + sum(map(_entries_in, content.values()))


def _call(raw: Raw, expression: str) -> Call | Refused:
    try:
        entry, _ = mending.decode(_ENTRY, raw, {"modifierExtension", "request", "resource"})
    except mending.BrokenError as broken:
        fault = broken.fault
        return refusal(400, "structure", fault.text, expression + fault.fhir_path)
    request = entry.request
    if entry.modifier_extension or (request and request.modifier_extension):
        text = "There is a modifierExtension that is not understood."
        return refusal(400, "extension", text, expression)
    if not (request and request.method and request.url):
        text = "An entry of a batch has a request with a method and a url."
        return refusal(400, "required", text, f"{expression}.request")
    body = bytes(entry.resource) if wire.present(entry.resource) else b""
    return Call(request.method.strip().upper(), request.url.strip(), body)


def write_batch_response(answers: Iterable[Answered]) -> bytes:
    """The answers as a Bundle, one entry for each and in their order."""
    entries = [_entry(each) for each in answers]
    bundle: dict[str, Any] = {"resourceType": "Bundle", "type": "batch-response"}
    return msgspec.json.encode(bundle | {"entry": entries} if entries else bundle)


def _entry(answered: Answered) -> dict[str, Any]:
    response: dict[str, Any] = {"status": str(answered.status)}
    if answered.status < 400:  # noqa: PLR2004 - HTTP's first error
        return {"resource": Raw(answered.body), "response": response}
    return {"response": response | {"outcome": Raw(answered.body)}}
