"""Conditions: what a patient has, had, or may have.

https://hl7.org/fhir/R4/condition.html
"""

from datetime import datetime, timedelta
from typing import NamedTuple

from msgspec import structs

from service.fhir import wire
from service.fhir.codes import display_of, plain_codes, statuses
from service.fhir.context import Context
from service.fhir.entries import Entry
from service.fhir.issues import Spot
from service.fhir.modifiers import is_modified
from service.fhir.patients import Recorded
from service.fhir.problems import Named, problems_of
from service.fhir.times import read_period, read_time
from service.record import Moment, Problem

#: clinicalStatus and what it makes of a problem: active or not. The numbers are SNOMED CT's, as
#: they come from C-CDA documents.
_CLINICAL = {
    "active": True,
    "recurrence": True,
    "relapse": True,
    "inactive": False,
    "remission": False,
    "in-remission": False,
    "resolved": False,
    "55561003": True,
    "73425007": False,
    "413322009": False,
}
_REJECTED = frozenset({"refuted", "entered-in-error"})
_UNCONFIRMED = frozenset({"unconfirmed", "provisional", "differential", "unknown"})

#: An encounter's diagnosis without a clinicalStatus counts as active for so long.
_RECENT = timedelta(days=365)

_NO_CODE = "There is no code, so nothing says what the patient has; this was not used."
_UNKNOWN = "No rule uses what this code or text means."
_OPEN = (
    "The words name a problem that rules know, but deny it, leave it open, or tell of another "
    "time or of somebody else; this was not used."
)
_DENIED = "The words deny or tell of somebody else what the code says; this was not used."
_DOUBTED = "The words tell of a suspicion, so the problem was read as unconfirmed."
_CONFIRMED_DOUBT = (
    "The words tell of a suspicion and the verificationStatus says confirmed; the status was "
    "believed."
)
_BY_NAME = "No code is known here; the problem was recognized by its name."
_ILL_CLINICAL = "The clinicalStatus is none of FHIR's; it was read as if it were missing."
_UNKNOWN_CLINICAL = "The clinicalStatus is unknown; it was read as if it were missing."
_NO_CLINICAL = "There is no clinicalStatus; without an abatement the problem was read as active."
_ABATED = "The status says active, but there is an abatement; from then on it was read as past."
_ILL_VERIFICATION = "The verificationStatus is none of FHIR's; the problem was read as unconfirmed."
_CONTRADICTS = (
    "The clinicalStatus says both that the problem is active and that it is not; it was read as "
    "past."
)
_CONFIRMED_AND_NOT = (
    "The verificationStatus says both that the problem is confirmed and that it is not; it was "
    "not read as confirmed."
)
_FUTURE = (
    "The problem begins, or was recorded, after the moment of the evaluation; it was not used."
)
_PAST = "The problem is not active at the moment; it counts only where a rule says so."
_UNSURE = "The problem is not confirmed; it counts only where a rule says so."
_NO_ONSET = (
    "Nothing tells since when the problem is there, nor when it was recorded, so a rule that asks "
    "when it began can not hold by it."
)
_UNCERTAIN_ONSET = "An onset that is no date can not be placed in time; it was not used."


def settle(recorded: Recorded, moment: datetime, spot: Spot) -> Problem | None:
    """The problem as it is at a moment, None before it is known. What does not fully count is told.

    A diagnosis that was made later must not explain results that were judged without it.
    """
    problem = _at(recorded, moment)
    if any(at and at.earliest > moment for at in (problem.onset, problem.recorded)):
        spot.warning("business-rule", _FUTURE)
        return None
    if not problem.active:
        spot.information("informational", _PAST)
    if not problem.confirmed:
        spot.information("informational", _UNSURE)
    return problem


def _at(recorded: Recorded, moment: datetime) -> Problem:
    problem, abated = recorded.problem, recorded.abated
    over = abated is not None and abated.earliest <= moment
    if recorded.fades:
        times = [at.latest for at in (problem.onset, problem.recorded) if at]
        over = over or bool(times and max(times) < moment - _RECENT)
    if not (problem.active and over):
        return problem
    return structs.replace(problem, active=False, marks=(*problem.marks, "past"))


def read_condition(entry: Entry, condition: wire.Condition, context: Context) -> None:
    """Add the problems that a Condition records to its patient's chart.

    What it can not tell is said.
    """
    chart = context.charts.chart_of(entry, condition.subject)
    if chart is None:
        return
    chart.conditions += 1
    spot = Spot(context.issues, entry.expression, chart.key)
    named = _named(condition, context, spot)
    if not named:
        return
    confirmed = _confirmed(condition, named.doubted, spot)
    if confirmed is None:
        return
    marks: tuple[str, ...] = ("by-name",) if named.by_name else ()
    course = _course(condition, context, spot)
    if not confirmed:
        marks += ("unconfirmed",)
    if not course.active:
        marks += ("past",)
    onset, recorded = _onset(condition, context, spot), _recorded(condition, context, spot)
    if course.active and not (onset or recorded):
        spot.information("required", _NO_ONSET)
    source, text = context.source(entry, condition.identifier), display_of(condition.code)
    for one in named.problems:
        problem = Problem(one, source, text, course.active, confirmed, onset, recorded, marks)
        chart.problems.append(Recorded(problem, course.fades, course.abated))


