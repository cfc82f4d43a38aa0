"""One GET after another to a FHIR server: within limits, tried again where that can help.

Errors tell what was asked for in FHIR's words and never the URL, which names a patient, nor
anything that the server said but FHIR's own codes.
"""

import ssl
import zlib
from collections.abc import Iterator
from datetime import UTC, datetime
from email.message import Message
from email.utils import parsedate_to_datetime
from http import HTTPStatus

import httpx
import stamina
from msgspec import Struct

from service.delivery.pages import fail, outcome_codes
from service.fhir.issues import Refused
from service.record import Issue

# It would log each try that is repeated, to standard output where nothing else is configured.
stamina.instrumentation.set_on_retry_hooks([])

_BUSY = {
    HTTPStatus.TOO_MANY_REQUESTS,
    HTTPStatus.BAD_GATEWAY,
    HTTPStatus.SERVICE_UNAVAILABLE,
    HTTPStatus.GATEWAY_TIMEOUT,
}
_JSON = {"application/fhir+json", "application/json", "application/json+fhir"}
_NOT_FHIR = {
    "text/html": "a web page, perhaps of a login",
    "application/xhtml+xml": "a web page, perhaps of a login",
    "application/fhir+xml": "XML, which is not read",
    "application/xml": "XML, which is not read",
    "text/xml": "XML, which is not read",
}
_REFUSED: dict[int, tuple[str, str]] = {
    HTTPStatus.UNAUTHORIZED: ("login", "The server wants a login, or another one than it got"),
    HTTPStatus.FORBIDDEN: ("forbidden", "The server does not let this login read this"),
    HTTPStatus.NOT_FOUND: ("not-found", "The server has nothing at this address"),
    HTTPStatus.GONE: ("not-found", "The server has nothing at this address any more"),
}

#: Of an error's body, no more than this is looked at.
_ERROR_BYTES = 64 * 1024

#: zlib's number for gzip with its header and check.
_GZIP = 16 + zlib.MAX_WBITS


class Limits(Struct, frozen=True, kw_only=True):
    """How long and how much. Times in seconds; `total` and `pages` are for all searches together.

    `bytes` counts what was unpacked. A wait that the server asks for (Retry-After) is kept up to
    `longest_wait`; where it names none, waits grow from `wait` and are shifted by chance.
    """

    connect: float = 5
    read: float = 30
    total: float
    attempts: int = 4
    wait: float = 0.5
    longest_wait: float = 20
    pages: int = 2_000
    entries: int
    bytes: int


class Busy(Refused):
    """A failure that may be over soon; `after` is the wait in seconds that the server asks for."""

    def __init__(self, code: str, text: str, after: float | None = None) -> None:
        super().__init__(HTTPStatus.BAD_GATEWAY, (Issue("error", code, text),))
        self.after = after


class Asking:
    """The GETs of one fetch, which share its limits."""

    def __init__(self, client: httpx.AsyncClient, limits: Limits) -> None:
        self._client = client
        self._limits = limits
        self._bytes_left = limits.bytes

    async def get(self, url: str, what: str) -> bytes:
        """The body at a URL, as JSON text. Refused; `what` says in errors what was asked for."""
        limits = self._limits
        async for attempt in stamina.retry_context(
            on=_again,
            attempts=limits.attempts,
            timeout=None,  # the fetch as a whole has one
            wait_initial=limits.wait,
            wait_max=limits.longest_wait,
            wait_jitter=limits.wait,
        ):
            with attempt:
                return await self._try(url, what)
        raise AssertionError  # the last try's failure is raised above

    async def _try(self, url: str, what: str) -> bytes:
        try:
            async with self._client.stream("GET", url) as response:
                if response.status_code != HTTPStatus.OK:
                    await self._refuse(response, what)
                _check_type(response, what)
                body = await _body(response, self._bytes_left, what)
        except httpx.TransportError as error:
            raise _failure(error, what) from error
        self._bytes_left -= len(body)
        return body

    async def _refuse(self, response: httpx.Response, what: str) -> None:
        status = response.status_code
        if status in _BUSY:
            after = wait_asked(response.headers.get("retry-after"), datetime.now(UTC))
            text = f"The server is busy: it answered {status} to {what}."
            if after is not None and after > self._limits.longest_wait:
                text = f"The server is busy and asks to wait {after:.0f} s, which is too long."
                fail("throttled", text)
            raise Busy("throttled", text, after)
        if response.has_redirect_location:
            text = f"The server answered {status} to {what}: a redirect, which is not followed."
            fail("not-supported", f"{text} Ask at the address that it leads to, if that is right.")
        outcome = ""
        if _media_type(response) in _JSON:
            outcome = outcome_codes(await _body(response, _ERROR_BYTES, what))
        failed = status >= HTTPStatus.INTERNAL_SERVER_ERROR
        other = ("processing", "The server failed" if failed else "The server does not do this")
        code, text = _REFUSED.get(status, other)
        with_outcome = f" with {outcome}" if outcome else ""
        fail(code, f"{text}: it answered {status}{with_outcome} to {what}.")


