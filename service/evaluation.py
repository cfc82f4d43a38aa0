"""Bytes in, bytes out: reading, the engine, writing. HTTP and the command line both call this."""

from collections import Counter
from collections.abc import Iterable
from datetime import datetime
from http import HTTPStatus
from typing import Literal
from zoneinfo import ZoneInfo

from msgspec import Struct, structs

from service import __version__
from service.engine import Engine
from service.engine.canary import canary
from service.fhir.answer import WritingOptions, write
from service.fhir.earlier import EarlierFlag, belongs, conclusion, is_in_error
from service.fhir.endings import Reviewed, said_of
from service.fhir.issues import refusal
from service.fhir.lexicon import lexicon_of
from service.fhir.parameters import ParameterValues, contradiction, first_values
from service.fhir.reading import LATEST, Intake, ReadingOptions, Refused, read
from service.fhir.times import moment
from service.knowledge.compiled import load
from service.knowledge.local_codes import with_local_codes
from service.knowledge.model import Knowledge
from service.record import Assessment, Issue
from service.settings import Settings


class Site(Struct, frozen=True):
    """Rules that are loaded, their engine, and how this site reads and writes."""

    knowledge: Knowledge
    engine: Engine
    base: str
    site_key: bytes
    zone: ZoneInfo
    snomed: bool
    max_body_bytes: int
    max_entries: int
    max_depth: int
    release: str
    max_text_bytes: int


class Asked(Struct, frozen=True):
    """What a caller asks for beside the data.

    `now`: the moment to judge at, LATEST for each patient's own newest clinical time, None for
    the clock. `said`: the other parameters; what the body's Parameters say comes before them.
    `strict`: refuse what is not valid FHIR. `cause`: explain that one alone, with all its rules.
    `sent` and `release` are the releases of FHIR that the body is valid in, if that is asked, and
    that the answer is in; None: the site's.
    """

    now: datetime | Literal["latest"] | None = None
    said: ParameterValues = ParameterValues()
    strict: bool = False
    cause: str = ""
    sent: str | None = None
    release: str | None = None


class Evaluation(Struct, frozen=True):
    """What one body gave: an assessment for each patient, what became of Flags that were sent
    along, and what must be said beside.
    """

    intake: Intake
    assessments: tuple[Assessment, ...]
    reviewed: tuple[Reviewed, ...] = ()


def open_site(settings: Settings) -> Site:
    """Loads the rules and the local codes of the settings.

    RulesError: everything that is wrong with the one or, where they are sound, the other.
    """
    knowledge = load(settings.rules)
    if settings.local_codes:
        knowledge = with_local_codes(knowledge, settings.local_codes)
    lexicon_of(knowledge)  # prepared here, so that the first request does not wait for it
    return Site(
        knowledge=knowledge,
        engine=Engine(knowledge),
        base=settings.base,
        site_key=settings.site_key.get_secret_value().encode(),
        zone=settings.zone,
        snomed=settings.snomed,
        max_body_bytes=settings.max_body_bytes,
        max_entries=settings.max_entries,
        max_depth=settings.max_depth,
        release=settings.fhir_version,
        max_text_bytes=settings.max_text_bytes,
    )


def ask(
    site: Site,
    now: str | None = None,
    said: ParameterValues | None = None,
    *,
    strict: bool = False,
    cause: str = "",
) -> Asked:
    """What a caller asks for, from text: `now` is "latest", a FHIR dateTime or missing.

    A date without a time means the end of that day. ValueError for anything else.
    """
    said = said or ParameterValues()
    if now is None:
        return Asked(None, said, strict, cause)
    if now == LATEST:
        return Asked("latest", said, strict, cause)
    try:
        moment_asked = moment(now, site.zone).latest
    except ValueError as wrong:
        raise ValueError(f"now: {wrong}") from wrong
    return Asked(moment_asked, said, strict, cause)


def answer(site: Site, body: bytes, asked: Asked, clock: datetime) -> bytes:
    """The Bundle of Flags for a body. `clock`, aware, is the time that now means.

    The same arguments give the same bytes. Refused: what is wrong with the body as a
    whole; anything else that is raised is a failure inside.
    """
    return compose(site, assess(site, body, asked, clock), asked)


