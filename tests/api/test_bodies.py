"""Bodies as they come over HTTP: compressed, too slow, cut off."""

import asyncio
import gzip
from collections.abc import AsyncIterator

import httpx
import pytest
from fastapi import FastAPI
from msgspec import structs

from service.api.app import create_app
from service.api.limits import Limits
from service.evaluation import Site
from tests.api.client import FHIR_JSON, FLAG_CAUSES, call, issue_of, post

PATIENT = b'{"resourceType": "Patient", "id": "p"}'


def packed(app: FastAPI, body: bytes, coding: str = "gzip") -> httpx.Response:
    """The answer to a compressed body, at a moment that makes it the same each time."""
    headers = {"Content-Type": FHIR_JSON, "Content-Encoding": coding}
    return call(app, "POST", f"{FLAG_CAUSES}?now=2026-01-01", content=body, headers=headers)


def answered(app: FastAPI) -> bytes:
    headers = {"Content-Type": FHIR_JSON}
    path = f"{FLAG_CAUSES}?now=2026-01-01"
    return call(app, "POST", path, content=PATIENT, headers=headers).content


@pytest.mark.parametrize("coding", ["gzip", "GZIP", " x-gzip "])
def test_a_gzip_body_is_answered_as_the_same_body_is(app: FastAPI, coding: str) -> None:
    assert packed(app, gzip.compress(PATIENT), coding).content == answered(app)


@pytest.mark.parametrize("coding", ["identity", "Identity"])
def test_no_coding_may_be_named(app: FastAPI, coding: str) -> None:
    assert packed(app, PATIENT, coding).content == answered(app)


@pytest.mark.parametrize(
    "coding", ["br", "deflate", "zstd", "gzip, gzip", "identity, gzip", "", "*"]
)
def test_another_coding_is_refused_with_those_that_are_read(app: FastAPI, coding: str) -> None:
    answer = packed(app, gzip.compress(PATIENT), coding)

    assert answer.status_code == 415
    assert answer.headers["accept-encoding"] == "gzip, identity"
    assert "gzip is read" in issue_of(answer)["details"]["text"]


@pytest.mark.parametrize(
    ("body", "said"),
    [
        (PATIENT, "is not, or was damaged"),
        (gzip.compress(PATIENT)[:-4], "breaks off"),
        (gzip.compress(PATIENT) + b"x", "after the end"),
        (b"", "breaks off"),
    ],
)
def test_gzip_that_is_none_is_refused_with_why(app: FastAPI, body: bytes, said: str) -> None:
    answer = packed(app, body)

    assert answer.status_code == 400
    assert said in issue_of(answer)["details"]["text"]


def test_gzip_that_nobody_said_is_told(app: FastAPI) -> None:
    answer = post(app, gzip.compress(PATIENT))

    assert answer.status_code == 400
    assert "Content-Encoding: gzip" in issue_of(answer)["details"]["text"]


@pytest.mark.parametrize(("size", "status"), [(1000, 200), (1001, 413)])
def test_the_limit_counts_what_comes_out(site: Site, size: int, status: int) -> None:
    small = create_app(structs.replace(site, max_body_bytes=1000))

    assert packed(small, gzip.compress(PATIENT.ljust(size))).status_code == status


def test_what_unpacks_to_nothing_counts_as_it_was_sent(site: Site) -> None:
    """Empty stored blocks: five bytes each, and nothing comes out of them."""
    small = create_app(structs.replace(site, max_body_bytes=1000))

    async def endless() -> AsyncIterator[bytes]:
        yield gzip.compress(b"")[:10]
        while True:
            yield b"\x00\x00\x00\xff\xff" * 20

    assert packed(small, endless()).status_code == 413  # type: ignore[arg-type]  # httpx streams it


def test_a_body_that_does_not_arrive_is_refused_with_408(site: Site) -> None:
    hurried = create_app(site, limits=Limits(body_seconds=0.02))

    async def stalling() -> AsyncIterator[bytes]:
        yield PATIENT[:10]
        await asyncio.Event().wait()

    answer = post(hurried, stalling())  # type: ignore[arg-type]  # httpx streams it

    assert answer.status_code == 408
    assert answer.headers["connection"] == "close"
    assert issue_of(answer)["code"] == "timeout"
    assert "0.02 seconds" in issue_of(answer)["details"]["text"]
    assert post(hurried, PATIENT).status_code != 408
