"""A small rule set, and records to try it on.

`rules` adds documents to a handful of analytes, problems, medicines and causes; the rest of
this module writes records in one line.
"""

import tempfile
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from functools import lru_cache
from pathlib import Path
from typing import cast

import msgspec

from service.knowledge import loader
from service.knowledge.model import Knowledge
from service.record import (
    Amount,
    Comparator,
    Interval,
    Moment,
    Patient,
    Problem,
    Record,
    Result,
    Sex,
    Source,
    Treatment,
)

NOW = datetime(2026, 5, 1, 12, tzinfo=UTC)

BASE = """
ruleset: small
version: 1.0.0
intended_use: tests
---
units:
  - {unit: mmol/L, dimension: substance/volume, scale: 1/1000}
  - {unit: umol/L, dimension: substance/volume, scale: 1/1000000}
  - {unit: meq/L, dimension: equivalents/volume, scale: 1/1000}
  - {unit: g/L, dimension: mass/volume, scale: "1"}
  - {unit: mg/dL, dimension: mass/volume, scale: 1/100}
  - {unit: pg/mL, dimension: mass/volume, scale: 1/1000000000}
  - {unit: pmol/L, dimension: substance/volume, scale: 1/1000000000000}
  - {unit: U/L, dimension: catalytic activity/volume, scale: 1/60000000}
  - {unit: "1", dimension: number, scale: "1"}
---
analyte: sodium
name: Sodium
unit: mmol/L
units: [mmol/L, meq/L]
charge: "1"
loinc: {2951-2: "Sodium [Moles/volume] in Serum or Plasma"}
plausible: 90 to 200 mmol/L
lookback: 14 d
reference:
  - {low: 135 mmol/L, high: 145 mmol/L, source: general knowledge, age: 18 y and over}
---
analyte: glucose
name: Glucose
unit: mmol/L
units: [mmol/L, mg/dL]
molar_mass: "180.156"
loinc: {2345-7: "Glucose [Mass/volume] in Serum or Plasma"}
plausible: 0 to 100 mmol/L
lookback: 3 d
---
analyte: urea
name: Urea
unit: mmol/L
units: [mmol/L, mg/dL, g/L]
molar_mass: "60.06"
forms: {nitrogen: "28.014"}
loinc: {3094-0: {name: "Urea nitrogen [Mass/volume] in Serum or Plasma", form: nitrogen}}
plausible: 0 to 120 mmol/L
lookback: 30 d
---
analyte: vitamin_b12
name: Vitamin B12
unit: pmol/L
units: [pmol/L, pg/mL]
molar_mass: "1355.37"
trusts: range
loinc: {2132-9: "Cobalamin [Mass/volume] in Serum or Plasma"}
plausible: 5 to 20000 pg/mL
lookback: 180 d
reference:
  - {low: 148 pmol/L | 200 pg/mL, source: general knowledge, age: 18 y and over}
---
analyte: creatinine
name: Creatinine
unit: umol/L
units: [umol/L, mg/dL]
molar_mass: "113.12"
trusts: range
loinc: {2160-0: "Creatinine [Mass/volume] in Serum or Plasma"}
plausible: 5 to 3000 umol/L
lookback: 30 d
reference:
  - {low: 45 umol/L, high: 90 umol/L, sex: female, source: general knowledge}
  - {low: 60 umol/L, high: 110 umol/L, sex: male, source: general knowledge}
---
analyte: chloride
name: Chloride
unit: mmol/L
units: [mmol/L]
loinc: {2075-0: "Chloride [Moles/volume] in Serum or Plasma"}
plausible: 50 to 170 mmol/L
lookback: 14 d
reference:
  - {low: 98 mmol/L, high: 107 mmol/L, source: general knowledge, age: 0 d and over}
---
analyte: bicarbonate
name: Bicarbonate
unit: mmol/L
units: [mmol/L]
loinc: {1963-8: "Bicarbonate [Moles/volume] in Serum or Plasma"}
plausible: 1 to 60 mmol/L
lookback: 14 d
---
finding: hyponatremia
name: Hyponatremia
analyte: sodium
references: []
grades:
  - {grade: mild, below: 135 mmol/L}
  - {grade: moderate, below: 130 mmol/L}
  - {grade: profound, below: 125 mmol/L, critical: "true"}
---
finding: hypernatremia
name: Hypernatremia
analyte: sodium
references: []
grades:
  - {grade: mild, above: 145 mmol/L}
  - {grade: severe, at_or_above: 160 mmol/L}
---
finding: hypoglycemia
name: Hypoglycemia
analyte: glucose
references: []
grades:
  - {grade: mild, below: 3.9 mmol/L | 70 mg/dL}
  - {grade: severe, below: 3.0 mmol/L | 54 mg/dL, critical: "true"}
---
finding: hyperglycemia
name: Hyperglycemia
analyte: glucose
references: []
grades:
  - {grade: marked, at_or_above: 16.7 mmol/L | 300 mg/dL}
---
finding: uremic
name: High urea
analyte: urea
references: []
grades:
  - {grade: high, above: 20 mmol/L | 56 mg/dL as nitrogen}
---
finding: low-b12
name: Low vitamin B12
analyte: vitamin_b12
references: []
grades:
  - {grade: low, below: reference}
  - {grade: deficient, below: 111 pmol/L | 150 pg/mL}
---
finding: high-creatinine
name: High creatinine
analyte: creatinine
references: []
grades:
  - {grade: high, above: reference}
  - {grade: threefold, above: 3 x reference}
---
problem: celiac-disease
name: Celiac disease
groups: [malabsorption]
---
problem: crohn-disease
name: Crohn disease
groups: [malabsorption]
---
problem: myoclonus
name: Myoclonus
sign: "true"
---
medicine: gabapentin
name: gabapentin
groups: [gabapentinoids]
lingers: 3 d
---
medicine: pregabalin
name: pregabalin
groups: [gabapentinoids]
---
medicine: sertraline
name: sertraline
groups: [serotonergic]
---
medicine: tramadol
name: tramadol
groups: [serotonergic]
---
cause: hyponatremia
name: Hyponatremia
kind: electrolyte
mechanism: m
evidence: established
references: []
confirm: [sodium, "Osmolality of urine"]
---
cause: hypoglycemia
name: Hypoglycemia
kind: glucose
mechanism: m
evidence: established
references: []
confirm: [glucose]
---
cause: b12-deficiency
name: Vitamin B12 deficiency
kind: deficiency
mechanism: m
evidence: established
references: []
confirm: [vitamin_b12]
ceiling: moderate
---
cause: uremia
name: Uremia
kind: organ failure
mechanism: m
evidence: established
references: []
confirm: [urea]
---
cause: "drug-{agent}"
name: "{name}"
kind: medicine
mechanism: m
evidence: supported
references: []
confirm: ["Level of {name}"]
"""