def assess(site: Site, body: bytes, asked: Asked, clock: datetime) -> Evaluation:
    """Reads a body and judges each of its patients. Refused, as above."""
    if len(body) > site.max_body_bytes:
        raise Refused(HTTPStatus.REQUEST_ENTITY_TOO_LARGE, (too_large(site.max_body_bytes),))
    intake = read(body, site.knowledge, _reading_options(site, asked, clock))
    said = first_values(intake.said, asked.said)
    if why := contradiction(said):
        raise refusal(HTTPStatus.BAD_REQUEST, "invalid", why)
    if said.explain:
        explained = (site.engine.explain(record, asked.cause) for record in intake.records)
        assessments = tuple(explained)
    else:
        assessments = tuple(map(site.engine.assess, intake.records))
    if not intake.earlier:
        return Evaluation(intake, assessments)
    reviewed = _reviewed(site, intake, assessments)
    issues = (issue for one in reviewed for issue in said_of(one))
    return Evaluation(
        structs.replace(intake, issues=(*intake.issues, *issues)), assessments, reviewed
    )


def _reviewed(
    site: Site, intake: Intake, assessments: Iterable[Assessment]
) -> tuple[Reviewed, ...]:
    """What became of each Flag that was sent along."""
    judged = {assessment.patient.key: assessment for assessment in assessments}
    sent = Counter(one for flag in intake.earlier for one in flag.identifiers)
    found: list[Reviewed] = []
    undecided: dict[str, list[EarlierFlag]] = {}
    for flag in intake.earlier:
        if any(sent[one] > 1 for one in flag.identifiers):
            found.append(Reviewed(flag, "left", "several"))
        elif decided := _decided(site, flag, judged[flag.patient]):
            found.append(decided)
        else:
            undecided.setdefault(flag.patient, []).append(flag)
    for record in intake.records:
        if flags := undecided.get(record.patient.key):
            concluded = [conclusion(flag, site.knowledge) for flag in flags]
            overturning = site.engine.overturning(record, concluded)
            for flag, by in zip(flags, overturning, strict=True):
                if by is None:
                    found.append(Reviewed(flag, "left", "undecided"))
                else:
                    found.append(Reviewed(flag, "over", "overturned", by))
    return tuple(found)


def _decided(site: Site, flag: EarlierFlag, judged: Assessment) -> Reviewed | None:
    """What became of a Flag; None where that depends on what was read anew."""
    knowledge = site.knowledge
    if flag.cause not in knowledge.causes:
        return Reviewed(flag, "left", "unknown")
    if not belongs(flag, judged.patient, knowledge, writing_options(site)):
        return Reviewed(flag, "left", "unverified")
    if any(cause.cause == flag.cause for cause in judged.causes):
        return Reviewed(flag, "named", "" if flag.status == "active" else "again")
    if flag.status != "active":
        return Reviewed(flag, "left", "ended")
    if is_in_error(flag, knowledge):
        return Reviewed(flag, "in-error", "in-error")
    if flag.since and flag.since.earliest > judged.moment:
        return Reviewed(flag, "left", "to-come")
    within = [cause.name for cause in judged.causes if flag.cause in cause.absorbed]
    if within:
        return Reviewed(flag, "over", "told-within", within=within[0])
    return None


def compose(site: Site, evaluation: Evaluation, asked: Asked) -> bytes:
    """The answer to what was asked for. Refused: a transaction that can not name what it must."""
    intake = evaluation.intake
    options = writing_options(site, first_values(intake.said, asked.said), asked.release)
    return write(
        evaluation.assessments,
        intake.issues,
        intake.resources,
        site.knowledge,
        options,
        evaluation.reviewed,
    )


def self_test(site: Site) -> bool:
    """Whether a record that must give a flag gives it."""
    return canary(site.engine)


def writing_options(
    site: Site, said: ParameterValues | None = None, release: str | None = None
) -> WritingOptions:
    said = said or ParameterValues()
    return WritingOptions(
        base=site.base,
        site_key=site.site_key,
        service_version=__version__,
        include_evidence=said.include_evidence,
        snomed=site.snomed,
        release=release or site.release,
        provenance=bool(said.provenance),
        transaction=said.bundle_type == "transaction",
    )


def _reading_options(site: Site, asked: Asked, clock: datetime) -> ReadingOptions:
    now = clock if asked.now is None else asked.now
    return ReadingOptions(
        clock=clock,
        moment=now if isinstance(now, datetime) else None,
        zone=site.zone,
        max_entries=site.max_entries,
        max_depth=site.max_depth,
        max_text_bytes=site.max_text_bytes,
        strict=asked.strict,
        release=asked.sent or site.release,
        base=site.base,
    )


def too_large(limit: int) -> Issue:
    """Why a body was not read at all."""
    return Issue(
        "error",
        "too-long",
        f"The body is larger than {limit} bytes, the most that is read here "
        "(setting MYOFLAG_MAX_BODY_BYTES). Send fewer patients at a time.",
    )
