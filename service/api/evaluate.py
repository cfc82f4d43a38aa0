"""POST /fhir/$flag-causes: a Bundle in, Flags out."""

from collections.abc import Mapping
from datetime import UTC, datetime
from http import HTTPStatus
from typing import Any

from fastapi import APIRouter, Depends, Request, Response
from starlette.concurrency import run_in_threadpool
from starlette.datastructures import QueryParams

from service.api.bodies import read_body
from service.api.inflight import within
from service.api.keys import require_key
from service.api.limits import Limits
from service.api.media import FHIR_JSON, JSON, answer_type
from service.api.preferences import applied, handling
from service.api.refusals import Refusal, described
from service.evaluation import Asked, Site, answer, ask

_PARAMETERS = {
    "now": "The moment to judge at: a FHIR dateTime, or `latest` for each patient's own newest "
    "clinical time. The clock where it is missing.",
    "includeEvidence": "`true` or `false`: whether the resources that flags refer to come back. "
    "Where it is missing, those do that only the request could name (urn:).",
    "explain": "`true` or `false`: whether the OperationOutcome tells, for each patient and cause, "
    "how near it came to being named, and what would change one that was.",
}

_PREFER = (
    "`handling=strict` refuses the whole body unless all resources in it are valid FHIR; "
    "`handling=lenient`, the default, reads what can be read and tells the rest."
)


def router(samples: Mapping[str, Any]) -> APIRouter:
    """The route; `samples` are shown as examples of its body."""
    routes = APIRouter(tags=["FHIR"], dependencies=[Depends(require_key)])
    routes.add_api_route(
        "/fhir/$flag-causes",
        flag_causes,
        methods=["POST"],
        response_class=Response,
        summary="Flags for possible causes of myoclonus, with their evidence",
        description="The body is a Bundle, one resource, or Parameters with `resource`, `now`, "
        "`includeEvidence` and `explain`. "
        "The answer is a Bundle: Flags, most pressing first, then an "
        "OperationOutcome that says what was read, used and not used.",
        openapi_extra=_described(samples),
        responses={
            200: {"description": "A Bundle of Flags", "content": {FHIR_JSON: {}, JSON: {}}},
            **described(_REFUSALS),
        },
    )
    return routes


_REFUSALS = {
    400: "Not JSON, not UTF-8, not FHIR (in strict handling, not valid), or a parameter that "
    "can not be",
    401: "No API key, or a wrong one",
    406: "The caller takes neither of the two media types",
    408: "The body took too long to arrive",
    413: "Larger than this site reads",
    415: "Not a media type, or not a compression, that is read",
    422: "FHIR in which there is nothing that could be judged",
    504: "The evaluation took too long and was given up; nothing of it is answered",
}


def _described(samples: Mapping[str, Any]) -> dict[str, Any]:
    body = {"schema": {"type": "object", "title": "A FHIR resource"}, "examples": dict(samples)}
    return {
        "requestBody": {"required": True, "content": {FHIR_JSON: body}},
        "parameters": [
            {"name": name, "in": "query", "description": text, "schema": {"type": "string"}}
            for name, text in _PARAMETERS.items()
        ]
        + [
            {"name": "Prefer", "in": "header", "description": _PREFER, "schema": {"type": "string"}}
        ],
    }


async def flag_causes(request: Request) -> Response:
    site: Site = request.app.state.site
    media_type = answer_type(request.headers.getlist("accept"))
    if media_type is None:
        raise Refusal(
            HTTPStatus.NOT_ACCEPTABLE, f"The answer is {FHIR_JSON} or {JSON}; Accept takes neither."
        )
    prefer = request.headers.getlist("prefer")
    asked = read_query(request.query_params, site, strict=handling(prefer) == "strict")
    limits: Limits = request.app.state.limits
    body = await read_body(request, site.max_body_bytes, limits.body_seconds)
    # In a thread, so that a large bundle does not keep the health checks waiting.
    evaluation = run_in_threadpool(answer, site, body, asked, datetime.now(UTC))
    bundle = await within(limits.evaluation_seconds, evaluation, request.app.state.in_flight)
    return Response(bundle, headers=applied(prefer), media_type=media_type)


def read_query(query: QueryParams, site: Site, *, strict: bool = False) -> Asked:
    """What the query asks for. Refusal: 400 for what is unknown, said twice or can not be."""
    if set(query) - set(_PARAMETERS):
        raise Refusal(
            HTTPStatus.BAD_REQUEST,
            f"There is no such query parameter; there are {', '.join(_PARAMETERS)}.",
        )
    for name in _PARAMETERS:
        if len(query.getlist(name)) > 1:
            raise Refusal(HTTPStatus.BAD_REQUEST, f"The query parameter {name} is said twice.")
    for name in ("includeEvidence", "explain"):
        if query.get(name) not in {None, "true", "false"}:
            raise Refusal(HTTPStatus.BAD_REQUEST, f"{name} is true or false.")
    include, explain = query.get("includeEvidence"), query.get("explain") == "true"
    # In a query, an unescaped plus sign is a space: 08:00+01:00 arrives as 08:00 01:00.
    now = query["now"].replace(" ", "+") if "now" in query else None
    try:
        evidence = None if include is None else include == "true"
        return ask(site, now, evidence, strict=strict, explain=explain)
    except ValueError as wrong:
        raise Refusal(HTTPStatus.BAD_REQUEST, str(wrong)) from wrong
