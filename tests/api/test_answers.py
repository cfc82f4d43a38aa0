"""The name, the release and the layout of an answer are those that its caller asks for."""

import json
from functools import partial
from typing import Any

import pytest
from fastapi import FastAPI
from msgspec import structs

from service.api.app import create_app
from service.evaluation import Site
from service.settings import shipped
from tests.api.client import FLAG_CAUSES, call, issue_of, post

FHIR_JSON = "application/fhir+json"
SODIUM = (shipped("fhir_samples") / "hyponatremia-alcohol-use-disorder.json").read_bytes()
NOW = {"now": "2026-06-01T12:00:00Z"}
ADDRESSES = ["/fhir/metadata", "/fhir/OperationDefinition/flag-causes"]


def typed(app: FastAPI, **headers: str) -> str:
    """The Content-Type of an answer."""
    named = {name.replace("_", "-").title(): value for name, value in headers.items()}
    return str(post(app, SODIUM, params=NOW, headers=named).headers["content-type"])


@pytest.mark.parametrize("release", ["4.0", "4.3", "5.0"])
def test_flags_go_out_in_the_release_that_accept_names(app: FastAPI, release: str) -> None:
    # The client holds each answer to the rules of the release that its Content-Type names.
    accept = f"{FHIR_JSON}; fhirVersion={release}"

    assert typed(app, accept=accept) == accept


@pytest.mark.parametrize("release", ["4.0", "4.3", "5.0"])
def test_without_a_word_the_answer_is_in_the_release_of_the_body(
    app: FastAPI, release: str
) -> None:
    content_type = f"{FHIR_JSON}; fhirVersion={release}"

    assert typed(app, content_type=content_type) == content_type


def test_what_accept_names_comes_before_the_release_of_the_body(app: FastAPI) -> None:
    sent, asked = f"{FHIR_JSON}; fhirVersion=5.0", "application/json; fhirVersion=4.3"

    assert typed(app, content_type=sent, accept=asked) == asked


def test_the_answer_to_stu3_is_in_the_release_of_the_site(app: FastAPI) -> None:
    sent = f"{FHIR_JSON}; fhirVersion=3.0"

    assert typed(app, content_type=sent) == f"{FHIR_JSON}; fhirVersion=4.0"


def test_where_nobody_names_a_release_the_answer_is_r4_and_says_nothing(app: FastAPI) -> None:
    assert typed(app) == FHIR_JSON
    assert typed(app, accept="*/*") == FHIR_JSON


def test_a_site_may_speak_another_release(site: Site) -> None:
    other = create_app(structs.replace(site, release="5.0"))

    assert typed(other) == f"{FHIR_JSON}; fhirVersion=5.0"
    assert call(other, "GET", "/fhir/metadata").json()["fhirVersion"] == "5.0.0"


def test_a_flag_says_the_same_in_every_release(app: FastAPI) -> None:
    answers = {
        post(
            app, SODIUM, params=NOW, headers={"Accept": f"{FHIR_JSON}; fhirVersion={release}"}
        ).content
        for release in ("4.0", "4.3", "5.0")
    }

    assert len(answers) == 1


@pytest.mark.parametrize(
    ("accept", "said"),
    [
        ("application/fhir+xml", "FHIR's XML is not written"),
        ("text/turtle", "Accept takes neither"),
        (f"{FHIR_JSON}; fhirVersion=3.0", "in FHIR 4.0, 4.3 and 5.0"),
        (f"{FHIR_JSON}; fhirVersion=3.0", "may be read, but is not written"),
    ],
)
def test_what_can_not_be_given_is_refused_with_what_can(
    app: FastAPI, accept: str, said: str
) -> None:
    answer = post(app, SODIUM, headers={"Accept": accept})

    assert answer.status_code == 406
    assert said in issue_of(answer)["details"]["text"]


@pytest.mark.parametrize(
    ("named", "content_type"),
    [
        ("json", FHIR_JSON),
        ("application/json", "application/json"),
        ("application/fhir+json", FHIR_JSON),
        ("application/fhir json", FHIR_JSON),
        ("application/fhir json;fhirVersion=5.0", f"{FHIR_JSON}; fhirVersion=5.0"),
        ("application/json; fhirVersion=4.3", "application/json; fhirVersion=4.3"),
        ("text/json", "text/json; charset=utf-8"),
        ("", FHIR_JSON),
    ],
)
def test_format_in_the_query_comes_before_accept(
    app: FastAPI, named: str, content_type: str
) -> None:
    answer = post(app, SODIUM, params={"_format": named}, headers={"Accept": "text/html"})

    assert answer.status_code == 200
    assert answer.headers["content-type"] == content_type


