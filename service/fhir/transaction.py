"""Flags as a transaction that can be posted to a FHIR server as it is.

https://hl7.org/fhir/R4/http.html#transaction

Each Flag is put to the one with its identifier, wherever that lives on the server, so that
posting the same twice changes nothing. What names nothing there is refused: a flag on no chart,
or with evidence that nobody can open, would be worse than none.
"""

import re
from collections.abc import Iterable, Iterator
from typing import Any
from urllib.parse import quote

from service.fhir.citations import sources
from service.fhir.flags import details_in
from service.fhir.issues import Refused
from service.fhir.wording import fit
from service.fhir.written import Written
from service.record import Issue, Patient

#: What separates values in a search.
_SEPARATOR = re.compile(r"[\\|,$]")

_SUBJECT = (
    "This patient has no name that another server would know, only a urn: or none, and no "
    "identifier of its own, so a Flag in a transaction would be on nobody's chart. Give it an id "
    "or an identifier, or ask for a collection."
)
_EVIDENCE = (
    "A Flag rests on this, and it has no name that another server would know, only a urn: or none. "
    "Store it first and send it under the id that it got, or ask for a collection."
)


def check_names(flags: Iterable[Written]) -> None:
    """Refuse with 422 what a transaction can not name. Each resource in question is told."""
    faults: dict[Issue, None] = {}
    for written in flags:
        patient = written.assessment.patient
        where = []
        if _is_nameless(patient.reference) and not _conditional(patient):
            where.append((_SUBJECT, patient.expression))
        where += ((_EVIDENCE, expression) for expression in _nameless_evidence(written))
        for text, expression in where:
            faults[Issue("error", "business-rule", text, (expression,), patient.key)] = None
    if faults:
        raise Refused(422, tuple(faults))


def _nameless_evidence(written: Written) -> Iterator[str]:
    """Where the evidence is that no other server would know by its name."""
    if cause := written.cause:
        for source in sources((*cause.evidence, *cause.sign)):
            known_by_identifier = source.identifier and not source.reference
            if _is_nameless(source.reference) and not known_by_identifier:
                yield source.expression
    elif written.earlier:
        for reference in details_in(written.flag):
            named = reference.get("reference", "")
            if _is_nameless(named) and not ("identifier" in reference and not named):
                yield written.earlier.expression


def transaction(flags: Iterable[Written], provenances: Iterable[dict[str, Any]]) -> dict[str, Any]:
    """The Bundle: each Flag put to its identifier, then each Provenance posted."""
    entries = [*map(_put, flags), *map(_post, provenances)]
    bundle: dict[str, Any] = {"resourceType": "Bundle", "type": "transaction"}
    return bundle | {"entry": entries} if entries else bundle


def _put(written: Written) -> dict[str, Any]:
    flag, patient = written.flag, written.assessment.patient
    (identifier,) = flag["identifier"]
    token = _token(identifier["system"], identifier["value"])
    # The server keeps or gives the id; in the body it would contradict that.
    body = {name: value for name, value in flag.items() if name != "id"}
    if _is_nameless(patient.reference):
        subject = {"reference": _conditional(patient), "type": "Patient"}
        if display := flag["subject"].get("display"):
            subject["display"] = display
        body["subject"] = subject
    return {
        "fullUrl": written.url,
        "resource": body,
        "request": {"method": "PUT", "url": f"Flag?identifier={token}"},
    }


def _post(provenance: dict[str, Any]) -> dict[str, Any]:
    body = {name: value for name, value in provenance.items() if name != "id"}
    return {
        "fullUrl": f"urn:uuid:{provenance['id']}",
        "resource": body,
        "request": {"method": "POST", "url": "Provenance"},
    }


def _is_nameless(reference: str) -> bool:
    return not reference or reference[0] == "#" or reference[:4].lower() == "urn:"


def _conditional(patient: Patient) -> str:
    """A search for a patient by identifier, which the server resolves; "" where it could find
    another: where the request has several patients of one identifier.
    """
    identifier = patient.identifier
    if not identifier or patient.identity != f"{identifier.system}|{identifier.value}":
        return ""
    return f"Patient?identifier={_token(fit(identifier.system), fit(identifier.value))}"


def _token(system: str, value: str) -> str:
    """https://hl7.org/fhir/R4/search.html#escaping, in a URL."""
    told = (_SEPARATOR.sub(r"\\\g<0>", part) for part in (system, value))
    return "|".join(quote(part, safe=":/") for part in told)
