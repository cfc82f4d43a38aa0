"""The rules that Myoflag ships."""

from datetime import UTC, datetime
from decimal import Decimal
from pathlib import Path

import pytest
from msgspec.structs import asdict

from service.engine.rule_tests import MOMENT
from service.evaluation import Site
from service.knowledge.cases import record_of
from service.knowledge.language import RuleTest
from service.knowledge.lint import lint
from service.knowledge.loader import load
from service.knowledge.model import Knowledge
from service.knowledge.names import fold_name
from service.knowledge.quantities import parse_range
from service.knowledge.units import convert


def test_they_load_and_lint_clean(shipped_folder: Path) -> None:
    assert [str(fault) for fault in lint(shipped_folder)] == []


def test_they_load_twice_to_the_same_digest(shipped_folder: Path, shipped: Knowledge) -> None:
    again = load(shipped_folder)
    assert again.digest == shipped.digest
    assert asdict(again) == asdict(shipped)


def test_a_limit_changes_the_digest_and_a_comment_does_not(
    shipped_folder: Path, shipped: Knowledge, tmp_path: Path
) -> None:
    for file in shipped_folder.rglob("*.yaml"):
        copy = tmp_path / file.relative_to(shipped_folder)
        copy.parent.mkdir(exist_ok=True, parents=True)
        copy.write_text("# A comment.\n\n" + file.read_text(encoding="utf-8"), encoding="utf-8")
    assert load(tmp_path).digest == shipped.digest
    sodium = tmp_path / "findings" / "sodium.yaml"
    text = sodium.read_text(encoding="utf-8")
    assert "below: 135 mmol/L" in text
    sodium.write_text(text.replace("below: 135 mmol/L", "below: 134 mmol/L"), encoding="utf-8")
    assert load(tmp_path).digest != shipped.digest


def test_every_rule_test_makes_a_record(shipped: Knowledge) -> None:
    now = datetime(2026, 5, 1, tzinfo=UTC)
    records = [
        record_of(test, shipped, now) for link in shipped.links.values() for test in link.tests
    ]
    assert len(records) > 100


def test_no_unit_of_the_table_is_spelled_like_the_name_of_an_analyte(shipped: Knowledge) -> None:
    spelled = {fold_name(spelling) for spelling in shipped.unit_spellings}
    assert spelled & shipped.analyte_names.keys() <= {"inr", "ph", "cu"}


def test_every_cause_is_named_by_a_link_that_is_active(shipped: Knowledge) -> None:
    named = {
        link.cause for link in shipped.links.values() if link.strength and link.status == "active"
    }
    assert shipped.causes.keys() <= named


def is_plausible(shipped: Knowledge, analyte: str, value: str, unit: str) -> bool:
    written = parse_range(shipped.analytes[analyte].plausible)
    number = convert(shipped, analyte, Decimal(value), unit, written.unit)
    return written.low <= number <= written.high


@pytest.mark.parametrize(
    ("analyte", "value", "unit"),
    [
        ("glucose", "2656", "mg/dL"),
        ("glucose", "147.6", "mmol/L"),
        ("sodium", "85", "mmol/L"),
        ("sodium", "209", "mmol/L"),
        ("potassium", "14", "mmol/L"),
        ("calcium_total", "2.9", "mg/dL"),
        ("magnesium", "0.1", "mg/dL"),
        ("magnesium", "22", "mg/dL"),
        ("phosphate", "59.6", "mg/dL"),
        ("creatinine", "37", "mg/dL"),
        ("osmolality", "469", "mosm/kg"),
        ("ph", "6.38", "[pH]"),
        ("bicarbonate", "1", "mmol/L"),
    ],
)
def test_what_patients_survived_is_plausible(
    shipped: Knowledge, analyte: str, value: str, unit: str
) -> None:
    assert is_plausible(shipped, analyte, value, unit)


@pytest.mark.parametrize(
    ("analyte", "value", "unit"),
    [
        ("glucose", "175", "mmol/L"),
        ("sodium", "14.0", "mmol/L"),
        ("sodium", "1400", "mmol/L"),
        ("potassium", "15.6", "mmol/L"),
        ("potassium", "41", "mmol/L"),
        ("potassium", "0.41", "mmol/L"),
        ("calcium_total", "9.4", "mmol/L"),
        ("calcium_total", "2.4", "mg/dL"),
        ("creatinine", "80", "mg/dL"),
        ("creatinine", "0.9", "umol/L"),
        ("pco2", "5.3", "mm[Hg]"),
        ("albumin", "4.2", "g/L"),
        ("copper", "95", "umol/L"),
        ("ph", "74", "[pH]"),
    ],
)
def test_a_normal_value_in_the_unit_of_another_system_or_without_its_point_is_not_plausible(
    shipped: Knowledge, analyte: str, value: str, unit: str
) -> None:
    assert not is_plausible(shipped, analyte, value, unit)


def test_no_citation_speaks_of_how_it_was_found(shipped: Knowledge) -> None:
    for reference in shipped.references.values():
        for words in ("not seen", "recalled", "paraphrased", "not shown", "no single source"):
            assert words not in reference.cite


