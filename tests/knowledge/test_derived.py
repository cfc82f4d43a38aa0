from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from pathlib import Path

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from service.knowledge.derived import Computed, Numbers, age_in_days, age_in_years, compute
from service.knowledge.loader import load
from service.knowledge.model import Knowledge
from service.record import Amount, Moment, Patient, Result, Source
from tests.knowledge.small_rules import FILES, write_rules

NOW = datetime(2026, 5, 1, 12, tzinfo=UTC)


def patient(born: datetime | None = None, sex: str | None = None) -> Patient:
    moment = Moment(born.isoformat(), born, born) if born else None
    return msgspec.convert(
        {"key": "p", "identity": "p", "reference": "p", "expression": "", "sex": sex}
        | ({"born": msgspec.to_builtins(moment)} if moment else {}),
        Patient,
    )


def result(analyte: str, amount: str, hours: float = 1, name: str = "") -> Result:
    """A result of so many hours ago."""
    value, unit = amount.split()
    at = NOW - timedelta(hours=hours)
    return Result(
        analyte=analyte,
        amount=Amount(Decimal(value), unit),
        printed=amount,
        moment=Moment(at.isoformat(), at, at),
        source=Source("Observation", f"Observation/{name or analyte}-{hours}", analyte),
    )


def osmoles(
    knowledge: Knowledge,
    *results: Result,
    counting: Sequence[Result] = (),
    who: Patient | None = None,
) -> Computed:
    chosen = {each.analyte: each for each in results}
    counts: dict[str, list[Result]] = {}
    for each in (*results, *counting):
        counts.setdefault(each.analyte, []).append(each)
    return compute(Numbers(knowledge), "osmoles", chosen, counts, who or patient(), NOW)


def with_derived(folder: Path, old: str, new: str) -> Knowledge:
    text = FILES["derived/all.yaml"]
    assert old in text
    return load(write_rules(folder, {"derived/all.yaml": text.replace(old, new)}))


NA, UREA = result("sodium", "140 mmol/L", 3), result("urea", "5 mmol/L", 2)


def test_a_value_is_computed_from_the_chosen_results(small: Knowledge) -> None:
    found = osmoles(small, NA, UREA)
    assert found.issues == ()
    assert found.result == Result(
        analyte="osmoles",
        amount=Amount(Decimal(285), "mmol/L"),
        printed="285 mmol/L",
        moment=UREA.moment,
        source=UREA.source,
        marks=("calculated",),
        formula="Osmoles from sodium and urea",
        inputs=(NA, UREA),
    )


def test_inputs_are_converted_exactly_to_their_units(small: Knowledge) -> None:
    nitrogen = msgspec.structs.replace(result("urea", "14.007 mg/dL"), form="nitrogen")
    found = osmoles(small, result("sodium", "140 meq/L"), nitrogen)
    assert found.result
    assert found.result.amount == Amount(Decimal(285), "mmol/L")


def test_what_is_said_of_an_input_is_said_of_the_value(small: Knowledge) -> None:
    sodium = msgspec.structs.replace(NA, marks=("preliminary", "by-name"))
    urea = msgspec.structs.replace(UREA, marks=("by-name", "calculated"))
    found = osmoles(small, sodium, urea)
    assert found.result
    assert found.result.marks == ("calculated", "preliminary", "by-name")


@pytest.mark.parametrize(
    "urea",
    [
        None,
        msgspec.structs.replace(UREA, amount=None),
        msgspec.structs.replace(UREA, amount=None, interpretation="H"),
        msgspec.structs.replace(UREA, comparator="<"),
        msgspec.structs.replace(UREA, moment=None),
        result("urea", "5 mmol/L", 27.1),
        result("urea", "0.9 mmol/L"),
        result("urea", "101 mmol/L"),
        msgspec.structs.replace(UREA, amount=Amount(Decimal(5), "U/L")),
        msgspec.structs.replace(UREA, amount=Amount(Decimal(5), "mg/dL"), form="carbon"),
    ],
)
def test_without_every_input_nothing_is_computed_and_nothing_said(
    small: Knowledge, urea: Result | None
) -> None:
    assert osmoles(small, NA, *([urea] if urea else [])) == Computed()


@pytest.mark.parametrize("urea", ["1 mmol/L", "100 mmol/L"])
def test_the_ends_of_a_valid_range_are_valid(small: Knowledge, urea: str) -> None:
    assert osmoles(small, NA, result("urea", urea)).result


