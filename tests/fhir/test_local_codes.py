"""Results under codes of a laboratory's own, read by the site's table."""

from decimal import Decimal
from typing import Any

import pytest

from service.fhir.reading import Intake, read
from service.knowledge.local_codes import with_local_codes
from service.knowledge.model import Knowledge
from service.record import Amount
from tests.fhir.sent import KNOWLEDGE, LOINC, OPTIONS, coding, observation, quantity, said, sent

LAB = "https://lab.example/tests"
TABLE = f"""
code_system: {LAB}
codes:
  NA: {{loinc: 2951-2, unit: mmol/L}}
  K: {{analyte: potassium}}
  B12: {{loinc: 14685-2}}
  UREA: {{analyte: urea, unit: mg/dL}}
---
code_system: none
codes:
  GLUNA: {{loinc: 2951-2}}
---
code_system: {LOINC}
codes:
  2823-3: {{unit: mmol/L}}
"""


@pytest.fixture(scope="module")
def site(tmp_path_factory: pytest.TempPathFactory) -> Knowledge:
    file = tmp_path_factory.mktemp("site") / "codes.yaml"
    file.write_text(TABLE, encoding="utf-8")
    return with_local_codes(KNOWLEDGE, file)


def local(code: str, *others: dict[str, Any], system: str | None = LAB) -> dict[str, Any]:
    own = {"code": code} if system is None else {"system": system, "code": code}
    return {"coding": [own, *others]}


def intake(site: Knowledge, code: dict[str, Any], value: dict[str, Any]) -> Intake:
    return read(sent(observation(code=code, valueQuantity=value)), site, OPTIONS)


SODIUM, POTASSIUM = coding("2951-2")["coding"][0], coding("2823-3")["coding"][0]
NITROGEN = coding("3094-0")["coding"][0]


@pytest.mark.parametrize(
    ("code", "value", "analyte", "amount"),
    [
        (local("NA"), quantity(118), "sodium", Amount(Decimal(118), "mmol/L")),
        (local(" NA "), quantity(118), "sodium", Amount(Decimal(118), "mmol/L")),
        (local("GLUNA", system=None), quantity(118), "sodium", Amount(Decimal(118), "mmol/L")),
        (local("NA", SODIUM), quantity(118), "sodium", Amount(Decimal(118), "mmol/L")),
        (local("K"), quantity(4), "potassium", Amount(Decimal(4), "mmol/L")),
        (local("B12"), quantity(90, "pmol/L"), "vitamin_b12", Amount(Decimal(90), "pmol/L")),
        (local("NA"), {"value": 118}, "sodium", Amount(Decimal(118), "mmol/L")),
        (local("NA", SODIUM), {"value": 118}, "sodium", Amount(Decimal(118), "mmol/L")),
        (local("X", POTASSIUM), {"value": 4}, "potassium", Amount(Decimal(4), "mmol/L")),
        (local("UREA"), {"value": 90}, "urea", Amount(Decimal(90), "mg/dL")),
    ],
)
def test_a_code_of_the_table_is_read_as_what_the_table_says(
    site: Knowledge, code: dict[str, Any], value: dict[str, Any], analyte: str, amount: Amount
) -> None:
    ((result,),) = (record.results for record in intake(site, code, value).records)

    assert (result.analyte, result.amount) == (analyte, amount)
    assert ("default-unit" in result.marks) == ("unit" not in value)
    assert "by-name" not in result.marks


def test_a_default_unit_is_told_and_printed(site: Knowledge) -> None:
    found = intake(site, local("NA"), {"value": 118})

    assert found.records[0].results[0].printed == "118 mmol/L"
    (issue,) = said(found.issues, "table of local codes")
    assert (issue.severity, issue.expression) == ("information", ("Observation.value",))


