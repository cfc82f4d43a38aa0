"""How a Flag came about, as a FHIR Provenance: from which evidence, by which rules, by whom.

It holds only what is the same in R4, R4B and R5.
"""

import hmac
from collections.abc import Iterable
from datetime import datetime
from typing import Any

from msgspec import json

from service.fhir.flags import WritingOptions, author, details_in, uuid_text
from service.knowledge.model import Knowledge
from service.record import FiredLink

_ASSEMBLER = {
    "coding": [
        {
            "system": "http://terminology.hl7.org/CodeSystem/provenance-participant-type",
            "code": "assembler",
            "display": "Assembler",
        }
    ]
}


def provenance(
    flag: dict[str, Any],
    url: str,
    recorded: datetime,
    links: Iterable[FiredLink],
    knowledge: Knowledge,
    options: WritingOptions,
    revises: str | None = None,
) -> dict[str, Any]:
    """The Provenance of a Flag that is in the answer under the fullUrl `url`.

    `recorded`, aware, is the moment that the patient was judged at, so that the same request gives
    the same Provenance. `links` are the rules that made the Flag. `revises` is the name of the
    version that was sent along, "" where it had none; None where none was. `id` is derived from the
    rest.
    """
    written: dict[str, Any] = {
        "resourceType": "Provenance",
        "target": [_flag(url)],
        "recorded": recorded.isoformat().replace("+00:00", "Z"),
    }
    if policy := [f"{options.base}/rules/{link.link}|{link.version}" for link in links]:
        written["policy"] = policy
    written["activity"] = _activity("CREATE" if revises is None else "UPDATE")
    written["agent"] = [{"type": _ASSEMBLER, "who": author(knowledge, options)}]
    written["entity"] = [
        *([{"role": "revision", "what": _flag(revises)}] if revises else []),
        *({"role": "source", "what": evidence} for evidence in details_in(flag)),
        {"role": "source", "what": _rules(knowledge, options)},
    ]
    digest = hmac.digest(options.site_key, json.encode(written), "sha256")
    return {"resourceType": "Provenance", "id": uuid_text(digest), **written}


def _flag(name: str) -> dict[str, Any]:
    return {"reference": name, "type": "Flag"}


def _activity(code: str) -> dict[str, Any]:
    system = "http://terminology.hl7.org/CodeSystem/v3-DataOperation"
    return {"coding": [{"system": system, "code": code}]}


def _rules(knowledge: Knowledge, options: WritingOptions) -> dict[str, Any]:
    """The rule set, by the hash of its content."""
    return {
        "identifier": {"system": f"{options.base}/ruleset", "value": knowledge.digest},
        "display": f"Rules {knowledge.ruleset.version}",
    }
