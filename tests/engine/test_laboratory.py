"""What the results of a record show."""

from datetime import timedelta
from decimal import Decimal

import pytest

from service.engine.laboratory import Laboratory, Showing
from service.knowledge.model import Knowledge
from service.record import Amount, Issue, Result, Sex
from tests.engine.small import NOW, ago, day, interval, record, result, reverse, rules

DERIVED = rules("""
derived: corrected_sodium
name: Sodium corrected for glucose
unit: mmol/L
references: []
plausible: 90 to 200 mmol/L
lookback: 14 d
inputs:
  na: {analyte: sodium, unit: mmol/L}
  glu: {analyte: glucose, unit: mmol/L}
formulas:
  - {formula: na + 0.3 * (glu - 5.5)}
same_draw: 4 h
---
finding: low-corrected-sodium
name: Low corrected sodium
analyte: corrected_sodium
references: []
grades:
  - {grade: low, below: 135 mmol/L}
---
derived: doubled_chloride
name: Bicarbonate out of chloride
unit: mmol/L
references: []
plausible: 1 to 60 mmol/L
lookback: 2 d
inputs:
  cl: {analyte: chloride, unit: mmol/L}
formulas:
  - {formula: cl / 4}
same_draw: 4 h
stands_for: bicarbonate
---
finding: high-bicarbonate
name: High bicarbonate
analyte: bicarbonate
references: []
grades:
  - {grade: high, above: 24 mmol/L}
---
finding: high-doubled
name: High by chloride
analyte: doubled_chloride
references: []
grades:
  - {grade: high, above: 24 mmol/L}
---
derived: sodium_rise
name: Rise of sodium
unit: mmol/L
references: []
plausible: 0 to 80 mmol/L
lookback: 14 d
change: {analyte: sodium, kind: rise, over: 24 h}
---
finding: fast-rise
name: Fast rise of sodium
analyte: sodium_rise
references: []
grades:
  - {grade: fast, above: 10 mmol/L}
""")


def show(*results: Result, knowledge: Knowledge | None = None, age: int | None = 50) -> Showing:
    return Laboratory(knowledge or rules()).show(record(*results, age=age))


def sodium(name: str, text: str = "140 mmol/L", **more: object) -> Result:
    return result("sodium", text, name, **more)


def grades(showing: Showing) -> dict[str, str]:
    return {name: finding.grade for name, finding in showing.findings.items()}


def said(showing: Showing) -> list[tuple[str, str]]:
    return [(issue.severity, issue.code) for issue in showing.issues]


def only(showing: Showing) -> Issue:
    (issue,) = showing.issues
    return issue


# Which result decides


def test_the_newest_result_decides_and_no_older_one() -> None:
    newer_normal = show(sodium("new"), sodium("old", "118 mmol/L", moment=ago(days=1)))
    assert grades(newer_normal) == {}
    assert newer_normal.normals["sodium"].result.printed == "140 mmol/L"
    newer_low = show(sodium("new", "118 mmol/L"), sodium("old", moment=ago(days=1)))
    assert grades(newer_low) == {"hyponatremia": "profound"}
    assert newer_low.normals == {}


def test_a_result_after_the_moment_is_not_used_and_the_answer_warns() -> None:
    showing = show(sodium("a", "118 mmol/L", moment=ago(hours=-2)))
    assert (showing.findings, showing.normals, showing.chosen) == ({}, {}, {})
    assert said(showing) == [("warning", "business-rule")]
    assert "Sodium" in only(showing).text


def test_outdated_results_are_told_once_for_each_analyte_with_all_of_them() -> None:
    showing = show(
        *(sodium(f"a{i}", moment=ago(days=20 + i)) for i in range(3)),
        result("glucose", "5 mmol/L", moment=ago(days=9)),
    )
    assert said(showing) == [("information", "informational")] * 2
    assert [len(issue.expression) for issue in showing.issues] == [1, 3]
    assert "older than 14 d" in showing.issues[1].text
    assert not showing.findings
    assert not showing.normals


