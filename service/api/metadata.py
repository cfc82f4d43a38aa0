"""What this service says of itself."""

from fastapi import APIRouter, Request, Response

from service.api.media import FHIR_JSON
from service.evaluation import Site, writing_options
from service.fhir.capability import write_capability_statement, write_operation_definition

router = APIRouter(tags=["FHIR"])


def capability_statement(request: Request) -> bytes:
    site: Site = request.app.state.site
    keyed = bool(request.app.state.keys)
    return write_capability_statement(site.knowledge, writing_options(site), keyed=keyed)


def operation_definition(request: Request) -> bytes:
    site: Site = request.app.state.site
    return write_operation_definition(writing_options(site))


@router.get("/fhir/metadata", summary="The CapabilityStatement", response_class=Response)
def metadata(request: Request) -> Response:
    return Response(capability_statement(request), media_type=FHIR_JSON)


@router.get(
    "/fhir/OperationDefinition/flag-causes",
    summary="The OperationDefinition of $flag-causes",
    response_class=Response,
)
def operation(request: Request) -> Response:
    return Response(operation_definition(request), media_type=FHIR_JSON)
