"""DiagnosticReports and panels: what they add to the results that they hold together.

A report that was cancelled or entered in error takes its results with it. Where a result has
no time or specimen of its own, that of its report or panel holds.
"""

from collections.abc import Iterator, Sequence
from datetime import UTC, datetime
from zoneinfo import ZoneInfo

from msgspec import Struct

from service.fhir import wire
from service.fhir.entries import Entry
from service.fhir.issues import Spot
from service.fhir.modifiers import is_extended, is_modified
from service.fhir.patients import Charts
from service.fhir.references import Unresolved
from service.fhir.times import read_period, read_time
from service.record import Moment

_BLOCKING = frozenset({"cancelled", "entered-in-error"})
_STATUSES = _BLOCKING | frozenset(
    {"registered", "partial", "preliminary", "modified", "final", "amended", "corrected"}
    | {"appended", "unknown"}
)

_ONLY_WORDS = (
    "This report names no results; its conclusion or document is not read. Send the results as "
    "Observations and a diagnosis as a Condition."
)
_WITHOUT_RESULTS = (
    "None of the results that this report names is in the request, and its conclusion or document "
    "is not read. Send the results as Observations beside it."
)
_ILL_STATUS = "The status is none of FHIR's; the results count by their own."
_NOT_HERE = "The result that this refers to is not in the request."

#: Reports without a time come last.
_NEVER = datetime.max.replace(tzinfo=UTC)


class Reported(Struct, frozen=True):
    """What a report or panel says of a result.

    `patient` is the key of its patient, "" where it tells none. `blocked` is its status where
    that takes the result away; `specimen` is its only specimen. `by_issue`: its moment is that
    of its issue.
    """

    patient: str
    report: Entry
    blocked: str = ""
    moment: Moment | None = None
    specimen: wire.Reference | None = None
    by_issue: bool = False


_Holder = wire.DiagnosticReport | wire.Observation
_Results = list[tuple[str, wire.Reference]]


def read_reports(
    entries: Sequence[Entry], charts: Charts, zone: ZoneInfo
) -> dict[str, list[Reported]]:
    """What is said of results, by the results' keys: by reports, then by panels, earliest first."""
    found: dict[str, list[Reported]] = {}
    for entry in entries:
        resource = entry.resource
        if isinstance(resource, wire.Observation):
            if not (resource.has_member or resource.related):
                continue
            members = _members(resource, Spot(charts.issues, entry.expression, ""))
            said = _read(entry, resource, members, charts, zone)
        elif isinstance(resource, wire.DiagnosticReport):
            results = [(f".result[{i}]", one) for i, one in enumerate(resource.result or ())]
            said = _read(entry, resource, results, charts, zone)
        else:
            continue
        for key, one in said:
            found.setdefault(key, []).append(one)
    for several in found.values():
        if len(several) > 1:
            several.sort(key=_place)
    return found


def _members(panel: wire.Observation, spot: Spot) -> _Results:
    """The members of a panel with their paths, in R4 and in STU3."""
    members = [(f".hasMember[{i}]", one) for i, one in enumerate(panel.has_member or ())]
    for i, related in enumerate(panel.related or ()):
        if is_extended(related, spot, f".related[{i}]"):
            continue
        if related.type == "has-member" and related.target:
            members.append((f".related[{i}].target", related.target))
    return members


def _place(said: Reported) -> tuple[bool, datetime, str, str]:
    at = said.moment
    panel = said.report.type != "DiagnosticReport"
    return (panel, at.earliest if at else _NEVER, at.text if at else "", said.report.key)


def _read(
    entry: Entry, holder: _Holder, results: _Results, charts: Charts, zone: ZoneInfo
) -> Iterator[tuple[str, Reported]]:
    chart = charts.chart_of(entry, holder.subject) if holder.subject else None
    if holder.subject and not chart:
        return
    spot = Spot(charts.issues, entry.expression, chart.key if chart else "")
    if is_modified(holder, spot):
        return
    said = _said(entry, holder, zone, spot)
    found = False
    for path, reference in results:
        target = charts.directory.resolve(reference, entry)
        if isinstance(target, Unresolved):
            spot.warning(target.code, f"{target.why} So a result is unknown.", path)
        elif target.entry is None:
            spot.information("not-found", _NOT_HERE, path)
        else:
            found = True
            yield target.key, said
    if not found and isinstance(holder, wire.DiagnosticReport) and _concludes(holder):
        if results:
            spot.warning("incomplete", _WITHOUT_RESULTS)
        elif not said.blocked:
            spot.information("not-supported", _ONLY_WORDS)


def _concludes(report: wire.DiagnosticReport) -> bool:
    """Whether a report says in words, codes or a document what its results may mean."""
    told = (report.conclusion, report.conclusion_code, report.coded_diagnosis)
    return any(one is not None for one in (*told, report.presented_form))


def _said(entry: Entry, holder: _Holder, zone: ZoneInfo, spot: Spot) -> Reported:
    blocked = ""
    specimen = None
    if isinstance(holder, wire.Observation):
        specimen = holder.specimen
    else:
        status = (holder.status or "").strip().lower()
        blocked = status if status in _BLOCKING else ""
        if status and status not in _STATUSES:
            spot.information("code-invalid", _ILL_STATUS, ".status")
        if holder.specimen and len(holder.specimen) == 1:
            specimen = holder.specimen[0]
    effective = read_time(holder.effective_date_time, zone, spot, ".effective") or read_period(
        holder.effective_period, zone, spot, ".effective"
    )
    moment = effective or read_time(holder.issued, zone, spot, ".issued")
    return Reported(spot.patient, entry, blocked, moment, specimen, by_issue=not effective)
