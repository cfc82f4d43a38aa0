"""POST /fhir/$flag-causes: a Bundle in, Flags out."""

import json
from datetime import UTC, datetime
from typing import Any

import pytest
from fastapi import FastAPI

from service.settings import shipped
from tests.api.client import FLAG_CAUSES, call, flags_in, post

MOMENT = "2026-03-05T12:00:00Z"


def sample(name: str) -> bytes:
    return (shipped("fhir_samples") / f"{name}.json").read_bytes()


def parameters(resource: bytes, **more: Any) -> bytes:  # noqa: ANN401 - any FHIR value
    """The operation's Parameters; `more` are named by their value's element."""
    given: list[dict[str, Any]] = [{"name": "resource", "resource": json.loads(resource)}]
    for name, (element, value) in more.items():
        given.append({"name": name, element: value})
    return json.dumps({"resourceType": "Parameters", "parameter": given}).encode()


def outcome_in(answer: dict[str, Any]) -> list[dict[str, Any]]:
    resources = [entry["resource"] for entry in answer["entry"]]
    (outcome,) = [one for one in resources if one["resourceType"] == "OperationOutcome"]
    return list(outcome["issue"])


def evidence_in(answer: dict[str, Any]) -> list[str]:
    """The types of the resources that came back."""
    types = [entry["resource"]["resourceType"] for entry in answer["entry"]]
    return [one for one in types if one not in {"Flag", "OperationOutcome"}]


def test_a_bundle_gives_its_flags_most_pressing_first(app: FastAPI) -> None:
    answer = post(app, sample("hyponatremia-alcohol-use-disorder"), params={"now": "latest"})

    assert answer.status_code == 200
    assert answer.headers["content-type"] == "application/fhir+json"
    assert flags_in(answer)[0] == "hyponatremia"


def test_a_healthy_patient_gets_no_flag_but_an_account_of_what_was_read(app: FastAPI) -> None:
    answer = post(app, sample("healthy"), params={"now": "latest"})

    assert flags_in(answer) == []
    (first, *_) = outcome_in(answer.json())
    assert first["severity"] == "information"
    assert "Read 9 observations" in first["details"]["text"]


def test_a_single_resource_is_a_body_too(app: FastAPI) -> None:
    answer = post(app, sample("single-observation"), params={"now": MOMENT})

    assert flags_in(answer) == ["hyponatremia"]


def test_parameters_and_the_query_ask_for_the_same(app: FastAPI) -> None:
    body = sample("hyponatremia-alcohol-use-disorder")
    by_query = post(app, body, params={"now": MOMENT, "includeEvidence": "true"})

    by_parameters = post(
        app,
        parameters(body, now=("valueDateTime", MOMENT), includeEvidence=("valueBoolean", True)),
    )

    assert flags_in(by_parameters) == flags_in(by_query)
    assert evidence_in(by_parameters.json()) == evidence_in(by_query.json()) != []


def test_what_parameters_say_comes_before_the_query(app: FastAPI) -> None:
    body = parameters(
        sample("hyponatremia-alcohol-use-disorder"),
        now=("valueString", "latest"),
        includeEvidence=("valueBoolean", False),
    )

    answer = post(app, body, params={"now": "2020-01-01", "includeEvidence": "true"})

    assert "hyponatremia" in flags_in(answer)
    assert evidence_in(answer.json()) == []


def test_without_a_moment_the_clock_counts(app: FastAPI) -> None:
    before = datetime.now(UTC)
    (first, *_) = outcome_in(post(app, sample("healthy")).json())

    judged = first["details"]["text"].removeprefix("Judged at ").partition("Z")[0]
    assert before <= datetime.fromisoformat(f"{judged}+00:00") <= datetime.now(UTC)


@pytest.mark.parametrize("sign", ["+", "%2B"])
def test_a_plus_sign_in_the_query_is_understood_escaped_or_not(app: FastAPI, sign: str) -> None:
    answer = call(
        app,
        "POST",
        f"{FLAG_CAUSES}?now=2026-03-05T13:00:00{sign}01:00",
        content=sample("healthy"),
        headers={"Content-Type": "application/json"},
    )

    assert "Judged at 2026-03-05T12:00:00Z" in answer.text


def test_resources_that_only_the_request_could_name_come_back_by_themselves(app: FastAPI) -> None:
    body = sample("low-copper-resembling-b12-deficiency")

    assert "Observation" in evidence_in(post(app, body, params={"now": "latest"}).json())


