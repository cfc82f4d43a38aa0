"""A possible cause as a FHIR R4 Flag."""

import hmac
import re
from collections.abc import Iterable, Iterator
from datetime import datetime
from typing import Any

from msgspec import Struct, json

from service.fhir.citations import Teller, reference_to, references_to
from service.fhir.narrative import narrative as story
from service.fhir.releases import USUAL
from service.fhir.wording import plain
from service.knowledge.model import SNOMED, Knowledge
from service.record import Assessment, Cause, Evidence, Moment, Patient, Problem, Treatment

FLAG_DETAIL = "http://hl7.org/fhir/StructureDefinition/flag-detail"
FLAG_PRIORITY = "http://hl7.org/fhir/StructureDefinition/flag-priority"

_CATEGORY = [
    {
        "coding": [
            {
                "system": "http://terminology.hl7.org/CodeSystem/flag-category",
                "code": "clinical",
                "display": "Clinical",
            }
        ]
    }
]

_PRIORITY: dict[str, dict[str, Any]] = {
    priority: {
        "url": FLAG_PRIORITY,
        "valueCodeableConcept": {
            "coding": [
                {
                    "system": "http://hl7.org/fhir/flag-priority-code",
                    "code": code,
                    "display": display,
                }
            ]
        },
    }
    for priority, code, display in (
        ("low", "PL", "Low priority"),
        ("medium", "PM", "Medium priority"),
        ("high", "PH", "High priority"),
    )
}

# https://hl7.org/fhir/R4/datatypes.html#dateTime, without its leap second, which few readers take.
_DATE_TIME = re.compile(
    r"(?!0000)\d{4}(-(0[1-9]|1[0-2])(-(0[1-9]|[12]\d|3[01])"
    r"(T([01]\d|2[0-3]):[0-5]\d:[0-5]\d(\.\d+)?(Z|[+-]((0\d|1[0-3]):[0-5]\d|14:00)))?)?)?",
    re.ASCII,
)


class WritingOptions(Struct, frozen=True):
    """How answers are written.

    `base` is the canonical base URL of this service's own systems, without a slash at
    its end. `site_key` is the secret that ids are derived with. `include_evidence`: whether
    the resources that flags refer to come back in the answer; None: those that only the
    request could name (urn:). `snomed`: SNOMED CT beside the own code of a cause.
    `release` of FHIR: a Flag is the same in all that are written.
    `provenance`: a Provenance for each Flag. `transaction`: Flags as a transaction for a server.
    """

    base: str
    site_key: bytes
    service_version: str
    include_evidence: bool | None = None
    snomed: bool = False
    release: str = USUAL
    provenance: bool = False
    transaction: bool = False


def flag(
    cause: Cause, assessment: Assessment, teller: Teller, options: WritingOptions
) -> dict[str, Any]:
    """The Flag of one possible cause of one patient.

    `id` and `identifier` depend on the site key, the patient's identity, the cause and its
    agent alone, so that the same conclusion is the same Flag whenever it is drawn.
    `period.start` is the time of the newest piece of evidence: from then on all of it
    was there. It is missing where no evidence has a time.
    """
    knowledge = teller.knowledge
    evidence, signs = teller.told(cause.evidence), teller.told(cause.sign)
    newest = _newest(cause.evidence, assessment.moment)
    return frame(
        cause.cause,
        cause.name,
        cause.agent,
        assessment.patient,
        knowledge,
        options,
        status="active",
        narrative=story(cause, evidence, signs, teller),
        extensions=[
            _PRIORITY[cause.priority],
            *[
                {"url": FLAG_DETAIL, "valueReference": reference}
                for reference in references_to(evidence + signs, knowledge)
            ],
        ],
        period={} if newest is None else {"start": date_time(newest)},
    )


