"""What one result shows, by itself."""

from decimal import Decimal

import msgspec
import pytest

from service.engine.grading import Graded, add_marks, grade, is_readable
from service.engine.limits import person_of
from service.engine.sheets import Sheet
from service.knowledge.model import Knowledge
from service.record import Amount, Result, Sex
from tests.engine.small import interval, record, result, rules

B12, CREATININE = "vitamin_b12", "creatinine"


def graded(
    analyte: str,
    text: str = "",
    age: int | None = 50,
    sex: Sex | None = "female",
    knowledge: Knowledge | None = None,
    **more: object,
) -> Graded:
    """A result graded for somebody of that age and sex (None: unknown)."""
    known = knowledge or rules()
    one = msgspec.structs.replace(result(analyte, text), **more)
    findings = [each for each in known.findings.values() if each.analyte == analyte]
    unit = one.amount.unit if one.amount else known.analytes[analyte].unit
    person = person_of(record(age=age, sex=sex))
    return grade(Sheet(known, analyte, findings, unit, one.form).table(person), one)


def shown(found: Graded) -> dict[str, str]:
    return {finding.finding: finding.grade for finding in found.findings}


def marks(found: Graded) -> tuple[str, ...]:
    piece = found.findings[0] if found.findings else found.normal
    assert piece is not None
    return piece.marks


# Fixed limits


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("134.9 mmol/L", "mild"),
        ("130 mmol/L", "mild"),
        ("129.9 mmol/L", "moderate"),
        ("124.99 mmol/L", "profound"),
        ("118 meq/L", "profound"),
    ],
)
def test_the_gravest_grade_that_is_true_is_the_finding(text: str, expected: str) -> None:
    assert shown(graded("sodium", text)) == {"hyponatremia": expected}


@pytest.mark.parametrize("text", ["135 mmol/L", "135.0 meq/L", "145 mmol/L"])
def test_a_value_at_a_strict_limit_is_normal(text: str) -> None:
    found = graded("sodium", text)
    assert not found.findings
    assert found.normal is not None


def test_a_value_at_an_inclusive_limit_is_not() -> None:
    assert shown(graded("sodium", "160 mmol/L")) == {"hypernatremia": "severe"}


def test_a_finding_tells_its_rank_its_limit_and_whether_it_is_critical() -> None:
    (finding,) = graded("sodium", "118 mmol/L").findings
    assert (finding.rank, finding.limit, finding.critical) == (3, "< 125 mmol/L", True)
    (milder,) = graded("sodium", "133 mmol/L").findings
    assert (milder.rank, milder.limit, milder.critical) == (1, "< 135 mmol/L", False)


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("70 mg/dL", {}),
        ("69 mg/dL", {"hypoglycemia": "mild"}),
        ("3.89 mmol/L", {"hypoglycemia": "mild"}),
    ],
)
def test_each_system_is_held_to_its_own_limit(text: str, expected: dict[str, str]) -> None:
    """70 mg/dL is 3.886 mmol/L, and yet not below the limit that is written as 70 mg/dL."""
    assert shown(graded("glucose", text)) == expected


def test_a_normal_tells_what_is_normal_in_the_system_of_the_result() -> None:
    normal = graded("glucose", "90 mg/dL").normal
    assert normal is not None
    assert normal.limit == ">= 70 mg/dL and < 300 mg/dL"


# Comparators


@pytest.mark.parametrize(
    ("text", "expected"),
    [("<125 mmol/L", "profound"), ("<=124 mmol/L", "profound"), ("<130 mmol/L", "moderate")],
)
def test_a_comparator_that_lies_wholly_beyond_a_limit_counts(text: str, expected: str) -> None:
    assert shown(graded("sodium", text)) == {"hyponatremia": expected}


@pytest.mark.parametrize("text", ["<136 mmol/L", "<=135 mmol/L", ">134 mmol/L", ">=134.9 mmol/L"])
def test_a_comparator_that_straddles_the_limit_is_indeterminate(text: str) -> None:
    found = graded("sodium", text)
    assert not found.findings
    assert found.normal is None
    assert "comparator" in found.why


