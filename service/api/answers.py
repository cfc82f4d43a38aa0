"""How FHIR goes out: its name, its release and its layout are those that the caller asks for."""

from collections.abc import Mapping
from http import HTTPStatus

from fastapi import Request, Response
from msgspec import json

from service.api.media import Form, wanted, why_unwritable
from service.api.refusals import Refusal
from service.evaluation import Site

#: Parameters that FHIR has for every interaction, and what they do here.
GENERAL = {
    "_format": "`json`, `application/fhir+json` or `application/json`, with `fhirVersion` if "
    "wanted: comes before `Accept`.",
    "_pretty": "`true` or `false`: whether the answer is laid out for people to read.",
}

#: The same for OpenAPI.
DESCRIBED = [
    {"name": name, "in": "query", "description": text, "schema": {"type": "string"}}
    for name, text in GENERAL.items()
]


def agreed(request: Request) -> Form:
    """The form of the answer to a request. Refusal: 406 where the caller takes none that there is.

    400 for a parameter of GENERAL that is said twice or can not be.
    """
    for name in GENERAL:
        if len(request.query_params.getlist(name)) > 1:
            raise Refusal(HTTPStatus.BAD_REQUEST, f"The query parameter {name} is said twice.")
    if request.query_params.get("_pretty") not in {None, "true", "false"}:
        raise Refusal(HTTPStatus.BAD_REQUEST, "_pretty is true or false.")
    site: Site = request.app.state.site
    form = wanted(request, site.release)
    if form is None:
        raise Refusal(HTTPStatus.NOT_ACCEPTABLE, why_unwritable(request))
    return form


def answered(
    request: Request, form: Form, resource: bytes, headers: Mapping[str, str] | None = None
) -> Response:
    """A resource as the answer."""
    if request.query_params.get("_pretty") == "true":
        resource = json.format(resource, indent=2)
    return Response(resource, headers=headers, media_type=form.content_type)