@pytest.mark.parametrize("named", ["xml", "application/fhir+xml", "ttl", "html", "jason", "*"])
def test_a_format_that_there_is_not_is_refused(app: FastAPI, named: str) -> None:
    answer = post(app, SODIUM, params={"_format": named}, headers={"Accept": FHIR_JSON})

    assert answer.status_code == 406
    text = issue_of(answer)["details"]["text"]
    assert "_format names neither" in text
    assert ("XML" in text) is ("xml" in named)


def test_format_says_nothing_of_the_body(app: FastAPI) -> None:
    answer = post(
        app, SODIUM, params={"_format": "json"}, headers={"Content-Type": "application/fhir+xml"}
    )

    assert answer.status_code == 415


@pytest.mark.parametrize("query", ["_format=json&_format=xml", "_pretty=true&_pretty=true"])
@pytest.mark.parametrize("path", [FLAG_CAUSES, "/fhir/metadata"])
def test_what_is_said_twice_is_refused(app: FastAPI, path: str, query: str) -> None:
    method = "POST" if path == FLAG_CAUSES else "GET"
    answer = call(app, method, f"{path}?{query}")

    assert answer.status_code == 400
    assert "is said twice" in issue_of(answer)["details"]["text"]


def test_pretty_changes_the_layout_and_nothing_else(app: FastAPI) -> None:
    def ask(**query: str) -> Any:  # noqa: ANN401 - httpx's answer
        return post(app, SODIUM, params=NOW | {"includeEvidence": "true"} | query)

    plain = ask(_pretty="false")
    pretty = ask(_pretty="true")

    assert plain.content == ask().content
    assert pretty.text.startswith('{\n  "resourceType": "Bundle"')
    # Numbers stay as they were written.
    read = partial(json.loads, parse_float=str, parse_int=str)
    assert read(pretty.text) == read(plain.text)


def test_pretty_is_true_or_false(app: FastAPI) -> None:
    answer = post(app, SODIUM, params={"_pretty": "yes"})

    assert answer.status_code == 400
    assert issue_of(answer)["details"]["text"] == "_pretty is true or false."


@pytest.mark.parametrize("path", ADDRESSES)
@pytest.mark.parametrize("release", ["4.0", "4.3", "5.0"])
def test_what_the_service_says_of_itself_is_in_the_release_that_is_asked_for(
    app: FastAPI, path: str, release: str
) -> None:
    accept = f"{FHIR_JSON}; fhirVersion={release}"
    answer = call(app, "GET", path, headers={"Accept": accept})

    assert answer.headers["content-type"] == accept
    if path.endswith("metadata"):
        assert answer.json()["fhirVersion"].startswith(release)


@pytest.mark.parametrize("path", ADDRESSES)
def test_what_the_service_says_of_itself_has_a_tag_of_its_content(app: FastAPI, path: str) -> None:
    tag = call(app, "GET", path).headers["etag"]

    assert tag.startswith('W/"')
    assert call(app, "GET", path, params={"_pretty": "true"}).headers["etag"] == tag


@pytest.mark.parametrize("path", ADDRESSES)
def test_what_the_service_says_of_itself_is_refused_in_xml(app: FastAPI, path: str) -> None:
    assert call(app, "GET", path, params={"_format": "xml"}).status_code == 406


@pytest.mark.parametrize(
    ("accept", "content_type"),
    [
        ("application/json", "application/json"),
        (f"{FHIR_JSON}; fhirVersion=5.0", f"{FHIR_JSON}; fhirVersion=5.0"),
        ("text/html", FHIR_JSON),
    ],
)
@pytest.mark.parametrize(("path", "body"), [(FLAG_CAUSES, b"{"), ("/nowhere", b"")])
def test_a_refusal_comes_as_the_answer_would_have_or_as_it_can(
    app: FastAPI, accept: str, content_type: str, path: str, body: bytes
) -> None:
    headers = {"Accept": accept, "Content-Type": FHIR_JSON}
    answer = call(app, "POST", path, content=body, headers=headers)

    assert answer.status_code >= 400
    assert answer.headers["content-type"] == content_type


def test_two_releases_in_one_request_are_refused_where_handling_is_strict(app: FastAPI) -> None:
    headers = {
        "Content-Type": f"{FHIR_JSON}; fhirVersion=4.0",
        "Accept": f"{FHIR_JSON}; fhirVersion=5.0",
    }

    strict = post(app, SODIUM, headers=headers | {"Prefer": "handling=strict"})

    assert strict.status_code == 400
    assert strict.headers["preference-applied"] == "handling=strict"
    assert "FHIR forbids two" in issue_of(strict)["details"]["text"]
    assert post(app, SODIUM, headers=headers).status_code == 200