@pytest.mark.parametrize("text", [">135 mmol/L", "<145 mmol/L"])
def test_a_comparator_that_is_clear_of_one_limit_may_leave_another_open(text: str) -> None:
    found = graded("sodium", text)
    assert not found.findings
    assert found.normal is None


def test_a_comparator_inside_the_only_limit_is_normal() -> None:
    assert graded(B12, ">300 pg/mL").normal is not None


def test_a_grade_that_is_open_leaves_the_milder_one_true_and_says_so() -> None:
    found = graded("sodium", "<128 mmol/L")
    assert shown(found) == {"hyponatremia": "moderate"}
    assert "comparator" in found.why


# The reference interval: whom to trust


def test_who_trusts_the_range_takes_the_laboratorys_bound_first() -> None:
    assert not graded(B12, "180 pg/mL", interval=interval("170", "900")).findings
    found = graded(B12, "230 pg/mL", interval=interval("250", "900"))
    assert shown(found) == {"low-b12": "low"}
    assert found.findings[0].limit == "< 250 pg/mL"
    assert marks(found) == ("laboratory-range",)


def test_a_laboratorys_bound_is_told_with_the_digits_that_it_has() -> None:
    for low in ("250", "250.0", "250.00", "250"):
        found = graded(B12, "230 pg/mL", interval=interval(low, "900"))
        assert found.findings[0].limit == f"< {low} pg/mL"
        normal = graded(B12, "260 pg/mL", interval=interval(low, "900")).normal
        assert normal is not None
        assert normal.limit == f">= {low} pg/mL"


def test_who_trusts_the_range_takes_the_laboratorys_flag_before_the_rules() -> None:
    assert not graded(B12, "180 pg/mL", interpretation="N").findings
    found = graded(B12, "230 pg/mL", interpretation="L")
    assert shown(found) == {"low-b12": "low"}
    assert found.findings[0].limit == "flagged L by the laboratory"
    assert marks(found) == ()


def test_who_trusts_the_range_takes_the_rules_where_the_laboratory_says_nothing() -> None:
    assert shown(graded(B12, "199 pg/mL")) == {"low-b12": "low"}
    assert not graded(B12, "200 pg/mL").findings


def test_a_laboratorys_range_without_the_side_in_question_does_not_decide_it() -> None:
    assert shown(graded(B12, "199 pg/mL", interval=interval(high="900"))) == {"low-b12": "low"}


@pytest.mark.parametrize("flag", ["A", "AA", "", "POS"])
def test_a_flag_that_does_not_say_low_or_high_decides_nothing(flag: str) -> None:
    assert shown(graded(B12, "199 pg/mL", interpretation=flag)) == {"low-b12": "low"}
    assert not graded(B12, "201 pg/mL", interpretation=flag).findings


def test_a_comparator_that_straddles_the_laboratorys_bound_is_indeterminate() -> None:
    found = graded(B12, "<300 pg/mL", interval=interval("250", "900"), interpretation="L")
    assert not found.findings
    assert "comparator" in found.why


LIMITS_FIRST = rules("""
finding: low-chloride
name: Low chloride
analyte: chloride
references: []
grades:
  - {grade: low, below: reference}
  - {grade: half, below: 0.5 x reference}
---
finding: low-bicarbonate
name: Low bicarbonate
analyte: bicarbonate
references: []
grades:
  - {grade: low, below: reference}
  - {grade: half, below: 0.5 x reference}
""")


def test_who_trusts_limits_takes_the_rules_interval_first() -> None:
    own = interval("100", "110")
    assert not graded("chloride", "99 mmol/L", knowledge=LIMITS_FIRST, interval=own).findings
    found = graded("chloride", "97 mmol/L", knowledge=LIMITS_FIRST, interval=own)
    assert shown(found) == {"low-chloride": "low"}


