"""The content of Observations: all that its sender wrote around a number, decoded once.

With each result of a test a laboratory sends the same code and range, and one of few flags. So
an Observation's content is kept as it was sent, and is known again by its bytes.
"""

from functools import lru_cache
from typing import Any, cast

import msgspec
from msgspec import Raw, defstruct, structs

from service.fhir import wire

_FIELDS = [field for field in structs.fields(wire.Content) if field.name != "kept"]

#: An Observation with its content as it was sent, in the order of Content.
Sent = cast(
    type[wire.Observation],
    defstruct(
        "Sent",
        [(field.name, Raw, Raw(b"null")) for field in _FIELDS],
        bases=(wire.Observation,),
        frozen=True,
        tag="Observation",
        gc=False,
    ),
)

#: An Observation with its content decoded, which finds what in it is of the wrong JSON type.
Whole = cast(
    type[wire.Observation],
    defstruct(
        "Whole",
        [(field.name, field.type, field.default) for field in _FIELDS],
        bases=(wire.Observation,),
        frozen=True,
        tag="Observation",
        gc=False,
    ),
)

_FIRST = len(wire.Observation.__struct_fields__)
_CONTENT = msgspec.json.Decoder(wire.Content)

#: Longer ones hold words of their own, and do not come again.
_LONGEST_KEPT = 4096


def content_of(observation: wire.Observation) -> wire.Content:
    """The content of an Observation that was decoded as `Sent` or as `Whole`.

    Raises msgspec.DecodeError where something in it is not of its JSON type.
    """
    pieces: Any = structs.astuple(observation)[_FIRST:]
    if isinstance(observation, Whole):
        return wire.Content(*pieces)
    written = b",".join(pieces)
    if len(written) <= _LONGEST_KEPT:
        return _kept(written)
    return _CONTENT.decode(b"[%b]" % written)


@lru_cache(maxsize=2048)
def _kept(written: bytes) -> wire.Content:
    return _CONTENT.decode(b"[%b,true]" % written)
