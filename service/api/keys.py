"""Who may ask: callers that present one of the configured keys."""

import hmac
from hashlib import sha256
from http import HTTPStatus
from typing import Annotated

from fastapi import Depends, Request
from fastapi.security import APIKeyHeader, HTTPBearer
from fastapi.security.http import HTTPAuthorizationCredentials

from service.api.refusals import Refusal

_bearer = HTTPBearer(auto_error=False, description="One of the site's API keys.")
_header = APIKeyHeader(name="X-API-Key", auto_error=False, description="The same, by itself.")


def digest(key: str) -> bytes:
    """What is kept of a key: enough to know it again."""
    return sha256(key.encode()).digest()


def require_key(
    request: Request,
    bearer: Annotated[HTTPAuthorizationCredentials | None, Depends(_bearer)],
    header: Annotated[str | None, Depends(_header)],
) -> None:
    """Refuses with 401 a caller without a right key, where keys are configured."""
    keys: tuple[bytes, ...] = request.app.state.keys
    if not keys:
        return
    presented = bearer.credentials if bearer else header
    if presented is None:
        raise Refusal(
            HTTPStatus.UNAUTHORIZED,
            "An API key is needed: Authorization: Bearer KEY, or X-API-Key: KEY.",
            {"WWW-Authenticate": "Bearer"},
        )
    # Every key is compared, so that the time taken tells nothing.
    if not sum(hmac.compare_digest(digest(presented), key) for key in keys):
        raise Refusal(
            HTTPStatus.UNAUTHORIZED,
            "The API key is not one of this site's.",
            {"WWW-Authenticate": 'Bearer error="invalid_token"'},
        )
