"""Whose data it is: one chart for each patient of a request, and never two patients in one.

Patients are told apart by where their resource lives (server and id, or urn), or by system
and value of an identifier where nothing else names them; never by a bare id.
"""

from collections import Counter
from collections.abc import Iterable, Iterator
from typing import NamedTuple
from zoneinfo import ZoneInfo

from msgspec import structs

from service.fhir import wire
from service.fhir.entries import Entry
from service.fhir.issues import Issues, Spot
from service.fhir.modifiers import is_modified
from service.fhir.references import Directory, Target, Unresolved
from service.fhir.times import read_time
from service.record import Identifier, Moment, Patient, Problem, Result, Sex, Treatment

_SEXES: dict[str, Sex] = {"female": "female", "male": "male"}
_GENDERS = frozenset({*_SEXES, "other", "unknown"})

#: Which of several identifiers names a patient best; "temp" and "old" ones never do.
_USES = {"official": 0, "usual": 1, "": 2, "secondary": 3}

_NO_SUBJECT = "There is no subject, so nothing says whose this is; it was not used."
_SUBJECT_OF_CONTAINER = (
    "This contained resource has no subject; that of the resource around it was taken."
)
_NOT_A_PATIENT = "The subject is no Patient; only what is of one patient is used."
_ABSENT = "The Patient that is referred to is not in the request, so age and sex are unknown here."
_MODIFIED = "birthDate and gender were not used"
_ANIMAL = "The patient is an animal; the limits and causes here are those of people."
_INACTIVE = "The Patient says that this record is not in use; the patient was judged all the same."
_REPLACED = (
    "The Patient says that another record replaces this one; the patient was judged all the same, "
    "by what is recorded of this one alone."
)
_LINKED = (
    "The Patient says that there is another record of the same person; each is judged by what is "
    "recorded of it alone."
)
_ILL_GENDER = (
    "The gender is none of FHIR's (female, male, other, unknown); it was not used, so the sex is "
    "unknown."
)
_CONTRADICTION = (
    "The request tells birthDate or gender of this patient in different ways; what differs "
    "was not used."
)
_TWO_PATIENTS = Unresolved(
    "multiple-matches",
    "Patients of this name in the request differ in an identifier or in birthDate, so more than "
    "one person could be meant. Give each a fullUrl or an id of its own, or send them in requests "
    "of their own.",
)
_ANOTHER = Unresolved(
    "conflict",
    "The reference names a Patient who has another identifier of the system that is beside it, "
    "so two people could be meant.",
)
_SHARED_IDENTIFIER = "Patients of the request share this one's identifier; they were kept apart."


class Recorded(NamedTuple):
    """A problem as it was recorded; whether it is active may depend on the moment of judgement.

    `fades`: it is active only while it is recent. `abated`: when it ended.
    """

    problem: Problem
    fades: bool = False
    abated: Moment | None = None


class Chart:
    """What is read of one patient, as it is read."""

    def __init__(self, key: str, expression: str) -> None:
        self.key = key
        self.expression = expression
        self.reference = ""
        self.identifiers: list[Identifier] = []
        self.displays: set[str] = set()
        self.born: Moment | None = None
        #: By where it says so: when the patient died, None where only that is told.
        self.deaths: dict[str, Moment | None] = {}
        self.sex: Sex | None = None
        self.results: list[Result] = []
        self.problems: list[Recorded] = []
        self.treatments: list[Treatment] = []
        self.observations = self.conditions = self.medications = 0


