"""How many requests are answered at once, and how long an answer may take.

A request whose evaluation takes too long is answered, and the evaluation is cancelled. In a process
it ends at once. A thread can not be ended from outside, so its place stays taken until it is
done: else those that were given up would pile up behind the callers' backs.
"""

import asyncio
import time
from collections.abc import Coroutine
from http import HTTPStatus
from typing import TypeVar

import structlog
from msgspec import Struct
from starlette.types import ASGIApp, Receive, Scope, Send

from service import logs
from service.api.refusals import Refusal, refuse

log = structlog.stdlib.get_logger()

#: Who asks whether the service lives must be told, above all when it is busy.
_ALWAYS_ANSWERED = {"/healthz", "/readyz"}

_Answer = TypeVar("_Answer")


class InFlight(Struct):
    """The requests that are being answered, and evaluations that were given up and still run."""

    most: int
    taken: int = 0


class Admission:
    """ASGI middleware: refuses with 429 what comes while as many as may be are in flight."""

    def __init__(self, app: ASGIApp, in_flight: InFlight) -> None:
        self.app = app
        self.in_flight = in_flight

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http" or scope["path"] in _ALWAYS_ANSWERED:
            await self.app(scope, receive, send)
            return
        if self.in_flight.taken >= self.in_flight.most:
            busy = refuse(
                HTTPStatus.TOO_MANY_REQUESTS,
                f"{self.in_flight.most} requests are being answered, the most at a time here "
                "(setting MYOFLAG_MAX_IN_FLIGHT). Send it again in a second.",
                {"Retry-After": "1"},
            )
            await busy(scope, receive, send)
            return
        self.in_flight.taken += 1
        try:
            await self.app(scope, receive, send)
        finally:
            self.in_flight.taken -= 1


async def within(
    seconds: float, evaluation: Coroutine[object, object, _Answer], in_flight: InFlight
) -> _Answer:
    """What an evaluation gives. Refusal: 504 where that takes longer than `seconds`.

    It is cancelled then, and keeps its place until it has ended.
    """
    started = time.monotonic()
    task = asyncio.ensure_future(evaluation)
    done, _ = await asyncio.wait({task}, timeout=seconds)
    if done:
        return task.result()

    def ended(task: "asyncio.Task[_Answer]") -> None:
        in_flight.taken -= 1
        error = None if task.cancelled() else task.exception()
        log.warning(
            "an evaluation that was given up has ended",
            ms=round((time.monotonic() - started) * 1000, 1),
            **(logs.told(error) if error else {}),
        )

    in_flight.taken += 1
    task.add_done_callback(ended)
    task.cancel()
    raise Refusal(
        HTTPStatus.GATEWAY_TIMEOUT,
        f"The evaluation was given up after {seconds:g} seconds, the longest that it may take here "
        "(setting MYOFLAG_MAX_EVALUATION_SECONDS). Nothing of the request was answered: this never "
        'means "nothing to flag". Send fewer patients at a time.',
    )
