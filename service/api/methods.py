"""HEAD and OPTIONS, which every address has.

https://hl7.org/fhir/R4/operations.html, RFC 9110, 9.3.2 and 9.3.7
"""

from http import HTTPStatus

from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Match, Mount
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from service.api.media import FHIR_JSON, JSON

_METHODS = ("DELETE", "GET", "PATCH", "POST", "PUT")


class Head:
    """ASGI middleware: HEAD is answered as GET is, without the body."""

    def __init__(self, app: ASGIApp) -> None:
        self.app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http" or scope["method"] != "HEAD":
            await self.app(scope, receive, send)
            return

        async def send_on(message: Message) -> None:
            if message["type"] == "http.response.body":
                message = {**message, "body": b""}
            await send(message)

        # The server looks at the scope that it made: for it, this stays a HEAD.
        inside = {**scope, "method": "GET"}
        await self.app(inside, receive, send_on)
        scope["route"] = inside.get("route")


def allowed(request: Request) -> str:
    """The methods of the address of a request, as Allow has them."""
    methods = [method for method in _METHODS if _has(request, method)]
    if "GET" in methods:
        methods.append("HEAD")
    return ", ".join(sorted([*methods, "OPTIONS"]))


def _has(request: Request, method: str) -> bool:
    scope = {**request.scope, "method": method}
    return any(
        # What is mounted are files, which it takes any method for and refuses later.
        route.matches(scope)[0] is Match.FULL and (method == "GET" or not isinstance(route, Mount))
        for route in request.app.routes
    )


def options(request: Request) -> Response:
    """The answer to OPTIONS."""
    headers = {"Allow": allowed(request)}
    if _has(request, "POST"):
        headers["Accept-Post"] = f"{FHIR_JSON}, {JSON}"
    return Response(status_code=HTTPStatus.NO_CONTENT, headers=headers)
