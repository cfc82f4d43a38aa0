"""Prefer: handling=strict, and the preferences that are passed over."""

import json

import pytest
from fastapi import FastAPI
from msgspec import structs

from service.api.app import create_app
from service.api.preferences import handling
from service.evaluation import Site
from service.settings import shipped
from tests.api.client import issue_of, post

SODIUM = (shipped("fhir_samples") / "hyponatremia-alcohol-use-disorder.json").read_bytes()
NOW = {"now": "2026-06-01T12:00:00Z"}


def broken() -> bytes:
    """A bundle with an element that FHIR does not have."""
    bundle = json.loads(SODIUM)
    bundle["entry"][1]["resource"]["flavor"] = "bitter"
    return json.dumps(bundle).encode()


@pytest.mark.parametrize(
    ("prefer", "wanted"),
    [
        ([], ""),
        ([""], ""),
        (["handling=strict"], "strict"),
        (["handling=lenient"], "lenient"),
        (["Handling = Strict"], "strict"),
        (['handling="strict"'], "strict"),
        (["handling=strict; foo=bar"], "strict"),
        (["return=minimal, handling=strict"], "strict"),
        (["return=minimal", "handling=strict"], "strict"),
        (['wait="1, handling=strict"'], ""),
        (["handling=lenient, handling=strict"], "lenient"),
        (["handling=strict", "handling=lenient"], "strict"),
        (["handling=severe"], ""),
        (["handling"], ""),
        (["strict"], ""),
        (["respond-async, return=minimal, strict=handling"], ""),
    ],
)
def test_the_first_handling_counts_and_other_preferences_do_not(
    prefer: list[str], wanted: str
) -> None:
    assert handling(prefer) == wanted


def test_strict_handling_refuses_what_is_not_valid(app: FastAPI) -> None:
    answer = post(app, broken(), headers={"Prefer": "handling=strict"})

    assert answer.status_code == 400
    assert answer.headers["preference-applied"] == "handling=strict"
    issue = issue_of(answer)
    assert issue["severity"] == "error"
    assert issue["expression"] == ["Bundle.entry[1].resource.flavor"]
    assert "bitter" not in answer.text


def test_strict_handling_answers_what_is_valid_as_ever(app: FastAPI) -> None:
    strict = post(app, SODIUM, params=NOW, headers={"Prefer": "handling=strict"})

    assert strict.headers["preference-applied"] == "handling=strict"
    assert strict.content == post(app, SODIUM, params=NOW).content


@pytest.mark.parametrize("prefer", ["return=minimal", "handling=severe", ""])
def test_without_strict_handling_nothing_is_validated_or_confirmed(
    app: FastAPI, prefer: str
) -> None:
    answer = post(app, broken(), headers={"Prefer": prefer})

    assert answer.status_code == 200
    assert "preference-applied" not in answer.headers


@pytest.mark.parametrize("wanted", ["minimal", "representation", "OperationOutcome"])
@pytest.mark.parametrize("handled", ["", ", handling=strict"])
def test_what_a_write_would_return_says_nothing_of_an_operation(
    app: FastAPI, wanted: str, handled: str
) -> None:
    answer = post(app, SODIUM, params=NOW, headers={"Prefer": f"return={wanted}{handled}"})

    assert answer.content == post(app, SODIUM, params=NOW).content
    assert "return" not in answer.headers.get("preference-applied", "")


def test_strict_handling_holds_a_body_to_the_release_that_it_says(app: FastAPI) -> None:
    def status(release: str) -> int:
        content_type = f"application/fhir+json; fhirVersion={release}"
        headers = {"Prefer": "handling=strict", "Content-Type": content_type}
        return post(app, SODIUM, params=NOW, headers=headers).status_code

    assert [status(release) for release in ("3.0", "4.0", "4.3")] == [400, 200, 200]


def test_strict_handling_holds_a_body_that_says_none_to_the_release_of_the_site(
    site: Site,
) -> None:
    other = create_app(structs.replace(site, release="5.0"))
    bundle = json.loads(SODIUM)
    for entry in bundle["entry"]:
        entry["resource"].pop("clinicalStatus", None)

    def strict(app: FastAPI) -> int:
        body = json.dumps(bundle)
        return post(app, body, params=NOW, headers={"Prefer": "handling=strict"}).status_code

    assert (strict(create_app(site)), strict(other)) == (200, 400)


def test_lenient_handling_is_confirmed(app: FastAPI) -> None:
    answer = post(app, broken(), headers={"Prefer": "handling=lenient"})

    assert answer.status_code == 200
    assert answer.headers["preference-applied"] == "handling=lenient"


def test_what_is_no_json_is_refused_as_ever(app: FastAPI) -> None:
    strict = post(app, b"{", headers={"Prefer": "handling=strict"})

    assert (strict.status_code, strict.content) == (400, post(app, b"{").content)


def test_the_openapi_page_tells_of_the_header(app: FastAPI) -> None:
    parameters = app.openapi()["paths"]["/fhir/$flag-causes"]["post"]["parameters"]

    assert [one["name"] for one in parameters if one["in"] == "header"] == ["Prefer"]
