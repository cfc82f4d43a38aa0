"""What callers may send and what they may ask to get: FHIR's JSON, by either of its names."""

import re
from collections.abc import Mapping, Sequence
from email.message import Message
from urllib.request import parse_http_list

FHIR_JSON = "application/fhir+json"
JSON = "application/json"
HTML = "text/html"

#: Versions whose resources Myoflag reads, as the fhirVersion parameter names them.
FHIR_VERSIONS = ("4.0", "4.3")

#: A form, which is what curl says of any body unless it is told otherwise.
_FORM = "application/x-www-form-urlencoded"

_WEIGHT = re.compile(r"0(\.[0-9]{0,3})?|1(\.0{0,3})?")


def why_unreadable(content_type: str | None) -> str | None:
    """What is wrong with a request's Content-Type, or None."""
    if not content_type:
        return f"The request says no Content-Type; send {FHIR_JSON}."
    header = _parsed(content_type)
    media_type = header.get_content_type()
    if media_type not in {FHIR_JSON, JSON}:
        hint = ""
        if media_type.endswith("xml"):
            hint = " FHIR's XML is not read."
        elif media_type == _FORM:
            hint = f" With curl: -H 'Content-Type: {FHIR_JSON}' --data-binary @bundle.json"
        return f"The body must be {FHIR_JSON} or {JSON}.{hint}"
    charset = header.get_param("charset", "utf-8")
    if str(charset).lower() not in {"utf-8", "utf8"}:
        return "FHIR's JSON is always UTF-8; leave the charset out or say charset=utf-8."
    if not _is_known_version(header):
        return f"FHIR {' and '.join(FHIR_VERSIONS)} are read; fhirVersion says another."
    return None


def answer_type(accept: Sequence[str]) -> str | None:
    """Which of the two names to answer under, or None where the caller takes neither.

    `accept` are the values of all Accept headers; none means that anything is welcome. Weights
    and precedence are those of RFC 9110, 12.5.1: of two ranges, the more exact one counts.
    """
    return _best(accept, (FHIR_JSON, JSON))


def page_type(accept: Sequence[str]) -> str | None:
    """Whether to answer with JSON or with a page, or None where the caller takes neither."""
    return _best(accept, (JSON, HTML))


def _best(accept: Sequence[str], offered: Sequence[str]) -> str | None:
    """The most welcome of the types that are offered, of equals the first."""
    ranges = [_parsed(one) for value in accept for one in parse_http_list(value)]
    if not ranges:
        return offered[0]
    weights: dict[str, float] = {}
    for one in filter(_is_known_version, ranges):
        kind = one.get_content_type()
        weights[kind] = max(_weight(one), weights.get(kind, 0))
    wanted = {name: _wanted(name, weights) for name in offered}
    best = max(wanted, key=wanted.__getitem__)
    return best if wanted[best] else None


def _parsed(value: str) -> Message:
    header = Message()
    header["content-type"] = value
    return header


def _is_known_version(header: Message) -> bool:
    return header.get_param("fhirversion", FHIR_VERSIONS[0]) in FHIR_VERSIONS


def _weight(header: Message) -> float:
    """How welcome a range is, 0 to 1; a weight that is none is passed over."""
    weight = str(header.get_param("q", "1"))
    return float(weight) if _WEIGHT.fullmatch(weight) else 1


def _wanted(name: str, weights: Mapping[str, float]) -> float:
    ranges = (name, f"{name.partition('/')[0]}/*", "*/*")
    return next((weights[one] for one in ranges if one in weights), 0)
