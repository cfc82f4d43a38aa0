"""Worker processes, as uvicorn starts, watches and replaces them."""

import signal
import sys
from contextlib import suppress
from multiprocessing import get_context
from socket import socket

from fastapi import FastAPI
from uvicorn.config import STARTUP_FAILURE, Config
from uvicorn.supervisors import multiprocess

from service import logs
from service.api.app import create_app
from service.api.evaluators import Evaluators
from service.api.limits import Limits
from service.evaluation import Site
from service.keys import Keyring
from service.settings import Settings


def application(site: Site, settings: Settings, keyring: Keyring | None) -> FastAPI:
    """The application of this process: the only one, or a worker."""
    logs.configure(settings.log_level)
    processes = settings.large_body_processes
    evaluators = Evaluators(site, processes, settings.large_body_bytes) if processes else None
    limits = Limits(
        settings.max_body_seconds, settings.max_evaluation_seconds, settings.max_in_flight
    )
    return create_app(site, keyring, limits, evaluators)


class Workers(multiprocess.Multiprocess):
    """Worker processes that share one socket, opened before any of them."""

    def terminate_all(self) -> None:
        """Tell the workers to drain, as uvicorn does, and take no new connection from then on.

        With the socket still open here, callers would connect and wait for nobody.
        """
        for listener in self.sockets:
            listener.close()
        super().terminate_all()

    def failed(self) -> bool:
        """Whether they ended because one of them could not start."""
        return any(process.exitcode == STARTUP_FAILURE for process in self.processes)


class Worker(multiprocess.Process):
    """A worker that begins as a copy of this process, which has loaded everything by then.

    uvicorn itself starts an interpreter that loads all of it anew. Here that is done on macOS
    alone, whose own libraries may not survive being copied.
    """

    def __init__(self, config: Config, sockets: list[socket]) -> None:
        super().__init__(config, sockets)
        if sys.platform == "linux":
            self.process = get_context("fork").Process(  # type: ignore[assignment]
                target=self.target, kwargs={"sockets": sockets}
            )

    def start(self) -> None:
        """Start it, and keep its end of the pipe neither here nor in copies made later.

        With it, a worker that ends while it is asked for a sign of life would be waited for until
        that is given up.
        """
        super().start()
        self.child_conn.close()

    def target(self, sockets: list[socket] | None = None) -> None:
        """Serve, with signals as a new process has them: the supervisor's are not for workers."""
        for number in multiprocess.SIGNALS:
            signal.signal(number, signal.SIG_DFL)
        signal.signal(signal.SIGINT, signal.default_int_handler)
        with suppress(KeyboardInterrupt):
            super().target(sockets)


# uvicorn has no setting for it.
multiprocess.Process = Worker  # type: ignore[misc]
