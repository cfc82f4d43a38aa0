"""What this service says of itself."""

from fastapi import APIRouter, Request, Response

from service.api.media import FHIR_JSON
from service.evaluation import Site, writing_options
from service.fhir.capability import write_capability_statement, write_operation_definition

router = APIRouter(tags=["FHIR"])


@router.get("/fhir/metadata", summary="The CapabilityStatement", response_class=Response)
def metadata(request: Request) -> Response:
    site: Site = request.app.state.site
    statement = write_capability_statement(site.knowledge, writing_options(site))
    return Response(statement, media_type=FHIR_JSON)


@router.get(
    "/fhir/OperationDefinition/flag-causes",
    summary="The OperationDefinition of $flag-causes",
    response_class=Response,
)
def operation(request: Request) -> Response:
    site: Site = request.app.state.site
    return Response(write_operation_definition(writing_options(site)), media_type=FHIR_JSON)
