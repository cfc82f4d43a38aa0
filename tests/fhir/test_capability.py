from typing import Any

from service.fhir.capability import write_capability_statement, write_operation_definition
from service.fhir.parameters import PARAMETERS
from tests.fhir.assessed import KNOWLEDGE, OPTIONS
from tests.fhir_validity import (
    assert_valid_capability_statement,
    assert_valid_operation_definition,
)


def statement_of(*, keyed: bool = False) -> dict[str, Any]:
    written = write_capability_statement(KNOWLEDGE, OPTIONS, keyed=keyed)
    return assert_valid_capability_statement(written)


def test_the_statement_claims_one_operation_batches_of_it_and_nothing_else() -> None:
    statement = statement_of()
    (rest,) = statement["rest"]
    assert set(rest) == {
        "mode",
        "documentation",
        "security",
        "resource",
        "interaction",
        "operation",
    }
    assert [one["name"] for one in rest["operation"]] == ["flag-causes"]
    assert [one["code"] for one in rest["interaction"]] == ["batch"]
    (resource,) = rest["resource"]
    assert (resource["type"], resource["interaction"]) == (
        "OperationDefinition",
        [{"code": "read"}],
    )
    assert "instantiates" not in statement
    assert statement["fhirVersion"] == "4.0.1"
    assert statement["format"] == ["application/fhir+json", "application/json"]


def test_the_statement_tells_of_keys_only_where_there_are_some() -> None:
    (keyed,), (unkeyed,) = statement_of(keyed=True)["rest"], statement_of()["rest"]
    assert keyed["security"]["service"] == [{"text": "API key"}]
    assert "X-API-Key" in keyed["security"]["description"]
    assert unkeyed["security"] == {
        "cors": False,
        "description": "This instance asks for no API key.",
    }


def test_the_statement_tells_intended_use_and_the_versions() -> None:
    statement = statement_of()
    assert statement["software"] == {"name": "Myoflag", "version": "0.1.0"}
    assert statement["implementation"]["description"] == (
        "For health care professionals, to review independently. "
        "Rules 2026.3.0, SHA-256 0123456789ab."
    )


def test_the_operation_that_the_statement_refers_to_is_the_one_defined() -> None:
    statement = statement_of()
    definition = assert_valid_operation_definition(write_operation_definition(OPTIONS))
    (operation,) = statement["rest"][0]["operation"]
    assert operation == {"name": definition["code"], "definition": definition["url"]}
    assert definition["url"] == "https://flags.example.org/OperationDefinition/flag-causes"
    assert definition["affectsState"] is False


def test_the_operation_takes_resources_and_every_parameter() -> None:
    definition = assert_valid_operation_definition(write_operation_definition(OPTIONS))
    assert [
        (one["name"], one["use"], one["type"], one["min"], one["max"])
        for one in definition["parameter"]
    ] == [
        ("resource", "in", "Resource", 1, "*"),
        *((name, "in", one.type, 0, "1") for name, one in PARAMETERS.items()),
        ("return", "out", "Bundle", 1, "1"),
        ("outcome", "out", "OperationOutcome", 0, "1"),
    ]
