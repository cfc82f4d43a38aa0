"""What callers may send and what they may ask to get: FHIR's JSON, its names and its versions."""

import re
from collections.abc import Iterable, Sequence
from email.message import Message
from functools import lru_cache
from typing import NamedTuple
from urllib.request import parse_http_list

from starlette.requests import Request

from service.fhir.releases import RELEASES, USUAL, WRITTEN, release_named

FHIR_JSON = "application/fhir+json"
JSON = "application/json"
HTML = "text/html"

#: The names that FHIR's JSON goes by, both ways.
NAMES = (FHIR_JSON, JSON, "text/json")

#: A form, which is what curl says of any body unless it is told otherwise.
_FORM = "application/x-www-form-urlencoded"

#: What `_format` may say for short.
_SHORT = {"json": FHIR_JSON}

_XML = (
    "FHIR's XML is not {}; FHIR servers and libraries, such as HAPI and Firely, turn the one into "
    "the other."
)
#: What a header says after so many characters is passed over: no client says so much.
_LONGEST = 1000

_WEIGHT = re.compile(r"0(\.[0-9]{0,3})?|1(\.0{0,3})?")

#: A release that nobody asked for and nobody can be given.
_NONE = "none"


class Form(NamedTuple):
    """The form of an answer: a name of JSON, and the release of FHIR that it is in.

    `asked`: the caller named the release, for what it gets. `told`: the answer names it.
    """

    media_type: str
    release: str = USUAL
    asked: bool = False
    told: bool = False

    @property
    def content_type(self) -> str:
        version = f"; fhirVersion={self.release}" if self.told else ""
        return f"{self.media_type}{version}"


class _Sent(NamedTuple):
    """A Content-Type, or one range of an Accept header. `release`: None where it says none."""

    media_type: str
    release: str | None
    charset: str
    weight: float


def why_unreadable(content_type: str | None) -> str | None:
    """What is wrong with a request's Content-Type, or None."""
    if not content_type:
        return f"The request says no Content-Type; send {FHIR_JSON}."
    sent = _sent(content_type[:_LONGEST])
    if sent.media_type not in NAMES:
        hint = ""
        if sent.media_type.endswith("xml"):
            hint = f" {_XML.format('read')}"
        elif sent.media_type == _FORM:
            hint = f" With curl: -H 'Content-Type: {FHIR_JSON}' --data-binary @bundle.json"
        return f"The body must be {FHIR_JSON} or {JSON}.{hint}"
    if sent.charset not in {"utf-8", "utf8"}:
        return "FHIR's JSON is always UTF-8; leave the charset out or say charset=utf-8."
    if sent.release == _NONE:
        return f"FHIR {_listed(RELEASES)} are read; fhirVersion says another."
    return None


def sent_release(content_type: str | None) -> str | None:
    """The release of FHIR that a request's Content-Type says its body is in; None for none."""
    release = _sent(content_type[:_LONGEST]).release if content_type else None
    return release if release in RELEASES else None


def wanted(request: Request, usual: str) -> Form | None:
    """The form that a caller wants its answer in, or None where it takes none that there is.

    `_format` in the query comes before Accept. The release is the one that either names, else
    that of the body, else `usual`, the site's.
    """
    accept = _accepted(request)
    sent = sent_release(request.headers.get("content-type"))
    form = answer_form(accept, sent if sent in WRITTEN else usual)
    if form is None:
        return None
    return form._replace(told=form.asked or sent is not None or form.release != USUAL)


def why_unwritable(request: Request) -> str:
    """Why there is no form of an answer that a caller takes."""
    asked = ", ".join(_accepted(request)).lower()
    by_query = "_format" in request.query_params
    said = "_format names neither" if by_query else "Accept takes neither"
    text = f"The answer is {FHIR_JSON} or {JSON}, in FHIR {_listed(WRITTEN)}; {said}."
    if "fhirversion" in asked:
        text += " Another fhirVersion may be read, but is not written."
    elif "xml" in asked:
        text += f" {_XML.format('written')}"
    return text


def _accepted(request: Request) -> list[str]:
    """The values of Accept, or what `_format` says in their place."""
    named = request.query_params.get("_format")
    if named is None:
        return request.headers.getlist("accept")
    # In a query, an unescaped plus sign is a space.
    named = named.strip().replace("fhir json", "fhir+json")
    return [_SHORT.get(named, named)]


def answer_form(accept: Sequence[str], release: str) -> Form | None:
    """The form of JSON to answer in, or None where the caller takes none of them.

    `accept` are the values of all Accept headers; none means that anything is welcome. Weights
    and precedence are those of RFC 9110, 12.5.1: of two ranges, the more exact one counts. A
    range that names no release takes `release`.
    """
    ranges = _ranges(accept)
    releases = [release]
    if any(one.release for one in ranges):
        releases += [one for one in WRITTEN if one != release]
    offered = [Form(name, number) for number in releases for name in NAMES]
    best = _best(ranges, offered)
    if best is None:
        return None
    asked = any(one.release == best.release for one in ranges)
    return best._replace(asked=asked)


def page_type(accept: Sequence[str]) -> str | None:
    """Whether to answer with JSON or with a page, or None where the caller takes neither.

    Neither is FHIR, so what a range says of fhirVersion counts for nothing.
    """
    ranges = [one._replace(release=None) for one in _ranges(accept)]
    best = _best(ranges, [Form(JSON), Form(HTML)])
    return best.media_type if best else None


def _best(ranges: Sequence[_Sent], offered: Sequence[Form]) -> Form | None:
    """The most welcome of the forms that are offered, of equals the first."""
    if not ranges:
        return offered[0]
    weights = [_weight(form, ranges) for form in offered]
    best = max(weights)
    return offered[weights.index(best)] if best else None


def _weight(form: Form, ranges: Sequence[_Sent]) -> float:
    """How welcome a form is by the most exact of the ranges that it is in."""
    names = (form.media_type, f"{form.media_type.partition('/')[0]}/*", "*/*")
    exact = [
        ((names.index(one.media_type), one.release is None), one.weight)
        for one in ranges
        if one.media_type in names and one.release in (None, form.release)
    ]
    closest = min((place for place, _ in exact), default=None)
    return max((weight for place, weight in exact if place == closest), default=0)


def _ranges(accept: Sequence[str]) -> tuple[_Sent, ...]:
    return _parsed(", ".join(accept)[:_LONGEST])


# The few clients of a site say the same with every request.
@lru_cache(maxsize=256)
def _parsed(accept: str) -> tuple[_Sent, ...]:
    return tuple(_sent(one) for one in parse_http_list(accept))


@lru_cache(maxsize=256)
def _sent(value: str) -> _Sent:
    header = Message()
    header["content-type"] = value
    version = header.get_param("fhirversion")
    return _Sent(
        header.get_content_type(),
        None if version is None else release_named(str(version)) or _NONE,
        str(header.get_param("charset", "utf-8")).lower(),
        _weight_of(str(header.get_param("q", "1"))),
    )


def _weight_of(text: str) -> float:
    """How welcome a range is, 0 to 1; a weight that is none is passed over."""
    return float(text) if _WEIGHT.fullmatch(text) else 1


def _listed(releases: Iterable[str]) -> str:
    *most, last = releases
    return f"{', '.join(most)} and {last}"
