"""Medication resources: what a patient takes, took, and since when.

https://hl7.org/fhir/R4/medicationrequest.html, medicationstatement.html,
medicationadministration.html
"""

from collections.abc import Iterator
from datetime import datetime
from typing import NamedTuple

from msgspec import structs

from service.fhir import wire
from service.fhir.codes import display_of, plain_codes
from service.fhir.context import Context
from service.fhir.doses import daily_dose
from service.fhir.entries import Entry
from service.fhir.issues import Spot
from service.fhir.medicines import medicines_of
from service.fhir.modifiers import is_extended, is_modified
from service.fhir.references import Target, Unresolved
from service.fhir.routes import way_of
from service.fhir.times import read_time
from service.record import Moment, Treatment

Medicated = wire.MedicationRequest | wire.MedicationStatement | wire.MedicationAdministration

#: status and what it makes of a treatment: being taken, or taken once. Others do not count.
_REQUEST = {
    "active": True,
    "unknown": True,
    "on-hold": False,
    "stopped": False,
    "completed": False,
    "ended": False,
    "inactive": False,
}
_STATEMENT = {
    "active": True,
    "recorded": True,
    "unknown": True,
    "on-hold": False,
    "stopped": False,
    "completed": False,
}
_ADMINISTRATION = {
    "in-progress": True,
    "unknown": False,
    "on-hold": False,
    "stopped": False,
    "completed": False,
}
_STATUSES: dict[type[Medicated], dict[str, bool]] = {
    wire.MedicationRequest: _REQUEST,
    wire.MedicationStatement: _STATEMENT,
    wire.MedicationAdministration: _ADMINISTRATION,
}
_NEVER = frozenset({"cancelled", "draft", "entered-in-error", "intended", "not-done", "not-taken"})
_ORDERS = frozenset({"order", "original-order", "reflex-order", "filler-order", "instance-order"})
_NOT_TAKEN = frozenset({"n", "no", "not-taken"})

_UNKNOWN = "No rule uses this medicine."
_NEGATED = (
    "The words that name the medicine say that it is not taken, or is not taken as a medicine, "
    "so it was not used."
)
_DOUBTED = "The words name a medicine and leave open whether it is taken, so that one was not used."
_LOCAL = (
    "This is put on the skin, or into eyes or ears, and hardly reaches the rest of the body, so it "
    "does not count as a treatment."
)
_NO_MEDICINE = "Nothing says which medicine this is, so it was not used."
_NOT_HERE = (
    "The Medication that this refers to is not in the request or has no code, and it has no name "
    "here, so nothing says which medicine it is; it was not used."
)
_NO_INGREDIENT = (
    "An ingredient of the Medication is a reference to what is no usable Medication in the request "
    "and has no name here, so nothing says what it is; it was not used."
)
_BY_NAME = "No code is known here; the medicine was recognized by its name."
_NO_STATUS = 'The status is missing; this was read as of status "unknown".'
_ILL_STATUS = "The status is none of FHIR's, so this was not used."
_INTENT = "This is a proposal or plan, no order, so it does not count as a treatment."
_PROHIBITED = "This asks not to give the medicine, so it does not count as a treatment."
_NOT_USABLE = (
    "The Medication that this refers to is entered in error, or has implicitRules or a "
    "modifierExtension that are not understood, so this was not used."
)
_TIMING = "The time is a Timing without a period, which does not tell when; it was not used."
_NO_START = (
    "Nothing tells since when the medicine is taken, so a rule that asks when it was begun can not "
    "hold by it."
)
_BACKWARDS = "The period ends before it starts; it was not used."
_FUTURE = "The treatment starts after the moment of the evaluation; it was not used."
_PAST = (
    "The medicine is not being taken at the moment, by its status or because its time is over; "
    "it counts only as long as its effect may last, or where a rule looks back."
)
_DENIED = "This says that the medicine is not taken, so it does not count as a treatment."