def test_an_undated_result_beside_a_dated_one_is_told() -> None:
    showing = show(sodium("a"), sodium("b", "118 mmol/L", moment=None))
    assert grades(showing) == {}
    assert said(showing) == [("warning", "business-rule")]
    assert "no date" in only(showing).text


def test_an_undated_result_alone_counts_and_is_marked() -> None:
    showing = show(sodium("a", "118 mmol/L", moment=None))
    assert showing.findings["hyponatremia"].marks == ("undated",)
    assert showing.issues == ()


def test_expressions_are_in_the_order_of_the_request() -> None:
    results = [sodium(f"{i}", moment=ago(days=20)) for i in (10, 9, 1)]
    assert only(show(*results)).expression == tuple(
        f"Bundle.entry[{i}].resource" for i in (1, 9, 10)
    )


def test_issues_belong_to_the_patient_and_hold_no_values() -> None:
    issue = only(show(sodium("a", "118.25 mmol/L", moment=ago(hours=-2))))
    assert issue.patient == "p"
    assert "118" not in issue.text


# Conflicts


def test_two_results_of_one_moment_that_differ_give_the_more_abnormal_and_a_warning() -> None:
    showing = show(sodium("a", "128 mmol/L"), sodium("b"), sodium("c", "133 mmol/L"))
    finding = showing.findings["hyponatremia"]
    assert (finding.grade, finding.marks) == ("moderate", ("conflicting",))
    assert said(showing) == [("warning", "conflict")]
    assert len(only(showing).expression) == 3


def test_two_results_of_one_moment_that_agree_are_no_conflict() -> None:
    showing = show(sodium("b", "133 mmol/L"), sodium("a", "133.0 mmol/L"))
    finding = showing.findings["hyponatremia"]
    assert finding.result.source.reference == "Observation/a"
    assert finding.marks == ()
    assert showing.issues == ()


def test_a_critical_result_comes_before_one_of_higher_rank() -> None:
    showing = show(sodium("a", "165 mmol/L"), sodium("b", "124 mmol/L"))
    assert grades(showing) == {"hyponatremia": "profound"}


def test_an_open_result_comes_before_a_normal_one() -> None:
    showing = show(sodium("a"), sodium("b", "<140 mmol/L"))
    assert showing.normals == {}
    assert showing.undecided.keys() == {"sodium"}


@pytest.mark.parametrize(
    ("one", "worse"),
    [("133 mmol/L", "132 meq/L"), ("146 mmol/L", "147 meq/L"), ("140 mmol/L", "139 meq/L")],
)
def test_of_equally_abnormal_results_the_lower_counts_or_of_high_ones_the_higher(
    one: str, worse: str
) -> None:
    showing = show(sodium("a", one), sodium("b", worse))
    assert showing.chosen["sodium"].source.reference == "Observation/b"


def test_a_correction_replaces_what_it_corrects_and_both_are_named() -> None:
    wrong = sodium("a", "118 mmol/L", issued=NOW - timedelta(hours=1))
    right = sodium("b", issued=NOW)
    showing = show(wrong, right)
    assert grades(showing) == {}
    assert said(showing) == [("information", "duplicate")]
    assert only(showing).expression == ("Bundle.entry[a].resource", "Bundle.entry[b].resource")
    assert show(right, sodium("c", issued=NOW - timedelta(hours=1))).issues == ()


# What cannot be read


def test_a_newer_unreadable_result_forbids_normal() -> None:
    showing = show(sodium("old", moment=ago(hours=5)), sodium("new", ""))
    assert showing.normals == {}
    assert said(showing) == [("information", "informational")]
    assert "could not be read" in only(showing).text


def test_a_newer_unreadable_result_leaves_an_older_abnormal_one_marked() -> None:
    showing = show(sodium("old", "118 mmol/L", moment=ago(hours=5)), sodium("new", ""))
    assert showing.findings["hyponatremia"].marks == ("older-than-unreadable",)
    assert showing.issues == ()


def test_an_older_unreadable_result_does_no_harm() -> None:
    showing = show(sodium("old", "", moment=ago(hours=5)), sodium("new"))
    assert "sodium" in showing.normals
    assert showing.normals["sodium"].marks == ()


