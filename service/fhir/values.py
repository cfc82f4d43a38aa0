"""Numbers out of values: exactly as written, or not at all.

https://hl7.org/fhir/R4/datatypes.html#quantity
"""

import re
from decimal import Decimal, InvalidOperation
from functools import lru_cache
from typing import Literal

from msgspec import Raw, Struct, structs

from service.fhir import wire
from service.fhir.codes import display_of
from service.record import Comparator

#: Bounds that no laboratory reaches: the length of a number, and places before and after its point.
_LONGEST_NUMBER = 30
_GREATEST_EXPONENT = 30

#: A printed value is cut after so many letters.
_LONGEST_PRINT = 80

_COMPARATORS: dict[str, Comparator] = {"": "", "<": "<", "<=": "<=", ">=": ">=", ">": ">"}
_PRINTED: dict[str, Comparator] = {
    **_COMPARATORS,
    "\N{LESS-THAN OR EQUAL TO}": "<=",
    "\N{GREATER-THAN OR EQUAL TO}": ">=",
    "=<": "<=",
    "=>": ">=",
}
#: A number in print. A comma is the point of a decimal where it can not part thousands.
NUMBER = r"-?[0-9]{1,15}(?:\.[0-9]{1,15}|,(?:[0-9]{1,2}|[0-9]{4,15})(?![0-9]))?"
_TEXT = re.compile(
    r"\s*(<=?|>=?|=<|=>|\N{LESS-THAN OR EQUAL TO}|\N{GREATER-THAN OR EQUAL TO})?\s*"
    rf"({NUMBER})\s*"
    r"((?![eE][0-9+-])[A-Za-z%\[{\N{MICRO SIGN}\N{GREEK SMALL LETTER MU}]\S*(?: \S+){0,2})?\s*"
)

_BEYOND = "The value is too large or too small to be a result."
_WORDS = {
    b'"': "text",
    b"t": "true or false",
    b"f": "true or false",
    b"{": "an object",
    b"[": "a list",
}


#: Units of what is collected over a time, as urine is: "ug/24h", "mmol/(24.h)", "mg/d", "g/Tag".
_PER_TIME = re.compile(
    r"/ ?[({]*(?:24|12)?[ ._-]*"
    r"(?:h|hrs?|hours?|std|stunden|heures|ore|horas|d|days?|tag|jour|giorno|d[ií]a)"
    r"[)}]*",
    re.IGNORECASE,
)


@lru_cache(maxsize=1024)
def is_of_time(unit: str) -> bool:
    """Whether a unit is that of what is excreted in a time; in blood there is no such thing."""
    return "/" in unit and bool(_PER_TIME.fullmatch(unit[unit.rindex("/") :]))


class NotANumberError(ValueError):
    """JSON that is not a number of sensible size; the message says why, without it."""


class Value(Struct, frozen=True, gc=False):
    """A number as it was sent, with all that may name its unit.

    `printed` is the value as its sender wrote it. `from_text`: it was text, not a Quantity.
    """

    number: Decimal
    printed: str
    comparator: Comparator = ""
    system: str = ""
    code: str = ""
    unit: str = ""
    from_text: bool = False


class Unreadable(Struct, frozen=True, gc=False):
    """Why there is no number: an issue's severity, code and text, and the path it is about."""

    severity: Literal["warning", "information"]
    code: str
    why: str
    printed: str = ""
    path: str = ".value"


def number(raw: Raw | bytes) -> Decimal:
    """A JSON number, exactly. Raises NotANumberError for all else and beyond the bounds above."""
    return _number(bytes(raw))


# The bounds of reference ranges come again with every result, and most values do too.
@lru_cache(maxsize=4096)
def _number(written: bytes) -> Decimal:
    if written[:1] in _WORDS:
        raise NotANumberError(f"The value is {_WORDS[written[:1]]}, where a JSON number belongs.")
    if len(written) > _LONGEST_NUMBER:
        raise NotANumberError(f"The value is a number of more than {_LONGEST_NUMBER} characters.")
    try:
        found = Decimal(written.decode("ascii"))
    except UnicodeDecodeError:
        raise NotANumberError("The value is no JSON number.") from None
    except InvalidOperation:
        # A JSON number is one for Decimal too, unless its exponent is beyond all bounds.
        is_number = written[:1].isdigit() or written[:1] == b"-"
        raise NotANumberError(_BEYOND if is_number else "The value is no JSON number.") from None
    if not found.is_finite() or abs(found.adjusted()) > _GREATEST_EXPONENT:
        raise NotANumberError(_BEYOND)
    return found