@pytest.mark.parametrize("hours", [26.99, 27])
def test_inputs_drawn_within_the_span_are_together(small: Knowledge, hours: float) -> None:
    assert osmoles(small, NA, result("urea", "5 mmol/L", hours)).result


def test_a_day_counts_as_its_nearest_hour(small: Knowledge) -> None:
    """A date without a time may be any of its hours: the two may have been drawn together."""
    day = Moment("2026-04-29", NOW - timedelta(hours=60), NOW - timedelta(hours=25))
    assert osmoles(small, NA, msgspec.structs.replace(UREA, moment=day)).result
    before = Moment("2026-04-28", NOW - timedelta(hours=84), NOW - timedelta(hours=60))
    assert not osmoles(small, NA, msgspec.structs.replace(UREA, moment=before)).result


def test_an_implausible_value_is_dropped_with_a_warning(tmp_path: Path) -> None:
    knowledge = with_derived(tmp_path, "plausible: 100 to 600", "plausible: 290 to 600")
    found = osmoles(knowledge, NA, UREA)
    assert found.result is None
    (issue,) = found.issues
    assert (issue.severity, issue.code, issue.patient) == ("warning", "value", "p")
    assert issue.text == (
        "Osmoles from sodium and urea was not used: it computes outside 290 to 600 mmol/L, "
        "so an input is probably wrong"
    )
    assert issue.expression == ("sodium", "urea")


def test_arithmetic_without_a_value_is_told_and_never_raised(tmp_path: Path) -> None:
    knowledge = with_derived(tmp_path, "2 * na + urea", "na / (urea - 5)")
    found = osmoles(knowledge, NA, UREA)
    assert found.result is None
    assert "it computes to no number" in found.issues[0].text


def test_what_was_measured_is_not_computed(tmp_path: Path) -> None:
    knowledge = with_derived(
        tmp_path, "same_draw: 24 h", "same_draw: 24 h\nunless_measured: [copper]"
    )
    assert osmoles(knowledge, NA, UREA).result
    assert not osmoles(knowledge, NA, UREA, counting=[result("copper", "15 umol/L", 20)]).result
    assert osmoles(knowledge, NA, UREA, counting=[result("copper", "15 umol/L", 40)]).result
    undated = msgspec.structs.replace(result("copper", "15 umol/L"), moment=None)
    assert osmoles(knowledge, NA, UREA, counting=[undated]).result


def test_a_value_that_stands_for_an_analyte_is_a_result_of_it(tmp_path: Path) -> None:
    knowledge = with_derived(
        tmp_path, "unit: mmol/L\nreferences: [spasovski-2014]\nplausible: 100 to 600 mmol/L",
        "unit: U/L\nreferences: [spasovski-2014]\nplausible: 100 to 600 U/L\nstands_for: alt",
    )  # fmt: skip
    found = osmoles(knowledge, NA, UREA)
    assert found.result
    assert found.result.analyte == "alt"
    assert found.result.printed == "285 U/L"


class TestFormulasForSomePeople:
    """The first formula that is for the patient's age and sex is used."""

    WAYS = """\
  - {formula: na + urea, sex: female}
  - {formula: na + urea + age, sex: male, for_age: 18 y and over}
"""

    @pytest.fixture
    def knowledge(self, tmp_path: Path) -> Knowledge:
        return with_derived(tmp_path, "  - {formula: 2 * na + urea}\n", self.WAYS)

    @pytest.mark.parametrize(
        ("sex", "years", "value"),
        [("female", None, "145"), ("female", 3, "145"), ("male", 40, "185"), ("male", 18, "163")],
    )
    def test_who_has_a_formula(
        self, knowledge: Knowledge, sex: str, years: int | None, value: str
    ) -> None:
        born = NOW.replace(year=NOW.year - years) if years else None
        found = osmoles(knowledge, NA, UREA, who=patient(born, sex))
        assert found.result
        assert found.result.amount
        assert found.result.amount.value == Decimal(value)

    @pytest.mark.parametrize(
        ("sex", "years", "lacking"),
        [
            ("male", None, "the age is not known"),
            ("male", 17, "no formula for this age"),
            (None, 40, "the sex is not known"),
            (None, None, "the age is not known"),
        ],
    )
    def test_who_has_none(
        self, knowledge: Knowledge, sex: str | None, years: int | None, lacking: str
    ) -> None:
        born = NOW.replace(year=NOW.year - years) if years else None
        found = osmoles(knowledge, NA, UREA, who=patient(born, sex))
        assert (found.result, found.issues) == (None, ())
        assert lacking in found.lacking


