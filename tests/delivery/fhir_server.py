"""A FHIR server in a process of its own, which behaves or misbehaves as its base address says.

`python tests/delivery/fhir_server.py` prints two ports, of two servers for one: what comes to the
second came to another origin. The base address http://127.0.0.1:PORT/BEHAVIOR/RUN/fhir says how it
behaves, once for each RUN; GET /asked/RUN tells what came, to either port.
"""

import gzip
import json
import threading
from collections import defaultdict
from collections.abc import Callable
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any, NamedTuple
from urllib.parse import parse_qs, urlsplit

PATIENT = "marked-4711"
#: Stands in all that a server says wrongly: nothing of it may be repeated.
MARK = "Marked Name of a Patient"

FHIR = "application/fhir+json; charset=utf-8"
Body = dict[str, Any]


class Asked(NamedTuple):
    """One request: its port, "first" or "second", its path below the base, query and headers."""

    port: str
    kind: str
    query: dict[str, list[str]]
    headers: dict[str, str]


class Answer(NamedTuple):
    status: int = 200
    body: bytes = b""
    type: str | None = FHIR
    headers: tuple[tuple[str, str], ...] = ()
    claimed: int | None = None  # Content-Length where it is not the body's


#: What is asked, and how often it was before; None: the usual answer. "hang" and "close"
#: are no answers at all.
Behavior = Callable[["Request"], Answer | str | None]


class Request(NamedTuple):
    base: str
    elsewhere: str
    kind: str
    query: dict[str, list[str]]
    before: int


def page(entries: list[Body], links: list[Body] | None = None, **more: Any) -> Answer:  # noqa: ANN401
    bundle = {"resourceType": "Bundle", "type": "searchset", "entry": entries}
    return Answer(body=json.dumps(bundle | {"link": links or []} | more).encode())


def entry(resource: Body, mode: str = "match", base: str = "https://public.example/fhir") -> Body:
    url = f"{base}/{resource['resourceType']}/{resource['id']}"
    return {"fullUrl": url, "resource": resource, "search": {"mode": mode}}


def sodium(number: int, value: float = 140, patient: str = PATIENT) -> Body:
    code = {"system": "http://loinc.org", "code": "2951-2"}
    return {
        "resourceType": "Observation",
        "id": f"sodium-{number}",
        "status": "final",
        "code": {"coding": [code]},
        "subject": {"reference": f"Patient/{patient}"},
        "effectiveDateTime": f"2026-05-01T08:{number % 60:02}:00Z",
        "valueQuantity": {
            "value": value,
            "system": "http://unitsofmeasure.org",
            "code": "mmol/L",
        },
    }


SUBJECT = {"reference": f"Patient/{PATIENT}"}
JERKS = {"system": "http://snomed.info/sct", "code": "17450006"}
GABAPENTIN = {"system": "http://www.nlm.nih.gov/research/umls/rxnorm", "code": "25480"}

#: Of the one result that is low.
WITHDRAWN: Body = {
    "resourceType": "DiagnosticReport",
    "id": "gone",
    "status": "entered-in-error",
    "subject": SUBJECT,
    "result": [{"reference": "Observation/sodium-5"}],
}

RECORD: dict[str, list[Body]] = {
    "Patient": [
        entry({"resourceType": "Patient", "id": PATIENT, "birthDate": "1950-01-01", "name": []})
    ],
    "Observation": [entry(sodium(number, 118 if number == 5 else 140)) for number in range(6)],
    "Condition": [
        entry(
            {
                "resourceType": "Condition",
                "id": "jerks",
                "code": {"coding": [JERKS]},
                "subject": SUBJECT,
                "recordedDate": "2026-05-01",
            }
        )
    ],
    "DiagnosticReport": [],
    "MedicationRequest": [
        entry(
            {
                "resourceType": "MedicationRequest",
                "id": "request",
                "status": "active",
                "intent": "order",
                "medicationReference": {"reference": "Medication/gabapentin"},
                "subject": SUBJECT,
                "authoredOn": "2026-04-28",
            }
        ),
        entry(
            {
                "resourceType": "Medication",
                "id": "gabapentin",
                "code": {"coding": [GABAPENTIN], "text": "Gabapentin"},
            },
            "include",
        ),
    ],
    "MedicationStatement": [],
    "MedicationAdministration": [],
}
del RECORD["Patient"][0]["resource"]["name"]


