from pathlib import Path

from service.knowledge.language import ProblemRule
from service.knowledge.loader import load
from service.knowledge.lookups import fold_icd, index_problem_codes
from service.knowledge.model import (
    ATC,
    ICD10,
    ICD10CM,
    RXNORM,
    SNOMED,
    Knowledge,
    Measured,
    Refused,
)
from tests.knowledge.small_rules import changed


def test_a_loinc_code_tells_what_it_measures(small: Knowledge) -> None:
    assert small.loinc["3094-0"] == Measured(
        "urea",
        "Urea nitrogen [Mass/volume] in Serum or Plasma",
        "mass/volume",
        "nitrogen",
    )
    assert small.loinc["1742-6"].dimension == ""
    assert "2955-3" not in small.loinc


def test_a_confusable_code_is_refused_with_its_reason(small: Knowledge) -> None:
    assert small.refused == {"2955-3": Refused("sodium", "urine sodium")}


def test_problems_are_found_by_the_codes_of_each_system(small: Knowledge) -> None:
    assert small.problem_codes[SNOMED].find("396331005") == ("celiac-disease",)
    assert small.problem_codes[ICD10CM].find(fold_icd("K90.0")) == ("celiac-disease",)
    assert small.problem_codes[ICD10CM].find(fold_icd("f10.20")) == ("alcohol-use-disorder",)
    assert small.problem_codes[ICD10CM].find(fold_icd("F10.2")) == ("alcohol-use-disorder",)


def test_codes_of_other_systems_and_other_lengths_find_nothing(small: Knowledge) -> None:
    assert small.problem_codes[ICD10CM].find("K900A") == ()
    assert small.problem_codes[ICD10CM].find("K90") == ()
    assert small.problem_codes[ICD10CM].find("F101") == ()
    assert small.problem_codes[ICD10CM].find("") == ()
    assert small.problem_codes[ICD10].find("K900") == ()
    assert small.problem_codes[SNOMED].find("K900") == ()


def test_an_exception_is_left_out_of_its_beginning(small: Knowledge) -> None:
    assert small.problem_codes[ICD10CM].find(fold_icd("F10.21")) == ()
    assert small.problem_codes[ICD10CM].find(fold_icd("F10.29")) == ("alcohol-use-disorder",)


def test_an_exception_holds_for_its_own_problem_only() -> None:
    index = index_problem_codes(
        [
            ProblemRule("a", "A", icd10cm={"F10*": ""}, exceptions=("F10.2",)),
            ProblemRule("b", "B", icd10cm={"F10.2*": "", "F10.2": ""}),
        ]
    )[ICD10CM]
    assert index.find("F102") == ("b",)
    assert index.find("F1020") == ("a", "b")


def test_medicines_are_found_by_the_codes_of_each_system(small: Knowledge) -> None:
    assert small.medicine_codes[RXNORM].find("25480") == ("gabapentin",)
    assert small.medicine_codes[ATC].find("N02BF02") == ("pregabalin",)
    assert small.medicine_codes[ATC].find("25480") == ()


def test_names_are_folded(small: Knowledge) -> None:
    assert small.analyte_names == {"sodium": "sodium", "na": "sodium"}
    assert small.problem_names == {"celiac disease": "celiac-disease"}
    assert small.medicine_names == {"neurontin": "gabapentin"}


def test_a_phrase_is_a_name_of_its_problem_too(tmp_path: Path) -> None:
    names = "names: [celiac disease]"
    folder = changed(tmp_path, "problems/all.yaml", names, "phrases: [celiac disease]")
    assert load(folder).problem_names == {"celiac disease": "celiac-disease"}


def test_groups_hold_their_members_in_order(small: Knowledge) -> None:
    assert small.groups == {
        "alcohol": ("alcohol-use-disorder",),
        "gabapentinoid": ("gabapentin", "pregabalin"),
        "malabsorption": ("celiac-disease",),
    }


def test_one_name_twice_within_an_analyte_is_no_conflict(tmp_path: Path) -> None:
    names = "names: [sodium, Na+]"
    folder = changed(tmp_path, "analytes/sodium.yaml", names, "names: [sodium, Sodium, SODIUM]")
    assert load(folder).analyte_names == {"sodium": "sodium"}
