import json

from service.knowledge.language import DOCUMENTS
from service.knowledge.schema import write_schema

SCHEMA = json.loads(write_schema())


def test_the_schema_knows_every_kind_of_document() -> None:
    kinds = {ref["$ref"].rsplit("/", 1)[1] for ref in SCHEMA["anyOf"]}
    assert kinds == {kind.__name__ for kind in DOCUMENTS.values()}
    assert kinds <= SCHEMA["$defs"].keys()


def test_every_kind_is_described() -> None:
    assert all(part.get("description") for part in SCHEMA["$defs"].values())


def test_unknown_fields_are_errors_and_choices_are_closed() -> None:
    link = SCHEMA["$defs"]["Link"]
    assert link["additionalProperties"] is False
    assert link["properties"]["status"]["enum"] == ["active", "retired", "shadow"]


def test_text_may_stand_without_quotes_where_yaml_would_see_a_number() -> None:
    assert SCHEMA["$defs"]["Analyte"]["properties"]["molar_mass"]["type"] == ["string", "number"]


def test_the_schema_is_the_same_every_time() -> None:
    assert write_schema() == write_schema()
