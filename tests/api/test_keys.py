"""Where the site has keys, evaluating needs one of them."""

from datetime import UTC, datetime, timedelta
from pathlib import Path

import httpx
import pytest
from fastapi import FastAPI

from service import keys
from service.api.app import create_app
from service.evaluation import Site
from tests.api.client import FHIR_JSON, FLAG_CAUSES, call, issue_of, post

OLDER, NEWER, LAPSED, OTHER = (keys.make() for _ in range(4))
PATIENT = b'{"resourceType": "Patient", "id": "p"}'
TODAY = datetime.now(UTC).date()


@pytest.fixture(scope="module")
def file(tmp_path_factory: pytest.TempPathFactory) -> Path:
    written = tmp_path_factory.mktemp("site") / "keys"
    keys.append(written, keys.kept("older", OLDER, TODAY + timedelta(1)))
    keys.append(written, keys.kept("newer", NEWER))
    keys.append(written, keys.kept("lapsed", LAPSED, TODAY - timedelta(1)))
    return written


@pytest.fixture(scope="module")
def guarded(site: Site, file: Path) -> FastAPI:
    return create_app(site, keys.Keyring(file))


Headers = list[tuple[str, str]]


def post_with(app: FastAPI, headers: list[tuple[bytes, bytes]]) -> httpx.Response:
    """As `post`, with headers that may stand twice, or hold what is no ASCII."""
    sent = [(b"content-type", FHIR_JSON.encode()), *headers]
    return call(app, "POST", FLAG_CAUSES, content=PATIENT, headers=sent)


@pytest.mark.parametrize("key", [OLDER, NEWER], ids=["older", "newer"])
@pytest.mark.parametrize(
    "header", ["Authorization: Bearer ", "authorization: bearer  ", "X-API-Key: ", "x-api-key:  "]
)
def test_each_key_opens_by_either_header(guarded: FastAPI, header: str, key: str) -> None:
    name, _, before = header.partition(": ")

    assert post(guarded, PATIENT, headers={name: before + key}).status_code == 200


@pytest.mark.parametrize(
    "headers",
    [
        {"Authorization": f"Bearer {OLDER}", "X-API-Key": OLDER},
        {"Authorization": "Basic bWFyeTpwb3BwaW5z", "X-API-Key": OLDER},
        {"Authorization": "Bearer", "X-API-Key": OLDER},
        {"Authorization": f"Bearer {OLDER}", "X-API-Key": ""},
    ],
)
def test_what_is_no_other_key_does_no_harm_beside_one(
    guarded: FastAPI, headers: dict[str, str]
) -> None:
    assert post(guarded, PATIENT, headers=headers).status_code == 200


@pytest.mark.parametrize(
    "headers",
    [
        {},
        {"Authorization": OLDER},
        {"Authorization": f"Basic {OLDER}"},
        {"Authorization": f"Token {OLDER}"},
        {"Authorization": "Bearer"},
        {"Authorization": "Bearer "},
        {"Authorization": ""},
        {"X-API-Key": ""},
        {"X-API-Key": " "},
        {"API-Key": OLDER},
        {"Cookie": f"X-API-Key={OLDER}"},
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
        {"Authorization": f"Bearer {OTHER}"},
        {"Authorization": "Bearer the-oldest-of-two-keys"},
        {"Authorization": f"Bearer {OLDER}x"},
        {"Authorization": f"Bearer {OLDER} {OLDER}"},
        {"X-API-Key": OLDER[:-1]},
        {"X-API-Key": f"{OLDER},{NEWER}"},
        {"X-API-Key": f"Bearer {OLDER}"},
        {"X-API-Key": OLDER.removeprefix(keys.PREFIX)},
        {"X-API-Key": "myoflag_" + "\u00e9" * 43},
        {"X-API-Key": LAPSED},
    ],
)
def test_a_wrong_key_is_refused_without_being_repeated(
    guarded: FastAPI, headers: dict[str, str]
) -> None:
    sent = [(name.encode(), value.encode("latin-1")) for name, value in headers.items()]
    answer = post_with(guarded, sent)

    assert answer.status_code == 401
    assert "invalid_token" in answer.headers["www-authenticate"]
    assert not [value for value in headers.values() if value in answer.text]


def test_a_key_that_has_expired_is_told_so(guarded: FastAPI) -> None:
    answer = post(guarded, PATIENT, headers={"X-API-Key": LAPSED})

    assert "has expired" in issue_of(answer)["details"]["text"]


@pytest.mark.parametrize(
    "headers",
    [
        [("Authorization", f"Bearer {OLDER}"), ("X-API-Key", NEWER)],
        [("Authorization", "Bearer wrong"), ("X-API-Key", OLDER)],
        [("Authorization", f"Bearer {OLDER}"), ("X-API-Key", "wrong")],
        [("Authorization", f"Bearer {OLDER}"), ("Authorization", f"Bearer {NEWER}")],
        [("X-API-Key", OLDER), ("X-API-Key", NEWER)],
        [("X-API-Key", OTHER), ("X-API-Key", OLDER)],
    ],
)
def test_two_keys_that_differ_are_refused_although_one_is_right(
    guarded: FastAPI, headers: Headers
) -> None:
    answer = post_with(guarded, [(name.encode(), value.encode()) for name, value in headers])

    assert answer.status_code == 400
    assert "invalid_request" in answer.headers["www-authenticate"]
    assert not [value for _, value in headers if value in answer.text]


@pytest.mark.parametrize("name", ["Authorization", "X-API-Key"])
def test_one_key_said_twice_is_one_key(guarded: FastAPI, name: str) -> None:
    value = f"Bearer {OLDER}" if name == "Authorization" else OLDER

    assert post_with(guarded, [(name.encode(), value.encode())] * 2).status_code == 200


def test_a_key_in_the_address_is_no_key(guarded: FastAPI) -> None:
    assert post(guarded, PATIENT, params={"key": OLDER}).status_code == 401
    assert post(guarded, PATIENT, params={"X-API-Key": OLDER}).status_code == 401


@pytest.mark.parametrize("path", ["/healthz", "/readyz", "/fhir/metadata", "/openapi.json"])
def test_health_and_metadata_need_no_key(guarded: FastAPI, path: str) -> None:
    assert call(guarded, "GET", path).status_code == 200


def test_a_file_without_a_key_lets_nobody_in(site: Site, tmp_path: Path) -> None:
    (tmp_path / "keys").write_text("# nobody\n")
    closed = create_app(site, keys.Keyring(tmp_path / "keys"))

    assert post(closed, PATIENT).status_code == 401
    assert post(closed, PATIENT, headers={"X-API-Key": OLDER}).status_code == 401


def test_where_there_is_no_key_file_none_is_needed(app: FastAPI) -> None:
    assert post(app, PATIENT).status_code == 200


def test_openapi_tells_both_ways_to_present_a_key(guarded: FastAPI) -> None:
    described = guarded.openapi()
    operation = described["paths"]["/fhir/$flag-causes"]["post"]

    assert {name for one in operation["security"] for name in one} == {"HTTPBearer", "APIKeyHeader"}
    assert "key" not in {one["name"] for one in operation["parameters"]}
