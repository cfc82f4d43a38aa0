"""Flags of this service that come along with a request: what was concluded before, and from what.

Only a Flag whose identifier is the one that this site gives for its patient and its cause is
believed; what is not is left alone, and that is told.
"""

from collections.abc import Iterator, Mapping
from functools import lru_cache
from typing import Literal

from msgspec import Struct, structs

from service.fhir import wire
from service.fhir.addresses import address
from service.fhir.codes import statuses
from service.fhir.context import Context
from service.fhir.entries import Entry
from service.fhir.flags import FLAG_DETAIL, FLAG_PRIORITY, WritingOptions, key_of
from service.fhir.issues import Spot
from service.fhir.modifiers import is_modified
from service.fhir.references import Target
from service.fhir.times import read_time
from service.knowledge.agents import agent_of
from service.knowledge.language import Analyte, Derived, MedicineRule, ProblemRule
from service.knowledge.model import Knowledge
from service.record import Earlier, Ground, Identifier, Moment, Patient

_Rule = Analyte | Derived | ProblemRule | MedicineRule

#: What became of a resource that a Flag refers to, as far as it is in the request.
Fate = Literal["", "corrected", "stopped", "withdrawn", "in-error"]

_STATUSES = frozenset({"active", "inactive", "entered-in-error"})
_FATES: dict[str, dict[str, Fate]] = {
    "Observation": {
        "amended": "corrected",
        "corrected": "corrected",
        "cancelled": "withdrawn",
        "entered-in-error": "in-error",
    },
    "Condition": {"refuted": "withdrawn", "entered-in-error": "in-error"},
    "MedicationRequest": {
        "stopped": "stopped",
        "cancelled": "stopped",
        "entered-in-error": "in-error",
    },
    "MedicationStatement": {
        "stopped": "stopped",
        "completed": "stopped",
        "not-taken": "stopped",
        "entered-in-error": "in-error",
    },
    "MedicationAdministration": {"stopped": "stopped", "entered-in-error": "in-error"},
}

_ANOTHERS = "This Flag is not one of this service's, so it was not read."
_LEFT = "so it was left as it is"
_ILL_STATUS = "The status is none of a Flag's, so it was left as it is."


class Detail(Struct, frozen=True, gc=False):
    """What a Flag refers to as evidence, under the name that it has in this request."""

    type: str
    name: str
    identifier: Identifier | None
    display: str
    fate: Fate


class EarlierFlag(Struct, frozen=True, gc=False):
    """A Flag of this service as it was sent. `name` is what a server calls it, with its version."""

    patient: str
    expression: str
    id: str
    full_url: str
    name: str
    identifiers: tuple[str, ...]
    status: str
    cause: str
    since: Moment | None
    priority: str
    details: tuple[Detail, ...]


def read_flag(entry: Entry, flag: wire.Flag, context: Context) -> EarlierFlag | None:
    """A Flag of this service; None for any other and what can not be understood, which is told."""
    issues, system = context.issues, f"{context.base}/flag"
    ours = tuple(one.value for one in flag.identifier or () if one.system == system and one.value)
    if not ours or entry.container:
        issues.information("not-supported", _ANOTHERS, entry.expression)
        return None
    here = _at_home(entry, context)
    chart = context.charts.chart_of(here, flag.subject)
    if chart is None:
        return None
    spot = Spot(issues, entry.expression, chart.key)
    if is_modified(flag, spot, _LEFT.removeprefix("so ")):
        return None
    if flag.status not in _STATUSES:
        spot.warning("code-invalid", _ILL_STATUS, ".status")
        return None
    name = context.directory.name_of(entry)
    if name[:4].lower() == "urn:":
        name = ""
    return EarlierFlag(
        chart.key,
        entry.expression,
        (flag.id or ""),
        entry.full_url,
        f"{name}/_history/{entry.version}" if name and entry.version else name,
        ours,
        flag.status,
        _code(flag.code, f"{context.base}/CodeSystem/cause"),
        read_time(flag.period.start if flag.period else None, context.zone, spot, ".period.start"),
        next((_code(one) for one in _values(flag, FLAG_PRIORITY)), ""),
        tuple(_details(here, flag, chart.key, context)),
    )


def _at_home(entry: Entry, context: Context) -> Entry:
    """A Flag as one that lives beside the request's other resources.

    Those of an answer have a urn as fullUrl, beside which "Patient/1" would have no meaning.
    """
    if entry.address and entry.address.root is not None:
        return entry
    home = context.directory.home
    return structs.replace(entry, address=address(f"http:{home}/Flag/1") if home else None)


def _values(flag: wire.Flag, url: str) -> Iterator[wire.CodeableConcept]:
    for one in flag.extension or ():
        if one.url == url and one.value_codeable_concept:
            yield one.value_codeable_concept


def _code(concept: wire.CodeableConcept | None, system: str = "") -> str:
    codings = (concept and concept.coding) or ()
    return next((one.code or "" for one in codings if system in {"", one.system}), "")