class Charts:
    """The charts of a request by their patients' keys."""

    def __init__(self, directory: Directory, zone: ZoneInfo, issues: Issues) -> None:
        self.directory = directory
        self.issues = issues
        self._zone = zone
        self._charts: dict[str, Chart] = {}
        self._by_reference: dict[tuple[str, str | None], Chart] = {}
        self._patients: dict[str, list[Entry]] = {}
        for entry in directory.entries:
            if type(entry.resource) is wire.Patient:
                target = self._identified(Target(entry.key, entry.type, entry))
                self._patients.setdefault(target.key, []).append(entry)
        self._torn = {key for key, same in self._patients.items() if _are_several(same)}
        for key, entries in self._patients.items():
            # One that is only inside of other resources has a chart once they refer to it.
            if alone := [entry for entry in entries if not entry.container]:
                self._open(key, alone[0].expression).reference = directory.name_of(alone[0])

    def __iter__(self) -> Iterator[Chart]:
        return iter(self._charts.values())

    def chart_of(self, entry: Entry, subject: wire.Reference | None) -> Chart | None:
        """The chart that a resource belongs to; where it belongs to none, why is told."""
        if subject is None or not subject.reference or subject.identifier:
            return self._found(entry, subject)
        asked = self.directory.asked(subject.reference, entry)
        if not (chart := self._by_reference.get(asked)):
            chart = self._found(entry, subject)
            target = self.directory.resolve(subject, entry)
            if chart and isinstance(target, Target) and _is_plain(target, subject.reference):
                self._by_reference[asked] = chart
        elif subject.display:
            chart.displays.add(subject.display)
        return chart

    def _found(self, entry: Entry, subject: wire.Reference | None) -> Chart | None:
        expression = f"{entry.expression}.subject"
        if subject is None:
            subject = getattr(entry.container and entry.container.resource, "subject", None)
            if subject is None:
                self.issues.warning("required", _NO_SUBJECT, entry.expression)
                return None
            expression = entry.expression
        target = self._resolve(subject, entry)
        if isinstance(target, Unresolved):
            text = f"{target.why} So nothing says whose this is; it was not used."
            self.issues.warning(target.code, text, expression)
            return None
        if (target.type or subject.type or "Patient") != "Patient":
            self.issues.warning("business-rule", _NOT_A_PATIENT, expression)
            return None
        chart = self._chart(target, expression)
        if subject.display:
            chart.displays.add(subject.display)
        if expression == entry.expression:
            self.issues.information("required", _SUBJECT_OF_CONTAINER, expression, chart.key)
        if target.caution:
            self.issues.warning("value", target.caution, expression, chart.key)
        return chart

    def key_of(self, entry: Entry, reference: wire.Reference) -> str | None:
        """The key of the patient, or other thing, that a reference names; None for none."""
        target = self._resolve(reference, entry)
        return None if isinstance(target, Unresolved) else target.key

    def _resolve(self, reference: wire.Reference, entry: Entry) -> Target | Unresolved:
        target = self.directory.resolve(reference, entry)
        if isinstance(target, Unresolved):
            return target
        target = self._identified(target)
        if target.key in self._torn:
            return _TWO_PATIENTS
        if reference.identifier and self._contradicts(reference.identifier, target.key):
            return _ANOTHER
        return target

    def _contradicts(self, beside: wire.Identifier, key: str) -> bool:
        """Whether the identifier beside a reference is not that of the Patient referred to."""
        if not (beside.system and beside.value):
            return False
        known = {
            one.value
            for entry in self._patients.get(key, ())
            if isinstance(entry.resource, wire.Patient)
            for one in entry.resource.identifier or ()
            if one.system == beside.system and one.value
        }
        return bool(known) and beside.value not in known

    def _chart(self, target: Target, expression: str) -> Chart:
        chart = self._charts.get(target.key)
        if not chart:
            chart = self._open(target.key, expression)
            chart.reference = self.directory.name_of_target(target)
            if target.identifier:
                chart.identifiers.append(target.identifier)
            if target.key not in self._patients:
                self.issues.information("not-found", _ABSENT, expression, chart.key)
        return chart

    def _identified(self, target: Target) -> Target:
        """A Patient inside of another resource is the one with its identifier, if it has one."""
        entry = target.entry
        if entry and entry.container and isinstance(entry.resource, wire.Patient):
            for identifier in _ranked(entry.resource.identifier or ()):
                found = self.directory.identified(identifier)
                if isinstance(found, Target):
                    return structs.replace(found, entry=found.entry or entry)
        return target

    def _open(self, key: str, expression: str) -> Chart:
        chart = self._charts[key] = Chart(key, expression)
        births: dict[str, str] = {}
        genders: set[str] = set()
        for entry in self._patients.get(key, ()):
            patient = entry.resource
            if not isinstance(patient, wire.Patient):
                continue
            chart.identifiers.extend(_ranked(patient.identifier or ()))
            if is_modified(patient, Spot(self.issues, entry.expression, key), _MODIFIED):
                continue
            self._question(patient, entry.expression, key)
            if patient.deceased_boolean or patient.deceased_date_time:
                spot = Spot(self.issues, f"{entry.expression}.deceased", key)
                died = read_time(patient.deceased_date_time, self._zone, spot, "")
                chart.deaths[spot.expression] = died
            if patient.birth_date:
                births[patient.birth_date] = f"{entry.expression}.birthDate"
            if patient.gender:
                genders.add(patient.gender.strip().lower())
        if len(births) > 1 or len(genders) > 1:
            self.issues.warning("conflict", _CONTRADICTION, expression, key)
        if len(births) == 1:
            ((text, where),) = births.items()
            chart.born = read_time(text, self._zone, Spot(self.issues, where, key), "")
        if len(genders) == 1:
            chart.sex = _SEXES.get(genders.pop())
        return chart

    def _question(self, patient: wire.Patient, expression: str, key: str) -> None:
        """Say what of a Patient is not as rules take it to be."""
        if patient.animal is not None:
            self.issues.warning("business-rule", _ANIMAL, f"{expression}.animal", key)
        if patient.gender and patient.gender.strip().lower() not in _GENDERS:
            self.issues.warning("code-invalid", _ILL_GENDER, f"{expression}.gender", key)
        if patient.active is False:
            self.issues.information("informational", _INACTIVE, f"{expression}.active", key)
        for i, link in enumerate(patient.link or ()):
            text = _REPLACED if link.type == "replaced-by" else _LINKED
            self.issues.information("informational", text, f"{expression}.link[{i}]", key)

    def patients(self) -> dict[str, Patient]:
        """The patients of all charts, by their keys; no two have one identity."""
        found = {chart.key: _patient(chart) for chart in self._charts.values()}
        shared = Counter(patient.identity for patient in found.values())
        for key, patient in found.items():
            if shared[patient.identity] > 1:
                self.issues.warning("duplicate", _SHARED_IDENTIFIER, patient.expression, key)
                found[key] = structs.replace(patient, identity=f"{patient.identity} {key}")
        return found


