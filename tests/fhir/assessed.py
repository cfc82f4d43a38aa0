"""Assessments made by hand over a rule set of a few rules, for what writes them."""

from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import Literal

from service.fhir.flags import WritingOptions
from service.knowledge.language import (
    Analyte,
    CauseRule,
    Condition,
    Derived,
    FindingRule,
    Grade,
    Link,
    MedicineRule,
    ProblemRule,
    Reference,
    Ruleset,
)
from service.knowledge.model import Knowledge
from service.record import (
    Amount,
    Assessment,
    Cause,
    Check,
    Finding,
    FiredLink,
    Identifier,
    Moment,
    Normal,
    Patient,
    Problem,
    Result,
    Source,
    Tally,
    Treatment,
)

NOW = datetime(2026, 3, 5, 8, 0, tzinfo=UTC)

OPTIONS = WritingOptions(
    base="https://flags.example.org",
    site_key=b"a site key of tests",
    service_version="0.1.0",
    snomed=True,
)


def _analyte(analyte: str, name: str, unit: str) -> Analyte:
    return Analyte(
        analyte=analyte,
        name=name,
        unit=unit,
        units=(unit,),
        loinc={},
        plausible=f"0 to 1000 {unit}",
        lookback="30 d",
    )


def _finding(finding: str, name: str, analyte: str, reference: str) -> FindingRule:
    return FindingRule(
        finding=finding,
        name=name,
        analyte=analyte,
        grades=(Grade(grade="low", below="1 mmol/L"),),
        references=(reference,),
    )


def _link(link: str, **fields: object) -> Link:
    given = {
        "because": f"Because of {link}.",
        "when": Condition(finding="hyponatremia"),
        "references": ("made-up-2020",),
        "speaks_against": f"Doubt about {link}",
        **fields,
    }
    return Link(link=link, **given)  # type: ignore[arg-type]


KNOWLEDGE = Knowledge(
    ruleset=Ruleset(
        ruleset="myoflag",
        version="2026.3.0",
        intended_use="For health care professionals, to review independently.",
    ),
    digest="0123456789abcdef" * 4,
    units={},
    unit_spellings={},
    analytes={
        "sodium": _analyte("sodium", "Sodium", "mmol/L"),
        "calcium_total": _analyte("calcium_total", "Calcium", "mmol/L"),
        "albumin": _analyte("albumin", "Albumin", "g/L"),
        "vitamin_b12": _analyte("vitamin_b12", "Vitamin B12", "ng/L"),
        "copper": _analyte("copper", "Copper", "umol/L"),
    },
    findings={
        "hyponatremia": _finding("hyponatremia", "Hyponatremia", "sodium", "limits-2014"),
        "hypocalcemia": _finding(
            "hypocalcemia", "Hypocalcemia", "calcium_corrected", "limits-2014"
        ),
        "hypocupremia": _finding("hypocupremia", "Low copper", "copper", "limits-2014"),
    },
    derived={
        "calcium_corrected": Derived(
            derived="calcium_corrected",
            name="Calcium corrected for albumin",
            unit="mmol/L",
            references=("made-up-2020",),
            plausible="0.5 to 5 mmol/L",
            lookback="30 d",
        )
    },
    problems={
        "celiac-disease": ProblemRule(problem="celiac-disease", name="Celiac disease"),
        "alcohol-use-disorder": ProblemRule(
            problem="alcohol-use-disorder", name="Alcohol use disorder"
        ),
        "myoclonus": ProblemRule(problem="myoclonus", name="Myoclonus", sign=True),
        "asterixis": ProblemRule(problem="asterixis", name="Asterixis", sign=True),
    },
    medicines={"gabapentin": MedicineRule(medicine="gabapentin", name="Gabapentin")},
    states={},
    causes={
        "hyponatremia": CauseRule(
            cause="hyponatremia",
            name="Hyponatremia",
            kind="electrolyte",
            mechanism="Swelling of brain cells.",
            evidence="supported",
            references=("made-up-2020", "limits-2014"),
            confirm=("osmolality",),
            snomed={"89627008": "Hyponatremia (disorder)", "267447008": "Sodium disorder"},
        ),
        "hypocalcemia": CauseRule(
            cause="hypocalcemia",
            name="Hypocalcemia",
            kind="electrolyte",
            mechanism="Excitable nerves.",
            evidence="established",
            references=("limits-2014",),
            confirm=(),
        ),
        "copper-deficiency": CauseRule(
            cause="copper-deficiency",
            name="Copper deficiency",
            kind="deficiency",
            mechanism="Failure of copper enzymes.",
            evidence="case-reports",
            references=("page-only",),
            confirm=("ceruloplasmin",),
            ceiling="moderate",
        ),
        "drug-gabapentin": CauseRule(
            cause="drug-gabapentin",
            name="Gabapentin",
            kind="medicine",
            mechanism="Accumulation.",
            evidence="established",
            references=("made-up-2020",),
            confirm=(),
        ),
    },
    links={
        link.link: link
        for link in (
            _link("sodium-very-low", cause="hyponatremia", strength="strong"),
            _link("sodium-low", cause="hyponatremia", strength="moderate", version=3),
            _link("sodium-with-alcohol", cause="hyponatremia", strengthens=1),
            _link("sodium-chronic", cause=("hyponatremia", "hypocalcemia"), against=1),
            _link("calcium-low", cause="hypocalcemia", strength="strong"),
            _link(
                "copper-low-in-celiac",
                cause="copper-deficiency",
                strength="strong",
                reviewed="A. Reader, 2026-02-01",
            ),
            _link("calcium-doubtful", cause="hypocalcemia", against=2),
            _link("gabapentin-taken", cause="drug-gabapentin", strength="weak"),
        )
    },
    references={
        "made-up-2020": Reference(
            reference="made-up-2020",
            cite="Author A. A title & more. J Made Up 2020;1:1-9.",
            doi="10.1000/made.up",
            pmid="12345678",
        ),
        "limits-2014": Reference(reference="limits-2014", cite="Limits 2014", pmid="87654321"),
        "page-only": Reference(
            reference="page-only",
            cite="A page.",
            url="https://pages.example.org/copper",
            confirmed=False,
        ),
    },
    loinc={},
    refused={},
    analyte_names={},
    problem_codes={},
    problem_names={},
    medicine_codes={},
    medicine_names={},
    groups={},
)