@pytest.mark.parametrize(
    ("include", "comes"), [("true", True), ("false", False)], ids=["included", "left out"]
)
def test_evidence_comes_back_as_it_was_asked_for(
    app: FastAPI, include: str, *, comes: bool
) -> None:
    for name in ("low-copper-resembling-b12-deficiency", "celiac-low-copper"):
        answer = post(app, sample(name), params={"now": "latest", "includeEvidence": include})

        assert bool(evidence_in(answer.json())) is comes


def test_provenance_is_asked_for_in_the_query_or_in_parameters(app: FastAPI) -> None:
    body = sample("hyponatremia-alcohol-use-disorder")
    asked = parameters(body, now=("valueString", "latest"), provenance=("valueBoolean", True))

    for answer in (
        post(app, body, params={"now": "latest", "provenance": "true"}),
        post(app, asked, params={"provenance": "false"}),
    ):
        kinds = [entry["resource"]["resourceType"] for entry in answer.json()["entry"]]
        assert kinds.count("Provenance") == kinds.count("Flag") > 0
    assert "Provenance" not in post(app, body, params={"now": "latest"}).text


def test_a_transaction_is_asked_for_in_the_query_or_in_parameters(app: FastAPI) -> None:
    body = sample("hyponatremia-alcohol-use-disorder")
    asked = parameters(body, now=("valueDateTime", MOMENT), bundleType=("valueCode", "transaction"))

    by_query = post(app, body, params={"now": MOMENT, "bundleType": "transaction"})
    by_parameters = post(app, asked, params={"bundleType": "collection"})

    bundle, outcome = (one["resource"] for one in by_query.json()["parameter"])
    assert [entry["request"]["method"] for entry in bundle["entry"]] == ["PUT"] * 2
    assert outcome["issue"][0]["details"]["text"].startswith("Judged at 2026-03-05T12:00:00Z")
    assert by_parameters.json()["parameter"][0]["resource"] == bundle


def test_a_transaction_that_names_what_no_server_knows_is_refused(app: FastAPI) -> None:
    body = sample("low-copper-resembling-b12-deficiency")

    answer = post(app, body, params={"now": "latest", "bundleType": "transaction"})

    assert answer.status_code == 422
    assert all("urn:" in one["details"]["text"] for one in answer.json()["issue"])


@pytest.mark.parametrize("query", [{"bundleType": "batch"}, {"bundleType": ""}])
def test_another_type_of_bundle_is_refused(app: FastAPI, query: dict[str, str]) -> None:
    answer = post(app, sample("healthy"), params=query)

    assert answer.status_code == 400
    assert "collection or transaction" in answer.json()["issue"][0]["details"]["text"]


def test_evidence_in_a_transaction_is_refused_and_not_left_out(app: FastAPI) -> None:
    body = parameters(sample("healthy"), includeEvidence=("valueBoolean", True))

    answer = post(app, body, params={"bundleType": "transaction"})

    assert answer.status_code == 400
    assert "do not go together" in answer.json()["issue"][0]["details"]["text"]


def test_the_answer_is_named_as_the_caller_asks(app: FastAPI) -> None:
    answer = post(app, sample("healthy"), headers={"Accept": "application/json"})

    assert answer.headers["content-type"] == "application/json"


def test_a_broken_entry_costs_that_entry_only(app: FastAPI) -> None:
    bundle = json.loads(sample("hyponatremia-alcohol-use-disorder"))
    bundle["entry"] += [
        {"resource": {"resourceType": "Observation", "code": "not a CodeableConcept"}},
        {"resource": {"resourceType": "Observatoin"}},
        {"resource": "not a resource"},
    ]
    place = len(bundle["entry"]) - 3

    answer = post(app, json.dumps(bundle).encode(), params={"now": "latest"})

    assert answer.status_code == 200
    assert "hyponatremia" in flags_in(answer)
    told = str([issue.get("expression") for issue in outcome_in(answer.json())])
    for broken in range(place, place + 3):
        assert f"Bundle.entry[{broken}]" in told


def test_more_entries_than_the_setting_allows_are_refused_with_413(app: FastAPI) -> None:
    entry = {"resource": {"resourceType": "Basic"}}
    bundle = {"resourceType": "Bundle", "type": "collection", "entry": [entry] * 25_001}

    assert post(app, json.dumps(bundle).encode()).status_code == 413