def settle(treatment: Treatment, moment: datetime, spot: Spot) -> Treatment | None:
    """The treatment as it is at a moment: one that has ended by then is not current.

    None before it starts. What does not fully count is told.
    """
    if treatment.start and treatment.start.earliest > moment:
        spot.information("business-rule", _FUTURE)
        return None
    if treatment.current and treatment.end and treatment.end.latest < moment:
        treatment = structs.replace(treatment, current=False, marks=(*treatment.marks, "past"))
    if not treatment.current:
        spot.information("informational", _PAST)
    return treatment


def read_medication(entry: Entry, medicated: Medicated, context: Context) -> None:
    """Add the treatments that a medication resource records to its patient's chart.

    What it can not tell is said.
    """
    chart = context.charts.chart_of(entry, medicated.subject)
    if chart is None:
        return
    chart.medications += 1
    spot = Spot(context.issues, entry.expression, chart.key)
    if is_modified(medicated, spot):
        return
    current = _current(medicated, spot)
    if current is None or not _is_treatment(medicated, spot):
        return
    named = _named(entry, medicated, context, spot)
    if not named:
        return
    source = context.source(entry, medicated.identifier)
    start, end = _times(medicated, current, context, spot)
    if current and not start:
        spot.information("required", _NO_START)
    marks: tuple[str, ...] = () if _is_known(medicated) else ("unknown-status",)
    if not current:
        marks += ("past",)
    # The dose of a combination is not that of each of its parts.
    daily = daily_dose(_dosage(medicated)) if len(named) == 1 else None
    for medicine, one in sorted(named.items()):
        told = ("by-name", *marks) if one.by_name else marks
        chart.treatments.append(
            Treatment(medicine, source, one.text, current, start, end, told, daily)
        )


class _Named(NamedTuple):
    """How a medicine was named."""

    by_name: bool
    text: str


def _named(entry: Entry, medicated: Medicated, context: Context, spot: Spot) -> dict[str, _Named]:
    """The medicines that a resource names; where rules know none of them, that is told."""
    found: dict[str, _Named] = {}
    doubtful = False
    concepts = list(_concepts(entry, medicated, context, spot))
    for concept in concepts:
        taken = medicines_of(concept, context.lexicon)
        if taken.denied:
            spot.warning("business-rule", _NEGATED)
            return {}
        for medicine in taken.medicines:
            if medicine not in found or found[medicine].by_name:
                found[medicine] = _Named(taken.by_name, display_of(concept))
        doubtful = doubtful or taken.doubtful
    if doubtful:
        spot.warning("business-rule", _DOUBTED)
    elif concepts and not found:
        spot.information("not-supported", _UNKNOWN)
    if found:
        rules = context.lexicon.knowledge.medicines
        way = way_of(concepts, _dosage(medicated), context.lexicon)
        if local := {medicine for medicine in found if way.is_local(rules[medicine])}:
            spot.information("business-rule", _LOCAL)
            found = {medicine: one for medicine, one in found.items() if medicine not in local}
    if any(one.by_name for one in found.values()):
        spot.information("informational", _BY_NAME)
    return found


def _dosage(medicated: Medicated) -> tuple[wire.Dosage, ...] | wire.Dosage | None:
    if isinstance(medicated, wire.MedicationRequest):
        return medicated.dosage_instruction
    return medicated.dosage


def _current(medicated: Medicated, spot: Spot) -> bool | None:
    """Whether a medicine is being taken; None where it does not count, which is told."""
    status = (medicated.status or "").strip().lower()
    if not status:
        spot.information("required", _NO_STATUS)
        status = "unknown"
    if status in _NEVER:
        spot.information(
            "business-rule", f"A medication of status {status} does not count.", ".status"
        )
        return None
    current = _STATUSES[type(medicated)].get(status)
    if current is None:
        spot.warning("code-invalid", _ILL_STATUS, ".status")
    elif isinstance(medicated, wire.MedicationStatement) and medicated.adherence:
        return current and not _is_interrupted(medicated.adherence)
    return current


