"""A request's bytes, before anything in them is FHIR: text, JSON, and not too deep."""

import json
import re

from service.fhir.issues import Issues, Refused, refusal

_GZIP = b"\x1f\x8b"
_BOM = b"\xef\xbb\xbf"

#: The first segment of an HL7 v2 message, which may follow a frame of MLLP or a line of prose.
_HL7_V2 = re.compile(rb"(?:^|[\r\n\x0b]|" + _BOM + rb")MSH\|")
_LONGEST_PREAMBLE = 500

_BRACKETS = bytes.maketrans(b"{}", b"[]")
_NO_BRACKET = bytes(set(range(256)) - set(b"[]{}"))
_OPENING = ord("[")
_TEXT = re.compile(rb'"[^"\\]*(?:\\.[^"\\]*)*"', re.DOTALL)

#: Before what is base64 in FHIR: attachments, mostly. Nothing of it is ever read here.
_BASE64 = re.compile(rb'"(?:data|valueBase64Binary)"\s*:\s*\Z')
_BACKSLASH = ord("\\")

#: Quotes inside of a text that are passed over in search of its end.
_MOST_ESCAPES = 1000

_AT = re.compile(r"(trailing characters)? \(byte ([0-9]+)\)")

#: UTF-16 writes a character beyond U+FFFF as one of each.
_HIGH = range(0xD800, 0xDC00)
_LOW = range(0xDC00, 0xE000)
_ESCAPE = re.compile(rb"\\(?:u([0-9a-fA-F]{4})|.)", re.DOTALL)


def json_of(body: bytes, issues: Issues) -> bytes:
    """The JSON text of a body: the bytes without a byte order mark.

    Refused: an empty body, and one that is not UTF-8 as a whole (FHIR knows no other encoding).
    """
    if body.startswith(_GZIP):
        text = "The body is gzip, not JSON. Over HTTP, Content-Encoding: gzip would say so."
        raise refusal(400, "structure", text)
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


def check_texts(body: bytes, longest: int) -> None:
    """Refuse a text longer than `longest` bytes, but for base64, whose length FHIR lets be.

    Only a body that is longer itself is looked at, and of that hardly anything: where each
    stretch of such a length has the end of a text in it, no text is longer.
    """
    if not _has_stretch(body, longest):
        return
    for text in _TEXT.finditer(body):
        start = text.start()
        if text.end() - start - 2 > longest and not _BASE64.search(body, max(0, start - 40), start):
            told = (
                f"The text at {_place(body, start)} is longer than {longest} bytes, the most that "
                "is read here (setting MYOFLAG_MAX_TEXT_BYTES)."
            )
            raise refusal(413, "too-long", told)


def _has_stretch(body: bytes, longest: int) -> bool:
    """Whether more than `longest` bytes in a row may be inside of one text."""
    start = 0
    while len(body) - start > longest:
        end = start + longest + 1
        for _ in range(_MOST_ESCAPES):
            end = body.rfind(b'"', start, end)
            if end <= start or body[end - 1] != _BACKSLASH:
                break
        else:
            return True
        if end < start:
            return True
        start = end + 1
    return False


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
    if _HL7_V2.search(body, 0, _LONGEST_PREAMBLE):
        text = (
            "The body is an HL7 v2 message, which is not read here. Send its results as FHIR: a "
            "Bundle with an Observation for each OBX, as JSON."
        )
    elif (at := _lone_surrogate(body)) is not None:
        text = f"The body is not JSON: half of a surrogate pair at {_place(body, at)}."
    elif body.removeprefix(_BOM).lstrip().startswith(b"<"):
        text = "The body is not JSON but XML, which is not read, whatever Content-Type says."
    elif found := _AT.search(str(error)):
        # Of what comes after the end, msgspec counts the byte after the first.
        at = int(found[2]) - (found[1] == "trailing characters")
        text = f"The body is not JSON: see {_place(body, at)}."
        if body.startswith((b"NaN", b"Infinity"), at):
            text += " JSON has neither NaN nor Infinity; leave the element out."
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
