"""What a sender put into a request never comes out where it was not asked for.

Marked names and values stand in every element of real bundles, in the URL and in headers, and
take every way to fail that there is. They may not be in a refusal, in what an answer says of the
request, in the log, or in what the command line prints beside its answers. Flags, and the
resources that come back, repeat what they are made of: that is what they are for.
"""

import json
import socket
import subprocess
import sys
from collections.abc import Iterator
from datetime import datetime, timedelta, tzinfo
from pathlib import Path
from typing import Any, NoReturn

import httpx
import pytest
from fastapi import FastAPI
from msgspec import structs
from typer.testing import CliRunner

from service import keys, logs
from service.api.app import create_app
from service.api.limits import Limits
from service.cli import exits, main
from service.evaluation import Site
from service.record import Record
from service.settings import shipped
from tests.api.client import FHIR_JSON, FLAG_CAUSES, call

ROOT = Path(__file__).parents[1]
MARK = "Zebra"
NUMBER = "7707317"

SAMPLES = [
    (shipped("fhir_samples") / f"{name}.json").read_bytes()
    for name in ("dialysis-and-gabapentin", "messy-units")
]

#: What says how the rest is to be read; with a mark in these, little of the rest is.
_STRUCTURE = {"resourceType", "system", "status", "type", "code"}


def told(text: str) -> bool:
    return MARK.lower() in text.lower() or NUMBER in text


def leaves(node: Any, name: str = "") -> Iterator[tuple[Any, Any, str]]:  # noqa: ANN401 - JSON
    """Texts and numbers: what is around each, its key or index there, and its element's name."""
    keys = node if isinstance(node, dict) else range(len(node)) if isinstance(node, list) else ()
    for key in keys:
        here = key if isinstance(key, str) else name
        if isinstance(node[key], dict | list):
            yield from leaves(node[key], here)
        else:
            yield node, key, here


def marked(body: bytes) -> bytes:
    """A body with a mark in every text that does not tell how to read the others."""
    document = json.loads(body)
    for holder, key, name in leaves(document):
        value = holder[key]
        if isinstance(value, str) and name not in _STRUCTURE and not value[:4].isdigit():
            holder[key] = f"{value}{MARK}"
    return json.dumps(document).encode()


def each_marked(body: bytes) -> Iterator[bytes]:
    """The body with a mark, as text and as number, in place of one element after another.

    Of elements with one name in objects that have the same names the first is enough.
    """
    document = json.loads(body)
    met = set()
    for holder, key, name in leaves(document):
        kind = (name, *sorted(holder)) if isinstance(holder, dict) else (name,)
        if kind in met:
            continue
        met.add(kind)
        kept = holder[key]
        for mark in (MARK, int(NUMBER)):
            holder[key] = mark
            yield json.dumps(document).encode()
        holder[key] = kept