def capability(**types: Body | None) -> Answer:
    """The CapabilityStatement; a type that is given as None is not offered."""
    offered = {
        kind: {"interaction": [{"code": "read"}, {"code": "search-type"}]} for kind in RECORD
    }
    resources = [
        {"type": kind} | more for kind, more in (offered | types).items() if more is not None
    ]
    statement = {
        "resourceType": "CapabilityStatement",
        "rest": [{"mode": "client", "resource": []}, {"mode": "server", "resource": resources}],
    }
    return Answer(body=json.dumps(statement).encode())


def usual(request: Request) -> Answer:
    if request.kind == "metadata":
        return capability()
    return page(RECORD[request.kind])


def outcome(severity: str, code: str) -> Body:
    issue = {"severity": severity, "code": code, "diagnostics": MARK, "details": {"text": MARK}}
    return {"resourceType": "OperationOutcome", "id": "said", "issue": [issue]}


def says(severity: str, code: str, mode: str = "outcome") -> Behavior:
    said = entry(outcome(severity, code), mode)
    return results(lambda _: page([*RECORD["Observation"], said]))


def results(answer: Callable[[Request], Answer | str | None]) -> Behavior:
    """Otherwise as usual, but for the search for results."""
    return lambda request: answer(request) if request.kind == "Observation" else None


def once(answer: Answer | str, times: int = 1) -> Behavior:
    """Each search fails at first."""
    return lambda request: answer if request.before < times else None


def error(status: int, *headers: tuple[str, str]) -> Answer:
    body = json.dumps(outcome("error", "too-costly")).encode()
    return Answer(status, body, headers=headers)


def body(content: bytes, kind: str | None = FHIR, **headers: str) -> Behavior:
    named = tuple((name.replace("_", "-"), value) for name, value in headers.items())
    return results(lambda _: Answer(body=content, type=kind, headers=named))


def pages(request: Request) -> Answer:
    """Two results on each page, the next by a link in the server's own words."""
    at = int(request.query.get("page", ["0"])[0])
    following = f"{request.base}/{request.kind}?page={at + 2}&_getpages=opaque"
    entries = RECORD["Observation"]
    links = [{"relation": "self", "url": "x"}]
    if at + 2 < len(entries):
        links.append({"relation": "next", "url": following})
    return page(entries[at : at + 2], links, total=len(entries))


def endless(entries: list[Body]) -> Behavior:
    def answer(request: Request) -> Answer:
        following = f"{request.base}/{request.kind}?page={request.before}"
        return page(entries, [{"relation": "next", "url": following}])

    return results(answer)


def next_link(url: str) -> Behavior:
    """A first page whose next one is at a URL; {base}, {elsewhere} and {kind} are filled in."""

    def answer(request: Request) -> Answer:
        if "page" in request.query:
            return page(RECORD["Observation"][3:])
        following = url.format(**request._asdict(), host=request.base.split("/")[2])
        return page(RECORD["Observation"][:3], [{"relation": "next", "url": following}])

    return results(answer)


def redirect(to: str) -> Behavior:
    def answer(request: Request) -> Answer:
        return Answer(302, b"", "text/html", (("Location", to.format(**request._asdict())),))

    return results(answer)


USUAL = page(RECORD["Observation"]).body
OTHERS = sodium(1, 118, "someone-else")
NOBODYS = {name: value for name, value in sodium(7).items() if name != "subject"}
BOMB = gzip.compress(b" " * 100_000_000, 9)

