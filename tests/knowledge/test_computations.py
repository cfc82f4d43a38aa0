from pathlib import Path

from tests.knowledge.small_rules import FILES, complaints, write_rules


def test_two_derived_values_cannot_stand_for_one_analyte(tmp_path: Path) -> None:
    derived = """\
derived: alt_a
name: A
unit: U/L
references: [kumar-2006]
plausible: 0 to 100 U/L
lookback: 1 d
inputs: {na: {analyte: sodium, unit: mmol/L}}
formulas: [{formula: na}]
stands_for: alt
"""
    second = derived.replace("alt_a", "alt_b")
    folder = write_rules(tmp_path, {"derived/a.yaml": derived, "derived/b.yaml": second})
    assert complaints(folder) == ["derived/b.yaml:9: stands_for: alt_a already stands for alt"]


def test_formulas_for_several_people_are_one_value(tmp_path: Path) -> None:
    derived = FILES["derived/all.yaml"].replace(
        "  - {formula: 2 * na + urea}\n",
        "  - {formula: 2 * na + urea, sex: male}\n"
        "  - {formula: 2 * na + urea * age / 100, sex: female, for_age: 18 y and over}\n",
    )
    assert complaints(write_rules(tmp_path, {"derived/all.yaml": derived})) == []
