"""The OpenAPI document is true, and nothing that it allows, or forbids, makes the service fail."""

from collections import Counter
from pathlib import Path
from typing import Any

import pytest
import schemathesis
from fastapi import FastAPI
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st
from schemathesis import GenerationMode
from schemathesis.checks import not_a_server_error
from schemathesis.config import SchemathesisConfig
from schemathesis.core.failures import FailureGroup
from schemathesis.core.result import Ok
from schemathesis.specs.openapi.checks import (
    allow_header_conformance,
    content_type_conformance,
    ignored_auth,
    response_headers_conformance,
    response_schema_conformance,
    status_code_conformance,
)

from service import keys
from service.api.app import create_app
from service.evaluation import Site
from tests.api.client import FLAG_CAUSES
from tests.fuzz import seeds
from tests.fuzz.mutations import Mutations

#: Not among them: that whatever fits the document is accepted. It says nothing of FHIR, nor
#: which ids rules have.
CHECKS = [
    allow_header_conformance,
    content_type_conformance,
    not_a_server_error,
    response_headers_conformance,
    response_schema_conformance,
    status_code_conformance,
]
CONFIG = {"generation": {"deterministic": True, "database": "none"}}
MUTATIONS = Mutations(seeds.own())


def operations(app: FastAPI) -> dict[str, Any]:
    """What the document describes, by method and path."""
    schema = schemathesis.openapi.from_asgi(
        "/openapi.json", app, config=SchemathesisConfig.from_dict(CONFIG)
    )
    found = (one.ok() for one in schema.get_all_operations() if isinstance(one, Ok))
    return {one.label: one for one in found}


def attacked(operation: Any, mode: GenerationMode, examples: int) -> Counter[int]:  # noqa: ANN401
    """How many answers of each status there were; each kept to what the document says.

    schemathesis makes cases of a class of their own for each operation, so `case` is any.
    """
    statuses: Counter[int] = Counter()

    @settings(
        max_examples=examples,
        deadline=None,
        database=None,
        derandomize=True,
        phases=[Phase.generate],
        suppress_health_check=list(HealthCheck),
    )
    @given(operation.as_strategy(generation_mode=mode), st.none() | st.integers(0, 10_000))
    def attack(case: Any, number: int | None) -> None:  # noqa: ANN401 - see above
        if number is not None and operation.method == "post":
            # The document says no more of a body than that it is an object.
            case.body = MUTATIONS.document(MUTATIONS.input(7, number)[0]) or {}
        answer = case.call()
        statuses[int(answer.status_code)] += 1
        case.validate_response(answer, checks=CHECKS)

    attack()
    return statuses


def test_every_address_is_attacked(app: FastAPI) -> None:
    found = operations(app)

    assert {f"POST {FLAG_CAUSES}", "GET /rules/{rule}", "GET /readyz"} <= set(found)


@pytest.mark.parametrize("mode", [GenerationMode.POSITIVE, GenerationMode.NEGATIVE])
def test_evaluations_answer_as_the_document_says(app: FastAPI, mode: GenerationMode) -> None:
    statuses = attacked(operations(app)[f"POST {FLAG_CAUSES}"], mode, 150)

    assert statuses[400] > 20
    assert sum(statuses.values()) >= 100


def test_every_other_address_answers_as_the_document_says(app: FastAPI) -> None:
    for label, operation in operations(app).items():
        if label != f"POST {FLAG_CAUSES}":
            assert attacked(operation, GenerationMode.POSITIVE, 40), label


def test_no_login_means_no_answer(site: Site, tmp_path: Path) -> None:
    key = keys.make()
    keys.append(tmp_path / "keys", keys.kept("ehr", key))
    guarded = create_app(site, keys.Keyring(tmp_path / "keys"))
    operation = operations(guarded)[f"POST {FLAG_CAUSES}"]
    case = operation.Case(body={"resourceType": "Patient", "id": "p"})

    assert case.call(headers={"Authorization": f"Bearer {key}"}).status_code == 200
    case.validate_response(case.call(), checks=[*CHECKS, ignored_auth])


def test_an_answer_that_the_document_does_not_describe_is_noticed(site: Site) -> None:
    other = create_app(site)
    del other.openapi()["paths"][FLAG_CAUSES]["post"]["responses"]["400"]
    operation = operations(other)[f"POST {FLAG_CAUSES}"]
    case = operation.Case(body={}, media_type="application/fhir+json")

    with pytest.raises(FailureGroup, match="Undocumented status code"):
        case.validate_response(case.call(), checks=CHECKS)