def test_who_trusts_limits_takes_the_laboratorys_bound_where_the_rules_have_none() -> None:
    found = graded(
        "bicarbonate", "20 mmol/L", knowledge=LIMITS_FIRST, interval=interval("22", "29")
    )
    assert shown(found) == {"low-bicarbonate": "low"}
    assert marks(found) == ("laboratory-range",)


def test_who_trusts_limits_never_takes_the_flag_for_them() -> None:
    found = graded("bicarbonate", "20 mmol/L", knowledge=LIMITS_FIRST, interpretation="L")
    assert not found.findings
    assert found.normal is None
    assert "reference range" in found.why


def test_without_any_bound_a_reference_limit_is_unknown() -> None:
    found = graded("bicarbonate", "20 mmol/L", knowledge=LIMITS_FIRST)
    assert not found.findings
    assert found.normal is None


def test_a_multiple_is_of_the_laboratorys_bound_where_its_range_is_trusted() -> None:
    own = interval("40", "80")
    (high,) = graded(CREATININE, "241 umol/L", interval=own).findings
    assert (high.grade, high.limit) == ("threefold", "> 3 x 80 umol/L")
    assert shown(graded(CREATININE, "240 umol/L", interval=own)) == {"high-creatinine": "high"}


def test_a_multiple_is_of_the_rules_bound_where_the_laboratory_gives_none() -> None:
    assert shown(graded(CREATININE, "271 umol/L")) == {"high-creatinine": "threefold"}
    assert shown(graded(CREATININE, "270 umol/L")) == {"high-creatinine": "high"}


def test_a_multiple_is_never_of_the_laboratorys_bound_where_limits_are_trusted() -> None:
    found = graded(
        "bicarbonate", "10 mmol/L", knowledge=LIMITS_FIRST, interval=interval("22", "29")
    )
    assert shown(found) == {"low-bicarbonate": "low"}
    assert "reference range" in found.why


def test_a_flag_never_decides_a_multiple() -> None:
    found = graded(CREATININE, "100 umol/L", interpretation="HH")
    assert shown(found) == {"high-creatinine": "high"}


# Age and sex


def test_a_known_age_without_an_interval_is_indeterminate_and_never_adult() -> None:
    found = graded(B12, "199 pg/mL", age=5)
    assert not found.findings
    assert found.normal is None


def test_a_child_is_judged_by_the_laboratorys_own_range() -> None:
    assert shown(graded(B12, "199 pg/mL", age=5, interval=interval("200", "900"))) == {
        "low-b12": "low"
    }


def test_limits_without_an_age_hold_for_a_child() -> None:
    assert shown(graded("sodium", "118 mmol/L", age=5)) == {"hyponatremia": "profound"}


def test_an_unknown_age_counts_as_adult_and_is_marked_where_ages_are_written() -> None:
    assert marks(graded(B12, "140 pg/mL", age=None)) == ("adult-limits",)
    assert marks(graded("sodium", "140 mmol/L", age=None)) == ("adult-limits",)
    assert marks(graded("glucose", "50 mg/dL", age=None)) == ()


def test_a_finding_without_a_grade_for_the_age_is_indeterminate() -> None:
    adults = rules("""
finding: low-bicarbonate
name: Low bicarbonate
analyte: bicarbonate
references: []
grades:
  - {grade: low, below: 22 mmol/L, age: 18 y and over}
""")
    found = graded("bicarbonate", "30 mmol/L", age=5, knowledge=adults)
    assert found.normal is None
    assert found.why == "no limit is written for the patient's age"


def test_an_unknown_sex_is_given_the_widest_interval_and_marked() -> None:
    assert not graded(CREATININE, "100 umol/L", sex=None).findings
    assert marks(graded(CREATININE, "100 umol/L", sex=None)) == ("either-sex",)
    assert marks(graded(CREATININE, "111 umol/L", sex=None)) == ("either-sex",)
    assert shown(graded(CREATININE, "100 umol/L", sex="female")) == {"high-creatinine": "high"}


