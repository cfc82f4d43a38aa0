"""POST /fhir/$flag-causes: a Bundle in, Flags out."""

from collections.abc import Mapping
from datetime import UTC, datetime
from http import HTTPStatus
from typing import Any

from fastapi import APIRouter, Request, Response
from msgspec import structs
from starlette.datastructures import QueryParams

from service.api.answers import DESCRIBED, GENERAL, agreed, answered
from service.api.bodies import read_body
from service.api.evaluating import evaluated
from service.api.inflight import within
from service.api.keys import keyed
from service.api.limits import Limits
from service.api.media import FHIR_JSON, JSON, Form, sent_release
from service.api.preferences import applied, handling
from service.api.refusals import Refusal, described
from service.evaluation import Asked, Site, ask
from service.fhir.parameters import NAMES, PARAMETERS, values_of, why_not

_PREFER = (
    "`handling=strict` refuses the whole body unless all resources in it are valid FHIR; "
    "`handling=lenient`, the default, reads what can be read and tells the rest."
)

_PARAMETERS = {name: parameter.text for name, parameter in PARAMETERS.items()}

_TWO_RELEASES = (
    "Content-Type says one fhirVersion and Accept or _format another; FHIR forbids two in one "
    "interaction. Leave one of them out."
)


def router(samples: Mapping[str, Any]) -> APIRouter:
    """The route; `samples` are shown as examples of its body."""
    routes = keyed()
    routes.add_api_route(
        "/fhir/$flag-causes",
        flag_causes,
        methods=["POST"],
        response_class=Response,
        summary="Flags for possible causes of myoclonus, with their evidence",
        description=f"The body is a Bundle, one resource, or Parameters with resource, {NAMES}. "
        "The answer is a Bundle: Flags, most pressing first, then an "
        "OperationOutcome that says what was read, used and not used.",
        openapi_extra=_described(samples),
        responses={
            200: {"description": "A Bundle of Flags", "content": {FHIR_JSON: {}, JSON: {}}},
            **described(REFUSALS),
        },
    )
    return routes


REFUSALS = {
    400: "Not JSON, not UTF-8, not FHIR (in strict handling, not valid), a parameter that "
    "can not be, or several API keys that differ",
    401: "No API key, a wrong one, or one that has expired",
    406: "The caller takes neither of the media types, or asks for another version of FHIR",
    408: "The body took too long to arrive",
    413: "Larger than this site reads",
    415: "Not a media type, or not a compression, that is read",
    422: "FHIR in which there is nothing that could be judged",
    503: "The evaluation was cut off; nothing of it is answered, Retry-After tells when to send it "
    "again",
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
            *DESCRIBED,
            {
                "name": "Prefer",
                "in": "header",
                "description": _PREFER,
                "schema": {"type": "string"},
            },
        ],
    }


async def flag_causes(request: Request) -> Response:
    site: Site = request.app.state.site
    form = agreed(request)
    prefer = request.headers.getlist("prefer")
    asked = read_query(request.query_params, site, heard(request, form))
    limits: Limits = request.app.state.limits
    body = await read_body(request, site.max_body_bytes, limits.body_seconds)
    evaluation = evaluated(request, body, asked, datetime.now(UTC))
    bundle = await within(limits.evaluation_seconds, evaluation, request.app.state.in_flight)
    return answered(request, form, bundle, applied(prefer))


def heard(request: Request, form: Form) -> Asked:
    """What the headers ask for. Refusal: 400 for two releases of FHIR in strict handling."""
    site: Site = request.app.state.site
    prefer = request.headers.getlist("prefer")
    sent = sent_release(request.headers.get("content-type"))
    strict = handling(prefer) == "strict"
    if strict and form.asked and sent not in (None, form.release):
        raise Refusal(HTTPStatus.BAD_REQUEST, _TWO_RELEASES, applied(prefer))
    return Asked(strict=strict, sent=sent or site.release, release=form.release)


def read_query(query: QueryParams, site: Site, heard: Asked) -> Asked:
    """What the query asks for, beside what the headers do.

    Refusal: 400 for what is unknown, said twice or can not be.
    """
    if set(query) - {*_PARAMETERS, *GENERAL}:
        raise Refusal(
            HTTPStatus.BAD_REQUEST,
            f"There is no such query parameter; there are {NAMES}.",
        )
    values: dict[str, object] = {}
    for name, parameter in PARAMETERS.items():
        given = query.getlist(name)
        if len(given) > 1:
            raise Refusal(HTTPStatus.BAD_REQUEST, f"The query parameter {name} is said twice.")
        for text in given:
            value = _BOOLEANS.get(text, text) if parameter.type == "boolean" else text
            if why := why_not(name, value):
                raise Refusal(HTTPStatus.BAD_REQUEST, why)
            values[name] = value
    # In a query, an unescaped plus sign is a space: 08:00+01:00 arrives as 08:00 01:00.
    now = query["now"].replace(" ", "+") if "now" in query else None
    try:
        asked = ask(site, now, values_of(values))
    except ValueError as wrong:
        raise Refusal(HTTPStatus.BAD_REQUEST, str(wrong)) from wrong
    return structs.replace(heard, now=asked.now, said=asked.said)


_BOOLEANS = {"true": True, "false": False}