def rise(knowledge: Knowledge, *results: Result, derived: str = "sodium_rise") -> Result | None:
    return compute(Numbers(knowledge), derived, {}, {"sodium": results}, patient(), NOW).result


def test_the_largest_rise_within_the_time_counts(small: Knowledge) -> None:
    series = [
        result("sodium", f"{value} mmol/L", hours)
        for value, hours in [(112, 48), (117, 38), (123, 26), (122, 2)]
    ]
    found = rise(small, *series)
    assert found
    assert found.amount == Amount(Decimal(11), "mmol/L")
    assert found.inputs == (series[0], series[2])
    assert found.moment == series[2].moment
    assert found.source == series[2].source


@pytest.mark.parametrize(
    "series",
    [
        [],
        [(112, 30)],
        [(112, 30), (112, 20)],
        [(120, 30), (112, 20)],
        [(112, 30), (125, 5.9)],
        [(112, 20), (125, 20)],
    ],
)
def test_without_a_rise_within_the_time_there_is_none(
    small: Knowledge, series: list[tuple[int, float]]
) -> None:
    results = [result("sodium", f"{value} mmol/L", hours, f"na-{value}") for value, hours in series]
    assert rise(small, *results) is None


def test_a_rise_over_exactly_the_time_counts(small: Knowledge) -> None:
    found = rise(small, result("sodium", "118 mmol/L", 26), result("sodium", "124 mmol/L", 2))
    assert found
    assert found.printed == "6 mmol/L"


@pytest.mark.parametrize(("ended", "printed"), [(335.9, "13 mmol/L"), (336.1, "5 mmol/L")])
def test_a_larger_rise_of_long_ago_does_not_hide_the_present_one(
    small: Knowledge, ended: float, printed: str
) -> None:
    """A rise counts for 14 days (336 h) from its later result on."""
    found = rise(
        small,
        result("sodium", "112 mmol/L", ended + 20),
        result("sodium", "125 mmol/L", ended),
        result("sodium", "130 mmol/L", 20),
        result("sodium", "135 mmol/L", 2),
    )
    assert found
    assert found.printed == printed


def test_results_that_are_no_number_at_a_time_make_no_rise(small: Knowledge) -> None:
    low, high = result("sodium", "112 mmol/L", 10), result("sodium", "125 mmol/L", 2)
    assert rise(small, low, high)
    for change in ({"comparator": "<"}, {"moment": None}, {"amount": None}):
        assert rise(small, msgspec.structs.replace(low, **change), high) is None
        assert rise(small, low, msgspec.structs.replace(high, **change)) is None


def test_a_day_is_strictly_before_only_what_follows_it(small: Knowledge) -> None:
    low, high = result("sodium", "112 mmol/L", 30), result("sodium", "125 mmol/L", 20)
    day = Moment("2026-04-30", NOW - timedelta(hours=36), NOW - timedelta(hours=12))
    assert rise(small, msgspec.structs.replace(low, moment=day), high) is None
    assert rise(small, msgspec.structs.replace(low, moment=day), result("sodium", "125 mmol/L", 2))


@pytest.mark.parametrize(("kind", "expected"), [("fall", "10 mmol/L"), ("ratio", "1.05")])
def test_falls_and_ratios_are_measured_too(tmp_path: Path, kind: str, expected: str) -> None:
    text = FILES["derived/all.yaml"].replace("kind: rise", f"kind: {kind}")
    files = {"derived/all.yaml": text}
    if kind == "ratio":
        files["units.yaml"] = FILES["units.yaml"] + '  - {unit: "1", dimension: n, scale: "1"}\n'
        files["derived/all.yaml"] = text.replace("unit: mmol/L", 'unit: "1"', 1).replace(
            "plausible: 0 to 60 mmol/L", "plausible: 0 to 60"
        )
        files["findings/all.yaml"] = (
            FILES["findings/all.yaml"]
            .replace("8 mmol/L}\n", "8}\n")
            .replace("tests: {none: [7.9 mmol/L, 8 mmol/L], fast: [8.1 mmol/L]}\n", "")
        )
    series = [(110, 20), (120, 15), (110, 10), (115.5, 5)]
    results = [result("sodium", f"{value} mmol/L", hours) for value, hours in series]
    if kind == "ratio":
        results = results[2:]
    found = rise(load(write_rules(tmp_path, files)), *results)
    assert found
    assert found.printed == expected


