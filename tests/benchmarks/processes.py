"""Servers in processes of their own: how soon they are ready, what they serve, what they hold."""

import socket
import subprocess
import sys
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from time import perf_counter, sleep
from typing import NamedTuple

import httpx

from tests.memory import resident_kilobytes

#: Of a server that answers nothing yet, the next try comes after so many seconds.
_BETWEEN_TRIES = 0.005


class Server(NamedTuple):
    """A server that answers, and how many seconds it took from the start of its process."""

    address: str
    process: subprocess.Popen[bytes]
    ready_after: float


def myoflag(port: int, workers: int) -> list[str]:
    """The command that starts Myoflag."""
    program = Path(sys.executable).with_name("myoflag")
    return [str(program), "serve", "--port", str(port), "--workers", str(workers)]


def other(app: str, port: int, workers: int) -> list[str]:
    """The command that starts an application of tests.benchmarks.apps."""
    return [
        *(sys.executable, "-m", "uvicorn", f"tests.benchmarks.apps:{app}"),
        *("--port", str(port), "--workers", str(workers), "--no-access-log"),
        *("--log-level", "warning"),
    ]


@contextmanager
def served(command: Sequence[str], port: int, path: str) -> Iterator[Server]:
    """Starts a server, waits until it answers at `path`, and stops it in the end."""
    started = perf_counter()
    with subprocess.Popen(command, stderr=subprocess.DEVNULL) as process:
        try:
            address = f"http://127.0.0.1:{port}"
            while not _answers(f"{address}{path}"):
                if process.poll() is not None:
                    raise RuntimeError(f"{command[0]} ended with {process.returncode}")
                sleep(_BETWEEN_TRIES)
            yield Server(address, process, perf_counter() - started)
        finally:
            process.terminate()


def _answers(url: str) -> bool:
    try:
        return httpx.get(url, timeout=5).status_code < 500
    except httpx.TransportError:
        return False


def free_port() -> int:
    """A port that nothing listens on just now."""
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port: int = taken.getsockname()[1]
        return port


def memory(process: int) -> list[int]:
    """Resident kilobytes of a server's workers; of the process itself where it has none."""
    listed = Path(f"/proc/{process}/task/{process}/children")
    workers = [int(child) for child in listed.read_text().split()] if listed.exists() else []
    return sorted(resident_kilobytes(worker) for worker in workers or [process])
