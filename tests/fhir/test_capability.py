from service.fhir.capability import write_capability_statement, write_operation_definition
from service.fhir.parameters import PARAMETERS
from tests.fhir.assessed import KNOWLEDGE, OPTIONS
from tests.fhir_validity import (
    assert_valid_capability_statement,
    assert_valid_operation_definition,
)


def test_the_statement_claims_one_operation_and_nothing_else() -> None:
    statement = assert_valid_capability_statement(write_capability_statement(KNOWLEDGE, OPTIONS))
    (rest,) = statement["rest"]
    assert set(rest) == {"mode", "documentation", "operation"}
    assert [one["name"] for one in rest["operation"]] == ["flag-causes"]
    assert statement["fhirVersion"] == "4.0.1"
    assert statement["format"] == ["application/fhir+json", "application/json"]


def test_the_statement_tells_intended_use_and_the_versions() -> None:
    statement = assert_valid_capability_statement(write_capability_statement(KNOWLEDGE, OPTIONS))
    assert statement["software"] == {"name": "Myoflag", "version": "0.1.0"}
    assert statement["implementation"]["description"] == (
        "For health care professionals, to review independently. "
        "Rules 2026.3.0, SHA-256 0123456789ab."
    )


def test_the_operation_that_the_statement_refers_to_is_the_one_defined() -> None:
    statement = assert_valid_capability_statement(write_capability_statement(KNOWLEDGE, OPTIONS))
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
