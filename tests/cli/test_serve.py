"""myoflag serve: a real process on a real port."""

import json
import os
import socket
import subprocess
import sys
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from pathlib import Path

import httpx
import pytest
from typer.testing import CliRunner

from service.cli import main
from service.settings import shipped
from tests.cli.served import ROOT

SODIUM = (shipped("fhir_samples") / "hyponatremia-alcohol-use-disorder.json").read_bytes()
JSON = {"Content-Type": "application/json"}

run = CliRunner().invoke


Started = tuple[str, subprocess.Popen[str]]


@contextmanager
def started(**variables: str) -> Iterator[Started]:
    """The address of a service on a free port, and its process."""
    process = subprocess.Popen(
        [str(Path(sys.executable).with_name("myoflag")), "serve", "--port", "0"],
        env={"PATH": os.defpath, "PYTHONPATH": str(ROOT), **variables},
        stderr=subprocess.PIPE,
        text=True,
    )
    assert process.stderr is not None
    try:
        for line in map(json.loads, process.stderr):
            if line["event"] == "listening":
                break
        yield f"http://{line['host']}:{line['port']}", process
    finally:
        process.terminate()
        process.communicate(timeout=10)


@pytest.fixture(scope="module")
def server() -> Iterator[Started]:
    with started() as running:
        yield running


def logged(process: subprocess.Popen[str], status: int) -> str:
    """The next line about a request that was answered with a status."""
    assert process.stderr is not None
    return next(line for line in process.stderr if json.loads(line).get("status") == status)


def test_it_evaluates_over_http_and_logs_no_patient_data(
    server: tuple[str, subprocess.Popen[str]],
) -> None:
    address, process = server
    answer = httpx.post(
        f"{address}/fhir/$flag-causes?now=latest&includeEvidence=false",
        content=SODIUM,
        headers=JSON,
    )

    assert answer.status_code == 200
    assert answer.json()["entry"][0]["resource"]["resourceType"] == "Flag"
    assert "server" not in answer.headers
    line = json.loads(logged(process, 200))
    assert line["route"] == "/fhir/$flag-causes"
    assert set(line) == {"event", "level", "timestamp", "method", "route", "status", "ms"}


def test_a_path_that_names_a_patient_is_not_logged(
    server: tuple[str, subprocess.Popen[str]],
) -> None:
    address, process = server
    assert httpx.get(f"{address}/fhir/Patient?name=Doe").status_code == 404

    line = logged(process, 404)
    assert json.loads(line)["route"] == "none"
    assert "Doe" not in line


def test_a_body_that_is_too_large_is_refused_while_it_is_sent(
    server: tuple[str, subprocess.Popen[str]],
) -> None:
    address, _ = server
    host, _, port = address.removeprefix("http://").partition(":")
    with socket.create_connection((host, int(port)), timeout=10) as caller:
        caller.sendall(
            b"POST /fhir/$flag-causes HTTP/1.1\r\nHost: test\r\nContent-Type: application/json\r\n"
            b"Content-Length: 99999999999\r\n\r\n"
        )
        answer = caller.recv(200)

    assert answer.startswith(b"HTTP/1.1 413")


def test_requests_at_one_time_get_each_its_own_answer(
    server: tuple[str, subprocess.Popen[str]],
) -> None:
    address, _ = server

    def ask(body: bytes) -> bytes:
        url = f"{address}/fhir/$flag-causes?now=2026-06-01"
        return httpx.post(url, content=body, headers=JSON, timeout=30).content

    bodies = [sample.read_bytes() for sample in sorted(shipped("fhir_samples").glob("*.json"))]
    alone = list(map(ask, bodies))

    with ThreadPoolExecutor(8) as callers:
        assert list(callers.map(ask, bodies * 3)) == alone * 3


def test_a_caller_who_hangs_up_harms_nobody(server: tuple[str, subprocess.Popen[str]]) -> None:
    address, process = server
    host, _, port = address.removeprefix("http://").partition(":")
    with socket.create_connection((host, int(port)), timeout=10) as caller:
        caller.sendall(
            b"POST /fhir/$flag-causes HTTP/1.1\r\nHost: test\r\nContent-Type: application/json\r\n"
            b"Content-Length: 1000\r\n\r\n{"
        )

    assert httpx.get(f"{address}/healthz").status_code == 200
    assert process.poll() is None


def test_keys_are_added_and_revoked_while_it_runs(tmp_path: Path) -> None:
    file = tmp_path / "keys"
    site = {"MYOFLAG_API_KEYS_FILE": str(file)}

    def new_key(name: str) -> str:
        made = run(main, ["keys", "new", name], env=site)
        assert made.exit_code == 0, made.stderr
        return made.stdout.strip()

    old = new_key("engine-2026")
    with started(**site) as (address, process):

        def status(key: str) -> int:
            url = f"{address}/fhir/$flag-causes?now=latest"
            headers = {**JSON, "Authorization": f"Bearer {key}"}
            return httpx.post(url, content=SODIUM, headers=headers).status_code

        assert status(old) == 200
        new = new_key("engine-2027")
        assert (status(old), status(new)) == (200, 200)
        file.write_text(file.read_text().splitlines()[1] + "\n")
        assert (status(old), status(new)) == (401, 200)
        file.write_text("what an editor leaves by mistake")
        assert (status(old), status(new)) == (401, 200)
        file.write_text("")
        assert (status(old), status(new)) == (401, 401)

        process.terminate()
        assert process.stderr is not None
        lines = list(map(json.loads, process.stderr))
    names = [line.get("key_name") for line in lines if line["event"] == "request"]
    old_name, new_name = "engine-2026", "engine-2027"
    assert names == [old_name, old_name, new_name, None, new_name, None, new_name, None, None]
    (error,) = (line for line in lines if line["level"] == "error")
    assert error["faults"].startswith("line 1: ")
    assert old not in str(lines)
    assert new not in str(lines)


@pytest.mark.parametrize("content", [None, "broken\n"])
def test_it_does_not_start_with_a_key_file_that_is_broken_or_not_there(
    content: str | None, tmp_path: Path
) -> None:
    file = tmp_path / "keys"
    if content:
        file.write_text(content)

    result = run(main, ["serve"], env={"MYOFLAG_API_KEYS_FILE": str(file)})

    assert result.exit_code == 2
    assert str(file) in result.stderr


@pytest.mark.parametrize("host", ["0.0.0.0", "::", "192.0.2.1", "example.org"])
def test_beyond_loopback_it_starts_only_with_a_key(host: str) -> None:
    result = run(main, ["serve", "--host", host])

    assert result.exit_code == 2
    assert "MYOFLAG_API_KEYS_FILE" in result.stderr
    assert "--without-authentication" in result.stderr


def test_the_host_setting_needs_a_key_as_the_option_does() -> None:
    result = run(main, ["serve"], env={"MYOFLAG_HOST": "0.0.0.0"})

    assert result.exit_code == 2


def test_a_port_that_is_taken_is_told_with_exit_code_4() -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        result = run(main, ["serve", "--port", str(port)])

    assert result.exit_code == 4
    assert f"Can not listen on 127.0.0.1 port {port}" in result.stderr


@pytest.mark.parametrize("port", ["-1", "65536", "http"])
def test_a_port_that_can_not_be_is_a_usage_error(port: str) -> None:
    assert run(main, ["serve", "--port", port]).exit_code == 2