def moments() -> st.SearchStrategy[Moment]:
    def moment(start: int, length: int) -> Moment:
        earliest = NOW - timedelta(hours=start)
        return Moment("", earliest, earliest + timedelta(hours=length))

    return st.builds(moment, st.integers(30, 90), st.sampled_from([0, 0, 0, 3, 24]))


@given(st.lists(st.tuples(st.integers(110, 120), moments()), max_size=12))
def test_the_largest_rise_is_that_of_all_pairs(
    small: Knowledge, series: list[tuple[int, Moment]]
) -> None:
    results = [
        msgspec.structs.replace(result("sodium", f"{value} mmol/L", i), moment=moment)
        for i, (value, moment) in enumerate(series)
    ]
    rises = [
        later - earlier
        for earlier, before in series
        for later, after in series
        if before.latest < after.earliest and after.earliest - before.latest <= timedelta(hours=24)
    ]
    largest = max(rises, default=0)
    found = rise(small, *results)
    assert (found.amount.value if found and found.amount else 0) == max(largest, 0)


def test_a_long_series_costs_little_more_than_its_sorting(small: Knowledge) -> None:
    """Twenty thousand results within one day: pairs would be two hundred million."""
    series = [result("sodium", f"{110 + i % 40} mmol/L", 24 - i / 1000) for i in range(20_000)]
    found = rise(small, *series)
    assert found
    assert found.amount == Amount(Decimal(39), "mmol/L")


@pytest.mark.parametrize(
    ("born", "days", "years"),
    [
        (datetime(1986, 5, 1, tzinfo=UTC), 14610, 40),
        (datetime(1986, 5, 2, tzinfo=UTC), 14609, 39),
        (datetime(2026, 5, 1, tzinfo=UTC), 0, 0),
        (datetime(2008, 2, 29, tzinfo=UTC), 6636, 18),
    ],
)
def test_ages_are_counted_in_days_and_in_birthdays(born: datetime, days: int, years: int) -> None:
    assert age_in_days(patient(born), NOW) == days
    assert age_in_years(patient(born), NOW) == years


def test_an_unknown_birth_date_is_no_age() -> None:
    assert age_in_days(patient(), NOW) is None
    assert age_in_years(patient(), NOW) is None


def test_a_value_of_one_input_needs_no_span(tmp_path: Path) -> None:
    text = (
        FILES["derived/all.yaml"]
        .replace("2 * na + urea", "2 * na")
        .replace("  urea: {analyte: urea, unit: mmol/L, valid: 1 to 100 mmol/L}\n", "")
        .replace("same_draw: 24 h\n", "")
    )
    found = osmoles(load(write_rules(tmp_path, {"derived/all.yaml": text})), NA)
    assert found.result
    assert found.result.printed == "280 mmol/L"