def _is_known(medicated: Medicated) -> bool:
    """Whether the sender knows how it is with the medicine."""
    if isinstance(medicated, wire.MedicationStatement) and medicated.status == "recorded":
        # R5: the statement's own status; whether the medicine is taken stands in adherence.
        codes = plain_codes(medicated.adherence.code) if medicated.adherence else []
        return codes not in ([], ["unknown"])
    return medicated.status not in (None, "", "unknown")


def _is_interrupted(adherence: wire.Adherence) -> bool:
    return any(code.startswith(("on-hold", "stopped")) for code in plain_codes(adherence.code))


def _is_treatment(medicated: Medicated, spot: Spot) -> bool:
    """Whether a resource says that the medicine is given; else what it says is told."""
    if isinstance(medicated, wire.MedicationRequest):
        if medicated.do_not_perform:
            spot.information("business-rule", _PROHIBITED, ".doNotPerform")
            return False
        if medicated.intent and medicated.intent.strip().lower() not in _ORDERS:
            spot.information("business-rule", _INTENT, ".intent")
            return False
    elif isinstance(medicated, wire.MedicationStatement):
        if medicated.adherence and is_extended(medicated.adherence, spot, ".adherence"):
            return False
        adherence = plain_codes(medicated.adherence.code) if medicated.adherence else ()
        taken = (medicated.taken or "").strip().lower()
        denied = medicated.was_not_taken or taken in _NOT_TAKEN
        if denied or any(code.startswith("not-taking") for code in adherence):
            spot.information("business-rule", _DENIED)
            return False
    elif medicated.not_given or medicated.was_not_given:
        path = ".notGiven" if medicated.not_given else ".wasNotGiven"
        spot.information("business-rule", _DENIED, path)
        return False
    return True


def _concepts(
    entry: Entry, medicated: Medicated, context: Context, spot: Spot
) -> Iterator[wire.CodeableConcept]:
    """What says which medicine it is: concepts here, and those of the Medication referred to.

    The form of the latter comes last; by itself it names no medicine.
    """
    either = medicated.medication or wire.CodeableReference()
    concepts = (medicated.medication_codeable_concept, either.concept)
    yield from (concept for concept in concepts if concept)
    reference = medicated.medication_reference or either.reference
    if reference:
        yield from _referred(entry, reference, context, spot)
    elif not any(concepts):
        spot.warning("required", _NO_MEDICINE)


def _referred(
    entry: Entry, reference: wire.Reference, context: Context, spot: Spot
) -> Iterator[wire.CodeableConcept]:
    target = context.directory.resolve(reference, entry)
    there = None if isinstance(target, Unresolved) else target.entry
    medication = there and there.resource
    if there and isinstance(medication, wire.Medication):
        if not _is_usable(medication):
            spot.warning("business-rule", _NOT_USABLE, ".medication")
            return
        ingredients = medication.ingredient or ()
        concepts = [
            medication.code,
            *(one.item_codeable_concept for one in ingredients),
            *(one.item.concept for one in ingredients if one.item),
            *(_ingredient(there, one, context, spot) for one in ingredients),
        ]
        if any(concepts):
            concepts += [medication.form, medication.dose_form]
            yield from (concept for concept in concepts if concept)
            return
    if reference.display:
        yield wire.CodeableConcept(text=reference.display)
    else:
        spot.warning("not-found", _NOT_HERE, ".medication")


def _is_usable(medication: wire.Medication) -> bool:
    return not (
        medication.modifier_extension
        or any(one.modifier_extension for one in medication.ingredient or ())
        or medication.implicit_rules is not None
        or medication.status == "entered-in-error"
    )


def _ingredient(
    medication: Entry, ingredient: wire.Ingredient, context: Context, spot: Spot
) -> wire.CodeableConcept | None:
    """What an ingredient that is referred to is: another Medication's code, else its display."""
    reference = ingredient.item_reference or (ingredient.item and ingredient.item.reference)
    if not reference:
        return None
    target = context.directory.resolve(reference, medication)
    other = target.entry and target.entry.resource if isinstance(target, Target) else None
    if isinstance(other, wire.Medication) and other.code and _is_usable(other):
        return other.code
    if reference.display:
        return wire.CodeableConcept(text=reference.display)
    spot.warning("not-supported", _NO_INGREDIENT, ".medication")
    return None