def test_an_unreadable_result_of_the_same_day_forbids_normal() -> None:
    assert show(sodium("a", moment=day(0)), sodium("b", "")).normals == {}


def test_a_future_or_outdated_unreadable_result_forbids_nothing() -> None:
    for moment in (ago(hours=-3), ago(days=20)):
        assert "sodium" in show(sodium("a"), sodium("b", "", moment=moment)).normals


def test_unreadable_results_alone_show_nothing_at_all() -> None:
    showing = show(sodium("a", ""))
    assert (showing.findings, showing.normals, showing.chosen) == ({}, {}, {})
    assert showing.undecided == {"sodium": "no result of it could be read"}
    assert showing.counting["sodium"]


# Indeterminate


def test_an_indeterminate_result_is_told_once_and_why() -> None:
    showing = show(sodium("a", "<140 mmol/L"))
    assert (showing.findings, showing.normals) == ({}, {})
    assert said(showing) == [("information", "informational")]
    assert only(showing).text.startswith("Sodium: neither normal nor abnormal, because")
    assert only(showing).expression == ("Bundle.entry[a].resource",)


def test_a_known_age_without_limits_is_told_as_indeterminate() -> None:
    showing = show(result("vitamin_b12", "100 pg/mL"), age=5)
    assert grades(showing) == {"low-b12": "deficient"}
    showing = show(result("vitamin_b12", "180 pg/mL"), age=5)
    assert (showing.findings, showing.normals) == ({}, {})
    assert "reference range" in only(showing).text


def test_nothing_is_said_of_what_nothing_asks() -> None:
    """Bicarbonate has neither findings nor an interval in these rules: it is only an input."""
    assert show(result("bicarbonate", "24 mmol/L")).issues == ()


def test_a_grade_left_open_is_remembered_and_not_told() -> None:
    showing = show(sodium("a", "<128 mmol/L"))
    assert grades(showing) == {"hyponatremia": "moderate"}
    assert showing.undecided.keys() == {"sodium"}
    assert showing.issues == ()


# Derived values


def derive(*results: Result) -> Showing:
    return show(*results, knowledge=DERIVED)


GLUCOSE = result("glucose", "30 mmol/L")


def test_a_derived_value_is_graded_like_an_analyte() -> None:
    showing = derive(sodium("a", "125 mmol/L"), GLUCOSE)
    finding = showing.findings["low-corrected-sodium"]
    assert finding.result.amount == Amount(Decimal("132.35"), "mmol/L")
    assert finding.result.marks == ("calculated",)
    assert {each.analyte for each in finding.result.inputs} == {"sodium", "glucose"}


def test_a_derived_value_that_is_normal_is_normal() -> None:
    assert "corrected_sodium" in derive(sodium("a", "130 mmol/L"), GLUCOSE).normals


@pytest.mark.parametrize(
    "one",
    [
        sodium("a", "<125 mmol/L"),
        sodium("a", ""),
        sodium("a", "", interpretation="L"),
        sodium("a", "125 mmol/L", moment=None),
        sodium("a", "125 mmol/L", moment=ago(hours=6)),
        sodium("a", "125 mmol/L", moment=ago(days=15)),
        sodium("a", "125 mmol/L", moment=ago(hours=-1)),
    ],
)
def test_nothing_is_derived_from_what_is_not_a_number_of_that_draw(one: Result) -> None:
    showing = derive(one, GLUCOSE)
    assert "corrected_sodium" not in showing.counting


def test_a_derived_value_is_computed_from_the_results_that_decide() -> None:
    showing = derive(sodium("new"), sodium("old", "118 mmol/L", moment=ago(hours=2)), GLUCOSE)
    assert showing.chosen["corrected_sodium"].amount == Amount(Decimal("147.35"), "mmol/L")


def test_an_implausible_derived_value_is_dropped_with_a_warning() -> None:
    showing = derive(sodium("a", "198 mmol/L"), result("glucose", "90 mmol/L"))
    assert "corrected_sodium" not in showing.counting
    assert ("warning", "value") in said(showing)


