"""The body of a request, as bytes, no larger than it may be."""

from http import HTTPStatus

from starlette.requests import ClientDisconnect, Request

from service.api.media import FHIR_JSON, why_unreadable
from service.api.refusals import Refusal
from service.evaluation import too_large


async def read_body(request: Request, limit: int) -> bytes:
    """The whole body. Refusal: 415 for another kind of body, 413 as soon as it is too large."""
    if why := why_unreadable(request.headers.get("content-type")):
        raise Refusal(HTTPStatus.UNSUPPORTED_MEDIA_TYPE, why, {"Accept-Post": FHIR_JSON})
    if request.headers.get("content-encoding", "identity").lower() != "identity":
        raise Refusal(
            HTTPStatus.UNSUPPORTED_MEDIA_TYPE,
            "Compressed bodies are not read; send it as it is.",
            {"Accept-Encoding": "identity"},
        )
    declared = request.headers.get("content-length", "")
    if declared.isdecimal() and int(declared) > limit:
        raise _too_large(limit)
    body = bytearray()
    try:
        async for chunk in request.stream():
            body += chunk
            if len(body) > limit:
                raise _too_large(limit)
    except ClientDisconnect:
        raise Refusal(HTTPStatus.BAD_REQUEST, "The body broke off before its end.") from None
    return bytes(body)


def _too_large(limit: int) -> Refusal:
    return Refusal(
        HTTPStatus.REQUEST_ENTITY_TOO_LARGE, too_large(limit).text, {"Connection": "close"}
    )
