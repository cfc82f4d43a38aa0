"""The JSON Schema of a rule document, so that editors complete and check while writing."""

import json
from typing import Any

import msgspec

from service.knowledge.language import DOCUMENTS

_DIALECT = "https://json-schema.org/draft/2020-12/schema"
_REF = "#/$defs/{name}"


def write_schema() -> str:
    """The schema as text; `$defs` has each kind of document with its docstring as description.

    An editor types what is not quoted, so that `scale: 10` is a number to it; where
    rules hold text the schema takes numbers too.
    """
    kinds, parts = msgspec.json.schema_components(DOCUMENTS.values(), ref_template=_REF)
    schema = {
        "$schema": _DIALECT,
        "title": "A rule of Myoflag",
        "anyOf": list(kinds),
        "$defs": {name: _unquoted(part) for name, part in sorted(parts.items())},
    }
    return json.dumps(schema, indent=2, ensure_ascii=False) + "\n"


def _unquoted(part: Any) -> Any:  # noqa: ANN401 - JSON is anything
    if isinstance(part, list):
        return [_unquoted(inner) for inner in part]
    if not isinstance(part, dict):
        return part
    if part.get("type") == "string":
        return part | {"type": ["string", "number"]}
    return {name: _unquoted(inner) for name, inner in part.items()}
