"""The HTTP application."""

from collections.abc import Sequence

from fastapi import FastAPI
from fastapi_offline import FastAPIOffline
from starlette.exceptions import HTTPException

from service import __version__
from service.api import evaluate, health, metadata, rules
from service.api.border import Border
from service.api.examples import examples
from service.api.inflight import Admission, InFlight
from service.api.keys import digest
from service.api.limits import Limits
from service.api.refusals import ANYWHERE, on_http_exception, on_refused
from service.evaluation import Site
from service.fhir.issues import Refused
from service.settings import shipped

_DEFAULTS = Limits()


def create_app(site: Site, api_keys: Sequence[str] = (), limits: Limits = _DEFAULTS) -> FastAPI:
    """The application that evaluates with a site's rules and settings.

    Where there are `api_keys`, evaluating needs one of them; health and metadata never do.
    """
    app = FastAPIOffline(
        title="Myoflag",
        version=__version__,
        summary=site.knowledge.ruleset.intended_use,
        docs_url="/docs",
        redoc_url=None,
        redirect_slashes=False,
        responses=ANYWHERE,
    )
    app.state.site = site
    app.state.limits = limits
    app.state.in_flight = InFlight(limits.in_flight)
    app.state.keys = tuple(map(digest, api_keys))
    app.include_router(evaluate.router(examples(shipped("fhir_samples"))))
    app.include_router(metadata.router)
    app.include_router(rules.router)
    app.include_router(health.router)
    app.add_exception_handler(HTTPException, on_http_exception)
    app.add_exception_handler(Refused, on_refused)
    app.add_middleware(Admission, in_flight=app.state.in_flight)
    app.add_middleware(Border)
    return app