WORKED = [
    ("corrected_calcium", "calcium_total 1.83 mmol/L, albumin 26 g/L", "2.11"),
    ("corrected_calcium", "calcium_total 1.95 mmol/L, albumin 38 g/L", "1.99"),
    ("glucose_corrected_sodium", "sodium 128 mmol/L, glucose 700 mg/dL", "142.4"),
    ("glucose_corrected_sodium", "sodium 132 mmol/L, glucose 300 mg/dL", "136.8"),
    ("calculated_osmolality", "sodium 140 mmol/L, glucose 5 mmol/L, urea 5 mmol/L", "290"),
    ("calculated_osmolality", "sodium 145 mmol/L, glucose 45 mmol/L, urea 20 mmol/L", "355"),
    ("effective_osmolality", "sodium 140 mmol/L, glucose 5 mmol/L", "285"),
    ("effective_osmolality", "sodium 145 mmol/L, glucose 50 mmol/L", "340"),
    ("anion_gap_computed", "sodium 140 mmol/L, chloride 100 mmol/L, bicarbonate 14 mmol/L", "26"),
    ("anion_gap_computed", "sodium 138 meq/L, chloride 104 meq/L, bicarbonate 20 meq/L", "14"),
    (
        "anion_gap_corrected",
        "sodium 140 mmol/L, chloride 100 mmol/L, bicarbonate 14 mmol/L, albumin 4.0 g/dL",
        "26",
    ),
    (
        "anion_gap_corrected",
        "sodium 138 mmol/L, chloride 104 mmol/L, bicarbonate 20 mmol/L, albumin 20 g/L",
        "19",
    ),
    ("ast_alt_ratio", "ast 120 U/L, alt 45 U/L", "2.667"),
    ("ast_alt_ratio", "ast 60 U/L, alt 80 U/L", "0.75"),
    ("urea_creatinine_ratio", "urea 50 mg/dL as nitrogen, creatinine 1.5 mg/dL", "33.33"),
    ("urea_creatinine_ratio", "urea 60 mg/dL as nitrogen, creatinine 6.0 mg/dL", "10"),
    ("egfr_bedside_schwartz", "creatinine 0.4 mg/dL, body_height 100 cm", "103.2"),
    ("egfr_bedside_schwartz", "creatinine 1.2 mg/dL, body_height 1.40 m", "48.18"),
]


def shipped_value(
    shipped: Knowledge, derived: str, given: str, years: int, sex: str = "female"
) -> str | None:
    """A derived value of the shipped rules, as printed, without its unit."""
    results = {}
    for each in given.split(", "):
        analyte, text = each.split(" ", 1)
        amount, _, form = text.partition(" as ")
        results[analyte] = msgspec.structs.replace(result(analyte, amount), form=form)
    who = patient(NOW.replace(year=NOW.year - years), sex)
    counting = {analyte: [each] for analyte, each in results.items()}
    found = compute(Numbers(shipped), derived, results, counting, who, NOW).result
    return found.printed.split()[0] if found else None


@pytest.mark.parametrize(("derived", "given", "printed"), WORKED)
def test_the_shipped_formulas_give_their_worked_examples(
    shipped: Knowledge, derived: str, given: str, printed: str
) -> None:
    assert shipped_value(shipped, derived, given, 10 if "schwartz" in derived else 50) == printed


@pytest.mark.parametrize(
    ("creatinine", "years", "sex", "printed"),
    [("1.0 mg/dL", 50, "female", "68.6"), ("2.5 mg/dL", 70, "male", "27.0")],
)
def test_the_egfr_of_adults_gives_its_worked_examples(
    shipped: Knowledge, creatinine: str, years: int, sex: str, printed: str
) -> None:
    found = shipped_value(shipped, "egfr_ckd_epi_2021", f"creatinine {creatinine}", years, sex)
    assert found
    assert f"{Decimal(found):.1f}" == printed


@pytest.mark.parametrize(
    ("derived", "given", "years"),
    [
        ("egfr_bedside_schwartz", "creatinine 0.4 mg/dL", 10),
        ("egfr_bedside_schwartz", "creatinine 0.4 mg/dL, body_height 100 cm", 18),
        ("egfr_bedside_schwartz", "creatinine 0.4 mg/dL, body_height 75 cm", 0),
        ("egfr_bedside_schwartz", "creatinine 0.4 mg/dL, body_height 55 cm", 1),
        ("egfr_bedside_schwartz", "creatinine 0.4 mg/dL, body_height 201 cm", 17),
        ("egfr_ckd_epi_2021", "creatinine 0.4 mg/dL", 17),
        (
            "anion_gap_corrected",
            "sodium 140 mmol/L, chloride 100 mmol/L, bicarbonate 14 mmol/L, albumin 4.5 g/dL",
            50,
        ),
        ("anion_gap_computed", "sodium 140 mmol/L, chloride 100 mmol/L", 50),
        ("urea_creatinine_ratio", "urea 20 mg/dL as nitrogen, creatinine 0.1 mg/dL", 50),
        ("corrected_calcium", "calcium_total 1.83 mmol/L, albumin 19 g/L", 50),
        ("glucose_corrected_sodium", "sodium 128 mmol/L, glucose 198 mg/dL", 50),
    ],
)
def test_the_shipped_formulas_stay_silent_outside_of_what_they_are_made_for(
    shipped: Knowledge, derived: str, given: str, years: int
) -> None:
    assert shipped_value(shipped, derived, given, years) is None
