"""Where an evaluation is made: beside everything else, so that no caller waits for another's."""

from datetime import datetime
from http import HTTPStatus

from fastapi import Request
from starlette.concurrency import run_in_threadpool

from service.api.evaluators import Evaluators, Lost
from service.api.refusals import Refusal
from service.evaluation import Asked, Site, answer


async def evaluated(request: Request, body: bytes, asked: Asked, clock: datetime) -> bytes:
    """The answer to a body. Refusal: 503 where it was cut off; else raises as `answer` does."""
    site: Site = request.app.state.site
    evaluators: Evaluators | None = request.app.state.evaluators
    if not evaluators or len(body) < evaluators.least:
        return await run_in_threadpool(answer, site, body, asked, clock)
    try:
        return await evaluators.answer(body, asked, clock)
    except Lost as lost:
        raise Refusal(
            HTTPStatus.SERVICE_UNAVAILABLE,
            "What evaluated this ended before its answer was there, for want of memory perhaps. "
            'Nothing of the request was answered: this never means "nothing to flag". Send it '
            "again, or fewer patients at a time.",
            {"Retry-After": "5"},
        ) from lost
