"""What this service says of itself in FHIR: its CapabilityStatement and its operation."""

from typing import Any

from msgspec import json

from service.fhir.flags import WritingOptions
from service.fhir.parameters import PARAMETERS
from service.fhir.releases import RELEASES
from service.knowledge.model import Knowledge

#: When what is said here last changed.
CHANGED = "2026-11-25"


_KEYED = (
    "Evaluating needs one of the site's API keys: Authorization: Bearer KEY, or X-API-Key: KEY. "
    "This statement and the OperationDefinition need none."
)
_OPEN = "This instance asks for no API key."


def write_capability_statement(
    knowledge: Knowledge, options: WritingOptions, *, keyed: bool
) -> bytes:
    """The answer to GET /fhir/metadata. It claims what this service does and nothing else.

    `keyed`: callers need an API key.
    """
    rules = f"Rules {knowledge.ruleset.version}, SHA-256 {knowledge.digest[:12]}."
    statement = {
        "resourceType": "CapabilityStatement",
        "id": "myoflag",
        "url": f"{options.base}/CapabilityStatement/myoflag",
        "version": options.service_version,
        "name": "Myoflag",
        "title": "Myoflag: possible causes of myoclonus",
        "status": "active",
        "date": CHANGED,
        "kind": "instance",
        "software": {"name": "Myoflag", "version": options.service_version},
        "implementation": {"description": f"{knowledge.ruleset.intended_use} {rules}"},
        "fhirVersion": RELEASES[options.release].version,
        "format": ["application/fhir+json", "application/json"],
        "rest": [
            {
                "mode": "server",
                "documentation": "Nothing is stored: a request is judged and answered. With "
                "Prefer: handling=strict, it is refused unless all its resources are valid.",
                "security": {
                    "cors": False,
                    **({"service": [{"text": "API key"}]} if keyed else {}),
                    "description": _KEYED if keyed else _OPEN,
                },
                "resource": [
                    {
                        "type": "OperationDefinition",
                        "interaction": [{"code": "read"}],
                        "documentation": "That of $flag-causes alone.",
                    }
                ],
                "interaction": [
                    {
                        "code": "batch",
                        "documentation": "Entries that POST to $flag-causes, or GET this statement "
                        "or the OperationDefinition; any other is refused by itself.",
                    }
                ],
                "operation": [{"name": "flag-causes", "definition": _operation_url(options)}],
            }
        ],
    }
    return json.encode(statement)


def write_operation_definition(options: WritingOptions) -> bytes:
    """The OperationDefinition of $flag-causes, which the CapabilityStatement refers to."""
    definition = {
        "resourceType": "OperationDefinition",
        "id": "flag-causes",
        "url": _operation_url(options),
        "version": options.service_version,
        "name": "FlagCauses",
        "title": "Flag possible causes of myoclonus",
        "status": "active",
        "kind": "operation",
        "date": CHANGED,
        "description": "Reads laboratory results, diagnoses and medicines and answers with Flags, "
        "each naming one possible cause of myoclonus and the evidence for it.",
        "affectsState": False,
        "code": "flag-causes",
        "system": True,
        "type": False,
        "instance": False,
        "parameter": [
            _parameter(
                "resource",
                "in",
                "Resource",
                "What is to be judged: Bundles, or single resources. Flags of this service among "
                "them come back where they still hold, or end.",
                1,
                "*",
            ),
            *(_parameter(name, "in", one.type, one.text) for name, one in PARAMETERS.items()),
            _parameter(
                "return",
                "out",
                "Bundle",
                "A collection, which is the answer by itself: Flags, most pressing first, one "
                "OperationOutcome, Provenances, then evidence. With bundleType=transaction: a "
                "transaction of Flags and Provenances, inside of Parameters.",
                1,
            ),
            _parameter(
                "outcome",
                "out",
                "OperationOutcome",
                "With bundleType=transaction: what was read, used and not used. A collection "
                "holds it among its entries.",
            ),
        ],
    }
    return json.encode(definition)


def _operation_url(options: WritingOptions) -> str:
    return f"{options.base}/OperationDefinition/flag-causes"


def _parameter(
    name: str, use: str, kind: str, text: str, least: int = 0, most: str = "1"
) -> dict[str, Any]:
    return {
        "name": name,
        "use": use,
        "min": least,
        "max": most,
        "documentation": text,
        "type": kind,
    }
