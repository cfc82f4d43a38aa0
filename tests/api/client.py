"""Calls the real application in process, through httpx."""

import asyncio
from typing import Any

import httpx
from fastapi import FastAPI

from tests.fhir_validity import (
    assert_valid_answer,
    assert_valid_batch_response,
    assert_valid_capability_statement,
    assert_valid_operation_definition,
    assert_valid_outcome,
    assert_valid_transaction,
)

FHIR_JSON = "application/fhir+json"
FLAG_CAUSES = "/fhir/$flag-causes"


_CHECKS = {
    "Bundle": assert_valid_answer,
    "batch-response": assert_valid_batch_response,
    "CapabilityStatement": assert_valid_capability_statement,
    "OperationDefinition": assert_valid_operation_definition,
    "OperationOutcome": assert_valid_outcome,
    "Parameters": assert_valid_transaction,
}


def call(app: FastAPI, method: str, path: str, **request: Any) -> httpx.Response:  # noqa: ANN401
    """One request and its answer, valid if it is FHIR; `request` is what httpx takes."""

    async def ask() -> httpx.Response:
        transport = httpx.ASGITransport(app)
        async with httpx.AsyncClient(transport=transport, base_url="http://test") as client:
            return await client.request(method, path, **request)

    answer = asyncio.run(ask())
    if method != "HEAD" and answer.headers.get("content-type", "").startswith(FHIR_JSON):
        version = answer.headers["content-type"].partition("fhirVersion=")[2] or "4.0"
        resource = answer.json()
        check = _CHECKS.get(resource.get("type"), _CHECKS[resource["resourceType"]])
        check(answer.content, version)
    return answer


def post(app: FastAPI, body: bytes | str, **request: Any) -> httpx.Response:  # noqa: ANN401
    """A body posted to the evaluation, as FHIR's JSON unless the request says otherwise."""
    headers = {"Content-Type": FHIR_JSON} | request.pop("headers", {})
    return call(app, "POST", FLAG_CAUSES, content=body, headers=headers, **request)


def issue_of(answer: httpx.Response) -> dict[str, Any]:
    """The only issue of an OperationOutcome."""
    assert answer.headers["content-type"].startswith(FHIR_JSON)
    outcome = answer.json()
    assert outcome["resourceType"] == "OperationOutcome"
    (issue,) = outcome["issue"]
    return dict(issue)


def flags_in(answer: httpx.Response) -> list[str]:
    """The causes that a Bundle of Flags names, in its order."""
    return [
        entry["resource"]["code"]["coding"][0]["code"]
        for entry in answer.json()["entry"]
        if entry["resource"]["resourceType"] == "Flag"
    ]
