"""POST /fhir: a batch of calls, each answered as if it had come alone."""

import asyncio
import json
from pathlib import Path
from typing import Any

import httpx
import pytest
from fastapi import FastAPI
from hypothesis import given, settings
from hypothesis import strategies as st
from msgspec import structs

from service import keys
from service.api.app import create_app
from service.evaluation import Site
from service.record import Assessment, Record
from service.settings import shipped
from tests.api.client import FHIR_JSON, call, issue_of, post

LATEST = "$flag-causes?now=latest"


def sample(name: str) -> Any:  # noqa: ANN401 - any resource
    return json.loads((shipped("fhir_samples") / f"{name}.json").read_bytes())


def entry(resource: object = None, url: str = LATEST, method: str = "POST") -> dict[str, Any]:
    asked: dict[str, Any] = {"request": {"method": method, "url": url}}
    return asked if resource is None else {"resource": resource, **asked}


def send(app: FastAPI, *entries: object, kind: str = "batch", **request: Any) -> httpx.Response:  # noqa: ANN401
    body = {"resourceType": "Bundle", "type": kind, "entry": list(entries)}
    headers = {"Content-Type": FHIR_JSON} | request.pop("headers", {})
    path = request.pop("path", "/fhir")
    content = json.dumps(body).encode()
    return call(app, "POST", path, content=content, headers=headers, **request)


def answers(response: httpx.Response) -> list[dict[str, Any]]:
    assert response.status_code == 200
    entries: list[dict[str, Any]] = response.json().get("entry", [])
    return entries


def statuses(response: httpx.Response) -> list[str]:
    return [one["response"]["status"] for one in answers(response)]


def only_issue(answered: dict[str, Any]) -> dict[str, Any]:
    (issue,) = answered["response"]["outcome"]["issue"]
    return dict(issue)


def test_every_entry_is_answered_as_if_it_had_come_alone(app: FastAPI) -> None:
    names = ["several-patients", "healthy", "messy-units", "celiac-low-copper"]

    together = answers(send(app, *(entry(sample(name)) for name in names)))

    for name, found in zip(names, together, strict=True):
        alone = post(app, json.dumps(sample(name)), params={"now": "latest"})
        assert found == {"resource": alone.json(), "response": {"status": "200"}}


def test_patients_of_two_entries_never_mix_though_they_have_one_name(app: FastAPI) -> None:
    low, healthy = sample("hyponatremia-alcohol-use-disorder"), sample("healthy")
    renamed = json.loads(json.dumps(healthy).replace("Patient/", "Patient/other-"))
    subject = json.dumps(low).split('"Patient/')[1].split('"')[0]
    same = json.loads(
        json.dumps(renamed).replace(
            json.dumps(renamed).split('"Patient/')[1].split('"')[0], subject
        )
    )

    first, second = answers(send(app, entry(low), entry(same)))

    alone = post(app, json.dumps(same), params={"now": "latest"})
    assert second["resource"] == alone.json()
    assert "Flag" in json.dumps(first["resource"])
    assert '"Flag"' not in json.dumps(second["resource"])


SOME = st.lists(
    st.sampled_from(
        [
            entry(sample("healthy")),
            entry(sample("celiac-low-copper")),
            entry(sample("several-patients"), f"{LATEST}&explain=true"),
            entry(sample("celiac-low-copper"), f"{LATEST}&bundleType=transaction"),
            entry({"resourceType": "Patient"}, "Patient"),
            entry(url="metadata", method="GET"),
            entry({"resourceType": "Bundel"}),
        ]
    ),
    max_size=5,
)


@settings(max_examples=25, deadline=None)
@given(SOME)
def test_whatever_stands_beside_an_entry_changes_nothing_in_its_answer(
    app: FastAPI, entries: list[dict[str, Any]]
) -> None:
    together = answers(send(app, *entries))

    assert together == [one for each in entries for one in answers(send(app, each))]


