"""Reading: a request's bytes to the records of its patients, and what must be said of the rest.

Nothing is dropped in silence: every resource, and every part of it that could matter, is in
a record or in an issue with its FHIRPath in the request.
"""

from collections.abc import Iterable, Iterator, Mapping
from datetime import datetime
from functools import cached_property
from zoneinfo import ZoneInfo

from msgspec import Raw, Struct, structs

from service.fhir import wire
from service.fhir.body import check_depth, check_texts, json_of
from service.fhir.conditions import read_condition
from service.fhir.conditions import settle as settle_problem
from service.fhir.context import Context
from service.fhir.doses import with_raised_doses
from service.fhir.earlier import EarlierFlag, read_flag
from service.fhir.entries import Entry
from service.fhir.issues import Issues, Refused, Spot, refusal
from service.fhir.lexicon import lexicon_of
from service.fhir.medications import read_medication
from service.fhir.medications import settle as settle_treatment
from service.fhir.observations import read_observation
from service.fhir.parameters import ParameterValues
from service.fhir.patients import Chart, Charts
from service.fhir.references import Directory
from service.fhir.releases import USUAL
from service.fhir.replacements import superseded_results
from service.fhir.reports import read_reports
from service.fhir.request import unpack
from service.fhir.times import ImpossibleTimeError, moment
from service.fhir.versions import newest_versions, replaced_results
from service.knowledge.model import Knowledge
from service.record import Issue, Moment, Patient, Record, Source, Tally

__all__ = ["Intake", "ReadingOptions", "Refused", "read"]

LATEST = "latest"

_UNBORN = (
    "The birthDate lies after the moment of the evaluation; it was not used, so the age is unknown."
)
_DECEASED = "The patient is recorded as deceased, and was judged all the same."
_NOBODY = "Nothing in the request could be used for any patient."


class ReadingOptions(Struct, frozen=True):
    """How to read. `clock` and `moment` are aware.

    `moment` is the moment to judge at; None is "latest": each patient at its own newest
    clinical time up to `clock`, that of results, of onset and recording of problems, and of the
    start of treatments; `clock` where there is none. A request's own parameter `now` comes first.
    `zone` is that of dates without a time. `strict`: all resources of the request must be valid
    in `release` of FHIR; without that, every release is read as it comes.
    `base` is that of this service's own systems, by which it knows its own Flags.
    """

    clock: datetime
    moment: datetime | None = None
    zone: ZoneInfo = ZoneInfo("UTC")
    max_entries: int = 20_000
    max_depth: int = 64
    max_text_bytes: int = 1024 * 1024
    strict: bool = False
    release: str = USUAL
    base: str = ""


class Intake(Struct, frozen=True):
    """What was read: a record for each patient, and the issues of all of them and of none.

    `now` is the moment that all records are judged at, None for each its own;
    `said` is what the request's own parameters say.
    `resources` are those that records refer to, and the Patients, by the names that
    records have for them: fullUrl ("" where none was sent) and JSON. `earlier` are Flags of this
    service that were sent along.
    """

    records: tuple[Record, ...]
    issues: tuple[Issue, ...]
    now: datetime | None
    said: ParameterValues
    resources: Mapping[str, tuple[str, Raw]]
    earlier: tuple[EarlierFlag, ...] = ()


def read(body: bytes, knowledge: Knowledge, options: ReadingOptions) -> Intake:
    """Read a Bundle, a single resource or Parameters.

    Raises Refused where nothing of the request can be evaluated. The records come in the order
    of their patients' keys, whatever the order of entries.
    """
    issues = Issues()
    text = json_of(body, issues)
    check_depth(text, options.max_depth)
    check_texts(text, options.max_text_bytes)
    request = unpack(text, options.max_entries, options.max_depth, issues)
    if options.strict:
        _check(text, options.release)
    now = _now(request.said.now, options)
    entries = newest_versions(request.entries, options.zone, issues)
    directory = Directory(entries, request.others)
    charts = Charts(directory, options.zone, issues)
    context = Context(
        lexicon_of(knowledge),
        options.zone,
        issues,
        directory,
        charts,
        read_reports(entries, charts, options.zone),
        replaced_results(entries, charts.key_of, options.zone, issues)
        | superseded_results(entries, charts.key_of, issues),
        options.base,
    )
    flags: list[EarlierFlag] = []
    for entry in entries:
        if type(entry.resource) is wire.Flag:
            if flag := read_flag(entry, entry.resource, context):
                flags.append(flag)
        else:
            _read_entry(entry, context)
    patients = charts.patients()
    if not patients:
        refused = refusal(422, "business-rule", _NOBODY)
        raise Refused(422, refused.issues + issues.told())
    records = tuple(
        _record(
            chart,
            patients[chart.key],
            now or _newest(chart, options.clock, context.lexicon.serving),
            issues,
        )
        for chart in sorted(charts, key=lambda chart: chart.key)
    )
    return Intake(
        records,
        issues.told(),
        now,
        request.said,
        Resources(entries, records, directory),
        tuple(flags),
    )