def test_an_unknown_sex_is_no_matter_where_the_laboratory_decides() -> None:
    found = graded(CREATININE, "100 umol/L", sex=None, interval=interval("40", "90"))
    assert marks(found) == ("laboratory-range",)


# The laboratory disagrees


@pytest.mark.parametrize("flag", ["N", "H", "HH"])
def test_a_flag_that_contradicts_a_finding_by_the_rules_is_marked(flag: str) -> None:
    found = graded("sodium", "133 mmol/L", interpretation=flag)
    assert marks(found) == ("laboratory-disagrees",)


def test_a_range_that_contradicts_a_finding_by_the_rules_is_marked() -> None:
    found = graded("sodium", "133 mmol/L", interval=interval("132", "144"))
    assert marks(found) == ("laboratory-disagrees",)


def test_a_range_or_flag_that_contradicts_normal_is_marked() -> None:
    by_range = graded("sodium", "136 mmol/L", interval=interval("138", "144"))
    by_flag = graded("sodium", "136 mmol/L", interpretation="L")
    assert marks(by_range) == marks(by_flag) == ("laboratory-disagrees",)


def test_a_laboratory_that_agrees_or_has_nothing_to_say_is_not_marked() -> None:
    own = interval("136", "144")
    assert marks(graded("sodium", "133 mmol/L", interval=own, interpretation="L")) == ()
    assert marks(graded("sodium", "140 mmol/L", interval=own, interpretation="N")) == ()
    assert marks(graded("sodium", "133 mmol/L", interval=interval(high="144"))) == ()
    assert marks(graded("sodium", "133 mmol/L", interpretation="A")) == ()


def test_a_range_that_a_comparator_straddles_contradicts_nothing() -> None:
    found = graded("sodium", "<130 mmol/L", interval=interval("128", "144"))
    assert marks(found) == ()


# Without a value: the laboratory's flag alone


def test_a_low_flag_alone_is_the_mildest_grade_and_leaves_the_others_open() -> None:
    found = graded("sodium", interpretation="L")
    assert shown(found) == {"hyponatremia": "mild"}
    assert found.findings[0].limit == "flagged L by the laboratory"
    assert marks(found) == ("interpretation-only",)
    assert "how far" in found.why


def test_a_critical_flag_alone_is_the_first_critical_grade_and_leaves_graver_ones_open() -> None:
    known = rules("""
finding: low-chloride
name: Low chloride
analyte: chloride
references: []
grades:
  - {grade: low, below: reference}
  - {grade: critical, below: 85 mmol/L, critical: true}
  - {grade: lethal, below: 80 mmol/L, critical: true}
""")
    for flag, worst in (("L", "low"), ("LL", "critical")):
        found = graded("chloride", interpretation=flag, knowledge=known)
        assert shown(found) == {"low-chloride": worst}
        assert found.findings[0].critical is (flag == "LL")
        assert "how far" in found.why


def test_a_critical_flag_alone_is_the_mildest_grade_where_none_is_critical() -> None:
    assert shown(graded(B12, interpretation="LL")) == {"low-b12": "low"}


def test_a_high_flag_alone_says_nothing_of_low_findings() -> None:
    assert shown(graded("sodium", interpretation="H")) == {"hypernatremia": "mild"}


def test_a_normal_flag_alone_is_normal() -> None:
    normal = graded("sodium", interpretation="N").normal
    assert normal is not None
    assert normal.limit == "flagged N by the laboratory"
    assert normal.marks == ("interpretation-only",)


def test_a_flag_alone_gives_no_grade_where_no_reference_interval_is_for_the_age() -> None:
    found = graded("sodium", age=5, interpretation="L")
    assert not found.findings
    assert found.normal is None
    assert "how far" in found.why


BEYOND_REFERENCE = rules(
    """
finding: low-chloride
name: Low chloride
analyte: chloride
references: []
grades:
  - {grade: low, below: LIMIT}
---
finding: high-chloride
name: High chloride
analyte: chloride
references: []
grades:
  - {grade: high, HIGH}
  - {grade: higher, above: 200 mmol/L}
""".replace("LIMIT", "88.2 mmol/L").replace("HIGH}", "above: 117.7 mmol/L}")
)


