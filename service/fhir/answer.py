"""The answer to a request: a Bundle of Flags, and what must be said beside them."""

import hmac
from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Any

from msgspec import Raw, json, structs

from service.fhir.citations import Teller
from service.fhir.earlier import EarlierFlag
from service.fhir.endings import Reviewed, ended, under_its_own_name
from service.fhir.explanations import explained
from service.fhir.flags import WritingOptions, flag, names_in, uuid_text
from service.fhir.outcome import arranged, outcome, place
from service.fhir.provenance import provenance
from service.fhir.summary import summary
from service.fhir.transaction import check_names, transaction
from service.fhir.written import Written
from service.knowledge.model import Knowledge
from service.record import PRIORITIES, STRENGTHS, Assessment, Cause, Issue

__all__ = ["WritingOptions", "write"]


def write(
    assessments: Iterable[Assessment],
    issues: Iterable[Issue],
    resources: Mapping[str, tuple[str, Raw]],
    knowledge: Knowledge,
    options: WritingOptions,
    reviewed: Sequence[Reviewed] = (),
) -> bytes:
    """The answer as JSON: Flags, one OperationOutcome, where they were asked for a Provenance for
    each Flag, then evidence that came with the request. As a transaction: Parameters that hold it
    and the OperationOutcome; Refused where it would name what no other server knows.

    Flags come most pressing first, over all patients. The OperationOutcome tells
    first for each patient what was read and found, then every issue: `issues` and the
    assessments' own, and last the explanations where there are any. `resources` holds the
    request's resources by the names that sources have: their fullUrl ("" where none was
    sent) and JSON, which comes back byte for byte.

    `reviewed` are Flags that were sent along: those that end come after the others.

    The same arguments give the same bytes, in whatever order assessments and issues come.
    """
    judged = sorted(assessments, key=_place)
    flags = [*_naming(judged, reviewed, knowledge, options)]
    if reviewed:
        flags += _ending(judged, reviewed, knowledge, options)
    if options.transaction:
        check_names(flags)
    told = _outcome(judged, issues, knowledge, options)
    traces = [_trace(one, knowledge, options) for one in flags] if options.provenance else []
    if options.transaction:
        # An OperationOutcome is nothing to be stored, and must not be lost either.
        both = [
            {"name": "return", "resource": transaction(flags, traces)},
            {"name": "outcome", "resource": told},
        ]
        return json.encode({"resourceType": "Parameters", "parameter": both})
    entries: list[dict[str, Any]] = [{"fullUrl": one.url, "resource": one.flag} for one in flags]
    entries += [_outcome_entry(told, options), *map(_named, traces)]
    if options.include_evidence is not False:
        entries.extend(_evidence([one.flag for one in flags], resources, options))
    # msgspec writes it once and copies Raw as it is; no other JSON writer at hand does both.
    return json.encode({"resourceType": "Bundle", "type": "collection", "entry": entries})


def _naming(
    judged: Iterable[Assessment],
    reviewed: Iterable[Reviewed],
    knowledge: Knowledge,
    options: WritingOptions,
) -> Iterator[Written]:
    """The Flags of the causes that are named, most pressing first."""
    earlier = {
        (one.flag.patient, one.flag.cause): one.flag for one in reviewed if one.outcome == "named"
    }
    teller = Teller(knowledge)
    for cause, of in _pressing(judged):
        written = flag(cause, of, teller, options)
        before = earlier.get((of.patient.key, cause.cause)) if earlier else None
        yield _written(written, options, of, cause, before)


def _ending(
    judged: Iterable[Assessment],
    reviewed: Iterable[Reviewed],
    knowledge: Knowledge,
    options: WritingOptions,
) -> Iterator[Written]:
    """The Flags that were sent along and end, in the order of the request."""
    by_patient = {one.patient.key: one for one in judged}
    for one in sorted(reviewed, key=lambda one: place(one.flag.expression)):
        if one.outcome in {"over", "in-error"}:
            of = by_patient[one.flag.patient]
            yield _written(ended(one, of, knowledge, options), options, of, None, one.flag)


def _written(
    flag: dict[str, Any],
    options: WritingOptions,
    of: Assessment,
    cause: Cause | None,
    earlier: EarlierFlag | None,
) -> Written:
    url = f"urn:uuid:{flag['id']}"
    if earlier and not options.transaction:
        flag, url = under_its_own_name(flag, earlier, url)
    return Written(flag, url, of, cause, earlier)


def _trace(written: Written, knowledge: Knowledge, options: WritingOptions) -> dict[str, Any]:
    links = written.cause.links if written.cause else ()
    revises = written.earlier.name if written.earlier else None
    moment = written.assessment.moment
    return provenance(written.flag, written.url, moment, links, knowledge, options, revises)


def _named(resource: dict[str, Any]) -> dict[str, Any]:
    """An entry for a resource of ours, under its id."""
    return {"fullUrl": f"urn:uuid:{resource['id']}", "resource": resource}


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


def _outcome(
    judged: list[Assessment],
    issues: Iterable[Issue],
    knowledge: Knowledge,
    options: WritingOptions,
) -> Raw:
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
    return Raw(json.encode(told))


def _outcome_entry(told: Raw, options: WritingOptions) -> dict[str, Any]:
    # It has no identity beyond what it says, so its name is made from that.
    name = uuid_text(hmac.digest(options.site_key, told, "sha256"))
    return {"fullUrl": f"urn:uuid:{name}", "resource": told}


def _placed(issue: Issue, patients: Mapping[str, str]) -> Issue:
    """An issue of a patient that points nowhere points at the patient."""
    if issue.expression or issue.patient not in patients:
        return issue
    return structs.replace(issue, expression=(patients[issue.patient],))


def _evidence(
    flags: Iterable[dict[str, Any]],
    resources: Mapping[str, tuple[str, Raw]],
    options: WritingOptions,
) -> Iterator[dict[str, Any]]:
    """What the flags refer to, each once: everything, or what only the request could name.

    Each entry of a collection has a fullUrl (bdl-15), so one that came without gets one.
    """
    everything = bool(options.include_evidence)
    written = set()
    for name in dict.fromkeys(name for one in flags for name in names_in(one)):
        if (everything or name[:4].lower() == "urn:") and name in resources:
            url, resource = resources[name]
            if (url or name) not in written:
                written.add(url or name)
                made = uuid_text(hmac.digest(options.site_key, name.encode(), "sha256"))
                yield {"fullUrl": url or f"urn:uuid:{made}", "resource": resource}