def frame(
    cause: str,
    name: str,
    agent: str,
    patient: Patient,
    knowledge: Knowledge,
    options: WritingOptions,
    *,
    status: str,
    narrative: str,
    extensions: list[dict[str, Any]],
    period: dict[str, str],
) -> dict[str, Any]:
    """The Flag of a cause and a patient with what is told of it; see `flag`."""
    key = key_of(cause, agent, patient, options.site_key)
    written: dict[str, Any] = {
        "resourceType": "Flag",
        "id": uuid_text(key),
        "text": {"status": "extensions", "div": narrative},
        **({"extension": extensions} if extensions else {}),
        "identifier": [{"system": f"{options.base}/flag", "value": key.hex()}],
        "status": status,
        "category": _CATEGORY,
        "code": {
            "coding": list(_codings(cause, name, knowledge, options)),
            "text": f"Possible cause of myoclonus: {name}",
        },
        "subject": _subject(patient),
    }
    if period:
        written["period"] = period
    written["author"] = author(knowledge, options)
    return written


def priority_of(code: str) -> list[dict[str, Any]]:
    """The extension that tells a priority by its code; none for what is no code of ours."""
    known = {one["valueCodeableConcept"]["coding"][0]["code"]: one for one in _PRIORITY.values()}
    return [known[code]] if code in known else []


def names_in(written: dict[str, Any]) -> Iterator[str]:
    """The literal references of a Flag: its subject's, then those to its evidence."""
    for reference in (written["subject"], *details_in(written)):
        if "reference" in reference:
            yield reference["reference"]


def details_in(written: dict[str, Any]) -> list[dict[str, Any]]:
    """The References of a Flag to its evidence."""
    extensions = written.get("extension", ())
    return [one["valueReference"] for one in extensions if "valueReference" in one]


def uuid_text(digest: bytes) -> str:
    """The first 16 bytes of a digest as a version 8 UUID (RFC 9562, section 5.8)."""
    octets = bytearray(digest[:16])
    octets[6] = octets[6] & 0x0F | 0x80
    octets[8] = octets[8] & 0x3F | 0x80
    text = octets.hex()
    return f"{text[:8]}-{text[8:12]}-{text[12:16]}-{text[16:20]}-{text[20:]}"


def key_of(cause: str, agent: str, patient: Patient, site_key: bytes) -> bytes:
    """What the identifier of the Flag of a patient and a cause is made from."""
    # JSON keeps the three apart whatever they hold. Keyed, because who has the plain hash of
    # a record number finds the number by trying them all.
    message = json.encode((patient.identity, cause, agent))
    return hmac.digest(site_key, message, "sha256")


def _codings(
    cause: str, name: str, knowledge: Knowledge, options: WritingOptions
) -> Iterator[dict[str, str]]:
    yield {
        "system": f"{options.base}/CodeSystem/cause",
        "code": cause,
        "display": name,
    }
    if options.snomed:
        # Of several codes the first: the codings of one concept must mean the same.
        for code, display in list(knowledge.causes[cause].snomed.items())[:1]:
            yield {"system": SNOMED, "code": code, "display": display}


def _subject(patient: Patient) -> dict[str, Any]:
    subject = reference_to("Patient", patient.reference, patient.identifier, plain(patient.display))
    if len(subject) == 1:
        subject["display"] = f"The patient of {patient.expression}"
    return subject


def author(knowledge: Knowledge, options: WritingOptions) -> dict[str, Any]:
    """A logical reference to this service as a Device, with the versions that it judged by."""
    return {
        "type": "Device",
        "identifier": {"system": f"{options.base}/device", "value": "myoflag"},
        "display": f"Myoflag {options.service_version}, rules {knowledge.ruleset.version} "
        f"(SHA-256 {knowledge.digest[:12]})",
    }


def _newest(evidence: Iterable[Evidence], now: datetime) -> Moment | None:
    """The newest time among the evidence that is not to come."""
    newest: Moment | None = None
    for piece in evidence:
        if type(piece) is Problem:
            moment = piece.onset or piece.recorded
        elif type(piece) is Treatment:
            moment = piece.start
        else:
            moment = piece.result.moment
        if moment is not None and moment.earliest <= now:
            newest = moment if newest is None else max(newest, moment, key=_age)
    return newest


def _age(moment: Moment) -> tuple[datetime, datetime, str]:
    return (moment.earliest, moment.latest, moment.text)


def date_time(moment: Moment) -> str:
    """As it was sent where that is a FHIR dateTime, else the first instant that it may mean."""
    if _DATE_TIME.fullmatch(moment.text):
        return moment.text
    return moment.earliest.isoformat().replace("+00:00", "Z")
