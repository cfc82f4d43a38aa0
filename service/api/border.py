"""What every request and answer passes: its log line, its headers, and failures inside.

A failure inside is answered with 500 and an OperationOutcome that names an error id;
the log line with that id tells the exception's class and places, never its message,
which could hold patient data.
"""

import secrets
import time
from http import HTTPMethod

import structlog
from starlette.requests import Request
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from service import logs
from service.api.refusals import refuse

log = structlog.stdlib.get_logger()

#: The page at /docs brings its own script and style; everything else is data.
_PAGE_POLICY = (
    "default-src 'self'; script-src 'self' 'unsafe-inline'; style-src 'self' 'unsafe-inline'; "
    "img-src 'self' data:; frame-ancestors 'none'"
)
#: Any word can stand where HTTP has its method; only these are logged.
_METHODS = set(HTTPMethod)

_DATA_POLICY = "default-src 'none'; frame-ancestors 'none'"


class Border:
    """ASGI middleware around the whole application."""

    def __init__(self, app: ASGIApp) -> None:
        self.app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self.app(scope, receive, send)
            return
        started = time.monotonic()
        status = 0

        async def send_on(message: Message) -> None:
            nonlocal status
            if message["type"] == "http.response.start":
                status = int(message["status"])
                message["headers"] = [*message["headers"], *_headers(scope)]
            await send(message)

        try:
            await self.app(scope, receive, send_on)
        except Exception as error:
            error_id = secrets.token_hex(8)
            log.error("request failed inside", error_id=error_id, **logs.told(error))
            if status:
                raise
            failure = refuse(
                500,
                f"The request failed inside the service; nothing was evaluated. Error {error_id}.",
                request=Request(scope),
            )
            await failure(scope, receive, send_on)
        route = scope.get("route")
        state = scope.get("state", {})
        log.info(
            "request",
            method=scope["method"] if scope["method"] in _METHODS else "other",
            route=getattr(route, "path", "none"),
            status=status,
            ms=round((time.monotonic() - started) * 1000, 1),
            **{name: state[name] for name in ("key_name",) if name in state},
        )


def _headers(scope: Scope) -> list[tuple[bytes, bytes]]:
    policy = _PAGE_POLICY if scope["path"] == "/docs" else _DATA_POLICY
    # Over plain HTTP nobody may say it; a proxy on this machine tells what the caller used.
    secure = [(b"strict-transport-security", b"max-age=31536000")]
    return [
        *(secure if scope["scheme"] == "https" else ()),
        (b"cache-control", b"no-store"),
        (b"content-security-policy", policy.encode()),
        (b"referrer-policy", b"no-referrer"),
        (b"x-content-type-options", b"nosniff"),
        (b"x-frame-options", b"DENY"),
    ]
