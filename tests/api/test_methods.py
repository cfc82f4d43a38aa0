"""HEAD wherever GET is, OPTIONS wherever anything is."""

import pytest
from fastapi import FastAPI

from tests.api.client import FLAG_CAUSES, call, issue_of

PAGES = [
    "/fhir/metadata",
    "/fhir/OperationDefinition/flag-causes",
    "/rules",
    "/rules/hyponatremia",
    "/healthz",
    "/readyz",
    "/docs",
    "/openapi.json",
]


@pytest.mark.parametrize("path", PAGES)
def test_head_answers_as_get_does_without_the_body(app: FastAPI, path: str) -> None:
    got = call(app, "GET", path)
    head = call(app, "HEAD", path)

    assert head.status_code == got.status_code == 200
    assert head.content == b""
    assert head.headers["content-length"] == str(len(got.content))
    assert head.headers == got.headers


def test_head_of_what_is_not_there_is_not_there(app: FastAPI) -> None:
    head = call(app, "HEAD", "/nowhere")

    assert (head.status_code, head.content) == (404, b"")


def test_head_of_what_is_only_posted_to_is_not_possible(app: FastAPI) -> None:
    head = call(app, "HEAD", FLAG_CAUSES)

    assert (head.status_code, head.headers["allow"]) == (405, "OPTIONS, POST")


@pytest.mark.parametrize("path", PAGES)
def test_options_tells_what_a_page_takes(app: FastAPI, path: str) -> None:
    answer = call(app, "OPTIONS", path)

    assert (answer.status_code, answer.content) == (204, b"")
    assert answer.headers["allow"] == "GET, HEAD, OPTIONS"
    assert "accept-post" not in answer.headers


def test_options_tells_what_can_be_posted(app: FastAPI) -> None:
    answer = call(app, "OPTIONS", FLAG_CAUSES)

    assert answer.headers["allow"] == "OPTIONS, POST"
    assert answer.headers["accept-post"] == "application/fhir+json, application/json"


def test_options_of_what_is_not_there_is_a_404(app: FastAPI) -> None:
    assert call(app, "OPTIONS", "/fhir/Flag").status_code == 404


@pytest.mark.parametrize("method", ["PUT", "DELETE", "PATCH", "TRACE", "POST"])
def test_another_method_is_told_those_that_there_are(app: FastAPI, method: str) -> None:
    answer = call(app, method, "/fhir/metadata")

    assert answer.status_code == 405
    assert answer.headers["allow"] == "GET, HEAD, OPTIONS"
    assert "GET, HEAD, OPTIONS" in issue_of(answer)["details"]["text"]
