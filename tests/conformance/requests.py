"""Requests over HTTP: forms of body, headers, query and address, and what becomes of each.

`requests.yaml` holds them. Each is a change of one that is answered, sent to a site with small
limits, so that bodies which are too large for it are still small enough to be looked at.
"""

import gzip
import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any, NamedTuple

import yaml
from fastapi import FastAPI
from msgspec import Struct, convert, structs

from service.api.app import create_app
from service.evaluation import Site
from tests.api.client import FHIR_JSON, call
from tests.conformance.forms import Book, Form, Outcome, Section, bundle, is_used, merged
from tests.told import issues

_REQUESTS = Path(__file__).with_name("requests.yaml")

#: What is small about the site that all requests are sent to.
LIMITS = {"max_body_bytes": 2000, "max_entries": 3, "max_depth": 12, "max_text_bytes": 64}

#: The usual request, sent at the moment that forms are judged at.
USUAL = "POST /fhir/$flag-causes?now=2026-01-11"


class Request(Struct, frozen=True, forbid_unknown_fields=True):
    """One request, and the status that it is answered with.

    `code` is that of a refusal's issue. `sent` is merged into the usual Bundle; `text`, `times`
    over, is sent in its place.
    """

    form: str
    status: int
    becomes: Outcome = "refused"
    code: str = ""
    to: str = USUAL
    headers: dict[str, str | None] = {}
    sent: dict[str, Any] = {}
    text: str | None = None
    times: int = 1
    encoding: str = "utf-8"
    gzip: bool = False


class Group(Struct, frozen=True, forbid_unknown_fields=True):
    """Requests of one kind."""

    heading: str
    requests: tuple[Request, ...]
    about: str = ""


class Answer(NamedTuple):
    """What became of a request, and what the answer said of it."""

    status: int
    becomes: Outcome
    code: str
    said: tuple[str, ...]


def groups() -> tuple[Group, ...]:
    return convert(yaml.safe_load(_REQUESTS.read_text(encoding="utf-8")), tuple[Group, ...])


def small(site: Site) -> FastAPI:
    """The application that requests are sent to."""
    return create_app(structs.replace(site, **LIMITS))


def answer(app: FastAPI, held: Book, request: Request) -> Answer:
    """What the service answers to a request."""
    method, _, path = request.to.partition(" ")
    headers = merged({"Content-Type": FHIR_JSON}, request.headers)
    found = call(app, method, path, content=_body(held, request), headers=headers)
    outcomes = [*_outcomes(found.json())]
    said = tuple(dict.fromkeys(issue.text for one in outcomes for issue in issues(one)))
    if found.status_code != 200:
        (refusal,) = outcomes
        return Answer(int(found.status_code), "refused", refusal["issue"][0]["code"], said)
    used = any(map(is_used, outcomes))
    return Answer(200, "used" if used else "not used", "", said)


def _body(held: Book, request: Request) -> bytes:
    text = request.text
    if text is None:
        usual = bundle(held, Section("", "Observation", ()), Form("", "used"))
        text = json.dumps(merged(usual, request.sent))
    body = (text * request.times).encode(request.encoding)
    return gzip.compress(body) if request.gzip else body


def _outcomes(found: object) -> Iterator[dict[str, Any]]:
    """All OperationOutcomes in an answer; each entry of a batch's answer has its own."""
    if isinstance(found, dict):
        if found.get("resourceType") == "OperationOutcome":
            yield found
        for inner in found.values():
            yield from _outcomes(inner)
    elif isinstance(found, list):
        for inner in found:
            yield from _outcomes(inner)