def _is_plain(target: Target, reference: str) -> bool:
    """Whether a reference means the same Patient wherever it is, with nothing to be told of it."""
    inside_or_searched = "#" in reference or "?" in reference
    return target.type == "Patient" and not target.caution and not inside_or_searched


def _are_several(same: Iterable[Entry]) -> bool:
    """Whether Patients of one name are different people: ids may collide between senders."""
    births: set[str] = set()
    values: dict[str, set[str]] = {}
    for entry in same:
        if not isinstance(entry.resource, wire.Patient):
            continue
        if entry.resource.birth_date:
            births.add(entry.resource.birth_date)
        mine: dict[str, set[str]] = {}
        for identifier in _ranked(entry.resource.identifier or ()):
            mine.setdefault(identifier.system, set()).add(identifier.value)
        for system, known in mine.items():
            if not values.setdefault(system, known) & known:
                return True
            values[system] |= known
    return len(births) > 1


def _ranked(identifiers: Iterable[wire.Identifier]) -> list[Identifier]:
    """The identifiers that can name a patient, the most official first."""
    usable = [
        (_USES[one.use or ""], one.system, one.value)
        for one in identifiers
        if one.system and one.value and (one.use or "") in _USES
    ]
    return [Identifier(system, value) for _, system, value in sorted(usable)]


def _patient(chart: Chart) -> Patient:
    identifier = chart.identifiers[0] if chart.identifiers else None
    return Patient(
        key=chart.key,
        identity=(
            f"{identifier.system}|{identifier.value}"
            if identifier
            else chart.reference or chart.key
        ),
        reference=chart.reference,
        expression=chart.expression,
        identifier=identifier,
        display=next(iter(chart.displays)) if len(chart.displays) == 1 else "",
        born=chart.born,
        sex=chart.sex,
    )