def _again(error: Exception) -> bool | float:
    if not isinstance(error, Busy):
        return False
    return True if error.after is None else error.after


def wait_asked(retry_after: str | None, now: datetime) -> float | None:
    """Seconds that a Retry-After header asks to wait; None where it asks nothing."""
    if not retry_after:
        return None
    if retry_after.strip().isdecimal():
        return float(retry_after)
    try:
        until = parsedate_to_datetime(retry_after)
    except ValueError:
        return None
    return max(0, (until.replace(tzinfo=until.tzinfo or UTC) - now).total_seconds())


def _failure(error: httpx.TransportError, what: str) -> Refused:
    if any(isinstance(one, ssl.SSLError) for one in _causes(error)):
        text = "The server's certificate is not trusted here, or it speaks no TLS."
        return Refused(HTTPStatus.BAD_GATEWAY, (Issue("error", "security", text),))
    if isinstance(error, httpx.TimeoutException) and not isinstance(error, httpx.ConnectTimeout):
        text = f"The server took too long over {what}."
        return Refused(HTTPStatus.BAD_GATEWAY, (Issue("error", "timeout", text),))
    if isinstance(error, httpx.ConnectError | httpx.ConnectTimeout):
        return Busy("transient", "The server can not be reached.")
    return Busy("transient", f"The connection broke off during {what}.")


def _causes(error: BaseException | None) -> Iterator[BaseException]:
    while error:
        yield error
        error = error.__cause__ or error.__context__


def _media_type(response: httpx.Response) -> str:
    header = Message()
    header["content-type"] = response.headers.get("content-type", "")
    return header.get_content_type()


def _check_type(response: httpx.Response, what: str) -> None:
    said = response.headers.get("content-type")
    kind = _media_type(response) if said else ""
    if kind not in _JSON:
        told = _NOT_FHIR.get(kind, "something that is not FHIR's JSON" if said else "no type")
        fail("structure", f"The server answered {what} with {told}.")


async def _body(response: httpx.Response, most: int, what: str) -> bytes:
    """A body, unpacked, of `most` bytes at most, however much it claims or unpacks to."""
    encoding = response.headers.get("content-encoding", "identity").strip().lower()
    if encoding not in {"identity", "gzip", "x-gzip"}:
        fail("not-supported", f"The server packed its answer to {what} in a way not asked for.")
    unpack = None if encoding == "identity" else zlib.decompressobj(_GZIP)
    body = bytearray()
    async for chunk in response.aiter_raw():
        try:
            body += unpack.decompress(chunk, most + 1 - len(body)) if unpack else chunk
        except zlib.error:
            fail("structure", f"The server's answer to {what} can not be unpacked.")
        if len(body) > most:
            text = "The record is larger than is read here (setting MYOFLAG_MAX_BODY_BYTES)."
            fail("too-costly", text)
    if unpack and (not unpack.eof or unpack.unused_data):
        fail("structure", f"The server's answer to {what} can not be unpacked.")
    return bytes(body)