def test_a_failing_entry_costs_only_itself(app: FastAPI) -> None:
    good = entry(sample("healthy"))
    empty = entry({"resourceType": "Bundle", "type": "collection", "entry": []})
    broken: list[object] = [{}, "no entry", None, entry(), empty, entry({"resourceType": "Bundel"})]

    found = statuses(send(app, good, *broken, good))

    assert found == ["200", "400", "400", "400", "400", "422", "400", "200"]


def test_a_failure_inside_costs_only_its_entry_and_names_an_error_id(site: Site) -> None:
    class Broken:
        def assess(self, *_: object) -> object:
            raise RuntimeError("a patient's name")

    app = create_app(structs.replace(site, engine=Broken()))

    failed, read = answers(send(app, entry(sample("healthy")), entry(url="metadata", method="GET")))

    issue = only_issue(failed)
    assert (failed["response"]["status"], issue["code"]) == ("500", "exception")
    assert "Error " in issue["details"]["text"]
    assert "a patient's name" not in json.dumps(failed)
    assert read["response"]["status"] == "200"


@pytest.mark.parametrize(
    ("method", "url"),
    [
        ("POST", "Patient"),
        ("PUT", "Patient/1"),
        ("PUT", "Flag?identifier=a|b"),
        ("PATCH", "Patient/1"),
        ("DELETE", "Patient/1"),
        ("GET", "Patient/1"),
        ("GET", "Observation?patient=1"),
        ("HEAD", "metadata"),
        ("PUT", "metadata"),
        ("GET", LATEST),
        ("DELETE", LATEST),
    ],
)
def test_reads_and_writes_are_refused_by_themselves(app: FastAPI, method: str, url: str) -> None:
    refused, good = answers(
        send(app, entry(sample("healthy"), url, method), entry(sample("healthy")))
    )

    assert refused["response"]["status"] == "405"
    assert only_issue(refused)["code"] == "not-supported"
    assert "$flag-causes" in only_issue(refused)["details"]["text"]
    assert good["response"]["status"] == "200"


def test_another_operation_is_not_found(app: FastAPI) -> None:
    (answered,) = answers(send(app, entry(sample("healthy"), "$everything")))

    assert (answered["response"]["status"], only_issue(answered)["code"]) == ("404", "not-found")


@pytest.mark.parametrize("url", ["$flag-causes", "/$flag-causes", "%24flag-causes"])
def test_the_operation_is_known_however_it_is_written(app: FastAPI, url: str) -> None:
    assert statuses(send(app, entry(sample("healthy"), f"{url}?now=latest"))) == ["200"]


def test_metadata_may_be_asked_for_in_between(app: FastAPI) -> None:
    urls = ("metadata", "OperationDefinition/flag-causes")

    found = answers(send(app, *(entry(url=url, method="GET") for url in urls)))

    assert [one["resource"] for one in found] == [
        call(app, "GET", f"/fhir/{url}").json() for url in urls
    ]


def test_each_entry_says_by_itself_what_it_asks_for(app: FastAPI) -> None:
    low = sample("hyponatremia-alcohol-use-disorder")
    wishes = ("explain=true", "provenance=true", "bundleType=transaction", "includeEvidence=true")

    found = answers(send(app, entry(low), *(entry(low, f"{LATEST}&{wish}") for wish in wishes)))

    for wish, answered in zip(wishes, found[1:], strict=True):
        name, _, value = wish.partition("=")
        alone = post(app, json.dumps(low), params={"now": "latest", name: value})
        assert answered["resource"] == alone.json() != found[0]["resource"]


@pytest.mark.parametrize("query", ["nwo=latest", "now=never", "now=latest&now=latest", "explain=1"])
def test_a_wrong_query_costs_its_entry(app: FastAPI, query: str) -> None:
    low = sample("healthy")

    assert statuses(send(app, entry(low, f"$flag-causes?{query}"), entry(low))) == ["400", "200"]


def test_parameters_are_a_body_too(app: FastAPI) -> None:
    asked = {
        "resourceType": "Parameters",
        "parameter": [
            {"name": "resource", "resource": sample("healthy")},
            {"name": "now", "valueString": "latest"},
        ],
    }

    (answered,) = answers(send(app, entry(asked, "$flag-causes")))

    assert "Judged at" in json.dumps(answered["resource"])


