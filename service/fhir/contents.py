"""The content and the quantity of Observations: what comes again and again, decoded once.

With each result of a test a laboratory sends the same code and range, and one of few flags. So
an Observation's content, all that is written around its number, is kept as it was sent, and is
known again by its bytes. So is the quantity: a laboratory prints few digits.
"""

from functools import lru_cache
from typing import Any, cast

import msgspec
from msgspec import Raw, defstruct, structs

from service.fhir import wire

_FIELDS = [field for field in structs.fields(wire.Content) if field.name != "kept"]
_NAMES = [field.name for field in _FIELDS]

#: An Observation with its quantity and its content as they were sent, in the order of Content.
Sent = cast(
    type[wire.Observation],
    defstruct(
        "Sent",
        [(name, Raw, Raw(b"null")) for name in ("value_quantity", *_NAMES)],
        bases=(wire.Observation,),
        frozen=True,
        tag="Observation",
        gc=False,
    ),
)

#: An Observation with both decoded, which finds what in it is of the wrong JSON type.
Whole = cast(
    type[wire.Observation],
    defstruct(
        "Whole",
        [
            ("value_quantity", wire.Quantity | None, None),
            *[(field.name, field.type, field.default) for field in _FIELDS],
        ],
        bases=(wire.Observation,),
        frozen=True,
        tag="Observation",
        gc=False,
    ),
)

_FIRST = len(wire.Observation.__struct_fields__)
_CONTENT = msgspec.json.Decoder(wire.Content)
_QUANTITY = msgspec.json.Decoder(wire.Quantity | None)

#: Longer ones hold words of their own, and do not come again.
_LONGEST_KEPT = 4096
_LONGEST_QUANTITY = 250


class KeptQuantity(wire.Quantity, frozen=True, eq=False):
    """A Quantity that is the same object whenever it is sent in the same bytes."""


Contents = tuple[wire.Content, wire.Quantity | None]

_KEPT_QUANTITY = msgspec.json.Decoder(KeptQuantity | None)


def contents_of(observation: wire.Observation) -> Contents:
    """The content and the quantity of an Observation that was decoded as `Sent` or as `Whole`.

    Raises msgspec.DecodeError where something in them is not of its JSON type.
    """
    pieces: Any = structs.astuple(observation)[_FIRST:]
    quantity = pieces[0]
    if isinstance(observation, Whole):
        return wire.Content(*pieces[1:]), quantity
    written = b",".join(pieces[1:])
    return (
        _kept(written) if len(written) <= _LONGEST_KEPT else _CONTENT.decode(b"[%b]" % written),
        _kept_quantity(bytes(quantity))
        if len(quantity) <= _LONGEST_QUANTITY
        else _QUANTITY.decode(quantity),
    )


@lru_cache(maxsize=2048)
def _kept(written: bytes) -> wire.Content:
    return _CONTENT.decode(b"[%b,true]" % written)


@lru_cache(maxsize=4096)
def _kept_quantity(written: bytes) -> KeptQuantity | None:
    return cast(KeptQuantity | None, _KEPT_QUANTITY.decode(written))
