"""Bytes in, bytes out: reading, the engine, writing. HTTP and the command line both call this."""

from datetime import datetime
from http import HTTPStatus
from typing import Literal
from zoneinfo import ZoneInfo

from msgspec import Struct

from service import __version__
from service.engine import Engine
from service.engine.canary import canary
from service.fhir.answer import WritingOptions, write
from service.fhir.reading import LATEST, Intake, ReadingOptions, Refused, read
from service.fhir.times import moment
from service.knowledge.compiled import load
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


class Asked(Struct, frozen=True):
    """What a caller asks for beside the data.

    `now`: the moment to judge at, LATEST for each patient's own newest clinical time, None for
    the clock. `include_evidence`: whether the resources that flags refer to come back; None:
    those that only the request could name. `strict`: refuse what is not valid FHIR. `explain`:
    why causes were not named, of all or of one `cause` alone with all its rules.
    """

    now: datetime | Literal["latest"] | None = None
    include_evidence: bool | None = None
    strict: bool = False
    explain: bool = False
    cause: str = ""


class Evaluation(Struct, frozen=True):
    """What one body gave: an assessment for each patient, and what must be said beside."""

    intake: Intake
    assessments: tuple[Assessment, ...]


def open_site(settings: Settings) -> Site:
    """Loads the rules of the settings. RulesError: everything that is wrong with them."""
    knowledge = load(settings.rules)
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
    )


def ask(
    site: Site,
    now: str | None = None,
    include_evidence: bool | None = None,
    *,
    strict: bool = False,
    explain: bool = False,
    cause: str = "",
) -> Asked:
    """What a caller asks for, from text: `now` is "latest", a FHIR dateTime or missing.

    A date without a time means the end of that day. ValueError for anything else.
    """
    if now is None:
        return Asked(None, include_evidence, strict, explain, cause)
    if now == LATEST:
        return Asked("latest", include_evidence, strict, explain, cause)
    try:
        moment_asked = moment(now, site.zone).latest
    except ValueError as wrong:
        raise ValueError(f"now: {wrong}") from wrong
    return Asked(moment_asked, include_evidence, strict, explain, cause)


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
    explain = asked.explain if intake.explain is None else intake.explain
    if not explain:
        return Evaluation(intake, tuple(map(site.engine.assess, intake.records)))
    return Evaluation(
        intake, tuple(site.engine.explain(record, asked.cause) for record in intake.records)
    )


def compose(site: Site, evaluation: Evaluation, asked: Asked) -> bytes:
    """The answer's Bundle. What Parameters said of evidence comes before what the caller asked."""
    intake = evaluation.intake
    include = intake.include_evidence
    options = writing_options(site, asked.include_evidence if include is None else include)
    return write(evaluation.assessments, intake.issues, intake.resources, site.knowledge, options)


def self_test(site: Site) -> bool:
    """Whether a record that must give a flag gives it."""
    return canary(site.engine)


def writing_options(site: Site, include_evidence: bool | None = None) -> WritingOptions:
    return WritingOptions(
        base=site.base,
        site_key=site.site_key,
        service_version=__version__,
        include_evidence=include_evidence,
        snomed=site.snomed,
    )


def _reading_options(site: Site, asked: Asked, clock: datetime) -> ReadingOptions:
    now = clock if asked.now is None else asked.now
    return ReadingOptions(
        clock=clock,
        moment=now if isinstance(now, datetime) else None,
        zone=site.zone,
        max_entries=site.max_entries,
        max_depth=site.max_depth,
        strict=asked.strict,
    )


def too_large(limit: int) -> Issue:
    """Why a body was not read at all."""
    return Issue(
        "error",
        "too-long",
        f"The body is larger than {limit} bytes, the most that is read here "
        "(setting MYOFLAG_MAX_BODY_BYTES). Send fewer patients at a time.",
    )
