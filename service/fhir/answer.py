"""The answer to a request: a Bundle of Flags, and what must be said beside them."""

import hmac
from collections.abc import Iterable, Iterator, Mapping
from typing import Any

from msgspec import Raw, json, structs

from service.fhir.citations import Teller
from service.fhir.explanations import explained
from service.fhir.flags import WritingOptions, flag, names_in, uuid_text
from service.fhir.outcome import arranged, outcome, place
from service.fhir.summary import summary
from service.knowledge.model import Knowledge
from service.record import PRIORITIES, STRENGTHS, Assessment, Cause, Issue

__all__ = ["WritingOptions", "write"]


def write(
    assessments: Iterable[Assessment],
    issues: Iterable[Issue],
    resources: Mapping[str, tuple[str, Raw]],
    knowledge: Knowledge,
    options: WritingOptions,
) -> bytes:
    """The answer as JSON: Flags, one OperationOutcome, then evidence that came with the request.

    Flags come most pressing first, over all patients. The OperationOutcome tells
    first for each patient what was read and found, then every issue: `issues` and the
    assessments' own, and last the explanations where there are any. `resources` holds the
    request's resources by the names that sources have: their fullUrl ("" where none was
    sent) and JSON, which comes back byte for byte.

    The same arguments give the same bytes, in whatever order assessments and issues come.
    """
    judged = sorted(assessments, key=_place)
    teller = Teller(knowledge)
    flags = [flag(cause, of, teller, options) for cause, of in _pressing(judged)]
    entries = [{"fullUrl": f"urn:uuid:{one['id']}", "resource": one} for one in flags]
    entries.append(_outcome_entry(judged, issues, knowledge, options))
    if options.include_evidence is not False:
        entries.extend(_evidence(flags, resources, everything=bool(options.include_evidence)))
    # msgspec writes it once and copies Raw as it is; no other JSON writer at hand does both.
    return json.encode({"resourceType": "Bundle", "type": "collection", "entry": entries})


def _place(assessment: Assessment) -> tuple[Any, ...]:
    patient = assessment.patient
    return (place(patient.expression), patient.reference, patient.key)


def _pressing(assessments: Iterable[Assessment]) -> list[tuple[Cause, Assessment]]:
    """All causes of all patients, most pressing first."""
    ranked = [
        (
            -PRIORITIES.index(cause.priority),
            -STRENGTHS.index(cause.strength),
            order,
            assessment.patient.reference,
            assessment.patient.key,
            cause,
            assessment,
        )
        for assessment in assessments
        for order, cause in enumerate(assessment.causes)
    ]
    return [(cause, assessment) for *_, cause, assessment in sorted(ranked, key=lambda r: r[:5])]


def _outcome_entry(
    judged: list[Assessment],
    issues: Iterable[Issue],
    knowledge: Knowledge,
    options: WritingOptions,
) -> dict[str, Any]:
    patients = {one.patient.key: one.patient.expression for one in judged}
    said = [*issues, *(issue for one in judged for issue in one.issues)]
    told = outcome(
        (
            *(summary(one, knowledge) for one in judged),
            *arranged(_placed(issue, patients) for issue in said),
        )
    )
    for one in judged:
        told["issue"] += explained(one, knowledge, options.base)
    written = json.encode(told)
    # It has no identity beyond what it says, so its name is made from that.
    name = uuid_text(hmac.digest(options.site_key, written, "sha256"))
    return {"fullUrl": f"urn:uuid:{name}", "resource": Raw(written)}


def _placed(issue: Issue, patients: Mapping[str, str]) -> Issue:
    """An issue of a patient that points nowhere points at the patient."""
    if issue.expression or issue.patient not in patients:
        return issue
    return structs.replace(issue, expression=(patients[issue.patient],))


def _evidence(
    flags: Iterable[dict[str, Any]],
    resources: Mapping[str, tuple[str, Raw]],
    *,
    everything: bool,
) -> Iterator[dict[str, Any]]:
    """What the flags refer to, each once: everything, or what only the request could name."""
    written = set()
    for name in dict.fromkeys(name for one in flags for name in names_in(one)):
        if (everything or name[:4].lower() == "urn:") and name in resources:
            url, resource = resources[name]
            if (url or name) not in written:
                written.add(url or name)
                yield {"fullUrl": url, "resource": resource} if url else {"resource": resource}
