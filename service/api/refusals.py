"""One shape for every error: an OperationOutcome, whoever found the mistake."""

from collections.abc import Iterable, Mapping
from http import HTTPStatus

from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import Response

from service.api.media import FHIR_JSON, Form, wanted
from service.api.methods import allowed, options
from service.api.preferences import applied
from service.fhir.issues import Refused
from service.fhir.outcome import write_outcome
from service.record import Issue

#: Where HTTP's own words do not say which kind of mistake it was.
_CODES = {
    HTTPStatus.UNAUTHORIZED: "login",
    HTTPStatus.NOT_FOUND: "not-found",
    HTTPStatus.METHOD_NOT_ALLOWED: "not-supported",
    HTTPStatus.NOT_ACCEPTABLE: "not-supported",
    HTTPStatus.REQUEST_ENTITY_TOO_LARGE: "too-long",
    HTTPStatus.UNSUPPORTED_MEDIA_TYPE: "not-supported",
    HTTPStatus.INTERNAL_SERVER_ERROR: "exception",
    HTTPStatus.SERVICE_UNAVAILABLE: "transient",
}


class Refusal(HTTPException):
    """A request that is refused before its FHIR is read. `text` is for people."""

    def __init__(self, status: int, text: str, headers: dict[str, str] | None = None) -> None:
        super().__init__(status, text, headers)


class NotFound(Refusal):
    """Nothing has the id that was asked for. `text` is for people."""

    def __init__(self, text: str) -> None:
        super().__init__(HTTPStatus.NOT_FOUND, text)


def refuse(
    status: int,
    text: str,
    headers: Mapping[str, str] | None = None,
    request: Request | None = None,
) -> Response:
    """An OperationOutcome with one issue, in the form that the request asks for."""
    issue = Issue("error", _CODES.get(HTTPStatus(status), "invalid"), text)
    return _told((issue,), status, headers, request)


async def on_refused(request: Request, error: Exception) -> Response:
    """What the reading refused, with all that is wrong with it."""
    if not isinstance(error, Refused):
        raise error
    headers = applied(request.headers.getlist("prefer"))
    return _told(error.issues, error.status, headers, request)


async def on_http_exception(request: Request, error: Exception) -> Response:
    """What the framework or a route refused, told in FHIR's way."""
    if not isinstance(error, HTTPException):
        raise error
    text = error.detail
    headers = dict(error.headers or {})
    if error.status_code == HTTPStatus.NOT_FOUND and not isinstance(error, NotFound):
        text = "There is nothing at this address; POST /fhir/$flag-causes evaluates a Bundle."
    elif error.status_code == HTTPStatus.METHOD_NOT_ALLOWED:
        if request.method == "OPTIONS":
            return options(request)
        headers["Allow"] = allowed(request)
        text = f"This method is not possible here; these are: {headers['Allow']}."
    return refuse(error.status_code, text, headers, request)


def _told(
    issues: Iterable[Issue],
    status: int,
    headers: Mapping[str, str] | None,
    request: Request | None,
) -> Response:
    """Whoever takes no form of an answer still gets to know why."""
    form = wanted(request, request.app.state.site.release) if request else None
    form = form or Form(FHIR_JSON)
    return Response(write_outcome(issues), status, headers, media_type=form.content_type)