BEHAVIORS: dict[str, Behavior] = {
    "good": lambda _: None,
    "pages": results(pages),
    # what passes
    "busy": once(error(429, ("Retry-After", "0"))),
    "busy-thrice": once(error(503, ("Retry-After", "0")), 3),
    "bad-gateway": once(error(502)),
    "gateway-timeout": once(error(504)),
    "hangs-up": once("close"),
    "breaks-off": once(Answer(body=USUAL[:200], claimed=len(USUAL))),
    "gzip": body(gzip.compress(USUAL), content_encoding="gzip"),
    "json": body(USUAL, "application/json"),
    "old-json": body(USUAL, "application/json+fhir"),
    "next-relative": next_link("?page=2"),
    "next-path": next_link("{kind}?page=2"),
    "next-fragment": next_link("{base}/{kind}?page=2#top"),
    "warns": says("warning", "not-supported"),
    "warns-unasked": says("information", "informational", mode=""),
    "says-unknown-code": says("warning", MARK),
    "unnamed": results(lambda _: page([{"resource": sodium(5, 118)}])),
    "repeats": results(lambda _: page(RECORD["Observation"] * 2)),
    "unknown-subject": results(lambda _: page([*RECORD["Observation"], entry(NOBODYS)])),
    "no-statements": lambda request: (
        capability(MedicationStatement=None) if request.kind == "metadata" else None
    ),
    "no-reports": lambda request: (
        capability(DiagnosticReport=None) if request.kind == "metadata" else None
    ),
    "report-in-error": lambda request: (
        page([entry(WITHDRAWN)]) if request.kind == "DiagnosticReport" else None
    ),
    "no-includes": lambda request: (
        capability(MedicationRequest={"searchInclude": ["MedicationRequest:patient"]})
        if request.kind == "metadata"
        else None
    ),
    "no-medication": lambda request: (
        page(RECORD["MedicationRequest"][:1]) if request.kind == "MedicationRequest" else None
    ),
    "nothing-recorded": lambda request: (
        page([]) if request.kind not in {"metadata", "Patient"} else None
    ),
    # what does not
    "always-busy": lambda _: error(429, ("Retry-After", "0")),
    "always-unavailable": lambda _: error(503),
    "busy-for-an-hour": lambda _: error(429, ("Retry-After", "3600")),
    "always-hangs-up": results(lambda _: "close"),
    "always-breaks-off": results(lambda _: Answer(body=USUAL[:200], claimed=len(USUAL))),
    "hangs": results(lambda _: "hang"),
    "hangs-in-body": results(lambda _: "hang-in-body"),
    "500": results(lambda _: error(500)),
    "400": results(lambda _: error(400)),
    "400-plain": results(lambda _: Answer(400, MARK.encode(), "text/plain")),
    "401": lambda _: error(401),
    "403": results(lambda _: error(403)),
    "404": results(lambda _: error(404)),
    "204": results(lambda _: Answer(204)),
    "599": results(lambda _: error(599)),
    "html": body(f"<html><title>{MARK}</title></html>".encode(), "text/html; charset=utf-8"),
    "xml": body(f"<Bundle>{MARK}</Bundle>".encode(), "application/fhir+xml"),
    "other-type": body(USUAL, f'text/"{MARK}"'),
    "no-type": body(USUAL, None),
    "cut-json": body(USUAL[:-20]),
    "no-json": body(MARK.encode()),
    "no-utf-8": body(b'{"resourceType": "Bundle", "type": "\xff\xfe"}'),
    "deep": body(b'{"resourceType": "Bundle", "entry": ' + b"[" * 100_000),
    "no-object": body(b"[1, 2]"),
    "patient-instead": results(lambda _: Answer(body=b'{"resourceType": "Patient", "id": "x"}')),
    "outcome-instead": results(
        lambda _: Answer(body=json.dumps(outcome("error", "forbidden")).encode())
    ),
    "collection-instead": body(USUAL.replace(b"searchset", b"collection")),
    "elements-of-wrong-types": body(USUAL.replace(b'"entry": [', b'"entry": 7, "x": [')),
    "entry-without-resource": results(lambda _: page([{"fullUrl": f"https://x.example/{MARK}"}])),
    "entry-without-type": results(lambda _: page([{"resource": {"id": MARK}}])),
    "other-resources": results(lambda _: page([entry({"resourceType": "Device", "id": "d"})])),
    "other-patients": results(lambda _: page([*RECORD["Observation"], entry(OTHERS)])),
    "says-failed": says("error", "exception"),
    "says-fatal-unasked": says("fatal", "timeout", mode=""),
    "says-strangely": says("catastrophe", MARK),
    "says-nothing-readable": results(
        lambda _: page([{"resource": {"resourceType": "OperationOutcome", "issue": MARK}}])
    ),
    "more-than-it-gives": results(lambda _: page(RECORD["Observation"], total=7)),
    "endless": endless([entry(sodium(1))]),
    "endless-and-empty": endless([]),
    "circle": next_link("{base}/{kind}?_count=200&patient=" + PATIENT),
    "next-elsewhere": next_link("{elsewhere}/{kind}?page=2"),
    "next-by-other-scheme": next_link("https://{host}/{kind}?page=2"),
    "next-with-login": next_link("http://" + "someone:secret@{host}/{kind}?page=2"),
    "next-no-url": next_link("http://[" + MARK),
    "next-empty": results(
        lambda request: page([], [{"relation": "next"}]) if "page" not in request.query else None
    ),
    "two-next": results(
        lambda request: page(
            [],
            [{"relation": "next", "url": f"{request.base}/Observation?page={n}"} for n in (1, 2)],
        )
    ),
    "redirects": redirect("{elsewhere}/{kind}?page=2"),
    "redirects-here": redirect("{base}/{kind}?page=2"),
    "bomb": body(BOMB, content_encoding="gzip"),
    "huge": body(b" " * 5_000_000),
    "packed-otherwise": body(USUAL, content_encoding="br"),
    "packed-wrongly": body(USUAL, content_encoding="gzip"),
    "packed-in-part": body(gzip.compress(USUAL)[:-9], content_encoding="gzip"),
    "packed-and-more": body(gzip.compress(USUAL) + b"more", content_encoding="gzip"),
    "no-patient": lambda request: page([]) if request.kind == "Patient" else None,
    "two-patients": lambda request: (
        page([*RECORD["Patient"], entry({"resourceType": "Patient", "id": "other"})])
        if request.kind == "Patient"
        else None
    ),
    "another-patient": lambda request: (
        page([entry({"resourceType": "Patient", "id": "other"})])
        if request.kind == "Patient"
        else None
    ),
    "no-metadata": lambda request: error(404) if request.kind == "metadata" else None,
    "metadata-otherwise": lambda request: (
        Answer(body=json.dumps(outcome("error", "login")).encode())
        if request.kind == "metadata"
        else None
    ),
    "no-observations": lambda request: (
        capability(Observation={"interaction": [{"code": "read"}]})
        if request.kind == "metadata"
        else None
    ),
}


