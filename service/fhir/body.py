"""A request's bytes, before anything in them is FHIR: text, JSON, and not too deep."""

import json
import re

from service.fhir.issues import Issues, Refused, refusal

_BOM = b"\xef\xbb\xbf"

_BRACKETS = bytes.maketrans(b"{}", b"[]")
_NO_BRACKET = bytes(set(range(256)) - set(b"[]{}"))
_OPENING = ord("[")
_TEXT = re.compile(rb'"[^"\\]*(?:\\.[^"\\]*)*"', re.DOTALL)

_AT = re.compile(r"(trailing characters)? \(byte ([0-9]+)\)")

#: UTF-16 writes a character beyond U+FFFF as one of each.
_HIGH = range(0xD800, 0xDC00)
_LOW = range(0xDC00, 0xE000)
_ESCAPE = re.compile(rb"\\(?:u([0-9a-fA-F]{4})|.)", re.DOTALL)


def json_of(body: bytes, issues: Issues) -> bytes:
    """The JSON text of a body: the bytes without a byte order mark.

    Refused: an empty body, and one that is not UTF-8 as a whole (FHIR knows no other encoding).
    """
    encoding = json.detect_encoding(body)
    if not encoding.startswith("utf-8"):
        text = f"The body looks like {encoding[: len('utf-16')].upper()}. FHIR is sent as UTF-8."
        raise refusal(400, "structure", text)
    try:
        body.decode("utf-8")
    except UnicodeDecodeError as error:
        where = _place(body, error.start)
        text = f"The body is not UTF-8: a byte at {where} starts or ends no character."
        raise refusal(400, "structure", text) from None
    if body.startswith(_BOM):
        body = body.removeprefix(_BOM)
        text = (
            "The body starts with a byte order mark, which JSON does not have; it was passed over."
        )
        issues.information("structure", text, "")
    if not body.strip(b" \t\r\n"):
        text = "The body is empty. Send a FHIR Bundle, a single resource or Parameters as JSON."
        raise refusal(400, "required", text)
    return body


def check_depth(body: bytes, deepest: int) -> None:
    """Refuse what is nested deeper than `deepest` objects and arrays.

    Taking all innermost pairs away at once counts a level in one step, which settles any
    usual body. Where brackets inside of texts, or very deep nesting, make that stall, texts
    are cut out and the brackets are counted one by one. Brackets in texts may make a body look
    flatter than it is, never deeper; what hides so meets the parser's own limit.
    """
    rest = body.translate(_BRACKETS, _NO_BRACKET)
    for _ in range(deepest):
        shorter = rest.replace(b"[]", b"")
        if (len(rest) - len(shorter)) * 100 <= len(rest):
            break
        rest = shorter
    if rest and _deeper(_TEXT.sub(b"", body).translate(_BRACKETS, _NO_BRACKET), deepest):
        raise too_deep(deepest)


def _deeper(brackets: bytes, deepest: int) -> bool:
    depth = 0
    for bracket in brackets:
        depth += 1 if bracket == _OPENING else -1
        if depth > deepest:
            return True
    return False


def too_deep(deepest: int) -> Refused:
    """The refusal of a body that is nested too deep."""
    text = f"The body is nested deeper than {deepest} objects and arrays, the most that is read."
    return refusal(400, "too-costly", text)


def malformed(body: bytes, error: Exception) -> Refused:
    """The refusal of a body that is not JSON: what is wrong, and on which line."""
    if (at := _lone_surrogate(body)) is not None:
        text = f"The body is not JSON: half of a surrogate pair at {_place(body, at)}."
    elif found := _AT.search(str(error)):
        # Of what comes after the end, msgspec counts the byte after the first.
        at = int(found[2]) - (found[1] == "trailing characters")
        text = f"The body is not JSON: see {_place(body, at)}."
    else:
        text = "The body is not JSON: it ends too early."
    return refusal(400, "structure", text)


def _lone_surrogate(body: bytes) -> int | None:
    """Where an escape is half of a character, if one is."""
    high: int | None = None
    end = 0
    for escape in _ESCAPE.finditer(body):
        code = int(escape[1], 16) if escape[1] else 0
        pending = high is not None and escape.start() == end
        if high is not None and not (pending and code in _LOW):
            return high
        if code in _LOW and high is None:
            return escape.start()
        high = escape.start() if code in _HIGH else None
        end = escape.end()
    return high


def _place(body: bytes, at: int) -> str:
    before = body[:at].removeprefix(_BOM)
    line = before.count(b"\n") + 1
    column = len(before[before.rfind(b"\n") + 1 :].decode("utf-8", "replace")) + 1
    return f"line {line}, column {column}"
