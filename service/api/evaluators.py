"""Processes that evaluate large bodies, so that the server's own can answer others meanwhile.

A thread would not do: while one large body is decoded, nobody else has the interpreter.
"""

import asyncio
import signal
from contextlib import suppress
from datetime import datetime
from multiprocessing import get_context
from multiprocessing.connection import Connection

import structlog

from service.evaluation import Asked, Site, answer
from service.fhir.issues import Refused
from service.logs import FailedElsewhere, told

log = structlog.stdlib.get_logger()

#: So many bytes a process evaluates; then another takes its place, and what memory it kept goes.
_MOST_BYTES = 16 * 1024 * 1024

# A mere copy of this process would have its locks, held or not, and none of its threads.
_processes = get_context("spawn")

#: What a process sends before an answer, the parts of a refusal, or what is told of a failure.
_ANSWERED, _REFUSED, _FAILED = "answered", "refused", "failed"


class Lost(Exception):  # noqa: N818 - what was lost is the answer
    """A process ended before its answer was there: killed for want of memory, perhaps."""


class _ToldToEnd(Exception):  # noqa: N818 - it is no fault
    """Somebody ended a process as service managers do, who tell it to all of a service's.

    The server drains then, and gets the answer from another process.
    """


class Evaluators:
    """At most so many processes, each with one body at a time and started when it is needed.

    They judge by the very rules that `site` was opened with, whatever became of the files.
    `least` is the size in bytes from which on a body is for them. Used from one event loop.
    """

    def __init__(self, site: Site, processes: int, least: int) -> None:
        self.least = least
        self._site = site
        self._places = asyncio.Semaphore(processes)
        self._idle: list[_Evaluator] = []

    async def answer(self, body: bytes, asked: Asked, clock: datetime) -> bytes:
        """What `evaluation.answer` gives, from another process; raises as that does.

        FailedElsewhere stands for a failure inside; Lost where there will be no answer. Where
        this is cancelled, so is the evaluation.
        """
        async with self._places:
            while True:
                evaluator = self._take()
                try:
                    bundle = await asyncio.to_thread(evaluator.answer, body, asked, clock)
                except Refused:
                    self._keep(evaluator)
                    raise
                except _ToldToEnd:
                    continue
                except BaseException:
                    evaluator.kill()
                    raise
                self._keep(evaluator)
                return bundle

    def _take(self) -> "_Evaluator":
        """One that lives: what killed another while it was idle is no caller's trouble."""
        while self._idle:
            evaluator = self._idle.pop()
            if evaluator.is_alive():
                return evaluator
        return _Evaluator(self._site)

    def _keep(self, evaluator: "_Evaluator") -> None:
        if evaluator.evaluated < _MOST_BYTES:
            self._idle.append(evaluator)
        else:
            evaluator.kill()

    def close(self) -> None:
        """End the processes that wait for a body."""
        while self._idle:
            self._idle.pop().kill()


class _Evaluator:
    """One process, and this end of the pipe to it; `evaluated` counts the bytes of bodies."""

    def __init__(self, site: Site) -> None:
        self.evaluated = 0
        self._killed = False
        self._pipe, self._far_end = _processes.Pipe()
        # Daemonic: it ends with this process.
        self._process = _processes.Process(
            target=_evaluate, args=(self._far_end, site), daemon=True, name="evaluator"
        )

    def answer(self, body: bytes, asked: Asked, clock: datetime) -> bytes:
        """Blocks until the answer is there."""
        self.evaluated += len(body)
        try:
            if self._process.pid is None:
                self._process.start()
                # With this copy of it open, the death of the process would not be noticed.
                self._far_end.close()
            self._pipe.send((asked, clock))
            self._pipe.send_bytes(body)
            kind, said = self._pipe.recv()
            bundle = self._pipe.recv_bytes() if kind == _ANSWERED else b""
        except (EOFError, OSError) as error:
            self._process.join(1)
            if self._process.exitcode == -signal.SIGTERM:
                raise _ToldToEnd from error
            if not self._killed:
                log.error("an evaluating process ended", exit_code=self._process.exitcode)
            raise Lost from error
        if kind == _REFUSED:
            raise Refused(*said)
        if kind == _FAILED:
            raise FailedElsewhere(said)
        return bundle

    def is_alive(self) -> bool:
        return self._process.is_alive()

    def kill(self) -> None:
        """End the process, whatever it does."""
        self._killed = True
        if self._process.pid is not None:
            self._process.kill()
            self._process.join()


def _evaluate(pipe: Connection, site: Site) -> None:
    """What the process does: answer one body after another, until the pipe is closed."""
    # On a terminal, control and C is meant for all processes. The server drains then, and still
    # wants the answer that is being made.
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    with suppress(EOFError, OSError):
        while True:
            _answer_one(pipe, site)


def _answer_one(pipe: Connection, site: Site) -> None:
    asked, clock = pipe.recv()
    body = pipe.recv_bytes()
    try:
        bundle = answer(site, body, asked, clock)
    except Refused as refused:
        pipe.send((_REFUSED, refused.args))
    except Exception as error:  # noqa: BLE001 - Python would print it, with patient data in it
        pipe.send((_FAILED, told(error)))
    else:
        pipe.send((_ANSWERED, None))
        pipe.send_bytes(bundle)
