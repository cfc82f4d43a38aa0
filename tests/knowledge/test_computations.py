from pathlib import Path

import pytest

from tests.knowledge.small_rules import FILES, complaints, write_rules

DERIVED = """\
derived: alt_a
name: A
unit: U/L
references: [kumar-2006]
plausible: 0 to 100 U/L
lookback: 1 d
inputs: {na: {analyte: sodium, unit: mmol/L}}
formulas: [{formula: na, for_age: 18 y and over}]
stands_for: alt
"""


@pytest.mark.parametrize("ages", ["", ", for_age: 1 y to 18 y", ", for_age: 50 y and over"])
def test_two_derived_values_cannot_stand_for_one_analyte_at_one_age(
    tmp_path: Path, ages: str
) -> None:
    second = DERIVED.replace("alt_a", "alt_b").replace(", for_age: 18 y and over", ages)
    folder = write_rules(tmp_path, {"derived/a.yaml": DERIVED, "derived/b.yaml": second})
    said = "derived/b.yaml:9: stands_for: alt_a already stands for alt at some age"
    assert complaints(folder) == [said]


def test_derived_values_for_children_and_adults_can_stand_for_one_analyte(tmp_path: Path) -> None:
    second = DERIVED.replace("alt_a", "alt_b").replace("18 y and over", "1 y to 17 y")
    assert (
        complaints(write_rules(tmp_path, {"derived/a.yaml": DERIVED, "derived/b.yaml": second}))
        == []
    )


def test_formulas_for_several_people_are_one_value(tmp_path: Path) -> None:
    derived = FILES["derived/all.yaml"].replace(
        "  - {formula: 2 * na + urea}\n",
        "  - {formula: 2 * na + urea, sex: male}\n"
        "  - {formula: 2 * na + urea * age / 100, sex: female, for_age: 18 y and over}\n",
    )
    assert complaints(write_rules(tmp_path, {"derived/all.yaml": derived})) == []
