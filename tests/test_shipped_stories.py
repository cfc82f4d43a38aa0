"""What the shipped rules tell of a patient fits what is on file and what was measured."""

import json
from datetime import UTC, datetime

import pytest

from service.evaluation import Site, answer, ask
from service.knowledge.cases import record_of
from service.knowledge.language import RuleTest
from service.record import Cause
from tests.fhir_validity import assert_valid_answer
from tests.told import flags, issues

NOW = datetime(2026, 5, 1, tzinfo=UTC)

Given = dict[str, str | list[str]]


def told(site: Site, given: Given, cause: str) -> Cause:
    record = record_of(RuleTest(given=given, expect="none"), site.knowledge, NOW)
    return next(each for each in site.engine.assess(record).causes if each.cause == cause)


@pytest.mark.parametrize("jerks", [True, False])
def test_celiac_disease_with_normal_vitamins_speaks_of_jerks_that_are_on_file(
    site: Site, jerks: bool
) -> None:
    problems = ["celiac-disease", "myoclonus"] if jerks else ["celiac-disease"]
    given: Given = {"vitamin_b12": "512 pg/mL", "copper": "104 ug/dL", "problems": problems}
    cause = told(site, given, "celiac-neurological")
    assert "celiac-disease-with-normal-vitamins" in [fired.link for fired in cause.links]
    assert any(remark.startswith("Jerks are on file") for remark in cause.remarks) == jerks


@pytest.mark.parametrize("measured", [True, False])
def test_how_well_a_medicine_is_cleared_is_in_question_only_without_an_egfr(
    site: Site, measured: bool
) -> None:
    given: Given = {
        "problems": ["chronic-kidney-disease", "myoclonus, since 3 d"],
        "treatments": ["gabapentin, started 30 d ago"],
    }
    if measured:
        given["egfr"] = "7 mL/min/{1.73_m2}"
    remarks = told(site, given, "drug-gabapentin").remarks
    assert any("in question" in remark for remark in remarks) != measured


def test_an_egfr_computed_from_creatinine_answers_that_question_too(site: Site) -> None:
    given: Given = {
        "problems": ["chronic-kidney-disease", "myoclonus, since 3 d"],
        "treatments": ["gabapentin, started 30 d ago"],
        "creatinine": "2.1 mg/dL",
        "age": "70 y",
        "sex": "female",
    }
    assert not told(site, given, "drug-gabapentin").remarks


@pytest.mark.parametrize(
    ("b12", "leading"),
    [
        ("88 pmol/L", "low-b12"),
        ("119 pg/mL", "low-b12"),
        ("200 pmol/L", "low-b12-with-high-methylmalonic-acid"),
    ],
)
def test_a_plainly_deficient_b12_leads_whatever_stands_beside_it(
    site: Site, b12: str, leading: str
) -> None:
    given: Given = {
        "vitamin_b12": b12,
        "methylmalonic_acid": "1.9 umol/L",
        "homocysteine": "38 umol/L",
        "problems": ["pernicious-anemia"],
    }
    assert told(site, given, "b12-deficiency").links[0].link == leading


def test_low_ceruloplasmin_is_evidence_of_copper_deficiency_without_raising_it(site: Site) -> None:
    given: Given = {"copper": "38 ug/dL", "problems": ["celiac-disease"]}
    alone = told(site, given, "copper-deficiency")
    cause = told(site, given | {"ceruloplasmin": "11 mg/dL"}, "copper-deficiency")
    assert "low-ceruloplasmin" in [getattr(piece, "finding", "") for piece in cause.evidence]
    assert (cause.strength, cause.priority) == (alone.strength, alone.priority)


@pytest.mark.parametrize(
    "company", [{}, {"ceruloplasmin": "6 mg/dL"}, {"problems": ["myelopathy"]}]
)
def test_copper_that_zinc_drives_out_is_told_once(site: Site, company: Given) -> None:
    given: Given = {"copper": "20 ug/dL", "zinc": "168 ug/dL", "vitamin_b12": "230 pg/mL"}
    record = record_of(RuleTest(given=given | company, expect="none"), site.knowledge, NOW)
    causes = [each.cause for each in site.engine.assess(record).causes]
    assert causes == ["zinc-induced-copper-deficiency"]


@pytest.mark.parametrize(("iga", "lacking"), [("6.9 mg/dL", True), ("7 mg/dL", False)])
def test_celiac_serology_is_called_worthless_where_iga_is_lacking(
    site: Site, iga: str, lacking: bool
) -> None:
    given: Given = {"iga_total": iga, "problems": ["celiac-disease", "myoclonus"]}
    remarks = told(site, given, "celiac-neurological").remarks
    assert any(remark.startswith("IgA is lacking") for remark in remarks) == lacking


@pytest.mark.parametrize("code", ["2998-3", "79402-4", "5683-8", "5676-2"])
def test_codes_that_only_resemble_a_vitamin_or_metal_are_refused(site: Site, code: str) -> None:
    assert code in site.knowledge.refused
    assert code not in site.knowledge.loinc


def test_thiamine_in_mass_units_is_not_guessed(site: Site) -> None:
    request = {
        "resourceType": "Observation",
        "status": "final",
        "code": {"text": "Thiamine, whole blood"},
        "subject": {"reference": "Patient/1"},
        "effectiveDateTime": "2026-04-30",
        "valueQuantity": {"value": 17, "unit": "ug/L"},
    }
    answered = assert_valid_answer(answer(site, json.dumps(request).encode(), ask(site), NOW))
    assert not flags(answered)
    assert any("Observation.value" in "".join(each.expressions) for each in issues(answered))
