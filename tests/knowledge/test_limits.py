from pathlib import Path

import pytest

from tests.knowledge.small_rules import changed, complaints

FINDINGS = "findings/all.yaml"
GRADES = """\
  - {grade: mild, below: 135 mmol/L}
  - {grade: severe, below: 125 mmol/L, critical: true}
"""


@pytest.mark.parametrize(
    "grades",
    [
        "  - {grade: mild, at_or_below: 135 mmol/L}\n  - {grade: severe, below: 135 mmol/L}\n",
        "  - {grade: mild, below: 135 mmol/L}\n  - {grade: severe, below: 125 meq/L}\n",
        "  - {grade: mild, below: reference}\n  - {grade: severe, below: 125 mmol/L}\n",
        "  - {grade: mild, below: 135 mmol/L | 135 meq/L}\n  - {grade: severe, below: 120 meq/L}\n",
        GRADES.replace("135 mmol/L", "135 mmol/L, age: 18 y and over")
        + "  - {grade: mild, below: 133 mmol/L, age: under 18 y}\n",
        "  - {grade: mild, above: reference}\n  - {grade: severe, above: 1.2 x reference}\n",
    ],
)
def test_grades_from_mild_to_severe_pass(tmp_path: Path, grades: str) -> None:
    assert complaints(changed(tmp_path, FINDINGS, GRADES, grades)) == []


@pytest.mark.parametrize(
    "grades",
    [
        "  - {grade: mild, below: 135 mmol/L}\n  - {grade: severe, below: 135 mmol/L}\n",
        "  - {grade: mild, below: 135 mmol/L}\n  - {grade: severe, below: 135.1 meq/L}\n",
        "  - {grade: mild, above: 145 mmol/L}\n  - {grade: severe, above: 144 mmol/L}\n",
        "  - {grade: mild, above: 145 mmol/L}\n  - {grade: severe, at_or_above: 145 mmol/L}\n",
        "  - {grade: mild, above: 2 x reference}\n  - {grade: severe, above: reference}\n",
        "  - {grade: mild, below: 135 mmol/L | 130 meq/L}\n  - {grade: severe, below: 131 meq/L}\n",
        GRADES.replace("135 mmol/L", "120 mmol/L, age: 18 y and over"),
    ],
)
def test_grades_in_another_order_are_refused(tmp_path: Path, grades: str) -> None:
    told = complaints(changed(tmp_path, FINDINGS, GRADES, grades))
    assert any('must be graver than "mild"' in line for line in told), told


@pytest.mark.parametrize("copper", ["7.8 umol/L | 50 ug/dL", "8 umol/L | 45 ug/dL", "8 umol/L"])
def test_alternatives_may_differ_as_much_as_guidelines_round(tmp_path: Path, copper: str) -> None:
    assert complaints(changed(tmp_path, FINDINGS, "8 umol/L | 50 ug/dL", copper)) == []


@pytest.mark.parametrize(
    "copper", ["8 umol/L | 42 ug/dL", "8 umol/L | 8 ug/dL", "8 umol/L | 5 ug/dL"]
)
def test_alternatives_that_are_not_the_same_amount_are_refused(tmp_path: Path, copper: str) -> None:
    (told,) = complaints(changed(tmp_path, FINDINGS, "8 umol/L | 50 ug/dL", copper))
    assert told.endswith("are not the same; one of them is wrong")