@lru_cache(maxsize=200)
def rules(documents: str = "") -> Knowledge:
    """The base rule set with more documents, `---` between them."""
    with tempfile.TemporaryDirectory() as folder:
        Path(folder, "small.yaml").write_text(f"{BASE}---{documents}" if documents else BASE)
        placed, faults = loader.read(Path(folder))
        knowledge = loader.build(placed, faults)
    assert not faults, "\n".join(map(str, faults))
    return knowledge


def link(name: str, effect: str, when: str, more: str = "") -> str:
    """A link document: `effect` and `when` as in YAML, in one line each."""
    said = f"""
link: {name}
because: because of {name}
references: []
speaks_against: nothing
{effect}
when: {when}
{more}
"""
    return "\n".join(line for line in said.splitlines() if line.strip())


def linked(*links: str) -> Knowledge:
    """The base rule set with these link documents."""
    return rules("\n" + "\n---\n".join(links) + "\n")


def ago(**span: float) -> Moment:
    """An instant before NOW."""
    at = NOW - timedelta(**span)
    return Moment(at.isoformat(), at, at)


def day(days_ago: int) -> Moment:
    """A whole day (UTC) before that of NOW."""
    start = NOW.replace(hour=0) - timedelta(days=days_ago)
    return Moment(start.date().isoformat(), start, start + timedelta(days=1, microseconds=-1))


AN_HOUR_AGO = ago(hours=1)


def result(analyte: str, text: str = "", name: str = "", /, **more: object) -> Result:
    """A result: "118 mmol/L", "<5 pg/mL", "56 mg/dL as nitrogen", or "" for one without a value.

    `name` tells it from others in its reference; `more` are fields of Result.
    """
    number = text.lstrip("<=>")
    value, _, unit = number.partition(" ")
    unit, _, form = unit.partition(" as ")
    name = name or analyte
    plain = Result(
        analyte=analyte,
        amount=Amount(Decimal(value), unit or "1") if text else None,
        printed=text,
        moment=AN_HOUR_AGO,
        source=Source("Observation", f"Observation/{name}", f"Bundle.entry[{name}].resource"),
        comparator=cast(Comparator, text[: len(text) - len(number)]),
        form=form,
    )
    return msgspec.structs.replace(plain, **more)


def interval(low: str = "", high: str = "") -> Interval:
    """A laboratory's own range."""
    return Interval(Decimal(low) if low else None, Decimal(high) if high else None)


def problem(name: str, ref: str = "", /, **more: object) -> Problem:
    """An active, confirmed problem; `more` are fields of Problem."""
    source = Source("Condition", f"Condition/{ref or name}", f"Bundle.entry[{ref or name}]")
    return msgspec.structs.replace(Problem(name, source), **more)


def treatment(name: str, ref: str = "", /, **more: object) -> Treatment:
    """A medicine that is being taken; `more` are fields of Treatment."""
    source = Source("MedicationStatement", f"MedicationStatement/{ref or name}", "Bundle.entry[9]")
    return msgspec.structs.replace(Treatment(name, source), **more)


def record(
    *pieces: Result | Problem | Treatment, age: int | None = 50, sex: Sex | None = "female"
) -> Record:
    """A record of a patient of so many years at NOW."""
    born = NOW - timedelta(days=365.2425 * age + 1) if age is not None else None
    return Record(
        patient=Patient(
            key="p",
            identity="p",
            reference="Patient/p",
            expression="Bundle.entry[0].resource",
            born=Moment("", born, born) if born else None,
            sex=sex,
        ),
        moment=NOW,
        results=tuple(piece for piece in pieces if isinstance(piece, Result)),
        problems=tuple(piece for piece in pieces if isinstance(piece, Problem)),
        treatments=tuple(piece for piece in pieces if isinstance(piece, Treatment)),
    )


def reverse(given: Record) -> Record:
    """The same record with everything in it the other way round."""
    return msgspec.structs.replace(
        given,
        results=given.results[::-1],
        problems=given.problems[::-1],
        treatments=given.treatments[::-1],
    )