def _times(
    medicated: Medicated, current: bool, context: Context, spot: Spot
) -> tuple[Moment | None, Moment | None]:
    """When a treatment started and ended."""
    if isinstance(medicated, wire.MedicationRequest):
        start, end = _ordered(medicated, context, spot)
        if not (current or end):
            end = _over_since(medicated, start, context, spot)
        return start, end
    if (
        isinstance(medicated, wire.MedicationStatement)
        or medicated.effective_date_time
        or medicated.effective_period
    ):
        at, period, path = medicated.effective_date_time, medicated.effective_period, ".effective"
        timing = getattr(medicated, "effective_timing", None)
    else:
        at = medicated.occurence_date_time or medicated.occurrence_date_time
        period = medicated.occurence_period or medicated.occurrence_period
        timing = medicated.occurence_timing or medicated.occurrence_timing
        path = ".occurence"
    if timing:
        period, path = _bounds(timing, spot, path), f"{path}.repeat.bounds"
        if not period:
            return None, None
    if period:
        return _span(period, context, spot, path)
    start = read_time(at, context.zone, spot, path)
    return start, None if current else start


def _bounds(timing: wire.Timing, spot: Spot, path: str) -> wire.Period | None:
    """The time that a Timing spans; None where it tells none, which is told."""
    if is_extended(timing, spot, path):
        return None
    bounds = timing.repeat.bounds_period if timing.repeat else None
    if not bounds:
        spot.information("not-supported", _TIMING, path)
    return bounds


def _ordered(
    request: wire.MedicationRequest, context: Context, spot: Spot
) -> tuple[Moment | None, Moment | None]:
    """An order's time: all that its dosages are bound to, else from when it was written.

    Dosages follow each other where a dose is raised or reduced, so the order ends with the last.
    """
    if request.effective_dose_period:
        start, end = _span(request.effective_dose_period, context, spot, ".effectiveDosePeriod")
        return start or read_time(request.authored_on, context.zone, spot, ".authoredOn"), end
    starts: list[Moment] = []
    ends: list[Moment | None] = []
    for i, dosage in enumerate(request.dosage_instruction or ()):
        path = f".dosageInstruction[{i}]"
        if is_extended(dosage, spot, path) or (
            dosage.timing and is_extended(dosage.timing, spot, f"{path}.timing")
        ):
            continue
        bounds = dosage.timing and dosage.timing.repeat and dosage.timing.repeat.bounds_period
        if not bounds:
            continue
        start, end = _span(bounds, context, spot, f"{path}.timing.repeat.bounds")
        starts += [start] if start else []
        ends.append(end)
    start = min(starts, key=lambda at: at.earliest, default=None) or read_time(
        request.authored_on, context.zone, spot, ".authoredOn"
    )
    known = [end for end in ends if end]
    open_ended = len(known) < len(ends)
    return start, None if open_ended else max(known, key=lambda at: at.latest, default=None)


def _over_since(
    request: wire.MedicationRequest, start: Moment | None, context: Context, spot: Spot
) -> Moment | None:
    """When an order that is over, and tells no end, got that status (R5)."""
    changed = read_time(request.status_changed, context.zone, spot, ".statusChanged")
    if start and changed and changed.latest < start.earliest:
        return None
    return changed


def _span(
    period: wire.Period, context: Context, spot: Spot, path: str
) -> tuple[Moment | None, Moment | None]:
    start = read_time(period.start, context.zone, spot, f"{path}.start")
    end = read_time(period.end, context.zone, spot, f"{path}.end")
    if start and end and end.latest < start.earliest:
        spot.warning("value", _BACKWARDS, path)
        return None, None
    return start, end
