"""Whether what Myoflag writes is FHIR: a checker for every test that makes an answer.

    assert_valid_answer(body)      a Bundle of Flags with its OperationOutcome
    assert_valid_flag(flag)        one Flag
    assert_valid_outcome(body)     an OperationOutcome by itself

Each takes bytes, text or what JSON makes of them, gives it back as a dict, and fails with
all complaints at once. `release` is that of FHIR that it has to be valid in: R4, unless said.
fhir.resources alone proves little: it takes a bogus status, a script in the narrative, an
Observation as subject and an empty issue.
"""

import json
import re
from collections.abc import Callable, Iterator
from typing import Any
from uuid import UUID

from fhir import resources
from fhir.resources import R4B
from pydantic import ValidationError

from tests.fhir_syntax import (
    Json,
    check_concept,
    check_identifier,
    check_narrative,
    check_period,
    check_reference,
    check_syntax,
    check_uri,
)

#: There are no models of R4 (4.0.1) itself.
_MODELS: dict[str, Any] = {"4.0": R4B, "4.3": R4B, "5.0": resources}

_VERSIONS = {"4.0": "4.0.1", "4.3": "4.3.0", "5.0": "5.0.0"}

_CREATED = "http://terminology.hl7.org/CodeSystem/v3-DataOperation"
_PARTICIPANTS = "http://terminology.hl7.org/CodeSystem/provenance-participant-type"
#: Of the roles that an entity of a Provenance can have, those that R4 and R5 share.
_ROLES = {"quotation", "removal", "revision", "source"}

FLAG_STATUS = {"active", "inactive", "entered-in-error"}

#: https://terminology.hl7.org/CodeSystem-flag-category
FLAG_CATEGORY = {
    "diet": "Diet",
    "drug": "Drug",
    "lab": "Lab",
    "admin": "Administrative",
    "contact": "Subject Contact",
    "clinical": "Clinical",
    "behavioral": "Behavioral",
    "research": "Research",
    "advance-directive": "Advance Directive",
    "safety": "Safety",
}
FLAG_PRIORITY = {
    "PN": "No alarm",
    "PL": "Low priority",
    "PM": "Medium priority",
    "PH": "High priority",
}
_CODE_SYSTEMS = {
    _CREATED: {"CREATE": "create", "UPDATE": "revise"},
    _PARTICIPANTS: {"assembler": "Assembler"},
    "http://terminology.hl7.org/CodeSystem/flag-category": FLAG_CATEGORY,
    "http://hl7.org/fhir/flag-priority-code": FLAG_PRIORITY,
}
_PRIORITY_URL = "http://hl7.org/fhir/StructureDefinition/flag-priority"
_DETAIL_URL = "http://hl7.org/fhir/StructureDefinition/flag-detail"

#: What the references of a Flag may refer to; R5 allows more.
_TARGETS = {
    "subject": frozenset(
        {
            "Group",
            "Location",
            "Medication",
            "Organization",
            "Patient",
            "PlanDefinition",
            "Practitioner",
            "Procedure",
        }
    ),
    "author": frozenset({"Device", "Organization", "Patient", "Practitioner", "PractitionerRole"}),
    "encounter": frozenset({"Encounter"}),
}

_Check = Callable[[dict[str, Any], str], Iterator[str]]

SEVERITIES = {"fatal", "error", "warning", "information"}
ISSUE_TYPES = set(
    """
    invalid structure required value invariant security login unknown expired forbidden
    suppressed processing not-supported duplicate multiple-matches not-found deleted too-long
    code-invalid extension too-costly business-rule conflict transient lock-error no-store
    exception timeout incomplete throttled informational
    """.split()  # noqa: SIM905 - a column of words hides what is there
)


#: The types of the resources that the service writes itself.
_OURS = {"Flag", "OperationOutcome", "Provenance"}


def assert_valid_answer(body: Json, release: str = "4.0") -> dict[str, Any]:
    """A collection of Flags, one OperationOutcome, perhaps Provenances, then resources of the
    request.

    Those are the sender's, and stand for themselves.
    """
    return _assert(body, "Bundle", _check_answer, release)


def assert_valid_transaction(body: Json, release: str = "4.0") -> dict[str, Any]:
    """Parameters: a transaction of Flags and their Provenances, and an OperationOutcome."""
    return _assert(body, "Parameters", _check_transaction_answer, release)


def assert_valid_batch_response(body: Json, release: str = "4.0") -> dict[str, Any]:
    """A batch-response; what it answers with is valid by itself."""
    return _assert(body, "Bundle", _check_batch_response, release)


