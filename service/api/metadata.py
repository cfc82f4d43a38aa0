"""What this service says of itself."""

from hashlib import sha256

from fastapi import APIRouter, Request, Response

from service.api.answers import agreed, answered
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


@router.get("/fhir/metadata", summary="The CapabilityStatement", response_class=Response)
def metadata(request: Request) -> Response:
    form = agreed(request)
    statement = capability_statement(request, form.release)
    return answered(request, form, statement, {"ETag": _tag(statement)})


@router.get(
    "/fhir/OperationDefinition/flag-causes",
    summary="The OperationDefinition of $flag-causes",
    response_class=Response,
)
def operation(request: Request) -> Response:
    form = agreed(request)
    definition = operation_definition(request, form.release)
    return answered(request, form, definition, {"ETag": _tag(definition)})


def _tag(resource: bytes) -> str:
    return f'W/"{sha256(resource).hexdigest()[:16]}"'