def test_strict_handling_holds_for_each_entry(app: FastAPI) -> None:
    loose = sample("healthy") | {"flavor": 1}

    response = send(
        app, entry(loose), entry(sample("healthy")), headers={"Prefer": "handling=strict"}
    )

    assert statuses(response) == ["400", "200"]
    assert response.headers["preference-applied"] == "handling=strict"
    assert statuses(send(app, entry(loose))) == ["200"]


@pytest.mark.parametrize("kind", ["transaction", "collection", "batch-response"])
def test_what_is_no_batch_is_refused_as_a_whole(app: FastAPI, kind: str) -> None:
    response = send(app, entry(sample("healthy")), kind=kind)

    assert response.status_code == 422
    assert "$flag-causes" in issue_of(response)["details"]["text"]


def test_a_query_beside_the_batch_is_refused_and_not_passed_over(app: FastAPI) -> None:
    response = send(app, entry(sample("healthy")), params={"now": "latest"})

    assert response.status_code == 400
    assert "url of each entry" in issue_of(response)["details"]["text"]


def test_a_slash_at_the_end_changes_nothing(app: FastAPI) -> None:
    sent = entry(sample("healthy"))

    assert send(app, sent, path="/fhir/").content == send(app, sent).content


def test_a_batch_needs_a_key_where_evaluating_does(site: Site, tmp_path: Path) -> None:
    key = keys.make()
    keys.append(tmp_path / "keys", keys.kept("ehr", key))
    guarded = create_app(site, keys.Keyring(tmp_path / "keys"))
    read = entry(url="metadata", method="GET")

    assert send(guarded, read).status_code == 401
    answer = send(guarded, read, headers={"X-API-Key": key})
    assert statuses(answer) == ["200"]
    assert "API key" in answer.text


def test_the_limits_are_those_of_any_request(site: Site) -> None:
    small = create_app(structs.replace(site, max_entries=9))
    tiny = create_app(structs.replace(site, max_body_bytes=100))
    low = sample("healthy")

    assert len(low["entry"]) > 8
    assert send(small, entry(low)).status_code == 413
    assert send(tiny, entry(low)).status_code == 413
    assert send(small, *[entry(url="metadata", method="GET")] * 10).status_code == 413
    assert send(small, *[entry(url="metadata", method="GET")] * 9).status_code == 200


def test_only_json_is_read_and_written(app: FastAPI) -> None:
    sent = entry(sample("healthy"))

    assert send(app, sent, headers={"Content-Type": "application/fhir+xml"}).status_code == 415
    assert send(app, sent, headers={"Accept": "text/html"}).status_code == 406
    named = send(app, sent, headers={"Accept": "application/json"})
    assert named.headers["content-type"] == "application/json"


def test_other_methods_are_told_which_one_is_right(app: FastAPI) -> None:
    response = call(app, "GET", "/fhir")

    assert response.status_code == 405
    assert "POST" in issue_of(response)["details"]["text"]


def test_others_are_let_in_between_the_entries_of_a_batch(site: Site) -> None:
    turns, seen = 0, []

    class Watched:
        def assess(self, record: Record) -> Assessment:
            seen.append(turns)
            return site.engine.assess(record)

    calls = [entry(sample("healthy"))] * 5
    body = json.dumps({"resourceType": "Bundle", "type": "batch", "entry": calls})
    app = create_app(structs.replace(site, engine=Watched()))

    async def batch() -> None:
        nonlocal turns
        transport = httpx.ASGITransport(app)
        async with httpx.AsyncClient(transport=transport, base_url="http://test") as client:
            headers = {"Content-Type": FHIR_JSON}
            asked = asyncio.create_task(client.post("/fhir", content=body, headers=headers))
            while not asked.done():
                turns += 1
                await asyncio.sleep(0)
            assert asked.result().status_code == 200

    asyncio.run(batch())
    assert len(set(seen)) == len(seen) == len(calls)
