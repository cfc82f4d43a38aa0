"""Where an evaluation is made, so that no caller waits long for another's."""

import asyncio
from datetime import datetime
from http import HTTPStatus

import structlog
from fastapi import Request
from starlette.concurrency import run_in_threadpool

from service.api.evaluators import Evaluators, Lost
from service.api.refusals import Refusal
from service.evaluation import Asked, Site, answer
from service.logs import told

log = structlog.stdlib.get_logger()

#: Up to so many bytes an evaluation takes a few ms. To hand it to a thread would cost everybody
#: more than to wait for it: the interpreter then changes hands again and again.
_AT_ONCE = 128 * 1024


async def evaluated(request: Request, body: bytes, asked: Asked, clock: datetime) -> bytes:
    """The answer to a body. Refusal: 503 where it was cut off; else raises as `answer` does.

    Where this is cancelled, it ends once nothing of the evaluation goes on.
    """
    site: Site = request.app.state.site
    evaluators: Evaluators | None = request.app.state.evaluators
    if evaluators and len(body) >= evaluators.least:
        return await _beside(evaluators, body, asked, clock)
    # Models and explanations take many times as long.
    if len(body) <= _AT_ONCE and not (asked.strict or asked.said.explain):
        return answer(site, body, asked, clock)
    thread = asyncio.ensure_future(run_in_threadpool(answer, site, body, asked, clock))
    try:
        return await asyncio.shield(thread)
    except asyncio.CancelledError:
        await asyncio.wait({thread})
        # Nobody waits for it any more; asyncio would print it, with patient data in it.
        if error := thread.exception():
            log.warning("an evaluation that was given up has failed", **told(error))
        raise


async def _beside(evaluators: Evaluators, body: bytes, asked: Asked, clock: datetime) -> bytes:
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