def test_what_stands_for_an_analyte_is_one_of_its_results() -> None:
    showing = derive(result("chloride", "104 mmol/L"))
    assert grades(showing) == {"high-bicarbonate": "high", "high-doubled": "high"}
    assert showing.findings["high-bicarbonate"].result.analyte == "bicarbonate"
    assert showing.findings["high-doubled"].result.analyte == "doubled_chloride"


@pytest.mark.parametrize("moment", [ago(hours=1), ago(minutes=1), day(0), None])
def test_it_does_not_where_the_laboratory_reported_one_that_is_not_older(moment: object) -> None:
    reported = result("bicarbonate", "22 mmol/L", moment=moment)
    showing = derive(result("chloride", "104 mmol/L"), reported)
    assert showing.chosen["bicarbonate"] == reported
    assert grades(showing) == {"high-doubled": "high"}


def test_it_does_where_what_was_reported_is_older_or_cannot_be_read() -> None:
    for reported in (
        result("bicarbonate", "22 mmol/L", moment=ago(hours=5)),
        result("bicarbonate", moment=ago(hours=5)),
    ):
        showing = derive(result("chloride", "104 mmol/L"), reported)
        assert showing.findings["high-bicarbonate"].result.marks == ("calculated",)


def test_it_cannot_make_up_for_a_newer_one_that_cannot_be_read() -> None:
    showing = derive(result("chloride", "80 mmol/L"), result("bicarbonate"))
    assert "bicarbonate" not in showing.normals
    showing = derive(result("chloride", "104 mmol/L"), result("bicarbonate"))
    assert showing.findings["high-bicarbonate"].marks == ("older-than-unreadable",)


def test_a_derived_value_has_a_lookback_of_its_own() -> None:
    old = result("chloride", "104 mmol/L", moment=ago(days=3))
    showing = derive(old)
    assert grades(showing) == {"high-bicarbonate": "high"}
    assert [issue.text for issue in showing.issues if "by chloride" in issue.text] == []


def test_a_change_is_the_largest_between_two_results() -> None:
    showing = derive(
        sodium("a", "120 mmol/L", moment=ago(hours=20)),
        sodium("b", "126 mmol/L", moment=ago(hours=10)),
        sodium("c", "132 mmol/L"),
    )
    assert showing.findings["fast-rise"].result.amount == Amount(Decimal(12), "mmol/L")


def test_results_too_far_apart_make_no_change() -> None:
    showing = derive(sodium("a", "118 mmol/L", moment=ago(hours=30)), sodium("c", "132 mmol/L"))
    assert "fast-rise" not in showing.findings


# Promises


def test_the_order_of_results_never_matters() -> None:
    given = record(
        sodium("a", "118 mmol/L"),
        sodium("b", "130 mmol/L"),
        sodium("c", "", moment=day(0)),
        sodium("d", moment=ago(days=30)),
        GLUCOSE,
        result("chloride", "104 mmol/L"),
        result("chloride", "90 mmol/L", "other", interval=interval("95", "105")),
    )
    laboratory = Laboratory(DERIVED)
    one, other = laboratory.show(given), laboratory.show(reverse(given))
    assert (one.findings, one.normals, one.chosen) == (other.findings, other.normals, other.chosen)
    assert one.issues == other.issues


@pytest.mark.parametrize(
    ("text", "flag", "severity"),
    [
        ("140 mmol/L", "L", "information"),
        ("140 mmol/L", "H", "information"),
        ("140 mmol/L", "LL", "warning"),
        ("118 mmol/L", "N", "information"),
        ("118 mmol/L", "H", "warning"),
        ("118 mmol/L", "L", None),
        ("140 mmol/L", "N", None),
        ("140 mmol/L", "A", None),
        ("140 mmol/L", "", None),
        ("", "LL", None),
    ],
)
def test_a_flag_that_contradicts_the_value_is_told_once(
    text: str, flag: str, severity: str | None
) -> None:
    found = [
        i for i in show(sodium("a", text, interpretation=flag)).issues if "flag says" in i.text
    ]
    assert [issue.severity for issue in found] == ([severity] if severity else [])
    for issue in found:
        assert issue.expression == ("Bundle.entry[a].resource.interpretation",)


