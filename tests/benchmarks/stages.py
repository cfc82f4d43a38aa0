"""What one evaluation costs, stage by stage, and what a plain parse of the same bytes costs."""

import gc
from datetime import UTC, datetime
from itertools import pairwise
from statistics import median
from time import process_time
from typing import NamedTuple

import orjson
from msgspec import json

from service.engine.laboratory import Laboratory
from service.engine.situation import Situations
from service.evaluation import Asked, Evaluation, Site, answer, compose
from service.fhir.body import check_depth, check_texts, json_of
from service.fhir.issues import Issues
from service.fhir.reading import ReadingOptions, read
from service.fhir.request import unpack
from tests.memory import resident_kilobytes

#: A day after the newest draw of the bundles.
CLOCK = datetime(2026, 11, 21, 8, tzinfo=UTC)

#: Evaluations before memory is first looked at: what is remembered of senders fills up.
_WARM = 200


class Cost(NamedTuple):
    """CPU seconds. `parse` is a plain JSON parse into dicts; `whole` is measured by itself.

    To read is to decode and to make records of what was decoded, to assess is to grade results
    and to link what they show, to write is to make flags and to encode them. The first of each
    pair, and the last of all, are measured once more by themselves; the others are the rest.
    """

    parse: float
    whole: float
    decode: float
    record: float
    grade: float
    link: float
    flags: float
    encode: float


class Growth(NamedTuple):
    """Resident memory in kB, before and after many evaluations."""

    before: int
    after: int


def measure(site: Site, body: bytes, seconds: float) -> Cost:
    """What evaluating a body costs: medians of as many rounds as fit into `seconds`, 3 at least.

    CPU time of this process, so that another's work on the same machine hardly counts; and
    each round runs every stage once, so that what slows one down slows all.
    """
    options = ReadingOptions(
        clock=CLOCK,
        moment=CLOCK,
        zone=site.zone,
        max_entries=site.max_entries,
        max_depth=site.max_depth,
        max_text_bytes=site.max_text_bytes,
    )
    situations = Situations(site.knowledge, Laboratory(site.knowledge))
    gc.collect()
    rounds: list[Cost] = []
    started = process_time()
    while len(rounds) < 3 or process_time() - started < seconds:
        rounds.append(_round(site, situations, body, options))
    return Cost(*map(median, zip(*rounds, strict=True)))


def _round(site: Site, situations: Situations, body: bytes, options: ReadingOptions) -> Cost:
    times = [process_time()]
    orjson.loads(body)
    times.append(process_time())
    answer(site, body, Asked(), CLOCK)
    times.append(process_time())
    issues = Issues()
    text = json_of(body, issues)
    check_depth(text, options.max_depth)
    check_texts(text, options.max_text_bytes)
    unpack(text, options.max_entries, options.max_depth, issues)
    times.append(process_time())
    intake = read(body, site.knowledge, options)
    times.append(process_time())
    for record in intake.records:
        situations.of(record)
    times.append(process_time())
    assessments = tuple(map(site.engine.assess, intake.records))
    times.append(process_time())
    written = compose(site, Evaluation(intake, assessments), Asked())
    times.append(process_time())
    plain = json.decode(written)
    before = process_time()
    json.encode(plain)
    encode = process_time() - before
    parse, whole, decode, reading, grade, assess, write = (
        after - before for before, after in pairwise(times)
    )
    return Cost(
        parse, whole, decode, reading - decode, grade, assess - grade, write - encode, encode
    )


def grow(site: Site, body: bytes, evaluations: int) -> Growth:
    """How memory grows over so many evaluations of a body."""
    for _ in range(_WARM):
        answer(site, body, Asked(), CLOCK)
    before = resident_kilobytes()
    for _ in range(evaluations):
        answer(site, body, Asked(), CLOCK)
    return Growth(before, resident_kilobytes())