def moment(text: str) -> Moment:
    """A date, or an instant with its zone."""
    if "T" in text:
        instant = datetime.fromisoformat(text).astimezone(UTC)
        return Moment(text, instant, instant)
    start = datetime.fromisoformat(text).replace(tzinfo=UTC)
    return Moment(text, start, start + timedelta(days=1, microseconds=-1))


def source(reference: str, entry: int = 1) -> Source:
    """A resource named by its sender: "Observation/na-1"."""
    kind = "Observation" if reference.startswith("urn:") else reference.partition("/")[0]
    return Source(kind, reference, f"Bundle.entry[{entry}].resource")


def result(
    analyte: str,
    printed: str,
    reference: str = "Observation/na-1",
    at: str | None = "2026-03-04",
    *,
    marks: tuple[str, ...] = (),
) -> Result:
    """A result as READING would give it: "118 mmol/L"."""
    number, _, unit = printed.partition(" ")
    return Result(
        analyte=analyte,
        amount=Amount(Decimal(number), unit),
        printed=printed,
        moment=None if at is None else moment(at),
        source=source(reference),
        marks=marks,
    )


def sodium(**fields: object) -> Finding:
    """Sodium 118 mmol/L of 2026-03-04: critical."""
    given = {
        "finding": "hyponatremia",
        "grade": "profound",
        "rank": 3,
        "limit": "< 120 mmol/L",
        "result": result("sodium", "118 mmol/L"),
        "critical": True,
        **fields,
    }
    return Finding(**given)  # type: ignore[arg-type]


ALCOHOL = Problem(
    "alcohol-use-disorder",
    source("Condition/alc-1", 2),
    text="Alcohol dependence <F10.2>",
    onset=moment("2015-06-01"),
)
MYOCLONUS = Problem(
    "myoclonus", source("Condition/jerks", 3), text="Myoclonus", recorded=moment("2026-03-02")
)
GABAPENTIN = Treatment(
    "gabapentin",
    source("MedicationRequest/m-1", 4),
    text="Neurontin 300 mg",
    start=moment("2026-02-20"),
)
B12 = Normal(
    "vitamin_b12",
    "200 to 900 ng/L",
    result("vitamin_b12", "412 ng/L", "Observation/b12", "2026-03-01"),
)
ANN = Patient(
    key="p1",
    identity="urn:oid:1.2.3|MRN-4711",
    reference="Patient/ann",
    expression="Bundle.entry[0].resource",
    identifier=Identifier("urn:oid:1.2.3", "MRN-4711"),
)
BEN = Patient(
    key="p2",
    identity="urn:oid:1.2.3|MRN-4712",
    reference="Patient/ben",
    expression="Bundle.entry[10].resource",
)


def fired(link: str, *evidence: Finding | Problem | Treatment | Normal) -> FiredLink:
    """A link of KNOWLEDGE that fired on the evidence."""
    rule = KNOWLEDGE.links[link]
    lowers_or_raises: Literal["against", "strengthens"] = (
        "against" if rule.against else "strengthens"
    )
    return FiredLink(
        link=link,
        version=rule.version,
        effect="supports" if rule.strength else lowers_or_raises,
        because=rule.because,
        evidence=evidence,
        strength=rule.strength,
        steps=rule.against or rule.strengthens,
    )


def hyponatremia(**fields: object) -> Cause:
    """Critical sodium with alcohol use disorder, myoclonus on file."""
    given = {
        "cause": "hyponatremia",
        "name": "Hyponatremia",
        "strength": "strong",
        "priority": "high",
        "links": (fired("sodium-very-low", sodium()), fired("sodium-with-alcohol", ALCOHOL)),
        "evidence": (sodium(), ALCOHOL, B12),
        "sign": (MYOCLONUS,),
        "remarks": ("Correct slowly.",),
        "check_next": (Check("serum osmolality", on_file=False), Check("glucose", on_file=True)),
        **fields,
    }
    return Cause(**given)  # type: ignore[arg-type]


def drug(**fields: object) -> Cause:
    """Gabapentin, weakly."""
    given = {
        "cause": "drug-gabapentin",
        "name": "Gabapentin",
        "agent": "gabapentin",
        "strength": "weak",
        "priority": "low",
        "links": (fired("gabapentin-taken", GABAPENTIN),),
        "evidence": (GABAPENTIN,),
        **fields,
    }
    return Cause(**given)  # type: ignore[arg-type]


def assessment(*causes: Cause, patient: Patient = ANN, **fields: object) -> Assessment:
    """What was found for a patient at NOW."""
    given = {
        "patient": patient,
        "moment": NOW,
        "tally": Tally(5, 3, 2, 1, 1, 1),
        "causes": causes,
        "findings": tuple(
            piece for cause in causes for piece in cause.evidence if isinstance(piece, Finding)
        ),
        **fields,
    }
    return Assessment(**given)  # type: ignore[arg-type]
