"""Who may ask: callers that present one of the site's keys."""

from collections.abc import Callable, Coroutine
from datetime import UTC, datetime
from http import HTTPStatus
from typing import Any

from fastapi import APIRouter, Depends, Request, Response
from fastapi.routing import APIRoute
from fastapi.security import APIKeyHeader, HTTPBearer

from service.api.refusals import Refusal
from service.keys import Keyring, find, is_expired

_bearer = HTTPBearer(auto_error=False, description="One of the site's API keys.")
_header = APIKeyHeader(name="X-API-Key", auto_error=False, description="The same, by itself.")


class _Keyed(APIRoute):
    """A route for callers with a right key, whose function takes the request as it is.

    For each request FastAPI would look for parameters and dependencies, of which there are none
    that it must find. Here it describes the route and finds it, no more.
    """

    def get_route_handler(self) -> Callable[[Request], Coroutine[Any, Any, Response]]:
        answer = self.endpoint

        async def handle(request: Request) -> Response:
            _require_key(request)
            response: Response = await answer(request)
            return response

        return handle


def keyed() -> APIRouter:
    """A router all of whose routes need a right key, where the site has keys."""
    # For OpenAPI alone: what these read is read below, with all that may stand twice.
    described = [Depends(_bearer), Depends(_header)]
    return APIRouter(tags=["FHIR"], dependencies=described, route_class=_Keyed)


def _require_key(request: Request) -> None:
    """Refuses a caller without a right key, where the site has keys: 401, or 400 for several.

    The name of a right key, also of one that has expired, is left for the request's log line.
    """
    keyring: Keyring | None = request.app.state.keyring
    if keyring is None:
        return
    presented = _presented(request)
    if not presented:
        raise Refusal(
            HTTPStatus.UNAUTHORIZED,
            "An API key is needed: Authorization: Bearer KEY, or X-API-Key: KEY.",
            {"WWW-Authenticate": "Bearer"},
        )
    if len(presented) > 1:
        raise Refusal(
            HTTPStatus.BAD_REQUEST,
            "The request presents several API keys that differ; present one.",
            {"WWW-Authenticate": 'Bearer error="invalid_request"'},
        )
    key = find(keyring.keys(), presented.pop())
    if key:
        request.state.key_name = key.name
    if not key or is_expired(key, datetime.now(UTC).date()):
        text = "has expired" if key else "is not one of this site's"
        raise Refusal(
            HTTPStatus.UNAUTHORIZED,
            f"The API key {text}.",
            {"WWW-Authenticate": 'Bearer error="invalid_token"'},
        )


def _presented(request: Request) -> set[str]:
    """What may be keys; a login of another scheme may be meant for a proxy in front of us."""
    found = {value.strip() for value in request.headers.getlist("x-api-key")}
    for value in request.headers.getlist("authorization"):
        scheme, _, credentials = value.strip().partition(" ")
        if scheme.lower() == "bearer":
            found.add(credentials.strip())
    return found - {""}
