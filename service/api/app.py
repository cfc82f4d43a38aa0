"""The HTTP application."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from fastapi import FastAPI
from fastapi_offline import FastAPIOffline
from starlette.exceptions import HTTPException

from service import __version__
from service.api import batch, evaluate, health, metadata, rules
from service.api.border import Border
from service.api.evaluators import Evaluators
from service.api.examples import examples
from service.api.inflight import Admission, InFlight
from service.api.limits import Limits
from service.api.methods import Head
from service.api.refusals import ANYWHERE, on_http_exception, on_refused
from service.evaluation import Site
from service.fhir.issues import Refused
from service.keys import Keyring
from service.settings import shipped

_DEFAULTS = Limits()


def create_app(
    site: Site,
    keyring: Keyring | None = None,
    limits: Limits = _DEFAULTS,
    evaluators: Evaluators | None = None,
) -> FastAPI:
    """The application that evaluates with a site's rules and settings.

    Where there is a `keyring`, evaluating needs one of its keys; health and metadata never do.
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
        responses=ANYWHERE,
    )
    app.state.site = site
    app.state.keyring = keyring
    app.state.limits = limits
    app.state.in_flight = InFlight(limits.in_flight)
    app.state.evaluators = evaluators
    app.include_router(evaluate.router(examples(shipped("fhir_samples"))))
    app.include_router(batch.router)
    app.include_router(metadata.router)
    app.include_router(rules.router)
    app.include_router(health.router)
    app.add_exception_handler(HTTPException, on_http_exception)
    app.add_exception_handler(Refused, on_refused)
    app.add_middleware(Admission, in_flight=app.state.in_flight)
    app.add_middleware(Head)
    app.add_middleware(Border)
    return app