@pytest.mark.parametrize(("flag", "times"), [("H", 0), ("HH", 1), ("L", 0)])
def test_a_flag_on_a_side_without_a_range_contradicts_only_where_it_is_critical(
    flag: str, times: int
) -> None:
    found = show(result("glucose", "9 mmol/L", "a", interpretation=flag)).issues
    assert [issue.code for issue in found] == ["conflict"] * times


BY_SEX = rules("""
derived: cleared
name: Clearance
unit: umol/L
references: []
plausible: 0 to 10000 umol/L
lookback: 14 d
inputs: {cr: {analyte: creatinine, unit: umol/L}}
formulas:
  - {formula: cr * 2, sex: female, for_age: 18 y and over}
same_draw: 4 h
---
finding: high-cleared
name: High clearance
analyte: cleared
references: []
grades:
  - {grade: high, above: 5000 umol/L}
""")


@pytest.mark.parametrize(
    ("age", "sex", "lacking"),
    [
        (None, "female", "Patient.birthDate"),
        (None, None, "Patient.birthDate"),
        (50, None, "Patient.gender"),
        (9, "female", "no formula for this age"),
    ],
)
def test_what_can_not_be_computed_for_want_of_age_or_sex_is_told(
    age: int | None, sex: Sex | None, lacking: str
) -> None:
    creatinine = result("creatinine", "80 umol/L", "a")
    found = Laboratory(BY_SEX).show(record(creatinine, age=age, sex=sex)).issues
    (issue,) = [one for one in found if "Not computed" in one.text]
    assert (issue.severity, lacking in issue.text) == ("information", True)


TWO_FORMULAS = rules("""
derived: of_children
name: Formula for children
unit: mmol/L
references: []
plausible: 50 to 170 mmol/L
lookback: 14 d
stands_for: chloride
inputs: {cr: {analyte: creatinine, unit: umol/L}}
formulas:
  - {formula: cr + 20, for_age: under 18 y}
same_draw: 4 h
---
derived: of_adults
name: Formula for adults
unit: mmol/L
references: []
plausible: 50 to 170 mmol/L
lookback: 14 d
stands_for: chloride
inputs: {cr: {analyte: creatinine, unit: umol/L}}
formulas:
  - {formula: cr + 30, for_age: 18 y and over}
same_draw: 4 h
""")


@pytest.mark.parametrize(("age", "missed"), [(50, 0), (9, 0), (None, 1)])
def test_a_formula_that_is_for_others_is_not_missed_where_one_for_the_patient_was_computed(
    age: int | None, missed: int
) -> None:
    creatinine = result("creatinine", "80 umol/L", "a")
    found = Laboratory(TWO_FORMULAS).show(record(creatinine, age=age))
    assert len([one for one in found.issues if "Not computed" in one.text]) == missed
    assert ("chloride" in found.chosen) is (not missed)


def test_what_has_no_input_is_not_said_to_be_missing() -> None:
    assert show(sodium("a"), knowledge=BY_SEX, age=None).issues == ()


def test_an_imprecise_date_that_may_be_newer_is_told_with_the_result_that_it_outweighs() -> None:
    year = day(0)
    showing = show(sodium("a", "118 mmol/L", moment=year), sodium("b", moment=ago(hours=1)))
    assert grades(showing) == {"hyponatremia": "profound"}
    assert said(showing) == [("warning", "conflict")]
    assert len(only(showing).expression) == 2


@pytest.mark.parametrize(
    ("analyte", "text", "severity"),
    [("sodium", "130 mmol/L", "warning"), ("bicarbonate", "20 mmol/L", "information")],
)
def test_a_future_result_that_only_serves_a_formula_is_no_warning(
    analyte: str, text: str, severity: str
) -> None:
    showing = show(result(analyte, text, moment=ago(hours=-3)))
    assert [issue.severity for issue in showing.issues] == [severity]
    assert only(showing).text.endswith("not used, it lies after the moment of the evaluation")