def _named(condition: wire.Condition, context: Context, spot: Spot) -> Named | None:
    """The problems that a Condition names; None where none can be used, which is told."""
    if is_modified(condition, spot):
        return None
    if condition.code is None:
        spot.information("required", _NO_CODE)
        return None
    named = problems_of(condition.code, context.lexicon, within=True)
    if named.open:
        spot.information("business-rule", _OPEN, ".code")
        return None
    if not named.problems:
        spot.information("not-supported", _UNKNOWN, ".code")
        return None
    if named.denied:
        spot.warning("business-rule", _DENIED, ".code")
        return None
    if named.by_name:
        spot.information("informational", _BY_NAME, ".code")
    return named


class _Course(NamedTuple):
    """Whether a problem is active, and what may change that by the moment of judgement."""

    active: bool
    fades: bool
    abated: Moment | None


def _course(condition: wire.Condition, context: Context, spot: Spot) -> _Course:
    """The course of a problem by its clinicalStatus and abatement."""
    status = _status(condition, spot)
    over = _has_abatement(condition)
    abated = _abated(condition, context, spot)
    if status and over:
        spot.warning("invariant", _ABATED)
    active = status is not False and (abated is not None or not over)
    if condition.clinical_status is None and active:
        spot.information("required", _NO_CLINICAL)
    fades = status is None and "encounter-diagnosis" in plain_codes(condition.category)
    return _Course(active, fades, abated)


def _confirmed(condition: wire.Condition, doubted: bool, spot: Spot) -> bool | None:
    """Whether a diagnosis is confirmed; None where it is refuted or a mistake, which is told."""
    if condition.verification_status is None:
        if doubted:
            spot.information("business-rule", _DOUBTED, ".code")
        return not doubted
    codes = statuses(condition.verification_status)
    if "confirmed" in codes and codes & (_REJECTED | _UNCONFIRMED):
        spot.warning("conflict", _CONFIRMED_AND_NOT, ".verificationStatus")
    if rejected := codes & _REJECTED:
        text = f"A Condition that is {min(rejected)} does not count."
        spot.information("business-rule", text, ".verificationStatus")
        return None
    if codes.isdisjoint(_UNCONFIRMED):
        if "confirmed" in codes:
            if doubted:
                spot.warning("conflict", _CONFIRMED_DOUBT, ".verificationStatus")
            return True
        spot.warning("code-invalid", _ILL_VERIFICATION, ".verificationStatus")
    return False


def _status(condition: wire.Condition, spot: Spot) -> bool | None:
    """Whether clinicalStatus says active; None where it does not say."""
    if condition.clinical_status is None:
        return None
    codes = statuses(condition.clinical_status)
    told = {_CLINICAL[code] for code in codes if code in _CLINICAL}
    if len(told) > 1:
        spot.warning("conflict", _CONTRADICTS, ".clinicalStatus")
    if told:
        return min(told)
    if "unknown" in codes:
        spot.information("business-rule", _UNKNOWN_CLINICAL, ".clinicalStatus")
    else:
        spot.warning("code-invalid", _ILL_CLINICAL, ".clinicalStatus")
    return None


def _has_abatement(condition: wire.Condition) -> bool:
    return bool(
        condition.abatement_date_time
        or condition.abatement_period
        or condition.abatement_boolean
        or condition.abatement_age is not None
        or condition.abatement_range is not None
        or condition.abatement_string is not None
    )


def _onset(condition: wire.Condition, context: Context, spot: Spot) -> Moment | None:
    if condition.onset_date_time:
        return read_time(condition.onset_date_time, context.zone, spot, ".onset")
    if condition.onset_period:
        return read_time(condition.onset_period.start, context.zone, spot, ".onset.start")
    others = (condition.onset_age, condition.onset_range, condition.onset_string)
    if any(other is not None for other in others):
        spot.information("not-supported", _UNCERTAIN_ONSET, ".onset")
    return None


def _recorded(condition: wire.Condition, context: Context, spot: Spot) -> Moment | None:
    if condition.recorded_date:
        return read_time(condition.recorded_date, context.zone, spot, ".recordedDate")
    return read_time(condition.asserted_date, context.zone, spot, ".assertedDate")


def _abated(condition: wire.Condition, context: Context, spot: Spot) -> Moment | None:
    if condition.abatement_date_time:
        return read_time(condition.abatement_date_time, context.zone, spot, ".abatement")
    return read_period(condition.abatement_period, context.zone, spot, ".abatement")
