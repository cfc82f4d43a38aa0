"""Observations: laboratory results out of values, panels and components.

https://hl7.org/fhir/R4/observation.html
"""

from collections.abc import Container, Iterable
from functools import lru_cache

from msgspec import Struct

from service.fhir import wire
from service.fhir.analytes import Refused, analyte_of
from service.fhir.codes import concepts, statuses, system_of, texts
from service.fhir.context import Context
from service.fhir.draws import Draw, draw_of, usual_draw
from service.fhir.entries import Entry
from service.fhir.issues import Spot
from service.fhir.lexicon import Lexicon, Meant
from service.fhir.measurements import Assay, measure
from service.fhir.modifiers import is_extended, is_modified
from service.fhir.patients import Chart
from service.fhir.reports import Reported
from service.fhir.signs import read_sign
from service.fhir.specimens import fluid_in
from service.fhir.values import has_value
from service.record import Result, Source

_COUNTING: dict[str | None, tuple[str, ...]] = {
    "final": (),
    "amended": (),
    "corrected": (),
    "preliminary": ("preliminary",),
    "unknown": ("unknown-status",),
}
_NOT_COUNTING = frozenset({"registered", "cancelled", "entered-in-error"})

#: Categories that speak against reading an Observation as a laboratory result by its name.
_OTHER_CATEGORIES = frozenset(
    {"activity", "exam", "imaging", "procedure"}
    | {"social-history", "survey", "therapy", "vital-signs"}
)

_NO_STATUS = 'The status is missing; the Observation was read as of status "unknown".'
_ILL_STATUS = "The status is none of FHIR's, so the Observation was not used."
_FOCUS = "The focus is not the patient (but a fetus or donor, say), so this was not used."
_NO_CODE = "There is no code, so nothing says what was observed; this was not used."
_UNKNOWN = "No rule uses what this code means."
_NO_SYSTEM = (
    "The code is one of LOINC's that rules use, but its system is missing or is not LOINC's, so it "
    "was not used. Send http://loinc.org as its system."
)
_OTHER_PATIENT = (
    "A report or panel of another patient refers to this result; nothing of it was used here."
)
_OTHER_SPECIMEN = "The specimen is of another patient than the result, so this was not used."
_UNSEEN = (
    "The specimen that this refers to is not in the request; it was taken for one that the code or "
    "name is for."
)
_UNCLEAR_SPECIMEN = (
    "The specimen has implicitRules or a modifierExtension that are not understood, so this was "
    "not used."
)
_BY_NAME = "No code is known here; what was measured was recognized by its name."
_CATEGORY = (
    "The name is that of a laboratory test, but the category is another and no code is known; "
    "this was not used."
)


def read_observation(entry: Entry, observation: wire.Observation, context: Context) -> None:
    """Add what an Observation tells to its patient's chart; what it can not tell is said."""
    chart = context.charts.chart_of(entry, observation.subject)
    if chart is None:
        return
    chart.observations += 1
    if context.replaced and entry.expression in context.replaced:
        return
    spot = Spot(context.issues, entry.expression, chart.key)
    reports = _reports(entry, spot, context) if context.reports else []
    marks = _COUNTING.get(observation.status)
    if marks is None or reports:
        marks = _marks(observation, reports, spot)
    modified = observation.implicit_rules is not None or observation.modifier_extension
    if marks is None or (modified and is_modified(observation, spot)):
        return
    if observation.focus and _is_of_another(entry, observation.focus, context, spot):
        return
    parts = parts_of(entry.content, context.lexicon)
    if parts[0].meant or any(part.meant for part in parts[1:]):
        draw = usual_draw(observation, reports, context.zone)
        draw = draw or draw_of(entry, observation, reports, context, spot)
        if draw.unseen:
            _say_unseen(parts, spot, _specimen_path(observation))
        source = context.source(entry, observation.identifier)
        whole = _Whole(observation, entry.quantity, chart, spot, draw, marks, source, context)
        for part in parts:
            _read_part(whole, part)
    elif not read_sign(entry, observation, marks, chart, context):
        _say_unknown(entry.content, context.lexicon.loinc, spot)


