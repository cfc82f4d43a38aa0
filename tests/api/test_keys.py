"""Where keys are configured, evaluating needs one of them."""

import pytest
from fastapi import FastAPI

from service.api.app import create_app
from service.evaluation import Site
from tests.api.client import call, issue_of, post

OLDER, NEWER = "the-older-of-two-keys", "the-newer-of-two-keys"
PATIENT = b'{"resourceType": "Patient", "id": "p"}'


@pytest.fixture(scope="module")
def guarded(site: Site) -> FastAPI:
    return create_app(site, [OLDER, NEWER])


@pytest.mark.parametrize("key", [OLDER, NEWER])
@pytest.mark.parametrize("header", ["Authorization", "X-API-Key"])
def test_each_key_opens_by_either_header(guarded: FastAPI, header: str, key: str) -> None:
    value = f"Bearer {key}" if header == "Authorization" else key

    assert post(guarded, PATIENT, headers={header: value}).status_code not in {401, 403}


@pytest.mark.parametrize(
    "headers",
    [
        {},
        {"Authorization": OLDER},
        {"Authorization": f"Basic {OLDER}"},
        {"X-API-Key": ""},
    ],
)
def test_no_key_is_refused_with_how_to_present_one(
    guarded: FastAPI, headers: dict[str, str]
) -> None:
    answer = post(guarded, PATIENT, headers=headers)

    assert answer.status_code == 401
    assert answer.headers["www-authenticate"] == "Bearer"
    assert issue_of(answer)["code"] == "login"
    assert "X-API-Key" in issue_of(answer)["details"]["text"]


@pytest.mark.parametrize(
    "headers",
    [
        {"Authorization": "Bearer the-oldest-of-two-keys"},
        {"Authorization": f"Bearer {OLDER}x"},
        {"X-API-Key": OLDER[:-1]},
        {"X-API-Key": f"{OLDER},{NEWER}"},
        {"Authorization": "Bearer wrong", "X-API-Key": OLDER},
    ],
)
def test_a_wrong_key_is_refused_without_being_repeated(
    guarded: FastAPI, headers: dict[str, str]
) -> None:
    answer = post(guarded, PATIENT, headers=headers)

    assert answer.status_code == 401
    assert "invalid_token" in answer.headers["www-authenticate"]
    assert not [value for value in headers.values() if value in answer.text]


def test_a_key_in_the_address_is_no_key(guarded: FastAPI) -> None:
    assert post(guarded, PATIENT, params={"key": OLDER}).status_code == 401


@pytest.mark.parametrize("path", ["/healthz", "/readyz", "/fhir/metadata", "/openapi.json"])
def test_health_and_metadata_need_no_key(guarded: FastAPI, path: str) -> None:
    assert call(guarded, "GET", path).status_code == 200


def test_where_no_key_is_configured_none_is_needed(app: FastAPI) -> None:
    assert post(app, PATIENT).status_code != 401
