"""A small rule set that holds one of everything, for tests to write, change and break."""

from pathlib import Path

from service.knowledge.faults import RulesError
from service.knowledge.loader import load
from service.knowledge.words import LISTS

FILES = {
    "ruleset.yaml": """\
ruleset: small
version: 1.0.0
intended_use: tests only
about:
  users: told
  population: told
  inputs: told
  outputs: told
  development: told
  validation: told
  clinical_review: told
  limits: told
  updates: told
source_attributes:
  bibliographic_citation: not used
  developer: not used
  funding: not used
  release_and_revision_dates: not used
  race: not used
  ethnicity: not used
  language: not used
  sexual_orientation: not used
  gender_identity: not used
  sex: not used
  date_of_birth: not used
  social_determinants_of_health: not used
  health_status_assessments: not used
""",
    "units.yaml": """\
units:
  - {unit: mmol/L, dimension: substance/volume, scale: 1/1000}
  - {unit: umol/L, dimension: substance/volume, scale: 1/1000000, also: [mcmol/L]}
  - {unit: meq/L, dimension: equivalents/volume, scale: 1/1000}
  - {unit: mg/dL, dimension: mass/volume, scale: 1/100}
  - {unit: ug/dL, dimension: mass/volume, scale: 1/100000, also: [mcg/dL, ug%]}
  - {unit: U/L, dimension: catalytic activity/volume, scale: 1/60000000}
  - {unit: "[IU]/L", dimension: international units/volume, scale: "1", also: [IU/L]}
""",
    "analytes/sodium.yaml": """\
analyte: sodium
name: Sodium
unit: mmol/L
units: [mmol/L, meq/L]
charge: "1"
loinc:
  2951-2: Sodium [Moles/volume] in Serum or Plasma
names: [sodium, Na+]
plausible: 90 to 200 mmol/L
lookback: 14 d
confusable:
  2955-3: urine sodium
""",
    "analytes/copper.yaml": """\
analyte: copper
name: Copper
unit: umol/L
units: [umol/L, ug/dL]
molar_mass: "63.546"
loinc:
  5631-7: Copper [Mass/volume] in Serum or Plasma
plausible: 0.1 to 100 umol/L
lookback: 180 d
trusts: range
reference:
  - {low: 11 umol/L | 70 ug/dL, high: 25 umol/L | 158 ug/dL, source: general knowledge}
  - {low: 3 umol/L, high: 11 umol/L, age: under 28 d, source: kumar-2006}
""",
    "analytes/urea.yaml": """\
analyte: urea
name: Urea
unit: mmol/L
units: [mmol/L, mg/dL]
molar_mass: "60.06"
forms: {nitrogen: "28.014"}
loinc:
  3094-0: {name: "Urea nitrogen [Mass/volume] in Serum or Plasma", form: nitrogen}
  22664-7: "Urea [Moles/volume] in Serum or Plasma"
plausible: 0.1 to 150 mmol/L
lookback: 30 d
""",
    "analytes/alt.yaml": """\
analyte: alt
name: ALT
unit: U/L
units: [U/L, "[IU]/L"]
loinc:
  1742-6: "Alanine aminotransferase [Enzymatic activity/volume] in Serum or Plasma"
plausible: 1 to 50000 U/L
lookback: 30 d
""",
    "findings/all.yaml": """\
finding: hyponatremia
name: Low sodium
analyte: sodium
grades:
  - {grade: mild, below: 135 mmol/L}
  - {grade: severe, below: 125 mmol/L, critical: true}
references: [spasovski-2014]
tests: {none: [135 mmol/L, 136 mmol/L], mild: [134 mmol/L, 125 mmol/L, 126 mmol/L], \
  severe: [124 mmol/L]}
---
finding: hypocupremia
name: Low copper
analyte: copper
grades:
  - {grade: low, below: reference}
  - {grade: deficient, below: 8 umol/L | 50 ug/dL}
references: [kumar-2006]
tests:
  none: [11 umol/L, 12 umol/L, 70 ug/dL, 71 ug/dL, "3 umol/L, aged 10 d", "4 umol/L, aged 10 d"]
  low: [10 umol/L, 69 ug/dL, "2.9 umol/L, aged 10 d", 8 umol/L, 8.1 umol/L, 50 ug/dL, 51 ug/dL]
  deficient: [7.9 umol/L, 49 ug/dL]
---
finding: sodium-rise
name: Rising sodium
analyte: sodium_rise
grades:
  - {grade: fast, above: 8 mmol/L}
references: [spasovski-2014]
tests: {none: [7.9 mmol/L, 8 mmol/L], fast: [8.1 mmol/L]}
""",
    "derived/all.yaml": """\
derived: sodium_rise
name: Rise of sodium in a day
unit: mmol/L
references: [spasovski-2014]
plausible: 0 to 60 mmol/L
lookback: 14 d
change: {analyte: sodium, kind: rise, over: 24 h}
---
derived: osmoles
name: Osmoles from sodium and urea
unit: mmol/L
references: [spasovski-2014]
plausible: 100 to 600 mmol/L
lookback: 14 d
inputs:
  na: {analyte: sodium, unit: mmol/L}
  urea: {analyte: urea, unit: mmol/L, valid: 1 to 100 mmol/L}
formulas:
  - {formula: 2 * na + urea}
same_draw: 24 h
""",
    "problems/all.yaml": """\
problem: celiac-disease
name: Celiac disease
snomed: {396331005: Celiac disease}
icd10cm: {K90.0: Celiac disease}
names: [celiac disease]
groups: [malabsorption]
---
problem: alcohol-use-disorder
name: Alcohol use disorder
icd10cm: {F10.2*: Alcohol dependence}
exceptions: [F10.21]
groups: [alcohol]
---
problem: myoclonus
name: Myoclonus
snomed: {17450006: Myoclonus}
sign: true
""",
    "medicines/all.yaml": """\
medicine: gabapentin
name: gabapentin
rxnorm: {25480: gabapentin}
atc: {N02BF01: gabapentin}
groups: [gabapentinoid]
lingers: 3 d
names: [Neurontin]
---
medicine: pregabalin
name: pregabalin
atc: {N02BF02: pregabalin}
groups: [gabapentinoid]
""",
    "states/all.yaml": """\
state: drinking
name: Drinking or malabsorbing
when:
  any:
    - {problem: alcohol}
    - {problem: malabsorption}
""",
    "causes/all.yaml": """\
cause: hyponatremia
name: Low sodium
kind: electrolyte
mechanism: Cerebral edema.
evidence: supported
references: [spasovski-2014]
confirm: [sodium, serum osmolality]
---
cause: copper-deficiency
name: Copper deficiency
kind: deficiency
mechanism: Myelopathy.
evidence: case-reports
references: [kumar-2006]
confirm: [copper]
---
cause: drug-{agent}
name: "{name}"
kind: medicine
mechanism: "{name} acts on calcium channels; {name} is cleared by the kidney."
evidence: established
references: [kumar-2006]
confirm: ["level of {name}"]
""",
    "links/hyponatremia.yaml": """\
link: low-sodium
cause: hyponatremia
when: {finding: hyponatremia}
strength: moderate
because: Sodium is low.
speaks_against: A drip arm.
references: [spasovski-2014]
tests:
  - given: {sodium: 120 mmol/L}
    expect: {cause: hyponatremia, strength: moderate}
  - given: {sodium: 136 mmol/L}
    expect: none
  - given: {sodium: "<140 mmol/L"}
    expect: indeterminate
---
link: low-sodium-in-drinking
cause: hyponatremia
when:
  all:
    - {finding: hyponatremia, at_least: severe, within: 72 h}
    - {state: drinking}
strengthens: 1
because: Beer drinkers lose sodium.
speaks_against: A drip arm.
references: [spasovski-2014]
tests:
  - given: {sodium: 120 mmol/L, problems: [alcohol-use-disorder]}
    expect: {cause: hyponatremia, strength: strong}
  - given: {sodium: 130 mmol/L, problems: [alcohol-use-disorder]}
    expect: none
""",
    "links/copper.yaml": """\
link: low-copper
cause: copper-deficiency
when:
  at_least: "2"
  of:
    - {finding: hypocupremia}
    - {problem: celiac-disease, including: [past]}
    - {normal: sodium}
strength: weak
because: Copper is low.
speaks_against: Wilson disease.
references: [kumar-2006]
check_next: [copper, ceruloplasmin]
remarks:
  - {when: {not_measured: urea}, say: Urea is missing.}
tests:
  - given: {copper: "40 ug/dL, range 70 to 140", problems: [celiac-disease]}
    expect: {cause: copper-deficiency}
  - given: {copper: 100 ug/dL, problems: [celiac-disease]}
    expect: none
  - given: {problems: celiac-disease}
    expect: none
""",
    "links/medicines.yaml": """\
link: gabapentinoids
cause: drug-{agent}
when:
  all:
    - {treatment: gabapentinoid}
    - {problem: myoclonus}
strength: moderate
because: "{name} causes jerks."
speaks_against: Long use of {name}.
references: [kumar-2006]
remarks:
  - {when: {treatment: gabapentinoid, started: within 14 d before sign}, say: "{name} is new."}
tests:
  - given: {treatments: gabapentin, problems: myoclonus}
    expect: {cause: drug-gabapentin, strength: moderate}
  - given: {treatments: pregabalin, problems: myoclonus}
    expect: {cause: drug-pregabalin}
  - given: {treatments: gabapentin}
    expect: none
  - given: {problems: myoclonus}
    expect: none
  - given: {problems: [celiac-disease]}
    expect: none
""",
    "references/all.yaml": """\
reference: spasovski-2014
cite: Spasovski G. Hyponatraemia guideline. 2014.
---
reference: kumar-2006
cite: Kumar N. Copper deficiency myelopathy. 2006.
""",
}
FILES["words/all.yaml"] = "---\n".join(
    f"words: {name}\nname: {name}\neffect: Nothing.\nlanguages: {{en: [{name.replace('-', '')}]}}\n"
    for name in LISTS
)


def write_rules(folder: Path, changes: dict[str, str] | None = None) -> Path:
    """The small rule set as files, with some files replaced or added; the folder itself."""
    for name, text in (FILES | (changes or {})).items():
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, encoding="utf-8")
    return folder


def changed(folder: Path, file: str, old: str, new: str) -> Path:
    """The small rule set with one passage replaced, which must be there exactly once."""
    assert FILES[file].count(old) == 1, f"{old!r} is in {file} {FILES[file].count(old)} times"
    return write_rules(folder, {file: FILES[file].replace(old, new)})


def complaints(folder: Path) -> list[str]:
    """What the loader says of the rules in a folder, with files named from there."""
    try:
        load(folder)
    except RulesError as error:
        return str(error).replace(f"{folder.as_posix()}/", "").splitlines()
    return []
