"""Limits in the unit that a laboratory reports, for the person that they are for."""

from decimal import Decimal
from fractions import Fraction

import pytest

from service.engine.comparing import Number
from service.engine.limits import NO_BOUND, Limit, Person, Table
from service.engine.sheets import Sheet, rank_of
from service.knowledge.model import Knowledge
from tests.engine.small import rules

WOMAN = Person(50 * 365, age_known=True, sex="female")
CHILD = Person(5 * 365, age_known=True, sex="female")
SOMEBODY = Person(10957, age_known=False, sex=None)

AGES = rules("""
finding: low-chloride
name: Low chloride
analyte: chloride
references: []
grades:
  - {grade: mild, below: 98 mmol/L, age: 18 y and over}
  - {grade: mild, below: 95 mmol/L, age: under 18 y}
  - {grade: severe, below: 85 mmol/L}
""")


def sheet(subject: str, unit: str, form: str = "", knowledge: Knowledge | None = None) -> Sheet:
    known = knowledge or rules()
    findings = [each for each in known.findings.values() if each.analyte == subject]
    return Sheet(known, subject, findings, unit, form)


def limits(table: Table, finding: str) -> list[Limit]:
    (ladder,) = (each for each in table.ladders if each.finding == finding)
    return list(ladder.limits)


def numbers(table: Table, finding: str) -> list[Number | None]:
    return [limit.number for limit in limits(table, finding)]


def test_a_limit_is_used_as_published_in_the_system_of_the_result() -> None:
    in_mass = sheet("glucose", "mg/dL").table(WOMAN)
    in_moles = sheet("glucose", "mmol/L").table(WOMAN)
    assert numbers(in_mass, "hypoglycemia") == [70, 54]
    assert numbers(in_moles, "hypoglycemia") == [Decimal("3.9"), 3]
    assert limits(in_mass, "hypoglycemia")[0].rules[True].printed == "70 mg/dL"


def test_within_a_system_a_limit_is_scaled_exactly() -> None:
    (limit,) = limits(sheet("urea", "g/L", "nitrogen").table(WOMAN), "uremic")
    assert limit.number == Decimal("0.56")
    assert limit.rules[True].printed == "56 mg/dL as nitrogen"


def test_a_mass_of_another_molecule_is_another_system() -> None:
    """The limit is written for nitrogen; urea itself is converted from the first alternative."""
    (limit,) = limits(sheet("urea", "mg/dL").table(WOMAN), "uremic")
    assert limit.number == Fraction(20) * Fraction("60.06") / 10
    assert limit.rules[True].printed == "20 mmol/L"


def test_the_molecule_makes_no_difference_where_molecules_are_counted() -> None:
    assert numbers(sheet("urea", "mmol/L", "nitrogen").table(WOMAN), "uremic") == [20]


def test_charge_connects_equivalents_with_moles() -> None:
    assert numbers(sheet("sodium", "meq/L").table(WOMAN), "hyponatremia") == [135, 130, 125]


def test_a_unit_that_does_not_connect_leaves_every_limit_unknown() -> None:
    table = sheet("sodium", "U/L").table(WOMAN)
    (first, *_) = limits(table, "hyponatremia")
    assert first.number is None
    assert {verdict.beyond for verdict in first.rules.values()} == {None}
    assert first.rules[None].why == "its unit does not convert to that of the limit"
    assert table.factor is None
    assert table.inside is None


def test_the_factor_leads_to_the_canonical_unit() -> None:
    factor = sheet("glucose", "mg/dL").table(WOMAN).factor
    assert factor is not None
    assert factor * Fraction("180.156") / 10 == 1


def test_a_reference_limit_is_the_bound_for_the_persons_sex() -> None:
    man = Person(50 * 365, age_known=True, sex="male")
    of = sheet("creatinine", "umol/L")
    assert numbers(of.table(WOMAN), "high-creatinine") == [90, 270]
    assert numbers(of.table(man), "high-creatinine") == [110, 330]


def test_a_multiple_of_a_bound_is_printed_with_both() -> None:
    threefold = limits(sheet("creatinine", "umol/L").table(WOMAN), "high-creatinine")[1]
    assert threefold.rules[True].printed == "3 x 90 umol/L"


def test_for_an_unknown_sex_the_intervals_are_joined_and_that_is_known() -> None:
    table = sheet("creatinine", "umol/L").table(SOMEBODY)
    assert numbers(table, "high-creatinine") == [110, 330]
    assert table.ends[0].number == 45
    assert table.joined


def test_one_interval_for_all_needs_no_joining() -> None:
    assert not sheet("chloride", "mmol/L").table(SOMEBODY).joined


def test_a_known_age_without_interval_has_no_bound() -> None:
    table = sheet("creatinine", "umol/L").table(CHILD)
    assert numbers(table, "high-creatinine") == [None, None]
    assert limits(table, "high-creatinine")[0].rules[None].why == NO_BOUND


def test_only_grades_for_the_persons_age_are_there() -> None:
    of = sheet("chloride", "mmol/L", knowledge=AGES)
    assert numbers(of.table(WOMAN), "low-chloride") == [98, 85]
    assert numbers(of.table(CHILD), "low-chloride") == [95, 85]


def test_grades_of_one_name_have_one_rank() -> None:
    finding = AGES.findings["low-chloride"]
    assert [rank_of(finding, grade) for grade in ("", "mild", "severe")] == [1, 1, 2]
    of = sheet("chloride", "mmol/L", knowledge=AGES)
    assert [limit.rank for limit in limits(of.table(CHILD), "low-chloride")] == [1, 2]


def test_adult_limits_are_known_where_an_age_is_written_and_none_is_known() -> None:
    assert sheet("sodium", "mmol/L").table(SOMEBODY).adult
    assert not sheet("sodium", "mmol/L").table(WOMAN).adult
    assert not sheet("glucose", "mg/dL").table(SOMEBODY).adult


@pytest.mark.parametrize(
    ("subject", "printed"),
    [
        ("sodium", "135 to 145 mmol/L"),
        ("glucose", ">= 3.9 mmol/L and < 16.7 mmol/L"),
        ("chloride", "98 to 107 mmol/L"),
    ],
)
def test_what_is_inside_all_limits_is_normal(subject: str, printed: str) -> None:
    inside = sheet(subject, "mmol/L").table(WOMAN).inside
    assert inside is not None
    assert inside.printed == printed


def test_without_findings_and_interval_nothing_is_normal() -> None:
    assert sheet("bicarbonate", "mmol/L").table(WOMAN).inside is None
