"""Whether the process lives, and whether it can do its work."""

from http import HTTPStatus

from fastapi import APIRouter, Request
from fastapi.responses import JSONResponse

from service import __version__
from service.evaluation import Site, self_test

router = APIRouter(tags=["health"])


@router.get("/healthz", summary="The process lives")
async def healthz() -> JSONResponse:
    return JSONResponse({"status": "alive"})


@router.get(
    "/readyz",
    summary="The rules are loaded and the engine gives a known patient its flag",
    responses={503: {"description": "The self-test failed: send no requests here."}},
)
def readyz(request: Request) -> JSONResponse:
    site: Site = request.app.state.site
    passed = self_test(site)
    ruleset = {"version": site.knowledge.ruleset.version, "digest": site.knowledge.digest}
    return JSONResponse(
        {
            "status": "ready" if passed else "self-test failed",
            "version": __version__,
            "ruleset": ruleset,
        },
        HTTPStatus.OK if passed else HTTPStatus.SERVICE_UNAVAILABLE,
    )
