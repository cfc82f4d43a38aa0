"""The client of the benchmark counts what it should."""

import socket
from collections.abc import Iterator
from threading import Thread

import pytest

from tests.benchmarks.load import load


@pytest.fixture
def listener() -> Iterator[socket.socket]:
    with socket.create_server(("127.0.0.1", 0)) as opened:
        yield opened


def address(listener: socket.socket) -> str:
    return f"http://127.0.0.1:{listener.getsockname()[1]}/path?query=1"


def answering(listener: socket.socket, *answers: bytes) -> Thread:
    """A server of one connection that answers each request, and hangs up after the last."""

    def run() -> None:
        caller, _ = listener.accept()
        with caller:
            for answer in answers:
                sent = b""
                while not sent.endswith(b"\r\n\r\nbody"):
                    sent += caller.recv(1000)
                assert sent.startswith(b"POST /path?query=1 HTTP/1.1\r\n")
                caller.sendall(answer)

    thread = Thread(target=run)
    thread.start()
    return thread


def test_refusals_are_counted_beside_the_requests(listener: socket.socket) -> None:
    served = answering(
        listener,
        b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\n{}",
        b"HTTP/1.1 429 Too Many Requests\r\nContent-Length: 0\r\n\r\n",
        b"HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n",
    )
    measured = load(address(listener), b"body", connections=1, requests=3)
    served.join()
    assert (measured.requests, measured.refused) == (3, 1)
    assert 0 < measured.median <= measured.p99 <= measured.seconds


def test_a_server_that_hangs_up_ends_the_load(listener: socket.socket) -> None:
    served = answering(listener, b"HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n", b"")
    with pytest.raises(ConnectionError):
        load(address(listener), b"body", connections=1, requests=3)
    served.join()
