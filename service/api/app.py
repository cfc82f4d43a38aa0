"""The HTTP application."""

from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager

from fastapi import FastAPI
from fastapi_offline import FastAPIOffline
from starlette.exceptions import HTTPException

from service import __version__
from service.api import evaluate, health, metadata, rules
from service.api.border import Border
from service.api.evaluators import Evaluators
from service.api.examples import examples
from service.api.keys import digest
from service.api.refusals import on_http_exception, on_refused
from service.evaluation import Site
from service.fhir.issues import Refused
from service.settings import shipped


def create_app(
    site: Site, api_keys: Sequence[str] = (), evaluators: Evaluators | None = None
) -> FastAPI:
    """The application that evaluates with a site's rules and settings.

    Where there are `api_keys`, evaluating needs one of them; health and metadata never do.
    Where there are `evaluators`, large bodies are theirs; they end with the application.
    """

    @asynccontextmanager
    async def lifespan(_app: FastAPI) -> AsyncIterator[None]:
        yield
        if evaluators:
            evaluators.close()

    app = FastAPIOffline(
        title="Myoflag",
        version=__version__,
        summary=site.knowledge.ruleset.intended_use,
        docs_url="/docs",
        redoc_url=None,
        redirect_slashes=False,
        lifespan=lifespan,
    )
    app.state.site = site
    app.state.evaluators = evaluators
    app.state.keys = tuple(map(digest, api_keys))
    app.include_router(evaluate.router(examples(shipped("fhir_samples"))))
    app.include_router(metadata.router)
    app.include_router(rules.router)
    app.include_router(health.router)
    app.add_exception_handler(HTTPException, on_http_exception)
    app.add_exception_handler(Refused, on_refused)
    app.add_middleware(Border)
    return app
