"""Bundles that hypothesis draws: patients whom the tests beside the shipped rules describe.

So what is drawn means something: most such patients get flags, and the others nearly do. A
patient's resources can be spoiled a little, as senders do, or in ways that none would.
"""

import json
from collections.abc import Iterable, Iterator, Mapping, Sequence
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import Any

from hypothesis import strategies as st
from msgspec import structs

from service.evaluation import open_site
from service.knowledge.cases import record_of
from service.knowledge.language import RuleTest
from service.knowledge.model import ATC, ICD10, ICD10CM, LOINC, RXNORM, SNOMED
from service.knowledge.units import accepted
from service.record import Moment, Problem, Record, Result, Treatment
from service.settings import Settings
from tests.fhir.sent import number, sent

NOW = datetime(2026, 5, 20, 12, 0, tzinfo=UTC)
UCUM = "http://unitsofmeasure.org"

SITE = open_site(Settings())
KNOWLEDGE = SITE.knowledge

#: Without those that give a value that is computed, which nobody sends, or a raised dose, which
#: only two orders tell together.
CASES = [
    test
    for link in KNOWLEDGE.links.values()
    for test in link.tests
    if not test.given.keys() & KNOWLEDGE.derived.keys()
    and "at a higher dose" not in str(test.given.get("treatments"))
]

Resource = dict[str, Any]
Entry = dict[str, Any]


def records() -> st.SearchStrategy[Record]:
    """What one or several of the tests beside the rules give, as of one patient."""
    return st.lists(st.sampled_from(CASES), min_size=1, max_size=3).map(together)


def together(cases: Sequence[RuleTest]) -> Record:
    """The record of a patient with all that several cases give; age and sex are the first's."""
    first, *others = (record_of(case, KNOWLEDGE, NOW) for case in cases)
    for other in others:
        first = structs.replace(
            first,
            results=first.results + other.results,
            problems=first.problems + other.problems,
            treatments=first.treatments + other.treatments,
        )
    return first


def resources(record: Record, name: str = "p") -> list[Resource]:
    """The record as its sender would have written it, each resource with an id of its own."""
    born = record.patient.born
    patient = {
        "resourceType": "Patient",
        "id": name,
        "gender": record.patient.sex,
        "birthDate": f"{born.earliest:%Y-%m-%d}" if born else None,
    }
    facts: list[Result | Problem | Treatment] = []
    facts += (*record.results, *record.problems, *record.treatments)
    made = [_bare(patient)]
    for place, fact in enumerate(facts):
        resource = _written(fact)
        subject = {"reference": f"Patient/{name}"}
        made.append(_bare({**resource, "id": f"{name}-{place}", "subject": subject}))
    return made


def _written(fact: Result | Problem | Treatment) -> Resource:
    if isinstance(fact, Result):
        return _observation(fact)
    if isinstance(fact, Problem):
        return _condition(fact)
    return _statement(fact)


def _observation(result: Result) -> Resource:
    amount = result.amount
    unit = amount.unit if amount else KNOWLEDGE.analytes[result.analyte].unit
    written: Resource = {
        "resourceType": "Observation",
        "status": "preliminary" if "preliminary" in result.marks else "final",
        "code": _code_of(result.analyte, unit, result.form),
        "effectiveDateTime": _time(result.moment),
        "valueQuantity": quantity(amount.value, unit, result.comparator) if amount else None,
        "note": [{"text": "hemolyzed"}] if "hemolyzed" in result.marks else None,
    }
    if result.interpretation:
        coding = {"system": _INTERPRETATION, "code": result.interpretation}
        written["interpretation"] = [{"coding": [coding]}]
    if not amount and not result.interpretation:
        written["dataAbsentReason"] = {"text": "unreadable"}
    if result.interval:
        bounds = {"low": result.interval.low, "high": result.interval.high}
        sides = {side: quantity(bound, unit) for side, bound in bounds.items() if bound is not None}
        written["referenceRange"] = [sides]
    return written


_INTERPRETATION = "http://terminology.hl7.org/CodeSystem/v3-ObservationInterpretation"


