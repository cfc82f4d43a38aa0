"""One shape for every error."""

import json
from collections.abc import AsyncIterator

import pytest
from fastapi import FastAPI
from msgspec import structs

from service import logs
from service.api.app import create_app
from service.evaluation import Site, open_site
from service.settings import Settings, shipped
from tests.api.client import FLAG_CAUSES, call, issue_of, post

SODIUM = (shipped("fhir_samples") / "hyponatremia-alcohol-use-disorder.json").read_bytes()
PATIENT = b'{"resourceType": "Patient", "id": "p"}'


@pytest.mark.parametrize(
    ("method", "path", "status", "code"),
    [
        ("GET", "/fhir/Flag", 404, "not-found"),
        ("GET", "/", 404, "not-found"),
        ("POST", "/fhir/$flag-cause", 404, "not-found"),
        ("POST", f"{FLAG_CAUSES}/", 404, "not-found"),
        ("GET", FLAG_CAUSES, 405, "not-supported"),
        ("PUT", FLAG_CAUSES, 405, "not-supported"),
        ("DELETE", "/fhir/metadata", 405, "not-supported"),
        ("POST", "/healthz", 405, "not-supported"),
    ],
)
def test_a_wrong_address_or_method_is_an_operation_outcome(
    app: FastAPI, method: str, path: str, status: int, code: str
) -> None:
    answer = call(app, method, path)

    assert answer.status_code == status
    assert issue_of(answer)["code"] == code


def test_a_wrong_method_is_told_the_right_one(app: FastAPI) -> None:
    answer = call(app, "GET", FLAG_CAUSES)

    assert answer.headers["allow"] == "OPTIONS, POST"
    text = "This method is not possible here; these are: OPTIONS, POST."
    assert issue_of(answer)["details"]["text"] == text


@pytest.mark.parametrize(
    "content_type", ["application/fhir+xml", "text/plain", "application/x-www-form-urlencoded"]
)
def test_another_kind_of_body_is_refused_with_415(app: FastAPI, content_type: str) -> None:
    answer = post(app, PATIENT, headers={"Content-Type": content_type})

    assert answer.status_code == 415
    assert "application/fhir+json" in issue_of(answer)["details"]["text"]


def test_a_compressed_body_is_refused_with_415(app: FastAPI) -> None:
    answer = post(app, PATIENT, headers={"Content-Encoding": "gzip"})

    assert answer.status_code == 415
    assert "Compressed" in issue_of(answer)["details"]["text"]


def test_a_caller_who_takes_xml_only_is_refused_with_406(app: FastAPI) -> None:
    answer = post(app, PATIENT, headers={"Accept": "application/fhir+xml"})

    assert answer.status_code == 406
    assert issue_of(answer)["code"] == "not-supported"


@pytest.mark.parametrize(
    ("query", "said"),
    [
        (
            "nwo=latest",
            "There is no query parameter 'nwo'; there are now, includeEvidence, explain.",
        ),
        ("format=json", "There is no query parameter 'format'"),
        ("now=latest&now=2026-01-01", "The query parameter now is said twice."),
        ("includeEvidence=yes", "includeEvidence is true or false."),
        ("includeEvidence=", "includeEvidence is true or false."),
        ("now=yesterday", "now: This is no FHIR date or time"),
        ("now=", "now: This is no FHIR date or time"),
        ("now=2026-13-01", "now: There is no such day or time."),
    ],
)
def test_a_query_that_can_not_be_is_refused_with_400(app: FastAPI, query: str, said: str) -> None:
    answer = call(
        app,
        "POST",
        f"{FLAG_CAUSES}?{query}",
        content=PATIENT,
        headers={"Content-Type": "application/json"},
    )

    assert answer.status_code == 400
    assert said in issue_of(answer)["details"]["text"]


@pytest.mark.parametrize(
    ("body", "code"),
    [
        (b"", "required"),
        (b"  \n", "required"),
        (b"not json", "structure"),
        (b'{"resourceType": "Bundle"', "structure"),
        (b'{"resourceType": "Pati\xffent"}', "structure"),
        ('{"resourceType": "Patient"}'.encode("utf-16"), "structure"),
        (b"[]", "structure"),
        (b'"Bundle"', "structure"),
        (b"null", "structure"),
        (b"{}", "required"),
        (b'{"resourceType": 5}', "required"),
        (b'{"resourceType": "Bundel", "type": "collection"}', "code-invalid"),
        (b'{"resourceType": "Bundle", "type": "collection"}', "business-rule"),
        (b'{"resourceType": "Practitioner", "id": "p"}', "not-supported"),
        (b"[" * 5000 + b"]" * 5000, "too-costly"),
        (b'{"a":' * 5000 + b"1" + b"}" * 5000, "too-costly"),
    ],
)
def test_a_body_that_is_of_no_use_is_refused_with_what_is_wrong(
    app: FastAPI, body: bytes, code: str
) -> None:
    answer = post(app, body)

    assert answer.status_code in {400, 422}
    assert issue_of(answer)["severity"] == "error"
    assert issue_of(answer)["code"] == code


@pytest.fixture(scope="module")
def small(site: Site) -> FastAPI:
    """The application with room for 1000 bytes."""
    return create_app(structs.replace(site, max_body_bytes=1000))


def test_a_failure_inside_is_a_500_with_an_id_that_the_log_holds_too(
    capsys: pytest.CaptureFixture[str],
) -> None:
    logs.configure("error")
    broken = open_site(Settings())
    broken.engine.close()

    answer = post(create_app(broken), SODIUM)

    assert answer.status_code == 500
    assert issue_of(answer)["code"] == "exception"
    text = issue_of(answer)["details"]["text"]
    assert "nothing was evaluated" in text
    error_id = text.rpartition(" ")[2].rstrip(".")
    logged = json.loads(capsys.readouterr().err)
    assert logged["error_id"] == error_id
    assert logged["exception"] == "LinkingError"
    assert set(logged) <= logs.ALLOWED


def test_a_body_that_says_it_is_too_large_is_not_read(small: FastAPI) -> None:
    answer = post(small, b" " * 1001)

    assert answer.status_code == 413
    assert issue_of(answer)["code"] == "too-long"
    assert "1000 bytes" in issue_of(answer)["details"]["text"]


def test_a_body_is_refused_as_soon_as_it_is_too_large(small: FastAPI) -> None:
    sent = 0

    async def endless() -> AsyncIterator[bytes]:
        nonlocal sent
        while True:
            sent += 100
            yield b" " * 100

    answer = post(small, endless())  # type: ignore[arg-type]  # httpx takes a stream, too

    assert answer.status_code == 413
    assert sent == 1100


def test_a_body_of_exactly_the_limit_is_read(small: FastAPI) -> None:
    assert post(small, PATIENT.ljust(1000)).status_code != 413
