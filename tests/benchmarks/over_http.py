"""What one machine serves: Myoflag, a bare server, and FHIR models for everything, in turn."""

from collections.abc import Iterator, Sequence
from statistics import median
from typing import NamedTuple

from tests.benchmarks.bundles import bundle
from tests.benchmarks.load import Load, load
from tests.benchmarks.processes import free_port, memory, myoflag, other, served

_CONNECTIONS = 16

#: Requests before those that count: what a server prepares upon its first is there.
_WARM = 100


class Contender(NamedTuple):
    """A server under load; `share` is how many of the requests it gets, 1 for all of them."""

    name: str
    app: str
    path: str
    ready: str
    share: float = 1

    def command(self, port: int, workers: int) -> list[str]:
        return other(self.app, port, workers) if self.app else myoflag(port, workers)


CONTENDERS = (
    Contender("bare uvicorn: reads the body, answers {}", "bare", "/", "/", 4),
    Contender("Myoflag", "", "/fhir/$flag-causes", "/readyz"),
    Contender("FastAPI, whole Bundle through fhir.resources", "whole_models", "/", "/docs", 0.05),
)


class Served(NamedTuple):
    """What a server did under load, and the resident kB of each of its workers after it."""

    name: str
    workers: int
    load: Load
    memory: Sequence[int]


def serve(workers: int, requests: int) -> Iterator[Served]:
    """Each contender in turn, under the same bundle of 50 Observations of an ill patient."""
    body = bundle(50)
    for contender in CONTENDERS:
        port = free_port()
        with served(contender.command(port, workers), port, contender.ready) as server:
            url = f"{server.address}{contender.path}"
            load(url, body, _CONNECTIONS, min(_WARM, requests))
            measured = load(url, body, _CONNECTIONS, max(2, int(requests * contender.share)))
            yield Served(contender.name, workers, measured, memory(server.process.pid))


def ready_after(workers: int, starts: int) -> float:
    """Seconds from the start of Myoflag's process until it is ready: the median of some starts."""
    taken = []
    for _ in range(starts):
        port = free_port()
        with served(myoflag(port, workers), port, "/readyz") as server:
            taken.append(server.ready_after)
    return median(taken)
