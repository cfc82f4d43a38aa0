"""When a specimen was drawn, and what it was: what all values of one Observation share."""

from datetime import datetime
from functools import lru_cache
from zoneinfo import ZoneInfo

from msgspec import Struct

from service.fhir import wire
from service.fhir.codes import texts
from service.fhir.context import Context
from service.fhir.entries import Entry
from service.fhir.issues import Issues, Spot
from service.fhir.modifiers import is_extended, is_modified
from service.fhir.references import Target
from service.fhir.reports import Reported
from service.fhir.specimens import drawn, fluid_in, says_hemolyzed
from service.fhir.times import ImpossibleTimeError, moment, read_period, read_time
from service.record import Moment

_TIMING = "The effective time is a Timing, which does not tell when; it was not used."
_ISSUED = "There is no effective time; the time of issue was taken."
_REPORTED = (
    "There is neither effective time nor time of issue; that of the report or panel was taken."
)
_UNDATED = "Nothing tells the time of this result."


class Draw(Struct, frozen=True, gc=False):
    """The draw of a result. `issued` is when this version of it came out.

    `by_issue`: its moment is that of an issue, so it may have been drawn long before.
    `fluid` names a specimen that is not blood, "" for blood or where nothing tells;
    `of_another`: the specimen is of another patient; `unclear`: it can not be understood;
    `unseen`: it is referred to, but not here, and nothing says what it is. `usual`: two times are
    all that is told of it.
    """

    moment: Moment | None
    issued: datetime | None
    fluid: str = ""
    hemolyzed: bool = False
    of_another: bool = False
    unclear: bool = False
    unseen: bool = False
    by_issue: bool = False
    usual: bool = False


def draw_of(
    entry: Entry,
    observation: wire.Observation,
    reports: list[Reported],
    context: Context,
    spot: Spot,
) -> Draw:
    """The draw that an Observation, or else a report of it, tells of."""
    at, by_issue = _moment(observation, reports, context, spot)
    updated = observation.meta.last_updated if observation.meta else None
    issued = _instant(observation.issued or updated, context)
    hemolyzed = bool(observation.note or observation.comment) and _notes_hemolyzed(
        observation, context
    )
    if observation.specimen:
        holder, reference = entry, observation.specimen
    elif reports and reports[0].specimen:
        holder, reference = reports[0].report, reports[0].specimen
    elif observation.body_site:
        fluid = fluid_in(texts(observation.body_site), context.lexicon)
        return Draw(at, issued, fluid, hemolyzed, by_issue=by_issue)
    else:
        return Draw(at, issued, "", hemolyzed, by_issue=by_issue)
    words = [*texts(observation.body_site), reference.display or ""]
    target = context.directory.resolve(reference, holder)
    specimen = target.entry if isinstance(target, Target) else None
    if not specimen or not isinstance(specimen.resource, wire.Specimen):
        fluid, unseen = fluid_in(words, context.lexicon), not any(words)
        return Draw(at, issued, fluid, hemolyzed, unseen=unseen, by_issue=by_issue)
    about = Spot(context.issues, specimen.expression, spot.patient)
    collection = specimen.resource.collection
    if is_modified(specimen.resource, about) or (
        collection and is_extended(collection, about, ".collection")
    ):
        return Draw(at, issued, fluid_in(words, context.lexicon), hemolyzed, unclear=True)
    told = drawn(specimen.resource, context.lexicon)
    return Draw(
        at,
        issued,
        told.fluid or fluid_in((*words, *told.words), context.lexicon),
        hemolyzed or told.hemolyzed,
        _is_of_another(specimen, specimen.resource, context, spot),
        by_issue=by_issue,
    )


def _notes_hemolyzed(observation: wire.Observation, context: Context) -> bool:
    notes = (observation.comment, *(note.text for note in observation.note or ()))
    return any(says_hemolyzed(text, context.lexicon) for text in notes if text)


def _is_of_another(entry: Entry, specimen: wire.Specimen, context: Context, spot: Spot) -> bool:
    if not specimen.subject:
        return False
    key = context.charts.key_of(entry, specimen.subject)
    return key is not None and key != spot.patient


def _moment(
    observation: wire.Observation, reports: list[Reported], context: Context, spot: Spot
) -> tuple[Moment | None, bool]:
    """When the result was true: its effective time, else its issue, else the report's time.

    With it, whether that is the time of an issue.
    """
    zone = context.zone
    effective = observation.effective_date_time or observation.effective_instant
    if found := read_time(effective, zone, spot, ".effective"):
        return found, False
    if found := read_period(observation.effective_period, zone, spot, ".effective"):
        return found, False
    if observation.effective_timing is not None:
        spot.information("not-supported", _TIMING, ".effective")
    if found := read_time(observation.issued, zone, spot, ".issued"):
        spot.information("required", _ISSUED)
        return found, True
    if reports and (found := reports[0].moment):
        spot.information("required", _REPORTED)
        return found, reports[0].by_issue
    spot.information("required", _UNDATED)
    return None, False


def _instant(text: str | None, context: Context) -> datetime | None:
    try:
        return moment(text, context.zone).latest if text else None
    except ImpossibleTimeError:
        return None


def usual_draw(
    observation: wire.Observation, reports: list[Reported], zone: ZoneInfo
) -> Draw | None:
    """The draw of an Observation that tells two times and nothing else of it, as most do.

    None for any other, and where something must be said of it: that is for `draw_of`.
    """
    effective, meta = observation.effective_date_time, observation.meta
    issued = observation.issued or (meta and meta.last_updated)
    others = observation.specimen or observation.body_site or observation.note
    if not (effective and issued) or reports or others or observation.comment:
        return None
    try:
        return _usual(effective, issued, zone)
    except ImpossibleTimeError:
        return None


# The results of one draw are many, and most are issued together.
@lru_cache(maxsize=1024)
def _usual(effective: str, issued: str, zone: ZoneInfo) -> Draw | None:
    at, issues = moment(effective, zone), Issues()
    read_time(effective, zone, Spot(issues, "", ""), "")
    return None if issues.told() else Draw(at, moment(issued, zone).latest, usual=True)
