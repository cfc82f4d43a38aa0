"""A real `myoflag serve`, of this checkout, on a free port."""

import json
import os
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import NamedTuple

import httpx

ROOT = Path(__file__).parents[2]


class Served(NamedTuple):
    """A service that runs, and its process; with workers, the one that watches them."""

    host: str
    port: int
    process: subprocess.Popen[str]

    @property
    def address(self) -> str:
        return f"http://{self.host}:{self.port}"

    def get(self, path: str) -> httpx.Response:
        return httpx.get(f"{self.address}{path}", timeout=60)

    def post(self, body: bytes, **parameters: str) -> httpx.Response:
        """The answer to a body; `parameters` are those of the query."""
        return httpx.post(
            f"{self.address}/fhir/$flag-causes",
            content=body,
            params=parameters,
            headers={"Content-Type": "application/json"},
            timeout=120,
        )

    def logged(self, event: str) -> dict[str, object]:
        """The next log line of an event whose text begins so; waits for it."""
        assert self.process.stderr is not None
        lines = map(json.loads, self.process.stderr)
        return next(line for line in lines if line["event"].startswith(event))

    def offspring(self) -> dict[int, str]:
        """The processes below the service's, by their ids, each with its command line."""
        command = ["ps", "-A", "-ww", "-o", "pid=,ppid=,command="]
        told = subprocess.run(command, check=True, capture_output=True, text=True).stdout
        rows = [line.split(maxsplit=2) for line in told.splitlines()]
        parents = {int(pid): int(parent) for pid, parent, *_ in rows}
        lines = {int(pid): " ".join(line) for pid, _, *line in rows}
        return {pid: lines[pid] for pid in parents if self.process.pid in _above(pid, parents)}


def _above(pid: int, parents: dict[int, int]) -> set[int]:
    found: set[int] = set()
    while (pid := parents.get(pid, 0)) and pid not in found:
        found.add(pid)
    return found


@contextmanager
def serving(*options: str, **variables: str) -> Iterator[Served]:
    """A service that was started with these options and environment variables."""
    process = subprocess.Popen(
        [str(Path(sys.executable).with_name("myoflag")), "serve", "--port", "0", *options],
        env={"PATH": os.defpath, "PYTHONPATH": str(ROOT)} | variables,
        stderr=subprocess.PIPE,
        text=True,
    )
    assert process.stderr is not None
    try:
        lines = map(json.loads, process.stderr)
        line = next(line for line in lines if line["event"] == "listening")
        yield Served(line["host"], line["port"], process)
    finally:
        process.terminate()
        process.communicate(timeout=60)
