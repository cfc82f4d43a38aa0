"""A site's own table of codes and default units, and every mistake in one."""

from pathlib import Path

import pytest

from service.knowledge.faults import RulesError
from service.knowledge.local_codes import with_local_codes
from service.knowledge.model import LOINC, Knowledge, Measured

LAB = "https://lab.example/tests"


def table(folder: Path, text: str) -> Path:
    file = folder / "local_codes.yaml"
    file.write_text(text, encoding="utf-8")
    return file


def told(shipped: Knowledge, file: Path) -> list[str]:
    with pytest.raises(RulesError) as caught:
        with_local_codes(shipped, file)
    return [str(fault).replace(file.as_posix(), "") for fault in caught.value.faults]


def test_a_code_means_a_loinc_code_or_an_analyte(shipped: Knowledge, tmp_path: Path) -> None:
    text = f"""
code_system: {LAB}
codes:
  NA: {{loinc: 2951-2, unit: mmol/L}}
  CU: {{analyte: copper}}
---
code_system: none
codes:
  "0815": {{loinc: 3094-0}}
"""
    found = with_local_codes(shipped, table(tmp_path, text)).local

    assert found == {
        (LAB, "NA"): Measured(
            "sodium",
            "Sodium [Moles/volume] in Serum or Plasma",
            "substance/volume",
            unit="mmol/L",
        ),
        (LAB, "CU"): Measured("copper", "Copper"),
        ("", "0815"): shipped.loinc["3094-0"],
    }


def test_a_loinc_code_can_have_a_default_unit(shipped: Knowledge, tmp_path: Path) -> None:
    text = f"code_system: {LOINC}\ncodes: {{2951-2: {{unit: mmol/L}}}}\n"
    found = with_local_codes(shipped, table(tmp_path, text))

    assert found.local == {}
    assert found.loinc["2951-2"].unit == "mmol/L"
    assert found.loinc["2947-0"] == shipped.loinc["2947-0"]
    assert shipped.loinc["2951-2"].unit == ""


def test_the_example_in_the_documentation_is_sound(shipped: Knowledge, tmp_path: Path) -> None:
    page = (Path(__file__).parents[2] / "docs" / "operations.md").read_text(encoding="utf-8")
    example = page.split("```yaml\n")[1].split("```")[0]

    assert len(with_local_codes(shipped, table(tmp_path, example)).local) == 3


def test_the_rules_stay_the_same_rules(shipped: Knowledge, tmp_path: Path) -> None:
    text = f"code_system: {LAB}\ncodes: {{NA: {{loinc: 2951-2}}}}\n"
    found = with_local_codes(shipped, table(tmp_path, text))

    assert (found.digest, found.analytes) == (shipped.digest, shipped.analytes)


@pytest.mark.parametrize(
    ("codes", "fault"),
    [
        ("NA: {}", "codes.NA: one of loinc and analyte says what the code means"),
        (
            "NA: {loinc: 2951-2, analyte: sodium}",
            "codes.NA: one of loinc and analyte says what the code means",
        ),
        ("NA: {unit: mmol/L}", "codes.NA: one of loinc and analyte says what the code means"),
        ("NA: {loinc: 99999-9}", "codes.NA.loinc: no rule reads LOINC 99999-9"),
        ("NA: {loinc: 2951}", "codes.NA.loinc: no rule reads LOINC 2951"),
        (
            "NA: {loinc: 2955-3}",
            (
                "codes.NA.loinc: LOINC 2955-3 is not read as Sodium: it is urine sodium; 30 mmol/L "
                "is "
                "normal there and would be lethal in blood"
            ),
        ),
        (
            "NA: {analyte: sodum}",
            'codes.NA.analyte: there is no analyte "sodum"; did you mean sodium?',
        ),
        ("NA: {analyte: zzz}", 'codes.NA.analyte: there is no analyte "zzz"'),
        (
            "NA: {loinc: 2951-2, unit: mmol/l}",
            (
                'codes.NA.unit: "mmol/l" is no unit of the table (rules/units.yaml); did you mean '
                "mmol/L?"
            ),
        ),
        (
            "NA: {loinc: 2951-2, unit: furlong}",
            'codes.NA.unit: "furlong" is no unit of the table (rules/units.yaml)',
        ),
        (
            "NA: {loinc: 2951-2, unit: mg/dL}",
            "codes.NA.unit: Sodium [Moles/volume] in Serum or Plasma is read in mmol/L, meq/L",
        ),
        (
            "B12: {loinc: 14685-2, unit: pg/mL}",
            (
                "codes.B12.unit: Cobalamin (Vitamin B12) [Moles/volume] in Serum or Plasma is read "
                "in "
                "pmol/L, nmol/L"
            ),
        ),
        ("NA: {lonic: 2951-2}", "codes.NA.lonic: is not a field here; did you mean loinc?"),
        ("NA: 2951-2", "codes.NA: must be `field: value` pairs"),
    ],
)
def test_a_mistake_in_a_code_is_told_with_line_and_field(
    shipped: Knowledge, tmp_path: Path, codes: str, fault: str
) -> None:
    file = table(tmp_path, f"code_system: {LAB}\ncodes:\n  {codes}\n")

    assert f":3: {fault}" in told(shipped, file)


@pytest.mark.parametrize(
    ("text", "fault"),
    [
        ("codes: {NA: {loinc: 2951-2}}", ":1: code_system: is missing"),
        (f"code_system: {LAB}", ":1: codes: is missing"),
        ("code_system: ''\ncodes: {}", ":1: code_system: nothing is written here"),
        (
            f"code_system: {LOINC}\ncodes: {{2951-2: {{loinc: 2951-2}}}}",
            ":2: codes.2951-2: a LOINC code means what it means",
        ),
        (f"code_system: {LOINC}\ncodes: {{2951-2: {{}}}}", ":2: codes.2951-2.unit: is missing"),
        (
            f"code_system: {LOINC}\ncodes: {{2955-3: {{unit: mmol/L}}}}",
            ":2: codes.2955-3: LOINC 2955-3 is not read as Sodium",
        ),
        (
            (
                f"code_system: {LAB}\ncodes: {{NA: {{loinc: 2951-2}}}}\n---\n"
                f"code_system: {LAB}\ncodes: {{NA: {{loinc: 2823-3}}}}"
            ),
            ":5: codes.NA: is in the table already",
        ),
        ("code_system: [", ":2: not YAML"),
        ("", ":1: the file is empty"),
    ],
)
def test_a_mistake_in_a_table_is_told(
    shipped: Knowledge, tmp_path: Path, text: str, fault: str
) -> None:
    assert [one for one in told(shipped, table(tmp_path, text)) if one.startswith(fault)]


def test_all_mistakes_are_told_at_once(shipped: Knowledge, tmp_path: Path) -> None:
    text = f"code_system: {LAB}\ncodes:\n  NA: {{loinc: 1}}\n  K: {{analyte: none}}\n"

    assert len(told(shipped, table(tmp_path, text))) == 2


def test_a_file_that_is_not_there_is_told(shipped: Knowledge, tmp_path: Path) -> None:
    assert told(shipped, tmp_path / "none.yaml") == [
        f"{tmp_path.as_posix()}/none.yaml:1: there is no such file of local codes".replace(
            (tmp_path / "none.yaml").as_posix(), ""
        )
    ]