@pytest.mark.parametrize(("flag", "shows"), [("L", "low-chloride"), ("HH", "high-chloride")])
def test_a_flag_alone_gives_a_grade_that_begins_up_to_a_tenth_beyond_the_reference(
    flag: str, shows: str
) -> None:
    """The interval is 98 to 107 mmol/L."""
    found = graded("chloride", interpretation=flag, knowledge=BEYOND_REFERENCE)
    assert list(shown(found)) == [shows]


@pytest.mark.parametrize(
    ("grade", "flag"),
    [
        ("below: 88.1 mmol/L", "L"),
        ("below: 88.1 mmol/L", "LL"),
        ("above: 117.8 mmol/L", "H"),
        ("below: 0.5 x reference", "LL"),
        ("above: 2 x reference", "HH"),
        ("below: 98 mmol/L, critical: true", "L"),
        ("below: reference, critical: true", "L"),
    ],
)
def test_a_flag_alone_never_gives_a_grade_that_begins_further_out_or_is_critical(
    grade: str, flag: str
) -> None:
    text = "\nfinding: f\nname: F\nanalyte: chloride\nreferences: []\ngrades: [{grade: g, GRADE}]"
    found = graded("chloride", interpretation=flag, knowledge=rules(text.replace("GRADE", grade)))
    assert not found.findings
    assert found.normal is None
    assert "how far" in found.why


def test_a_flag_of_the_other_side_is_normal_for_it_all_the_same() -> None:
    found = graded("chloride", interpretation="L", knowledge=BEYOND_REFERENCE)
    assert "high-chloride" not in shown(found)


# Without a unit: the laboratory's own range alone


@pytest.mark.parametrize(
    ("flag", "limit"),
    [
        ("L", "below 135, the laboratory's own limit"),
        ("LL", "below 135, the laboratory's own limit"),
        ("H", "above 145, the laboratory's own limit"),
        ("N", "inside the laboratory's own range"),
    ],
)
def test_a_side_by_the_laboratorys_range_alone_tells_that_range(flag: str, limit: str) -> None:
    found = graded(
        "sodium",
        interpretation=flag,
        interval=interval("135", "145"),
        marks=("range-only",),
    )
    piece = found.findings[0] if found.findings else found.normal
    assert piece is not None
    assert (piece.limit, piece.marks) == (limit, ())


# Normal, without findings of its own


@pytest.mark.parametrize("text", ["98 mmol/L", "100 mmol/L", "107 mmol/L"])
def test_an_analyte_without_findings_is_normal_inside_its_interval(text: str) -> None:
    normal = graded("chloride", text).normal
    assert normal is not None
    assert normal.limit == "98 to 107 mmol/L"


@pytest.mark.parametrize("text", ["97 mmol/L", "108 mmol/L", "<100 mmol/L"])
def test_it_is_not_normal_outside_or_perhaps_outside(text: str) -> None:
    found = graded("chloride", text)
    assert found.normal is None
    assert not found.findings
    assert found.why


def test_an_analyte_without_findings_and_interval_is_judged_by_the_laboratorys() -> None:
    assert graded("bicarbonate", "24 mmol/L").normal is None
    own = graded("bicarbonate", "24 mmol/L", interval=interval("22")).normal
    assert own is not None
    assert own.limit == ">= 22 mmol/L"
    assert own.marks == ("laboratory-range",)
    assert graded("bicarbonate", "21 mmol/L", interval=interval("22", "29")).normal is None


@pytest.mark.parametrize(("flag", "normal"), [("N", True), ("L", False), ("HH", False)])
def test_a_flag_alone_is_enough_for_an_analyte_without_findings(flag: str, normal: bool) -> None:
    assert bool(graded("chloride", interpretation=flag).normal) is normal


