"""Codes of outside systems: systems by all the names that senders give them, and what is coded."""

from collections.abc import Iterable, Iterator

from service.fhir import wire
from service.knowledge.model import ATC, ICD10, ICD10CM, LOINC, RXNORM, SNOMED

_OIDS = {
    "2.16.840.1.113883.6.1": LOINC,
    "2.16.840.1.113883.6.96": SNOMED,
    "2.16.840.1.113883.6.90": ICD10CM,
    "2.16.840.1.113883.6.3": ICD10,
    "2.16.840.1.113883.6.88": RXNORM,
    "2.16.840.1.113883.6.73": ATC,
}

#: Names as they are compared: lower case, http, without a closing slash.
NAMES = {
    **{system.lower(): system for system in _OIDS.values()},
    **_OIDS,
    **{f"urn:oid:{oid}": system for oid, system in _OIDS.items()},
    "loinc": LOINC,
    "ln": LOINC,
    "snomed": SNOMED,
    "snomed-ct": SNOMED,
    "snomed ct": SNOMED,
    "snomedct": SNOMED,
    "sct": SNOMED,
    "icd-10-cm": ICD10CM,
    "icd10cm": ICD10CM,
    "i10c": ICD10CM,
    "icd-10": ICD10,
    "icd10": ICD10,
    "i10": ICD10,
    # National editions of ICD-10 share its categories.
    "http://fhir.de/codesystem/bfarm/icd-10-gm": ICD10,
    "http://fhir.de/codesystem/dimdi/icd-10-gm": ICD10,
    "http://hl7.org/fhir/sid/icd-10-de": ICD10,
    "http://hl7.org/fhir/sid/icd-10-nl": ICD10,
    "http://hl7.org/fhir/sid/icd-10-uk": ICD10,
    "rxnorm": RXNORM,
    "rxn": RXNORM,
    "atc": ATC,
    "http://whocc.no/atc": ATC,
    "http://fhir.de/codesystem/bfarm/atc": ATC,
    "http://fhir.de/codesystem/dimdi/atc": ATC,
}
_SYSTEMS = frozenset(_OIDS.values())
_SNOMED_EDITIONS = f"{SNOMED}/"

#: What may follow an ICD code: dagger, asterisk and the like.
_ICD_MARKS = "+*#!\N{DAGGER}"


def system_of(coding: wire.Coding) -> str:
    """The FHIR URL of a coding's system, by whatever name; "" where it is none that rules use."""
    named = coding.system
    if not named:
        return ""
    if named in _SYSTEMS:
        return named
    folded = named.strip().partition("|")[0].rstrip("/").lower().replace("https://", "http://")
    if folded.startswith(_SNOMED_EDITIONS):
        return SNOMED
    return NAMES.get(folded, "")


def code_of(coding: wire.Coding, system: str) -> str:
    """A coding's code as look-ups have it; ICD codes without dot and marks, in upper case."""
    code = (coding.code or "").strip()
    if system in (ICD10, ICD10CM):
        return code.rstrip(_ICD_MARKS).replace(".", "").upper()
    return code


def codings(concept: wire.CodeableConcept | None) -> Iterator[tuple[str, str]]:
    """System and code of a concept's codings in systems that rules use."""
    for coding in (concept and concept.coding) or ():
        if system := system_of(coding):
            yield system, code_of(coding, system)


def texts(concept: wire.CodeableConcept | None) -> Iterator[str]:
    """What a concept says in words: its text, then the displays of its codings."""
    if concept:
        if concept.text:
            yield concept.text
        for coding in concept.coding or ():
            if coding.display:
                yield coding.display


def plain_codes(
    concepts: Iterable[wire.CodeableConcept] | wire.CodeableConcept | str | None,
) -> list[str]:
    """The codes of concepts whose system does not matter, in lower case; a plain code too."""
    if isinstance(concepts, str):
        return [concepts.strip().lower()]
    if isinstance(concepts, wire.CodeableConcept):
        concepts = (concepts,)
    return [
        coding.code.strip().lower()
        for concept in concepts or ()
        for coding in concept.coding or ()
        if coding.code
    ]


def concepts(
    element: Iterable[wire.CodeableConcept] | wire.CodeableConcept | None,
) -> tuple[wire.CodeableConcept, ...]:
    """The concepts of an element that repeats in some versions of FHIR and not in others."""
    return (element,) if isinstance(element, wire.CodeableConcept) else tuple(element or ())


def statuses(concept: wire.CodeableConcept | str) -> set[str]:
    """The codes of a concept, and its words as if they were codes: "Entered in error"."""
    words = texts(concept) if isinstance(concept, wire.CodeableConcept) else ()
    return {*plain_codes(concept), *("-".join(text.lower().split()) for text in words)}


def display_of(concept: wire.CodeableConcept | None) -> str:
    """What to print for a concept: its text, else a display, else nothing."""
    return next(texts(concept), "")