def assert_valid_flag(body: Json, release: str = "4.0") -> dict[str, Any]:
    return _assert(body, "Flag", _check_flag, release)


def assert_valid_provenance(body: Json, release: str = "4.0") -> dict[str, Any]:
    return _assert(body, "Provenance", _check_provenance, release)


def assert_valid_outcome(body: Json, release: str = "4.0") -> dict[str, Any]:
    return _assert(body, "OperationOutcome", _check_outcome, release)


def assert_valid_capability_statement(body: Json, release: str = "4.0") -> dict[str, Any]:
    return _assert(body, "CapabilityStatement", _check_capability, release)


def assert_valid_operation_definition(body: Json, release: str = "4.0") -> dict[str, Any]:
    return _assert(body, "OperationDefinition", _check_operation, release)


def _assert(body: Json, kind: str, check: _Check, release: str) -> dict[str, Any]:
    resource = _read(body)
    complaints = [*_check_kind(resource, kind)] or [*check(resource, release)]
    assert not complaints, "\n".join(complaints)
    return resource


def _read(body: Json) -> dict[str, Any]:
    if isinstance(body, bytes):
        body = body.decode("utf-8")
    if isinstance(body, str):
        body = json.loads(body, object_pairs_hook=_once, parse_constant=_no_constant)
    assert isinstance(body, dict), f"{type(body).__name__} is no resource"
    return body