def _code_of(analyte: str, unit: str, form: str) -> Resource:
    """A LOINC code under which such a result is read as it is; a name where there is none."""
    codes = (
        code
        for code, measured in KNOWLEDGE.loinc.items()
        if measured.analyte == analyte
        and not measured.marks
        and (measured.form == form or not KNOWLEDGE.units[unit].dimension.startswith("mass"))
        and accepted(KNOWLEDGE, analyte, measured, unit)
    )
    coded = [{"system": LOINC, "code": code} for code in codes]
    return {"coding": coded[:1]} if coded else {"text": KNOWLEDGE.analytes[analyte].names[0]}


def quantity(value: Decimal, unit: str, comparator: str = "") -> Resource:
    written = {"value": number(f"{value:f}"), "unit": unit, "system": UCUM, "code": unit}
    return {"comparator": comparator, **written} if comparator else written


def _condition(problem: Problem) -> Resource:
    base = "http://terminology.hl7.org/CodeSystem"
    rule = KNOWLEDGE.problems[problem.problem]
    active = "active" if problem.active else "resolved"
    verified = "confirmed" if problem.confirmed else "unconfirmed"
    return {
        "resourceType": "Condition",
        "clinicalStatus": _coded(f"{base}/condition-clinical", active),
        "verificationStatus": _coded(f"{base}/condition-ver-status", verified),
        "code": _concept(
            {SNOMED: rule.snomed, ICD10CM: rule.icd10cm, ICD10: rule.icd10},
            (*rule.names, *rule.phrases),
        ),
        "onsetDateTime": _time(problem.onset),
        "recordedDate": _time(problem.recorded),
    }


def _statement(treatment: Treatment) -> Resource:
    rule = KNOWLEDGE.medicines[treatment.medicine]
    concept = _concept({RXNORM: rule.rxnorm, ATC: rule.atc, SNOMED: rule.snomed}, rule.names)
    period = {"start": _time(treatment.start), "end": _time(treatment.end)}
    return {
        "resourceType": "MedicationStatement",
        "status": "active" if treatment.current else "completed",
        "medicationCodeableConcept": concept,
        "effectivePeriod": _bare(period) or None,
    }


def _concept(codes: Mapping[str, Iterable[str]], names: Sequence[str]) -> Resource:
    """The first of the codes that is one of its own, in a system; else a name."""
    for system, listed in codes.items():
        for code in listed:
            if not code.endswith("*"):
                return _coded(system, code)
    return {"text": names[0]}


def _coded(system: str, code: str) -> Resource:
    return {"coding": [{"system": system, "code": code}]}


def _time(moment: Moment | None) -> str | None:
    return moment.earliest.isoformat() if moment else None


def _bare(resource: Resource) -> Resource:
    return {name: value for name, value in resource.items() if value is not None}


def entries(made: Iterable[Resource], server: str = "https://ehr.example/fhir") -> list[Entry]:
    return [
        {"fullUrl": f"{server}/{one['resourceType']}/{one['id']}", "resource": one} for one in made
    ]


def body(listed: Iterable[Entry], kind: str = "collection") -> bytes:
    return sent({"resourceType": "Bundle", "type": kind, "entry": list(listed)})


#: What may be added to any request without a word about a patient's results.
UNRELATED: list[Resource] = [
    {"resourceType": "Encounter", "id": "e", "status": "finished"},
    {"resourceType": "Practitioner", "id": "d", "name": [{"family": "Who"}]},
    {
        "resourceType": "Observation",
        "id": "u",
        "status": "final",
        "code": {"coding": [{"system": LOINC, "code": "8867-4", "display": "Heart rate"}]},
        "valueQuantity": {"value": 72, "unit": "/min", "system": UCUM, "code": "/min"},
    },
    {
        "resourceType": "Condition",
        "id": "c",
        "clinicalStatus": _coded(
            "http://terminology.hl7.org/CodeSystem/condition-clinical", "active"
        ),
        "code": {"text": "Ingrowing nail"},
    },
    {"resourceType": "AllergyIntolerance", "id": "a", "code": {"text": "Cats"}},
]

