"""A bounded load over HTTP: so many connections, each with one request under way at a time.

Written on asyncio's protocols, since the client shares the machine with what it measures:
clients that are made for people, such as httpx, take longer to send 55 KB than is taken here
to evaluate them.
"""

import asyncio
from collections.abc import Iterator
from itertools import repeat
from statistics import quantiles
from time import perf_counter
from typing import NamedTuple, cast
from urllib.parse import urlsplit

import httptools
import uvloop


class Load(NamedTuple):
    """What a load met: seconds, of the whole and of single requests, and how many were refused."""

    requests: int
    refused: int
    seconds: float
    median: float
    p99: float

    @property
    def rate(self) -> float:
        """Requests in a second."""
        return self.requests / self.seconds


def load(url: str, body: bytes, connections: int, requests: int) -> Load:
    """POSTs a body so many times in all over so many connections, and waits for every answer.

    ConnectionError: the server hung up before its answer.
    """
    with asyncio.Runner(loop_factory=uvloop.new_event_loop) as runner:
        return runner.run(_load(url, body, connections, requests))


async def _load(url: str, body: bytes, connections: int, requests: int) -> Load:
    address = urlsplit(url)
    path = f"{address.path}?{address.query}" if address.query else address.path
    head = (
        f"POST {path} HTTP/1.1\r\nHost: {address.netloc}\r\nAccept: */*\r\n"
        f"Content-Type: application/fhir+json\r\nContent-Length: {len(body)}\r\n\r\n"
    )
    request = head.encode() + body
    running = asyncio.get_running_loop()
    callers = [
        (await running.create_connection(_Caller, address.hostname or "", address.port or 80))[1]
        for _ in range(connections)
    ]
    # One iterator for all: who is free takes the next.
    tickets = repeat(request, requests)
    started = perf_counter()
    await asyncio.gather(*(caller.run(tickets) for caller in callers))
    seconds = perf_counter() - started
    for caller in callers:
        caller.close()
    times = [taken for caller in callers for taken in caller.times]
    cuts = quantiles(times, n=100, method="inclusive")
    refused = sum(caller.refused for caller in callers)
    return Load(requests, refused, seconds, cuts[49], cuts[98])


class _Caller(asyncio.Protocol):
    """One connection; `times` are the seconds that each of its requests took."""

    def __init__(self) -> None:
        self.times: list[float] = []
        self.refused = 0

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        # uvloop's transports do what asyncio's do, and are none.
        self._transport = cast(asyncio.WriteTransport, transport)
        self._parser = httptools.HttpResponseParser(self)

    def data_received(self, data: bytes) -> None:
        self._parser.feed_data(data)

    def on_message_complete(self) -> None:
        self.refused += self._parser.get_status_code() != 200
        self._answered.set_result(None)

    def connection_lost(self, exc: Exception | None) -> None:
        if not self._answered.done():
            self._answered.set_exception(exc or ConnectionError("hung up before the answer"))

    async def run(self, tickets: Iterator[bytes]) -> None:
        for request in tickets:
            self._answered = asyncio.get_running_loop().create_future()
            started = perf_counter()
            self._transport.write(request)
            await self._answered
            self.times.append(perf_counter() - started)

    def close(self) -> None:
        self._transport.close()
