"""The body of a request, as bytes, no larger than it may be and no slower."""

import asyncio
from http import HTTPStatus

from starlette.requests import ClientDisconnect, Request

from service.api import gzip
from service.api.media import FHIR_JSON, why_unreadable
from service.api.refusals import Refusal
from service.evaluation import too_large

_IDENTITY = "identity"


async def read_body(request: Request, limit: int, seconds: float) -> bytes:
    """The whole body, unpacked.

    Refusal: 415 for another kind of body, 413 as soon as it is too large, as sent or unpacked,
    408 where it takes longer than `seconds` to come, 400 where it breaks off.
    """
    if why := why_unreadable(request.headers.get("content-type")):
        raise Refusal(HTTPStatus.UNSUPPORTED_MEDIA_TYPE, why, {"Accept-Post": FHIR_JSON})
    coding = request.headers.get("content-encoding", _IDENTITY).strip().lower()
    if coding not in {_IDENTITY, *gzip.NAMES}:
        raise Refusal(
            HTTPStatus.UNSUPPORTED_MEDIA_TYPE,
            "Of compressed bodies gzip is read, and no other; send it so, or as it is.",
            {"Accept-Encoding": f"gzip, {_IDENTITY}"},
        )
    declared = request.headers.get("content-length", "")
    if declared.isdecimal() and int(declared) > limit:
        raise _too_large(limit)
    try:
        async with asyncio.timeout(seconds):
            return await _received(
                request, limit, None if coding == _IDENTITY else gzip.Gzip(limit)
            )
    except TimeoutError:
        raise Refusal(
            HTTPStatus.REQUEST_TIMEOUT,
            f"The body did not arrive within {seconds:g} seconds, the longest that is waited here "
            "(setting MYOFLAG_MAX_BODY_SECONDS).",
            {"Connection": "close"},
        ) from None
    except ClientDisconnect:
        raise Refusal(HTTPStatus.BAD_REQUEST, "The body broke off before its end.") from None


async def _received(request: Request, limit: int, packing: gzip.Gzip | None) -> bytes:
    body = bytearray()
    received = 0
    async for chunk in request.stream():
        received += len(chunk)
        body += packing.unpack(chunk) if packing and chunk else chunk
        if max(received, len(body)) > limit:
            raise _too_large(limit)
    if packing:
        packing.close()
    return bytes(body)


def _too_large(limit: int) -> Refusal:
    return Refusal(
        HTTPStatus.REQUEST_ENTITY_TOO_LARGE, too_large(limit).text, {"Connection": "close"}
    )
