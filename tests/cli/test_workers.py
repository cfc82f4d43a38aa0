"""myoflag serve with worker processes: replaced when they die or have served enough, drained."""

import os
import signal
import socket
from collections.abc import Iterator
from functools import partial

import pytest
import uvicorn
from uvicorn.config import STARTUP_FAILURE
from uvicorn.supervisors.multiprocess import SIGNALS

from service.cli.workers import Worker, Workers
from service.settings import shipped
from tests.cli.served import Served, serving

SAMPLE = (shipped("fhir_samples") / "hyponatremia-alcohol-use-disorder.json").read_bytes()
SECRETS = {
    "MYOFLAG_SITE_KEY": "a-site-key-nobody-may-see",
    "MYOFLAG_SERVER_LOGIN": "bearer a-token-nobody-may-see",
}


def workers_of(served: Served) -> set[int]:
    return {pid for pid, line in served.offspring().items() if "myoflag serve" in line}


@pytest.fixture(scope="module")
def two() -> Iterator[Served]:
    with serving("--workers", "2") as served:
        yield served


def test_workers_answer_as_one_process_does(two: Served) -> None:
    with serving() as alone:
        expected = alone.post(SAMPLE, now="2026-06-01").content

    assert two.get("/readyz").json()["status"] == "ready"
    assert [two.post(SAMPLE, now="2026-06-01").content for _ in range(6)] == [expected] * 6


def test_a_worker_that_is_killed_is_replaced_and_callers_are_answered(two: Served) -> None:
    assert two.get("/readyz").status_code == 200
    before = workers_of(two)
    killed = min(before)
    os.kill(killed, signal.SIGKILL)

    assert two.logged("Child process")["event"] == f"Child process [{killed}] died"
    assert two.get("/healthz").status_code == 200
    while len(workers_of(two) - {killed}) < len(before):
        pass  # it is told before the other one is there
    assert len(before) == 2


def test_no_secret_is_on_a_command_line() -> None:
    with serving("--workers", "2", MYOFLAG_LARGE_BODY_BYTES="1", **SECRETS) as served:
        assert served.post(SAMPLE).status_code == 200
        lines = " ".join(served.offspring().values())

    assert "spawn_main" in lines
    assert "nobody-may-see" not in lines


def test_a_worker_that_has_answered_enough_requests_is_replaced() -> None:
    with serving(MYOFLAG_WORKER_REQUESTS="3") as served:
        for _ in range(2):
            assert served.get("/healthz").status_code == 200
        (first,) = workers_of(served)
        assert served.get("/healthz").status_code == 200
        assert served.logged("Child process")["event"] == f"Child process [{first}] died"
        assert served.get("/healthz").status_code == 200
        (second,) = workers_of(served)

    assert second != first


@pytest.mark.parametrize("options", [(), ("--workers", "2")])
def test_a_request_in_flight_is_answered_after_the_service_was_told_to_end(
    options: tuple[str, ...],
) -> None:
    with serving(*options) as served:
        expected = served.post(SAMPLE, now="2026-06-01").content
        with socket.create_connection((served.host, served.port), timeout=60) as caller:
            caller.sendall(
                b"POST /fhir/$flag-causes?now=2026-06-01 HTTP/1.1\r\nHost: test\r\n"
                b"Content-Type: application/json\r\nExpect: 100-continue\r\n"
                b"Content-Length: %d\r\n\r\n" % len(SAMPLE)
            )
            assert caller.recv(100).startswith(b"HTTP/1.1 100")
            served.process.terminate()
            while is_open(served):
                pass  # until no probe finds it ready, and no caller reaches it
            caller.sendall(SAMPLE)
            answer = b"".join(iter(lambda: caller.recv(65536), b""))

    head, _, body = answer.partition(b"\r\n\r\n")
    assert head.startswith(b"HTTP/1.1 200")
    assert body == expected
    assert served.process.returncode in {0, -signal.SIGTERM}


def is_open(served: Served) -> bool:
    try:
        socket.create_connection((served.host, served.port), timeout=60).close()
    except OSError:
        return False
    return True


def test_what_is_not_answered_in_time_is_cut_off() -> None:
    with (
        serving(MYOFLAG_DRAIN_SECONDS="1") as served,
        socket.create_connection((served.host, served.port), timeout=60) as caller,
    ):
        caller.sendall(
            b"POST /fhir/$flag-causes HTTP/1.1\r\nHost: test\r\n"
            b"Content-Type: application/json\r\nExpect: 100-continue\r\n"
            b"Content-Length: 1000\r\n\r\n"
        )
        assert caller.recv(100).startswith(b"HTTP/1.1 100")
        served.process.terminate()

        assert served.process.wait(timeout=60) == -signal.SIGTERM


@pytest.fixture
def handlers() -> Iterator[None]:
    """Signals are handled as before when the test is over: the supervisor takes them all."""
    handled = {number: signal.getsignal(number) for number in SIGNALS}
    yield
    for number, handler in handled.items():
        signal.signal(number, handler)


@pytest.mark.usefixtures("handlers")
def test_workers_that_can_not_start_end_the_service() -> None:
    with socket.create_server(("127.0.0.1", 0)) as listener:
        config = uvicorn.Config(failing, factory=True, workers=2, log_config=None)
        workers = Workers(config, sockets=[listener])
        workers.run()

    assert workers.failed()


def failing() -> None:
    raise SystemExit(STARTUP_FAILURE)


@pytest.mark.usefixtures("handlers")
@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGHUP])
def test_a_worker_that_is_told_to_end_while_it_starts_ends(number: signal.Signals) -> None:
    with socket.create_server(("127.0.0.1", 0)) as listener:
        config = uvicorn.Config(partial(signal.raise_signal, number), factory=True, workers=1)
        Workers(config, sockets=[listener])
        worker = Worker(config, sockets=[listener])
        worker.start()
        worker.join()

    assert worker.exitcode == -number