def value_of(said: wire.Said, quantity: wire.Quantity | None) -> Value | Unreadable | None:
    """The value of an Observation or component; None where it has none and says nothing of why."""
    if others := _others(said):
        if quantity is None and others == 1:
            found = _other_value(said)
        else:
            return Unreadable("warning", "structure", "There is more than one value[x].")
    elif quantity is not None:
        found = quantity_value(quantity)
    else:
        reason = said.data_absent_reason
        if reason is None:
            return None
        why = "dataAbsentReason says that there is no value."
        printed = display_of(reason)[:_LONGEST_PRINT]
        return Unreadable("information", "informational", why, printed, ".dataAbsentReason")
    if said.data_absent_reason is not None:
        why = "There is a value and a dataAbsentReason too, so the value can not be trusted."
        return Unreadable("warning", "invariant", why, found.printed)
    return found


def has_value(said: wire.Said) -> bool:
    """Whether there is a value other than a quantity, or a reason for its absence."""
    return bool(_others(said) or said.data_absent_reason)


def is_plain(said: wire.Said) -> bool:
    """Whether a quantity would be the value, as beside nearly all that is said."""
    return not _others(said) and said.data_absent_reason is None


def quantity_value(quantity: wire.Quantity) -> Value | Unreadable:
    """The number of a Quantity, with its comparator and what names its unit."""
    unit = quantity.unit or quantity.code or ""
    written = bytes(quantity.value)
    if written in wire.NOT_SENT:
        why = "The Quantity has no value."
        return Unreadable("warning", "required", why, (quantity.comparator or "")[:2])
    try:
        found = _number(written)
    except NotANumberError as error:
        return Unreadable("warning", "value", str(error))
    comparator = _COMPARATORS.get(quantity.comparator or "")
    if comparator is None:
        why = "The comparator is none of <, <=, >= and >."
        return Unreadable("warning", "code-invalid", why)
    return Value(
        found,
        f"{comparator}{written.decode()} {unit[:_LONGEST_PRINT]}".rstrip(),
        comparator,
        quantity.system or "",
        quantity.code or "",
        quantity.unit or "",
    )


def _others(said: wire.Said) -> int:
    """How many values of other types than Quantity there are."""
    return (
        (said.value_string is not None)
        + (said.value_codeable_concept is not None)
        + (said.value_boolean is not None)
        + (said.value_integer is not None)
        + (said.value_range is not None)
        + (said.value_ratio is not None)
        + (said.value_sampled_data is not None)
        + (said.value_time is not None)
        + (said.value_date_time is not None)
        + (said.value_period is not None)
        + (said.value_attachment is not None)
        + (said.value_reference is not None)
    )


def _other_value(said: wire.Said) -> Value | Unreadable:
    if said.value_string is not None:
        return text_value(said.value_string)
    if said.value_integer is not None:
        if abs(said.value_integer) >= 10**_GREATEST_EXPONENT:
            why = "The value is too large to be a result."
            return Unreadable("warning", "value", why)
        return Value(Decimal(said.value_integer), str(said.value_integer))
    if said.value_range is not None:
        return _range_value(said.value_range)
    if said.value_codeable_concept is not None:
        why = "The value is a concept, not a number."
        printed = display_of(said.value_codeable_concept)[:_LONGEST_PRINT]
        return Unreadable("information", "not-supported", why, printed)
    return Unreadable("information", "not-supported", "The value is of a type that is not read.")


def text_value(text: str) -> Value | Unreadable:
    """The number that a text consists of, as "118 mmol/L", "<5" or "> 600"."""
    printed = " ".join(text.split())[:_LONGEST_PRINT]
    found = _TEXT.fullmatch(text) if len(text) <= _LONGEST_PRINT else None
    if not found:
        why = 'The value is text that is no number, as "118 mmol/L" or "<5" would be.'
        return Unreadable("warning", "not-supported", why, printed)
    return Value(
        decimal_of(found[2]),
        printed,
        _PRINTED[found[1] or ""],
        unit=found[3] or "",
        from_text=True,
    )


def decimal_of(printed: str) -> Decimal:
    """A number in print, with a point or a comma before its decimals."""
    return Decimal(printed.replace(",", "."))


def _range_value(value: wire.Range) -> Value | Unreadable:
    """A Range that is open at one end, which is a number with a comparator; no other is read."""
    for bound, other, comparator in ((value.low, value.high, ">="), (value.high, value.low, "<=")):
        if bound is not None and other is None and not bound.comparator:
            return quantity_value(structs.replace(bound, comparator=comparator))
    why = "The value is a Range with two ends or none, so it is not one number."
    return Unreadable("warning", "not-supported", why, _printed_range(value))


def _printed_range(value: wire.Range) -> str:
    def printed(bound: wire.Quantity | None) -> str:
        return bytes(bound.value).decode("utf-8", "replace")[:_LONGEST_NUMBER] if bound else ""

    unit = next((q.unit or q.code or "" for q in (value.low, value.high) if q), "")
    return f"{printed(value.low)}-{printed(value.high)} {unit[:_LONGEST_PRINT]}".strip("- ")