def _reports(entry: Entry, spot: Spot, context: Context) -> list[Reported]:
    """What reports of this patient say of a result."""
    found = context.reports.get(entry.key)
    if not found:
        return []
    own = [said for said in found if said.patient in ("", spot.patient)]
    if len(own) < len(found):
        spot.warning("business-rule", _OTHER_PATIENT)
    return own


def _marks(
    observation: wire.Observation, reports: list[Reported], spot: Spot
) -> tuple[str, ...] | None:
    """What is to be said of results of this status; None where they do not count, which is told."""
    status = observation.status
    marks = _COUNTING.get(status or "unknown")
    if not status:
        spot.warning("required", _NO_STATUS)
    elif marks is None:
        folded = status.strip().lower()
        marks = _COUNTING.get(folded)
        if folded in _NOT_COUNTING:
            text = f"An Observation of status {folded} does not count."
            spot.information("business-rule", text, ".status")
        elif marks is None:
            spot.warning("code-invalid", _ILL_STATUS, ".status")
    if reports and (blocked := next((said.blocked for said in reports if said.blocked), "")):
        text = f"The report of this result has the status {blocked}, so it does not count."
        if all(said.blocked for said in reports if said.report.type == "DiagnosticReport"):
            spot.information("business-rule", text)
        else:
            spot.warning("conflict", f"{text} Another report of it has not.")
        return None
    return marks


def _is_of_another(
    entry: Entry, focus: Iterable[wire.Reference], context: Context, spot: Spot
) -> bool:
    """Whether a focus is not the patient, or may not be; then it is told."""
    if any(context.charts.key_of(entry, one) != spot.patient for one in focus):
        spot.warning("business-rule", _FOCUS, ".focus")
        return True
    return False


class Part(Struct, frozen=True, eq=False, gc=False):
    """An Observation or a component of it, and what its code means by a rule set.

    `fluid` is a specimen other than blood that its words name, "" for none. `contradicted`: it
    was recognized by its name, but its category is none of laboratory tests. `certain`: a code
    tells what it means, and no words of its own speak against that.
    """

    path: str
    said: wire.Content | wire.Component
    meant: Assay | Refused | None
    fluid: str = ""
    contradicted: bool = False
    certain: bool = False


def parts_of(content: wire.Content, lexicon: Lexicon) -> tuple[Part, ...]:
    """An Observation and its components, by its content."""
    return (_kept_parts if content.kept else _parts)(content, lexicon)


def _parts(content: wire.Content, lexicon: Lexicon) -> tuple[Part, ...]:
    components = [
        _part(f".component[{i}]", component, content, lexicon)
        for i, component in enumerate(content.component or ())
    ]
    return (_part("", content, content, lexicon), *components)


_kept_parts = lru_cache(maxsize=2048)(_parts)


def _part(
    path: str, said: wire.Content | wire.Component, whole: wire.Content, lexicon: Lexicon
) -> Part:
    meant = analyte_of(said.code, lexicon)
    if not isinstance(meant, Meant):
        return Part(path, said, meant)
    assay, fluid = Assay(said, meant), fluid_in(texts(said.code), lexicon)
    if meant.measured:
        return Part(path, said, assay, fluid, certain=not fluid)
    categories = concepts(whole.category)
    kinds = [text for category in categories for text in texts(category)]
    codes = {code for category in categories for code in statuses(category)}
    fluid = fluid or fluid_in((*texts(whole.code), *kinds), lexicon)
    return Part(path, said, assay, fluid, not _OTHER_CATEGORIES.isdisjoint(codes))


class _Whole(Struct, frozen=True, gc=False):
    """An Observation that counts, and what its parts share."""

    observation: wire.Observation
    quantity: wire.Quantity | None
    chart: Chart
    spot: Spot
    draw: Draw
    marks: tuple[str, ...]
    source: Source
    context: Context