def test_a_result_that_is_normal_for_the_findings_of_its_analyte_is_normal() -> None:
    """Vitamin B12 is only known to be low: a high one is not abnormal."""
    normal = graded(B12, "1500 pg/mL").normal
    assert normal is not None
    assert normal.limit == ">= 200 pg/mL"


# Marks, and what is readable


def test_an_undated_result_is_marked() -> None:
    assert marks(graded("sodium", "133 mmol/L", moment=None)) == ("undated",)


def test_marks_that_a_result_has_of_itself_are_not_said_again() -> None:
    found = graded("sodium", "133 mmol/L", moment=None, marks=("undated", "hemolyzed"))
    assert marks(found) == ()


def test_marks_come_in_the_order_in_which_they_are_listed() -> None:
    plain = result("sodium", "133 mmol/L")
    assert add_marks(plain, ["conflicting", "undated", "conflicting"]) == ("undated", "conflicting")


def test_a_value_or_a_flag_makes_a_result_readable_and_nothing_else_does() -> None:
    assert is_readable(result("sodium", "133 mmol/L"))
    assert is_readable(result("sodium", interpretation="LL"))
    assert not is_readable(result("sodium"))
    assert not is_readable(result("sodium", interpretation="A"))
    assert not is_readable(result("sodium", interval=interval("135")))


def test_a_unit_that_does_not_convert_is_indeterminate() -> None:
    one = result("sodium", amount=Amount(Decimal(118), "g/L"))
    assert is_readable(one)
    found = graded_as(one)
    assert not found.findings
    assert found.normal is None
    assert found.why == "its unit does not convert to that of the limit"


def graded_as(one: Result) -> Graded:
    known = rules()
    findings = [each for each in known.findings.values() if each.analyte == one.analyte]
    assert one.amount is not None
    table = Sheet(known, one.analyte, findings, one.amount.unit).table(person_of(record()))
    return grade(table, one)


# What is remembered of other numbers


def test_a_limit_is_told_with_the_digits_that_its_result_was_sent_with() -> None:
    own = [graded(B12, "150 pg/mL", interval=interval(low)) for low in ("200", "200.0", "200")]
    assert [one.findings[0].limit for one in own] == [
        "< 200 pg/mL",
        "< 200.0 pg/mL",
        "< 200 pg/mL",
    ]


@pytest.mark.parametrize("order", [(0, 1, 2), (2, 1, 0), (1, 0, 2)])
def test_numbers_on_both_sides_of_a_limit_and_on_it_are_told_apart_in_any_order(
    order: tuple[int, ...],
) -> None:
    known = rules()
    findings = [each for each in known.findings.values() if each.analyte == "sodium"]
    table = Sheet(known, "sodium", findings, "mmol/L").table(person_of(record()))
    said = {"129.9 mmol/L": "moderate", "130 mmol/L": "mild", "130.1 mmol/L": "mild"}
    for text in [list(said)[i] for i in order] * 2:
        assert shown(grade(table, result("sodium", text))) == {"hyponatremia": said[text]}


@pytest.mark.parametrize(
    "company",
    [
        {"comparator": ">="},
        {"moment": None},
        {"marks": ("preliminary",)},
        {"interpretation": "H"},
        {"interval": interval("100")},
    ],
)
def test_one_number_in_another_company_is_another_matter(company: dict[str, object]) -> None:
    known = rules()
    findings = [each for each in known.findings.values() if each.analyte == B12]
    table = Sheet(known, B12, findings, "pg/mL").table(person_of(record()))
    one = result(B12, "150 pg/mL")
    other = msgspec.structs.replace(one, **company)
    plain = grade(table, one)
    assert grade(table, other).result is other
    assert grade(table, one) == plain
    alone = Sheet(known, B12, findings, "pg/mL").table(person_of(record()))
    assert grade(table, other) == grade(alone, other)


def test_what_is_remembered_holds_nothing_of_the_result() -> None:
    one = graded("sodium", "118 mmol/L")
    again = result("sodium", "118 mmol/L", source="Observation/another")
    assert graded_as(again).findings[0].result is again
    assert one.findings[0].result is not again
