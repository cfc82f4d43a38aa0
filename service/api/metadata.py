"""What this service says of itself."""

from hashlib import sha256
from typing import Any

from fastapi import APIRouter, Request, Response

from service.api.answers import DESCRIBED, agreed, answered
from service.api.media import FHIR_JSON
from service.evaluation import Site, writing_options
from service.fhir.capability import write_capability_statement, write_operation_definition

router = APIRouter(tags=["FHIR"])


def capability_statement(request: Request, release: str) -> bytes:
    site: Site = request.app.state.site
    options = writing_options(site, release=release)
    keyed = request.app.state.keyring is not None
    return write_capability_statement(site.knowledge, options, keyed=keyed)


def operation_definition(request: Request, release: str) -> bytes:
    site: Site = request.app.state.site
    return write_operation_definition(writing_options(site, release=release))


_FORMS: dict[str, Any] = {
    "openapi_extra": {"parameters": DESCRIBED},
    "responses": {
        200: {
            "description": "In the version of FHIR that is asked for",
            "content": {FHIR_JSON: {}},
        },
        400: {"description": "A parameter that can not be", "content": {FHIR_JSON: {}}},
        406: {"description": "The caller takes no form that there is", "content": {FHIR_JSON: {}}},
    },
}


@router.get("/fhir/metadata", summary="The CapabilityStatement", response_class=Response, **_FORMS)
def metadata(request: Request) -> Response:
    form = agreed(request)
    statement = capability_statement(request, form.release)
    return answered(request, form, statement, {"ETag": _tag(statement)})


@router.get(
    "/fhir/OperationDefinition/flag-causes",
    summary="The OperationDefinition of $flag-causes",
    response_class=Response,
    **_FORMS,
)
def operation(request: Request) -> Response:
    form = agreed(request)
    definition = operation_definition(request, form.release)
    return answered(request, form, definition, {"ETag": _tag(definition)})


def _tag(resource: bytes) -> str:
    return f'W/"{sha256(resource).hexdigest()[:16]}"'