def _read_part(whole: _Whole, part: Part) -> None:
    said, meant = part.said, part.meant
    if type(said) is wire.Component:
        quantity, spot = said.value_quantity, whole.spot.at(part.path)
    else:
        quantity, spot = whole.quantity, whole.spot
        if quantity is None and _is_panel(whole.observation, said) and not has_value(said):
            return
    if meant is None:
        _say_unknown(said, whole.context.lexicon.loinc, spot)
    elif type(meant) is Refused:
        spot.warning("business-rule", meant.why, ".code")
    elif type(said) is wire.Component and is_extended(said, spot):
        return
    elif (part.certain and whole.draw.usual) or _is_of_blood(whole, part, meant.meant, spot):
        whole.chart.results.append(_result(whole, meant, quantity, spot))


def _is_panel(observation: wire.Observation, content: wire.Content) -> bool:
    """Whether an Observation without a value only holds others together."""
    related = observation.related or ()
    members = observation.has_member or any(one.type == "has-member" for one in related)
    return bool(content.component or members)


def _say_unknown(said: wire.Said, known: Container[str | None], spot: Spot) -> None:
    if said.code is None:
        spot.warning("required", _NO_CODE)
    elif any(one.code in known and not system_of(one) for one in said.code.coding or ()):
        spot.warning("required", _NO_SYSTEM, ".code")
    else:
        spot.information("not-supported", _UNKNOWN, ".code")


def _specimen_path(observation: wire.Observation) -> str:
    """Where the specimen is told; "" where a report or panel tells it."""
    return ".specimen" if observation.specimen else ""


def _say_unseen(parts: Iterable[Part], spot: Spot, path: str) -> None:
    """A LOINC code names the specimen that it is for; a name, or a code of others, may not."""
    coded = all(part.meant.meant.measured for part in parts if isinstance(part.meant, Assay))
    say = spot.information if coded else spot.warning
    say("not-found", _UNSEEN, path)


def _is_of_blood(whole: _Whole, part: Part, meant: Meant, spot: Spot) -> bool:
    """Whether nothing speaks against the value being what its code or name says."""
    if whole.draw.unclear:
        path = _specimen_path(whole.observation)
        whole.spot.warning("extension", _UNCLEAR_SPECIMEN, path)
        return False
    if whole.draw.of_another:
        spot.warning("business-rule", _OTHER_SPECIMEN)
        return False
    if part.contradicted:
        spot.warning("business-rule", _CATEGORY)
        return False
    fluid, lexicon = whole.draw.fluid or part.fluid, whole.context.lexicon
    if fluid and fluid not in {lexicon.fluid(measured.name) for measured in meant.measured}:
        name = lexicon.analyte(meant.analyte).name
        text = f"The specimen is {fluid}, in which {name} means something else; this was not used."
        spot.warning("business-rule", text)
        return False
    if not meant.measured:
        spot.information("informational", _BY_NAME, ".code")
    return True


def _result(whole: _Whole, assay: Assay, quantity: wire.Quantity | None, spot: Spot) -> Result:
    draw, source, lexicon = whole.draw, whole.source, whole.context.lexicon
    measured = measure(assay, quantity, lexicon, spot, chart=whole.chart, moment=draw.moment)
    marks = whole.marks + assay.marks
    if draw.by_issue:
        marks += ("issue-dated",)
    if draw.hemolyzed:
        marks += ("hemolyzed",)
    if measured.marks:
        marks += tuple(mark for mark in measured.marks if mark not in marks)
    if spot.expression != source.expression:
        source = Source(source.type, source.reference, spot.expression, source.identifier)
    return Result(
        assay.meant.analyte,
        measured.amount,
        measured.printed,
        draw.moment,
        source,
        measured.comparator,
        assay.form,
        draw.issued,
        measured.interval,
        measured.flag,
        marks,
    )