def _once(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    names = [name for name, _ in pairs]
    assert len(names) == len(set(names)), f"a name stands twice: {names}"
    return dict(pairs)


def _no_constant(name: str) -> None:
    raise AssertionError(f"{name} is not JSON")


def _check_kind(resource: dict[str, Any], kind: str) -> Iterator[str]:
    if resource.get("resourceType") != kind:
        yield f"resourceType: {resource.get('resourceType')!r}, not {kind}"


def _check_model(resource: dict[str, Any], release: str) -> Iterator[str]:
    """Element names and types, by fhir.resources."""
    try:
        models = _MODELS[release]
        models.get_fhir_model_class(resource["resourceType"]).model_validate(resource)
    except ValidationError as wrong:
        for error in wrong.errors():
            where = ".".join(str(part) for part in error["loc"])
            yield f"{resource['resourceType']}.{where}: {error['msg']}"


def _check_flag(flag: dict[str, Any], release: str) -> Iterator[str]:
    yield from check_syntax(flag, "Flag")
    yield from _check_model(flag, release)
    contained = {one.get("id") for one in flag.get("contained") or []}
    yield from _check_contained(flag, contained)
    if "text" in flag:
        yield from check_narrative(flag["text"], "Flag.text")
    else:
        yield "Flag.text: missing (dom-6)"
    if flag.get("status") not in FLAG_STATUS:
        yield f"Flag.status: {flag.get('status')!r} is no flag-status"
    yield from check_concept(flag.get("code"), "Flag.code")
    for index, category in enumerate(flag.get("category") or []):
        yield from _check_coded(category, f"Flag.category[{index}]")
    for index, identifier in enumerate(flag.get("identifier") or []):
        yield from check_identifier(identifier, f"Flag.identifier[{index}]")
        yield from check_uri(identifier.get("system"), f"Flag.identifier[{index}].system")
    for name, targets in _TARGETS.items():
        if name in flag or name == "subject":
            yield from check_reference(flag.get(name), targets, contained, f"Flag.{name}")
    yield from check_period(flag.get("period") or {}, "Flag.period")
    yield from _check_extensions(flag.get("extension") or [], contained)


def _check_contained(flag: dict[str, Any], names: set[Any]) -> Iterator[str]:
    written = json.dumps({**flag, "contained": None})
    for name in names:
        if f'"#{name}"' not in written:
            yield f"Flag.contained: nothing refers to #{name} (dom-3)"
    for one in flag.get("contained") or []:
        if "contained" in one:
            yield "Flag.contained: contains in turn (dom-2)"
        if {"versionId", "lastUpdated"} & set(one.get("meta", {})):
            yield "Flag.contained: has a version (dom-4)"
        if "security" in one.get("meta", {}):
            yield "Flag.contained: has a security label (dom-5)"


def _check_extensions(extensions: list[Any], contained: set[Any]) -> Iterator[str]:
    if sum(one.get("url") == _PRIORITY_URL for one in extensions) > 1:
        yield "Flag.extension: flag-priority stands twice"
    for index, extension in enumerate(extensions):
        path = f"Flag.extension[{index}]"
        if "extension" in extension:
            yield f"{path}: must not be nested (ext-1)"
        values = sorted(set(extension) - {"url", "id", "extension"})
        if extension.get("url") == _PRIORITY_URL:
            if values != ["valueCodeableConcept"]:
                yield f"{path}: flag-priority has valueCodeableConcept, not {values}"
                continue
            where = f"{path}.valueCodeableConcept"
            yield from _check_coded(extension["valueCodeableConcept"], where)
        elif extension.get("url") == _DETAIL_URL:
            if values != ["valueReference"]:
                yield f"{path}: flag-detail has valueReference, not {values}"
                continue
            where = f"{path}.valueReference"
            yield from check_reference(extension["valueReference"], None, contained, where)
        else:
            yield f"{path}: {extension.get('url')!r} is no extension of Flag"


def _check_coded(concept: Json, path: str) -> Iterator[str]:
    """A CodeableConcept, coded by a system whose codes are known here."""
    yield from check_concept(concept, path)
    if not isinstance(concept, dict):
        return
    for index, coding in enumerate(concept.get("coding") or []):
        codes = _CODE_SYSTEMS.get(coding.get("system", ""))
        where = f"{path}.coding[{index}]"
        if codes is None:
            yield f"{where}: {coding.get('system')!r} is not the code system of this element"
        elif coding.get("code") not in codes:
            yield f"{where}: {coding.get('code')!r} is not in {coding['system']}"
        elif coding.get("display", codes[coding["code"]]) != codes[coding["code"]]:
            yield f"{where}: {coding['code']} does not mean {coding['display']!r}"


def _check_outcome(outcome: dict[str, Any], release: str) -> Iterator[str]:
    yield from check_syntax(outcome, "OperationOutcome")
    yield from _check_model(outcome, release)
    if "text" in outcome:
        yield from check_narrative(outcome["text"], "OperationOutcome.text")
    if not outcome.get("issue"):
        yield "OperationOutcome.issue: there is none"
    for index, issue in enumerate(outcome.get("issue") or []):
        path = f"OperationOutcome.issue[{index}]"
        if issue.get("severity") not in SEVERITIES:
            yield f"{path}.severity: {issue.get('severity')!r} is no issue-severity"
        if issue.get("code") not in ISSUE_TYPES:
            yield f"{path}.code: {issue.get('code')!r} is no issue-type"
        if not (issue.get("details", {}).get("text") or issue.get("diagnostics")):
            yield f"{path}: says nothing"
        if "location" in issue:
            yield f"{path}.location: deprecated; it is expression"
        if len(set(issue.get("expression") or [])) != len(issue.get("expression") or []):
            yield f"{path}.expression: one stands twice"


def _check_provenance(provenance: dict[str, Any], release: str) -> Iterator[str]:
    yield from check_syntax(provenance, "Provenance")
    yield from _check_model(provenance, release)
    for index, target in enumerate(provenance.get("target") or []):
        yield from check_reference(
            target, frozenset({"Flag"}), set(), f"Provenance.target[{index}]"
        )
    for name in ("target", "recorded", "agent"):
        if not provenance.get(name):
            yield f"Provenance.{name}: missing"
    yield from _check_coded(provenance.get("activity"), "Provenance.activity")
    for index, agent in enumerate(provenance.get("agent") or []):
        path = f"Provenance.agent[{index}]"
        yield from _check_coded(agent.get("type"), f"{path}.type")
        yield from check_reference(agent.get("who"), frozenset({"Device"}), set(), f"{path}.who")
    for index, entity in enumerate(provenance.get("entity") or []):
        path = f"Provenance.entity[{index}]"
        if entity.get("role") not in _ROLES:
            yield f"{path}.role: {entity.get('role')!r} is no role in R4 and R5"
        yield from check_reference(entity.get("what"), None, set(), f"{path}.what")
    for policy in provenance.get("policy") or []:
        yield from check_uri(policy, "Provenance.policy")


def _check_answer(bundle: dict[str, Any], release: str) -> Iterator[str]:
    if bundle.get("type") != "collection":
        yield f"Bundle.type: {bundle.get('type')!r}, not collection"
    if "total" in bundle:
        yield "Bundle.total: only in a searchset or a history (bdl-1)"
    entries = bundle.get("entry") or []
    for index, entry in enumerate(entries):
        yield from _check_entry(entry, f"Bundle.entry[{index}]", release)
    urls = [entry["fullUrl"] for entry in entries if "fullUrl" in entry]
    for url in sorted({url for url in urls if urls.count(url) > 1}):
        yield f"Bundle.entry: {url} stands twice (bdl-7)"
    ours = [entry for entry in entries if _kind(entry) in _OURS]
    kinds = [_kind(entry) for entry in entries[: len(ours)]]
    flags, traces = kinds.count("Flag"), kinds.count("Provenance")
    if kinds != ["Flag"] * flags + ["OperationOutcome"] + ["Provenance"] * traces:
        yield "Bundle.entry: not Flags, then one OperationOutcome, then the request's resources"
    if traces not in {0, flags}:
        yield f"Bundle.entry: {traces} Provenances for {flags} Flags"
    # The rest are the sender's resources, as they came.
    yield from check_syntax({**bundle, "entry": ours}, "Bundle")
    yield from _check_model({**bundle, "entry": ours}, release)


def _check_entry(entry: dict[str, Any], path: str, release: str) -> Iterator[str]:
    for name in ("request", "response", "search"):
        if name in entry:
            yield f"{path}.{name}: not in a collection (bdl-2, bdl-3, bdl-4)"
    resource = entry.get("resource")
    if not isinstance(resource, dict) or not resource.get("resourceType"):
        yield f"{path}.resource: missing (bdl-5)"
        return
    url = entry.get("fullUrl")
    if not url:
        yield f"{path}.fullUrl: missing (bdl-15)"
    if "/_history/" in str(url):
        yield f"{path}.fullUrl: names a version (bdl-8)"
    kind = resource["resourceType"]
    if kind in _OURS:
        check = {"Flag": _check_flag, "Provenance": _check_provenance}.get(kind, _check_outcome)
        yield from _prefixed(path, check(resource, release))
        yield from check_uri(url, f"{path}.fullUrl")
    own = f"urn:uuid:{resource.get('id')}"
    if kind == "Provenance" and url != own:
        yield f"{path}.fullUrl: {url!r} is not that of the Provenance's id"
    if kind == "Flag" and url != own and not _is_kept(resource, str(url)):
        yield f"{path}.fullUrl: {url!r} is not that of the Flag's id"


def _check_transaction_answer(parameters: dict[str, Any], release: str) -> Iterator[str]:
    yield from check_syntax(parameters, "Parameters")
    yield from _check_model(parameters, release)
    given = {one.get("name"): one.get("resource") or {} for one in parameters.get("parameter", ())}
    if list(given) != ["return", "outcome"] or len(parameters["parameter"]) != len(given):
        yield f"Parameters: {list(given)}, not return and outcome"
        return
    yield from _prefixed("Parameters.outcome", _check_outcome(given["outcome"], release))
    yield from _prefixed("Parameters.return", _check_transaction(given["return"], release))


def _check_transaction(bundle: dict[str, Any], release: str) -> Iterator[str]:
    if bundle.get("type") != "transaction":
        yield f"Bundle.type: {bundle.get('type')!r}, not transaction"
    entries = bundle.get("entry") or []
    flags = [entry for entry in entries if _kind(entry) == "Flag"]
    urls = {entry.get("fullUrl") for entry in entries}
    if len(urls) != len(entries):
        yield "Bundle.entry: a fullUrl stands twice (bdl-7)"
    for index, entry in enumerate(entries):
        path, resource = f"Bundle.entry[{index}]", entry.get("resource") or {}
        yield from check_uri(entry.get("fullUrl"), f"{path}.fullUrl")
        if {"id", "meta"} & set(resource):
            yield f"{path}.resource: names itself, which is up to the server"
        asked = (entry.get("request") or {}).get("method"), (entry.get("request") or {}).get("url")
        if entry in flags:
            yield from _prefixed(path, _check_flag(resource, release))
            (own,) = resource.get("identifier") or [{}]
            if asked != ("PUT", f"Flag?identifier={own.get('system')}|{own.get('value')}"):
                yield f"{path}.request: {asked}, not a PUT to the Flag's identifier"
            yield from _prefixed(path, _check_named_elsewhere(resource))
        else:
            yield from _prefixed(path, _check_provenance(resource, release))
            if asked != ("POST", "Provenance"):
                yield f"{path}.request: {asked}, not a POST of a Provenance"
            yield from (
                f"{path}.resource.target: {one['reference']!r} is not in the transaction"
                for one in resource.get("target") or []
                if one.get("reference") not in urls
            )


def _check_batch_response(bundle: dict[str, Any], release: str) -> Iterator[str]:
    if bundle.get("type") != "batch-response":
        yield f"Bundle.type: {bundle.get('type')!r}, not batch-response"
    if bundle.get("entry") == []:
        yield "Bundle.entry: empty (ele-1)"
    for index, entry in enumerate(bundle.get("entry") or []):
        path = f"Bundle.entry[{index}]"
        response = entry.get("response") or {}
        if not re.fullmatch("[1-5][0-9]{2}", str(response.get("status"))):
            yield f"{path}.response.status: {response.get('status')!r} is no HTTP status"
        if ("resource" in entry) == ("outcome" in response) or set(entry) > {
            "resource",
            "response",
        }:
            yield f"{path}: neither an answer nor a refusal"
        if "outcome" in response:
            yield from _prefixed(path, _check_outcome(response["outcome"], release))
            continue
        resource = entry.get("resource") or {}
        check = _ANSWERS.get(_kind(entry))
        if check is None:
            yield f"{path}.resource: a {_kind(entry)} is no answer"
        else:
            yield from _prefixed(path, check(resource, release))


def _check_named_elsewhere(flag: dict[str, Any]) -> Iterator[str]:
    details = (one.get("valueReference") for one in flag.get("extension") or [])
    for reference in (flag.get("subject") or {}, *filter(None, details)):
        literal = str(reference.get("reference", ""))
        if literal.lower().startswith("urn:") or not (literal or "identifier" in reference):
            yield f"Flag: {reference} names nothing on another server"


def _is_kept(flag: dict[str, Any], url: str) -> bool:
    """Whether a Flag that was sent along has the fullUrl that its server gave it."""
    return url.endswith(f"/Flag/{flag.get('id')}") or _named_here(flag) == url


def _named_here(flag: dict[str, Any]) -> str:
    """The fullUrl that a Flag has by its identifier: a UUID of version 8 of the first 16 bytes."""
    value = str((flag.get("identifier") or [{}])[0].get("value"))
    if not re.fullmatch("[0-9a-f]{64}", value):
        return ""
    digits = int(value[:32], 16) & ~(0xF << 76) & ~(3 << 62) | 8 << 76 | 2 << 62
    return f"urn:uuid:{UUID(int=digits)}"


def _prefixed(path: str, complaints: Iterator[str]) -> Iterator[str]:
    return (f"{path}.resource: {complaint}" for complaint in complaints)


def _kind(entry: dict[str, Any]) -> str:
    return str((entry.get("resource") or {}).get("resourceType"))


def _check_capability(statement: dict[str, Any], release: str) -> Iterator[str]:
    yield from check_syntax(statement, "CapabilityStatement")
    yield from _check_model(statement, release)
    for name in ("status", "date", "kind", "fhirVersion", "format"):
        if name not in statement:
            yield f"CapabilityStatement.{name}: missing"
    if statement.get("fhirVersion") != _VERSIONS[release]:
        yield f"CapabilityStatement.fhirVersion: not that of {release}"
    if not {"rest", "messaging", "document"} & set(statement):
        yield "CapabilityStatement: none of rest, messaging, document (cpb-1)"
    if not {"description", "software", "implementation"} & set(statement):
        yield "CapabilityStatement: none of description, software, implementation (cpb-2)"
    told = (statement.get("implementation") or {}).get("description")
    if statement.get("kind") == "instance" and not told:
        yield "CapabilityStatement.implementation: missing (cpb-14)"
    for rest in statement.get("rest") or []:
        for operation in rest.get("operation") or []:
            yield from check_uri(operation.get("definition"), "CapabilityStatement.rest.operation")
            if operation.get("name", "$").startswith("$"):
                yield "CapabilityStatement.rest.operation.name: without the dollar sign"


def _check_operation(definition: dict[str, Any], release: str) -> Iterator[str]:
    yield from check_syntax(definition, "OperationDefinition")
    yield from _check_model(definition, release)
    for name in ("name", "status", "kind", "code", "system", "type", "instance"):
        if name not in definition:
            yield f"OperationDefinition.{name}: missing"
    if str(definition.get("code", "$")).startswith("$"):
        yield "OperationDefinition.code: without the dollar sign"
    names = [(one.get("name"), one.get("use")) for one in definition.get("parameter") or []]
    if len(names) != len(set(names)):
        yield "OperationDefinition.parameter: one stands twice"
    for parameter in definition.get("parameter") or []:
        if not {"name", "use", "min", "max", "type"} <= set(parameter):
            yield f"OperationDefinition.parameter {parameter.get('name')}: incomplete"


#: What an entry of a batch may be answered with.
_ANSWERS = {
    "Bundle": _check_answer,
    "CapabilityStatement": _check_capability,
    "OperationDefinition": _check_operation,
    "Parameters": _check_transaction_answer,
}