@pytest.mark.parametrize(
    "code",
    [
        local("NA", system="https://other.example/tests"),
        local("NA", system=None),
        local("na"),
        local("GLUNA"),
        local("NA", coding("99999-9")["coding"][0]),
        local("NA", coding("2955-3")["coding"][0]),
        local("NA", POTASSIUM),
        local("NA", {"system": LAB, "code": "K"}),
    ],
)
def test_what_the_table_does_not_say_for_certain_is_not_read_and_told(
    site: Knowledge, code: dict[str, Any]
) -> None:
    found = intake(site, code, quantity(118))

    assert found.records[0].results == ()
    assert [issue for issue in found.issues if ".code" in "".join(issue.expression)]


@pytest.mark.parametrize(
    ("code", "value"),
    [
        (local("NA"), {"value": 118, "unit": "furlongs"}),
        (local("NA"), quantity(118, "mg/dL")),
        (local("NA"), {"value": 1180}),
        (local("B12"), quantity(90, "pg/mL")),
        (local("K"), {"value": 4}),
        (local("X", SODIUM), {"value": 118}),
    ],
)
def test_the_table_makes_no_wrong_or_missing_unit_right(
    site: Knowledge, code: dict[str, Any], value: dict[str, Any]
) -> None:
    found = intake(site, code, value)

    assert [result.amount for result in found.records[0].results] == [None]


UREA = {"low": {"value": 15}, "high": {"value": 45}}


def in_unit(unit: str) -> dict[str, Any]:
    """A range of urea whose bounds say their unit."""
    return {end: {**bound, "unit": unit} for end, bound in UREA.items()}


def urea(site: Knowledge, own: dict[str, Any]) -> Intake:
    sample = observation(code=local("UREA"), valueQuantity={"value": 20}, referenceRange=[own])
    return read(sent(sample), site, OPTIONS)


@pytest.mark.parametrize(
    "own",
    [in_unit("mmol/L"), in_unit("g/L"), in_unit("furlongs"), {"text": "15-45 mmol/L"}],
)
def test_a_range_in_another_unit_speaks_against_the_default_unit(
    site: Knowledge, own: dict[str, Any]
) -> None:
    found = urea(site, own)

    (result,) = found.records[0].results
    assert (result.amount, result.interpretation) == (None, "N")
    assert "default-unit" not in result.marks
    (issue,) = said(found.issues, "table of local codes")
    assert (issue.severity, issue.expression) == ("warning", ("Observation.referenceRange",))


@pytest.mark.parametrize("own", [UREA, in_unit("mg/dL"), {"text": "15-45 mg/dL"}, {}])
def test_a_range_in_the_default_unit_or_in_none_does_not(
    site: Knowledge, own: dict[str, Any]
) -> None:
    (result,) = urea(site, own).records[0].results

    assert result.amount == Amount(Decimal(20), "mg/dL")


def test_nor_does_one_in_a_unit_in_which_the_number_is_the_same(site: Knowledge) -> None:
    own = {"low": {"value": 135, "unit": "meq/L"}, "high": {"value": 145, "unit": "meq/L"}}
    sample = observation(code=local("NA"), valueQuantity={"value": 118}, referenceRange=[own])

    (result,) = read(sent(sample), site, OPTIONS).records[0].results

    assert result.amount == Amount(Decimal(118), "mmol/L")


def test_a_molecule_that_loinc_names_stays_beside_a_local_code(site: Knowledge) -> None:
    found = intake(site, local("UREA", NITROGEN), {"value": 90})

    (result,) = found.records[0].results
    assert (result.form, result.amount) == ("nitrogen", Amount(Decimal(90), "mg/dL"))


def test_another_fluid_speaks_against_a_local_code_as_against_any(site: Knowledge) -> None:
    found = intake(site, {**local("NA"), "text": "Sodium, urine"}, quantity(30))

    assert found.records[0].results == ()


def test_without_the_table_a_local_code_means_nothing() -> None:
    assert intake(KNOWLEDGE, local("NA"), quantity(118)).records[0].results == ()