def _details(entry: Entry, flag: wire.Flag, patient: str, context: Context) -> Iterator[Detail]:
    for one in flag.extension or ():
        reference = one.value_reference
        if one.url != FLAG_DETAIL or not reference:
            continue
        target = context.directory.resolve(reference, entry)
        name, kind = reference.reference or "", reference.type or ""
        fate: Fate = ""
        if isinstance(target, Target):
            name = context.directory.name_of_target(target) or name
            kind = target.type or kind
            fate = _fate(target.entry, patient, context)
        said = reference.identifier
        identifier = None
        if said and said.system and said.value:
            identifier = Identifier(said.system, said.value)
        yield Detail(kind, name, identifier, reference.display or "", fate)


def _fate(entry: Entry | None, patient: str, context: Context) -> Fate:
    """What a resource of the patient says of itself; what is of another says nothing here."""
    resource = entry.resource if entry else None
    subject = getattr(resource, "subject", None)
    if not entry or not subject or context.charts.key_of(entry, subject) != patient:
        return ""
    if isinstance(resource, wire.Condition):
        status = resource.verification_status
    else:
        status = getattr(resource, "status", None)
    fates = _FATES.get(entry.type, {})
    said = {fates[code] for code in (statuses(status) if status else ()) if code in fates}
    return min(said, default="", key=_GRAVEST.index)


#: What became of evidence that is none any more.
_GONE = frozenset({"withdrawn", "in-error"})
_GRAVEST: list[Fate] = ["in-error", "withdrawn", "stopped", "corrected", ""]


def belongs(
    flag: EarlierFlag, patient: Patient, knowledge: Knowledge, options: WritingOptions
) -> bool:
    """Whether a Flag is the one that this site gives for its patient and its cause."""
    agent = agent_of(flag.cause, knowledge.medicines)
    return key_of(flag.cause, agent, patient, options.site_key).hex() in flag.identifiers


def conclusion(flag: EarlierFlag, knowledge: Knowledge) -> Earlier:
    """What a Flag concluded, and what it rested on by what its references say.

    What was withdrawn since is no ground any more.
    """
    standing = [one for one in flag.details if one.fate not in _GONE]
    found = [_grounds(one, _names(knowledge)) for one in standing]
    known = all(found) and bool(flag.details)
    return Earlier(
        flag.cause,
        flag.since,
        frozenset(ground for one in found for ground in one) if known else None,
        frozenset(one.name for one in standing if one.fate == "corrected") - {""},
        frozenset(one.name for one in standing if one.fate == "stopped") - {""},
        withdrawn=len(standing) < len(flag.details),
    )


def is_in_error(flag: EarlierFlag, knowledge: Knowledge) -> bool:
    """Whether all evidence of a Flag was entered in error; the jerks on file are none."""
    signs = {name for name, rule in knowledge.problems.items() if rule.sign}
    evidence = [
        one
        for one in flag.details
        if not (found := _grounds(one, _names(knowledge))) or {each.id for each in found} - signs
    ]
    return bool(evidence) and all(one.fate == "in-error" for one in evidence)


_Kind = Literal["result", "problem", "treatment"]
_Names = dict[str, list[tuple[_Kind, str]]]

#: What resources of a type can show; those of any other type, anything.
_SHOWS: dict[str, set[_Kind]] = {
    "Observation": {"result", "problem"},
    "Condition": {"problem"},
    "MedicationRequest": {"treatment"},
    "MedicationStatement": {"treatment"},
    "MedicationAdministration": {"treatment"},
}


@lru_cache(maxsize=4)
def _names(knowledge: Knowledge) -> dict[str, _Names]:
    """What lines of evidence may begin with, and what it names, by the first word."""
    names: dict[str, _Names] = {}
    for kind, rules in _rules(knowledge):
        for one, rule in rules.items():
            same = names.setdefault(_first_word(rule.name), {})
            same.setdefault(rule.name, []).append((kind, one))
    return names


def _first_word(text: str) -> str:
    return text.partition(" ")[0].partition(",")[0]


def _rules(knowledge: Knowledge) -> Iterator[tuple[_Kind, Mapping[str, _Rule]]]:
    yield "result", knowledge.analytes
    yield "result", knowledge.derived
    yield "problem", knowledge.problems
    yield "treatment", knowledge.medicines


def _grounds(detail: Detail, names: dict[str, _Names]) -> set[Ground]:
    """What a piece of evidence shows, by the names that its display begins with; see `wording`.

    Nothing where it is not known all of what it shows.
    """
    grounds: set[Ground] = set()
    shows = _SHOWS.get(detail.type)
    parts = detail.display.split("; ", _MOST_PARTS)
    if len(parts) > _MOST_PARTS:
        return set()
    # Notes on a piece of evidence stand in parentheses. Where a sender's words among them have
    # one that is not closed, nobody can tell where the notes end.
    depth, is_closed = 0, detail.display.count("(") == detail.display.count(")")
    for part in parts:
        is_note = is_closed and depth > 0
        depth += part.count("(") - part.count(")")
        near = names.get(_first_word(part), {})
        begun = [one for one in near if part == one or part.startswith((f"{one} ", f"{one},"))]
        shown = {
            Ground(kind, one, detail.name)
            for kind, one in (near[max(begun, key=len)] if begun else ())
            if not shows or kind in shows
        }
        if not (shown or is_note):
            return set()
        grounds |= shown
    return grounds


#: No resource shows so many things that a Flag rests on.
_MOST_PARTS = 50