def _check(text: bytes, release: str) -> None:
    # Only those who ask for FHIR's models wait until they are loaded.
    from service.fhir.strictness import check  # noqa: PLC0415

    check(text, release)


def _now(asked: str | None, options: ReadingOptions) -> datetime | None:
    if asked is None:
        return options.moment
    if asked == LATEST:
        return None
    try:
        return moment(asked, options.zone).latest
    except ImpossibleTimeError as error:
        raise refusal(400, "value", f'{error} "now" may also be "latest".', "Parameters") from None


def _read_entry(entry: Entry, context: Context) -> None:
    match entry.resource:
        case wire.Observation() as observation:
            read_observation(entry, observation, context)
        case wire.Condition() as condition:
            read_condition(entry, condition, context)
        case (
            wire.MedicationRequest()
            | wire.MedicationStatement()
            | wire.MedicationAdministration() as medicated
        ):
            read_medication(entry, medicated, context)


def _record(chart: Chart, patient: Patient, at: datetime, issues: Issues) -> Record:
    def spot(source: Source) -> Spot:
        return Spot(issues, source.expression, chart.key)

    if patient.born and patient.born.earliest > at:
        issues.warning("value", _UNBORN, patient.expression, chart.key)
        patient = structs.replace(patient, born=None)
    for expression, died in chart.deaths.items():
        if not died or died.earliest <= at:
            issues.information("informational", _DECEASED, expression, chart.key)
    problems = tuple(
        problem
        for one in chart.problems
        if (problem := settle_problem(one, at, spot(one.problem.source)))
    )
    treatments = tuple(
        treatment
        for one in with_raised_doses(chart.treatments)
        if (treatment := settle_treatment(one, at, spot(one.source)))
    )
    readable = sum(1 for result in chart.results if result.amount or result.interpretation)
    tally = Tally(
        chart.observations,
        readable,
        chart.conditions,
        len(problems),
        chart.medications,
        len(treatments),
    )
    return Record(patient, at, tuple(chart.results), problems, treatments, tally)


def _newest(chart: Chart, clock: datetime, serving: frozenset[str]) -> datetime:
    """The newest clinical time of a chart that is not after the clock, else the clock.

    A measure that only serves a formula, as a height, would but make results old.
    """
    times = [at.latest for at in _times(chart, serving) if at and at.earliest <= clock]
    return min(max(times), clock) if times else clock


def _times(chart: Chart, serving: frozenset[str]) -> Iterable[Moment | None]:
    for result in chart.results:
        if result.analyte not in serving:
            yield result.moment
    for recorded in chart.problems:
        yield recorded.problem.onset
        yield recorded.problem.recorded
    for treatment in chart.treatments:
        yield treatment.start


class Resources(Mapping[str, tuple[str, Raw]]):
    """The resources that records refer to, by name; looked for once somebody asks."""

    def __init__(
        self, entries: Iterable[Entry], records: Iterable[Record], directory: Directory
    ) -> None:
        self._entries = entries
        self._records = records
        self._directory = directory

    def __getitem__(self, name: str) -> tuple[str, Raw]:
        return self._found[name]

    def __iter__(self) -> Iterator[str]:
        return iter(self._found)

    def __len__(self) -> int:
        return len(self._found)

    @cached_property
    def _found(self) -> dict[str, tuple[str, Raw]]:
        wanted = {record.patient.reference for record in self._records}
        for record in self._records:
            for facts in (record.results, record.problems, record.treatments):
                wanted.update(fact.source.reference for fact in facts)
        wanted.discard("")
        found: dict[str, tuple[str, Raw]] = {}
        for entry in self._entries:
            if not entry.container and (name := self._directory.name_of(entry)) in wanted:
                found.setdefault(name, (entry.full_url, entry.raw))
        return found