def test_no_medicine_is_given_the_literature_of_another(shipped: Knowledge) -> None:
    cited = {
        link.link.rpartition("/")[2]: set(link.references)
        for link in shipped.links.values()
        if "/" in link.link
    }
    assert "payne-2017" in cited["cefepime"]
    assert "lithium-myoclonus-2019" in cited["lithium"]
    assert "gabapentin-esrd-2005" in cited["gabapentin"]
    for agent, references in cited.items():
        own = set(shipped.medicines[agent].references)
        for other in shipped.medicines.values():
            assert not references & set(other.references) - own


@pytest.mark.parametrize(
    ("text", "is_sign"),
    [
        ("Involuntary jerks", True),
        ("Myoclonic jerk", True),
        ("Tremor", False),
        ("Twitching", False),
        ("Muscle twitching", False),
        ("Perioral and eyelid twitching, abnormal posturing", False),
        ("Jerking", False),
        ("Jerky movements", False),
        ("Limb jerks", True),
        ("Tremulous movements", False),
        ("Hypnic jerks", False),
    ],
)
def test_only_names_that_mean_jerks_alone_are_documented_jerks(
    shipped: Knowledge, text: str, is_sign: bool
) -> None:
    assert (shipped.problem_names.get(fold_name(text)) == "myoclonus") == is_sign


@pytest.mark.parametrize(
    ("text", "problem"),
    [
        ("Juvenile myoclonic epilepsy", "myoclonic-epilepsy"),
        ("Lance-Adams syndrome", "posthypoxic-myoclonus"),
        ("Hypoxic-ischaemic brain injury", "hypoxic-brain-injury"),
        ("History of cardiac arrest", "past-cardiac-arrest"),
        ("Nonketotic hyperglycinaemia", "inborn-error-with-myoclonus"),
        ("Palatal myoclonus", "myoclonus-of-its-own-kind"),
        ("Generalized idiopathic epilepsy", None),
        ("Encephalitis", None),
        ("Hiccups", None),
        ("Parkinson disease", None),
    ],
)
def test_diagnoses_that_explain_jerks_are_known_by_name_and_no_wider_ones(
    shipped: Knowledge, text: str, problem: str | None
) -> None:
    assert shipped.problem_names.get(fold_name(text)) == problem


@pytest.mark.parametrize(
    ("medicine", "texts"),
    [
        ("acyclovir", ("acyclovir", "Aciclovir", "ACICLOVIR SODIUM")),
        ("meperidine", ("meperidine", "pethidine hydrochloride")),
        ("cephalexin", ("cephalexin", "cefalexin")),
        ("amoxicillin", ("amoxicillin-clavulanate", "co-amoxiclav", "Amoxycillin")),
        ("morphine", ("morphine sulfate", "morphine sulphate")),
        ("levodopa", ("carbidopa/levodopa", "co-careldopa", "carbidopa and levodopa")),
        ("cyclosporine", ("cyclosporine", "ciclosporin")),
        ("penicillin-g", ("Penicillin G", "benzylpenicillin")),
        ("phenobarbital", ("phenobarbital", "phenobarbitone")),
        ("lidocaine", ("lidocaine", "lignocaine")),
        ("codeine", ("co-codamol", "acetaminophen-codeine", "paracetamol and codeine")),
        ("st-johns-wort", ("St. John's wort", "St John\u2019s wort")),
    ],
)
def test_a_medicine_is_known_by_its_american_and_british_names(
    shipped: Knowledge, medicine: str, texts: tuple[str, ...]
) -> None:
    assert {shipped.medicine_names.get(fold_name(text)) for text in texts} == {medicine}


@pytest.mark.parametrize("medicine", ["sertraline", "morphine", "gabapentin", "tramadol"])
def test_opioids_of_the_morphine_type_and_gabapentinoids_are_not_serotonergic(
    shipped: Knowledge, medicine: str
) -> None:
    is_serotonergic = "serotonergic" in shipped.medicines[medicine].groups
    assert is_serotonergic == (medicine in {"sertraline", "tramadol"})


def test_no_medicine_by_itself_gives_a_flag(site: Site, shipped: Knowledge) -> None:
    """Millions take each of them without jerks."""
    for medicine in shipped.medicines:
        given: dict[str, str | list[str]] = {
            "treatments": [f"{medicine}, started 5 d ago"],
            "age": "60 y",
        }
        record = record_of(RuleTest(given, "none"), shipped, MOMENT)
        assert site.engine.assess(record).causes == (), medicine


def test_no_medicine_that_was_begun_after_the_jerks_is_more_than_a_weak_cause(
    site: Site, shipped: Knowledge
) -> None:
    for medicine in shipped.medicines:
        given: dict[str, str | list[str]] = {
            "treatments": [f"{medicine}, started 2 d ago"],
            "problems": ["dialysis", "myoclonus, since 9 d", "asterixis, since 9 d"],
            "egfr": "8 mL/min/{1.73_m2}",
        }
        record = record_of(RuleTest(given, "none"), shipped, MOMENT)
        for cause in site.engine.assess(record).causes:
            assert cause.agent != medicine or cause.strength == "weak", medicine
