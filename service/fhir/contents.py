"""The content and the quantity of Observations: what comes again and again, decoded once.

With each result of a test a laboratory sends the same code and range, and one of few flags. So
an Observation's content, all that is written around its number, is kept as it was sent, and is
known again by its bytes. So is the quantity: a laboratory prints few digits.
"""

from functools import lru_cache
from typing import Any, cast

import msgspec
from msgspec import defstruct, structs

from service.fhir import wire

Contents = tuple[wire.Content, wire.Quantity | None]

_FIELDS = {field.name: field for field in structs.fields(wire.Content) if field.name != "kept"}
_COMMON = ("code", "category", "interpretation", "reference_range")
_RARE = tuple(name for name in _FIELDS if name not in _COMMON)

#: An Observation that is decoded at once, which finds what in it is of the wrong JSON type.
Whole = defstruct(
    "Whole",
    [
        ("value_quantity", wire.Quantity | None, None),
        *[(name, field.type, None) for name, field in _FIELDS.items()],
    ],
    bases=(wire.Observation,),
    frozen=True,
    tag="Observation",
    gc=False,
)

#: The elements of a content as they are written one behind the other.
_ROW = msgspec.json.Decoder(
    defstruct(
        "Row",
        [(name, _FIELDS[name].type, None) for name in (*_COMMON, *_RARE)],
        frozen=True,
        array_like=True,
    )
)
_QUANTITY = msgspec.json.Decoder(wire.Quantity | None)

#: Longer ones hold words of their own, and do not come again.
_LONGEST_KEPT = 4096
_LONGEST_QUANTITY = 250

_NONE_RARE = (wire.NULL,) * len(_RARE)


class KeptQuantity(wire.Quantity, frozen=True, eq=False):
    """A Quantity that is the same object whenever it is sent in the same bytes."""


_KEPT_QUANTITY = msgspec.json.Decoder(KeptQuantity | None)


def contents_of(sent: wire.Observation) -> Contents:
    """The content and the quantity of an Observation.

    Raises msgspec.DecodeError where something in them is not of its JSON type.
    """
    pieces = (sent.code, sent.category, sent.interpretation, sent.reference_range)
    # One by one, as in _COMMON and _RARE: to ask for them by name takes three times as long.
    rare = (
        sent.value_codeable_concept,
        sent.value_string,
        sent.value_boolean,
        sent.value_integer,
        sent.value_range,
        sent.value_ratio,
        sent.value_sampled_data,
        sent.value_time,
        sent.value_date_time,
        sent.value_period,
        sent.value_attachment,
        sent.value_reference,
        sent.data_absent_reason,
        sent.component,
    )
    quantity = sent.value_quantity
    written = b",".join(pieces if rare == _NONE_RARE else pieces + rare)
    return (
        _kept(written) if len(written) <= _LONGEST_KEPT else _content(written, kept=False),
        _kept_quantity(bytes(quantity))
        if len(quantity) <= _LONGEST_QUANTITY
        else _QUANTITY.decode(quantity),
    )


def parted(whole: Any) -> tuple[wire.Observation, Contents]:  # noqa: ANN401 - made by defstruct
    """An Observation that was decoded as `Whole`, its content and its quantity apart."""
    pieces = structs.asdict(whole)
    content = wire.Content(**{name: pieces.pop(name) for name in _FIELDS})
    quantity = pieces.pop("value_quantity")
    return wire.Observation(**pieces), (content, quantity)


def _content(written: bytes, *, kept: bool) -> wire.Content:
    return wire.Content(**structs.asdict(_ROW.decode(b"[%b]" % written)), kept=kept)


@lru_cache(maxsize=2048)
def _kept(written: bytes) -> wire.Content:
    return _content(written, kept=True)


@lru_cache(maxsize=4096)
def _kept_quantity(written: bytes) -> KeptQuantity | None:
    return cast(KeptQuantity | None, _KEPT_QUANTITY.decode(written))