_SLIGHT: tuple[tuple[str, Any], ...] = (
    ("status", "unknown"),
    ("status", None),
    ("status", "cancelled"),
    ("status", "entered-in-error"),
    ("effectiveDateTime", None),
    ("effectiveDateTime", "2026-05-20"),
    ("effectiveDateTime", "20/05/2026"),
    ("effectiveDateTime", (NOW + timedelta(days=30)).isoformat()),
    ("valueQuantity", None),
    ("valueQuantity", {"value": 120}),
    ("valueQuantity", {"value": 120, "unit": "furlongs"}),
    ("valueString", "118 mmol/L"),
    ("referenceRange", [{"text": "3.5-5.1"}]),
    ("interpretation", [{"text": "low"}]),
    ("clinicalStatus", None),
    ("clinicalStatus", {"text": "Active"}),
    ("verificationStatus", {"coding": [{"code": "refuted"}]}),
    ("code", {"text": "FH: celiac disease"}),
    ("modifierExtension", [{"url": "https://example.org/x"}]),
    ("meta", {"versionId": "2"}),
)
_HOSTILE: tuple[tuple[str, Any], ...] = (
    ("resourceType", "Observatio"),
    ("status", ["final"]),
    ("status", {"value": "final"}),
    ("code", "2951-2"),
    ("code", []),
    ("code", {"coding": {"system": LOINC, "code": "2951-2"}}),
    ("valueQuantity", {"value": "120", "unit": 5}),
    ("valueQuantity", {"value": number("1e400"), "unit": "mmol/L"}),
    ("valueQuantity", {"value": number("-0"), "unit": "mmol/L"}),
    ("valueQuantity", [{"value": 120, "unit": "mmol/L"}]),
    ("effectiveDateTime", "9999-99-99"),
    ("effectivePeriod", {"start": 5, "end": "x"}),
    ("referenceRange", [[], {}, "x"]),
    ("interpretation", [5]),
    ("component", [{"valueString": "x"}, 5, {}]),
    ("contained", [{"resourceType": "Observation"}, 5]),
    ("hasMember", [{"reference": "#"}, {"reference": "Observation/p-0"}]),
    ("specimen", {"reference": "Specimen/none"}),
    ("medicationReference", {"reference": "Medication/none"}),
    ("implicitRules", "https://example.org"),
)


@st.composite
def spoiled(draw: st.DrawFn, made: list[Resource], *, hostile: bool = False) -> list[Resource]:
    """Resources of which some have an element that is slightly wrong, or that none would send.

    Whose they are and what they are called stays.
    """
    wrongs = _SLIGHT + _HOSTILE if hostile else _SLIGHT
    changed = []
    for one in made:
        if one["resourceType"] != "Patient" and draw(st.integers(0, 2)) == 0:
            name, value = draw(st.sampled_from(wrongs))
            changed.append(_bare({**one, name: value}))
        else:
            changed.append(one)
    return changed


@st.composite
def patients(
    draw: st.DrawFn, *, most: int = 4, wrong: bool = True, hostile: bool = False
) -> list[list[Entry]]:
    """The entries of each of some patients.

    Some come from servers of their own, where their resources have the ids of somebody else's;
    then all have identifiers, because without one a patient is known by its reference, which
    names the server only where there are several.
    """
    found = []
    several = draw(st.booleans())
    for place in range(draw(st.integers(1, most))):
        own = several and draw(st.booleans())
        made = resources(draw(records()), "p" if own else f"p{place}")
        if several or draw(st.booleans()):
            made[0]["identifier"] = [{"system": "https://mrn.example", "value": f"MRN{place}"}]
        if wrong:
            made = draw(spoiled(made, hostile=hostile))
        found.append(entries(made, f"https://s{place}.example/fhir" if own else _SHARED))
    return found


_SHARED = "https://shared.example/fhir"


def facts(node: Any, expression: str = "Bundle") -> Iterator[tuple[str, Resource]]:  # noqa: ANN401
    """Every Observation, Condition and medication in a document, with its FHIRPath."""
    if isinstance(node, list):
        for index, item in enumerate(node):
            yield from facts(item, f"{expression}[{index}]")
    elif isinstance(node, dict):
        if str(node.get("resourceType")).startswith(("Observation", "Condition", "Medication")):
            yield expression, node
        for name, value in node.items():
            yield from facts(value, f"{expression}.{name}")


def document(sent_body: bytes) -> Resource:
    found: Resource = json.loads(sent_body, parse_float=Decimal)
    return found
