"""POST /fhir: a batch of calls, each answered as if it had come alone."""

import asyncio
import secrets
from datetime import UTC, datetime
from http import HTTPStatus
from urllib.parse import unquote

import structlog
from fastapi import Request, Response
from starlette.concurrency import run_in_threadpool
from starlette.datastructures import QueryParams

from service import logs
from service.api.answers import GENERAL, agreed, answered
from service.api.bodies import read_body
from service.api.evaluate import REFUSALS, heard, read_query
from service.api.evaluating import evaluated
from service.api.inflight import within
from service.api.keys import keyed
from service.api.limits import Limits
from service.api.media import FHIR_JSON, JSON
from service.api.metadata import capability_statement, operation_definition
from service.api.preferences import applied
from service.api.refusals import Refusal, described, issue_of
from service.evaluation import Asked, Site
from service.fhir.batch import Answered, Call, open_batch, write_batch_response
from service.fhir.issues import Refused
from service.fhir.outcome import write_outcome

log = structlog.stdlib.get_logger()

router = keyed()

_OPERATION = "$flag-causes"
_READ = {
    "metadata": capability_statement,
    "OperationDefinition/flag-causes": operation_definition,
}
_OFFERED = f"Entries may POST to {_OPERATION}, and GET {' or '.join(_READ)}."
_NOTHING_STORED = f"This service stores nothing, so nothing can be read or written. {_OFFERED}"
_NOT_BY_GET = f"{_OPERATION} takes its data in a body: POST it."
_NO_OPERATION = f"There is no such operation. {_OFFERED}"
_NO_RESOURCE = f"The entry has no resource; {_OPERATION} needs one to evaluate."


@router.post("/fhir/", include_in_schema=False, response_class=Response)
@router.post(
    "/fhir",
    summary="A batch of calls of $flag-causes",
    description="The body is a Bundle of type batch whose entries POST to $flag-causes, with its "
    "parameters in their urls. The answer has one entry for each, in their order. Each is "
    "evaluated by itself; one that fails costs only itself.",
    response_class=Response,
    openapi_extra={
        "requestBody": {
            "required": True,
            "content": {FHIR_JSON: {"schema": {"type": "object", "title": "A batch Bundle"}}},
        }
    },
    responses={
        200: {"description": "A Bundle of answers", "content": {FHIR_JSON: {}, JSON: {}}},
        **described(REFUSALS),
    },
)
async def batch(request: Request) -> Response:
    site: Site = request.app.state.site
    form = agreed(request)
    if set(request.query_params) - set(GENERAL):
        text = (
            f"A batch takes {' and '.join(GENERAL)} in its query alone; what else is asked for "
            "belongs into the url of each entry."
        )
        raise Refusal(HTTPStatus.BAD_REQUEST, text)
    prefer = request.headers.getlist("prefer")
    asked = heard(request, form)
    limits: Limits = request.app.state.limits
    body = await read_body(request, site.max_body_bytes, limits.body_seconds)
    evaluation = _answer_all(request, body, asked)
    answers = await within(limits.evaluation_seconds, evaluation, request.app.state.in_flight)
    return answered(request, form, answers, applied(prefer))


async def _answer_all(request: Request, body: bytes, heard: Asked) -> bytes:
    site: Site = request.app.state.site
    clock = datetime.now(UTC)
    calls = await run_in_threadpool(open_batch, body, site.max_entries, site.max_depth)
    answers = []
    for call in calls:
        answers.append(await _answer(request, call, heard, clock))
        # Small entries are evaluated at once: others are let in between, however many there are.
        await asyncio.sleep(0)
    return write_batch_response(answers)


async def _answer(
    request: Request, call: Call | Refused, heard: Asked, clock: datetime
) -> Answered:
    """One entry's answer, whatever becomes of it."""
    if isinstance(call, Refused):
        return Answered(call.status, write_outcome(call.issues))
    try:
        return Answered(HTTPStatus.OK, await _answered(request, call, heard, clock))
    except Refused as refused:
        return Answered(refused.status, write_outcome(refused.issues))
    except Refusal as refused:
        return _refused(refused.status_code, refused.detail)
    except Exception as error:  # noqa: BLE001 - the other entries must get their answers
        error_id = secrets.token_hex(8)
        log.error("request failed inside", error_id=error_id, **logs.told(error))
        text = f"The entry failed inside the service; nothing was evaluated. Error {error_id}."
        return _refused(HTTPStatus.INTERNAL_SERVER_ERROR, text)


def _refused(status: int, text: str) -> Answered:
    return Answered(status, write_outcome((issue_of(status, text),)))


async def _answered(request: Request, call: Call, heard: Asked, clock: datetime) -> bytes:
    site: Site = request.app.state.site
    path, _, query = call.url.partition("?")
    path = unquote(path).removeprefix("/")
    if call.method == "GET" and path in _READ:
        return _READ[path](request, heard.release or site.release)
    if path != _OPERATION:
        if path.startswith("$"):
            raise Refusal(HTTPStatus.NOT_FOUND, _NO_OPERATION)
        raise Refusal(HTTPStatus.METHOD_NOT_ALLOWED, _NOTHING_STORED)
    if call.method != "POST":
        raise Refusal(HTTPStatus.METHOD_NOT_ALLOWED, _NOT_BY_GET)
    asked = read_query(QueryParams(query), site, heard)
    if not call.body:
        raise Refusal(HTTPStatus.BAD_REQUEST, _NO_RESOURCE)
    return await evaluated(request, call.body, asked, clock)