def broken(body: bytes) -> Iterator[bytes]:
    """A marked body as it is when it is not JSON any more, or not what it seems."""
    for at in range(1, len(body), len(body) // 25):
        yield body[:at]
        yield body[:at] + b"\xff" + body[at:]
        yield body[:at] + b"\\ud800" + body[at:]
    yield body.replace(b'"value"', b'"value": "Zebra", "value"')
    yield body.replace(b'"id"', b'"id": "Zebra", "id"')
    yield body.replace(b'"resourceType": "', b'"resourceType": "Zebra')
    yield body.decode().encode("utf-16")
    yield b"\x1f\x8b" + body
    yield b'["Zebra' + b"[" * 100
    yield b'"Zebra"'
    yield b'{"resourceType": "Parameters", "parameter": [{"name": "Zebra", "valueCode": "Zebra"}]}'
    for name in ("now", "includeEvidence", "explain", "resource"):
        yield (
            b'{"resourceType": "Parameters", "parameter": [{"name": "%s", "valueString": "Zebra"}, '
            b'{"name": "resource", "resource": %s}]}' % (name.encode(), body)
        )
    yield b'{"resourceType": "Practitioner", "id": "Zebra"}'
    yield b'{"id": "Zebra"}'


def said(answer: httpx.Response) -> str:
    """What an answer says beside the flags: all of a refusal, and an OperationOutcome's issues."""
    headers = str(answer.headers)
    if not answer.is_success:
        return headers + answer.text
    outcomes = [
        entry["resource"]
        for entry in answer.json()["entry"]
        if entry["resource"]["resourceType"] == "OperationOutcome"
    ]
    return headers + json.dumps(outcomes)


def ask(app: FastAPI, body: bytes, query: str = "now=latest", **headers: str) -> httpx.Response:
    return call(
        app,
        "POST",
        f"{FLAG_CAUSES}?{query}",
        content=body,
        headers={"Content-Type": FHIR_JSON, **headers},
    )


@pytest.mark.parametrize("sample", SAMPLES)
@pytest.mark.parametrize("prefer", ["handling=lenient", "handling=strict"])
def test_no_element_is_repeated_where_something_is_wrong_with_it(
    app: FastAPI, sample: bytes, prefer: str, capfd: pytest.CaptureFixture[str]
) -> None:
    logs.configure("debug")
    refused = 0
    for body in (marked(sample), *each_marked(sample)):
        answer = ask(app, body, Prefer=prefer)
        assert answer.status_code < 500
        refused += not answer.is_success
        assert not told(said(answer)), said(answer)
    assert refused > (20 if "strict" in prefer else 0)
    assert not told("".join(capfd.readouterr()))


def test_what_is_no_fhir_is_refused_without_repeating_it(
    app: FastAPI, capfd: pytest.CaptureFixture[str]
) -> None:
    logs.configure("debug")
    for body in broken(marked(SAMPLES[0])):
        for prefer in ("handling=lenient", "handling=strict"):
            answer = ask(app, body, Prefer=prefer)
            assert answer.status_code < 500
            assert not told(said(answer)), said(answer)
    assert not told("".join(capfd.readouterr()))


@pytest.mark.parametrize(
    ("method", "path"),
    [
        ("GET", "/fhir/Patient/Zebra?name=Zebra"),
        ("GET", "/Zebra"),
        ("ZEBRA", FLAG_CAUSES),
        ("GET", f"{FLAG_CAUSES}?name=Zebra"),
        ("POST", f"{FLAG_CAUSES}?now=Zebra"),
        ("POST", f"{FLAG_CAUSES}?Zebra=1"),
        ("POST", f"{FLAG_CAUSES}?now=2026&now=Zebra"),
        ("POST", f"{FLAG_CAUSES}?includeEvidence=Zebra"),
        ("POST", f"{FLAG_CAUSES}?explain=Zebra"),
        ("POST", f"{FLAG_CAUSES}?_format=Zebra"),
        ("GET", "/rules?kind=Zebra"),
        ("GET", "/rules?Zebra=1"),
        ("GET", "/rules/Zebra"),
        ("GET", "/fhir/metadata?_format=Zebra"),
    ],
)
def test_no_address_is_repeated(
    app: FastAPI, method: str, path: str, capfd: pytest.CaptureFixture[str]
) -> None:
    logs.configure("debug")

    answer = call(app, method, path, content=b"{}", headers={"Content-Type": FHIR_JSON})

    assert answer.status_code < 500
    assert not told(str(answer.headers) + answer.text)
    assert not told("".join(capfd.readouterr()))


@pytest.mark.parametrize(
    "header",
    [
        "Accept",
        "Accept-Encoding",
        "Accept-Language",
        "Authorization",
        "Content-Encoding",
        "Content-Type",
        "Cookie",
        "Forwarded",
        "Host",
        "If-None-Match",
        "Origin",
        "Prefer",
        "Referer",
        "User-Agent",
        "X-API-Key",
        "X-Correlation-Id",
        "X-Forwarded-For",
        "X-Patient",
        "X-Request-Id",
    ],
)
@pytest.mark.parametrize("value", ["Zebra", "Bearer Zebra", "application/Zebra; q=Zebra"])
@pytest.mark.parametrize("guarded", [False, True])
def test_no_header_is_repeated(
    site: Site,
    header: str,
    value: str,
    guarded: bool,
    tmp_path: Path,
    capfd: pytest.CaptureFixture[str],
) -> None:
    logs.configure("debug")
    keys.append(tmp_path / "keys", keys.kept("ehr", keys.make()))
    keyring = keys.Keyring(tmp_path / "keys") if guarded else None

    answer = ask(create_app(site, keyring), SAMPLES[0], **{header: value})

    assert answer.status_code < 500
    assert not told(said(answer))
    assert not told("".join(capfd.readouterr()))


class BrokenEngine:
    """An engine that fails as a careless one would: with all that it was given."""

    def assess(self, record: Record) -> NoReturn:
        raise ValueError(f"can not assess {record!r}")

    def explain(self, record: Record, cause: str) -> NoReturn:
        raise KeyError(record, cause)


class BrokenZone(tzinfo):
    """A time zone that fails on each time that it is asked of."""

    def utcoffset(self, when: datetime | None) -> timedelta | None:
        raise ValueError(f"{MARK} {when}")

    def dst(self, when: datetime | None) -> timedelta | None:
        return self.utcoffset(when)

    def tzname(self, when: datetime | None) -> str | None:
        raise ValueError(f"{MARK} {when}")


class BrokenBase(str):
    """A base that fails where an address is made of it."""

    __slots__ = ()

    def __format__(self, spec: str) -> str:
        raise RuntimeError(MARK)


@pytest.mark.parametrize(
    ("part", "instead"),
    [
        ("engine", BrokenEngine()),
        ("zone", BrokenZone()),
        ("base", BrokenBase()),
        ("site_key", MARK),
    ],
)
@pytest.mark.parametrize("query", ["now=latest", "now=latest&explain=true"])
def test_no_failure_inside_is_told_with_its_message(
    site: Site, part: str, instead: object, query: str, capfd: pytest.CaptureFixture[str]
) -> None:
    logs.configure("debug")
    failing = create_app(structs.replace(site, **{part: instead}))
    body = marked(SAMPLES[0]).replace(b'Z"', b'"').replace(b"-05:00", b"")

    answer = ask(failing, body, query)

    assert answer.status_code == 500
    assert not told(said(answer))
    captured = "".join(capfd.readouterr())
    assert "request failed inside" in captured
    assert not told(captured)


def test_no_limit_is_told_with_what_passed_it(
    site: Site, capfd: pytest.CaptureFixture[str]
) -> None:
    logs.configure("debug")
    body = marked(SAMPLES[0])
    statuses = set()
    for small, limits in (
        (structs.replace(site, max_body_bytes=100), Limits()),
        (structs.replace(site, max_entries=1), Limits()),
        (structs.replace(site, max_depth=3), Limits()),
        (structs.replace(site, max_text_bytes=8), Limits()),
        (site, Limits(evaluation_seconds=1e-9)),
        (site, Limits(in_flight=0)),
    ):
        # Strict handling, since a small body is evaluated at once where nothing takes long.
        app = create_app(small, limits=limits)
        answer = ask(app, body, Prefer="handling=strict")
        statuses.add(answer.status_code)
        assert not told(said(answer))
    assert statuses == {400, 413, 429, 504}
    assert not told("".join(capfd.readouterr()))


@pytest.mark.parametrize(
    ("arguments", "inputs"),
    [
        (["evaluate"], 100),
        (["evaluate", "--strict", "--format", "ndjson"], 100),
        (["evaluate", "--strict", "--format", "json"], 1),
        (["explain"], 1),
        (["explain", "--format", "json"], 1),
    ],
)
def test_the_command_repeats_nothing_of_what_it_refuses(
    app: FastAPI, arguments: list[str], inputs: int, tmp_path: Path
) -> None:
    refused = [body for body in broken(marked(SAMPLES[0])) if not ask(app, body).is_success]
    for number, body in enumerate(refused[:inputs]):
        (tmp_path / f"{number}.json").write_bytes(body)
    files = map(str, sorted(tmp_path.iterdir()))

    result = CliRunner().invoke(main, [*arguments, *files])

    assert result.exit_code == exits.REFUSED
    assert not told(result.stdout), result.stdout
    assert not told(result.stderr)


@pytest.mark.parametrize("arguments", [["evaluate"], ["evaluate", "--format=json"], ["explain"]])
def test_the_command_tells_no_failure_with_its_message(
    arguments: list[str], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    file = tmp_path / "bundle.json"
    file.write_bytes(marked(SAMPLES[0]))
    monkeypatch.setattr("service.evaluation.Engine", lambda _: BrokenEngine())

    result = CliRunner().invoke(main, [*arguments, str(file)])

    assert result.exit_code == exits.INSIDE
    assert not told(result.output)
    assert not told(result.stderr)


def test_a_real_process_writes_nothing_of_what_comes_in() -> None:
    """Below the application too: requests that are no HTTP, and callers who hang up."""
    process = subprocess.Popen(
        [sys.executable, "-c", "from service.cli import main; main()", "serve", "--port", "0"],
        env={"MYOFLAG_LOG_LEVEL": "debug", "MYOFLAG_MAX_BODY_SECONDS": "0.2"},
        cwd=ROOT,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )
    assert process.stderr is not None
    try:
        lines = iter(process.stderr.readline, "")
        listening = next(line for line in map(json.loads, lines) if line["event"] == "listening")
        address = (listening["host"], listening["port"])
        body = marked(SAMPLES[0])
        head = b"POST /fhir/$flag-causes HTTP/1.1\r\nHost: Zebra\r\nX-Patient: Zebra\r\n"
        slow = head + b"Content-Type: application/json\r\nContent-Length: 9999\r\n\r\n" + body[:50]
        for sent, status in (
            (b"Zebra\r\n\r\n", b"400"),
            (b"GET /Zebra\x00 HTTP/1.1\r\n\r\n", b"400"),
            (b"GET / HTTP/1.1\r\nHost: x\r\nContent-Length: Zebra\r\n\r\n", b"400"),
            (head + b"Content-Type: Zebra\r\nContent-Length: 5\r\n\r\nZebra", b"415"),
            (slow, b"408"),
        ):
            with socket.create_connection(address, timeout=20) as caller:
                caller.sendall(sent)
                answer = caller.recv(4000)
            assert answer.startswith(b"HTTP/1.1 " + status), answer
            assert not told(answer.decode())
        with socket.create_connection(address, timeout=20) as caller:
            caller.sendall(slow)
        base = f"http://{address[0]}:{address[1]}"
        assert httpx.get(f"{base}/Zebra", headers={"X-Request-Id": MARK}).status_code == 404
        assert httpx.post(f"{base}{FLAG_CAUSES}", content=body).status_code == 415
    finally:
        process.terminate()
        out, err = process.communicate(timeout=20)
    assert not told(out)
    assert '"status": 404' in err
    assert not told(err)


def test_a_mark_that_comes_out_is_noticed(app: FastAPI) -> None:
    answer = ask(app, marked(SAMPLES[0]))

    assert answer.is_success
    assert told(answer.text)