class Servers:
    """The two servers of one process, and what each run asked of them."""

    def __init__(self) -> None:
        self.asked: dict[str, list[Asked]] = defaultdict(list)
        self.ended = threading.Event()
        self.both = [ThreadingHTTPServer(("127.0.0.1", 0), self._handler(i)) for i in range(2)]

    def _handler(self, number: int) -> type[BaseHTTPRequestHandler]:
        servers = self

        class Handler(BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"
            disable_nagle_algorithm = True  # else each answer takes 40 ms

            def do_GET(self) -> None:
                servers.answer(self, ("first", "second")[number])

            def log_message(self, *_: object) -> None:
                """Tests ask /asked instead."""

        return Handler

    def answer(self, handler: BaseHTTPRequestHandler, port: str) -> None:
        url = urlsplit(handler.path)
        behavior, run, *rest = url.path.strip("/").split("/")
        if behavior == "asked":
            told = [one._asdict() for one in self.asked[run]]
            send(handler, Answer(body=json.dumps(told).encode()))
            return
        kind, query = rest[-1], parse_qs(url.query)
        before = sum(one.kind == kind for one in self.asked[run])
        headers = {name.lower(): value for name, value in handler.headers.items()}
        self.asked[run].append(Asked(port, kind, query, headers))
        first, second = (f"http://127.0.0.1:{one.server_port}" for one in self.both)
        path = f"/{behavior}/{run}/fhir"
        request = Request(first + path, second + path, kind, query, before)
        answer = BEHAVIORS[behavior](request) or usual(request)
        if isinstance(answer, Answer):
            send(handler, answer)
            return
        if answer == "hang-in-body":
            send(handler, Answer(body=USUAL[:100], claimed=len(USUAL)), keep=True)
        if answer != "close":
            handler.connection.recv(1)  # until the caller gives up
        handler.close_connection = True


def send(handler: BaseHTTPRequestHandler, answer: Answer, *, keep: bool = False) -> None:
    handler.send_response(answer.status)
    if answer.type:
        handler.send_header("Content-Type", answer.type)
    for name, value in answer.headers:
        handler.send_header(name, value)
    length = len(answer.body) if answer.claimed is None else answer.claimed
    if answer.status != 204:
        handler.send_header("Content-Length", str(length))
    handler.end_headers()
    try:
        handler.wfile.write(answer.body)
        handler.wfile.flush()
    except ConnectionError:
        handler.close_connection = True  # the caller had enough
    if answer.claimed is not None and not keep:
        handler.close_connection = True


if __name__ == "__main__":
    servers = Servers()
    for one in servers.both:
        threading.Thread(target=one.serve_forever, daemon=True).start()
    print(*(one.server_port for one in servers.both), flush=True)  # noqa: T201 - how tests know
    input()  # until the tests end
